"""A picture made larger on some sides, the new part to be painted: `"left:128,top:64"`. Knows no engine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines import checks, settings
from pipelines.errors import InvalidInput, TooLarge
from pipelines.words import Text

SIDES = ("left", "top", "right", "bottom")
MOST = 4096  # pixels on one side


@dataclass(frozen=True)
class Margins:
    """Pixels to add on each side."""

    left: int = 0
    top: int = 0
    right: int = 0
    bottom: int = 0

    def __bool__(self) -> bool:
        return any((self.left, self.top, self.right, self.bottom))

    def around(self, width: int, height: int) -> tuple[int, int]:
        """Width and height of the larger picture, or `TooLarge`."""
        wide, high = self.left + width + self.right, self.top + height + self.bottom
        limit = settings.current().limits.picture_pixels
        if wide * high > limit:
            raise TooLarge(
                Text(
                    en=f"Extended, the picture would have {wide} x {high} pixels; at most {limit / 1e6:.0f} megapixels "
                    "work here. Extend it less.",
                    ko=f"확장하면 {wide} x {high} 픽셀이 됩니다. {limit / 1e6:.0f}메가픽셀까지 쓸 수 있으니 "
                    "덜 확장해 주세요.",
                )
            )
        return wide, high

    def pad(self, array: np.ndarray, mode: str, **fill: int) -> np.ndarray:
        """An (H, W) or (H, W, C) array with the margins added, as `numpy.pad` fills them."""
        widths = [(self.top, self.bottom), (self.left, self.right), (0, 0)][: array.ndim]
        return np.asarray(np.pad(array, widths, mode=mode, **fill))  # type: ignore[call-overload]


def parse(text: object) -> Margins:
    """`"left:128,top:64"` as margins; "" means none. Each side once, in any order."""
    asked = checks.text(text, "extend", 200).strip().lower()
    if not asked:
        return Margins()
    found: dict[str, int] = {}
    for part in asked.split(","):
        side, _, pixels = (piece.strip() for piece in part.partition(":"))
        if side not in SIDES or side in found or not (pixels.isascii() and pixels.isdigit()):
            raise _unreadable(asked)
        found[side] = checks.whole(int(pixels[:9]), f"extend, {side}", 1, MOST)
    return Margins(**found)


def _unreadable(asked: str) -> InvalidInput:
    return InvalidInput(
        Text(
            en=f'extend cannot be {asked[:60]!r}. Write sides and pixels such as "left:128,top:64"; '
            "the sides are left, top, right, bottom, each once.",
            ko=f'extend에 {asked[:60]!r}은(는) 쓸 수 없습니다. "left:128,top:64"처럼 방향과 픽셀을 적어 주세요. '
            "방향은 left, top, right, bottom이며 각각 한 번씩만 쓸 수 있습니다.",
        )
    )
