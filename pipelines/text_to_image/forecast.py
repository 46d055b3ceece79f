"""How long the rest will take, from steps that were really measured."""

from __future__ import annotations

import statistics
import time
from collections import deque
from collections.abc import Callable

from pipelines.words import Text

_ONE = Text(en="Step {number} of {total}", ko="{total}단계 중 {number}단계")
_MANY = Text(
    en="Picture {picture} of {count}, step {number} of {total}",
    ko="그림 {picture}/{count}, {total}단계 중 {number}단계",
)
_LEFT = Text(en="about {left} left", ko="약 {left} 남음")


class Forecast:
    """Told of every step of `count` pictures; says how far the work is and how long it will still take.

    The time of a step is the median between the last steps of one picture: the first one also reads the prompt.
    """

    def __init__(self, count: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._count, self._clock = count, clock
        self._between: deque[float] = deque(maxlen=8)
        self._began = self._last = clock()
        self._picture_s: float | None = None
        self._done = self._number = 0
        self._total = 1

    def stepped(self, number: int, total: int) -> None:
        """One more step of the picture being painted is done."""
        now = self._clock()
        if number == self._number + 1 and number > 1:
            self._between.append(now - self._last)
        self._last, self._number, self._total = now, number, max(1, total)

    def finished(self) -> None:
        """The picture is whole; the next one begins."""
        now = self._clock()
        self._picture_s, self._began, self._last = now - self._began, now, now
        self._done, self._number = self._done + 1, 0

    @property
    def fraction(self) -> float:
        return min(1.0, (self._done + self._number / self._total) / self._count)

    @property
    def left_s(self) -> float | None:
        """Seconds until all pictures are done; None while nothing was measured."""
        step_s = statistics.median(self._between) if self._between else None
        whole_s = self._picture_s if step_s is None else max(step_s * self._total, self._picture_s or 0.0)
        if whole_s is None:
            return None
        this_s = whole_s * (1 - self._number / self._total) if step_s is None else step_s * (self._total - self._number)
        return this_s + whole_s * (self._count - self._done - 1)

    def said(self) -> Text:
        """Where the work stands, in words."""
        facts = {"number": self._number, "total": self._total, "picture": self._done + 1, "count": self._count}
        where = (_ONE if self._count == 1 else _MANY).format(**facts)
        left_s = self.left_s
        if left_s is None or left_s < 1:
            return where
        left = _LEFT.format(left=duration(left_s))
        return Text(en=f"{where.en}, {left.en}", ko=f"{where.ko}, {left.ko}")


def duration(seconds: float) -> Text:
    """A time as people say it: seconds below two minutes, then minutes."""
    if seconds < 120:
        return Text(en=f"{seconds:.0f} s", ko=f"{seconds:.0f}초")
    return Text(en=f"{seconds / 60:.0f} min", ko=f"{seconds / 60:.0f}분")
