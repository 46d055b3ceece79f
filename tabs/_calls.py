"""How a call runs: off the event loop, with progress out, cancel in, and errors as sentences.

Every handler is a coroutine. Its heavy part goes through `work()`, which runs it in a thread, passes progress
on, and cancels the `Job` when the visitor cancels or goes away. While a job only waits for the network (a download,
a remote engine), the next call in its lane begins. `endpoint()` gives a function its public face.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import logging
import os
import queue
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar, cast, get_args

import gradio as gr
from gradio.context import LocalContext

from pipelines.errors import Cancelled, PipelineError
from pipelines.job import Job
from pipelines.words import EMPTY, Text
from tabs._words import visitor_language

log = logging.getLogger(__name__)

T = TypeVar("T")


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


# One shared lane for work that fills the machine, and a wide one for what ends in milliseconds.
HEAVY: dict[str, Any] = {"concurrency_id": "heavy", "concurrency_limit": max(1, cores() // 2)}
LIGHT: dict[str, Any] = {"concurrency_id": "light", "concurrency_limit": 8}

MOST_LENT = 8  # calls that wait for the network beside those that work
_POLL_S = 0.1
TELL_S = 0.4  # between two steps of a progress bar: each keeps the page busy for some 50 ms, whatever it shows
_threads = ThreadPoolExecutor(max_workers=40, thread_name_prefix="modu")


async def work(task: Callable[[Job], T], watch: Callable[[Job], None] | None = None) -> T:
    """Run `task(job)` in a thread. Cancelling this coroutine, or a closed connection, cancels the job.

    The caller returns at once on a cancel; the thread ends at its next `job.check()`. `watch` sees the job
    several times a second and may raise, which cancels it too.
    """
    job = Job()
    language = visitor_language()
    bar = gr.Progress()
    future = asyncio.get_running_loop().run_in_executor(_threads, task, job)
    told, told_at, place = None, -TELL_S, _Place()
    try:
        while not (await asyncio.wait({future}, timeout=_POLL_S))[0]:
            place.lend(job.is_elsewhere)
            if job.latest is not None and job.latest is not told and time.monotonic() - told_at >= TELL_S:
                told, told_at = job.latest, time.monotonic()
                bar(told.fraction, desc=told.text.to(language))
            if watch is not None:
                watch(job)
            if not _visitor_is_there():
                raise Cancelled
        return future.result()
    finally:
        place.lend(False)
        if not future.done():
            job.cancel()
            future.add_done_callback(_forget)


class _Place:
    """The place of the running event in its lane, which others may have while the event waits for the network.

    Taken back it may make one more than the lane admits; none begins then until that is over. Only some events may
    wait so at a time: each still holds a thread, and many of them must not take all threads from the page.
    """

    waiting = 0

    def __init__(self) -> None:
        blocks, event = LocalContext.blocks.get(None), _event()
        self._lane = None if event is None else blocks._queue.event_queue_per_concurrency_id[event.concurrency_id]
        self._lent = False

    def lend(self, lent: bool) -> None:
        """Give the place away, or take it back; on the event loop, as Gradio's own count."""
        if self._lane is None or lent == self._lent or (lent and _Place.waiting >= MOST_LENT):
            return
        _Place.waiting += 1 if lent else -1
        self._lane.current_concurrency += -1 if lent else 1
        self._lent = lent


async def flow(task: Callable[[Job], Iterator[T]]) -> AsyncIterator[T]:
    """Like `work` for a task that gives results on the way: each time the newest one, and always the last.

    Whoever stops asking cancels the job.
    """
    box: queue.SimpleQueue[T] = queue.SimpleQueue()

    def collect(job: Job) -> None:
        for item in task(job):
            box.put(item)

    running = asyncio.ensure_future(work(collect))
    try:
        ended = False
        while not ended:
            ended = running in (await asyncio.wait({running}, timeout=_POLL_S))[0]
            waiting = [box.get_nowait() for _ in range(box.qsize())]
            if waiting:
                yield waiting[-1]
        await running
    finally:
        running.cancel()


def tell(notice: Text) -> None:
    """Show the visitor's browser something worth knowing that is no error. Programs do not see it."""
    if notice != EMPTY:
        gr.Info(notice.to(visitor_language()))


def _forget(future: asyncio.Future[Any]) -> None:
    """Read the outcome of abandoned work, so that a failure is logged rather than reported as never retrieved."""
    error = None if future.cancelled() else future.exception()
    if error is not None and not isinstance(error, PipelineError):
        log.error("abandoned work failed", exc_info=error)


def _event() -> Any:
    """The queue's own record of the running event; None for a call that did not come through the queue."""
    blocks, event_id = LocalContext.blocks.get(None), LocalContext.event_id.get(None)
    return None if blocks is None or event_id is None else blocks._queue.event_ids_to_events.get(event_id)


def _visitor_is_there() -> bool:
    """False once the connection of the running event is gone (Gradio marks its queue event as not alive)."""
    event = _event()
    return event is None or bool(event.alive)


def shown(handler: Callable[..., Any]) -> Callable[..., Any]:
    """The handler with errors turned into sentences in the visitor's language. The only place that does it.

    A handler is a coroutine, or a generator of one where it shows results on the way.
    """

    @contextmanager
    def guarded() -> Iterator[None]:
        language = visitor_language()
        try:
            yield
        except PipelineError as error:
            raise gr.Error(error.to(language), print_exception=False) from None
        except gr.Error:
            raise
        except Exception:
            number = secrets.token_hex(4)
            log.exception("bug %s in %s", number, handler.__name__)
            raise gr.Error(bug(number).to(language), print_exception=False) from None

    @functools.wraps(handler)
    async def answered(*args: Any, **kwargs: Any) -> Any:
        with guarded():
            return await handler(*args, **kwargs)

    @functools.wraps(handler)
    async def streamed(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        with guarded():
            async for item in handler(*args, **kwargs):
                yield item

    wrapped: Any = streamed if inspect.isasyncgenfunction(handler) else answered
    # Gradio reads the types from the signature and cannot resolve postponed annotations itself.
    signature = inspect.signature(handler, eval_str=True)
    if inspect.isasyncgenfunction(handler) and get_args(signature.return_annotation):
        # What it gives at each step is what clients see; the iterator around it is not.
        signature = signature.replace(return_annotation=get_args(signature.return_annotation)[0])
    wrapped.__signature__ = signature
    wrapped.__annotations__ = inspect.get_annotations(handler, eval_str=True)
    return cast(Callable[..., Any], wrapped)


def endpoint(handler: Callable[..., Any], api_name: str, lane: dict[str, Any]) -> None:
    """Publish `handler` as a typed endpoint without components: raw values in, the contract's results out."""
    published = shown(handler)
    published.__name__ = api_name  # MCP names its tool after the function
    with gr.Column(render=False):  # the page has nothing to lay out of the values of programs
        gr.api(published, api_name=api_name, **lane)


def private(handler: Callable[..., Any], lane: dict[str, Any] = LIGHT) -> dict[str, Any]:
    """The arguments that every event of a tab passes: its guarded handler, hidden from the API page."""
    return {"fn": shown(handler), "api_visibility": "private", **lane}


def bug(number: str) -> Text:
    """What a visitor reads of a bug; the log has the rest under the number."""
    return Text(
        en=f"Something went wrong inside the app; your input is still here. Report number: {number}. [engine_failed]",
        ko=f"앱 안에서 문제가 생겼습니다. 입력하신 내용은 그대로 있습니다. 오류 번호: {number}. [engine_failed]",
    )
