"""Libraries that call back with each token, and servers that may hang, turned into something to loop over."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator
from typing import Generic, TypeVar

from pipelines.job import Job

T = TypeVar("T")

_LOOK_S = 0.1  # how often a loop that waits for the next item looks whether it was cancelled


class Flow(Generic[T]):
    """What `run(give)` gives, from a thread of its own. `give(item)` answers whether to go on.

    An error in the thread is raised here at once, as itself. Whoever stops looping, for whatever reason, ends the
    thread at its next `give` and waits for that: afterwards nobody uses the model any more. A thread that can end
    sooner looks at `wanted` in between. With `leave` nobody waits; that is for threads that use nothing which others
    need. With `ahead` the thread waits while so many items have not been taken yet.
    """

    def __init__(
        self, run: Callable[[Callable[[T], bool]], None], job: Job, leave: bool = False, ahead: int = 0
    ) -> None:
        self._run = run
        self._job = job
        self._leave = leave
        self._box: queue.Queue[tuple[T] | None] = queue.Queue(ahead)  # None: the end
        self._stop = threading.Event()
        self._error: BaseException | None = None

    @property
    def wanted(self) -> bool:
        """Whether anybody still waits for more."""
        return not (self._stop.is_set() or self._job.cancelled)

    def __iter__(self) -> Generator[T, None, None]:
        thread = threading.Thread(target=self._work, daemon=True, name="flow")
        thread.start()
        try:
            while (item := self._next()) is not None:
                yield item[0]
        finally:
            self._stop.set()
            if not self._leave:
                thread.join()
            error, self._error = self._error, None  # it holds what the model was computing
        if error is not None:
            raise error

    def _next(self) -> tuple[T] | None:
        while True:
            self._job.check()
            try:
                return self._box.get(timeout=_LOOK_S)
            except queue.Empty:
                continue

    def _work(self) -> None:
        try:
            self._run(self._give)
        except BaseException as error:  # also a SystemExit of a library: it belongs to whoever loops
            self._error = error
        finally:
            self._put(None)

    def _give(self, item: T) -> bool:
        self._put((item,))
        return self.wanted

    def _put(self, item: tuple[T] | None) -> None:
        while True:
            try:
                self._box.put(item, timeout=_LOOK_S)
            except queue.Full:
                if self.wanted:
                    continue
            return


def aside(task: Callable[[], T], job: Job) -> T:
    """The result of `task()`, made in a thread of its own: a cancel leaves it alone there, however long it hangs."""

    def work(give: Callable[[T], bool]) -> None:
        give(task())

    return next(iter(Flow[T](work, job, leave=True)))
