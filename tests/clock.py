"""A clock for promises in seconds: it hardly moves while a busy machine runs other programs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

TICK_S = 0.02


@contextmanager
def fair_clock() -> Iterator[Callable[[], float]]:
    """`with fair_clock() as passed`: `passed()` is how many seconds this process could have used.

    A thread counts short naps. One that lasts long because others had the processor counts as one nap; a wait for a
    connection, a lock or a sleep counts in full, and so does what this process itself computes.
    """
    naps, ended = [0], threading.Event()
    computed = time.process_time()

    def count() -> None:
        while not ended.is_set():
            time.sleep(TICK_S)
            naps[0] += 1

    threading.Thread(target=count, daemon=True, name="fair-clock").start()
    try:
        yield lambda: max(naps[0] * TICK_S, (time.process_time() - computed) / 2)
    finally:
        ended.set()


def within(seconds: float, true: Callable[[], Any]) -> bool:
    """Poll `true()` until it holds or so many seconds of a fair clock have passed."""
    with fair_clock() as passed:
        while passed() < seconds:
            if true():
                return True
            time.sleep(TICK_S)
    return bool(true())
