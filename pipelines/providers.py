"""Hugging Face Inference Providers: what the engines of all tasks share that run there, on the owner's account."""

from __future__ import annotations

from pipelines import settings
from pipelines.engines import EngineSpec
from pipelines.errors import EngineUnavailable
from pipelines.remote import Caller
from pipelines.words import Text

NAME = "hf-inference"


def provider_spec(task: str, note: Text) -> EngineSpec:
    """The engine of a task that asks there. `note` tells what is sent."""
    return EngineSpec(
        task=task,
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
        note=note,
    )


def caller(task: str) -> Caller:
    setting = f"MODU_{task.upper()}_HF_MODEL"
    return Caller(setting, setting, "HF_TOKEN")


def model(task: str, default: str) -> str:
    """The model that the owner named for this task (`MODU_<TASK>_HF_MODEL`)."""
    return settings.current().models.get(f"{task}_hf", default)


def token(task: str) -> str:
    """The owner's token, if this server may spend it: a token for private models is no leave to run up a bill."""
    chosen = settings.current()
    if chosen.offline:
        raise EngineUnavailable(_OFFLINE)
    if chosen.managed and NAME not in (chosen.engines.get(task), *chosen.allow):
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
