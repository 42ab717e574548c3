"""Our letterbox beside OpenCV's cvtColor + resize + blobFromImage: the same picture, one thread, one run, in turns.

    cargo build --release --locked --workspace --examples
    python3 -m venv .cache/opencv && .cache/opencv/bin/pip install opencv-python-headless numpy
    .cache/opencv/bin/python benches/letterbox_opencv.py target/release/examples/letterbox

Prints for each way of OpenCV's to resize how long either takes and the ratio: the median of the rounds, with the
quarter below and above it. OpenCV does what gridwatch does and no more: NV12 to BGR at full size, resize to the fitted size into
a canvas padded beforehand, blob in planar single precision. Its result is compared with ours, so that both are known to do the same.
"""

import argparse
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

SIZES = [((1920, 1080), (640, 384)), ((1920, 1080), (416, 416)), ((1280, 720), (640, 384))]
FILTERS = {"linear": cv2.INTER_LINEAR, "area": cv2.INTER_AREA}


def picture(size):
    """An NV12 picture with soft shapes, edges and noise."""
    width, height = size
    rng = np.random.default_rng(1)
    y, x = np.mgrid[0:height, 0:width]
    luma = 120 + 60 * np.sin(x / 37) * np.cos(y / 23) + 30 * ((x // 64 + y // 48) % 2) + rng.normal(0, 4, (height, width))
    chroma = np.stack(
        [128 + 50 * np.sin(x[::2, ::2] / 90), 128 + 50 * np.cos(y[::2, ::2] / 70)], axis=-1
    ).reshape(height // 2, width)
    return np.clip(np.vstack([luma, chroma]), 16, 235).astype(np.uint8)


class OpenCv:
    def __init__(self, nv12, size, net, how):
        self.nv12, self.how = nv12, how
        scale = min(net[0] / size[0], net[1] / size[1])
        self.fitted = (int(size[0] * scale), int(size[1] * scale))
        self.bgr = np.empty((size[1], size[0], 3), np.uint8)
        self.canvas = np.full((net[1], net[0], 3), 114, np.uint8)

    def run(self):
        cv2.cvtColor(self.nv12, cv2.COLOR_YUV2BGR_NV12, dst=self.bgr)
        inside = self.canvas[: self.fitted[1], : self.fitted[0]]
        inside[...] = cv2.resize(self.bgr, self.fitted, interpolation=self.how)
        return cv2.dnn.blobFromImage(self.canvas)

    def seconds(self, rounds):
        began = time.perf_counter()
        for _ in range(rounds):
            self.run()
        return (time.perf_counter() - began) / rounds


class Ours:
    def __init__(self, program, nv12, size, net):
        self.file = tempfile.NamedTemporaryFile(suffix=".nv12")
        Path(self.file.name).write_bytes(nv12.tobytes())
        numbers = [str(n) for n in (*size, *net)]
        self.process = subprocess.Popen(
            [program, self.file.name, *numbers], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.instructions = self.process.stdout.readline().decode().strip()
        self.shape = (1, 3, net[1], net[0])

    def seconds(self, rounds):
        self.process.stdin.write(f"{rounds}\n".encode())
        self.process.stdin.flush()
        return int(self.process.stdout.readline()) / 1e9 / rounds

    def finish(self):
        out, _ = self.process.communicate(b"\n")
        return np.frombuffer(out, np.float32).reshape(self.shape)


def quarters(values):
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle:.3f} ({low:.3f}–{high:.3f})"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", help="the example letterbox of gridwatch-detect")
    parser.add_argument("--turns", type=int, default=60, help="turns of each (default 60)")
    parser.add_argument("--rounds", type=int, default=10, help="pictures a turn (default 10)")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    print(f"OpenCV {cv2.__version__}, one thread; median of {arguments.turns} turns (quartiles), milliseconds")
    for size, net in SIZES:
        nv12 = picture(size)
        for name, how in FILTERS.items():
            theirs, ours = OpenCv(nv12, size, net, how), Ours(arguments.program, nv12, size, net)
            theirs.seconds(3), ours.seconds(3)
            pairs = [(theirs.seconds(arguments.rounds), ours.seconds(arguments.rounds)) for _ in range(arguments.turns)]
            difference = np.abs(theirs.run() - ours.finish()).mean()
            print(
                f"{size[0]}x{size[1]} to {net[0]}x{net[1]}, {name}: OpenCV {quarters([1e3 * a for a, _ in pairs])}, "
                f"ours with {ours.instructions} {quarters([1e3 * b for _, b in pairs])}, "
                f"ratio {quarters([a / b for a, b in pairs])}; mean difference {difference:.2f} of 255"
            )


if __name__ == "__main__":
    main()
