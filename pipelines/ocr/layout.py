"""The order in which a person reads: columns one after another, but the rows of a receipt or table straight across."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.ocr.contract import Corners
from pipelines.ocr.detector import sides

LINES_OF_A_COLUMN = 3
LONG = 4.5  # lines of running text are so much wider than high; prices and amounts are not
CROSSING = 0.35  # at most this share of the lines (headings) may run across the gap between columns
GAP = 0.6  # of a line's height, at least, between columns


@dataclass(frozen=True)
class Place:
    """Where a line lies once the page's slant is taken away."""

    at: int
    left: float
    right: float
    top: float
    bottom: float

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2

    @property
    def height(self) -> float:
        return self.bottom - self.top


def slant(found: Sequence[Corners]) -> float:
    """The angle of the page's lines in radians: the median of the long ones."""
    angles, weights = [], []
    for corners in found:
        wide, high = sides(corners)
        if wide > 2 * high:
            run = (corners[1] + corners[2] - corners[0] - corners[3]) / 2
            angles.append(float(np.arctan2(run[1], run[0])))
            weights.append(wide)
    if not angles:
        return 0.0
    order = np.argsort(angles)
    heavy = np.cumsum(np.array(weights)[order])
    return float(angles[int(order[int(np.searchsorted(heavy, heavy[-1] / 2))])])


def places(found: Sequence[Corners]) -> list[Place]:
    angle = slant(found)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    made = []
    for at, corners in enumerate(found):
        middle = turn @ corners.mean(0)
        wide, high = sides(corners)
        if high > 1.5 * wide and abs(angle) < 0.7:  # a line that runs down stays as it lies
            points = corners @ turn.T
            wide, high = np.ptp(points[:, 0]), np.ptp(points[:, 1])
        made.append(Place(at, middle[0] - wide / 2, middle[0] + wide / 2, middle[1] - high / 2, middle[1] + high / 2))
    return made


def reading_order(found: Sequence[Corners]) -> list[list[int]]:
    """The numbers of the lines in reading order, those that stand side by side together."""
    return [[place.at for place in row] for row in ordered(places(found))]


def ordered(block: list[Place]) -> list[list[Place]]:
    split = gutter(block)
    if split is None:
        return rows(block)
    crossing = sorted((place for place in block if place.left < split < place.right), key=lambda place: place.middle)
    result: list[list[Place]] = []
    above = float("-inf")
    for heading in [*crossing, None]:
        below = heading.middle if heading else float("inf")
        part = [place for place in block if above < place.middle < below and place not in crossing]
        for side in ([p for p in part if p.right <= split], [p for p in part if p.left >= split]):
            result += ordered(side) if side else []
        result += [[heading]] if heading else []
        above = below
    return result


def gutter(block: list[Place]) -> float | None:
    """Where a gap between two columns of running text lies, if there is one."""
    if len(block) < 2 * LINES_OF_A_COLUMN:
        return None
    best, fewest = None, CROSSING * len(block) + 1e-9
    edges = sorted({place.right for place in block})
    for edge in edges[:-1]:
        following = [place.left for place in block if place.left >= edge]
        if not following:
            continue
        split = (edge + min(following)) / 2
        left = [place for place in block if place.right <= split]
        right = [place for place in block if place.left >= split]
        crossing = len(block) - len(left) - len(right)
        if crossing < fewest and min(following) - edge >= GAP * _height(block) and beside(left, right):
            best, fewest = split, crossing
    return best


def beside(left: list[Place], right: list[Place]) -> bool:
    """Whether these are two columns of text (and not the two sides of a receipt)."""
    if min(len(left), len(right)) < LINES_OF_A_COLUMN:
        return False
    if min(_running(left), _running(right)) < LONG:
        return False
    top, bottom = max(_top(left), _top(right)), min(_bottom(left), _bottom(right))
    shorter = min(_bottom(left) - _top(left), _bottom(right) - _top(right))
    return bottom - top > 0.4 * shorter


def rows(block: list[Place]) -> list[list[Place]]:
    """Lines side by side together: those whose middles lie within one another's height."""
    made: list[list[Place]] = []
    for place in sorted(block, key=lambda place: place.middle):
        for row in reversed(made[-3:]):
            level = sum(other.middle for other in row) / len(row)
            free = all(place.right <= other.left + 2 or place.left >= other.right - 2 for other in row)
            if abs(place.middle - level) < 0.5 * min(place.height, _height(row)) and free:
                row.append(place)
                break
        else:
            made.append([place])
    made.sort(key=lambda row: sum(place.middle for place in row) / len(row))
    return [sorted(row, key=lambda place: place.left) for row in made]


def _height(block: Sequence[Place]) -> float:
    return float(np.median([place.height for place in block]))


def _running(block: Sequence[Place]) -> float:
    return float(np.median([(place.right - place.left) / max(1.0, place.height) for place in block]))


def _top(block: Sequence[Place]) -> float:
    return min(place.top for place in block)


def _bottom(block: Sequence[Place]) -> float:
    return max(place.bottom for place in block)
