"""The parts of reading text, each by itself: page numbers, order, cuts, decoding, the searchable PDF."""

from __future__ import annotations

import csv
import io
import json
import shutil
import unicodedata
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from pipelines.errors import InvalidInput, TooLarge
from pipelines.ocr import corrections, cuts, documents, drawing, exports, layout, reading, recognisers, searchable
from pipelines.ocr.characters import CHARACTERS, NUMBER, SYLLABLES
from pipelines.ocr.contract import Corners, Line, Page, Read, Reading, Word
from pipelines.ocr.detector import LONG, Detector, boxes_of, fitted, strips, upright
from pipelines.ocr.lines import HEIGHT, LONGEST, batch_of, prepared
from pipelines.ocr.tesseract import words_of


def box(x: float, y: float, wide: float, high: float = 20) -> Corners:
    return np.array([[x, y], [x + wide, y], [x + wide, y + high], [x, y + high]], float)


def line(text: str, x: float, y: float, wide: float, high: float = 20) -> Line:
    return Line(text, 0.9, tuple((float(a), float(b)) for a, b in box(x, y, wide, high)))


# --- page numbers -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pages", "there", "chosen"),
    [
        ("", 3, (1, 2, 3)),
        ("2", 3, (2,)),
        ("1-3,7", 9, (1, 2, 3, 7)),
        (" 3 , 1-2 ", 3, (3, 1, 2)),
        ("2,2,1-2", 3, (2, 1)),
        ("1~2", 3, (1, 2)),
    ],
)
def test_page_numbers_are_understood(pages: str, there: int, chosen: tuple[int, ...]) -> None:
    assert documents.chosen_pages(documents.page_ranges(pages), there) == chosen


@pytest.mark.parametrize("pages", ["0", "3-1", "a", "1-", "1;2", "-1", "1.5", "99999999"])
def test_nonsense_for_page_numbers_is_refused(pages: str) -> None:
    with pytest.raises(InvalidInput, match="1-3,7"):
        documents.page_ranges(pages)


def test_pages_that_are_not_there_and_too_many_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidInput, match="no page 4"):
        documents.chosen_pages([(2, 999_999)], 3)
    monkeypatch.setenv("MODU_LIMIT_PDF_PAGES", "5")
    with pytest.raises(TooLarge, match="1000 pages"):
        documents.chosen_pages([], 1000)
    assert documents.chosen_pages([(990, 994)], 1000) == (990, 991, 992, 993, 994)


# --- order ------------------------------------------------------------------------------------------------------


def test_columns_are_read_one_after_the_other_below_their_heading() -> None:
    found = [box(300, 50 + 30 * row, 190) for row in range(5)] + [box(20, 52 + 30 * row, 200) for row in range(5)]
    found.append(box(30, 5, 420, 25))
    assert layout.reading_order(found) == [[10], [5], [6], [7], [8], [9], [0], [1], [2], [3], [4]]


def test_a_receipt_is_read_row_by_row() -> None:
    found = [box(400, 50 + 30 * row, 60) for row in range(5)] + [box(20, 52 + 30 * row, 150) for row in range(5)]
    assert layout.reading_order(found) == [[5, 0], [6, 1], [7, 2], [8, 3], [9, 4]]


def test_a_slanted_page_keeps_its_rows() -> None:
    angle = np.radians(8)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    found = [box(20, 30 * row, 150) @ turn.T for row in range(4)]
    found += [box(420, 30 * row, 60) @ turn.T for row in range(4)]
    assert layout.slant(found) == pytest.approx(angle)
    assert layout.reading_order(found) == [[0, 4], [1, 5], [2, 6], [3, 7]]


def test_no_lines_have_no_order() -> None:
    assert layout.reading_order([]) == []


def test_a_wide_gap_within_a_row_becomes_a_tab() -> None:
    lines = [line("우유", 0, 0, 60), line("2,500", 300, 0, 60), line("원", 365, 0, 20)]
    assert reading.text_of(lines, [(0, 1, 2)]) == "우유\t2,500 원"


def test_the_language_is_told_by_the_letters() -> None:
    assert reading.language_of("안녕하세요 만나서 반갑습니다") == "ko"
    assert reading.language_of("Good morning everybody") == "en"
    assert reading.language_of("오늘은 Python 수업 project 발표") == "ko+en"
    assert reading.language_of("今天天气很好") == "zh"
    assert reading.language_of("12:30 - 4,500") == ""


# --- turning ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_corners_come_back_to_the_page_as_it_was(degrees: int) -> None:
    page = np.zeros((40, 70, 3), np.uint8)
    page[5:9, 50:60] = 255
    turned = cuts.turned(page, degrees)
    rows, columns = np.nonzero(turned[:, :, 0])
    corners = box(columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1)
    back = cuts.turned_back(corners, degrees, 70, 40)
    assert sorted(map(tuple, back)) == sorted(map(tuple, box(50, 5, 10, 4)))


def test_what_reads_better_the_other_way_round_is_upside_down() -> None:
    bright_first = np.zeros((20, 200, 3), np.uint8)
    bright_first[:, :100] = 255

    def read(lines: list[np.ndarray]) -> list[Read]:
        return [Read("글", 0.8 if one[0, 0, 0] else 0.4) for one in lines]

    assert not cuts.upside_down([bright_first], read)
    assert cuts.upside_down([bright_first[:, ::-1]], read)


def test_a_cut_is_level() -> None:
    page = np.full((200, 200, 3), 255, np.uint8)
    angle = np.radians(20)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    corners = (box(0, 0, 100, 20) @ turn.T) + [60, 60]
    import cv2

    cv2.fillPoly(page, [np.round(corners).astype(np.int32)], (0, 0, 0))
    level = cuts.cut(page, corners)
    assert level.shape == (20, 100, 3)
    assert level[3:-3, 3:-3].max() == 0


# --- finding ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(6000, 30), (30, 6000), (1, 1), (9000, 5000), (300, 200)])
def test_the_detector_never_sees_more_than_its_limit(size: tuple[int, int]) -> None:
    """A line-shaped picture of a few kilobytes must not grow to gigabytes (RapidAI/RapidOCR issue 538)."""
    sheet, scale, _ = fitted(np.zeros((size[1], size[0], 3), np.uint8))
    assert sheet.shape[0] * sheet.shape[1] < 3_000_000
    assert max(sheet.shape) < LONG * 1.1 and not sheet.shape[0] % 32 and not sheet.shape[1] % 32
    assert scale[0] > 0


@pytest.mark.parametrize("size", [(12_000, 1080), (20_000, 720), (3300, 200), (60_000, 800)])
def test_a_long_screenshot_is_looked_at_in_strips_that_overlap(size: tuple[int, int]) -> None:
    parts = strips(*size)
    assert parts[0][0] == 0 and parts[-1][1] == size[0] and 2 <= len(parts) <= 45
    assert all(above[1] - below[0] >= 150 for above, below in pairwise(parts))
    sheet, scale, _ = fitted(np.zeros((parts[0][1] - parts[0][0], size[1], 3), np.uint8))
    assert scale[1] > 0.55 and sheet.size < 9_000_000


@pytest.mark.parametrize("size", [(2400, 1080), (7016, 4960), (700, 1150), (20, 9000)])
def test_an_ordinary_page_is_looked_at_as_a_whole(size: tuple[int, int]) -> None:
    assert strips(*size) == [(0, size[0])]


def test_a_line_in_two_strips_is_found_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dark rows stand for lines: each strip finds those that it holds, a pixel or two apart from the other strip."""
    page = np.full((9000, 500, 3), 255, np.uint8)
    rows = list(range(40, 8900, 61))
    for row in rows:
        page[row : row + 30] = 0

    def dark(self: Detector, part: np.ndarray) -> list[Corners]:
        edges = np.flatnonzero(np.diff(part[:, 0, 0].astype(int)))
        tops = [edge for edge in edges if part[edge + 1, 0, 0] == 0 and edge + 31 < len(part)]
        return [box(5, top + len(part) % 3, 400, 30) for top in tops]

    monkeypatch.setattr(Detector, "__init__", lambda self: None)
    monkeypatch.setattr(Detector, "_find", dark)
    found = sorted(Detector().find(page), key=lambda corners: corners[0, 1])
    assert len(found) == len(rows)
    assert all(abs(corners[0, 1] - row) < 4 for corners, row in zip(found, rows, strict=True))


def test_marks_become_boxes() -> None:
    heat = np.zeros((200, 300), np.float32)
    heat[50:60, 40:200] = 0.9
    heat[120:130, 40:200] = 0.35  # marked, but not sure enough
    (found,) = boxes_of(heat)
    low, high = found.min(0), found.max(0)
    assert low[0] < 40 and high[0] > 199 and 30 < low[1] < 50 and 60 < high[1] < 80


def test_corners_begin_at_the_upper_left() -> None:
    expected = box(10, 20, 100, 30)
    for start in range(4):
        assert np.allclose(upright(np.roll(expected, start, axis=0)), expected)


# --- lines ------------------------------------------------------------------------------------------------------


def test_the_characters_are_the_everyday_ones() -> None:
    assert len(SYLLABLES) == 2350 and SYLLABLES[0] == "가" and SYLLABLES[-1] == "힝"
    assert len(set(CHARACTERS)) == len(CHARACTERS) and CHARACTERS[0] == " "
    assert unicodedata.normalize("NFC", CHARACTERS) == CHARACTERS
    assert CHARACTERS[NUMBER["한"] - 1] == "한"


def test_a_line_is_made_dark_on_light_whatever_its_colours() -> None:
    for paper, ink in [((255, 255, 255), (0, 0, 0)), ((10, 10, 60), (250, 240, 90)), ((90, 120, 90), (150, 107, 90))]:
        crop = np.zeros((30, 200, 3), np.uint8)
        crop[:] = paper
        crop[10:20, 80:120] = ink
        ready = prepared(crop)
        assert ready.shape[0] == HEIGHT and ready.dtype == np.uint8
        assert ready[20, ready.shape[1] // 2] < 60 and ready[2, 5] > 200


def test_narrow_letters_beside_wide_ones_are_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two places at which the network looks there is room for an i; lines are widened before they are read."""
    face, cuts = ImageFont.load_default(30), []
    texts = ["e-mail Wi-Fi", "PDF e-mail"]
    for text in texts:
        drawn = Image.new("RGB", (int(face.getlength(text)) + 8, 39), "white")
        ImageDraw.Draw(drawn).text((4, 1), text, fill="black", font=face)
        cuts.append(np.asarray(drawn))
    ours = recognisers.KoreanLines()
    assert [read.text for read in ours.read(cuts)] == texts
    monkeypatch.setattr(recognisers, "WIDER", 1.0)
    assert [read.text for read in ours.read(cuts)] != texts, "the widening is what helps"


def test_lines_without_contrast_and_of_odd_shape_are_taken() -> None:
    assert prepared(np.full((20, 100, 3), 128, np.uint8)).min() == 255
    assert prepared(np.zeros((3, 9000), np.uint8)).shape == (HEIGHT, LONGEST)
    assert prepared(np.zeros((500, 2), np.uint8)).shape[0] == HEIGHT


def test_a_batch_is_filled_up_with_paper() -> None:
    batch = batch_of([np.zeros((HEIGHT, 30), np.uint8), np.zeros((HEIGHT, 50), np.uint8)])
    assert batch.shape == (2, 1, HEIGHT, 56) and batch.dtype == np.float32
    assert batch[0, 0, :, 30:].min() == 1 and batch[0, 0, :, :30].max() == -1


def test_repeats_fall_together_and_blanks_part() -> None:
    best = np.array([0, 1, 1, 0, 1, 2, 2, 3, 0])
    read = recognisers.collapsed(best, np.linspace(0.1, 0.9, 9), ["", "a", "b", " "])
    assert read.text == "aab"
    assert read.score == pytest.approx(np.mean([0.2, 0.5, 0.6, 0.8]))
    assert read.words == (Word("aab", pytest.approx(0.3)),)
    assert recognisers.collapsed(np.zeros(4, int), np.ones(4), [""]) == Read("", 0.0)


def test_a_word_is_as_sure_as_its_least_sure_letter() -> None:
    words = recognisers.words_of([" ", "a", "b", " ", " ", "c"], [0.1, 0.9, 0.4, 0.2, 0.3, 0.8])
    assert words == (Word("ab", 0.4), Word("c", 0.8))


def test_a_line_is_doubtful_for_one_word_and_not_any_more_when_corrected() -> None:
    sure = Line("one two", 0.97, ((0, 0), (9, 0), (9, 5), (0, 5)), (Word("one", 0.99), Word("two", 0.95)))
    unsure = replace(sure, words=(Word("one", 0.99), Word("two", 0.5)))
    assert not drawing.is_doubtful(sure) and drawing.is_doubtful(unsure)
    assert corrections.checked(unsure, "one two") is unsure
    assert not drawing.is_doubtful(corrections.checked(unsure, "one too"))


def test_lines_are_read_in_groups_of_limited_width() -> None:
    widths = [100, 5000, 120, 5000, 5000, 90]
    made = recognisers.groups(widths)
    assert sorted(at for group in made for at in group) == list(range(6))
    assert all(len(group) * max(widths[at] for at in group) <= recognisers.COLUMNS for group in made)


def test_the_table_of_tesseract_is_understood() -> None:
    head = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext"
    rows = [
        "5\t1\t1\t1\t1\t1\t0\t0\t9\t9\t90\t안녕",
        "5\t1\t1\t1\t1\t2\t0\t0\t9\t9\t60\tHi",
        "1\t2\t0\t0\t0\t0\t0\t0\t9\t9\t-1\t",
    ]
    assert words_of("\n".join([head, *rows]), 2) == [
        Read("안녕 Hi", pytest.approx(0.75), (Word("안녕", 0.9), Word("Hi", 0.6))), Read("", 0.0)
    ]  # fmt: skip


# --- the searchable PDF -------------------------------------------------------------------------------------------


def made_pdf() -> bytes:
    made = searchable.SearchablePdf()
    texts = ["안녕하세요, 모두의 문서 2026년", "Hello (world) \\ 100%", "漢字 ㅋㅋ €"]
    made.add(
        Image.new("RGB", (800, 400), "white"), [line(text, 40, 40 + 60 * at, 500, 30) for at, text in enumerate(texts)]
    )
    slanted = Line("기울어진 줄", 0.9, ((100.0, 100.0), (300.0, 150.0), (292.0, 180.0), (92.0, 130.0)))
    made.add(Image.new("L", (400, 300), 200), [slanted, line("", 0, 0, 10)])
    return made.done()


def test_the_text_can_be_taken_out_again_by_pdfium() -> None:
    pypdfium2 = pytest.importorskip("pypdfium2")
    document = pypdfium2.PdfDocument(made_pdf())
    first, second = (page.get_textpage().get_text_bounded() for page in document)
    assert first.split("\r\n") == ["안녕하세요, 모두의 문서 2026년", "Hello (world) \\ 100%", "漢字 ㅋㅋ €"]
    assert second.strip() == "기울어진 줄"
    assert document[0].get_size() == pytest.approx((288, 144), abs=0.5)


def test_the_text_lies_where_it_was_read_and_is_not_seen() -> None:
    pypdfium2 = pytest.importorskip("pypdfium2")
    page = pypdfium2.PdfDocument(made_pdf())[0]
    text = page.get_textpage()
    boxes = np.array([text.get_charbox(at) for at in range(16)])  # left, bottom, right, top of the first line
    scale = searchable.POINTS_PER_PIXEL
    assert boxes[:, 0].min() == pytest.approx(40 * scale, abs=3)
    assert boxes[:, 2].max() == pytest.approx(540 * scale, rel=0.15)
    assert 144 - 75 * scale < boxes[:, 1].min() < 144 - 40 * scale
    drawn = np.asarray(page.render(scale=1).to_pil().convert("L"))
    assert drawn.min() > 240


def test_another_reader_finds_the_text_too() -> None:
    pypdf = pytest.importorskip("pypdf")
    pages = pypdf.PdfReader(io.BytesIO(made_pdf())).pages
    assert "안녕하세요, 모두의 문서 2026년" in pages[0].extract_text()
    assert "기울어진 줄" in pages[1].extract_text()


# --- documents ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("size", "said"), [((5000, 4), "too few"), ((4000, 10), "thin")])
def test_strips_and_specks_are_refused(tmp_path: Path, size: tuple[int, int], said: str) -> None:
    path = tmp_path / "strip.png"
    Image.new("RGB", size).save(path)
    with pytest.raises(InvalidInput, match=said), documents.opened(path, ""):
        pytest.fail("a strip was opened")


def test_a_photo_is_turned_as_its_camera_says(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "photo.jpg"
    Image.new("RGB", (300, 200), "white").save(path, exif=exif)
    with documents.opened(path, "") as document:
        assert document.page(1).size == (200, 300)


def test_pages_of_a_pdf_are_drawn_within_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pypdfium2")
    path = tmp_path / "scan.pdf"
    path.write_bytes(made_pdf())
    with documents.opened(path, "2") as document:
        assert document.pages == 2 and document.chosen == (2,)
        assert document.page(2).size == (400, 300)
    monkeypatch.setattr(documents, "MOST_PIXELS", 1000)
    with documents.opened(path, "") as document:
        page: Any = document.page(1)
        assert page.width * page.height <= 1100


# --- taking it away ------------------------------------------------------------------------------------------------


def reading_of(*texts: str) -> Reading:
    pages = tuple(
        Page(at, (line("a", 1, 2, 30),), ((0,),), 100, 50, text=text) for at, text in enumerate(texts, start=1)
    )
    return Reading("\f".join(texts), pages, "ko", "embedded", Image.new("RGB", (100, 50)), b"")


def test_the_data_of_a_reading_are_those_of_the_contract() -> None:
    data = exports.as_data(reading_of("a"))
    assert data == {
        "pages": [
            {
                "lines": [{"text": "a", "score": 0.9, "box": [[1, 2], [31, 2], [31, 22], [1, 22]]}],
                "width": 100,
                "height": 50,
            }
        ],
        "language": "ko",
        "engine": "embedded",
    }
    assert json.loads(json.dumps(data)) == data


def test_a_table_goes_into_a_spreadsheet_without_formulas() -> None:
    rows = list(csv.reader(io.StringIO(exports.as_csv(reading_of('우유\t2,500\n할인\t-300\n=SUM(A1)\t"따옴표"')))))
    assert rows == [["우유", "2,500"], ["할인", "-300"], ["'=SUM(A1)", '"따옴표"']]


def test_markdown_has_tables_and_pages() -> None:
    text = exports.as_markdown(reading_of("제목 *1*\n우유\t2,500\n빵\t3,000\t*\n끝", "둘째"))
    assert text == ("제목 \\*1\\*  \n\n| 우유 | 2,500 |  |\n|---|---|---|\n| 빵 | 3,000 | \\* |\n\n끝\n\n---\n\n둘째\n")


# --- pages to measure with ------------------------------------------------------------------------------------------


def test_a_turned_page_of_the_benchmark_is_the_upright_one_turned(monkeypatch: pytest.MonkeyPatch) -> None:
    from benchmarks import ocr_pages
    from training.ocr_fonts import listed

    if shutil.which("fc-list") is None or not listed():
        pytest.skip("no list of fonts on this system")
    file, index, _ = listed()[0]
    monkeypatch.setattr(ocr_pages, "measuring_faces", lambda: [(file, index)])
    for kind, upright_kind in ocr_pages.SAME.items():
        (turned,), (stood,) = ocr_pages.pages(kind, 1), ocr_pages.pages(upright_kind, 1)
        assert turned.lines == stood.lines
        assert np.array_equal(np.rot90(np.asarray(turned.picture), -int(kind.split()[-1]) // 90), stood.picture)
