"""The page as people see it, in real Chromium: languages, themes, widths, keyboard, no request to outside."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import example

pytestmark = pytest.mark.browser

TABS = {
    "en-US": ["Chat", "Digits", "Face mosaic", "Speech to text", "Text to speech"],
    "ko-KR": ["채팅", "숫자 인식", "얼굴 모자이크", "음성 받아쓰기", "음성 합성"],
}


def tab_buttons(page: Any) -> Any:
    return page.locator("#modu-tabs > .tab-wrapper [role=tab]")


@pytest.mark.parametrize("locale", ["en-US", "ko-KR"])
def test_the_page_speaks_the_language_of_the_browser(page_of: Any, locale: str) -> None:
    page = page_of(locale)
    for name in TABS[locale]:
        page.get_by_role("tab", name=name, exact=True).first.wait_for(timeout=60_000)
    other = TABS["ko-KR" if locale == "en-US" else "en-US"]
    assert not any(page.get_by_role("tab", name=name, exact=True).count() for name in other)
    assert "__i18n__" not in page.inner_text("body")


@pytest.mark.parametrize(("theme", "widths"), [("light", (360, 768, 1920)), ("dark", (1920, 768, 360))])
def test_nothing_runs_over_the_edge_and_no_request_leaves_the_machine(
    page_of: Any, theme: str, widths: tuple[int, ...]
) -> None:
    page = page_of("ko-KR", theme, widths[0])
    assert page.evaluate("document.body.classList.contains('dark')") == (theme == "dark")
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        for index in range(tab_buttons(page).count()):
            tab_buttons(page).nth(index).click()
            page.wait_for_timeout(1200 if width == widths[0] else 400)  # a tab is made when it is opened first
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (width, index)
    assert page.outside == []


def test_the_engine_line_is_in_the_visitors_language(page_of: Any) -> None:
    assert "내장" in page_of("ko-KR").locator("#chat-engine-line span").first.inner_text(timeout=60_000)
    assert "built in" in page_of("en-US").locator("#chat-engine-line span").first.inner_text(timeout=60_000)


def test_tabs_can_be_reached_and_opened_by_keyboard(page_of: Any) -> None:
    page = page_of("en-US")
    tab_buttons(page).first.focus()
    for _ in range(8):
        if page.evaluate("document.activeElement.innerText") == "Face mosaic":
            break
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.innerText") == "Face mosaic"
    page.keyboard.press("Enter")
    page.locator("#face-hide").wait_for(timeout=60_000)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_that_is_ours(page_of: Any, theme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python")
    script = (Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
    page = page_of("en-US", theme)
    found = []
    for index in range(tab_buttons(page).count()):
        tab_buttons(page).nth(index).click()
        page.wait_for_timeout(1500)
        page.evaluate(script)
        result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        found += [one for one in result["violations"] if one["impact"] in ("serious", "critical")]
    ours = [one for one in found if not gradios_own(one)]
    assert not ours, json.dumps(
        [{"id": one["id"], "nodes": [node["html"][:200] for node in one["nodes"]]} for one in ours], indent=1
    )


# Serious findings in markup that Gradio's components write themselves, which an app cannot change.
GRADIOS_OWN = {
    "aria-required-children": 'class="examples ',  # the questions that an empty Chatbot suggests
    "aria-prohibited-attr": 'aria-label="Empty value"',  # the placeholder of an empty result
    "button-name": 'class="gallery-item',  # the pictures of gr.Examples
}


def gradios_own(violation: dict[str, Any]) -> bool:
    mark = GRADIOS_OWN.get(violation["id"])
    return mark is not None and all(mark in node["html"] for node in violation["nodes"])


def test_on_a_phone_the_page_goes_to_the_answer(page_of: Any) -> None:
    page = page_of("en-US", "light", 360)
    tab_buttons(page).nth(1).click()
    page.locator("#digits-source [role=tab]").nth(1).click()
    page.locator("#digits-picture input[type=file]").first.set_input_files(str(example("digits", "seven*.jpg")))
    page.locator("#digits-answer .modu-big", has_text="7").wait_for(timeout=45_000)
    page.wait_for_function(
        "document.querySelector('#digits-answer').getBoundingClientRect().bottom < innerHeight", timeout=15_000
    )
