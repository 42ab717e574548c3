"""Makes the evaluation set from real footage: python pictures.py DATA OUT

DATA is the folder that GRIDWATCH_DATA names. `truth.jsonl` beside this script holds the boxes, which are ours; the pictures are
cut from the footage anew and never kept in this repository. OUT becomes a data set for `gridwatch models evaluate --data OUT`.

How the boxes were made. Parking lot: PKLot's sequences 3 and 4, which no network here was trained on (ours was on sequences 0 to 2 of the same camera;
sequence 0 is five pictures of the day that the empty ones below are of, none of them the same). Where a car is an island
of the annotators' pixel masks its box is that island's; where masks of cars touch, boxes proposed by three public networks and
ours were taken if the mask filled them, and looked at. What was left unclear is neither wanted nor wrong. 19 pictures of the
empty lot follow: nothing may be found there. Street: a residential street, every 36th picture; boxes on which two of three
public networks agreed, looked at one by one. The crossroads far behind is neither wanted nor wrong.

Nine more pictures of that street, halfway between two of those where a vehicle passes, and five of a lane at different brightness (`lane_…`, upright):
three public networks proposed, none of ours did; then every box was set anew on enlarged pictures and looked at once more. A car that
a signpost or another car splits is one box, grass before one counts in `visible`. In the lane nothing moves: it is one far car and
one half hidden, five times. Its bicycles, and what hangs on them, are neither wanted nor wrong.

Wanted objects: parking lot, 29 pictures, 201; street, 39 pictures, 169 (159 of the street, 10 of the lane).
"""

import argparse
import json
import pathlib

import cv2


def frame(path, number):
    video = cv2.VideoCapture(str(path))
    for _ in range(number):
        if not video.grab():
            raise ValueError(f"{path}: no frame {number}")
    good, picture = video.read()
    if not good:
        raise ValueError(f"{path}: no frame {number}")
    return picture


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    arguments = parser.parse_args()
    (arguments.out / "images").mkdir(parents=True, exist_ok=True)
    truth = pathlib.Path(__file__).with_name("truth.jsonl").read_text(encoding="utf-8")
    labels = []
    for line in map(json.loads, truth.splitlines()):
        file, number = pathlib.Path(line.pop("file")), line.pop("frame", None)
        path = arguments.data / file
        picture = cv2.imread(str(path)) if number is None else frame(path, number)
        if picture is None:
            raise FileNotFoundError(path)
        image = f"images/{file.stem}{'' if number is None else f'-{number:05}'}.png"
        cv2.imwrite(str(arguments.out / image), picture)
        labels.append(json.dumps({"image": image, **line}) + "\n")
    (arguments.out / "labels.jsonl").write_text("".join(labels), encoding="utf-8")
    print(f"{len(labels)} pictures in {arguments.out}")


if __name__ == "__main__":
    main()
