"""The built-in painter, repainting in pictures of its own world."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipelines.diffusion import painter
from pipelines.diffusion.contract import Defaults
from pipelines.engines import EngineSpec
from pipelines.inpainting.contract import TASK
from pipelines.inpainting.local import LocalRepainter
from pipelines.words import Text

DEFAULTS: Defaults  # made when somebody looks: see below
TAKES_PROMPT = True

SPEC = EngineSpec(
    task=TASK,
    name="painter",
    label=Text(en="Small built-in painter", ko="작은 내장 화가"),
    kind="embedded",
    rank=5,  # photographs are better filled from their surroundings
    licence="MIT",
    size_mb=15,
    memory_mb=700,
    languages=("en", "ko"),
    requires=("diffusers", "transformers", "torch"),
    note=Text(
        en="Repaints pictures of its own kind: shapes and a few dozen things on a coloured ground. "
        "Not for photographs.",
        ko="색 배경에 도형이나 사물 몇십 가지가 있는, 자기가 그린 것 같은 그림을 고칩니다. 사진에는 맞지 않습니다.",
    ),
)


def load(folder: Path | None) -> LocalRepainter:
    canvas = painter.open_painter(folder)
    return LocalRepainter(canvas, canvas.defaults.width)


def __getattr__(name: str) -> Any:
    """What it does by itself stands in its files."""
    if name == "DEFAULTS":
        return painter.defaults()
    raise AttributeError(name)
