"""Handwriting from pen strokes: digits as people of several countries write them, letters and signs that are no digits.

A shape is a list of strokes, a stroke a list of points in a box one wide and one high (y goes down), written in
percent. `~` strokes are rounded through their points, `-` strokes are straight. Knows nothing of networks.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Points = list[tuple[float, float]]
Stroke = tuple[str, Points]
Shape = list[Stroke]

# Several ways to write each digit: the flagged 1 and crossed 7 of Europe, the hooked 7 of Korea, open and closed 4.
DIGITS: dict[str, list[str]] = {
    "0": [
        "~ 50,0 15,20 8,60 35,98 70,90 90,50 75,10 45,1",
        "~ 60,3 20,10 5,50 25,95 60,100 90,70 90,30 65,2 40,6",
    ],
    "1": [
        "- 50,0 50,100",
        "- 35,20 55,0 55,100",
        "- 20,40 60,0 60,100",
        "- 35,20 55,0 55,100 | - 30,100 80,100",
    ],
    "2": [
        "~ 10,25 30,2 70,5 80,30 55,65 10,98 | - 10,98 90,97",
        "~ 12,20 45,0 80,20 60,60 20,95 10,85 30,78 60,97 95,90",
        "~ 10,20 40,0 85,15 75,50 40,80 5,100 | - 5,100 85,100",
    ],
    "3": [
        "~ 10,10 45,0 80,20 70,40 35,48 | ~ 35,48 80,55 90,80 50,100 8,90",
        "- 15,0 80,0 40,40 | ~ 40,40 85,50 85,85 45,100 5,88",
    ],
    "4": [
        "- 60,0 5,65 95,65 | - 70,30 70,100",
        "- 15,0 10,50 85,50 | - 80,0 75,100",
        "- 70,100 70,0 5,65 95,65",
        "- 40,0 10,60 90,60 | - 65,30 55,100",
    ],
    "5": [
        "- 85,0 25,2 20,42 | ~ 20,42 60,35 90,65 60,97 10,92",
        "- 25,2 20,45 | ~ 20,45 65,40 85,70 50,100 8,93 | - 25,2 90,0",
        "~ 90,0 35,5 20,35 60,45 85,70 50,100 10,90",
    ],
    "6": [
        "~ 70,0 35,20 12,60 30,97 70,95 85,70 60,50 20,65",
        "~ 55,0 20,35 10,75 40,100 80,85 70,55 35,55 14,78",
    ],
    "7": [
        "- 8,3 88,0 40,100",
        "- 8,3 88,0 40,100 | - 30,50 82,48",
        "- 12,28 12,3 85,3 50,100",
        "~ 5,12 40,3 85,5 60,45 45,100",
    ],
    "8": [
        "~ 75,12 40,0 15,22 50,48 85,75 50,100 15,78 50,48 82,20 70,8",
        "~ 50,46 20,25 50,0 80,22 50,46 | ~ 50,46 10,75 50,100 90,75 50,46",
    ],
    "9": [
        "~ 80,20 45,0 12,25 35,50 75,35 82,15 | - 82,15 70,100",
        "~ 82,12 40,2 15,30 45,52 80,30 85,10 85,60 65,95 25,98",
    ],
}

# Letters and signs that nobody takes for a digit; O, I, l, S, Z, B, g, q, b are left out on purpose.
NON_DIGITS: dict[str, str] = {
    "A": "- 0,100 50,0 100,100 | - 20,60 80,60",
    "E": "- 90,0 10,0 10,100 90,100 | - 10,50 75,50",
    "F": "- 90,0 10,0 10,100 | - 10,48 75,48",
    "H": "- 10,0 10,100 | - 90,0 90,100 | - 10,50 90,50",
    "K": "- 10,0 10,100 | - 90,0 10,55 | - 30,45 95,100",
    "M": "- 0,100 10,0 50,60 90,0 100,100",
    "N": "- 10,100 10,0 90,100 90,0",
    "R": "- 10,100 10,0 | ~ 10,0 80,5 85,40 10,50 | - 40,50 95,100",
    "P": "- 10,100 10,0 | ~ 10,0 80,5 85,42 10,52",
    "T": "- 0,0 100,0 | - 50,0 50,100",
    "W": "- 0,0 25,100 50,40 75,100 100,0",
    "X": "- 0,0 100,100 | - 100,0 0,100",
    "V": "- 0,0 50,100 100,0",
    "Q": "~ 50,0 10,30 20,90 70,95 95,50 50,0 | - 50,60 100,105",
    "m": "~ 0,100 2,10 25,0 40,20 45,100 | ~ 45,40 65,0 90,15 100,100",
    "e": "~ 10,50 90,45 80,10 40,0 5,50 40,100 90,85",
    "a": "~ 80,10 30,10 10,60 40,95 80,60 80,10 85,80 105,100",
    "k": "- 15,-40 15,100 | - 80,20 15,65 90,100",
    "d": "~ 80,40 30,40 10,75 50,100 85,60 | - 88,-30 88,100",
    "h": "- 10,-30 10,100 | ~ 10,60 45,30 85,50 85,100",
    "plus": "- 50,0 50,100 | - 0,50 100,50",
    "hash": "- 30,0 25,100 | - 75,0 70,100 | - 0,33 100,30 | - 0,70 100,67",
    "equals": "- 0,30 100,30 | - 0,70 100,70",
    "dash": "- 0,50 100,50",
    "tick": "- 0,60 30,100 100,0",
    "arrow": "- 0,50 100,50 | - 65,20 100,50 65,80",
    "star": "- 50,0 80,100 0,38 100,38 20,100 50,0",
    "triangle": "- 50,0 100,100 0,100 50,0",
    "house": "- 0,100 0,40 50,0 100,40 100,100 0,100",
    "heart": "~ 50,100 0,45 10,10 40,5 50,30 60,5 90,10 100,45 50,100",
    "spiral": "~ 50,50 60,40 70,55 50,72 28,50 45,20 85,30 95,70 50,100 5,70 5,20 50,-5",
    "wave": "~ 0,60 15,40 30,60 45,40 60,60 75,40 90,60 100,50",
    "smile": "~ 50,0 10,20 0,60 40,100 90,80 100,30 50,0 | - 33,30 34,40 | - 66,30 67,40 | ~ 25,60 50,80 75,60",
    "giyeok-a": "- 0,10 50,10 35,90 | - 75,0 75,100 | - 75,50 100,50",
    "question": "~ 10,25 30,0 80,10 75,40 45,55 45,75 | - 44,96 46,100",
}


def shape_of(written: str) -> Shape:
    """`~ 50,0 15,20 | - 0,0 100,100` (percent of the box) as strokes."""
    strokes = []
    for stroke in written.split(" | "):
        kind, *points = stroke.split()
        strokes.append((kind, [(int(x) / 100, int(y) / 100) for x, y in (point.split(",") for point in points)]))
    return strokes


def rounded(points: NDArray[np.float64], steps: int = 10) -> NDArray[np.float64]:
    """A Catmull-Rom curve through `points` (n, 2)."""
    padded = np.vstack([points[0], points, points[-1]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    pieces = []
    for a, b, c, d in zip(padded[:-3], padded[1:-2], padded[2:-1], padded[3:], strict=True):
        pieces.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    return np.vstack([*pieces, points[-1:]])


def draw(
    shape: Shape, rng: np.random.Generator, size: int = 64, shake: float = 0.035, pen: float | None = None
) -> Image.Image:
    """The shape in white on black, its points shaken and its proportions varied. `pen` is a share of the height."""
    scale = 3
    canvas = Image.new("L", (size * scale, size * scale))
    pencil = ImageDraw.Draw(canvas)
    high = size * scale * 0.62
    wide = high * rng.uniform(0.5, 0.95)
    width = high * (rng.uniform(0.05, 0.17) if pen is None else pen)
    slant = rng.normal(0.0, 0.12)
    for kind, points in shape:
        dots = np.asarray(points) + rng.normal(0, shake, (len(points), 2))
        curve = rounded(dots) if kind == "~" else dots
        x = (curve[:, 0] - 0.5) * wide - (curve[:, 1] - 0.5) * slant * high + canvas.width / 2
        y = (curve[:, 1] - 0.5) * high + canvas.height / 2
        path = list(zip(x.tolist(), y.tolist(), strict=True))
        pencil.line(path, fill=255, width=max(1, round(width)), joint="curve")
        for px, py in (path[0], path[-1]):
            pencil.ellipse([px - width / 2, py - width / 2, px + width / 2, py + width / 2], fill=255)
    return canvas.resize((size, size), Image.Resampling.LANCZOS)


def digit(
    label: int, rng: np.random.Generator, size: int = 64, shake: float = 0.035, pen: float | None = None
) -> Image.Image:
    variants = DIGITS[str(label)]
    return draw(shape_of(variants[int(rng.integers(len(variants)))]), rng, size, shake, pen)


def sign(name: str, rng: np.random.Generator, size: int = 64) -> Image.Image:
    return draw(shape_of(NON_DIGITS[name]), rng, size)


def scribble(rng: np.random.Generator, size: int = 64) -> Image.Image:
    """A long pen walk that means nothing."""
    count = int(rng.integers(11, 26))  # shorter walks may look like a digit
    points = np.cumsum(rng.normal(0, 0.33, (count, 2)), axis=0)
    points = (points - points.min(0)) / (np.ptp(points, axis=0) + 1e-6)
    if rng.random() < 0.4:  # zigzag, as when a child fills an area
        points[:, 0] = np.arange(count) % 2 + rng.normal(0, 0.1, count)
        points[:, 1] = np.linspace(0, 1, count)
    kind = "~" if rng.random() < 0.7 else "-"
    return draw([(kind, [(float(x), float(y)) for x, y in points])], rng, size, 0.0)
