"""Any OpenAI-style server: vLLM, llama.cpp, Ollama, LM Studio, TGI. The owner names it; visitors cannot."""

from __future__ import annotations

from pathlib import Path

from pipelines import settings
from pipelines.chat.contract import TASK
from pipelines.chat.openai_style import WAIT_S, Server
from pipelines.engines import EngineSpec
from pipelines.remote import Caller
from pipelines.words import Text

CALLER = Caller("MODU_CHAT_URL", "MODU_CHAT_MODEL", "MODU_CHAT_KEY")

SPEC = EngineSpec(
    task=TASK,
    name="remote",
    label=Text(en="Another server (OpenAI-style)", ko="다른 서버 (OpenAI 방식)"),
    kind="remote",
    rank=5,  # what people write leaves this machine only when somebody chooses so
    licence="as the server says",
    size_mb=0,
    memory_mb=1,
    requires=("httpx",),
    shared=True,
    note=Text(
        en="The conversation is sent to the server that the owner of this app named.",
        ko="대화가 이 앱의 소유자가 지정한 서버로 전송됩니다.",
    ),
)


def load(folder: Path | None) -> Server:
    chosen = settings.current()
    return Server(
        chosen.urls[TASK],
        chosen.models.get(TASK, ""),
        lambda: settings.secret(TASK),
        CALLER,
        chosen.waits.get(TASK, WAIT_S),
    )
