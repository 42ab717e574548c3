"""Tiny networks, one for every head and convention: random weights, but always the same, and answers in the head's form.

They find nothing sensible. What counts is that their answers differ from cell to cell and picture to picture, so that a decoder
that mixes up rows, columns, grids or scales is noticed.
"""

import numpy as np
from onnx import TensorProto, helper, numpy_helper

LABELS = ["person", "kite", "car", "bus", "truck"]
CLASSES = {"person": "person", "car": "car", "bus": "bus", "truck": "truck"}
WIDTH, HEIGHT = 160, 96


class Graph:
    """Builds an ONNX graph node by node."""

    def __init__(self, seed, shape):
        self.random = np.random.default_rng(seed)
        self.nodes, self.weights, self.count = [], [], 0
        self.inputs = [helper.make_tensor_value_info("images", TensorProto.FLOAT, shape)]
        self.outputs = []

    def constant(self, values, dtype=np.float32):
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(values, dtype), name))
        return name

    def node(self, op, *inputs, **attributes):
        self.count += 1
        name = f"t{self.count}"
        self.nodes.append(helper.make_node(op, list(inputs), [name], **attributes))
        return name

    def conv(self, x, channels, out, kernel=1, stride=1, scale=1.0, bias=0.0):
        weight = self.random.normal(0, scale / np.sqrt(channels * kernel * kernel), (out, channels, kernel, kernel))
        w, b = self.constant(weight), self.constant(np.broadcast_to(bias, (out,)) + self.random.normal(0, 0.1, out))
        pad = (kernel - stride) // 2 if kernel > stride else 0
        return self.node("Conv", x, w, b, kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[pad] * 4)

    def slice(self, x, start, end, axis):
        one = lambda value: self.constant([value], np.int64)
        return self.node("Slice", x, one(start), one(end), one(axis))

    def reshape(self, x, *shape):
        return self.node("Reshape", x, self.constant(shape, np.int64))

    def output(self, x, name, shape, dtype=TensorProto.FLOAT):
        self.nodes.append(helper.make_node("Identity", [x], [name]))
        self.outputs.append(helper.make_tensor_value_info(name, dtype, shape))

    def bytes(self):
        graph = helper.make_graph(self.nodes, "tiny", self.inputs, self.outputs, self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], producer_name="gridwatch")
        model.ir_version = 8
        return model.SerializeToString()


def features(g, std, stride, x="images"):
    """[1, 12, rows, columns] of about unit variance, from a picture whose channels have spread `std`."""
    x = g.node("Mul", x, g.constant(1.0 / std))
    if stride > 8:  # or the weights of a large grid would be most of the file
        x = g.node("AveragePool", x, kernel_shape=[stride // 8] * 2, strides=[stride // 8] * 2)
    return g.node("Tanh", g.conv(x, 3, 12, kernel=8, stride=8, scale=3.0))


def rows_of(g, x, channels):
    """[1, channels, rows, columns] → [1, rows · columns, channels]."""
    return g.node("Transpose", g.reshape(x, 1, channels, -1), perm=[0, 2, 1])


def part(g, x, start, end, function):
    return g.node(function, g.slice(x, start, end, 2)) if function else g.slice(x, start, end, 2)


def yolox(g, std, sigmoid_done, strides=(8, 16, 32)):
    all_rows = []
    for stride in strides:
        x = g.conv(features(g, std, stride), 12, 5 + len(LABELS), scale=2.0)
        rows = rows_of(g, x, 5 + len(LABELS))
        scores = part(g, rows, 4, 99, "Sigmoid" if sigmoid_done else None)
        all_rows.append(g.node("Concat", g.slice(rows, 0, 4, 2), scores, axis=2))
    rows = g.node("Concat", *all_rows, axis=1)
    cells = sum((WIDTH // s) * (HEIGHT // s) for s in strides)
    g.output(rows, "output", [1, cells, 5 + len(LABELS)])


def decoded_rows(g, std, stride, channels):
    """Centre and size in pixels of the input, then `channels` numbers 0–1: [1, cells, 4 + channels]."""
    x = g.conv(features(g, std, stride), 12, 4 + channels, scale=2.0)
    rows = rows_of(g, x, 4 + channels)
    y_index, x_index = np.mgrid[0 : HEIGHT // stride, 0 : WIDTH // stride]
    centers = np.stack([x_index, y_index], -1).reshape(1, -1, 2) * stride + stride / 2
    center = g.node("Add", g.node("Mul", part(g, rows, 0, 2, "Tanh"), g.constant(stride)), g.constant(centers))
    size = g.node("Add", g.node("Mul", part(g, rows, 2, 4, "Sigmoid"), g.constant(60.0)), g.constant(4.0))
    return g.node("Concat", center, size, part(g, rows, 4, 99, "Sigmoid"), axis=2), (WIDTH // stride) * (HEIGHT // stride)


def all_grids(g, std, channels, times=1):
    parts = [decoded_rows(g, std, stride, channels) for stride in (8, 16, 32) for _ in range(times)]
    return g.node("Concat", *[rows for rows, _ in parts], axis=1), sum(cells for _, cells in parts)


def yolov5(g, std):
    rows, cells = all_grids(g, std, 1 + len(LABELS), times=3)
    g.output(rows, "output0", [1, cells, 5 + len(LABELS)])


def yolov8(g, std, turned):
    rows, cells = all_grids(g, std, len(LABELS))
    if turned:
        g.output(rows, "output0", [1, cells, 4 + len(LABELS)])
    else:
        g.output(g.node("Transpose", rows, perm=[0, 2, 1]), "output0", [1, 4 + len(LABELS), cells])


def listed(g, std, first_label, scale):
    """Corners (times `scale`), scores and label indices of every cell: [1, cells, 4], [1, cells, 1], [1, cells, 1]."""
    rows, cells = decoded_rows(g, std, 16, 2)
    center, half = g.slice(rows, 0, 2, 2), g.node("Mul", g.slice(rows, 2, 4, 2), g.constant(0.5))
    both = g.node("Concat", g.node("Sub", center, half), g.node("Add", center, half), axis=2)
    index = g.node("Floor", g.node("Mul", g.slice(rows, 5, 6, 2), g.constant(len(LABELS) - 0.01)))
    index = g.node("Add", index, g.constant(float(first_label)))
    return g.node("Mul", both, g.constant(scale)), g.slice(rows, 4, 5, 2), index, cells


SHARES = [1 / WIDTH, 1 / HEIGHT, 1 / WIDTH, 1 / HEIGHT]


def yolo_nms(g, std):
    boxes, scores, index, cells = listed(g, std, 0, [1.0] * 4)
    g.output(g.node("Concat", boxes, scores, index, axis=2), "output0", [1, cells, 6])


def ssd(g, std):
    boxes, scores, index, cells = listed(g, std, 1, SHARES)
    # The last rows are no rows: their picture is −1, whatever else they say.
    picture = g.constant(np.where(np.arange(cells) < cells - 7, 0.0, -1.0).reshape(1, cells, 1))
    rows = g.reshape(g.node("Concat", picture, index, scores, boxes, axis=2), 1, 1, cells, 7)
    g.output(rows, "detection_out", [1, 1, cells, 7])


def torchvision(g, std):
    boxes, scores, index, cells = listed(g, std, 1, [1.0] * 4)
    whole = g.node("Cast", g.reshape(index, cells), to=TensorProto.INT64)
    g.output(g.reshape(boxes, cells, 4), "boxes", [cells, 4])
    g.output(whole, "labels", [cells], TensorProto.INT64)
    g.output(g.reshape(scores, cells), "scores", [cells])


def tensorflow(g, std):
    boxes, scores, index, cells = listed(g, std, 1, SHARES)
    turned = g.node("Gather", boxes, g.constant([1, 0, 3, 2], np.int64), axis=2)
    g.output(turned, "detection_boxes", [1, cells, 4])
    g.output(g.reshape(index, 1, cells), "detection_classes", [1, cells])
    g.output(g.reshape(scores, 1, cells), "detection_scores", [1, cells])


def sized(g, std):
    """Boxes in whatever size the second input asks for, as RT-DETR's and D-FINE's exports."""
    boxes, scores, index, cells = listed(g, std, 0, SHARES)
    g.inputs.append(helper.make_tensor_value_info("orig_target_sizes", TensorProto.INT64, [1, 2]))
    size = g.node("Cast", g.node("Tile", "orig_target_sizes", g.constant([1, 2], np.int64)), to=TensorProto.FLOAT)
    g.output(g.node("Cast", g.reshape(index, 1, cells), to=TensorProto.INT64), "labels", [1, cells], TensorProto.INT64)
    g.output(g.node("Mul", boxes, g.reshape(size, 1, 1, 4)), "boxes", [1, cells, 4])
    g.output(g.reshape(scores, 1, cells), "scores", [1, cells])


def nanodet(g, std, strides, bins, joined):
    scores, distances, cells_of = [], [], []
    for stride in strides:
        # Cells cover the input: the last ones reach beyond it.
        columns, rows_ = -(-WIDTH // stride), -(-HEIGHT // stride)
        padded = g.node("Pad", "images", g.constant([0, 0, 0, 0, 0, 0, rows_ * stride - HEIGHT, columns * stride - WIDTH], np.int64))
        x = g.conv(features(g, std, stride, padded), 12, len(LABELS) + 4 * bins, scale=2.0)
        rows = rows_of(g, x, len(LABELS) + 4 * bins)
        scores.append(part(g, rows, 0, len(LABELS), "Sigmoid"))
        distances.append(part(g, rows, len(LABELS), 999, None))
        cells_of.append(columns * rows_)
    if joined:
        both = [g.node("Concat", s, d, axis=2) for s, d in zip(scores, distances)]
        g.output(g.node("Concat", *both, axis=1), "output", [1, sum(cells_of), len(LABELS) + 4 * bins])
        return
    for stride, cells, score in zip(strides, cells_of, scores):
        g.output(score, f"cls_pred_stride_{stride}", [1, cells, len(LABELS)])
    for stride, cells, distance in zip(strides, cells_of, distances):
        g.output(distance, f"dis_pred_stride_{stride}", [1, cells, 4 * bins])


def fastestdet(g, std):
    x = g.conv(features(g, std, 16), 12, 5 + len(LABELS), scale=2.0)
    cut = lambda start, end: g.slice(x, start, end, 1)
    classes = g.node("Softmax", cut(5, 99), axis=1)
    g.output(g.node("Concat", g.node("Sigmoid", cut(0, 1)), cut(1, 5), classes, axis=1), "758", [1, 5 + len(LABELS), HEIGHT // 16, WIDTH // 16])


def detr(g, std, more):
    """`more`: one more logit, for nothing."""
    x = g.conv(features(g, std, 16), 12, 4 + len(LABELS) + more, scale=2.5)
    rows = rows_of(g, x, 4 + len(LABELS) + more)
    cells = (WIDTH // 16) * (HEIGHT // 16)
    g.output(part(g, rows, 4, 99, None), "pred_logits", [1, cells, len(LABELS) + more])
    # Neither empty nor all of the picture: a sliver's IoU says nothing.
    size = g.node("Add", g.node("Mul", part(g, rows, 2, 4, "Sigmoid"), g.constant(0.4)), g.constant(0.12))
    g.output(g.node("Concat", part(g, rows, 0, 2, "Sigmoid"), size, axis=2), "pred_boxes", [1, cells, 4])


BGR = {"color": "bgr", "letterbox": "top_left"}
UNIT = {"color": "rgb", "letterbox": "center", "scale": 1 / 255}
IMAGENET = {"color": "rgb", "letterbox": "stretch", "mean": [123.675, 116.28, 103.53], "std": [58.395, 57.12, 57.375]}
NHWC = {"color": "rgb", "letterbox": "stretch", "layout": "nhwc"}

# name: (input, spread of the input's values, head, what builds it)
NETWORKS = {
    "yolox": (BGR, 60, {"type": "yolox", "strides": [8, 16, 32], "sigmoid_done": True, "boxes_decoded": False}, lambda g, s: yolox(g, s, True)),
    "yolox-logits": (BGR, 60, {"type": "yolox", "strides": [8, 16, 32], "sigmoid_done": False, "boxes_decoded": False}, lambda g, s: yolox(g, s, False)),
    "yolov5": (UNIT, 0.25, {"type": "yolov5"}, yolov5),
    "yolov8": (UNIT, 0.25, {"type": "yolov8"}, lambda g, s: yolov8(g, s, False)),
    "yolov8-turned": (UNIT, 0.25, {"type": "yolov8"}, lambda g, s: yolov8(g, s, True)),
    "yolo-nms": (UNIT, 0.25, {"type": "yolo_nms"}, yolo_nms),
    "nanodet": (IMAGENET, 1, {"type": "nanodet", "strides": [8, 16, 32]}, lambda g, s: nanodet(g, s, (8, 16, 32), 8, False)),
    "nanodet-plus": (IMAGENET, 1, {"type": "nanodet", "strides": [8, 16, 32, 64], "cell_point": "corner"}, lambda g, s: nanodet(g, s, (8, 16, 32, 64), 8, True)),
    "picodet": (IMAGENET, 1, {"type": "nanodet", "strides": [8, 16, 32, 64]}, lambda g, s: nanodet(g, s, (8, 16, 32, 64), 8, False)),
    "fastestdet": ({**UNIT, "color": "bgr", "letterbox": "stretch"}, 0.25, {"type": "fastestdet"}, fastestdet),
    "torchvision": (UNIT, 0.25, {"type": "boxes_scores_labels", "corners": "xyxy_pixels", "first_label": 1}, torchvision),
    "tensorflow": (NHWC, 60, {"type": "boxes_scores_labels", "corners": "yxyx_shares", "first_label": 1}, lambda g, s: nhwc(g, s, tensorflow)),
    "rtdetr-sized": (UNIT, 0.25, {"type": "boxes_scores_labels", "corners": "xyxy_pixels"}, sized),
    "ssd": (BGR, 60, {"type": "ssd", "first_label": 1}, ssd),
    "detr": (IMAGENET, 1, {"type": "detr", "activation": "softmax"}, lambda g, s: detr(g, s, 1)),
    "rfdetr": (IMAGENET, 1, {"type": "detr", "activation": "sigmoid"}, lambda g, s: detr(g, s, 0)),
}


def nhwc(g, std, build):
    """As the others, but fed rows of pixels."""
    g.nodes.append(helper.make_node("Transpose", ["pixels"], ["images"], perm=[0, 3, 1, 2]))
    g.inputs = [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, [1, HEIGHT, WIDTH, 3])]
    build(g, std)


def make(name):
    """Manifest (without hash) and ONNX bytes."""
    spec, std, head, build = NETWORKS[name]
    g = Graph(sum(name.encode()) + 7, [1, 3, HEIGHT, WIDTH])
    build(g, std)
    manifest = {
        "schema": 1,
        "name": name,
        "version": "1",
        "licence": "Apache-2.0",
        "source": "models/reference/tiny.py: random weights",
        "labels": LABELS,
        "classes": CLASSES,
        "input": {"width": WIDTH, "height": HEIGHT, **spec},
        "head": head,
        "thresholds": {"score": 0.3, "nms_iou": 0.5},
    }
    return manifest, g.bytes()
