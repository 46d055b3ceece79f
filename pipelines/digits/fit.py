"""Ink to MNIST's frame: crop, longest side to 20 pixels, centre of mass in the middle of 28x28.

Knows nothing of photos.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

FRAME = 28  # pixels, as MNIST
BOX = 20  # the digit's longest side inside the frame
VISIBLE = 0.2  # ink below this share is anti-aliasing or dirt when the box is measured

Ink = NDArray[np.float32]  # (H, W), 0 = paper, 1 = full ink


def ink_box(ink: Ink, level: float = VISIBLE) -> tuple[int, int, int, int] | None:
    """(left, top, right, bottom) of what is darker than `level`, right and bottom outside; None when nothing is."""
    rows = np.flatnonzero((ink > level).any(axis=1))
    columns = np.flatnonzero((ink > level).any(axis=0))
    if rows.size == 0:
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def resized(ink: Ink, width: int, height: int) -> Ink:
    """Anti-aliased when it shrinks, smooth when it grows."""
    picture = Image.fromarray(ink, mode="F").resize((width, height), Image.Resampling.BICUBIC)
    return np.clip(np.asarray(picture, dtype=np.float32), 0.0, 1.0)


def centre_of_mass(ink: Ink) -> tuple[float, float]:
    """(x, y) in pixels, the middle of the first pixel being 0."""
    total = float(ink.sum())
    x = float(ink.sum(axis=0) @ np.arange(ink.shape[1])) / total
    y = float(ink.sum(axis=1) @ np.arange(ink.shape[0])) / total
    return x, y


def fitted(ink: Ink, factor: int = 1) -> Ink:
    """The ink in a frame of 28 * `factor` pixels; an empty one when there is no ink. Proportions are kept."""
    side, longest = FRAME * factor, BOX * factor
    frame = np.zeros((side, side), dtype=np.float32)
    box = ink_box(ink)
    if box is None:
        return frame
    left, top, right, bottom = box
    scale = longest / max(right - left, bottom - top)
    width, height = max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale))
    small = resized(np.ascontiguousarray(ink[top:bottom, left:right]), width, height)
    x, y = centre_of_mass(small)
    # Never out of the frame, even when all the weight sits at one end.
    at_x = min(max(round((side - 1) / 2 - x), 0), side - width)
    at_y = min(max(round((side - 1) / 2 - y), 0), side - height)
    frame[at_y : at_y + height, at_x : at_x + width] = small
    return frame
