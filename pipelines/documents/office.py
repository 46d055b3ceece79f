"""Word files (.docx): the paragraphs and tables of the text, read as a stream.

The XML is never held as a tree, and styles, pictures and macros are not opened: a small file that unpacks to
gigabytes is stopped by the limits. Text that was deleted or moved away with changes tracked is left out, inserted
text, links, text boxes and content controls are in.
"""

from __future__ import annotations

import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from xml.parsers import expat

from pipelines import settings
from pipelines.documents import splitting
from pipelines.errors import InvalidInput, TooLarge
from pipelines.job import Job
from pipelines.words import Text

MAIN = "word/document.xml"
MARKUP = 40  # bytes of XML for each character of text, at the most; Word writes 5 to 20
PIECE = 256 * 1024
DIRECTORY = 2_000_000  # bytes that the list of the parts may take; Word's takes about 1,000
_OLD = b"\xd0\xcf\x11\xe0"  # a container of Office 97: an old .doc, or a .docx with a password
_SKIPPED = {"Fallback", "moveFrom"}  # what stands there a second time


def texts(path: Path, name: str, job: Job) -> Iterator[tuple[int, str]]:
    """Passages of a Word file, which knows no pages until it is printed."""
    for passage in splitting.split(unicodedata.normalize("NFC", _text(path, name, job))):
        yield 0, passage


def _text(path: Path, name: str, job: Job) -> str:
    with path.open("rb") as file:
        if file.read(4) == _OLD:
            raise InvalidInput(_old(name))
    most = settings.current().limits.document_characters
    body = Body(most)
    try:
        _check_directory(path)
        with zipfile.ZipFile(path) as parts:
            if parts.getinfo(MAIN).file_size > MARKUP * most:
                raise TooLarge(_too_much(name))
            with parts.open(MAIN) as part:
                while piece := part.read(PIECE):
                    job.check()
                    body.feed(piece)
            body.feed(b"", last=True)
    except Full:
        raise TooLarge(_too_much(name)) from None
    except (zipfile.BadZipFile, zlib.error, expat.ExpatError, KeyError, EOFError, RuntimeError, NotImplementedError):
        raise InvalidInput(_broken(name)) from None
    return "".join(body.out)


def _check_directory(path: Path) -> None:
    """Refuse a list of parts that alone would fill the memory. Its size stands in the last bytes of the file."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 65_557))
        tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or int.from_bytes(tail[at + 12 : at + 16], "little") > DIRECTORY or b"PK\x06\x07" in tail:
        raise zipfile.BadZipFile


class Full(Exception):
    """More text than the limits allow."""


class Body:
    """Collects the text of a WordprocessingML document that is fed to it piece by piece."""

    def __init__(self, most: int) -> None:
        self.out: list[str] = []
        self._room = most
        self._paragraph: list[str] = []
        self._cells: list[list[str]] = []  # of the row being read; empty outside tables
        self._rows = self._skipped = 0  # how deep in rows of tables, and in parts to leave out
        self._listed = self._in_text = self._in_run = False
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartDoctypeDeclHandler = self._doctype

    def feed(self, data: bytes, last: bool = False) -> None:
        self._parser.Parse(data, last)

    def _doctype(self, *_: object) -> None:
        raise expat.ExpatError("Word writes no document type; entities could grow without end")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(" ")[2]
        if self._skipped or name in _SKIPPED:
            self._skipped += 1
        elif name == "tr":
            self._rows += 1
        elif name == "tc" and self._rows == 1:
            self._cells.append([])
        elif name == "numPr" or (name == "pStyle" and _value(attributes).startswith("List")):
            self._listed = True
        elif name == "r":
            self._in_run = True
        elif name == "t":
            self._in_text = True
        elif self._in_run and name in ("tab", "br", "cr"):
            self._paragraph.append("\t" if name == "tab" else "\n")

    def _end(self, tag: str) -> None:
        name = tag.rpartition(" ")[2]
        if self._skipped:
            self._skipped -= 1
        elif name == "t":
            self._in_text = False
        elif name == "r":
            self._in_run = False
        elif name == "p":
            self._close_paragraph()
        elif name == "tr":
            self._rows -= 1
            if self._rows == 0:
                self._close_row()

    def _characters(self, text: str) -> None:
        if self._in_text and not self._skipped:
            self._room -= len(text)
            if self._room < 0:
                raise Full
            self._paragraph.append(text)

    def _close_paragraph(self) -> None:
        text = "".join(self._paragraph).strip()
        if text and self._cells:
            self._cells[-1].append(" ".join(text.split()))
        elif text:
            self.out.append(f"\n- {text}" if self._listed else f"\n\n{text}")
        self._paragraph, self._listed = [], False

    def _close_row(self) -> None:
        row = " | ".join(" ".join(cell) for cell in self._cells)
        if row.strip(" |"):
            self.out.append(f"\n{row} |")
        self._cells = []


def _value(attributes: dict[str, str]) -> str:
    return next((value for key, value in attributes.items() if key.endswith(" val")), "")


def _old(name: str) -> Text:
    return Text(
        en=f"{name} has a password or the old .doc format. Save it as an ordinary .docx without a password.",
        ko=f"{name} 파일은 암호가 걸려 있거나 예전 .doc 형식입니다. 암호 없이 .docx로 저장해 주세요.",
    )


def _broken(name: str) -> Text:
    return Text(
        en=f"{name} could not be opened as a Word file; it is damaged or something else. Save it again and retry.",
        ko=f"{name} 파일을 Word 문서로 열 수 없습니다. 손상되었거나 Word 문서가 아닙니다. 다시 저장해서 올려 주세요.",
    )


def _too_much(name: str) -> Text:
    return Text(
        en=f"{name} holds more text than works here. Save the part that matters as a file of its own.",
        ko=f"{name} 파일에 글자가 너무 많습니다. 필요한 부분만 따로 저장해 주세요.",
    )
