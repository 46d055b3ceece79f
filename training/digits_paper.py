"""Paper under a lamp and ink on it, for pictures that look photographed. Knows nothing of digits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter


def paper(height: int, width: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Paper under a lamp: (height, width) grey, uneven light, fibres, grain."""
    clouds = Image.fromarray((rng.random((5, 7)) * 255).astype(np.uint8))
    coarse = clouds.resize((width, height), Image.Resampling.BICUBIC)
    light = rng.uniform(150, 235) + (np.asarray(coarse, dtype=float) - 128) * rng.uniform(0.05, 0.3)
    fibres = Image.fromarray((rng.random((height // 2 + 1, width // 2 + 1)) * 255).astype(np.uint8))
    texture = np.asarray(fibres.resize((width, height), Image.Resampling.BICUBIC), dtype=float) - 128
    return light + texture * rng.uniform(0.02, 0.07) + rng.normal(0, rng.uniform(1, 5), (height, width))


def inked(ink: NDArray[np.float64], rng: np.random.Generator) -> Image.Image:
    """Ink (height, width) in 0..1 on coloured paper, photographed a little out of focus, saved as JPEG would."""
    ground = paper(*ink.shape, rng)[..., None] * np.array([1.0, rng.uniform(0.93, 1.0), rng.uniform(0.8, 1.0)])
    colour = np.array([(20, 20, 30), (30, 50, 150), (70, 70, 70), (150, 30, 40)][int(rng.integers(4))], dtype=float)
    strength = rng.uniform(0.75, 1.0)
    photo = ground * (1 - ink[..., None] * strength) + colour * ink[..., None] * strength
    picture = Image.fromarray(np.clip(photo, 0, 255).astype(np.uint8))
    return picture.filter(ImageFilter.GaussianBlur(float(rng.uniform(0, 1.5))))
