"""Reading whole pictures and PDF files with the built-in engine and with Tesseract, and what is refused."""

from __future__ import annotations

import gc
import io
import shutil
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import example
from PIL import Image, ImageDraw

from pipelines import engines, memory, ocr
from pipelines.engines import state
from pipelines.errors import Cancelled, EngineUnavailable, InvalidInput, TooLarge
from pipelines.job import Job
from pipelines.ocr import ReadOptions, embedded, reading
from pipelines.ocr.contract import Read, Word

pytest.importorskip("rapidocr")
pdfium = pytest.importorskip("pypdfium2")


def letters(text: str) -> str:
    return "".join(text.split())


def saved(image: Image.Image, path: Path) -> Path:
    image.save(path)
    return path


def pdf_of(tmp_path: Path, pages: int, size: tuple[int, int] = (200, 100)) -> Path:
    sheets = [Image.new("L", size, 255) for _ in range(pages)]
    path = tmp_path / "pages.pdf"
    sheets[0].save(path, save_all=True, append_images=sheets[1:])
    return path


# --- what is read -------------------------------------------------------------------------------------------------


def test_a_korean_notice_is_read() -> None:
    read = ocr.read(example("ocr", "notice-korean.png"))
    assert read.engine == "embedded" and read.language == "ko"
    (page,) = read.pages
    assert len(page.lines) == 8 and (page.width, page.height) == (1150, 700)
    assert read.text.count("\n") == 7
    assert "책" in read.text or "자리" in read.text or "토요일" in read.text
    assert np.mean([line.score for line in page.lines]) > 0.8
    assert all(" ".join(word.text for word in line.words) == line.text for line in page.lines)
    tops = [min(y for _, y in line.box) for line in page.lines]
    assert tops == sorted(tops)


def test_the_marked_picture_shows_the_boxes() -> None:
    path = example("ocr", "notice-korean.png")
    before, after = np.asarray(Image.open(path).convert("RGB")), np.asarray(ocr.read(path).picture)
    assert before.shape == after.shape
    changed = (before != after).any(axis=2)
    assert 0.001 < changed.mean() < 0.1


def test_a_receipt_comes_row_by_row() -> None:
    text = ocr.read(example("ocr", "receipt-photo.jpg")).text
    rows = [row for row in text.splitlines() if "18,700" in row]
    assert rows and "\t" in rows[0]
    assert letters(text).index("3,200") < letters(text).index("4,980") < letters(text).index("38,280")


def test_columns_are_not_mixed() -> None:
    (page,) = ocr.read(example("ocr", "two-columns.png")).pages
    body = [line for line in page.lines if line.box[0][1] > 120]
    left = [line.box[0][0] < page.width / 2 for line in body]
    assert left == sorted(left, reverse=True)
    assert 10 < sum(left) < len(left) - 10


def test_a_page_on_its_side_is_turned_and_its_boxes_lie_on_the_picture_as_it_came() -> None:
    path = example("ocr", "on-its-side.png")
    read = ocr.read(path)
    (page,) = read.pages
    assert page.turned == 90 and (page.width, page.height) == Image.open(path).size
    assert "12,900" in letters(read.text) or "14:30" in letters(read.text) or "A4" in letters(read.text)
    for line in page.lines:
        (x0, y0), (x1, y1) = line.box[0], line.box[1]
        assert abs(x1 - x0) < abs(y1 - y0)
        assert all(-1 <= x <= page.width + 1 and -1 <= y <= page.height + 1 for x, y in line.box)
    sheet = pdfium.PdfDocument(read.pdf)[0]
    width, height = sheet.get_size()
    assert width > height


def test_turned_half_round_reads_the_same(tmp_path: Path) -> None:
    path = example("ocr", "notice-korean.png")
    over = saved(Image.open(path).rotate(180), tmp_path / "over.png")
    upright, turned = ocr.read(path), ocr.read(over)
    assert turned.pages[0].turned == 180
    same = [a == b for a, b in zip(letters(upright.text), letters(turned.text), strict=False)]
    assert np.mean(same) > 0.9


def test_pages_of_a_pdf_are_parted_by_form_feeds_and_the_new_pdf_can_be_searched() -> None:
    told: list[str] = []
    job = Job(lambda progress: told.append(progress.text.en))
    read = ocr.read(example("ocr", "two-pages.pdf"), job=job)
    first, second = read.text.split("\f")
    assert letters(first) and letters(second)
    assert [page.number for page in read.pages] == [1, 2]
    assert any("page 2 (2 of 2)" in said for said in told)
    taken = [page.get_textpage().get_text_bounded() for page in pdfium.PdfDocument(read.pdf)]
    for text, from_pdf in zip((first, second), taken, strict=True):
        # The order in the file is that of reading; gaps are for the viewer to guess.
        assert letters(from_pdf) == letters(text)


def test_chosen_pages_only(tmp_path: Path) -> None:
    read = ocr.read(example("ocr", "two-pages.pdf"), ReadOptions(pages="2"))
    assert [page.number for page in read.pages] == [2]
    assert "\f" not in read.text and read.language == "en"


def test_english_by_choice_is_read_without_hangul() -> None:
    read = ocr.read(example("ocr", "two-pages.pdf"), ReadOptions(language="en", pages="2"))
    assert "every" in read.text or "the" in read.text
    assert not any("가" <= character <= "힣" for character in read.text)


# --- nothing, and what is refused -----------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(400, 300), (3000, 2000), (9, 9)])
def test_a_blank_page_gives_an_empty_text(tmp_path: Path, size: tuple[int, int]) -> None:
    read = ocr.read(saved(Image.new("RGB", size, (250, 248, 240)), tmp_path / "blank.png"))
    assert read.text == "" and read.language == "" and read.pages[0].lines == ()
    assert read.picture.size == size
    assert len(pdfium.PdfDocument(read.pdf)) == 1


def test_a_picture_without_text_gives_an_empty_text(tmp_path: Path) -> None:
    across, down = np.meshgrid(np.linspace(0, 200, 600), np.linspace(40, 110, 400))
    scene = Image.fromarray(np.stack([across, down, 255 - across], axis=2).astype(np.uint8))
    assert ocr.read(saved(scene, tmp_path / "sky.png")).text == ""


def test_a_strip_of_a_line_takes_little_memory(tmp_path: Path) -> None:
    """A picture of 1.4 KB, 2000 x 20 pixels, is known to take 16 GB in plain RapidOCR (its issue 538)."""
    strip = Image.new("L", (2000, 20), 255)
    ImageDraw.Draw(strip).text((4, 4), "a line of text in a very wide picture " * 8, fill=0)
    ocr.read(saved(Image.new("RGB", (64, 64), "white"), tmp_path / "warm.png"))
    before = memory.resident_mb()
    read = ocr.read(saved(strip, tmp_path / "strip.png"))
    assert "line" in read.text
    assert memory.resident_mb() - before < 600


@pytest.mark.parametrize("size", [(2000, 12), (12, 2000)])
def test_a_mere_rule_takes_little_memory_and_says_nothing(tmp_path: Path, size: tuple[int, int]) -> None:
    """The picture of that issue itself: a blank strip with a line, a kilobyte and a half."""
    strip = Image.new("RGB", size, "white")
    ImageDraw.Draw(strip).line((4, 4, size[0] - 6, size[1] - 6), fill="black")
    path = saved(strip, tmp_path / "rule.png")
    assert path.stat().st_size < 1500
    ocr.read(saved(Image.new("RGB", (64, 64), "white"), tmp_path / "warm.png"))
    before = memory.resident_mb()
    assert len(letters(ocr.read(path).text)) <= 3
    assert memory.resident_mb() - before < 600


def test_a_photo_that_its_camera_calls_turned_is_read_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the phone was held upright: to be turned by 90 degrees
    stored = Image.open(example("ocr", "receipt-photo.jpg")).transpose(Image.Transpose.ROTATE_90)
    path = tmp_path / "phone.jpg"
    stored.save(path, exif=exif, quality=92)
    read = ocr.read(path)
    (page,) = read.pages
    assert page.turned == 0 and (page.width, page.height) == stored.size[::-1]
    assert "18,700" in read.text and "38,280" in read.text


def test_a_long_screenshot_is_read_whole(tmp_path: Path) -> None:
    """Shrunk to what the detector sees at once, its letters would be five pixels high."""
    sheet = Image.new("RGB", (720, 7000), "white")
    pen, count = ImageDraw.Draw(sheet), 0
    for top in range(40, 6900, 120):
        pen.text((40, top), f"Message number {100 + count}", fill="black", font_size=28)
        count += 1
    rows = ocr.read(saved(sheet, tmp_path / "long.png"), ReadOptions(language="en")).text.splitlines()
    assert [letters(row)[-3:] for row in rows] == [str(100 + at) for at in range(count)]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"just words", "picture"),
        (b"%PDF-1.7\n" + bytes(range(256)) * 30, "damaged"),
    ],
)
def test_what_is_no_document_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "file.bin"
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match=said):
        ocr.read(path)


def test_a_pdf_with_a_password_is_refused(tmp_path: Path) -> None:
    pypdf = pytest.importorskip("pypdf")
    writer = pypdf.PdfWriter(pdf_of(tmp_path, 1))
    writer.encrypt("secret", algorithm="RC4-128")
    locked = tmp_path / "locked.pdf"
    with locked.open("wb") as file:
        writer.write(file)
    with pytest.raises(InvalidInput, match="password"):
        ocr.read(locked)


def test_a_thousand_pages_are_refused_before_any_is_read_and_some_of_them_are_not(tmp_path: Path) -> None:
    path = pdf_of(tmp_path, 1000, (40, 30))
    with pytest.raises(TooLarge, match="1000 pages"):
        ocr.read(path)
    read = ocr.read(path, ReadOptions(pages="998-1000"))
    assert [page.number for page in read.pages] == [998, 999, 1000] and read.text == "\f\f"


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    size = (60_000).to_bytes(4, "big") * 2
    path = tmp_path / "bomb.png"
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", size + b"\x01\x00\x00\x00\x00")
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )
    with pytest.raises(TooLarge):
        ocr.read(path)


@pytest.mark.parametrize("options", [ReadOptions(language="fr"), ReadOptions(language=""), ReadOptions(pages="x")])
def test_odd_options_are_refused(options: ReadOptions) -> None:
    with pytest.raises(InvalidInput):
        ocr.read(example("ocr", "blank.png"), options)


def test_a_language_that_the_engine_lacks_is_refused() -> None:
    spec = engines.find("ocr", "tesseract")
    with pytest.raises(InvalidInput, match="does not read 'zh'"):
        reading.refuse_other_languages(spec, "zh")


def test_a_cancel_ends_the_reading_between_pages() -> None:
    job = Job(lambda progress: job.cancel() if "page 2" in progress.text.en else None)
    with pytest.raises(Cancelled):
        ocr.read(example("ocr", "two-pages.pdf"), job=job)


# --- which recogniser ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ours", "other", "best"),
    [
        (("대한민국", 0.95), ("대한民国", 0.5), "ours"),
        (("가", 0.3), ("中文", 0.97), "other"),
        (("Total 86.00", 0.97), ("Total 86.00", 0.96), "other"),
        (("합계 86.00", 0.8), ("04l 86.00", 0.85), "ours"),
        (("T0tal", 0.95), ("", 0.0), "ours"),
        (("", 0.0), ("Total", 0.6), "other"),
    ],
)
def test_each_line_is_given_to_the_recogniser_of_its_script(
    ours: tuple[str, float], other: tuple[str, float], best: str
) -> None:
    both = {"ours": Read(*ours), "other": Read(*other)}
    assert embedded.better(both["ours"], both["other"]) == both[best]


def test_chinese_is_not_taken_where_korean_was_asked_for() -> None:
    assert embedded.better(Read("가", 0.3), Read("中文", 0.97), chinese=False).text == "가"


def test_wide_signs_stay_only_in_chinese() -> None:
    assert embedded.narrowed(Read("Date：2026（new）。", 0.9)) == Read("Date:2026(new).", 0.9)
    assert embedded.narrowed(Read("日期：今天。", 0.9)).text == "日期：今天。"


def test_blanks_that_the_other_recogniser_left_out_come_from_ours() -> None:
    read = embedded.spaced(
        Read("2026-03-1418:42", 0.99, (Word("2026-03-1418:42", 0.9),)), Read("2026-03-14 18:42", 0.95)
    )
    assert read == Read("2026-03-14 18:42", 0.99, (Word("2026-03-14", 0.9), Word("18:42", 0.9)))
    other = Read("No. 1 a", 0.9)
    assert embedded.spaced(other, Read("No. 7a", 0.9)) is other and embedded.spaced(other, Read("No.1a", 0.9)) is other
    assert embedded.better(Read("가나 다", 0.9), embedded.spaced(Read("", 0.0), Read("가나 다", 0.9))).text == "가나 다"


# --- Tesseract ------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(shutil.which("tesseract") is None, reason="Tesseract is not installed")
def test_tesseract_reads_the_found_lines() -> None:
    read = ocr.read(example("ocr", "two-pages.pdf"), ReadOptions(language="en", pages="2"), engine="tesseract")
    assert read.engine == "tesseract" and len(read.pages[0].lines) == 8
    assert "the" in read.text


def test_without_the_program_tesseract_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(state.tables, "loaded", {})
    assert engines.status(engines.find("ocr", "tesseract")) == "missing_package"
    with pytest.raises(EngineUnavailable, match="program"):
        ocr.read(example("ocr", "notice-korean.png"), engine="tesseract")


# --- memory ---------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_memory_returns_to_its_base_after_fifty_pages(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    page: Any = Image.open(example("ocr", "notice-korean.png")).convert("RGB")
    used = []
    for at in range(50):
        size = (int(rng.integers(500, 1400)), int(rng.integers(400, 1000)))
        data = io.BytesIO()
        page.resize(size).save(data, "PNG")
        path = tmp_path / f"{at}.png"
        path.write_bytes(data.getvalue())
        ocr.read(path)
        gc.collect()
        used.append(memory.resident_mb())
    assert np.mean(used[-5:]) - np.mean(used[5:10]) < 150
