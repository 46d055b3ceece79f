"""A line cut from a page, made ready for the built-in recogniser, and the recogniser's guesses made text."""

from __future__ import annotations

import numpy as np

HEIGHT, SHORTEST, LONGEST = 40, 24, 2400  # pixels: what the recogniser takes
FLAT = 40  # grey levels: below this, colour may tell more than brightness
Pixels = np.ndarray


def grey_of(crop: Pixels) -> Pixels:
    """The grey picture in which the ink stands out most: brightness, unless one colour channel shows far more."""
    import cv2

    if crop.ndim == 2:
        return crop
    grey: Pixels = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)
    if spread(grey)[1] - spread(grey)[0] >= FLAT:
        return grey
    channels = [np.ascontiguousarray(crop[:, :, at]) for at in range(3)]
    return max([grey, *channels], key=lambda one: spread(one)[1] - spread(one)[0])


def spread(grey: Pixels) -> tuple[float, float]:
    low, high = np.percentile(grey[:: max(1, grey.shape[0] // 32), :: max(1, grey.shape[1] // 256)], (2, 98))
    return float(low), float(high)


def prepared(crop: Pixels, wider: float = 1.0) -> Pixels:
    """(h, w) or (h, w, 3) uint8 to (40, w') uint8: dark ink on light paper, full contrast, proportions kept.

    With `wider` the line is made so many times as wide.
    """
    import cv2

    grey = grey_of(crop)
    wide = int(np.clip(round(grey.shape[1] * wider * HEIGHT / grey.shape[0]), SHORTEST, LONGEST))
    how = cv2.INTER_AREA if grey.shape[0] > HEIGHT else cv2.INTER_CUBIC
    grey = cv2.resize(grey, (wide, HEIGHT), interpolation=how)
    low, high = spread(grey)
    if high - low < 4:
        return np.full_like(grey, 255)
    stretched = (grey.astype(np.float32) - low) * (255 / (high - low))
    if np.median(stretched) < 127.5:
        stretched = 255 - stretched
    result: Pixels = stretched.clip(0, 255).astype(np.uint8)
    return result


def batch_of(lines: list[Pixels], step: int = 8) -> Pixels:
    """(n, 1, 40, w) float32 in -1..1; shorter lines are filled up with paper."""
    wide = -(-max(line.shape[1] for line in lines) // step) * step
    batch = np.ones((len(lines), 1, HEIGHT, wide), np.float32)
    for at, line in enumerate(lines):
        batch[at, 0, :, : line.shape[1]] = line.astype(np.float32) / 127.5 - 1
    return batch


def text_of(best: Pixels, chance: Pixels) -> tuple[str, float]:
    """Best character numbers (t,) and their probabilities to the text and its mean probability."""
    from pipelines.ocr.characters import CHARACTERS

    new = np.flatnonzero((best != 0) & (best != np.concatenate([[0], best[:-1]])))
    text = "".join(CHARACTERS[best[at] - 1] for at in new)
    return " ".join(text.split()), float(chance[new].mean()) if len(new) else 0.0
