"""PDF files: the text layer, page by page."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from pathlib import Path

from pipelines import pdf, settings
from pipelines.documents import splitting
from pipelines.errors import InvalidInput, TooLarge
from pipelines.job import Job
from pipelines.words import Text


def texts(path: Path, name: str, job: Job) -> Iterator[tuple[int, str]]:
    """Passages with their page, counted from 1. A file without any text layer is refused: OCR reads those."""
    with pdf.opened(path, name) as opened:
        _check_pages(opened.pages, name)
        some = False
        for index in range(opened.pages):
            job.check()
            page = unicodedata.normalize("NFC", opened.text(index).replace("\0", ""))
            for passage in splitting.split(splitting.reflowed(page)):
                some = True
                yield index + 1, passage
    if not some:
        raise InvalidInput(
            Text(
                en=f"{name} has no text in it, only pictures of pages. Read it with OCR first (the tab Read text): the "
                "searchable PDF that it makes can be used here.",
                ko=f"{name} 파일에는 글자가 없고 쪽을 찍은 그림만 있습니다. 먼저 글자 읽기(OCR) 탭에서 읽은 뒤, "
                "거기서 만든 검색되는 PDF를 써 주세요.",
            )
        )


def _check_pages(pages: int, name: str) -> None:
    most = settings.current().limits.pdf_pages
    if pages > most:
        raise TooLarge(
            Text(
                en=f"{name} has {pages} pages; at most {most} work here. "
                "Save the pages that matter as a file of their own.",
                ko=f"{name} 파일은 {pages}쪽입니다. {most}쪽까지 읽을 수 있으니 필요한 쪽만 따로 저장해 주세요.",
            )
        )
