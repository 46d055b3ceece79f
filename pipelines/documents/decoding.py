"""Bytes of a text file to text: UTF-8, UTF-16 and UTF-32 with their marks, the old Korean and Western code pages."""

from __future__ import annotations

import codecs
import unicodedata
from pathlib import Path

from pipelines.errors import InvalidInput
from pipelines.words import Text

# The longer mark first: that of UTF-32 begins as that of UTF-16 does.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def decoded(path: Path, name: str) -> str:
    """The text of a file, with plain line ends and composed letters (macOS writes Hangul in parts)."""
    text = _text(path.read_bytes())
    if text is None or "\0" in text:
        raise InvalidInput(
            Text(
                en=f"{name} is not readable as text. Save it as UTF-8 and choose it again.",
                ko=f"{name} 파일을 글자로 읽을 수 없습니다. UTF-8로 저장해서 다시 골라 주세요.",
            )
        )
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))


def _text(data: bytes) -> str | None:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _tried(data[len(mark) :], encoding)
    text = _tried(data, "utf-8")
    return text if text is not None else _old(data)


def _old(data: bytes) -> str | None:
    """Text of a code page. Latin accents can look like rare Hangul of cp949; most Hangul in use is in euc-kr."""
    korean = _tried(data, "cp949")
    if korean is not None:
        foreign = [letter for letter in korean if ord(letter) > 127]
        if 2 * sum(_in_common_use(letter) for letter in foreign) > len(foreign):
            return korean
    return _tried(data, "cp1252")


def _tried(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _in_common_use(letter: str) -> bool:
    try:
        return bool(letter.encode("euc_kr"))
    except UnicodeEncodeError:
        return False
