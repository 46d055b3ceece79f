"""Pages of text drawn for measuring OCR, with what they say in reading order. Nothing here was learned from.

The faces are those that `training/ocr_fonts.py` keeps for measuring, the sentences were written for this file.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from training.ocr_fonts import HELD_OUT, listed

KOREAN = (
    "마을 도서관이 다음 주부터 저녁 아홉 시까지 문을 엽니다.",
    "빌린 책은 두 주 안에 돌려주시고 더 읽고 싶으면 연장을 신청하세요.",
    "창가 자리는 조용히 공부하는 분들을 위해 비워 둡니다.",
    "어린이 열람실에서는 토요일마다 그림책 읽기 모임이 열립니다.",
    "복사기는 일 층 안내대 옆에 있으며 한 장에 오십 원입니다.",
    "우산과 젖은 외투는 현관 보관함에 맡겨 주십시오.",
    "새로 들어온 소설과 여행 안내서는 왼쪽 책장에 있습니다.",
    "휴대전화는 진동으로 바꾸고 통화는 복도에서 부탁드립니다.",
    "자원봉사를 원하시는 분은 이름과 연락처를 남겨 주세요.",
    "겨울철에는 난방 때문에 공기가 건조하니 물을 자주 드세요.",
    "주차장은 좁으므로 가까운 지하철역을 이용하면 편합니다.",
    "분실물은 사무실에서 석 달 동안 보관한 뒤 처리합니다.",
)
ENGLISH = (
    "The harbour museum opens at ten every day except Monday.",
    "Guided tours start beside the old lighthouse at noon.",
    "Visitors may take photographs, but please switch off the flash.",
    "Lockers for coats and bags are free of charge.",
    "A small garden behind the main hall is a quiet place to rest.",
    "Children under twelve must be accompanied by an adult.",
    "The top floor shows maps drawn by sailors two centuries ago.",
    "Tickets bought online can be returned up to one day before.",
    "Our shop sells postcards, books and model ships.",
    "Dogs are welcome in the courtyard but not inside.",
    "Please keep to the marked path near the water.",
    "The last boat back to town leaves at half past five.",
)
MIXED = (
    "Wi-Fi 비밀번호는 안내대에서 받으세요.",
    "회의실 B203 예약: 3월 21일 14:30-16:00",
    "USB 케이블 12,900원, HDMI 어댑터 8,500원",
    "PDF 파일을 e-mail로 보내 주시면 인쇄해 드립니다.",
    "문의: help@library.go.kr 또는 02-345-6789",
    "Python 3.11과 Gradio로 만든 앱을 소개합니다.",
    "A4 용지 500매 2박스 주문 완료",
    "오전 9시부터 오후 6시까지 OPEN",
)
RECEIPT = (
    ("푸른들 식료품", ""),
    ("2026-03-14 18:42", "No. 20817"),
    ("유기농 두부", "3,200"),
    ("방울토마토 500g", "4,980"),
    ("우리밀 식빵", "3,500"),
    ("고등어 2마리", "7,900"),
    ("현미 4kg", "18,700"),
    ("합계", "38,280"),
    ("부가세", "3,480"),
    ("받은 금액", "40,000"),
    ("거스름돈", "1,720"),
)


@dataclass(frozen=True)
class DrawnPage:
    name: str
    picture: Image.Image
    lines: tuple[str, ...]  # in reading order


@lru_cache(maxsize=1)
def measuring_faces() -> list[tuple[str, int]]:
    """Files and face numbers of the Korean families that were kept for measuring."""
    faces = [(file, index) for file, index, family in listed() if family.startswith(HELD_OUT) and "Lato" not in family]
    return [face for face in faces if not any(word in face[0] for word in ("UltraLight", "JUA"))]


class Page:
    """A white sheet that lines are written on."""

    def __init__(self, size: tuple[int, int], face: tuple[str, int], letters: int) -> None:
        self.sheet = Image.new("RGB", size, (255, 255, 255))
        self.pen = ImageDraw.Draw(self.sheet)
        self.font = ImageFont.truetype(face[0], letters, index=face[1])
        self.step = round(letters * 1.7)

    def write(self, x: float, y: float, text: str, right: bool = False) -> None:
        self.pen.text((x, y), text, fill=(25, 25, 30), font=self.font, anchor="ra" if right else "la")

    def block(self, x: float, y: float, lines: list[str]) -> None:
        for at, line in enumerate(lines):
            self.write(x, y + at * self.step, line)


def picked(of: tuple[str, ...], count: int, rng: np.random.Generator) -> list[str]:
    return [of[at] for at in rng.choice(len(of), count, replace=False)]


def simple(of: tuple[str, ...], letters: int = 30) -> Callable[[tuple[str, int], np.random.Generator], DrawnPage]:
    def draw(face: tuple[str, int], rng: np.random.Generator) -> DrawnPage:
        lines = picked(of, 8, rng)
        page = Page((1150, 700), face, letters)
        page.block(70, 60, lines)
        return DrawnPage("", page.sheet, tuple(lines))

    return draw


def receipt(face: tuple[str, int], rng: np.random.Generator) -> DrawnPage:
    page = Page((560, 760), face, 27)
    for at, (left, right) in enumerate(RECEIPT):
        page.write(50, 50 + at * page.step * 1.25, left)
        page.write(510, 50 + at * page.step * 1.25, right, right=True)
    return DrawnPage("", page.sheet, tuple(part for row in RECEIPT for part in row if part))


def screenshot(face: tuple[str, int], rng: np.random.Generator) -> DrawnPage:
    """A chat or article captured as one picture, several screens long."""
    page = Page((1080, 9000), face, 34)
    lines = [str(text) for _ in range(14) for text in (*rng.choice(KOREAN, 6), *rng.choice(MIXED, 2))]
    for at, line in enumerate(lines):
        page.write(60, 60 + at * 79, line)
    return DrawnPage("", page.sheet, tuple(lines))


def halves(text: str) -> list[str]:
    """A sentence in two pieces of a column's width."""
    words, first = text.split(), []
    while words and len(" ".join(first)) < len(text) * 0.45:
        first.append(words.pop(0))
    return [" ".join(first), " ".join(words)]


def columns(face: tuple[str, int], rng: np.random.Generator) -> DrawnPage:
    page, heading = Page((1250, 900), face, 26), "이달의 소식 모음"
    page.write(70, 50, heading)
    written, second = [heading], rng.random() < 0.5
    korean = picked(KOREAN, 12, rng)
    for x, of in ((70, korean[:6]), (680, korean[6:] if second else picked(ENGLISH, 6, rng))):
        lines = [piece for text in of for piece in halves(text)]
        page.block(x, 150, lines)
        written += lines
    return DrawnPage("", page.sheet, tuple(written))


def noisy(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    values = np.asarray(picture, np.float32) * 0.75 + 20
    return Image.fromarray((values + rng.normal(0, 22, values.shape)).clip(0, 255).astype(np.uint8))


def slanted(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    angle = float(rng.choice([-9, -6, 6, 9]))
    return picture.rotate(angle, expand=True, fillcolor=(255, 255, 255), resample=Image.Resampling.BICUBIC)


def photographed(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Seen from the side, in uneven light, a little out of focus, as JPEG."""
    wide, high = picture.size
    grown = Image.new("RGB", (wide + 160, high + 160), (118, 96, 78))
    grown.paste(picture, (80, 80))
    wide, high = grown.size
    off = rng.uniform(0, 0.07, (4, 2)) * (wide, high)
    corners = np.array([[0, 0], [0, high], [wide, high], [wide, 0]]) + off * [[1, 1], [1, -1], [-1, -1], [-1, 1]]
    grown = grown.transform(grown.size, Image.Transform.QUAD, corners.ravel().tolist(), Image.Resampling.BICUBIC)
    across = np.linspace(rng.uniform(0.55, 0.8), 1, wide)[None, :, None]
    values = np.asarray(grown, np.float32) * across + rng.normal(0, 6, (high, wide, 1))
    shot = Image.fromarray(values.clip(0, 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(1.1))
    data = io.BytesIO()
    shot.save(data, "JPEG", quality=45)
    return Image.open(data).convert("RGB")


def turned(degrees: int) -> Callable[[Image.Image, np.random.Generator], Image.Image]:
    return lambda picture, rng: picture.rotate(degrees, expand=True)


def untouched(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    return picture


KINDS: dict[str, tuple[Callable, Callable]] = {
    "korean": (simple(KOREAN), untouched),
    "english": (simple(ENGLISH), untouched),
    "mixed": (simple(MIXED), untouched),
    "receipt": (receipt, untouched),
    "two columns": (columns, untouched),
    "korean small": (simple(KOREAN, 17), untouched),
    "korean noise": (simple(KOREAN), noisy),
    "korean slanted": (simple(KOREAN), slanted),
    "korean 90": (simple(KOREAN), turned(90)),
    "english 90": (simple(ENGLISH), turned(90)),
    "mixed 180": (simple(MIXED), turned(180)),
    "korean photo": (simple(KOREAN), photographed),
    "mixed photo": (simple(MIXED), photographed),
    "receipt photo": (receipt, photographed),
    "long screenshot": (screenshot, untouched),
}
# Turned pages are those of the upright kind, so that the two can be compared.
SAME = {"korean 90": "korean", "english 90": "english", "mixed 180": "mixed"}


def pages(kind: str, count: int, seed: int = 5) -> list[DrawnPage]:
    """`count` pages of a kind, the same ones each time."""
    draw, spoil = KINDS[kind]
    rng = np.random.default_rng([seed, list(KINDS).index(SAME.get(kind, kind))])
    faces, made = measuring_faces(), []
    for at in range(count):
        page = draw(faces[at * 3 % len(faces)], rng)
        made.append(DrawnPage(f"{kind} {at}", spoil(page.picture, rng), page.lines))
    return made
