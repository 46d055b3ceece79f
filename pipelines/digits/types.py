"""What the digits task takes and gives: plain, picklable values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.words import EMPTY, Text

Frames = NDArray[np.uint8]  # (n, 28, 28), white ink on black as MNIST
Probabilities = NDArray[np.float32]  # (n, 11): ten digits, then "not a digit"


@dataclass(frozen=True)
class Activity:
    """What one convolution layer answered to a frame: (channels, height, width), at least 0."""

    layer: str
    maps: NDArray[np.float32]


class DigitsEngine(Protocol):
    """Reads frames. `activity` and `saliency` show a student why it answered as it did."""

    def predict(self, frames: Frames) -> Probabilities: ...

    def activity(self, frame: Frames) -> list[Activity]:
        """The convolution layers' answers to one frame (28, 28), first layer first."""
        ...

    def saliency(self, frame: Frames, label: int) -> NDArray[np.float32]:
        """(28, 28) in 0..1: how much each pixel spoke for `label`."""
        ...


@dataclass(frozen=True)
class DigitReading:
    """One digit read, or refused with a reason. `confidences` has all ten, best first, even when refused."""

    label: str | None
    confidences: list[tuple[str, float]]
    rejected: bool
    reason: Text
    engine: str
    seen: Image.Image  # 28x28, mode L: exactly what the network got
    feature_maps: list[Image.Image] = field(default_factory=list)  # one mosaic per convolution stage
    saliency: Image.Image | None = None


@dataclass(frozen=True)
class FoundDigit:
    """One digit of a number. `box` is [x, y, width, height] in pixels of the picture that was given."""

    digit: int
    confidence: float
    box: list[int]


@dataclass(frozen=True)
class NumberReading:
    """All digits of a picture, lines parted by a line break; `text` is empty when there is none."""

    text: str
    digits: list[FoundDigit]
    engine: str
    annotated: Image.Image
    reason: Text = EMPTY  # why there is no text


@dataclass(frozen=True)
class DigitSample:
    """A picture of a data set with its truth."""

    picture: Image.Image
    label: int
    index: int
    dataset: str
    size: int
