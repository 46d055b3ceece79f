"""What an engine for faces promises, what a visitor may choose, and what comes back. Knows no engine.

Boxes are [x, y, width, height] in pixels of the picture as decoded.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from PIL import Image

from pipelines import checks
from pipelines.errors import InvalidInput
from pipelines.words import Text

Style = Literal["mosaic", "blur", "solid", "emoji"]
STYLES: tuple[Style, ...] = ("mosaic", "blur", "solid", "emoji")
AUTOMATIC = -1.0  # a threshold of -1: the engine's own default
MOST_BOXES = 500  # by hand, or kept, in one call

Box = tuple[int, int, int, int]


class FaceDetector(Protocol):
    """One loaded engine. It sees RGB arrays and says where faces may be; it knows nothing of privacy.

    `default_threshold` was chosen on labelled photos to miss few faces. From `sure` on a score is taken
    as it is; a lower one deserves a second, closer look, unless the engine gains nothing by it (`sure` 0).
    """

    default_threshold: float
    sure: float

    def find(self, image: np.ndarray, threshold: float) -> np.ndarray:
        """Rows of x, y, width, height, score (float32, score 0..1) for an (H, W, 3) uint8 picture."""
        ...


@dataclass(frozen=True)
class MosaicOptions:
    """How to hide. `keep` holds indices of faces to leave visible, `boxes` areas added by hand."""

    style: Style = "mosaic"
    strength: float = 0.7
    threshold: float = AUTOMATIC
    keep: tuple[int, ...] = ()
    boxes: tuple[tuple[float, float, float, float], ...] = ()


@dataclass(frozen=True)
class Face:
    """One face (or hand-made box). `box` is where it was found, `area` the grown box that is hidden."""

    index: int
    box: Box
    area: Box
    score: float
    hidden: bool


@dataclass(frozen=True)
class HiddenFaces:
    """The picture without recognisable faces, and the report. `still_found`: hidden ones the detector sees again."""

    image: Image.Image
    faces: tuple[Face, ...]
    still_found: int
    engine: str


def checked(options: MosaicOptions) -> MosaicOptions:
    """The same options with every value checked; anything wrong is an `InvalidInput`."""
    style = checks.choice(options.style, "style", STYLES)
    keep = checks.items(options.keep, "keep", MOST_BOXES)
    boxes = checks.items(options.boxes, "boxes", MOST_BOXES)
    return MosaicOptions(
        style=next(known for known in STYLES if known == style),
        strength=checks.number(options.strength, "strength", 0, 1),
        threshold=checks.number(options.threshold, "threshold", 0, 1, automatic=AUTOMATIC),
        keep=tuple(checks.whole(index, "keep", 0, 1_000_000) for index in keep),
        boxes=tuple(_hand_box(box) for box in boxes),
    )


def inside(boxes: tuple[tuple[float, float, float, float], ...], width: int, height: int) -> tuple[Box, ...]:
    """Hand-made boxes as whole pixels, each reaching at least one pixel of the picture."""
    rounded = []
    for x, y, w, h in boxes:
        left, top = math.floor(max(x, 0)), math.floor(max(y, 0))
        right, bottom = math.ceil(min(x + w, width)), math.ceil(min(y + h, height))
        if right <= left or bottom <= top:
            raise InvalidInput(
                Text(
                    en=f"The box [{x:g}, {y:g}, {w:g}, {h:g}] lies outside the picture ({width} x {height} pixels).",
                    ko=f"상자 [{x:g}, {y:g}, {w:g}, {h:g}]이(가) 사진({width} x {height} 픽셀) 밖에 있습니다.",
                )
            )
        rounded.append((left, top, right - left, bottom - top))
    return tuple(rounded)


def _hand_box(box: object) -> tuple[float, float, float, float]:
    values = checks.items(box, "boxes", 4)
    if len(values) != 4:
        raise InvalidInput(
            Text(
                en=f"A box needs four numbers, [x, y, width, height]; one of boxes has {len(values)}.",
                ko=f"상자는 [x, y, 너비, 높이] 네 숫자여야 합니다. boxes 중 하나에 {len(values)}개가 있습니다.",
            )
        )
    named = zip(values, ("x", "y", "width", "height"), strict=True)
    x, y, w, h = (checks.number(value, f"boxes, {name}", -1e6, 1e6) for value, name in named)
    if w <= 0 or h <= 0:
        raise InvalidInput(
            Text(
                en=f"The box [{x:g}, {y:g}, {w:g}, {h:g}] has no size. Width and height must be above 0.",
                ko=f"상자 [{x:g}, {y:g}, {w:g}, {h:g}]의 크기가 없습니다. 너비와 높이는 0보다 커야 합니다.",
            )
        )
    return x, y, w, h
