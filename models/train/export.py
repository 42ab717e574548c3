"""Writes a checkpoint as ONNX and proves that ONNX Runtime answers as PyTorch does."""

import argparse

import numpy as np
import onnx
import onnxruntime
import torch

from network import YardNet

# Differences of floating-point order, in cells and scores.
TOLERANCE = 2e-3


def export(checkpoint, onnx_path, width=640, height=384):
    network = YardNet()
    if checkpoint:
        network.load_state_dict(torch.load(checkpoint, map_location="cpu", weights_only=True)["average"])
    network.eval()
    network.sigmoid = True
    network.fold_scale()
    example = torch.randint(0, 256, (1, 3, height, width)).float()
    torch.onnx.export(
        network, (example,), onnx_path, input_names=["images"], output_names=["output"], opset_version=17, dynamo=False
    )
    onnx.checker.check_model(onnx.load(onnx_path), full_check=True)
    session = onnxruntime.InferenceSession(onnx_path, providers=["CPUExecutionProvider"])
    with torch.no_grad():
        expected = network(example).numpy()
    found = session.run(None, {"images": example.numpy()})[0]
    difference = float(np.abs(expected - found).max())
    assert found.shape == expected.shape and difference < TOLERANCE, (found.shape, difference)
    return difference


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", help="checkpoint.pt of train.py, or '' for an untrained network")
    parser.add_argument("onnx")
    parser.add_argument("--size", default="640x384", help="of the input, multiples of 32 (default %(default)s)")
    arguments = parser.parse_args()
    size = (int(side) for side in arguments.size.split("x"))
    print(f"largest difference to PyTorch: {export(arguments.checkpoint, arguments.onnx, *size):.1e}")
