"""Checks of single values, shared by all tasks: the wrong type or range is an error, never corrected in silence."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pipelines.errors import InvalidInput, TooLarge
from pipelines.words import Text

MOST_LISTED = 16  # a sentence that lists a hundred languages is read by nobody


def number(value: object, name: str, low: float, high: float, automatic: float | None = None) -> float:
    """`value` as a float between `low` and `high`. `automatic` is one more value that means "choose for me"."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not _finite(value):
        raise _wrong_type(name, value, "a number", "숫자를")
    if value == automatic:
        return float(value)
    if not low <= value <= high:
        extra = "" if automatic is None else f" ({automatic:g}: auto)"
        raise _out_of_range(name, value, f"{low:g}", f"{high:g}{extra}")
    return float(value)


def whole(value: object, name: str, low: int, high: int) -> int:
    """`value` as a whole number between `low` and `high`. 3.0 is whole (JSON knows one kind of number)."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not _finite(value) or value % 1:
        raise _wrong_type(name, value, "a whole number", "정수를")
    if not low <= value <= high:
        raise _out_of_range(name, int(value), f"{low}", f"{high}")
    return int(value)


def flag(value: object, name: str) -> bool:
    """`value`, which must be true or false."""
    if not isinstance(value, bool):
        raise _wrong_type(name, value, "true or false", "true나 false를")
    return value


def text(value: object, name: str, longest: int) -> str:
    """`value`, which must be a text of at most `longest` characters; `TooLarge` beyond."""
    if not isinstance(value, str):
        raise _wrong_type(name, value, "a text", "문자열을")
    if len(value) > longest:
        raise TooLarge(
            Text(
                en=f"{name} has {len(value)} characters; at most {longest} work here. Shorten it.",
                ko=f"{name}의 길이가 {len(value)}자입니다. {longest}자까지 쓸 수 있으니 줄여 주세요.",
            )
        )
    return value


def choice(value: object, name: str, choices: Sequence[str]) -> str:
    """`value`, which must be one of `choices`."""
    if not isinstance(value, str) or value not in choices:
        listed = ", ".join(choices) if len(choices) <= MOST_LISTED else f"{', '.join(choices[:MOST_LISTED])}, ..."
        shown = f"{value}"[:60]
        raise InvalidInput(
            Text(
                en=f"{name} cannot be {shown!r}. Choose one of: {listed}.",
                ko=f"{name}에 {shown!r}은(는) 쓸 수 없습니다. 다음 중에서 고르세요: {listed}.",
            )
        )
    return value


def items(value: object, name: str, longest: int) -> list[object]:
    """`value`, which must be a list of at most `longest` things."""
    if not isinstance(value, (list, tuple)):
        raise _wrong_type(name, value, "a list", "목록을")
    if len(value) > longest:
        raise InvalidInput(
            Text(
                en=f"{name} has {len(value)} entries; at most {longest} work here.",
                ko=f"{name}의 항목이 {len(value)}개입니다. {longest}개까지 쓸 수 있습니다.",
            )
        )
    return list(value)


def _finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number beyond what a float holds
        return False


def _wrong_type(name: str, value: object, wanted_en: str, wanted_ko: str) -> InvalidInput:
    shown = f"{value!r}"[:60]
    return InvalidInput(
        Text(
            en=f"{name} must be {wanted_en}, not {shown}.",
            ko=f"{name}에는 {wanted_ko} 넣어 주세요. 받은 값: {shown}.",
        )
    )


def _out_of_range(name: str, value: float, low: str, high: str) -> InvalidInput:
    # A whole number is told as it was given, not as 2.14748e+09; only a monstrous one is cut short.
    told = f"{value}" if isinstance(value, int) and abs(value) < 10**20 else f"{value:g}"
    return InvalidInput(
        Text(
            en=f"{name} is {told}, but must lie between {low} and {high}.",
            ko=f"{name} 값이 {told}입니다. {low}에서 {high} 사이로 정해 주세요.",
        )
    )
