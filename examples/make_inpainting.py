"""Draws the pictures of the inpainting examples, each with its mask: no photograph and no real person is in them.

python examples/make_inpainting.py       writes examples/inpainting/*.jpg and their masks
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from examples.drawn_people import CAST
from examples.make_faces import backdrop, place

Marked = tuple[Image.Image, Image.Image]  # a picture, and where it is to be repainted (mode L)


def old_photo(seed: int = 11) -> Marked:
    """A browned portrait with scratches, a fold and specks."""
    random = np.random.default_rng(seed)
    picture = backdrop(720, 900, "wall", 3)
    place(picture, CAST[4], 360, 400, 230)
    grey = np.asarray(picture.convert("L"), np.float32)[..., None] / 255
    brown = np.clip(np.array((255, 236, 204)) * (0.12 + 0.88 * grey), 0, 255).astype(np.uint8)
    picture, mask = Image.fromarray(brown), Image.new("L", picture.size, 0)
    draws = [(ImageDraw.Draw(picture), (250, 246, 238)), (ImageDraw.Draw(mask), 255)]
    for _ in range(9):  # scratches, mostly upright
        x, y = random.uniform(60, 660), random.uniform(-80, 500)
        steps = np.cumsum(random.normal((0.6, 26), (5, 4), (16, 2)), axis=0)
        path = [(x + dx, y + dy) for dx, dy in steps]
        width = int(random.integers(2, 4))
        for draw, colour in draws:
            draw.line(path, fill=colour, width=width, joint="curve")
    fold = [(0, 596), (220, 590), (480, 603), (720, 597)]
    specks = random.uniform((0, 0, 1.5), (720, 900, 3.5), (60, 3))
    for draw, colour in draws:
        draw.line(fold, fill=colour, width=6, joint="curve")
        for x, y, r in specks:
            draw.ellipse((x - r, y - r, x + r, y + r), fill=colour)
    return picture, mask


def stamped() -> Marked:
    """A street with the date of an old camera and a caption across it."""
    picture = backdrop(960, 640, "street", 8)
    for n in range(5):
        place(picture, CAST[n], 150 + 165 * n, 430 - 14 * (n % 3), 62 + 6 * (n % 2), (0, 5, -4)[n % 3])
    mask = Image.new("L", picture.size, 0)
    texts = [
        ((690, 584), "'98 10 17", 40, (255, 142, 40)),
        ((66, 150), "SAMPLE 견본 SAMPLE", 86, (255, 255, 255)),
    ]
    for at, text, size, colour in texts:
        for draw, ink in ((ImageDraw.Draw(picture), colour), (ImageDraw.Draw(mask), 255)):
            draw.text(at, text, font=_font(size), fill=ink)
    return picture, mask


def balloon() -> Marked:
    """A park with a red balloon that somebody wants to be gone."""
    picture = backdrop(960, 640, "park", 12)
    place(picture, CAST[2], 300, 330, 120, 3)
    mask = Image.new("L", picture.size, 0)
    x, y, wide, high = 690, 210, 120, 150
    draw = ImageDraw.Draw(picture)
    draw.line([(x, y + high / 2), (x - 8, y + high), (x + 6, y + high + 90)], fill=(240, 240, 240), width=3)
    draw.ellipse((x - wide / 2, y - high / 2, x + wide / 2, y + high / 2), fill=(206, 38, 44))
    draw.ellipse((x - 36, y - 52, x - 12, y - 18), fill=(240, 120, 122))
    draw.polygon([(x - 9, y + high / 2 + 10), (x + 9, y + high / 2 + 10), (x, y + high / 2 - 4)], fill=(176, 26, 34))
    marks = ImageDraw.Draw(mask)
    marks.line([(x, y + high / 2), (x - 8, y + high), (x + 6, y + high + 90)], fill=255, width=11)
    marks.ellipse((x - wide / 2 - 5, y - high / 2 - 5, x + wide / 2 + 5, y + high / 2 + 14), fill=255)
    return picture.filter(ImageFilter.GaussianBlur(0.6)), mask


def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype("NanumGothicBold.ttf", size)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "inpainting")
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    for name, make in (("old-photo", old_photo), ("stamped", stamped), ("balloon", balloon)):
        picture, mask = make()
        picture.save(out / f"{name}.jpg", quality=90)
        mask.convert("1").save(out / f"{name}-mask.png", optimize=True)
    for path in sorted(out.iterdir()):
        print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
