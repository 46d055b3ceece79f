"""Reads a painted picture: its ground, its things with colour and shape, and how two of them stand.

Rules, not a network: nothing here is learned, so nothing here can be fooled into liking what the painter likes.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import cv2
import numpy as np

from training.painter_scenes import COLOURS, SHAPES, Pixels, Scene, silhouette

SMALLEST = 0.008  # of the picture: less is a speck
APART = 55.0  # distance in RGB from the ground at which a pixel belongs to a thing
LIKE = 0.65  # less overlap with the best silhouette is a blob
RIM = 3
SIDE = 48
PALETTE = np.array(list(COLOURS.values()), dtype=np.float32)
NAMES = tuple(COLOURS)
BLOB = "blob"


@dataclass(frozen=True)
class Found:
    shape: str
    colour: str
    centre: tuple[float, float]
    likeness: float


@dataclass(frozen=True)
class Reading:
    ground: str
    things: tuple[Found, ...]


@dataclass(frozen=True)
class Verdict:
    """What is right about a picture; `colours` and `shapes` of all things, `all` of these together."""

    ground: bool
    count: bool
    colours: bool
    shapes: bool
    relation: bool
    all: bool


@functools.cache
def templates() -> dict[str, tuple[Pixels, float]]:
    """Each shape's filled silhouette and its width over height."""
    found = {}
    for kind in SHAPES:
        mask = silhouette(kind)
        found[kind] = (boxed(mask), mask.shape[1] / mask.shape[0])
    return found


def boxed(mask: Pixels) -> Pixels:
    soft = cv2.resize(mask.astype(np.float32), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return soft > 0.5


def nearest_colour(rgb: Pixels) -> str:
    return NAMES[int(((PALETTE - rgb) ** 2).sum(1).argmin())]


def shape_of(mask: Pixels) -> tuple[str, float]:
    aspect = mask.shape[1] / mask.shape[0]
    small = boxed(mask)

    def likeness(kind: str) -> float:
        template, its_aspect = templates()[kind]
        overlap = (small & template).sum() / max(1, (small | template).sum())
        return float(overlap - 0.4 * abs(math.log(aspect / its_aspect)))

    best = max(SHAPES, key=likeness)
    return (best if likeness(best) >= LIKE else BLOB), likeness(best)


def read_thing(picture: Pixels, mask: Pixels, box: tuple[int, int, int, int]) -> Found:
    x, y, width, height = box
    inner = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    pixels = picture[inner if inner.sum() >= 12 else mask]
    shape, likeness = shape_of(mask[y : y + height, x : x + width])
    rows, columns = np.nonzero(mask)
    return Found(shape, nearest_colour(np.median(pixels, axis=0)), (columns.mean(), rows.mean()), likeness)


def read(picture: Pixels) -> Reading:
    """`picture` is (H, W, 3) uint8."""
    calm = cv2.medianBlur(np.ascontiguousarray(picture), 3).astype(np.float32)
    edge = np.ones(calm.shape[:2], dtype=bool)
    edge[2 * RIM : -2 * RIM, 2 * RIM : -2 * RIM] = False
    edge[:RIM], edge[-RIM:], edge[:, :RIM], edge[:, -RIM:] = False, False, False, False
    middle = np.median(calm[edge], axis=0)
    apart = np.linalg.norm(calm - middle, axis=2) > APART
    apart[:RIM], apart[-RIM:], apart[:, :RIM], apart[:, -RIM:] = False, False, False, False
    count, labels, stats, _ = cv2.connectedComponentsWithStats(apart.astype(np.uint8), connectivity=8)
    things = [
        read_thing(calm, labels == at, tuple(stats[at, :4]))
        for at in range(1, count)
        if stats[at, cv2.CC_STAT_AREA] >= SMALLEST * apart.size
    ]
    return Reading(nearest_colour(middle), tuple(things))


def relation_of(first: Found, second: Found) -> str:
    """Of the first, as seen from the second."""
    across, down = (a - b for a, b in zip(first.centre, second.centre, strict=True))
    if abs(across) >= abs(down):
        return "left" if across < 0 else "right"
    return "above" if down < 0 else "below"


def told_apart(reading: Reading, scene: Scene) -> tuple[Found, ...]:
    """The found things in the order of the scene's, whichever order fits best."""
    if len(reading.things) != 2 or len(scene.things) != 2:
        return reading.things

    def fit(order: tuple[Found, ...]) -> int:
        pairs = list(zip(order, scene.things, strict=True))
        stand = relation_of(*order) == scene.relation
        return sum(f.shape == t.kind for f, t in pairs) + sum(f.colour == t.colour for f, t in pairs) + stand

    return max((reading.things, reading.things[::-1]), key=fit)


def verdict(picture: Pixels, scene: Scene) -> Verdict:
    """For scenes of shapes; the things of emoji scenes are judged apart."""
    reading = read(picture)
    things = told_apart(reading, scene)
    ground, count = reading.ground == scene.ground, len(things) == len(scene.things)
    pairs = list(zip(things, scene.things, strict=False)) if count else []
    colours = count and all(found.colour == thing.colour for found, thing in pairs)
    shapes = count and all(found.shape == thing.kind for found, thing in pairs)
    relation = count and (scene.relation is None or relation_of(things[0], things[1]) == scene.relation)
    return Verdict(ground, count, colours, shapes, relation, ground and colours and shapes and relation)


def shares(verdicts: list[Verdict]) -> dict[str, float]:
    """Percent right."""
    names = ("ground", "count", "colours", "shapes", "relation", "all")
    return {name: round(100 * sum(getattr(v, name) for v in verdicts) / max(1, len(verdicts)), 1) for name in names}
