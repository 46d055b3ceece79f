"""The digits tab: its handlers as plain coroutines, with an engine that always answers the same."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
from fakes import FakeDigits, FakeModule, spec
from PIL import Image, ImageDraw

from pipelines import digits
from pipelines.errors import InvalidInput
from tabs import digits as tab
from tabs.digits import answers

Calls = list[tuple[str, dict[str, Any]]]


def run(handler: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(handler)


@pytest.fixture
def engine(fake_engine: Callable[[Any], Any]) -> FakeDigits:
    """An engine named `fake` that reads a 7 everywhere."""
    built = FakeDigits(answer=7)
    fake_engine(FakeModule(spec("digits", "fake", rank=1000), lambda: built))
    return built


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch, engine: FakeDigits) -> Calls:
    """What reaches the pipeline; the work is still done."""
    seen: Calls = []
    for verb in ("recognize", "recognize_number", "sample"):
        real = getattr(digits, verb)

        def spy(*given: Any, _real: Any = real, _verb: str = verb, **named: Any) -> Any:
            seen.append((_verb, {"given": given, **named}))
            return _real(*given, **named)

        monkeypatch.setattr(digits, verb, spy)
    return seen


def stroke(size: int = 320) -> Image.Image:
    """A seven in black on white."""
    sheet = Image.new("RGB", (size, size), "white")
    pen = ImageDraw.Draw(sheet)
    pen.line([(90, 70), (230, 70), (140, 260)], fill="black", width=22, joint="curve")
    return sheet


def drawn(sheet: Image.Image) -> dict[str, Any]:
    """What the editor hands over."""
    return {"background": None, "layers": [], "composite": sheet.convert("RGBA")}


def value(part: Any) -> Any:
    return part["value"] if isinstance(part, dict) else part


def test_the_engine_is_really_the_fake_one(engine: FakeDigits) -> None:
    assert digits.recognize(stroke()).engine == "fake"
    assert engine.frames[0].shape == (28, 28)


def test_what_the_visitor_looks_at_is_read(calls: Calls, upload: Callable[..., Any]) -> None:
    dark = Image.new("RGB", (60, 60), "black")
    ImageDraw.Draw(dark).line([(15, 15), (45, 15), (28, 50)], fill="white", width=6)
    picture = upload(dark)
    run(answers.on_read("draw", "one", drawn(stroke()), picture, "auto"))
    run(answers.on_read("picture", "one", drawn(stroke()), picture, "auto"))
    sizes = [call["given"][0].size for _, call in calls]
    assert sizes == [(320, 320), (60, 60)]


def test_the_mode_chooses_between_one_digit_and_a_number(calls: Calls) -> None:
    one = run(answers.on_read("draw", "one", drawn(stroke()), None, "auto"))
    several = run(answers.on_read("draw", "several", drawn(stroke()), None, "auto"))
    assert [verb for verb, _ in calls] == ["recognize", "recognize_number"]
    assert value(one[1])["7"] == pytest.approx(0.9) and len(value(one[1])) == 10
    assert value(several[1]) is None and "7" in several[0]


@pytest.mark.parametrize("mode", ["one", "several"])
def test_the_engine_choice_reaches_the_pipeline(calls: Calls, mode: str) -> None:
    for name in ("auto", "fake", "embedded"):
        run(answers.on_read("draw", mode, drawn(stroke()), None, name))
    assert [call["engine"] for _, call in calls] == ["auto", "fake", "embedded"]
    with pytest.raises(InvalidInput, match="nobody"):
        run(answers.on_read("draw", mode, drawn(stroke()), None, "nobody"))


def test_an_answer_fills_every_part_of_the_page(engine: FakeDigits) -> None:
    html, chart, seen, saliency, maps = run(answers.on_read("draw", "one", drawn(stroke()), None, "auto"))
    assert ">7<" in html and "90.0%" in html
    assert Image.open(value(seen)).size == (28, 28)
    assert Path(saliency).is_file() and all(Path(one).is_file() for one in maps) and maps
    assert next(iter(value(chart))) == "7"


def test_a_refusal_shows_its_reason_and_no_guess(engine: FakeDigits) -> None:
    engine.answer, engine.sure = 10, 0.99  # "not a digit"
    html, chart, *_ = run(answers.on_read("draw", "one", drawn(stroke()), None, "auto"))
    assert ">?<" in html and ">7<" not in html and len(html) > 60
    assert len(value(chart)) == 10, "the ten probabilities are shown all the same"


def test_nothing_drawn_is_a_question_on_the_button_and_silence_while_drawing(engine: FakeDigits) -> None:
    for empty in (None, {"composite": None}, drawn(Image.new("RGB", (320, 320), "white"))):
        with pytest.raises(InvalidInput, match="Draw a digit or choose"):
            run(answers.on_read("draw", "one", empty, None, "auto"))
        assert run(answers.on_draw("draw", "one", empty, "auto")) == ("", None, None, None, None)
    with pytest.raises(InvalidInput, match="Draw a digit or choose"):
        run(answers.on_read("picture", "one", drawn(stroke()), None, "auto"))
    assert engine.frames == []


def test_drawing_is_read_as_the_button_would(calls: Calls) -> None:
    live = run(answers.on_draw("draw", "one", drawn(stroke()), "fake"))
    pressed = run(answers.on_read("draw", "one", drawn(stroke()), None, "fake"))
    assert live[0] == pressed[0] and value(live[1]) == value(pressed[1])
    assert [call["engine"] for _, call in calls] == ["fake", "fake"]


def test_a_sheet_that_reports_itself_late_leaves_the_answer_about_a_picture_alone(calls: Calls) -> None:
    for sheet in (drawn(Image.new("RGB", (320, 320), "white")), drawn(stroke())):
        assert run(answers.on_draw("picture", "one", sheet, "auto")) == (gr.skip(),) * 5
    assert calls == []


def test_a_transparent_drawing_lies_on_white_paper(calls: Calls) -> None:
    layer = Image.new("RGBA", (320, 320), (0, 0, 0, 0))
    ImageDraw.Draw(layer).line([(90, 70), (230, 70), (140, 260)], fill=(17, 17, 17, 255), width=22)
    run(answers.on_read("draw", "one", {"composite": layer}, None, "auto"))
    given = calls[0][1]["given"][0]
    assert given.getpixel((0, 0)) == (255, 255, 255) and given.getpixel((160, 70)) == (17, 17, 17)


def test_clearing_gives_a_fresh_sheet_and_empties_everything() -> None:
    sheet, *rest = run(answers.on_clear())
    assert isinstance(sheet, np.ndarray) and (sheet == 255).all()
    assert not any(rest)


def test_the_sample_controls_reach_the_pipeline(calls: Calls) -> None:
    picture, facts, selected, source = run(answers.on_sample(3, False, 0))
    run(answers.on_sample(4, True, 9))
    assert [call["given"] for _, call in calls] == [(3, False, 0), (4, True, 9)]
    assert Path(picture).is_file() and "number 3" in facts
    assert selected["selected"] == "picture" and source == "picture"


def test_noise_and_its_seed_change_the_sample(calls: Calls) -> None:
    def pixels(index: int, noise: bool, seed: int) -> np.ndarray:
        return np.asarray(Image.open(run(answers.on_sample(index, noise, seed))[0]).convert("L")).astype(int)

    plain, noisy = pixels(3, False, 0), pixels(3, True, 1)
    assert not np.array_equal(plain, noisy) and np.array_equal(noisy, pixels(3, True, 1))
    assert not np.array_equal(noisy, pixels(3, True, 2)) and not np.array_equal(plain, pixels(5, False, 0))


@pytest.mark.parametrize("index", [-1, 10**7, None, "abc", 1.5, float("nan")])
def test_a_sample_outside_the_data_is_refused(index: Any) -> None:
    with pytest.raises(InvalidInput):
        run(answers.on_sample(index, False, 0))


def test_what_a_program_gets_is_what_the_page_shows(engine: FakeDigits, upload: Callable[..., Any]) -> None:
    answer, seen, why = run(tab.read_digit(upload(stroke())))
    assert answer["label"] == "7" and answer["engine"] == "fake" and not answer["rejected"] and answer["reason"] == ""
    assert [set(one) for one in answer["confidences"]] == [{"label", "confidence"}] * 10
    assert set(why) == {"feature_maps", "saliency"} and Path(seen["path"]).is_file()


def test_a_blank_picture_is_answered_with_the_reason_and_all_files(
    engine: FakeDigits, upload: Callable[..., Any]
) -> None:
    blank = upload(Image.new("RGB", (300, 200), "white"))
    answer, seen, why = run(tab.read_digit(blank))
    assert answer["label"] is None and answer["rejected"] and "Nothing is drawn" in answer["reason"]
    assert len(answer["confidences"]) == 10 and Path(seen["path"]).is_file()
    assert why["feature_maps"] and Path(why["saliency"]["path"]).is_file()
    html, *_ = run(answers.on_upload("one", blank, "auto"))
    assert ">?<" in html and "Nothing is drawn" in html


def test_the_answer_is_written_safely() -> None:
    assert "<script>" not in answers._answer_html("?", "<script>alert(1)</script>")
