"""Numbers as Korean words: Sino-Korean (일, 이, 삼), native (하나, 둘; before a counter 한, 두) and digit by digit."""

from __future__ import annotations

SINO = "영일이삼사오육칠팔구"
PHONE = "공일이삼사오육칠팔구"  # in telephone and card numbers zero is 공
_PLACES = ("", "십", "백", "천")
_MYRIADS = ("", "만", "억", "조", "경")
_NATIVE_ONES = ("", "한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉")
_NATIVE_TENS = ("", "열", "스물", "서른", "마흔", "쉰", "예순", "일흔", "여든", "아흔")
LONGEST = 4 * len(_MYRIADS)  # digits; what is longer is read digit by digit


def sino(digits: str) -> str:
    """A whole number such as `12500` as 만 이천오백. Leading zeros and overlong numbers go digit by digit."""
    if len(digits) > LONGEST or (len(digits) > 1 and digits[0] == "0"):
        return one_by_one(digits)
    value = int(digits)
    if value == 0:
        return "영"
    groups = []
    for power, name in enumerate(_MYRIADS):
        group = value // 10_000**power % 10_000
        if group:
            # Alone before 만 the one is not said: 10,000 is 만, but 100,000,000 is 일억.
            words = "" if group == 1 and power == 1 and value < 20_000 else _below_myriad(group)
            groups.append(words + name)
    return " ".join(reversed(groups))


def _below_myriad(value: int) -> str:
    words = ""
    for place in (3, 2, 1, 0):
        digit = value // 10**place % 10
        if digit:
            words += ("" if digit == 1 and place else SINO[digit]) + _PLACES[place]
    return words


def native(value: int) -> str:
    """A number from 1 to 99 as it stands before a counter: 한, 두, 스무, 스물한."""
    if value == 20:
        return "스무"
    return _NATIVE_TENS[value // 10] + _NATIVE_ONES[value % 10]


def one_by_one(digits: str, names: str = PHONE) -> str:
    return "".join(names[int(digit)] for digit in digits)


def decimal(text: str) -> str:
    """`3.14` as 삼 점 일사, `12,500` as 만 이천오백. Signs are the caller's."""
    whole, dot, fraction = text.replace(",", "").partition(".")
    return sino(whole or "0") + (f" 점 {one_by_one(fraction, SINO)}" if dot else "")
