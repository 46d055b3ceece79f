"""The process in which PDFium runs, started by `pipelines.pdf`: one PDF file, asked over standard input.

PDFium is a large native parser, and a file of some kilobytes can ask it for gigabytes or bring it down. Here it
takes only this process with it. Each answer is a line of JSON and as many bytes as its `bytes` says.
"""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from typing import Any

PASSWORD = 4  # FPDF_ERR_PASSWORD
CPU_S = 300  # in case that nobody is left to stop it


def answer(header: dict[str, Any], payload: bytes = b"") -> None:
    sys.stdout.buffer.write(json.dumps({**header, "bytes": len(payload)}).encode() + b"\n" + payload)
    sys.stdout.buffer.flush()


def limit(memory_mb: int) -> None:
    """Ask the system to hold this process to its memory. Windows has no such limit; macOS does not keep to it."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        for what, most in (
            (resource.RLIMIT_CORE, 0),
            (resource.RLIMIT_CPU, CPU_S),
            (resource.RLIMIT_AS, memory_mb * 1_000_000),
        ):
            resource.setrlimit(what, (most, most))


def text(page: Any) -> tuple[dict[str, Any], bytes]:
    """The text layer, line by line."""
    layer = page.get_textpage()
    try:
        found = str(layer.get_text_bounded())
    finally:
        layer.close()
    # U+FFFE is what PDFium writes for a hyphen at a line's end.
    plain = found.replace("\ufffe\r\n", "").replace("\ufffe", "").replace("\r\n", "\n").replace("\r", "\n")
    return {}, plain.encode("utf-8", "replace")


def picture(page: Any, dpi: float, most_pixels: int) -> tuple[dict[str, Any], bytes]:
    """The page drawn at `dpi`, or less where that would be more than `most_pixels`."""
    width, height = page.get_size()
    scale = min(dpi / 72, (most_pixels / max(1.0, width * height)) ** 0.5)
    bitmap = page.render(scale=scale, rev_byteorder=True)
    try:
        shape = {"mode": bitmap.mode, "size": [bitmap.width, bitmap.height], "stride": bitmap.stride}
        return shape, bytes(bitmap.buffer)
    finally:
        bitmap.close()


def asked(document: Any, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    page = document[request["page"]]
    try:
        if "dpi" in request:
            return picture(page, request["dpi"], request["most_pixels"])
        return text(page)
    finally:
        page.close()


def main(path: str, memory_mb: int) -> None:
    limit(memory_mb)
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        return answer({"problem": "locked" if error.err_code == PASSWORD else "broken"})
    answer({"pages": len(document)})
    for line in sys.stdin:
        try:
            answer(*asked(document, json.loads(line)))
        except (pypdfium2.PdfiumError, MemoryError):
            answer({"problem": "broken"})
    document.close()
    return None


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
