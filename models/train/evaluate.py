"""Measures an ONNX file in the YOLOX convention by what the rules live on; `gridwatch models evaluate` has average precision.

python evaluate.py pklot FILE.onnx SEQUENCE_FOLDER...  recall of occupied bays, precision of boxes
python evaluate.py empty FILE.onnx VIDEO               boxes in a video that shows no vehicle
python evaluate.py scene FILE.onnx STREAM TRUTH.jsonl  standing vehicles of a simulated camera, once a second
"""

import argparse
import collections
import json
import math
import pathlib
import xml.etree.ElementTree

import cv2
import numpy as np

from detector import VEHICLES, Detector, overlaps


def bays(path):
    for space in xml.etree.ElementTree.parse(path).getroot().iter("space"):
        points = [(float(p.get("x")), float(p.get("y"))) for p in space.iter("point")]
        yield space.get("occupied") == "1", np.array(points, np.float32)


def pklot(detector, folders, score_least):
    """A bay is found by a vehicle's box whose centre lies in it, or that overlaps the bay's upright frame by 0.3; a box
    is right where it finds an occupied bay."""
    occupied = met = boxes_all = boxes_right = 0
    for folder in map(pathlib.Path, folders):
        for annotation in sorted((folder / "bounding_boxes").glob("*.xml")):
            picture = cv2.imread(str(next((folder / "frames").glob(annotation.stem + ".*"))))
            boxes = [box for label, _, box in detector.detect(picture, score_least) if label in VEHICLES]
            right = [False] * len(boxes)
            for full, points in bays(annotation):
                if not full:
                    continue
                frame = np.concatenate((points.min(0), points.max(0)))
                hits = [
                    cv2.pointPolygonTest(points, ((b[0] + b[2]) / 2, (b[1] + b[3]) / 2), False) >= 0
                    or overlaps(frame, b[None])[0] > 0.3
                    for b in boxes
                ]
                occupied, met = occupied + 1, met + any(hits)
                right = [r or h for r, h in zip(right, hits)]
            boxes_all, boxes_right = boxes_all + len(boxes), boxes_right + sum(right)
    yield f"recall of {occupied} occupied bays at score {score_least}", met / max(occupied, 1)
    yield f"precision of {boxes_all} vehicle boxes at score {score_least}", boxes_right / max(boxes_all, 1)


def frames_of(path, step=1):
    video, number = cv2.VideoCapture(str(path)), 0
    while True:
        good, picture = video.read()
        if not good:
            return
        if number % step == 0:
            yield number, picture
        number += 1


def empty(detector, path, score_least):
    frames = wrong = with_any = 0
    for _, picture in frames_of(path):
        count = sum(label in VEHICLES for label, _, _ in detector.detect(picture, score_least))
        frames, wrong, with_any = frames + 1, wrong + count, with_any + (count > 0)
    yield f"vehicle boxes at score {score_least} in {frames} frames without a vehicle", wrong
    yield f"of these frames, with such a box, at score {score_least}", with_any


def scene(detector, stream, truth, score_least):
    """What the rules live on: standing vehicles, at least half in sight and 20 pixels wide, must be found at almost
    every look; what is found nowhere near a vehicle must not last."""
    lines = [json.loads(line) for line in open(truth, encoding="utf-8")]
    looks, hits = collections.Counter(), collections.Counter()
    wrong, lasting, frames = 0, 0, 0
    before, earlier = [], []
    for number, picture in frames_of(stream, 25):
        high, wide = picture.shape[:2]
        scale = np.array([wide, high, wide, high])
        found = [(s, box) for label, s, box in detector.detect(picture, score_least) if label in VEHICLES]
        boxes = np.array([box for _, box in found]).reshape(-1, 4)
        things = [o for o in lines[number % len(lines)]["objects"] if o["class"] in VEHICLES]
        for thing in things:
            box = np.array(thing["bbox"]) * scale
            if thing["moving"] or thing["visible"] < 0.5 or box[2] - box[0] < 20 * wide / detector.width:
                continue
            looks[thing["id"]] += 1
            hits[thing["id"]] += bool(len(boxes) and overlaps(box, boxes).max() > 0.4)
        near = np.array([np.array(o["full"]) * scale for o in things]).reshape(-1, 4)
        stray = [box for box in boxes if not len(near) or overlaps(box, near).max() < 0.1]
        again = lambda box, others: len(others) and overlaps(box, np.array(others)).max() > 0.3
        wrong += len(stray)
        lasting += sum(bool(again(box, before) and again(box, earlier)) for box in stray)
        before, earlier, frames = stray, before, frames + 1
    for thing, count in sorted(looks.items()):
        if count >= 10 and hits[thing] < 0.95 * count:
            print(f"  vehicle {thing}: found in {hits[thing]} of {count} looks")
    yield f"standing vehicles found, {sum(looks.values())} looks at score {score_least}", sum(hits.values()) / max(1, sum(looks.values()))
    yield f"vehicle boxes away from any vehicle, in {frames} frames", wrong
    yield "such boxes that were there for three looks in a row", lasting


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("pklot", "empty", "scene"))
    parser.add_argument("onnx")
    parser.add_argument("data", nargs="+")
    parser.add_argument("--score", type=float, default=0.3)
    parser.add_argument("--name", help="what the data is called in the record (default: its path)")
    parser.add_argument("--record", help="file that gets one line of JSON a figure, for ship.py")
    arguments = parser.parse_args()
    detector, data = Detector(arguments.onnx), arguments.data
    if arguments.what == "pklot":
        figures = pklot(detector, data, arguments.score)
    elif arguments.what == "scene":
        figures = scene(detector, *data, arguments.score)
    else:
        figures = empty(detector, data[0], arguments.score)
    for metric, value in figures:
        print(f"{metric}: {value:.3f}", flush=True)
        if arguments.record and not math.isnan(value):
            line = {
                "dataset": arguments.name or " ".join(data),
                "metric": metric,
                "value": round(value, 4),
                "command": f"models/train/evaluate.py {arguments.what}",
            }
            with open(arguments.record, "a", encoding="utf-8") as record:
                record.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
