"""A page and the places of its lines, for the tab that can paint over them."""

from __future__ import annotations

from typing import Any

from pipelines.ocr.documents import opened
from pipelines.ocr.reading import upright
from pipelines.words import Text
from tabs._files import picture_file, uploaded
from tabs.ocr.documents import Desk, upright_boxes
from tabs.ocr.endpoints import NO_DOCUMENT

LABEL = Text(en="Erase this text from the picture", ko="그림에서 이 글자 지우기")


def to_erase(desk: Desk) -> dict[str, Any] | str:
    """The page looked at, as exact as it came, with the corners of its lines; "" where nothing was read."""
    document = desk.current
    if document is None:
        return ""
    page = document.pages[document.page]
    with opened(uploaded({"path": str(document.path)}, NO_DOCUMENT), str(page.number)) as source:
        picture, _ = upright(source.page(page.number), page)
    _, _, areas = upright_boxes(page)
    return {"picture": picture_file(picture, f"{document.stem}-{page.number}.png")["path"], "areas": areas}
