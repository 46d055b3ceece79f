"""Text in the chat, in real Chromium: hostile messages, replies and files; what is copied."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import chatting
import pytest
from chat_room import hear, opened, repeating, say

pytestmark = pytest.mark.browser


@pytest.fixture
def fake(fake_engine: Callable[..., Any]) -> chatting.FakeChat:
    return repeating(fake_engine)


@pytest.fixture
def room(page_of: Any, fake: chatting.FakeChat) -> Any:
    return opened(page_of("ko-KR"))


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
