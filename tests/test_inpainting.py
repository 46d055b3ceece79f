"""Repainting: what stays bit-identical, what an engine is asked, drafts, cancels, and the built-in engine itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes import FakeModule, spec
from PIL import Image, ImageDraw

from pipelines import engines, media
from pipelines.diffusion.contract import Defaults, Order, Step
from pipelines.errors import Cancelled, EngineFailed, EngineUnavailable, InvalidInput, TooLarge, UnknownEngine
from pipelines.inpainting import Repainted, RepaintOptions, filling, masks, repaint, repainting
from pipelines.job import Job
from pipelines.words import EMPTY

RANDOM = np.random.default_rng(7)


def noise(width: int, height: int, channels: int = 3) -> Image.Image:
    return Image.fromarray(RANDOM.integers(0, 256, (height, width, channels), np.uint8))


def box(width: int, height: int, x: int, y: int, w: int, h: int) -> Image.Image:
    return masks.from_boxes([(x, y, w, h)], width, height)


def finished(*args: Any, **kwargs: Any) -> Repainted:
    *_, last = repaint(*args, **kwargs)
    assert last.done
    return last


class Fake:
    """Paints everything in one colour, in two steps, and keeps what it was asked."""

    takes_prompt = True

    def __init__(self, side: int = 64, multiple: int = 8, colour: tuple[int, int, int] = (200, 10, 60)) -> None:
        self.side, self.colour = side, colour
        self.defaults = Defaults(steps=2, guidance_scale=5.5, width=side, height=side, multiple=multiple, most_steps=50)
        self.orders: list[Order] = []
        self.filtered = False
        self.finishes = True

    def repaint(self, order: Order, job: Job) -> Iterator[Step]:
        self.orders.append(order)
        assert order.image is not None and order.mask is not None
        assert order.image.size == order.mask.size == (order.width, order.height)
        painted = Image.new("RGB", order.image.size, self.colour)
        yield Step(1, 2, preview=Image.new("RGB", (order.width // 8 or 1, order.height // 8 or 1), self.colour))
        job.check()
        if self.finishes:
            yield Step(2, 2, image=painted, filtered=self.filtered)


@pytest.fixture
def fake(fake_engine: Callable[..., Any]) -> Fake:
    engine = Fake()
    fake_engine(FakeModule(spec("inpainting", "fake", rank=1), lambda: engine))
    return engine


# --- bit-identical outside --------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["embedded", "fake"])
@pytest.mark.parametrize("channels", [3, 4])
def test_every_pixel_outside_the_grown_mask_is_bit_identical(fake: Fake, engine: str, channels: int):
    for grow, feather in ((0, 0), (6, 0), (4, 5), (-3, 2)):
        width, height = RANDOM.integers(60, 150, 2).tolist()
        image = noise(width, height, channels)
        mask = box(width, height, *RANDOM.integers(5, 30, 4).tolist())
        mask = masks.to_picture(masks.read(mask) | masks.grown(masks.read(box(width, height, 40, 40, 12, 14)), 0))
        result = finished(image, mask, RepaintOptions(grow=grow, feather=feather), engine=engine)
        grown = masks.grown(masks.read(mask), grow)
        before, after = np.asarray(image), np.asarray(result.image)
        assert result.image.mode == image.mode and result.image.size == image.size
        assert np.array_equal(before[~grown], after[~grown])
        assert (before[grown] != after[grown]).any(axis=1).mean() > 0.8
        assert np.array_equal(np.asarray(result.mask) > 0, grown)
        assert result.masked_pixels == int(grown.sum())


def test_previews_and_drafts_keep_the_outside_too(fake: Fake):
    image, mask = noise(300, 90), box(300, 90, 10, 10, 20, 20)
    seen = list(repaint(image, mask, engine="fake"))
    assert [one.done for one in seen] == [False, True]
    outside = ~masks.read(mask)
    for one in seen:
        assert np.array_equal(np.asarray(one.image)[outside], np.asarray(image)[outside])


def test_the_picture_of_the_visitor_is_not_written_to(fake: Fake):
    image = noise(100, 80)
    before = np.asarray(image).copy()
    finished(image, box(100, 80, 10, 10, 30, 30), engine="fake")
    assert np.array_equal(np.asarray(image), before)


def test_feather_blends_inward_from_the_visitors_pixel_to_the_engines(fake: Fake):
    image = Image.new("RGB", (64, 64), (0, 0, 0))
    result = finished(image, box(64, 64, 16, 16, 32, 32), RepaintOptions(feather=4), engine="fake")
    row = np.asarray(result.image)[32, 14:22, 0]
    assert list(row[:2]) == [0, 0] and list(row[6:]) == [200, 200]
    assert (np.diff(row[1:7].astype(int)) > 0).all()


def test_what_is_painted_on_a_see_through_picture_is_opaque(fake: Fake):
    image = Image.new("RGBA", (64, 64), (9, 9, 9, 0))
    result = finished(image, box(64, 64, 16, 16, 32, 32), RepaintOptions(feather=4), engine="fake")
    pixels = np.asarray(result.image)
    assert tuple(pixels[32, 32]) == (*fake.colour, 255) and tuple(pixels[0, 0]) == (9, 9, 9, 0)
    assert tuple(pixels[32, 16, :3]) == fake.colour and 0 < pixels[32, 16, 3] < 255  # colour without the hidden grey
    assert np.asarray(fake.orders[0].image).min() > 200  # the engine saw it on white paper


# --- masks as they come -----------------------------------------------------------------------------------------


def test_a_black_and_white_mask_with_alpha_255_everywhere_repaints_only_white(fake: Fake):
    mask = box(80, 60, 20, 20, 10, 10)
    result = finished(noise(80, 60), mask.convert("RGBA"), engine="fake")
    assert result.masked_pixels == 100


def test_a_stroke_in_alpha_counts_whatever_its_colour(fake: Fake):
    stroke = Image.new("RGBA", (80, 60), (0, 0, 0, 0))
    stroke.paste((0, 0, 0, 255), (20, 20, 30, 30))
    assert finished(noise(80, 60), stroke, engine="fake").masked_pixels == 100


def test_a_stroke_whose_alpha_was_lost_marks_nothing_and_is_refused(fake: Fake):
    """`image_mode="L"` turns a black stroke on an empty layer into zeros."""
    stroke = Image.new("RGBA", (80, 60), (0, 0, 0, 0))
    stroke.paste((0, 0, 0, 255), (20, 20, 30, 30))
    with pytest.raises(InvalidInput, match="marks nothing"):
        finished(noise(80, 60), stroke.convert("L"), engine="fake")


def test_a_rotated_photo_is_repainted_as_it_is_seen(fake: Fake, tmp_path: Path):
    photo, exif = noise(80, 40), Image.Exif()
    exif[0x0112] = 6  # turned a quarter clockwise for display
    photo.save(tmp_path / "photo.png", exif=exif)
    image = media.open_picture(tmp_path / "photo.png").image
    assert image.size == (40, 80)
    result = finished(image, box(40, 80, 10, 50, 20, 20), engine="fake")
    pixels = np.asarray(result.image)
    assert result.image.size == (40, 80) and tuple(pixels[60, 20]) == fake.colour
    assert np.array_equal(pixels[:50], np.rot90(np.asarray(photo), -1)[:50])


def test_a_mask_of_another_size_but_the_same_shape_is_scaled_and_another_shape_refused(fake: Fake):
    result = finished(noise(80, 60), box(160, 120, 40, 40, 20, 20), engine="fake")
    assert result.masked_pixels == 100
    with pytest.raises(InvalidInput, match="60 x 80"):
        finished(noise(80, 60), box(60, 80, 10, 10, 20, 20), engine="fake")


def test_an_empty_mask_is_refused_unless_the_picture_is_extended(fake: Fake):
    empty = Image.new("L", (80, 60))
    with pytest.raises(InvalidInput, match="marks nothing"):
        finished(noise(80, 60), empty, engine="fake")
    with pytest.raises(InvalidInput, match="no mask"):
        finished(noise(80, 60), None, engine="fake")
    assert finished(noise(80, 60), empty, RepaintOptions(extend="top:8"), engine="fake").masked_pixels == 640


def test_a_full_mask_needs_an_engine_that_reads_a_prompt(fake: Fake):
    image, full = noise(40, 40), Image.new("L", (40, 40), 255)
    assert (np.asarray(finished(image, full, engine="fake").image) == fake.colour).all()
    with pytest.raises(InvalidInput, match="whole picture"):
        finished(image, full, engine="embedded")


def test_inverting_marks_the_rest(fake: Fake):
    mask = box(80, 60, 20, 20, 10, 10)
    result = finished(noise(80, 60), mask, RepaintOptions(invert=True), engine="fake")
    assert result.masked_pixels == 80 * 60 - 100
    with pytest.raises(InvalidInput, match="Inverted"):
        finished(noise(80, 60), Image.new("L", (80, 60), 255), RepaintOptions(invert=True), engine="fake")


# --- extending --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["embedded", "fake"])
def test_an_extended_picture_keeps_the_old_one_bit_identical_in_its_place(fake: Fake, engine: str):
    image = noise(70, 50, 4)
    result = finished(image, None, RepaintOptions(extend="left:20,top:9,bottom:1", feather=3), engine=engine)
    assert result.image.size == (90, 60) == result.mask.size
    assert np.array_equal(np.asarray(result.image)[9:59, 20:], np.asarray(image))
    assert result.masked_pixels == 90 * 60 - 70 * 50
    assert (np.asarray(result.mask)[:9] == 255).all()  # nothing is below it to be blended with
    assert (np.asarray(result.image)[:9, :, 3] == 255).all()


def test_growing_lets_the_new_part_reach_into_the_picture_and_shrinking_does_not_eat_it(fake: Fake):
    image = noise(70, 50)
    assert finished(image, None, RepaintOptions(extend="left:10", grow=5), engine="fake").masked_pixels == 15 * 50
    assert finished(image, None, RepaintOptions(extend="left:10", grow=-5), engine="fake").masked_pixels == 10 * 50


def test_an_engine_begins_the_new_part_with_a_fill_not_with_black(fake: Fake):
    finished(Image.new("RGB", (64, 64), (90, 150, 210)), None, RepaintOptions(extend="right:32"), engine="fake")
    assert np.abs(np.asarray(fake.orders[0].image).astype(int) - (90, 150, 210)).max() < 12


def test_a_mask_and_an_extension_are_both_repainted(fake: Fake):
    result = finished(noise(70, 50), box(70, 50, 30, 20, 10, 10), RepaintOptions(extend="top:10"), engine="fake")
    assert result.masked_pixels == 700 + 100
    assert (np.asarray(result.mask)[30:40, 30:40] == 255).all()


# --- what the engine is asked -----------------------------------------------------------------------------------


def test_defaults_of_the_engine_fill_what_is_left_open(fake: Fake):
    result = finished(noise(100, 100), box(100, 100, 40, 40, 9, 9), engine="fake")
    (order,) = fake.orders
    assert (order.steps, order.guidance_scale, order.strength) == (2, 5.5, 1.0)
    assert result.seed == order.seed and 0 <= order.seed < 2**31
    assert result.engine == "fake" and result.seconds > 0


CHOICES: dict[str, Any] = {
    "prompt": "a red kite", "negative_prompt": "rain", "steps": 7, "guidance_scale": 3.0, "strength": 0.7, "seed": 5,
    "grow": 4, "feather": 3, "invert": True, "extend": "left:16",
}  # fmt: skip


@pytest.mark.parametrize("name", CHOICES)
def test_every_choice_reaches_the_engine_or_the_result(fake: Fake, name: str):
    image, mask, plain = noise(100, 80), box(100, 80, 30, 30, 20, 20), RepaintOptions(seed=1)
    chosen = replace(plain, **{name: CHOICES[name]})
    before, after = (finished(image, mask, options, engine="fake") for options in (plain, chosen))
    if name in ("grow", "feather", "invert", "extend"):
        assert np.asarray(before.mask).tobytes() != np.asarray(after.mask).tobytes()
        assert np.asarray(before.image).tobytes() != np.asarray(after.image).tobytes()
    else:
        assert getattr(fake.orders[1], name) == CHOICES[name] != getattr(fake.orders[0], name)


def test_all_options_are_tried_above():
    assert set(CHOICES) == {field.name for field in fields(RepaintOptions)}


def test_a_prompt_outside_an_engines_words_or_language_is_told(fake: Fake, fake_engine: Callable[..., Any]):
    fake.unknown_words = lambda prompt: tuple(word for word in prompt.split() if word != "red")  # type: ignore[attr-defined]
    picture, mark, asked = noise(60, 60), box(60, 60, 20, 20, 9, 9), RepaintOptions(prompt="red cathedral 문")
    told = finished(picture, mark, asked, engine="fake").notice
    assert "never taught these words: cathedral, 문." in told.en and "cathedral, 문" in told.ko
    assert finished(picture, mark, replace(asked, prompt="red"), engine="fake").notice == EMPTY

    english = replace(spec("inpainting", "english", rank=1), languages=("en",))
    fake_engine(FakeModule(english, Fake))
    told = finished(picture, mark, asked, engine="english").notice
    assert "Write the prompt in English" in told.en and "영어" in told.ko
    assert finished(picture, mark, replace(asked, prompt="a red door"), engine="english").notice == EMPTY


def test_each_call_without_a_seed_gets_a_new_one(fake: Fake):
    for _ in range(3):
        finished(noise(50, 50), box(50, 50, 10, 10, 9, 9), engine="fake")
    assert len({order.seed for order in fake.orders}) == 3


@pytest.mark.parametrize(
    "wrong",
    [
        {"prompt": 3}, {"prompt": "x" * 8001}, {"negative_prompt": None}, {"steps": -1}, {"steps": 51}, {"steps": 1.5},
        {"guidance_scale": -2}, {"guidance_scale": float("nan")}, {"strength": 1.1}, {"strength": 0.0},
        {"strength": 0.3}, {"grow": 10_000}, {"feather": -1}, {"invert": "yes"}, {"extend": "inwards:3"}, {"seed": -2},
        {"seed": 2**40},
    ],
)  # fmt: skip
def test_wrong_values_are_refused_before_anything_is_painted(fake: Fake, wrong: dict[str, Any]):
    with pytest.raises(InvalidInput):
        finished(noise(50, 50), box(50, 50, 10, 10, 9, 9), RepaintOptions(**wrong), engine="fake")
    assert not fake.orders


def test_a_strength_that_leaves_no_step_names_one_that_does(fake: Fake):
    image, mask = noise(50, 50), box(50, 50, 10, 10, 9, 9)
    with pytest.raises(InvalidInput, match=r"at least 0\.5"):
        finished(image, mask, RepaintOptions(strength=0.3), engine="fake")
    finished(image, mask, RepaintOptions(strength=0.5), engine="fake")


def test_an_unknown_engine_names_the_choices(fake: Fake):
    with pytest.raises(UnknownEngine, match="embedded"):
        finished(noise(50, 50), box(50, 50, 10, 10, 9, 9), engine="nobody")


# --- windows ----------------------------------------------------------------------------------------------------


def test_of_a_large_photo_only_a_window_is_painted_and_its_mask_fits(fake: Fake):
    image = noise(1200, 900)
    result = finished(image, box(1200, 900, 600, 450, 20, 16), engine="fake")
    (order,) = fake.orders
    assert max(order.width, order.height) == 64 and order.width % 8 == 0
    marked = np.asarray(order.mask) > 0
    assert 0.5 < marked.sum() / (20 * 16 * (64 / 84) ** 2) < 2 and not marked[:8].any()
    changed = (np.asarray(result.image) != np.asarray(image)).any(axis=2)
    assert changed[450:466, 600:620].all() and changed.sum() == 320


def test_marks_far_apart_are_painted_one_by_one_and_progress_counts_both(fake: Fake):
    told: list[float] = []
    job = Job(lambda now: told.append(now.fraction) if now.fraction is not None else None)
    mask = masks.from_boxes([(20, 20, 10, 10), (700, 500, 10, 10)], 800, 600)
    seen = list(repaint(noise(800, 600), mask, engine="fake", job=job))
    assert len(fake.orders) == 2
    assert [(one.step, one.steps) for one in seen] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert told[-4:] == [0.25, 0.5, 0.75, 1.0]
    pixels = np.asarray(seen[-1].image)
    assert tuple(pixels[25, 25]) == fake.colour == tuple(pixels[505, 705])
    assert tuple(np.asarray(seen[1].image)[505, 705]) != fake.colour  # one after the other


def test_a_picture_of_a_few_pixels_is_enlarged_for_the_engine_and_comes_back_at_its_size(fake: Fake):
    result = finished(noise(7, 5), box(7, 5, 2, 2, 2, 1), engine="fake")
    assert result.image.size == (7, 5) and tuple(np.asarray(result.image)[2, 2]) == fake.colour
    assert max(fake.orders[0].width, fake.orders[0].height) == 64


# --- drafts, loading, failing -----------------------------------------------------------------------------------


def test_a_draft_comes_before_an_engine_is_loaded_and_not_again(
    fake_engine: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("MODU_FAKE_URL", "http://127.0.0.1:1")
    module = fake_engine(FakeModule(spec("inpainting", "away", kind="remote", setting="MODU_FAKE_URL"), Fake))
    image, mask = noise(200, 150), box(200, 150, 40, 40, 30, 30)
    results = repaint(image, mask, engine="away")
    first = next(results)
    assert first.draft and not first.done and module.loads == 0
    before, drafted = np.asarray(image), np.asarray(first.image)
    marked = masks.read(mask)
    assert np.array_equal(before[~marked], drafted[~marked])
    assert (before[marked] != drafted[marked]).any()
    rest = list(results)
    assert module.loads == 1 and rest[-1].done and not any(one.draft for one in rest)
    assert not any(one.draft for one in repaint(image, mask, engine="away"))  # it is loaded now


def test_an_engine_that_cannot_answer_is_refused_before_any_draft(fake_engine: Callable[..., Any]):
    fake_engine(FakeModule(spec("inpainting", "away", kind="remote", setting="MODU_FAKE_URL"), Fake))
    with pytest.raises(EngineUnavailable):
        next(repaint(noise(50, 50), box(50, 50, 9, 9, 9, 9), engine="away"))


def test_a_filtered_result_leaves_the_picture_and_says_so(fake: Fake):
    fake.filtered = True
    image = noise(60, 60)
    result = finished(image, box(60, 60, 20, 20, 9, 9), RepaintOptions(seed=4), engine="fake")
    assert result.filtered and "safety" in result.notice.en and result.notice.ko and result.seed == 4
    assert np.array_equal(np.asarray(result.image), np.asarray(image))


def test_an_engine_that_gives_no_picture_is_an_error(fake: Fake):
    fake.finishes = False
    with pytest.raises(EngineFailed):
        finished(noise(60, 60), box(60, 60, 20, 20, 9, 9), engine="fake")


def test_a_cancel_ends_the_call_and_frees_the_engine(fake: Fake):
    job = Job()
    results = repaint(noise(60, 60), box(60, 60, 20, 20, 9, 9), engine="fake", job=job)
    next(results)
    job.cancel()
    with pytest.raises(Cancelled):
        next(results)
    assert finished(noise(60, 60), box(60, 60, 20, 20, 9, 9), engine="fake").done


# --- the built-in engine ----------------------------------------------------------------------------------------


def scene(width: int = 240, height: int = 160) -> Image.Image:
    """Smooth sky over a striped field: a wrong fill shows."""
    y, x = np.mgrid[:height, :width].astype(float)
    sky = np.stack([90 + y * 0.4, 140 + y * 0.3, 220 - x * 0.1], axis=-1)
    field = np.stack([60 + 40 * ((x // 6) % 2), 120 + 30 * ((x // 6) % 2), 40 + 0 * x], axis=-1)
    return Image.fromarray(np.where((y > height * 0.55)[..., None], field, sky).astype(np.uint8))


def error(result: Image.Image, truth: Image.Image, mask: Image.Image) -> float:
    marked = masks.read(mask)
    return float(np.mean((np.asarray(result, float) - np.asarray(truth, float))[marked] ** 2))


def blackened(image: Image.Image, mask: Image.Image) -> Image.Image:
    return Image.composite(Image.new("RGB", image.size), image, mask)


def plain_telea(image: Image.Image, mask: Image.Image) -> Image.Image:
    return Image.fromarray(filling.telea(np.asarray(image), masks.read(mask)))


def test_auto_is_the_classical_engine_and_a_prompt_is_not_taken_in_silence():
    image, mask = scene(), box(240, 160, 60, 60, 8, 30)
    result = finished(image, mask, RepaintOptions(prompt="a boat"))
    assert result.engine == "embedded" and "no prompt" in result.notice.en
    assert not finished(image, mask).notice.en


def test_thin_marks_are_closer_to_the_truth_than_with_plain_opencv():
    truth = scene()
    lines = [(20 + 30 * at, 10, 4, 140) for at in range(7)]
    mask = masks.from_boxes(lines, 240, 160)
    hidden = blackened(truth, mask)
    ours = error(finished(hidden, mask, engine="embedded").image, truth, mask)
    assert ours <= error(plain_telea(hidden, mask), truth, mask)


def test_a_large_hole_is_closer_to_the_truth_than_with_plain_opencv_and_has_texture():
    truth, mask = scene(), box(240, 160, 80, 40, 80, 80)
    hidden = blackened(truth, mask)
    filled = finished(hidden, mask, RepaintOptions(seed=0), engine="embedded").image
    assert error(filled, truth, mask) < 0.63 * error(plain_telea(hidden, mask), truth, mask)  # 2 dB
    stripes = np.asarray(filled, float)[105:115, 85:155, 0]
    assert stripes.std(axis=1).mean() > 8  # 20 in the truth: stripes are continued, not blurred away


def test_the_seed_decides_and_the_same_one_gives_the_same_picture():
    image, mask = noise(150, 130), box(150, 130, 40, 40, 60, 50)
    one, same, other = (
        np.asarray(finished(image, mask, RepaintOptions(seed=seed), engine="embedded").image) for seed in (1, 1, 2)
    )
    assert np.array_equal(one, same) and not np.array_equal(one, other)


def test_a_large_hole_is_shown_from_coarse_to_fine():
    seen = list(repaint(noise(200, 200), box(200, 200, 60, 60, 70, 70), engine="embedded"))
    assert len(seen) >= 2 and seen[-1].done
    assert [one.step for one in seen] == sorted(one.step for one in seen)
    assert seen[-1].step == seen[-1].steps


@pytest.mark.parametrize("size", [(1, 2), (2, 1), (3, 3), (1, 400), (9, 40), (400, 3)])
def test_pictures_of_odd_shapes_are_filled(size: tuple[int, int]):
    mask = Image.new("L", size, 255)
    mask.putpixel((0, 0), 0)
    result = finished(Image.new("RGB", size, (10, 200, 30)), mask, engine="embedded")
    assert result.image.getpixel((0, 0)) == (10, 200, 30)
    assert np.abs(np.asarray(result.image).astype(int) - (10, 200, 30)).max() <= 2


def test_a_long_mark_too_narrow_for_the_coarsest_grid_is_filled():
    ramp = np.broadcast_to(np.linspace(60, 180, 1200)[:, None, None], (1200, 1600, 3))
    image = Image.fromarray(ramp.astype(np.uint8))
    mask = Image.new("L", image.size)
    ImageDraw.Draw(mask).line([(0, 0), (1599, 1199)], fill=255, width=16)
    done = finished(image, mask, RepaintOptions(seed=1))
    marked = np.asarray(mask) > 0
    off = np.abs(np.asarray(done.image, float) - ramp)[marked]
    assert off.mean() < 4 and done.masked_pixels == marked.sum()


def test_a_hole_beyond_the_size_of_one_part_is_completed_smaller(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(filling, "MOST_PIXELS", 10_000)
    truth, mask = scene(), box(240, 160, 80, 40, 80, 80)
    filled = finished(blackened(truth, mask), mask, RepaintOptions(seed=0), engine="embedded").image
    assert error(filled, truth, mask) < error(plain_telea(blackened(truth, mask), mask), truth, mask)


def test_a_cancel_reaches_the_classical_engine():
    job = Job()
    results = repaint(noise(200, 200), box(200, 200, 60, 60, 70, 70), engine="embedded", job=job)
    next(results)
    job.cancel()
    with pytest.raises(Cancelled):
        list(results)


def test_a_draft_of_a_large_hole_is_smooth_and_keeps_the_outside():
    truth = scene(1600, 1200)
    mask = box(1600, 1200, 500, 100, 500, 200)
    canvas = repainting.prepared(blackened(truth, mask), mask, RepaintOptions())
    drafted = Image.fromarray(repainting.drafted(canvas))
    marked = masks.read(mask)
    assert np.array_equal(np.asarray(drafted)[~marked], np.asarray(truth)[~marked])
    assert error(drafted, truth, mask) < 280  # sky: one flat colour would be 346 off


def test_extending_beyond_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MODU_LIMIT_PICTURE_PIXELS", "10000")
    with pytest.raises(TooLarge):
        finished(noise(90, 100), None, RepaintOptions(extend="left:20"))


def test_the_engines_of_the_task_say_what_they_are():
    listed = engines.specs("inpainting")
    assert next(one for one in listed if one.kind == "embedded").name == "embedded"
