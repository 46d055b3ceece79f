"""Which part of a picture an engine gets to see: a window around what is repainted. Pure arithmetic.

A painting network works well at one size. Its window is brought to that size: it is as large as that size where the
mask is small (nothing is scaled), and larger, shrunk, where the mask is large.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

CONTEXT = 0.5  # seen on each side of the mask, relative to its longer side
LEAST_CONTEXT = 32  # pixels
FAR_CONTEXT = 1.0  # the same where an engine works at full size and copies from around
LEAST_FAR = 64
MOST_WINDOWS = 6  # beyond this many, one window shows everything
MOST_PARTS = 64  # more marks than this lie too close for windows of their own


@dataclass(frozen=True)
class Window:
    """A part of the picture, in its pixels, and the size at which the engine gets it."""

    left: int
    top: int
    right: int
    bottom: int
    width: int
    height: int

    @property
    def area(self) -> tuple[slice, slice]:
        """Rows and columns."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in the picture."""
        return self.right - self.left, self.bottom - self.top


Area = tuple[int, int, int, int]  # left, top, right, bottom


def around(mask: np.ndarray, side: int, multiple: int) -> list[Window]:
    """The windows that show everything `mask` (H, W, above 0: repaint) marks, each mark in exactly one.

    `side`, `multiple`: what the engine's contract says. Marks far apart get windows of their own as long as these
    do not touch; each is then shown larger than in one window for all.
    """
    height, width = mask.shape
    boxes = [_bounds(mask)] if not side else _parts(mask)
    areas = [_area(box, width, height, side, multiple) for box in boxes]
    areas = _merged(areas, boxes, width, height, side, multiple)
    if len(areas) > MOST_WINDOWS:
        areas = [_area(_bounds(mask), width, height, side, multiple)]
    return [Window(*area, *_shown(area, side, multiple)) for area in areas]


def _bounds(mask: np.ndarray) -> Area:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _parts(mask: np.ndarray) -> list[Area]:
    """Bounds of each connected mark."""
    import cv2

    _, _, stats, _ = cv2.connectedComponentsWithStats((mask > 0).astype(np.uint8), connectivity=8)
    parts = [(int(x), int(y), int(x + w), int(y + h)) for x, y, w, h, _ in stats[1:]]
    return parts if len(parts) <= MOST_PARTS else [_bounds(mask)]


def _area(box: Area, width: int, height: int, side: int, multiple: int) -> Area:
    """The box with its surroundings, inside the picture."""
    left, top, right, bottom = box
    longer = max(right - left, bottom - top)
    context = max(LEAST_CONTEXT, round(longer * CONTEXT)) if side else max(LEAST_FAR, round(longer * FAR_CONTEXT))
    least = side if side else 1
    across = _span(left, right, context, least, width, multiple)
    down = _span(top, bottom, context, least, height, multiple)
    return across[0], down[0], across[1], down[1]


def _span(start: int, end: int, context: int, least: int, length: int, multiple: int) -> tuple[int, int]:
    """From `start` to `end` with context, at least `least`, moved rather than cut at the edges of the picture."""
    size = max(end - start + 2 * context, least)
    size = min(-(-size // multiple) * multiple, length)
    first = min(max((start + end - size) // 2, 0), length - size)
    return first, first + size


def _merged(areas: list[Area], boxes: list[Area], width: int, height: int, side: int, multiple: int) -> list[Area]:
    """Areas that touch become one, around the boxes of both, until none do."""
    left = list(zip(areas, boxes, strict=True))
    done: list[tuple[Area, Area]] = []
    while left:
        area, box = left.pop()
        for other in done:
            if _touch(area, other[0]):
                done.remove(other)
                both = (
                    min(box[0], other[1][0]),
                    min(box[1], other[1][1]),
                    max(box[2], other[1][2]),
                    max(box[3], other[1][3]),
                )
                left.append((_area(both, width, height, side, multiple), both))
                break
        else:
            done.append((area, box))
    return sorted((area for area, _ in done), key=lambda area: (area[1], area[0]))


def _touch(one: Area, other: Area) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _shown(area: Area, side: int, multiple: int) -> tuple[int, int]:
    """Width and height for the engine: the longer one `side`, both multiples. With no `side`, as it is."""
    wide, high = area[2] - area[0], area[3] - area[1]
    if not side:
        return wide, high
    scale = side / max(wide, high)
    return tuple(max(round(length * scale / multiple), 1) * multiple for length in (wide, high))  # type: ignore[return-value]
