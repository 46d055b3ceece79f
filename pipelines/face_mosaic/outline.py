"""A working copy of the result on which a person can point: each face outlined and numbered."""

from __future__ import annotations

from collections.abc import Iterable

from PIL import Image, ImageDraw, ImageFont

from pipelines.face_mosaic.contract import Face

_HIDDEN = (79, 70, 229)
_VISIBLE = (22, 163, 74)


def numbered(image: Image.Image, faces: Iterable[Face]) -> Image.Image:
    """A copy of `image` with the area of each face outlined (green: left visible) and numbered from 1."""
    copy = image.convert("RGB")
    draw = ImageDraw.Draw(copy)
    line = max(2, round(max(copy.size) / 400))
    font = ImageFont.load_default(size=max(12, round(max(copy.size) / 45)))
    for face in faces:
        x, y, width, height = face.area
        colour = _HIDDEN if face.hidden else _VISIBLE
        draw.rectangle((x, y, x + width - 1, y + height - 1), outline=colour, width=line)
        label = f"{face.index + 1}"
        left, top, right, bottom = draw.textbbox((x, y), label, font=font)
        draw.rectangle((x, y, right + 2 * line + (x - left), bottom + line), fill=colour)
        draw.text((x + line, y), label, font=font, fill="white")
    return copy
