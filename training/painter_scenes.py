"""The painter's small world: one or two coloured things on a coloured ground, drawn exactly.

A scene is drawn from (seed, number) alone, so a set of a hundred thousand pictures is two numbers.
Some pairs of colour and shape are never drawn for learning: they show whether words are understood apart.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageDraw

SIZE = 128
FINER = 2  # drawn twice as large, then halved: smooth edges
COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (224, 40, 44),
    "orange": (245, 140, 30),
    "yellow": (250, 222, 50),
    "green": (46, 160, 72),
    "sky blue": (96, 202, 236),
    "blue": (38, 78, 210),
    "purple": (136, 58, 182),
    "pink": (250, 148, 194),
    "white": (250, 250, 250),
    "black": (24, 24, 28),
}
SHAPES = ("circle", "square", "triangle", "star", "heart", "diamond", "cross", "ring")
RELATIONS = ("left", "right", "above", "below")  # of the first thing as seen from the second
OPPOSITE = {"left": "right", "right": "left", "above": "below", "below": "above"}
# One colour of each shape, and no colour twice, is kept for the exam.
HELD_OUT = frozenset(
    {
        ("red", "heart"), ("orange", "cross"), ("yellow", "star"), ("green", "circle"),
        ("sky blue", "ring"), ("blue", "triangle"), ("purple", "square"), ("pink", "diamond"),
    }
)  # fmt: skip
# Half of the longer side, in pixels: alone and beside another.
REACH = {
    1: {"big": (34, 44), "middle": (26, 34), "small": (18, 24)},
    2: {"big": (24, 28), "middle": (20, 24), "small": (16, 19)},
}
EMOJI_REACH = {"big": (46, 54), "middle": (38, 46), "small": (29, 34)}  # less would not show their faces
Point = tuple[float, float]
Pixels = np.ndarray


@dataclass(frozen=True)
class Thing:
    """`kind` is a shape or the name of an emoji (which has no colour of its own to choose)."""

    kind: str
    colour: str | None
    size: str
    centre: Point
    reach: float


@dataclass(frozen=True)
class Scene:
    ground: str
    things: tuple[Thing, ...]
    relation: str | None = None  # of things[0] seen from things[1]

    def mirrored(self) -> Scene:
        """The same picture told from the other thing."""
        if self.relation is None:
            return self
        return replace(self, things=self.things[::-1], relation=OPPOSITE[self.relation])


@dataclass(frozen=True)
class Mix:
    """What is drawn how often."""

    pairs: float = 0.5
    emoji: tuple[str, ...] = ()
    emoji_share: float = 0.0
    exam: bool = False  # only the pairs kept for the exam, one thing alone


def pick(rng: np.random.Generator, options: tuple | list) -> str:
    return options[int(rng.integers(len(options)))]


def colour_and_shape(rng: np.random.Generator, ground: str, exam: bool) -> tuple[str, str]:
    while True:
        colour, shape = pick(rng, tuple(COLOURS)), pick(rng, SHAPES)
        if colour != ground and ((colour, shape) in HELD_OUT) == exam:
            return colour, shape


def thing(rng: np.random.Generator, ground: str, mix: Mix, around: Point, free: Point, alone: bool) -> Thing:
    """`free` is how far the centre may be moved from `around`, in x and y."""
    size = pick(rng, ("big", "middle", "small"))
    centre = tuple(float(a + rng.uniform(-f, f)) for a, f in zip(around, free, strict=True))
    if alone and rng.random() < mix.emoji_share:
        return Thing(pick(rng, mix.emoji), None, size, centre, float(rng.uniform(*EMOJI_REACH[size])))
    reach = float(rng.uniform(*REACH[1 if alone else 2][size]))
    colour, shape = colour_and_shape(rng, ground, mix.exam)
    return Thing(shape, colour, size, centre, reach)


def scene(seed: int, number: int, mix: Mix) -> Scene:
    rng = np.random.default_rng([seed, number])
    ground = pick(rng, tuple(COLOURS))
    middle = SIZE / 2
    if mix.exam or rng.random() >= mix.pairs:
        return Scene(ground, (thing(rng, ground, mix, (middle, middle), (10, 10), True),))
    relation = pick(rng, RELATIONS)
    away = {"left": (-1, 0), "right": (1, 0), "above": (0, -1), "below": (0, 1)}[relation]
    free = (2.0, 12.0) if away[0] else (12.0, 2.0)
    first, second = (
        thing(rng, ground, mix, (middle + side * away[0] * 31, middle + side * away[1] * 31), free, False)
        for side in (1, -1)
    )
    return Scene(ground, (first, second), relation)


def corners(count: int, turn: float = -90.0, inner: float = 1.0) -> list[Point]:
    """Corners around a centre, every second one at `inner`."""
    angles = [math.radians(turn + 360 * at / count) for at in range(count)]
    radii = [1.0 if at % 2 == 0 else inner for at in range(count)]
    return [(r * math.cos(a), r * math.sin(a)) for r, a in zip(radii, angles, strict=True)]


def heart() -> list[Point]:
    turns = np.linspace(0, 2 * math.pi, 80)
    x = 16 * np.sin(turns) ** 3
    y = -(13 * np.cos(turns) - 5 * np.cos(2 * turns) - 2 * np.cos(3 * turns) - np.cos(4 * turns))
    return list(zip((x / 16).tolist(), ((y - 2.5) / 16).tolist(), strict=True))


OUTLINES: dict[str, list[Point]] = {
    "square": [(-0.86, -0.86), (0.86, -0.86), (0.86, 0.86), (-0.86, 0.86)],
    "triangle": [(0.0, -0.92), (1.0, 0.82), (-1.0, 0.82)],
    "star": [(x * 1.05, y * 1.05 + 0.08) for x, y in corners(10, inner=0.42)],
    "heart": heart(),
    "diamond": [(0.0, -1.0), (0.72, 0.0), (0.0, 1.0), (-0.72, 0.0)],
    "cross": [
        (-0.32, -0.96), (0.32, -0.96), (0.32, -0.32), (0.96, -0.32), (0.96, 0.32), (0.32, 0.32),
        (0.32, 0.96), (-0.32, 0.96), (-0.32, 0.32), (-0.96, 0.32), (-0.96, -0.32), (-0.32, -0.32),
    ],
}  # fmt: skip


def draw_shape(
    pen: ImageDraw.ImageDraw, kind: str, centre: Point, reach: float, colour: object, ground: object
) -> None:
    def disc(share: float, paint: object) -> None:
        box = [c + sign * reach * share for sign in (-1, 1) for c in centre]
        pen.ellipse(box, fill=paint)

    if kind in OUTLINES:
        pen.polygon([(centre[0] + reach * x, centre[1] + reach * y) for x, y in OUTLINES[kind]], fill=colour)
        return
    disc(0.95, colour)
    if kind == "ring":
        disc(0.52, ground)


def silhouette(kind: str, size: int = 64) -> Pixels:
    """The shape alone as a mask, cut to its own box."""
    canvas = Image.new("L", (size * 2, size * 2))
    draw_shape(ImageDraw.Draw(canvas), kind, (size, size), size * 0.9, 255, 0)
    return np.asarray(canvas.crop(canvas.getbbox())) > 127


EmojiPictures = dict[str, Image.Image]


def draw(what: Scene, emoji: EmojiPictures | None = None) -> Pixels:
    """(128, 128, 3) uint8."""
    ground = COLOURS[what.ground]
    canvas = Image.new("RGB", (SIZE * FINER, SIZE * FINER), ground)
    pen = ImageDraw.Draw(canvas)
    for one in what.things:
        centre = (one.centre[0] * FINER, one.centre[1] * FINER)
        if one.colour is not None:
            draw_shape(pen, one.kind, centre, one.reach * FINER, COLOURS[one.colour], ground)
            continue
        side = round(one.reach * 2 * FINER)
        picture = (emoji or {})[one.kind].resize((side, side), Image.Resampling.BILINEAR)
        canvas.paste(picture, (round(centre[0] - side / 2), round(centre[1] - side / 2)), picture)
    return np.asarray(canvas.reduce(FINER))
