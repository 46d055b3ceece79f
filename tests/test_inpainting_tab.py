"""The tab that repaints: its handlers as plain coroutines with an engine that tells what it was asked, the traps of
drawn and uploaded masks, and the endpoint as programs call it."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
import raw
import test_tab_ocr
from conftest import example
from fakes import FakeFaces, FakeModule, spec
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image, ImageDraw

from pipelines import areas, inpainting
from pipelines.diffusion.contract import Defaults, Order, Step
from pipelines.errors import InvalidInput
from pipelines.inpainting import RepaintOptions, masks, repaint, strokes
from pipelines.inpainting.abilities import abilities
from pipelines.inpainting.extending import Margins
from pipelines.job import Job
from pipelines.words import Text
from tabs.face_mosaic import photo
from tabs.inpainting import answers, controls, editor, endpoints, marking
from tabs.ocr import erasing
from tabs.ocr.documents import Desk

SIZE = (160, 120)
CHOICES: dict[str, Any] = {
    "prompt": "a red door", "negative_prompt": "a cat", "steps": 4, "guidance_scale": 5.0, "strength": 0.5, "grow": 3,
    "feather": 0, "sides": [], "pixels": 16, "seed": 7, "engine": "fake",
}  # fmt: skip


class FakeRepainter:
    """Fills with one colour for each order it gets, in as many steps as asked; keeps the orders."""

    defaults = Defaults(steps=2, guidance_scale=7.0, width=64, height=64, multiple=8, most_steps=30)
    side = 64
    takes_prompt = True

    def __init__(self) -> None:
        self.orders: list[Order] = []

    def repaint(self, order: Order, job: Job) -> Iterator[Step]:
        self.orders.append(order)
        size = (order.width, order.height)
        for number in range(1, order.steps):
            job.check()
            yield Step(number, order.steps, preview=Image.new("RGB", size, (10 * number, 0, 0)))
        yield Step(order.steps, order.steps, image=Image.new("RGB", size, (0, order.seed % 256, 255)))


@pytest.fixture
def engine(fake_engine: Callable[[Any], Any]) -> FakeRepainter:
    built = FakeRepainter()
    module = fake_engine(FakeModule(spec("inpainting", "fake", rank=1), lambda: built))
    module.DEFAULTS, module.TAKES_PROMPT = built.defaults, True
    return built


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, engine: FakeRepainter) -> list[dict[str, Any]]:
    """What each call hands to the pipeline; the work is still done."""
    seen: list[dict[str, Any]] = []
    real = inpainting.repaint

    def spy(image: Any, mask: Any, options: RepaintOptions, *, engine: str, job: Job) -> Any:
        seen.append({"image": image, "mask": mask, "engine": engine, **vars(options)})
        return real(image, mask, options, engine=engine, job=job)

    monkeypatch.setattr(inpainting, "repaint", spy)
    return seen


def noise(size: tuple[int, int] = SIZE, mode: str = "RGB") -> Image.Image:
    values = np.random.default_rng(5).integers(0, 256, (size[1], size[0], len(mode)), np.uint8)
    return Image.fromarray(values, mode)


def spot(size: tuple[int, int] = SIZE, box: tuple[int, int, int, int] = (60, 40, 80, 60)) -> Image.Image:
    """A mask (mode L) with one white box."""
    mask = Image.new("L", size, 0)
    mask.paste(255, box)
    return mask


def stroke(mask: Image.Image, colour: tuple[int, int, int] = (0, 0, 0)) -> str:
    """A mask as the canvas in the browser gives it: colour on nothing, the mask in the transparency."""
    layer = Image.merge("RGBA", [*(Image.new("L", mask.size, part) for part in colour), mask])
    data = io.BytesIO()
    layer.save(data, "PNG")
    return "data:image/png;base64," + base64.b64encode(data.getvalue()).decode()


@pytest.fixture
def picture(upload: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    return upload(noise(), "my photo.png")


def run(handler: Any) -> Any:
    return asyncio.run(handler)


def board(mask: str = "") -> dict[str, Any]:
    return {"id": "1", "picture": None, "mask": mask, "words": {}}


def steps(source: Any, drawn: dict[str, Any], **changes: Any) -> list[tuple]:
    async def collect() -> list[tuple]:
        return [step async for step in answers.on_repaint(source, drawn, **{**CHOICES, **changes})]

    return asyncio.run(collect())


def pixels(path: Any, mode: str = "RGB") -> np.ndarray:
    return np.asarray(Image.open(path).convert(mode))


def marked(value: dict[str, Any]) -> np.ndarray:
    """What the editor's value marks, at the size in which it is drawn."""
    drawn = editor.drawn(value)
    assert drawn is not None
    return np.asarray(drawn) > 0


# --- repainting ---------------------------------------------------------------------------------------------------


def test_a_result_is_compared_told_and_offered_and_only_the_grown_mask_changed(
    picture: Any, asked: list[dict[str, Any]]
) -> None:
    pair, said, result, box, download = steps(picture, board(stroke(spot())))[-1]
    before, after = pixels(picture["path"]), pixels(download)
    inside = masks.grown(np.asarray(spot()) > 0, CHOICES["grow"])
    assert np.array_equal(before[~inside], after[~inside]) and (after[inside] == (0, 7, 255)).all()
    assert np.array_equal(pixels(pair[0]), before) and np.array_equal(pixels(pair[1]), after)
    assert Path(download).name == "my photo-repainted.png" and Image.open(download).format == "PNG"
    assert result["path"] == download and result["seed"] == 7 and box["visible"]
    assert "seed 7" in said and f"{int(inside.sum()):,} pixels" in said and "Engine fake" in said


def test_steps_are_shown_on_the_way(picture: Any, engine: FakeRepainter, monkeypatch: pytest.MonkeyPatch) -> None:
    real = FakeRepainter.repaint

    def slowly(self: FakeRepainter, order: Order, job: Job) -> Iterator[Step]:
        for step in real(self, order, job):
            yield step
            job._cancelled.wait(0.4)

    monkeypatch.setattr(FakeRepainter, "repaint", slowly)
    shown = steps(picture, board(stroke(spot())))
    assert len(shown) >= 3 and "of 4, seed 7" in shown[0][1]
    early, late = (pixels(step[0][1])[50, 70] for step in (shown[0], shown[-1]))
    assert early[2] < 60 < late[2], "the first steps are previews, not the end"


@pytest.mark.parametrize(
    ("change", "field", "value"),
    [
        ({"prompt": "a window"}, "prompt", "a window"),
        ({"negative_prompt": "a dog"}, "negative_prompt", "a dog"),
        ({"steps": 9}, "steps", 9),
        ({"guidance_scale": 2.5}, "guidance_scale", 2.5),
        ({"strength": 0.9}, "strength", 0.9),
        ({"grow": -4}, "grow", -4),
        ({"feather": 5}, "feather", 5),
        ({"sides": ["left", "top"]}, "extend", "left:16,top:16"),
        ({"sides": ["right"], "pixels": 24}, "extend", "right:24"),
        ({"seed": 99}, "seed", 99),
        ({"engine": "auto"}, "engine", "auto"),
    ],
)
def test_every_control_reaches_the_pipeline(
    picture: Any, asked: list[dict[str, Any]], change: dict[str, Any], field: str, value: Any
) -> None:
    drawn = board(stroke(spot()))
    plain, changed = steps(picture, drawn)[-1], steps(picture, drawn, **change)[-1]
    assert asked[0][field] != asked[1][field] == value
    if field in ("grow", "feather", "extend", "seed", "engine"):
        assert not np.array_equal(pixels(plain[4]), pixels(changed[4]))


def test_without_a_seed_one_is_made_and_told_and_can_be_kept(picture: Any, engine: FakeRepainter) -> None:
    _, said, result, _, _ = steps(picture, board(stroke(spot())), seed=-1)[-1]
    assert result["seed"] >= 0 and f"seed {result['seed']}" in said
    assert run(answers.on_same_seed(result)) == result["seed"]


def test_extending_needs_no_mask_and_the_comparison_has_one_size(picture: Any, engine: FakeRepainter) -> None:
    pair, _, _, _, download = steps(picture, board(), sides=["left", "bottom"], grow=0)[-1]
    assert Image.open(download).size == (176, 136) == Image.open(pair[0]).size == Image.open(pair[1]).size
    assert np.array_equal(pixels(download)[:120, 16:], pixels(picture["path"]))
    assert np.array_equal(pixels(pair[0])[:120, 16:], pixels(picture["path"]))


def test_without_picture_or_mask_a_sentence_says_what_to_do(picture: Any, engine: FakeRepainter) -> None:
    with pytest.raises(InvalidInput, match="Choose a picture first"):
        steps(None, board(stroke(spot())))
    with pytest.raises(InvalidInput, match="mask"):
        steps(picture, board())


def test_controls_that_an_engine_ignores_are_hidden_and_what_they_hold_is_not_sent(
    picture: Any, asked: list[dict[str, Any]]
) -> None:
    names = ["prompt", "note", "negative", "steps", "guidance", "strength"]
    shown = dict(zip(names, run(answers.on_engine("fake")), strict=True))
    assert all(shown[name]["visible"] for name in names if name != "note") and shown["note"]["value"] == ""
    assert shown["steps"]["maximum"] == 30 and "2" in shown["steps"]["info"] and "7" in shown["guidance"]["info"]
    hidden = dict(zip(names, run(answers.on_engine("embedded")), strict=True))
    assert not any(hidden[name]["visible"] for name in names if name != "note")
    assert "reads no prompt" in hidden["note"]["value"]
    assert (hidden["steps"]["value"], hidden["guidance"]["value"], hidden["strength"]["value"]) == (0, -1, 1.0)
    steps(picture, board(stroke(spot())), engine="embedded", steps=0, guidance_scale=-1, strength=1.0)
    assert (asked[0]["prompt"], asked[0]["negative_prompt"]) == ("", "")


@pytest.mark.parametrize(
    ("able", "choice", "value", "said"),
    [
        ("takes_guidance", "guidance", {"guidance_scale": 3.0}, ("guidance", "가이던스")),
        ("takes_strength", "strength", {"strength": 0.5}, ("strength", "강도")),
        ("takes_negative", "negative", {"negative_prompt": "cats"}, ("negative prompt", "제외할 것")),
        ("takes_seed", "", {"seed": 3}, ("seed", "시드")),
    ],
)
def test_what_means_nothing_to_an_engine_is_not_offered_and_is_said(
    picture: Any,
    fake_engine: Callable[[Any], Any],
    able: str,
    choice: str,
    value: dict[str, Any],
    said: tuple[str, str],
) -> None:
    built = FakeRepainter()
    built.defaults = dataclasses.replace(FakeRepainter.defaults, **{able: False})
    module = fake_engine(FakeModule(spec("inpainting", "fake", rank=1), lambda: built))
    module.DEFAULTS, module.TAKES_PROMPT = built.defaults, True
    names = ["prompt", "note", "negative", "steps", "guidance", "strength"]
    shown = dict(zip(names, run(answers.on_engine("fake")), strict=True))
    assert [name for name in names if not shown[name].get("visible", True)] == [choice] * bool(choice)
    mask = Image.new("L", Image.open(picture["path"]).size)
    mask.paste(255, (10, 10, 20, 20))
    notices = [
        list(repaint(Image.open(picture["path"]), mask, RepaintOptions(**chosen), engine="fake"))[-1].notice
        for chosen in ({}, value)
    ]
    assert notices[0] == Text("", "")
    assert said[0] in notices[1].en and said[1] in notices[1].ko


def test_the_controls_are_wired_in_the_order_in_which_the_handlers_take_them() -> None:
    names = "prompt note negative steps guidance strength grow feather sides pixels seed picker run stop".split()
    picker = type("Picker", (), {"choice": "engine", "line": "line"})
    values: list[Any] = [picker if name == "picker" else name for name in names]
    chosen = controls.Choices(*values)
    renamed = {"negative": "negative_prompt", "guidance": "guidance_scale"}
    assert [renamed.get(name, name) for name in chosen.all] == list(CHOICES)
    assert chosen.by_engine == ["prompt", "note", "negative", "steps", "guidance", "strength"]


def test_an_engine_that_is_loaded_answers_for_itself(picture: Any, engine: FakeRepainter) -> None:
    steps(picture, board(stroke(spot())))
    engine.takes_prompt = False
    assert not abilities("fake").prompt
    assert abilities("embedded").defaults is not None


def test_the_result_becomes_the_next_picture(picture: Any, engine: FakeRepainter) -> None:
    result = steps(picture, board(stroke(spot())))[-1][2]
    source, value, intake, desk = run(answers.on_go_on(result))
    assert source["path"] == result["path"] and value["mask"] == ""
    assert (intake["visible"], desk["visible"]) == (False, True)
    again = steps(source, board(stroke(spot(box=(0, 0, 9, 9)))))[-1]
    assert Path(again[4]).name == "my photo-repainted.png", "names do not grow with each round"


def test_a_picture_that_a_restarted_server_does_not_know_is_asked_for_again(engine: FakeRepainter) -> None:
    """The page still shows it: to say that none was chosen would be no help."""
    shown = {**board(stroke(spot(box=(0, 0, 9, 9)))), "picture": {"source": "x.png", "width": 160, "height": 120}}
    for asked in (lambda: steps(None, shown), lambda: run(marking.on_faces(None, shown))):
        with pytest.raises(InvalidInput, match="no longer on the server"):
            asked()


def test_choosing_another_picture_forgets_the_one_before(engine: FakeRepainter) -> None:
    source, intake, desk, picture, emptied = run(marking.on_another())
    assert source is None and picture is None and (intake["visible"], desk["visible"]) == (True, False)
    assert emptied["picture"] is None and not emptied["mask"]
    with pytest.raises(InvalidInput, match="Choose a picture first"):
        steps(source, board(stroke(spot())))


def test_a_stop_is_told_only_where_there_is_something_to_see() -> None:
    assert "Stopped" in run(answers.on_stop(("before.png", "after.png")))
    assert run(answers.on_stop(None)) == gr.skip()


# --- pictures and masks come in -----------------------------------------------------------------------------------


def test_a_phone_photo_stands_upright_and_has_a_canvas_of_its_shape(upload: Callable[..., Any], tmp_path: Path) -> None:
    path, exif = tmp_path / "phone.jpg", Image.Exif()
    exif[0x0112] = 6
    noise((200, 100)).save(path, exif=exif)
    source, value, intake, desk, *left = run(marking.on_picture(upload(path)))
    assert (value["picture"]["width"], value["picture"]["height"]) == (100, 200) == tuple(value["picture"]["drawn"])
    assert Image.open(value["picture"]["source"]).size == (100, 200)
    assert source["orig_name"] == "phone.jpg" and not intake["visible"] and desk["visible"]
    assert left[0] is None and left[1] == "" and not left[2]["visible"]


def test_the_mask_of_a_large_photo_is_drawn_smaller_and_put_on_it_whole(
    upload: Callable[..., Any], engine: FakeRepainter
) -> None:
    large = upload(noise((2560, 40)), "wide.png")
    _, value, *_ = run(marking.on_picture(large))
    assert value["picture"]["drawn"] == [2048, 32]
    drawn = {**value, "mask": stroke(spot((2048, 32), (1024, 8, 1100, 24)))}
    before, after = pixels(large["path"]), pixels(steps(large, drawn, grow=0)[-1][4])
    changed = np.flatnonzero((before != after).any(axis=(0, 2)))
    assert abs(changed[0] - 1280) <= 1 and abs(changed[-1] - 1374) <= 1


def test_an_example_comes_with_its_mask() -> None:
    assert len(marking.EXAMPLE_PICTURES) == 3
    for index, path in enumerate(marking.EXAMPLE_PICTURES):
        _, value, *_ = run(marking.on_example(index))
        beside = np.asarray(Image.open(path.with_name(f"{path.stem}-mask.png")).convert("L")) > 0
        assert np.array_equal(marked(value), beside) and 0.001 < beside.mean() < 0.2
    with pytest.raises(InvalidInput):
        run(marking.on_example(len(marking.EXAMPLE_PICTURES)))


def test_another_tabs_picture_arrives_with_areas_or_without(picture: Any) -> None:
    *_, emptied = run(marking.on_arrival(picture["path"]))
    assert emptied is None
    areas_ = [[[10, 10], [60, 10], [60, 30], [10, 30]]]
    _, value, *_ = run(marking.on_arrival({"picture": picture["path"], "areas": areas_}))
    found = marked(value)
    assert found[12:29, 12:59].all() and not found[60:].any() and not found[:, 90:].any()
    assert run(marking.on_arrival(None)) == (gr.skip(),) * 8
    with pytest.raises(InvalidInput, match="not an uploaded file"):
        run(marking.on_arrival("/etc/hostname"))


def test_faces_are_added_to_what_is_drawn(
    picture: Any, fake_engine: Callable[[Any], Any], upload: Callable[..., Any]
) -> None:
    fake_engine(FakeModule(spec("face_mosaic", "fake", rank=1000), lambda: FakeFaces([[100, 20, 30, 40, 0.99]])))
    value = run(marking.on_faces(picture, board(stroke(spot(box=(0, 0, 10, 10))))))
    found = marked(value)
    assert found[5, 5] and found[40, 115] and not found[110, 20]
    assert value["id"] != "1", "another id makes the browser draw it"


def test_where_no_face_or_text_is_found_nothing_changes(
    upload: Callable[..., Any], fake_engine: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Any] = []
    monkeypatch.setattr(marking, "tell", told.append)
    monkeypatch.setattr(areas, "text", lambda path, job: [])
    fake_engine(FakeModule(spec("face_mosaic", "fake", rank=1000), lambda: FakeFaces([])))
    blank = upload(Image.new("RGB", SIZE, "white"))
    assert run(marking.on_faces(blank, board())) == gr.skip()
    assert run(marking.on_text(blank, board())) == gr.skip()
    assert ["No face" in told[0].en, "No text" in told[1].en] == [True, True]


def test_text_is_marked_with_what_surrounds_it(upload: Callable[..., Any]) -> None:
    pytest.importorskip("rapidocr")
    source = upload(example("inpainting", "stamped.jpg"))
    found = marked(run(marking.on_text(source, board())))
    letters = np.asarray(Image.open(example("inpainting", "stamped-mask.png")).convert("L")) > 0
    caption = letters.copy()
    caption[400:] = False
    assert found[caption].mean() > 0.97 and found.mean() < 0.25


def test_what_ocr_read_goes_over_with_the_places_of_its_lines(
    upload: Callable[..., Any], fake_engine: Callable[[Any], Any]
) -> None:
    fake_engine(FakeModule(spec("ocr", "fake", rank=1000, languages=("ko", "en")), test_tab_ocr.KnownLines))
    given = upload(test_tab_ocr.paper(), "receipt.png")
    desk = test_tab_ocr.read(given)["desk"]
    sent = erasing.to_erase(desk)
    assert isinstance(sent, dict) and np.array_equal(pixels(sent["picture"]), pixels(given["path"]))
    _, value, *_ = run(marking.on_arrival(sent))
    found = marked(value)
    for x, y, w, h in test_tab_ocr.PLACES:
        assert found[y : y + h, x : x + w].all()
    assert found.mean() < 0.5 and erasing.to_erase(Desk()) == ""


def test_a_photo_without_faces_can_be_sent_on() -> None:
    assert photo.on_send(None) == "" and photo.on_send("result.png") == "result.png"


# --- the traps of masks -------------------------------------------------------------------------------------------


def mask_files() -> dict[str, Image.Image]:
    """One and the same mask in the forms in which programs save them."""
    white = spot()
    opaque = Image.new("L", SIZE, 255)
    nothing = Image.new("L", SIZE, 0)
    return {
        "grey": white,
        "one bit": white.convert("1"),
        "colour": white.convert("RGB"),
        "opaque everywhere": Image.merge("RGBA", [white, white, white, opaque]),
        "black strokes on nothing": Image.merge("RGBA", [nothing, nothing, nothing, white]),
        "white strokes on nothing": Image.merge("RGBA", [opaque, opaque, opaque, white]),
        "grey with transparency": Image.merge("LA", [nothing, white]),
        "palette": white.convert("P"),
    }


@pytest.mark.parametrize("form", mask_files())
def test_a_mask_file_of_any_form_marks_the_same(upload: Callable[..., Any], picture: Any, form: str) -> None:
    """Trap: an opaque black and white mask has alpha 255 everywhere and would mark all of the picture."""
    value = run(marking.on_mask(picture, board(), upload(mask_files()[form], "mask.png")))
    assert np.array_equal(marked(value), np.asarray(spot()) > 0)


def test_gradios_grey_editor_wipes_a_black_stroke_and_ours_keeps_it(picture: Any, engine: FakeRepainter) -> None:
    """Trap: `image_mode="L"` turns black strokes on a transparent layer into nothing."""
    layer = mask_files()["black strokes on nothing"]
    assert not np.asarray(layer.convert("L")).any(), "what Gradio's grey mode makes of the layer"
    changed = pixels(steps(picture, board(stroke(spot(), (0, 0, 0))))[-1][4]) != pixels(picture["path"])
    assert changed[50, 70].any()


def test_a_drawing_that_covers_everything_is_a_full_mask(picture: Any, engine: FakeRepainter) -> None:
    """The same trap from the other side: strokes are opaque everywhere, whatever their colour."""
    everything = stroke(Image.new("L", SIZE, 255), (20, 0, 10))
    assert (pixels(steps(picture, board(everything))[-1][4]) == (0, 7, 255)).all()


def test_the_mask_comes_from_the_strokes_alone(picture: Any, engine: FakeRepainter) -> None:
    """Trap: a program sends no composite picture, and Gradio's server makes none; nothing here waits for one."""
    sent = {"mask": stroke(spot())}
    assert steps(picture, sent)[-1][2] is not None


@pytest.mark.parametrize(
    "drawn",
    [
        "no data", "data:image/png;base64,!!!!", "data:image/png;base64,aGVsbG8=", 17, ["x"],
        stroke(Image.new("L", (strokes.LONGEST + 1, 4), 255)), "data:image/jpeg;base64,aGVsbG8=",
    ],
    ids=["text", "no base64", "no png", "number", "list", "too large", "jpeg"],
)  # fmt: skip
def test_strokes_that_no_browser_sends_get_a_sentence(picture: Any, engine: FakeRepainter, drawn: Any) -> None:
    with pytest.raises(InvalidInput, match="drawn mask could not be read"):
        steps(picture, board(drawn))


@pytest.mark.parametrize("value", [None, "text", [], {}, {"mask": ""}])
def test_an_editor_without_strokes_draws_nothing(value: Any) -> None:
    assert editor.drawn(value) is None


def test_a_mask_file_of_another_shape_is_refused_and_an_empty_one_changes_nothing(
    upload: Callable[..., Any], picture: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Any] = []
    monkeypatch.setattr(marking, "tell", told.append)
    with pytest.raises(InvalidInput, match="160 x 120"):
        run(marking.on_mask(picture, board(), upload(Image.new("L", (50, 90), 255), "other.png")))
    assert run(marking.on_mask(picture, board(), upload(Image.new("L", SIZE, 0), "black.png"))) == gr.skip()
    assert "marks nothing" in told[-1].en
    half = run(marking.on_mask(picture, board(), upload(spot((80, 60), (30, 20, 40, 30)), "half.png")))
    assert np.array_equal(marked(half), np.asarray(spot()) > 0)


def test_a_thin_mark_survives_the_smaller_canvas() -> None:
    mask = Image.new("L", (6000, 40), 0)
    ImageDraw.Draw(mask).line([(0, 20), (5999, 20)], fill=255)
    drawn = strokes.read(strokes.write(mask, 6000, 40))
    assert drawn is not None and (np.asarray(drawn) > 0).any(axis=0).all()


def test_what_the_screen_gets_is_exact_when_small_and_framed_when_extended() -> None:
    small, large = noise(), noise((strokes.SHOWN + 200, 20))
    exact = strokes.for_screen(small)
    assert exact.ending == "png" and np.array_equal(np.asarray(Image.open(io.BytesIO(exact.data))), np.asarray(small))
    assert Image.open(io.BytesIO(strokes.for_screen(large).data)).width == strokes.SHOWN
    assert strokes.for_screen(small, quick=True).ending == "jpg"
    assert strokes.for_screen(noise(mode="RGBA"), quick=True).ending == "png"
    assert strokes.framed(small, Margins(left=8, top=4)).size == (168, 124)


# --- the endpoint -------------------------------------------------------------------------------------------------


@pytest.fixture
def saved(tmp_path: Path) -> Callable[[Image.Image, str], Any]:
    def save(image: Image.Image, name: str) -> Any:
        image.save(tmp_path / name)
        return handle_file(str(tmp_path / name))

    return save


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_the_endpoint_leaves_every_other_pixel(client: Client, saved: Any, tmp_path: Path, mode: str) -> None:
    image, mask = saved(noise(mode=mode), "photo.png"), saved(spot(), "mask.png")
    result, facts = client.predict(image=image, mask=mask, grow=2, seed=3, engine="embedded", api_name="/inpainting")
    assert set(facts) == {"seed", "engine", "masked_pixels", "seconds"}
    inside = masks.grown(np.asarray(spot()) > 0, 2)
    assert (facts["seed"], facts["engine"], facts["masked_pixels"]) == (3, "embedded", int(inside.sum()))
    before, after = pixels(tmp_path / "photo.png", mode), pixels(result, mode)
    assert Image.open(result).mode == mode and Path(result).name == "photo-repainted.png"
    assert np.array_equal(before[~inside], after[~inside]) and not np.array_equal(before[inside], after[inside])


def test_the_endpoint_takes_every_form_of_a_mask_alike(client: Client, saved: Any) -> None:
    image, seen = saved(noise(), "photo.png"), set()
    for form, mask in mask_files().items():
        given = saved(mask, f"{form.replace(' ', '-')}.png")
        result, _ = client.predict(image=image, mask=given, engine="embedded", seed=1, api_name="/inpainting")
        seen.add(pixels(result).tobytes())
    assert len(seen) == 1


def test_the_endpoint_inverts_extends_and_shrinks(client: Client, saved: Any) -> None:
    image, mask = saved(noise(), "photo.png"), saved(spot(), "mask.png")
    _, facts = client.predict(image=image, mask=mask, invert=True, engine="embedded", api_name="/inpainting")
    assert facts["masked_pixels"] == SIZE[0] * SIZE[1] - 400
    _, facts = client.predict(image=image, mask=mask, grow=-3, engine="embedded", api_name="/inpainting")
    assert facts["masked_pixels"] == 14 * 14
    result, facts = client.predict(image=image, extend="left:32,top:8", engine="embedded", api_name="/inpainting")
    assert Image.open(result).size == (192, 128) and facts["masked_pixels"] == 192 * 128 - 160 * 120


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"mask": None}, "mask"),
        ({"extend": "up:3"}, "extend"),
        ({"grow": 10_000}, "grow"),
        ({"strength": 2}, "strength"),
        ({"seed": 1.5}, "seed"),
        ({"invert": "yes"}, "invert"),
        ({"engine": "nobody"}, "nobody"),
    ],
)
def test_the_endpoint_names_what_is_wrong(client: Client, saved: Any, change: dict[str, Any], words: str) -> None:
    values = {"image": saved(noise(), "photo.png"), "mask": saved(spot(), "mask.png"), **change}
    with pytest.raises(AppError, match=rf"{words}.*\[(invalid_input|unknown_engine)\]"):
        client.predict(**values, api_name="/inpainting")


def test_the_value_of_a_gradio_editor_is_no_picture(app_url: str) -> None:
    """A program that posts what an ImageEditor would hold gets a sentence in its language, not an empty result."""
    sheet = raw.upload(app_url, example("inpainting", "balloon.jpg"), "balloon.jpg")
    given = {"background": raw.file_value(sheet, "balloon.jpg"), "layers": [], "composite": None}
    defaults = [None, "", "", "auto", 0, -1, 1.0, 0, 0, False, "", -1]
    event, said = raw.call(app_url, "inpainting", [given, *defaults], {"Accept-Language": "ko"})
    assert event == "error" and "업로드된 파일이 아닙니다" in said["error"] and "[invalid_input]" in said["error"]


def test_tab_and_endpoint_give_the_same_picture(picture: Any, engine: FakeRepainter, upload: Any) -> None:
    _, _, _, _, download = steps(picture, board(stroke(spot())))[-1]
    file, _ = run(
        endpoints.repaint_picture(
            picture, upload(spot(), "mask.png"), "a red door", "a cat", "fake", 4, 5.0, 0.5, 3, seed=7
        )  # type: ignore[arg-type]
    )
    assert np.array_equal(pixels(download), pixels(file["path"]))
