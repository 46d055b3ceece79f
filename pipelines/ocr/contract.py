"""What reading text takes and gives: options, lines, pages, and the promises of its engines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
from PIL import Image

from pipelines.job import Job
from pipelines.words import EMPTY, Text

TASK = "ocr"
LANGUAGES = ("auto", "ko+en", "ko", "en", "zh")
Pixels = np.ndarray  # (h, w, 3) uint8 RGB
Corners = np.ndarray  # (4, 2) float, clockwise from where the text begins


@dataclass(frozen=True)
class ReadOptions:
    """`language`: one of `LANGUAGES`, `auto` looks at each line. `pages`: such as "1-3,7"; "" means all."""

    language: str = "auto"
    pages: str = ""


@dataclass(frozen=True)
class Word:
    """A word of a line. `score`: how sure the recogniser is of the letter that it is least sure of, 0..1."""

    text: str
    score: float


@dataclass(frozen=True)
class Line:
    """A line of text. `box`: its four corners in the page's picture, clockwise from where the text begins."""

    text: str
    score: float  # 0..1, how sure the recogniser is
    box: tuple[tuple[float, float], ...]
    words: tuple[Word, ...] = ()  # joined by blanks they are the text; none where the engine tells only of the line


@dataclass(frozen=True)
class Page:
    """One page as read. `rows` groups the numbers of `lines` that stand side by side, in reading order."""

    number: int  # counted from 1, in the document
    lines: tuple[Line, ...]  # in reading order
    rows: tuple[tuple[int, ...], ...]
    width: int
    height: int
    turned: int = 0  # degrees clockwise by which the picture has to be turned to be upright
    text: str = ""


@dataclass(frozen=True)
class Reading:
    """A whole document as read. `picture` is the first page with its boxes; `pdf` holds the pages, searchable."""

    text: str  # pages parted by a form feed
    pages: tuple[Page, ...]
    language: str  # of what was found: "ko", "en", "ko+en", "zh"; "" for an empty page
    engine: str
    picture: Image.Image
    pdf: bytes = field(repr=False)
    notice: Text = EMPTY


@dataclass(frozen=True)
class Read:
    """What an engine says about one cut line."""

    text: str
    score: float
    words: tuple[Word, ...] = ()  # as in `Line`


class LineEngine(Protocol):
    """Finds lines on a page and reads cut ones. Cut lines are upright, RGB, one line high."""

    def find(self, page: Pixels) -> Sequence[Corners]: ...

    def read(self, cuts: Sequence[Pixels], language: str, job: Job) -> list[Read]: ...


@runtime_checkable
class PageEngine(Protocol):
    """Reads a whole page at once and tells no places."""

    def read_page(self, page: Image.Image, language: str, job: Job) -> str: ...
