"""How a call runs: progress out, cancel in, a closed connection, bugs, and the visitor's language."""

from __future__ import annotations

import asyncio
import logging
import re
import threading
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import gradio as gr
import httpx
import pytest
import raw
from clock import fair_clock, within
from conftest import free_port
from gradio_client import Client
from stand_in_hub import wait_until

import app
from pipelines.errors import Cancelled, EngineFailed, InvalidInput
from pipelines.job import Job
from pipelines.words import Text
from tabs import _calls
from tabs._calls import HEAVY, LIGHT, endpoint, flow, work
from tabs._words import preferred

SLOW_S = 300.0  # never ends by itself within a test
WRONG = Text(en="That was wrong.", ko="잘못되었습니다.")
STEP = Text(en="Step {number}", ko="{number}번째 단계")

ended: list[str] = []  # how each slow piece of work ended
started = threading.Event()


def count_slowly(job: Job, seconds: float) -> str:
    """Works in steps of 50 ms, as engines do, and notes how it ended."""
    started.set()
    begun = time.monotonic()
    try:
        while (passed := time.monotonic() - begun) < seconds:
            job.progress(passed / seconds, STEP.format(number=int(passed * 20)))
            time.sleep(0.05)
    except Cancelled:
        ended.append("cancelled")
        raise
    ended.append("finished")
    return "done"


async def slow(seconds: float = 1.0) -> str:
    """Take a while."""
    return await work(lambda job: count_slowly(job, seconds))


async def download(wait: float = 1.0, seconds: float = 1.0) -> str:
    """Wait for the network, then work."""

    def fetch_and_work(job: Job) -> str:
        with job.elsewhere():
            count_slowly(job, wait)
        return count_slowly(job, seconds)

    return await work(fetch_and_work)


async def bug() -> str:
    """Break."""

    def broken(_: Job) -> str:
        secret = "/home/somebody/secret-token"
        raise ZeroDivisionError(secret)

    return await work(broken)


async def wrong(kind: str = "invalid") -> str:
    """Refuse."""

    def refuse(_: Job) -> str:
        raise (InvalidInput if kind == "invalid" else EngineFailed)(WRONG)

    return await work(refuse)


async def stream(count: int = 5) -> AsyncIterator[tuple[str, int]]:
    """Give results on the way."""

    def letters(job: Job) -> Iterator[tuple[str, int]]:
        started.set()
        try:
            for number in range(1, count + 1):
                job.check()
                yield "x" * number, number
                time.sleep(0.15)
        except Cancelled:
            ended.append("cancelled")
            raise
        ended.append("finished")

    async for item in flow(letters):
        yield item


async def broken_stream() -> AsyncIterator[str]:
    """Give one result, then refuse."""

    def letters(_: Job) -> Iterator[str]:
        yield "first"
        time.sleep(0.3)
        raise InvalidInput(WRONG)

    async for item in flow(letters):
        yield item


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A page with only these endpoints, on the app's own server."""
    with gr.Blocks() as page:
        endpoint(slow, "slow", HEAVY)
        endpoint(download, "download", HEAVY)
        endpoint(bug, "bug", LIGHT)
        endpoint(wrong, "wrong", LIGHT)
        endpoint(stream, "stream", HEAVY)
        endpoint(broken_stream, "broken_stream", LIGHT)
    page.queue(api_open=False)
    app.launch(page, prevent_thread_lock=True, quiet=True, server_port=free_port())
    yield str(page.local_url).rstrip("/")
    page.close()


@pytest.fixture
def visitor(url: str) -> Iterator[Client]:
    started.clear()
    ended.clear()
    connected = Client(url, verbose=False)
    yield connected
    connected.close()


def stops_within(seconds: float) -> bool:
    return within(seconds, lambda: ended == ["cancelled"])


def test_a_call_runs_off_the_event_loop_and_progress_reaches_the_client(visitor: Client, url: str) -> None:
    job = visitor.submit(2.0, api_name="/slow")
    assert started.wait(60)
    seen: list[Any] = []

    def progressed() -> bool:
        data = job.status().progress_data
        seen.extend(data or [])
        return job.done()

    assert httpx.get(f"{url}/config", timeout=60).status_code == 200, "the server answers others meanwhile"
    wait_until(progressed, 60)
    assert job.result() == "done"
    fractions = [unit.progress for unit in seen if unit.progress is not None]
    assert fractions and 0 < max(fractions) <= 1 and fractions == sorted(fractions)
    assert any("Step" in (unit.desc or "") for unit in seen)


def test_a_bar_moves_a_few_times_a_second_however_often_the_work_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[float] = []
    monkeypatch.setattr(_calls.gr, "Progress", lambda: lambda fraction, desc: told.append(fraction))

    def task(job: Job) -> None:
        for step in range(150):
            job.progress(step / 150)
            time.sleep(0.01)

    begun = time.monotonic()
    asyncio.run(_calls.work(task))
    assert 2 <= len(told) <= 1 + (time.monotonic() - begun) / _calls.TELL_S and told == sorted(told)


def test_a_cancelled_job_stops_the_work(visitor: Client) -> None:
    job = visitor.submit(SLOW_S, api_name="/slow")
    assert started.wait(60)
    time.sleep(0.3)
    job.cancel()
    assert stops_within(2), ended
    assert visitor.predict(0.1, api_name="/slow") == "done", "the lane is free for the next"


@pytest.mark.parametrize("door", ["call", "queue"])
def test_a_closed_connection_stops_the_work(visitor: Client, url: str, door: str) -> None:
    if door == "call":
        event = raw.start(url, "slow", [SLOW_S])
        address = f"{url}/gradio_api/call/slow/{event}"
    else:
        body = {"data": [SLOW_S], "fn_index": 0, "session_hash": "leaves", "trigger_id": None}
        assert httpx.post(f"{url}/gradio_api/queue/join", json=body, timeout=60).status_code == 200
        address = f"{url}/gradio_api/queue/data?session_hash=leaves"
    with httpx.stream("GET", address, timeout=60):
        assert started.wait(60)
        time.sleep(0.3)
    assert stops_within(2), ended


def test_who_leaves_while_waiting_is_not_served(visitor: Client, url: str) -> None:
    """Two calls on one lane: the second's caller goes before its turn, so it never begins."""
    first = visitor.submit(3.0, api_name="/slow")
    assert started.wait(60)
    event = raw.start(url, "slow", [SLOW_S])
    with httpx.stream("GET", f"{url}/gradio_api/call/slow/{event}", timeout=60):
        time.sleep(0.5)
    assert first.result() == "done"
    time.sleep(1.0)
    assert ended in (["finished"], ["finished", "cancelled"])
    assert visitor.predict(0.1, api_name="/slow") == "done"


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_bug_gives_a_number_and_the_log_has_the_traceback(
    url: str, caplog: pytest.LogCaptureFixture, language: str
) -> None:
    with caplog.at_level(logging.ERROR):
        event, answer = raw.call(url, "bug", [], {"Accept-Language": language})
    assert event == "error"
    said = answer["error"]
    number = re.search(r"\b[0-9a-f]{8}\b", said)
    assert number and said.endswith("[engine_failed]")
    assert ("Something went wrong" in said) == (language == "en") and ("문제가 생겼습니다" in said) == (
        language == "ko"
    )
    assert "secret" not in str(answer) and "/home" not in str(answer) and "ZeroDivision" not in str(answer)
    assert number.group() in caplog.text and "ZeroDivisionError" in caplog.text and "broken" in caplog.text


def test_the_client_gets_the_sentence_and_the_code(visitor: Client) -> None:
    with pytest.raises(Exception, match=r"That was wrong\. \[invalid_input\]$"):
        visitor.predict("invalid", api_name="/wrong")
    with pytest.raises(Exception, match=r"\[engine_failed\]$"):
        visitor.predict("other", api_name="/wrong")


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("ko", WRONG.ko),
        ("ko-KR,ko;q=0.9,en;q=0.8", WRONG.ko),
        ("en-US,en;q=0.9,ko;q=0.8", WRONG.en),
        ("fr, ko;q=0.5", WRONG.ko),
        ("fr", WRONG.en),
        ("", WRONG.en),
    ],
)
def test_errors_speak_the_visitors_language(url: str, header: str, said: str) -> None:
    _, answer = raw.call(url, "wrong", ["invalid"], {"Accept-Language": header})
    assert answer["error"] == f"{said} [invalid_input]"


@pytest.mark.parametrize(("setting", "header", "said"), [("ko", "en", WRONG.ko), ("en", "ko", WRONG.en)])
def test_the_owner_may_fix_the_language(
    url: str, monkeypatch: pytest.MonkeyPatch, setting: str, header: str, said: str
) -> None:
    monkeypatch.setenv("MODU_LANGUAGE", setting)
    _, answer = raw.call(url, "wrong", ["invalid"], {"Accept-Language": header})
    assert answer["error"] == f"{said} [invalid_input]"


@pytest.mark.parametrize(
    ("header", "language"),
    [("ko", "ko"), ("KO-kr", "ko"), ("en,ko", "en"), ("ko;q=0.1,en;q=0", "ko"), (";;q=x,,", "en"), ("ko;q=oops", "en")],
)
def test_odd_language_headers(header: str, language: str) -> None:
    assert preferred(header) == language


def test_work_outside_a_request_returns_its_result_and_raises_its_errors() -> None:
    assert asyncio.run(work(lambda _job: 3)) == 3

    def refuse(_: Job) -> None:
        raise InvalidInput(WRONG)

    with pytest.raises(InvalidInput):
        asyncio.run(work(refuse))


def test_cancelling_the_coroutine_cancels_the_job_at_once() -> None:
    started.clear()
    ended.clear()

    async def leave() -> float:
        task = asyncio.create_task(slow(SLOW_S))
        await asyncio.sleep(0.3)
        with fair_clock() as passed:
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return passed()

    assert asyncio.run(leave()) < 0.5
    assert stops_within(2)


def test_the_api_outside_the_queue_is_closed(url: str) -> None:
    for door in ("/gradio_api/run/wrong", "/gradio_api/api/wrong", "/run/wrong", "/api/wrong"):
        assert httpx.post(f"{url}{door}", json={"data": ["invalid"]}, timeout=60).status_code in (404, 405)


def test_many_light_calls_run_beside_a_heavy_one(visitor: Client, url: str) -> None:
    heavy = visitor.submit(300.0, api_name="/slow")
    assert started.wait(60)
    results = [raw.call(url, "wrong", ["invalid"])[0] for _ in range(4)]
    assert results == ["error"] * 4 and not heavy.done() and ended == []
    heavy.cancel()
    assert stops_within(2), ended


# --- results on the way -------------------------------------------------------------------------------------------


def test_calls_that_wait_for_the_network_let_others_work(visitor: Client) -> None:
    places = HEAVY["concurrency_limit"]
    waiting = [visitor.submit(SLOW_S, api_name="/download") for _ in range(places)]
    assert started.wait(60)
    for _ in range(places + 1):
        assert visitor.predict(0.1, api_name="/slow") == "done"
    for job in waiting:
        job.cancel()
    assert wait_until(lambda: ended.count("cancelled") == places, 60)
    assert visitor.predict(0.1, api_name="/slow") == "done"


def test_after_its_download_a_call_has_its_place_again(visitor: Client) -> None:
    places = HEAVY["concurrency_limit"]
    working = [visitor.submit(0.5, SLOW_S, api_name="/download") for _ in range(places)]
    assert wait_until(lambda: ended.count("finished") == places, 60), "their downloads are over"
    time.sleep(0.3)
    late = visitor.submit(0.1, api_name="/slow")
    time.sleep(1.0)
    assert ended.count("finished") == places and not late.done(), "the lane is full"
    for job in working:
        job.cancel()
    assert late.result(timeout=60) == "done"


def test_only_so_many_calls_wait_beside_those_that_work(visitor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_calls, "MOST_LENT", 1)
    places = HEAVY["concurrency_limit"]
    waiting = [visitor.submit(SLOW_S, api_name="/download") for _ in range(places + 1)]
    assert wait_until(lambda: _calls._Place.waiting == 1, 60)
    time.sleep(0.5)
    late = visitor.submit(0.1, api_name="/slow")
    time.sleep(1.0)
    assert _calls._Place.waiting == 1 and not late.done(), "the lane is full of calls that keep their places"
    for job in waiting:
        job.cancel()
    assert late.result(timeout=60) == "done" and wait_until(lambda: _calls._Place.waiting == 0, 60)


def test_results_come_on_the_way_and_the_last_one_is_whole(visitor: Client) -> None:
    job = visitor.submit(20, api_name="/stream")
    pieces = list(job)
    assert list(pieces[-1]) == ["x" * 20, 20] and len(pieces) >= 3
    assert [number for _, number in pieces] == sorted({number for _, number in pieces})
    assert list(visitor.predict(1, api_name="/stream")) == ["x", 1], "a result that is there at once is given too"


def test_a_cancelled_stream_stops_the_work(visitor: Client) -> None:
    job = visitor.submit(200, api_name="/stream")
    assert started.wait(60)
    assert wait_until(lambda: len(job.outputs()) >= 2, 60)
    job.cancel()
    assert stops_within(2), ended
    seen = len(job.outputs())
    time.sleep(0.6)
    assert len(job.outputs()) == seen
    assert list(visitor.predict(1, api_name="/stream")) == ["x", 1], "the lane is free for the next"


def test_a_stream_that_fails_gives_its_first_result_and_then_the_sentence(url: str) -> None:
    event, answer = raw.call(url, "broken_stream", [], {"Accept-Language": "ko"})
    assert event == "error" and answer["error"] == f"{WRONG.ko} [invalid_input]"


def test_who_stops_asking_for_more_cancels_the_work() -> None:
    ended.clear()

    async def take_one() -> None:
        pieces = stream(200)
        assert (await anext(pieces))[1] >= 1
        await pieces.aclose()

    asyncio.run(take_one())
    assert stops_within(2)
