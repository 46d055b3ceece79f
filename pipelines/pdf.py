"""PDF files: how many pages, their text, pictures of them. Knows no task.

PDFium works in a process of its own for each open file (`pdf_process`), so that hostile files cost neither the
app's memory nor its life, and so that files do not wait for each other: PDFium may not run in two threads.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, cast

from PIL import Image

from pipelines.errors import InvalidInput
from pipelines.words import Text

log = logging.getLogger(__name__)

MEMORY_MB = 1_000  # of the process; a page of 9 megapixels takes 100
ANSWER_S = 30.0  # for one page
_ROOT = Path(__file__).resolve().parent.parent


class PdfFile:
    """An open document. Safe to share between threads, which take turns."""

    def __init__(self, process: subprocess.Popen[bytes], name: str) -> None:
        self._process = process
        self._name = name
        self._lock = threading.Lock()
        self.pages = int(self._answer()[0]["pages"])
        if self.pages == 0:
            raise InvalidInput(_broken(name))

    def text(self, index: int) -> str:
        """The text layer of a page (counted from 0), line by line; empty for a scan."""
        return self._ask(page=index)[1].decode("utf-8", "replace")

    def picture(self, index: int, dpi: float, most_pixels: int) -> Image.Image:
        """A page (counted from 0) drawn at `dpi`, or less where that would be more than `most_pixels`."""
        shape, data = self._ask(page=index, dpi=dpi, most_pixels=most_pixels)
        mode = "RGB" if shape["mode"] == "RGBX" else shape["mode"]
        drawn = Image.frombytes(mode, tuple(shape["size"]), data, "raw", shape["mode"], shape["stride"])
        return drawn.convert("RGB")

    def _ask(self, **request: float) -> tuple[dict[str, Any], bytes]:
        with self._lock:
            with suppress(OSError):  # it died; the missing answer tells
                sent = cast(IO[bytes], self._process.stdin)
                sent.write(json.dumps(request).encode() + b"\n")
                sent.flush()
            return self._answer()

    def _answer(self) -> tuple[dict[str, Any], bytes]:
        """The next answer. A process that died, or takes too long, means a file that cannot be read."""
        given = cast(IO[bytes], self._process.stdout)
        overdue = threading.Timer(ANSWER_S, self._process.kill)
        overdue.daemon = True
        overdue.start()
        try:
            header = json.loads(given.readline() or b'{"problem": "died", "bytes": 0}')
            payload = given.read(header["bytes"])
        finally:
            overdue.cancel()
        if header.get("problem") == "died" or len(payload) < header["bytes"]:
            log.warning("PDFium did not survive a file, or took longer than %.0f s", ANSWER_S)
        if "problem" in header or len(payload) < header["bytes"]:
            raise InvalidInput(_locked(self._name) if header.get("problem") == "locked" else _broken(self._name))
        return header, payload


@contextmanager
def opened(path: Path, name: str) -> Iterator[PdfFile]:
    """Open a PDF file that visitors know as `name`. Raises `InvalidInput` where that cannot be done."""
    command = [sys.executable, "-m", "pipelines.pdf_process", str(path.resolve()), str(MEMORY_MB)]
    pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
    with subprocess.Popen(command, cwd=_ROOT, stdin=pipe, stdout=pipe, stderr=nothing) as process:
        try:
            yield PdfFile(process, name)
        finally:
            process.kill()
            with suppress(OSError):  # a request may still lie in the pipe of a process that died
                cast(IO[bytes], process.stdin).close()


def _locked(name: str) -> Text:
    return Text(
        en=f"{name} is protected by a password. Save it without one and choose it again.",
        ko=f"{name} 파일은 암호로 잠겨 있습니다. 암호 없이 저장해서 다시 골라 주세요.",
    )


def _broken(name: str) -> Text:
    return Text(
        en=f"{name} could not be read as a PDF; it is damaged, too complicated or something else. "
        "Save it again and retry.",
        ko=f"{name} 파일을 PDF로 읽을 수 없습니다. 손상되었거나 너무 복잡하거나 PDF가 아닙니다. "
        "다시 저장해서 올려 주세요.",
    )
