"""The picture of a page with the boxes of its lines, doubtful ones in another colour."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageDraw

from pipelines.ocr.contract import Line

SURE, DOUBTFUL = (22, 132, 84), (214, 96, 18)
DOUBT = 0.8  # lines less sure than this are marked


def with_boxes(image: Image.Image, lines: Sequence[Line]) -> Image.Image:
    shown = image.convert("RGB").copy()
    pen = ImageDraw.Draw(shown)
    wide = max(1, round(max(shown.size) / 700))
    for line in lines:
        colour = SURE if line.score >= DOUBT else DOUBTFUL
        pen.line([*line.box, line.box[0]], fill=colour, width=wide)
    return shown
