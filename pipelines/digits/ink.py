"""From any picture to a map of ink: 0 = paper, 1 = full ink. Finds which way the contrast goes, evens out the light.

Knows nothing of digits; `prepare.py` and `segment.py` decide what the ink means.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.digits.fit import Ink

FAINTEST = 14.0  # grey levels of 255: weaker contrast than this is a blank sheet with its grain
CLEAN = 0.80  # share of the variance that one threshold explains; even light gives more, a photo often less
SURE = 0.25  # below this share of border on the other side of the threshold the paper's side is certain

Grey = NDArray[np.float32]  # (H, W), 0..255


@dataclass(frozen=True)
class InkMap:
    """`ink` for one guess which side of the contrast is the paper; `certain` when the other guess need not be tried."""

    ink: Ink
    dark_on_light: bool
    certain: bool


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
    rows, columns = np.linspace(-1, 1, picture.shape[0]), np.linspace(-1, 1, picture.shape[1])
    y, x = (part.ravel().astype(np.float32) for part in np.meshgrid(rows, columns, indexing="ij"))
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)
    values = picture.ravel()
    kept = np.ones(len(values), dtype=bool)
    surface = np.zeros(6, dtype=np.float32)
    for _ in range(4):
        weighted = terms[kept]
        surface = np.linalg.solve(weighted.T @ weighted + 1e-3 * np.eye(6, dtype=np.float32), weighted.T @ values[kept])
        off = np.abs(values - terms @ surface)
        kept = off <= max(2.0, float(np.median(off)) * 2.0)
        if kept.mean() < 0.3:
            break
    flat: Grey = (values - terms @ surface).reshape(picture.shape).astype(np.float32)
    return flat


def ink_maps(picture: Grey) -> list[InkMap]:
    """The likely reading first, then the opposite one if the paper's side is in doubt; empty for a blank picture."""
    if min(picture.shape) < 2:
        return []
    cut, clean = threshold(picture)
    plain = picture
    if clean < CLEAN and picture.size > 400:
        plain = flattened(picture)
        cut, clean = threshold(plain)
    bright = plain > cut
    if bright.all() or not bright.any():
        return []
    contrast = float(np.median(plain[bright]) - np.median(plain[~bright]))
    if contrast < FAINTEST:
        return []
    dark_on_light, certain = _paper_is_bright(bright)
    guesses = [dark_on_light] if certain else [dark_on_light, not dark_on_light]
    maps = [InkMap(_ink(picture, plain, cut, clean, guess), guess, certain) for guess in guesses]
    return [found for found in maps if found.ink.any()]


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


def _ink(picture: Grey, plain: Grey, cut: float, clean: float, dark_on_light: bool) -> Ink:
    """How far each pixel is from the paper, 1 at the usual strength of the ink."""
    if clean >= CLEAN:
        paper_side = plain > cut if dark_on_light else plain <= cut
        paper = float(np.median(plain[paper_side]))
        away = paper - plain if dark_on_light else plain - paper
    else:
        away = _local_contrast(picture, dark_on_light)
    return _scaled(np.maximum(away, 0))


def _local_contrast(picture: Grey, dark_on_light: bool) -> Grey:
    """Distance from the paper around: shadows with edges go, strokes up to a fifth of the picture stay."""
    from scipy import ndimage

    signed = picture if dark_on_light else -picture
    step = max(1, max(picture.shape) // 128)
    small = signed[: signed.shape[0] // step * step, : signed.shape[1] // step * step]
    small = small.reshape(small.shape[0] // step, step, small.shape[1] // step, step).mean(axis=(1, 3))
    window = max(3, max(small.shape) // 5)
    paper = ndimage.uniform_filter(ndimage.grey_closing(small, size=window), size=max(3, window // 2))
    wide = Image.fromarray(paper.astype(np.float32), mode="F")
    full = np.asarray(wide.resize((picture.shape[1], picture.shape[0]), Image.Resampling.BILINEAR))
    return np.asarray(full - signed, dtype=np.float32)


def _scaled(away: NDArray[np.float32]) -> Ink:
    """0 below the grain of the paper, 1 at the median of the ink."""
    cut, _ = threshold(away)
    strong = away[away > cut]
    if strong.size == 0:
        return np.zeros_like(away)
    full = float(np.median(strong))
    rest = away[away <= cut]
    grain = float(np.median(rest)) + 3 * float(np.median(np.abs(rest - np.median(rest))))
    low = min(grain + 0.02 * full, 0.4 * full)
    ink: Ink = np.clip((away - low) / max(full - low, 1e-6), 0, 1).astype(np.float32)
    return ink
