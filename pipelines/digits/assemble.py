"""Pieces of ink to digits: of all ways to join neighbours, the one that the network finds most digit-like."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.digits import prepare
from pipelines.digits.fit import Ink
from pipelines.digits.ink import Grey, grey, looks
from pipelines.digits.segment import Piece, lines_of
from pipelines.digits.types import DigitsEngine, FoundDigit
from pipelines.job import Job

LONGEST = 1000  # pixels: larger pictures are reduced before digits are looked for
MOST_JOINED = 4  # pieces in one digit
NOT_A_DIGIT = 10

# Costs in units of -log(probability), tuned on numbers composed of validation digits (benchmarks/digits.py).
CUT = 0.7  # parting one connected stroke
CUT_INK = 0.35  # and for each pen width of ink on the cut
JOIN = 0.6  # putting separate strokes into one digit
LOW = 2.0  # a digit much lower than its neighbours
THIN = 1.3  # a cut that makes a narrow upright bar: letters fall into such bars, digits seldom
DROP, DROP_WIDE = 1.8, 1.0  # taking a whole stroke for a letter or dirt, and more for each height it is wide
MUCH_MORE, MANY_SURE = 1.0, 1.4  # sure digits count 0.4 each
DOUBTFUL, SURE = 0.6, 0.85  # confidences: a digit below the first counts against a reading
MOST_UNREST = 0.6  # looser than for single digits: neighbours and rules stand in the box
FAR = 8.0  # per digit height between joined strokes


@dataclass(frozen=True)
class _Group:
    """Pieces `start` to `end` (outside) read as one digit, or as dirt when `digit` is None."""

    start: int
    end: int
    cost: float
    digit: int | None = None
    confidence: float = 0.0


def find_digits(
    image: Image.Image, network: DigitsEngine, job: Job | None = None, thorough: bool = True
) -> list[list[FoundDigit]]:
    """Lines of digits; boxes are in pixels of `image`. Empty when there are none.

    `thorough` looks again, for small writing and sheets on tables, until a reading is sure.
    """
    job = job or Job()
    small = prepare.reduced(image, LONGEST)
    picture = grey(small)
    best: list[list[FoundDigit]] = []
    stages = looks(picture) if thorough else islice(looks(picture), 1)
    for number, found in ((number, found) for number, maps in enumerate(stages) for found in maps):
        job.check()
        lines = _on_paper(_read(found.ink, network, job), picture, found.ink)
        sure = _is_sure(lines)
        # Looking closer finds something in any scribble and stain: it must be sure, or find much more.
        lines = lines if number == 0 else [line for line in lines if _confidence(line) > DOUBTFUL]
        needed = 0.0 if number == 0 or sure else MUCH_MORE
        if _certainty(lines) > _certainty(best) + needed:
            best = lines
        # In uneven light a stain may look like one sure digit, not like four: else the other ways are heard as well.
        if sure and (found.even_light or _certainty(lines) > MANY_SURE):
            break
    scale = (image.width / small.width, image.height / small.height)
    return [[_scaled(digit, scale, image.size) for digit in line] for line in best]


def parts_of(image: Image.Image, network: DigitsEngine) -> list[FoundDigit]:
    """All digits of a picture in reading order, at one look."""
    return [digit for line in find_digits(image, network, thorough=False) for digit in line]


def _on_paper(lines: list[list[FoundDigit]], picture: Grey, ink: Ink) -> list[list[FoundDigit]]:
    """Without what is no pen on paper: the edge of a sheet taken for a one, texture of a photo."""
    kept = [[digit for digit in line if _is_written(digit, picture, ink)] for line in lines]
    return [line for line in kept if line]


def _is_written(digit: FoundDigit, picture: Grey, ink: Ink) -> bool:
    if digit.digit == 1 and _is_edge(picture, digit.box):
        return False
    x, y, width, height = digit.box
    rows, columns = slice(max(0, y - 5), y + height + 5), slice(max(0, x - 5), x + width + 5)
    return prepare.unrest(picture[rows, columns], ink[rows, columns], smallest=0) <= MOST_UNREST


def _is_edge(picture: Grey, box: list[int]) -> bool:
    """Whether the two sides of an upright line differ about as much as the line differs from the brighter side."""
    x, y, width, height = box
    if width > 0.35 * height:
        return False
    reach = max(3, width)
    left = picture[y : y + height, max(0, x - reach - 2) : max(0, x - 2)]
    right = picture[y : y + height, x + width + 2 : x + width + reach + 2]
    if not left.size or not right.size:
        return False  # at the very border of the picture nothing tells a stroke from an edge
    here, sides = float(np.median(picture[y : y + height, x : x + width])), (np.median(left), np.median(right))
    contrast = max(abs(here - float(side)) for side in sides)
    return abs(float(sides[0] - sides[1])) > 0.5 * max(contrast, 1.0)


def _confidence(line: list[FoundDigit]) -> float:
    return sum(digit.confidence for digit in line) / len(line)


def _certainty(lines: list[list[FoundDigit]]) -> float:
    """How much one would bet on a reading: sure digits count for it, doubtful ones against."""
    return sum(digit.confidence - DOUBTFUL for line in lines for digit in line)


def _is_sure(lines: list[list[FoundDigit]]) -> bool:
    """Whether a further look could hardly find better."""
    sure = [digit.confidence for line in lines for digit in line]
    return bool(sure) and min(sure) > DOUBTFUL and sum(sure) / len(sure) > SURE


def _read(ink: Ink, network: DigitsEngine, job: Job) -> list[list[FoundDigit]]:
    lines, height = lines_of(ink)
    found = []
    for pieces in lines:
        job.check()
        digits = _best_line(pieces, height, network)
        if digits:
            found.append(digits)
    return found


def _best_line(pieces: list[Piece], height: float, network: DigitsEngine) -> list[FoundDigit]:
    groups = _groups(pieces, height)
    if not groups:
        return []
    frames = np.stack([prepare.to_frame(_joined(pieces[start:end])) for start, end in groups])
    answers = np.concatenate([network.predict(frames[at : at + 64]) for at in range(0, len(frames), 64)])
    choices = [_group(pieces, start, end, answer, height) for (start, end), answer in zip(groups, answers, strict=True)]
    choices += _drops(pieces, height)
    best = _cheapest(choices, len(pieces))
    return [_found(pieces, group) for group in best if group.digit is not None]


def _drops(pieces: list[Piece], height: float) -> list[_Group]:
    """Every connected stroke as something that is no digit."""
    drops = []
    start = 0
    for end in range(1, len(pieces) + 1):
        if end == len(pieces) or pieces[end].stroke != pieces[start].stroke:
            left, top, right, bottom = _box(pieces[start:end])
            size = (right - left) / max(height, 1.0) if bottom - top > 0.5 * height else 0.0
            drops.append(_Group(start, end, DROP + DROP_WIDE * size))
            start = end
    return drops


def _group(pieces: list[Piece], start: int, end: int, answer: NDArray[np.float32], height: float) -> _Group:
    digit = int(answer[:NOT_A_DIGIT].argmax())
    return _Group(start, end, _cost(pieces, start, end, answer, height), digit, float(answer[digit]))


def _groups(pieces: list[Piece], height: float) -> list[tuple[int, int]]:
    """Neighbouring pieces that could be one digit: not too wide, not too far apart."""
    groups = []
    for start in range(len(pieces)):
        for end in range(start + 1, min(start + MOST_JOINED, len(pieces)) + 1):
            left, top, right, bottom = _box(pieces[start:end])
            if end - start > 1 and right - left > 1.5 * max(height, bottom - top):
                break
            if bottom - top <= 2.2 * height:
                groups.append((start, end))
    return groups


def _box(pieces: list[Piece]) -> tuple[int, int, int, int]:
    lefts, tops, rights, bottoms = zip(*(piece.box for piece in pieces), strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def _joined(pieces: list[Piece]) -> Ink:
    left, top, right, bottom = _box(pieces)
    ink = np.zeros((bottom - top, right - left), dtype=np.float32)
    for piece in pieces:
        x, y = piece.box[0] - left, piece.box[1] - top
        part = ink[y : y + piece.height, x : x + piece.width]
        np.maximum(part, piece.ink, out=part)
    return ink


def _cost(pieces: list[Piece], start: int, end: int, answer: NDArray[np.float32], height: float) -> float:
    """What speaks against these pieces being one digit."""
    cost = -float(np.log(max(float(answer[:NOT_A_DIGIT].max()), 1e-5)))
    left, top, right, bottom = _box(pieces[start:end])
    cut_left = start > 0 and pieces[start - 1].stroke == pieces[start].stroke
    cut_right = end < len(pieces) and pieces[end].stroke == pieces[end - 1].stroke
    if cut_left:
        cost += CUT + CUT_INK * pieces[start].cut_cost
    if (cut_left or cut_right) and right - left < 0.35 * (bottom - top):
        cost += THIN
    for before, after in zip(pieces[start : end - 1], pieces[start + 1 : end], strict=True):
        if before.stroke != after.stroke:
            gap = max(0.0, max(before.box[0], after.box[0]) - min(before.box[2], after.box[2]))
            cost += JOIN + FAR * gap / max(height, 1.0)
    return cost + (LOW if bottom - top < 0.5 * height else 0.0)


def _cheapest(choices: list[_Group], count: int) -> list[_Group]:
    """The chain of groups from the first piece to the last that costs least in all."""
    best: list[tuple[float, list[_Group]]] = [(0.0, [])]
    for end in range(1, count + 1):
        chains = [(best[g.start][0] + g.cost, [*best[g.start][1], g]) for g in choices if g.end == end]
        # Inside a stroke that is too high for a digit no chain may end; it is only dropped as a whole.
        best.append(min(chains, key=lambda chain: chain[0], default=(np.inf, [])))
    return best[count][1]


def _found(pieces: list[Piece], group: _Group) -> FoundDigit:
    assert group.digit is not None
    left, top, right, bottom = _box(pieces[group.start : group.end])
    return FoundDigit(group.digit, group.confidence, [left, top, right - left, bottom - top])


def _scaled(digit: FoundDigit, scale: tuple[float, float], size: tuple[int, int]) -> FoundDigit:
    """The box in pixels of the picture that was given, never outside it."""
    x, y, width, height = digit.box
    left, top = min(round(x * scale[0]), size[0] - 1), min(round(y * scale[1]), size[1] - 1)
    right, bottom = min(round((x + width) * scale[0]), size[0]), min(round((y + height) * scale[1]), size[1])
    return FoundDigit(digit.digit, digit.confidence, [left, top, max(1, right - left), max(1, bottom - top)])
