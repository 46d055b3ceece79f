"""Work in a thread of its own: given piece by piece, left at a cancel, never further ahead than allowed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from stand_in_hub import wait_until

from pipelines.bridge import Flow, aside
from pipelines.errors import Cancelled
from pipelines.job import Job


def test_the_thread_stays_no_further_ahead_than_allowed() -> None:
    given: list[int] = []

    def count(give: Callable[[int], bool]) -> None:
        for number in range(20):
            given.append(number)
            give(number)

    numbers = iter(Flow[int](count, Job(), ahead=3))
    assert next(numbers) == 0
    assert not wait_until(lambda: len(given) > 5, 0.5), "one taken, three waiting, one in its hand"
    assert list(numbers) == list(range(1, 20))


def test_who_stops_looping_ends_a_thread_that_is_ahead() -> None:
    ended = threading.Event()

    def endless(give: Callable[[int], bool]) -> None:
        while give(1):
            pass
        ended.set()

    for _ in Flow[int](endless, Job(), leave=True, ahead=2):
        break
    assert ended.wait(30)


def test_a_cancel_leaves_what_hangs_alone() -> None:
    job, free = Job(), threading.Event()
    threading.Timer(0.1, job.cancel).start()
    started = time.monotonic()
    with pytest.raises(Cancelled):
        aside(lambda: free.wait(60), job)
    assert time.monotonic() - started < 30
    free.set()


def test_a_result_and_an_error_come_through() -> None:
    def fails() -> int:
        raise KeyError("why")

    assert aside(lambda: 7, Job()) == 7
    with pytest.raises(KeyError, match="why"):
        aside(fails, Job())
