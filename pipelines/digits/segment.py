"""Ink of a whole picture to lines of small pieces, none of which belongs to two digits.

A piece is a connected stroke, or a part of one where two digits may touch. `assemble.py` puts pieces together
to digits with the help of the network; this module knows nothing of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.digits.fit import Ink

INKED = 0.4  # ink above this is connected
MOST_PIECES = 150  # in one picture: more is texture, not writing
SPECK = 0.12  # of the digits' height: what is smaller in both directions is dirt
WIDE = 0.5  # of a stroke's height: what is narrower cannot be two digits that touch
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Piece:
    """Some pixels. `box` is left, top, right, bottom in the ink; `cut_cost` what the cut on its left went through."""

    ink: Ink  # of the box only
    box: tuple[int, int, int, int]
    stroke: int  # the connected stroke it comes from
    cut_cost: float = 0.0  # ink cut to part it from the piece before, in pen widths

    @property
    def width(self) -> int:
        return self.box[2] - self.box[0]

    @property
    def height(self) -> int:
        return self.box[3] - self.box[1]

    @property
    def middle(self) -> float:
        return (self.box[0] + self.box[2]) / 2


def lines_of(ink: Ink) -> tuple[list[list[Piece]], float]:
    """Lines from top to bottom, pieces from left to right, and the usual height of a digit in pixels."""
    strokes = _strokes(ink)
    height = _usual_height(strokes)
    rules = _rules(ink, height)
    if rules is not None:
        without = np.where(rules, 0, ink).astype(np.float32)
        strokes = [stroke for stroke in _strokes(without) if not _is_box_side(stroke, rules)]
        height = _usual_height(strokes)
    strokes = [stroke for stroke in strokes if not _is_dirt(stroke, height, ink.shape)]
    return [_cut_line(line, height) for line in _lines(strokes, height)], height


def _strokes(ink: Ink) -> list[Piece]:
    from scipy import ndimage

    labels, count = ndimage.label(ink > INKED, structure=np.ones((3, 3)))
    if count == 0:
        return []
    areas = np.bincount(labels.ravel())[1:]
    boxes = ndimage.find_objects(labels)
    # The largest ones, in case of a textured picture.
    largest = np.argsort(-areas)[:MOST_PIECES]
    pieces = []
    for number in sorted(int(at) for at in largest):
        rows, columns = boxes[number]
        own = ndimage.binary_dilation(labels[rows, columns] == number + 1)
        other = (labels[rows, columns] != 0) & (labels[rows, columns] != number + 1)
        part = np.where(own & ~other, ink[rows, columns], 0).astype(np.float32)
        pieces.append(Piece(part, (columns.start, rows.start, columns.stop, rows.stop), number))
    return pieces


def _usual_height(strokes: list[Piece]) -> float:
    """The median height, each stroke counting as much as it is high, so that dots do not decide."""
    if not strokes:
        return 0.0
    heights = np.sort([stroke.height for stroke in strokes])
    weights = np.cumsum(heights)
    return float(heights[int(np.searchsorted(weights, weights[-1] / 2))])


def _rules(ink: Ink, height: float) -> Mask | None:
    """The level lines of a form, also where they run through digits; None when there are none."""
    from scipy import ndimage

    length = int(max(0.2 * ink.shape[1], 1.4 * height, 15))
    if length >= ink.shape[1]:
        return None
    solid = ink > INKED
    rules = ndimage.binary_opening(solid, structure=np.ones((1, length)))
    if not rules.any():
        return None
    above, below = _run(solid), _run(solid[::-1])[::-1]
    thickness = above + below - 1
    usual = float(np.median(thickness[rules]))
    if usual > 0.2 * max(height, 1.0):
        return None  # as thick as that it is no rule
    # A digit's stroke that crosses the rule makes it thicker there: those pixels stay.
    gone = ndimage.binary_dilation(rules, structure=np.ones((3, 9))) & solid & (thickness <= 1.6 * usual + 1)
    wider: Mask = ndimage.binary_dilation(gone)
    return wider


def _is_box_side(stroke: Piece, rules: Mask) -> bool:
    """An upright line that ran from one rule to another: the side of a box for one digit."""
    left, top, right, bottom = stroke.box
    if stroke.height < 5 * stroke.width:
        return False
    above = rules[max(0, top - 3) : top + 1, max(0, left - 2) : right + 2]
    below = rules[bottom - 1 : bottom + 3, max(0, left - 2) : right + 2]
    return bool(above.any() and below.any())


def _run(solid: Mask) -> NDArray[np.int32]:
    """How many inked pixels lie above each inked pixel, itself included."""
    run = np.zeros(solid.shape, dtype=np.int32)
    run[0] = solid[0]
    for row in range(1, len(solid)):
        run[row] = (run[row - 1] + 1) * solid[row]
    return run


def _is_dirt(stroke: Piece, height: float, shape: tuple[int, ...]) -> bool:
    left, top, right, bottom = stroke.box
    if max(stroke.width, stroke.height) < max(SPECK * height, 3):
        return True
    flat_rule = stroke.width > 2 * height and stroke.height < 0.25 * height
    at_side = left == 0 or right == shape[1]
    at_end = top == 0 or bottom == shape[0]
    upright_rule = stroke.height > 0.8 * shape[0] and at_end and (at_side or stroke.width < 0.1 * stroke.height)
    border = (at_side or at_end) and stroke.height > 1.7 * height
    return flat_rule or upright_rule or border


def _lines(strokes: list[Piece], height: float) -> list[list[Piece]]:
    """Neighbours at about the same level belong together, so a line may climb; small strokes join the nearest line."""
    tall = sorted((s for s in strokes if s.height >= 0.5 * height), key=lambda s: s.box[0])
    lines: list[list[Piece]] = []
    for stroke in tall:
        fitting = [line for line in lines if _overlap(line[-1], stroke) > 0.4]
        if fitting:
            min(fitting, key=lambda line: abs(line[-1].box[0] - stroke.box[0])).append(stroke)
        else:
            lines.append([stroke])
    for stroke in strokes:
        if stroke.height < 0.5 * height and lines:
            line = min(lines, key=lambda line: min(_distance(stroke, other) for other in line))
            if min(_distance(stroke, other) for other in line) < 0.6 * height:
                line.append(stroke)
    for line in lines:
        line.sort(key=lambda s: s.middle)
    return sorted(lines, key=lambda line: float(np.mean([(s.box[1] + s.box[3]) / 2 for s in line])))


def _overlap(a: Piece, b: Piece) -> float:
    """Shared rows as a share of the lower one's height."""
    shared = min(a.box[3], b.box[3]) - max(a.box[1], b.box[1])
    return shared / max(1, min(a.height, b.height))


def _distance(a: Piece, b: Piece) -> float:
    """Pixels between two boxes, 0 when they overlap."""
    dx = max(a.box[0] - b.box[2], b.box[0] - a.box[2], 0)
    dy = max(a.box[1] - b.box[3], b.box[1] - a.box[3], 0)
    return float(np.hypot(dx, dy))


def _cut_line(line: list[Piece], height: float) -> list[Piece]:
    pieces: list[Piece] = []
    for stroke in line:
        wide_enough = stroke.width > WIDE * max(stroke.height, 0.7 * height) and stroke.height > 0.5 * height
        pieces.extend(_cut(stroke, height) if wide_enough else [stroke])
    return pieces


def _cut(stroke: Piece, height: float) -> list[Piece]:
    """The stroke parted along every path from top to bottom that crosses little ink."""
    seams = _seams(stroke.ink, height)
    if not seams:
        return [stroke]
    columns = np.arange(stroke.width)[None, :]
    pieces, before, cost = [], np.zeros(stroke.height, dtype=int), 0.0
    for path, crossed in [*seams, (np.full(stroke.height, stroke.width), 0.0)]:
        part = np.where((columns >= before[:, None]) & (columns < path[:, None]), stroke.ink, 0).astype(np.float32)
        piece = _trimmed(part, stroke, cost)
        before, cost = path, crossed
        if piece is not None:
            pieces.append(piece)
    return pieces


def _trimmed(part: Ink, stroke: Piece, cost: float) -> Piece | None:
    solid = part > INKED
    if solid.sum() < 4:
        return None
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    top, bottom, left, right = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
    box = (stroke.box[0] + left, stroke.box[1] + top, stroke.box[0] + right, stroke.box[1] + bottom)
    return Piece(part[top:bottom, left:right], box, stroke.stroke, cost)


def _seams(ink: Ink, height: float) -> list[tuple[NDArray[np.int64], float]]:
    """Cheapest paths from top to bottom near each thin place: column per row, and the ink crossed in pen widths."""
    from scipy import ndimage

    width = ink.shape[1]
    pen = max(1.0, _pen(ink))
    profile = ndimage.gaussian_filter1d(ink.sum(axis=0), max(1.0, 0.03 * height))
    edge = max(2, int(0.18 * height))
    reach = max(2, int(0.12 * height))
    places = [x for x in range(edge, width - edge) if profile[x] == profile[max(0, x - reach) : x + reach + 1].min()]
    seams: list[tuple[NDArray[np.int64], float]] = []
    for place in places:
        path, crossed = _path(ink, place, int(0.25 * height))
        far = not seams or float(np.mean(path - seams[-1][0])) >= edge
        if crossed / pen <= 4 and far:
            # Later paths must not run left of earlier ones, or a piece would be cut twice.
            seams.append((np.maximum(path, seams[-1][0]) if seams else path, crossed / pen))
    return seams[:8]


def _path(ink: Ink, place: int, sway: int) -> tuple[NDArray[np.int64], float]:
    """The path from top to bottom within `sway` columns of `place` that crosses least ink."""
    left, right = max(0, place - sway), min(ink.shape[1], place + sway + 1)
    price = ink[:, left:right] + 0.003 * np.abs(np.arange(left, right) - place)[None, :]
    total = price.astype(np.float64)
    step = np.zeros(total.shape, dtype=np.int64)
    for row in range(1, len(total)):
        padded = np.pad(total[row - 1], 1, constant_values=np.inf)
        # Slanting by one column per row costs a little, so that paths stay straight in white.
        choices = np.stack([padded[:-2] + 0.02, padded[1:-1], padded[2:] + 0.02])
        step[row] = choices.argmin(axis=0) - 1
        total[row] += choices.min(axis=0)
    path = np.zeros(len(total), dtype=np.int64)
    path[-1] = int(total[-1].argmin())
    for row in range(len(total) - 1, 0, -1):
        path[row - 1] = path[row] + step[row][path[row]]
    return path + left, float(ink[np.arange(len(path)), path + left].sum())


def _pen(ink: Ink) -> float:
    """Pen width in pixels: the median of the level runs of ink."""
    solid = np.pad(ink > INKED, ((0, 0), (1, 1))).astype(np.int8)
    edges = np.diff(solid, axis=1)
    starts, ends = np.nonzero(edges == 1)[1], np.nonzero(edges == -1)[1]
    return float(np.median(ends - starts)) if len(starts) else 1.0
