"""Files to pictures and back, within the limits. Knows no task.

Everything that leaves here is 8 bit, RGB or RGBA, and turned as its EXIF says. Nothing is decoded before the
header was checked: a 20 kB file may otherwise ask for a gigabyte.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from pipelines import settings
from pipelines.errors import InvalidInput, TooLarge
from pipelines.words import EMPTY, Text

# What people send (phones' two-picture JPEGs, MPO, open as JPEG). Formats that run code or read other files
# stay out, EPS first of all.
FORMATS = (
    "PNG", "JPEG", "WEBP", "GIF", "BMP", "DIB", "TIFF", "PPM", "TGA", "ICO", "AVIF", "HEIF", "JPEG2000",
)  # fmt: skip

_HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")


@dataclass(frozen=True)
class Picture:
    """A decoded picture. `notice` says what a visitor should know (first frame of an animation), else empty."""

    image: Image.Image  # mode RGB or RGBA
    notice: Text = EMPTY


def open_picture(path: Path) -> Picture:
    """Decode a picture file: EXIF orientation applied, 16 bit scaled to 8, first frame of an animation.

    Raises `InvalidInput` for what is no picture or is broken, `TooLarge` beyond the limits of the settings.
    """
    limits = settings.current().limits
    size = path.stat().st_size
    if size == 0:
        raise InvalidInput(Text(en="The file is empty. Choose a picture.", ko="빈 파일입니다. 사진을 골라 주세요."))
    if size > limits.picture_bytes:
        raise TooLarge(
            Text(
                en=f"The picture file is {size / 1e6:.0f} MB; at most {limits.picture_bytes / 1e6:.0f} MB work here. "
                "Save it smaller or as JPEG.",
                ko=f"사진 파일이 {size / 1e6:.0f} MB입니다. {limits.picture_bytes / 1e6:.0f} MB까지 쓸 수 있습니다. "
                "더 작게 또는 JPEG로 저장해 주세요.",
            )
        )
    _register_heif()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        with _open(path) as opened:
            _check_pixels(opened.width, opened.height)
            notice = _notice(opened)
            try:
                opened.load()
                image = _to_8_bit(ImageOps.exif_transpose(opened))
            except (OSError, SyntaxError, ValueError, EOFError, MemoryError, Image.DecompressionBombError):
                raise _broken() from None
    image.info = {}  # colour profile, EXIF, thumbnails, comments: nothing travels on
    return Picture(image, notice)


def png_bytes(image: Image.Image) -> bytes:
    """A picture as PNG, lossless and without metadata."""
    clean = Image.frombytes(image.mode, image.size, image.tobytes())
    buffer = io.BytesIO()
    clean.save(buffer, "PNG", compress_level=3)
    return buffer.getvalue()


def to_rgb(image: Image.Image, background: tuple[int, int, int] = (255, 255, 255)) -> Image.Image:
    """The picture without transparency, laid on `background`."""
    if image.mode == "RGBA":
        paper = Image.new("RGB", image.size, background)
        paper.paste(image, mask=image.getchannel("A"))
        return paper
    return image.convert("RGB")


def _open(path: Path) -> Image.Image:
    Image.init()  # formats beyond the commonest few are known only afterwards
    try:
        return Image.open(path, formats=[name for name in FORMATS if name in Image.OPEN])
    except UnidentifiedImageError:
        raise _not_a_picture(path) from None
    except Image.DecompressionBombError:
        raise _too_many_pixels() from None
    except (OSError, SyntaxError, ValueError, EOFError):
        raise _broken() from None


def _register_heif() -> None:
    """Teach Pillow the photo format of iPhones, where the package for it is installed."""
    if "HEIF" in Image.OPEN:
        return
    try:
        from pillow_heif import register_heif_opener  # type: ignore[import-not-found,import-untyped,unused-ignore]
    except ImportError:
        return
    register_heif_opener(thumbnails=False)


def _check_pixels(width: int, height: int) -> None:
    limit = settings.current().limits.picture_pixels
    if width * height > limit:
        raise TooLarge(
            Text(
                en=f"The picture has {width} x {height} pixels; at most {limit / 1e6:.0f} megapixels work here. "
                "Make it smaller.",
                ko=f"사진이 {width} x {height} 픽셀입니다. {limit / 1e6:.0f}메가픽셀까지 쓸 수 있으니 줄여 주세요.",
            )
        )


def _notice(image: Image.Image) -> Text:
    frames = getattr(image, "n_frames", 1)
    if image.format == "MPO" or frames <= 1:
        return EMPTY
    return Text(
        en=f"This picture has {frames} frames or pages; the first one was used.",
        ko=f"이 그림은 {frames}장짜리입니다. 첫 장을 사용했습니다.",
    )


def _to_8_bit(image: Image.Image) -> Image.Image:
    """RGB or RGBA, 8 bit. More than 8 bit are scaled, not clipped."""
    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8), "L").convert("RGB")
    if image.mode in ("I", "F"):
        return Image.fromarray(_scale(np.asarray(image)), "L").convert("RGB")
    if image.mode in ("LA", "PA", "La", "RGBa") or (image.mode in ("P", "L", "RGB") and "transparency" in image.info):
        return image.convert("RGBA")
    return image.copy() if image.mode in ("RGB", "RGBA") else image.convert("RGB")


def _scale(values: np.ndarray) -> np.ndarray:
    """32 bit and floating point to 0..255: from 0..65535, 0..255 or 0..1 where they fit, else from their own range."""
    numbers = np.nan_to_num(values.astype(np.float32), posinf=0.0, neginf=0.0)
    low, high = float(numbers.min()), float(numbers.max())
    if low >= 0:
        tops = (1.0, 255.0, 65535.0) if values.dtype.kind == "f" else (255.0, 65535.0)
        low, high = 0.0, next((top for top in tops if high <= top), high)
    return np.round((numbers - low) * (255 / ((high - low) or 1.0))).clip(0, 255).astype(np.uint8)


def _not_a_picture(path: Path) -> InvalidInput:
    head = path.open("rb").read(512)
    if head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS:
        return InvalidInput(
            Text(
                en="HEIC photos cannot be opened here. Convert it to JPEG, or install pillow-heif on the server.",
                ko="여기서는 HEIC 사진을 열 수 없습니다. JPEG로 바꾸거나 서버에 pillow-heif를 설치해 주세요.",
            )
        )
    if b"<svg" in head.lower() or head.lstrip().startswith(b"<?xml"):
        return InvalidInput(
            Text(
                en="SVG drawings cannot be opened. Export it as PNG first.",
                ko="SVG 그림은 열 수 없습니다. 먼저 PNG로 내보내 주세요.",
            )
        )
    return InvalidInput(
        Text(
            en="This file is not a picture that can be read. Use PNG, JPEG, WebP, GIF, BMP, TIFF or HEIC.",
            ko="읽을 수 있는 사진 파일이 아닙니다. PNG, JPEG, WebP, GIF, BMP, TIFF, HEIC 중 하나를 쓰세요.",
        )
    )


def _broken() -> InvalidInput:
    return InvalidInput(
        Text(
            en="The picture is damaged or incomplete. Save or download it again and retry.",
            ko="사진 파일이 손상되었거나 일부만 있습니다. 다시 저장하거나 내려받아 시도해 주세요.",
        )
    )


def _too_many_pixels() -> TooLarge:
    limit = settings.current().limits.picture_pixels
    return TooLarge(
        Text(
            en=f"The picture has far too many pixels; at most {limit / 1e6:.0f} megapixels work here. Make it smaller.",
            ko=f"사진의 픽셀이 너무 많습니다. {limit / 1e6:.0f}메가픽셀까지 쓸 수 있으니 줄여 주세요.",
        )
    )
