"""Searchable PDF: each page's picture with its text, unseen, at the place where it was read.

The text is written in a font without shapes whose codes are UTF-16, so that any script can be copied and found; no
font file has to be carried for what nobody sees.
"""

from __future__ import annotations

import io
import math
import zlib
from collections.abc import Sequence

from PIL import Image

from pipelines.ocr.contract import Line

POINTS_PER_PIXEL = 72 / 200
QUALITY = 80
WIDE_EM, NARROW_EM = 1.0, 0.5  # the widths that the font claims: everything but Latin is square

_TO_UNICODE = b"""/CIDInit /ProcSet findresource begin 12 dict begin begincmap
/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
/CMapName /Adobe-Identity-UCS def /CMapType 2 def
1 begincodespacerange <0000> <FFFF> endcodespacerange
%s
endcmap CMapName currentdict /CMap defineresource pop end end"""


class SearchablePdf:
    """Pages go in one by one; `done` gives the file. Holds JPEGs only, never decoded pages."""

    def __init__(self) -> None:
        self._objects: list[bytes] = [b"", b""]  # catalogue and page list are written last
        self._pages: list[int] = []
        self._font = self._add_font()

    def add(self, picture: Image.Image, lines: Sequence[Line]) -> None:
        """A page; the boxes of the lines are in pixels of the picture."""
        width, height = picture.width * POINTS_PER_PIXEL, picture.height * POINTS_PER_PIXEL
        data = io.BytesIO()
        picture.convert("RGB").save(data, "JPEG", quality=QUALITY)
        image = self._stream(
            data.getvalue(),
            f"/Type /XObject /Subtype /Image /Width {picture.width} /Height {picture.height} "
            "/ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /DCTDecode",
        )
        shown = f"q {width:.2f} 0 0 {height:.2f} 0 0 cm /Im Do Q\nBT 3 Tr\n"
        shown += "".join(_placed(line, height) for line in lines if line.text) + "ET"
        content = self._stream(zlib.compress(shown.encode("ascii")), "/Filter /FlateDecode")
        self._pages.append(
            self._put(
                f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width:.2f} {height:.2f}] /Contents {content} 0 R "
                f"/Resources << /XObject << /Im {image} 0 R >> /Font << /F {self._font} 0 R >> >> >>".encode()
            )
        )

    def done(self) -> bytes:
        self._objects[0] = b"<< /Type /Catalog /Pages 2 0 R >>"
        kids = " ".join(f"{page} 0 R" for page in self._pages)
        self._objects[1] = f"<< /Type /Pages /Count {len(self._pages)} /Kids [{kids}] >>".encode()
        out, places = bytearray(b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n"), []
        for number, body in enumerate(self._objects, start=1):
            places.append(len(out))
            out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
        start = len(out)
        out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1)
        out += b"".join(b"%010d 00000 n \n" % place for place in places)
        out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(places) + 1, start)
        return bytes(out)

    def _put(self, body: bytes) -> int:
        self._objects.append(body)
        return len(self._objects)

    def _stream(self, data: bytes, facts: str) -> int:
        return self._put(f"<< {facts} /Length {len(data)} >>\nstream\n".encode() + data + b"\nendstream")

    def _add_font(self) -> int:
        # At most 100 ranges may stand in one block; the last byte has to be the only one that counts up.
        blocks = []
        for start in range(0, 256, 100):
            ranges = [f"<{high:02X}00> <{high:02X}FF> <{high:02X}00>" for high in range(start, min(256, start + 100))]
            blocks.append(f"{len(ranges)} beginbfrange\n" + "\n".join(ranges) + "\nendbfrange")
        table = zlib.compress(_TO_UNICODE % "\n".join(blocks).encode())
        unicode_map = self._stream(table, "/Filter /FlateDecode")
        describes = self._put(
            b"<< /Type /FontDescriptor /FontName /Unseen /Flags 4 /FontBBox [0 -200 1000 800] /ItalicAngle 0 "
            b"/Ascent 800 /Descent -200 /CapHeight 700 /StemV 80 >>"
        )
        narrow = " ".join(["500"] * 95)
        below = self._put(
            f"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Unseen /FontDescriptor {describes} 0 R "
            f"/CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> "
            f"/DW 1000 /W [32 [{narrow}]] >>".encode()
        )
        return self._put(
            f"<< /Type /Font /Subtype /Type0 /BaseFont /Unseen /Encoding /Identity-H /DescendantFonts [{below} 0 R] "
            f"/ToUnicode {unicode_map} 0 R >>".encode()
        )


def _placed(line: Line, page_height: float) -> str:
    """The operators that write a line along the lower edge of its box, stretched to its length."""
    (x0, y0), (x1, y1) = line.box[3], line.box[2]
    wide = math.hypot(x1 - x0, y1 - y0) * POINTS_PER_PIXEL
    high = math.hypot(line.box[0][0] - x0, line.box[0][1] - y0) * POINTS_PER_PIXEL
    text = "".join(character for character in line.text if ord(character) < 0x10000 and character >= " ")
    ems = sum(NARROW_EM if " " <= character <= "~" else WIDE_EM for character in text)
    size = max(1.0, high * 0.8)
    if not text or wide <= 0:
        return ""
    angle = math.atan2(y0 - y1, x1 - x0)
    cos, sin = math.cos(angle), math.sin(angle)
    # The baseline lies a fifth of the height above the lower edge.
    x = x0 * POINTS_PER_PIXEL - sin * high * 0.2
    y = page_height - y0 * POINTS_PER_PIXEL + cos * high * 0.2
    codes = text.encode("utf-16-be").hex().upper()
    stretch = 100 * wide / (ems * size)
    return (
        f"/F {size:.2f} Tf {stretch:.2f} Tz {cos:.4f} {sin:.4f} {-sin:.4f} {cos:.4f} {x:.2f} {y:.2f} Tm <{codes}> Tj\n"
    )
