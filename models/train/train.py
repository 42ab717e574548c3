"""Trains the network on a CPU, resumable at any time: run the same command again."""

import argparse
import copy
import math
import os
import pathlib
import tempfile
import time

import cv2
import numpy as np
import torch
import torch.distributed
import torch.multiprocessing

from data import Training, collate, load
from loss import loss
from network import YardNet, grid

# Width, height, pictures a step, steps. Windows on a part of the picture first: a quarter of the cost, objects at
# their final size. Whole pictures at the end, as the product sees them.
PHASES = ((320, 192, 16, 6000), (640, 384, 8, 1000))
NATIVE_WIDTH = 640
LEARNING_RATE = 2e-3
LAST_LEARNING_RATE = 0.02
WEIGHT_DECAY = 0.03
WARM_UP = 200
AVERAGE_DECAY = 0.998
CHECKPOINT_SECONDS = 90


class State:
    """All that a run needs to go on."""

    def __init__(self, path):
        self.path = path
        self.network = YardNet().to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.network).eval()
        decayed = [p for p in self.network.parameters() if p.ndim > 1]
        plain = [p for p in self.network.parameters() if p.ndim <= 1]
        groups = [{"params": decayed, "weight_decay": WEIGHT_DECAY}, {"params": plain, "weight_decay": 0.0}]
        self.optimizer = torch.optim.AdamW(groups, lr=LEARNING_RATE)
        self.step = 0
        if path.exists():
            held = torch.load(path, map_location="cpu", weights_only=True)
            self.network.load_state_dict(held["network"])
            self.average.load_state_dict(held["average"])
            self.optimizer.load_state_dict(held["optimizer"])
            self.step = held["step"]

    def save(self):
        parts = {name: getattr(self, name).state_dict() for name in ("network", "average", "optimizer")}
        torch.save({**parts, "step": self.step}, self.path.with_suffix(".part"))
        self.path.with_suffix(".part").replace(self.path)

    def follow(self):
        """Moves the average towards the network."""
        decay = min(AVERAGE_DECAY, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for kept, new in zip(self.average.state_dict().values(), self.network.state_dict().values()):
                if kept.is_floating_point():
                    kept.lerp_(new, 1 - decay)
                else:
                    kept.copy_(new)


def learning_rate(done):
    """Share of the learning rate: cosine over the share of all pictures that has been seen."""
    return LAST_LEARNING_RATE + (1 - LAST_LEARNING_RATE) * (1 + math.cos(math.pi * done)) / 2


def worker_ready(_):
    torch.set_num_threads(1)
    cv2.setNumThreads(1)


def share_gradients(network, processes):
    """Each process worked on its own part of the pictures; all take the same step."""
    gradients = [p.grad for p in network.parameters()]
    flat = torch._utils._flatten_dense_tensors(gradients)
    torch.distributed.all_reduce(flat)
    flat /= processes
    for gradient, shared in zip(gradients, torch._utils._unflatten_dense_tensors(flat, gradients)):
        gradient.copy_(shared)


def batches(samples, width, height, size, seed, steps, workers):
    dataset = Training(samples, width, height, NATIVE_WIDTH, seed, steps * size)
    return torch.utils.data.DataLoader(
        dataset, size, num_workers=workers, collate_fn=collate, worker_init_fn=worker_ready
    )


def run_phase(state, phase, first, steps, costs, samples, arguments, log):
    width, height, size, _ = PHASES[phase]
    processes, rank = arguments.processes, arguments.rank
    cells, strides = grid(width, height)
    done_before, cost_all = costs
    network = state.network.train()
    saved = time.time()
    parts, clock = [], time.time()
    seed = ((arguments.seed * 100 + phase) * 100 + rank) * 1_000_000 + state.step
    own = max(1, size // processes)
    for pictures, truth in batches(samples, width, height, own, seed, first + steps - state.step, arguments.workers):
        done = (done_before + (state.step - first) * size * width * height) / cost_all
        for group in state.optimizer.param_groups:
            group["lr"] = arguments.rate * learning_rate(done) * min(1, (state.step + 1) / WARM_UP)
        answer = network(pictures.float().contiguous(memory_format=torch.channels_last))
        total, found = loss(answer, truth, cells, strides)
        state.optimizer.zero_grad(set_to_none=True)
        total.backward()
        if processes > 1:
            share_gradients(network, processes)
        torch.nn.utils.clip_grad_norm_(network.parameters(), 10)
        state.optimizer.step()
        state.step += 1
        if rank > 0:
            continue
        state.follow()
        parts.append(found)
        if state.step % 50 == 0:
            box, objectness, kinds, answers = np.mean(parts, 0)
            per_picture = (time.time() - clock) / len(parts) / size * 1000
            log(
                f"step {state.step} ({done:.1%}) {width}x{height}: box {box:.3f} objectness {objectness:.3f} "
                f"classes {kinds:.3f} answers/object {answers:.1f} | {per_picture:.0f} ms/picture"
            )
            parts, clock = [], time.time()
        if time.time() - saved > CHECKPOINT_SECONDS:
            state.save()
            saved = time.time()
    if rank == 0:
        state.save()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset", help="folder with images/ and labels.jsonl")
    parser.add_argument("out", type=pathlib.Path, help="folder for checkpoint.pt and train.log")
    parser.add_argument("--effort", type=float, default=1.0, help="factor on the steps of each phase (default 1)")
    parser.add_argument("--rate", type=float, default=LEARNING_RATE, help="highest learning rate (default %(default)s)")
    parser.add_argument("--processes", type=int, default=2, help="each with one thread: they wait less for each other")
    parser.add_argument("--workers", type=int, default=1, help="preparing pictures, for each process")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start", help="checkpoint to begin from, its schedule and averages forgotten")
    arguments = parser.parse_args()

    arguments.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        torch.multiprocessing.spawn(run, (arguments, f"file://{folder}/meeting"), arguments.processes)


def run(rank, arguments, meeting):
    """One of the processes; the first also keeps the average, the log and the checkpoint."""
    arguments.rank = rank
    torch.set_num_threads(1)
    torch.manual_seed(arguments.seed)
    torch.distributed.init_process_group("gloo", meeting, rank=rank, world_size=arguments.processes)
    samples = load(arguments.dataset)
    path = arguments.out / "checkpoint.pt"
    state = State(path)
    torch.distributed.barrier()
    if arguments.start and not path.exists():
        held = torch.load(arguments.start, map_location="cpu", weights_only=True)["average"]
        state.network.load_state_dict(held)
        state.average.load_state_dict(held)

    def log(text):
        if rank > 0:
            return
        text = f"{time.strftime('%H:%M:%S')} {text}"
        print(text, flush=True)
        with open(arguments.out / "train.log", "a", encoding="utf-8") as file:
            file.write(text + os.linesep)

    weights = sum(p.numel() for p in state.network.parameters())
    log(f"{len(samples)} pictures, {weights} weights, from step {state.step}")
    steps = [max(1, round(phase[3] * arguments.effort)) for phase in PHASES]
    costs = [phase[0] * phase[1] * phase[2] * count for phase, count in zip(PHASES, steps)]
    first, done = 0, 0
    for phase, (count, cost) in enumerate(zip(steps, costs)):
        if state.step < first + count:
            run_phase(state, phase, first, count, (done, sum(costs)), samples, arguments, log)
        first, done = first + count, done + cost
    log("trained")


if __name__ == "__main__":
    main()
