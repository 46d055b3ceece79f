"""English text as an American would read it aloud: numbers, dates, money, units, addresses, abbreviations.

`read()` returns words and punctuation; what it cannot read it leaves as it stands, for the caller to report.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from pipelines.text_to_speech.english_numbers import cardinal, decimal, fraction, one_by_one, ordinal, two_digits, year
from pipelines.text_to_speech.rules import CODES, NUMBER, is_date, is_fraction, numeral_of_roman

Match = re.Match[str]

_MONTHS = (
    "January February March April May June July August September October November December".split()
)  # fmt: skip
_SHORT_MONTHS = {month[:3]: month for month in _MONTHS} | {"Sept": "September"}
_TITLES = {"Dr": "Doctor", "Mr": "Mister", "Mrs": "Missus", "Ms": "Miz", "Prof": "Professor", "Gen": "General",
           "Capt": "Captain", "Rev": "Reverend"}  # fmt: skip
_SHORT = {"e.g.": "for example", "i.e.": "that is", "etc.": "et cetera", "vs.": "versus", "approx.": "approximately",
          "a.m.": "AM", "p.m.": "PM", "w/o": "without", "w/": "with"}  # fmt: skip
_NUMBERED = {"fig": "figure", "vol": "volume", "p": "page", "pp": "pages", "ch": "chapter"}
_STREETS = {"St": "Street", "Ave": "Avenue", "Blvd": "Boulevard", "Rd": "Road"}
_COMPARED = {"<": "is less than", ">": "is greater than", "<=": "is at most", ">=": "is at least", "≤": "is at most",
             "≥": "is at least", "!=": "is not", "≠": "is not", "==": "equals"}  # fmt: skip
_KINGS = "Henry|Louis|Elizabeth|George|Charles|Edward|James|William|John|Paul|Pope|Richard|Philip|Catherine"

# Singular and plural. The plural also stands after decimals and zero.
_UNITS = {
    "km/h": ("kilometer per hour", "kilometers per hour"), "mph": ("mile per hour", "miles per hour"),
    "fps": ("frame per second", "frames per second"), "h": ("hour", "hours"),
    "m/s": ("meter per second", "meters per second"), "km": ("kilometer", "kilometers"),
    "cm": ("centimeter", "centimeters"), "mm": ("millimeter", "millimeters"), "m": ("meter", "meters"),
    "m2": ("square meter", "square meters"), "km2": ("square kilometer", "square kilometers"),
    "kg": ("kilogram", "kilograms"), "mg": ("milligram", "milligrams"), "g": ("gram", "grams"),
    "lb": ("pound", "pounds"), "lbs": ("pounds", "pounds"), "oz": ("ounce", "ounces"), "ft": ("foot", "feet"),
    "mi": ("mile", "miles"), "mL": ("milliliter", "milliliters"), "ml": ("milliliter", "milliliters"),
    "L": ("liter", "liters"), "KB": ("kilobyte", "kilobytes"), "MB": ("megabyte", "megabytes"),
    "GB": ("gigabyte", "gigabytes"), "TB": ("terabyte", "terabytes"), "Hz": ("hertz", "hertz"),
    "kHz": ("kilohertz", "kilohertz"), "MHz": ("megahertz", "megahertz"), "GHz": ("gigahertz", "gigahertz"),
    "Mbps": ("megabit per second", "megabits per second"), "kW": ("kilowatt", "kilowatts"), "W": ("watt", "watts"),
    "kWh": ("kilowatt hour", "kilowatt hours"), "V": ("volt", "volts"), "dB": ("decibel", "decibels"),
    "ms": ("millisecond", "milliseconds"), "px": ("pixel", "pixels"), "hrs": ("hours", "hours"),
    "hr": ("hour", "hours"), "min": ("minute", "minutes"), "sec": ("second", "seconds"),
    "%": ("percent", "percent"), "kcal": ("kilocalorie", "kilocalories"),
}  # fmt: skip
_MONEY = {
          "$": ("dollar", "dollars", "cent", "cents"), "€": ("euro", "euros", "cent", "cents"),
          "£": ("pound", "pounds", "penny", "pence"), "¥": ("yen", "yen", "", ""), "₩": ("won", "won", "", ""),
}  # fmt: skip
_SYMBOLS = {"&": " and ", "+": " plus ", "=": " equals ", "@": " at ", "#": " number ", "×": " times ",
            "÷": " divided by ", "±": " plus or minus ", "≤": " at most ", "≥": " at least ", "≠": " is not ",
            "∞": " infinity ", "°": " degrees", "%": " percent", "√": " square root of ", "π": " pi ", "€": " euros ",
            "$": " dollars ", "£": " pounds ", "¥": " yen ", "₩": " won ", "¢": " cents ",
            "_": " underscore "}  # fmt: skip


_SIGNS = {"@": "at", ".": "dot", "/": "slash", "-": "dash", "_": "underscore", ":": "colon", "?": "question mark",
          "=": "equals", "&": "and", "#": "hash", "~": "tilde"}  # fmt: skip


def read(text: str) -> str:
    """`text` (NFKC, one sentence) in words."""
    for pattern, say in _RULES:
        text = pattern.sub(say, text)
    for symbol, name in _SYMBOLS.items():
        text = text.replace(symbol, name)
    return re.sub(r"[ \t]{2,}", " ", re.sub(r"\s+([,.!?])", r"\1", text)).strip()


def _address(found: Match) -> str:
    """A web or mail address, part by part. The scheme (https://) is not said."""
    text = found.group().split("://")[-1].rstrip("/")
    text = text.replace("www.", "w w w.", 1)
    for sign, name in _SIGNS.items():
        text = text.replace(sign, f" {name} ")
    return re.sub(r"\d+", lambda digits: f" {one_by_one(digits.group())} ", text).strip()


def _phone(found: Match) -> str:
    plus = "plus " if found.group().startswith("+") else ""
    return plus + ", ".join(one_by_one(group) for group in re.findall(r"\d+", found.group()))


def _iso_date(found: Match) -> str:
    month, day = int(found.group(2)), int(found.group(3))
    if not is_date(month, day):
        return found.group()
    return f"{_day(month, day)}, {year(found.group(1))}{', ' if found.group(4) else ''}"


def _us_date(found: Match) -> str:
    month, day = int(found.group(1)), int(found.group(2))
    return f"{_day(month, day)}, {year(found.group(3))}" if is_date(month, day) else found.group()


def _day(month: int, day: int) -> str:
    return f"{_MONTHS[month - 1]} {ordinal(str(day))}"


def _day_first(found: Match) -> str:
    """3 January 2026."""
    day, name, its_year = int(found.group(1)), found.group(2), found.group(3)
    month = _SHORT_MONTHS.get(name, name)
    if not is_date(_MONTHS.index(month) + 1, day):
        return found.group()
    return f"the {ordinal(str(day))} of {month}" + (f", {year(its_year)}" if its_year else "")


def _street(found: Match) -> str:
    return _STREETS[found.group(1) or found.group(2)]


def _power(found: Match) -> str:
    """10^3 as 10 cubed."""
    named = {"2": "squared", "3": "cubed"}.get(found.group(2))
    return f"{found.group(1)} {named}" if named else f"{found.group(1)} to the power of {found.group(2)}"


def _named_date(found: Match) -> str:
    """Nov. 20, 2026 and November 20th."""
    name, day, its_year = found.group(1).rstrip("."), found.group(2), found.group(3)
    month = _SHORT_MONTHS.get(name, name)
    return f"{month} {ordinal(day)}" + (f", {year(its_year)}" if its_year else "")


def _slash(found: Match) -> str:
    above, below = int(found.group(1)), int(found.group(2))
    if is_date(above, below) and not is_fraction(above, below):
        return _day(above, below)
    if above == below:  # 50/50
        return f"{cardinal(found.group(1))} {cardinal(found.group(2))}"
    if above > below:  # 120/80, 24/7
        return f"{cardinal(found.group(1))} {'' if (above, below) == (24, 7) else 'over '}{cardinal(found.group(2))}"
    return fraction(found.group(1), found.group(2)) if below else found.group()


def _mixed_fraction(found: Match) -> str:
    part = fraction(found.group(2), found.group(3))
    return f"{cardinal(found.group(1))} and {part.replace('one ', 'a ', 1) if part.startswith('one ') else part}"


def _clock(found: Match) -> str:
    hour, minute, half = int(found.group(1)), int(found.group(2)), found.group(4)
    if hour > 24 or minute > 59:
        return f"{cardinal(str(hour))} to {cardinal(str(minute))}"
    if minute:
        said = f"{two_digits(hour)} {'oh ' if minute < 10 else ''}{two_digits(minute)}"
    elif half:
        said = two_digits(hour)
    else:
        said = f"{two_digits(hour)} o'clock" if 1 <= hour <= 12 else f"{two_digits(hour)} hundred"
    seconds = f" and {cardinal(str(int(found.group(3))))} seconds" if found.group(3) else ""
    return said + seconds + (f" {half.upper().replace('.', '')}" if half else "")


def _money(found: Match) -> str:
    one, many, cent, cents = _MONEY[found.group(1)]
    whole, _, rest = found.group(2).partition(".")
    scale = found.group(3)
    if scale or (rest and (len(rest) != 2 or not cent)):
        return f"{decimal(found.group(2))} {_SCALES.get(scale, scale) + ' ' if scale else ''}{many}"
    parts = []
    if int(whole.replace(",", "")) or not int(rest or "0"):
        parts.append(f"{decimal(whole)} {one if whole == '1' else many}")
    if rest and int(rest):
        parts.append(f"{cardinal(str(int(rest)))} {cent if int(rest) == 1 else cents}")
    return " ".join(parts)


def _money_range(found: Match) -> str:
    """$5-10 as five to ten dollars."""
    return f"{decimal(found.group(2))} to {decimal(found.group(3))} {_MONEY[found.group(1)][1]}"


_SCALES = {"K": "thousand", "k": "thousand", "M": "million", "B": "billion", "bn": "billion"}


def _degrees(found: Match) -> str:
    minus = "minus " if found.group(1) else ""
    scale = {"C": " Celsius", "F": " Fahrenheit", "": ""}[found.group(3) or ""]
    degree = "degree" if found.group(2) == "1" else "degrees"
    return f"{minus}{decimal(found.group(2))} {degree}{scale}"


def _unit(found: Match) -> str:
    first, second, link, unit = found.groups()
    one, many = _UNITS[unit]
    if second:
        return f"{decimal(first)} to {decimal(second)} {many}"
    return f"{decimal(first)} {one if first == '1' or link == '-' else many}"  # a five-kilometer run


def _year(found: Match) -> str:
    decade = found.group(2)
    said = year(found.group(1))
    if not decade:
        return said
    return f"{said[:-1]}ies" if said.endswith("y") else f"{said}s"


def _number(found: Match) -> str:
    return decimal(found.group())


def _version(found: Match) -> str:
    parts = found.group(2).split(".")
    say = one_by_one if len(parts) == 4 else cardinal
    return ("version " if found.group(1) else "") + " point ".join(say(part) for part in parts)


def _king(found: Match) -> str:
    return f"{found.group(1)} the {ordinal(str(numeral_of_roman(found.group(2))))}"


def _roman(found: Match) -> str:
    return f"{found.group(1)} {cardinal(str(numeral_of_roman(found.group(2))))}"


def _equation(found: Match) -> str:
    signs = {"+": "plus", "*": "times", "×": "times", "x": "times", "÷": "divided by", "-": "minus", "−": "minus"}
    return f" {signs[found.group(1).strip()]} "


def _either(names: object) -> str:
    return "|".join(sorted(map(re.escape, names), key=len, reverse=True))  # type: ignore[call-overload]


_NUMERAL = r"(II|III|IV|VI{0,3}|IX|XI{0,3}|XIV|XVI)"
_RULES: tuple[tuple[re.Pattern[str], Callable[[Match], str]], ...] = (
    (re.compile(r"(?:https?://|www\.)[^\s<>\"')]*[\w/]|[\w.+-]+@[\w-]+(?:\.[A-Za-z]+)+", re.ASCII), _address),
    (re.compile(r"\b[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:com|net|org|kr|io|ai|dev)\b(?:/[\w./-]*\w)?", re.ASCII), _address),
    (re.compile(rf"(\d\s?(?:{_either(_UNITS)}|°[CF]?)|:\d\d)[–-](?=\d)"), lambda m: f"{m[1]} to "),
    (re.compile(r"(?<!\d)(\d)['′](\d{1,2})[\"″]?(?!\d)"), lambda m: f"{m[1]} feet {m[2]}"),
    (re.compile(r"(?<=\d)x(?=\d)"), lambda m: " by "),
    (re.compile(r"(?<=\d)x\b"), lambda m: " times"),
    (re.compile(r"\b([CF])#"), lambda m: f"{m[1]} sharp"),
    (re.compile(r"['’]?(?<!\d)([2-9]0)['’]?s\b"), lambda m: f"{cardinal(m[1])[:-1]}ies"),
    (re.compile(rf"\b({_either(_TITLES)})\.(?=\s?(?:[A-Z]|&|and\b))"), lambda m: _TITLES[m[1]]),
    (re.compile(r"\b([Ff]ig|[Vv]ol|[Pp]p?|[Cc]h)\.\s?(?=\d)"), lambda m: f"{_NUMBERED[m[1].lower()]} "),
    (re.compile(r"(?<![\d.])(\d+)\^(\d+)(?![\d.])"), _power),
    (re.compile(r"(?<=[Cc]all |[Dd]ial )(911|999|112)\b"), lambda m: one_by_one(m[1])),
    (
        re.compile(r"(?<=[\w)])(?:\s?([<>]=?|[!=]=|[≤≥≠])\s?(?=[-−]?[\d(])|\s([<>]=?|[!=]=|[≤≥≠])\s(?=\w))"),
        lambda m: f" {_COMPARED[m[1] or m[2]]} ",
    ),
    (re.compile(r"(?<=[a-z] )(St|Ave|Blvd|Rd)(?![\w.])|(?<=[a-z] )(St|Ave|Blvd|Rd)\.(?! [A-Z])"), _street),
    (re.compile(r"\bSt\.(?= [A-Z])"), lambda m: "Saint"),
    (re.compile(r"(?<![\w.])\.(?=[A-Z][A-Za-z])"), lambda m: " dot "),
    (re.compile(r"(?<![\w.])\.(?=\d)"), lambda m: "0."),
    (re.compile(r"(?<![\d/])9/11(?![\d/])"), lambda m: "nine eleven"),
    (re.compile(r"\b(?:No|no|Nos)\.\s?(?=\d)|\bNo (?=\d)|#(?=\d)|№\s?(?=\d)"), lambda m: "number "),
    (re.compile(r"(?<!\d)(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)(T(?=\d))?"), _iso_date),
    (re.compile(r"(?<![\d/])(\d{1,2})/(\d{1,2})/(\d{4})(?![\d/])"), _us_date),
    (
        re.compile(
            rf"\b({_either([*_MONTHS, *_SHORT_MONTHS])})\.?\s(\d{{1,2}})(?:st|nd|rd|th)?(?:,?\s(\d{{4}}))?(?![\d:])"
        ),
        _named_date,
    ),
    (
        re.compile(
            rf"(?<![\w.,/:-])(\d{{1,2}})(?:st|nd|rd|th)? ({_either([*_MONTHS, *_SHORT_MONTHS])})\b\.?"
            r"(?:,?\s(\d{4})\b)?(?! ?\d)"
        ),
        _day_first,
    ),
    (re.compile(r"(?<![\d/])(\d+) (\d{1,2})/(\d{1,2})(?![\d/])"), _mixed_fraction),
    (re.compile(r"(?<![\d/])(\d{1,3})/(\d{1,3})(?![\d/])"), _slash),
    (re.compile(r"(?<!\d)(\d{1,2}):(\d{2})(?::(\d{2}))?(?!\d)(?:\s?([AaPp]\.?[Mm]\b\.?))?"), _clock),
    (re.compile(r"(?<=\d)\s?([AaPp][Mm])\b(\s?[–-]\s?(?=\d))?"), lambda m: f" {m[1].upper()}{' to ' if m[2] else ''}"),
    (re.compile(rf"(?<![\w$€£¥₩])({NUMBER})([kM])\b"), lambda m: f"{m[1]} {_SCALES[m[2]]}"),
    (re.compile(r"(?<!\d)(\d{1,3}):(\d{1,3})(?!\d)"), lambda m: f"{cardinal(m[1])} to {cardinal(m[2])}"),
    (re.compile(r"(?<!\w)\+\d{1,3}(?:[- ]\(?\d{1,4}\)?){2,4}(?![\d-])"), _phone),
    (re.compile(r"(?<![\d-])(?:\+\d{1,3}[- ]?)?\(?\d{2,4}\)?[- ]\d{3,4}-\d{4}(?![\d-])"), _phone),
    (re.compile(r"(?<![\d-])(?:\d{3,}-\d{4}|\d{2,}(?:-\d{2,}){2,})(?![\d-])"), _phone),
    (re.compile(rf"\b({_either(CODES)}) ?(?={NUMBER})"), lambda m: CODES[m[1]]),
    (re.compile(rf"(?<![\w.,])({NUMBER}) ?({_either(CODES)})\b"), lambda m: f"{CODES[m[2]]}{m[1]}"),
    (re.compile(rf"([$€£¥₩])\s?({NUMBER})\s?[–-]\s?\1?({NUMBER})(?![\d-])"), _money_range),
    (re.compile(rf"([$€£¥₩])\s?({NUMBER})(?:\s?(thousand|million|billion|trillion|bn|[KkMB])\b)?"), _money),
    (re.compile(rf"(?:(?<!\w)([-−]))?({NUMBER})\s?°\s?([CF])?"), _degrees),
    (re.compile(rf"({NUMBER})(?:\s?[~–-]\s?({NUMBER}))?([\s-]?)({_either(_UNITS)})(?![A-Za-z0-9])"), _unit),
    (re.compile(rf"(?<![\w.])({_either(_SHORT)})", re.IGNORECASE), lambda m: _SHORT[m[1].lower()]),
    (re.compile(r"\b(\d+)(?:st|nd|rd|th)\b"), lambda m: ordinal(m[1])),
    (re.compile(r"\b(v|V|[Vv]er\.? ?)?(\d+(?:\.\d+){2,}|(?<=v)\d+(?:\.\d+)?|(?<=V)\d+\.\d+)(?!\d)"), _version),
    (re.compile(rf"\b({_KINGS}) {_NUMERAL}\b"), _king),
    (re.compile(rf"\b([A-Z][A-Za-z]+) {_NUMERAL}\b(?!')"), _roman),
    (re.compile(r"(?<=[\d)])\s*([+*×÷]|\s[-−x]\s)\s*(?=[\d(])"), _equation),
    (re.compile(r"(?<=[A-Za-z])(\d+)-(?=\d)"), lambda m: f"{m[1]} "),  # a name such as Qwen3-0.6B
    (re.compile(r"(?<=\d)\s?[~–-]\s?(?=\d)"), lambda m: " to "),
    (re.compile(r"(?<![\w.])[-−]\s?(?=\d)"), lambda m: "minus "),
    (re.compile(r"(?<![\d.,])(1[1-9]\d\d|20\d\d)(s)?(?!\d|,\d|\.\d)"), _year),
    (re.compile(r"(?<=[A-Za-z])-?(?=\d)|(?<=\d)(?=[A-Za-z])"), lambda m: " "),
    (re.compile(NUMBER), _number),
    (re.compile(r"[~∼〜]"), lambda m: " "),
)
