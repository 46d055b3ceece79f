"""A picture as MNIST's makers would have laid it out: ink found, dirt removed, 20-pixel box, centre of mass, 28x28.

Where the picture allows two readings (which side is the paper, does a stroke at the border belong) both are
returned: the network then chooses.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.digits.fit import BOX, FRAME, Ink, centre_of_mass, fitted, ink_box
from pipelines.digits.ink import Grey, grey, pen_width
from pipelines.digits.ink import looks as ink_looks
from pipelines.digits.types import Frames

LONGEST = 112  # pixels: a picture of twice this or more is reduced first; a digit needs no more
SMALL = 2500  # pixels: a smaller picture has too few of them to tell a photo by
TINY = 24  # pixels: so small a scan shows one digit from edge to edge, and a pixel of it is no speck
SPECK = 0.04  # parts of the ink smaller than this share of the largest one are dirt
THINNEST = 0.075  # pen width as a share of the digit's longest side; a finer pen is made as broad as that


@dataclass(frozen=True)
class Candidate:
    """One way to see the picture.

    `unrest` tells pen on paper from a photo of other things: how much the ink, or the paper beside it, varies,
    as a share of the contrast between them. `even_light` is false where shadows had to be taken off.
    `laid_out`: the picture came as data sets of digits have them: as MNIST, or a tiny scan from edge to edge.
    """

    frame: Frames  # (28, 28)
    unrest: float = 0.0
    even_light: bool = True
    laid_out: bool = False


def looks(image: Image.Image) -> Iterator[list[Candidate]]:
    """Ways to see the one digit of a picture, the simple ones first; nothing when nothing is drawn."""
    ready = as_mnist(image)
    if ready is not None:
        yield [Candidate(ready, laid_out=True)]
        return
    picture = grey(reduced(image))
    for maps in ink_looks(picture):
        yield [
            Candidate(to_frame(found), unrest(picture, found), way.even_light, laid_out=max(picture.shape) <= TINY)
            for way in maps
            for found in cleaned(way.ink)
        ]


def unrest(picture: Grey, ink: Ink, smallest: int = SMALL) -> float:
    """Spread inside the strokes, or of the paper around them, whichever is larger, over the contrast between both."""
    from scipy import ndimage

    if picture.size < smallest:
        return 0.0
    solid = ink > 0.5
    inner = ndimage.binary_erosion(solid)
    inner = inner if inner.sum() >= 5 else solid
    near = ndimage.binary_dilation(solid, iterations=2)
    around = ndimage.binary_dilation(near) & ~near
    if not around.any() or not inner.any():
        return 0.0
    pen, paper = picture[inner], picture[around]
    contrast = abs(float(np.median(pen) - np.median(paper)))
    return max(float(pen.std()), float(paper.std())) / max(contrast, 1.0)


def reduced(image: Image.Image, longest: int = LONGEST) -> Image.Image:
    """A large picture by a whole factor, pixels averaged."""
    factor = max(image.size) // longest
    if factor < 2:
        return image
    if image.mode not in ("L", "RGB", "RGBA"):
        image = image.convert("RGBA")
    return image.reduce(factor) if min(image.size) >= factor else image


def as_mnist(image: Image.Image) -> Frames | None:
    """The picture itself if it is laid out as MNIST already (or its negative is), else None."""
    if image.size != (FRAME, FRAME):
        return None
    if image.mode in ("RGBA", "LA", "P", "PA"):
        image = image.convert("RGBA")
        if np.asarray(image.getchannel("A")).min() < 255:
            return None
        image = image.convert("RGB")
    channels = np.asarray(image.convert("RGB"))
    if not ((channels[..., 0] == channels[..., 1]) & (channels[..., 1] == channels[..., 2])).all():
        return None
    plain: Frames = channels[..., 0].copy()
    negative: Frames = 255 - plain
    return next((frame for frame in (plain, negative) if is_mnist(frame)), None)


def is_mnist(frame: Frames) -> bool:
    """White on a black border, longest side about 20, centre of mass about the middle. Noise below 100 is ignored."""
    rim = np.concatenate([frame[:2].ravel(), frame[-2:].ravel(), frame[:, :2].ravel(), frame[:, -2:].ravel()])
    if rim.mean() > 40 or frame.max() < 120:
        return False
    strokes = np.where(frame > 100, frame, 0).astype(np.float32) / np.float32(255)
    box = ink_box(strokes)
    if box is None or not BOX - 4 <= max(box[2] - box[0], box[3] - box[1]) <= BOX + 2:
        return False
    x, y = centre_of_mass(strokes)
    middle = (FRAME - 1) / 2
    return abs(x - middle) <= 2 and abs(y - middle) <= 2


def cleaned(ink: Ink) -> list[Ink]:
    """The ink without specks and border rules; twice, without and with, when ink at the border may belong."""
    from scipy import ndimage

    if max(ink.shape) <= TINY:
        return [ink]
    labels, count = ndimage.label(ink > 0.35, structure=np.ones((3, 3)))
    if count == 0:
        return []
    areas = ndimage.sum_labels(np.ones_like(ink), labels, index=np.arange(1, count + 1))
    boxes = ndimage.find_objects(labels)
    touching = np.array([_touches(box, ink.shape) for box in boxes])
    rules = touching & np.array([_is_rule(box, ink.shape) for box in boxes])
    inner = areas * ~touching
    if inner.max() >= 0.15 * areas.max():
        without = _only(ink, labels, (areas >= SPECK * inner.max()) & ~touching)
        kept = (areas >= SPECK * areas[~rules].max()) & ~rules
        if not (kept & touching).any():
            return [without]
        return [without, _only(ink, labels, kept)]
    return [_only(ink, labels, areas >= SPECK * areas.max())]


def _touches(box: tuple[slice, ...], shape: tuple[int, ...]) -> bool:
    return any(part.start == 0 or part.stop == size for part, size in zip(box, shape, strict=True))


def _is_rule(box: tuple[slice, ...], shape: tuple[int, ...]) -> bool:
    """A thin line along a border, at least half as long as the picture."""
    high, wide = (part.stop - part.start for part in box)
    level = wide >= 0.5 * shape[1] and high <= 0.12 * shape[0]
    upright = high >= 0.5 * shape[0] and wide <= 0.12 * shape[1]
    near_side = min(box[1].start, shape[1] - box[1].stop) <= 0.12 * shape[1]
    near_end = min(box[0].start, shape[0] - box[0].stop) <= 0.12 * shape[0]
    return bool((level and near_end) or (upright and near_side))


def _only(ink: Ink, labels: NDArray[np.int32], kept: NDArray[np.bool_]) -> Ink:
    """Ink near the kept parts; their soft edges lie just outside the labels."""
    from scipy import ndimage

    mask = np.concatenate([[False], kept])[labels]
    return np.where(ndimage.binary_dilation(mask, iterations=2), ink, 0).astype(np.float32)


def to_frame(ink: Ink) -> Frames:
    """28x28 uint8; a pen much finer than MNIST's is made broader first."""
    box = ink_box(ink)
    if box is None:
        return np.zeros((FRAME, FRAME), dtype=np.uint8)
    left, top, right, bottom = box
    cut = np.pad(ink[top:bottom, left:right], 1)
    return np.round(fitted(broadened(cut)) * 255).astype(np.uint8)


def broadened(ink: Ink) -> Ink:
    """Strokes at least `THINNEST` of the longest side wide."""
    longest = max(ink.shape)
    wanted = THINNEST * longest
    if longest < BOX or wanted < 2:  # so small that the pen is one pixel wide anyway
        return ink
    width = pen_width(ink > 0.5)
    grow = round(wanted - width)
    if width <= 0 or grow < 1:
        return ink
    from scipy import ndimage

    padded = np.pad(ink, grow)
    return np.asarray(ndimage.grey_dilation(padded, footprint=_disc(grow)), dtype=np.float32)


def _disc(width: int) -> NDArray[np.bool_]:
    radius = width / 2
    y, x = np.mgrid[: width + 1, : width + 1] - radius
    return np.asarray(x * x + y * y <= (radius + 0.3) ** 2)
