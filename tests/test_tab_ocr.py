"""The tab that reads text: its handlers as plain coroutines with a reader of known lines, and its endpoint."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import raw
from conftest import example
from fakes import FakeModule, spec
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image, ImageDraw

from pipelines import ocr
from pipelines.errors import Cancelled, InvalidInput
from pipelines.job import Job
from pipelines.ocr.contract import Corners, Pixels, Read, Word
from tabs.ocr import answers, documents, endpoints, erasing, results
from tabs.ocr.documents import FORMATS, Desk

LINES = [
    Read("Tea", 0.99), Read("3,200", 0.95), Read("<b>cake</b>", 0.62), Read("=1+1", 0.97), Read("Total 4,700", 0.99),
]  # fmt: skip
PLACES = [(20, 20, 90, 24), (300, 20, 80, 24), (20, 70, 120, 24), (300, 70, 80, 24), (20, 120, 200, 24)]


class KnownLines:
    """Finds the same five lines on every page: two rows of two, and one alone."""

    def __init__(self) -> None:
        self.pages = 0

    def find(self, page: Pixels) -> list[Corners]:
        self.pages += 1
        return [np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h]], float) for x, y, w, h in PLACES]

    def read(self, cuts: Sequence[Pixels], language: str, job: Job) -> list[Read]:
        return LINES[: len(cuts)]


@pytest.fixture
def reader(fake_engine: Callable[[Any], Any]) -> KnownLines:
    built = KnownLines()
    fake_engine(FakeModule(spec("ocr", "fake", rank=1000, languages=("ko", "en")), lambda: built))
    return built


def paper() -> Image.Image:
    sheet = Image.new("RGB", (420, 200), "white")
    ImageDraw.Draw(sheet).rectangle((20, 20, 110, 44), fill="black")
    return sheet


@pytest.fixture
def picture(upload: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    return upload(paper(), "my receipt.png")


@pytest.fixture
def three_pages(upload: Callable[..., dict[str, Any]], tmp_path: Path) -> dict[str, Any]:
    path = tmp_path / "three.pdf"
    paper().save(path, save_all=True, append_images=[paper(), paper()])
    return upload(path)


def steps(handler: Any) -> list[dict[str, Any]]:
    """What a handler shows, step by step, by the names of the components."""

    async def collect() -> list[tuple]:
        return [step async for step in handler]

    return [named(step) for step in asyncio.run(collect())]


def run(handler: Any) -> Any:
    return asyncio.run(handler)


def named(step: tuple) -> dict[str, Any]:
    names = ["desk", "text", *FORMATS, "pdf", "make_pdf", "archive", "view", "report", "which"]
    names += ["previous", "page", "next"]
    assert len(step) == len(names)
    return dict(zip(names, step, strict=True))


def read(*files: Any, pages: str = "", language: str = "auto") -> dict[str, Any]:
    return steps(answers.on_files(list(files), pages, language, "auto"))[-1]


def content(value: dict[str, Any]) -> str:
    return Path(value["value"]).read_text(encoding="utf-8-sig")


def edit(desk: Desk, texts: list[str], document: int = 0, page: int = 0) -> tuple:
    said = SimpleNamespace(_data={"document": document, "page": page, "texts": texts})
    return run(answers.on_edit(desk, said))  # type: ignore[arg-type]


# --- reading ------------------------------------------------------------------------------------------------------


def test_the_outputs_are_wired_in_the_order_in_which_they_are_given(reader: KnownLines, picture: Any) -> None:
    shown = results.Results(*("desk view report text which previous page next files pdf make_pdf archive".split()))
    shown.files = list(FORMATS)  # type: ignore[assignment]
    assert shown.all == list(read(picture))


def test_a_picture_is_shown_with_its_lines_and_doubtful_ones_are_marked(reader: KnownLines, picture: Any) -> None:
    shown = steps(answers.on_picture(picture, "auto", "auto"))[-1]
    page = shown["view"]["page"]
    assert [line["text"] for line in page["lines"]] == [line.text for line in LINES]
    assert [line["doubtful"] for line in page["lines"]] == [False, False, True, False, False]
    assert page["lines"][2]["sure"] == "62%"
    assert (page["width"], page["height"]) == Image.open(page["picture"]).size == (420, 200)
    assert page["lines"][1]["box"][0] == [300, 20]
    assert "5 lines" in shown["report"] and "not sure: 1" in shown["report"]
    assert shown["which"]["visible"] is False and shown["page"]["visible"] is False


def test_doubtful_words_are_marked_until_somebody_corrects_the_line(
    monkeypatch: pytest.MonkeyPatch, reader: KnownLines, picture: Any
) -> None:
    words = (Word("Total", 0.99), Word("4,700", 0.41))
    monkeypatch.setitem(globals(), "LINES", [*LINES[:4], Read("Total 4,700", 0.97, words)])
    shown = read(picture)
    line = shown["view"]["page"]["lines"][4]
    assert line["words"] == [["Total", ""], ["4,700", "41%"]]
    assert line["doubtful"] and line["sure"] == "41%" and "not sure: 2" in shown["report"]
    edit(shown["desk"], ["Tea", "3,200", "cake", "1,500", "Total 4,100"])
    line = named(run(answers.on_page(shown["desk"], 0)))["view"]["page"]["lines"][4]
    assert not line["words"] and not line["doubtful"] and shown["desk"].current.doubtful == 0


def test_text_of_the_page_never_becomes_markup_in_the_report(upload: Any, reader: KnownLines) -> None:
    bad = upload(b"no picture", "<img src=x>.png")
    report = read(upload(paper()), bad)["report"]
    assert "<img" not in report and "&lt;img" in report


def test_files_to_download_say_what_was_read(reader: KnownLines, picture: Any) -> None:
    shown = read(picture)
    assert content(shown["txt"]).splitlines() == ["Tea\t3,200", "<b>cake</b>\t=1+1", "Total 4,700"]
    assert json.loads(content(shown["json"]))["pages"][0]["lines"][0]["text"] == "Tea"
    rows = list(csv.reader(io.StringIO(content(shown["csv"]))))
    assert rows == [["Tea", "3,200"], ["<b>cake</b>", "'=1+1"], ["Total 4,700"]]
    assert "| Tea | 3,200 |" in content(shown["md"]) and "<b>" not in content(shown["md"])
    assert Path(shown["pdf"]["value"]).name == "my receipt-searchable.pdf"
    assert Path(shown["txt"]["value"]).name == "my receipt.txt"


def test_several_files_each_with_its_result_and_one_that_cannot_be_read(
    upload: Any, reader: KnownLines, three_pages: Any
) -> None:
    given = [upload(paper(), "same.png"), upload(b"no picture", "broken.png"), upload(paper(), "same.png"), three_pages]
    stages = steps(answers.on_files(given, "2-3", "auto", "auto"))
    assert [len(stage["desk"].documents) for stage in stages] == [1, 2, 3, 3]
    last = stages[-1]
    assert [name for name, _ in last["which"]["choices"]] == ["1. same.png", "2. same.png", "3. three.pdf"]
    assert "broken.png" in last["report"] and "1 failed" in last["report"]
    assert [page.number for page in last["desk"].documents[2].pages] == [2, 3]
    with zipfile.ZipFile(last["archive"]["value"]) as archive:
        assert sorted(archive.namelist()) == ["same-2.txt", "same.txt", "three.txt"]
        assert archive.read("three.txt").decode().count("\f") == 1


def test_when_no_file_can_be_read_the_reasons_are_said(upload: Any, reader: KnownLines) -> None:
    with pytest.raises(InvalidInput) as said:
        read(upload(b"no", "one.png"), upload(b"no", "two.png"))
    assert "one.png" in said.value.message.en and "two.png" in said.value.message.ko


@pytest.mark.parametrize("nothing", [None, []])
def test_without_a_file_one_is_asked_for(nothing: Any) -> None:
    with pytest.raises(InvalidInput, match="Choose a picture or a PDF"):
        steps(answers.on_files(nothing, "", "auto", "auto"))


def test_a_page_that_is_not_there_is_named(reader: KnownLines, three_pages: Any) -> None:
    with pytest.raises(InvalidInput, match="no page 7"):
        read(three_pages, pages="1,7")


def test_pages_do_not_apply_to_pictures(reader: KnownLines, picture: Any) -> None:
    assert len(read(picture, pages="2-3")["desk"].documents[0].pages) == 1


def test_a_cancel_reaches_the_engine_and_is_no_failed_file(
    monkeypatch: pytest.MonkeyPatch, upload: Any, reader: KnownLines
) -> None:
    def cancelled(*_: Any, **__: Any) -> Any:
        raise Cancelled

    monkeypatch.setattr(ocr, "read", cancelled)
    with pytest.raises(Cancelled):
        read(upload(paper(), "one.png"), upload(paper(), "two.png"))


def test_language_pages_and_engine_reach_the_pipeline(
    monkeypatch: pytest.MonkeyPatch, reader: KnownLines, three_pages: Any
) -> None:
    asked: list[Any] = []
    real = ocr.read

    def spy(path: Path, options: Any, *, engine: str, job: Job) -> Any:
        asked.append((options, engine))
        return real(path, options, engine=engine, job=job)

    monkeypatch.setattr(ocr, "read", spy)
    read(three_pages, pages="3", language="ko")
    assert asked == [(ocr.ReadOptions("ko", "3"), "auto")]


# --- pages and corrections ----------------------------------------------------------------------------------------


def test_pages_are_flipped_and_their_pictures_made_when_looked_at(reader: KnownLines, three_pages: Any) -> None:
    desk = read(three_pages)["desk"]
    assert reader.pages == 3 and set(desk.current.pictures) == {0}
    second = named(run(answers.on_next(desk)))
    assert second["view"]["page"]["page"] == 1 and second["page"]["value"] == 1
    assert second["previous"]["interactive"] and second["next"]["interactive"]
    third = named(run(answers.on_next(desk)))
    assert not third["next"]["interactive"]
    assert named(run(answers.on_next(desk)))["view"]["page"]["page"] == 2
    assert named(run(answers.on_previous(desk)))["view"]["page"]["page"] == 1
    assert set(desk.current.pictures) == {0, 1, 2}


@pytest.mark.parametrize("wrong", [-1, 3, None, "1", 0.5])
def test_a_page_or_file_that_is_not_there_is_refused(reader: KnownLines, three_pages: Any, wrong: Any) -> None:
    desk = read(three_pages)["desk"]
    with pytest.raises(InvalidInput):
        run(answers.on_page(desk, wrong))
    with pytest.raises(InvalidInput):
        run(answers.on_which(desk, wrong))
    assert desk.current.page == desk.which == 0


def test_before_anything_is_read_there_is_nothing_to_flip() -> None:
    assert len(run(answers.on_next(Desk()))) == len(run(answers.on_which(Desk(), 4))) == 10 + len(FORMATS)


def test_what_is_corrected_is_what_is_downloaded_and_sent(reader: KnownLines, three_pages: Any) -> None:
    desk = read(three_pages)["desk"]
    texts = ["Tea", "3,200", "cake", "1,500", ""]
    _, text, *files = edit(desk, texts, page=1)
    assert "cake\t1,500" in text and text.count("Total") == 2
    kinds = dict(zip(FORMATS, files, strict=False))
    for kind in FORMATS:
        assert "cake" in content(kinds[kind])
    assert content(kinds["txt"]).split("\f")[1] == "Tea\t3,200\ncake\t1,500"
    assert answers.text_of(desk) == text
    back = named(run(answers.on_page(desk, 1)))
    assert [line["text"] for line in back["view"]["page"]["lines"]] == texts


def test_after_a_correction_the_pdf_is_made_anew_on_request(reader: KnownLines, picture: Any) -> None:
    pdfium = pytest.importorskip("pypdfium2")
    desk = read(picture)["desk"]
    *_, pdf, make_pdf, _archive = edit(desk, ["Green tea", "3,200", "cake", "1,500", "Total 4,700"])
    assert pdf["visible"] is False and make_pdf["visible"] is True
    assert named(run(answers.on_page(desk, 0)))["make_pdf"]["visible"] is True
    pdf, make_pdf = run(answers.on_pdf(desk))
    assert pdf["visible"] is True and make_pdf["visible"] is False
    text = pdfium.PdfDocument(pdf["value"])[0].get_textpage().get_text_bounded()
    assert "Green tea" in text and "1,500" in text and "<b>" not in text


@pytest.mark.parametrize(
    "said",
    [
        {}, {"document": 0, "page": 0}, {"document": 0, "page": 0, "texts": ["one"]},
        {"document": 5, "page": 0, "texts": ["x"] * 5}, {"document": "0", "page": 0, "texts": ["x"] * 5},
        {"document": 0, "page": -1, "texts": ["x"] * 5}, {"document": 0, "page": 9, "texts": ["x"] * 5},
    ],
)  # fmt: skip
def test_a_correction_that_fits_no_page_changes_nothing(reader: KnownLines, picture: Any, said: Any) -> None:
    desk = read(picture)["desk"]
    before = answers.text_of(desk)
    outputs = run(answers.on_edit(desk, SimpleNamespace(_data=said)))  # type: ignore[arg-type]
    assert len(outputs) == 5 + len(FORMATS) and answers.text_of(desk) == before
    assert desk.current is not None and not desk.current.stale


def test_the_touched_line_is_cut_out_for_the_digits_tab(reader: KnownLines, picture: Any) -> None:
    desk = read(picture)["desk"]
    with pytest.raises(InvalidInput, match="Click the line"):
        answers.line_of(desk)
    run(answers.on_line(desk, SimpleNamespace(_data={"line": 1})))  # type: ignore[arg-type]
    width, height = Image.open(answers.line_of(desk)).size
    assert 80 <= width <= 100 and 24 <= height <= 40
    run(answers.on_line(desk, SimpleNamespace(_data={"line": 99})))  # type: ignore[arg-type]
    assert desk.line is None


def test_nothing_read_is_nothing_to_send() -> None:
    assert answers.text_of(Desk()) == answers.line_of(Desk()) == erasing.to_erase(Desk()) == ""


def test_a_file_that_has_left_the_server_is_asked_for_again(reader: KnownLines, picture: Any) -> None:
    desk = read(picture)["desk"]
    desk.current.path.unlink()
    desk.current.pictures.clear()
    with pytest.raises(InvalidInput, match="no longer on the server"):
        documents.page_picture(desk.current, 0)


def test_a_sideways_page_is_shown_upright_with_its_boxes() -> None:
    pytest.importorskip("rapidocr")
    path = example("ocr", "on-its-side*")
    document = documents.Document.of(path.name, path.stem, path, ocr.read(path))
    page = document.pages[0]
    assert page.turned in (90, 270)
    width, height, boxes = documents.upright_boxes(page)
    assert (width, height) == (page.height, page.width)
    assert all(box[1][0] - box[0][0] > 2 * (box[3][1] - box[0][1]) > 0 for box in boxes)
    assert [box[0][1] for box in boxes] == sorted(box[0][1] for box in boxes)


def test_languages_follow_the_engine(reader: KnownLines) -> None:
    assert [code for _, code in answers.language_choices("auto", "ko")] == ["auto", "ko+en", "ko", "en"]


# --- the endpoint -------------------------------------------------------------------------------------------------


def test_ocr_reads_a_receipt(client: Client) -> None:
    text, marked, facts, pdf = client.predict(handle_file(str(example("ocr", "receipt*"))), api_name="/ocr")
    assert "38,280" in text and "\t" in text
    assert set(facts) == {"pages", "language", "engine"} and facts["engine"] == "embedded"
    (page,) = facts["pages"]
    assert set(page) == {"lines", "width", "height"} and page["width"] > 0
    for line in page["lines"]:
        assert set(line) == {"text", "score", "box"} and 0 <= line["score"] <= 1
        assert len(line["box"]) == 4 and all(len(corner) == 2 for corner in line["box"])
    assert Image.open(marked).format == "PNG" and Image.open(marked).size == (page["width"], page["height"])
    assert Path(pdf).read_bytes().startswith(b"%PDF-")


def test_ocr_reads_the_chosen_page_of_a_pdf(client: Client) -> None:
    document = handle_file(str(example("ocr", "*.pdf")))
    text, _, facts, _ = client.predict(document=document, pages="2", language="en", api_name="/ocr")
    assert "\f" not in text and len(facts["pages"]) == 1 and facts["language"] == "en"


def test_a_blank_page_is_an_empty_text(client: Client) -> None:
    text, _, facts, pdf = client.predict(handle_file(str(example("ocr", "blank*"))), api_name="/ocr")
    assert text == "" and facts["pages"][0]["lines"] == [] and Path(pdf).stat().st_size > 500


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"language": "klingon"}, "[invalid_input]"), ({"pages": "3-1"}, "[invalid_input]"),
        ({"pages": 2}, "[invalid_input]"), ({"language": ["ko"]}, "[invalid_input]"),
        ({"engine": "nobody"}, "[unknown_engine]"), ({"pages": "1-999999"}, "[invalid_input]"),
    ],
)  # fmt: skip
def test_wrong_values_are_refused_in_words(client: Client, values: dict[str, Any], said: str) -> None:
    with pytest.raises(AppError) as error:
        client.predict(handle_file(str(example("ocr", "blank*"))), **values, api_name="/ocr")
    assert str(error.value).rstrip().endswith(said)


def test_errors_come_in_the_visitors_language(app_url: str) -> None:
    path = raw.upload(app_url, b"%PDF-1.4 nothing more", "broken.pdf")
    headers = {"Accept-Language": "ko"}
    event, answer = raw.call(app_url, "/ocr", [raw.file_value(path, "broken.pdf"), "auto", "", "auto"], headers)
    assert event == "error" and "PDF" in answer["error"] and "다시" in answer["error"]


def test_a_program_gets_what_the_tab_shows(reader: KnownLines, picture: Any) -> None:
    text, _, facts, _ = run(endpoints.read_text(picture))
    shown = read(picture)
    assert json.loads(content(shown["json"])) == facts
    assert content(shown["txt"]) == text
