"""The speech tab: its endpoint as programs call it, its handlers, and what a visitor sees and hears in a browser."""

from __future__ import annotations

import asyncio
import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
from conftest import ROOT
from fakes import FakeModule, spec
from gradio_client import Client, handle_file
from pages import connected, tab_alone
from speech import FakeListener, babble, hum, silence, write

from pipelines import engines
from pipelines.errors import EngineUnavailable, InvalidInput
from pipelines.job import Job
from pipelines.speech_to_text import LANGUAGES, Heard, Request, Segment, Transcript, detector, subtitles
from pipelines.words import Text
from tabs import _listening, _live, _whisper
from tabs import speech_to_text as tab
from tabs._listening import Desk, Result

ENGLISH = ROOT / "examples" / "speech_to_text" / "english.wav"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A page with this tab only."""
    with tab_alone(tab) as address:
        yield address


@pytest.fixture(scope="module")
def program(url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with connected(url, tmp_path_factory.mktemp("downloads")) as client:
        yield client


@pytest.fixture
def listener(fake_engine: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> FakeListener:
    heard = FakeListener()
    facts = spec("speech_to_text", "fake", rank=99, languages=tuple(LANGUAGES))
    fake_engine(FakeModule(facts, make=lambda: heard))
    monkeypatch.setattr(detector, "weights", lambda: None)
    return heard


# --- the endpoint -------------------------------------------------------------------------------------------------


def test_the_endpoint_gives_text_facts_srt_and_vtt(program: Client, listener: FakeListener, tmp_path: Path) -> None:
    file = write(tmp_path / "나의 녹음.wav", np.concatenate([silence(2), babble(3)]))
    text, facts, srt, vtt = program.predict(
        audio=handle_file(file), language="ko", engine="fake", word_timestamps=True, api_name="/speech_to_text"
    )
    assert text == "hello there"
    assert set(facts) == {
        "language", "language_probability", "duration_s", "no_speech", "notice", "segments", "engine",
    }  # fmt: skip
    assert (facts["language"], facts["duration_s"], facts["no_speech"], facts["engine"]) == ("ko", 5.0, False, "fake")
    (segment,) = facts["segments"]
    assert set(segment) == {"start", "end", "text", "words"} and segment["start"] == pytest.approx(1.8, abs=0.2)
    assert [word["word"] for word in segment["words"]] == ["hello", "there"]
    assert Path(srt).suffix == ".srt" and Path(srt).read_text().startswith("1\n00:00:0")
    assert Path(vtt).suffix == ".vtt" and "hello there" in Path(vtt).read_text()
    assert listener.requests[-1].language == "ko"


def test_the_endpoint_for_nobody(program: Client, tmp_path: Path) -> None:
    text, facts, srt, vtt = program.predict(
        audio=handle_file(write(tmp_path / "a.wav", hum())), api_name="/speech_to_text"
    )
    assert (text, facts["no_speech"], facts["segments"], facts["language"]) == ("", True, [], None)
    assert facts["notice"] and Path(srt).read_text() == "" and Path(vtt).read_text().strip() == "WEBVTT"


def test_defaults_of_the_endpoint_are_the_contracts(program: Client) -> None:
    told = program.view_api(return_format="dict", print_info=False)["named_endpoints"]["/speech_to_text"]
    defaults = {one["parameter_name"]: one.get("parameter_default") for one in told["parameters"]}
    assert defaults == {
        "audio": None, "language": "auto", "task": "transcribe", "engine": "auto", "word_timestamps": False,
    }  # fmt: skip
    assert len(told["returns"]) == 4


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"language": "xx"}, "invalid_input"),
        ({"task": "sing"}, "invalid_input"),
        ({"engine": "siri"}, "unknown_engine"),
        ({"engine": 5}, "invalid_input"),
        ({"word_timestamps": "yes"}, "invalid_input"),
        ({"language": "ko", "engine": "embedded"}, "engine_unavailable"),
        ({"task": "translate", "engine": "embedded"}, "engine_unavailable"),
    ],
)
def test_wrong_values_get_a_sentence_and_a_code(program: Client, changes: dict[str, Any], code: str) -> None:
    with pytest.raises(Exception, match=rf"\[{code}\]"):
        program.predict(audio=handle_file(ENGLISH), **changes, api_name="/speech_to_text")


def test_text_named_wav_is_refused(program: Client, tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_text("no sound at all\n" * 30)
    with pytest.raises(Exception, match=r"holds text.*\[invalid_input\]"):
        program.predict(audio=handle_file(tmp_path / "a.wav"), api_name="/speech_to_text")


# --- the handlers -------------------------------------------------------------------------------------------------


def steps(handler: Any) -> list[tuple]:
    async def collect() -> list[tuple]:
        return [step async for step in handler]

    return asyncio.run(collect())


def texts(value: dict[str, Any]) -> list[str]:
    """The lines that a page is given to show."""
    return [line["text"] for line in json.loads(value["lines"])]


def test_several_files_one_broken(
    listener: FakeListener, upload: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Text] = []
    monkeypatch.setattr(tab, "tell", told.append)
    good = [upload(write(tmp_path / f"{name}.wav", babble(2)))["path"] for name in ("one", "two")]
    broken = upload(b"text, not sound " * 20, "broken.wav")["path"]
    last = steps(tab.on_files([good[0], broken, good[1]], "auto", "transcribe", "fake", False))[-1]
    desk, which, player, facts, lines, *files = last
    assert [(one.name, one.readable) for one in desk.results] == [
        ("one.wav", True),
        ("broken.wav", False),
        ("two.wav", True),
    ]
    assert [text.en[:12] for text in told] == ["broken.wav: "] and "Engine fake" in facts
    assert which["value"] == 2 and which["visible"] and "two.wav" in player
    assert "fake" in facts and texts(lines) == ["hello there"] and len(files) == 5
    assert len(told) == 1 and "broken.wav" in told[0].ko
    # Why one was not read can still be looked up when the message is gone.
    *_, player, facts, lines, first, _, _, _, _ = asyncio.run(tab.on_which(desk, 1))
    assert (player, facts, texts(lines), first["interactive"]) == ("", "", [], False) and "holds text" in lines["empty"]


def test_one_broken_file_is_an_error(listener: FakeListener, upload: Callable[..., Any]) -> None:
    broken = upload(b"text, not sound " * 20, "broken.wav")["path"]
    with pytest.raises(InvalidInput, match="holds text"):
        steps(tab.on_files([broken], "auto", "transcribe", "fake", False))
    with pytest.raises(InvalidInput, match="first"):
        steps(tab.on_files(None, "auto", "transcribe", "fake", False))


def test_every_control_of_the_tab_reaches_the_engine(
    listener: FakeListener, upload: Callable[..., Any], tmp_path: Path
) -> None:
    file = upload(write(tmp_path / "a.wav", babble(2)))["path"]
    steps(tab.on_recording(file, "fr", "transcribe", "fake", True))
    assert (listener.requests[-1].language, listener.requests[-1].word_timestamps) == ("fr", True)


def result(*texts: str) -> Result:
    segments = tuple(Segment(float(index), index + 1.0, text) for index, text in enumerate(texts))
    found = Transcript(" ".join(texts), segments, "en", 1.0, 9.0, False, "fake", heard_s=9.0)
    return Result("run", "a.wav", None, found)


def edit(*texts: str, run: str = "run") -> gr.EventData:
    return gr.EventData(None, {"run": run, "texts": list(texts)})


def test_edited_lines_change_the_files(tmp_path: Path) -> None:
    desk = Desk([result("old", "gone")])
    files = asyncio.run(tab.on_edit(desk, 0, edit("new words", "")))
    by_kind = {Path(file["value"]).suffix: Path(file["value"]).read_text() for file in files}
    assert set(by_kind) == {f".{kind}" for kind in subtitles.WRITERS}
    assert by_kind[".txt"] == "new words\n" and "old" not in by_kind[".srt"] + by_kind[".json"]
    asyncio.run(tab.on_edit(desk, 0, edit("new words", "back")))
    assert desk.results[0].transcript.text == "new words back"


def test_a_line_that_was_emptied_can_be_filled_again_after_looking_elsewhere() -> None:
    desk = Desk([result("old", "gone"), result("other")])
    asyncio.run(tab.on_edit(desk, 0, edit("new", "")))
    shown = asyncio.run(tab.on_which(desk, 0))[4]
    assert texts(shown) == ["new", ""] and shown["run"] == "run"
    asyncio.run(tab.on_edit(desk, 0, edit("new", "back")))
    assert desk.results[0].transcript.text == "new back"


def test_a_change_that_comes_late_is_not_taken_for_another_recording() -> None:
    desk = Desk([result("one", "two")])
    assert set(map(str, asyncio.run(tab.on_edit(desk, 0, edit("mine", "too", run="gone"))))) == {str(gr.skip())}
    assert desk.results == [result("one", "two")]


def test_what_is_changed_and_looked_at_stays_while_more_files_are_written_down(
    listener: FakeListener, upload: Callable[..., Any], tmp_path: Path
) -> None:
    files = [upload(write(tmp_path / f"{name}.wav", babble(2)))["path"] for name in ("one", "two", "three")]

    async def meanwhile() -> list[tuple]:
        seen = []
        async for desk, which, _player, _facts, lines, *_ in tab.on_files(files, "auto", "transcribe", "fake", False):
            seen.append((len(desk.results), which["value"], texts(lines)))
            if len(desk.results) == 1:  # while the second one is heard
                await tab.on_edit(desk, 0, edit("mine", run=desk.results[0].run))
            if len(desk.results) == 2:
                await tab.on_which(desk, 0)
        await tab.on_which(desk, 2)
        assert desk.looked_at is None, "the newest is followed again"
        assert [one.transcript.text for one in desk.results] == ["mine", "hello there", "hello there"]
        return seen

    seen = asyncio.run(meanwhile())
    assert [step for step in seen if step[0] == 3] and all(
        (which, lines) == (0, ["mine"]) for count, which, lines in seen if count == 3
    )


def test_changed_lines_stay_while_the_text_grows() -> None:
    desk = Desk([replace(result("one", "two"), texts=("mine", "two"))])
    desk.put(0, result("one", "two and a half", "three"))
    assert desk.results[0].texts == ("mine", "two and a half", "three")


def test_what_a_visitor_reads_is_escaped() -> None:
    assert "<video" in _listening.player_html("/x/a.mp4")
    assert 'src="gradio_api/file=/x/a%22%3E.wav"' in _listening.player_html('/x/a">.wav')


def test_who_speaks_korean_is_told_before_recording(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODU_LANGUAGE", "ko")
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    advice, offer, size, plan, *_ = asyncio.run(tab.on_open())[5:]
    assert "영어만" in advice and "Whisper" in advice
    assert offer["visible"] and [name for _, name in size["choices"]] == list(_whisper.OFFERED)
    assert "148 MB" in size["choices"][1][0] and "148" in plan
    assert plan != asyncio.run(_whisper.on_size("faster-whisper-small"))
    monkeypatch.setenv("SPACE_ID", "somebody/space")
    advice, offer, *_ = asyncio.run(tab.on_open())[5:]
    assert "서버" in advice and not offer["visible"]


def test_the_advice_goes_when_a_better_engine_is_here(listener: FakeListener) -> None:
    advice, offer, *_ = asyncio.run(tab.on_open())[5:]
    assert advice == "" and not offer["visible"]


def test_the_button_fetches_the_chosen_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    fetched: list[str] = []
    monkeypatch.setattr(engines, "fetch", lambda engine, job: fetched.append(engine.name))
    seen = steps(_whisper.on_fetch("faster-whisper-small"))
    assert fetched == ["faster-whisper-small"]
    choice, line, *_ = seen[-1]
    assert choice["value"] == "faster-whisper-small" and "small" in line
    fetch, stop = seen[0][-2:]  # while it runs there is a button that cancels it
    assert not fetch["visible"] and stop["visible"] and "486" in seen[0][5]


# --- the browser --------------------------------------------------------------------------------------------------


@pytest.fixture
def visit(url: str, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """`visit("ko-KR")`: a Chromium whose microphone hears the English example."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    playwright = pytest.importorskip("playwright.sync_api")
    if program is None:
        pytest.skip("Chromium is not installed")
    heard = write(tmp_path / "microphone.wav", np.concatenate([babble(3), silence(1)]))
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(
            executable_path=program,
            args=[
                "--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking",
                "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
                f"--use-file-for-fake-audio-capture={heard}",
            ],
        )  # fmt: skip

        def open_page(locale: str, width: int = 1280) -> Any:
            context = browser.new_context(
                locale=locale,
                viewport={"width": width, "height": 900},
                permissions=["microphone"],
                accept_downloads=True,
            )
            page = context.new_page()
            page.set_default_timeout(120_000)  # nothing is promised in seconds here
            page.goto(url)
            page.wait_for_selector("#stt-run")
            return page

        yield open_page
        browser.close()


@pytest.mark.browser
def test_a_line_plays_lights_up_and_can_be_edited(visit: Callable[..., Any], listener: FakeListener) -> None:
    page = visit("ko-KR")
    page.set_input_files("#stt-files input[type=file]", str(ENGLISH))
    page.wait_for_selector("#stt-files >> text=english")
    page.click("#stt-run")
    page.wait_for_selector("#stt-lines .stt-line")
    page.click("#stt-lines .stt-line button")
    page.wait_for_selector("#stt-lines .stt-line.now")
    assert page.evaluate("document.querySelector('#stt-player audio').currentTime") >= 0
    page.click("#stt-lines .stt-line [contenteditable]")
    page.keyboard.press("End")
    page.keyboard.type(" 추가")
    page.keyboard.press("Enter")
    deadline = time.monotonic() + 60
    while True:  # the file follows the edit a moment later
        with page.expect_download() as download:
            page.click("#stt-txt")
        if Path(download.value.path()).read_text().strip().endswith("추가") or time.monotonic() > deadline:
            break
        page.wait_for_timeout(500)
    assert Path(download.value.path()).read_text().strip().endswith("추가")
    assert download.value.suggested_filename == "english.txt"


@pytest.mark.browser
def test_a_refusal_lies_over_nothing(visit: Callable[..., Any]) -> None:
    page = visit("en-US")
    page.click("#stt-run")
    page.wait_for_selector(".toast-body >> text=choose a file first")
    page.click("#stt-screen button")
    page.click("#stt-screen-run")
    page.wait_for_selector(".toast-body >> text=Choose a video first")
    page.wait_for_function(
        """[...document.querySelectorAll("span.error")].every(one => !one.closest(".wrap")
            || !one.checkVisibility({ opacityProperty: true, visibilityProperty: true }))"""
    )


def write_down_in_two_pieces(page: Any, folder: Path) -> None:
    """Two sentences with a pause, so long that engines of 4 s hear them one after another. Begins and returns."""
    long = write(folder / "long.wav", np.concatenate([babble(3), silence(2), babble(3, 1)]))
    page.set_input_files("#stt-files input[type=file]", str(long))
    page.wait_for_selector("#stt-files >> text=long")
    page.click("#stt-run")


@pytest.mark.browser
def test_stop_keeps_the_text_that_is_there(
    visit: Callable[..., Any], listener: FakeListener, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first, stopped = listener.hear, threading.Event()

    def hear(samples: np.ndarray, request: Request, job: Job) -> Heard:
        if not listener.pieces:
            return first(samples, request, job)
        try:
            while True:  # the second piece takes until somebody stops it
                job.check()
                time.sleep(0.05)
        finally:
            stopped.set()

    monkeypatch.setattr(listener, "hear", hear)
    monkeypatch.setattr(listener, "piece_s", 4.0)
    page = visit("en-US")
    write_down_in_two_pieces(page, tmp_path)
    page.wait_for_selector("#stt-lines .stt-line")
    page.click("#stt-stop")
    assert stopped.wait(60), "the work goes on after Stop"
    assert page.inner_text("#stt-lines .stt-line [contenteditable]") == "hello there"
    page.wait_for_selector("#stt-facts >> text=Stopped: written down up to 0:03 of 0:08.")
    with page.expect_download() as download:
        page.click("#stt-txt")
    assert Path(download.value.path()).read_text() == "hello there\n"


@pytest.mark.browser
def test_a_recording_from_the_microphone_is_written_down(visit: Callable[..., Any], listener: FakeListener) -> None:
    page = visit("en-US")
    page.get_by_role("tab", name="Record").click()
    page.locator("#stt-recording .record-button").first.click()
    page.wait_for_timeout(5_000)
    with page.expect_response("**/upload*") as sent:
        page.locator("#stt-recording .stop-button").first.click()
    sent.value.finished()
    page.wait_for_timeout(1_000)
    page.click("#stt-run-recording")
    page.wait_for_selector("#stt-lines .stt-line")
    assert "hello there" in page.inner_text("#stt-lines")


@pytest.mark.browser
def test_live_text_appears_while_one_speaks(visit: Callable[..., Any], listener: FakeListener) -> None:
    page = visit("en-US")
    page.get_by_role("tab", name="Live").click()
    page.locator("#stt-microphone .record-button").first.click()
    page.wait_for_function("document.querySelector('#stt-live').innerText.includes('hello')")
    page.wait_for_timeout(4_000)
    page.locator("#stt-microphone .stop-button").first.click()
    page.wait_for_selector("#stt-lines .stt-line")
    assert "hello there" in page.inner_text("#stt-lines")
    # All that was recorded arrived, and can be heard from a line.
    captured = float(page.get_attribute("#stt-microphone [data-captured]", "data-captured"))
    page.wait_for_function("document.querySelector('#stt-player audio')?.duration > 0")
    kept = page.evaluate("document.querySelector('#stt-player audio').duration")
    assert kept == pytest.approx(captured, abs=0.2) and captured > 4
    page.click("#stt-lines .stt-line:last-child button")
    page.wait_for_function("document.querySelector('#stt-player audio').currentTime > 0.5")


@pytest.mark.browser
def test_a_line_that_is_being_changed_stays_while_the_text_grows(
    visit: Callable[..., Any], listener: FakeListener, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first, go_on = listener.hear, threading.Event()

    def hear(samples: np.ndarray, request: Request, job: Job) -> Heard:
        if listener.pieces:
            go_on.wait(120)
        return first(samples, request, job)

    monkeypatch.setattr(listener, "hear", hear)
    monkeypatch.setattr(listener, "piece_s", 4.0)
    page = visit("en-US")
    write_down_in_two_pieces(page, tmp_path)
    page.click("#stt-lines .stt-line [contenteditable]")
    page.wait_for_selector("#stt-facts >> text=Written down up to 0:03 of 0:08.")
    page.keyboard.press("End")
    page.keyboard.type(" and")
    go_on.set()
    page.wait_for_selector("#stt-lines .stt-line >> nth=1")
    page.keyboard.type(" so on")  # the caret is where it was
    assert page.inner_text("#stt-lines .stt-line [contenteditable]") == "hello there and so on"
    page.wait_for_selector("#stt-facts:not(:has-text('Written down'))")
    deadline = time.monotonic() + 60
    while True:  # the file follows the edit a moment later
        with page.expect_download() as download:
            page.click("#stt-txt")
        text = Path(download.value.path()).read_text()
        if text == "hello there and so on\nhello there\n" or time.monotonic() > deadline:
            break
        page.wait_for_timeout(500)
    assert text == "hello there and so on\nhello there\n"


@pytest.mark.browser
def test_a_download_that_fails_can_be_tried_again(visit: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[str] = []

    def broken(engine: Any, job: Job) -> None:
        tries.append(engine.name)
        raise EngineUnavailable(Text(en="The Hub cannot be reached.", ko="Hub에 연결할 수 없습니다."))

    monkeypatch.setattr(engines, "fetch", broken)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    page = visit("ko-KR")
    page.click("#stt-fetch")
    page.wait_for_selector(".toast-body >> text=연결할 수 없습니다")
    page.wait_for_selector("#stt-fetch:visible")
    assert page.is_visible("#stt-size") and page.is_hidden("#stt-fetch-stop")
    page.click("#stt-fetch")  # nothing lies over it
    deadline = time.monotonic() + 60
    while len(tries) < 2 and time.monotonic() < deadline:
        page.wait_for_timeout(100)
    assert tries == ["faster-whisper-base"] * 2


@pytest.mark.browser
def test_a_download_can_be_cancelled(visit: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    stopped = threading.Event()

    def endless(engine: Any, job: Job) -> None:
        try:
            while True:
                job.progress(0.25, Text(en="37 of 148 MB", ko="148 MB 중 37"))
                job.check()
                time.sleep(0.05)
        finally:
            stopped.set()

    monkeypatch.setattr(engines, "fetch", endless)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    page = visit("en-US")
    page.click("#stt-fetch")
    page.wait_for_selector("#stt-fetch-plan >> text=37 of 148 MB")
    page.click("#stt-fetch-stop")
    assert stopped.wait(60), "the download goes on after Cancel"
    page.wait_for_selector("#stt-fetch:visible")
    page.wait_for_selector("#stt-fetch-plan progress", state="detached")


@pytest.mark.browser
def test_who_leaves_a_live_recording_is_listened_to_no_longer(
    visit: Callable[..., Any], listener: FakeListener, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = visit("en-US")
    page.get_by_role("tab", name="Live").click()
    page.locator("#stt-microphone .record-button").first.click()
    page.wait_for_function("document.querySelector('#stt-live').innerText.includes('hello')")
    (live,) = _live._under_way.values()
    page.close()
    deadline = time.monotonic() + 90
    while not live._job.cancelled and time.monotonic() < deadline:
        time.sleep(0.1)
    assert live._job.cancelled and not _live._under_way


@pytest.mark.browser
@pytest.mark.parametrize("width", [360, 1280])
def test_the_page_never_scrolls_sideways_and_tells_korean_visitors(visit: Callable[..., Any], width: int) -> None:
    page = visit("ko-KR", width)
    page.wait_for_selector(".stt-advice")
    assert "영어만" in page.inner_text("#stt-advice")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth + 1")
