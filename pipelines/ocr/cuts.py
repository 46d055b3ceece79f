"""Lines cut from a page and made level, and the question which way up the page lies."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from pipelines.ocr.contract import Corners, Pixels, Read
from pipelines.ocr.detector import sides

TALL = 1.5  # a box so much higher than wide holds a line that runs up or down
TASTED = 4  # lines read to learn which way up a page is
SURE_ENOUGH = 0.9  # a mean score that no upside-down page reaches


def cut(page: Pixels, corners: Corners) -> Pixels:
    """The line inside `corners`, made level."""
    import cv2

    wide, high = (max(1, round(side)) for side in sides(corners))
    end = np.array([[0, 0], [wide, 0], [wide, high], [0, high]], np.float32)
    how = cv2.getPerspectiveTransform(corners.astype(np.float32), end)
    line: Pixels = cv2.warpPerspective(page, how, (wide, high), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return line


def cuts(page: Pixels, found: Sequence[Corners]) -> list[Pixels]:
    """All lines, level; one that runs up or down is laid on its side, as books stand on a shelf in Korea."""
    level = [cut(page, corners) for corners in found]
    return [np.rot90(line, 1).copy() if line.shape[0] > TALL * line.shape[1] else line for line in level]


def lies_on_its_side(found: Sequence[Corners]) -> bool:
    """Whether most of the text runs up or down."""
    sizes = [sides(corners) for corners in found]
    long = [(wide, high) for wide, high in sizes if max(wide, high) > TALL * min(wide, high)]
    return sum(high for wide, high in long if high > wide) > sum(wide for wide, high in long if wide > high)


def turned(page: Pixels, degrees: int) -> Pixels:
    """The page turned clockwise by 0, 90, 180 or 270 degrees."""
    return np.ascontiguousarray(np.rot90(page, -degrees // 90))


def turned_back(corners: Corners, degrees: int, width: int, height: int) -> Corners:
    """Corners on the turned page as corners on the page as it came; `width`, `height`: of the page as it came."""
    x, y = corners[:, 0], corners[:, 1]
    places = {0: (x, y), 90: (y, height - x), 180: (width - x, height - y), 270: (width - y, x)}[degrees]
    return np.stack(places, axis=1)


def upside_down(lines: Sequence[Pixels], read: Callable[[list[Pixels]], list[Read]]) -> bool:
    """Whether a few long lines read better when turned round."""
    longest = sorted(lines, key=lambda line: -line.shape[1] / line.shape[0])[:TASTED]
    ways = []
    for chosen in (longest, [np.ascontiguousarray(line[::-1, ::-1]) for line in longest]):
        ways.append(worth(read(list(chosen))))
        if ways[0] >= SURE_ENOUGH:
            return False
    return ways[1] > ways[0]


def worth(reads: Sequence[Read]) -> float:
    """Mean score per letter: a long line that reads well says more than a short one."""
    letters = [max(1, len(read.text)) for read in reads]
    return sum(read.score * count for read, count in zip(reads, letters, strict=True)) / max(1, sum(letters))
