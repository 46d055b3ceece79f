"""Measures the digits tab through its pipeline: how often it is right, what it refuses, how long it takes.

    MODU_MNIST_DIR=folder python -m benchmarks.digits [--fonts FOLDER] [--photos FOLDER] [--count N]

Only the last 5,000 pictures of MNIST's training set are used, which the network did not learn from. Without
MODU_MNIST_DIR the rows that need MNIST are left out. Prints a Markdown table.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines import digits, settings
from training import digits_pictures as pictures
from training import digits_strokes as strokes
from training.digits_paper import inked

VALIDATION = 5_000
Row = tuple[str, str, str]
Truth = tuple[Image.Image, str]
Change = Callable[[NDArray[np.uint8], np.random.Generator], Image.Image]


def score(name: str, items: Iterable[Truth]) -> Row:
    """Share of pictures read right; a refusal is an error, and is also counted by itself."""
    right = refused = count = 0
    for picture, label in items:
        reading = digits.recognize(picture, explain=False)
        right += reading.label == label
        refused += reading.rejected
        count += 1
    return name, f"{100 * right / count:.2f} %", f"{refused} of {count} refused"


def score_refusals(name: str, items: Iterable[Image.Image]) -> Row:
    """Share of things that are no digit and were refused."""
    readings = [digits.recognize(picture, explain=False).rejected for picture in items]
    return name, f"{100 * sum(readings) / len(readings):.2f} %", f"{sum(readings)} of {len(readings)} refused"


# Pictures of digits, as different sources would give them. Each takes a MNIST picture (28, 28).


def as_is(digit: NDArray[np.uint8], rng: np.random.Generator) -> Image.Image:
    return Image.fromarray(digit)


def negative(digit: NDArray[np.uint8], rng: np.random.Generator) -> Image.Image:
    return Image.fromarray(255 - digit)


def noisy(digit: NDArray[np.uint8], rng: np.random.Generator) -> Image.Image:
    return Image.fromarray(np.clip(digit + rng.normal(0, 15, digit.shape), 0, 255).astype(np.uint8))


def cropped(digit: NDArray[np.uint8]) -> Image.Image:
    rows, columns = np.flatnonzero(digit.max(1) > 60), np.flatnonzero(digit.max(0) > 60)
    return Image.fromarray(digit[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])


def sixteen(digit: NDArray[np.uint8], rng: np.random.Generator) -> Image.Image:
    """16x16 grey, the digit from edge to edge, as in USPS."""
    small = cropped(digit)
    factor = 16 / max(small.size)
    small = small.resize((max(2, round(small.width * factor)), max(2, round(small.height * factor))))
    canvas = Image.new("L", (16, 16))
    canvas.paste(small, ((16 - small.width) // 2, (16 - small.height) // 2))
    return canvas


def sixteen_binary(digit: NDArray[np.uint8], rng: np.random.Generator) -> Image.Image:
    """16x16 black on white, stretched to the square (but for thin ones), as in Semeion."""
    small = cropped(digit)
    width = 16 if small.width > 0.45 * small.height else max(4, round(16 * small.width / small.height))
    canvas = Image.new("L", (16, 16))
    canvas.paste(small.resize((width, 16), Image.Resampling.BICUBIC), ((16 - width) // 2, 0))
    return canvas.point(lambda value: 0 if value > 110 else 255)


def photographed(digit: NDArray[np.uint8], rng: np.random.Generator) -> Image.Image:
    """One digit on paper, not in the middle, a photo of 200 to 500 pixels."""
    height, width = int(rng.integers(200, 500)), int(rng.integers(200, 500))
    side = int(min(height, width) * rng.uniform(0.45, 0.95))
    big = Image.fromarray(digit).resize((side, side), Image.Resampling.BICUBIC)
    canvas = Image.new("L", (width, height))
    canvas.paste(big, (int(rng.integers(0, width - side + 1)), int(rng.integers(0, height - side + 1))))
    return inked(np.asarray(canvas, dtype=float) / 255, rng)


def number(
    labels: NDArray[np.int64], images: NDArray[np.uint8], rng: np.random.Generator, closeness: float
) -> tuple[Image.Image, str]:
    """Five digits in a row on paper. `closeness` 0: clearly apart, 1: neighbours often touch."""
    chosen = rng.integers(0, len(labels), 5)
    size = int(rng.integers(44, 110))
    canvas = Image.new("L", (size * 8, size * 3))
    x, y = size, size
    climb = rng.normal(0, 0.06)
    for at in chosen:
        part = cropped(images[at])
        factor = size / 20 * rng.uniform(0.85, 1.12)
        size_now = (max(2, round(part.width * factor)), max(2, round(part.height * factor)))
        part = part.resize(size_now, Image.Resampling.BICUBIC)
        top = y + round((size - part.height) / 2 + rng.normal(0, 0.04) * size + climb * (x - size))
        ink = np.asarray(canvas).copy()
        ink[top : top + part.height, x : x + part.width] |= np.asarray(part)
        canvas = Image.fromarray(ink)
        x += part.width + round(size * (rng.uniform(0.12, 0.4) - 0.19 * closeness))
    width = min(canvas.width, x + size)
    ink = np.asarray(canvas.crop((0, 0, width, canvas.height)), dtype=float) / 255
    return inked(ink, rng), "".join(str(int(label)) for label in labels[chosen])


def mnist_rows(count: int) -> Iterator[Row]:
    images, labels = pictures.mnist(settings.current().mnist_dir)
    images, labels = images[-VALIDATION:], labels[-VALIDATION:]
    sources: dict[str, Change] = {
        "MNIST validation, 28x28 as it is": as_is,
        "MNIST validation, negative": negative,
        "MNIST validation, noise sigma 15": noisy,
        "MNIST validation as USPS scans (16x16 grey)": sixteen,
        "MNIST validation as Semeion scans (16x16 black and white)": sixteen_binary,
        "MNIST validation as photos on paper": photographed,
    }
    for name, change in sources.items():
        rng = np.random.default_rng(7)
        used = VALIDATION if change is as_is else count
        yield score(name, ((change(images[at], rng), str(labels[at])) for at in range(used)))
    for name, closeness in (("apart", 0.0), ("often touching", 1.0)):
        rng = np.random.default_rng(11)
        numbers = (number(labels, images, rng, closeness) for _ in range(count // 5))
        yield score_numbers(f"Five-digit numbers on paper, {name}", numbers)


def score_numbers(name: str, items: Iterable[Truth]) -> Row:
    """Share of numbers with every digit right, and of single digits where the count was right."""
    answers = [(digits.recognize_number(picture).text, truth) for picture, truth in items]
    whole = sum(text == truth for text, truth in answers)
    counted = sum(len(text) == len(truth) for text, truth in answers)
    return name, f"{100 * whole / len(answers):.1f} %", f"count of digits right in {100 * counted / len(answers):.1f} %"


def other_rows(fonts: list[Path], photo_folder: Path | None) -> Iterator[Row]:
    from sklearn.datasets import load_digits

    found = load_digits()
    scans = [Image.fromarray((picture * 255 / 16).astype(np.uint8)) for picture in found.images]
    yield score("scikit-learn digits, 8x8 as they are", zip(scans, map(str, found.target), strict=True))
    rng = np.random.default_rng(5)
    written = [(strokes.digit(at % 10, rng, 120), str(at % 10)) for at in range(1000)]
    yield score("Digits from pen strokes", written)
    held = pictures.Fonts([f for f in pictures.font_files(fonts) if pictures.is_held_out(f)])
    if held.fonts:
        printed = [(pictures.glyph(font, str(d)), str(d)) for font in held.fonts for d in range(10)]
        kept = [(picture, label) for picture, label in printed if picture is not None]
        yield score(f"Printed digits, {len(held.fonts)} fonts not learned from", kept)
    yield from refusal_rows(held, photo_folder)


def refusal_rows(held: pictures.Fonts, photo_folder: Path | None) -> Iterator[Row]:
    shown = pictures.photos(photo_folder)
    maker = pictures.NonDigits(np.random.default_rng(6), held.fonts, shown[-2:], (digit_bank(), np.arange(500) % 10))
    for kind in maker.kinds():
        # With white around, as a scan; frames that fill 28x28 exactly would skip the preparation.
        items = [Image.fromarray(255 - np.pad(getattr(maker, kind)(), 12)) for _ in range(200)]
        yield score_refusals(f"No digit: {kind}", items)
    rng = np.random.default_rng(9)
    yield score_refusals("No digit: blank paper", [inked(np.zeros((200, 200)), rng) for _ in range(100)])
    yield score_refusals("No digit: whole photos", shown)
    yield score_refusals("No digit: parts of photos", [part_of(shown, rng) for _ in range(200)])


def part_of(shown: list[Image.Image], rng: np.random.Generator) -> Image.Image:
    """A square cut out of one of the photos."""
    photo = shown[int(rng.integers(len(shown)))]
    side = int(rng.integers(60, min(photo.size)))
    x, y = (int(rng.integers(0, size - side + 1)) for size in photo.size)
    return photo.crop((x, y, x + side, y + side))


def digit_bank() -> NDArray[np.uint8]:
    """Pen-stroke digits for the kinds of non-digits that are made of digits."""
    return pictures.stroke_digits(500, np.random.default_rng(8))[0]


def threshold_rows(fonts: list[Path], photo_folder: Path | None) -> Iterator[Row]:
    """What other thresholds would do: MNIST validation digits lost, and frames of no digit that would pass."""
    from pipelines.digits import embedded

    network = embedded.load(None)
    images, labels = pictures.mnist(settings.current().mnist_dir)
    truth = network.predict(images[-VALIDATION:])
    wrong = truth[:, :10].argmax(1) != labels[-VALIDATION:]
    held = pictures.Fonts([f for f in pictures.font_files(fonts) if pictures.is_held_out(f)])
    shown = pictures.photos(photo_folder)[-2:]
    maker = pictures.NonDigits(np.random.default_rng(12), held.fonts, shown, (digit_bank(), np.arange(500) % 10))
    nothing = network.predict(maker.bank(2000)[:, ::2, ::2])
    for doubt, least in ((0.3, 0.5), (0.5, 0.4), (0.5, 0.6), (0.7, 0.3), (0.9, 0.15), (0.95, 0.05)):
        lost = (truth[:, 10] > doubt) | (truth[:, :10].max(1) < least)
        passed = (nothing[:, 10] <= doubt) & (nothing[:, :10].max(1) >= least)
        name = f"Thresholds: doubt at most {doubt}, confidence at least {least}"
        result = f"{100 * (lost & ~wrong).mean():.2f} % of MNIST validation lost"
        yield name, result, f"{100 * passed.mean():.2f} % of no digits pass"


def speed_rows() -> Iterator[Row]:
    samples = [digits.sample(at).picture for at in range(100)]
    large = [picture.resize((280, 280), Image.Resampling.BICUBIC) for picture in samples]
    for name, items, explain in (
        ("28x28, answer only", samples, False),
        ("280x280, answer only", large, False),
        ("28x28 with feature maps and saliency", samples, True),
    ):
        digits.recognize(items[0], explain=explain)
        began = time.process_time()
        for picture in items:
            digits.recognize(picture, explain=explain)
        yield f"CPU time per digit, {name}", f"{1000 * (time.process_time() - began) / len(items):.1f} ms", "warm"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fonts", type=Path, nargs="*", default=[])
    parser.add_argument("--photos", type=Path, default=None)
    parser.add_argument("--count", type=int, default=1000, help="pictures per changed MNIST row")
    args = parser.parse_args()
    print("| what | result | |\n|---|---|---|")
    rows: list[Iterator[Row]] = [speed_rows(), other_rows(args.fonts, args.photos)]
    if settings.current().mnist_dir is not None:
        rows = [mnist_rows(args.count), *rows, threshold_rows(args.fonts, args.photos)]
    for part in rows:
        for row in part:
            print("| " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()
