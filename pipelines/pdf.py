"""PDF files, opened within the limits. Knows no task.

PDFium may not run in two threads at once, whatever the documents: whoever calls it holds `LOCK`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image

from pipelines.errors import InvalidInput
from pipelines.words import Text

LOCK = threading.Lock()
_PASSWORD = 4  # FPDF_ERR_PASSWORD


class PdfFile:
    """An open document. Every method holds `LOCK` for as long as it takes, so several files can take turns."""

    def __init__(self, document: Any) -> None:
        self._document = document
        with LOCK:
            self.pages = len(document)

    def text(self, index: int) -> str:
        """The text layer of a page (counted from 0), line by line; empty for a scan."""
        with LOCK:
            page = self._document[index]
            try:
                layer = page.get_textpage()
                try:
                    text = str(layer.get_text_bounded())
                finally:
                    layer.close()
            finally:
                page.close()
        # U+FFFE is what PDFium writes for a hyphen at a line's end.
        return text.replace("\ufffe\r\n", "").replace("\ufffe", "").replace("\r\n", "\n").replace("\r", "\n")

    def picture(self, index: int, dpi: float, most_pixels: int) -> Image.Image:
        """A page (counted from 0) drawn at `dpi`, or less where that would be more than `most_pixels`."""
        with LOCK:
            page = self._document[index]
            try:
                width, height = page.get_size()
                scale = min(dpi / 72, (most_pixels / max(1.0, width * height)) ** 0.5)
                bitmap = page.render(scale=scale)
                try:
                    drawn: Image.Image = bitmap.to_pil().convert("RGB")
                finally:
                    bitmap.close()
            finally:
                page.close()
        return drawn


@contextmanager
def opened(path: Path, name: str) -> Iterator[PdfFile]:
    """Open a PDF file that visitors know as `name`. Raises `InvalidInput` where that cannot be done."""
    import pypdfium2

    with LOCK:
        try:
            document = pypdfium2.PdfDocument(path)
        except pypdfium2.PdfiumError as error:
            raise InvalidInput(_locked(name) if error.err_code == _PASSWORD else _broken(name)) from None
    try:
        pdf = PdfFile(document)
        if pdf.pages == 0:
            raise InvalidInput(_broken(name))
        yield pdf
    except pypdfium2.PdfiumError:  # a page that cannot be loaded
        raise InvalidInput(_broken(name)) from None
    finally:
        with LOCK:
            document.close()


def _locked(name: str) -> Text:
    return Text(
        en=f"{name} is protected by a password. Save it without one and choose it again.",
        ko=f"{name} 파일은 암호로 잠겨 있습니다. 암호 없이 저장해서 다시 골라 주세요.",
    )


def _broken(name: str) -> Text:
    return Text(
        en=f"{name} could not be opened as a PDF; it is damaged or something else. Save it again and retry.",
        ko=f"{name} 파일을 PDF로 열 수 없습니다. 손상되었거나 PDF가 아닙니다. 다시 저장해서 올려 주세요.",
    )
