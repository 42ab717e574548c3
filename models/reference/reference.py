"""The rules of `detect` once more: an NV12 picture and a manifest in, boxes out. Written for reading, not for speed.

python reference.py MANIFEST PICTURE.nv12 WIDTHxHEIGHT   prints the boxes as JSON
"""

import json
import pathlib
import sys
import tomllib

import numpy as np
import onnxruntime

VEHICLES = {"car", "bus", "truck"}
LEAST_SCORE = 0.25


# ---- From NV12 to the network's input -----------------------------------------------------------------------------


def weights(inputs, outputs, ratio):
    """Matrix [outputs, inputs] that resamples one axis: by area where it shrinks, linearly where it grows."""
    matrix = np.zeros((outputs, inputs))
    for output in range(outputs):
        if ratio > 1:
            end = min((output + 1) * ratio, inputs)
            begin = min(output * ratio, end - 1e-3)
            edges = np.arange(inputs + 1)
            matrix[output] = np.clip(np.minimum(end, edges[1:]) - np.maximum(begin, edges[:-1]), 0, None)
        else:
            center = min(max((output + 0.5) * ratio - 0.5, 0), inputs - 1)
            first = int(center)
            share = center - first
            matrix[output, first] += 1 - share
            if share > 0 and first + 1 < inputs:
                matrix[output, first + 1] += share
    return matrix / matrix.sum(axis=1, keepdims=True)


def resample(plane, size, ratio):
    width, height = size
    down = weights(plane.shape[0], height, ratio[1])
    across = weights(plane.shape[1], width, ratio[0])
    return down @ plane.astype(float) @ across.T


def fit(rule, net, picture):
    """Where the picture lies in the input: left, top, width, height."""
    (net_width, net_height), (width, height) = net, picture
    if rule == "stretch":
        return 0, 0, net_width, net_height
    if net_width * height <= net_height * width:
        inner = net_width, max(height * net_width // width, 1)
    else:
        inner = max(width * net_height // height, 1), net_height
    if rule == "center":
        return (net_width - inner[0]) // 2, (net_height - inner[1]) // 2, *inner
    return 0, 0, *inner


def to_rgb(y, u, v, height):
    """Limited range; BT.709 from 720 rows on, else BT.601."""
    red, blue = (0.2126, 0.0722) if height >= 720 else (0.299, 0.114)
    green = 1 - red - blue
    luma = (y - 16) * 255 / 219
    u, v = (u - 128) * 255 / 224, (v - 128) * 255 / 224
    r = luma + 2 * (1 - red) * v
    b = luma + 2 * (1 - blue) * u
    g = luma - 2 * (1 - blue) * blue / green * u - 2 * (1 - red) * red / green * v
    return np.clip(np.stack([r, g, b]), 0, 255)


def letterbox(spec, nv12, picture):
    """The input tensor [1, 3, height, width] (or [1, height, width, 3]), and where the picture lies in it."""
    width, height = picture
    half = -(-width // 2), -(-height // 2)
    luma = nv12[: width * height].reshape(height, width)
    chroma = nv12[width * height :].reshape(half[1], half[0], 2)
    net = spec["width"], spec["height"]
    left, top, inner_width, inner_height = place = fit(spec["letterbox"], net, picture)
    ratio = width / inner_width, height / inner_height
    small = -(-inner_width // 2), -(-inner_height // 2)
    y = resample(luma, (inner_width, inner_height), ratio)
    spread = lambda plane: resample(plane, small, ratio).repeat(2, 0).repeat(2, 1)[:inner_height, :inner_width]
    channels = to_rgb(y, spread(chroma[..., 0]), spread(chroma[..., 1]), height)
    if spec["color"] == "bgr":
        channels = channels[::-1]
    full = np.full((3, net[1], net[0]), float(spec.get("pad", 114)))
    full[:, top : top + inner_height, left : left + inner_width] = channels
    column = lambda values: np.array(values, dtype=float).reshape(3, 1, 1)
    mean, std = column(spec.get("mean", [0, 0, 0])), column(spec.get("std", [1, 1, 1]))
    tensor = ((full * spec.get("scale", 1.0) - mean) / std).astype(np.float32)[None]
    return (tensor.transpose(0, 2, 3, 1) if spec.get("layout") == "nhwc" else tensor), place


# ---- Heads: from outputs by name to (corners in input pixels, scores by label) -----------------------------------------


def sigmoid(x):
    return 1 / (1 + np.exp(-np.asarray(x, dtype=float)))


def softmax(x):
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def corners(center_size):
    x, y, w, h = np.moveaxis(center_size, -1, 0)
    return np.stack([x - w / 2, y - h / 2, x + w / 2, y + h / 2], axis=-1)


def grid(net, stride, rounding):
    columns, rows = (rounding(side / stride) for side in net)
    y, x = np.mgrid[0:rows, 0:columns]
    return np.stack([x, y], axis=-1).reshape(-1, 2)


def yolox(head, net, labels, outputs):
    rows = outputs[0][0].astype(float)
    if not head["sigmoid_done"]:
        rows[:, 4:] = sigmoid(rows[:, 4:])
    if not head["boxes_decoded"]:
        cells = [(grid(net, stride, lambda n: int(n)), stride) for stride in head["strides"]]
        strides = np.concatenate([np.full((len(c), 1), s) for c, s in cells])
        offsets = np.concatenate([c for c, _ in cells])
        rows[:, 0:2] = (rows[:, 0:2] + offsets) * strides
        rows[:, 2:4] = np.exp(np.minimum(rows[:, 2:4], 10)) * strides
    return corners(rows[:, :4]), rows[:, 4:5] * rows[:, 5:]


def yolov5(head, net, labels, outputs):
    rows = outputs[0][0].astype(float)
    return corners(rows[:, :4]), rows[:, 4:5] * rows[:, 5:]


def yolov8(head, net, labels, outputs):
    rows = outputs[0][0].astype(float)
    rows = rows.T if rows.shape[0] == 4 + len(labels) else rows
    return corners(rows[:, :4]), rows[:, 4:]


def one_hot(scores, indices, count):
    table = np.zeros((len(scores), count))
    for row, (score, index) in enumerate(zip(scores, indices)):
        if 0 <= round(float(index)) < count:
            table[row, round(float(index))] = score
    return table


def yolo_nms(head, net, labels, outputs):
    rows = outputs[0][0].astype(float)
    return rows[:, :4], one_hot(rows[:, 4], rows[:, 5], len(labels))


def nanodet(head, net, labels, outputs):
    boxes, scores = [], []
    joined = outputs[0][0] if len(outputs) == 1 else None
    for stride in head["strides"]:
        cells = grid(net, stride, lambda n: int(np.ceil(n)))
        if joined is not None:
            rows, joined = joined[: len(cells)], joined[len(cells) :]
            score, distance = rows[:, : len(labels)], rows[:, len(labels) :]
        else:
            own = [output[0] for output in outputs if output.shape[1] == len(cells)]
            score = next(output for output in own if output.shape[1] == len(labels))
            distance = next(output for output in own if output is not score)
        points = (cells + (0.0 if head.get("cell_point") == "corner" else 0.5)) * stride
        bins = distance.shape[1] // 4
        sides = (softmax(distance.reshape(-1, 4, bins).astype(float)) * np.arange(bins)).sum(-1) * stride
        boxes.append(np.concatenate([points - sides[:, :2], points + sides[:, 2:]], axis=1))
        scores.append(score.astype(float))
    return np.concatenate(boxes), np.concatenate(scores)


def fastestdet(head, net, labels, outputs):
    channels = outputs[0][0].astype(float)
    rows, columns = channels.shape[1:]
    y, x = np.mgrid[0:rows, 0:columns]
    center_x = (x + np.tanh(channels[1])) / columns * net[0]
    center_y = (y + np.tanh(channels[2])) / rows * net[1]
    box = np.stack([center_x, center_y, sigmoid(channels[3]) * net[0], sigmoid(channels[4]) * net[1]], axis=-1)
    scores = channels[0] ** 0.6 * channels[5:] ** 0.4
    return corners(box.reshape(-1, 4)), scores.reshape(len(labels), -1).T


def boxes_scores_labels(head, net, labels, outputs):
    boxes = next(output for output in outputs if output.shape[-1] == 4 and output.ndim >= 2).reshape(-1, 4).astype(float)
    others = [output.reshape(-1) for output in outputs if output.shape[-1] != 4 or output.ndim < 2]
    # The tiny networks name them so that this order holds: labels before scores.
    indices, scores = others[0], others[1]
    if head["corners"] == "yxyx_shares":
        boxes = boxes[:, [1, 0, 3, 2]]
    if head["corners"] != "xyxy_pixels":
        boxes = boxes * [net[0], net[1], net[0], net[1]]
    return boxes, one_hot(scores, indices - head.get("first_label", 0), len(labels))


def ssd(head, net, labels, outputs):
    rows = outputs[0].reshape(-1, 7).astype(float)
    ends = np.nonzero(rows[:, 0] < 0)[0]
    rows = rows[: ends[0]] if len(ends) else rows
    return rows[:, 3:] * [net[0], net[1], net[0], net[1]], one_hot(rows[:, 2], rows[:, 1] - head.get("first_label", 0), len(labels))


def detr(head, net, labels, outputs):
    boxes = next(output for output in outputs if output.shape[-1] == 4)[0].astype(float)
    logits = next(output for output in outputs if output.shape[-1] != 4)[0].astype(float)
    scores = sigmoid(logits) if head["activation"] == "sigmoid" else softmax(logits)
    return corners(boxes * [net[0], net[1], net[0], net[1]]), scores[:, : len(labels)]


HEADS = {f.__name__: f for f in (yolox, yolov5, yolov8, yolo_nms, nanodet, fastestdet, boxes_scores_labels, ssd, detr)}


# ---- From rows to boxes of the picture ----------------------------------------------------------------------------


def iou(a, b):
    inner = np.clip(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0, None).prod()
    area = lambda box: (box[2:] - box[:2]).prod()
    return inner / (area(a) + area(b) - inner)


def run(manifest_path, nv12, picture):
    manifest_path = pathlib.Path(manifest_path)
    manifest = tomllib.loads(manifest_path.read_text(encoding="utf-8"))
    return boxes_of(manifest, (manifest_path.parent / manifest["file"]["onnx"]).read_bytes(), nv12, picture)


def boxes_of(manifest, onnx, nv12, picture):
    spec, labels, classes = manifest["input"], manifest["labels"], manifest["classes"]
    tensor, (left, top, width, height) = letterbox(spec, nv12, picture)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])
    feed = {session.get_inputs()[0].name: tensor}
    net = spec["width"], spec["height"]
    if len(session.get_inputs()) == 2:
        feed[session.get_inputs()[1].name] = np.array([net], dtype=np.int64)
    corners_, scores = HEADS[manifest["head"]["type"]](manifest["head"], net, labels, session.run(None, feed))
    known = [index for index, label in enumerate(labels) if label in classes]
    candidates = []
    for box, row in zip(corners_, scores):
        best = max(known, key=lambda index: row[index])
        if row[best] < LEAST_SCORE:
            continue
        share = np.clip((box - [left, top, left, top]) / [width, height, width, height], 0, 1)
        if (share[2:] > share[:2]).all():
            candidates.append((min(float(row[best]), 1.0), classes[labels[best]], share))
    candidates.sort(key=lambda found: -found[0])
    kept = []
    for score, name, box in candidates:
        same = lambda other: other == name or {other, name} <= VEHICLES
        if not any(same(k[1]) and iou(k[2], box) > manifest["thresholds"]["nms_iou"] for k in kept):
            kept.append((score, name, box))
    return [{"class": name, "score": round(score, 6), "box": [round(float(c), 6) for c in box]} for score, name, box in kept]


if __name__ == "__main__":
    size = tuple(int(side) for side in sys.argv[3].split("x"))
    print(json.dumps(run(sys.argv[1], np.fromfile(sys.argv[2], np.uint8), size), indent=1))
