"""Around the conversation, in real Chromium: settings, documents, a narrow window, results to and from other tabs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import chatting
import pytest
from chat_room import hear, kept, opened, repeating, say, talk
from conftest import example
from fakes import FakeModule, spec
from speech import FakeListener

from pipelines.speech_to_text import detector

pytestmark = pytest.mark.browser


@pytest.fixture
def fake(fake_engine: Callable[..., Any]) -> chatting.FakeChat:
    return repeating(fake_engine)


@pytest.fixture
def room(page_of: Any, fake: chatting.FakeChat) -> Any:
    return opened(page_of("ko-KR"))


def test_settings_reach_the_engine_and_thoughts_are_folded(room: Any, fake: chatting.FakeChat) -> None:
    room.locator("#chat-settings > button").click()
    room.locator("#chat-preset input").click()
    room.get_by_role("option", name="역할 주기", exact=False).click()
    room.wait_for_function("() => document.querySelector('#chat-system textarea')?.value.includes('선생님')")
    assert "역할" in room.locator("#chat-idea").inner_text()
    room.locator("#chat-temperature input[type=number]").fill("0")
    room.locator("#chat-seed input").fill("42")
    room.locator("#chat-thinking input").check()
    room.locator("#chat-message textarea").click()
    talk(room, "hello")
    messages, options = fake.calls[0]
    assert (options.temperature, options.seed, options.thinking) == (0, 42, True)
    assert messages[0].role == "system" and "선생님" in messages[0].content
    room.get_by_text("답하기 전에 생각한 내용").wait_for(timeout=20_000)
    assert "시드 42" in room.locator("#chat-facts").inner_text()
    assert kept(room)[0]["system_prompt"] == messages[0].content
    room.locator("#chat-new").click()
    room.wait_for_function("() => document.querySelector('#chat-system textarea')?.value === ''")
    assert room.locator("#chat-preset input").input_value() == "지시 없음", "the example of the conversation before"


def test_the_notice_leads_to_a_bigger_engine(page_of: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE")
    page = opened(page_of("en-US"))
    page.locator("#chat-bigger").click()
    page.locator("#chat-plan .modu-plan").wait_for(timeout=15_000)
    assert "Qwen3" in page.locator("#chat-engine input").input_value()
    page.wait_for_timeout(1000)
    assert page.locator("#chat-plan").bounding_box()["y"] < 800, "the plan is out of sight"


def test_documents_are_cited(room: Any, tmp_path: Path) -> None:
    notes = tmp_path / "모임 <b>안내.txt"
    notes.write_text("동아리 모임은 매주 수요일 저녁 일곱 시에 도서관 3층에서 열립니다.", encoding="utf-8")
    room.locator("#chat-documents-box > button").click()
    room.locator("#chat-documents input[type=file]").set_input_files(str(notes))
    room.locator("#chat-documents").get_by_text("안내").first.wait_for(timeout=20_000)
    say(room, "모임은 무슨 요일에 열리나요?")
    sources = room.locator("#chat-talk").get_by_text("출처:", exact=False)
    sources.first.wait_for(timeout=30_000)
    assert "안내.txt" in sources.first.inner_text()
    sources.first.click()
    assert "수요일" in room.locator("#chat-talk").inner_text()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_runs_over_the_edge_of_a_phone(page_of: Any, fake: chatting.FakeChat, theme: str) -> None:
    page = opened(page_of("ko-KR", theme, 360))
    cells = " | ".join("wide column" for _ in range(8))
    talk(page, "가" * 60 + "a" * 300)
    say(page, f"x\n```python\nprint('{'x' * 200}')\n```\n\n| {cells} |\n|{'---|' * 8}\n| {cells} |")
    page.locator("#chat-talk .bot table").first.wait_for(timeout=20_000)
    page.locator("#chat-shelf summary").click()
    page.locator("#chat-settings > button").click()
    page.locator("#chat-documents-box > button").click()
    page.wait_for_timeout(800)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.locator("#chat-send").bounding_box()["width"] >= 44
    page.locator("#chat-message textarea").fill("line\n" * 8)
    assert page.locator("#chat-message").bounding_box()["height"] > 120
    assert page.locator("#chat-send").bounding_box()["height"] < 60, "the button grows with the box"
    assert page.locator("#chat-engine-line").bounding_box()["width"] > 250, "squeezed beside a button"
    assert page.locator("footer .show-api").is_visible(), "the chat model sends people there"


def test_a_reply_is_sent_to_be_read_aloud(room: Any) -> None:
    room.locator("#chat-to-speech").click()
    toast = room.get_by_test_id("toast-body").first
    toast.wait_for(timeout=20_000)
    assert "결과가 없습니다" in toast.inner_text()
    say(room, "**read** this")
    hear(room, "echo: read this")
    room.locator("#chat-send").wait_for(timeout=20_000)
    room.locator("#chat-to-speech").click()
    room.wait_for_function(
        "() => document.querySelector('#tts-text textarea')?.value === 'echo: read this'", timeout=20_000
    )
    assert room.locator("#tts-speak").is_visible()


def test_what_was_heard_is_sent_to_the_chat(
    page_of: Any, fake: chatting.FakeChat, fake_engine: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = FakeListener("What time is it?")
    fake_engine(FakeModule(spec("speech_to_text", "fake", rank=99), make=lambda: heard))
    monkeypatch.setattr(detector, "weights", lambda: None)
    page = opened(page_of("ko-KR"))
    page.get_by_role("tab", name="음성 받아쓰기", exact=True).first.click()
    page.locator("#stt-files input[type=file]").wait_for(state="attached", timeout=20_000)
    page.wait_for_timeout(2000)
    page.locator("#stt-files input[type=file]").set_input_files(str(example("speech_to_text", "english.wav")))
    page.locator("#stt-files").get_by_text("english").first.wait_for(timeout=20_000)
    page.locator("#stt-run").click()
    page.locator("#stt-lines").get_by_text("What time is it?").first.wait_for(timeout=30_000)
    page.wait_for_timeout(500)
    page.locator("#stt-to-chat").click()
    page.locator("#chat-message textarea").wait_for(timeout=20_000)
    script = "() => document.querySelector('#chat-message textarea')?.value.includes('What time is it?')"
    page.wait_for_function(script, timeout=20_000)
