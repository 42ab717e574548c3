"""The network: a small anchor-free detector with a YOLOX-style head.

Nothing but dense convolutions with ReLU, in multiples of 16 channels: ONNX Runtime folds batch norm and ReLU into the
convolution, AVX-512 works on 16 channels at a time, and in 8-bit integers (VNNI) dense ones gain three times where depthwise
ones lose. The coarse grids, where a weight costs little time, hold most of the weights.
"""

import math

import torch
from torch import nn

CLASSES = ["person", "bicycle", "e-bike", "motorcycle", "car", "van", "truck", "bus"]
STRIDES = (8, 16, 32)
# Objectness before training: about one cell in a hundred shows an object.
PRIOR = 0.01


class Conv(nn.Sequential):
    """Convolution, batch norm, ReLU."""

    def __init__(self, inputs, outputs, kernel=1, stride=1):
        super().__init__(
            nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
            nn.BatchNorm2d(outputs, eps=1e-3, momentum=0.03),
            nn.ReLU(inplace=True),
        )


class Residual(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = Conv(channels, channels, 3)

    def forward(self, x):
        return x + self.conv(x)


class Csp(nn.Module):
    """Half of the channels pass through residual blocks, half pass by."""

    def __init__(self, channels, blocks):
        super().__init__()
        half = channels // 2
        self.through = nn.Sequential(Conv(channels, half), *(Residual(half) for _ in range(blocks)))
        self.past = Conv(channels, half)
        self.join = Conv(2 * half, channels)

    def forward(self, x):
        return self.join(torch.cat((self.through(x), self.past(x)), 1))


class Pyramid(nn.Module):
    """Pooling over 5, 9 and 13 cells: lets the coarsest grid see the whole scene."""

    def __init__(self, channels):
        super().__init__()
        half = channels // 2
        self.reduce = Conv(channels, half)
        self.pool = nn.MaxPool2d(5, 1, 2)
        self.join = Conv(4 * half, channels)

    def forward(self, x):
        views = [self.reduce(x)]
        for _ in range(3):
            views.append(self.pool(views[-1]))
        return self.join(torch.cat(views, 1))


class Head(nn.Module):
    """Boxes and objectness from one branch, classes from another."""

    def __init__(self, channels, classes):
        super().__init__()
        self.box_branch = Conv(channels, channels, 3)
        self.class_branch = Conv(channels, channels, 3)
        self.box = nn.Conv2d(channels, 4, 1)
        self.objectness = nn.Conv2d(channels, 1, 1)
        self.classes = nn.Conv2d(channels, classes, 1)
        for layer in (self.objectness, self.classes):
            nn.init.constant_(layer.bias, -math.log((1 - PRIOR) / PRIOR))
        with torch.no_grad():
            # Boxes before training: centred on their cell, three cells wide.
            self.box.bias.copy_(torch.tensor([0.5, 0.5, 1.1, 1.1]))

    def forward(self, x):
        boxes, classes = self.box_branch(x), self.class_branch(x)
        return torch.cat((self.box(boxes), self.objectness(boxes), self.classes(classes)), 1)


class YardNet(nn.Module):
    """Pictures [n, 3, h, w], BGR 0-255, in; [n, cells, 5 + classes] out, in the convention of YOLOX:
    (xy - cell) / stride, log(wh / stride), objectness, classes. In training the scores are logits; with
    `sigmoid = True` they are 0-1, as the exported file gives them."""

    def __init__(self, widths=(16, 32, 48, 96, 192), blocks=(1, 3, 2), necks=(32, 48, 64), classes=len(CLASSES)):
        super().__init__()
        w1, w2, w3, w4, w5 = widths
        n3, n4, n5 = necks
        self.sigmoid = False
        # What the pictures are multiplied by; folded into the first convolution before export.
        self.scale = 1 / 255
        self.stem = nn.Sequential(Conv(3, w1, 3, 2), Conv(w1, w2, 3, 2))
        self.stage3 = nn.Sequential(Conv(w2, w3, 3, 2), Csp(w3, blocks[0]))
        self.stage4 = nn.Sequential(Conv(w3, w4, 3, 2), Csp(w4, blocks[1]))
        self.stage5 = nn.Sequential(Conv(w4, w5, 3, 2), Pyramid(w5), Csp(w5, blocks[2]))
        self.lateral = nn.ModuleList(Conv(w, n) for w, n in zip((w3, w4, w5), necks))
        self.up = nn.Upsample(scale_factor=2, mode="nearest")
        # From the coarse grids to the fine ones, then back.
        self.narrow = nn.ModuleList((Conv(n5, n4), Conv(n4, n3)))
        self.down_path = nn.ModuleList((Conv(n4, n4, 3), Conv(n3, n3, 3)))
        self.reduce = nn.ModuleList((Conv(n3, n4, 3, 2), Conv(n4, n5, 3, 2)))
        self.up_path = nn.ModuleList((Conv(n4, n4, 3), Conv(n5, n5, 3)))
        self.heads = nn.ModuleList(Head(n, classes) for n in necks)

    def fold_scale(self):
        """Makes the first convolution take pictures as they are. Its padding is zero either way."""
        with torch.no_grad():
            self.stem[0][0].weight.mul_(self.scale)
        self.scale = 1.0

    def forward(self, pictures):
        f3 = self.stage3(self.stem(pictures if self.scale == 1.0 else pictures * self.scale))
        f4 = self.stage4(f3)
        f5 = self.stage5(f4)
        p3, p4, p5 = (lateral(f) for lateral, f in zip(self.lateral, (f3, f4, f5)))
        p4 = self.down_path[0](p4 + self.up(self.narrow[0](p5)))
        p3 = self.down_path[1](p3 + self.up(self.narrow[1](p4)))
        p4 = self.up_path[0](p4 + self.reduce[0](p3))
        p5 = self.up_path[1](p5 + self.reduce[1](p4))
        answers = [head(p).flatten(2) for head, p in zip(self.heads, (p3, p4, p5))]
        answer = torch.cat(answers, 2).transpose(1, 2)
        if self.sigmoid:
            answer = torch.cat((answer[..., :4], answer[..., 4:].sigmoid()), 2)
        return answer


def grid(width, height):
    """Centre-less cell positions (in cells) and the stride of each cell, in the order of the answer's rows."""
    cells, strides = [], []
    for stride in STRIDES:
        ys, xs = torch.meshgrid(torch.arange(height // stride), torch.arange(width // stride), indexing="ij")
        cells.append(torch.stack((xs, ys), 2).reshape(-1, 2))
        strides.append(torch.full((xs.numel(),), stride))
    return torch.cat(cells).float(), torch.cat(strides).float()


def decode(answer, cells, strides):
    """Boxes [n, cells, 4] as x1, y1, x2, y2 in input pixels."""
    centre = (answer[..., :2] + cells) * strides[:, None]
    half = answer[..., 2:4].clamp(max=8).exp() * strides[:, None] / 2
    return torch.cat((centre - half, centre + half), -1)
