"""A reading in the forms people take away: plain data, tables as CSV, Markdown."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from pipelines.ocr.contract import Page, Reading

_MARKS = str.maketrans({mark: "\\" + mark for mark in "\\`*_{}[]<>#|"})
_FORMULA = ("=", "+", "-", "@")


def as_data(reading: Reading) -> dict[str, Any]:
    """What `/ocr` answers beside the text."""
    return {
        "pages": [
            {
                "lines": [
                    {"text": line.text, "score": line.score, "box": [list(corner) for corner in line.box]}
                    for line in page.lines
                ],
                "width": page.width,
                "height": page.height,
            }
            for page in reading.pages
        ],
        "language": reading.language,
        "engine": reading.engine,
    }


def cells(page: Page) -> list[list[str]]:
    """Each row of the page as its cells: what wide gaps part."""
    return [row.split("\t") for row in page.text.splitlines()]


def as_csv(reading: Reading) -> str:
    """All rows of all pages, for a spreadsheet. A cell that it would take for a formula is kept as text."""
    out = io.StringIO()
    writer = csv.writer(out)
    for page in reading.pages:
        writer.writerows([[_harmless(cell) for cell in row] for row in cells(page)])
    return out.getvalue()


def _harmless(cell: str) -> str:
    numeric = cell.lstrip("+-").replace(",", "").replace(".", "", 1).isdigit()
    return "'" + cell if cell.startswith(_FORMULA) and not numeric else cell


def as_markdown(reading: Reading) -> str:
    """Text as paragraphs, rows of several cells as tables; pages parted by a rule."""
    return "\n\n---\n\n".join("\n".join(_blocks(page)).strip() for page in reading.pages) + "\n"


def _blocks(page: Page) -> Iterator[str]:
    for tabular, rows in groupby(cells(page), key=lambda row: len(row) > 1):
        found = [[cell.translate(_MARKS) for cell in row] for row in rows]
        if not tabular:
            yield from (row[0] + "  " for row in found)
            continue
        wide = max(len(row) for row in found)
        yield ""
        for at, row in enumerate(found):
            yield "| " + " | ".join(row + [""] * (wide - len(row))) + " |"
            if at == 0:
                yield "|" + "---|" * wide
        yield ""
