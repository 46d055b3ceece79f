"""The way of a document through an engine: pages, lines, their order, and what is made of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image

from pipelines import checks, engines, memory
from pipelines.errors import InvalidInput
from pipelines.job import Job
from pipelines.ocr import cuts, layout
from pipelines.ocr.contract import (
    LANGUAGES,
    TASK,
    Corners,
    Line,
    LineEngine,
    Page,
    PageEngine,
    Pixels,
    Reading,
    ReadOptions,
)
from pipelines.ocr.documents import Document, check_shape, opened, pixels
from pipelines.ocr.drawing import with_boxes
from pipelines.ocr.searchable import SearchablePdf
from pipelines.words import Text

FAINT = 0.45  # lines that the recogniser is less sure of are taken for pictures or dirt
_PAGE = Text(en="Reading page {number} ({at} of {count})...", ko="{number}쪽 읽는 중 ({count}쪽 중 {at}번째)...")


def read(
    document: Path, options: ReadOptions = ReadOptions(), *, engine: str = "auto", job: Job | None = None
) -> Reading:
    """Read the text of a picture or PDF. An empty page gives an empty text."""
    job = job or Job()
    language = checks.choice(options.language, "language", LANGUAGES)
    pages = checks.text(options.pages, "pages", 200)
    with opened(document, pages) as source:
        with engines.use(TASK, engine, job) as (spec, reader):
            refuse_other_languages(spec, language)
            try:
                return _read(source, language, spec.name, reader, job)
            finally:
                memory.give_back()  # pages of many sizes leave the heap full of holes


def refuse_other_languages(spec: engines.EngineSpec, language: str) -> None:
    wanted = [part for part in language.split("+") if part != "auto"]
    if any(part not in spec.languages for part in wanted):
        known = ", ".join(spec.languages)
        raise InvalidInput(
            Text(
                en=f"{spec.label.en} does not read {language!r}. It reads: {known}. Choose auto or another engine.",
                ko=f"{spec.label.ko}은(는) {language!r}을(를) 읽지 못합니다. 읽을 수 있는 언어: {known}. "
                "auto나 다른 엔진을 골라 주세요.",
            )
        )


def _read(source: Document, language: str, name: str, reader: LineEngine | PageEngine, job: Job) -> Reading:
    made: list[Page] = []
    first: Image.Image | None = None
    pdf = SearchablePdf()
    for at, number in enumerate(source.chosen):
        job.progress(at / len(source.chosen), _PAGE.format(number=number, at=at + 1, count=len(source.chosen)))
        image = source.page(number)
        check_shape(image.width, image.height)
        page = read_page(image, number, language, reader, job)
        made.append(page)
        first = first or with_boxes(image, page.lines)
        pdf.add(*upright(image, page))
    text = "\f".join(page.text for page in made)
    assert first is not None
    return Reading(text, tuple(made), language_of(text), name, first, pdf.done(), source.notice)


def read_page(image: Image.Image, number: int, language: str, reader: LineEngine | PageEngine, job: Job) -> Page:
    if is_blank(pixels(image)):
        return Page(number, (), (), image.width, image.height)
    if isinstance(reader, PageEngine):
        text = reader.read_page(image, language, job).strip()
        box = (
            (0.0, 0.0),
            (float(image.width), 0.0),
            (float(image.width), float(image.height)),
            (0.0, float(image.height)),
        )
        lines = (Line(text, 1.0, box),) if text else ()
        return Page(number, lines, ((0,),) if text else (), image.width, image.height, text=text)
    return read_lines(pixels(image), number, language, reader, job)


def read_lines(page: Pixels, number: int, language: str, reader: LineEngine, job: Job) -> Page:
    """Find the lines, turn the page if it lies on its side or head, read, and put them in order."""
    height, width = page.shape[:2]
    way, found, level = set_upright(page, language, reader, job)
    reads = reader.read(level, language, job) if level else []
    kept = [at for at, read in enumerate(reads) if read.text and read.score >= FAINT]
    order = layout.reading_order([found[at] for at in kept])
    lines: list[Line] = []
    rows: list[tuple[int, ...]] = []
    for row in order:
        rows.append(tuple(range(len(lines), len(lines) + len(row))))
        for place in row:
            corners = cuts.turned_back(found[kept[place]], way, width, height)
            read = reads[kept[place]]
            box = tuple((round(x, 1), round(y, 1)) for x, y in corners.tolist())
            lines.append(Line(read.text, round(read.score, 4), box, read.words))
    return replace(Page(number, tuple(lines), tuple(rows), width, height, way), text=text_of(lines, rows))


def set_upright(
    page: Pixels, language: str, reader: LineEngine, job: Job
) -> tuple[int, Sequence[Corners], list[Pixels]]:
    """How far the page had to be turned, and on the turned page its lines and their cuts."""
    found, way = reader.find(page), 0
    job.check()
    if found and cuts.lies_on_its_side(found):
        way, page = 90, cuts.turned(page, 90)
        found = reader.find(page)
    job.check()
    level = cuts.cuts(page, found)
    if level and cuts.upside_down(level, lambda few: reader.read(few, language, job)):
        way, page = way + 180, cuts.turned(page, 180)
        found = reader.find(page)
        level = cuts.cuts(page, found)
    return way, found, level


def is_blank(page: Pixels) -> bool:
    """One colour all over, but for a little noise."""
    return bool(page[::2, ::2].std(axis=(0, 1)).max() < 1.0 and np.ptp(page, axis=(0, 1)).max() < 16)


def text_of(lines: Sequence[Line], rows: Sequence[Sequence[int]]) -> str:
    """The page's text: a row to a line, a tab where there is a wide gap within it."""
    made = []
    for row in rows:
        parts = [lines[row[0]].text]
        for before, after in pairwise(row):
            parts += ["\t" if wide_gap(lines[before], lines[after]) else " ", lines[after].text]
        made.append("".join(parts))
    return "\n".join(made)


def wide_gap(before: Line, after: Line) -> bool:
    end, start, below = np.array(before.box[1]), np.array(after.box[0]), np.array(before.box[2])
    return bool(np.hypot(*(start - end)) > 1.5 * np.hypot(*(below - end)))


def upright(image: Image.Image, page: Page) -> tuple[Image.Image, list[Line]]:
    """The page's picture standing upright, and its lines on it."""
    if not page.turned:
        return image, list(page.lines)
    stood = Image.fromarray(cuts.turned(pixels(image), page.turned))
    lines = []
    for line in page.lines:
        corners = cuts.turned_back(np.array(line.box), (360 - page.turned) % 360, stood.width, stood.height)
        lines.append(replace(line, box=tuple((x, y) for x, y in corners.tolist())))
    return stood, lines


def language_of(text: str) -> str:
    """The languages of a text by its letters; those of which there is little are left out."""
    counts = {
        "ko": len(re.findall("[가-힣]", text)),
        "zh": len(re.findall("[\u3400-\u9fff]", text)),
        "en": len(re.findall("[A-Za-z]", text)) / 2,
    }
    whole = sum(counts.values())
    return "+".join(name for name, count in counts.items() if whole and count >= 0.1 * whole)
