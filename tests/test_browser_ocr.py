"""Reading a page as a visitor does, in real Chromium: boxes and lines light up together, corrections are kept."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from conftest import example
from PIL import Image

pytestmark = pytest.mark.browser
pytest.importorskip("rapidocr")

NAMES = {"en-US": "Read text (OCR)", "ko-KR": "글자 읽기 (OCR)"}


def opened(page_of: Any, locale: str = "en-US", theme: str = "light", width: int = 1280) -> Any:
    page = page_of(locale, theme, width)
    page.get_by_role("tab", name=NAMES[locale], exact=True).first.click()
    page.locator("#ocr-run").wait_for(timeout=30_000)
    page.wait_for_timeout(2000)  # a tab opened for the first time wires its inputs a moment after it shows them
    return page


def read_picture(page: Any, path: Path) -> None:
    page.locator("#ocr-picture input[type=file]").set_input_files(str(path))
    page.locator("#ocr-picture img").first.wait_for(timeout=30_000)
    page.locator("#ocr-run").click()
    page.locator("#ocr-view polygon").first.wait_for(timeout=120_000)


def read_files(page: Any, *paths: Path) -> None:
    page.get_by_role("tab", name=re.compile("PDF")).first.click()
    page.locator("#ocr-files").wait_for(timeout=20_000)
    page.wait_for_timeout(1500)
    page.locator("#ocr-files input[type=file]").set_input_files([str(path) for path in paths])
    page.get_by_text(paths[-1].suffix).first.wait_for(timeout=30_000)
    page.wait_for_timeout(1500)
    page.locator("#ocr-run-files").click()
    page.locator("#ocr-view polygon").first.wait_for(timeout=120_000)


def line(page: Any, number: int) -> Any:
    return page.locator("#ocr-view li [contenteditable]").nth(number)


def lit(page: Any) -> tuple[list[int], list[int]]:
    """The numbers of the boxes and of the lines that are lit."""
    script = (
        "name => [...document.querySelectorAll(`#ocr-view ${name}`)].flatMap((n, i) => n.matches('.lit') ? [i] : [])"
    )
    return page.evaluate(script, "polygon"), page.evaluate(script, "li")


def downloaded(page: Any, button: str, folder: Path) -> str:
    with page.expect_download() as waiting:
        page.locator(button).click()
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return path.read_text(encoding="utf-8-sig")


def test_a_line_and_its_box_light_up_together_by_mouse_and_keyboard(page_of: Any) -> None:
    page = opened(page_of)
    read_picture(page, example("ocr", "receipt*"))
    count = page.locator("#ocr-view polygon").count()
    assert count > 10 and page.locator("#ocr-view li").count() == count

    page.locator("#ocr-view li").nth(3).hover()
    assert lit(page) == ([3], [3])
    page.locator("#ocr-view polygon").nth(6).hover()
    assert lit(page) == ([6], [6])
    page.locator("#ocr-view polygon").nth(8).click()
    assert lit(page) == ([8], [8])
    assert page.evaluate("document.activeElement.matches('#ocr-view li:nth-child(9) [contenteditable]')")

    page.mouse.move(5, 5)
    page.locator("#ocr-view polygon").nth(8).focus()
    page.keyboard.press("ArrowDown")
    assert lit(page) == ([9], [9])
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.matches('#ocr-view li:nth-child(1) [contenteditable]')")
    assert page.locator("#ocr-view polygon[tabindex='0']").count() == 1
    assert not page.outside


def test_what_is_corrected_is_downloaded_and_sent(page_of: Any, tmp_path: Path) -> None:
    page = opened(page_of)
    read_picture(page, example("ocr", "english*"))
    line(page, 0).fill("Corrected <b>by hand</b>")
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelector('#ocr-text textarea').value.startsWith('Corrected <b>')")
    page.locator("#ocr-make-pdf").wait_for(timeout=20_000)
    assert downloaded(page, "#ocr-txt", tmp_path).splitlines()[0] == "Corrected <b>by hand</b>"
    assert "Corrected" in downloaded(page, "#ocr-csv", tmp_path)
    page.locator("#ocr-make-pdf").click()
    page.locator("#ocr-pdf").wait_for(timeout=60_000)
    page.locator("#ocr-to-speech").click()
    page.wait_for_function(
        "() => (document.querySelector('#tts-text textarea')?.value || '').startsWith('Corrected')", timeout=30_000
    )


def test_a_pdf_is_flipped_and_edits_stay(page_of: Any) -> None:
    page = opened(page_of, "ko-KR", "dark", 360)
    read_files(page, example("ocr", "*.pdf"))
    page.locator("#ocr-next").wait_for(timeout=20_000)
    first = line(page, 0).inner_text()
    line(page, 1).fill("고친 줄")
    page.locator("#ocr-next").click()
    page.wait_for_function(
        "before => document.querySelector('#ocr-view li [contenteditable]').innerText !== before", arg=first
    )
    page.locator("#ocr-previous").click()
    page.wait_for_function(
        "before => document.querySelector('#ocr-view li [contenteditable]').innerText === before", arg=first
    )
    assert line(page, 1).inner_text() == "고친 줄"
    assert "고친 줄" in page.locator("#ocr-text textarea").input_value()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert not page.outside


def test_a_line_of_digits_goes_to_the_digits_tab(page_of: Any) -> None:
    page = opened(page_of)
    read_picture(page, example("ocr", "receipt*"))
    page.locator("#ocr-view polygon").nth(4).click()
    page.wait_for_timeout(800)
    page.locator("#ocr-to-digits").click()
    page.locator("#digits-picture img").first.wait_for(timeout=40_000)


def test_a_file_that_is_no_picture_gets_a_korean_sentence_and_keeps_the_result(page_of: Any, tmp_path: Path) -> None:
    page = opened(page_of, "ko-KR")
    read_picture(page, example("ocr", "english*"))
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.4 nothing more")
    page.get_by_role("tab", name=re.compile("PDF")).first.click()
    page.wait_for_timeout(2000)
    page.locator("#ocr-files input[type=file]").set_input_files(str(broken))
    page.wait_for_timeout(2000)
    page.locator("#ocr-run-files").click()
    toast = page.get_by_test_id("toast-body").first
    toast.wait_for(timeout=30_000)
    assert "[invalid_input]" in toast.inner_text() and "PDF" in toast.inner_text()
    assert page.locator("#ocr-view polygon").count() > 3


def test_a_blank_page_says_what_to_try(page_of: Any, tmp_path: Path) -> None:
    page = opened(page_of)
    blank = tmp_path / "blank.png"
    Image.new("RGB", (300, 200), "white").save(blank)
    page.locator("#ocr-picture input[type=file]").set_input_files(str(blank))
    page.locator("#ocr-picture img").first.wait_for(timeout=30_000)
    page.locator("#ocr-run").click()
    page.get_by_text("No text was found").wait_for(timeout=90_000)


def test_the_fold_of_the_speech_tab_reads_the_screen_of_a_video(page_of: Any, tmp_path: Path) -> None:
    pytest.importorskip("av")
    from test_video_to_text import SLIDES, film, slide

    clip = film(tmp_path / "talk.mp4", [slide(text) for text in SLIDES])
    page = page_of("ko-KR", "dark", 360)
    page.get_by_role("tab", name="음성 받아쓰기", exact=True).first.click()
    page.locator("#stt-screen button").first.click()
    page.wait_for_timeout(2500)
    page.locator("#stt-clip input[type=file]").set_input_files(str(clip))
    page.locator("#stt-clip video").wait_for(timeout=30_000)
    page.wait_for_timeout(1000)
    page.locator("#stt-screen-run").click()
    page.locator("#stt-timeline li", has_text=SLIDES[0]).wait_for(timeout=120_000)
    page.locator("#stt-timeline li", has_text="Good").get_by_role("button").click()
    page.wait_for_function("() => document.querySelector('#stt-clip video').currentTime > 3", timeout=10_000)
    assert "Good" in downloaded(page, "#stt-timeline-txt", tmp_path)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
