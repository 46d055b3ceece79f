"""A conversation as the tokens of one model: its own chat template, and no way for a text to speak as the template.

Texts of visitors, documents and system prompts may hold `<|im_end|>` and the like. Tokenised in one go they would
become the control tokens themselves and could end a turn or open one in another name. So a text that holds such a
string is tokenised apart from the template, cut inside the string; all others go the ordinary way, token for token
as the model's makers mean it.
"""

from __future__ import annotations

import itertools
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.chat.contract import Message
from pipelines.chat.thoughts import OPEN
from pipelines.errors import EngineUnavailable, InvalidInput
from pipelines.words import Text


@dataclass(frozen=True)
class Prompt:
    """The tokens before the reply. `thinks`: they end inside a thought that the reply goes on with."""

    ids: list[int]
    thinks: bool


class Prompter:
    """Writes prompts for one tokenizer."""

    def __init__(self, tokenizer: Any) -> None:
        if not getattr(tokenizer, "chat_template", None):
            raise EngineUnavailable(
                Text(
                    en="This model has no chat template, so it was not made to converse. Choose another one.",
                    ko="이 모델에는 채팅 템플릿이 없어 대화용이 아닙니다. 다른 모델을 골라 주세요.",
                )
            )
        self._tokenizer = tokenizer
        tokenizer.model_max_length = 1 << 40  # what fits is counted here; the library would only warn
        self.controls = control_tokens(tokenizer)
        self._strings = re.compile("|".join(map(re.escape, sorted(self.controls, key=len, reverse=True))) or r"(?!)")
        self._ids = set(self.controls.values()) - {tokenizer.unk_token_id}  # the last stands for any odd letter

    def prompt(self, messages: Sequence[Message], thinking: bool) -> Prompt:
        written = self._written(messages, thinking)
        thinks = written.rstrip().endswith(OPEN)
        if not any(self._strings.search(one.content) for one in messages):
            ids = self._tokens(written)
            plain = self._tokens(self._written([Message(one.role, "x") for one in messages], thinking))
            if self._control(ids) == self._control(plain):
                return Prompt(ids, thinks)
        return Prompt(self._apart(messages, thinking), thinks)

    def _written(self, messages: Sequence[Message], thinking: bool) -> str:
        """The template filled in. A template without a place for instructions gets them with the first question."""
        from jinja2 import TemplateError

        try:
            return self._filled(messages, thinking)
        except TemplateError:
            if len(messages) < 2 or messages[0].role != "system":
                raise _refused() from None
        merged = Message("user", f"{messages[0].content}\n\n{messages[1].content}")
        try:
            return self._filled([merged, *messages[2:]], thinking)
        except TemplateError:
            raise _refused() from None

    def _filled(self, messages: Sequence[Message], thinking: bool) -> str:
        turns = [{"role": one.role, "content": one.content} for one in messages]
        return str(
            self._tokenizer.apply_chat_template(
                turns, tokenize=False, add_generation_prompt=True, enable_thinking=thinking
            )
        )

    def _tokens(self, text: str) -> list[int]:
        return list(self._tokenizer(text, add_special_tokens=False)["input_ids"]) if text else []

    def _control(self, ids: list[int]) -> list[int]:
        return [one for one in ids if one in self._ids]

    def _apart(self, messages: Sequence[Message], thinking: bool) -> list[int]:
        """Each text in a place that was marked for it, tokenised by itself."""
        mark = f"place{secrets.token_hex(8)}n"
        places = [Message(one.role, f"{mark}{number}e") for number, one in enumerate(messages)]
        pieces = re.split(f"{mark}(\\d+)e", self._written(places, thinking))
        if str(len(messages) - 1) not in pieces[1::2]:
            raise _refused()
        ids: list[int] = []
        for at, piece in enumerate(pieces):
            ids += self._plain(messages[int(piece)].content) if at % 2 else self._tokens(piece)
        return ids

    def _plain(self, text: str) -> list[int]:
        """The tokens of a text that has no power: no control token is among them."""
        cuts = [0, *(found.start() + 1 for found in self._strings.finditer(text)), len(text)]
        pieces = [text[begin:end] for begin, end in itertools.pairwise(cuts) if begin < end]
        if not pieces:
            return []
        ids: list[int] = []
        for piece, tokens in zip(pieces, self._tokenizer(pieces, add_special_tokens=False)["input_ids"], strict=True):
            ids += self._powerless(piece) if self._control(tokens) else tokens
        return ids

    def _powerless(self, text: str) -> list[int]:
        """As `_plain`, for a text in which no control string stands as such. A tokenizer may still make one of it,
        where it turns letters into others first (full-width signs); then it is cut in two until none is left."""
        ids = self._tokens(text)
        if not self._control(ids):
            return ids
        if len(text) == 1:
            return [one for one in ids if one not in self._ids]
        half = len(text) // 2
        return self._powerless(text[:half]) + self._powerless(text[half:])


def control_tokens(tokenizer: Any) -> dict[str, int]:
    """Every string that stands for a token of its own beside ordinary text: turns, thoughts, tools, ends."""
    added = {str(token): number for number, token in tokenizer.added_tokens_decoder.items()}
    special = dict(zip(tokenizer.all_special_tokens, tokenizer.all_special_ids, strict=True))
    return {text: number for text, number in {**added, **special}.items() if text.strip()}


def ends(named: object, tokenizer: Any) -> set[int]:
    """The tokens that end a reply: what the checkpoint names, one or several, and the tokenizer's own."""
    several = named if isinstance(named, (list, tuple, set)) else [named]
    found = {int(one) for one in (*several, tokenizer.eos_token_id) if one is not None}
    if not found:
        raise EngineUnavailable(
            Text(
                en="This model names no token that ends a reply, so it was not made to converse.",
                ko="이 모델에는 답변을 끝내는 토큰이 없어 대화용이 아닙니다.",
            )
        )
    return found


def _refused() -> InvalidInput:
    return InvalidInput(
        Text(
            en="The chat template of this model cannot take this conversation. Start a new one, without instructions.",
            ko="이 모델의 채팅 템플릿이 이 대화를 받지 못합니다. 지시문 없이 새 대화를 시작해 주세요.",
        )
    )
