"""Masks: what a visitor marked, read, fitted, grown, feathered; boxes that others found as a mask. Knows no engine.

A mask picture is mode L: 255 marks what is repainted. Inside the pipeline it is an (H, W) bool array until its edge
is softened to (H, W) uint8 weights: 0 is the visitor's own pixel, 255 the engine's.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from pipelines.errors import InvalidInput
from pipelines.words import Text

MARKED = 128  # from this value on a grey pixel counts as marked: JPEG masks carry noise near black
_SEE_THROUGH = ("RGBA", "LA", "PA", "RGBa", "La")

Box = Sequence[float]  # x, y, width, height
Corners = Sequence[Sequence[float]]  # x, y of each corner


def read(picture: Image.Image) -> np.ndarray:
    """What a mask picture of any mode marks, as (H, W) bool.

    Where it has transparency, alpha is the mask (a brush stroke on an empty layer, whatever its colour). A picture
    that is opaque everywhere is black and white: white marks. Browsers send such masks with alpha 255.
    """
    if picture.mode in _SEE_THROUGH or "transparency" in picture.info:
        alpha = np.asarray(picture.convert("RGBA").getchannel("A"))
        if int(alpha.min()) < 255:
            return np.asarray(alpha >= MARKED)
        picture = picture.convert("RGB")
    if picture.mode.startswith("I;16"):
        return np.asarray(np.asarray(picture) >= MARKED << 8)
    return np.asarray(np.asarray(picture.convert("L")) >= MARKED)


def fitted(marked: np.ndarray, width: int, height: int) -> np.ndarray:
    """The mask at the size of the picture. One of the same shape is scaled; another shape is an `InvalidInput`.

    The shape is the same when the picture's, scaled to the mask, is within a pixel of it: previews are rounded.
    """
    high, wide = marked.shape
    if (wide, high) == (width, height):
        return marked
    scale = max(wide / width, high / height)
    if abs(width * scale - wide) > 1 or abs(height * scale - high) > 1:
        raise InvalidInput(
            Text(
                en=f"The mask is {wide} x {high} pixels, the picture {width} x {height}. "
                "Use a mask of the picture's size, or of the same shape.",
                ko=f"마스크는 {wide} x {high} 픽셀, 사진은 {width} x {height} 픽셀입니다. "
                "사진과 크기나 비율이 같은 마스크를 넣어 주세요.",
            )
        )
    return np.asarray(Image.fromarray(marked).resize((width, height), Image.Resampling.NEAREST))


def grown(marked: np.ndarray, pixels: int) -> np.ndarray:
    """The mask reaching `pixels` further on all sides, round at corners; fewer than 0 shrink it.

    The edge of the picture is no edge of the mask: what touches it still does after shrinking.
    """
    if not pixels or not marked.any():
        return marked
    if pixels > 0:
        return np.asarray(_distances(~marked) <= pixels)
    return np.asarray(_distances(marked) > -pixels)


def feathered(marked: np.ndarray, pixels: int) -> np.ndarray:
    """Weights that rise from the edge of the mask inwards over `pixels`. Outside all stay 0, inside none is 0."""
    if not pixels or marked.all():
        return np.where(marked, 255, 0).astype(np.uint8)
    weights = np.minimum(_distances(marked) / (pixels + 1), 1.0) * 255
    return np.where(marked, np.maximum(weights.round(), 1), 0).astype(np.uint8)


def union(masks: Sequence[np.ndarray]) -> np.ndarray:
    """What any of several masks of one size marks."""
    return np.asarray(np.logical_or.reduce(list(masks)))


def from_boxes(boxes: Sequence[Box | Corners], width: int, height: int, margin: int = 0) -> Image.Image:
    """Boxes as a mask picture: [x, y, width, height] each, or lists of corners (tilted lines of text).

    `margin`: pixels around each box that are marked as well.
    """
    from PIL import ImageDraw

    picture = Image.new("L", (width, height), 0)
    draw = ImageDraw.Draw(picture)
    for box in boxes:
        corners = _corners(box)
        if (corners[:, 0].min() >= width) or (corners[:, 1].min() >= height) or (corners.max(axis=0) <= 0).any():
            continue  # nothing of it is in the picture
        draw.polygon([(float(x), float(y)) for x, y in corners], fill=255)
    if margin and boxes:
        return to_picture(grown(np.asarray(picture) > 0, margin))
    return picture


def to_picture(mask: np.ndarray) -> Image.Image:
    """A mask (bool, or weights) as a picture of mode L."""
    return Image.fromarray(np.where(mask, 255, 0).astype(np.uint8) if mask.dtype == bool else mask, "L")


def _corners(box: Box | Corners) -> np.ndarray:
    """Corners of a box as pixels that belong to it: a box of width 1 is one pixel wide."""
    values = np.asarray(box, np.float64)
    if values.ndim == 2:
        return values
    x, y, w, h = values
    right, bottom = max(x + w - 1, x), max(y + h - 1, y)
    return np.array([(x, y), (right, y), (right, bottom), (x, bottom)])


def _distances(inside: np.ndarray) -> np.ndarray:
    """For each pixel of `inside` how far the nearest one outside is (1: beside it); 0 for those outside."""
    import cv2

    return np.asarray(cv2.distanceTransform(inside.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE))
