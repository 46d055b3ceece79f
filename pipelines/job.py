"""One long call: progress goes out, a cancel comes in. Knows nothing of who listens."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pipelines.errors import Cancelled
from pipelines.words import EMPTY, Text


@dataclass(frozen=True)
class Progress:
    """How far a job is: `fraction` from 0 to 1 (None: unknown), and what it is doing."""

    fraction: float | None
    text: Text


class Job:
    """The handle that a caller and a pipeline share during one call. Safe to use from several threads.

    The pipeline calls `check()` between two pieces of work and `progress()` when there is something to tell;
    the caller reads `latest` (or passes `on_progress`) and may call `cancel()` at any time.
    """

    def __init__(self, on_progress: Callable[[Progress], None] | None = None) -> None:
        self._cancelled = threading.Event()
        self._on_progress = on_progress
        self._guard = threading.Lock()
        self._waits = 0
        self.latest: Progress | None = None
        self.started = time.monotonic()

    def progress(self, fraction: float | None, text: Text = EMPTY) -> None:
        """Tell how far the work is; raises `Cancelled` when it should not go on."""
        self.check()
        self.latest = Progress(None if fraction is None else min(1.0, max(0.0, fraction)), text)
        if self._on_progress is not None:
            self._on_progress(self.latest)

    def cancel(self) -> None:
        self._cancelled.set()

    @property
    def cancelled(self) -> bool:
        return self._cancelled.is_set()

    def check(self) -> None:
        """Raise `Cancelled` if somebody asked to stop."""
        if self.cancelled:
            raise Cancelled

    @property
    def is_elsewhere(self) -> bool:
        """Whether the work is done elsewhere just now, and this machine only waits for the network."""
        return self._waits > 0

    @contextmanager
    def elsewhere(self) -> Iterator[None]:
        """Around what only waits for the network: a caller who rations this machine may let others work meanwhile."""
        with self._guard:
            self._waits += 1
        try:
            yield
        finally:
            with self._guard:
                self._waits -= 1

    def wait_for(self, lock: threading.Lock, why: Text) -> None:
        """Acquire `lock`, saying `why` while another call holds it; a cancel ends the wait within 0.1 s."""
        if lock.acquire(blocking=False):
            return
        self.progress(None, why)
        while not lock.acquire(timeout=0.1):
            self.check()
