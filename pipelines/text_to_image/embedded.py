"""The built-in engine: our own small painter. It paints shapes on a coloured ground, and says so."""

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
    size_mb=10,
    memory_mb=700,  # with the packages that it is the first to load
    languages=("en", "ko"),
    requires=("diffusers", "transformers", "torch"),
    note=Text(
        en="Still learning: grounds and colours mostly come out as asked, shapes do not yet. "
        "Fetch a bigger model for real pictures.",
        ko="아직 배우는 중입니다. 배경과 색은 대체로 맞지만 모양은 아직 맞지 않습니다. "
        "제대로 된 그림은 더 큰 모델을 내려받아 그려 보세요.",
    ),
)


def load(folder: Path | None) -> painter.Painter:
    return painter.open_painter(folder)


def __getattr__(name: str) -> Any:
    """What it does by itself stands in its files."""
    if name == "DEFAULTS":
        return painter.defaults()
    raise AttributeError(name)
