"""Pictures and their truth, held on the device that trains.

A data set is a folder with `images/` and `labels.jsonl`, one picture a line:
{"image", "width", "height", "objects": [{"class", "box": [x1, y1, x2, y2] of 0-1, "visible": 0-1}]}.
"""

import concurrent.futures
import json
import pathlib

import cv2
import numpy as np
import torch

from network import CLASSES

# Less of an object in sight than this, and nobody could be asked to find it: it is neither wanted nor wrong.
VISIBLE_LEAST = 0.25
# Pictures are held at this size, smaller ones enlarged, with grey where they are narrower or lower.
WIDTH, HEIGHT = 960, 540
GREY = 114
# Objects a picture at most; the smallest of more are left out.
OBJECTS_MOST = 96
# Rows of truth: class (IGNORED where the object is not to be asked for, NOTHING where there is none), x1, y1, x2, y2.
IGNORED, NOTHING = -1, -2
# How much rather a picture that shows a class is shown: what is rare in yards is no less wanted there.
RATHER = {"person": 1.5, "bicycle": 2, "e-bike": 1.5, "motorcycle": 2, "car": 1, "van": 1.5, "truck": 1.5, "bus": 3}


def read(folder, line):
    """One picture of a labels file: bytes [3, HEIGHT, WIDTH], BGR, and truth [n, 5] in its pixels."""
    path = folder / line["image"]
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise FileNotFoundError(path)
    high, wide = picture.shape[:2]
    scale = min(WIDTH / wide, HEIGHT / high)
    size = min(WIDTH, round(wide * scale)), min(HEIGHT, round(high * scale))
    if size != (wide, high):
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        picture = cv2.resize(picture, size, interpolation=how)
    if size != (WIDTH, HEIGHT):
        canvas = np.full((HEIGHT, WIDTH, 3), GREY, np.uint8)
        canvas[: size[1], : size[0]] = picture
        picture = canvas
    rows = []
    for thing in line["objects"]:
        known = thing["class"] in CLASSES and thing.get("visible", 1) >= VISIBLE_LEAST
        x1, y1, x2, y2 = thing["box"]
        box = [x1 * size[0], y1 * size[1], x2 * size[0], y2 * size[1]]
        rows.append([CLASSES.index(thing["class"]) if known else IGNORED, *box])
    rows.sort(key=lambda row: (row[3] - row[1]) * (row[4] - row[2]), reverse=True)
    truth = np.array(rows[:OBJECTS_MOST], np.float32).reshape(-1, 5)
    return np.ascontiguousarray(picture.transpose(2, 0, 1)), truth


class Pool:
    """Up to `room` pictures on a device; grows while it is used."""

    def __init__(self, room, device):
        self.pictures = torch.empty((room, 3, HEIGHT, WIDTH), dtype=torch.uint8, device=device)
        self.truth = torch.full((room, OBJECTS_MOST, 5), float(NOTHING), device=device)
        self.weights = torch.zeros(room, device=device)
        self.extent = torch.zeros((room, 2), device=device)
        self.count, self.room = 0, room

    def add(self, folder, lines, threads=4):
        """Adds the pictures of a labels file, as far as there is room."""
        lines = lines[: self.room - self.count]
        with concurrent.futures.ThreadPoolExecutor(threads) as readers:
            for line, (picture, truth) in zip(lines, readers.map(lambda line: read(folder, line), lines)):
                at = self.count
                self.pictures[at].copy_(torch.from_numpy(picture))
                self.truth[at, : len(truth)] = torch.from_numpy(truth)
                names = {CLASSES[int(kind)] for kind in truth[:, 0] if kind >= 0}
                self.weights[at] = max((RATHER[name] for name in names), default=0.7)
                scale = min(WIDTH / line["width"], HEIGHT / line["height"])
                self.extent[at] = torch.tensor((line["width"] * scale, line["height"] * scale))
                self.count += 1

    def balance(self, sources):
        """Shows every source as often as any other, however many pictures it has."""
        number = {source: at for at, source in enumerate(dict.fromkeys(sources))}
        index = torch.tensor([number[source] for source in sources], device=self.weights.device)
        weights = self.weights[: self.count]
        sums = torch.zeros(len(number), device=weights.device).index_add_(0, index, weights)
        weights /= sums[index]

    def draw(self, count, generator):
        """Indices of `count` pictures, what is rare more often."""
        return torch.multinomial(self.weights[: self.count], count, replacement=True, generator=generator)


def lines_of(folder):
    with open(pathlib.Path(folder) / "labels.jsonl", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def load(folders, device):
    """A pool of all pictures of some folders, balanced by the source that their lines tell."""
    sets = [(pathlib.Path(folder), lines_of(folder)) for folder in folders]
    pool = Pool(sum(len(lines) for _, lines in sets), device)
    for folder, lines in sets:
        pool.add(folder, lines)
    pool.balance([line.get("source", str(folder)) for folder, lines in sets for line in lines])
    return pool
