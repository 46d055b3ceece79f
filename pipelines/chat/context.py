"""What of a conversation fits into an engine's context.

The rule, as visitors are told it: the instructions and the newest message always stay; of the rest, the oldest
questions go first, each together with its answer, until what is left leaves room for the reply.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipelines.chat.contract import Message
from pipelines.errors import TooLarge
from pipelines.words import Text


@dataclass(frozen=True)
class Fitted:
    """The messages that an engine gets, their tokens, and how many turns are not among them."""

    messages: tuple[Message, ...]
    tokens: int
    dropped_turns: int


def room(context_tokens: int, max_new_tokens: int) -> int:
    """Tokens that a prompt may have. A reply is promised the length it asks for, up to half of the context."""
    return context_tokens - min(max_new_tokens, context_tokens // 2)


def fit(messages: Sequence[Message], count: Callable[[Sequence[Message]], int], limit: int) -> Fitted:
    """As many of the newest turns as take at most `limit` tokens."""
    head = [one for one in messages[:1] if one.role == "system"]
    turns = _turns(messages[len(head) :])

    def kept(dropped: int) -> list[Message]:
        return [*head, *(one for turn in turns[dropped:] for one in turn)]

    low, high = 0, len(turns) - 1  # the fewest to drop; the newest turn stays
    while low < high:
        middle = (low + high) // 2
        if count(kept(middle)) <= limit:
            high = middle
        else:
            low = middle + 1
    chosen = kept(low)
    tokens = count(chosen)
    if tokens > limit:
        raise _too_long(messages[-1], tokens, limit)
    return Fitted(tuple(chosen), tokens, low)


def _turns(messages: Sequence[Message]) -> list[list[Message]]:
    """Each question with its answer. A greeting of the assistant before the first question belongs to that one."""
    turns: list[list[Message]] = []
    for one in messages:
        if not turns or (one.role == "user" and any(said.role == "user" for said in turns[-1])):
            turns.append([])
        turns[-1].append(one)
    return turns


def _too_long(newest: Message, tokens: int, limit: int) -> TooLarge:
    most = max(1, len(newest.content) * limit // tokens)
    return TooLarge(
        Text(
            en=f"Instructions and message take {tokens} tokens; this engine has room for {limit} beside the reply. "
            f"Keep the message below about {most} characters, or ask for a shorter reply.",
            ko=f"지시문과 메시지가 {tokens}토큰인데, 이 엔진은 답변 몫을 빼고 {limit}토큰까지 읽을 수 있습니다. "
            f"메시지를 {most}자 정도로 줄이거나 답변 길이를 줄여 주세요.",
        )
    )
