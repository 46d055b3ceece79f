"""CSV files: rows in groups, each group under the names of its columns."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path

from pipelines.documents import decoding, splitting
from pipelines.errors import InvalidInput
from pipelines.job import Job
from pipelines.words import Text

DELIMITERS = ",;\t|"
LOOKED_AT = 20  # rows that decide on the delimiter
GROUP = 600.0  # width of a group of rows
BESIDE = " | "


def texts(path: Path, name: str, job: Job) -> Iterator[tuple[int, str]]:
    """Groups of rows. The first row counts as the names of the columns and stands over each group."""
    text = decoding.decoded(path, name)
    try:
        for group in filter(None, _groups(_rows(text, delimiter_of(text)), job)):
            yield 0, group
    except csv.Error:
        raise InvalidInput(
            Text(
                en=f"{name} is not a table that can be read: a quotation mark is not closed, or a cell is too long.",
                ko=f"{name} 파일을 표로 읽을 수 없습니다. 따옴표가 닫히지 않았거나 너무 긴 칸이 있습니다.",
            )
        ) from None


def delimiter_of(text: str) -> str:
    """The delimiter that gives most rows the same number of columns; a comma where nothing speaks for another."""

    def regular(delimiter: str) -> tuple[int, int]:
        rows = list(islice(csv.reader(io.StringIO(text), delimiter=delimiter), LOOKED_AT))
        columns, times = Counter(len(row) for row in rows if len(row) > 1).most_common(1)[0] if rows else (0, 0)
        return times, columns

    def score(delimiter: str) -> tuple[int, int]:
        try:
            return regular(delimiter)
        except (csv.Error, IndexError):
            return 0, 0

    return max(DELIMITERS, key=score)


def _rows(text: str, delimiter: str) -> Iterator[str]:
    """Each row that says something, on one line."""
    for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
        cells = [" ".join(cell.split()) for cell in row]
        if any(cells):
            yield BESIDE.join(cells)


def _groups(rows: Iterator[str], job: Job) -> Iterator[str]:
    head = next(rows, "")
    if splitting.width(head) > GROUP / 3:  # as wide as that it would crowd out the rows
        rows, head = chain([head], rows), ""
    group: list[str] = []
    so_far = 0.0
    for row in rows:
        job.check()
        for part in splitting.parts(row, GROUP):
            if group and so_far + splitting.width(part) > GROUP:
                yield "\n".join([head, *group]).strip()
                group, so_far = [], 0.0
            group.append(part)
            so_far += splitting.width(part)
    yield "\n".join([head, *group]).strip()
