"""Emoji as things to paint: a few of Noto Color Emoji, alone on a ground. By option, since they cost words and time.

`source` is a zip or folder of 128-pixel PNG files named after the code point (1f98a.png), or NotoColorEmoji.ttf.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from training.painter_captions import Names
from training.painter_scenes import COLOURS, EmojiPictures, Pixels

# code point: English and Korean name
CHOSEN: dict[str, tuple[str, str]] = {
    "1f436": ("dog", "강아지"), "1f431": ("cat", "고양이"), "1f98a": ("fox", "여우"), "1f43c": ("panda", "판다"),
    "1f43b": ("bear", "곰"), "1f430": ("rabbit", "토끼"), "1f428": ("koala", "코알라"), "1f438": ("frog", "개구리"),
    "1f437": ("pig", "돼지"), "1f435": ("monkey", "원숭이"), "1f42f": ("tiger", "호랑이"),
    "1f981": ("lion", "사자"), "1f427": ("penguin", "펭귄"), "1f424": ("chick", "병아리"),
    "1f422": ("turtle", "거북이"), "1f41f": ("fish", "물고기"), "1f433": ("whale", "고래"),
    "1f419": ("octopus", "문어"), "1f98b": ("butterfly", "나비"), "1f41d": ("bee", "꿀벌"),
    "1f34e": ("apple", "사과"), "1f34c": ("banana", "바나나"), "1f347": ("grapes", "포도"),
    "1f349": ("watermelon", "수박"), "1f353": ("strawberry", "딸기"), "1f955": ("carrot", "당근"),
    "1f344": ("mushroom", "버섯"), "1f355": ("pizza", "피자"), "1f354": ("hamburger", "햄버거"),
    "1f382": ("cake", "케이크"), "1f697": ("car", "자동차"), "1f680": ("rocket", "로켓"),
    "2708": ("airplane", "비행기"), "1f6b2": ("bicycle", "자전거"), "26f5": ("sailboat", "돛단배"),
    "1f3e0": ("house", "집"), "1f333": ("tree", "나무"), "1f33b": ("sunflower", "해바라기"),
    "1f337": ("tulip", "튤립"), "26bd": ("soccer ball", "축구공"), "1f3b8": ("guitar", "기타"),
    "1f388": ("balloon", "풍선"), "2602": ("umbrella", "우산"), "26c4": ("snowman", "눈사람"),
    "1f451": ("crown", "왕관"), "1f916": ("robot", "로봇"), "1f47b": ("ghost", "유령"),
    "1f600": ("smiling face", "웃는 얼굴"),
}  # fmt: skip
SIDE = 24


def names() -> Names:
    """By the name that scenes use, which is the English one."""
    return {english: (english, korean) for english, korean in CHOSEN.values()}


def from_font(font: Path, code: str) -> Image.Image:
    letters = ImageFont.truetype(str(font), 109)  # the one size that the bitmap font has
    canvas = Image.new("RGBA", (136, 128))
    ImageDraw.Draw(canvas).text((0, 0), chr(int(code, 16)), font=letters, embedded_color=True)
    return canvas.crop(canvas.getbbox()).resize((128, 128))


def from_files(source: Path) -> dict[str, Image.Image]:
    if source.is_dir():
        return {code: Image.open(source / f"{code}.png").convert("RGBA") for code in CHOSEN}
    with zipfile.ZipFile(source) as pack:
        inside = {Path(name).name: name for name in pack.namelist()}
        return {code: Image.open(io.BytesIO(pack.read(inside[f"{code}.png"]))).convert("RGBA") for code in CHOSEN}


def pictures(source: Path | None) -> EmojiPictures:
    if source is None:
        return {}
    found = {code: from_font(source, code) for code in CHOSEN} if source.suffix == ".ttf" else from_files(source)
    return {CHOSEN[code][0]: picture for code, picture in found.items()}


def framed(picture: Pixels, inside: Pixels) -> Pixels:
    """The part of `picture` in which `inside` is true, made small."""
    rows, columns = np.nonzero(inside)
    if len(rows) == 0:
        return np.zeros((SIDE, SIDE, 3), np.float32)
    cut = picture[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    return cv2.resize(cut, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)


def on_ground(picture: Image.Image, ground: str) -> Pixels:
    canvas = Image.new("RGB", picture.size, COLOURS[ground])
    canvas.paste(picture, (0, 0), picture)
    return np.asarray(canvas)


def recognised(picture: Pixels, ground: str, emoji: EmojiPictures) -> str:
    """The likest emoji, after what stands out of the ground is cut out."""
    calm = cv2.medianBlur(np.ascontiguousarray(picture), 3)
    apart = np.linalg.norm(calm.astype(np.float32) - np.array(COLOURS[ground], np.float32), axis=2) > 45
    seen = framed(calm, apart)

    def unlike(name: str) -> float:
        template = on_ground(emoji[name], ground)
        inside = np.linalg.norm(template.astype(np.float32) - np.array(COLOURS[ground], np.float32), axis=2) > 45
        return float(((framed(template, inside) - seen) ** 2).mean())

    return min(emoji, key=unlike)
