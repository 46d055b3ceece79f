"""Talking by voice: three tasks in one exchange, what is heard before the reply is whole, and what stops it."""

from __future__ import annotations

import random
import shutil
import threading
import time
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import chatting
import numpy as np
import pytest
import raw
from conftest import ROOT
from fakes import FakeModule, spec
from gradio_client import Client, handle_file
from speech import FakeListener, babble, hum, write

from pipelines import text_to_speech, voice_chat
from pipelines.chat import Message, ReplyOptions
from pipelines.errors import Cancelled, EngineUnavailable, InvalidInput, UnknownEngine
from pipelines.job import Job
from pipelines.speech_to_text import LANGUAGES, detector
from pipelines.text_to_speech import SpeakOptions, sentences
from pipelines.voice_chat import Talk, TalkOptions, talk

ENGLISH = ROOT / "examples" / "speech_to_text" / "english.wav"
KOREAN = ROOT / "examples" / "speech_to_text" / "korean.wav"
THREE = "One is here. Two is there. Three is last."


@pytest.fixture
def listener(fake_engine: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> FakeListener:
    """Whoever speaks says the three sentences."""
    heard = FakeListener(THREE)
    fake_engine(FakeModule(spec("speech_to_text", "fake", rank=99, languages=tuple(LANGUAGES)), make=lambda: heard))
    monkeypatch.setattr(detector, "weights", lambda: None)
    return heard


@pytest.fixture
def echo(fake_engine: Callable[..., Any]) -> chatting.FakeChat:
    """The chat engine that repeats what it hears."""
    engine = chatting.FakeChat()
    fake_engine(chatting.module(engine))
    return engine


@pytest.fixture
def question(tmp_path: Path) -> Path:
    return write(tmp_path / "question.wav", babble(2))


# --- reading aloud what is still being written ----------------------------------------------------------------------


def test_a_growing_text_is_read_as_the_whole_one_is(seed: int = 3) -> None:
    text = "Pi is 3.14, says Dr. Kim. 안녕하세요, 반갑습니다! 1. 사과 2. 배\nIs it so? Yes."
    generator = random.Random(seed)
    for _ in range(10):
        narrator, found, at = text_to_speech.narrator(), [], 0
        while at < len(text):
            at = min(len(text), at + generator.randint(1, 9))
            found += list(narrator.read_on(text[:at], Job()))
        found += list(narrator.read_on(text, Job(), over=True))
        assert [one.sentence.text for one in found] == [one.strip() for one in sentences.split(text)]
        assert len({one.sample_rate for one in found}) == 1
        ends = np.cumsum([len(one.samples) / narrator.sample_rate for one in found])
        assert [one.sentence.start for one in found[1:]] == pytest.approx(ends[:-1], abs=2e-3)


def test_a_chosen_voice_reads_its_language_and_others_the_rest() -> None:
    narrator = text_to_speech.narrator(SpeakOptions(voice="ko-f2"))
    found = list(narrator.read_on("안녕하세요. Hello there. 😀", Job(), over=True))
    assert [one.sentence.voice for one in found] == ["ko-f2", "en-us"]
    assert narrator.unspoken == ("😀",) and narrator.engine == "embedded"
    with pytest.raises(InvalidInput, match="no voice"):
        text_to_speech.narrator(SpeakOptions(voice="nobody"))


# --- the exchange ---------------------------------------------------------------------------------------------------


def test_the_first_words_are_heard_before_the_last_are_written(
    listener: FakeListener, echo: chatting.FakeChat, question: Path
) -> None:
    steps = list(talk(question))
    assert steps[0].transcript.text == THREE and steps[0].reply.text == "" and not steps[0].said
    sounding = next(step for step in steps if step.said)
    assert sounding.reply.finish_reason is None and "last" not in sounding.reply.text
    last = steps[-1]
    assert last.over and [step.over for step in steps].count(True) == 1
    assert last.reply.text == f"echo: {THREE}" and last.reply.finish_reason == "stop"
    assert [one.sentence.text for one in last.said] == ["echo: One is here.", "Two is there.", "Three is last."]
    assert np.abs(last.samples).max() > 0.05 and len(last.samples) > 2 * last.said[0].sample_rate
    assert (last.transcript.engine, last.reply.engine, last.tts_engine) == ("fake", "fake", "embedded")


def test_history_and_options_reach_every_engine(
    listener: FakeListener, echo: chatting.FakeChat, question: Path
) -> None:
    history = [{"role": "user", "content": "My name is Kim."}, Message("assistant", "Hello Kim.")]
    options = TalkOptions("en", "en-gb", reply=ReplyOptions("Be brief.", max_new_tokens=4))
    *_, last = talk(question, history, options)
    assert listener.requests[-1].language == "en"
    messages, asked = echo.calls[-1]
    assert [one.content for one in messages] == ["Be brief.", "My name is Kim.", "Hello Kim.", THREE]
    assert asked.max_new_tokens == 4 and last.reply.finish_reason == "length"
    assert {one.sentence.voice for one in last.said} == {"en-gb"}


def test_nobody_speaking_is_a_sentence_and_not_an_empty_chat(echo: chatting.FakeChat, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="Nobody speaks"):
        list(talk(write(tmp_path / "hum.wav", hum())))
    assert echo.calls == []


@pytest.mark.parametrize("language", ["auto", "ko"])
def test_korean_for_an_english_recogniser_names_what_to_fetch(echo: chatting.FakeChat, language: str) -> None:
    with pytest.raises(EngineUnavailable, match=r"whisper-tiny.*MB"):
        list(talk(KOREAN, (), TalkOptions(language)))
    assert echo.calls == []


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (TalkOptions(voice="nobody"), InvalidInput),
        (TalkOptions(tts_engine="nobody"), UnknownEngine),
        (TalkOptions(chat_engine="nobody"), UnknownEngine),
        (TalkOptions(chat_engine=7), InvalidInput),  # type: ignore[arg-type]
    ],
)
def test_what_cannot_be_is_told_before_anything_is_listened_to(
    listener: FakeListener, echo: chatting.FakeChat, question: Path, options: TalkOptions, error: type[Exception]
) -> None:
    with pytest.raises(error):
        talk(question, (), options)
    assert listener.pieces == []
    with pytest.raises(InvalidInput, match="role"):
        talk(question, [{"role": "somebody", "content": "x"}])


def test_a_cancel_stops_whoever_is_working(listener: FakeListener, echo: chatting.FakeChat, question: Path) -> None:
    def until(wanted: Callable[[Talk], bool]) -> None:
        job = Job()
        exchange = talk(question, job=job)
        next(step for step in exchange if wanted(step))
        job.cancel()
        with pytest.raises(Cancelled):
            list(exchange)

    until(lambda step: step.transcript.text == THREE)
    assert echo.calls == []
    until(lambda step: "Two" in step.reply.text)
    assert echo.stopped_at > 0
    until(lambda step: bool(step.said))
    job = Job()
    job.cancel()
    with pytest.raises(Cancelled):
        next(talk(question, job=job))


def test_fences_of_code_are_not_read(listener: FakeListener, echo: chatting.FakeChat, question: Path) -> None:
    listener.text = "Say this:\n```python\nprint(1)\n```\nThen stop."
    *_, last = talk(question)
    spoken = " ".join(one.sentence.spoken for one in last.said)
    assert "python" not in spoken and "Then stop" in spoken


def test_the_built_in_engines_hold_a_conversation() -> None:
    """No fakes: a clip is understood, answered and read aloud."""
    steps = list(talk(ENGLISH, (), TalkOptions("en", reply=ReplyOptions(seed=1, max_new_tokens=60))))
    last = steps[-1]
    assert "happy" in last.transcript.text and last.transcript.language == "en"
    assert last.reply.finish_reason in ("stop", "length") and last.over
    assert (last.transcript.engine, last.reply.engine) == ("embedded", "embedded")
    if last.said:  # a reply may be too strange for any voice
        assert last.tts_engine == "embedded" and np.abs(last.samples).max() > 0.01


# --- the endpoint ---------------------------------------------------------------------------------------------------


def test_a_program_gets_words_sound_and_who_did_what(
    client: Client, listener: FakeListener, fake_engine: Callable[..., Any], question: Path
) -> None:
    engine = chatting.FakeChat(slow_s=0.15)
    fake_engine(chatting.module(engine))
    job = client.submit(audio=handle_file(question), history=[], api_name="/voice_chat")
    transcript, reply, file, facts = job.result(timeout=60)
    assert (transcript, reply) == (THREE, f"echo: {THREE}")
    assert facts == {"stt_engine": "fake", "chat_engine": "fake", "tts_engine": "embedded", "language": "en"}
    with wave.open(str(file)) as sound:
        assert (sound.getnchannels(), sound.getsampwidth()) == (1, 2)
        assert sound.getnframes() > sound.getframerate()
    steps = job.outputs()
    heard_at = next(number for number, step in enumerate(steps) if step[2])
    assert len(steps[heard_at][1]) < len(reply), "the sound came only with the whole reply"
    assert steps[0][0] == THREE and steps[0][2] is None


@pytest.mark.parametrize(
    ("given", "code"),
    [({"voice": "nobody"}, "invalid_input"), ({"stt_engine": "x"}, "unknown_engine"), ({}, "invalid_input")],
)
def test_wrong_calls_end_in_a_sentence_with_its_code(
    client: Client, tmp_path: Path, given: dict[str, Any], code: str
) -> None:
    file = write(tmp_path / "hum.wav", hum())
    with pytest.raises(Exception, match=rf"\[{code}\]"):
        client.predict(audio=handle_file(file), **given, api_name="/voice_chat")


# --- the page -------------------------------------------------------------------------------------------------------


@pytest.fixture
def visit(app_url: str, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """`visit("ko-KR")`: a Chromium whose microphone hears syllables."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    playwright = pytest.importorskip("playwright.sync_api")
    if program is None:
        pytest.skip("Chromium is not installed")
    heard = write(tmp_path / "microphone.wav", babble(4))
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(
            executable_path=program,
            args=[
                "--no-sandbox", "--disable-dev-shm-usage", "--use-fake-ui-for-media-stream",
                "--use-fake-device-for-media-stream", f"--use-file-for-fake-audio-capture={heard}",
                "--autoplay-policy=no-user-gesture-required",
            ],
        )  # fmt: skip

        def open_page(locale: str, width: int = 1280) -> Any:
            context = browser.new_context(
                locale=locale, viewport={"width": width, "height": 900}, permissions=["microphone"]
            )
            page = context.new_page()
            page.goto(app_url)
            page.locator("#chat-shelf .shelf button").first.wait_for(timeout=60_000, state="attached")
            page.wait_for_timeout(2000)
            page.locator("#chat-voice > button").click()
            return page

        yield open_page
        browser.close()


def record(page: Any, length_ms: int = 2500) -> None:
    page.locator("#chat-recording .record-button").first.click()
    page.wait_for_timeout(length_ms)
    page.locator("#chat-recording .stop-button").first.click()


@pytest.mark.browser
@pytest.mark.parametrize(("locale", "width"), [("ko-KR", 360), ("en-US", 1280)])
def test_one_speaks_and_hears_the_answer(
    visit: Callable[..., Any], listener: FakeListener, echo: chatting.FakeChat, locale: str, width: int
) -> None:
    page = visit(locale, width)
    record(page)
    page.locator("#chat-talk .bot").get_by_text("Three is last.", exact=False).first.wait_for(timeout=60_000)
    assert THREE in page.locator("#chat-talk .user").first.inner_text()
    page.wait_for_function("document.querySelector('#chat-player .live')?.dataset.count === '3'", timeout=30_000)
    page.wait_for_function("document.querySelector('#chat-player .live').dataset.at === '3'", timeout=60_000)
    assert page.locator("#chat-player button").inner_text() == ("다시 듣기" if locale == "ko-KR" else "Play again")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.wait_for_timeout(500)
    record(page)  # and once more: the conversation goes on
    page.locator("#chat-talk .bot").get_by_text("Three is last.", exact=False).nth(1).wait_for(timeout=60_000)
    assert len(echo.calls[-1][0]) == 3


@pytest.mark.browser
def test_stop_silences_the_exchange_and_keeps_what_came(
    visit: Callable[..., Any], listener: FakeListener, fake_engine: Callable[..., Any]
) -> None:
    engine = chatting.FakeChat(slow_s=0.4)
    fake_engine(chatting.module(engine))
    page = visit("en-US")
    record(page)
    page.locator("#chat-talk .bot").get_by_text("One", exact=False).first.wait_for(timeout=60_000)
    page.locator("#chat-voice-stop").click()
    deadline = time.monotonic() + 30
    while not engine.stopped_at and time.monotonic() < deadline:
        time.sleep(0.05)
    assert engine.stopped_at
    page.get_by_text("Stopped here.").first.wait_for(timeout=30_000)
    page.locator("#chat-send").wait_for(timeout=30_000)


@pytest.mark.browser
def test_silence_says_so_on_the_page(visit: Callable[..., Any], echo: chatting.FakeChat, monkeypatch: Any) -> None:
    monkeypatch.setattr("pipelines.speech_to_text.listening.speech_spans", lambda *_: [])
    page = visit("ko-KR")
    assert "영어만" in page.inner_text("#chat-voice-note")
    record(page)
    page.get_by_text("말소리가 없습니다").first.wait_for(timeout=30_000)
    assert echo.calls == [] and not page.locator("#chat-talk .user").count()


@pytest.mark.browser
def test_while_one_is_listened_to_a_typed_message_waits_in_the_box(
    visit: Callable[..., Any], echo: chatting.FakeChat, monkeypatch: Any
) -> None:
    """What was said and what is typed must not replace each other."""
    go_on = threading.Event()
    monkeypatch.setattr("pipelines.speech_to_text.listening.speech_spans", lambda *_: (go_on.wait(60), [])[1])
    page = visit("ko-KR")
    record(page)
    page.locator("#chat-talk .user").get_by_text("🎤").first.wait_for(timeout=30_000)
    page.locator("#chat-message textarea").fill("typed")
    page.locator("#chat-message textarea").press("Enter")
    page.get_by_test_id("toast-body").get_by_text("아직 답변을 쓰는 중").wait_for(timeout=30_000)
    go_on.set()
    page.get_by_text("말소리가 없습니다").first.wait_for(timeout=30_000)
    page.locator("#chat-send").wait_for(timeout=30_000)
    assert echo.calls == [] and not page.locator("#chat-talk .user").count()
    assert page.locator("#chat-message textarea").input_value() == "typed"


def test_the_page_lists_the_event_under_its_name_only(app_url: str) -> None:
    named = raw.http.get(f"{app_url}/gradio_api/info", timeout=30).json()["named_endpoints"]
    assert "/voice_chat" in named and not [name for name in named if name.startswith("/on_")]


def test_the_module_composes_public_verbs_only() -> None:
    text = Path(voice_chat.__file__).read_text(encoding="utf-8")
    for task in ("chat", "speech_to_text", "text_to_speech"):
        assert f"from pipelines.{task}." not in text and f"import pipelines.{task}." not in text
