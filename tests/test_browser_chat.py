"""Talking, in real Chromium: send, stop, try again, edit; conversations that the browser keeps; hostile replies."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import chatting
import pytest
from conftest import example
from fakes import FakeModule, spec
from speech import FakeListener

from pipelines.speech_to_text import detector

pytestmark = pytest.mark.browser


@pytest.fixture
def fake(fake_engine: Callable[..., Any]) -> chatting.FakeChat:
    """The engine that repeats what it hears is the best one here."""
    engine = chatting.FakeChat(slow_s=0.01)
    fake_engine(chatting.module(engine))
    return engine


@pytest.fixture
def room(page_of: Any, fake: chatting.FakeChat) -> Any:
    return opened(page_of("ko-KR"))


def opened(page: Any) -> Any:
    page.locator("#chat-message textarea").wait_for(timeout=60_000)
    page.locator("#chat-shelf .shelf button").first.wait_for(timeout=20_000, state="attached")
    # What the page asks for when it opens has come: its inputs are wired then, and nothing replaces what is typed.
    page.locator("#chat-engine-line span").first.wait_for(timeout=60_000)
    page.wait_for_timeout(300)
    return page


def say(page: Any, text: str) -> None:
    page.locator("#chat-message textarea").fill(text)
    page.locator("#chat-message textarea").press("Enter")


def hear(page: Any, text: str, timeout: float = 20_000) -> None:
    page.locator("#chat-talk .bot").get_by_text(text, exact=False).first.wait_for(timeout=timeout)


def talk(page: Any, text: str) -> None:
    """Say something and hear the whole answer."""
    say(page, text)
    hear(page, f"echo: {text}")
    page.locator("#chat-send").wait_for(timeout=20_000)


def bubbles(page: Any) -> list[str]:
    texts = page.locator("#chat-talk .message .prose").all_inner_texts()
    return [text.strip() for text in texts]


def titles(page: Any) -> list[str]:
    return list(page.locator("#chat-shelf li .name").all_inner_texts())


def kept(page: Any) -> list[dict[str, Any]]:
    """What lies in the browser's storage."""
    page.wait_for_timeout(1000)  # it writes once a second
    script = "() => Object.keys(localStorage).filter(k => k.startsWith('modu-chat:')).map(k => localStorage[k])"
    return [json.loads(text) for text in page.evaluate(script)]


def stays(page: Any, true: Callable[[], bool]) -> None:
    """Wait until `true()` holds for a second on end: the last words of a reply may come behind the answer to a stop."""
    ended, since = time.monotonic() + 60, time.monotonic()
    while time.monotonic() - since < 1:
        page.wait_for_timeout(100)
        if not true():
            assert time.monotonic() < ended, bubbles(page)
            since = time.monotonic()


# --- a whole conversation -----------------------------------------------------------------------------------------


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


# --- settings -----------------------------------------------------------------------------------------------------


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


# --- conversations ------------------------------------------------------------------------------------------------


def test_conversations_are_listed_named_opened_and_deleted(room: Any) -> None:
    talk(room, "first topic")
    room.locator("#chat-new").click()
    room.locator("#chat-talk .message").first.wait_for(state="detached", timeout=20_000)
    talk(room, "second topic")
    room.wait_for_timeout(1000)
    assert titles(room) == ["second topic", "first topic"]
    room.locator("#chat-shelf li", has_text="first topic").locator(".name").click()
    hear(room, "echo: first topic")
    room.locator("#chat-shelf li.current").get_by_role("button", name="이름 바꾸기").click()
    room.locator("#chat-shelf li input").fill("<b>new name</b>")
    room.locator("#chat-shelf li input").press("Enter")
    talk(room, "go on")
    room.wait_for_timeout(1000)
    assert sorted(titles(room)) == ["<b>new name</b>", "second topic"]
    row = room.locator("#chat-shelf li", has_text="new name")
    row.get_by_role("button", name="삭제").click()
    row.get_by_role("button", name="삭제할까요?").click()
    room.locator("#chat-talk .message").first.wait_for(state="detached", timeout=20_000)
    assert titles(room) == ["second topic"]
    assert [one["title"] for one in kept(room)] == ["second topic"]


def test_opening_another_conversation_stops_the_reply_and_mixes_nothing(room: Any, fake: chatting.FakeChat) -> None:
    fake.slow_s = 0.2  # a minute for the whole story: a busy browser takes seconds to click
    talk(room, "quiet one")
    room.locator("#chat-new").click()
    room.locator("#chat-talk .message").first.wait_for(state="detached", timeout=20_000)
    say(room, "long story")
    hear(room, "가나다 가나다")
    room.locator("#chat-shelf li", has_text="quiet one").locator(".name").click()
    stays(room, lambda: bubbles(room) == ["quiet one", "echo: quiet one"])
    story = next(one for one in kept(room) if one["title"] == "long story")
    assert "가나다" in story["messages"][1]["content"]
    room.locator("#chat-shelf li", has_text="long story").locator(".name").click()
    hear(room, "여기서 멈췄습니다")


def test_an_export_can_be_imported_again(room: Any, tmp_path: Path) -> None:
    talk(room, "한글 <i>marker</i>")
    talk(room, "again")
    room.wait_for_timeout(1000)
    with room.expect_download() as wait:
        room.locator("#chat-export-all").click()
    path = tmp_path / wait.value.suggested_filename
    wait.value.save_as(path)
    before = kept(room)[0]
    assert json.loads(path.read_text(encoding="utf-8"))["conversations"][0]["messages"] == before["messages"]
    room.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")
    room.reload()
    opened(room)
    assert bubbles(room) == [] and titles(room) == []
    room.locator("#chat-import-file").set_input_files(str(path))
    hear(room, "marker")
    (after,) = kept(room)
    assert {**after, "id": 0, "updated": 0} == {**before, "id": 0, "updated": 0}
    assert titles(room) == ["한글 <i>marker</i>"]


def test_a_large_export_comes_in_files_that_can_be_imported(room: Any, tmp_path: Path) -> None:
    script = """() => { for (let at = 0; at < 3; at += 1) localStorage.setItem('modu-chat:n' + at, JSON.stringify({
      id: 'n' + at, title: 'number ' + at, updated: at, system_prompt: '',
      messages: [{role: 'user', content: String(at).repeat(250000) + '가'.repeat(40000)}]})); }"""
    room.evaluate(script)
    room.reload()
    opened(room)
    files: list[Any] = []
    room.on("download", lambda file: files.append(file))
    room.locator("#chat-export-all").click()
    room.wait_for_timeout(2500)
    assert len(files) == 1
    files[0].save_as(tmp_path / "all.json")
    room.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")
    room.reload()
    opened(room)
    room.locator("#chat-import-file").set_input_files(str(tmp_path / "all.json"))
    room.locator("#chat-shelf li", has_text="number 0").wait_for(timeout=20_000)
    assert len(kept(room)) == 3


@pytest.mark.parametrize("content", [b"no json", b'{"kind": "modu-chat", "version": 1, "conversations": [5]}'])
def test_a_file_that_is_no_export_changes_nothing(room: Any, tmp_path: Path, content: bytes) -> None:
    talk(room, "stays")
    broken = tmp_path / "broken.json"
    broken.write_bytes(content)
    room.locator("#chat-import-file").set_input_files(str(broken))
    toast = room.get_by_test_id("toast-body").first
    toast.wait_for(timeout=20_000)
    assert "[invalid_input]" in toast.inner_text() and "대화" in toast.inner_text()
    talk(room, "still works")
    assert len(kept(room)) == 1


def test_a_file_that_is_too_large_is_not_sent(room: Any, tmp_path: Path) -> None:
    large = tmp_path / "large.json"
    large.write_bytes(b" " * 1_600_000)
    room.locator("#chat-import-file").set_input_files(str(large))
    room.locator("#chat-shelf .note", has_text="1.5 MB").wait_for(timeout=20_000)


def test_damaged_and_full_storage_do_not_stop_the_tab(room: Any) -> None:
    talk(room, "one")
    room.wait_for_timeout(1000)
    room.evaluate("""() => {
      const id = sessionStorage.getItem('modu-chat-open');
      localStorage.setItem('modu-chat:' + id, '{"messages": [{"role": "user", "content": 5}]}');
      localStorage.setItem('modu-chat:x', '{not json');
      localStorage.setItem('modu-chat:y', '{"id": "y", "title": "odd", "messages": [7]}');
    }""")
    room.reload()
    opened(room)
    talk(room, "two")
    room.locator("#chat-shelf li", has_text="손상").wait_for(timeout=20_000)
    room.locator("#chat-shelf li", has_text="odd").locator(".name").click()
    room.get_by_test_id("toast-body").first.wait_for(timeout=20_000)
    talk(room, "three")
    room.evaluate("""() => { let text = 'x'.repeat(1 << 20);
      while (text.length) { try { localStorage.setItem('f' + Math.random(), text); }
        catch (error) { text = text.slice(text.length / 2); if (text.length === 1) break; } } }""")
    talk(room, "four " + "y" * 3000)
    room.locator("#chat-shelf .note", has_text="저장하지 못했습니다").wait_for(timeout=20_000)
    talk(room, "five")


# --- hostile text -------------------------------------------------------------------------------------------------

HOSTILE = [
    "![x](http://evil.test/1.png) ![x][r] ![r]\n\n[r]: http://evil.test/2.png",
    "<img src=http://evil.test/3.png onerror=window.harmed=1> <svg onload=window.harmed=2>"
    "<image href=http://evil.test/4.png></svg><script>window.harmed=3</script>",
    "<iframe src=http://evil.test/5.html></iframe><video src=http://evil.test/6.mp4 poster=http://evil.test/7.png>",
    "$$<img src=http://evil.test/8.png onerror=window.harmed=4>$$ $$\\includegraphics{http://evil.test/9.png}$$ "
    "$$\\href{javascript:window.harmed=5}{x}$$",
    "x\n```mermaid\nflowchart LR\n  A[\"<img src='http://evil.test/10.png' onerror='window.harmed=6'>\"] --> B\n```\n",
    "- ```\n  code\n  ```\n<img src=http://evil.test/11.png>\n```\n<img src=http://evil.test/12.png>",
    "> ```\n> x\n<img src=http://evil.test/13.png>\n> ```\n<img src=http://evil.test/14.png> %%%LATEX_BLOCK_0%%%",
    "[a](javascript:window.harmed=7) <a href=javascript:window.harmed=8>c</a> [d]( <javascript:window.harmed=9> )",
    "http://a.b`<img src=http://evil.test/15.png>` &lt;img src=http://evil.test/16.png&gt;",
    "~~~html\n<img src=http://evil.test/17.png>\n~~~\n    <img src=http://evil.test/18.png>\n<style>@import "
    "url(http://evil.test/19.css)</style><link rel=stylesheet href=http://evil.test/20.css>",
    "| a |\n|---|\n| ![x](http://evil.test/21.png) <img src=http://evil.test/22.png> |",
]


def test_no_text_harms_the_page_or_loads_anything(room: Any) -> None:
    """Each goes in as the visitor's message and comes back as the reply."""
    for number, text in enumerate(HOSTILE, 1):
        say(room, text)
        room.wait_for_function(f"() => document.querySelectorAll('#chat-talk .bot .prose').length >= {number}")
        room.locator("#chat-send").wait_for(timeout=20_000)
    room.wait_for_timeout(1500)
    assert room.outside == []
    assert room.evaluate("window.harmed") is None
    loading = "#chat-talk :is(img, iframe, video, audio, object, embed, link, script, .mermaid, [onerror], [onload])"
    assert room.locator(loading).count() == 0
    links = room.locator("#chat-talk .message a[href]").evaluate_all("all => all.map(one => one.protocol)")
    assert links and set(links) <= {"http:", "https:"}


def test_a_hostile_file_cannot_harm_the_page(room: Any, tmp_path: Path) -> None:
    evil = "<img src=http://evil.test/1.png onerror=window.harmed=1>"
    answer = {"role": "assistant", "content": f"{evil} ![x](http://evil.test/2.png)", "thinking": evil}
    answer["facts"] = {"engine": evil, "sources": [{"file": evil, "page": 1, "text": f"{evil}\n![x](http://e.test/3)"}]}
    one = {"title": evil, "messages": [{"role": "user", "content": evil}, answer], "system_prompt": evil}
    path = tmp_path / "evil.json"
    path.write_text(json.dumps({"kind": "modu-chat", "version": 1, "conversations": [one]}), encoding="utf-8")
    room.locator("#chat-import-file").set_input_files(str(path))
    room.locator("#chat-talk").get_by_text("출처:", exact=False).first.click()
    room.wait_for_timeout(1000)
    room.reload()
    opened(room)
    assert room.outside == [] and room.evaluate("window.harmed") is None
    assert room.locator("#chat-talk img, #chat-shelf img, #chat-facts img").count() == 0


# --- what is copied -----------------------------------------------------------------------------------------------


def test_what_is_copied_is_what_was_said_and_code_is_highlighted(room: Any) -> None:
    """The page shows tags with an invisible mark in them; whoever pastes `<b>` gets `<b>`."""
    room.context.grant_permissions(["clipboard-read", "clipboard-write"])
    said = "use <b> and `<i>` ![x](y)\n```python\ndef f(x):\n    return '<b>'\n```"
    room.locator("#chat-message textarea").fill(said)
    room.locator("#chat-send").click()
    hear(room, "echo: use")
    room.locator("#chat-send").wait_for(timeout=60_000)
    code = room.locator("#chat-talk .bot pre code")
    code.locator("span", has_text="def").first.wait_for(timeout=20_000)
    colours = code.locator("span").evaluate_all("all => all.map(one => getComputedStyle(one).color)")
    assert len(set(colours)) > 1, "code is shown in one colour"
    assert "\u200b" in room.locator("#chat-talk .bot .prose").inner_text(), "nothing here that a copy had to clean"

    def copied() -> str:
        room.wait_for_timeout(300)
        return str(room.evaluate("navigator.clipboard.readText()"))

    buttons = room.locator("#chat-talk").get_by_role("button", name="Copy message")
    for number, text in ((0, said), (1, f"echo: {said}")):
        buttons.nth(number).click()
        assert "\u200b" not in copied() and copied().split() == text.split()
    room.evaluate("getSelection().selectAllChildren(document.querySelector('#chat-talk .bot .prose'))")
    room.keyboard.press("Control+c")
    assert "\u200b" not in copied() and "echo: use <b> and <i> !" in copied() and "return '<b>'" in copied()
    box = room.locator("#chat-message textarea")
    box.fill("a\u200bb")
    box.click()
    box.press("Control+a")
    box.press("Control+c")
    assert copied() == "a\u200bb", "elsewhere on the page a text keeps what it has"
    # A page that came over http has no clipboard, and Gradio copies in another way.
    assert not room.evaluate("() => { delete Navigator.prototype.clipboard; return 'clipboard' in navigator; }")
    buttons.nth(1).click()
    room.wait_for_timeout(300)
    box.fill("")
    box.press("Control+v")
    assert "\u200b" not in box.input_value() and box.input_value().split() == f"echo: {said}".split()


# --- width, and other tabs ----------------------------------------------------------------------------------------


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
