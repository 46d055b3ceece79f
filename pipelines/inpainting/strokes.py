"""A mask while somebody draws it: strokes from and to a drawing surface, and pictures of a size for the screen.

A drawing surface keeps its mask as a PNG with transparency: opaque where the picture is to be repainted, whatever
the colour. So a mask that covers everything is told from a black sheet, which a picture of one colour is not.
"""

from __future__ import annotations

import base64
import binascii
import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

from pipelines.errors import InvalidInput
from pipelines.inpainting import masks
from pipelines.inpainting.extending import Margins
from pipelines.words import Text

LONGEST = 2048  # pixels of a drawn mask's longer side: its PNG, even of noise, fits into a request
SHOWN = 1600  # pixels of the longer side of a picture on the screen
_HEAD = "data:image/png;base64,"
_GREY = (128, 128, 128)

_BROKEN = Text(
    en="The drawn mask could not be read. Clear it and draw it again.",
    ko="그린 마스크를 읽지 못했습니다. 지우고 다시 그려 주세요.",
)


@dataclass(frozen=True)
class Shown:
    """A picture as the screen gets it."""

    data: bytes
    ending: str  # "png" or "jpg"


def surface(width: int, height: int) -> tuple[int, int]:
    """The size at which the mask of a picture of this size is drawn."""
    scale = min(1.0, LONGEST / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def read(drawn: object) -> Image.Image | None:
    """The mask (mode L) of strokes, a PNG as a data URL; None where nothing is drawn."""
    if not drawn:
        return None
    if not isinstance(drawn, str) or not drawn.startswith(_HEAD):
        raise InvalidInput(_BROKEN)
    try:
        with Image.open(io.BytesIO(base64.b64decode(drawn[len(_HEAD) :], validate=True)), formats=["PNG"]) as opened:
            if max(opened.size) > LONGEST:
                raise InvalidInput(_BROKEN)
            alpha = np.asarray(opened.convert("RGBA").getchannel("A"))
    except (OSError, SyntaxError, ValueError, EOFError, binascii.Error, Image.DecompressionBombError):
        raise InvalidInput(_BROKEN) from None
    marked = alpha >= masks.MARKED
    return masks.to_picture(marked) if marked.any() else None


def write(mask: Image.Image | None, width: int, height: int) -> str:
    """A mask (mode L) as strokes on the surface of a picture of this size; "" where it marks nothing."""
    if mask is None:
        return ""
    fitted = mask.resize(surface(width, height), Image.Resampling.BOX)
    marked = np.asarray(fitted) > 0  # a thin mark that was scaled down stays marked
    if not marked.any():
        return ""
    layers = np.zeros((*marked.shape, 4), np.uint8)
    layers[marked] = 255
    data = io.BytesIO()
    Image.fromarray(layers, "RGBA").save(data, "PNG", compress_level=6)
    return _HEAD + base64.b64encode(data.getvalue()).decode("ascii")


def joined(one: Image.Image | None, other: Image.Image) -> Image.Image:
    """What either of two masks marks, at the size of the second."""
    if one is None:
        return other
    fitted = one.resize(other.size, Image.Resampling.NEAREST)
    return masks.to_picture(masks.union([np.asarray(fitted) > 0, np.asarray(other) > 0]))


def for_screen(image: Image.Image, quick: bool = False) -> Shown:
    """The picture for the screen: exact where it is small enough, else scaled. `quick`: a preview, never exact."""
    shown = image
    if max(image.size) > SHOWN:
        shown = image.copy()
        shown.thumbnail((SHOWN, SHOWN))
    data = io.BytesIO()
    if image.mode == "RGBA" or (shown is image and not quick):
        shown.save(data, "PNG", compress_level=1)
        return Shown(data.getvalue(), "png")
    shown.convert("RGB").save(data, "JPEG", quality=80 if quick else 90)
    return Shown(data.getvalue(), "jpg")


def framed(image: Image.Image, margins: Margins) -> Image.Image:
    """The picture with plain grey where it is going to be extended, to be laid beside the result."""
    if not margins:
        return image
    paper = Image.new("RGB", margins.around(*image.size), _GREY).convert(image.mode)
    paper.paste(image, (margins.left, margins.top))
    return paper
