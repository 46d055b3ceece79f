"""The built-in digits engine on real pictures: it reads, or refuses with a reason; colours change nothing."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines import digits, media
from pipelines.digits import prepare
from pipelines.errors import Cancelled, InvalidInput, UnknownEngine
from pipelines.job import Job
from training import digits_strokes as strokes

EXAMPLES = Path(__file__).parents[1] / "examples" / "digits"


def example(name: str) -> Image.Image:
    return media.open_picture(EXAMPLES / name).image


def written(label: int, seed: int = 0, size: int = 140) -> Image.Image:
    """A digit from pen strokes, white on black."""
    return strokes.digit(label, np.random.default_rng(seed), size, 0.02, 0.1)


def read(picture: Image.Image) -> digits.DigitReading:
    return digits.recognize(picture, explain=False)


def on_paper(ink: Image.Image, paper: tuple[int, ...], pen: tuple[int, ...]) -> Image.Image:
    share = np.asarray(ink, dtype=float)[..., None] / 255
    return Image.fromarray((np.array(paper) * (1 - share) + np.array(pen) * share).astype(np.uint8))


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("four-on-paper.jpg", "4"),
        ("seven-on-paper.jpg", "7"),
        ("eight-on-blackboard.png", "8"),
        ("five-transparent.png", "5"),
        ("two-28x28.png", "2"),
    ],
)
def test_the_example_digits_are_read_with_confidence(name: str, label: str) -> None:
    reading = read(example(name))
    assert reading.label == label
    assert not reading.rejected
    assert reading.confidences[0][1] > 0.9
    assert str(reading.reason) == ""


@pytest.mark.parametrize("name", ["letter-k.jpg", "scribble.jpg"])
def test_what_is_no_digit_is_refused_with_a_reason_and_all_ten_confidences(name: str) -> None:
    reading = read(example(name))
    assert reading.rejected
    assert reading.label is None
    assert "digit" in reading.reason.en
    assert "숫자" in reading.reason.ko
    assert len(reading.confidences) == 10


def test_pen_strokes_of_several_hands_are_read() -> None:
    answers = [(read(written(label, seed)).label, str(label)) for label in range(10) for seed in range(5)]
    assert sum(answer == truth for answer, truth in answers) >= 49


def test_the_digits_of_other_writers_in_scikit_learn_are_read() -> None:
    """8x8 pixels, writers and scanner unlike MNIST's: 95 of 100 must be right, a refusal counting as wrong."""
    from sklearn.datasets import load_digits

    found = load_digits()
    pictures = [Image.fromarray((p * 255 / 16).astype(np.uint8)) for p in found.images[::9]]
    right = [read(p).label == str(t) for p, t in zip(pictures, found.target[::9], strict=True)]
    assert np.mean(right) >= 0.95


def test_confidences_are_ten_best_first_and_sum_to_one() -> None:
    reading = read(written(3))
    values = [confidence for _, confidence in reading.confidences]
    assert sorted(label for label, _ in reading.confidences) == [str(digit) for digit in range(10)]
    assert values == sorted(values, reverse=True)
    assert sum(values) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("label", [2, 5, 8])
@pytest.mark.parametrize(
    "variant", ["dark on light", "light on dark", "red on green", "blue on yellow", "alpha", "palette", "LA", "grey"]
)
def test_paper_and_pen_may_have_any_colours(label: int, variant: str) -> None:
    ink = written(label)
    clear = Image.new("RGBA", ink.size, (0, 0, 0, 0))
    clear.putalpha(ink)
    pictures = {
        "dark on light": on_paper(ink, (245, 240, 230), (20, 20, 40)),
        "light on dark": on_paper(ink, (30, 40, 35), (230, 230, 220)),
        # Equally bright: only the colour tells ink from paper.
        "red on green": on_paper(ink, (60, 120, 60), (200, 50, 60)),
        "blue on yellow": on_paper(ink, (230, 200, 60), (40, 60, 200)),
        "alpha": clear,
        "palette": on_paper(ink, (250, 250, 250), (10, 10, 10)).convert("P"),
        "LA": clear.convert("LA"),
        "grey": ink,
    }
    assert read(pictures[variant]).label == str(label)


def test_uneven_light_and_a_shadow_edge_are_taken_off() -> None:
    picture = np.asarray(on_paper(written(6, size=240), (235, 230, 220), (60, 60, 80)), dtype=float)
    picture *= np.linspace(1, 0.5, 240)[None, :, None]
    picture[:, :90] *= 0.7
    assert read(Image.fromarray(picture.astype(np.uint8))).label == "6"


def test_a_rule_at_the_border_and_specks_do_not_matter() -> None:
    pixels = 255 - np.asarray(written(9, size=200))
    pixels = pixels.copy()
    pixels[196:, :] = 0
    pixels[20:23, 170:173] = 0
    clean, dirty = read(Image.fromarray(255 - np.asarray(written(9, size=200)))), read(Image.fromarray(pixels))
    assert dirty.label == "9"
    assert np.abs(np.asarray(dirty.seen, dtype=int) - np.asarray(clean.seen, dtype=int)).max() < 40


def test_a_small_digit_in_a_large_photo_is_found() -> None:
    sheet = Image.new("RGB", (1600, 1200), (240, 240, 235))
    sheet.paste(on_paper(written(4, size=400), (240, 240, 235), (30, 30, 60)), (900, 500))
    assert read(sheet).label == "4"


def test_a_mnist_picture_goes_through_bit_identical() -> None:
    picture = example("two-28x28.png")
    for variant in (picture, picture.convert("L"), picture.convert("RGBA")):
        assert read(variant).seen.tobytes() == picture.convert("L").tobytes()


def test_a_negative_mnist_picture_is_only_turned_round() -> None:
    picture = example("two-28x28.png").convert("L")
    reading = read(picture.point(lambda value: 255 - value))
    assert reading.seen.tobytes() == picture.tobytes()
    assert reading.label == "2"


def test_a_28x28_digit_off_the_middle_is_centred() -> None:
    pixels = np.roll(np.asarray(example("two-28x28.png").convert("L")), (-4, 5), axis=(0, 1))
    reading = read(Image.fromarray(pixels))
    seen = np.asarray(reading.seen, dtype=float)
    middle = [float((seen.sum(axis) * np.arange(28)).sum() / seen.sum()) for axis in (0, 1)]
    assert middle == pytest.approx([13.5, 13.5], abs=0.8)
    assert reading.label == "2"


def test_what_the_network_sees_is_laid_out_as_mnist() -> None:
    seen = np.asarray(read(example("four-on-paper.jpg")).seen)
    rows, columns = np.flatnonzero(seen.max(1) > 50), np.flatnonzero(seen.max(0) > 50)
    assert seen.shape == (28, 28)
    assert max(np.ptp(rows), np.ptp(columns)) + 1 in (19, 20, 21)
    assert seen.max() == 255
    assert seen[0].max() == 0


@pytest.mark.parametrize(
    "picture",
    [
        Image.new("L", (200, 200), 255),
        Image.new("RGBA", (200, 200), (0, 0, 0, 0)),
        Image.new("L", (1, 1)),
        Image.new("L", (28, 28)),
        Image.new("RGB", (1, 5000), (255, 255, 255)),
        Image.fromarray(np.random.default_rng(1).normal(200, 3, (300, 200)).clip(0, 255).astype(np.uint8)),
    ],
    ids=["white", "transparent", "1x1", "28x28 black", "1x5000", "paper grain"],
)
def test_a_blank_picture_is_refused_because_nothing_is_drawn(picture: Image.Image) -> None:
    reading = read(picture)
    assert reading.rejected
    assert "Nothing is drawn" in reading.reason.en
    assert len(reading.confidences) == 10
    assert reading.seen.size == (28, 28)


def test_several_digits_are_refused_with_the_way_to_read_them() -> None:
    reading = read(example("zip-code-06236.jpg"))
    assert reading.rejected
    assert "several digits" in reading.reason.en


def test_letters_scribbles_and_noise_are_refused() -> None:
    rng = np.random.default_rng(3)
    names = ("A", "E", "H", "K", "M", "N", "R", "W", "X", "hash", "star", "house")
    signs = [strokes.sign(name, rng, 150) for name in names]
    scribbles = [strokes.scribble(rng, 150) for _ in range(10)]
    noise = [Image.fromarray(rng.integers(0, 256, (120, 120), dtype=np.uint8)) for _ in range(5)]
    refused = [read(picture).rejected for picture in (*signs, *scribbles, *noise)]
    assert sum(refused) >= len(refused) - 2


def test_photos_are_refused() -> None:
    from sklearn.datasets import load_sample_images

    photos = [Image.fromarray(picture) for picture in load_sample_images().images]
    parts = [photo.crop((x, y, x + 200, y + 200)) for photo in photos for x in (0, 200, 400) for y in (0, 200)]
    refused = [read(picture).rejected for picture in (*photos, *parts)]
    assert np.mean(refused) >= 0.8


def test_explanations_show_every_filter_and_where_it_looked() -> None:
    reading = digits.recognize(example("five-transparent.png"), explain=True)
    assert len(reading.feature_maps) == 3
    assert [sheet.mode for sheet in reading.feature_maps] == ["L"] * 3
    assert all(min(sheet.size) >= 240 for sheet in reading.feature_maps)
    assert all(np.asarray(sheet).std() > 5 for sheet in reading.feature_maps)
    assert reading.saliency is not None
    heat = np.asarray(reading.saliency, dtype=int)
    glowing = heat[..., 0] - heat[..., 2] > 60
    ink = np.asarray(reading.seen.resize(reading.saliency.size, Image.Resampling.NEAREST)) > 60
    assert 0.005 < glowing.mean() < 0.4
    assert (glowing & ink).sum() > 0.5 * glowing.sum()


def test_a_blank_picture_has_its_explanations_too() -> None:
    reading = digits.recognize(Image.new("RGB", (300, 200), "white"), explain=True)
    assert reading.rejected and len(reading.feature_maps) == 3
    assert reading.saliency is not None and np.asarray(reading.saliency).max() < 255, "it looked at nothing"


def test_without_explanations_the_answer_is_the_same() -> None:
    fast, full = read(written(8)), digits.recognize(written(8), explain=True)
    assert fast.feature_maps == []
    assert fast.saliency is None
    assert fast.confidences == full.confidences


def test_a_reading_can_be_pickled() -> None:
    reading = digits.recognize(written(1))
    assert pickle.loads(pickle.dumps(reading)).confidences == reading.confidences


def test_the_result_names_its_engine_and_an_unknown_one_is_an_error() -> None:
    assert digits.recognize(written(0), engine="embedded", explain=False).engine == "embedded"
    with pytest.raises(UnknownEngine, match="embedded"):
        digits.recognize(written(0), engine="tesseract")


def test_what_is_no_picture_is_an_error() -> None:
    with pytest.raises(InvalidInput, match="picture"):
        digits.recognize("seven.png")  # type: ignore[arg-type]


def test_a_cancelled_job_stops() -> None:
    job = Job()
    job.cancel()
    with pytest.raises(Cancelled):
        digits.recognize(written(7), job=job)


def test_the_shipped_weights_are_small() -> None:
    from pipelines.digits.embedded import WEIGHTS

    assert WEIGHTS.stat().st_size < 2_000_000


def test_threads_of_other_work_are_left_alone() -> None:
    """The network sets its one thread in the thread that asks, nowhere else."""
    import threading

    import torch

    before = torch.get_num_threads()
    worker = threading.Thread(target=lambda: read(written(2)))
    worker.start()
    worker.join()
    assert torch.get_num_threads() == before


def test_both_sides_of_the_contrast_are_tried_when_the_border_is_half_ink() -> None:
    """A digit that fills its picture to the border, as in 16x16 scans, in both polarities."""
    seen = np.asarray(next(prepare.looks(written(0)))[0].frame)
    tight = Image.fromarray(seen[4:24, 6:22])
    assert read(tight).label == "0"
    assert read(tight.point(lambda value: 255 - value)).label == "0"
