"""What programs call: paint pictures from words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from gradio.data_classes import FileData

from pipelines import media, text_to_image
from pipelines.errors import EngineFailed
from pipelines.job import Job
from pipelines.text_to_image import Painting, PaintOptions
from pipelines.words import Text
from tabs._calls import tell, work
from tabs._files import bytes_file, uploaded

NO_PICTURE = Text(en="Choose a picture to start from first.", ko="먼저 시작 그림을 골라 주세요.")


async def paint_pictures(
    prompt: str,
    negative_prompt: str = "",
    engine: str = "auto",
    steps: int = 0,
    guidance_scale: float = -1,
    width: int = 0,
    height: int = 0,
    seed: int = -1,
    count: int = 1,
    image: FileData | None = None,
    image_strength: float = 0.6,
    scheduler: str = "",
    style: str = "",
    lora: str = "",
    lora_scale: float = 1.0,
) -> tuple[list[FileData], dict]:
    """Paint pictures from words. Their settings travel inside the PNG files.

    Args:
        prompt: what to paint.
        negative_prompt: what to keep away from.
        engine: who paints; "auto" takes the best one that is here.
        steps: of the engine; 0 is its own default.
        guidance_scale: how closely to follow the prompt; -1 is the engine's own default.
        width: in pixels; 0 is the engine's own default.
        height: in pixels; 0 is the engine's own default.
        seed: the same seed gives the same picture on the same engine; -1 is a new one.
        count: how many pictures, 1 to 8; their seeds follow each other.
        image: a picture to start from.
        image_strength: 0 to 1; how much of that picture is given up.
        scheduler: one that the engine offers; empty is its own default.
        style: photo, cinematic, watercolour, oil, ink, minhwa, pencil, picture-book, webtoon, pixel, clay or poster.
        lora: a LoRA that the owner has, or one of the Hub as organisation/name, where the engine takes one.
        lora_scale: 0 to 2; how strongly it works.
    """
    options = PaintOptions(
        negative_prompt=negative_prompt,
        steps=steps,
        guidance_scale=guidance_scale,
        width=width,
        height=height,
        seed=seed,
        count=count,
        image_strength=image_strength,
        scheduler=scheduler,
        style=style,
        lora=lora,
        lora_scale=lora_scale,
    )
    run = painting(prompt, options, image, engine)
    done, options = await work(lambda job: _last(run(job)))
    tell(done.notice)
    kept = [place for place in range(len(done.images)) if place not in done.filtered]
    if not kept:
        raise EngineFailed(done.notice)
    files = [png_file(prompt, options, done, place) for place in kept]
    return files, {  # type: ignore[return-value]
        "seeds": [done.seeds[place] for place in kept],
        "steps": done.steps,
        "guidance_scale": done.guidance_scale,
        "width": done.width,
        "height": done.height,
        "scheduler": done.scheduler,
        "engine": done.engine,
        "seconds": round(done.seconds, 3),
    }


def painting(
    prompt: str, options: PaintOptions, image: Any, engine: str
) -> Callable[[Job], Iterator[tuple[Painting, PaintOptions]]]:
    """The work of one call, for the tab and for programs alike; with the options as they hold, the picture in them."""
    path = None if image is None or image == "" else uploaded(image, NO_PICTURE)

    def run(job: Job) -> Iterator[tuple[Painting, PaintOptions]]:
        whole = options if path is None else replace(options, image=media.open_picture(path).image)
        for now in text_to_image.paint(prompt, whole, engine=engine, job=job):
            yield now, whole

    return run


def png_file(prompt: str, options: PaintOptions, now: Painting, place: int, embed: bool = True) -> dict[str, Any]:
    """One finished picture as a PNG file, with its settings inside unless they are to stay out."""
    known = text_to_image.settings_for(prompt, options, now, place) if embed else None
    return bytes_file(text_to_image.png_bytes(now.images[place], known, now), f"picture-{now.seeds[place]}.png")


def _last(steps: Iterator[tuple[Painting, PaintOptions]]) -> tuple[Painting, PaintOptions]:
    for one in steps:
        last = one
    return last
