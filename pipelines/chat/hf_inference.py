"""Hugging Face Inference Providers: many open models on others' machines, paid from the owner's account.

Address and default model as documented at https://huggingface.co/docs/inference-providers/tasks/chat-completion
"""

from __future__ import annotations

from pathlib import Path

from pipelines import providers
from pipelines.chat.contract import TASK
from pipelines.chat.openai_style import WAIT_S, Server
from pipelines.words import Text

URL = "https://router.huggingface.co/v1"
MODEL = "openai/gpt-oss-120b"
CALLER = providers.caller(TASK)
SPEC = providers.provider_spec(
    TASK,
    Text(
        en="The conversation is sent to Hugging Face and costs the owner of this app credit.",
        ko="대화가 허깅페이스로 전송되고 이 앱 소유자의 사용량에서 차감됩니다.",
    ),
)


def load(folder: Path | None) -> Server:
    return Server(URL, providers.model(TASK, MODEL), lambda: providers.token(TASK), CALLER, WAIT_S)
