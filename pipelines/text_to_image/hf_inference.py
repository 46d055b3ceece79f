"""Hugging Face Inference Providers: open models that paint on others' machines, paid from the owner's account.

Parameters as documented at https://huggingface.co/docs/inference-providers/tasks/text-to-image
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pipelines import settings
from pipelines.diffusion.contract import Defaults, Order, Step
from pipelines.diffusion.served import HuggingFaceModel
from pipelines.engines import EngineSpec
from pipelines.errors import EngineUnavailable
from pipelines.job import Job
from pipelines.remote import Caller
from pipelines.text_to_image.contract import TASK
from pipelines.words import Text

NAME = "hf-inference"
URL = "https://router.huggingface.co/hf-inference/models"
MODEL = "stabilityai/stable-diffusion-xl-base-1.0"
CALLER = Caller("MODU_TEXT_TO_IMAGE_HF_MODEL", "MODU_TEXT_TO_IMAGE_HF_MODEL", "HF_TOKEN")
DEFAULTS = Defaults(
    steps=25,
    guidance_scale=6.0,
    width=1024,
    height=1024,
    takes_image=False,
    takes_lora=False,
    takes_strength=False,
)

SPEC = EngineSpec(
    task=TASK,
    name=NAME,
    label=Text(en="Hugging Face Inference Providers", ko="허깅페이스 추론 제공자 (Inference Providers)"),
    kind="remote",
    rank=0,
    licence="as the chosen model's card says",
    size_mb=0,
    memory_mb=1,
    requires=("httpx",),
    setting="HF_TOKEN",
    shared=True,
    note=Text(
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
    model = settings.current().models.get(f"{TASK}_hf", MODEL)
    return HuggingFacePainter(HuggingFaceModel(f"{URL}/{model}", _token, CALLER))


def _token() -> str:
    """The owner's token, if this server may spend it: a token for private models is no leave to run up a bill."""
    chosen = settings.current()
    if chosen.offline:
        raise EngineUnavailable(_OFFLINE)
    if chosen.managed and NAME not in (chosen.engines.get(TASK), *chosen.allow):
        raise EngineUnavailable(_NOT_ALLOWED)
    return settings.hub_token()


_OFFLINE = Text(
    en="This server is set to work offline and asks nobody. Choose another engine.",
    ko="이 서버는 오프라인으로 설정되어 있어 외부에 묻지 않습니다. 다른 엔진을 골라 주세요.",
)
_NOT_ALLOWED = Text(
    en="The owner of this page has not opened Inference Providers to visitors (MODU_ALLOW). Choose another engine.",
    ko="이 페이지의 소유자가 방문자에게 추론 제공자를 허용하지 않았습니다(MODU_ALLOW). 다른 엔진을 골라 주세요.",
)
