"""The chat tab in a real browser: what its tests do there, and what they see."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import chatting


def repeating(fake_engine: Callable[..., Any]) -> chatting.FakeChat:
    """The engine that repeats what it hears is the best one here."""
    engine = chatting.FakeChat(slow_s=0.01)
    fake_engine(chatting.module(engine))
    return engine


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
