"""The built-in engine: our own tiny model in the Qwen3 architecture, trained by `training/chat.py`.

Loaded by the same code as the big ones. It knows greetings, small talk and this app, and says so when asked more.
"""

from __future__ import annotations

from pathlib import Path

from pipelines.chat.contract import TASK
from pipelines.chat.local import LocalChat, open_checkpoint
from pipelines.engines import EngineSpec
from pipelines.words import Text

FOLDER = Path(__file__).resolve().parents[2] / "assets" / "chat"

SPEC = EngineSpec(
    task=TASK,
    name="embedded",
    label=Text(en="Small built-in model", ko="작은 내장 모델"),
    kind="embedded",
    rank=10,
    licence="MIT",
    size_mb=4,
    memory_mb=450,  # with the packages that it is the first to load
    languages=("en", "ko"),
    requires=("transformers", "torch"),
    note=Text(
        en="Knows greetings, small talk and what this app can do. Fetch a bigger model for anything else.",
        ko="인사와 가벼운 대화, 이 앱의 사용법을 압니다. 다른 이야기는 더 큰 모델을 내려받아 물어보세요.",
    ),
)


def load(folder: Path | None) -> LocalChat:
    return open_checkpoint(FOLDER, tiny=True)
