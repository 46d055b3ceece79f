"""The fonts of the training lines: what each of them can draw, and which families are kept for measuring."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from PIL import ImageFont

from pipelines.ocr.characters import CHARACTERS

# Families never learned from: a text face, a book face, a hand-like one, a heavy sign face.
HELD_OUT = ("NanumBarunGothic", "UnShinmun", "NanumBarunpen", "Baekmuk Gulim", "BM JUA", "Lato")
# Faces of signs and of the hand come up less often than those of documents.
ODD = (
    "BM ",
    "Bandal",
    "Eunjin",
    "UnVada",
    "UnYetgul",
    "UnTaza",
    "UnPen",
    "Nanum Brush",
    "UnDinaru",
    "Baekmuk Headline",
)
LATIN = ("DejaVu", "Liberation", "FreeSans", "FreeSerif", "FreeMono", "Roboto", "Open Sans", "Lato", "Inconsolata")
# Fonts that draw letters of old Hangul, or the same faces for other countries.
LEFT_OUT = ("Jamo", "YetHangul", " JP", " SC", " TC", " HK", "Oblique", "Emoji", "Bangwool", "Guseul")


@dataclass(frozen=True)
class Face:
    file: str
    index: int
    family: str
    characters: frozenset[str]
    weight: float  # how often it is drawn beside the others

    @property
    def korean(self) -> bool:
        return "가" in self.characters

    @property
    def held_out(self) -> bool:
        return self.family.startswith(HELD_OUT)


@lru_cache(maxsize=1500)
def font(file: str, index: int, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(file, size, index=index)


def listed() -> list[tuple[str, int, str]]:
    form = "%{file}\t%{index}\t%{family}\t%{variable}\n"
    lines = subprocess.run(["fc-list", ":", "--format", form], capture_output=True, text=True, check=True).stdout
    rows = sorted({tuple(line.split("\t")) for line in lines.splitlines()})
    found = []
    for file, index, family, variable in rows:
        wanted = file in korean_files() or family.startswith(LATIN)
        if wanted and variable != "True" and not any(word in family for word in LEFT_OUT) and int(index) < 65536:
            found.append((file, int(index), family.split(",")[0]))
    return found


@lru_cache(maxsize=1)
def korean_files() -> frozenset[str]:
    lines = subprocess.run(["fc-list", ":lang=ko", "file"], capture_output=True, text=True, check=True).stdout
    return frozenset(line.strip().rstrip(":").strip() for line in lines.splitlines())


def drawable(file: str, index: int) -> str:
    """The characters for which the font has a picture of its own."""
    face = font(file, index, 20)
    missing = {bytes(face.getmask(code)) for code in ("\uffff", "\U0010fffd", "\u0378")}
    known = []
    for character in CHARACTERS:
        mask = face.getmask(character)
        if character == " " or (mask.getbbox() is not None and bytes(mask) not in missing):
            known.append(character)
    return "".join(known)


def faces(cache: Path) -> list[Face]:
    """All usable faces of this system; looking at them takes a minute, so the result is kept in `cache`."""
    kept: dict[str, str] = json.loads(cache.read_text()) if cache.is_file() else {}
    found = listed()
    for file, index, _ in found:
        if f"{file}:{index}" not in kept:
            kept[f"{file}:{index}"] = drawable(file, index)
    cache.parent.mkdir(parents=True, exist_ok=True)
    cache.write_text(json.dumps(kept, ensure_ascii=False))
    usable = [row for row in found if set("0aA") <= set(kept[f"{row[0]}:{row[1]}"])]
    sizes: dict[str, int] = {}
    for _, _, family in usable:
        sizes[family] = sizes.get(family, 0) + 1
    return [
        Face(file, index, family, frozenset(kept[f"{file}:{index}"]), weight_of(family, sizes[family]))
        for file, index, family in usable
    ]


def weight_of(family: str, weights: int) -> float:
    return weights**0.4 / weights * (0.4 if family.startswith(ODD) else 1.0)
