"""Chat with other servers: `transformers serve` as a process of its own, and one on which everything goes wrong."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import chats
import chatting
import pytest
from conftest import free_port
from stand_in_hub import wait_until

from pipelines import chat, engines
from pipelines.chat import Message, Reply, ReplyOptions, hf_inference
from pipelines.errors import Cancelled, EngineFailed, EngineUnavailable, PipelineError
from pipelines.job import Job

ASKED = [Message("user", "안녕 hello")]
KEY = "sk-very-secret"


def whole(options: ReplyOptions = ReplyOptions(), engine: str = "remote", job: Job | None = None) -> Reply:
    *_, last = chat.reply(ASKED, options, engine=engine, job=job)
    return last


@pytest.fixture(autouse=True)
def _fresh(fake_engine: Any) -> None:
    engines.state.tables.loaded.clear()


# --- a server that others wrote -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """`transformers serve` with a tiny model: its address and the name of the model."""
    if importlib.util.find_spec("openai") is None:
        pytest.skip("transformers serve needs the package openai")
    model = chats.checkpoint(tmp_path_factory.mktemp("served") / "tiny")
    port = free_port()
    code = "from transformers.cli.transformers import main; main()"
    command = [sys.executable, "-c", code, "serve", str(model), "--port", str(port), "--device", "cpu"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}/v1"
    try:
        assert wait_until(lambda: process.poll() is not None or _answers(url), 120) and process.poll() is None
        yield url, str(model)
    finally:
        process.terminate()
        process.wait(20)


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=2).close()
    except urllib.error.HTTPError:
        return True  # it has nothing at this address, but it is there
    except OSError:
        return False
    return True


@pytest.fixture
def remote(served: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("MODU_CHAT_URL", served[0])
    monkeypatch.setenv("MODU_CHAT_MODEL", served[1])
    monkeypatch.setenv("MODU_CHAT_WAIT_S", "120")  # ten wait for one another there
    return served[0]


def test_the_official_client_agrees_with_ours_about_this_server(remote: str, served: tuple[str, str]) -> None:
    import openai

    client = openai.OpenAI(base_url=remote, api_key="none")
    answer = client.chat.completions.create(
        model=served[1],
        messages=[{"role": "user", "content": ASKED[0].content}],
        temperature=0,
        max_tokens=12,
        extra_body={"chat_template_kwargs": {"enable_thinking": False}},
    )
    ours = whole(ReplyOptions(temperature=0.0, max_new_tokens=12))
    assert ours.text == (answer.choices[0].message.content or "")
    assert ours.finish_reason == answer.choices[0].finish_reason
    assert ours.engine == "remote" and ours.prompt_tokens == answer.usage.prompt_tokens


def test_its_reply_streams(remote: str) -> None:
    replies = list(chat.reply(ASKED, ReplyOptions(max_new_tokens=20, seed=1), engine="remote"))
    assert len(replies) > 1 and replies[-1].finish_reason in ("stop", "length")
    assert all(one.finish_reason is None for one in replies[:-1])


def test_a_cancel_leaves_it_at_once(remote: str) -> None:
    """Its model is random and says little that is text, so the server sends little; its reply takes seconds."""

    def seconds() -> float:
        job, stamps = Job(), []
        threading.Timer(0.5, lambda: (stamps.append(time.monotonic()), job.cancel())).start()
        with pytest.raises(Cancelled):
            list(chat.reply(ASKED, ReplyOptions(max_new_tokens=450, temperature=0.0), engine="remote", job=job))
        return time.monotonic() - stamps[0]

    assert chatting.took(seconds) < 0.5


def test_ten_at_once_are_not_mixed_there_either(remote: str) -> None:
    heard: dict[int, str] = {}

    def talk(number: int) -> None:
        options = ReplyOptions(temperature=0.0, max_new_tokens=8)
        *_, last = chat.reply([Message("user", f"number {number}")], options, engine="remote")
        heard[number] = last.text

    threads = [threading.Thread(target=talk, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    together = dict(heard)
    for number in (0, 7):
        talk(number)
        assert heard[number] == together[number]
    assert len(together) == 10


# --- a server on which things go wrong ----------------------------------------------------------------------------


@dataclass
class Faulty:
    """What it answers next, and what it was asked. `events` are sent one by one; None cuts the line, 0.2 waits."""

    status: int = 200
    kind: str = "text/event-stream"
    events: list[Any] = field(default_factory=list)
    models: list[str] = field(default_factory=lambda: ["first-model"])
    refuses: tuple[str, ...] = ()  # fields that are answered with 400
    seen: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    gone: threading.Event = field(default_factory=threading.Event)


def word(text: str, finish: str | None = None, **delta: str) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {"content": text, **delta}, "finish_reason": finish}]}


END = [word("", "stop"), {"choices": [], "usage": {"prompt_tokens": 11, "completion_tokens": 3}}, "[DONE]"]


def _handler(fault: Faulty) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            """What was asked is kept in `seen`."""

        def do_GET(self) -> None:
            fault.keys.append(self.headers.get("Authorization", ""))
            self._whole(200, {"data": [{"id": name} for name in fault.models]})

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            fault.seen.append(asked)
            fault.keys.append(self.headers.get("Authorization", ""))
            if any(name in asked for name in fault.refuses):
                self._whole(400, {"error": {"message": f"unknown field, key {KEY}"}})
            elif fault.status != 200:
                self._whole(fault.status, {"error": {"message": f"no, {KEY}"}})
            else:
                self._stream()

        def _whole(self, status: int, body: Any) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Location", "http://127.0.0.1:9/elsewhere")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def _stream(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", fault.kind)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.close_connection = True
            for event in fault.events:
                if event is None:
                    return
                if isinstance(event, float):
                    fault.gone.wait(event)
                    continue
                text = event if isinstance(event, str) else json.dumps(event)
                line = f"data: {text}\n\n".encode() if "event-stream" in fault.kind else text.encode()
                try:
                    self.wfile.write(f"{len(line):x}\r\n".encode() + line + b"\r\n")
                except OSError:  # the other side hung up
                    fault.gone.set()
                    return
            self.wfile.write(b"0\r\n\r\n")

    return Handler


@pytest.fixture
def fault(monkeypatch: pytest.MonkeyPatch) -> Iterator[Faulty]:
    facts = Faulty(events=[word("Hello"), word(" you"), *END])
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(facts))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("MODU_CHAT_URL", f"http://127.0.0.1:{server.server_address[1]}/v1/")
    monkeypatch.setenv("MODU_CHAT_MODEL", "a-model")
    monkeypatch.setenv("MODU_CHAT_KEY", KEY)
    yield facts
    facts.gone.set()
    server.shutdown()
    server.server_close()


def failure(seconds: float = 15.0) -> PipelineError:
    started = time.monotonic()
    with pytest.raises(PipelineError) as caught:
        whole()
    assert time.monotonic() - started < seconds
    assert caught.value.message.ko != caught.value.message.en
    assert KEY not in repr(caught.value.message) and "127.0.0.1" not in repr(caught.value.message)
    assert caught.value.__context__ is None
    return caught.value


def test_every_control_reaches_the_server(fault: Faulty) -> None:
    options = ReplyOptions("Be brief.", temperature=0.3, top_p=0.5, max_new_tokens=77, thinking=True, seed=5)
    last = whole(options)
    assert (last.text, last.finish_reason, last.prompt_tokens, last.completion_tokens) == ("Hello you", "stop", 11, 3)
    assert fault.keys == [f"Bearer {KEY}"]
    assert fault.seen[0] == {
        "model": "a-model",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": ASKED[0].content}],
        "temperature": 0.3,
        "top_p": 0.5,
        "max_tokens": 77,
        "seed": 5,
        "stream": True,
        "stream_options": {"include_usage": True},
        "chat_template_kwargs": {"enable_thinking": True},
    }


def test_thoughts_in_a_field_of_their_own_come_apart(fault: Faulty) -> None:
    fault.events = [word("", reasoning_content="Let me"), word("", reasoning_content=" see."), word("Yes."), *END]
    last = whole()
    assert (last.thinking, last.text) == ("Let me see.", "Yes.")
    fault.events = [word("", reasoning="Only a thought"), *END]
    assert whole().thinking == "Only a thought"


def test_a_server_that_refuses_more_than_openais_fields_is_asked_again_without(fault: Faulty) -> None:
    fault.refuses = ("chat_template_kwargs",)
    assert whole().text == "Hello you"
    assert whole().text == "Hello you"
    assert [len(asked) for asked in fault.seen] == [9, 7, 7]


def test_without_a_named_model_the_first_one_is_asked(fault: Faulty, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MODU_CHAT_MODEL")
    whole()
    assert fault.seen[0]["model"] == "first-model"
    engines.state.tables.loaded.clear()
    fault.models = []
    assert "MODU_CHAT_MODEL" in failure().message.en


def test_a_server_that_does_not_stream_is_understood(fault: Faulty) -> None:
    fault.kind = "application/json"
    fault.events = [{"choices": [{"message": {"content": "At once"}, "finish_reason": "length"}]}]
    last = whole()
    assert (last.text, last.finish_reason) == ("At once", "length")


SENTENCES = {401: "MODU_CHAT_KEY", 403: "MODU_CHAT_KEY", 404: "MODU_CHAT_MODEL", 429: "too many requests",
             500: "error of its own", 503: "error of its own", 413: "too long", 400: "too long",
             307: "sign-in"}  # fmt: skip


@pytest.mark.parametrize(("status", "said"), SENTENCES.items())
def test_each_refusal_has_its_sentence(fault: Faulty, status: int, said: str) -> None:
    fault.status = status
    assert said in failure().message.en
    assert len(set(fault.keys)) == 1  # and the key went nowhere else


def test_a_web_page_is_no_reply(fault: Faulty) -> None:
    fault.kind, fault.events = "text/html; charset=utf-8", ["<html>Sign in to the cafe</html>"]
    assert "sign-in page" in failure().message.en


def test_a_json_that_is_none(fault: Faulty) -> None:
    fault.kind, fault.events = "application/json", ["[]"]
    assert "sign-in page" in failure().message.en


@pytest.mark.parametrize(
    "events",
    [
        [word("Hel"), None],
        [word("Hel")],
        [word("Hel"), "[DONE]"],
        [word("Hel"), "{half an object"],
        [word("Hel"), {"error": {"message": KEY}}],
    ],
    ids=["the line drops", "it just ends", "done without a reason", "no JSON", "an error in the stream"],
)
def test_a_reply_that_breaks_off_is_said_so(fault: Faulty, events: list[Any]) -> None:
    fault.events = events
    error = failure()
    assert isinstance(error, EngineFailed) and "broke off" in error.message.en


def test_a_server_that_falls_silent_is_given_up(fault: Faulty, monkeypatch: pytest.MonkeyPatch) -> None:
    assert hf_inference.WAIT_S < 15
    monkeypatch.setenv("MODU_CHAT_WAIT_S", "0.5")
    fault.events = [word("Hel"), 30.0]
    assert "0.5 seconds" in failure(12).message.en  # the next word would come after thirty


def test_a_cancel_does_not_wait_for_a_silent_server(fault: Faulty) -> None:
    fault.events = [word("Hel"), 30.0]

    def seconds() -> float:
        job, stamps = Job(), []
        timer = threading.Timer(0.2, lambda: (stamps.append(time.monotonic()), job.cancel()))
        with pytest.raises(Cancelled):
            for _ in chat.reply(ASKED, engine="remote", job=job):
                timer.start()  # the one word that comes
        return time.monotonic() - stamps[0]

    assert chatting.took(seconds) < 0.5


def test_a_server_that_is_not_there(fault: Faulty, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODU_CHAT_URL", f"http://127.0.0.1:{free_port()}/v1")
    assert "cannot be reached" in failure().message.en
    for address in ("not an address", "ftp://127.0.0.1", "http://"):
        engines.state.tables.loaded.clear()
        monkeypatch.setenv("MODU_CHAT_URL", address)
        assert "cannot be reached" in failure().message.en


def test_without_an_address_the_setting_is_named_and_nobody_asked() -> None:
    with pytest.raises(EngineUnavailable, match="MODU_CHAT_URL"):
        whole()
    with pytest.raises(EngineUnavailable, match="HF_TOKEN"):
        whole(engine="hf-inference")


# --- Hugging Face -------------------------------------------------------------------------------------------------


@pytest.fixture
def router(fault: Faulty, monkeypatch: pytest.MonkeyPatch) -> Faulty:
    import os

    monkeypatch.setenv("HF_TOKEN", KEY)
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setattr(hf_inference, "URL", os.environ["MODU_CHAT_URL"])
    return fault


def test_inference_providers_get_the_token_and_a_model(router: Faulty, monkeypatch: pytest.MonkeyPatch) -> None:
    assert hf_inference.URL != "https://router.huggingface.co/v1"
    assert whole(engine="hf-inference").text == "Hello you"
    assert router.keys == [f"Bearer {KEY}"] and router.seen[0]["model"] == hf_inference.MODEL
    engines.state.tables.loaded.clear()
    monkeypatch.setenv("MODU_CHAT_HF_MODEL", "org/other:fastest")
    whole(engine="hf-inference")
    assert router.seen[1]["model"] == "org/other:fastest"


def test_visitors_spend_the_owners_credit_only_with_leave(router: Faulty, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPACE_ID", "org/space")
    with pytest.raises(EngineUnavailable, match="MODU_ALLOW"):
        whole(engine="hf-inference")
    assert not router.seen
    monkeypatch.setenv("MODU_ALLOW", "hf-inference")
    assert whole(engine="hf-inference").text == "Hello you"


def test_a_server_without_a_network_asks_nobody(router: Faulty, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODU_OFFLINE", "1")
    with pytest.raises(EngineUnavailable, match="offline"):
        whole(engine="hf-inference")
    assert not router.seen
    assert whole().text == "Hello you"  # the owner's own server may stand beside it
