"""Hiding areas of a picture: mosaic, blur, one colour, or a sticker. Knows nothing of how faces are found.

All styles destroy the detail first (a handful of averages is all that is left of a face), so nothing can be
sharpened back. Works in place on RGB arrays and touches no pixel outside the areas.
"""

from __future__ import annotations

import functools

import numpy as np
from PIL import Image

from pipelines.face_mosaic.contract import Box, Style

# Cells across the hidden area, so across a face fewer still: 11 at strength 0, 7 at the default 0.7, 5 at 1.
MOST_CELLS, CELLS_LESS = 11, 6
SMALLEST_CELL_PX = 4
# A soft picture shows more of a face than hard cells of the same size do (a detector finds it far more often).
BLUR_CELLS = 0.6
# Each further round, for a face that the detector still finds, leaves this share of the cells; the last leaves one.
AGAIN_CELLS = 0.6
ROUNDS = 4


def hide(
    image: np.ndarray,
    area: Box,
    style: Style,
    strength: float,
    whole_width: float = 0,
    again: int = 0,
    yuv: bool = False,
) -> None:
    """Hide one area in place. `whole_width` is that of the area before the edge of the picture cut it.

    `again` counts the earlier rounds after which the detector still found a face here: each is coarser.
    `yuv`: the three channels are brightness and colour, as in video.
    """
    x, y, w, h = area
    region = image[y : y + h, x : x + w]
    if not region.size:
        return
    cells = (MOST_CELLS - CELLS_LESS * strength) * AGAIN_CELLS**again
    if style == "solid" or again >= ROUNDS - 1:
        region[:] = _average(region, max(w, h))[0, 0]
        return
    if style == "blur":
        region[:] = _smooth(_average(region, cell_side(max(whole_width, w), cells * BLUR_CELLS)), w, h)
    else:
        cell = cell_side(max(whole_width, w), cells)
        region[:] = _average(region, cell).repeat(cell, axis=0)[:h].repeat(cell, axis=1)[:, :w]
    if style == "emoji":
        _stick(region, yuv)


def cell_side(area_width: float, cells: float) -> int:
    """Side of one cell in pixels: relative to the face, so that a near one is no clearer than a far one."""
    return max(int(np.ceil(area_width / max(int(cells), 1))), SMALLEST_CELL_PX)


def _average(region: np.ndarray, cell: int) -> np.ndarray:
    """The mean colour of each cell, (rows, columns, 3); cells at the right and lower edge may be smaller."""
    rows = np.arange(0, region.shape[0], cell)
    columns = np.arange(0, region.shape[1], cell)
    sums = np.add.reduceat(np.add.reduceat(region, rows, axis=0, dtype=np.uint32), columns, axis=1)
    heights = np.diff(np.append(rows, region.shape[0]))
    widths = np.diff(np.append(columns, region.shape[1]))
    counts = (heights[:, None] * widths[None, :])[..., None]
    return np.asarray((sums + counts // 2) // counts, np.uint8)


def _smooth(colours: np.ndarray, width: int, height: int) -> np.ndarray:
    """A soft picture of nothing but the cell averages: unlike a plain blur it cannot be undone."""
    return np.asarray(Image.fromarray(colours).resize((width, height), Image.Resampling.BICUBIC))


def _stick(region: np.ndarray, yuv: bool) -> None:
    """A round sticker over the whole region."""
    height, width = region.shape[:2]
    sticker = _sticker().resize((width, height), Image.Resampling.LANCZOS)
    colours = sticker.convert("RGB").convert("YCbCr") if yuv else sticker.convert("RGB")
    share = np.asarray(sticker.getchannel("A"), np.float32)[..., None] / 255
    region[:] = np.round(region * (1 - share) + np.asarray(colours, np.float32) * share).astype(np.uint8)


@functools.cache
def _sticker() -> Image.Image:
    """Our own emoji, 256 x 256 with alpha: a cool fellow. Flat shapes, so that no detector takes it for a person."""
    from PIL import ImageDraw

    big = Image.new("RGBA", (1024, 1024))
    draw = ImageDraw.Draw(big)
    draw.ellipse((8, 8, 1016, 1016), fill=(255, 204, 51, 255), outline=(230, 160, 20, 255), width=28)
    glasses = (38, 44, 66, 255)
    draw.rounded_rectangle((120, 300, 490, 540), radius=90, fill=glasses)
    draw.rounded_rectangle((534, 300, 904, 540), radius=90, fill=glasses)
    draw.rectangle((110, 300, 914, 360), fill=glasses)
    for left in (190, 604):
        draw.polygon([(left, 500), (left + 60, 500), (left + 150, 350), (left + 90, 350)], fill=(96, 106, 140, 255))
    draw.chord((270, 500, 754, 860), 8, 172, fill=(120, 60, 20, 255))
    return big.resize((256, 256), Image.Resampling.LANCZOS)
