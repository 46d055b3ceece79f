"""A chat engine that computes nothing but keeps the promises of the real ones, and what the chat tests share."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import fakes

from pipelines.chat.contract import Message, Piece, Reply, ReplyOptions
from pipelines.job import Job


class FakeChat:
    """Repeats the last message word by word, then names what it was asked with. Keeps its calls.

    A message that begins with "long" gets a long answer; `slow_s` is the time between two words.
    """

    context_tokens = 4000

    def __init__(self, slow_s: float = 0.0) -> None:
        self.slow_s = slow_s
        self.calls: list[tuple[tuple[Message, ...], ReplyOptions]] = []
        self.stopped_at = 0.0

    def count(self, messages: Sequence[Message], thinking: bool) -> int:
        return sum(len(one.content) // 4 + 4 for one in messages)

    def write(self, messages: Sequence[Message], options: ReplyOptions, job: Job) -> Iterator[Piece]:
        self.calls.append((tuple(messages), options))
        said = messages[-1].content
        if "break now" in said:
            raise RuntimeError("the engine broke")
        text = "가나다 " * 300 if said.startswith("long") else f"echo: {said}"
        if options.thinking:
            text = f"<think>first a thought</think>{text}"
        try:
            yield from self._pieces(text.split(" "), options, job)
        finally:
            self.stopped_at = time.time()

    def _pieces(self, words: list[str], options: ReplyOptions, job: Job) -> Iterator[Piece]:
        most = min(len(words), options.max_new_tokens)
        for number, word in enumerate(words[:most], 1):
            job.check()
            time.sleep(self.slow_s)
            reason = None if number < most else "length" if most < len(words) else "stop"
            yield Piece(word if number == len(words) else f"{word} ", finish_reason=reason)


def module(engine: FakeChat, name: str = "fake", **facts: Any) -> fakes.FakeModule:
    """The engine as `fake_engine` takes it; it is ranked first."""
    return fakes.FakeModule(fakes.spec("chat", name, rank=1000, **facts), lambda: engine)


def reply(text: str, **facts: Any) -> Reply:
    """A finished reply of the built-in engine; `facts` replace its values."""
    values: dict[str, Any] = {"engine": "embedded", "finish_reason": "stop", "context_tokens": 100, "seed": 7}
    return Reply(text, **{**values, **facts})


def took(attempt: Callable[[], float], limit_s: float = 0.5, tries: int = 5) -> float:
    """The seconds of the first attempt within the limit, or of the quickest: other work may hold the processor."""
    seconds: list[float] = []
    while len(seconds) < tries and (not seconds or seconds[-1] >= limit_s):
        seconds.append(attempt())
    return min(seconds)
