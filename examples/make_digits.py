"""Draws `examples/digits/`: python -m examples.make_digits

Everything is made of pen strokes and computed paper; no picture of anybody else is used.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.digits.fit import fitted
from training import digits_strokes as strokes
from training.digits_paper import inked

FOLDER = Path(__file__).parent / "digits"
ZIP_CODE = "06236"
LINES = ("1785", "30924")


def place(canvas: NDArray[np.float64], picture: Image.Image, x: int, y: int) -> None:
    """Ink of `picture` onto the canvas, its upper left corner at (x, y)."""
    ink = np.asarray(picture, dtype=float) / 255
    part = canvas[y : y + ink.shape[0], x : x + ink.shape[1]]
    np.maximum(part, ink[: part.shape[0], : part.shape[1]], out=part)


def written(text: str, size: int, rng: np.random.Generator, pen: float, step: float = 0.62) -> NDArray[np.float64]:
    """Digits in a row, each `size` pixels of canvas, on a base line that is not quite straight."""
    canvas = np.zeros((size + size // 4, int(size * (step * len(text) + 0.6))))
    for at, label in enumerate(text):
        picture = strokes.digit(int(label), rng, size, 0.02, pen)
        place(canvas, picture, round(at * step * size), size // 8 + int(rng.normal(0, 0.03) * size))
    return canvas


def photo(ink: NDArray[np.float64], name: str, seed: int, turn: float = 0.0) -> None:
    """Ink on paper under a lamp, slightly turned, as JPEG."""
    turned = Image.fromarray((ink * 255).astype(np.uint8)).rotate(turn, Image.Resampling.BICUBIC, expand=True)
    inked(np.asarray(turned, dtype=float) / 255, np.random.default_rng(seed)).save(FOLDER / name, quality=88)


def framed(ink: NDArray[np.float64], margin: int) -> NDArray[np.float64]:
    return np.pad(ink, margin)


def single_digits() -> None:
    rng = np.random.default_rng(20)
    photo(framed(written("4", 300, rng, 0.07), 60), "four-on-paper.jpg", 3)
    photo(framed(written("7", 260, rng, 0.06), 50), "seven-on-paper.jpg", 8, turn=6)
    chalk = np.asarray(strokes.digit(8, rng, 240, 0.02, 0.09), dtype=float) / 255
    board = rng.normal(48, 5, (*chalk.shape, 1)) + np.array([0, 14, 6])
    drawn = board * (1 - chalk[..., None]) + 225 * chalk[..., None]
    Image.fromarray(drawn.clip(0, 255).astype(np.uint8)).save(FOLDER / "eight-on-blackboard.png")
    alpha = strokes.digit(5, rng, 280, 0.02, 0.1)
    clear = Image.new("RGBA", alpha.size, (20, 60, 160, 0))
    clear.putalpha(alpha)
    clear.save(FOLDER / "five-transparent.png")
    two = fitted(np.asarray(strokes.digit(2, np.random.default_rng(2), 120, 0.02, 0.1), dtype=np.float32) / 255)
    Image.fromarray(np.round(two * 255).astype(np.uint8)).save(FOLDER / "two-28x28.png")


def numbers() -> None:
    rng = np.random.default_rng(33)
    photo(framed(written(ZIP_CODE, 220, rng, 0.075), 70), "zip-code-06236.jpg", 12, turn=-2.5)
    rows = [written(line, 150, rng, 0.08) for line in LINES]
    canvas = np.zeros((sum(row.shape[0] for row in rows) + 30, max(row.shape[1] for row in rows)))
    y = 0
    for row in rows:
        canvas[y : y + row.shape[0], : row.shape[1]] = row
        y += row.shape[0] + 30
    photo(framed(canvas, 40), "two-lines-1785-30924.jpg", 5)


def no_digits() -> None:
    rng = np.random.default_rng(41)
    photo(framed(np.asarray(strokes.sign("K", rng, 280), dtype=float) / 255, 20), "letter-k.jpg", 6)
    walk = strokes.scribble(np.random.default_rng(3), 280)
    photo(framed(np.asarray(walk, dtype=float) / 255, 20), "scribble.jpg", 7)


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    single_digits()
    numbers()
    no_digits()


if __name__ == "__main__":
    main()
