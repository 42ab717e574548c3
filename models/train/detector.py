"""An ONNX file in the YOLOX convention, run as the product runs it; knows nothing of PyTorch's side."""

import cv2
import numpy as np
import onnxruntime

VEHICLES = ("car", "van", "bus", "truck")
OWN_LABELS = ("person", "bicycle", "e-bike", "motorcycle", "car", "van", "truck", "bus")
# What is of interest among COCO's 80, by index.
COCO_LABELS = {0: "person", 1: "bicycle", 3: "motorcycle", 2: "car", 5: "bus", 7: "truck"}
STRIDES = (8, 16, 32)
GREY = 114


def overlaps(box, boxes):
    top_left, bottom_right = np.maximum(box[:2], boxes[:, :2]), np.minimum(box[2:], boxes[:, 2:])
    shared = np.clip(bottom_right - top_left, 0, None).prod(1)
    area = lambda b: (b[..., 2] - b[..., 0]) * (b[..., 3] - b[..., 1])
    return shared / np.maximum(area(box) + area(boxes) - shared, 1e-9)


class Detector:
    def __init__(self, path, threads=1):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self.input = self.session.get_inputs()[0]
        _, _, self.height, self.width = self.input.shape
        grids = []
        for stride in STRIDES:
            ys, xs = np.mgrid[: self.height // stride, : self.width // stride]
            grids.append(np.stack((xs, ys, np.full_like(xs, stride)), 2).reshape(-1, 3))
        self.grid = np.concatenate(grids).astype(np.float32)

    def detect(self, picture, score_least=0.3, iou_most=0.5):
        """[(label, score, box in pixels of the picture)], best first; cars, buses and lorries suppress each other."""
        scale = min(self.width / picture.shape[1], self.height / picture.shape[0])
        size = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
        canvas = np.full((self.height, self.width, 3), GREY, np.uint8)
        canvas[: size[1], : size[0]] = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        tensor = canvas.transpose(2, 0, 1)[None].astype(np.float32)
        answer = self.session.run(None, {self.input.name: tensor})[0][0]
        labels = dict(enumerate(OWN_LABELS)) if answer.shape[1] == 5 + len(OWN_LABELS) else COCO_LABELS
        columns = np.array(list(labels))
        scores = answer[:, 4:5] * answer[:, 5 + columns]
        kind, score = scores.argmax(1), scores.max(1)
        keep = score >= score_least
        rows, grid = answer[keep], self.grid[keep]
        centre = (rows[:, :2] + grid[:, :2]) * grid[:, 2:]
        half = np.exp(rows[:, 2:4]) * grid[:, 2:] / 2
        limit = np.array([picture.shape[1], picture.shape[0]] * 2)
        boxes = np.clip(np.concatenate((centre - half, centre + half), 1) / scale, 0, limit)
        names = [labels[columns[k]] for k in kind[keep]]
        return suppress(names, score[keep], boxes, iou_most)


def suppress(names, scores, boxes, iou_most):
    groups = np.array(["vehicle" if name in VEHICLES else name for name in names])
    order = list(np.argsort(-scores))
    kept = []
    while order:
        best = order.pop(0)
        kept.append((names[best], float(scores[best]), boxes[best]))
        rest = np.array(order, int)
        if len(rest):
            same = groups[rest] == groups[best]
            order = list(rest[~(same & (overlaps(boxes[best], boxes[rest]) > iou_most))])
    return kept
