"""A file to passages: which reader takes it, and the limits that hold for all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path, PurePath

from pipelines import settings
from pipelines.documents import office, paged, plain, table
from pipelines.documents.contract import Passage
from pipelines.errors import InvalidInput, TooLarge
from pipelines.job import Job
from pipelines.words import Text

Reader = Callable[[Path, str, Job], Iterator[tuple[int, str]]]
READERS: dict[str, Reader] = {
    ".txt": plain.texts,
    ".md": plain.texts,
    ".pdf": paged.texts,
    ".docx": office.texts,
    ".csv": table.texts,
}
LONGEST_NAME = 80
_READING = Text(en="Reading {name}...", ko="{name} 읽는 중...")


def read(path: Path, name: str, job: Job = Job()) -> list[Passage]:
    """The passages of a txt, md, pdf, docx or csv file, in order. `name` is what visitors call the file.

    Raises `InvalidInput` for what cannot be read (damaged, locked, of another kind, without text) and `TooLarge`
    beyond the limits of the settings.
    """
    shown = name if len(name) <= LONGEST_NAME else f"{name[:40]}...{name[-35:]}"
    reader = _reader(name, shown)
    check_size(path, shown)
    job.progress(None, _READING.format(name=shown))
    most = settings.current().limits.document_characters
    passages: list[Passage] = []
    so_far = 0
    for page, text in reader(path, shown, job):
        so_far += len(text)
        if so_far > most:
            raise TooLarge(too_much_text(most))
        passages.append(Passage(shown, page, text))
    if not passages:
        raise InvalidInput(Text(en=f"There is no text in {shown}.", ko=f"{shown} 파일에 글자가 없습니다."))
    return passages


def check_size(path: Path, name: str) -> None:
    """Refuse an empty file, and one beyond the limit, before anything of it is read."""
    size, most = path.stat().st_size, settings.current().limits.document_bytes
    if size == 0:
        raise InvalidInput(Text(en=f"{name} is an empty file.", ko=f"{name} 파일은 비어 있습니다."))
    if size > most:
        raise TooLarge(
            Text(
                en=f"{name} is {size / 1e6:.0f} MB; at most {most / 1e6:.0f} MB work here.",
                ko=f"{name} 파일은 {size / 1e6:.0f} MB입니다. {most / 1e6:.0f} MB까지 읽을 수 있습니다.",
            )
        )


def too_much_text(most: int) -> Text:
    """Said with "about", since sentences that passages share count in each."""
    return Text(
        en=f"The documents hold too much text; about {most:,} characters work together. Choose fewer or shorter ones.",
        ko=f"문서의 글자가 너무 많습니다. 모두 합쳐 약 {most:,}자까지 읽을 수 있으니 더 적은 문서를 골라 주세요.",
    )


def _reader(name: str, shown: str) -> Reader:
    ending = PurePath(name).suffix.lower()
    if ending in READERS:
        return READERS[ending]
    raise InvalidInput(
        Text(
            en=f"{shown} is of a kind that is not read here. Choose txt, md, pdf, docx or csv; "
            "save others as PDF first.",
            ko=f"{shown} 파일은 읽을 수 없는 형식입니다. txt, md, pdf, docx, csv를 골라 주세요. 한글(hwp) 같은 문서는 "
            "PDF로 저장하면 됩니다.",
        )
    )
