"""How a text is read out: what a Korean or an American speaker would say, written by hand, case by case."""

from __future__ import annotations

import random

import pytest

from pipelines.text_to_speech import languages, reading, sentences
from pipelines.text_to_speech.english_numbers import cardinal, ordinal
from pipelines.text_to_speech.korean_numbers import native, sino
from pipelines.text_to_speech.loanwords import hangul

KOREAN = {
    # the project's own example
    "AI 부트캠프 3기, 9월 1일 14:30, 12,500원": "에이아이 부트캠프 삼 기, 구월 일일 십사 시 삼십 분, 만 이천오백 원",
    # comparisons
    "x ≤ 5": "엑스는 오 이하",
    "5 > 3": "오는 삼 초과",
    "≤5": "오 이하",
    "온도 > 30℃": "온도는 섭씨 삼십 도 초과",
    "x<=10.5 일 때": "엑스는 십 점 오 이하 일 때",
    "나이<19세": "나이는 십구 세 미만",
    # the halves of a day, units alone, codes of currencies, days that became names
    "5:00 pm": "오후 다섯 시",
    "a.m. 9:00": "오전 아홉 시",
    "PM 3:30에": "오후 세 시 삼십 분에",
    "PM2.5 농도, PM10": "피엠 이 점 오 농도, 피엠 십",
    "kg당 3,000원": "킬로그램당 삼천 원",
    "100 USD": "백 달러",
    "USD 100를": "백 달러를",
    ".5초": "영 점 오 초",
    "12·3 비상계엄": "십이삼 비상계엄",
    "12·12": "십이십이",
    "10·26 사태": "십이육 사태",
    "9.11 테러": "구일일 테러",
    "911테러": "구일일테러",
    "11번가": "십일 번가",
    "A/S": "에이에스",
    # counters: native or Sino-Korean
    "3시": "세 시",
    "3분": "삼 분",
    "20살": "스무 살",
    "20세": "이십 세",
    "3개": "세 개",
    "5명": "다섯 명",
    "2대": "두 대",
    "3층": "삼 층",
    "20대 여성": "이십 대 여성",
    "1마리": "한 마리",
    "4권을": "네 권을",
    "21살": "스물한 살",
    "35명": "서른다섯 명",
    "99개": "아흔아홉 개",
    "100개": "백 개",
    "2.5개": "이 점 오 개",
    "6가지": "여섯 가지",
    "3조각": "세 조각",
    "3만두": "삼만두",
    "3시간": "세 시간",
    "2박3일": "이 박 삼 일",
    "3-1번지": "삼 다시 일 번지",
    "00시 30분": "영 시 삼십 분",
    "24/7": "이십사 칠",
    "50/50": "오십 대 오십",
    "(주)모두": "주식회사 모두",
    "①②③": "일 이 삼",
    "+82-2-123-4567": "플러스 팔이, 이, 일이삼, 사오육칠",
    "24시간": "이십사 시간",
    "3개월": "삼 개월",
    "3달": "세 달",
    "2주": "이 주",
    "3박 4일": "삼 박 사 일",
    "3인분": "삼 인분",
    "2학년 3반": "이 학년 삼 반",
    "2호선": "이 호선",
    "21세기": "이십일 세기",
    "3배": "세 배",
    "1등": "일 등",
    "3번째": "세 번째",
    "1번째": "첫 번째",
    "3번 출구": "삼 번 출구",
    "7번 읽었다": "일곱 번 읽었다",
    "제1회": "제일회",
    # dates
    "1월": "일월",
    "6월": "유월",
    "10월": "시월",
    "12월 25일": "십이월 이십오일",
    "2026-11-20": "이천이십육년 십일월 이십일",
    "2026.11.20": "이천이십육년 십일월 이십일",
    "2026년 6월 1일": "이천이십육년 유월 일일",
    "11/20": "십일월 이십일",
    "1999년": "천구백구십구년",
    "90년대": "구십 년대",
    "2026-11-20이고": "이천이십육년 십일월 이십일이고",
    # times
    "14:30": "십사 시 삼십 분",
    "오후 3:05": "오후 세 시 오 분",
    "12:00": "열두 시",
    "0시 30분": "영 시 삼십 분",
    "9:00~18:00": "아홉 시에서 십팔 시",
    "10:15:30": "열 시 십오 분 삼십 초",
    # money
    "12,500원": "만 이천오백 원",
    "10000원": "만 원",
    "$3.50": "삼 달러 오십 센트",
    "₩12,500": "만 이천오백 원",
    "€20": "이십 유로",
    "3만 5천원": "삼만 오천원",
    "1억 2,000만 원": "일억 이천만 원",
    "1,234,567": "백이십삼만 사천오백육십칠",
    # units
    "5km": "오 킬로미터",
    "3 kg": "삼 킬로그램",
    "80km/h": "시속 팔십 킬로미터",
    "50%": "오십 퍼센트",
    "3%p": "삼 퍼센트포인트",
    "16GB": "십육 기가바이트",
    "25°C": "섭씨 이십오 도",
    "-3℃": "섭씨 영하 삼 도",
    "36.5도": "삼십육 점 오 도",
    "30㎡": "삼십 제곱미터",
    "2.4GHz": "이 점 사 기가헤르츠",
    # plain numbers
    "3.14": "삼 점 일사",
    "0.5": "영 점 오",
    "-5": "마이너스 오",
    "+3%": "플러스 삼 퍼센트",
    "1/2": "이분의 일",
    "3분의 1": "삼분의 일",
    "½": "이분의 일",
    "007": "공공칠",
    "10조": "십조",
    "3:2로": "삼 대 이로",
    "2+3=5": "이 더하기 삼은 오",
    "10 - 3 = 7": "십 빼기 삼은 칠",
    "①": "일",
    # ranges
    "3~5명": "세 명에서 다섯 명",
    "3-5개": "세 개에서 다섯 개",
    "3~5분": "삼에서 오 분",
    "10~20%": "십에서 이십 퍼센트",
    "서울~부산": "서울에서 부산",
    # telephones, addresses
    "010-1234-5678": "공일공, 일이삼사, 오육칠팔",
    "02-123-4567": "공이, 일이삼, 사오육칠",
    "1588-1234": "일오팔팔, 일이삼사",
    "+82-10-1234-5678": "플러스 팔이, 일공, 일이삼사, 오육칠팔",
    "01012345678": "공일공, 일이삼사, 오육칠팔",
    "https://www.naver.com": "더블유더블유더블유 점 네이버 점 컴",
    "kim@naver.com으로": "킴 골뱅이 네이버 점 컴으로",
    # versions
    "v2.0": "버전 이 점 영",
    "3.11.2": "삼 점 십일 점 이",
    "192.168.0.1": "일구이 점 일육팔 점 영 점 일",
    # Latin words inside Korean
    "AI": "에이아이",
    "GPU와 USB": "지피유와 유에스비",
    "Python으로": "파이썬으로",
    "A4 용지": "에이포 용지",
    "5G폰": "파이브지폰",
    "MP3 파일": "엠피스리 파일",
    "Wi-Fi": "와이파이",
    "GPT-4": "지피티 사",
    "NASA": "나사",
    "KF94 마스크": "케이에프 구십사 마스크",
    "computer": "컴퓨터",
    "banana": "바나나",
    "GitHub": "깃허브",
    "Henry VIII": "헨리 팔",
    # chat and full-width forms
    "ㅋㅋㅋ": "크크크",
    "１２３": "백이십삼",
    "R&D": "아르 앤드 디",
    # names made of digits, scores, weekdays in brackets
    "5·18 민주화운동": "오일팔 민주화운동",
    "3.1운동": "삼일운동",
    "3-1로 이겼다": "삼 대 일로 이겼다",
    "-3~5도": "영하 삼 도에서 영상 오 도",
    "12/3(목)": "십이월 삼일, 목",
    "8자 이상 20자 이하": "여덟 자 이상 스무 자 이하",
    "10㎍": "십 마이크로그램",
    "8.15 광복절": "팔일오 광복절",
    "'26.11.28.": "이십육년 십일월 이십팔일.",
    # emergency and personal numbers
    "02)555-1234": "공이, 오오오, 일이삼사",
    "112에 신고": "일일이에 신고",
    "119 구급대": "일일구 구급대",
    "119명": "백십구 명",
    "900101-1234567": "구공공일공일, 일이삼사오육칠",
    # more counters, pupils, age groups
    "피자 2판": "피자 두 판",
    "하루 3알": "하루 세 알",
    "두부 1모": "두부 한 모",
    "5가구": "다섯 가구",
    "3학년 2반 15번": "삼 학년 이 반 십오 번",
    "3~40대": "삼사십 대",
    "30~40대": "삼십 대에서 사십 대",
    "2030세대": "이공삼공 세대",
    "MZ세대": "엠지세대",
    # powers, mixed fractions, numerals in one letter
    "10²": "십의 제곱",
    "10^3": "십의 세제곱",
    "5m²": "오 제곱미터",
    "2½컵": "이와 이분의 일컵",
    "제Ⅲ장": "제삼장",
    "3x4": "삼 곱하기 사",
}  # fmt: skip

ENGLISH = {
    "x <= 10, a != 3": "x is at most ten, a is not three",
    "5 > 3": "five is greater than three",
    "221B Baker St., then St. Paul's Rd.": "two hundred twenty-one B Baker Street, then Saint Paul's Road",
    "Main St and 5th Ave": "Main Street and fifth Avenue",
    "C#, .NET": "C sharp, dot NET",
    "the .5 liter": "the zero point five liter",
    "9/11": "nine eleven",
    "Qwen3-0.6B": "Qwen three zero point six B",
    "9am-5pm": "nine AM to five PM",
    "p. 12": "page twelve",
    "USD 100": "one hundred dollars",
    "50,000 KRW": "fifty thousand won",
    "①②③": "one two three",
    "+1 555 123 4567": "plus one, five five five, one two three, four five six seven",
    "+82-10-1234-5678": "plus eight two, one zero, one two three four, five six seven eight",
    "$5-10": "five to ten dollars",
    "€5 – €10": "five to ten euros",
    "No 1": "number one",
    "$3.50": "three dollars fifty cents",
    "$1": "one dollar",
    "$0.99": "ninety-nine cents",
    "$12,500": "twelve thousand five hundred dollars",
    "$5 million": "five million dollars",
    "£3.01": "three pounds one penny",
    "3rd": "third",
    "21st": "twenty-first",
    "100th": "one hundredth",
    "in 1999": "in nineteen ninety-nine",
    "in 2005": "in two thousand five",
    "in 1905": "in nineteen oh five",
    "in 2026": "in twenty twenty-six",
    "the 1990s": "the nineteen nineties",
    "14:30": "fourteen thirty",
    "3:05": "three oh five",
    "3:00": "three o'clock",
    "9:05 a.m.": "nine oh five AM",
    "3:30 PM": "three thirty PM",
    "5 km": "five kilometers",
    "1 km": "one kilometer",
    "a 5-km run": "a five kilometer run",
    "80 km/h": "eighty kilometers per hour",
    "25°C": "twenty-five degrees Celsius",
    "-3°F": "minus three degrees Fahrenheit",
    "16GB": "sixteen gigabytes",
    "50%": "fifty percent",
    "10-20%": "ten to twenty percent",
    "2026-11-20": "November twentieth, twenty twenty-six",
    "11/20": "November twentieth",
    "11/20/2026": "November twentieth, twenty twenty-six",
    "Nov. 20, 2026": "November twentieth, twenty twenty-six",
    "1/2": "one half",
    "3/4": "three quarters",
    "1 1/2": "one and a half",
    "3.14": "three point one four",
    "-5": "minus five",
    "12,345": "twelve thousand three hundred forty-five",
    "1,000,000": "one million",
    "007": "zero zero seven",
    "555-123-4567": "five five five, one two three, four five six seven",
    "pages 10-20": "pages ten to twenty",
    "v2.0": "version two point zero",
    "3.11.2": "three point eleven point two",
    "info@example.com": "info at example dot com",
    "https://www.example.com/a": "w w w dot example dot com slash a",
    "Dr. Smith": "Doctor Smith",
    "No. 5": "number five",
    "e.g. this": "for example this",
    "Tom & Jerry": "Tom and Jerry",
    "World War II": "World War two",
    "Henry VIII": "Henry the eighth",
    "2 + 3 = 5": "two plus three equals five",
    "#1": "number one",
    "24/7": "twenty-four seven",
    "5'11\"": "five feet eleven",
    "the '90s": "the nineties",
    "68°F-75°F": "sixty-eight degrees Fahrenheit to seventy-five degrees Fahrenheit",
    "1920x1080 at 60": "nineteen twenty by one thousand eighty at sixty",
    "10²": "ten squared",
    "2^10": "two to the power of ten",
    "2½ cups": "two and a half cups",
    "Chapter Ⅳ": "Chapter four",
    "3 January 2026": "the third of January, twenty twenty-six",
    "on 14 Feb": "on the fourteenth of February",
    "5pm": "five PM",
    "60 fps": "sixty frames per second",
    "2h 30min": "two hours thirty minutes",
    "100k users": "one hundred thousand users",
    "5¢": "five cents",
    "50/50": "fifty fifty",
    "call 911": "call nine one one",
    "Fig. 3": "figure three",
    "Mr. & Mrs. Lee": "Mister and Missus Lee",
}


@pytest.mark.parametrize(("written", "spoken"), KOREAN.items())
def test_korean_is_read_as_a_korean_would(written: str, spoken: str) -> None:
    assert reading.read(written, "ko") == (spoken, [])


@pytest.mark.parametrize(("written", "spoken"), ENGLISH.items())
def test_english_is_read_as_an_american_would(written: str, spoken: str) -> None:
    assert reading.read(written, "en") == (spoken, [])


def test_the_table_is_as_long_as_promised() -> None:
    assert len(KOREAN) >= 100
    assert len(ENGLISH) >= 50


def test_no_digit_and_no_latin_letter_survives_in_korean() -> None:
    random.seed(5)
    alphabet = "0123456789:-/.,~%$원개명시분년월일번km ABxyz가나"
    for _ in range(400):
        text = "".join(random.choices(alphabet, k=random.randint(1, 24)))
        spoken, _ = reading.read(text, "ko")
        assert not any(one.isascii() and one.isalnum() for one in spoken), (text, spoken)


def test_no_digit_survives_in_english() -> None:
    random.seed(6)
    for _ in range(400):
        text = "".join(random.choices("0123456789:-/.,~%$ kmGBst(ABC)", k=random.randint(1, 24)))
        assert not any(one.isdigit() for one in reading.read(text, "en")[0]), text


def test_numbers_as_words_agree_with_known_values() -> None:
    assert [native(n) for n in (1, 2, 3, 4, 20, 21, 50)] == ["한", "두", "세", "네", "스무", "스물한", "쉰"]
    assert sino("100000000") == "일억"
    assert sino("1" * 30) == "일" * 30  # too long for names of magnitude: digit by digit
    assert ordinal("12") == "twelfth"
    assert cardinal("1000000000") == "one billion"


def test_sounds_become_korean_syllables() -> None:
    assert hangul("kəmpjˈuːtə") == "컴퓨터"
    assert hangul("stɹˈɔːbəɹi") == "스트로버리"
    assert hangul("ˈapəl") == "애플"
    assert hangul("ˈɪŋɡlɪʃ") == "잉글리시"
    assert hangul("kwˈɪk") == "퀵"


# --- what cannot be spoken ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "language", "spoken", "unspoken"),
    [
        ("안녕 😀 좋아요 ❤️", "ko", "안녕 좋아요", ["😀", "❤"]),
        ("가족 👨‍👩‍👧 사진", "ko", "가족 사진", ["👨‍👩‍👧"]),
        ("깃발 🇰🇷", "ko", "깃발", ["🇰🇷"]),
        ("A → B ★", "en", "A B", ["→", "★"]),
        ("Hello 세상", "en", "Hello", ["세상"]),
        ("안녕 東京", "ko", "안녕", ["東京"]),
        ("1️⃣번 문제", "ko", "일 번 문제", []),
    ],
)
def test_what_cannot_be_spoken_is_listed(text: str, language: str, spoken: str, unspoken: list[str]) -> None:
    assert reading.read(text, language) == (spoken, unspoken)


def test_marks_that_nobody_says_are_passed_over_in_silence() -> None:
    spoken, unspoken = reading.read('**중요**: "따옴표"와 (괄호), [대괄호] - 목록', "ko")
    assert unspoken == []
    assert not set('*"()[]') & set(spoken)


# --- sentences ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Dr. Smith lives in the U.S. today. He is 3.5 ft tall!", 2),
        ('"Stop!" he said. Really?', 2),
        ("At 5 p.m. Then we left.", 2),
        ("See e.g. this. J. R. R. Tolkien wrote it.", 2),
        ("Wait... what? No. 5 is alive.", 2),
        ("안녕하세요.반갑습니다. 3.1운동은 1919년입니다.", 3),
        ('"가자."라고 말했다. "가자." 하고 말했다.', 2),
        ("첫 줄\n둘째 줄\n\n셋째 줄", 3),
        ("これは。テスト。", 2),
    ],
)
def test_sentences_are_found(text: str, count: int) -> None:
    found = sentences.split(text)
    assert "".join(found) == text
    assert len(found) == count, found


def test_nothing_is_lost_whatever_the_text() -> None:
    random.seed(7)
    alphabet = "ab가나. !?…\n\"'“”)。,1😀\r\t"
    for _ in range(500):
        text = "".join(random.choices(alphabet, k=random.randint(0, 60)))
        assert "".join(sentences.split(text, longest=20)) == text
        for sentence in sentences.split(text):
            assert "".join(piece for _, piece in languages.runs(sentence, "en")) == sentence


def test_long_sentences_are_parted_between_words() -> None:
    text = "낱말 " * 400
    found = sentences.split(text)
    assert all(len(piece) <= sentences.LONGEST for piece in found)
    assert all(piece.strip().replace(" ", "").replace("낱말", "") == "" for piece in found)


# --- languages ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("안녕하세요 Hello 여러분", ["ko"]),
        ('그는 "I have a dream that one day" 라고 말했다.', ["ko", "en", "ko"]),
        ("Hello 세종대왕 was a great king of Korea.", ["en", "ko", "en"]),
        ("Привет мир", ["ru"]),
        ("これは ペンです", ["ja"]),
        ("你好", ["zh"]),
        ("12:30", ["ko"]),
    ],
)
def test_every_script_gets_its_language(sentence: str, expected: list[str]) -> None:
    assert [language for language, _ in languages.runs(sentence, "ko")] == expected


def test_hangul_never_goes_to_another_language() -> None:
    random.seed(8)
    for _ in range(300):
        words = random.choices(["안녕", "hello", "the", "world", "東京", "мир", "12", "좋아", "yes"], k=8)
        for language, run in languages.runs(" ".join(words), "en"):
            if any(languages.script(one) == "HANGUL" for one in run):
                assert language == "ko", words
