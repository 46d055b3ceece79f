"""Unusual but good pictures come out right; bad ones each say what is wrong, cheaply."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import ROOT
from PIL import Image, PngImagePlugin, features

from pipelines import media
from pipelines.errors import InvalidInput, TooLarge
from pipelines.media import open_picture

RED, GREEN, BLUE = (220, 30, 30), (30, 200, 40), (40, 60, 220)


def quarters(mode: str = "RGB", size: tuple[int, int] = (80, 40)) -> Image.Image:
    """A picture with a red upper left, green upper right, blue lower left and white lower right quarter."""
    width, height = size
    image = Image.new("RGB", size, "white")
    image.paste(RED, (0, 0, width // 2, height // 2))
    image.paste(GREEN, (width // 2, 0, width, height // 2))
    image.paste(BLUE, (0, height // 2, width // 2, height))
    return image.convert(mode)


def opened(path: Path) -> Image.Image:
    return open_picture(path).image


def corner(image: Image.Image, right: bool = False, lower: bool = False) -> tuple[int, ...]:
    rgb = image.convert("RGB")
    return rgb.getpixel((rgb.width - 3 if right else 2, rgb.height - 3 if lower else 2))


def near(color: tuple[int, ...], wanted: tuple[int, ...], by: int = 12) -> bool:
    return all(abs(one - other) <= by for one, other in zip(color, wanted, strict=False))


def save(tmp_path: Path, image: Image.Image, name: str, **options: Any) -> Path:
    path = tmp_path / name
    image.save(path, **options)
    return path


def png(width: int, height: int, depth: int, colour: int, rows: bytes) -> bytes:
    """A PNG written by hand: `rows` hold each line's samples without filter bytes."""
    line = len(rows) // height
    raw = b"".join(b"\0" + rows[at * line : (at + 1) * line] for at in range(height))
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(raw)), (b"IEND", b"")]
    packed = [
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


# --- good ones ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1", "CMYK", "YCbCr"])
@pytest.mark.parametrize("suffix", ["png", "jpg", "tif", "webp", "bmp"])
def test_every_mode_becomes_8_bit_colour(tmp_path: Path, mode: str, suffix: str) -> None:
    image = quarters(mode) if mode != "LA" else quarters("L").convert("LA")
    try:
        path = save(tmp_path, image, f"x.{suffix}")
        Image.open(path).load()
    except (OSError, ValueError):
        pytest.skip(f"Pillow has no {mode} in {suffix}")
    result = opened(path)
    assert result.mode in ("RGB", "RGBA") and result.size == (80, 40)
    assert np.asarray(result).dtype == np.uint8
    if mode in ("RGB", "RGBA", "P", "CMYK", "YCbCr"):
        assert near(corner(result), RED, 60) and near(corner(result, right=True), GREEN, 60)
    assert near(corner(result, right=True, lower=True), (255, 255, 255), 40)


def test_transparency_is_kept_and_can_be_laid_on_paper(tmp_path: Path) -> None:
    image = quarters("RGBA")
    image.putalpha(Image.linear_gradient("L").resize((80, 40)))
    result = opened(save(tmp_path, image, "x.png"))
    assert result.mode == "RGBA" and np.array_equal(np.asarray(result), np.asarray(image))
    paper = media.to_rgb(result)
    assert paper.mode == "RGB" and near(paper.getpixel((2, 0)), (255, 255, 255), 3)
    assert near(media.to_rgb(result, (0, 0, 0)).getpixel((2, 0)), (0, 0, 0), 3)


def test_grey_with_alpha_and_palettes_with_transparency(tmp_path: Path) -> None:
    grey = Image.merge("LA", (Image.new("L", (10, 10), 77), Image.linear_gradient("L").resize((10, 10))))
    result = opened(save(tmp_path, grey, "la.png"))
    assert result.mode == "RGBA" and result.getpixel((5, 9))[:3] == (77, 77, 77)
    assert result.getpixel((5, 0))[3] < 30 < 200 < result.getpixel((5, 9))[3]
    palette = quarters("P")
    clear = palette.getpixel((0, 0))
    result = opened(save(tmp_path, palette, "p.png", transparency=clear))
    assert result.mode == "RGBA" and result.getpixel((2, 2))[3] == 0 and result.getpixel((78, 38))[3] == 255
    assert opened(save(tmp_path, palette, "plain.png")).mode == "RGB"


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_16_bit_is_scaled_not_clipped(tmp_path: Path, suffix: str) -> None:
    ramp = np.linspace(0, 65535, 256 * 4).astype(np.uint16).reshape(4, 256)
    path = save(tmp_path, Image.fromarray(ramp), f"ramp.{suffix}")
    values = np.asarray(opened(path))[..., 0]
    assert len(np.unique(values)) > 200 and values.min() == 0 and values.max() == 255
    assert abs(int(values[2, 0]) - 128) <= 2, "the middle of the range stays the middle"


def test_16_bit_colour_is_scaled(tmp_path: Path) -> None:
    ramp = np.zeros((4, 256, 3), ">u2")
    ramp[..., 0] = np.linspace(0, 65535, 256).astype(np.uint16)
    ramp[..., 2] = 65535 - ramp[..., 0]
    path = tmp_path / "rgb16.png"
    path.write_bytes(png(256, 4, 16, 2, ramp.tobytes()))
    values = np.asarray(opened(path))
    assert values.shape == (4, 256, 3) and len(np.unique(values[..., 0])) > 200
    assert values[0, 0].tolist() == [0, 0, 255] and values[0, 255].tolist() == [255, 0, 0]


def test_floating_point_and_32_bit_tiffs(tmp_path: Path) -> None:
    unit = opened(save(tmp_path, Image.fromarray(np.linspace(0, 1, 256, dtype=np.float32).reshape(1, 256)), "f.tif"))
    assert len(np.unique(np.asarray(unit))) > 200
    wide = np.linspace(0, 65535, 256, dtype=np.int32).reshape(1, 256)
    assert len(np.unique(np.asarray(opened(save(tmp_path, Image.fromarray(wide, "I"), "i.tif"))))) > 200
    holes = np.full((4, 4), np.nan, np.float32)
    assert opened(save(tmp_path, Image.fromarray(holes), "nan.tif")).size == (4, 4)


def test_one_bit_is_black_and_white(tmp_path: Path) -> None:
    image = Image.new("1", (9, 5), 1)
    image.putpixel((4, 2), 0)
    result = opened(save(tmp_path, image, "bit.png"))
    assert result.getpixel((4, 2)) == (0, 0, 0) and result.getpixel((0, 0)) == (255, 255, 255)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif"])
def test_exif_orientation_is_applied(tmp_path: Path, orientation: int, suffix: str) -> None:
    backwards = {
        2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }  # fmt: skip
    stored = quarters().transpose(backwards[orientation]) if orientation > 1 else quarters()
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"quality": 95} if suffix in ("jpg", "webp") else {}
    result = opened(save(tmp_path, stored, f"turned.{suffix}", exif=exif, **options))
    assert result.size == (80, 40)
    assert near(corner(result), RED, 40) and near(corner(result, right=True), GREEN, 40)
    assert near(corner(result, lower=True), BLUE, 40)
    assert not result.getexif() and not result.info


def test_of_an_animation_the_first_frame_is_used_and_it_is_said(tmp_path: Path) -> None:
    frames = [quarters("P"), quarters("P").rotate(90), quarters("P").rotate(180)]
    gif = open_picture(save(tmp_path, frames[0], "a.gif", save_all=True, append_images=frames[1:]))
    assert near(corner(gif.image), RED, 40) and "3" in gif.notice.en and "첫" in gif.notice.ko
    apng_frames = [quarters(), Image.new("RGB", (80, 40), "black")]
    apng = open_picture(save(tmp_path, apng_frames[0], "a.png", save_all=True, append_images=apng_frames[1:]))
    assert near(corner(apng.image), RED) and "first" in apng.notice.en
    tif = open_picture(save(tmp_path, apng_frames[0], "a.tif", save_all=True, append_images=apng_frames[1:]))
    assert near(corner(tif.image), RED) and "2" in tif.notice.en
    assert open_picture(save(tmp_path, quarters(), "still.gif")).notice.en == ""


def test_a_stereo_photo_is_an_ordinary_photo(tmp_path: Path) -> None:
    mpo = open_picture(save(tmp_path, quarters(), "x.mpo", save_all=True, append_images=[Image.new("RGB", (80, 40))]))
    assert near(corner(mpo.image), RED, 40) and mpo.notice.en == ""


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1)])
def test_tiny_and_thin_pictures(tmp_path: Path, size: tuple[int, int]) -> None:
    assert opened(save(tmp_path, Image.new("RGB", size, RED), "thin.png")).size == size


def test_a_photo_of_an_iphone(tmp_path: Path) -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    path = tmp_path / "photo.heic"
    pillow_heif.from_pillow(quarters(size=(128, 64))).save(path, quality=90)
    result = opened(path)
    assert result.size == (128, 64) and near(corner(result), RED, 40)


def test_without_the_package_for_it_an_iphone_photo_says_how_to_convert(tmp_path: Path) -> None:
    """In a fresh process, where the package cannot be imported."""
    path = tmp_path / "photo.heic"
    path.write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(200))
    code = (
        "import sys; sys.modules['pillow_heif'] = None\n"
        "from pathlib import Path\nfrom pipelines.media import open_picture\n"
        f"try: open_picture(Path({str(path)!r}))\nexcept Exception as error: print(error.to('en'), error.to('ko'))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert "HEIC" in done.stdout and "JPEG" in done.stdout and "[invalid_input]" in done.stdout
    assert "pillow-heif" in done.stdout and "HEIC 사진" in done.stdout


@pytest.mark.skipif(not features.check("avif"), reason="this Pillow writes no AVIF")
def test_avif(tmp_path: Path) -> None:
    assert near(corner(opened(save(tmp_path, quarters(), "x.avif"))), RED, 40)


def test_a_48_megapixel_photo(tmp_path: Path) -> None:
    path = save(tmp_path, Image.new("RGB", (8000, 6000), GREEN), "big.jpg", quality=60)
    started = time.process_time()  # of this process: others may keep the machine busy
    assert opened(path).size == (8000, 6000)
    assert time.process_time() - started < 20


def test_a_wrong_file_name_suffix_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    quarters().save(path, "JPEG")
    assert opened(path).size == (80, 40)


# --- results --------------------------------------------------------------------------------------------------


def test_a_result_carries_no_metadata(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "secret place")
    jpeg = save(tmp_path, quarters(), "x.jpg", exif=exif, icc_profile=b"secret place profile", comment=b"secret place")
    pngs = save(tmp_path, quarters(), "x.png", exif=exif, icc_profile=b"secret place profile", pnginfo=text)
    for path in (jpeg, pngs):
        assert b"secret place" in path.read_bytes()
        data = media.png_bytes(opened(path))
        assert b"secret place" not in data and b"eXIf" not in data and b"iCCP" not in data and b"tEXt" not in data
        assert not Image.open(io.BytesIO(data)).info


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
def test_png_keeps_every_pixel(mode: str) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (33, 57, len(mode)), np.uint8).squeeze()
    image = Image.fromarray(noise, mode)
    again = Image.open(io.BytesIO(media.png_bytes(image)))
    assert again.mode == mode and np.array_equal(np.asarray(again), noise)


# --- bad ones -------------------------------------------------------------------------------------------------


def refused(path: Path, kind: type[InvalidInput] = InvalidInput) -> str:
    with pytest.raises(kind) as caught:
        open_picture(path)
    assert type(caught.value) is kind
    assert str(path) not in caught.value.to("en") and caught.value.message.ko != caught.value.message.en
    return caught.value.to("en")


def test_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(b"")
    assert "empty" in refused(tmp_path / "x.png")


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "gif", "tif", "bmp"])
@pytest.mark.parametrize("share", [0.3, 0.7])
def test_a_truncated_picture(tmp_path: Path, suffix: str, share: float) -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (120, 160, 3), np.uint8))
    path = save(tmp_path, noise, f"x.{suffix}")
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    assert "[invalid_input]" in refused(path)


def test_a_damaged_picture(tmp_path: Path) -> None:
    path = save(tmp_path, quarters(), "x.png")
    data = bytearray(path.read_bytes())
    data[60:90] = bytes(30)
    path.write_bytes(bytes(data))
    assert "damaged" in refused(path)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"Just a text that was renamed.", "not a picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><rect/></svg>", "SVG"),
        (b"<?xml version='1.0'?>\n<svg/>", "SVG"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a picture"),
        (b"%PDF-1.7\n", "not a picture"),
        (b"\x89PNG\r\n\x1a\n", "[invalid_input]"),
        (b"\xff\xd8\xff\xe0", "[invalid_input]"),
        (b"GIF89a", "[invalid_input]"),
        (b"II*\0\x08\0\0\0", "[invalid_input]"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "[invalid_input]"),
        (bytes(5000), "[invalid_input]"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(300), "[invalid_input]"),
        (b"\0\0\0\x18ftypavif\0\0\0\0mif1avif" + bytes(300), "[invalid_input]"),
        (b"\0\0\x01\0\x01\0" + bytes(40), "[invalid_input]"),
    ],
)
def test_what_is_no_picture_or_only_a_header(tmp_path: Path, content: bytes, word: str) -> None:
    (tmp_path / "x.png").write_bytes(content)
    assert word in refused(tmp_path / "x.png")


@pytest.mark.parametrize("side", [7100, 12_000, 40_000])
def test_a_decompression_bomb_is_refused_by_its_header(tmp_path: Path, side: int) -> None:
    """In a fresh process, whose peak of memory is measured."""
    path = tmp_path / "bomb.png"
    line = bytes(side // 8 + 1)
    packer = zlib.compressobj(9)
    body = b"".join(packer.compress(b"\0" + line) for _ in range(side)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", body), (b"IEND", b"")]
    packed = [
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    ]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(packed))
    assert path.stat().st_size < 1_000_000
    code = (
        "import resource\nfrom pathlib import Path\nfrom pipelines.media import open_picture\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        f"try: open_picture(Path({str(path)!r}))\nexcept Exception as error: print(type(error).__name__, error)\n"
        "print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=300)
    said, grown_mb = done.stdout.strip().splitlines()
    assert said.startswith("TooLarge") and said.endswith("[too_large]") and "50 megapixels" in said
    assert int(grown_mb) < 150


def test_a_30_mb_file(tmp_path: Path) -> None:
    path = save(tmp_path, quarters(), "x.png")
    with path.open("ab") as file:
        file.write(bytes(30_000_000))
    said = refused(path, TooLarge)
    assert "30 MB" in said and "20 MB" in said


def test_the_limits_are_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(tmp_path, quarters(), "x.png")
    monkeypatch.setenv("MODU_LIMIT_PICTURE_PIXELS", "3000")
    assert "80 x 40" in refused(path, TooLarge)
    monkeypatch.setenv("MODU_LIMIT_PICTURE_PIXELS", "3200")
    assert opened(path).size == (80, 40)
    monkeypatch.setenv("MODU_LIMIT_PICTURE_BYTES", "50")
    refused(path, TooLarge)


def test_a_bomb_inside_a_container_is_not_unpacked(tmp_path: Path) -> None:
    """An icon file holds whole pictures; the sizes inside count."""
    inner = png(9000, 1, 8, 0, bytes(9000))
    inner = inner[:16] + struct.pack(">II", 9000, 9000) + inner[24:]
    header = struct.pack("<HHH", 0, 1, 1) + struct.pack("<BBBBHHII", 0, 0, 0, 0, 1, 8, len(inner), 22)
    (tmp_path / "x.ico").write_bytes(header + inner)
    with pytest.raises(InvalidInput):
        open_picture(tmp_path / "x.ico")


def test_pillow_is_told_our_limit() -> None:
    from tabs import _server

    _server.prepare_pillow()
    assert Image.MAX_IMAGE_PIXELS == 25_000_000
