"""Handwritten digits: one (`recognize`), several (`recognize_number`), and pictures to try (`sample`)."""

from __future__ import annotations

from pipelines import engines
from pipelines.digits import embedded
from pipelines.digits.number import NO_DIGITS, recognize_number
from pipelines.digits.reading import recognize
from pipelines.digits.samples import sample
from pipelines.digits.types import DigitReading, DigitSample, DigitsEngine, FoundDigit, NumberReading

ENGINES = engines.register("digits", (embedded,))

__all__ = [
    "ENGINES",
    "NO_DIGITS",
    "DigitReading",
    "DigitSample",
    "DigitsEngine",
    "FoundDigit",
    "NumberReading",
    "recognize",
    "recognize_number",
    "sample",
]
