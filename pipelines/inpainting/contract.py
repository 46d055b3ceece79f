"""What a repainting engine promises, what a visitor may choose, and what comes back. Knows no engine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from PIL import Image

from pipelines.diffusion.contract import Defaults, Order, Step
from pipelines.job import Job
from pipelines.words import EMPTY, Text

TASK = "inpainting"


class Repainter(Protocol):
    """One loaded engine. `order.image` and `order.mask` are a window of the visitor's picture, already at a size
    that `defaults` allows; what it paints outside the mask is thrown away by the pipeline.

    `side`: the longest side at which it works well (0: any, it works at full size and takes no prompt).
    """

    defaults: Defaults
    side: int
    takes_prompt: bool

    def repaint(self, order: Order, job: Job) -> Iterator[Step]: ...


@runtime_checkable
class OfFewWords(Protocol):
    """What a repainter also has that can tell which words of a prompt it was never taught."""

    def unknown_words(self, prompt: str) -> tuple[str, ...]: ...


@dataclass(frozen=True)
class RepaintOptions:
    """A visitor's choices. 0, -1 and "" mean the engine's own default (a seed of -1: a new one)."""

    prompt: str = ""
    negative_prompt: str = ""
    steps: int = 0
    guidance_scale: float = -1
    strength: float = 1.0
    grow: int = 0  # pixels; below 0 shrinks
    feather: int = 0  # pixels, inward only
    invert: bool = False
    extend: str = ""  # "left:128,top:64"
    seed: int = -1


@dataclass(frozen=True)
class Repainted:
    """The picture so far. Every pixel where `mask` is 0 is the visitor's own. The last one of a call has `done`."""

    image: Image.Image
    mask: Image.Image  # mode L, as it was used: grown, inverted, extended
    seed: int
    engine: str
    masked_pixels: int
    seconds: float
    step: int = 0
    steps: int = 0
    draft: bool = False  # a quick classical fill, shown while the chosen engine is still loading
    filtered: bool = False
    notice: Text = EMPTY
    done: bool = False
