"""Quantises an ONNX detector to 8 bits, statically: python quantize.py IN.onnx OUT.onnx < TENSORS

Standard input holds calibration tensors, float32 in the byte order of this machine, one after another, each of the shape that
`--shape` gives: the network's own inputs, as `gridwatch models quantize` makes them of pictures. Prints one line of JSON.

Weights become signed and activations unsigned 8-bit numbers (what a CPU with VNNI multiplies fastest), weights with a scale for each
output channel, as QDQ nodes, which every execution provider of ONNX Runtime understands. What stays float, see `float_nodes`.
"""

import argparse
import collections
import json
import pathlib
import sys
import tempfile

import numpy as np
import onnx
from onnx import version_converter
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

# The first opset whose QuantizeLinear has a scale for each channel; and one that all of ONNX Runtime 1.24 and newer optimises.
OPSET_LEAST, OPSET = 13, 17
CONVOLUTIONS = ("Conv", "ConvTranspose", "Gemm", "MatMul")


class Tensors(CalibrationDataReader):
    """`count` calibration tensors from a stream, given out in the ranges that are asked for, one after another."""

    def __init__(self, stream, name, shape, count):
        self.stream, self.name, self.shape, self.count, self.due = stream, name, shape, count, 0

    def __len__(self):
        return self.count

    def set_range(self, start_index, end_index):
        self.due = end_index - start_index

    def get_next(self):
        if not self.due:
            return None
        self.due -= 1
        wanted = int(np.prod(self.shape)) * 4
        content = self.stream.read(wanted)
        if len(content) != wanted:
            raise EOFError(f"standard input ended before all {self.count} tensors were complete")
        return {self.name: np.frombuffer(content, np.float32).reshape(self.shape)}


def refuse_quantised(model):
    """Ends where there is nothing to do."""
    if any(node.op_type in ("QuantizeLinear", "QLinearConv", "ConvInteger", "MatMulInteger") for node in model.graph.node):
        sys.exit("it is of 8-bit numbers already; quantise the network of 32-bit numbers that it was made of")


def modern(model):
    """The model in an opset that can be quantised by channel."""
    opset = next(entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx"))
    return model if opset >= OPSET_LEAST else version_converter.convert_version(model, OPSET)


def float_nodes(model, tail):
    """Names of the nodes that stay float.

    `decode`: all that follows the last convolutions. Boxes and scores meet there in one tensor, and one scale for both would leave
    scores with a handful of steps. `heads`: the last convolutions as well.
    """
    if tail == "none":
        return []
    makers = {output: node for node in model.graph.node for output in node.output}
    waiting = collections.deque(output.name for output in model.graph.output)
    kept, seen = [], set()
    while waiting:
        node = makers.get(waiting.popleft())
        if node is None or node.name in seen:
            continue
        seen.add(node.name)
        is_last = node.op_type in CONVOLUTIONS
        if not is_last or tail == "heads":
            kept.append(node.name)
        if not is_last:
            waiting.extend(node.input)
    return kept


def named(model):
    """Gives every node a name of its own, by which it can be left out."""
    for index, node in enumerate(model.graph.node):
        node.name = f"{node.op_type}_{index}"
    return model


def quantize(source, target, stream, shape, count, method, tail, float_types):
    with tempfile.TemporaryDirectory() as folder:
        prepared = pathlib.Path(folder) / "prepared.onnx"
        model = onnx.load(source)
        refuse_quantised(model)
        onnx.save(modern(model), prepared)
        # Folds batch norm into convolutions and works out shapes; symbolic ones would need one more package.
        quant_pre_process(str(prepared), str(prepared), skip_symbolic_shape=True)
        model = named(onnx.load(prepared))
        onnx.save(model, prepared)
        pictures = model.graph.input
        if len(pictures) != 1 or pictures[0].type.tensor_type.elem_type != onnx.TensorProto.FLOAT:
            sys.exit("only networks of one input, of 32-bit numbers, can be quantised")
        tensors = Tensors(stream, pictures[0].name, shape, count)
        kept = float_nodes(model, tail)
        kept += [node.name for node in model.graph.node if node.op_type in float_types and node.name not in kept]
        quantize_static(
            str(prepared),
            str(target),
            tensors,
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
            calibrate_method=method,
            nodes_to_exclude=kept,
            # One tensor at a time, with any method: histograms of all at once need 100 MB and more for each.
            extra_options={"CalibStridedMinMax": 1},
        )
        return {"nodes": len(model.graph.node), "float": len(kept)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source")
    parser.add_argument("target")
    parser.add_argument("--shape", required=True, help="of one tensor, such as 1,3,384,640")
    parser.add_argument("--count", required=True, type=int, help="how many tensors there are")
    parser.add_argument("--method", choices=("MinMax", "Entropy", "Percentile"), default="Percentile")
    parser.add_argument("--float-tail", choices=("none", "decode", "heads"), default="decode")
    parser.add_argument("--float-types", default="", help="operators that stay float, parted by commas")
    arguments = parser.parse_args()
    shape = [int(size) for size in arguments.shape.split(",")]
    done = quantize(
        arguments.source,
        arguments.target,
        sys.stdin.buffer,
        shape,
        arguments.count,
        CalibrationMethod[arguments.method],
        arguments.float_tail,
        [name for name in arguments.float_types.split(",") if name],
    )
    print(json.dumps(done))  # the last line: ONNX Runtime's tools print as they work


if __name__ == "__main__":
    main()
