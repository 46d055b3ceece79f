"""Korean text as a Korean would read it aloud: numbers, dates, money, units, addresses, Latin words.

`read()` returns Hangul and punctuation; what it cannot read it leaves as it stands, for the caller to report.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from pipelines.text_to_speech import korean_words as words
from pipelines.text_to_speech.korean_numbers import SINO, decimal, native, one_by_one, sino
from pipelines.text_to_speech.loanwords import hangul
from pipelines.text_to_speech.rules import CODES, NUMBER, is_date, is_fraction, numeral_of_roman

Match = re.Match[str]
Phonemes = Callable[[str], str]

_MONTHS = ("", "일", "이", "삼", "사", "오", "유", "칠", "팔", "구", "시", "십일", "십이")  # 유월, 시월
_COMPARED = {"<": "미만", ">": "초과", "≤": "이하", "≥": "이상", "<=": "이하", ">=": "이상"}
_BIG = r"(?:십(?![가-힣])|백(?![화신제두])|천(?![사재장])|만(?![두화])|억|조(?![각합교항건]))"
_SIGNED = r"(?<![\w.])[-−]\s?(?=\d)"


def read(text: str, phonemes: Phonemes | None = None) -> str:
    """`text` (NFKC, one sentence) in words. `phonemes` gives an English word in IPA, for its Korean spelling."""
    for pattern, say in _RULES:
        text = pattern.sub(say, text)
    text = _LATIN.sub(lambda found: _latin(found.group(), phonemes), text)
    for symbol, name in words.SYMBOLS.items():
        text = text.replace(symbol, name)
    return re.sub(r"[ \t]{2,}", " ", re.sub(r"\s+([,.!?])", r"\1", text)).strip()


def _address(found: Match) -> str:
    """A web or mail address, part by part. The scheme (https://) is not said."""
    text = found.group().split("://")[-1].rstrip("/")
    for sign, name in words.SIGNS.items():
        text = text.replace(sign, f" {name} ")
    return re.sub(r"\d+", lambda digits: one_by_one(digits.group()), text).strip()


def _phone(found: Match) -> str:
    groups = re.findall(r"\d+", found.group())
    if len(groups) == 1:
        digits = groups[0]
        groups = [digits[:3], digits[3:-4], digits[-4:]]
    plus = "플러스 " if found.group().startswith("+") else ""
    return plus + ", ".join(one_by_one(group) for group in groups)


def _date(found: Match) -> str:
    year, month, day = found.group(1), int(found.group(2)), int(found.group(3))
    if not is_date(month, day):
        return found.group()
    return f"{sino(year)}년 {_MONTHS[month]}월 {_day(day)}" + (" " if found.group(4) else "")


def _day(day: int) -> str:
    return f"{sino(str(day))}일"


def _short_date(found: Match) -> str:
    """'26.11.28. with the year in two digits."""
    month, day = int(found.group(2)), int(found.group(3))
    return f"{sino(found.group(1))}년 {_MONTHS[month]}월 {_day(day)}" if is_date(month, day) else found.group()


def _mixed_fraction(found: Match) -> str:
    """2 1/2, which was written 2½."""
    if not is_fraction(int(found.group(2)), int(found.group(3))):
        return found.group()
    whole = sino(found.group(1))
    return f"{whole}{'과' if _has_final(whole) else '와'} {sino(found.group(3))}분의 {sino(found.group(2))}"


def _power(found: Match) -> str:
    """10^3 as 10의 세제곱."""
    times = int(found.group(2))
    if not 2 <= times <= 99:
        return f"{found.group(1)}의 {sino(found.group(2))}승"
    return f"{found.group(1)}의 {'' if times == 2 else native(times)}제곱"


def _decades(found: Match) -> str:
    """3~40대 as 삼사십 대."""
    first, second = int(found.group(1)), int(found.group(2))
    return f"{SINO[first]}{SINO[second]}십 대" if second == first + 1 else found.group()


def _generations(found: Match) -> str:
    """2030세대, people in their twenties and thirties."""
    first, second = int(found.group(1)), int(found.group(2))
    return f"{one_by_one(found.group(1) + found.group(2))} 세대" if second == first + 10 else found.group()


def _has_final(word: str) -> bool:
    """Whether the last syllable ends in a consonant, on which particles depend."""
    return bool((ord(word[-1]) - 0xAC00) % 28)


def _slash(found: Match) -> str:
    """11/20 as a date, 1/2 as a fraction."""
    above, below = found.group(1), found.group(2)
    if above == below:  # 50/50
        return f"{sino(above)} 대 {sino(below)}"
    if (above, below) == ("24", "7"):  # all the time
        return "이십사 칠"
    if is_fraction(int(above), int(below)) or not is_date(int(above), int(below)):
        return f"{sino(below)}분의 {sino(above)}" if int(below) else found.group()
    return f"{_MONTHS[int(above)]}월 {_day(int(below))}"


def _month(found: Match) -> str:
    month = int(found.group(1))
    day = found.group(2)
    if not 1 <= month <= 12:
        return found.group()
    return f"{_MONTHS[month]}월" + (f" {_day(int(day))}" if day else "")


def _clock(found: Match) -> str:
    hour, minute, second = int(found.group(1)), int(found.group(2)), found.group(3)
    if hour > 24 or minute > 59:
        return f"{sino(str(hour))} 대 {sino(str(minute))}"
    said = f"{_hour(hour)} 시"
    if minute:
        said += f" {sino(str(minute))} 분"
    return said + (f" {sino(str(int(second)))} 초" if second else "")


def _hour(hour: int) -> str:
    return native(hour) if 1 <= hour <= 12 else sino(str(hour))


def _money(found: Match) -> str:
    name, cents_name = words.CURRENCIES[found.group(1)]
    amount, scale = found.group(2), found.group(3) or ""
    whole, _, cents = amount.partition(".")
    if cents and cents_name and len(cents) == 2 and not scale:
        said = f"{decimal(whole)} {name}" if int(whole.replace(",", "")) else ""
        return f"{said} {sino(str(int(cents)))} {cents_name}".strip() if int(cents) else said
    return f"{_scaled(amount, scale)} {name}"


def _scaled(amount: str, scale: str) -> str:
    """A number before 만, 억 and the like: 3만 is 삼만, 1만 is 만."""
    said = decimal(amount)
    return scale if said == "일" and scale in tuple("십백천만") else said + scale


def _degrees(found: Match) -> str:
    scale = {"C": "섭씨", "F": "화씨", "": ""}[found.group(3) or ""]
    below = ("영하 " if (found.group(3) or "C") == "C" else "마이너스 ") if found.group(1) else ""
    return f"{scale} {below}{decimal(found.group(2))} 도".strip()


def _degree_range(found: Match) -> str:
    """-3~5도: below zero and above it are told apart only where one of the two is below."""
    low, high = found.group(1), found.group(3)
    above = "영상 " if low or high else ""
    said = [f"{'영하 ' if sign else above}{sino(number)} 도" for sign, number in ((low, found[2]), (high, found[4]))]
    return "에서 ".join(said)


def _anniversary(found: Match) -> str:
    """5·18 and 3.1운동: the digits of a day that became a name; 10 and 12 stay numbers (10·26, 12·12)."""
    month, day = found.group(1), found.group(2) or found.group(3)
    said = sino(month) if int(month) > 9 else one_by_one(month, SINO)
    return said + (sino(day) if day == "10" or day == month else one_by_one(day, SINO))


def _comparison(found: Match) -> str:
    """x ≤ 5 as x는 5 이하, and ≤5 as 5 이하."""
    left, sign, right = found.group(1) or "", found.group(2), found.group(3)
    if left:
        heard = decimal(left) if left[-1].isdigit() else words.LETTERS.get(left[-1].upper(), left)
        left += f"{'은' if _has_final(heard) else '는'} "
    return f"{left}{right} {_COMPARED[sign]}"


def _half_of_day(found: Match) -> str:
    """5 pm and a.m. 9:00."""
    half, hour, minute = (
        (found.group(1) or found.group(6)).lower(),
        found.group(2) or found.group(4),
        found[3] or found[5],
    )
    return f"{'오전' if half == 'a' else '오후'} {hour}{f':{minute}' if minute else '시'}"


def _unit(found: Match) -> str:
    first, second, unit = found.group(1), found.group(2), found.group(3)
    said = f"{decimal(first)}에서 {decimal(second)}" if second else decimal(first)
    return words.UNITS[unit].format(n=said)


def _counter(found: Match) -> str:
    """A number, or a range of two, before a word that counts."""
    first, second, counter = found.group(1), found.group(2), found.group(3)
    if counter not in words.NATIVE_COUNTERS:
        said = f"{decimal(first)}에서 {decimal(second)}" if second else decimal(first)
        joined = counter == "년" and len(first) == 4
        return f"{said}{'' if joined else ' '}{counter}"
    if second:
        return f"{_counted(first, counter)} {counter}에서 {_counted(second, counter)} {counter}"
    return f"{_counted(first, counter)} {counter}"


def _counted(number: str, counter: str) -> str:
    value = int(number) if number.isdigit() and len(number) <= 2 else 0
    if counter == "시" and number.strip("0") == "":
        return "영"
    longest = {"시": 12, "시간": 20}.get(counter, 99)  # 이십사 시간
    # 20대 is an age group more often than twenty machines.
    if counter == "대" and value % 10 == 0:
        return decimal(number)
    return (
        native(value) if 1 <= value <= longest and number[0] != "0" else decimal(str(int(number)) if value else number)
    )


def _times(found: Match) -> str:
    number, rest = found.group(1), found.group(2)
    if rest == "째":
        return "첫 번째" if number == "1" else f"{_counted(number, '번')} 번째"
    return f"{decimal(number)} 번{rest}"


def _version(found: Match) -> str:
    parts = found.group(2).split(".")
    one = (lambda part: one_by_one(part, SINO)) if len(parts) == 4 else sino
    return ("버전 " if found.group(1) else "") + " 점 ".join(one(part) for part in parts)


def _number(found: Match) -> str:
    return decimal(found.group())


def _equation(found: Match) -> str:
    signs = {
        "+": "더하기",
        "*": "곱하기",
        "×": "곱하기",
        "x": "곱하기",
        "÷": "나누기",
        "/": "나누기",
        "-": "빼기",
        "−": "빼기",
    }
    return f" {signs[found.group(1).strip()]} "


def _equals(found: Match) -> str:
    """The particle before what follows an equals sign agrees with the number's last sound."""
    return f"{found.group(1)}{'은' if _has_final(found.group(1)) else '는'} "


def _listed(found: Match) -> str:
    return f" {words.WORDS[found.group().lower()]}" if _glued(found) else words.WORDS[found.group().lower()]


def _glued(found: Match) -> bool:
    return found.start() > 0 and found.string[found.start() - 1].isalnum() and found.string[found.start() - 1].isascii()


def _jamo(found: Match) -> str:
    said = ""
    for one in found.group():
        onset = words.JAMO_ONSETS.get(one, words.JAMO_ONSETS["ㅇ"])
        vowel = words.JAMO_VOWELS.get(one, words.JAMO_VOWELS["ㅡ"])
        said += chr(0xAC00 + (onset * 21 + vowel) * 28)
    return said


def _roman(found: Match) -> str:
    return f"{found.group(1)} {sino(str(numeral_of_roman(found.group(2))))}"


def _latin(word: str, phonemes: Phonemes | None) -> str:
    """A Latin word as Koreans say it: a known reading, letter by letter, or spelt by its sound."""
    word = re.sub(r"['’]s$", "s", word).replace("'", "").replace("’", "")
    known = words.WORDS.get(word.lower())
    if known is not None:
        return known
    if word.isupper() or not re.search("[aeiouyAEIOUY]", word) or phonemes is None:
        plural = "스" if len(word) > 2 and word.endswith("s") and word[:-1].isupper() else ""
        letters = word[:-1] if plural else word
        return "".join(words.LETTERS[letter] for letter in letters.upper()) + plural
    if word[:-1].isupper() and word.endswith("s"):
        return "".join(words.LETTERS[letter] for letter in word[:-1]) + "스"
    parts = re.findall(r"[A-Z]{2,}(?![a-z])|[A-Z]?[a-z]+|[A-Z]", word)  # GitLab, iPhone, YouTube
    if len(parts) > 1:
        return "".join(_latin(part, phonemes) for part in parts)
    return hangul(phonemes(word.lower()), word)


def _alternatives(names: object) -> str:
    return "|".join(sorted(map(re.escape, names), key=len, reverse=True))  # type: ignore[call-overload]


_ONE_SYLLABLE = rf"(?=$|[^가-힣]|[{words.AFTER_COUNTER}])"
_DEGREE = f"도{_ONE_SYLLABLE}"
_NATIVE_SHORT = _alternatives(one for one in words.NATIVE_COUNTERS if len(one) == 1)
_NATIVE_LONG = _alternatives(one for one in words.NATIVE_COUNTERS if len(one) > 1)
_SINO = _alternatives(words.SINO_COUNTERS)
_SINO_LONG = _alternatives(one for one in words.SINO_COUNTERS if len(one) > 1)
_COUNTER = rf"(?:{_NATIVE_LONG}|{_SINO_LONG}|(?:{_NATIVE_SHORT}){_ONE_SYLLABLE}|{_SINO})"
_MIXED = _alternatives(word for word in words.WORDS if re.search(r"[\d-]", word))
_MEASURE = (
    rf"[-−]?{NUMBER}(?:\s?(?:{_alternatives(words.UNITS)}|°\s?[CF]|[만억]?\s?원)"
    "|도|개월|개|명|세|살|점|회|번|분|초|시간|일|년)?"
)
_LATIN = re.compile(r"[A-Za-z]+(?:['’][a-z]+)?")

_RULES: tuple[tuple[re.Pattern[str], Callable[[Match], str]], ...] = (
    (re.compile(r"[ㄱ-ㅎㅏ-ㅣ]+"), _jamo),
    (re.compile(r"(?:https?://|www\.)[^\s가-힣<>\"')]*[\w/]|[\w.+-]+@[\w-]+(?:\.[A-Za-z]+)+", re.ASCII), _address),
    (re.compile(r"\b[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:com|net|org|kr|io|ai|dev)\b(?:/[\w./-]*\w)?", re.ASCII), _address),
    (re.compile(rf"(?<![A-Za-z0-9-])(?:{_MIXED})(?![A-Za-z0-9-])", re.IGNORECASE), _listed),
    (re.compile(r"(?<![\w.])\.(?=\d)"), lambda m: "0."),
    (re.compile(r"(?<!\d)(\d{4})(?:[-/]|\.\s?)(\d{1,2})(?:[-/]|\.\s?)(\d{1,2})(?!\d)(T(?=\d))?"), _date),
    (re.compile(r"(?<!\w)['’](\d{2})\.\s?(\d{1,2})\.\s?(\d{1,2})(?!\d)"), _short_date),
    (re.compile(r"(?<![\d.])(\d+)\^(\d+)(?![\d.])"), _power),
    (re.compile(r"(?<![\d/.])(\d{1,3}) (\d{1,2})/(\d{1,2})(?![\d/])"), _mixed_fraction),
    (re.compile(r"(?<![\d/])(\d{1,2})/(\d{1,3})(?![\d/])"), _slash),
    (
        re.compile(
            r"(?<![A-Za-z])([ap])(?:\.m\. ?|m ?(?=\d{1,2}:))(\d{1,2})(?::(\d{2}))?(?![\d:])"
            r"|(?<![\d:])(\d{1,2})(?::(\d{2}))? ?([ap])(?:\.m\.|m(?![A-Za-z]))",
            re.IGNORECASE,
        ),
        _half_of_day,
    ),
    (re.compile(r"(?<!\d)(\d{1,2}):(\d{2})(?::(\d{2}))?(?!\d)"), _clock),
    (re.compile(rf"(\d{{1,2}})(?:[·‧・](\d{{1,2}})|\.(\d{{1,2}})(?=\s?(?:{words.ANNIVERSARIES})))"), _anniversary),
    (re.compile(r"(?<![\d-])(\d{1,3})-(\d{1,3})(?=\s?(?:로|으로|승|패))"), lambda m: f"{sino(m[1])} 대 {sino(m[2])}"),
    (re.compile(r"(?<![\d.])911(?=\s?테러)"), lambda m: one_by_one(m[0], SINO)),
    (re.compile(r"\b(?:No|no|NO)\.?\s?(?=\d)"), lambda m: "넘버 "),
    (
        re.compile(
            rf"(?:({NUMBER}|[A-Za-z]|(?<![가-힣])[가-힣]{{1,30}})\s*|(?<!\S))(<=|>=|[<>≤≥])\s*({_MEASURE})(?![\w가-힣])"
        ),
        _comparison,
    ),
    (re.compile(r"(?<![A-Za-z0-9/])([A-Z])/([A-Z])(?![A-Za-z0-9/])"), lambda m: m[1] + m[2]),
    (
        re.compile(rf"(?<![A-Za-z0-9])({_alternatives(words.UNITS)})(?=당(?![가-힣]))"),
        lambda m: words.UNITS[m[1]].format(n="").strip(),
    ),
    (re.compile(r"(?<!\w)\+\d{1,3}(?:[- ]\(?\d{1,4}\)?){2,4}(?![\d-])"), _phone),
    (
        re.compile(r"(?<!\d)(\d{1,3})(?::|\s?대\s?(?=\d+(?![\d가-힣])))(\d{1,3})(?!\d)"),
        lambda m: f"{sino(m[1])} 대 {sino(m[2])}",
    ),
    (re.compile(r"(?<![\d-])(?:\+\d{1,3}[- ]?)?\(?\d{2,4}(?:\)[- ]?|[- ])\d{3,4}-\d{4}(?![\d-])"), _phone),
    (re.compile(r"(?<![\d-])\d{6}-\d{7}(?![\d-])"), _phone),
    (
        re.compile(r"(?<![\d,.])1(?:1[0-9]|3\d\d)(?=(?:에|로|으로)?\s?(?:신고|전화|연락|구급|구조|상황실|대원))"),
        lambda m: one_by_one(m[0], SINO),
    ),
    (re.compile(r"(?<![\d-])(?:01\d{8,9}|01\d \d{3,4} \d{4}|1[568]\d\d-\d{4}|\d{2,}(?:-\d{2,}){2,})(?![\d-])"), _phone),
    (re.compile(rf"(?<![A-Za-z])({_alternatives(CODES)}) ?(?={NUMBER})"), lambda m: CODES[m[1]]),
    (re.compile(rf"(?<![\w.,])({NUMBER}) ?({_alternatives(CODES)})(?![A-Za-z])"), lambda m: f"{CODES[m[2]]}{m[1]}"),
    (re.compile(rf"([$€£¥₩])\s?({NUMBER})(?:\s?([십백천만억조]))?"), _money),
    (re.compile(rf"(?<!\w)([-−])?(\d+)\s?[~–]\s?([-−])?(\d+)\s?(?:°\s?C|{_DEGREE})"), _degree_range),
    (re.compile(r"(\d+)\s?분의\s?(\d+)"), lambda m: f"{sino(m[1])}분의 {sino(m[2])}"),
    (re.compile(rf"(?:(?<!\w)([-−]))?({NUMBER})\s?(?:°\s?([CF])|{_DEGREE})"), _degrees),
    (re.compile(rf"({NUMBER})(?:\s?[~–-]\s?({NUMBER}))?\s?({_alternatives(words.UNITS)})(?![A-Za-z0-9])"), _unit),
    (re.compile(r"(?<!\d)(\d{1,2})\s?월(?:\s?(\d{1,2})일)?"), _month),
    (re.compile(r"\b(v|V|ver\.? ?)?(\d+(?:\.\d+){2,}|(?<=v)\d+(?:\.\d+)?|(?<=V)\d+\.\d+)(?!\d)"), _version),
    (re.compile(rf"({NUMBER})\s?({_BIG})"), lambda m: _scaled(m[1], m[2])),
    (re.compile(rf"(\d+)\s?번(째|\s?(?:{words.NAMED_BY_NUMBER}))"), _times),
    (re.compile(rf"(?<=제)\s?({NUMBER})\s?"), lambda m: decimal(m[1])),
    (re.compile(r"(?<=\d반 )(\d{1,2})번(?!째)"), lambda m: f"{sino(m[1])} 번"),  # a pupil, not times
    (re.compile(r"(?<!\d)([1-9])\s?[~–-]\s?([1-9])0대(?![가-힣]{2})"), _decades),
    (re.compile(r"(?<![\d,])([1-9]0)([1-9]0)\s?세대"), _generations),
    (re.compile(r"(?<![\d,.])(\d{1,2})\s?박\s?(\d{1,2})\s?일"), lambda m: f"{sino(m[1])} 박 {sino(m[2])} 일"),
    (
        re.compile(r"(?<![\d-])(\d+)-(\d+)(?=\s?(?:번지|번길|호(?![가-힣])))"),
        lambda m: f"{sino(m[1])} 다시 {sino(m[2])} ",
    ),
    (re.compile(rf"({NUMBER})(?:\s?[~–-]\s?({NUMBER}))?\s?({_COUNTER})"), _counter),
    (re.compile(r"\b([A-Za-z]+) (II|III|IV|VI{0,3}|IX|XI{0,3})\b(?!')"), _roman),
    (re.compile(r"(?<=[\d)])\s*([+*×÷x]|\s[-−/]\s)\s*(?=[\d(])"), _equation),
    (re.compile(_SIGNED), lambda m: "마이너스 "),
    (re.compile(r"(?<![\w.])\+\s?(?=\d)"), lambda m: "플러스 "),
    (re.compile(r"(?<=[A-Za-z])-(?=\d)"), lambda m: " "),
    (re.compile(r"(?<=\d)-(?=\d)"), lambda m: " 다시 "),
    (re.compile(r"(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])"), lambda m: " "),
    (re.compile(NUMBER), _number),
    (re.compile(r"([가-힣])\s*=\s*(?=[가-힣])"), _equals),
    (re.compile(r"(?<=\S)\s*[~∼〜](?=\S)|(?<=\S)\s+[~∼〜]\s+(?=\S)"), lambda m: "에서 "),
    (re.compile(r"[~∼〜]"), lambda m: " "),
)
