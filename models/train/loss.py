"""Which cells answer for which object (as SimOTA does it), and how wrong their answers are."""

import torch
from torch.nn import functional

from network import decode

# A cell may answer for an object if it lies this many cells from its centre; it must have this many answers at least.
REACH = 1.5
ANSWERS_LEAST = 2
ANSWERS_MOST = 10
IOU_WEIGHT = 5.0
FAR = 1e4
NEVER = 1e6


def overlap(a, b):
    """Intersection over union of boxes that broadcast."""
    top_left, bottom_right = torch.maximum(a[..., :2], b[..., :2]), torch.minimum(a[..., 2:], b[..., 2:])
    shared = (bottom_right - top_left).clamp(min=0).prod(-1)
    area = lambda box: (box[..., 2:] - box[..., :2]).clamp(min=0).prod(-1)
    return shared / (area(a) + area(b) - shared).clamp(min=1e-6)


def generalised_overlap(a, b):
    top_left, bottom_right = torch.maximum(a[:, :2], b[:, :2]), torch.minimum(a[:, 2:], b[:, 2:])
    shared = (bottom_right - top_left).clamp(min=0).prod(-1)
    union = (a[:, 2:] - a[:, :2]).prod(-1) + (b[:, 2:] - b[:, :2]).prod(-1) - shared
    hull = (torch.maximum(a[:, 2:], b[:, 2:]) - torch.minimum(a[:, :2], b[:, :2])).prod(-1)
    return shared / union.clamp(min=1e-6) - (hull - union) / hull.clamp(min=1e-6)


@torch.no_grad()
def assign(boxes, objectness, classes, truth, cells, strides):
    """For each cell the row of `truth` it answers for, or -1; and whether it lies on something to be ignored."""
    points = (cells + 0.5) * strides[:, None]
    wanted, ignored = truth[..., 0] >= 0, truth[..., 0] == -1
    corners = truth[..., None, 1:]
    inside = ((points > corners[..., :2]) & (points < corners[..., 2:])).all(-1)
    centre = (corners[..., :2] + corners[..., 2:]) / 2
    near = ((points - centre).abs() < REACH * strides[:, None]).all(-1)

    score = (objectness.sigmoid() * classes.sigmoid()).sqrt().clamp(1e-5, 1 - 1e-5)
    kind = truth[..., 0].clamp(min=0).long()
    own = score.transpose(1, 2).gather(1, kind[..., None].expand(-1, -1, score.shape[1]))
    others = -torch.log1p(-score).sum(-1)[:, None] + torch.log1p(-own)
    fit = overlap(boxes[:, None], truth[..., None, 1:])
    cost = -own.log() + others - 3 * fit.clamp(min=1e-6).log()
    cost = cost + FAR * ~(inside & near)
    cost = torch.where((inside | near) & wanted[..., None], cost, NEVER)

    candidates = min(ANSWERS_MOST, cost.shape[-1])
    answers = (fit * (cost < NEVER)).topk(candidates, -1).values.sum(-1).int().clamp(min=ANSWERS_LEAST)
    values, places = cost.topk(candidates, -1, largest=False)
    taken = (torch.arange(candidates, device=cost.device) < answers[..., None]) & (values < NEVER)
    matched = torch.zeros_like(cost, dtype=torch.bool).scatter_(-1, places, taken)
    best, row = torch.where(matched, cost, NEVER * 2).min(1)
    row = torch.where(best < NEVER, row, -1)
    covered = (inside & ignored[..., None]).any(1) & (row < 0)
    return row, covered


def loss(answer, truth, cells, strides):
    """The loss, and its parts for the log [4]: boxes, objectness, classes, answers per object."""
    answer = answer.float()
    boxes = decode(answer, cells, strides)
    objectness, classes = answer[..., 4:5], answer[..., 5:]
    row, covered = assign(boxes.detach(), objectness.detach(), classes.detach(), truth, cells, strides)
    chosen = row >= 0
    count = chosen.sum().clamp(min=1)
    picture = torch.arange(len(truth), device=truth.device)[:, None].expand_as(row)[chosen]
    target = truth[picture, row[chosen]]

    box_loss = (1 - generalised_overlap(boxes[chosen], target[:, 1:])).sum() / count
    every = functional.binary_cross_entropy_with_logits(objectness[..., 0], chosen.float(), reduction="none")
    objectness_loss = (every * ~covered).sum() / count
    fit = overlap(boxes[chosen].detach(), target[:, 1:])
    kinds = functional.one_hot(target[:, 0].long(), classes.shape[-1]) * fit[:, None]
    class_loss = functional.binary_cross_entropy_with_logits(classes[chosen], kinds, reduction="sum") / count
    total = IOU_WEIGHT * box_loss + objectness_loss + class_loss
    objects = (truth[..., 0] >= 0).sum().clamp(min=1)
    return total, torch.stack((box_loss, objectness_loss, class_loss, count / objects)).detach()
