"""What the Korean and the English reading share: how a number looks, and what 11/20 may mean."""

from __future__ import annotations

NUMBER = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?"

# Codes of currencies (ISO 4217) and their signs.
CODES = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "KRW": "₩"}

_DAYS = (0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}


def is_date(month: int, day: int) -> bool:
    return 1 <= month <= 12 and 1 <= day <= _DAYS[month]


def is_fraction(above: int, below: int) -> bool:
    """1/2, 3/4, 2/3 and 7/10 are fractions; 11/20, 9/1 and 12/25 are days, though 1/20 could be either."""
    return above < below <= 10


def numeral_of_roman(text: str) -> int:
    """`VIII` as 8."""
    total = 0
    for letter, after in zip(text, [*text[1:], ""], strict=True):
        value = _ROMAN[letter]
        total += -value if after and _ROMAN[after] > value else value
    return total
