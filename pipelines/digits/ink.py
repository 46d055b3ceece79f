"""From any picture to a map of ink: 0 = paper, 1 = full ink. Finds which way the contrast goes, evens out the light.

Knows nothing of digits; `prepare.py` and `segment.py` decide what the ink means.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.digits.fit import Ink

FAINTEST = 14.0  # grey levels of 255: weaker contrast than this is a blank sheet with its grain
CLEAN = 0.80  # share of the variance that one threshold explains; a cloudy photo gives less
SURELY_CLEAN = 0.92  # between the two, both ways of finding the paper are tried
FEW_PIXELS = 2500
STAINED = 0.7  # share of the variance among what stands out that a second threshold must explain
BROADEST = 0.2  # of the picture's longest side: a stroke broader than this is not found under uneven light
SURE = 0.25  # below this share of border on the other side of the threshold the paper's side is certain

Grey = NDArray[np.float32]  # (H, W), 0..255


@dataclass(frozen=True)
class InkMap:
    """`ink` for one guess which side of the contrast is the paper."""

    ink: Ink
    dark_on_light: bool
    even_light: bool = True  # whether one paper colour served for the whole picture


def grey(image: Image.Image) -> Grey:
    """One channel in which ink and paper differ most: brightness, a colour difference, or the alpha of a drawing."""
    if image.mode in ("LA", "PA", "P", "La", "RGBa", "RGBA"):
        image = image.convert("RGBA")
        alpha = np.asarray(image.getchannel("A"))
        if alpha.min() < 255:
            return _with_alpha(image, alpha)
        image = image.convert("RGB")
    if image.mode == "RGB":
        return _one_channel(np.asarray(image, dtype=np.float32))
    return np.asarray(image.convert("L"), dtype=np.float32)


def _with_alpha(image: Image.Image, alpha: NDArray[np.uint8]) -> Grey:
    """A drawing on nothing: its alpha is the ink. Where the opaque part has contrast of its own, paper is put below."""
    colours = np.asarray(image.convert("RGB"), dtype=np.float32)
    opaque = alpha > 200
    if not opaque.any() or np.ptp(colours[opaque].mean(axis=-1)) < 60 or opaque.mean() < 0.3:
        return 255.0 - alpha.astype(np.float32)
    paper = np.median(colours[opaque], axis=0)
    share = alpha[..., None].astype(np.float32) / 255
    return _one_channel((colours * share + paper * (1 - share)).astype(np.float32))


def _one_channel(rgb: NDArray[np.float32]) -> Grey:
    """Brightness, unless neighbours differ more in colour (red ink on green paper): then the strongest direction."""
    brightness: Grey = rgb @ np.array([0.299, 0.587, 0.114], dtype=np.float32)
    if np.array_equal(rgb[..., 0], rgb[..., 1]) and np.array_equal(rgb[..., 1], rgb[..., 2]):
        grey_values: Grey = rgb[..., 0].copy()
        return grey_values
    # Steps over a few pixels show ink edges; slow changes of light do not count.
    gap = max(1, min(rgb.shape[:2]) // 40)
    across, down = rgb[:, gap:] - rgb[:, :-gap], rgb[gap:] - rgb[:-gap]
    steps = np.concatenate([across.reshape(-1, 3), down.reshape(-1, 3)])
    if len(steps) == 0:
        return brightness
    values, vectors = np.linalg.eigh(steps.T @ steps / len(steps))
    main = vectors[:, -1].astype(np.float32)
    by_brightness = float(((steps @ np.array([0.299, 0.587, 0.114], dtype=np.float32)) ** 2).mean())
    if values[-1] < 4 * by_brightness * 3:  # pure brightness steps of one grey level count three here
        return brightness
    projected: Grey = rgb @ (main if main.sum() >= 0 else -main)
    low, high = float(projected.min()), float(projected.max())
    return (projected - low) * min(1.0, 255 / max(high - low, 1.0))


def threshold(values: NDArray[np.float32]) -> tuple[float, float]:
    """Otsu's threshold, and the share of the variance that it explains (0..1)."""
    low, high = float(values.min()), float(values.max())
    if high - low < 1e-6:
        return low, 0.0
    counts, edges = np.histogram(values, bins=128, range=(low, high))
    share = counts / counts.sum()
    middle = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(share)
    moment = np.cumsum(share * middle)
    mean = moment[-1]
    between = (mean * below - moment) ** 2 / np.maximum(below * (1 - below), 1e-9)
    # All thresholds inside a gap are equally good: take its middle.
    best = np.flatnonzero(between >= between.max() * 0.9999)
    at = (int(best[0]) + int(best[-1])) // 2
    spread = float((share * (middle - mean) ** 2).sum())
    return float(edges[at + 1]), float(between.max() / max(spread, 1e-9))


def flattened(picture: Grey) -> Grey:
    """Without the slow change of light over the paper: a curved surface fitted to the paper is taken off."""
    step = max(1, max(picture.shape) // 64)
    terms, values = _terms(picture.shape, step), picture[::step, ::step].ravel()
    kept = np.ones(len(values), dtype=bool)
    surface = np.zeros(6, dtype=np.float32)
    for _ in range(4):
        used = terms[kept]
        surface = np.linalg.solve(used.T @ used + 1e-3 * np.eye(6, dtype=np.float32), used.T @ values[kept])
        off = np.abs(values - terms @ surface)
        kept = off <= max(2.0, float(np.median(off)) * 2.0)
        if kept.mean() < 0.3:
            break
    flat: Grey = picture - (_terms(picture.shape, 1) @ surface).reshape(picture.shape).astype(np.float32)
    return flat


def _terms(shape: tuple[int, ...], step: int) -> NDArray[np.float32]:
    """1, x, y and their products at every `step`-th pixel: (n, 6)."""
    rows, columns = (np.linspace(-1, 1, size, dtype=np.float32)[::step] for size in shape)
    y, x = (part.ravel() for part in np.meshgrid(rows, columns, indexing="ij"))
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)


def looks(picture: Grey) -> Iterator[list[InkMap]]:
    """Ways to find the ink, simple ones first; nothing for a blank picture. Whoever is content stops asking.

    First one paper colour for the whole picture, then a paper that changes from place to place, then also a sheet
    on a dark table and small writing in a large photo. Each starts with the likelier side of the contrast.
    """
    if min(picture.shape) < 2:
        return
    cut, clean = threshold(picture)
    plain = picture
    if clean < CLEAN and picture.size > 400:
        plain = flattened(picture)
        cut, clean = threshold(plain)
    bright = plain > cut
    if bright.all() or not bright.any() or _contrast(plain, bright) < FAINTEST:
        return
    dark_on_light, certain = _paper_is_bright(bright)
    guesses = [dark_on_light] if certain else [dark_on_light, not dark_on_light]
    if clean >= CLEAN or picture.size <= FEW_PIXELS:
        yield _inked(InkMap(_even(plain, cut, guess), guess) for guess in guesses)
    if picture.size > FEW_PIXELS:
        if clean < SURELY_CLEAN:
            yield _around(picture, guesses, BROADEST)
        for broadest in (BROADEST, BROADEST / 4, BROADEST / 10):
            yield _around(picture, [True, False], broadest)


def _inked(maps: Iterable[InkMap]) -> list[InkMap]:
    return [found for found in maps if found.ink.any()]


def _around(picture: Grey, guesses: list[bool], broadest: float) -> list[InkMap]:
    """The ways to see the ink that stands out from the paper near it."""
    found = ((ink, guess) for guess in guesses for ink in _uneven(picture, guess, broadest))
    return _inked(InkMap(ink, guess, even_light=False) for ink, guess in found)


def _contrast(plain: Grey, bright: NDArray[np.bool_]) -> float:
    """Grey levels between ink and paper, also when there is little ink and the threshold fell elsewhere."""
    from scipy import ndimage

    calm = ndimage.uniform_filter(plain, size=3) if plain.size > FEW_PIXELS else plain
    low, middle, high = np.quantile(calm, (0.0005, 0.5, 0.9995))
    return max(float(np.median(plain[bright]) - np.median(plain[~bright])), float(middle - low), float(high - middle))


def _paper_is_bright(bright: NDArray[np.bool_]) -> tuple[bool, bool]:
    """The paper is what lies along the border; in doubt, what there is more of."""
    thick = max(1, min(bright.shape) // 20)
    sides = (bright[:thick], bright[-thick:], bright[:, :thick], bright[:, -thick:])
    rim = np.concatenate([side.ravel() for side in sides])
    at_border, overall = float(rim.mean()), float(bright.mean())
    if at_border > 1 - SURE and overall > 0.4:
        return True, True
    if at_border < SURE and overall < 0.6:
        return False, True
    return at_border + overall > 1.0, False


def _even(plain: Grey, cut: float, dark_on_light: bool) -> Ink:
    """Ink where one colour is the paper everywhere: distance from it, 0 below its grain, 1 at the usual ink."""
    paper = float(np.median(plain[plain > cut if dark_on_light else plain <= cut]))
    away = np.maximum(paper - plain if dark_on_light else plain - paper, 0)
    level, _ = threshold(away)
    rest = away[away <= level]
    grain = float(np.median(rest)) + 3 * float(np.median(np.abs(rest - np.median(rest))))
    full = _full(away, level)
    return _stretched(away, min(grain + 0.02 * full, 0.4 * full), full)


def _uneven(picture: Grey, dark_on_light: bool, share: float = BROADEST) -> list[Ink]:
    """Ink under shadows and on patterned paper: distance from the paper around each place.

    Where what stands out falls in two again (stains and ink), a second map shows the stronger part alone.
    """
    from scipy import ndimage

    signed = ndimage.uniform_filter(picture if dark_on_light else -picture, size=3)
    broadest = max(5.0, share * max(picture.shape))
    away = _from_paper_around(signed, broadest)
    # The first look tells how broad the pen is; what is much broader than a pen is shadow.
    level, _ = threshold(away)
    if level < FAINTEST / 3:
        return []
    broad = 2.5 * pen_width(away > level) + 3
    if broad < 0.7 * broadest:
        away = _from_paper_around(signed, broad)
        level, _ = threshold(away)
    full = _full(away, level)
    maps = [_stretched(away, min(float(np.quantile(away[away <= level], 0.9)), 0.4 * full), full)]
    stronger, clear = threshold(away[away > level])
    if clear > STAINED:
        maps.append(_stretched(away, 0.75 * stronger, _full(away, stronger)))
    return maps


def _from_paper_around(signed: Grey, broad: float) -> Grey:
    """How much darker each pixel is than the paper near it; strokes up to `broad` pixels are ink."""
    from scipy import ndimage

    step = max(1, int(broad) // 8)
    rows, columns = signed.shape[0] // step, signed.shape[1] // step
    small = signed[: rows * step, : columns * step].reshape(rows, step, columns, step).mean(axis=(1, 3))
    window = max(3, round(broad / step) | 1)
    paper = ndimage.uniform_filter(ndimage.grey_closing(small, size=window), size=max(3, window // 2))
    full = Image.fromarray(paper.astype(np.float32), mode="F")
    size = (signed.shape[1], signed.shape[0])
    around = np.asarray(full.resize(size, Image.Resampling.BILINEAR), dtype=np.float32)
    away: Grey = np.maximum(around - signed, 0)
    return away


def pen_width(solid: NDArray[np.bool_]) -> float:
    """Typical width of the strokes in pixels: four times the mean distance to the edge, less the pixel itself."""
    from scipy import ndimage

    if not solid.any():
        return 0.0
    distance = ndimage.distance_transform_edt(np.pad(solid, 1))[1:-1, 1:-1]
    return float(distance[solid].mean() * 4 - 2)


def _full(away: Grey, level: float) -> float:
    """The usual strength of the ink. In a small picture grey means half covered, and only the darkest is full ink."""
    strong = away[away > level]
    if not strong.size:
        return 0.0
    return float(np.quantile(strong, 0.9 if away.size < FEW_PIXELS else 0.5))


def _stretched(away: Grey, low: float, full: float) -> Ink:
    ink: Ink = np.clip((away - low) / max(full - low, 1e-6), 0, 1).astype(np.float32)
    return ink if full > 0 else np.zeros_like(away)
