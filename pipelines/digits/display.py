"""Pictures that show a student what the network did: mosaics of feature maps, heat over the digit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

TILE = 56  # pixels, about: one map of a mosaic
COLUMNS = {32: 8, 64: 8, 128: 16}
GAP = 4
ENLARGED = 12  # times, the saliency picture
GROUND = 40  # grey between the tiles


def mosaic(maps: NDArray[np.float32]) -> Image.Image:
    """All maps (channels, height, width) of a stage side by side, brighter = the filter answered more."""
    count, height, width = maps.shape
    columns = COLUMNS.get(count, 8)
    rows = -(-count // columns)
    factor = max(1, TILE // width)
    strongest = max(float(np.quantile(maps, 0.998)), 1e-6)
    levels = (np.clip(maps / strongest, 0, 1) ** 0.7 * 255).astype(np.uint8)
    tiles = levels.repeat(factor, axis=1).repeat(factor, axis=2)
    step_y, step_x = height * factor + GAP, width * factor + GAP
    sheet = np.full((rows * step_y + GAP, columns * step_x + GAP), GROUND, dtype=np.uint8)
    for number, tile in enumerate(tiles):
        y, x = GAP + number // columns * step_y, GAP + number % columns * step_x
        sheet[y : y + tile.shape[0], x : x + tile.shape[1]] = tile
    return Image.fromarray(sheet)


def heat(frame: NDArray[np.uint8], strength: NDArray[np.float32]) -> Image.Image:
    """The digit in grey with the pixels that decided glowing from red to yellow."""
    share = np.clip(strength, 0, 1)[..., None] ** 0.6
    ground = np.repeat(frame[..., None].astype(np.float32) * 0.45, 3, axis=2)
    glow = np.concatenate([np.full_like(share, 255.0), 60 + 180 * share, np.full_like(share, 30.0)], axis=2)
    mixed = (ground * (1 - share) + glow * share).astype(np.uint8)
    size = (frame.shape[1] * ENLARGED, frame.shape[0] * ENLARGED)
    return Image.fromarray(mixed).resize(size, Image.Resampling.NEAREST)
