"""Views on the pictures of a pool, endlessly varied, made on the device that trains.

Geometry: scale, place, stretch, mirror, two pictures side by side, four at half size. Light and colour: exposure, gamma, contrast, saturation,
tint, infrared grey. Camera: blur, low resolution, noise, JPEG blocks. Covered patches.
"""

import math

import torch
from torch.nn import functional

from data import GREY, HEIGHT, IGNORED, NOTHING, WIDTH

# Fewer pixels than these, and nobody could be asked to find an object.
WIDTH_LEAST, HEIGHT_LEAST = 4, 6
# Share of an object that must remain in a view for it to be wanted there.
REMAINING_LEAST = 0.35
# Enlargement of what the camera sees, on top of fitting it into the network's input.
ZOOM = (0.75, 2.0)
SIDE_BY_SIDE = 0.2
FOUR = 0.3
# Rows of truth a view at most.
ROWS_MOST = 120
# Pixels a side that are averaged for one: what the product's letterbox does when it shrinks a picture.
SAMPLES = 2


class Dice:
    """Random numbers of one generator on one device."""

    def __init__(self, seed, device):
        self.device = device
        self.generator = torch.Generator(device).manual_seed(seed)

    def uniform(self, low, high, *shape):
        return low + (high - low) * torch.rand(shape, device=self.device, generator=self.generator)

    def chance(self, share, *shape):
        return torch.rand(shape, device=self.device, generator=self.generator) < share

    def normal(self, like):
        return torch.randn(like.shape, device=self.device, generator=self.generator, dtype=like.dtype)


def settle(truth, width, height):
    """Clips boxes to a view and marks what is no longer to be asked for. `width` and `height` broadcast."""
    kind, x1, y1, x2, y2 = truth.unbind(-1)
    area = ((x2 - x1) * (y2 - y1)).clamp(min=1e-6)
    x1, x2 = (torch.minimum(torch.maximum(x, width[0]), width[1]) for x in (x1, x2))
    y1, y2 = (torch.minimum(torch.maximum(y, height[0]), height[1]) for y in (y1, y2))
    w, h = x2 - x1, y2 - y1
    small = (w < WIDTH_LEAST) | (h < HEIGHT_LEAST) | (w * h / area < REMAINING_LEAST)
    kind = torch.where((kind >= 0) & small, float(IGNORED), kind)
    kind = torch.where((w > 1) & (h > 1), kind, float(NOTHING))
    return torch.stack((kind, x1, y1, x2, y2), -1)


class Views:
    """Makes batches of `width` x `height` from pools, each with its share of the views."""

    def __init__(self, pools, shares, width, height, seed, device):
        self.pools, self.shares = pools, shares
        self.width, self.height = width, height
        self.dice = Dice(seed, device)
        # 1: as wild as told above; 0: pictures as they are, for the end of a run.
        self.wildness = 1.0

    def batch(self, count):
        """Pictures [count, 3, height, width], BGR 0-255; truth [count, n, 5] in their pixels."""
        drawn = []
        left = count
        for number, (pool, share) in enumerate(zip(self.pools, self.shares)):
            own = left if number == len(self.pools) - 1 else round(count * share)
            left -= own
            if own:
                drawn.append(self.look(pool, own))
        pictures = torch.cat([pictures for pictures, _ in drawn])
        truth = torch.cat([truth for _, truth in drawn])
        pictures, truth = self.four(*self.side_by_side(pictures, truth))
        pictures = degrade(recolour(pictures, self.dice, self.wildness), self.dice, self.wildness)
        pictures = cover(pictures, truth, self.dice, self.wildness)
        return pictures.clamp(0, 255), compact(truth)

    def look(self, pool, count):
        """Views on pictures of one pool, each near one of its objects, or whole."""
        dice = self.dice
        index = pool.draw(count, dice.generator)
        truth, extent = pool.truth[index], pool.extent[index]
        fit = torch.minimum(self.width / extent[:, 0], self.height / extent[:, 1])
        zoom = dice.uniform(math.log(ZOOM[0]), math.log(ZOOM[1]), count).exp()
        whole = dice.chance(0.25 + 0.6 * (1 - self.wildness), count)
        zoom = torch.where(whole, 1.0, zoom)
        stretch = torch.where(whole, 1.0, dice.uniform(-0.12, 0.12, count).exp())
        scale = torch.stack((fit * zoom * stretch, fit * zoom / stretch), -1)
        centre = self.focus(truth, extent, count)
        size = torch.tensor((self.width, self.height), device=dice.device)
        off = centre * scale - size * dice.uniform(0.15, 0.85, count, 2)
        # Mostly picture: beyond its edges there is only grey. Small ones anywhere in the view.
        room = extent * scale - size
        off = torch.where(room > 0, torch.minimum(off.clamp(min=0), room), room * dice.uniform(0, 1, count, 2))
        off = torch.where(whole[:, None], 0.0, off)
        pictures = sample(pool.pictures[index], scale, off, self.width, self.height)
        boxes = truth[..., 1:] * scale.repeat(1, 2)[:, None] - off.repeat(1, 2)[:, None]
        mirrored = dice.chance(0.5, count)
        pictures = torch.where(mirrored[:, None, None, None], pictures.flip(3), pictures)
        flipped = torch.stack((self.width - boxes[..., 2], boxes[..., 1], self.width - boxes[..., 0], boxes[..., 3]), -1)
        boxes = torch.where(mirrored[:, None, None], flipped, boxes)
        truth = torch.cat((truth[..., :1], boxes), -1)
        edges = lambda side: (torch.zeros((), device=dice.device), torch.full((), float(side), device=dice.device))
        return pictures, settle(truth, edges(self.width), edges(self.height))

    def focus(self, truth, extent, count):
        """A point in each picture that the view shall show: an object's middle, or anywhere."""
        weights = (truth[..., 0] >= 0).float() + (truth[..., 0] == IGNORED) * 0.1
        any_object = weights.sum(1) > 0
        pick = torch.multinomial(weights + (~any_object)[:, None], 1, generator=self.dice.generator)
        box = truth.gather(1, pick[..., None].expand(-1, -1, 5))[:, 0, 1:]
        anywhere = extent * self.dice.uniform(0, 1, count, 2)
        at_object = any_object & self.dice.chance(0.85, count)
        return torch.where(at_object[:, None], (box[:, :2] + box[:, 2:]) / 2, anywhere)

    def side_by_side(self, pictures, truth):
        """Some views get their right part from the next one."""
        count, dice = len(pictures), self.dice
        split = torch.where(
            dice.chance(SIDE_BY_SIDE * self.wildness, count), dice.uniform(0.35, 0.65, count).mul(self.width).round(), float(self.width)
        )
        columns = torch.arange(self.width, device=dice.device)
        own = columns < split[:, None]
        # Not the next one, which may be of the same place.
        other = torch.arange(count, device=dice.device).roll(count // 2)
        mixed = torch.where(own[:, None, None], pictures, pictures[other])
        zero, high = torch.zeros((), device=dice.device), torch.full((), float(self.height), device=dice.device)
        wide = torch.full((), float(self.width), device=dice.device)
        left = settle(truth, (zero, split[:, None]), (zero, high))
        right = settle(truth[other], (split[:, None], wide), (zero, high))
        return mixed, torch.cat((left, right), 1)


    def four(self, pictures, truth):
        """Some views show four at half size: small objects, and no grey."""
        count, dice = len(pictures), self.dice
        small = functional.avg_pool2d(pictures, 2)
        parts = [torch.arange(count, device=dice.device).roll(count * part // 5) for part in range(4)]
        rows = [torch.cat((small[a], small[b]), 3) for a, b in (parts[:2], parts[2:])]
        zero = torch.zeros((), device=dice.device)
        ends = torch.full((), float(self.width), device=dice.device), torch.full((), float(self.height), device=dice.device)
        corners = []
        for part, index in enumerate(parts):
            shift = torch.tensor((self.width // 2 * (part % 2), self.height // 2 * (part // 2)), device=dice.device).repeat(2)
            corners.append(torch.cat((truth[index][..., :1], truth[index][..., 1:] / 2 + shift), -1))
        tiled = settle(torch.cat(corners, 1), (zero, ends[0]), (zero, ends[1]))
        chosen = dice.chance(FOUR * self.wildness, count)
        alone = functional.pad(truth, (0, 0, 0, tiled.shape[1] - truth.shape[1]), value=float(NOTHING))
        pictures = torch.where(chosen[:, None, None, None], torch.cat(rows, 2), pictures)
        return pictures, torch.where(chosen[:, None, None], tiled, alone)


def sample(pictures, scale, off, width, height):
    """Cuts views out of pictures: view pixel x shows picture pixel (x + off) / scale, averaged over SAMPLES x SAMPLES."""
    device = pictures.device
    along = lambda side: (torch.arange(side * SAMPLES, device=device) + 0.5) / SAMPLES
    x = (along(width) + off[:, :1]) / scale[:, :1] / WIDTH * 2 - 1
    y = (along(height) + off[:, 1:]) / scale[:, 1:] / HEIGHT * 2 - 1
    grid = torch.stack(torch.broadcast_tensors(x[:, None, :], y[:, :, None]), -1)
    kind = torch.bfloat16 if device.type == "cuda" else torch.float32
    # Grey beyond the edges: shifted there and back, because only zero can be padded with.
    views = functional.grid_sample(pictures.float() - GREY, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    return functional.avg_pool2d(views, SAMPLES).add_(GREY).to(kind)


def recolour(pictures, dice, wildness):
    """Light and colour as cameras differ."""
    count = len(pictures)
    column = lambda low, high: dice.uniform(low, high, count, 1, 1, 1).to(pictures.dtype)
    mild = lambda low, high: 1 + (column(low, high) - 1) * wildness
    luma = pictures[:, 0:1] * 0.114 + pictures[:, 1:2] * 0.587 + pictures[:, 2:3] * 0.299
    saturation = torch.where(dice.chance(0.7, count, 1, 1, 1), mild(0.3, 1.6), 1)
    saturation = torch.where(dice.chance(0.12, count, 1, 1, 1), 0, saturation)
    pictures = luma + (pictures - luma) * saturation
    tint = 1 + (dice.uniform(-0.12, 0.12, count, 3, 1, 1) * wildness).to(pictures.dtype)
    levels = (pictures * tint / 255).clamp(1e-3, 1)
    levels = levels ** mild(0.6, 1.6)
    levels = (levels - 0.5) * mild(0.6, 1.4) + 0.5 + column(-0.13, 0.13) * wildness
    return levels * 255


def degrade(pictures, dice, wildness):
    """What lenses, sensors and encoders do."""
    count = len(pictures)
    pick = lambda share: dice.chance(share * wildness, count, 1, 1, 1)
    soft = functional.avg_pool2d(pictures, 3, 1, 1, count_include_pad=False)
    # Between a soft lens and a camera that sharpens too much.
    amount = dice.uniform(-0.9, 1.0, count, 1, 1, 1).to(pictures.dtype)
    pictures = torch.where(pick(0.35), pictures + (soft - pictures) * amount, pictures)
    coarse = functional.interpolate(functional.avg_pool2d(pictures, 2), scale_factor=2, mode="bilinear")
    pictures = torch.where(pick(0.12), coarse, pictures)
    noise = dice.normal(pictures) * dice.uniform(1, 14, count, 1, 1, 1).to(pictures.dtype)
    pictures = torch.where(pick(0.3), pictures + noise, pictures)
    return torch.where(pick(0.3), blocks(pictures, dice.uniform(6, 45, count, 1, 1, 1, 1, 1)), pictures)


def blocks(pictures, step):
    """Coarse steps of the frequencies of 8 x 8 blocks, coarser for the high ones, as JPEG and video encoders leave them."""
    count, channels, high, wide = pictures.shape
    n = torch.arange(8, device=pictures.device, dtype=torch.float32)
    basis = torch.cos((2 * n[None] + 1) * n[:, None] * math.pi / 16) / 2
    basis[0] /= math.sqrt(2)
    parts = pictures.float().reshape(count, channels, high // 8, 8, wide // 8, 8)
    waves = torch.einsum("ui,ncaibj,vj->ncaubv", basis, parts, basis)
    steps = step * (0.4 + (n[:, None, None] + n) / 6)
    waves = (waves / steps).round() * steps
    back = torch.einsum("ui,ncaubv,vj->ncaibj", basis, waves, basis)
    return back.reshape(pictures.shape).to(pictures.dtype)


def cover(pictures, truth, dice, wildness):
    """A patch of nothing over one object in some views: parts must do for the whole."""
    count = len(pictures)
    wanted = (truth[..., 0] >= 0).float()
    pick = torch.multinomial(wanted + 1e-6, 1, generator=dice.generator)
    x1, y1, x2, y2 = truth.gather(1, pick[..., None].expand(-1, -1, 5))[:, 0, 1:].unbind(-1)
    w, h = (x2 - x1) * dice.uniform(0.2, 0.45, count), (y2 - y1) * dice.uniform(0.2, 0.5, count)
    left, top = x1 + (x2 - x1 - w) * dice.uniform(0, 1, count), y1 + (y2 - y1 - h) * dice.uniform(0, 1, count)
    xs = torch.arange(pictures.shape[3], device=pictures.device)
    ys = torch.arange(pictures.shape[2], device=pictures.device)
    across = (xs >= left[:, None]) & (xs < (left + w)[:, None])
    down = (ys >= top[:, None]) & (ys < (top + h)[:, None])
    covered = across[:, None, None, :] & down[:, None, :, None]
    covered = covered & dice.chance(0.25 * wildness, count, 1, 1, 1) & (wanted.sum(1) > 0)[:, None, None, None]
    colour = dice.uniform(0, 255, count, 3, 1, 1).to(pictures.dtype)
    return torch.where(covered, colour, pictures)


def compact(truth):
    """Truth with what is wanted first and its rows of nothing last, as short as the fullest picture allows."""
    order = (-truth[..., 0].clamp(max=0)).argsort(stable=True, dim=1)
    most = max(1, int((truth[..., 0] != NOTHING).sum(1).max()))
    return truth.gather(1, order[..., None].expand(-1, -1, 5))[:, : min(most, ROWS_MOST)]
