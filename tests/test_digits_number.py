"""Numbers of several digits in one picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines import digits, media
from pipelines.errors import Cancelled, InvalidInput
from pipelines.job import Job
from training import digits_strokes as strokes

EXAMPLES = Path(__file__).parents[1] / "examples" / "digits"


def example(name: str) -> Image.Image:
    return media.open_picture(EXAMPLES / name).image


def row(text: str, step: int = 62, size: int = 100, seed: int = 1) -> Image.Image:
    """Digits side by side, black on white; a small `step` makes them touch."""
    rng = np.random.default_rng(seed)
    ink = np.zeros((size + 60, step * len(text) + size + 20), np.uint8)
    for at, label in enumerate(text):
        part = ink[30 : 30 + size, 30 + at * step : 30 + at * step + size]
        picture = np.asarray(strokes.digit(int(label), rng, size, 0.02, 0.1))[:, : part.shape[1]]
        np.maximum(part, picture, out=part)
    return Image.fromarray(255 - ink)


def test_the_zip_code_on_a_photo_is_read() -> None:
    picture = example("zip-code-06236.jpg")
    reading = digits.recognize_number(picture)
    assert reading.text == "06236"
    assert [found.digit for found in reading.digits] == [0, 6, 2, 3, 6]
    assert all(found.confidence > 0.9 for found in reading.digits)
    assert reading.engine == "embedded"
    assert reading.annotated.size == picture.size


def test_boxes_lie_around_the_digits_from_left_to_right() -> None:
    picture = example("zip-code-06236.jpg")
    lefts = []
    dark = np.asarray(picture.convert("L")) < 90
    for found in digits.recognize_number(picture).digits:
        x, y, width, height = found.box
        assert x >= 0 and y >= 0 and x + width <= picture.width and y + height <= picture.height
        lefts.append(x)
        assert dark[y : y + height, x : x + width].mean() > 0.05
    assert lefts == sorted(lefts)


def test_lines_are_parted_by_a_line_break() -> None:
    assert digits.recognize_number(example("two-lines-1785-30924.jpg")).text == "1785\n30924"


@pytest.mark.parametrize("text", ["4711", "90210", "55", "0123456789"])
def test_rows_of_digits_are_read(text: str) -> None:
    assert digits.recognize_number(row(text)).text == text


def test_touching_digits_are_parted() -> None:
    texts = ["62", "360", "835", "2026", "698"]
    pictures = [row(text, step=54, seed=seed) for seed, text in enumerate(texts)]
    answers = [digits.recognize_number(picture).text for picture in pictures]
    assert sum(answer == text for answer, text in zip(answers, texts, strict=True)) >= 4


def test_the_separate_bar_of_a_five_is_joined() -> None:
    ink = np.zeros((160, 240), np.uint8)
    ink[20:30, 52:95] = 255  # the bar, two pixels away from the rest
    ink[32:80, 45:55] = 255
    ink[70:80, 45:85] = 255
    ink[70:130, 82:92] = 255
    ink[122:132, 40:90] = 255
    ink[20:132, 160:172] = 255
    assert digits.recognize_number(Image.fromarray(255 - ink)).text == "51"


def test_the_rule_under_a_number_and_specks_are_ignored() -> None:
    pixels = np.asarray(row("8035")).copy()
    pixels[140:144, :] = 60
    pixels[10:13, 40:43] = 0
    assert digits.recognize_number(Image.fromarray(pixels)).text == "8035"


def test_white_on_black_reads_the_same() -> None:
    picture = row("7294")
    assert digits.recognize_number(picture.point(lambda value: 255 - value)).text == "7294"


def test_a_single_mnist_picture_is_a_number_of_one_digit() -> None:
    reading = digits.recognize_number(example("two-28x28.png"))
    assert reading.text == "2"
    assert reading.annotated.width >= 280  # enlarged, so that the box can be seen


def test_a_picture_without_digits_says_so() -> None:
    reading = digits.recognize_number(Image.new("RGB", (300, 200), "white"))
    assert (reading.text, reading.digits) == ("", [])
    assert "No digits" in reading.reason.en
    assert "숫자" in reading.reason.ko


def test_large_pictures_keep_their_own_pixels_in_boxes() -> None:
    small = row("47")
    large = small.resize((small.width * 9, small.height * 9))
    one, nine = digits.recognize_number(small), digits.recognize_number(large)
    assert one.text == nine.text == "47"
    for a, b in zip(one.digits, nine.digits, strict=True):
        assert np.array(b.box) / 9 == pytest.approx(a.box, abs=4)


def test_what_is_no_picture_is_an_error() -> None:
    with pytest.raises(InvalidInput, match="picture"):
        digits.recognize_number(None)  # type: ignore[arg-type]


def test_a_cancelled_job_stops() -> None:
    job = Job()
    job.cancel()
    with pytest.raises(Cancelled):
        digits.recognize_number(row("12"), job=job)


def test_boxes_of_a_form_are_no_ones() -> None:
    pixels = np.asarray(row("5294", step=80)).copy()
    for x in range(34, 34 + 5 * 80, 80):
        pixels[18:142, x : x + 2] = 90
    for y in (18, 140):
        pixels[y : y + 2, 34 : 34 + 4 * 80] = 90
    assert digits.recognize_number(Image.fromarray(pixels)).text == "5294"


def test_a_sheet_on_a_dark_table_is_read_and_its_edges_are_no_ones() -> None:
    table = Image.new("RGB", (900, 560), (70, 45, 30))
    sheet = example("zip-code-06236.jpg").resize((600, 282))
    table.paste(sheet, (150, 140))
    turned = table.rotate(2, Image.Resampling.BICUBIC, fillcolor=(70, 45, 30))
    assert digits.recognize_number(turned).text == "06236"


def test_small_writing_in_a_large_photo_is_found() -> None:
    sheet = np.full((1400, 1900), 215.0)
    sheet += np.linspace(-30, 20, 1900)[None, :] + np.random.default_rng(4).normal(0, 3, sheet.shape)
    number = np.asarray(row("3862").resize((212, 84)), dtype=float) / 255
    sheet[700:784, 1000:1212] *= 0.25 + 0.75 * number
    assert digits.recognize_number(Image.fromarray(sheet.clip(0, 255).astype(np.uint8))).text == "3862"
