"""Proves that the trainer can learn at all, in two minutes: a few drawn pictures, learned by heart.

python selftest.py [STEPS] [PICTURES]; fails where the average recall at half overlap stays low.
"""

import json
import pathlib
import sys
import tempfile

import cv2
import numpy as np
import torch

from data import HEIGHT, IGNORED, WIDTH, load
from loss import loss, overlap
from network import CLASSES, YardNet, decode, grid

COLOURS = [(40, 200, 40), (200, 200, 40), (40, 40, 200), (200, 60, 160), (230, 230, 230), (20, 120, 240), (240, 120, 20), (120, 20, 20)]


def draw(folder, count, seed):
    """Writes a data set of rectangles with windows on a noisy ground: one colour and shape a class."""
    random = np.random.default_rng(seed)
    folder = pathlib.Path(folder)
    (folder / "images").mkdir(parents=True, exist_ok=True)
    with open(folder / "labels.jsonl", "w", encoding="utf-8") as lines:
        for number in range(count):
            picture = random.normal(random.uniform(60, 160), 12, (360, 640, 3)).clip(0, 255).astype(np.uint8)
            objects = []
            for _ in range(random.integers(1, 9)):
                kind = int(random.integers(len(CLASSES)))
                w = int(random.uniform(12, 140))
                h = int(w * (2.2 if kind == 0 else 1.2 if kind == 1 else 0.6))
                if h > 300:
                    continue
                x, y = int(random.integers(0, 640 - w)), int(random.integers(0, 360 - h))
                box = [x / 640, y / 360, (x + w) / 640, (y + h) / 360]
                if any(overlap(torch.tensor(box), torch.tensor(other["box"])) > 0.05 for other in objects):
                    continue
                cv2.rectangle(picture, (x, y), (x + w, y + h), COLOURS[kind], -1)
                cv2.rectangle(picture, (x + w // 5, y + h // 8), (x + w // 2, y + h // 3), (20, 20, 20), -1)
                objects.append({"class": CLASSES[kind], "box": box, "visible": 1.0})
            name = f"images/{number:06}.jpg"
            cv2.imwrite(str(folder / name), picture)
            line = {"image": name, "width": 640, "height": 360, "objects": objects}
            lines.write(json.dumps(line) + "\n")


def main(steps, count):
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as folder:
        draw(folder, count, 0)
        pool = load([folder], torch.device("cpu"))
    pictures = torch.nn.functional.interpolate(pool.pictures.float(), (192, 320), mode="area")
    truth = pool.truth.clone()
    truth[..., [1, 3]] *= 320 / WIDTH
    truth[..., [2, 4]] *= 192 / HEIGHT
    truth = truth[:, : max(1, int((truth[..., 0] >= IGNORED).sum(1).max()))]
    network, (cells, strides) = YardNet(), grid(320, 192)
    optimizer = torch.optim.AdamW(network.parameters(), 2e-3)
    for step in range(steps):
        total, parts = loss(network(pictures), truth, cells, strides)
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        if step % 20 == 0:
            print(step, *(f"{part:.3f}" for part in parts), flush=True)
    with torch.no_grad():
        answer = network(pictures)
        boxes, scores = decode(answer, cells, strides), answer[..., 4:].sigmoid()
    found = wanted = 0
    for box, score, rows in zip(boxes, scores, truth):
        best, kind = (score[:, :1] * score[:, 1:]).max(1)
        for row in rows[rows[:, 0] >= 0]:
            right = (overlap(box, row[1:]) > 0.5) & (best > 0.3) & (kind == row[0])
            found, wanted = found + bool(right.any()), wanted + 1
    print(f"found {found} of {wanted}")
    assert found > 0.9 * wanted


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 160, int(sys.argv[2]) if len(sys.argv) > 2 else 16)
