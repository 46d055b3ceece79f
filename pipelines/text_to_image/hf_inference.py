"""Hugging Face Inference Providers: open models that paint on others' machines, paid from the owner's account.

Parameters as documented at https://huggingface.co/docs/inference-providers/tasks/text-to-image
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pipelines import providers
from pipelines.diffusion.contract import Defaults, Order, Step
from pipelines.diffusion.served import HuggingFaceModel
from pipelines.job import Job
from pipelines.text_to_image.contract import TASK
from pipelines.words import Text

URL = "https://router.huggingface.co/hf-inference/models"
MODEL = "stabilityai/stable-diffusion-xl-base-1.0"
CALLER = providers.caller(TASK)
DEFAULTS = Defaults(
    steps=25,
    guidance_scale=6.0,
    width=1024,
    height=1024,
    takes_image=False,
    takes_lora=False,
    takes_strength=False,
)

SPEC = providers.provider_spec(
    TASK,
    Text(
        en="The prompt is sent to Hugging Face and costs the owner of this app credit.",
        ko="프롬프트가 허깅페이스로 전송되고 이 앱 소유자의 사용량에서 차감됩니다.",
    ),
)


class HuggingFacePainter:
    """One model there."""

    defaults = DEFAULTS

    def __init__(self, model: HuggingFaceModel) -> None:
        self._model = model

    def paint(self, order: Order, job: Job) -> Iterator[Step]:
        return self._model.generate(order, job)

    def unknown_words(self, prompt: str) -> tuple[str, ...]:
        return ()


def load(folder: Path | None) -> HuggingFacePainter:
    address = f"{URL}/{providers.model(TASK, MODEL)}"
    return HuggingFacePainter(HuggingFaceModel(address, lambda: providers.token(TASK), CALLER))
