"""Hiding faces as a visitor does, in real Chromium."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import example
from PIL import Image, ImageChops

pytestmark = pytest.mark.browser


@pytest.fixture
def tab(page_of: Any) -> Any:
    page = page_of("en-US")
    page.get_by_role("tab", name="Face mosaic", exact=True).first.click()
    page.locator("#face-hide").wait_for(timeout=30_000)
    settle(page)
    return page


def settle(page: Any) -> None:
    """A tab opened for the first time wires its inputs a moment after it shows them."""
    page.wait_for_timeout(2000)


def group_photo() -> Path:
    return example("face_mosaic", "*group*")


def hide(page: Any, photo: Path) -> None:
    page.locator("#face-photo input[type=file]").set_input_files(str(photo))
    page.locator("#face-photo img").first.wait_for(timeout=30_000)
    page.locator("#face-hide").click()
    page.locator("#face-report p").wait_for(timeout=90_000)


def download(page: Any, folder: Path) -> Image.Image:
    with page.expect_download() as waiting:
        page.locator("#face-download").click()
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return Image.open(path).convert("RGB")


def test_upload_hide_click_a_face_to_keep_it_and_download(tab: Any, tmp_path: Path) -> None:
    photo = group_photo()
    hide(tab, photo)
    before = Image.open(photo).convert("RGB")
    hidden = download(tab, tmp_path)
    assert hidden.size == before.size
    assert ImageChops.difference(hidden, before).getbbox() is not None

    boxes = tab.locator("#face-keep input[type=checkbox]")
    count = boxes.count()
    assert count >= 2
    area = result_area(tab)
    changed = ImageChops.difference(hidden, before).convert("L").point(lambda value: 255 if value else 0)
    x, y = first_patch(changed)
    shown_x, shown_y = on_screen(area, before.size, x, y)
    tab.mouse.click(shown_x, shown_y)
    tab.locator("#face-keep input[type=checkbox]:checked").wait_for(state="attached", timeout=90_000)
    tab.wait_for_timeout(500)
    kept = download(tab, tmp_path)
    assert kept.getpixel((x, y)) == before.getpixel((x, y))
    assert kept.getpixel((x, y)) != hidden.getpixel((x, y)) or ImageChops.difference(kept, hidden).getbbox()


def first_patch(changed: Image.Image) -> tuple[int, int]:
    """A pixel well inside one hidden area: the middle of the first changed run that is long enough."""
    width, height = changed.size
    for y in range(0, height, 4):
        run = 0
        for x in range(width):
            run = run + 1 if changed.getpixel((x, y)) else 0
            if run > 24:
                return x - 12, y + 12 if changed.getpixel((x - 12, min(height - 1, y + 12))) else y
    raise AssertionError("nothing was hidden")


def result_area(page: Any) -> dict[str, float]:
    """Where the result is on the screen; a click on something below it may have scrolled it out of sight."""
    image = page.locator("#face-result img").first
    image.evaluate("node => node.scrollIntoView({ block: 'center', behavior: 'instant' })")
    return dict(image.bounding_box())


def on_screen(area: dict[str, float], size: tuple[int, int], x: int, y: int) -> tuple[float, float]:
    """Where a pixel of the picture lies on the page (the picture is fitted into its element)."""
    scale = min(area["width"] / size[0], area["height"] / size[1])
    left = area["x"] + (area["width"] - size[0] * scale) / 2
    top = area["y"] + (area["height"] - size[1] * scale) / 2
    return left + (x + 0.5) * scale, top + (y + 0.5) * scale


def test_two_clicks_hide_one_more_area(tab: Any, tmp_path: Path) -> None:
    photo = group_photo()
    hide(tab, photo)
    first = download(tab, tmp_path)
    count = tab.locator("#face-keep input[type=checkbox]").count()
    tab.get_by_text("Two clicks hide one more area").click()
    area = result_area(tab)
    tab.mouse.click(*on_screen(area, first.size, 4, 4))
    tab.locator("#face-report").get_by_text("opposite corner").wait_for()
    tab.mouse.click(*on_screen(area, first.size, 60, 60))
    tab.wait_for_function(f"() => document.querySelectorAll('#face-keep input[type=checkbox]').length === {count + 1}")
    tab.wait_for_timeout(500)  # the picture to download follows
    assert ImageChops.difference(download(tab, tmp_path), first).getbbox() is not None


def test_a_batch_reports_the_file_that_failed(tab: Any, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    tab.get_by_role("tab", name="Many photos", exact=True).first.click()
    tab.locator("#face-files").wait_for(timeout=20_000)
    settle(tab)
    tab.locator("#face-files input[type=file]").set_input_files([str(group_photo()), str(broken)])
    tab.wait_for_function("() => document.querySelector('#face-files').innerText.includes('broken')", timeout=30_000)
    tab.locator("#face-batch").click()
    report = tab.locator("#face-batch-report li")
    report.first.wait_for(timeout=120_000)
    text = tab.locator("#face-batch-report").inner_text()
    assert "1 done, 1 failed" in text
    assert "broken.jpg" in text


def test_a_video_comes_back_covered(tab: Any) -> None:
    tab.get_by_role("tab", name="Video", exact=True).first.click()
    tab.locator("#face-clip").wait_for(timeout=20_000)
    settle(tab)
    tab.locator("#face-clip input[type=file]").set_input_files(str(example("face_mosaic", "*.mp4")))
    tab.locator("#face-clip video").wait_for(timeout=30_000)
    tab.locator("#face-video").click()
    tab.locator("#face-video-report p").wait_for(timeout=180_000)
    assert "frames" in tab.locator("#face-video-report").inner_text()
    assert tab.locator("#face-video-result video").count() == 1


def test_an_example_can_be_hidden_and_a_broken_file_after_it_is_still_told(tab: Any, tmp_path: Path) -> None:
    tab.locator("#face-examples button.gallery-item").first.click()
    tab.locator("#face-photo img").first.wait_for(timeout=30_000)
    tab.locator("#face-hide").click()
    tab.locator("#face-report p").wait_for(timeout=90_000)
    tab.locator("#face-photo button[aria-label='Remove Image'], #face-photo button[aria-label='Clear']").first.click()
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    tab.locator("#face-photo input[type=file]").set_input_files(str(broken))
    tab.wait_for_timeout(1500)
    tab.locator("#face-hide").click()
    toast = tab.get_by_test_id("toast-body").first
    toast.wait_for(timeout=30_000)
    assert "[invalid_input]" in toast.inner_text()
