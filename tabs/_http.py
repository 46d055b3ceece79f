"""Small pieces of the protocol between a server and its app (ASGI): headers, whole bodies, short answers."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.types import Receive, Scope, Send

from pipelines import settings
from pipelines.errors import PipelineError
from tabs._words import preferred

Message = MutableMapping[str, Any]


def header(scope: Scope, name: bytes) -> str:
    return str(dict(scope["headers"]).get(name, b"").decode("latin-1"))


async def read_body(receive: Receive, limit: int) -> list[Message] | None:
    """The messages of the whole body, or None as soon as they hold more than `limit` bytes."""
    messages: list[Message] = []
    size = 0
    while True:
        message = await receive()
        messages.append(message)
        size += len(message.get("body", b""))
        if size > limit:
            return None
        if message["type"] != "http.request" or not message.get("more_body", False):
            return messages


def replay(messages: list[Message], receive: Receive) -> Callable[[], Awaitable[Message]]:
    waiting = iter(messages)

    async def again() -> Message:
        message = next(waiting, None)
        return message if message is not None else await receive()

    return again


async def refuse(scope: Scope, send: Send, status: int, error: PipelineError) -> None:
    """Answer with the error's sentence, in the visitor's language."""
    language = settings.current().language or preferred(header(scope, b"accept-language"))
    await answer(send, status, error.to(language))


async def answer(send: Send, status: int, sentence: str) -> None:
    body = json.dumps({"detail": sentence, "error": sentence}, ensure_ascii=False).encode()
    headers = [(b"content-type", b"application/json; charset=utf-8"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
