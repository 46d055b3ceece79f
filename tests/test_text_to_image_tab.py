"""The painting tab: its endpoint as programs call it, its handlers as plain coroutines, with a quick fake painter."""

from __future__ import annotations

import asyncio
import dataclasses
import inspect
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import raw
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from pages import connected, tab_alone
from painters import ABLE, FakePainter, PainterModule
from PIL import Image

from pipelines.diffusion import painter as painter_files
from pipelines.errors import InvalidInput, PipelineError
from pipelines.text_to_image import STYLES, PictureSettings, settings_of
from pipelines.words import Text
from tabs import text_to_image as tab
from tabs.text_to_image import answers, chips, controls, view
from tabs.text_to_image.controls import Controls
from tabs.text_to_image.desk import Desk, Picture, zipped

GIVEN: dict[str, Any] = {
    "prompt": "a red kite", "negative": "", "engine": "auto", "steps": "", "guidance": "", "size": "", "seed": "",
    "count": 1, "image": None, "strength": 0.6, "scheduler": "", "style": "", "lora": "", "lora_scale": 1.0,
    "embed": True,
}  # fmt: skip


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A page with this tab only."""
    with tab_alone(tab) as address:
        yield address


@pytest.fixture(scope="module")
def program(url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with connected(url, tmp_path_factory.mktemp("downloads")) as client:
        yield client


@pytest.fixture
def painter(fake_engine: Callable[[Any], Any]) -> FakePainter:
    built = FakePainter(held=(66,))
    fake_engine(PainterModule(built))
    return built


@pytest.fixture
def start(tmp_path: Path) -> Path:
    path = tmp_path / "start.png"
    luck = np.random.default_rng(1)
    Image.fromarray(luck.integers(0, 256, (64, 96, 3), dtype=np.uint8)).save(path)
    return path


def ask(program: Client, prompt: str = "a red kite", **given: Any) -> tuple[list[Path], dict[str, Any]]:
    files, facts = program.predict(prompt=prompt, **given, api_name="/text_to_image")
    return [Path(file) for file in files], facts


def pixels(path: str | Path) -> bytes:
    return Image.open(path).convert("RGB").tobytes()


def run(handler: Any) -> Any:
    return asyncio.run(handler)


def steps(desk: Desk | None = None, **changes: Any) -> list[dict[str, Any]]:
    """What the tab shows while it paints, by the names of the outputs."""

    async def collect() -> list[tuple]:
        return [one async for one in answers.on_paint(desk or Desk(), **{**GIVEN, **changes})]

    return [dict(zip(("desk", "view", "report", "png", "zip"), one, strict=True)) for one in asyncio.run(collect())]


# --- the endpoint -------------------------------------------------------------------------------------------------


def test_a_program_gets_png_files_and_facts(program: Client, painter: FakePainter) -> None:
    files, facts = ask(program, seed=5, count=2)
    assert set(facts) == {
        "seeds", "steps", "guidance_scale", "width", "height", "scheduler", "engine", "seconds",
    }  # fmt: skip
    assert facts["seeds"] == [5, 6] and facts["engine"] == "fake" and facts["seconds"] >= 0
    assert (facts["steps"], facts["guidance_scale"], facts["scheduler"]) == (4, 5.0, "DDIMScheduler")
    assert [Image.open(file).format for file in files] == ["PNG", "PNG"] and len(files) == 2
    assert [Image.open(file).size for file in files] == [(facts["width"], facts["height"])] * 2
    known = settings_of(files[1])
    assert (known.prompt, known.seed, known.engine) == ("a red kite", 6, "fake")
    again, _ = ask(program, seed=6)
    assert pixels(again[0]) == pixels(files[1])


PARAMETERS = [
    ({"negative_prompt": "rain"}, "negative_prompt", "rain"), ({"steps": 3}, "steps", 3),
    ({"guidance_scale": 2.5}, "guidance_scale", 2.5), ({"width": 96}, "width", 96), ({"height": 32}, "height", 32),
    ({"seed": 0}, "seed", 0), ({"scheduler": "EulerDiscreteScheduler"}, "scheduler", "EulerDiscreteScheduler"),
    ({"style": "pixel"}, "prompt", f"a red kite, {STYLES[9].words}"), ({"lora": "me/x"}, "lora", "me/x"),
    ({"lora_scale": 0.25}, "lora_scale", 0.25),
]  # fmt: skip


@pytest.mark.parametrize(("given", "name", "value"), PARAMETERS, ids=[next(iter(given)) for given, _, _ in PARAMETERS])
def test_every_parameter_reaches_the_engine(
    program: Client, painter: FakePainter, given: dict[str, Any], name: str, value: Any
) -> None:
    ask(program, **given)
    assert getattr(painter.orders[-1], name) == value


def test_a_program_starts_from_a_picture(program: Client, painter: FakePainter, start: Path) -> None:
    ask(program, image=handle_file(str(start)), image_strength=0.5, width=96, height=64)
    order = painter.orders[-1]
    assert order.strength == 0.5 and order.image is not None
    assert order.image.tobytes() == pixels(start)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"prompt": ""}, "invalid_input"), ({"prompt": 7}, "invalid_input"), ({"prompt": "x" * 8001}, "too_large"),
        ({"width": 100}, "invalid_input"), ({"count": 9}, "invalid_input"), ({"steps": "many"}, "invalid_input"),
        ({"seed": -5}, "invalid_input"), ({"style": "cubism"}, "invalid_input"),
        ({"engine": "nobody"}, "unknown_engine"),
        ({"scheduler": "none"}, "invalid_input"), ({"image_strength": 2}, "invalid_input"),
        ({"seed": 66}, "engine_failed"),
    ],
    ids=lambda value: str(value)[:30],
)  # fmt: skip
def test_wrong_calls_end_in_a_sentence_with_its_code(
    program: Client, painter: FakePainter, given: dict[str, Any], code: str
) -> None:
    with pytest.raises(AppError) as refused:
        ask(program, **{"prompt": "a kite", **given})
    assert str(refused.value).rstrip().endswith(f"[{code}]")


def test_errors_come_in_korean_too(url: str, painter: FakePainter) -> None:
    values = ["", "", "auto", 0, -1, 0, 0, -1, 1, None, 0.6, "", "", "", 1.0]
    event, answer = raw.call(url, "/text_to_image", values, {"Accept-Language": "ko"})
    assert event == "error" and "그릴지" in answer["error"] and answer["error"].endswith("[invalid_input]")


def test_a_picture_that_was_held_back_is_no_file(program: Client, painter: FakePainter) -> None:
    files, facts = ask(program, seed=65, count=3)
    assert facts["seeds"] == [65, 67] and len(files) == 2
    with pytest.raises(AppError, match="66"):
        ask(program, seed=66)


# --- painting in the tab ------------------------------------------------------------------------------------------


def named(**changes: Any) -> Controls:
    """Controls in which every component is its own name."""
    names = [field.name for field in dataclasses.fields(Controls)]
    return Controls(**{name: name for name in names} | {"picker": SimpleNamespace(choice="engine")} | changes)


def test_the_inputs_are_wired_in_the_order_in_which_the_handler_takes_them() -> None:
    assert named().given == list(inspect.signature(answers.on_paint).parameters)[1:] == list(GIVEN)


def test_the_picture_appears_step_by_step(fake_engine: Callable[[Any], Any]) -> None:
    fake_engine(PainterModule(FakePainter(pace_s=0.25)))
    seen = steps(seed=9)
    assert seen[0]["view"]["state"] == "waiting" and seen[-1]["view"]["state"] == "still"
    middle = [one["view"] for one in seen if one["view"]["state"] == "painting"]
    assert len(middle) >= 3 and len({one["stage"] for one in middle}) >= 3
    assert "Step 2 of 4 · seed 9" in [one["caption"] for one in middle]
    last = seen[-1]
    assert "Seed 9" in last["view"]["caption"] and last["view"]["stage"] == last["png"]["value"]
    assert len(last["view"]["strip"]) == 5 and last["view"]["strip"][-1] == last["view"]["stage"]
    assert all(Path(path).is_file() for path in last["view"]["strip"])
    assert "Engine fake" in last["report"]


CONTROLS = [
    ({"prompt": "a blue dog"}, "prompt", "a blue dog"), ({"negative": "rain"}, "negative_prompt", "rain"),
    ({"steps": " 3 "}, "steps", 3), ({"guidance": "0"}, "guidance_scale", 0), ({"size": "96x32"}, "width", 96),
    ({"size": " 96 × 32 "}, "height", 32), ({"seed": "0"}, "seed", 0),
    ({"scheduler": "EulerDiscreteScheduler"}, "scheduler", "EulerDiscreteScheduler"),
    ({"style": "ink"}, "negative_prompt", STYLES[4].against), ({"lora": "me/x"}, "lora", "me/x"),
    ({"lora_scale": 0.3}, "lora_scale", 0.3),
]  # fmt: skip


@pytest.mark.parametrize(("given", "name", "value"), CONTROLS, ids=[next(iter(given)) for given, _, _ in CONTROLS])
def test_every_control_reaches_the_engine(painter: FakePainter, given: dict[str, Any], name: str, value: Any) -> None:
    steps(**given)
    assert getattr(painter.orders[-1], name) == value


def test_engine_count_picture_and_strength_reach_it_too(
    painter: FakePainter, fake_engine: Callable[[Any], Any], start: Path, upload: Any
) -> None:
    steps(count=3, image=upload(start), strength=0.25)
    assert len(painter.orders) == 3 and painter.orders[0].strength == 0.25 and painter.orders[0].image is not None
    other = FakePainter()
    fake_engine(PainterModule(other, "other", rank=1))
    steps(engine="other")
    assert len(other.orders) == 1 and len(painter.orders) == 3


def test_settings_are_in_the_file_unless_they_are_to_stay_out(painter: FakePainter) -> None:
    with_them = steps(seed=3)[-1]["png"]["value"]
    assert settings_of(Path(with_them)).seed == 3
    without = steps(seed=3, embed=False)[-1]["png"]["value"]
    assert pixels(without) == pixels(with_them)
    with pytest.raises(InvalidInput):
        settings_of(Path(without))


def test_pictures_gather_and_all_of_them_are_in_the_zip(painter: FakePainter) -> None:
    first = steps(seed=1)[-1]
    assert first["zip"]["interactive"] is False
    second = steps(first["desk"], seed=7, count=2)[-1]
    assert [one["seed"] for one in second["view"]["pictures"]] == [1, 7, 8] and second["view"]["which"] == 2
    with zipfile.ZipFile(second["zip"]["value"]) as archive:
        assert archive.namelist() == ["01-picture-1.png", "02-picture-7.png", "03-picture-8.png"]
        assert archive.read("02-picture-7.png") == Path(second["view"]["pictures"][1]["path"]).read_bytes()


def test_a_file_that_has_left_the_server_is_not_in_the_zip(tmp_path: Path) -> None:
    here = tmp_path / "picture-1.png"
    here.write_bytes(b"x")
    pictures = [Picture(str(here), 1, 8, 8, 1), Picture(str(tmp_path / "gone.png"), 2, 8, 8, 1)]
    with zipfile.ZipFile(zipped(pictures)) as archive:
        assert archive.namelist() == ["01-picture-1.png"]


@pytest.mark.parametrize("size", ["wide", "12", "12x", "1x2x3", "-5x8", "123456x8"])
def test_a_size_that_is_none_is_refused(painter: FakePainter, size: str) -> None:
    with pytest.raises(InvalidInput, match="512x384"):
        steps(size=size)


@pytest.mark.parametrize("field", ["steps", "guidance", "seed"])
@pytest.mark.parametrize("value", ["many", "1e999", "nan", "-7", True])
def test_a_number_that_is_none_is_refused(painter: FakePainter, field: str, value: Any) -> None:
    with pytest.raises(InvalidInput, match=field):
        steps(**{field: value})
    assert not painter.orders


def test_what_the_painter_does_not_know_stands_beside_the_picture(fake_engine: Callable[[Any], Any]) -> None:
    fake_engine(PainterModule(FakePainter(words={"red", "star"})))
    report = steps(prompt="red <b>cathedral</b> star", style="oil")[-1]["report"]
    assert "cathedral" in report and "<b>" not in report and "Oil painting" in report


def test_a_held_back_picture_is_told_and_not_shown(painter: FakePainter) -> None:
    last = steps(seed=66)[-1]
    assert last["view"]["stage"] is None and last["view"]["pictures"] == [] and "66" in last["report"]


# --- stopping, looking, seeds -------------------------------------------------------------------------------------


def half_painted(painter: FakePainter) -> Desk:
    """A desk whose second picture was stopped after two steps."""
    desk = Desk()

    async def begin() -> None:
        painting = answers.on_paint(desk, **{**GIVEN, "seed": 20, "count": 2})
        async for _, shown, *_ in painting:
            if shown["state"] == "painting" and len(desk.pictures) == 1 and desk.moment and desk.moment.now.step == 2:
                break
        await painting.aclose()  # type: ignore[attr-defined]

    asyncio.run(begin())
    return desk


def test_a_stop_keeps_the_preview_and_what_is_finished(fake_engine: Callable[[Any], Any]) -> None:
    slow = FakePainter(pace_s=0.3)
    fake_engine(PainterModule(slow))
    desk = half_painted(slow)
    shown, one, archive = run(answers.on_stop(desk))
    assert shown["state"] == "stopped" and shown["stage"] == desk.strip[-1] and Path(shown["stage"]).is_file()
    assert "Stopped at step 2 of 4 · seed 21" in shown["caption"]
    assert len(shown["pictures"]) == 1 and one["value"] == desk.pictures[0].path and archive["interactive"] is False
    assert run(answers.on_same_seed(desk)) == "21"
    assert slow.steps_done <= 7
    assert steps(desk)[-1]["view"]["state"] == "still"


def test_a_stop_before_anything_was_painted_is_calm() -> None:
    shown, one, _ = run(answers.on_stop(Desk()))
    assert shown["state"] == "still" and shown["stage"] is None and one["interactive"] is False


def test_another_picture_is_looked_at(painter: FakePainter) -> None:
    desk = steps(seed=1, count=3)[-1]["desk"]
    _, shown, png = run(answers.on_which(desk, SimpleNamespace(_data={"which": 1})))  # type: ignore[arg-type]
    assert shown["which"] == 1 and "Seed 2" in shown["caption"] and png["value"] == desk.pictures[1].path
    assert run(answers.on_same_seed(desk)) == "2" and answers.picture_of(desk) == desk.pictures[1].path
    for wrong in (-1, 3, "1", None):
        run(answers.on_which(desk, SimpleNamespace(_data={"which": wrong})))  # type: ignore[arg-type]
        assert desk.which == 1


def test_without_a_picture_there_is_no_seed_and_nothing_to_send() -> None:
    with pytest.raises(InvalidInput):
        run(answers.on_same_seed(Desk()))
    assert answers.picture_of(Desk()) == ""


# --- the engine's choices -----------------------------------------------------------------------------------------


def by_engine(engine: str, size: str = "", scheduler: str = "") -> dict[str, Any]:
    return dict(zip(named().by_engine, run(answers.on_engine(engine, size, scheduler)), strict=True))


def test_the_choices_follow_the_engine(painter: FakePainter) -> None:
    shown = by_engine("fake", "96x96", "EulerDiscreteScheduler")
    assert shown["steps"]["placeholder"] == "Auto (4)" and shown["guidance"]["placeholder"] == "Auto (5)"
    assert shown["size"]["value"] == "96x96" and shown["scheduler"]["value"] == "EulerDiscreteScheduler"
    assert [value for _, value in shown["scheduler"]["choices"]] == ["", *ABLE.schedulers]
    assert shown["size"]["choices"][0] == ("Auto (64×64)", "")
    for _, value in shown["size"]["choices"][1:]:
        width, height = (int(side) for side in value.split("x"))
        assert width % 8 == height % 8 == 0 and 32 <= min(width, height) <= max(width, height) <= 128
    assert by_engine("fake", "512x512", "LMS")["size"]["value"] == ""
    assert by_engine("fake", "", "LMS")["scheduler"]["value"] == ""


def test_what_an_engine_does_not_take_is_not_offered(fake_engine: Callable[[Any], Any]) -> None:
    nothing = dataclasses.replace(
        ABLE, takes_image=False, takes_lora=False, takes_negative=False, takes_guidance=False, takes_seed=False,
        schedulers=(), most_steps=1,
    )  # fmt: skip
    fake_engine(PainterModule(FakePainter(nothing)))
    shown = by_engine("fake")
    hidden = ("negative", "steps", "guidance", "seed", "scheduler", "start", "lora_row")
    assert [shown[name]["visible"] for name in hidden] == [False] * 7
    assert shown["image"] is None and shown["lora"] == ""
    full = FakePainter()
    fake_engine(PainterModule(full, "full"))
    shown = by_engine("full")
    assert [shown[name]["visible"] for name in hidden] == [True] * 7 and shown["lora"] != ""


def test_the_page_opens_in_the_visitors_language(painter: FakePainter) -> None:
    filled = run(answers.on_open())
    assert len(filled) == 4 + len(named().by_engine)
    assert len(filled[2]["choices"]) == 13 and ("수채화", "watercolour") in controls.style_choices("ko")
    assert view.shown(Desk(), "ko")["words"]["nothing"] != view.shown(Desk(), "en")["words"]["nothing"]


# --- words to click -----------------------------------------------------------------------------------------------


@pytest.fixture
def taught(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The words of a painter that knows three colours."""
    import json

    facts = {
        "shapes": [["star", "별"], ["ring", "고리"]], "sizes": [["big", "큰"]], "relations": [["left of", "왼쪽"]],
        "colours": [["red", "빨간"], ["sky blue", "하늘색"], ["pink", "분홍색"]], "emoji": [["fox", "여우"]],
        "known": ["red", "star"], "steps": 12, "guidance": 4.0,
    }  # fmt: skip
    (tmp_path / "words.json").write_text(json.dumps(facts), encoding="utf-8")
    monkeypatch.setattr(painter_files, "FOLDER", tmp_path)


def test_the_painters_words_can_be_clicked_in_both_languages(taught: None) -> None:
    korean, english = (chips.shown("embedded", language) for language in ("ko", "en"))  # type: ignore[arg-type]
    assert "도형 2가지" in korean["title"] and "3 colours" in english["title"] and "사물 1가지" in korean["title"]
    words = {one["word"]: one for group in korean["groups"] for one in group["chips"]}
    assert {"빨간", "별", "큰", "왼쪽의", "여우", ", 하늘색 배경"} <= set(words)
    assert words["하늘색"]["colour"] == "skyblue"
    said = {one["word"] for group in english["groups"] for one in group["chips"]}
    assert {"red", "star", "left of", ", pink background"} <= said
    assert len(korean["luck"]) == 40 and len(korean["examples"]) == len(english["examples"]) == 3


def test_a_larger_engine_gets_examples_instead(painter: FakePainter, fake_engine: Any, taught: None) -> None:
    fake_engine(PainterModule(FakePainter(), "large", kind="remote", setting="MODU_X", rank=2000))
    shown = chips.shown("large", "ko")
    assert "groups" not in shown and shown["examples"][0]["label"] == "비 오는 골목"
    assert shown["examples"][0]["word"].isascii()


# --- settings come back -------------------------------------------------------------------------------------------


def restored(file: Any, engine: str = "auto") -> dict[str, Any]:
    names = [*named().restored, "report"]
    return dict(zip(names, run(answers.on_restore(file, engine)), strict=True))


def test_a_painted_picture_brings_its_settings_back(painter: FakePainter, upload: Any) -> None:
    asked = {
        "prompt": "빨간 연", "negative": "비", "steps": "3", "guidance": "2.5", "size": "96x32", "seed": "8",
        "scheduler": "EulerDiscreteScheduler", "style": "ink", "lora": "me/x", "lora_scale": 0.5,
    }  # fmt: skip
    path = steps(**asked)[-1]["png"]["value"]
    back = restored(upload(Path(path)))
    assert {name: back[name]["value"] if isinstance(back[name], dict) else back[name] for name in asked} == asked
    assert back["engine"] == "fake" and ("96 × 32", "96x32") in back["size"]["choices"]
    assert "settings" in back["report"]
    again = steps(**{name: back[name]["value"] if isinstance(back[name], dict) else back[name] for name in asked})
    assert pixels(again[-1]["png"]["value"]) == pixels(path)


def test_what_cannot_come_back_is_said(painter: FakePainter, upload: Any, start: Path) -> None:
    path = steps(image=upload(start), strength=0.5)[-1]["png"]["value"]
    assert "other picture" in restored(upload(Path(path)))["report"].replace("another picture", "other picture")
    known = PictureSettings(prompt="a", engine="gone", seed=4)
    chosen, notice = answers._engine_of(known, "auto")
    assert chosen == "auto" and "gone" in notice.en and notice != Text("", "")


def test_a_picture_without_settings_leaves_everything_as_it_is(upload: Any, start: Path) -> None:
    for file in (upload(start), None, "/etc/hostname", {"path": "/etc/hostname"}):
        with pytest.raises(PipelineError):
            restored(file)
