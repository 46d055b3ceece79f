"""What a visitor has read: documents, the pages looked at, and the corrections made in them."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from PIL import Image

from pipelines.errors import InvalidInput
from pipelines.job import Job
from pipelines.ocr import Page, Reading, cuts, exports
from pipelines.ocr.corrections import corrected
from pipelines.ocr.documents import opened
from pipelines.ocr.drawing import is_doubtful
from pipelines.ocr.reading import upright
from pipelines.ocr.searchable import SearchablePdf
from pipelines.words import Text
from tabs._files import bytes_file

# The mark at the beginning of a CSV tells Excel that it is UTF-8.
WRITERS: dict[str, Callable[[Reading], bytes]] = {
    "txt": lambda found: found.text.encode(),
    "json": lambda found: json.dumps(exports.as_data(found), ensure_ascii=False, indent=1).encode(),
    "csv": lambda found: exports.as_csv(found).encode("utf-8-sig"),
    "md": lambda found: exports.as_markdown(found).encode(),
}
FORMATS = tuple(WRITERS)
SHOWN_PIXELS = 1800  # the longer side of a page as the browser gets it
_GONE = Text(
    en="The file is no longer on the server. Choose it again and read it once more.",
    ko="파일이 서버에서 지워졌습니다. 다시 골라서 한 번 더 읽어 주세요.",
)


@dataclass
class Document:
    """One file as read. `texts` are the lines of each page as the visitor left them."""

    name: str
    stem: str
    path: Path
    found: Reading  # as the engine read it; its picture and PDF are files, not kept here
    pdf: str
    texts: list[list[str]]
    pictures: dict[int, str] = field(default_factory=dict)  # page -> its picture, made when first looked at
    page: int = 0
    stale: bool = False  # whether `pdf` lacks a correction

    @classmethod
    def of(cls, name: str, stem: str, path: Path, found: Reading) -> Document:
        pdf = bytes_file(found.pdf, f"{stem}-searchable.pdf")["path"]
        texts = [[line.text for line in page.lines] for page in found.pages]
        return cls(name, stem, path, replace(found, picture=Image.new("RGB", (1, 1)), pdf=b""), pdf, texts)

    @property
    def pages(self) -> tuple[Page, ...]:
        return self.found.pages

    @property
    def now(self) -> Reading:
        """With the visitor's corrections."""
        return corrected(self.found, self.texts)

    @property
    def text(self) -> str:
        """The text for reading and sending: a blank line between pages."""
        return "\n\n".join(page.text for page in self.now.pages if page.text)

    @property
    def doubtful(self) -> int:
        """Lines that nobody has corrected and that somebody should look at."""
        return sum(
            is_doubtful(line)
            for page, texts in zip(self.pages, self.texts, strict=True)
            for line, text in zip(page.lines, texts, strict=True)
            if text == line.text
        )

    def file(self, kind: str) -> str:
        """The path of the corrected document in one of `FORMATS`."""
        return str(bytes_file(WRITERS[kind](self.now), f"{self.stem}.{kind}")["path"])


@dataclass
class Desk:
    """All documents of one visitor, and which one is looked at. Kept by Gradio for the session."""

    documents: list[Document] = field(default_factory=list)
    failed: list[tuple[str, Text]] = field(default_factory=list)
    which: int = 0
    line: int | None = None  # of the page looked at: the one that was touched last

    @property
    def current(self) -> Document | None:
        return self.documents[self.which] if self.documents else None

    def correct(self, which: object, page: object, texts: list[str]) -> bool:
        """Put other texts into the lines of a page. False, and nothing is changed, where they do not belong there."""
        if not isinstance(which, int) or not 0 <= which < len(self.documents):
            return False
        document = self.documents[which]
        if not isinstance(page, int) or not 0 <= page < len(document.texts):
            return False
        if len(texts) != len(document.texts[page]) or texts == document.texts[page]:
            return False
        document.texts[page], document.stale = texts, True
        return True


def zipped(documents: list[Document]) -> str:
    """The texts of all documents in one file; two of one name are told apart."""
    data, taken = io.BytesIO(), set()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for document in documents:
            name, again = f"{document.stem}.txt", 1
            while name.lower() in taken:
                again += 1
                name = f"{document.stem}-{again}.txt"
            taken.add(name.lower())
            archive.writestr(name, document.now.text)
    return str(bytes_file(data.getvalue(), "texts.zip")["path"])


def page_picture(document: Document, index: int) -> str:
    """The path of a page's picture, upright, of a size for the screen."""
    if index not in document.pictures:
        picture, _ = upright(_page_of(document, document.pages[index].number), document.pages[index])
        picture.thumbnail((SHOWN_PIXELS, SHOWN_PIXELS))
        data = io.BytesIO()
        picture.convert("RGB").save(data, "JPEG", quality=85)
        document.pictures[index] = bytes_file(data.getvalue(), f"page-{index + 1}.jpg")["path"]
    return document.pictures[index]


def upright_boxes(page: Page) -> tuple[int, int, list[list[list[float]]]]:
    """Width and height of the page when it stands upright, and its lines' corners there."""
    width, height = (page.height, page.width) if page.turned % 180 else (page.width, page.height)
    back = (360 - page.turned) % 360
    corners = [cuts.turned_back(np.array(line.box), back, width, height) for line in page.lines]
    return width, height, [[[round(x, 1), round(y, 1)] for x, y in four.tolist()] for four in corners]


def line_picture(document: Document, line: int) -> str:
    """A picture of one line alone, cut from the page."""
    page = document.pages[document.page]
    picture, lines = upright(_page_of(document, page.number), page)
    xs, ys = zip(*lines[line].box, strict=True)
    margin = (max(ys) - min(ys)) * 0.25
    cut = picture.crop(
        (
            max(0, int(min(xs) - margin)),
            max(0, int(min(ys) - margin)),
            min(picture.width, int(max(xs) + margin) + 1),
            min(picture.height, int(max(ys) + margin) + 1),
        )
    )
    data = io.BytesIO()
    cut.save(data, "PNG")
    return str(bytes_file(data.getvalue(), f"line-{line + 1}.png")["path"])


def corrected_pdf(document: Document, job: Job) -> str:
    """A searchable PDF with the visitor's corrections in it."""
    made, pages = SearchablePdf(), document.now.pages
    for at, page in enumerate(pages):
        job.progress(at / len(pages), Text(en=f"Writing page {page.number}...", ko=f"{page.number}쪽 쓰는 중..."))
        made.add(*upright(_page_of(document, page.number), page))
    return str(bytes_file(made.done(), f"{document.stem}-searchable.pdf")["path"])


def _page_of(document: Document, number: int) -> Image.Image:
    if not document.path.is_file():
        raise InvalidInput(_GONE)
    with opened(document.path, str(number)) as source:
        return source.page(number)
