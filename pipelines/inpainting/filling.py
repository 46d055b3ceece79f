"""Fill the marked part of a picture from what is around it, without a network of neurons. Knows no engine.

Thin marks get the smoothest fill that fits their edges; holes are completed with pieces of the picture, each in a
part of it with as much around as it is wide. OpenCV's own fill is the quick draft.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pipelines.inpainting import completion, smoothing
from pipelines.job import Job

THIN = 6  # pixels from the edge to the middle of a mark; up to here texture is not worth its errors
MOST_HOLES = 24  # completed one by one; more, the smallest ones, are filled smoothly
LEAST_AROUND = 48  # pixels around a hole that are looked at
MOST_PIXELS = 6_000_000  # of one part; a larger one is completed at a smaller size, so that memory stays bounded
RADIUS = 3  # of OpenCV's methods, in pixels; larger is slower and no better
QUICK_SIDE = 768  # longest side at which a draft is filled


def telea(image: np.ndarray, marked: np.ndarray) -> np.ndarray:
    """OpenCV's fast marching fill: good on thin marks, a blur on large ones. `image` (H, W, 3) uint8."""
    import cv2

    return np.asarray(cv2.inpaint(np.ascontiguousarray(image), marked.astype(np.uint8), RADIUS, cv2.INPAINT_TELEA))


def quick(image: np.ndarray, marked: np.ndarray) -> np.ndarray:
    """A draft in a fraction of a second, whatever the size: filled small, put back large. `image` (H, W, 3) uint8."""
    import cv2

    height, width = marked.shape
    scale = QUICK_SIDE / max(height, width)
    if scale >= 1:
        return telea(image, marked)
    small = (max(round(width * scale), 1), max(round(height * scale), 1))
    # A pixel of the small copy is known only if all it stands for is.
    covered = cv2.resize(marked.astype(np.float32), small, interpolation=cv2.INTER_AREA) > 0
    if covered.all():
        return telea(image, marked)
    filled = telea(cv2.resize(image, small, interpolation=cv2.INTER_AREA), covered)
    large = cv2.resize(filled, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.where(marked[..., None], large, image))


@dataclass(frozen=True)
class Filled:
    """The picture so far, (H, W, 3) uint8, after `number` of `total` pieces of work."""

    image: np.ndarray
    number: int
    total: int


def fill(image: np.ndarray, marked: np.ndarray, seed: int, job: Job) -> Iterator[Filled]:
    """Fill what is marked, hole by hole. `image` (H, W, 3) uint8; the same seed gives the same fill."""
    thin, holes = _sorted_out(marked)
    parts = [_part(box, thick, marked.shape) for box, thick in holes]
    total = int(thin.any()) + sum(len(completion.sizes_of(*_worked(part))) for part in parts)
    picture, number, unknown = image.copy(), 0, marked.copy()
    if thin.any():
        job.check()
        picture = smoothing.membrane(picture, thin, ~marked)
        unknown &= ~thin
        number = 1
        yield Filled(picture, number, total)
    for part, (box, _) in zip(parts, holes, strict=True):
        own = np.zeros_like(unknown)
        own[box] = unknown[box]
        for filled in _completed(picture[part], unknown[part], seed, job):
            number += 1
            shown = picture.copy()
            shown[part][own[part]] = filled[own[part]]
            yield Filled(shown, min(number, total), total)
        picture = shown
        unknown &= ~own
    if number < total:  # a part without a single whole piece to copy has fewer levels
        yield Filled(picture, total, total)


Slices = tuple[slice, slice]


def _sorted_out(marked: np.ndarray) -> tuple[np.ndarray, list[tuple[Slices, int]]]:
    """Thin marks, and of each hole its rows and columns and how thick it is, the largest first."""
    import cv2

    count, labels, stats, _ = cv2.connectedComponentsWithStats(marked.astype(np.uint8), connectivity=8)
    depth = cv2.distanceTransform(marked.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    deepest = np.zeros(count)
    np.maximum.at(deepest, labels[marked], depth[marked])
    thick = [int(at) for at in np.argsort(-stats[:, cv2.CC_STAT_AREA]) if at > 0 and deepest[at] > THIN][:MOST_HOLES]
    thin = marked & ~np.isin(labels, thick)
    holes = []
    for at in thick:
        left, top, width, height, _ = (int(value) for value in stats[at])
        holes.append(((slice(top, top + height), slice(left, left + width)), int(2 * deepest[at])))
    return thin, holes


def _part(box: Slices, thick: int, shape: tuple[int, ...]) -> Slices:
    """The box of a hole with as much around as the hole is thick."""
    around = max(thick, LEAST_AROUND)
    rows, columns = (
        slice(max(side.start - around, 0), min(side.stop + around, length))
        for side, length in zip(box, shape, strict=True)
    )
    return rows, columns


def _worked(part: Slices) -> tuple[int, int]:
    """Width and height at which a part is completed."""
    height, width = (side.stop - side.start for side in part)
    scale = min((MOST_PIXELS / (height * width)) ** 0.5, 1.0)
    return max(round(width * scale), 1), max(round(height * scale), 1)


def _completed(image: np.ndarray, hole: np.ndarray, seed: int, job: Job) -> Iterator[np.ndarray]:
    """A part with its holes completed, after every level; at its own size, whatever the size it is worked at."""
    import cv2

    height, width = hole.shape
    size = _worked((slice(0, height), slice(0, width)))
    if size == (width, height):
        yield from completion.complete(image, hole, seed, job)
        return
    small, unknown = completion.shrunk(image, hole, size)
    for filled in completion.complete(small.round().clip(0, 255).astype(np.uint8), unknown, seed, job):
        large = cv2.resize(filled, (width, height), interpolation=cv2.INTER_CUBIC)
        yield np.where(hole[..., None], large, image)
