"""Reading a page as a visitor does, in real Chromium: boxes and lines light up together, corrections are kept."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from conftest import example
from PIL import Image

api = pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.browser
pytest.importorskip("rapidocr")

NAMES = {"en-US": "Read text (OCR)", "ko-KR": "글자 읽기 (OCR)"}


LONG_MS = 240_000  # for what is not the claim: a busy machine takes its time


def opened(page_of: Any, locale: str = "en-US", theme: str = "light", width: int = 1280) -> Any:
    page = page_of(locale, theme, width)
    page.get_by_role("tab", name=NAMES[locale], exact=True).first.click()
    page.locator("#ocr-run").wait_for(timeout=LONG_MS)
    return page


def give(page: Any, field: str, paths: Sequence[Path], shown: str) -> None:
    """Choose files, and choose them again where the page was not ready for them: it shows its inputs a moment early."""
    for _ in range(8):
        try:
            page.locator(f"{field} input[type=file]").first.set_input_files([str(path) for path in paths], timeout=9000)
            page.locator(f"{field} {shown}").nth(len(paths) - 1).wait_for(timeout=20_000)
            return
        except api.TimeoutError:
            if page.locator(f"{field} {shown}").count() == len(paths):
                return
    pytest.fail(f"{field} took no files")


def read_picture(page: Any, path: Path) -> None:
    give(page, "#ocr-picture", [path], "img")
    run(page)


def run(page: Any, button: str = "#ocr-run") -> None:
    page.locator(button).click()
    page.locator("#ocr-view polygon").first.wait_for(timeout=LONG_MS)


def read_files(page: Any, *paths: Path) -> None:
    choose_files(page, *paths)
    run(page, "#ocr-run-files")


def choose_files(page: Any, *paths: Path) -> None:
    page.get_by_role("tab", name=re.compile("PDF")).first.click()
    page.locator("#ocr-files").wait_for(timeout=LONG_MS)
    give(page, "#ocr-files", paths, ".file-preview .file")


def line(page: Any, number: int) -> Any:
    return page.locator("#ocr-view li [contenteditable]").nth(number)


def lit(page: Any) -> tuple[list[int], list[int]]:
    """The numbers of the boxes and of the lines that are lit."""
    script = (
        "name => [...document.querySelectorAll(`#ocr-view ${name}`)].flatMap((n, i) => n.matches('.lit') ? [i] : [])"
    )
    return page.evaluate(script, "polygon"), page.evaluate(script, "li")


def lights(page: Any, number: int) -> bool:
    """Whether, within moments, box and line of this number are lit, and no others."""
    for _ in range(40):
        if lit(page) == ([number], [number]):
            return True
        page.wait_for_timeout(100)
    return False


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
    assert lights(page, 3)
    page.locator("#ocr-view polygon").nth(6).hover()
    assert lights(page, 6)
    page.locator("#ocr-view polygon").nth(8).click()
    assert lights(page, 8)
    assert page.evaluate("document.activeElement.matches('#ocr-view li:nth-child(9) [contenteditable]')")

    page.mouse.move(5, 5)
    page.locator("#ocr-view polygon").nth(8).focus()
    page.keyboard.press("ArrowDown")
    assert lights(page, 9)
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
    page.wait_for_function("() => document.querySelector('#ocr-text textarea')?.value.startsWith('Corrected <b>')")
    page.locator("#ocr-make-pdf").wait_for(timeout=LONG_MS)
    assert downloaded(page, "#ocr-txt", tmp_path).splitlines()[0] == "Corrected <b>by hand</b>"
    assert "Corrected" in downloaded(page, "#ocr-csv", tmp_path)
    page.locator("#ocr-make-pdf").click()
    page.locator("#ocr-pdf").wait_for(timeout=LONG_MS)
    page.locator("#ocr-to-speech").click()
    page.wait_for_function(
        "() => (document.querySelector('#tts-text textarea')?.value || '').startsWith('Corrected')", timeout=30_000
    )


def test_a_pdf_is_flipped_and_edits_stay(page_of: Any) -> None:
    page = opened(page_of, "ko-KR", "dark", 360)
    read_files(page, example("ocr", "*.pdf"))
    page.locator("#ocr-next").wait_for(timeout=LONG_MS)
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
    for _ in range(20):  # the server learns of the touched line a moment later, and says so until then
        if page.locator("#ocr-to-digits").is_visible():
            page.locator("#ocr-to-digits").click()
        try:
            page.locator("#digits-picture img").first.wait_for(timeout=6000)
            return
        except api.TimeoutError:
            continue
    pytest.fail("the line never came to the digits tab")


def test_a_file_that_is_no_picture_gets_a_korean_sentence_and_keeps_the_result(page_of: Any, tmp_path: Path) -> None:
    page = opened(page_of, "ko-KR")
    read_picture(page, example("ocr", "english*"))
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.4 nothing more")
    choose_files(page, broken)
    page.locator("#ocr-run-files").click()
    toast = page.get_by_test_id("toast-body").first
    toast.wait_for(timeout=LONG_MS)
    assert "[invalid_input]" in toast.inner_text() and "PDF" in toast.inner_text()
    assert page.locator("#ocr-view polygon").count() > 3


def test_a_blank_page_says_what_to_try(page_of: Any, tmp_path: Path) -> None:
    page = opened(page_of)
    blank = tmp_path / "blank.png"
    Image.new("RGB", (300, 200), "white").save(blank)
    give(page, "#ocr-picture", [blank], "img")
    page.locator("#ocr-run").click()
    page.get_by_text("No text was found").wait_for(timeout=LONG_MS)


def test_a_pasted_picture_is_read(page_of: Any) -> None:
    page = opened(page_of)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate(
        """async () => {
          const sheet = Object.assign(document.createElement('canvas'), { width: 700, height: 200 });
          const pen = sheet.getContext('2d');
          [pen.fillStyle, pen.font] = ['white', '56px sans-serif'];
          pen.fillRect(0, 0, 700, 200);
          pen.fillStyle = 'black';
          pen.fillText('Pasted 4711', 60, 120);
          const picture = await new Promise((done) => sheet.toBlob(done, 'image/png'));
          await navigator.clipboard.write([new ClipboardItem({ 'image/png': picture })]);
        }"""
    )
    page.locator("#ocr-picture [aria-label='Paste from clipboard']").click()
    page.locator("#ocr-picture img").first.wait_for(timeout=LONG_MS)
    run(page)
    assert "4711" in line(page, 0).inner_text()


def test_what_is_held_to_the_camera_is_read(browser: Any, page_of: Any) -> None:
    """The camera is a drawn stream; Gradio mirrors what a camera sees unless told not to."""
    page = opened(page_of)
    page.evaluate(
        """() => {
          const sheet = Object.assign(document.createElement('canvas'), { width: 640, height: 360 });
          const pen = sheet.getContext('2d');
          setInterval(() => {
            pen.fillStyle = 'white';
            pen.fillRect(0, 0, 640, 360);
            [pen.fillStyle, pen.font] = ['black', '56px sans-serif'];
            pen.fillText('Camera 2357', 120, 190);
          }, 50);
          const stream = sheet.captureStream(20);
          Object.assign(navigator.mediaDevices, {
            getUserMedia: async () => stream,
            enumerateDevices: async () => [{ kind: 'videoinput', deviceId: 'drawn', label: 'drawn', groupId: '' }],
          });
        }"""
    )
    page.locator("#ocr-picture [aria-label='Capture from camera']").click()
    page.locator("#ocr-picture button:has(.icon-wrap)").click()
    page.wait_for_function("() => document.querySelector('#ocr-picture video')?.videoWidth > 0", timeout=LONG_MS)
    page.locator("#ocr-picture .button-wrap button").first.click()
    page.locator("#ocr-picture img").first.wait_for(timeout=LONG_MS)
    run(page)
    assert "2357" in line(page, 0).inner_text()


def test_unsure_words_are_marked_and_a_correction_settles_them(page_of: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tabs.ocr.view.WORD_DOUBT", 1.1)  # every word is in doubt
    page = opened(page_of)
    read_picture(page, example("ocr", "english*"))
    marks = page.locator("#ocr-view li").first.locator("mark")
    words = line(page, 0).inner_text().split()
    assert marks.all_inner_texts() == words and len(words) > 3
    page.keyboard.press("Tab")
    marks.first.click()
    page.keyboard.press("Control+End")
    page.keyboard.type("!")
    page.wait_for_function(
        "text => document.querySelector('#ocr-text textarea')?.value.startsWith(text)", arg=" ".join(words) + "!"
    )
    assert page.locator("#ocr-view li").first.locator("mark.settled").count() == 1


def test_the_fold_of_the_speech_tab_reads_the_screen_of_a_video(page_of: Any, tmp_path: Path) -> None:
    pytest.importorskip("av")
    from test_video_to_text import SLIDES, film, slide

    clip = film(tmp_path / "talk.mp4", [slide(text) for text in SLIDES])
    page = page_of("ko-KR", "dark", 360)
    page.get_by_role("tab", name="음성 받아쓰기", exact=True).first.click()
    page.locator("#stt-screen button").first.click()
    give(page, "#stt-clip", [clip], "video")
    page.locator("#stt-screen-run").click()
    page.locator("#stt-timeline li", has_text=SLIDES[0]).wait_for(timeout=LONG_MS)
    page.locator("#stt-timeline li", has_text="Good").get_by_role("button").click()
    page.wait_for_function("() => document.querySelector('#stt-clip video')?.currentTime > 3", timeout=LONG_MS)
    assert "Good" in downloaded(page, "#stt-timeline-txt", tmp_path)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
