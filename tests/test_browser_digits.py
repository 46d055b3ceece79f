"""Drawing digits with the mouse, in real Chromium."""

from __future__ import annotations

import re
from typing import Any

import pytest
from conftest import example

pytestmark = pytest.mark.browser

SEVEN = [(-50, -70), (40, -70), (45, -60), (0, 20), (-20, 80)]
ONE = [(0, -75), (0, 75)]


@pytest.fixture
def sheet(page_of: Any) -> Any:
    page = page_of("en-US")
    page.get_by_role("tab", name="Digits", exact=True).first.click()
    page.locator("#digits-drawing canvas").first.wait_for(timeout=60_000)
    page.wait_for_timeout(2500)  # the editor lays out its canvas in several steps
    return page


def draw(page: Any, points: list[tuple[int, int]]) -> None:
    box = page.locator("#digits-drawing canvas").first.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x + points[0][0], y + points[0][1])
    page.mouse.down()
    for right, down in points[1:]:
        page.mouse.move(x + right, y + down, steps=4)
    page.mouse.up()


def answer(page: Any, wanted: str) -> None:
    page.locator("#digits-answer .modu-big", has_text=wanted).wait_for(timeout=45_000)


def test_a_drawn_digit_is_read_while_drawing_and_explained_on_request(sheet: Any) -> None:
    draw(sheet, SEVEN)
    answer(sheet, "7")
    sheet.locator("#digits-read").click()
    sheet.get_by_text("Why: inside the network").click()
    sheet.locator("#digits-saliency img").wait_for(timeout=30_000)
    assert sheet.locator("#digits-maps img").count() >= 2
    assert sheet.locator("#digits-seen img").count() == 1


def test_after_clear_the_brush_still_draws(sheet: Any) -> None:
    draw(sheet, SEVEN)
    answer(sheet, "7")
    sheet.locator("#digits-clear").click()
    sheet.locator("#digits-answer .modu-big").wait_for(state="detached", timeout=20_000)
    sheet.wait_for_timeout(1500)
    draw(sheet, ONE)
    answer(sheet, "1")


def test_an_uploaded_picture_is_read_at_once_and_several_digits_on_request(page_of: Any) -> None:
    page = page_of("ko-KR")
    page.get_by_role("tab", name="숫자 인식", exact=True).first.click()
    page.get_by_role("tab", name="사진", exact=True).first.click()
    page.locator("#digits-picture").wait_for(timeout=20_000)
    page.wait_for_timeout(2000)  # a tab opened for the first time wires its inputs a moment after it shows them
    page.locator("#digits-picture input[type=file]").set_input_files(str(example("digits", "zip*")))
    page.locator("#digits-answer .modu-big").wait_for(timeout=45_000)
    page.get_by_text("여러 숫자").click()
    page.locator("#digits-read").click()
    page.wait_for_function(
        "() => (document.querySelector('#digits-answer .modu-big')?.innerText || '').length >= 5", timeout=45_000
    )


def test_the_answer_stays_when_the_sheet_beside_it_is_ready_only_afterwards(page_of: Any) -> None:
    page = page_of("en-US")
    held: list[Any] = []
    released = False

    def hold(route: Any) -> None:  # how the sheet reports itself: the upload of a chosen picture has an id
        if released:
            route.continue_()
        else:
            held.append(route)

    page.route(re.compile(r"/upload$"), hold)
    page.locator("#modu-tabs > .tab-wrapper [role=tab]").nth(1).click()
    page.locator("#digits-source [role=tab]").nth(1).click()
    page.locator("#digits-picture").wait_for(timeout=20_000)
    page.wait_for_timeout(2000)
    page.locator("#digits-picture input[type=file]").set_input_files(str(example("digits", "seven*.jpg")))
    answer(page, "7")
    assert held
    released = True
    with page.expect_response(re.compile(r"/queue/join")):
        for route in held:
            route.continue_()
    page.wait_for_timeout(2500)
    answer(page, "7")


def test_a_file_that_is_no_picture_gets_a_korean_sentence(page_of: Any, tmp_path: Any) -> None:
    page = page_of("ko-KR")
    page.get_by_role("tab", name="숫자 인식", exact=True).first.click()
    page.get_by_role("tab", name="사진", exact=True).first.click()
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"this is no picture")
    page.locator("#digits-picture").wait_for(timeout=20_000)
    page.wait_for_timeout(2000)  # a tab opened for the first time wires its inputs a moment after it shows them
    page.locator("#digits-picture input[type=file]").set_input_files(str(broken))
    toast = page.get_by_test_id("toast-body").first
    toast.wait_for(timeout=30_000)
    assert "[invalid_input]" in toast.inner_text()
    assert "사진 파일이 아닙니다" in toast.inner_text()


@pytest.mark.parametrize(("locale", "said"), [("en-US", "does not answer"), ("ko-KR", "응답하지 않습니다")])
def test_a_drawing_that_the_server_does_not_take_is_told(page_of: Any, locale: str, said: str) -> None:
    """Gradio itself writes to the console only, and its hourglass runs for ever."""
    page = page_of(locale)
    page.locator("#modu-tabs > .tab-wrapper [role=tab]").nth(1).click()
    page.locator("#digits-drawing canvas").first.wait_for(timeout=60_000)
    page.wait_for_timeout(2500)
    page.route("**/upload*", lambda route: route.abort())
    draw(page, SEVEN)
    page.locator("#modu-no-answer", has_text=said).wait_for(timeout=30_000)
