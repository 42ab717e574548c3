"""Tiny YOLOX networks that are unusual in one way each, for `detect/tests/variants.rs`. Random weights, always the same.

    python models/reference/variants.py
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

from tiny import HEIGHT, LABELS, WIDTH, Graph, features

FOLDER = Path(__file__).parents[2] / "detect" / "tests" / "variants"
FIXED = [1, 3, HEIGHT, WIDTH]
FREE = ["pictures", 3, "height", "width"]


def yolox(g, x, strides=(8, 16, 32)):
    """Rows of any number of pictures of any size."""
    all_rows, columns = [], 5 + len(LABELS)
    for stride in strides:
        grid = g.conv(features(g, 60.0, stride, x), 12, columns, scale=2.0)
        rows = g.node("Transpose", g.reshape(grid, 0, columns, -1), perm=[0, 2, 1])
        boxes, scores = g.slice(rows, 0, 4, 2), g.node("Sigmoid", g.slice(rows, 4, 99, 2))
        all_rows.append(g.node("Concat", boxes, scores, axis=2))
    return g.node("Concat", *all_rows, axis=1)


def network(shape=FIXED, kind=TensorProto.FLOAT, out=TensorProto.FLOAT, spoil=None, opset=13):
    g = Graph(1, shape)
    g.inputs = [helper.make_tensor_value_info("images", kind, shape)]
    x = "images" if kind == TensorProto.FLOAT else g.node("Cast", "images", to=TensorProto.FLOAT)
    rows = yolox(g, x)
    rows = spoil(g, rows) if spoil else rows
    rows = g.node("Cast", rows, to=out) if out != TensorProto.FLOAT else rows
    cells = sum((WIDTH // s) * (HEIGHT // s) for s in (8, 16, 32)) if shape == FIXED else "cells"
    g.output(rows, "output", [shape[0], cells, 5 + len(LABELS)], out)
    model = onnx.load_from_string(g.bytes())
    model.opset_import[0].version = opset
    return model.SerializeToString()


def no_numbers(g, rows):
    return g.node("Add", rows, g.constant(np.nan))


def half_no_numbers(g, rows):
    """The second half of each row's objectness: rows of the largest grid come first."""
    cells = sum((WIDTH // s) * (HEIGHT // s) for s in (8, 16, 32))
    spoiled = np.where(np.arange(cells) % 3 == 0, np.nan, 0.0).reshape(1, cells, 1)
    return g.node("Add", rows, g.constant(spoiled))


def hungry(g, rows):
    """Two tebibytes, of which ONNX Runtime learns only when it runs."""
    sizes = g.node("Mul", g.node("Shape", "images"), g.constant([1, 2**14, 2**12, 2**4], np.int64))
    much = g.node("ConstantOfShape", sizes)
    return g.node("Add", rows, g.node("ReduceMax", much, keepdims=0))


def endless(g, rows):
    """A loop that goes on for longer than anybody waits."""
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go_on"], ["goes_on"]),
            helper.make_node("Add", ["sum", "sum"], ["next_sum"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("index", TensorProto.INT64, []),
            helper.make_tensor_value_info("go_on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("sum", TensorProto.FLOAT, []),
        ],
        [
            helper.make_tensor_value_info("goes_on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("next_sum", TensorProto.FLOAT, []),
        ],
    )
    least = g.node("ReduceMin", rows, keepdims=0)
    turns, yes = g.constant(2**62, np.int64), g.constant(True, np.bool_)
    return g.node("Add", rows, g.node("Loop", turns, yes, least, body=body))


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    half = TensorProto.FLOAT16
    variants = {
        "plain": network(),
        "free": network(FREE),
        "half": network(kind=half, out=half),
        "bytes": network(kind=TensorProto.UINT8),
        "spoiled": network(spoil=no_numbers),
        "partly_spoiled": network(spoil=half_no_numbers),
        "hungry": network(spoil=hungry),
        "endless": network(spoil=endless),
        "future_opset": network(opset=99),
    }
    for name, content in variants.items():
        (FOLDER / f"{name}.onnx").write_bytes(content)


if __name__ == "__main__":
    main()
