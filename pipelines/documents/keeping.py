"""What was read and indexed, kept for the next question: bounded, for a while, found only by the same content."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Generic, TypeVar

from pipelines import settings

KEPT_S = 20 * 60.0  # after the last question that used it
T = TypeVar("T")


@dataclass
class _Entry(Generic[T]):
    value: T
    characters: int
    used: float


class Kept(Generic[T]):
    """A cache by key. Holds at most as many characters as one call may bring, the most recently used."""

    def __init__(self, kept_s: float = KEPT_S) -> None:
        self._entries: OrderedDict[object, _Entry[T]] = OrderedDict()
        self._lock = threading.Lock()
        self._kept_s = kept_s
        self._waiting = False  # for the time when the oldest goes

    def get(self, key: object) -> T | None:
        with self._lock:
            self._drop_old()
            entry = self._entries.get(key)
            if entry is None:
                return None
            entry.used = time.monotonic()
            self._entries.move_to_end(key)
            return entry.value

    def put(self, key: object, value: T, characters: int) -> T:
        with self._lock:
            self._entries.pop(key, None)
            self._entries[key] = _Entry(value, characters, time.monotonic())
            most = settings.current().limits.document_characters
            while sum(entry.characters for entry in self._entries.values()) > most:
                self._entries.popitem(last=False)
            self._wait()
        return value

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()

    def __len__(self) -> int:
        with self._lock:
            return len(self._entries)

    def _drop_old(self) -> None:
        now = time.monotonic()
        while self._entries and now - next(iter(self._entries.values())).used >= self._kept_s:
            self._entries.popitem(last=False)

    def _wait(self) -> None:
        """Look again when the oldest entry's time is up, so that nothing stays because nobody asks any more."""
        if self._waiting or not self._entries:
            return
        self._waiting = True
        left = self._kept_s - (time.monotonic() - next(iter(self._entries.values())).used)
        timer = threading.Timer(max(0.01, left), self._look)
        timer.daemon = True
        timer.start()

    def _look(self) -> None:
        with self._lock:
            self._waiting = False
            self._drop_old()
            self._wait()
