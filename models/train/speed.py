"""Times networks side by side on one core: python speed.py FILE.onnx..."""

import sys
import time

import numpy as np
import onnxruntime

ROUNDS = 60


def session(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def main(paths):
    sessions = [session(path) for path in paths]
    times = [[] for _ in paths]
    for _ in range(ROUNDS):
        for own, s in zip(times, sessions):
            entry = s.get_inputs()[0]
            picture = np.random.rand(*entry.shape).astype(np.float32) * 255
            start = time.perf_counter()
            s.run(None, {entry.name: picture})
            own.append(1000 * (time.perf_counter() - start))
    for path, own in zip(paths, times):
        print(f"{path}: median {np.median(own):.1f} ms, fastest {min(own):.1f} ms")


if __name__ == "__main__":
    main(sys.argv[1:])
