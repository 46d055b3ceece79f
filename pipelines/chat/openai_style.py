"""A conversation sent to a server with OpenAI's `/chat/completions`; its reply read piece by piece as it comes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipelines import remote
from pipelines.bridge import Flow
from pipelines.chat.contract import FinishReason, Message, Piece, ReplyOptions
from pipelines.chat.thoughts import CLOSE, OPEN
from pipelines.errors import EngineFailed, EngineUnavailable
from pipelines.job import Job
from pipelines.remote import Caller

WAIT_S = 14.0  # for the first word, and from one to the next


@dataclass
class Server:
    """Address and model of one server. The key is asked for with each request and kept nowhere."""

    url: str
    model: str
    key: Callable[[], str]
    caller: Caller
    wait_s: float = WAIT_S
    context_tokens: int = 0  # servers do not say
    plain: bool = field(default=False, init=False)  # it refuses what is not in OpenAI's own interface

    def count(self, messages: Sequence[Message], thinking: bool) -> int:
        return 0

    def write(self, messages: Sequence[Message], options: ReplyOptions, job: Job) -> Iterator[Piece]:
        """A cancel ends this at once; the connection closes at the next piece, or when the server has been silent."""
        question = {
            "model": self.model or self._first_model(),
            "messages": [{"role": one.role, "content": one.content} for one in messages],
            "temperature": options.temperature,
            "top_p": options.top_p,
            "max_tokens": options.max_new_tokens,
            "seed": options.seed,
            "stream": True,
        }
        extras = {
            "stream_options": {"include_usage": True},
            "chat_template_kwargs": {"enable_thinking": options.thinking},
        }
        yield from Flow[Piece](lambda give: self._ask(question, extras, give), job, leave=True)

    def _ask(self, question: dict[str, Any], extras: dict[str, Any], give: Callable[[Piece], bool]) -> None:
        import httpx

        with remote.asking(self.wait_s), httpx.Client(timeout=self._patience()) as client:
            sent = question if self.plain else {**question, **extras}
            with client.stream("POST", self._at("chat/completions"), json=sent, headers=self._headers()) as answer:
                if answer.status_code == 200:
                    self._read(answer, give)
                    return
                if answer.status_code not in (400, 422) or self.plain:
                    raise remote.refusal(answer.status_code, self.caller)
        self.plain = True
        self._ask(question, {}, give)

    def _read(self, answer: Any, give: Callable[[Piece], bool]) -> None:
        kind = answer.headers.get("content-type", "")
        reading = _Reading()
        if kind.startswith("text/event-stream"):
            events = _events(answer.iter_lines())
        elif kind.startswith("application/json"):
            events = iter([_json(answer.read().decode("utf-8", "replace"), self.caller)])
        else:
            raise EngineUnavailable(remote.NO_API.format(url=self.caller.url_setting))
        for event in events:
            for piece in reading.pieces(event):
                if not give(piece):
                    return
        give(reading.last())

    def _first_model(self) -> str:
        """What the server runs, where its owner named nothing: most local ones run one model."""
        import httpx

        with remote.asking(self.wait_s):
            answer = httpx.get(self._at("models"), headers=self._headers(), timeout=self._patience())
        if answer.status_code != 200:
            raise remote.refusal(answer.status_code, self.caller)
        listed = _json(answer.text, self.caller).get("data")
        if not isinstance(listed, list) or not listed or not isinstance(listed[0], dict):
            raise remote.refusal(404, self.caller)
        self.model = str(listed[0].get("id", ""))
        return self.model

    def _at(self, path: str) -> str:
        return f"{self.url.rstrip('/')}/{path}"

    def _headers(self) -> dict[str, str]:
        return remote.headers(self.key())

    def _patience(self) -> Any:
        import httpx

        return httpx.Timeout(self.wait_s, connect=remote.CONNECT_S)


class _Reading:
    """Events of the server on their way to pieces. Thoughts come in a field of their own; here they get their tags."""

    def __init__(self) -> None:
        self._thinks = False
        self._tokens = 0
        self._finish: FinishReason | None = None
        self._used: dict[str, Any] = {}

    def pieces(self, event: dict[str, Any]) -> Iterator[Piece]:
        if event.get("error"):
            raise EngineFailed(remote.CUT)
        if isinstance(event.get("usage"), dict):
            self._used = event["usage"]
        for choice in (event.get("choices") or [])[:1]:
            said = choice.get("delta") or choice.get("message") or {}
            text = self._tagged(said.get("reasoning_content") or said.get("reasoning") or "", said.get("content") or "")
            if text:
                self._tokens += 1
                yield Piece(text)
            if choice.get("finish_reason"):
                self._finish = "length" if choice["finish_reason"] == "length" else "stop"

    def last(self) -> Piece:
        """The end, if the server said that it is one."""
        if self._finish is None:
            raise EngineFailed(remote.CUT)
        counted = int(self._used.get("completion_tokens") or self._tokens)
        prompt = int(self._used.get("prompt_tokens") or 0)
        text = CLOSE if self._thinks else ""
        return Piece(text, tokens=counted - self._tokens, finish_reason=self._finish, prompt_tokens=prompt)

    def _tagged(self, thought: str, said: str) -> str:
        text = ""
        if thought:
            text += thought if self._thinks else OPEN + thought
            self._thinks = True
        if said:
            text += CLOSE + said if self._thinks else said
            self._thinks = False
        return text


def _events(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    """The objects of a stream of server-sent events, to its end or to the mark that OpenAI puts there."""
    for line in lines:
        field_name, _, value = line.partition(":")
        if field_name != "data" or not value.strip():
            continue
        if value.strip() == "[DONE]":
            return
        try:
            event = json.loads(value)
        except ValueError:
            raise EngineFailed(remote.CUT) from None
        if isinstance(event, dict):
            yield event


def _json(text: str, caller: Caller) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise EngineUnavailable(remote.NO_API.format(url=caller.url_setting))
    return value
