"""A conversation as it comes in, from programs or from Gradio, checked and brought into one form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import get_args

from pipelines import checks, settings
from pipelines.chat.contract import Message, Role
from pipelines.errors import InvalidInput, TooLarge
from pipelines.words import Text

MOST_MESSAGES = 2_000
_ROLES: tuple[Role, ...] = get_args(Role)


def conversation(message: object, history: object) -> tuple[Message, ...]:
    """What `/chat` gets, a new message and the turns before it, as the one list that `reply` takes."""
    earlier = [read(entry, number) for number, entry in enumerate(checks.items(history, "history", MOST_MESSAGES), 1)]
    if not isinstance(message, str):
        message = _parts(message, "message")
    return (*(one for one in earlier if one is not None), Message("user", message))


def checked(messages: object) -> tuple[Message, ...]:
    """The conversation that will be answered: its last message is the visitor's, and all of it is of a sane size."""
    entries = checks.items(messages, "messages", MOST_MESSAGES)
    turns = [one for number, entry in enumerate(entries, 1) if (one := read(entry, number)) is not None]
    if not turns or turns[-1].role != "user":
        raise InvalidInput(
            Text(
                en="The last message must be the visitor's (role user): that is what is answered.",
                ko="마지막 메시지는 방문자의 것(role: user)이어야 합니다. 그 메시지에 답합니다.",
            )
        )
    if any(one.role == "system" for one in turns[1:]):
        raise InvalidInput(
            Text(
                en="A system message may stand only at the beginning of the conversation.",
                ko="system 메시지는 대화의 맨 앞에만 둘 수 있습니다.",
            )
        )
    _require_size(turns)
    return _joined([one for one in turns if one.content.strip()])


def read(entry: object, number: int) -> Message | None:
    """One entry of the history; `number` counts from 1. None for a model's thoughts, which nobody said.

    Content is a text or Gradio's list of parts, `{"type": "text", "text": ...}` each.
    """
    if isinstance(entry, Message):
        entry = {"role": entry.role, "content": entry.content}
    if not isinstance(entry, Mapping):
        raise _no_message(number)
    named, content = entry.get("role"), entry.get("content")
    role = next((one for one in _ROLES if one == named), None)
    if role is None:
        shown = repr(named)[:40]
        raise InvalidInput(
            Text(
                en=f"Message {number} of the history has the role {shown}; it must be user, assistant or system.",
                ko=f"대화의 {number}번째 메시지의 role이 {shown}입니다. user, assistant, system 중 하나여야 합니다.",
            )
        )
    metadata = entry.get("metadata")
    if role == "assistant" and isinstance(metadata, Mapping) and metadata.get("title"):
        return None  # Gradio folds thoughts away under a title
    text = content if isinstance(content, str) else _parts(content, f"message {number}")
    return Message(role, text)


def _parts(content: object, name: str) -> str:
    """Gradio's parts as one text."""
    if not isinstance(content, (list, tuple)):
        raise _no_text(name)
    texts = []
    for part in content:
        text = part.get("text") if isinstance(part, Mapping) else part
        if not isinstance(text, str):
            raise _no_text(name)
        texts.append(text)
    return "\n".join(texts)


def _require_size(turns: Sequence[Message]) -> None:
    newest, limits = turns[-1].content, settings.current().limits
    if not newest.strip():
        raise InvalidInput(
            Text(en="The message is empty. Write something first.", ko="메시지가 비어 있습니다. 먼저 내용을 써 주세요.")
        )
    if len(newest) > limits.prompt_characters:
        raise TooLarge(
            Text(
                en=f"The message has {len(newest)} characters; at most {limits.prompt_characters} work here. "
                "Shorten it, or attach it as a document.",
                ko=f"메시지가 {len(newest)}자입니다. {limits.prompt_characters}자까지 쓸 수 있으니 줄이거나 "
                "문서로 첨부해 주세요.",
            )
        )
    whole = sum(len(one.content) for one in turns)
    if whole > limits.body_bytes:
        raise TooLarge(
            Text(
                en=f"The conversation has {whole} characters; at most {limits.body_bytes} work here. Start a new one.",
                ko=f"대화가 모두 {whole}자입니다. {limits.body_bytes}자까지 쓸 수 있으니 새 대화를 시작해 주세요.",
            )
        )


def _joined(turns: Sequence[Message]) -> tuple[Message, ...]:
    """Neighbours of one role as one message: after a reply that was stopped before its first word two questions
    follow each other, and many chat templates refuse that."""
    joined: list[Message] = []
    for one in turns:
        if joined and joined[-1].role == one.role:
            one = Message(one.role, f"{joined.pop().content}\n\n{one.content}")
        joined.append(one)
    return tuple(joined)


def _no_message(number: int) -> InvalidInput:
    return InvalidInput(
        Text(
            en=f'Message {number} of the history must look like {{"role": "user", "content": "..."}}.',
            ko=f'대화의 {number}번째 메시지는 {{"role": "user", "content": "..."}} 형태여야 합니다.',
        )
    )


def _no_text(name: str) -> InvalidInput:
    return InvalidInput(
        Text(
            en=f"The content of {name} must be a text or a list of text parts. Files go into documents.",
            ko=f"{name}의 content는 문자열이거나 텍스트 조각의 목록이어야 합니다. 파일은 documents로 보내 주세요.",
        )
    )
