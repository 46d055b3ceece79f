"""Painting as a pipeline, with an engine that computes nothing: choices, seeds, styles, forecast, cancel, PNG files."""

from __future__ import annotations

import dataclasses
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from painters import ABLE, FakePainter, PainterModule
from PIL import Image, PngImagePlugin

from pipelines import engines, text_to_image
from pipelines.diffusion import painter as painter_files
from pipelines.errors import Cancelled, EngineUnavailable, InvalidInput, PipelineError, TooLarge
from pipelines.job import Job, Progress
from pipelines.text_to_image import (
    STYLES,
    Painting,
    PaintOptions,
    PictureSettings,
    choices,
    paint,
    png_bytes,
    settings_for,
    settings_of,
    vocabulary,
)
from pipelines.text_to_image.forecast import Forecast, duration
from pipelines.text_to_image.lexicon import Vocabulary
from pipelines.words import Text


@pytest.fixture
def painter(fake_engine: Callable[[Any], Any]) -> FakePainter:
    built = FakePainter()
    fake_engine(PainterModule(built))
    return built


def painted(prompt: Any = "a red kite", job: Job | None = None, **options: Any) -> Painting:
    *_, last = paint(prompt, PaintOptions(**options), job=job)
    return last


def same(one: Image.Image, other: Image.Image) -> bool:
    return one.size == other.size and np.array_equal(np.asarray(one), np.asarray(other))


def photo(width: int = 90, height: int = 60, mode: str = "RGB") -> Image.Image:
    luck = np.random.default_rng(4)
    return Image.fromarray(luck.integers(0, 256, (height, width, len(mode)), dtype=np.uint8), mode)


# --- one picture, several pictures --------------------------------------------------------------------------------


def test_what_is_left_open_is_the_engines_own_choice(painter: FakePainter) -> None:
    found = painted()
    (order,) = painter.orders
    assert (order.steps, order.guidance_scale, order.width, order.height) == (4, 5.0, 64, 64)
    assert order.scheduler == "DDIMScheduler" and order.image is None and order.strength == 1.0
    assert (found.steps, found.guidance_scale, found.width, found.height) == (4, 5.0, 64, 64)
    assert found.engine == "fake" and found.done and found.seconds >= 0 and found.seeds == (order.seed,)
    assert found.images[0].size == (64, 64)


def test_every_choice_reaches_the_engine(painter: FakePainter) -> None:
    painted(
        "  a blue dog ", negative_prompt="cats", steps=7, guidance_scale=0, width=96, height=128, seed=11,
        scheduler="EulerDiscreteScheduler", lora="me/lines", lora_scale=0.5,
    )  # fmt: skip
    (order,) = painter.orders
    wanted = {
        "prompt": "a blue dog", "negative_prompt": "cats", "steps": 7, "guidance_scale": 0, "width": 96, "height": 128,
        "seed": 11, "scheduler": "EulerDiscreteScheduler", "lora": "me/lines", "lora_scale": 0.5,
    }  # fmt: skip
    assert {name: getattr(order, name) for name in wanted} == wanted


def test_a_picture_comes_step_by_step(painter: FakePainter) -> None:
    seen = list(paint("a kite", PaintOptions(count=2, seed=5)))
    assert [(one.step, len(one.images), one.done) for one in seen] == [
        (1, 0, False), (2, 0, False), (3, 0, False), (4, 0, False), (4, 1, False),
        (1, 1, False), (2, 1, False), (3, 1, False), (4, 1, False), (4, 2, True),
    ]  # fmt: skip
    assert all((one.preview is None) == (number in (4, 9)) for number, one in enumerate(seen))
    assert seen[0].seeds == (5,) and seen[5].seeds == (5, 6) and seen[-1].seeds == (5, 6)
    assert all(one.total == 4 for one in seen)


def test_the_same_seed_gives_the_same_picture_and_several_seeds_follow_each_other(painter: FakePainter) -> None:
    three = painted(seed=40, count=3)
    assert three.seeds == (40, 41, 42)
    assert same(painted(seed=41).images[0], three.images[1])
    assert not same(three.images[0], three.images[1])


def test_a_new_seed_is_drawn_each_time_and_told(painter: FakePainter) -> None:
    seeds = {painted().seeds[0] for _ in range(6)}
    assert len(seeds) == 6 and all(0 <= seed <= choices.HIGHEST_SEED for seed in seeds)


def test_seeds_go_on_from_nought_after_the_highest(painter: FakePainter) -> None:
    assert painted(seed=2**32 - 1, count=2).seeds == (2**32 - 1, 0)


# --- values that cannot be ----------------------------------------------------------------------------------------

WRONG: list[tuple[dict[str, Any], str]] = [
    ({"steps": 21}, "20"), ({"steps": -2}, "steps"), ({"steps": 2.5}, "whole"), ({"steps": "four"}, "steps"),
    ({"guidance_scale": 31}, "guidance_scale"), ({"guidance_scale": -0.5}, "auto"),
    ({"guidance_scale": float("nan")}, "guidance_scale"), ({"guidance_scale": None}, "guidance_scale"),
    ({"width": 100}, "96 or 104"), ({"height": 132}, "128"), ({"width": 24}, "32"), ({"height": 10**6}, "height"),
    ({"width": True}, "width"), ({"seed": -2}, "seed"), ({"seed": 2**32}, "seed"), ({"seed": "7"}, "seed"),
    ({"count": 0}, "count"), ({"count": 9}, "8"), ({"scheduler": "LMS"}, "DDIMScheduler"), ({"scheduler": 3}, "text"),
    ({"style": "cubism"}, "watercolour"), ({"style": None}, "style"), ({"image_strength": 1.1}, "image_strength"),
    ({"lora_scale": 2.5}, "lora_scale"), ({"lora": ["x"]}, "lora"), ({"lora": "x" * 201}, "200"),
    ({"negative_prompt": 5}, "negative"),
]  # fmt: skip


@pytest.mark.parametrize(("options", "said"), WRONG, ids=[repr(options) for options, _ in WRONG])
def test_a_wrong_value_is_refused_in_words(painter: FakePainter, options: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidInput, match=said) as refused:
        painted(**options)
    assert refused.value.message.ko != refused.value.message.en and not painter.orders


@pytest.mark.parametrize("prompt", ["", "   ", None, 5, ["a"]], ids=repr)
def test_without_a_prompt_nothing_is_painted(painter: FakePainter, prompt: Any) -> None:
    with pytest.raises(InvalidInput):
        painted(prompt)
    assert not painter.orders


def test_the_limit_of_a_prompt_is_the_owners(painter: FakePainter, monkeypatch: pytest.MonkeyPatch) -> None:
    painted("x" * 8000)
    with pytest.raises(TooLarge):
        painted("x" * 8001)
    with pytest.raises(TooLarge):
        painted(negative_prompt="x" * 8001)
    monkeypatch.setenv("MODU_LIMIT_PROMPT_CHARACTERS", "10")
    with pytest.raises(TooLarge, match="10"):
        painted("eleven letters")


def test_what_no_engine_takes_is_refused_before_one_is_loaded(fake_engine: Callable[[Any], Any]) -> None:
    module = fake_engine(PainterModule(FakePainter()))
    for options in ({"count": 9}, {"steps": -5}, {"style": "cubism"}, {"width": "wide"}):
        with pytest.raises(InvalidInput):
            painted(**options)
    assert module.loads == 0


@pytest.mark.parametrize(
    ("able", "options"),
    [({"takes_lora": False}, {"lora": "me/x"}), ({"takes_image": False}, {"image": photo()}),
     ({"schedulers": ()}, {"scheduler": "DDIMScheduler"})],
    ids=["lora", "image", "scheduler"],
)  # fmt: skip
def test_what_this_engine_cannot_do_is_refused(
    fake_engine: Callable[[Any], Any], able: dict[str, Any], options: dict[str, Any]
) -> None:
    built = FakePainter(dataclasses.replace(ABLE, **able))
    fake_engine(PainterModule(built))
    with pytest.raises(InvalidInput, match="cannot"):
        painted(**options)
    assert not built.orders and painted().done


@pytest.mark.parametrize(
    ("able", "options", "said"),
    [("takes_negative", {"negative_prompt": "cats"}, ("negative prompt", "제외할 것")),
     ("takes_guidance", {"guidance_scale": 3}, ("guidance", "가이던스")),
     ("takes_seed", {"seed": 0}, ("seed", "시드"))],
    ids=["negative", "guidance", "seed"],
)  # fmt: skip
def test_what_means_nothing_to_an_engine_is_said(
    fake_engine: Callable[[Any], Any], able: str, options: dict[str, Any], said: tuple[str, str]
) -> None:
    built = FakePainter(dataclasses.replace(ABLE, **{able: False}))
    fake_engine(PainterModule(built))
    found = painted(**options)
    assert said[0] in found.notice.en and said[1] in found.notice.ko
    assert painted(style="ink").notice == Text("", "")
    assert all((order.negative_prompt == "") == (able == "takes_negative") for order in built.orders[1:])
    assert found.negative_prompt == built.orders[0].negative_prompt == ""


def test_an_engine_that_ends_without_a_picture_is_a_bug(fake_engine: Callable[[Any], Any]) -> None:
    built = FakePainter()
    built.paint = lambda order, job: iter(())  # type: ignore[assignment, method-assign]
    fake_engine(PainterModule(built))
    with pytest.raises(RuntimeError, match="without a picture"):
        painted()


# --- styles -------------------------------------------------------------------------------------------------------


def test_there_are_twelve_styles_with_names_in_both_languages() -> None:
    assert len(STYLES) == len({style.name for style in STYLES}) == 12
    assert len({style.label.ko for style in STYLES}) == len({style.label.en for style in STYLES}) == 12
    assert len({style.words for style in STYLES}) == len({style.against for style in STYLES}) == 12


@pytest.mark.parametrize("style", STYLES, ids=[style.name for style in STYLES])
def test_a_style_adds_its_words_to_both_prompts(painter: FakePainter, style: Any) -> None:
    painted("A lighthouse.", negative_prompt="people", style=style.name)
    (order,) = painter.orders
    assert order.prompt == f"A lighthouse, {style.words}"
    assert order.negative_prompt == f"people, {style.against}"


def test_a_painter_of_few_words_leaves_a_style_out_and_says_so(fake_engine: Callable[[Any], Any]) -> None:
    built = FakePainter(words={"red", "star"})
    fake_engine(PainterModule(built))
    found = painted("red star", style="watercolour")
    assert built.orders[0].prompt == "red star" and built.orders[0].negative_prompt == ""
    assert "Watercolour" in found.notice.en and "수채화" in found.notice.ko


def test_words_that_a_painter_does_not_know_are_named(fake_engine: Callable[[Any], Any]) -> None:
    fake_engine(PainterModule(FakePainter(words={"red", "star"})))
    found = painted("red cathedral, star")
    assert "cathedral" in found.notice.en and "cathedral" in found.notice.ko and "red" not in found.notice.ko
    assert painted("red star").notice == Text("", "")
    many = painted(" ".join(f"word{number}" for number in range(50)))
    assert "word7" in many.notice.en and "word8" not in many.notice.en


def test_an_engine_that_knows_no_korean_says_so(fake_engine: Callable[[Any], Any]) -> None:
    fake_engine(PainterModule(FakePainter(), languages=("en",)))
    assert "English" in painted("빨간 연").notice.en and painted("a red kite").notice == Text("", "")


# --- a picture to start from --------------------------------------------------------------------------------------


def test_the_picture_to_start_from_comes_at_the_size_that_is_painted(painter: FakePainter) -> None:
    start = photo(200, 100)
    found = painted(image=start, image_strength=0.5)
    (order,) = painter.orders
    assert order.image is not None and order.image.size == (found.width, found.height) and order.strength == 0.5
    assert found.width > found.height and abs(found.width * found.height - 64 * 64) < 64 * 64 * 0.35
    assert found.width % 8 == found.height % 8 == 0 and found.total == 2
    square = painted(image=start, width=64, height=64)
    assert (square.width, square.height) == (64, 64) and painter.orders[-1].image.size == (64, 64)  # type: ignore[union-attr]


def test_a_very_long_picture_stays_within_the_engines_sizes(painter: FakePainter) -> None:
    for size in ((4000, 20), (20, 4000), (1, 1)):
        found = painted(image=photo(*size))
        assert 32 <= found.width <= 128 and 32 <= found.height <= 128


def test_transparency_is_laid_on_white(painter: FakePainter) -> None:
    painted(image=Image.new("RGBA", (64, 64), (255, 0, 0, 0)))
    image = painter.orders[0].image
    assert image is not None and image.mode == "RGB" and image.getpixel((3, 3)) == (255, 255, 255)


def test_strength_nought_gives_the_picture_back(painter: FakePainter) -> None:
    start = photo(64, 64)
    found = painted(image=start, image_strength=0, count=2)
    assert all(same(image, start) for image in found.images) and len(found.images) == 2 and not painter.orders


def test_a_weak_strength_never_leaves_nothing_to_paint(painter: FakePainter) -> None:
    for hundredths in range(5, 101):
        painted(image=photo(), image_strength=hundredths / 100)
        order = painter.orders[-1]
        assert int(order.steps * order.strength) >= 1 and order.steps <= 20
    with pytest.raises(InvalidInput, match="10 steps are needed"):
        painted(image=photo(), image_strength=0.1, steps=3)
    with pytest.raises(InvalidInput, match="up to 20"):
        painted(image=photo(), image_strength=0.01)


def test_strength_means_nothing_without_a_picture(painter: FakePainter) -> None:
    painted(image_strength=0.0)
    assert painter.orders[0].strength == 1.0 and painter.orders[0].image is None


# --- held back, cancelled, forecast -------------------------------------------------------------------------------


def test_a_picture_that_was_held_back_is_named_with_its_seed(fake_engine: Callable[[Any], Any]) -> None:
    fake_engine(PainterModule(FakePainter(held=(8,))))
    found = painted(seed=7, count=3)
    assert found.filtered == (1,) and len(found.images) == 3
    assert "8" in found.notice.en and "시드 8" in found.notice.ko


def test_a_cancel_ends_within_one_step_and_what_was_painted_stays(painter: FakePainter) -> None:
    job, seen = Job(), []
    with pytest.raises(Cancelled):
        for one in paint("a kite", PaintOptions(count=3, steps=10), job=job):
            seen.append(one)
            if len(one.images) == 1 and one.step == 3:
                job.cancel()
    assert painter.steps_done == 13
    assert len(seen[-1].images) == 1 and seen[-1].preview is not None and seen[-1].step == 3
    assert engines.ledger()  # the engine is free again
    assert painted().done


def test_whoever_stops_asking_frees_the_engine(painter: FakePainter) -> None:
    going = paint("a kite", PaintOptions(steps=10))
    next(going)
    going.close()  # type: ignore[attr-defined]
    assert painted().done and painter.steps_done == 5


def test_the_forecast_comes_from_measured_steps() -> None:
    now = [0.0]
    forecast = Forecast(2, lambda: now[0])
    left = []
    for picture in range(2):
        for number in range(1, 6):
            now[0] += 9.0 if (picture, number) == (0, 1) else 2.0  # the first step also loads and reads
            forecast.stepped(number, 5)
            left.append(forecast.left_s)
        now[0] += 1.0  # the decode
        forecast.finished()
    assert left[0] is None
    assert left[1] == pytest.approx(3 * 2 + 10)
    assert left[4] == pytest.approx(10)
    assert left[5] == pytest.approx(4 * 2)
    assert left[9] == 0 and forecast.fraction == 1


def test_a_painter_of_one_step_is_forecast_from_whole_pictures() -> None:
    now = [0.0]
    forecast = Forecast(3, lambda: now[0])
    now[0] = 4.0
    forecast.stepped(1, 1)
    assert forecast.left_s is None
    now[0] = 5.0
    forecast.finished()
    assert forecast.left_s == pytest.approx(10)


def test_progress_says_step_picture_and_time_left(fake_engine: Callable[[Any], Any]) -> None:
    fake_engine(PainterModule(FakePainter(pace_s=0.4)))
    told: list[Progress] = []
    painted(job=Job(told.append), count=2)
    said = [one.text for one in told]
    assert any("Picture 2 of 2, step 3 of 4" in one.en for one in said)
    assert any("2단계, 약" in one.ko and "초 남음" in one.ko for one in said)
    fractions = [one.fraction for one in told if one.fraction is not None]
    assert fractions == sorted(fractions) and fractions[-1] == 1


def test_durations_are_said_as_people_say_them() -> None:
    assert duration(7.4) == Text("7 s", "7초") and duration(119).en == "119 s" and duration(600).ko == "10분"


# --- settings in the file -----------------------------------------------------------------------------------------


def saved(folder: Path, prompt: str = "빨간 별, 노란 배경", **options: Any) -> tuple[Path, Painting, PaintOptions]:
    asked = PaintOptions(**options)
    *_, found = paint(prompt, asked)
    path = folder / "picture.png"
    path.write_bytes(png_bytes(found.images[0], settings_for(prompt, asked, found, 0), found))
    return path, found, asked


def test_a_picture_tells_how_to_paint_it_again(painter: FakePainter, tmp_path: Path) -> None:
    path, found, _ = saved(tmp_path, negative_prompt="비", style="ink", seed=3, steps=6, guidance_scale=2.5, width=96,
                           scheduler="EulerDiscreteScheduler", lora="me/x", lora_scale=0.3)  # fmt: skip
    known = settings_of(path)
    assert known == PictureSettings(
        prompt="빨간 별, 노란 배경", negative_prompt="비", steps=6, guidance_scale=2.5, width=96, height=64, seed=3,
        scheduler="EulerDiscreteScheduler", style="ink", lora="me/x", lora_scale=0.3, engine="fake",
    )  # fmt: skip
    names = {field.name for field in dataclasses.fields(PaintOptions)}
    values = {name: value for name, value in dataclasses.asdict(known).items() if name in names}
    again = painted(known.prompt, **{**values, "image_strength": 0.6})
    assert same(again.images[0], found.images[0]) and same(Image.open(path), found.images[0])


def test_other_programs_read_the_settings_too(painter: FakePainter, tmp_path: Path) -> None:
    path, _, _ = saved(tmp_path, "a kite", seed=3, style="pixel", negative_prompt="rain")
    lines = Image.open(path).info["parameters"].splitlines()
    assert lines[0].startswith("a kite, pixel art") and lines[1].startswith("Negative prompt: rain, photo")
    assert lines[2] == "Steps: 4, Sampler: DDIMScheduler, CFG scale: 5, Seed: 3, Size: 64x64, Model: fake"


def test_settings_stay_out_where_nobody_wants_them(painter: FakePainter, tmp_path: Path) -> None:
    image = painted().images[0]
    image.info["parameters"] = "secret"
    path = tmp_path / "bare.png"
    path.write_bytes(png_bytes(image))
    assert not Image.open(path).info and b"tEXt" not in path.read_bytes() and b"iTXt" not in path.read_bytes()
    with pytest.raises(InvalidInput, match="no settings"):
        settings_of(path)


def test_the_picture_it_began_from_is_remembered_as_a_strength(painter: FakePainter, tmp_path: Path) -> None:
    path, _, _ = saved(tmp_path, image=photo(), image_strength=0.75)
    assert settings_of(path).image_strength == 0.75


def png_with(folder: Path, **chunks: str) -> Path:
    info = PngImagePlugin.PngInfo()
    for name, text in chunks.items():
        info.add_itxt(name, text)
    path = folder / "other.png"
    Image.new("RGB", (8, 8)).save(path, pnginfo=info)
    return path


def test_pictures_of_other_programs_are_understood(tmp_path: Path) -> None:
    path = png_with(
        tmp_path,
        parameters="a castle, on a hill\nat dawn\nNegative prompt: fog\nSteps: 20, Sampler: Euler a, CFG scale: 7.5, "
        'Seed: 1234, Size: 512x768, Model: "some, thing", Denoising strength: 0.4',
    )
    known = settings_of(path)
    assert known.prompt == "a castle, on a hill\nat dawn" and known.negative_prompt == "fog"
    assert (known.steps, known.guidance_scale, known.seed, known.width, known.height) == (20, 7.5, 1234, 512, 768)
    assert known.image_strength == 0.4 and known.scheduler == "" and known.engine == ""


@pytest.mark.parametrize(
    "chunk",
    ["[1]", "{", "{}", '{"prompt": 5}', '{"prompt": "a", "steps": "many"}', '{"prompt": "a", "seed": -7}',
     '{"prompt": "a", "style": "cubism"}', '{"prompt": "a", "width": 1e9}', '{"prompt": "a", "engine": []}',
     '{"prompt": "' + "x" * 9000 + '"}', "[" * 100_000],
    ids=lambda text: text[:40],
)  # fmt: skip
def test_settings_that_mean_nothing_are_refused(tmp_path: Path, chunk: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        settings_of(png_with(tmp_path, modu=chunk))
    assert refused.value.message.ko


def test_settings_from_a_newer_version_are_read_as_far_as_they_are_known(tmp_path: Path) -> None:
    path = png_with(tmp_path, modu=json.dumps({"prompt": "a kite", "seed": 4, "mood": "happy"}))
    assert settings_of(path) == PictureSettings(prompt="a kite", seed=4)


def test_only_a_png_is_asked_for_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jpeg, text, broken = tmp_path / "a.jpg", tmp_path / "a.png", tmp_path / "b.png"
    Image.new("RGB", (9, 9)).save(jpeg)
    text.write_text("no picture")
    broken.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 40)
    for path in (jpeg, text, broken):
        with pytest.raises(InvalidInput, match="PNG"):
            settings_of(path)
    whole = png_with(tmp_path, modu='{"prompt": "a"}')
    monkeypatch.setenv("MODU_LIMIT_PICTURE_BYTES", "20")
    with pytest.raises(TooLarge):
        settings_of(whole)


# --- words --------------------------------------------------------------------------------------------------------

WORDS = Vocabulary(
    shapes=(Text("star", "별"), Text("ring", "고리")),
    colours=(Text("red", "빨간"), Text("blue", "파란"), Text("pink", "분홍색")),
    sizes=(Text("big", "큰"),),
    relations=(Text("left of", "왼쪽"),),
    emoji=(),
    known=frozenset({"red", "blue", "pink", "star", "ring", "left", "of", "background"}),
)


def test_a_sentence_of_the_painters_words_holds_no_other() -> None:
    for seed in range(20):
        words = WORDS.sentence("en", random.Random(seed)).replace(",", "").split()
        assert set(words) <= WORDS.known and words[-1] == "background"
        assert WORDS.sentence("ko", random.Random(seed)).endswith("배경")


def test_a_colour_without_a_ground_gets_one_that_shows_it() -> None:
    """Left open, the painter put one red circle in ten on red, where nobody sees it."""
    for prompt, words in (
        ("a red circle", "red"),
        ("빨간 원 그려줘", "빨간"),
        ("sky blue star", "blue"),
        ("보라색 별", "보라"),
    ):
        made = {painter_files.with_ground(prompt, seed) for seed in range(60)}
        grounds = {one.replace(prompt, "") for one in made}
        assert len(made) >= 7 and all(prompt in one for one in made)
        assert not any(words in ground for ground in grounds)
        assert all("background" in ground or "배경에" in ground for ground in grounds)
        assert painter_files.with_ground(prompt, 5) == painter_files.with_ground(prompt, 5)
    told = (
        "a red circle on blue",
        "a red circle on a light blue background",
        "빨간 원, 파란 배경",
        "노란 바탕에 빨간 원",
    )
    for prompt in (*told, "a smiling face", "토끼", "a circle", "predator"):
        assert painter_files.with_ground(prompt, 5) == prompt


def test_the_built_in_painter_shows_what_it_was_asked_for() -> None:
    seed = 3608193187  # with it the circle lay on its own red
    *_, done = paint("red circle", PaintOptions(seed=seed), engine="embedded")
    assert np.asarray(done.images[0]).std(axis=(0, 1)).max() > 30


def test_without_the_painters_files_there_are_no_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(painter_files, "FOLDER", tmp_path)
    engines.unload("text_to_image", "embedded")  # a loaded one knows what it can do without its files
    assert vocabulary() is None and text_to_image.defaults("embedded") is None
    with pytest.raises(EngineUnavailable, match="assets/text_to_image"):
        next(paint("a red star", engine="embedded"))
    facts = {"shapes": [["star", "별"]], "colours": [], "relations": [], "sizes": [], "emoji": [], "known": ["star"]}
    (tmp_path / "words.json").write_text(json.dumps({**facts, "steps": 9, "guidance": 2}), encoding="utf-8")
    found, able = vocabulary(), text_to_image.defaults("embedded")
    assert found is not None and found.shapes == (Text("star", "별"),) and found.known == {"star"}
    assert able is not None and (able.steps, able.guidance_scale) == (9, 2.0)


def test_what_an_engine_can_do_is_known_before_it_is_loaded(fake_engine: Callable[[Any], Any]) -> None:
    module = fake_engine(PainterModule(FakePainter()))
    assert text_to_image.defaults("fake") == ABLE and module.loads == 0
    with pytest.raises(PipelineError, match="no engine"):
        text_to_image.defaults("nobody")
