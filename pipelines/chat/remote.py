"""Any OpenAI-style server: vLLM, llama.cpp, Ollama, LM Studio, TGI. The owner names it; visitors cannot."""

from __future__ import annotations

from pathlib import Path

from pipelines import remote, settings
from pipelines.chat.contract import TASK
from pipelines.chat.openai_style import WAIT_S, Server
from pipelines.words import Text

CALLER = remote.caller(TASK)

SPEC = remote.server_spec(
    TASK,
    Text(
        en="The conversation is sent to the server that the owner of this app named.",
        ko="대화가 이 앱의 소유자가 지정한 서버로 전송됩니다.",
    ),
    rank=5,  # what people write leaves this machine only when somebody chooses so
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
