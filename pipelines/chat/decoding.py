"""Tokens back into text while they come: a character of several tokens is shown when it is whole."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from pipelines.chat.contract import Piece
from pipelines.chat.prompts import Prompt
from pipelines.chat.thoughts import CLOSE, OPEN
from pipelines.job import Job

_HALF = "\ufffd"  # what a decoder writes for bytes that are no character yet
_TAIL = 8  # tokens decoded again each time, so that spaces between words come out as in the whole text


class Decoder:
    """Turns token ids into text piece by piece. Control tokens are silent, but for the tags around thoughts."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        known = tokenizer.get_added_vocab()
        self._tags = {known[tag]: tag for tag in (OPEN, CLOSE) if tag in known}
        self._ids: list[int] = []
        self._shown = 0  # tokens whose text was given out

    def add(self, token: int) -> str:
        """The text that this token completes; "" while a character is not whole."""
        if token in self._tags:
            text = self.end() + self._tags[token]
            self._ids, self._shown = [], 0
            return text
        self._ids.append(token)
        fresh = self._fresh()
        return "" if fresh.endswith(_HALF) else self._give(fresh)

    def end(self) -> str:
        """What is left when no more tokens come."""
        return self._give(self._fresh())

    def _fresh(self) -> str:
        start = max(0, self._shown - _TAIL)
        before = self._text(self._ids[start : self._shown])
        return self._text(self._ids[start:])[len(before) :]

    def _give(self, text: str) -> str:
        self._shown = len(self._ids)
        return text

    def _text(self, ids: list[int]) -> str:
        return str(self._tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False))


def pieces(tokens: Iterable[int], prompt: Prompt, tokenizer: Any, ends: Collection[int], job: Job) -> Iterator[Piece]:
    """What an engine yields, from the tokens that its library gives: until one of `ends`, or until no more come."""
    decoder = Decoder(tokenizer)
    if prompt.thinks:
        yield Piece(OPEN, tokens=0)
    for token in tokens:
        job.check()
        if token in ends:
            yield Piece(decoder.end(), finish_reason="stop")
            return
        yield Piece(decoder.add(token))
    job.check()
    yield Piece(decoder.end(), tokens=0, finish_reason="length")
