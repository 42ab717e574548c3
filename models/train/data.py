"""Pictures and their truth, cut and altered for training.

A data set is a folder with `images/` and `labels.jsonl`, one picture a line:
{"image", "width", "height", "objects": [{"class", "box": [x1, y1, x2, y2] of 0-1, "visible": 0-1}]}.
"""

import json
import pathlib

import cv2
import numpy as np
import torch

from network import CLASSES

# Less of an object in sight than this, or fewer pixels, and nobody could be asked to find it: it is neither wanted nor
# wrong.
VISIBLE_LEAST = 0.25
WIDTH_LEAST, HEIGHT_LEAST = 3, 6
# Share of an object that must remain in a cut-out for it to be wanted there.
REMAINING_LEAST = 0.35
GREY = 114
# How much rather an object of a class is shown than a car: what is rare in yards is no less wanted there.
RATHER = np.array([{"person": 2, "motorcycle": 2, "car": 1, "bus": 6, "truck": 5}[name] for name in CLASSES], float)
# Rows of truth a picture: class (-1 where the object is to be ignored), x1, y1, x2, y2 in pixels of the cut-out.
IGNORED = -1


class Sample:
    def __init__(self, folder, line):
        self.path = folder / line["image"]
        if not self.path.exists():
            self.path = folder / "images" / line["image"]
        self.size = (line["width"], line["height"])
        rows = []
        for thing in line["objects"]:
            known = thing["class"] in CLASSES
            wanted = known and thing.get("visible", 1) >= VISIBLE_LEAST
            rows.append([CLASSES.index(thing["class"]) if wanted else IGNORED, *thing["box"]])
        self.truth = np.array(rows, np.float32).reshape(-1, 5)

    def read(self):
        picture = cv2.imread(str(self.path), cv2.IMREAD_COLOR)
        if picture is None:
            raise FileNotFoundError(self.path)
        truth = self.truth.copy()
        truth[:, [1, 3]] *= picture.shape[1]
        truth[:, [2, 4]] *= picture.shape[0]
        return picture, truth


def load(folder):
    folder = pathlib.Path(folder)
    with open(folder / "labels.jsonl", encoding="utf-8") as lines:
        return [Sample(folder, json.loads(line)) for line in lines if line.strip()]


def settle(truth, width, height):
    """Clips boxes to the cut-out and marks what is no longer to be asked for."""
    if not len(truth):
        return truth
    x1, y1, x2, y2 = truth[:, 1:].T
    area = np.maximum((x2 - x1) * (y2 - y1), 1e-6)
    clipped = truth.copy()
    clipped[:, [1, 3]] = clipped[:, [1, 3]].clip(0, width)
    clipped[:, [2, 4]] = clipped[:, [2, 4]].clip(0, height)
    w, h = clipped[:, 3] - clipped[:, 1], clipped[:, 4] - clipped[:, 2]
    small = (w < WIDTH_LEAST) | (h < HEIGHT_LEAST) | (w * h / area < REMAINING_LEAST)
    clipped[small, 0] = IGNORED
    return clipped[(w > 1) & (h > 1)]


def letterbox(picture, truth, width, height):
    """The whole picture, as the product sees it: even scale, top left, grey below or right."""
    scale = min(width / picture.shape[1], height / picture.shape[0])
    size = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
    canvas = np.full((height, width, 3), GREY, np.uint8)
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    canvas[: size[1], : size[0]] = cv2.resize(picture, size, interpolation=how)
    truth = truth.copy()
    truth[:, 1:] *= scale
    return canvas, settle(truth, width, height)


def cut(picture, truth, width, height, scale, random):
    """A `width` x `height` window on the picture enlarged by `scale`, near one of its objects if it has any."""
    high, wide = picture.shape[:2]
    if len(truth) and random.random() < 0.9:
        weights = np.where(truth[:, 0] >= 0, RATHER[truth[:, 0].astype(int)], 0.1)
        pick = truth[random.choice(len(truth), p=weights / weights.sum())]
        x, y = (pick[1] + pick[3]) / 2 * scale, (pick[2] + pick[4]) / 2 * scale
    else:
        x, y = random.random() * wide * scale, random.random() * high * scale
    left, top = x - width * random.uniform(0.15, 0.85), y - height * random.uniform(0.15, 0.85)
    # Mostly picture: beyond its edges there is only grey.
    left = np.clip(left, min(0, wide * scale - width), max(0, wide * scale - width))
    top = np.clip(top, min(0, high * scale - height), max(0, high * scale - height))
    x1, y1 = max(0, int(left / scale)), max(0, int(top / scale))
    x2, y2 = min(wide, int((left + width) / scale) + 1), min(high, int((top + height) / scale) + 1)
    into = (int(max(0, -left)), int(max(0, -top)))
    size = (min(width - into[0], round((x2 - x1) * scale)), min(height - into[1], round((y2 - y1) * scale)))
    canvas = np.full((height, width, 3), GREY, np.uint8)
    how = cv2.INTER_AREA if scale < 1 and random.random() < 0.5 else cv2.INTER_LINEAR
    piece = cv2.resize(picture[y1:y2, x1:x2], size, interpolation=how)
    canvas[into[1] : into[1] + size[1], into[0] : into[0] + size[0]] = piece
    truth = truth.copy()
    truth[:, [1, 3]] = (truth[:, [1, 3]] - x1) * scale + into[0]
    truth[:, [2, 4]] = (truth[:, [2, 4]] - y1) * scale + into[1]
    return canvas, settle(truth, width, height)


def flip(picture, truth):
    truth = truth.copy()
    truth[:, [1, 3]] = picture.shape[1] - truth[:, [3, 1]]
    return picture[:, ::-1], truth


def recolour(picture, random):
    """Light and colour as cameras differ: exposure, contrast, gamma, tint, saturation, infrared."""
    chance = random.random
    if chance() < 0.12:
        picture = cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    elif chance() < 0.7:
        tones = cv2.cvtColor(picture, cv2.COLOR_BGR2HSV)
        turn = np.arange(256)
        hue = ((turn + random.integers(-8, 9)) % 180).astype(np.uint8)
        saturation = np.clip(turn * random.uniform(0.4, 1.5), 0, 255).astype(np.uint8)
        table = np.stack((hue, saturation, turn.astype(np.uint8)), 1)[None]
        picture = cv2.cvtColor(cv2.LUT(tones, table), cv2.COLOR_HSV2BGR)
    levels = np.arange(256) / 255
    curve = levels ** random.uniform(0.65, 1.5)
    curve = (curve - 0.5) * random.uniform(0.65, 1.35) + 0.5 + random.uniform(-0.12, 0.12)
    tint = 1 + random.uniform(-0.08, 0.08, 3)
    table = np.clip(curve[:, None] * tint * 255, 0, 255).astype(np.uint8)[None]
    return cv2.LUT(picture, table)


def degrade(picture, random):
    """What lenses, sensors and encoders do."""
    chance = random.random
    if chance() < 0.12:
        picture = cv2.GaussianBlur(picture, (0, 0), random.uniform(0.4, 1.3))
    if chance() < 0.25:
        noise = np.empty(picture.shape, np.int16)
        cv2.randn(noise, 0, random.uniform(2, 14))
        picture = np.clip(picture + noise, 0, 255).astype(np.uint8)
    if chance() < 0.2:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(25, 75))]
        picture = cv2.imdecode(cv2.imencode(".jpg", picture, quality)[1], cv2.IMREAD_COLOR)
    return picture


def cover(picture, truth, random):
    """Small patches of nothing over objects: parts must do for the whole."""
    for row in truth[truth[:, 0] >= 0]:
        if random.random() < 0.08:
            x1, y1, x2, y2 = row[1:]
            w, h = (x2 - x1) * random.uniform(0.2, 0.45), (y2 - y1) * random.uniform(0.2, 0.6)
            x, y = random.uniform(x1, x2 - w), random.uniform(y1, y2 - h)
            picture[int(y) : int(y + h), int(x) : int(x + w)] = random.integers(0, 256, 3)
    return picture


class Training(torch.utils.data.Dataset):
    """Cut-outs of `width` x `height`, endlessly varied. `native` is the width at which the network will see a whole
    picture: windows narrower than that show a part of it, at the size objects will have, for a fraction of the cost."""

    def __init__(self, samples, width, height, native, seed, length):
        self.samples, self.size, self.native, self.seed, self.length = samples, (width, height), native, seed, length
        kinds = [sample.truth[:, 0].astype(int) for sample in samples]
        weights = np.array([max(RATHER[kind[kind >= 0]], default=1) for kind in kinds])
        self.upto = np.cumsum(weights / weights.sum())

    def __len__(self):
        return self.length

    def view(self, random, width, height, mosaic):
        picture, truth = self.samples[min(np.searchsorted(self.upto, random.random()), len(self.upto) - 1)].read()
        native = min(self.native / picture.shape[1], self.native * 0.6 / picture.shape[0])
        if width >= self.native and not mosaic and random.random() < 0.4:
            return letterbox(picture, truth, width, height)
        whole = min(width / picture.shape[1], height / picture.shape[0])
        if width < self.native and not mosaic and random.random() < 0.25:
            scale = whole * random.uniform(0.9, 1.3)
        else:
            scale = native * np.exp(random.uniform(np.log(0.7), np.log(1.6)))
        return cut(picture, truth, width, height, scale, random)

    def __getitem__(self, index):
        random = np.random.default_rng((self.seed, index))
        cv2.setRNGSeed(int(random.integers(1 << 30)))
        width, height = self.size
        if random.random() < 0.2:
            middle = int(width * random.uniform(0.35, 0.65))
            left, truth = self.view(random, middle, height, True)
            right, more = self.view(random, width - middle, height, True)
            more[:, [1, 3]] += middle
            picture, truth = np.concatenate((left, right), 1), np.concatenate((truth, more))
        else:
            picture, truth = self.view(random, width, height, False)
        if random.random() < 0.5:
            picture, truth = flip(picture, truth)
        picture = degrade(recolour(np.ascontiguousarray(picture), random), random)
        return cover(picture, truth, random), truth


def collate(batch):
    """Pictures [n, 3, h, w] as bytes; truth [n, most, 5], filled with class -2."""
    pictures = torch.from_numpy(np.stack([picture for picture, _ in batch])).permute(0, 3, 1, 2)
    most = max(1, max(len(truth) for _, truth in batch))
    filled = torch.full((len(batch), most, 5), -2.0)
    for row, (_, truth) in zip(filled, batch):
        row[: len(truth)] = torch.from_numpy(truth)
    return pictures, filled
