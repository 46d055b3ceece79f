"""Painting as a visitor does, in real Chromium: words are clicked, the picture grows, stops, and comes back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pages import tab_alone
from painters import FakePainter, PainterModule
from PIL import Image

from pipelines.diffusion import painter as painter_files
from pipelines.text_to_image import settings_of
from tabs import text_to_image as tab

pytestmark = pytest.mark.browser
SLOW = 120_000  # milliseconds, on a machine that does other things too
STILL = "#t2i-view .t2i[data-state=still] figure:not([hidden]) figcaption"


@pytest.fixture(scope="module")
def app_url() -> Iterator[str]:
    """A page with this tab only, in place of the whole app."""
    with tab_alone(tab) as address:
        yield address


@pytest.fixture
def painter(fake_engine: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakePainter:
    """A built-in painter that knows a few words and takes its time."""
    facts = """{"shapes": [["star", "별"], ["circle", "원"]], "sizes": [["big", "큰"]], "emoji": [],
    "colours": [["red", "빨간"], ["blue", "파란"], ["yellow", "노란"]], "relations": [["left of", "왼쪽"]],
    "known": [], "steps": 6, "guidance": 4.0}"""
    (tmp_path / "words.json").write_text(facts, encoding="utf-8")
    monkeypatch.setattr(painter_files, "FOLDER", tmp_path)
    built = FakePainter(words={"빨간", "별", "왼쪽의", "파란", "원", "노란", "배경"}, pace_s=0.3)
    fake_engine(PainterModule(built))
    return built


def opened(page_of: Any, locale: str = "ko-KR", theme: str = "light", width: int = 1280) -> Any:
    page = page_of(locale, theme, width)
    page.set_default_timeout(SLOW)
    page.locator("#t2i-words .chips button").first.wait_for()
    page.wait_for_timeout(2000)  # inputs are wired a moment after they are shown
    return page


def click(page: Any, *words: str) -> None:
    for word in words:
        page.locator("#t2i-words button").get_by_text(word, exact=True).first.click()


def downloaded(page: Any, button: str, folder: Path) -> Path:
    with page.expect_download() as waiting:
        page.locator(button).click()
    path = folder / str(waiting.value.suggested_filename)
    waiting.value.save_as(path)
    return path


def test_the_rest_of_many_words_comes_with_a_click(page_of: Any, painter: FakePainter, tmp_path: Path) -> None:
    facts = json.loads((tmp_path / "words.json").read_text(encoding="utf-8"))
    facts["emoji"] = [[f"thing {number}", f"사물 {number}"] for number in range(20)]
    (tmp_path / "words.json").write_text(json.dumps(facts), encoding="utf-8")
    page = opened(page_of)
    assert "사물 20가지를 하나씩" in page.locator("#t2i-words p").inner_text()
    things = page.locator("#t2i-words [role=group][aria-label=사물]")
    assert things.locator("button:visible").count() == 15  # the last one asks for more
    things.locator("button", has_text="더 보기 (6)").click()
    assert things.locator("button:visible").count() == 20
    things.locator("button", has_text="사물 19").click()
    assert page.locator("#t2i-prompt textarea").input_value() == "사물 19"


def test_a_korean_visitor_clicks_words_paints_and_brings_the_settings_back(
    page_of: Any, painter: FakePainter, tmp_path: Path
) -> None:
    page = opened(page_of)
    assert "도형 2가지" in page.locator("#t2i-words p").inner_text()
    click(page, "빨간", "별", "왼쪽", "파란", "원")
    page.locator("#t2i-words [role=group][aria-label=배경] button", has_text="노란").click()
    assert page.locator("#t2i-prompt textarea").input_value() == "빨간 별 왼쪽의 파란 원, 노란 배경"

    page.locator("#t2i-run").click()
    page.locator("#t2i-view .t2i[data-state=painting] figcaption", has_text="단계 · 시드").wait_for()
    page.locator(STILL, has_text="시드").wait_for()
    seed = painter.orders[-1].seed
    assert painter.orders[-1].prompt == "빨간 별 왼쪽의 파란 원, 노란 배경"
    assert str(seed) in page.locator(STILL).inner_text()
    assert page.evaluate("document.querySelector('#t2i-view figure img').naturalWidth") == 64
    assert page.locator("#t2i-view .steps li").count() == 5
    page.locator("#t2i-view .steps button").nth(1).click()
    page.locator("#t2i-view figcaption", has_text="단계 2").wait_for()

    path = downloaded(page, "#t2i-download", tmp_path)
    assert path.name == f"picture-{seed}.png" and settings_of(path).seed == seed

    page.locator("#t2i-prompt textarea").fill("다른 그림")
    page.locator("#t2i-restore-fold button").first.click()
    page.locator("#t2i-restore input[type=file]").set_input_files(str(path))
    page.wait_for_function("() => document.querySelector('#t2i-prompt textarea')?.value.startsWith('빨간 별')")
    page.locator("#t2i-options button").first.click()
    page.wait_for_function(
        "seed => document.querySelector('#t2i-seed :is(input, textarea)')?.value === seed", arg=str(seed), timeout=SLOW
    )
    page.locator("#t2i-run").click()
    page.locator("#t2i-view .pictures li").nth(1).wait_for()
    page.locator(STILL, has_text=str(seed)).wait_for()
    assert painter.orders[-1].seed == seed and painter.orders[-1].prompt.startswith("빨간 별")
    page.locator("#t2i-view .pictures button").first.click()
    page.locator("#t2i-view .pictures button[aria-current=true]").first.wait_for()
    assert downloaded(page, "#t2i-zip", tmp_path).suffix == ".zip"
    assert not page.outside


def test_a_stop_keeps_the_preview_and_its_seed(page_of: Any, painter: FakePainter) -> None:
    painter.pace_s = 0.8
    page = opened(page_of, "ko-KR", "dark", 360)
    page.locator("#t2i-prompt textarea").fill("빨간 별, cathedral")
    page.locator("#t2i-options button").first.click()
    page.locator("#t2i-steps :is(input, textarea)").fill("20")
    page.locator("#t2i-run").click()
    page.locator("#t2i-view .t2i[data-state=painting] figcaption", has_text="20단계 중").wait_for()
    page.locator("#t2i-report", has_text="cathedral").wait_for()
    page.locator("#t2i-stop").click()
    page.locator("#t2i-view .t2i[data-state=stopped] figcaption", has_text="멈춤").wait_for()
    done = painter.steps_done
    page.wait_for_timeout(3000)
    assert painter.steps_done <= done + 1 < 20
    assert page.locator("#t2i-view .t2i").get_attribute("data-state") == "stopped"
    assert page.evaluate("document.querySelector('#t2i-view figure img').naturalWidth") == 64
    page.locator("#t2i-same-seed").click()
    seed = str(painter.orders[-1].seed)
    page.wait_for_function(
        "seed => document.querySelector('#t2i-seed :is(input, textarea)')?.value === seed", arg=seed, timeout=SLOW
    )
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_picture_without_settings_changes_nothing_and_is_told(
    page_of: Any, painter: FakePainter, tmp_path: Path
) -> None:
    page = opened(page_of, "en-US")
    page.locator("#t2i-prompt textarea").fill("a red star")
    bare = tmp_path / "bare.png"
    Image.new("RGB", (40, 40)).save(bare)
    page.locator("#t2i-restore-fold button").first.click()
    page.locator("#t2i-restore input[type=file]").set_input_files(str(bare))
    toast = page.get_by_test_id("toast-body").first
    toast.wait_for()
    assert "no settings" in toast.inner_text() and "[invalid_input]" in toast.inner_text()
    assert page.locator("#t2i-prompt textarea").input_value() == "a red star"
