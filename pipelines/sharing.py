"""One piece of work for all who ask for the same, in this process and beside other programs.

Who asks while it is under way sees its progress, and each may leave alone.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.errors import Cancelled, PipelineError
from pipelines.job import Job
from pipelines.words import Text

POLL_S = 0.1

_ELSEWHERE = Text(
    en="Another program is downloading {label}; waiting for it.",
    ko="다른 프로그램이 {label}을(를) 내려받고 있어 기다리는 중입니다.",
)


class _Run:
    """Work under way in a thread of its own, and who follows it."""

    def __init__(self, task: Callable[[Job], Path], before: _Run | None) -> None:
        self.task = task
        self.before = before  # the same work, cancelled, which may not have ended yet
        self.job = Job(lambda _: self.heard())
        self.followers = 0
        self.heard_at = time.monotonic()
        self.ended = threading.Event()
        self.result: Path | None = None
        self.error: Exception | None = None

    def heard(self) -> None:
        self.heard_at = time.monotonic()

    def work(self) -> None:
        try:
            while self.before is not None and not self.before.ended.wait(POLL_S):
                self.job.check()
            self.before = None
            self.result = self.task(self.job)
        except Exception as error:  # raised again in each follower
            self.error = error
        self.ended.set()


_runs: dict[Hashable, _Run] = {}
_table = threading.Lock()


def run(
    key: Hashable, task: Callable[[Job], Path], job: Job, silent: Callable[[], Exception], silence_s: float
) -> Path:
    """Do `task`, or join whoever does it already, and return its result.

    A cancelled follower leaves at once; the work itself is cancelled when the last one is gone. When nothing is
    heard of the work for `silence_s`, each follower gets the error that `silent()` makes.
    """
    mine = _join(key, task)
    told = None
    try:
        while not mine.ended.wait(POLL_S):
            job.check()
            if time.monotonic() - mine.heard_at > silence_s:
                raise silent()
            if mine.job.latest is not None and mine.job.latest is not told:
                told = mine.job.latest
                job.progress(told.fraction, told.text)
    finally:
        _leave(key, mine)
    if mine.error is not None:
        raise type(mine.error)(mine.error.message) if isinstance(mine.error, PipelineError) else mine.error
    if mine.result is None:
        raise Cancelled
    return mine.result


@contextmanager
def alone(lock_file: Path, job: Job, label: Text) -> Iterator[None]:
    """Hold a download against other programs (and a cancelled try that has not ended yet); a cancel ends the wait."""
    from filelock import FileLock, Timeout

    lock_file.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(lock_file, thread_local=False)
    while True:
        try:
            lock.acquire(timeout=2 * POLL_S)
            break
        except Timeout:
            job.progress(None, _ELSEWHERE.format(label=label))
    try:
        yield
    finally:
        lock.release()


def _join(key: Hashable, task: Callable[[Job], Path]) -> _Run:
    with _table:
        found = _runs.get(key)
        if found is None or found.ended.is_set() or found.job.cancelled:
            found = _runs[key] = _Run(task, found)
            threading.Thread(target=found.work, daemon=True, name=f"shared-{key}").start()
        found.followers += 1
        return found


def _leave(key: Hashable, left: _Run) -> None:
    with _table:
        left.followers -= 1
        if not left.followers:
            left.job.cancel()  # stays in the table: the same work does not begin again before this has ended
