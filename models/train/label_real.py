"""Labels the training share of the real footage by stronger networks: python label_real.py DATA OUT

DATA is the folder that GRIDWATCH_DATA names; OUT becomes a data set as `data.py` reads it. Three public networks look at
each picture whole and in four overlapping quarters. What two of them find is labelled; what only one finds, or none with
certainty, is neither wanted nor wrong. Where a parking lot's annotation says that a bay is taken and nothing was found, the
bay is neither wanted nor wrong; where its mask shows no car, a doubted box is dropped: it is background to be learnt.
`--check` writes pictures with the boxes drawn, to be looked at.

Only files that the data's README gives for training are read: PKLot's sequences 0 to 2, and the videos below.
"""

import argparse
import json
import os
import pathlib
import sys
import tomllib
import xml.etree.ElementTree

import cv2
import numpy as np
import onnxruntime

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "models/reference"))
import reference  # noqa: E402

# File, first and last second, seconds between pictures. Views straight down are left out: the teachers do not know them.
VIDEOS = (
    ("motorway_720p_dvrscan.mp4", 0, 23, 0.4),
    ("motorway_720p_vfr_dvrscan.mp4", 0, 34, 0.8),
    ("highway_bgslibrary.avi", 0, 60, 0.7),
    ("pedestrians_ahmetozlu.mp4", 0, 8, 0.4),
)
SEQUENCES = ("sequence0", "sequence1", "sequence2")
TEACHERS = ("yolox_nano_960x544", "picodet_s_416", "nanodet_m_416")
VEHICLES = ("car", "bus", "truck")
# A box is believed where the teachers' best scores, one a teacher, add up to this.
BELIEVED = 0.85
DOUBTED = 0.35
# Doubted boxes larger than this share of the picture are the networks' fancies.
DOUBTED_MOST = 0.12
# Share of a doubted box that must be car in a mask.
MASKED_LEAST = 0.05
SAME_IOU = 0.5


class Teacher:
    def __init__(self, data, name):
        text = (ROOT / f"detect/tests/golden/networks/{name}.toml").read_text(encoding="utf-8")
        self.manifest = tomllib.loads(text)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = int(os.environ.get("THREADS", "2"))
        options.log_severity_level = 3
        path = data / "networks" / self.manifest["file"]["onnx"]
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def tensor(self, picture):
        spec = self.manifest["input"]
        net = spec["width"], spec["height"]
        left, top, width, height = place = reference.fit(spec["letterbox"], net, (picture.shape[1], picture.shape[0]))
        how = cv2.INTER_AREA if width < picture.shape[1] else cv2.INTER_LINEAR
        full = np.full((net[1], net[0], 3), float(spec.get("pad", 114)), np.float32)
        full[top : top + height, left : left + width] = cv2.resize(picture, (width, height), interpolation=how)
        channels = full.transpose(2, 0, 1)[:: 1 if spec["color"] == "bgr" else -1]
        column = lambda values: np.array(values, np.float32).reshape(3, 1, 1)
        mean, std = column(spec.get("mean", [0, 0, 0])), column(spec.get("std", [1, 1, 1]))
        return ((channels * spec.get("scale", 1.0) - mean) / std).astype(np.float32)[None], place

    def find(self, picture):
        """[(score, class, box in pixels)] above a low score."""
        manifest, labels, classes = self.manifest, self.manifest["labels"], self.manifest["classes"]
        tensor, (left, top, width, height) = self.tensor(picture)
        spec = manifest["input"]
        answer = self.session.run(None, {self.session.get_inputs()[0].name: tensor})
        boxes, scores = reference.HEADS[manifest["head"]["type"]](manifest["head"], (spec["width"], spec["height"]), labels, answer)
        known = [index for index, label in enumerate(labels) if label in classes]
        best = np.array(known)[scores[:, known].argmax(1)]
        high = scores[np.arange(len(scores)), best]
        scale = np.array([picture.shape[1] / width, picture.shape[0] / height] * 2)
        found = []
        for index in np.flatnonzero(high > 0.2):
            box = (boxes[index] - [left, top, left, top]) * scale
            box = np.clip(box, 0, [picture.shape[1], picture.shape[0]] * 2)
            if (box[2:] - box[:2] > 2).all():
                found.append((float(high[index]), classes[labels[best[index]]], box))
        return suppress(found)


def group(name):
    return "vehicle" if name in VEHICLES else name


def suppress(found):
    kept = []
    for one in sorted(found, key=lambda f: -f[0]):
        if all(group(k[1]) != group(one[1]) or reference.iou(k[2], one[2]) < SAME_IOU for k in kept):
            kept.append(one)
    return kept


def views(picture):
    """The picture, and four quarters that overlap, with where each begins. A box that a quarter cuts is not believed."""
    high, wide = picture.shape[:2]
    yield picture, (0, 0)
    h, w = int(high * 0.6), int(wide * 0.6)
    for top in (0, high - h):
        for left in (0, wide - w):
            yield picture[top : top + h, left : left + w], (left, top)


def cut_off(box, view, picture, left, top):
    """Whether a view's edge, which is not the picture's, cuts the box."""
    high, wide = view.shape[:2]
    return (
        (box[0] < 3 and left > 0)
        or (box[1] < 3 and top > 0)
        or (box[2] > wide - 3 and left + wide < picture.shape[1])
        or (box[3] > high - 3 and top + high < picture.shape[0])
    )


def consensus(teachers, picture):
    """Objects of a picture: (class or None where doubted, belief, box)."""
    every = []
    for number, teacher in enumerate(teachers):
        own = []
        for view, (left, top) in views(picture):
            for score, name, box in teacher.find(view):
                if not cut_off(box, view, picture, left, top):
                    own.append((score, name, box + [left, top, left, top]))
        every += [(number, *one) for one in suppress(own)]
    clusters = []
    for number, score, name, box in sorted(every, key=lambda f: -f[1]):
        for cluster in clusters:
            if group(cluster[0][2]) == group(name) and reference.iou(cluster[0][3], box) > SAME_IOU:
                cluster.append((number, score, name, box))
                break
        else:
            clusters.append([(number, score, name, box)])
    objects = []
    for cluster in clusters:
        best = {}
        votes = {}
        for number, score, name, _ in cluster:
            best[number] = max(best.get(number, 0), score)
            votes[name] = votes.get(name, 0) + score
        belief = sum(best.values())
        weights = np.array([score for _, score, _, _ in cluster])
        box = (np.array([box for *_, box in cluster]) * weights[:, None]).sum(0) / weights.sum()
        if belief >= BELIEVED and len(best) >= 2:
            objects.append((max(votes, key=votes.get), belief, box))
        elif belief >= DOUBTED:
            objects.append((None, belief, box))
    return tidy(objects)


def tidy(objects):
    """Drops what lies within another object of its kind: parts of a car that a network took for a whole one."""
    kept = []
    for name, belief, box in sorted(objects, key=lambda o: -o[1]):
        area = np.prod(box[2:] - box[:2])
        inside = False
        for other, _, known in kept:
            if group(other or "") != group(name or "") and name is not None:
                continue
            shared = np.clip(np.minimum(box[2:], known[2:]) - np.maximum(box[:2], known[:2]), 0, None).prod()
            inside |= shared > 0.75 * area
        if not inside:
            kept.append((name, belief, box))
    return kept


def frames_of(path, first, last, step):
    video = cv2.VideoCapture(str(path))
    rate, number, due = video.get(cv2.CAP_PROP_FPS) or 25, 0, first
    while True:
        good, picture = video.read()
        if not good or number / rate > last:
            return
        if number / rate >= due:
            due += step
            yield f"{number:05}", picture
        number += 1


def bays(path):
    for space in xml.etree.ElementTree.parse(path).getroot().iter("space"):
        points = np.array([(float(p.get("x")), float(p.get("y"))) for p in space.iter("point")])
        if space.get("occupied") == "1" and len(points):
            yield np.concatenate((points.min(0), points.max(0)))


def pictures(data):
    """(source, name, picture, boxes of bays that are taken, mask of cars or None)."""
    for sequence in SEQUENCES:
        folder = data / "pklot" / sequence
        for path in sorted((folder / "frames").iterdir()):
            annotation = folder / "bounding_boxes" / f"{path.stem}.xml"
            mask = next((folder / "masks").glob(f"{path.stem}*"), None) if (folder / "masks").exists() else None
            mask = None if mask is None else cv2.imread(str(mask), cv2.IMREAD_GRAYSCALE)
            taken = list(bays(annotation)) if annotation.exists() else []
            yield sequence, path.stem, cv2.imread(str(path)), taken, mask
    for video, first, last, step in VIDEOS:
        for name, picture in frames_of(data / "videos" / video, first, last, step):
            yield pathlib.Path(video).stem, name, picture, [], None


def believable(box, picture, mask):
    """Whether a doubted box may show something."""
    if np.prod(box[2:] - box[:2]) > DOUBTED_MOST * picture.shape[0] * picture.shape[1]:
        return False
    if mask is None:
        return True
    x1, y1, x2, y2 = box.astype(int)
    return (mask[y1:y2, x1:x2] > 0).mean() >= MASKED_LEAST


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--check", action="store_true", help="write OUT/check/ with the boxes drawn")
    arguments = parser.parse_args()
    teachers = [Teacher(arguments.data, name) for name in TEACHERS]
    (arguments.out / "images").mkdir(parents=True, exist_ok=True)
    if arguments.check:
        (arguments.out / "check").mkdir(exist_ok=True)
    with open(arguments.out / "labels.jsonl.part", "w", encoding="utf-8") as lines:
        for count, (source, name, picture, taken, mask) in enumerate(pictures(arguments.data), 1):
            objects = [o for o in consensus(teachers, picture) if o[0] or believable(o[2], picture, mask)]
            for bay in taken:
                centre = (bay[:2] + bay[2:]) / 2
                if not any((box[:2] < centre).all() and (box[2:] > centre).all() for _, _, box in objects):
                    objects.append((None, 0, bay))
            high, wide = picture.shape[:2]
            rows = [
                {
                    "class": kind or "car",
                    "box": [round(float(v), 5) for v in np.clip(box / [wide, high, wide, high], 0, 1)],
                    "visible": 1 if kind else 0,
                }
                for kind, _, box in objects
            ]
            image = f"images/{source}-{name}.jpg"
            cv2.imwrite(str(arguments.out / image), picture, [cv2.IMWRITE_JPEG_QUALITY, 92])
            line = {"image": image, "width": wide, "height": high, "source": source, "objects": rows}
            lines.write(json.dumps(line) + "\n")
            if arguments.check:
                draw(arguments.out / "check" / f"{source}-{name}.jpg", picture, objects)
            print(f"\r{count} pictures, {source} {name}: {len(rows)} objects    ", end="", flush=True)
    os.replace(arguments.out / "labels.jsonl.part", arguments.out / "labels.jsonl")
    print()


def draw(path, picture, objects):
    for kind, belief, box in objects:
        x1, y1, x2, y2 = (int(v) for v in box)
        colour = {None: (160, 160, 160), "person": (0, 200, 255), "car": (60, 220, 60)}.get(kind, (255, 120, 40))
        cv2.rectangle(picture, (x1, y1), (x2, y2), colour, 2)
        if kind:
            cv2.putText(picture, f"{kind} {belief:.1f}", (x1, y1 - 3), cv2.FONT_HERSHEY_SIMPLEX, 0.4, colour, 1)
    cv2.imwrite(str(path), picture)


if __name__ == "__main__":
    main()
