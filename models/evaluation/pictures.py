"""Makes the evaluation set from real footage: python pictures.py DATA OUT

DATA is the folder that GRIDWATCH_DATA names. `truth.jsonl` beside this script holds the boxes, which are ours; the pictures are
cut from the footage anew and never kept in this repository. OUT becomes a data set for `gridwatch models evaluate --data OUT`.

How the boxes were made. Parking lot: PKLot's sequences 3 and 4, which no network here was trained on (ours was on sequences 0 to 2 of the same camera;
sequence 0 is five pictures of the day that the empty ones below are of, none of them the same). Where a car is an island
of the annotators' pixel masks its box is that island's; where masks of cars touch, boxes proposed by three public networks and
ours were taken if the mask filled them, and looked at. What was left unclear is neither wanted nor wrong. 19 pictures of the
empty lot follow: nothing may be found there. `pklot_composite_a` is not in the set: its parked cars are cut from a picture of
sequence 2, which ours was trained on.

Street: a residential street, every 36th picture and nine halfway between two of those where a vehicle passes. Three public
networks proposed, none of ours did; then every box was set anew by eye, on enlarged pictures with a pixel ruler, and looked at
once more. One box is one whole vehicle with what it carries, without its shadow, also where a sign, a branch or another vehicle
splits it; `visible` is then the share in sight, to about a tenth (what the edge of the picture cuts off does not count). A car
that stands has one box in all pictures. Neither wanted nor wrong are: vehicles on the crossroads, that is wholly beyond the far
line of its pedestrian crossing; traffic on the road at the left edge, of which a hedge leaves a strip; a car of which one corner
is left (picture 264). Where the first two of the queue stand is such a place, too: they are wanted, but a second box on either
is not wrong.

Five pictures of a lane at different brightness (`lane_…`, upright), made in the same way, only that grass before a car counts in `visible`, too.
In the lane nothing moves: it is one far car and one half hidden, five times. Its bicycles, and what hangs on them, are neither wanted nor wrong.

Wanted objects: parking lot, 29 pictures, 201; street, 39 pictures, 150 (140 of the street, 10 of the lane).
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
