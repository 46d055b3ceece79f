"""Repainting as a visitor does, in real Chromium: a mask drawn with the mouse, and pixels compared outside of it."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import example
from PIL import Image

pytestmark = pytest.mark.browser
pytest.importorskip("cv2")

NAMES = {"en-US": "Repaint parts (inpainting)", "ko-KR": "부분 다시 그리기 (인페인팅)"}
SIZE = (300, 200)
LONG = 120_000  # a busy machine; nothing here claims to be fast
GROWN = 2  # pixels: what the tab grows a mask by when nobody says otherwise


def opened(page_of: Any, locale: str = "en-US", theme: str = "light", width: int = 1280) -> Any:
    page = page_of(locale, theme, width)
    page.get_by_role("tab", name=NAMES[locale], exact=True).first.click()
    page.locator("#inpaint-run").wait_for(timeout=LONG)
    page.wait_for_timeout(2000)  # a tab opened for the first time wires its inputs a moment after it shows them
    return page


def photo(folder: Path) -> Path:
    """A soft ramp with a little noise, so that every pixel can be told from what an engine puts there."""
    rows, columns = np.mgrid[: SIZE[1], : SIZE[0]]
    ramp = np.stack([columns * 0.6 + 40, rows * 0.8 + 30, 220 - columns * 0.4], axis=-1)
    noisy = ramp + np.random.default_rng(3).normal(0, 6, ramp.shape)
    path = folder / "photo.png"
    Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(path)
    return path


def bring(page: Any, path: Path) -> None:
    page.locator("#inpaint-picture input[type=file]").set_input_files(str(path))
    ready(page)


def ready(page: Any) -> None:
    page.locator("#inpaint-editor .sheet img").wait_for(timeout=LONG)
    page.wait_for_function("() => document.querySelector('#inpaint-editor .sheet img')?.naturalWidth > 0", timeout=LONG)


def drag(page: Any, start: tuple[float, float], end: tuple[float, float]) -> None:
    """With the mouse from one place of the picture to another, both as shares of its width and height."""
    page.locator("#inpaint-editor .frame").scroll_into_view_if_needed()
    shape = page.locator("#inpaint-editor .sheet").bounding_box()
    points = [(shape["x"] + x * shape["width"], shape["y"] + y * shape["height"]) for x, y in (start, end)]
    page.mouse.move(*points[0])
    page.mouse.down()
    page.mouse.move(*points[1], steps=8)
    page.mouse.up()


def mask(page: Any) -> np.ndarray:
    """What the canvas marks, (H, W) bool."""
    drawn = page.evaluate("() => document.querySelector('#inpaint-editor canvas').toDataURL('image/png')")
    image = Image.open(io.BytesIO(base64.b64decode(drawn.partition(",")[2])))
    return np.asarray(image.convert("RGBA").getchannel("A")) >= 128


def press(page: Any, name: str) -> None:
    page.locator(f"#inpaint-editor [data-act={name}]").click()


def enabled(page: Any, name: str) -> bool:
    return bool(page.locator(f"#inpaint-editor [data-act={name}]").is_enabled())


def repaint(page: Any) -> str:
    page.locator("#inpaint-run").click()
    page.locator("#inpaint-download").wait_for(timeout=LONG)
    page.locator("#inpaint-report p").wait_for(timeout=LONG)
    return str(page.locator("#inpaint-report").inner_text())


def downloaded(page: Any, button: str, folder: Path) -> Image.Image:
    with page.expect_download(timeout=LONG) as waiting:
        page.locator(button).click()
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return Image.open(path)


def grown(marked: np.ndarray, pixels: int) -> np.ndarray:
    from pipelines.inpainting import masks

    return masks.grown(marked, pixels)


@pytest.mark.parametrize(("locale", "theme", "width"), [("en-US", "light", 1280), ("ko-KR", "dark", 360)])
def test_what_the_mouse_marks_is_repainted_and_no_other_pixel(
    page_of: Any, tmp_path: Path, locale: str, theme: str, width: int
) -> None:
    page, path = opened(page_of, locale, theme, width), photo(tmp_path)
    bring(page, path)
    drag(page, (0.3, 0.5), (0.6, 0.5))
    marked = mask(page)
    assert marked.shape == (SIZE[1], SIZE[0]) and marked[100, 92:178].all() and marked.mean() < 0.4
    said = repaint(page)
    assert ("시드" if locale == "ko-KR" else "seed") in said
    before, after = np.asarray(Image.open(path)), np.asarray(downloaded(page, "#inpaint-download", tmp_path))
    inside = grown(marked, GROWN)
    assert np.array_equal(before[~inside], after[~inside])
    assert (before[inside] != after[inside]).any(axis=1).mean() > 0.9
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert not page.outside


def test_tools_undo_invert_zoom_and_the_last_mask(page_of: Any, tmp_path: Path) -> None:
    page, path = opened(page_of), photo(tmp_path)
    bring(page, path)
    assert not enabled(page, "undo") and not enabled(page, "clear")
    press(page, "box")
    drag(page, (0.2, 0.2), (0.5, 0.6))
    box = mask(page)
    assert box[45:115, 65:145].all() and not box[:, 160:].any()
    press(page, "eraser")
    drag(page, (0.2, 0.4), (0.5, 0.4))
    holed = mask(page)
    assert not holed[80, 80:140].any() and holed.sum() < box.sum()

    page.locator("#inpaint-editor .frame").focus()
    page.keyboard.press("Control+z")
    page.wait_for_function("() => !document.querySelector('#inpaint-editor [data-act=redo]').disabled", timeout=LONG)
    page.wait_for_timeout(500)
    assert np.array_equal(mask(page), box)
    press(page, "invert")
    assert (mask(page) ^ box).all()
    press(page, "clear")
    assert not mask(page).any() and not enabled(page, "save")
    press(page, "last")
    page.wait_for_function("() => !document.querySelector('#inpaint-editor [data-act=save]').disabled", timeout=LONG)
    assert np.array_equal(mask(page), ~box), "the last one that was not empty"
    saved = downloaded(page, "#inpaint-editor [data-act=save]", tmp_path)
    assert np.array_equal(np.asarray(saved.convert("L")) >= 128, ~box)

    press(page, "closer")
    press(page, "closer")
    wide = page.locator("#inpaint-editor .sheet").bounding_box()["width"]
    assert wide > 2 * page.locator("#inpaint-editor .frame").bounding_box()["width"]
    press(page, "hand")
    inside = page.locator("#inpaint-editor .frame").bounding_box()
    page.mouse.move(inside["x"] + 200, inside["y"] + 100)
    page.mouse.down()
    page.mouse.move(inside["x"] + 120, inside["y"] + 60, steps=4)
    before = page.evaluate("() => document.querySelector('#inpaint-editor .frame').scrollLeft")
    page.mouse.move(inside["x"] + 60, inside["y"] + 60, steps=4)
    page.mouse.up()
    assert page.evaluate("() => document.querySelector('#inpaint-editor .frame').scrollLeft") > before
    assert np.array_equal(mask(page), ~box), "moving draws nothing"
    press(page, "fit")
    assert not enabled(page, "farther")


def test_a_smaller_brush_draws_a_thinner_line(page_of: Any, tmp_path: Path) -> None:
    page = opened(page_of)
    bring(page, photo(tmp_path))
    drag(page, (0.2, 0.3), (0.8, 0.3))
    thick = mask(page).sum()
    press(page, "clear")
    page.locator("#inpaint-editor input[type=range]").fill("6")
    drag(page, (0.2, 0.3), (0.8, 0.3))
    assert 0 < mask(page).sum() < thick / 3


def test_an_example_is_mended_at_once_and_the_result_goes_on(page_of: Any, tmp_path: Path) -> None:
    page = opened(page_of)
    page.locator("#inpaint-examples").get_by_role("button").first.click()
    ready(page)
    page.wait_for_function("() => !document.querySelector('#inpaint-editor [data-act=save]').disabled", timeout=LONG)
    truth = np.asarray(Image.open(example("inpainting", "balloon-mask.png")).convert("L")) > 0
    assert (mask(page) == truth).mean() > 0.999
    repaint(page)
    first = np.asarray(downloaded(page, "#inpaint-download", tmp_path))
    original = np.asarray(Image.open(example("inpainting", "balloon.jpg")))
    far = ~grown(truth, GROWN)
    assert np.array_equal(first[far], original[far])
    red = (original[..., 0] > 150) & (original[..., 1] < 60)
    assert red.sum() > 5000 > 50 > ((first[..., 0] > 150) & (first[..., 1] < 60)).sum(), "the balloon is gone"

    page.locator("#inpaint-go-on").click()
    page.wait_for_function("() => document.querySelector('#inpaint-editor [data-act=save]').disabled", timeout=LONG)
    ready(page)
    drag(page, (0.05, 0.9), (0.1, 0.9))
    page.locator("#inpaint-run").click()
    page.wait_for_function(
        "was => document.querySelector('#inpaint-report').innerText !== was",
        arg=page.locator("#inpaint-report").inner_text(),
        timeout=LONG,
    )
    assert not enabled(page, "last"), "it is the one on the picture"
    press(page, "clear")
    assert enabled(page, "last")


def test_a_mask_file_replaces_what_is_drawn_and_can_be_undone(page_of: Any, tmp_path: Path) -> None:
    page = opened(page_of, "ko-KR")
    bring(page, photo(tmp_path))
    drag(page, (0.1, 0.1), (0.2, 0.1))
    drawn = mask(page)
    white = Image.new("L", SIZE, 0)
    white.paste(255, (200, 100, 260, 150))
    white.convert("RGB").save(tmp_path / "mask.png")
    page.locator("#inpaint-desk input[type=file]").set_input_files(str(tmp_path / "mask.png"))
    shown = (
        "() => document.querySelector('#inpaint-editor canvas').getContext('2d').getImageData(230, 120, 1, 1).data[3]"
    )
    page.wait_for_function(f"{shown} === 255", timeout=LONG)
    assert np.array_equal(mask(page), np.asarray(white) > 0)
    press(page, "undo")
    page.wait_for_function(f"{shown} === 0", timeout=LONG)
    assert np.array_equal(mask(page), drawn)


def test_nothing_marked_gets_a_korean_sentence_and_keeps_the_picture(page_of: Any, tmp_path: Path) -> None:
    page = opened(page_of, "ko-KR")
    bring(page, photo(tmp_path))
    page.locator("#inpaint-run").click()
    toast = page.get_by_test_id("toast-body").first
    toast.wait_for(timeout=LONG)
    assert "마스크" in toast.inner_text() and "[invalid_input]" in toast.inner_text()
    assert page.locator("#inpaint-editor .sheet img").is_visible()


def test_text_that_was_read_is_sent_over_and_erased(page_of: Any, tmp_path: Path) -> None:
    pytest.importorskip("rapidocr")
    page = page_of("en-US")
    page.get_by_role("tab", name="Read text (OCR)", exact=True).first.click()
    page.locator("#ocr-run").wait_for(timeout=LONG)
    page.wait_for_timeout(2000)
    stamped = example("inpainting", "stamped.jpg")
    page.locator("#ocr-picture input[type=file]").set_input_files(str(stamped))
    page.locator("#ocr-picture img").first.wait_for(timeout=LONG)
    page.locator("#ocr-run").click()
    page.locator("#ocr-view polygon").first.wait_for(timeout=LONG)
    page.locator("#ocr-to-inpainting").click()
    ready(page)
    page.wait_for_function("() => !document.querySelector('#inpaint-editor [data-act=save]').disabled", timeout=LONG)
    letters = np.asarray(Image.open(example("inpainting", "stamped-mask.png")).convert("L")) > 0
    letters[400:] = False  # the caption
    assert mask(page)[letters].mean() > 0.97
