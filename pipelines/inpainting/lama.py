"""LaMa (Samsung): fills large holes from their surroundings in one pass, without a prompt.

Read at https://huggingface.co/Carve/LaMa-ONNX/tree/c3c0c9e468934d62e79c329e35d82dd09ff8c444: lama_fp32.onnx, 208044816
bytes, Apache-2.0.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from pipelines.diffusion.contract import Order, Step, without_choices
from pipelines.engines import EngineSpec
from pipelines.inpainting.contract import TASK
from pipelines.job import Job
from pipelines.words import Text

FILE = "lama_fp32.onnx"
SIDE = 512  # pixels of the window that this file takes
TAKES_PROMPT = False
DEFAULTS = without_choices(SIDE, largest=SIDE)

SPEC = EngineSpec(
    task=TASK,
    name="lama",
    label=Text(en="LaMa", ko="LaMa"),
    kind="hub",
    rank=40,
    licence="Apache-2.0",
    size_mb=208,
    memory_mb=1300,
    requires=("onnxruntime",),
    repo="Carve/LaMa-ONNX",
    revision="c3c0c9e468934d62e79c329e35d82dd09ff8c444",
    files=(FILE,),
    verified=True,
    note=Text(
        en="Removes things and fills large holes in a second or two. It takes no prompt.",
        ko="사물을 지우고 큰 빈 곳을 1~2초 만에 채웁니다. 프롬프트를 쓰지 않습니다.",
    ),
)


class LamaRepainter:
    """One network. Its inputs are told apart by their channels: three of the picture, one of the mask."""

    defaults = DEFAULTS
    side = SIDE
    takes_prompt = TAKES_PROMPT

    def __init__(self, session: Any) -> None:
        self._session = session
        self._names = {put.shape[1]: put.name for put in session.get_inputs()}

    def repaint(self, order: Order, job: Job) -> Iterator[Step]:
        assert order.image is not None and order.mask is not None
        job.check()
        size = (SIDE, SIDE)
        image = np.asarray(order.image.convert("RGB").resize(size, Image.Resampling.LANCZOS), np.float32) / 255
        hole = (np.asarray(order.mask.convert("L").resize(size, Image.Resampling.NEAREST)) > 0).astype(np.float32)
        given = {self._names[3]: image.transpose(2, 0, 1)[None], self._names[1]: hole[None, None]}
        filled = self._session.run(None, given)[0][0].transpose(1, 2, 0)
        levels = filled if filled.max() > 2 else filled * 255  # some copies of the file end in levels already
        painted = Image.fromarray(np.clip(levels, 0, 255).round().astype(np.uint8))
        yield Step(1, 1, image=painted.resize((order.width, order.height), Image.Resampling.LANCZOS))


def load(folder: Path | None) -> LamaRepainter:
    import onnxruntime

    if folder is None:
        raise ValueError("LaMa is loaded from a folder")
    return LamaRepainter(onnxruntime.InferenceSession(folder / FILE, providers=["CPUExecutionProvider"]))
