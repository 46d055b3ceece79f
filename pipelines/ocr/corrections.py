"""A reading whose lines somebody has corrected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipelines.errors import InvalidInput
from pipelines.ocr.contract import Line, Page, Reading
from pipelines.ocr.reading import text_of
from pipelines.words import Text


def corrected(reading: Reading, texts: Sequence[Sequence[str]]) -> Reading:
    """The reading with other words in its lines: for each page, one text to a line. The PDF stays as it was."""
    pages = tuple(corrected_page(page, said) for page, said in zip(reading.pages, texts, strict=True))
    return replace(reading, pages=pages, text="\f".join(page.text for page in pages))


def corrected_page(page: Page, texts: Sequence[str]) -> Page:
    """The page with other words in its lines. A line left empty is gone."""
    if len(texts) != len(page.lines):
        raise InvalidInput(
            Text(
                en=f"The page has {len(page.lines)} lines, but {len(texts)} texts came.",
                ko=f"이 쪽은 {len(page.lines)}줄인데 글은 {len(texts)}개가 왔습니다.",
            )
        )
    kept = [at for at, text in enumerate(texts) if text.strip()]
    place = {old: new for new, old in enumerate(kept)}
    lines = tuple(checked(page.lines[at], texts[at].strip()) for at in kept)
    rows = (tuple(place[at] for at in row if at in place) for row in page.rows)
    filled = tuple(row for row in rows if row)
    return replace(page, lines=lines, rows=filled, text=text_of(lines, filled))


def checked(line: Line, text: str) -> Line:
    """The line with the text that a person gave it. What the recogniser thought of its words is no longer of use."""
    return line if text == line.text else replace(line, text=text, words=())
