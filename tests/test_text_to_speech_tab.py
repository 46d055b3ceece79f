"""The speech tab: its endpoints as programs call them, its handlers as functions, and the page in Chromium."""

from __future__ import annotations

import asyncio
import itertools
import time
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from conftest import example, free_port
from gradio_client import Client
from gradio_client.exceptions import AppError
from pages import connected, tab_alone

import app
from pipelines.sound import open_sound
from tabs import _speech_player
from tabs import text_to_speech as tab

KOREAN = "안녕하세요! 오늘은 9월 1일이고 GPU는 3개예요. Hello there, Dr. Kim. 끝 😀."


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A page with this tab only."""
    with tab_alone(tab) as address:
        yield address


@pytest.fixture(scope="module")
def speech_client(url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with connected(url, tmp_path_factory.mktemp("downloads")) as client:
        yield client


# --- endpoints ------------------------------------------------------------------------------------------------------


def test_a_program_gets_sound_facts_and_subtitles(speech_client: Client) -> None:
    sound, facts, srt = speech_client.predict(text=KOREAN, api_name="/text_to_speech")
    with wave.open(sound) as file:
        assert file.getframerate() == facts["sample_rate"]
        assert file.getnframes() / file.getframerate() == pytest.approx(facts["duration_s"], abs=0.001)
    assert set(facts) == {"sample_rate", "duration_s", "sentences", "unspoken", "engine"}
    assert all(set(one) == {"text", "spoken", "start", "end", "language", "voice"} for one in facts["sentences"])
    assert [one["language"] for one in facts["sentences"]] == ["ko", "ko", "en", "ko"]
    assert facts["unspoken"] == ["😀"]
    assert facts["engine"] == "embedded"
    assert Path(srt).read_text(encoding="utf-8").startswith("1\n00:00:00,000 --> ")
    assert Path(srt).suffix == ".srt"


@pytest.mark.parametrize("kind", ["mp3", "flac", "opus"])
def test_a_program_chooses_the_format(speech_client: Client, kind: str) -> None:
    sound, facts, _ = speech_client.predict(text="안녕하세요.", format=kind, api_name="/text_to_speech")
    assert Path(sound).suffix == f".{kind}"
    assert open_sound(Path(sound), 16_000).duration_s == pytest.approx(facts["duration_s"], abs=0.03)


def test_every_parameter_changes_the_result(speech_client: Client) -> None:
    def ask(**given: Any) -> dict[str, Any]:
        facts: dict[str, Any] = speech_client.predict(text="1 2 3", **given, api_name="/text_to_speech")[1]
        return facts

    plain = ask()
    assert ask(language="ko")["sentences"][0]["spoken"] == "일 이 삼"
    assert ask(voice="en-gb")["sentences"][0]["voice"] == "en-gb"
    assert ask(speed=2)["duration_s"] < 0.7 * plain["duration_s"]
    assert ask(engine="embedded", seed=5) == plain


def test_a_program_lists_the_voices(speech_client: Client) -> None:
    here = speech_client.predict(api_name="/voices")
    assert all(set(one) == {"voice", "language", "label"} for one in here)
    assert {"ko", "en-us", "en-gb", "ja"} <= {one["voice"] for one in here}
    kokoro = speech_client.predict(engine="kokoro", api_name="/voices")
    assert len(kokoro) == 41
    assert {one["language"] for one in kokoro} == {"en", "es", "fr", "hi", "it", "pt"}


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"text": ""}, "invalid_input"),
        ({"text": "x" * 20_001}, "too_large"),
        ({"text": 5}, "invalid_input"),
        ({"text": "hi", "speed": 9}, "invalid_input"),
        ({"text": "hi", "speed": "quick"}, "invalid_input"),
        ({"text": "hi", "format": "ogg"}, "invalid_input"),
        ({"text": "hi", "language": "nowhere"}, "invalid_input"),
        ({"text": "hi", "voice": ["ko"]}, "invalid_input"),
        ({"text": "hi", "engine": "nothing"}, "unknown_engine"),
        ({"text": "안녕", "language": "ko", "engine": "kokoro"}, "engine_unavailable"),
        ({"text": "Hello", "engine": "kokoro"}, "engine_unavailable"),
        ({"text": "Hello", "engine": "remote"}, "engine_unavailable"),
    ],
)
def test_bad_calls_end_in_a_sentence_with_its_code(speech_client: Client, given: dict[str, Any], code: str) -> None:
    with pytest.raises(AppError) as refused:
        speech_client.predict(**given, api_name="/text_to_speech")
    assert str(refused.value).endswith(f"[{code}]")


# --- handlers -------------------------------------------------------------------------------------------------------


def test_sound_comes_while_the_rest_is_still_being_made() -> None:
    async def states() -> list[tuple]:
        given = ("안녕하세요. " * 60, "auto", "auto", 1.0, 0, "wav", "auto")
        return [state async for state in tab.on_speak(*given)]

    seen = asyncio.run(states())
    counts = [len(state[0]["pieces"].splitlines()) for state in seen]
    assert counts[0] == 0
    assert counts == sorted(counts)
    assert counts[-1] == 60
    assert [state[0]["complete"] for state in seen] == [False] * (len(seen) - 1) + [True]
    player, whole, sound, srt, report = seen[-1]
    assert len(set(player["pieces"].splitlines())) == 60
    assert Path(whole).is_file()
    assert sound["value"] == whole
    assert Path(srt["value"]).read_text(encoding="utf-8").count("-->") == 60
    assert "60" in report


def test_the_page_is_not_told_of_each_sentence_of_a_long_text() -> None:
    async def states() -> list[tuple]:
        given = ("안녕하세요. " * 400, "auto", "auto", 1.0, 0, "wav", "auto")
        return [state async for state in tab.on_speak(*given)]

    started = time.monotonic()
    seen = asyncio.run(states())
    took_s = time.monotonic() - started
    # By the twentieth part more, 30 steps lead to 400; else one a second.
    assert len(seen) <= 34 + took_s and seen[-1][4].count("<li>") == 400
    assert max(state[4].count("<li>") for state in seen[1:-1]) <= 5


def test_the_report_escapes_what_the_visitor_wrote() -> None:
    async def last() -> tuple:
        *_, state = [
            one
            async for one in tab.on_speak("안녕 <img src=x onerror=alert(1)> 3", "ko", "auto", 1.0, 0, "wav", "auto")
        ]
        return state

    report = asyncio.run(last())[4]
    assert "<img" not in report
    assert "&lt;img" in report


def test_a_preview_speaks_in_the_chosen_voice() -> None:
    for language, voice in (("auto", "auto"), ("auto", "ja"), ("de", "auto"), ("auto", "ko-f2")):
        state = asyncio.run(tab.on_preview(language, voice, 1.0, 0, "embedded"))
        assert len(state["pieces"].splitlines()) == 1
        assert state["complete"]


def test_nothing_in_the_samples_stays_unspoken() -> None:
    from pipelines import text_to_speech

    for language, sample in tab._SAMPLES.items():
        spoken = text_to_speech.speak(sample, text_to_speech.SpeakOptions(language=language))
        assert (spoken.unspoken, len(spoken.sentences) > 0) == ((), True), language


def test_the_lists_follow_engine_and_language() -> None:
    languages, voices = asyncio.run(tab.on_engine("kokoro"))
    assert {code for _, code in languages["choices"]} == {"auto", "en", "es", "fr", "hi", "it", "pt"}
    assert len(voices["choices"]) == 42
    korean = asyncio.run(tab.on_language("ko", "embedded"))
    assert [name for _, name in korean["choices"]] == ["auto", "ko", "ko-f2", "ko-f3", "ko-m3", "ko-m7"]


def test_every_language_of_the_list_has_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    for language in ("en", "ko"):
        monkeypatch.setenv("MODU_LANGUAGE", language)
        languages, voices = asyncio.run(tab.on_engine("auto"))
        assert [name for name, code in languages["choices"] if name == f"{code} ({code})"] == []
        assert len({name for name, _ in languages["choices"]}) == len(languages["choices"]) >= 95
    assert ("광둥어", "yue") in voices["choices"]


def test_the_examples_are_spoken_whole() -> None:
    from pipelines import text_to_speech

    for number in (1, 2, 3, 4):
        text = example("text_to_speech", f"{number}-*.txt").read_text(encoding="utf-8")
        assert text_to_speech.speak(text).unspoken == ()


# --- the page -------------------------------------------------------------------------------------------------------


@pytest.mark.browser
@pytest.mark.parametrize(("locale", "button"), [("ko-KR", "소리 내어 읽기"), ("en-US", "Read aloud")])
def test_a_visitor_hears_each_sentence_and_downloads_the_whole(
    browser: Any, url: str, tmp_path: Path, locale: str, button: str
) -> None:
    context = browser.new_context(locale=locale, viewport={"width": 360, "height": 800}, accept_downloads=True)
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(url)
    page.locator("#tts-text textarea").fill("하나. 둘. 셋.")
    assert page.locator("#tts-speak").inner_text() == button
    page.locator("#tts-speak").click()
    page.wait_for_function("document.querySelector('#tts-player .live')?.dataset.count === '3'", timeout=60_000)
    # It plays by itself, one after the other, to the end.
    page.wait_for_function("document.querySelector('#tts-player .live').dataset.at === '3'", timeout=60_000)
    page.wait_for_selector("#tts-report li >> nth=2")
    with page.expect_download() as download:
        page.locator("#tts-download").click()
    saved = tmp_path / "speech.wav"
    download.value.save_as(saved)
    with wave.open(str(saved)) as file:
        assert file.getnframes() > 10_000
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert problems == []
    context.close()


@pytest.mark.browser
@pytest.mark.parametrize(
    ("locale", "pause", "idle"),
    [
        ("ko-KR", "잠시 멈춤", "첫 문장이 준비되는 대로 소리가 나옵니다."),
        ("en-US", "Pause", "The sound starts with the first sentence."),
    ],
)
def test_the_player_speaks_the_visitors_language_before_there_is_sound(
    browser: Any, url: str, locale: str, pause: str, idle: str
) -> None:
    context = browser.new_context(locale=locale)
    page = context.new_page()
    page.goto(url)
    page.wait_for_selector("#tts-player .live button:visible", timeout=60_000)
    assert page.locator("#tts-player button").inner_text() == pause
    assert page.locator("#tts-player .live span").inner_text() == idle
    context.close()


@pytest.fixture(scope="module")
def player_url() -> Iterator[str]:
    """The player alone, with a button for each value that it may be given."""
    with gr.Blocks(title="player") as page:
        player = gr.HTML(
            _speech_player.BLANK, html_template="", css_template=_speech_player.PLAYER_CSS,
            js_on_load=_speech_player.PLAYER, elem_id="tts-player",
        )  # fmt: skip
        values = {
            "one": _speech_player.playing("first", ["a.wav"], False),
            "more": _speech_player.playing("first", ["a.wav", "b.wav"], False),
            "stop": _speech_player.silent(),
            "again": _speech_player.playing("second", ["a.wav"], True),
        }
        calls = itertools.count(1)
        answered = gr.Number(0, elem_id="answered")
        for name, value in values.items():
            gr.Button(name, elem_id=name).click(lambda value=value: (value, next(calls)), outputs=[player, answered])
    app.launch(page, prevent_thread_lock=True, quiet=True, server_port=free_port())
    yield str(page.local_url).rstrip("/")
    page.close()


@pytest.mark.browser
def test_a_sentence_that_comes_after_stop_is_not_played(browser: Any, player_url: str) -> None:
    page = browser.new_page()
    page.set_default_timeout(120_000)
    page.goto(player_url)

    def give(name: str, count: str) -> None:
        page.locator(f"#{name}").click()
        page.wait_for_function(f"document.querySelector('#tts-player .live').dataset.count === '{count}'")

    give("one", "1")
    give("more", "2")
    give("stop", "0")
    page.locator("#more").click()  # late: its run was stopped
    page.wait_for_function("document.querySelector('#answered input')?.value === '4'")
    page.wait_for_timeout(300)
    assert page.locator("#tts-player .live").get_attribute("data-count") == "0"
    assert page.locator("#tts-player button").is_disabled()
    give("again", "1")  # the same sound in a new run sounds again
    assert page.locator("#tts-player .live").get_attribute("data-at") == "0"
    page.close()


@pytest.mark.browser
def test_what_was_spoken_stays_when_the_next_text_is_refused(browser: Any, url: str) -> None:
    page = browser.new_context(locale="en-US").new_page()
    page.set_default_timeout(120_000)
    page.goto(url)
    page.locator("#tts-text textarea").fill("One.")
    page.locator("#tts-speak").click()
    page.wait_for_selector("#tts-download:not([disabled])")
    page.locator("#tts-text textarea").fill(" ")
    page.locator("#tts-speak").click()
    page.wait_for_selector(".toast-body >> text=Write a text")
    page.locator("#tts-audio").get_by_role("button", name="Play").first.click()  # nothing lies over it
    assert page.locator("#tts-download").is_enabled()
    assert "One." in page.locator("#tts-report").inner_text()
    page.context.close()


@pytest.mark.browser
def test_stop_silences_the_page(browser: Any, url: str) -> None:
    context = browser.new_context(locale="en-US")
    page = context.new_page()
    page.goto(url)
    page.locator("#tts-text textarea").fill("One, two, three, four, five, six, seven, eight, nine, ten, eleven. " * 5)
    page.locator("#tts-speak").click()
    page.wait_for_function("document.querySelector('#tts-player .live')?.dataset.at === '0'", timeout=60_000)
    page.locator("#tts-stop").click()
    page.wait_for_function("document.querySelector('#tts-player .live').dataset.count === '0'", timeout=60_000)
    page.wait_for_timeout(1_000)  # nothing that was on its way starts it again
    assert page.locator("#tts-player .live").get_attribute("data-count") == "0"
    assert page.locator("#tts-player button").is_disabled()
    context.close()
