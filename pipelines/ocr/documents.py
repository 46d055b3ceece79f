"""A picture or PDF as pages, within the limits: what may come in, which pages are read, how large they are drawn."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from pipelines import media, pdf, settings
from pipelines.errors import InvalidInput, TooLarge
from pipelines.words import EMPTY, Text

SMALLEST, THINNEST = 8, 200  # pixels of the shorter side at least; sides as 1 to this at most
DPI, MOST_PIXELS = 200, 9_000_000  # of a drawn PDF page


@dataclass(frozen=True)
class Document:
    """What is read: how many pages it has, which of them (from 1), and how to see one."""

    pages: int
    chosen: tuple[int, ...]
    notice: Text
    _source: Image.Image | pdf.PdfFile

    def page(self, number: int) -> Image.Image:
        if isinstance(self._source, Image.Image):
            return self._source
        return self._source.picture(number - 1, DPI, MOST_PIXELS)


@contextmanager
def opened(path: Path, pages: str) -> Iterator[Document]:
    """The document in the file, if it is one that can be read. Raises `InvalidInput` or `TooLarge`."""
    wanted = page_ranges(pages)
    if not _is_pdf(path):
        picture = media.open_picture(path)
        image = media.to_rgb(picture.image)
        check_shape(image.width, image.height)
        yield Document(1, chosen_pages(wanted, 1), picture.notice, image)
        return
    limit = settings.current().limits.document_bytes
    if path.stat().st_size > limit:
        raise TooLarge(
            Text(
                en=f"The PDF is {path.stat().st_size / 1e6:.0f} MB; at most {limit / 1e6:.0f} MB work here. Split it.",
                ko=f"PDF가 {path.stat().st_size / 1e6:.0f} MB입니다. {limit / 1e6:.0f} MB까지 쓸 수 있으니 "
                "나누어 주세요.",
            )
        )
    with pdf.opened(path, path.name) as document:
        yield Document(document.pages, chosen_pages(wanted, document.pages), EMPTY, document)


def _is_pdf(path: Path) -> bool:
    with path.open("rb") as file:
        return b"%PDF-" in file.read(1024)


def check_shape(width: int, height: int) -> None:
    """Pictures too small or thin to hold text end here: enlarged for the networks they would take gigabytes."""
    short, long = sorted((width, height))
    if short < SMALLEST:
        raise InvalidInput(
            Text(
                en=f"The picture has {width} x {height} pixels, too few for letters. Choose a larger one.",
                ko=f"그림이 {width} x {height} 픽셀이라 글자를 담기에 너무 작습니다. 더 큰 그림을 골라 주세요.",
            )
        )
    if long > THINNEST * short:
        raise InvalidInput(
            Text(
                en=f"The picture has {width} x {height} pixels, too thin a strip to read. Cut it into parts.",
                ko=f"그림이 {width} x {height} 픽셀이라 읽기에 너무 가늘고 깁니다. 여러 조각으로 잘라 주세요.",
            )
        )


def page_ranges(pages: str) -> list[tuple[int, int]]:
    """ "1-3,7" as [(1, 3), (7, 7)]; "" as []."""
    ranges = []
    for part in re.split(r"[,\s]+", pages.strip().strip(",")) if pages.strip(" ,") else []:
        found = re.fullmatch(r"(\d{1,6})(?:[-~–](\d{1,6}))?", part)
        first, last = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
        if not 1 <= first <= last:
            raise InvalidInput(
                Text(
                    en=f"pages cannot be {pages[:40]!r}. Write page numbers such as 1-3,7, or nothing for all pages.",
                    ko=f"pages에 {pages[:40]!r}은(는) 쓸 수 없습니다. 1-3,7처럼 쪽 번호를 쓰거나 "
                    "모두 읽으려면 비워 두세요.",
                )
            )
        ranges.append((first, last))
    return ranges


def chosen_pages(ranges: list[tuple[int, int]], there: int) -> tuple[int, ...]:
    """The page numbers to read, each once, in the order given."""
    limit = settings.current().limits.pdf_pages
    for first, last in ranges:
        if last > there:
            raise InvalidInput(
                Text(
                    en=f"There is no page {max(first, there + 1)}; the document has {there}.",
                    ko=f"{max(first, there + 1)}쪽은 없습니다. 이 문서는 {there}쪽입니다.",
                )
            )
    count = sum(last - first + 1 for first, last in ranges) if ranges else there
    numbers = dict.fromkeys(number for first, last in ranges or [(1, there)] for number in range(first, last + 1))
    if len(numbers) > limit:
        raise TooLarge(
            Text(
                en=f"{min(count, len(numbers))} pages were chosen; at most {limit} are read at once. "
                f"Choose some, such as 1-{limit}.",
                ko=f"{min(count, len(numbers))}쪽을 골랐습니다. 한 번에 {limit}쪽까지 읽으니 1-{limit}처럼 "
                "골라 주세요.",
            )
        )
    return tuple(numbers)


def pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("RGB"))
