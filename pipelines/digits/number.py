"""All digits of a picture: read left to right, line by line, with a picture that shows what was found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image

from pipelines import engines
from pipelines.digits.assemble import find_digits
from pipelines.digits.reading import require_picture
from pipelines.digits.types import FoundDigit, NumberReading
from pipelines.job import Job
from pipelines.words import EMPTY, Text

if TYPE_CHECKING:
    from PIL import ImageDraw

BOX_COLOUR, TEXT_COLOUR = (214, 40, 40), (255, 255, 255)
SHORTEST_SHOWN = 320  # pixels: a smaller picture is enlarged so that boxes and digits can be read

NO_DIGITS = Text(
    en="No digits were found. Take the picture closer, with dark ink on light paper.",
    ko="숫자를 찾지 못했습니다. 밝은 종이에 진하게 쓴 숫자를 더 가까이에서 찍어 주세요.",
)


def recognize_number(image: Image.Image, engine: str = "auto", job: Job | None = None) -> NumberReading:
    """Read every digit of a picture. A picture without digits is no error: `text` is empty and `reason` says so."""
    require_picture(image)
    job = job or Job()
    with engines.use("digits", engine, job) as (spec, network):
        lines = find_digits(image, network, job)
    digits = [digit for line in lines for digit in line]
    return NumberReading(
        text="\n".join("".join(str(digit.digit) for digit in line) for line in lines),
        digits=digits,
        engine=spec.name,
        annotated=annotated(image, digits),
        reason=EMPTY if digits else NO_DIGITS,
    )


def annotated(image: Image.Image, digits: list[FoundDigit]) -> Image.Image:
    """The picture with a box around each digit and the answer beside it."""
    from PIL import ImageDraw

    factor = max(1, SHORTEST_SHOWN // max(image.size))
    if image.mode in ("RGBA", "LA", "P", "PA"):
        over = image.convert("RGBA")
        picture = Image.new("RGB", image.size, (255, 255, 255))
        picture.paste(over, mask=over.getchannel("A"))
    else:
        picture = image.convert("RGB")
    picture = picture.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)
    pencil = ImageDraw.Draw(picture)
    line = max(2, max(picture.size) // 400)
    for found in digits:
        _draw(pencil, found, factor, line)
    return picture


def _draw(pencil: ImageDraw.ImageDraw, found: FoundDigit, factor: int, line: int) -> None:
    from PIL import ImageFont

    x, y, width, height = (value * factor for value in found.box)
    pencil.rectangle([x - line, y - line, x + width + line - 1, y + height + line - 1], outline=BOX_COLOUR, width=line)
    size = max(12, min(height // 3, 32))
    font = ImageFont.load_default(size)
    label = str(found.digit)
    left, top, right, bottom = pencil.textbbox((0, 0), label, font=font)
    at_x, at_y = max(0, x - line), max(0, y - line - size - 4)
    pencil.rectangle([at_x, at_y, at_x + right - left + 8, at_y + size + 4], fill=BOX_COLOUR)
    pencil.text((at_x + 4 - left, at_y + 2 - top + (size - bottom + top) / 2), label, font=font, fill=TEXT_COLOUR)
