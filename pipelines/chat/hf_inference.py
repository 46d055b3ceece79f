"""Hugging Face Inference Providers: many open models on others' machines, paid from the owner's account.

Address and default model as documented at https://huggingface.co/docs/inference-providers/tasks/chat-completion
"""

from __future__ import annotations

from pathlib import Path

from pipelines import settings
from pipelines.chat.contract import TASK
from pipelines.chat.openai_style import WAIT_S, Server
from pipelines.engines import EngineSpec
from pipelines.errors import EngineUnavailable
from pipelines.remote import Caller
from pipelines.words import Text

NAME = "hf-inference"
URL = "https://router.huggingface.co/v1"
MODEL = "openai/gpt-oss-120b"
CALLER = Caller("MODU_CHAT_HF_MODEL", "MODU_CHAT_HF_MODEL", "HF_TOKEN")

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
        en="The conversation is sent to Hugging Face and costs the owner of this app credit.",
        ko="대화가 허깅페이스로 전송되고 이 앱 소유자의 사용량에서 차감됩니다.",
    ),
)


def load(folder: Path | None) -> Server:
    return Server(URL, settings.current().models.get(f"{TASK}_hf", MODEL), _token, CALLER, WAIT_S)


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
