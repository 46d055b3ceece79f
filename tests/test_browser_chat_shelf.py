"""Conversations that the browser keeps, in real Chromium: listed, named, opened, deleted, exported, imported."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import chatting
import pytest
from chat_room import bubbles, hear, kept, opened, repeating, say, stays, talk, titles

pytestmark = pytest.mark.browser


@pytest.fixture
def fake(fake_engine: Callable[..., Any]) -> chatting.FakeChat:
    return repeating(fake_engine)


@pytest.fixture
def room(page_of: Any, fake: chatting.FakeChat) -> Any:
    return opened(page_of("ko-KR"))


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
    note = room.locator("#chat-shelf .note", has_text="1.5 MB")
    note.wait_for(timeout=20_000)
    large.write_bytes(b"{}")
    room.locator("#chat-import-file").set_input_files(str(large))
    room.get_by_test_id("toast-body").first.wait_for(timeout=20_000)
    assert note.count() == 0, "the word about the file before"


def test_two_windows_with_one_conversation_do_not_overwrite_each_other(room: Any) -> None:
    """Each takes over what the other wrote; nothing that was said is lost."""
    talk(room, "one")
    room.wait_for_timeout(1000)
    other = room.context.new_page()
    other.set_default_timeout(60_000)
    other.goto(room.url)
    opened(other)
    other.locator("#chat-shelf li", has_text="one").locator(".name").click()
    hear(other, "echo: one")
    talk(other, "two from the other")
    hear(room, "echo: two from the other")
    talk(room, "three")
    hear(other, "echo: three")
    assert [one["content"] for one in kept(room)[0]["messages"]][::2] == ["one", "two from the other", "three"]
    other.locator("#chat-shelf li.current").get_by_role("button", name="삭제").click()
    other.locator("#chat-shelf li.current .really").click()
    room.locator("#chat-talk .message").first.wait_for(state="detached", timeout=20_000)
    assert kept(room) == [] and titles(room) == []


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
