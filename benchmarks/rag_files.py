"""Small PDF and Word files made of plain text, so that the benchmark and the tests need no stored ones."""

from __future__ import annotations

import io
import textwrap
import zipfile
from xml.sax.saxutils import escape

LINES, COLUMNS = 50, 88  # of a page
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/word/document.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
)
_RELATIONS = (
    '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Type='
    '"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"'
    ' Target="word/document.xml"/></Relationships>'
)


def docx_of(text: str) -> bytes:
    """A Word file with one paragraph for each line that is not empty."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return docx_around(
        "".join(f'<w:p><w:r><w:t xml:space="preserve">{escape(line)}</w:t></w:r></w:p>' for line in lines)
    )


def docx_around(body: str, before: str = "") -> bytes:
    """A Word file with this XML as its body; `before` stands ahead of the root element."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("[Content_Types].xml", _TYPES)
        parts.writestr("_rels/.rels", _RELATIONS)
        document = f'<w:document xmlns:w="{_W}"><w:body>{body}</w:body></w:document>'
        parts.writestr("word/document.xml", f'<?xml version="1.0" encoding="UTF-8"?>{before}{document}')
    return buffer.getvalue()


def pdf_of(*texts: str) -> bytes:
    """A PDF of Latin text, in lines as a printer would break them. Each of `texts` begins a new page."""
    pages: list[list[str]] = []
    for text in texts:
        lines = [line for one in text.splitlines() for line in textwrap.wrap(one, COLUMNS) or [""]]
        pages += [lines[at : at + LINES] for at in range(0, max(1, len(lines)), LINES)]
    first = 4  # 1 catalogue, 2 list of pages, 3 font, then a page and its content by turns
    kids = " ".join(f"{first + 2 * number} 0 R" for number in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for number, lines in enumerate(pages):
        objects += [_page(first + 2 * number + 1), _content(lines)]
    return pdf_around(objects)


def pdf_around(objects: list[bytes], trailer: str = "") -> bytes:
    """A PDF file of these objects, numbered from 1; the first is the catalogue."""
    out = bytearray(b"%PDF-1.7\n")
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R {trailer}>>\nstartxref\n{table}\n%%EOF\n".encode()
    return bytes(out)


def _page(content: int) -> bytes:
    return (
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R "
        b"/Resources << /Font << /F 3 0 R >> >> >>" % content
    )


def _content(lines: list[str]) -> bytes:
    shown = [line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)") for line in lines]
    body = "\n".join(f"({line}) Tj T*" for line in shown).encode("cp1252")
    stream = b"BT /F 11 Tf 15 TL 50 790 Td\n" + body + b"\nET"
    return b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream)
