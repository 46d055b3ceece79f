"""The picture of a page with the boxes of its lines, doubtful ones in another colour."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image

from pipelines.ocr.contract import Line

SURE, DOUBTFUL = (22, 132, 84), (214, 96, 18)
DOUBT = 0.8  # lines less sure than this are marked
# Words less sure than this are marked, and so is their line. On drawn pages it shows about half of the wrong words and
# 3 of 100 right ones; the mean score of the line shows 1 of 33 wrong ones (the figures are in assets/ocr/README.md).
WORD_DOUBT = 0.75


def is_doubtful(line: Line) -> bool:
    """Whether somebody should compare the line with the picture."""
    return line.score < DOUBT or any(word.score < WORD_DOUBT for word in line.words)


def with_boxes(image: Image.Image, lines: Sequence[Line]) -> Image.Image:
    from PIL import ImageDraw

    shown = image.convert("RGB").copy()
    pen = ImageDraw.Draw(shown)
    wide = max(1, round(max(shown.size) / 700))
    for line in lines:
        colour = DOUBTFUL if is_doubtful(line) else SURE
        pen.line([*line.box, line.box[0]], fill=colour, width=wide)
    return shown
