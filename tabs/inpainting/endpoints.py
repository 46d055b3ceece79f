"""What programs call: repaint a part of a picture."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from gradio.data_classes import FileData

from pipelines import inpainting, media
from pipelines.inpainting import Repainted, RepaintOptions
from pipelines.job import Job
from pipelines.words import Text
from tabs._calls import tell, work
from tabs._files import picture_file, stem_of, uploaded

NO_PICTURE = Text(en="Choose a picture first.", ko="먼저 사진을 골라 주세요.")


async def repaint_picture(
    image: FileData,
    mask: FileData | None = None,
    prompt: str = "",
    negative_prompt: str = "",
    engine: str = "auto",
    steps: int = 0,
    guidance_scale: float = -1,
    strength: float = 1.0,
    grow: int = 0,
    feather: int = 0,
    invert: bool = False,
    extend: str = "",
    seed: int = -1,
) -> tuple[FileData, dict]:
    """Repaint the masked part of a picture, or extend it. All other pixels stay as they are; metadata is removed.

    Args:
        image: the picture.
        mask: white where to repaint; where transparency varies, opaque is repainted. Needed unless extending.
        prompt: what to paint there, for engines that read one; the built-in one continues the surroundings.
        negative_prompt: what not to paint.
        engine: which engine; "auto" takes the best one that is here.
        steps: of the engine; 0 is its own default.
        guidance_scale: how closely to follow the prompt; -1 is the engine's own default.
        strength: 0 to 1; how much of what was there is given up.
        grow: pixels by which the mask is made larger; below 0 smaller.
        feather: pixels over which the new part fades in, inside the mask.
        invert: repaint what the mask leaves out.
        extend: sides and pixels to add, such as "left:128,top:64".
        seed: makes the result repeatable; -1 is a new one.
    """
    options = RepaintOptions(
        prompt=prompt,
        negative_prompt=negative_prompt,
        steps=steps,
        guidance_scale=guidance_scale,
        strength=strength,
        grow=grow,
        feather=feather,
        invert=invert,
        extend=extend,
        seed=seed,
    )
    run = repainting(image, mask, options, engine)
    done = await work(lambda job: _last(run(job)))
    tell(done.notice)
    facts = {
        "seed": done.seed,
        "engine": done.engine,
        "masked_pixels": done.masked_pixels,
        "seconds": round(done.seconds, 3),
    }
    return picture_file(done.image, f"{stem_of(image)}-repainted.png"), facts


def repainting(image: Any, mask: Any, options: RepaintOptions, engine: str) -> Callable[[Job], Iterator[Repainted]]:
    """The work of one call on uploaded files, for the tab and for programs alike. Missing files are told at once."""
    path = uploaded(image, NO_PICTURE)
    marks = None if mask is None or mask == "" else uploaded(mask, NO_PICTURE)

    def run(job: Job) -> Iterator[Repainted]:
        mask = None if marks is None else media.open_picture(marks).image
        yield from inpainting.repaint(media.open_picture(path).image, mask, options, engine=engine, job=job)

    return run


def _last(shown: Iterator[Repainted]) -> Repainted:
    for one in shown:
        done = one
    return done
