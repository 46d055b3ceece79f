"""The built-in engine: classical filling on OpenCV and numpy. It continues the surroundings and reads no prompt."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from pipelines.diffusion.contract import Defaults, Order, Step
from pipelines.engines import EngineSpec
from pipelines.inpainting import filling
from pipelines.job import Job
from pipelines.words import Text

SPEC = EngineSpec(
    task="inpainting",
    name="embedded",
    label=Text(en="Continue the surroundings (built in)", ko="주변을 이어 채우기 (내장)"),
    kind="embedded",
    rank=30,
    licence="MIT",  # our own code, on OpenCV (Apache-2.0)
    size_mb=0.1,
    memory_mb=400,  # 340 more at the peak: benchmarks/inpainting.py --large
    requires=("cv2",),
    note=Text(
        en="Fills marks and holes from what is around them. It takes no prompt and invents no new objects.",
        ko="표시한 곳을 주변 모습으로 채웁니다. 프롬프트를 쓰지 않으며 새로운 사물을 그리지 않습니다.",
    ),
)

DEFAULTS = Defaults(
    steps=1, guidance_scale=0, width=0, height=0, multiple=1, largest=0, takes_lora=False, takes_negative=False,
    takes_guidance=False, takes_strength=False, most_steps=1,
)  # fmt: skip
TAKES_PROMPT = False


def load(folder: Path | None) -> ClassicalRepainter:
    """The engine. `folder` is unused: there are no weights."""
    import cv2  # noqa: F401  (absent, this is where a visitor is told)

    return ClassicalRepainter()


class ClassicalRepainter:
    """Fills from around, at full size."""

    defaults = DEFAULTS
    side = 0
    takes_prompt = TAKES_PROMPT

    def repaint(self, order: Order, job: Job) -> Iterator[Step]:
        assert order.image is not None and order.mask is not None
        image, marked = np.asarray(order.image), np.asarray(order.mask) > 0
        for filled in filling.fill(image, marked, order.seed, job):
            picture = Image.fromarray(filled.image)
            last = filled.number == filled.total
            yield Step(filled.number, filled.total, picture, picture if last else None)
