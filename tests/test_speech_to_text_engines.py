"""The engines that are fetched or asked over a network: real classes with tiny random weights, and stand-in servers."""

from __future__ import annotations

import hashlib
import http.server
import json
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import whispers
from speech import RATE, babble

from pipelines import downloads, engines, speech_to_text
from pipelines.downloads import WebFile
from pipelines.errors import Cancelled, EngineFailed, EngineUnavailable
from pipelines.job import Job
from pipelines.sound import Sound
from pipelines.speech_to_text import Request, TranscribeOptions, Word, detector, fast_whisper, openai_whisper, remote
from pipelines.words import Text

LABEL = Text(en="Tiny", ko="타이니")
KOREAN = Request("ko", "transcribe", False)


# --- an ordinary web server with weights ----------------------------------------------------------------------------


class Shop(http.server.BaseHTTPRequestHandler):
    """Serves `server.body`; may break off after `server.breaks` bytes, once each, and may refuse."""

    def do_GET(self) -> None:
        shop: Any = self.server
        shop.asked.append(self.headers.get("Range"))
        if shop.status != 200:
            self.send_error(shop.status)
            return
        start = int(re.findall(r"\d+", self.headers.get("Range") or "0")[0])
        body = shop.body[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        cut = shop.breaks.pop(0) if shop.breaks else len(body)
        self.wfile.write(body[:cut])

    def log_message(self, *_: Any) -> None:
        """Stay quiet."""


@pytest.fixture
def shop() -> Iterator[Any]:
    server: Any = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    server.body, server.breaks, server.asked, server.status = np.random.default_rng(0).bytes(900_000), [], [], 200
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def online(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "whisper"


def web_file(shop: Any, sha256: str | None = None) -> WebFile:
    url = f"http://127.0.0.1:{shop.server_address[1]}/tiny.pt"
    return WebFile("whisper", "tiny.pt", url, sha256 or hashlib.sha256(shop.body).hexdigest())


def test_a_broken_download_goes_on_where_it_broke(shop: Any, online: Path) -> None:
    shop.breaks = [300_000, 400_000]
    file = web_file(shop)
    folder = downloads.fetch([file], Job(), LABEL)
    assert folder == online and (folder / "tiny.pt").read_bytes() == shop.body
    first, *later = shop.asked
    assert first is None and later and all(re.fullmatch(r"bytes=[1-9]\d+-", asked) for asked in later)
    assert downloads.find([file]) == folder


def test_wrong_bytes_are_never_kept(shop: Any, online: Path) -> None:
    file = web_file(shop, "0" * 64)
    with pytest.raises(EngineUnavailable, match="checksum"):
        downloads.fetch([file], Job(), LABEL)
    assert downloads.find([file]) is None and not list(online.iterdir())


def test_a_server_that_refuses_or_is_not_there_is_told(shop: Any, online: Path) -> None:
    shop.status = 503
    with pytest.raises(EngineUnavailable, match="503"):
        downloads.fetch([web_file(shop)], Job(), LABEL)
    nowhere = WebFile("whisper", "tiny.pt", "http://127.0.0.1:9/tiny.pt", "0" * 64)
    with pytest.raises(EngineUnavailable, match="cannot be reached"):
        downloads.fetch([nowhere], Job(), LABEL)


def test_offline_nothing_is_asked(shop: Any, online: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODU_OFFLINE", "1")
    with pytest.raises(EngineUnavailable, match="offline"):
        downloads.fetch([web_file(shop)], Job(), LABEL)
    assert shop.asked == []


def test_the_addresses_are_those_of_the_package() -> None:
    import whisper

    for one in openai_whisper.SIZES:
        file = one.SPEC.web_files[0]
        assert file.url == whisper._MODELS[one.SPEC.name.removeprefix("whisper-")]
        assert file.sha256 in file.url


# --- Whisper with tiny weights --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("openai") / "whisper"
    folder.mkdir()
    return folder, whispers.openai_checkpoint(folder / "tiny.pt")


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return whispers.converted_checkpoint(tmp_path_factory.mktemp("converted"))


def tiny(sha256: str) -> openai_whisper.Checkpoint:
    """The engine whisper-tiny with the checksum of our own file."""
    facts = openai_whisper.SIZES[0].SPEC
    return openai_whisper.Checkpoint(replace(facts, web_files=(replace(facts.web_files[0], sha256=sha256),)))


def quick(listener: Any) -> Any:
    """Random weights never end a sentence by themselves."""
    limit = "sample_len" if isinstance(listener, openai_whisper.Listener) else "max_new_tokens"
    listener._decoding.update({"temperature": 0.0, limit: 12})
    return listener


def test_openai_whisper_loads_hears_and_tells_languages(checkpoint: tuple[Path, str]) -> None:
    folder, sha256 = checkpoint
    listener = quick(tiny(sha256).load(folder))
    chances = listener.languages(babble(2))
    assert len(chances) == 99 and sum(chances.values()) == pytest.approx(1, abs=0.01)
    heard = listener.hear(babble(2), KOREAN, Job())
    assert heard.language == "ko"
    assert all(isinstance(segment.text, str) and segment.words == () for segment in heard.segments)
    assert listener.hear(babble(2), KOREAN, Job()) == heard


def test_a_damaged_checkpoint_is_not_loaded(checkpoint: tuple[Path, str], tmp_path: Path) -> None:
    (tmp_path / "tiny.pt").write_bytes(b"not a checkpoint")
    with pytest.raises(EngineUnavailable, match="damaged"):
        tiny(checkpoint[1]).load(tmp_path)


def test_faster_whisper_loads_and_hears(converted: Path) -> None:
    listener = quick(fast_whisper.SIZES[0].load(converted))
    english = replace(KOREAN, language="en")
    heard = listener.hear(babble(2), english, Job())
    assert heard.language == "en"
    assert all(isinstance(segment.text, str) and segment.end <= 30 for segment in heard.segments)
    assert listener.hear(babble(2), english, Job()) == heard


def test_faster_whisper_is_asked_for_words_task_and_language() -> None:
    """Tiny conversions count as English-only in CTranslate2, so a stand-in answers here."""
    asked: list[dict[str, Any]] = []
    word = SimpleNamespace(start=0.1, end=0.4, word=" 안녕", probability=0.75)
    row = SimpleNamespace(start=0.0, end=1.0, text=" 안녕", words=[word])

    def transcribe(samples: Any, **options: Any) -> Any:
        asked.append(options)
        return iter([row, row]), SimpleNamespace(language="ko")

    model = SimpleNamespace(
        transcribe=transcribe, detect_language=lambda audio: ("ko", 0.9, [("ko", 0.9), ("en", np.float32(0.1))])
    )
    listener = fast_whisper.Listener(model)
    assert listener.languages(babble(1)) == {"ko": 0.9, "en": pytest.approx(0.1)}
    heard = listener.hear(babble(1), Request("ko", "translate", True), Job())
    assert heard.language == "ko" and heard.segments[0].text == "안녕"
    assert heard.segments[0].words == (Word(0.1, 0.4, "안녕", 0.75),)
    assert (asked[0]["language"], asked[0]["task"], asked[0]["word_timestamps"]) == ("ko", "translate", True)
    assert asked[0]["vad_filter"] is False and asked[0]["condition_on_previous_text"] is False
    job = Job()
    job.cancel()
    with pytest.raises(Cancelled):
        listener.hear(babble(1), KOREAN, job)


def test_two_transcriptions_of_one_whisper_wait_for_each_other(
    checkpoint: tuple[Path, str], fake_engine: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the lock two calls at once crash the package (its hooks share one cache)."""
    folder, sha256 = checkpoint
    monkeypatch.setattr(detector, "weights", lambda: None)
    module = tiny(sha256)
    module.SPEC = replace(module.SPEC, name="tiny-test", rank=99)
    load = module.load
    monkeypatch.setattr(module, "load", lambda found: quick(load(found)), raising=False)
    monkeypatch.setenv("MODU_MODELS_DIR", str(folder.parent))
    fake_engine(module)
    sound = Sound(babble(3), RATE)
    errors: list[BaseException] = []

    def call() -> None:
        try:
            speech_to_text.transcribe(sound, TranscribeOptions("ko"), "tiny-test")
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=call) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert engines.choose("speech_to_text").name == "tiny-test"  # it is here, so `auto` takes it


# --- another server -------------------------------------------------------------------------------------------------


class Answers(http.server.BaseHTTPRequestHandler):
    """An OpenAI-style server that answers what the test put in `server.answers` and keeps what it was sent."""

    def do_POST(self) -> None:
        server: Any = self.server
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server.seen.append((self.path, self.headers.get("Authorization"), body))
        status, answer = server.answers.pop(0)
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Stay quiet."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    made: Any = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    made.answers, made.seen = [], []
    threading.Thread(target=made.serve_forever, daemon=True).start()
    monkeypatch.setenv("MODU_SPEECH_TO_TEXT_URL", f"http://127.0.0.1:{made.server_address[1]}/v1/")
    monkeypatch.setenv("MODU_SPEECH_TO_TEXT_MODEL", "big-ears")
    monkeypatch.setenv("MODU_SPEECH_TO_TEXT_KEY", "secret-key")
    yield made
    made.shutdown()
    made.server_close()


VERBOSE = {
    "text": "안녕하세요",
    "language": "korean",
    "segments": [{"start": 0.0, "end": 1.5, "text": " 안녕하세요"}],
    "words": [{"word": "안녕하세요", "start": 0.1, "end": 1.4}],
}


def test_the_remote_engine_sends_sound_model_and_key(server: Any) -> None:
    server.answers = [(200, VERBOSE)]
    heard = remote.load(None).hear(babble(2), Request("ko", "transcribe", True), Job())
    assert (heard.language, heard.segments[0].text, heard.segments[0].words[0].word) == (
        "ko",
        "안녕하세요",
        "안녕하세요",
    )
    path, key, body = server.seen[0]
    assert (path, key) == ("/v1/audio/transcriptions", "Bearer secret-key")
    assert b"big-ears" in body and b"RIFF" in body and b"verbose_json" in body and b"word" in body


def test_translation_asks_the_other_address(server: Any) -> None:
    server.answers = [(200, {"text": "hello"})]
    heard = remote.load(None).hear(babble(2), Request("ko", "translate", False), Job())
    assert server.seen[0][0] == "/v1/audio/translations"
    assert [(one.start, one.end, one.text) for one in heard.segments] == [(0.0, 2.0, "hello")]


def test_a_server_that_knows_only_text_is_asked_again(server: Any) -> None:
    server.answers = [(400, {"error": "verbose_json"}), (200, {"text": "hello"})]
    assert remote.load(None).hear(babble(1), KOREAN, Job()).segments[0].text == "hello"


@pytest.mark.parametrize(("status", "kind"), [(401, EngineUnavailable), (500, EngineFailed)])
def test_what_the_server_refuses_is_said_without_its_words(server: Any, status: int, kind: type[Exception]) -> None:
    server.answers = [(status, {"error": {"message": "secret-key is wrong"}})]
    with pytest.raises(kind) as caught:
        remote.load(None).hear(babble(1), KOREAN, Job())
    assert "secret-key" not in str(caught.value)


def test_a_server_that_is_not_there(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODU_SPEECH_TO_TEXT_URL", "http://127.0.0.1:9")
    with pytest.raises(EngineUnavailable, match="cannot be reached"):
        remote.load(None).hear(babble(1), KOREAN, Job())


def test_without_an_address_the_remote_engine_names_the_setting() -> None:
    with pytest.raises(EngineUnavailable, match="MODU_SPEECH_TO_TEXT_URL"):
        speech_to_text.transcribe(Sound(babble(1), RATE), engine="remote")
