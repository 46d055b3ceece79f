"""What a painting engine promises, what a visitor may choose, and what comes back. Knows no engine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from PIL import Image

from pipelines.diffusion.contract import Defaults, Order, Step
from pipelines.job import Job
from pipelines.words import EMPTY, Text

TASK = "text_to_image"
MOST_PICTURES = 8  # of one call


class Painter(Protocol):
    """One loaded engine. It paints one order at a time and yields a `Step` at least after every denoising step.

    An engine's module names its `defaults` too where they are known before loading, as `DEFAULTS: Defaults`: the tab
    offers what the chosen engine can do without loading it. `order.image` comes in mode RGB at the size to paint.
    """

    defaults: Defaults

    def paint(self, order: Order, job: Job) -> Iterator[Step]: ...

    def unknown_words(self, prompt: str) -> tuple[str, ...]:
        """Words of the prompt that this engine was never taught; empty where any word may be understood."""
        ...


@dataclass(frozen=True)
class PaintOptions:
    """A visitor's choices. 0, -1 and "" mean the engine's own default (a seed of -1: a new one)."""

    negative_prompt: str = ""
    steps: int = 0
    guidance_scale: float = -1
    width: int = 0
    height: int = 0
    seed: int = -1
    count: int = 1
    image: Image.Image | None = None
    image_strength: float = 0.6
    scheduler: str = ""
    style: str = ""
    lora: str = ""
    lora_scale: float = 1.0


@dataclass(frozen=True)
class PictureSettings:
    """What a picture was painted with, as the visitor asked for it; it travels inside the PNG file."""

    prompt: str
    negative_prompt: str = ""
    steps: int = 0
    guidance_scale: float = -1
    width: int = 0
    height: int = 0
    seed: int = -1
    scheduler: str = ""
    style: str = ""
    lora: str = ""
    lora_scale: float = 1.0
    image_strength: float = 0.0  # above 0: it began from another picture, which is not kept
    engine: str = ""


@dataclass(frozen=True)
class Painting:
    """The pictures so far, and all that is needed to paint them again. The last one of a call has `done`."""

    images: tuple[Image.Image, ...]
    seeds: tuple[int, ...]  # of `images`, and of the one being painted
    steps: int
    guidance_scale: float
    width: int
    height: int
    scheduler: str
    engine: str
    seconds: float
    prompt: str = ""  # as the engine got it, style included
    negative_prompt: str = ""
    preview: Image.Image | None = None  # of the picture being painted
    step: int = 0  # of the picture being painted
    total: int = 0  # steps of the picture being painted; fewer than `steps` where it starts from a picture
    filtered: tuple[int, ...] = ()  # places in `images` that a safety checker held back
    notice: Text = EMPTY
    done: bool = False
