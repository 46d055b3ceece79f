"""Chat: `reply` to a conversation, streamed. Stateless: the whole conversation comes in with each call.

history   what comes in, checked         context   what of it fits
passages  documents asked or quoted      replying  one reply from beginning to end
prompts   a conversation as tokens       decoding  tokens as text
sampling  which token comes next         thoughts  parted from the answer
adapters  LoRA put on and taken off      small_talk  what no document is asked about
local, fast, openai_style                transformers, OpenVINO, another server
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from pipelines import engines
from pipelines.chat import embedded, family, hf_inference, qwen3, qwen3_fast, remote, replying
from pipelines.chat.contract import (
    TASK,
    ChatEngine,
    FinishReason,
    Message,
    Piece,
    Reply,
    ReplyOptions,
    Role,
    Source,
)
from pipelines.chat.history import conversation
from pipelines.chat.replying import LONGEST_REPLY
from pipelines.job import Job

ENGINES = engines.register(
    TASK, (embedded, *qwen3_fast.PRECISIONS, *qwen3.SIZES, remote, hf_inference), family=family.CausalModels()
)

__all__ = [
    "ENGINES",
    "LONGEST_REPLY",
    "ChatEngine",
    "FinishReason",
    "Message",
    "Piece",
    "Reply",
    "ReplyOptions",
    "Role",
    "Source",
    "conversation",
    "reply",
]


def reply(
    messages: Sequence[Message],
    options: ReplyOptions = ReplyOptions(),
    *,
    engine: str = "auto",
    documents: Sequence[tuple[Path, str]] = (),
    job: Job | None = None,
) -> Iterator[Reply]:
    """The reply as it grows; the last one is complete. The input is checked before the first one is asked for.

    `messages` end with the visitor's; `conversation` makes them of what programs send. `documents` are files with
    the names that their owner knows them by.
    """
    return replying.replies(replying.question(messages, options, engine, documents), job or Job())
