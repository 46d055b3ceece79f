"""What painting engines of all tasks share: the orders they take and the steps they give. Knows no library.

Pictures are PIL images in mode RGB, masks in mode L (255: paint here).
"""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image

from pipelines.words import EMPTY, LANGUAGES, Text


@dataclass(frozen=True)
class Defaults:
    """What an engine does when a visitor leaves it the choice, and what it can do at all."""

    steps: int
    guidance_scale: float
    width: int
    height: int
    schedulers: tuple[str, ...] = ()  # names of diffusers' classes; the first is the default
    multiple: int = 8  # width and height are multiples of it
    largest: int = 1024  # of width and height
    takes_image: bool = True  # can start from a picture
    takes_lora: bool = True
    takes_negative: bool = True
    takes_guidance: bool = True
    takes_seed: bool = True  # the same seed gives the same picture
    takes_strength: bool = True  # how much of a given picture is given up can be chosen
    most_steps: int = 100  # 1: there is nothing to choose
    smallest: int = 64  # of width and height


def without_choices(side: int, largest: int) -> Defaults:
    """Of an engine that takes a picture of this side and, beside a prompt, nothing that could be chosen."""
    return Defaults(
        steps=1,
        guidance_scale=0.0,
        width=side,
        height=side,
        largest=largest,
        takes_lora=False,
        takes_negative=False,
        takes_guidance=False,
        takes_seed=False,
        takes_strength=False,
        most_steps=1,
    )


def left_out(label: Text, able: Defaults, negative: bool, guidance: bool, seed: bool, strength: bool = False) -> Text:
    """What was asked for (the flags) but means nothing to an engine, such as a server that chooses for itself."""
    choices = (
        (Text(en="negative prompt", ko="제외할 것"), negative, able.takes_negative),
        (Text(en="guidance", ko="가이던스"), guidance, able.takes_guidance),
        (Text(en="seed", ko="시드"), seed, able.takes_seed),
        (Text(en="strength", ko="강도"), strength, able.takes_strength),
    )
    ignored = [name for name, asked, taken in choices if asked and not taken]
    if not ignored:
        return EMPTY
    english, korean = (", ".join(name.to(language) for name in ignored) for language in LANGUAGES)
    return Text(
        en=f"{label.en} does not use: {english}. It was left out.",
        ko=f"{label.ko} 엔진이 쓰지 않아 반영하지 않은 것: {korean}.",
    )


@dataclass(frozen=True)
class Order:
    """One picture to paint, all choices made. `image` to start from; `mask` where only a part is repainted."""

    prompt: str
    negative_prompt: str
    steps: int
    guidance_scale: float
    width: int
    height: int
    seed: int
    scheduler: str = ""
    image: Image.Image | None = None
    strength: float = 1.0  # how much of `image` is given up, 0..1
    mask: Image.Image | None = None
    lora: str = ""  # a file below MODU_MODELS_DIR or a Hub name
    lora_scale: float = 1.0


@dataclass(frozen=True)
class Step:
    """How far one picture is. The last step of an order carries `image`."""

    number: int  # steps done
    total: int
    preview: Image.Image | None = None
    image: Image.Image | None = None
    filtered: bool = False  # a safety checker held the picture back: `image` is then a blank of its size
