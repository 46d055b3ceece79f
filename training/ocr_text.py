"""What the training lines say: Korean and English words and sentences, all syllables, numbers, dates, prices.

Everything works without any file; word lists of the system (hunspell-ko, wamerican) and folders of text make it richer.
Only what the recogniser's characters can write is kept.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path

import numpy as np

from pipelines.ocr.characters import ASCII, LETTERS, NUMBER, SIGNS, SYLLABLES

WORD_LISTS = (Path("/usr/share/hunspell/ko.dic"), Path("/usr/share/dict/american-english"))
REPOSITORY = Path(__file__).parents[1]
KNOWN = set(NUMBER)
NOUNS = (
    "사람 시간 오늘 내일 아침 저녁 학교 회사 병원 은행 시장 서울 부산 제주 인천 대구 광주 대전 지하철 "
    "버스 기차 공항 역 길 집 방 문 창문 책상 의자 커피 우유 물 밥 김치 라면 과자 빵 고기 생선 채소 "
    "과일 사과 배 포도 딸기 영화 음악 노래 책 신문 사진 그림 전화 컴퓨터 인터넷 이메일 주소 이름 생일 "
    "가족 친구 선생님 학생 의사 경찰 가게 식당 화장실 출구 입구 안내 주의 금지 무료 할인 행사 회의 "
    "계획 예산 보고서 계약 신청 접수 결과 문제 해결 방법 날씨 비 눈 바람 하늘 바다 산 강 나무 꽃 봄 "
    "여름 가을 겨울 건강 운동 여행 호텔 예약 취소 환불 배송 주문 결제 카드 현금 영수증 합계 부가세 "
    "공급가액 거스름돈"
).split()
ENDS = "은는이가을를의에도만와과로".strip()
TAILS = (
    "입니다 에서 으로 까지 부터 에게 보다 처럼 하고 합니다 했습니다 해요 하세요 했다 한다 하는 하면 해서 이다 였다"
).split()
LINES = (
    "안녕하세요? 만나서 반갑습니다.",
    "오늘은 날씨가 아주 맑아요.",
    "회의는 오후 세 시에 시작합니다.",
    "문의 사항은 전화로 알려 주세요.",
    "이곳에 주차하지 마십시오.",
    "감사합니다. 또 오세요!",
    "The quick brown fox jumps over the lazy dog.",
    "Please read the instructions before use.",
    "Thank you for your order.",
    "All rights reserved.",
)
ITEMS = (
    "아메리카노 카페라떼 김밥 떡볶이 순대 삼각김밥 생수 우유 식빵 계란 라면 휴지 비누 샴푸 볼펜 공책 "
    "건전지 초콜릿 돼지고기 양파 감자 두부"
).split()
MONEY = (
    "합계 소계 총액 부가세 과세 면세 할인 받을금액 받은금액 거스름돈 결제금액 현금 카드 판매금액 공급가액 봉사료 포인트"
).split()
BILL = ("TOTAL SUBTOTAL TAX CASH CHANGE VISA AMOUNT BALANCE DISCOUNT ROUNDING QTY PRICE GST VAT CARD").split()
UNITS = (
    "kg g mg km m cm mm L mL % ℃ ° 원 개 명 번 층 호 년 월 일 시 분 초 권 장 대 GB MB Hz V W ㎡ ㎏ ㎞ 만원 만 억 세"
).split()
MARKS = ". , ! ? … ~ : ;".split()
Draw = Callable[[np.random.Generator], str]


def kept(text: str) -> str:
    """The text with unknown characters left out and blanks made single."""
    text = unicodedata.normalize("NFC", text.replace("\u00a0", " "))
    return " ".join("".join(c if c in KNOWN else " " for c in text).split())


def sentences_of(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8", errors="replace")
    if path.suffix == ".csv":
        return [kept(cell) for row in csv.reader(text.splitlines()[1:]) for cell in row[:2]]
    return [kept(line.strip(" -#|*>`")) for line in re.split(r"[\n|]", text)]


def dictionary(path: Path) -> list[str]:
    if not path.is_file():
        return []
    words = (kept(line.split("/")[0]) for line in path.read_text(encoding="utf-8").splitlines())
    return [word for word in words if 1 < len(word) < 12]


class Phrases:
    """Draws lines; `folders` hold more text (csv of sentences, yml, txt, md)."""

    def __init__(self, folders: list[Path]) -> None:
        files = [
            file for folder in folders for file in sorted(folder.rglob("*")) if file.suffix in (".csv", ".yml", ".txt")
        ]
        own = [REPOSITORY / "README.md", REPOSITORY / "README.ko.md", REPOSITORY / "CHANGELOG.md"]
        lines = [line for file in [*own, *files] if file.is_file() for line in sentences_of(file) if len(line) > 3]
        lines += list(LINES) * 20
        hangul = re.compile("[가-힣]")
        self.korean = [line for line in lines if hangul.search(line)]
        self.english = [line for line in lines if not hangul.search(line)]
        self.words = [word for word in dictionary(WORD_LISTS[0]) if hangul.match(word)] or NOUNS
        self.foreign = dictionary(WORD_LISTS[1]) or " ".join(self.english).split()
        shares: list[tuple[float, Draw]] = [
            (0.20, self.sentence),
            (0.24, self.some_words),
            (0.10, self.syllables),
            (0.12, self.mixed),
            (0.08, self.english_line),
            (0.07, self.english_words),
            (0.10, self.numbers),
            (0.05, self.receipt),
            (0.02, self.address),
            (0.02, self.signs),
        ]
        self.draws = [draw for _, draw in shares]
        self.odds = np.array([share for share, _ in shares])

    def line(self, rng: np.random.Generator, longest: int) -> str:
        text = ""
        while not text:
            text = self.draws[rng.choice(len(self.draws), p=self.odds)](rng)
            text = cut(kept(text), longest, rng)
        return text

    def sentence(self, rng: np.random.Generator) -> str:
        return pick(rng, self.korean)

    def word(self, rng: np.random.Generator) -> str:
        word = pick(rng, self.words) if rng.random() < 0.8 else pick(rng, NOUNS)
        chance = rng.random()
        if chance < 0.25 and not word.endswith("다"):
            word += pick(rng, ENDS)
        elif chance < 0.35 and not word.endswith("다"):
            word += pick(rng, TAILS)
        if rng.random() < 0.08:
            word += pick(rng, MARKS)
        return bracketed(rng, word) if rng.random() < 0.04 else word

    def some_words(self, rng: np.random.Generator) -> str:
        return " ".join(self.word(rng) for _ in range(rng.integers(1, 8)))

    def syllables(self, rng: np.random.Generator) -> str:
        count = int(rng.integers(1, 14))
        text = "".join(pick(rng, SYLLABLES) for _ in range(count))
        return "".join(c + (" " if rng.random() < 0.2 else "") for c in text)

    def mixed(self, rng: np.random.Generator) -> str:
        parts = [self.word(rng) for _ in range(rng.integers(1, 5))]
        for _ in range(rng.integers(1, 4)):
            parts.insert(int(rng.integers(len(parts) + 1)), pick(rng, [self.latin(rng), number(rng)]))
        return pick(rng, ["", "", " "]).join(parts) if rng.random() < 0.2 else " ".join(parts)

    def latin(self, rng: np.random.Generator) -> str:
        word, chance = pick(rng, self.foreign), rng.random()
        if chance < 0.2:
            return word.upper()
        if chance < 0.4:
            return word.capitalize()
        return "".join(pick(rng, ASCII[1:]) for _ in range(rng.integers(1, 8))) if chance > 0.9 else word

    def english_line(self, rng: np.random.Generator) -> str:
        line = pick(rng, self.english)
        return line.upper() if rng.random() < 0.15 else line

    def english_words(self, rng: np.random.Generator) -> str:
        text = " ".join(self.latin(rng) for _ in range(rng.integers(1, 7)))
        return text.upper() if rng.random() < 0.25 else text

    def numbers(self, rng: np.random.Generator) -> str:
        chance = rng.random()
        if chance < 0.35:
            return " ".join(number(rng) for _ in range(rng.integers(1, 4)))
        label = pick(
            rng, [pick(rng, NOUNS), self.latin(rng), "전화", "TEL", "Fax", "일시", "날짜", "DATE", "가격", "No"]
        )
        return label + pick(rng, [": ", " ", ":", " : "]) + number(rng)

    def receipt(self, rng: np.random.Generator) -> str:
        gap = " "
        price = money(rng)
        if rng.random() < 0.5:
            return pick(rng, MONEY if rng.random() < 0.7 else BILL) + pick(rng, [gap, ": "]) + price
        name = pick(rng, ITEMS) if rng.random() < 0.5 else self.word(rng)
        return gap.join([name, price, str(rng.integers(1, 20)), money(rng)])

    def address(self, rng: np.random.Generator) -> str:
        first, second = re.sub("[^a-z]", "", self.latin(rng).lower()) or "mail", pick(rng, self.foreign).lower()
        end = pick(rng, [".com", ".kr", ".co.kr", ".org", ".net", ".go.kr"])
        if rng.random() < 0.5:
            return f"{first}{rng.integers(100)}@{second}{end}"
        return (
            pick(rng, ["https://", "www.", "http://www."]) + second + end + pick(rng, ["", "/" + first, "/?q=" + first])
        )

    def signs(self, rng: np.random.Generator) -> str:
        rare = SIGNS * 2 + LETTERS + ASCII[1:]
        parts = [
            self.word(rng) if rng.random() < 0.5 else pick(rng, rare) * rng.integers(1, 3)
            for _ in range(rng.integers(2, 8))
        ]
        return pick(rng, [" ", "", " "]).join(parts)


def pick(rng: np.random.Generator, of: list[str] | tuple[str, ...] | str) -> str:
    return of[int(rng.integers(len(of)))]


def cut(text: str, longest: int, rng: np.random.Generator) -> str:
    """A piece of at most `longest` characters, often much shorter, mostly between blanks."""
    limit = int(rng.integers(1, longest + 1)) if rng.random() < 0.5 else longest
    if len(text) <= limit:
        return text
    start = int(rng.integers(len(text) - limit + 1))
    if rng.random() < 0.8:
        start = text.rfind(" ", 0, start + 1) + 1
    piece = text[start : start + limit]
    blank = piece.rfind(" ")
    return (piece[:blank] if blank > 0 and rng.random() < 0.7 else piece).strip()


def bracketed(rng: np.random.Generator, word: str) -> str:
    pair = pick(rng, ["()", "[]", "“”", "‘’", '""', "''", "「」", "『』", "《》", "〈〉", "【】", "<>", "{}"])
    return pair[0] + word + pair[1]


def money(rng: np.random.Generator) -> str:
    amount = int(10 ** rng.uniform(1, 7))
    if rng.random() < 0.75:
        amount = amount // 10 * 10
        return pick(rng, ["", "", "₩", "￦"[:0]]) + f"{amount:,}" + pick(rng, ["원", "", "", " 원", "-"])
    return pick(rng, ["", "$", "RM ", "€", "£", "¥", "-"]) + f"{amount / 100:,.2f}"


def number(rng: np.random.Generator) -> str:
    def n(low: int, high: int) -> int:
        return int(rng.integers(low, high))

    year, month, day = n(1950, 2035), n(1, 13), n(1, 32)
    forms: list[Callable[[], str]] = [
        lambda: f"{year}년 {month}월 {day}일",
        lambda: f"{year}{pick(rng, ['-', '.', '/'])}{month:02d}{pick(rng, ['-', '.', '/'])}{day:02d}",
        lambda: (
            f"{n(0, 24):02d}:{n(0, 60):02d}"
            + pick(rng, ["", f":{n(0, 60):02d}", "~" + f"{n(0, 24):02d}:{n(0, 60):02d}"])
        ),
        lambda: pick(rng, ["오전", "오후"]) + f" {n(1, 13)}시" + pick(rng, ["", f" {n(1, 60)}분"]),
        lambda: f"{pick(rng, ['010', '02', '031', '070'])}-{n(100, 9999)}-{n(1000, 9999)}",
        lambda: f"({pick(rng, ['02', '051', '064'])}) {n(100, 999)}-{n(1000, 9999)}",
        lambda: money(rng),
        lambda: money(rng),
        lambda: f"{n(0, 10 ** n(1, 5))}{pick(rng, ['', ' '])}{pick(rng, UNITS)}",
        lambda: f"{rng.uniform(0, 1000):.{n(1, 4)}f}" + pick(rng, ["", "%", "점", "℃"]),
        lambda: "".join(pick(rng, "0123456789") for _ in range(n(1, 17))),
        lambda: f"{n(1, 100)}{pick(rng, ['+', '-', '×', '÷', '/', '=', '±'])}{n(1, 100)}",
        lambda: f"{n(100, 999)}-{n(10, 99)}-{n(10000, 99999)}",
        lambda: pick(rng, "ABCDEFGHKLMNPRSTX") + pick(rng, ["", "-"]) + str(n(0, 10_000)),
        lambda: f"제{n(1, 100)}조",
        lambda: f"{n(1, 100)}. ",
    ]
    return forms[n(0, len(forms))]()
