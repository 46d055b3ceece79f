"""Talking, in real Chromium: send, stop, try again, take back, edit, clear; the keyboard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import chatting
import pytest
from chat_room import bubbles, hear, kept, opened, repeating, say, stays, talk

pytestmark = pytest.mark.browser


@pytest.fixture
def fake(fake_engine: Callable[..., Any]) -> chatting.FakeChat:
    return repeating(fake_engine)


@pytest.fixture
def room(page_of: Any, fake: chatting.FakeChat) -> Any:
    return opened(page_of("ko-KR"))


def test_a_conversation_in_korean_with_the_built_in_engine(page_of: Any) -> None:
    page = opened(page_of("ko-KR"))
    assert "내장" in page.locator("#chat-engine-line").inner_text()
    page.locator("#chat-notice").get_by_text("작은 내장 모델").wait_for(timeout=20_000)
    page.get_by_role("button", name="안녕! 넌 누구야?").click()
    page.locator("#chat-facts").get_by_text("초당").wait_for(timeout=90_000)
    page.locator("#chat-facts").get_by_text("맥락").wait_for(timeout=20_000)
    page.locator("#chat-send").wait_for(timeout=60_000)  # the line above comes with the first words already
    first = bubbles(page)
    assert first[0] == "안녕! 넌 누구야?" and len(first[1]) > 5
    say(page, "여기서 뭘 할 수 있어?")
    page.wait_for_function(
        "() => document.querySelectorAll('#chat-talk .bot .prose').length === 2"
        " && document.querySelectorAll('#chat-talk .bot .prose')[1].innerText.length > 5",
        timeout=60_000,
    )
    page.locator("#chat-send").wait_for(timeout=60_000)
    before = bubbles(page)
    assert kept(page)[0]["title"] == "안녕! 넌 누구야?"
    page.reload()
    opened(page)
    hear(page, before[1][:20])
    assert bubbles(page) == before
    assert page.outside == []


WATCH = """() => {
  const seen = window.seen = { changes: 0 }, talk = document.querySelector('#chat-talk');
  const words = () => talk.innerText.split('가나다').length - 1;
  document.querySelector('#chat-stop').addEventListener('click', () => {
    Object.assign(seen, { click: Date.now() / 1000, words: words(), before: seen.changes });
  }, true);
  new MutationObserver(() => { seen.changes += 1; })
    .observe(talk, { childList: true, characterData: true, subtree: true });
}"""


def test_a_stop_ends_the_words_at_once_and_keeps_what_came(room: Any, fake: chatting.FakeChat) -> None:
    fake.slow_s = 0.2  # a minute for the whole story: a busy browser takes seconds to click
    say(room, "long story")
    hear(room, "가나다 가나다 가나다")
    room.locator("#chat-stop").wait_for(timeout=20_000)
    room.evaluate(WATCH)
    room.wait_for_function("window.seen.changes > 0")
    room.locator("#chat-stop").click()
    stays(room, lambda: bubbles(room)[1].endswith("\u200b\u200b— 여기서 멈췄습니다."))
    words = bubbles(room)[1]
    room.wait_for_timeout(500)
    assert bubbles(room)[1] == words and "가나다 가나다" in words
    room.context.grant_permissions(["clipboard-read", "clipboard-write"])
    room.locator("#chat-talk").get_by_role("button", name="Copy message").nth(1).click()
    room.wait_for_timeout(300)
    copied = room.evaluate("navigator.clipboard.readText()").strip()
    assert copied == words.removesuffix("— 여기서 멈췄습니다.").strip("\u200b \n"), "our note is none of the reply"
    seen = room.evaluate("window.seen")
    assert seen["before"] > 0, "nothing was streaming"
    # Three words or half a second on a free machine; this one may have other work.
    assert words.count("가나다") - seen["words"] < 15
    assert 0 < fake.stopped_at - seen["click"] < 3
    assert kept(room)[0]["messages"][-1]["state"] == "stopped"
    talk(room, "go on")
    assert [one.content[:3] for one in fake.calls[-1][0]] == ["lon", "가나다", "go "]


def test_who_sends_during_a_reply_still_sees_it_and_keeps_the_words(room: Any, fake: chatting.FakeChat) -> None:
    fake.slow_s = 0.2
    say(room, "long story")
    hear(room, "가나다 가나다 가나다")
    say(room, "and then?")
    room.get_by_test_id("toast-body").first.wait_for(timeout=20_000)
    room.wait_for_timeout(500)
    assert room.locator("#chat-talk span.error").count() == 0, "a refusal lies over the conversation"
    assert room.locator("#chat-talk").get_by_text("가나다 가나다", exact=False).first.is_visible()
    assert room.locator("#chat-message textarea").input_value() == "and then?"
    room.locator("#chat-stop").click()
    room.locator("#chat-send").wait_for(timeout=20_000)


class Held:
    """Holds calls of the page back, from the next one on or after `passing` more, until they are let go."""

    def __init__(self, page: Any, passing: int) -> None:
        self._page, self._passing, self._held = page, passing, []  # type: ignore[var-annotated]
        page.route("**/queue/join*", self._take)

    def _take(self, route: Any) -> None:
        if self._passing:
            self._passing -= 1
            route.continue_()
        else:
            self._held.append(route)

    def wait(self) -> None:
        """Until a call is held; what comes after it passes."""
        while not self._held:
            self._page.wait_for_timeout(50)
        self._passing = 1_000

    def let_go(self) -> None:
        for route in self._held:
            route.continue_()


def test_what_is_sent_before_a_reply_begins_is_refused_and_stays_in_the_box(room: Any, fake: chatting.FakeChat) -> None:
    """As on a busy server, where a reply waits for its turn: two questions must not become one."""
    held = Held(room, passing=1)  # the question is put in place, its reply waits
    say(room, "one")
    held.wait()
    room.locator("#chat-stop").wait_for(timeout=20_000)
    say(room, "two")
    room.get_by_test_id("toast-body").get_by_text("아직 답변을 쓰는 중").wait_for(timeout=20_000)
    assert room.locator("#chat-message textarea").input_value() == "two"
    held.let_go()
    hear(room, "echo: one")
    room.locator("#chat-send").wait_for(timeout=20_000)
    assert bubbles(room) == ["one", "echo: one"]
    room.locator("#chat-message textarea").press("Enter")
    hear(room, "echo: two")
    assert [one.content for one in fake.calls[-1][0]] == ["one", "echo: one", "two"]


def test_what_was_typed_is_there_when_the_page_is_loaded_again(room: Any) -> None:
    """Gradio does that by itself when its server was away for a moment."""
    room.locator("#chat-message textarea").fill("half a sen\ntence")
    room.reload()
    opened(room)
    assert room.locator("#chat-message textarea").input_value() == "half a sen\ntence"
    room.locator("#chat-message textarea").press("Enter")
    hear(room, "echo: half a sen")
    room.reload()
    opened(room)
    assert room.locator("#chat-message textarea").input_value() == ""


def test_what_is_typed_while_a_question_is_on_its_way_stays(room: Any) -> None:
    box = room.locator("#chat-message textarea")
    held = Held(room, passing=0)
    say(room, "one")
    held.wait()
    box.press("End")
    box.press_sequentially("two")
    held.let_go()
    hear(room, "echo: one")
    room.locator("#chat-send").wait_for(timeout=20_000)
    assert box.input_value() == "two"


def test_a_question_that_comes_back_does_not_replace_what_was_typed_since(room: Any) -> None:
    box = room.locator("#chat-message textarea")
    held = Held(room, passing=1)
    say(room, "break now")
    held.wait()
    box.fill("and two")
    held.let_go()
    room.get_by_test_id("toast-body").get_by_text("[engine_failed]").wait_for(timeout=20_000)
    room.wait_for_function("() => document.querySelector('#chat-message textarea').value === 'break now\\nand two'")
    assert bubbles(room) == []
    box.fill("three")
    box.press("Enter")
    hear(room, "echo: three")
    room.locator("#chat-send").wait_for(timeout=20_000)
    box.fill("a draft")
    room.locator("#chat-talk").get_by_role("button", name="실행 취소").click()
    room.wait_for_function("() => document.querySelector('#chat-message textarea').value === 'three\\na draft'")


def test_a_reply_can_be_had_again_and_taken_back(room: Any, fake: chatting.FakeChat) -> None:
    talk(room, "one")
    talk(room, "two")
    room.locator("#chat-talk").get_by_role("button", name="다시 시도").click()
    stays(room, lambda: len(fake.calls) == 3)
    room.locator("#chat-send").wait_for(timeout=20_000)
    assert fake.calls[2][0] == fake.calls[1][0]
    assert bubbles(room) == ["one", "echo: one", "two", "echo: two"]
    room.locator("#chat-talk").get_by_role("button", name="실행 취소").click()
    room.wait_for_function("() => document.querySelector('#chat-message textarea')?.value === 'two'", timeout=20_000)
    assert bubbles(room) == ["one", "echo: one"]
    assert len(kept(room)[0]["messages"]) == 2


def test_an_earlier_message_can_be_changed_and_the_conversation_goes_on_from_there(room: Any) -> None:
    talk(room, "is <b>one</b> right")
    talk(room, "two")
    room.locator("#chat-talk .user-row, #chat-talk [data-testid=user]").first.hover()
    room.locator("#chat-talk").get_by_role("button", name="편집").first.click()
    field = room.locator("#chat-talk textarea").first
    assert field.input_value().replace("\u200b", "") == "is <b>one</b> right"
    field.fill("is <i>three</i>")
    room.locator("#chat-talk").get_by_role("button", name="제출").click()
    hear(room, "three")
    room.locator("#chat-send").wait_for(timeout=20_000)
    messages = kept(room)[0]["messages"]
    assert [one["content"] for one in messages] == ["is <i>three</i>", "echo: is <i>three</i>"]


def test_clear_empties_the_conversation_and_the_browser(room: Any) -> None:
    talk(room, "one")
    room.locator("#chat-talk").get_by_role("button", name="지우기").first.click()
    room.locator("#chat-talk .message").first.wait_for(state="detached", timeout=20_000)
    assert kept(room) == []


def test_a_failing_engine_gives_the_question_back(room: Any) -> None:
    say(room, "break now")
    toast = room.get_by_test_id("toast-body").first
    toast.wait_for(timeout=20_000)
    assert "[engine_failed]" in toast.inner_text()
    room.wait_for_function("() => document.querySelector('#chat-message textarea')?.value === 'break now'")
    room.locator("#chat-send").wait_for(timeout=20_000)
    assert bubbles(room) == []


# --- the keyboard -------------------------------------------------------------------------------------------------


# --- the keyboard -------------------------------------------------------------------------------------------------


def test_enter_sends_and_shift_enter_makes_a_line(room: Any, fake: chatting.FakeChat) -> None:
    box = room.locator("#chat-message textarea")
    box.click()
    room.keyboard.type("one")
    room.keyboard.press("Shift+Enter")
    room.keyboard.type("two")
    room.keyboard.press("Enter")
    hear(room, "two")
    assert [one.content for one in fake.calls[0][0]] == ["one\ntwo"]
    assert box.input_value() == ""


def test_enter_that_ends_a_korean_syllable_does_not_send(room: Any, fake: chatting.FakeChat) -> None:
    """While an input method composes, Enter (key code 229) belongs to it."""
    room.locator("#chat-message textarea").click()
    keys = room.context.new_cdp_session(room)
    keys.send("Input.imeSetComposition", {"text": "안녕", "selectionStart": 2, "selectionEnd": 2})
    composing = {"key": "Process", "code": "Enter", "windowsVirtualKeyCode": 229}
    keys.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **composing})
    keys.send("Input.insertText", {"text": "안녕"})
    room.wait_for_timeout(500)
    assert fake.calls == [] and room.locator("#chat-message textarea").input_value() == "안녕"
    room.keyboard.press("Enter")
    room.keyboard.press("Enter")
    hear(room, "echo: 안녕")
    room.wait_for_timeout(500)
    assert len(fake.calls) == 1
