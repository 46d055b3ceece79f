"""Large holes, filled from coarse to fine with pieces of the same picture. Knows no engine.

1. On a grid of a few thousand cells the broad colours are estimated: by kriging, and by looking up for every piece at
   the edge of the hole the most similar pieces elsewhere (all are compared), which then vote. Of a hole that is
   narrower than half a cell nothing is left here; it begins at the first level that shows it.
2. From level to level, twice as fine each, every pixel keeps its source and looks for better ones nearby, at its
   neighbours' sources and at random (PatchMatch). Sources vote; the broad colours of step 1 are kept.
3. At full size what the votes miss at the edge of the hole is spread smoothly inwards, so that no seam shows.

After Criminisi et al. 2004 (copying along the edge), Wexler et al. 2007 (voting), Barnes et al. 2009 (PatchMatch).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pipelines.inpainting import smoothing
from pipelines.job import Job

CELLS = 4096  # of the coarsest grid; kriging solves a system of that many equations at most
PATCH = 5  # side of a piece, in pixels of its level
SEARCHED = 60_000  # pixels of a hole up to which sources are still improved; beyond, they are carried up
ROUNDS = 3  # of improving at one level
VOTES = 6  # rounds of comparing and voting on the coarsest grid


@dataclass
class Level:
    """One size of the picture. `target`: centres of pieces that touch the hole; `source`: where each comes from."""

    pixels: np.ndarray  # (h, w, 3) float32, the hole included
    hole: np.ndarray  # (h, w) bool
    target: np.ndarray  # (n, 2) rows and columns
    source: np.ndarray  # (n, 2)
    usable: np.ndarray  # (h, w) bool: a whole piece around it is known


def complete(image: np.ndarray, hole: np.ndarray, seed: int, job: Job) -> Iterator[np.ndarray]:
    """The picture (H, W, 3 uint8) with the hole filled, after every level; the last one is at full detail."""
    random = np.random.default_rng(seed)
    height, width = hole.shape
    sizes = sizes_of(width, height)
    pixels, unknown = shrunk(image, hole, sizes[0])
    broad, level = coarsest(pixels, unknown, job)
    yield _put(image, hole, broad if level is None else level.pixels)
    if level is None:  # nothing to copy from
        return
    for size in sizes[1:]:
        pixels, unknown = shrunk(image, hole, size)
        level = _finer(level, pixels, unknown, random)
        for _ in range(ROUNDS if int(unknown.sum()) <= SEARCHED else 1):
            job.check()
            if int(unknown.sum()) <= SEARCHED:
                _improve(level, random, job)
            level.pixels[unknown] = _votes(level, unknown)
            level.pixels[unknown] += _away(broad, level, unknown)[unknown]
        yield _put(image, hole, _without_seam(level, unknown))


def sizes_of(width: int, height: int) -> list[tuple[int, int]]:
    """Width and height of each level, coarsest first, each about twice the one before."""
    sizes, factor = [(width, height)], 1.0
    while width * height / factor**2 > CELLS * 1.7:
        factor *= 2
        sizes.append((max(round(width / factor), 1), max(round(height / factor), 1)))
    return sizes[::-1]


def shrunk(image: np.ndarray, hole: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """The picture at another size, from known pixels only, and its hole: cells that are mostly unknown."""
    import cv2

    if size == (image.shape[1], image.shape[0]):
        return image.astype(np.float32), hole
    known = (~hole).astype(np.float32)
    share = cv2.resize(known, size, interpolation=cv2.INTER_AREA)
    sums = cv2.resize(image * known[..., None], size, interpolation=cv2.INTER_AREA)
    return sums / np.maximum(share, 1e-6)[..., None], share < 0.5


def coarsest(pixels: np.ndarray, hole: np.ndarray, job: Job) -> tuple[np.ndarray, Level | None]:
    """Broad colours of the hole, and the first level; None where no whole piece is known."""
    smooth = smoothing.kriged(pixels, hole)
    fine = _compared(pixels, hole, smooth, job)
    if fine is None:
        return smooth, None
    return ((smooth + fine.pixels) / 2).astype(np.float32), fine


def _compared(pixels: np.ndarray, hole: np.ndarray, start: np.ndarray, job: Job) -> Level | None:
    """Every piece at the hole compared with every known piece; the most similar ones vote, in several rounds."""
    import cv2

    target, usable = _places(hole)
    known = np.argwhere(usable)
    if not len(known):
        return None
    depth = cv2.distanceTransform(hole.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    trust = np.where(hole, 0.75**depth, 1.0).astype(np.float32)  # the deeper, the more a pixel is a guess
    pieces = _pieces(pixels, known)
    weights = np.repeat(_pieces(trust[..., None], target), 3, axis=1)
    squares = weights @ (pieces * pieces).T
    current = np.where(hole[..., None], start, pixels).astype(np.float32)
    best = np.zeros(len(target), np.intp)
    for _ in range(VOTES):
        job.check()
        distances = squares - 2 * ((weights * _pieces(current, target)) @ pieces.T)
        best = distances.argmin(axis=1)
        current[hole] = _gathered(pieces[best], trust[target[:, 0], target[:, 1]], target, hole)[hole]
    return Level(current, hole, target, known[best], usable)


def _places(hole: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Centres of pieces that touch the hole, (n, 2), and where a whole known piece lies, (h, w)."""
    import cv2

    near = cv2.dilate(hole.astype(np.uint8), np.ones((PATCH, PATCH), np.uint8)) > 0
    usable, reach = ~near, PATCH // 2
    usable[:reach] = usable[-reach:] = usable[:, :reach] = usable[:, -reach:] = False
    return np.argwhere(near), usable


def _pieces(pixels: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Flat pieces around centres, (n, PATCH * PATCH * channels); beyond the edge the picture is mirrored."""
    reach = PATCH // 2
    padded = np.pad(pixels, ((reach, reach), (reach, reach), (0, 0)), mode="symmetric")
    views = np.lib.stride_tricks.sliding_window_view(padded, (PATCH, PATCH), axis=(0, 1))
    chosen = views[centres[:, 0], centres[:, 1]]  # (n, channels, PATCH, PATCH)
    return np.ascontiguousarray(chosen.transpose(0, 2, 3, 1)).reshape(len(centres), PATCH * PATCH * pixels.shape[2])


def _gathered(voted: np.ndarray, trust: np.ndarray, target: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """Overlapping pieces as one picture: the mean of all that cover a pixel, weighted by trust."""
    height, width = hole.shape
    reach = PATCH // 2
    stride = width + 2 * reach
    sums = np.zeros((4, (height + 2 * reach) * stride))
    pieces = voted.reshape(len(target), PATCH, PATCH, 3)
    for row in range(PATCH):
        for column in range(PATCH):
            flat = (target[:, 0] + row) * stride + target[:, 1] + column
            for channel in range(3):
                sums[channel] += np.bincount(flat, pieces[:, row, column, channel] * trust, sums.shape[1])
            sums[3] += np.bincount(flat, trust, sums.shape[1])
    mean: np.ndarray = (sums[:3] / np.maximum(sums[3], 1e-9)).reshape(3, height + 2 * reach, stride)
    inner: np.ndarray = mean[:, reach : reach + height, reach : reach + width].transpose(1, 2, 0)
    return inner


def _finer(level: Level, pixels: np.ndarray, hole: np.ndarray, random: np.random.Generator) -> Level:
    """The next level: filled with the last one enlarged, its sources carried over."""
    import cv2

    height, width = hole.shape
    ratio = np.array([height / level.hole.shape[0], width / level.hole.shape[1]])
    large = cv2.resize(level.pixels, (width, height), interpolation=cv2.INTER_CUBIC)
    current = np.where(hole[..., None], large, pixels).astype(np.float32)
    target, usable = _places(hole)
    table = np.full((*level.hole.shape, 2), -1)
    table[level.target[:, 0], level.target[:, 1]] = level.source
    parent = np.minimum((target / ratio).astype(int), np.array(level.hole.shape) - 1)
    source = table[parent[:, 0], parent[:, 1]]
    moved = np.round((source - parent) * ratio).astype(int) + target
    moved = np.clip(moved, 0, [height - 1, width - 1])
    lost = (source[:, 0] < 0) | ~usable[moved[:, 0], moved[:, 1]]
    known = np.argwhere(usable)
    if lost.any() and len(known):
        moved[lost] = known[random.integers(0, len(known), int(lost.sum()))]
    return Level(current, hole, target, moved, usable)


def _improve(level: Level, random: np.random.Generator, job: Job) -> None:
    """One round of PatchMatch: the sources of neighbours, and random places around the own one, nearer and nearer."""
    height, width = level.hole.shape
    wanted = _pieces(level.pixels, level.target)
    padded = np.pad(level.pixels, ((PATCH // 2,) * 2, (PATCH // 2,) * 2, (0, 0)), mode="symmetric")
    stride = padded.shape[1]
    flat = padded.reshape(-1, 3)
    inner = (np.arange(PATCH)[:, None] * stride + np.arange(PATCH)).ravel()
    best = _apart(flat, inner, stride, level.source, wanted)

    def offer(candidate: np.ndarray, who: np.ndarray) -> None:
        inside = (candidate >= 0).all(axis=1) & (candidate[:, 0] < height) & (candidate[:, 1] < width)
        candidate, who = candidate[inside], who[inside]
        good = level.usable[candidate[:, 0], candidate[:, 1]]
        candidate, who = candidate[good], who[good]
        apart = _apart(flat, inner, stride, candidate, wanted[who])
        better = apart < best[who]
        level.source[who[better]], best[who[better]] = candidate[better], apart[better]

    number = np.full((height, width), -1)
    number[level.target[:, 0], level.target[:, 1]] = np.arange(len(level.target))
    everyone = np.arange(len(level.target))
    for step in ((0, 1), (0, -1), (1, 0), (-1, 0)):
        job.check()
        beside = np.clip(level.target + step, 0, [height - 1, width - 1])
        neighbour = number[beside[:, 0], beside[:, 1]]
        who = everyone[neighbour >= 0]
        offer(level.source[neighbour[who]] - step, who)
    radius = max(height, width) / 2
    while radius >= 1:
        job.check()
        jump = random.uniform(-radius, radius, (len(everyone), 2)).round().astype(int)
        offer(level.source + jump, everyone)
        radius /= 4


def _apart(flat: np.ndarray, inner: np.ndarray, stride: int, centres: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Sum of squared differences of pieces. A centre is the upper left of its piece in the padded picture."""
    found = flat[(centres[:, 0] * stride + centres[:, 1])[:, None] + inner].reshape(len(centres), wanted.shape[1])
    found -= wanted
    return np.asarray(np.einsum("nf,nf->n", found, found))


def _votes(level: Level, where: np.ndarray) -> np.ndarray:
    """For each pixel of `where` the mean of what the pieces that cover it bring, (n, 3)."""
    height, width = level.hole.shape
    table = np.full((height, width, 2), -1)
    table[level.target[:, 0], level.target[:, 1]] = level.source
    places = np.argwhere(where)
    sums, count = np.zeros((len(places), 3), np.float32), np.zeros(len(places), np.float32)
    reach = PATCH // 2
    for row in range(-reach, reach + 1):
        for column in range(-reach, reach + 1):
            centre = places - (row, column)
            inside = ((centre >= 0) & (centre < (height, width))).all(axis=1)
            centre = np.clip(centre, 0, (height - 1, width - 1))
            source = table[centre[:, 0], centre[:, 1]]
            inside &= source[:, 0] >= 0
            source = np.clip(source + np.array([row, column]), 0, (height - 1, width - 1))
            sums += np.where(inside[:, None], level.pixels[source[:, 0], source[:, 1]], 0)
            count += inside
    return np.asarray(sums / np.maximum(count, 1)[:, None])


def _away(broad: np.ndarray, level: Level, hole: np.ndarray) -> np.ndarray:
    """How far the level's broad colours are from those wanted."""
    import cv2

    size, coarse = (hole.shape[1], hole.shape[0]), (broad.shape[1], broad.shape[0])
    away = cv2.resize(broad, size, interpolation=cv2.INTER_CUBIC) - level.pixels
    away[~hole] = 0
    blurred = cv2.GaussianBlur(cv2.resize(away, coarse, interpolation=cv2.INTER_AREA), (0, 0), 0.75)
    return np.asarray(cv2.resize(blurred, size, interpolation=cv2.INTER_LINEAR))


def _without_seam(level: Level, hole: np.ndarray) -> np.ndarray:
    """The level with what its votes miss on the known rim around the hole spread smoothly into it."""
    import cv2

    rim = (cv2.dilate(hole.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0) & ~hole
    if not rim.any():
        return level.pixels
    missed = np.zeros_like(level.pixels)
    missed[rim] = level.pixels[rim] - _votes(level, rim)
    spread = smoothing.spread(missed, rim, hole)
    return np.asarray(np.where(hole[..., None], level.pixels + spread, level.pixels))


def _put(image: np.ndarray, hole: np.ndarray, level: np.ndarray) -> np.ndarray:
    """A level's hole in the picture at full size."""
    import cv2

    size = (image.shape[1], image.shape[0])
    if (level.shape[1], level.shape[0]) != size:
        level = cv2.resize(level, size, interpolation=cv2.INTER_CUBIC)
    filled = np.clip(level, 0, 255).round().astype(np.uint8)
    return np.asarray(np.where(hole[..., None], filled, image))
