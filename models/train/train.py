"""Trains the network, on a GPU where there is one; resumable at any time: run the same command again.

python train.py OUT --rendered FOLDER [--real FOLDER] [options]

FOLDER of `--rendered` holds data sets in folders of their own; sets that appear while the training runs are taken in. The
seed fixes every number drawn, but with `--minutes`, or while pictures are still being rendered, how many steps are made and
which pictures are there depends on the machine: the log tells.
"""

import argparse
import copy
import json
import math
import pathlib
import threading
import time

import torch

from augment import Views
from data import Pool, lines_of, load
from loss import loss
from network import YardNet, grid

LAST_RATE = 0.02
WEIGHT_DECAY = 0.03
WARM_UP = 300
AVERAGE_DECAY = 0.9997
# From this share of the run on the views grow tamer, down to pictures as they are.
TAME_FROM = 0.8
TAMEST = 0.35
CHECKPOINT_SECONDS = 60
LOG_STEPS = 50


class State:
    """All that a run needs to go on."""

    def __init__(self, path, rate, device):
        self.path = path
        self.network = YardNet().to(device, memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.network).eval()
        decayed = [p for p in self.network.parameters() if p.ndim > 1]
        plain = [p for p in self.network.parameters() if p.ndim <= 1]
        groups = [{"params": decayed, "weight_decay": WEIGHT_DECAY}, {"params": plain, "weight_decay": 0.0}]
        self.optimizer = torch.optim.AdamW(groups, lr=rate)
        self.step, self.seconds = 0, 0.0
        if path.exists():
            held = torch.load(path, map_location=device, weights_only=True)
            for name in ("network", "average", "optimizer"):
                getattr(self, name).load_state_dict(held[name])
            self.step, self.seconds = held["step"], held["seconds"]

    def save(self):
        parts = {name: getattr(self, name).state_dict() for name in ("network", "average", "optimizer")}
        torch.save({**parts, "step": self.step, "seconds": self.seconds}, self.path.with_suffix(".part"))
        self.path.with_suffix(".part").replace(self.path)

    def start_from(self, checkpoint, device):
        held = torch.load(checkpoint, map_location=device, weights_only=True)["average"]
        self.network.load_state_dict(held)
        self.average.load_state_dict(held)

    def follow(self):
        """Moves the average towards the network."""
        decay = min(AVERAGE_DECAY, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            pairs = list(zip(self.average.state_dict().values(), self.network.state_dict().values()))
            floats = [(kept, new) for kept, new in pairs if kept.is_floating_point()]
            torch._foreach_lerp_([kept for kept, _ in floats], [new for _, new in floats], 1 - decay)
            for kept, new in pairs:
                if not kept.is_floating_point():
                    kept.copy_(new)


class Rendered(threading.Thread):
    """Takes finished data sets below a folder into a pool, those that appear later too."""

    def __init__(self, folder, pool):
        super().__init__(daemon=True)
        self.folder, self.pool, self.known = pathlib.Path(folder), pool, set()
        self.sets = []

    def look(self):
        for labels in sorted(self.folder.glob("*/labels.jsonl")):
            if labels.parent not in self.known and self.pool.count < self.pool.room:
                self.known.add(labels.parent)
                self.pool.add(labels.parent, lines_of(labels.parent))
                self.sets.append(labels.parent.name)

    def run(self):
        while True:
            self.look()
            time.sleep(0.5)


def rate_share(done):
    """Share of the learning rate: cosine over the run."""
    return LAST_RATE + (1 - LAST_RATE) * (1 + math.cos(math.pi * done)) / 2


class Run:
    def __init__(self, arguments, device):
        self.arguments, self.device = arguments, device
        self.out = arguments.out
        self.state = State(self.out / "checkpoint.pt", arguments.rate, device)
        if arguments.start and self.state.step == 0:
            self.state.start_from(arguments.start, device)
        width, height = (int(side) for side in arguments.size.split("x"))
        self.cells, self.strides = (values.to(device) for values in grid(width, height))
        self.rendered = Rendered(arguments.rendered, Pool(arguments.room, device))
        pools, shares = [self.rendered.pool], [1.0]
        if arguments.real:
            pools, shares = [load([arguments.real], device), self.rendered.pool], [arguments.real_share, 1 - arguments.real_share]
        self.views = Views(pools, shares, width, height, arguments.seed * 1_000_003 + self.state.step, device)

    def log(self, text):
        text = f"{time.strftime('%H:%M:%S')} {text}"
        print(text, flush=True)
        with open(self.out / "train.log", "a", encoding="utf-8") as file:
            file.write(text + "\n")

    def wait_for_pictures(self):
        while self.rendered.pool.count < self.arguments.first:
            self.rendered.look()
            time.sleep(0.2)
        self.rendered.start()

    def done(self):
        """Share of the run that is over, by steps or by time."""
        if self.arguments.minutes:
            return self.state.seconds / 60 / self.arguments.minutes
        return self.state.step / self.arguments.steps

    def learn(self, network, done):
        """One step; the loss's parts."""
        state, optimizer = self.state, self.state.optimizer
        self.views.wildness = 1 - (1 - TAMEST) * max(0.0, (done - TAME_FROM) / (1 - TAME_FROM))
        pictures, truth = self.views.batch(self.arguments.batch)
        for group in optimizer.param_groups:
            group["lr"] = self.arguments.rate * rate_share(done) * min(1, (state.step + 1) / WARM_UP)
        pictures = pictures.contiguous(memory_format=torch.channels_last)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda"):
            answer = network(pictures)
        total, parts = loss(answer, truth, self.cells, self.strides)
        optimizer.zero_grad(set_to_none=True)
        total.backward()
        torch.nn.utils.clip_grad_norm_(state.network.parameters(), 10)
        optimizer.step()
        state.step += 1
        state.follow()
        return parts

    def run(self):
        state, arguments = self.state, self.arguments
        weights = sum(p.numel() for p in state.network.parameters())
        self.wait_for_pictures()
        self.log(f"{vars(arguments)}")
        self.log(f"{weights} weights on {self.device}, from step {state.step}, {self.rendered.pool.count} rendered pictures so far")
        network = state.network.train()
        if arguments.compile:
            network = torch.compile(network)
        parts, clock, saved = [], time.time(), time.time()
        logged = clock
        while (done := self.done()) < 1:
            parts.append(self.learn(network, done))
            if state.step % LOG_STEPS == 0:
                box, objectness, kinds, answers = torch.stack(parts).mean(0).tolist()
                now = time.time()
                rate = len(parts) * arguments.batch / (now - logged)
                self.log(
                    f"step {state.step} ({done:.1%}): box {box:.3f} objectness {objectness:.3f} classes {kinds:.3f} "
                    f"answers/object {answers:.1f} | {rate:.0f} views/s, {self.rendered.pool.count} pictures"
                )
                line = {"step": state.step, "box": box, "objectness": objectness, "classes": kinds}
                with open(self.out / "curve.jsonl", "a", encoding="utf-8") as file:
                    file.write(json.dumps({key: round(value, 5) for key, value in line.items()}) + "\n")
                parts, logged = [], now
            state.seconds += time.time() - clock
            clock = time.time()
            if clock - saved > CHECKPOINT_SECONDS:
                state.save()
                saved = time.time()
        state.save()
        self.log(f"trained: {state.step} steps, {state.step * arguments.batch} views on {self.rendered.pool.count} pictures in {state.seconds:.0f} s")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path, help="folder for checkpoint.pt, train.log and curve.jsonl")
    parser.add_argument("--rendered", required=True, help="folder of data sets made by gridwatch-sim")
    parser.add_argument("--real", help="data set made by label_real.py")
    parser.add_argument("--real-share", type=float, default=0.2, help="share of views that show real footage")
    parser.add_argument("--steps", type=int, default=12_000)
    parser.add_argument("--minutes", type=float, help="instead of steps: how long")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--size", default="640x384")
    parser.add_argument("--rate", type=float, default=3e-3, help="highest learning rate")
    parser.add_argument("--room", type=int, default=24_000, help="rendered pictures held at most, 1.5 MB each")
    parser.add_argument("--first", type=int, default=1, help="rendered pictures to wait for before the first step")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start", help="checkpoint to begin from, its schedule and averages forgotten")
    parser.add_argument("--compile", action="store_true", help="torch.compile: some minutes at the start, faster steps")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(arguments.seed)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = torch.backends.cudnn.benchmark = True
    Run(arguments, torch.device(arguments.device)).run()


if __name__ == "__main__":
    main()
