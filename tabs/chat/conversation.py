"""One conversation as plain JSON: what the browser keeps, the page shows and a file exports.

Everything here makes a new value from an old one. Nothing is kept on the server, so whatever comes back from a
browser or a file is read as a stranger's: `read` accepts what it knows and refuses the rest with a reason.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict
from typing import Any

from pipelines import checks
from pipelines.chat.contract import Message, Reply, Source
from pipelines.errors import InvalidInput, TooLarge
from pipelines.words import Text

KIND, VERSION = "modu-chat", 1
MOST_CONVERSATIONS = 100
MOST_MESSAGES = 1_000
MOST_CHARACTERS = 300_000  # of one conversation; more would not fit into one request when it is Korean
TITLE_LENGTH = 60
UNHEARD = "🎤 …"  # stands for what was recorded until it is written down

Conversation = dict[str, Any]
Turn = dict[str, Any]

STILL_WRITING = Text(
    en="A reply is still being written. Wait for it or stop it first.",
    ko="아직 답변을 쓰는 중입니다. 끝나기를 기다리거나 먼저 멈춰 주세요.",
)

_COUNTS = ("prompt_tokens", "completion_tokens", "context_tokens", "dropped_turns", "seed")


def fresh() -> Conversation:
    """A new conversation. It is kept once something was said."""
    return {"id": secrets.token_hex(8), "title": "", "system_prompt": "", "messages": []}


def asked(conversation: Conversation, text: object) -> Conversation:
    """The conversation with one more message of the visitor. The first one names it."""
    said = checks.text(text, "message", MOST_CHARACTERS)
    if not said.strip():
        raise InvalidInput(Text(en="Write a message first.", ko="먼저 메시지를 써 주세요."))
    if is_writing(conversation):
        raise InvalidInput(STILL_WRITING)
    messages = [*conversation["messages"], {"role": "user", "content": said}]
    _require_room(messages)
    return {**conversation, "title": conversation["title"] or title_of(said), "messages": messages}


def answered(conversation: Conversation, reply: Reply) -> Conversation:
    """The conversation with the reply so far as its last message."""
    facts: dict[str, Any] = {name: getattr(reply, name) for name in _COUNTS}
    facts |= {"engine": reply.engine, "tokens_per_s": round(reply.tokens_per_s, 1)}
    facts |= {"finish_reason": reply.finish_reason, "sources": [asdict(source) for source in reply.sources]}
    turn = {
        "role": "assistant",
        "content": reply.text,
        "thinking": reply.thinking,
        "state": "writing" if reply.finish_reason is None else "done",
        "facts": facts,
    }
    return {**conversation, "messages": [*upto_question(conversation)["messages"], turn]}


def waiting(conversation: Conversation) -> Conversation:
    """The conversation with a reply of which nothing has come yet."""
    return answered(conversation, Reply(""))


def listening(conversation: Conversation) -> Conversation:
    """The conversation with a question that was spoken and is not written down yet, and a reply that waits for it."""
    return waiting(asked(conversation, UNHEARD))


def before_listening(conversation: Conversation) -> Conversation:
    """The conversation without what `listening` put there."""
    messages = conversation["messages"]
    if len(messages) < 2 or messages[-2]["content"] != UNHEARD or not says_nothing(conversation):
        return conversation
    title = "" if conversation["title"] == UNHEARD else conversation["title"]
    return {**conversation, "title": title, "messages": messages[:-2]}


def says_nothing(conversation: Conversation) -> bool:
    """Whether the last reply has no words, or there is none."""
    messages = conversation["messages"]
    return not messages or messages[-1]["role"] == "user" or not (messages[-1]["content"] or messages[-1]["thinking"])


def stopped(conversation: Conversation) -> Conversation:
    """The conversation with what was being written marked as stopped; what came stays."""
    conversation = before_listening(conversation)
    if not is_writing(conversation):
        return conversation
    *before, last = conversation["messages"]
    return {**conversation, "messages": [*before, {**last, "state": "stopped"}]}


def upto_question(conversation: Conversation) -> Conversation:
    """The conversation without the replies after the visitor's last message."""
    messages = list(conversation["messages"])
    while messages and messages[-1]["role"] == "assistant":
        messages.pop()
    return {**conversation, "messages": messages}


def undone(conversation: Conversation) -> tuple[Conversation, str]:
    """The conversation without its last question and answer, and the question."""
    messages = list(upto_question(conversation)["messages"])
    question = messages.pop()["content"] if messages else ""
    return {**conversation, "messages": messages}, question


def cut(conversation: Conversation, index: int) -> Conversation:
    """The conversation before its message number `index`."""
    return {**conversation, "messages": conversation["messages"][:index]}


def is_writing(conversation: Conversation) -> bool:
    messages = conversation["messages"]
    return bool(messages) and messages[-1].get("state") == "writing"


def spoken(conversation: Conversation) -> tuple[Message, ...]:
    """The conversation as engines get it: what was said, without thoughts and without replies of no words."""
    turns = [Message(turn["role"], turn["content"]) for turn in conversation["messages"]]
    return tuple(turn for turn in turns if turn.content.strip())


def title_of(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= TITLE_LENGTH else f"{line[: TITLE_LENGTH - 1]}…"


# --- what comes back from a browser or a file ---------------------------------------------------------------------


def read(value: object, interrupted: bool = False) -> Conversation:
    """A conversation that is known to be well formed. `interrupted`: nobody writes its last reply any more."""
    entry = _mapping(value)
    messages = [_turn(one) for one in checks.items(entry.get("messages", []), "messages", MOST_MESSAGES)]
    _require_room(messages)
    conversation = {
        "id": _short(entry.get("id"), "id", 64) or secrets.token_hex(8),
        "title": _short(entry.get("title", ""), "title", 200),
        "system_prompt": _short(entry.get("system_prompt", ""), "system_prompt", MOST_CHARACTERS),
        "messages": messages,
    }
    return stopped(conversation) if interrupted else conversation


def imported(text: object) -> list[Conversation]:
    """The conversations of an exported file, each under a new name of its own."""
    try:
        file = json.loads(checks.text(text, "file", 2_000_000))
    except (ValueError, RecursionError):
        raise _not_ours() from None
    if not isinstance(file, dict) or file.get("kind") != KIND or not file.get("conversations"):
        raise _not_ours()
    if file.get("version") != VERSION:
        raise InvalidInput(
            Text(
                en="This file was exported by another version of the app and cannot be read here.",
                ko="다른 버전의 앱에서 내보낸 파일이라 여기서는 읽을 수 없습니다.",
            )
        )
    entries = checks.items(file["conversations"], "conversations", MOST_CONVERSATIONS)
    try:
        conversations = [{**read(one, interrupted=True), "id": secrets.token_hex(8)} for one in entries]
    except InvalidInput:  # which field of which message it is helps nobody who has only the file
        raise _not_ours() from None
    return [{**one, "title": one["title"] or _first_words(one)} for one in conversations if one["messages"]]


def _turn(value: object) -> Turn:
    entry = _mapping(value)
    role = checks.choice(entry.get("role"), "role", ("user", "assistant"))
    content = checks.text(entry.get("content"), "content", MOST_CHARACTERS)
    if role == "user":
        return {"role": role, "content": content}
    return {
        "role": role,
        "content": content,
        "thinking": _short(entry.get("thinking", ""), "thinking", MOST_CHARACTERS),
        "state": checks.choice(entry.get("state", "done"), "state", ("writing", "stopped", "done")),
        "facts": _facts(entry.get("facts", {})),
    }


def _facts(value: object) -> dict[str, Any]:
    entry = _mapping(value)
    facts: dict[str, Any] = {name: checks.whole(entry.get(name, 0), name, 0, 2**63) for name in _COUNTS}
    facts["engine"] = _short(entry.get("engine", ""), "engine", 200)
    facts["tokens_per_s"] = checks.number(entry.get("tokens_per_s", 0), "tokens_per_s", 0, 1e6)
    reason = entry.get("finish_reason")
    facts["finish_reason"] = None if reason is None else checks.choice(reason, "finish_reason", ("stop", "length"))
    facts["sources"] = [_source(one) for one in checks.items(entry.get("sources", []), "sources", 100)]
    return facts


def _source(value: object) -> dict[str, Any]:
    entry = _mapping(value)
    page = checks.whole(entry.get("page", 0), "page", 0, 1_000_000)
    text = _short(entry.get("text", ""), "text", 20_000)
    return asdict(Source(_short(entry.get("file", ""), "file", 1_000), page, text))


def _short(value: object, name: str, longest: int) -> str:
    return checks.text("" if value is None else value, name, longest)


def _mapping(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _not_ours()
    return value


def _first_words(conversation: Conversation) -> str:
    return title_of(conversation["messages"][0]["content"])


def _require_room(messages: list[Turn]) -> None:
    size = sum(len(one["content"]) + len(one.get("thinking", "")) for one in messages)
    if size > MOST_CHARACTERS or len(messages) > MOST_MESSAGES:
        raise TooLarge(
            Text(
                en="This conversation has become too long to go on. Export it if you need it, and start a new one.",
                ko="대화가 너무 길어져 더 이어 갈 수 없습니다. 필요하면 내보낸 뒤 새 대화를 시작해 주세요.",
            )
        )


def _not_ours() -> InvalidInput:
    return InvalidInput(
        Text(
            en="This is not a conversation that was exported here, or it is damaged. Nothing was changed.",
            ko="여기서 내보낸 대화 파일이 아니거나 손상되었습니다. 바뀐 것은 없습니다.",
        )
    )
