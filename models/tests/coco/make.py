"""Writes cases.json: random pictures, what a poor network found in them, and what pycocotools says of it.

pip install pycocotools==2.0.11 numpy && python make.py

Places to be ignored become crowds of COCO's, which is what `gridwatch_models::evaluation` takes them for.
"""

import contextlib
import io
import json
import pathlib

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

CLASSES = ["person", "bicycle", "motorcycle", "car", "bus", "truck"]
GROUPS = {name: [name] for name in CLASSES} | {"vehicle": ["car", "bus", "truck"], "two-wheeler": ["bicycle", "motorcycle"]}
SOURCES = ("lot", "street", None)
# Pictures are a million pixels wide, so that rounding of normalised boxes moves no overlap across a threshold.
SIDE = 1_000_000


def box(random):
    width, height = random.uniform(0.03, 0.25, 2)
    x, y = random.uniform(0, 1 - width), random.uniform(0, 1 - height)
    return [x, y, x + width, y + height]


def shaken(corners, random, by):
    x1, y1, x2, y2 = np.array(corners) + random.normal(0, by, 4) * (corners[2] - corners[0])
    return [max(0.0, min(x1, x2 - 0.01)), max(0.0, min(y1, y2 - 0.01)), min(1.0, x2), min(1.0, y2)]


def rounded(corners):
    return [round(float(value), 6) for value in corners]


def picture(number, random):
    # No bus at all: a class without objects has no figure. The last picture has more boxes than are looked at.
    names = ["person", "bicycle", "motorcycle", "car", "car", "car", "truck"]
    wanted = [(str(random.choice(names)), rounded(box(random))) for _ in range(random.integers(0, 9))]
    ignored = [rounded(box(random)) for _ in range(random.integers(0, 3))]
    found = []
    for name, corners in wanted:
        for _ in range(random.choice([0, 1, 1, 1, 2])):
            called = name if random.random() < 0.8 else str(random.choice(CLASSES))
            found.append((called, rounded(shaken(corners, random, random.choice([0.02, 0.08, 0.2])))))
    found += [("car", rounded(shaken(corners, random, 0.05))) for corners in ignored]
    found += [(str(random.choice(CLASSES)), rounded(box(random))) for _ in range(random.integers(0, 4))]
    if number == 0:
        found += [("car", rounded(box(random))) for _ in range(120)]
    # Scores come in steps, so that some are equal.
    found = [{"class": name, "score": round(float(random.integers(1, 50)) / 50, 2), "box": b} for name, b in found]
    return {
        "source": SOURCES[number % len(SOURCES)],
        "wanted": [{"class": name, "box": corners} for name, corners in wanted],
        "ignored": ignored,
        "found": found,
    }


def xywh(corners):
    x1, y1, x2, y2 = (value * SIDE for value in corners)
    return [x1, y1, x2 - x1, y2 - y1]


def figures(pictures, members):
    """COCO's AP at 0.5 and AP of the classes `members` counted as one, or None without an object."""
    annotations, results = [], []
    for number, truth in enumerate(pictures, 1):
        boxes = [(o["box"], 0) for o in truth["wanted"] if o["class"] in members] + [(b, 1) for b in truth["ignored"]]
        for corners, crowd in boxes:
            _, _, width, height = bbox = xywh(corners)
            annotations.append({"id": len(annotations) + 1, "image_id": number, "category_id": 1, "bbox": bbox, "area": width * height, "iscrowd": crowd})
        for found in truth["found"]:
            if found["class"] in members:
                results.append({"image_id": number, "category_id": 1, "bbox": xywh(found["box"]), "score": found["score"]})
    objects = sum(not a["iscrowd"] for a in annotations)
    if not objects:
        return {"objects": 0, "ap50": None, "ap50_95": None}
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = {
            "info": {},
            "images": [{"id": n + 1} for n in range(len(pictures))],
            "annotations": annotations,
            "categories": [{"id": 1}],
        }
        coco.createIndex()
        evaluation = COCOeval(coco, coco.loadRes(results), "bbox")
        # Only the range "all": boxes of any size.
        evaluation.params.areaRng, evaluation.params.areaRngLbl = [[0, 1e15]], ["all"]
        evaluation.params.maxDets = [100]
        evaluation.evaluate()
        evaluation.accumulate()
    precision = evaluation.eval["precision"]  # thresholds, recalls, classes, areas, most boxes
    return {"objects": objects, "ap50": float(precision[0].mean()), "ap50_95": float(precision.mean())}


def main():
    random = np.random.default_rng(20261126)
    pictures = [picture(number, random) for number in range(40)]
    lot = [p for p in pictures if p["source"] == "lot"]
    expected = [{"group": group, "source": None} | figures(pictures, members) for group, members in GROUPS.items()]
    expected += [{"group": group, "source": "lot"} | figures(lot, members) for group, members in GROUPS.items()]
    text = json.dumps({"pictures": pictures, "expected": expected})
    pathlib.Path(__file__).with_name("cases.json").write_text(text + "\n", encoding="utf-8")
    print(*expected, sep="\n")


if __name__ == "__main__":
    main()
