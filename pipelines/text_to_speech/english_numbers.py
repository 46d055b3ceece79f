"""Numbers as English words: cardinals, ordinals, years, decimals, digit by digit (American: no "and")."""

from __future__ import annotations

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
).split()
_TENS = "zero ten twenty thirty forty fifty sixty seventy eighty ninety".split()
_SCALES = ("", "thousand", "million", "billion", "trillion", "quadrillion")
LONGEST = 3 * len(_SCALES)  # digits; what is longer is read digit by digit
_ORDINALS = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
    "twelve": "twelfth",
}  # fmt: skip


def cardinal(digits: str) -> str:
    """A whole number such as `12500` as twelve thousand five hundred."""
    if len(digits) > LONGEST or (len(digits) > 1 and digits[0] == "0"):
        return one_by_one(digits)
    value = int(digits)
    if value == 0:
        return "zero"
    groups = []
    for power, name in enumerate(_SCALES):
        group = value // 1000**power % 1000
        if group:
            groups.append(f"{_below_thousand(group)} {name}".strip())
    return " ".join(reversed(groups))


def _below_thousand(value: int) -> str:
    hundreds, rest = divmod(value, 100)
    words = [f"{_SMALL[hundreds]} hundred"] if hundreds else []
    if rest:
        words.append(two_digits(rest))
    return " ".join(words)


def two_digits(value: int) -> str:
    if value < 20:
        return _SMALL[value]
    return _TENS[value // 10] + (f"-{_SMALL[value % 10]}" if value % 10 else "")


def ordinal(digits: str) -> str:
    """`3` as third, `21` as twenty-first."""
    words = cardinal(digits)
    head, mark, last = words.rpartition("-") if "-" in words.split(" ")[-1] else words.rpartition(" ")
    regular = f"{last[:-1]}ieth" if last.endswith("y") else f"{last}th"
    return f"{head}{mark}{_ORDINALS.get(last, regular)}"


def year(digits: str) -> str:
    """`1999` as nineteen ninety-nine, `2005` as two thousand five, `1905` as nineteen oh five."""
    value = int(digits)
    century, rest = divmod(value, 100)
    if 2000 <= value < 2010 or value % 1000 == 0:
        return cardinal(digits)
    if rest == 0:
        return f"{two_digits(century)} hundred"
    return f"{two_digits(century)} {'oh ' if rest < 10 else ''}{two_digits(rest)}"


def decimal(text: str) -> str:
    """`3.14` as three point one four, `12,500` as twelve thousand five hundred. Signs are the caller's."""
    whole, dot, fraction = text.replace(",", "").partition(".")
    return cardinal(whole or "0") + (f" point {one_by_one(fraction)}" if dot else "")


def one_by_one(digits: str) -> str:
    return " ".join(_SMALL[int(digit)] for digit in digits)


def fraction(numerator: str, denominator: str) -> str:
    """`3`, `4` as three quarters; `1`, `2` as one half."""
    many = int(numerator) != 1
    if int(denominator) == 2:
        part = "halves" if many else "half"
    elif int(denominator) == 4:
        part = "quarters" if many else "quarter"
    else:
        part = ordinal(denominator) + ("s" if many else "")
    return f"{cardinal(numerator)} {part}"
