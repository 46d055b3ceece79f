"""What a visitor has painted: finished pictures, and the one that is being painted, step by step."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from pipelines.job import Job
from pipelines.text_to_image import Painting, PaintOptions
from tabs._files import bytes_file
from tabs.text_to_image.endpoints import png_file

MOST = 40  # finished pictures that are kept at hand
_SHOWN = 640  # the longer side of a preview, as the browser gets it


@dataclass(frozen=True)
class Picture:
    """A finished picture: its file, and what is told about it."""

    path: str
    seed: int
    width: int
    height: int
    steps: int


@dataclass(frozen=True)
class Moment:
    """A painting as far as it is: `strip` has one file per step of its newest picture, `pictures` what is finished."""

    now: Painting
    strip: tuple[str, ...]
    pictures: tuple[Picture, ...]

    @property
    def seed(self) -> int:
        return self.now.seeds[-1]


@dataclass
class Desk:
    """Everything of one visitor. Kept by Gradio for the session."""

    pictures: list[Picture] = field(default_factory=list)
    which: int = 0
    strip: tuple[str, ...] = ()
    run: str = ""  # of the painting that was begun last
    moment: Moment | None = None  # of a painting that is not finished

    @property
    def current(self) -> Picture | None:
        return self.pictures[self.which] if self.pictures else None


def followed(
    run: Callable[[Job], Iterator[tuple[Painting, PaintOptions]]], prompt: str, embed: bool, job: Job
) -> Iterator[Moment]:
    """A painting with its previews and finished pictures as files."""
    strip: list[str] = []
    pictures: list[Picture] = []
    looked_at, begun = 0, 0
    for now, options in run(job):
        if len(now.seeds) != begun:
            strip, begun = [], len(now.seeds)
        if now.preview is not None:
            strip.append(_preview(now.preview))
        for place in range(looked_at, len(now.images)):
            if place not in now.filtered:
                path = png_file(prompt, options, now, place, embed)["path"]
                pictures.append(Picture(path, now.seeds[place], now.width, now.height, now.steps))
                strip.append(path)
        looked_at = len(now.images)
        yield Moment(now, tuple(strip), tuple(pictures))


def zipped(pictures: list[Picture]) -> str:
    """All finished pictures in one file; two of one seed are told apart."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_STORED) as archive:  # PNG is compressed already
        for number, picture in enumerate(pictures, 1):
            if Path(picture.path).is_file():
                archive.write(picture.path, f"{number:02d}-{Path(picture.path).name}")
    return str(bytes_file(data.getvalue(), "pictures.zip")["path"])


def _preview(image: Image.Image) -> str:
    small = image.convert("RGB")
    small.thumbnail((_SHOWN, _SHOWN))
    data = io.BytesIO()
    small.save(data, "JPEG", quality=88)
    return str(bytes_file(data.getvalue(), "step.jpg")["path"])
