"""A working copy of the result on which a person can point: each face outlined and numbered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from PIL import Image

_HIDDEN = (79, 70, 229)
_VISIBLE = (22, 163, 74)


def numbered(path: Path, faces: Iterable[Mapping[str, Any]]) -> Image.Image:
    """The picture of a result with the area of each face outlined (green: left visible) and numbered from 1.

    `faces` are the report's: each with `index`, `area` [x, y, width, height] and `hidden`.
    """
    from PIL import ImageDraw, ImageFont

    with Image.open(path) as opened:
        copy = opened.convert("RGB")
    draw = ImageDraw.Draw(copy)
    line = max(2, round(max(copy.size) / 400))
    font = ImageFont.load_default(size=max(12, round(max(copy.size) / 45)))
    for face in faces:
        x, y, width, height = face["area"]
        colour = _HIDDEN if face["hidden"] else _VISIBLE
        draw.rectangle((x, y, x + width - 1, y + height - 1), outline=colour, width=line)
        label = f"{face['index'] + 1}"
        left, _, right, bottom = draw.textbbox((x, y), label, font=font)
        draw.rectangle((x, y, right + 2 * line + (x - left), bottom + line), fill=colour)
        draw.text((x + line, y), label, font=font, fill="white")
    return copy
