"""What callers give to `reply` and get back, and what a chat engine must offer. Data only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from pipelines.job import Job
from pipelines.words import EMPTY, Text

TASK = "chat"
Role = Literal["user", "assistant", "system"]
FinishReason = Literal["stop", "length"]


@dataclass(frozen=True)
class Message:
    """One turn of a conversation, as plain text."""

    role: Role
    content: str


@dataclass(frozen=True)
class ReplyOptions:
    """How a reply is drawn. `temperature` 0 is greedy; `seed` -1 draws a new one, which the result names."""

    system_prompt: str = ""
    temperature: float = 0.7
    top_p: float = 0.8
    max_new_tokens: int = 512
    thinking: bool = False
    seed: int = -1
    adapter: str = ""


@dataclass(frozen=True)
class Source:
    """One passage that an answer rests on. `page` counts from 1; 0 where a file has no pages."""

    file: str
    page: int
    text: str


@dataclass(frozen=True)
class Reply:
    """A reply so far. `text` and `thinking` are cumulative; `finish_reason` is None until it is complete."""

    text: str
    thinking: str = ""
    engine: str = ""
    finish_reason: FinishReason | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    context_tokens: int = 0  # how many the engine can hold, prompt and reply together
    dropped_turns: int = 0  # the oldest questions, each with its answer, that no longer fitted
    tokens_per_s: float = 0.0  # of the reply, without reading the prompt
    sources: tuple[Source, ...] = ()
    seed: int = 0
    notice: Text = EMPTY  # something worth knowing about this reply


@dataclass(frozen=True)
class Piece:
    """What an engine yields: some more text, and at the end why it ended.

    `prompt_tokens` is given by engines that cannot count before they write (another server's).
    """

    text: str
    tokens: int = 1
    finish_reason: FinishReason | None = None
    prompt_tokens: int = 0


class ChatEngine(Protocol):
    """A loaded engine. It counts and writes tokens; everything else is done once for all engines.

    `context_tokens` 0: it does not say, and nothing is dropped for it. An engine that can carry a LoRA adapter also
    has `wear(folder: Path | None)`, which is called before each reply; one that cannot follow a system prompt has
    `obeys = False` and is not given any.
    """

    context_tokens: int

    def count(self, messages: Sequence[Message], thinking: bool) -> int:
        """Tokens that these messages take with the engine's chat template, the reply's opening included."""

    def write(self, messages: Sequence[Message], options: ReplyOptions, job: Job) -> Iterator[Piece]:
        """The reply piece by piece, thoughts between <think> and </think>. Ends within a token of a cancel."""
