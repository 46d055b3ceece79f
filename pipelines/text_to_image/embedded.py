"""The built-in engine: our own small painter. It paints shapes and a few things on a coloured ground, and says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipelines.diffusion import painter
from pipelines.diffusion.contract import Defaults
from pipelines.engines import EngineSpec
from pipelines.text_to_image.contract import TASK
from pipelines.words import Text

DEFAULTS: Defaults  # made when somebody looks: see below

SPEC = EngineSpec(
    task=TASK,
    name="embedded",
    label=Text(en="Small built-in painter", ko="작은 내장 화가"),
    kind="embedded",
    rank=10,
    licence="MIT",
    size_mb=15,
    memory_mb=700,  # with the packages that it is the first to load
    languages=("en", "ko"),
    requires=("diffusers", "transformers", "torch"),
    note=Text(
        en="Shapes in ten colours, one or two, and a few dozen things, on a coloured ground. "
        "Fetch a bigger model for anything else.",
        ko="열 가지 색의 도형을 하나나 둘, 사물 몇십 가지를 하나씩, 색이 있는 배경 위에 그립니다. "
        "다른 그림은 더 큰 모델을 내려받아 그려 보세요.",
    ),
)


def load(folder: Path | None) -> painter.Painter:
    return painter.open_painter(folder)


def __getattr__(name: str) -> Any:
    """What it does by itself stands in its files."""
    if name == "DEFAULTS":
        return painter.defaults()
    raise AttributeError(name)
