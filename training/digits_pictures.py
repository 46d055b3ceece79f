"""What the digits network learns from: MNIST, printed digits, pen strokes, and things that are no digits.

Everything comes in one form: (n, 56, 56) uint8, white on black, laid out as MNIST at twice its size.
Knows nothing of networks. Fonts and photos are optional: what this machine has is used, nothing is required.
"""

from __future__ import annotations

import gzip
import logging
import subprocess
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from pipelines.digits.fit import fitted
from training import digits_strokes as strokes

FACTOR = 2
SIDE = 28 * FACTOR
NOT_A_DIGIT = 10
Pictures = NDArray[np.uint8]

# Unlike any digit in any common hand or type; O o I l S s Z z B g q b G C D J y and others are left out on purpose.
LETTERS = "AEFHKMNPRTVWXadefhkmnwx@#%?+=*"
HANGUL = "가나다라마바사자차카타파하글한김박최국서울호랑"
NOT_TEXT_FONTS = ("symbol", "dingbat", "d050000l", "emoji", "music", "mathtex", "webdings", "isabella")
log = logging.getLogger(__name__)


def read_idx(path: Path) -> NDArray[np.uint8]:
    """An idx file of unsigned bytes, plain or .gz."""
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    shape = [int.from_bytes(raw[4 + 4 * i : 8 + 4 * i], "big") for i in range(raw[3])]
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3]).reshape(shape)


def mnist(folder: Path | None) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The 60,000 training pictures (n, 28, 28) and their labels, from idx files or the Hub data set."""
    if folder is None:
        return _mnist_from_hub()
    found = {name: next(iter(sorted(folder.glob(f"train-{name}-idx*"))), None) for name in ("images", "labels")}
    if found["images"] is None or found["labels"] is None:
        raise SystemExit(f"No train-images-idx3-ubyte(.gz) and train-labels-idx1-ubyte(.gz) in {folder}.")
    return read_idx(found["images"]), read_idx(found["labels"]).astype(np.int64)


def _mnist_from_hub() -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    import io

    import pandas
    from huggingface_hub import hf_hub_download

    path = hf_hub_download("ylecun/mnist", "mnist/train-00000-of-00001.parquet", repo_type="dataset")
    table = pandas.read_parquet(path)
    pictures = [np.asarray(Image.open(io.BytesIO(cell["bytes"]))) for cell in table["image"]]
    return np.stack(pictures), table["label"].to_numpy(np.int64)


def enlarged(pictures: NDArray[np.uint8]) -> Pictures:
    """MNIST pictures at twice their size."""
    size = (SIDE, SIDE)
    return np.stack([np.asarray(Image.fromarray(p).resize(size, Image.Resampling.BICUBIC)) for p in pictures])


def in_frame(picture: Image.Image) -> Pictures:
    """White on black of any size, as one picture of a bank."""
    return (fitted(np.asarray(picture.convert("L"), dtype=np.float32) / 255, FACTOR) * 255).astype(np.uint8)


def font_files(folders: list[Path]) -> list[Path]:
    """Fonts of the given folders and of fontconfig, one per file, without those that hold signs only."""
    found = {p for folder in folders for p in folder.rglob("*") if p.suffix in (".ttf", ".otf", ".ttc")}
    try:
        listed = subprocess.run(["fc-list", "--format", "%{file}\n"], capture_output=True, text=True, check=True).stdout
        found |= {Path(line) for line in listed.splitlines() if line.endswith((".ttf", ".otf", ".ttc"))}
    except (OSError, subprocess.CalledProcessError):
        log.info("fontconfig is not here: only the folders given are searched for fonts")
    return sorted(p for p in found if not any(word in p.name.lower() for word in NOT_TEXT_FONTS))


def is_held_out(font: Path) -> bool:
    """Whether the whole family of this font stays out of training. Stable over runs and machines."""
    family = font.stem.split("-")[0].lower()
    return zlib.crc32(family.encode()) % 5 == 0


def glyph(font: ImageFont.FreeTypeFont, text: str) -> Image.Image | None:
    """White on black with room around; None when the font draws nothing."""
    left, top, right, bottom = font.getbbox(text)
    if right - left < 2 or bottom - top < 2:
        return None
    canvas = Image.new("L", (int(right - left) + 20, int(bottom - top) + 20))
    ImageDraw.Draw(canvas).text((10 - left, 10 - top), text, font=font, fill=255)
    return canvas


def draws(font: ImageFont.FreeTypeFont, letter: str) -> bool:
    """Whether the font has this letter, and not only its box for missing ones."""
    return bytes(font.getmask(letter)) != bytes(font.getmask("\U0010fffd"))


class Fonts:
    """Fonts that really draw ten different digits, opened once."""

    def __init__(self, files: list[Path], limit: int = 400) -> None:
        self.fonts: list[ImageFont.FreeTypeFont] = []
        self.digits: list[Pictures] = []  # (10, 56, 56) each
        seen: list[NDArray[np.float32]] = []
        for path in files:
            digits = self._digits(path)
            if digits is None:
                continue
            small = digits[:, ::4, ::4].astype(np.float32)
            if any(float(np.abs(small - other).mean()) < 3.0 for other in seen):
                continue  # the same figures under another name
            seen.append(small)
            self.fonts.append(ImageFont.truetype(str(path), 56))
            self.digits.append(digits)
            if len(seen) == limit:
                break

    @staticmethod
    def _digits(path: Path) -> Pictures | None:
        try:
            font = ImageFont.truetype(str(path), 56)
            drawn = [glyph(font, str(d)) for d in range(10)]
        except (OSError, ValueError):
            return None
        pictures = [in_frame(picture) for picture in drawn if picture is not None]
        if len(pictures) < 10:
            return None
        stack = np.stack(pictures)
        flat = stack.reshape(10, -1).astype(np.float32)
        apart = min(float(np.abs(flat[a] - flat[b]).mean()) for a in range(10) for b in range(a))
        return stack if apart > 8.0 else None  # boxes of missing glyphs are all alike

    def bank(self) -> tuple[Pictures, NDArray[np.int64]]:
        labels = np.tile(np.arange(10), len(self.digits))
        return np.concatenate(self.digits), labels.astype(np.int64)


def stroke_digits(count: int, rng: np.random.Generator) -> tuple[Pictures, NDArray[np.int64]]:
    labels = np.arange(count) % 10
    return np.stack([in_frame(strokes.digit(int(d), rng)) for d in labels]), labels.astype(np.int64)


class NonDigits:
    """Draws things that are no digits. `fonts`, `photos` and `digits` are what it may draw with."""

    def __init__(
        self,
        rng: np.random.Generator,
        fonts: list[ImageFont.FreeTypeFont],
        photos: list[Image.Image],
        digits: tuple[Pictures, NDArray[np.int64]],
    ) -> None:
        self.rng, self.fonts, self.photos = rng, fonts, photos
        self.pictures, self.labels = digits

    def kinds(self) -> dict[str, int]:
        """Each kind with its weight."""
        kinds = {"signs": 6, "scribble": 4, "several": 5, "turned": 2, "bars": 2, "noise": 2, "blob": 1}
        kinds |= {"letter": 7, "hangul": 3} if self.fonts else {}
        return kinds | ({"photo": 4} if self.photos else {})

    def bank(self, count: int) -> Pictures:
        kinds = self.kinds()
        weights = np.array(list(kinds.values()), dtype=float)
        chosen = self.rng.choice(list(kinds), size=count, p=weights / weights.sum())
        return np.stack([getattr(self, kind)() for kind in chosen])

    def signs(self) -> Pictures:
        names = list(strokes.NON_DIGITS)
        return in_frame(strokes.sign(str(self.rng.choice(names)), self.rng))

    def scribble(self) -> Pictures:
        return in_frame(strokes.scribble(self.rng))

    def _text(self, letters: str) -> Pictures:
        font = self.fonts[int(self.rng.integers(len(self.fonts)))]
        letter = str(self.rng.choice(list(letters)))
        picture = glyph(font, letter) if draws(font, letter) else None
        return self.signs() if picture is None else in_frame(picture)

    def letter(self) -> Pictures:
        return self._text(LETTERS)

    def hangul(self) -> Pictures:
        able = [font for font in self.fonts if draws(font, HANGUL[0])]
        if not able:
            return self.letter()
        picture = glyph(able[int(self.rng.integers(len(able)))], str(self.rng.choice(list(HANGUL))))
        return self.letter() if picture is None else in_frame(picture)

    def _digit(self) -> Pictures:
        picture: Pictures = self.pictures[int(self.rng.integers(len(self.pictures)))]
        columns, rows = np.flatnonzero(picture.max(0) > 60), np.flatnonzero(picture.max(1) > 60)
        return picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]

    def several(self) -> Pictures:
        """Two or three digits beside each other, apart or just touching, or above each other."""
        parts = [self._digit() for _ in range(2 if self.rng.random() < 0.75 else 3)]
        canvas = np.zeros((160, 260), np.uint8)
        x, y = 20, 50
        stacked = self.rng.random() < 0.12
        for part in parts:
            top, left = y + int(self.rng.integers(-6, 7)), x
            height, width = part.shape
            canvas[top : top + height, left : left + width] |= part
            x, y = (x, y + height + 4) if stacked else (x + width + int(self.rng.integers(-3, 13)), y)
            if y > 100:
                break
        return in_frame(Image.fromarray(canvas))

    def turned(self) -> Pictures:
        """3, 4 and 5 lying on their side, 3 and 4 upside down: no digit in any reading."""
        upside_down = self.rng.random() < 0.3
        among = np.flatnonzero(np.isin(self.labels, (3, 4) if upside_down else (3, 4, 5)))
        picture = Image.fromarray(self.pictures[int(self.rng.choice(among))])
        return in_frame(picture.rotate(180 if upside_down else int(self.rng.choice((90, 270)))))

    def bars(self) -> Pictures:
        """Rules of a form: level lines, grids, frames cut by the border."""
        canvas = np.zeros((SIDE, SIDE), np.uint8)
        for _ in range(int(self.rng.integers(1, 4))):
            y, thick = int(self.rng.integers(4, SIDE - 8)), int(self.rng.integers(1, 6))
            canvas[y : y + thick, :] = 255
        if self.rng.random() < 0.5:
            for x in self.rng.integers(2, SIDE - 6, size=int(self.rng.integers(2, 4))):
                canvas[:, x : x + int(self.rng.integers(1, 6))] = 255
        picture = Image.fromarray(canvas).rotate(float(self.rng.normal(0, 6)), Image.Resampling.BICUBIC)
        return np.asarray(picture) if self.rng.random() < 0.5 else in_frame(picture)

    def noise(self) -> Pictures:
        cells = int(self.rng.choice((7, 14, 28, 56)))
        field = self.rng.random((cells, cells)) ** self.rng.uniform(0.5, 4)
        if self.rng.random() < 0.5:
            field = (field > self.rng.uniform(0.5, 0.95)).astype(float)
        picture = Image.fromarray((field * 255).astype(np.uint8)).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
        return np.asarray(picture)

    def blob(self) -> Pictures:
        """A filled heap of discs."""
        canvas = Image.new("L", (SIDE, SIDE))
        pencil = ImageDraw.Draw(canvas)
        for _ in range(int(self.rng.integers(1, 6))):
            x, y, r = (*self.rng.uniform(18, 38, 2), float(self.rng.uniform(7, 16)))
            pencil.ellipse([x - r, y - r * 0.8, x + r, y + r * 0.8], fill=255)
        return in_frame(canvas)

    def photo(self) -> Pictures:
        """A patch of a photo: stretched in contrast, or cut to ink by a threshold as the pipeline does."""
        photo = self.photos[int(self.rng.integers(len(self.photos)))]
        side = int(self.rng.integers(40, min(photo.size)))
        x, y = (int(self.rng.integers(0, limit - side + 1)) for limit in photo.size)
        patch = np.asarray(photo.crop((x, y, x + side, y + side)).resize((SIDE, SIDE)), dtype=np.float32)
        patch = (patch - patch.min()) / max(1.0, float(np.ptp(patch)))
        patch = 1 - patch if self.rng.random() < 0.5 else patch
        if self.rng.random() < 0.6:
            cut = float(np.quantile(patch, self.rng.uniform(0.5, 0.9)))
            patch = np.clip((patch - cut) * self.rng.uniform(3, 12), 0, 1)
        return in_frame(Image.fromarray((patch * 255).astype(np.uint8)))


def photos(folder: Path | None) -> list[Image.Image]:
    """Grey photos of the folder, and the two that come with scikit-learn."""
    from sklearn.datasets import load_sample_images

    found = [Image.fromarray(picture).convert("L") for picture in load_sample_images().images]
    for path in sorted(folder.glob("*")) if folder else []:
        if path.suffix.lower() in (".png", ".jpg", ".jpeg"):
            found.append(Image.open(path).convert("L"))
    return found
