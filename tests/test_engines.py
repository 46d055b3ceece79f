"""The keeper of engines: chosen, loaded once, one call at a time, within a memory budget, and really let go."""

from __future__ import annotations

import gc
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from clock import fair_clock
from fakes import FakeModule, spec
from stand_in_hub import wait_until

from pipelines import engines, hub, memory
from pipelines.errors import (
    Busy,
    Cancelled,
    EngineFailed,
    EngineUnavailable,
    InvalidInput,
    NotEnoughMemory,
    UnknownEngine,
)
from pipelines.job import Job
from pipelines.words import EMPTY, Text

pytestmark = pytest.mark.usefixtures("own_engines")


def install(*modules: FakeModule) -> None:
    engines.register("fake", modules)


def run(name: str = "auto", job: Job | None = None, inside: Callable[[Any], Any] = lambda engine: engine) -> Any:
    with engines.use("fake", name, job or Job()) as (_, engine):
        return inside(engine)


def status(name: str) -> str:
    return engines.status(engines.find("fake", name))


# --- names ----------------------------------------------------------------------------------------------------


def test_two_engines_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="one"):
        install(FakeModule(spec(name="one")), FakeModule(spec(name="one")))


def test_an_engine_of_another_task_is_refused() -> None:
    with pytest.raises(ValueError, match="another task"):
        install(FakeModule(spec(task="other")))


def test_an_unknown_name_is_answered_with_the_choices() -> None:
    install(FakeModule(spec(name="one")), FakeModule(spec(name="two")))
    with pytest.raises(UnknownEngine, match=r"auto, one, two") as caught:
        run("three")
    assert "three" in caught.value.to("ko") and "auto, one, two" in caught.value.to("ko")


def test_who_needs_one_engine_is_not_offered_the_automatic_choice() -> None:
    install(FakeModule(spec(name="one")), FakeModule(spec(name="two")))
    with pytest.raises(UnknownEngine, match=r"Choose one of: one, two"):
        engines.find("fake", "auto")


@pytest.mark.parametrize("name", [None, 3, ["one"], {"name": "one"}, True])
def test_a_name_that_is_no_text_is_invalid(name: Any) -> None:
    install(FakeModule(spec(name="one")))
    with pytest.raises(InvalidInput):
        run(name)


# --- packages and failures ------------------------------------------------------------------------------------


def test_a_missing_package_is_named_and_nothing_is_loaded() -> None:
    module = FakeModule(spec(name="one", requires=("no_such_package_at_all",)))
    install(module)
    assert status("one") == "missing_package"
    with pytest.raises(EngineUnavailable, match="no_such_package_at_all"):
        run("one")
    assert module.loads == 0


def test_a_package_that_cannot_be_imported_makes_the_engine_unavailable_and_auto_goes_on() -> None:
    def broken() -> Any:
        raise ImportError("libGL.so.1: cannot open shared object file")

    install(FakeModule(spec(name="best", rank=20, requires=("json",)), broken), FakeModule(spec(name="plain", rank=1)))
    with pytest.raises(EngineUnavailable, match="json"):
        run("best")
    assert status("best") == "missing_package"
    assert engines.choose("fake").name == "plain"


def test_an_engines_own_sentence_about_its_package_is_kept() -> None:
    fix = Text(en="Run this to repair it.", ko="이 명령으로 고치세요.")

    def broken() -> Any:
        try:
            raise ImportError("libGL.so.1")
        except ImportError:
            raise EngineUnavailable(fix) from None

    install(FakeModule(spec(name="one"), broken))
    for _ in range(2):
        with pytest.raises(EngineUnavailable) as caught:
            run("one")
        assert caught.value.message == fix
    assert status("one") == "missing_package"


def test_an_engine_that_is_unavailable_for_now_is_tried_again() -> None:
    """A server that was down, or terms not yet accepted, say nothing about the package."""
    module = FakeModule(spec(name="one"))

    def first_down() -> Any:
        if module.loads == 1:
            raise EngineUnavailable(Text(en="The other server is down.", ko="서버가 꺼져 있습니다."))
        return "engine"

    module.make = first_down
    install(module)
    with pytest.raises(EngineUnavailable, match="down"):
        run("one")
    assert status("one") == "ready"
    assert run("one") == "engine"


def test_a_failed_load_leaves_nothing_behind_and_a_second_try_works() -> None:
    module = FakeModule(spec(name="one"))

    def first_fails() -> Any:
        weights = np.ones(25_000_000)  # 200 MB, touched
        if module.loads == 1:
            raise RuntimeError(f"broken weights {weights[0]}")
        return "engine"

    module.make = first_fails
    install(module)
    before = memory.resident_mb()
    with pytest.raises(EngineFailed, match="RuntimeError") as kept:  # the error object stays alive here
        run("one")
    assert memory.resident_mb() - before < 60
    assert "broken weights" not in str(kept.value)
    assert status("one") == "ready"
    assert run("one") == "engine" and module.loads == 2


def test_running_out_of_memory_while_loading_names_a_smaller_engine() -> None:
    def too_much() -> Any:
        raise MemoryError

    install(FakeModule(spec(name="big", memory_mb=50), too_much), FakeModule(spec(name="small", memory_mb=5)))
    with pytest.raises(NotEnoughMemory, match="small"):
        run("big")


# --- load once, one at a time ---------------------------------------------------------------------------------


def test_five_at_once_load_one_engine_once() -> None:
    module = FakeModule(spec(name="one"), load_s=0.2)
    install(module)
    with ThreadPoolExecutor(5) as pool:
        got = list(pool.map(lambda _: run("one"), range(5)))
    assert module.loads == 1
    assert all(engine is got[0] for engine in got)
    assert status("one") == "loaded"


@pytest.mark.parametrize(("shared", "most"), [(False, 1), (True, 4)])
def test_one_call_runs_at_a_time_unless_the_library_can_do_more(shared: bool, most: int) -> None:
    install(FakeModule(spec(name="one", shared=shared)))
    running, seen = [0], [0]
    count, all_there = threading.Lock(), threading.Barrier(4)

    def work(_: Any) -> None:
        with count:
            running[0] += 1
            seen[0] = max(seen[0], running[0])
        all_there.wait(60) if shared else time.sleep(0.2)
        with count:
            running[0] -= 1

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: run("one", inside=work), range(4)))
    assert seen[0] == most


def test_who_waits_is_told_why() -> None:
    install(FakeModule(spec(name="one")))
    told: list[str] = []
    inside, leave = threading.Event(), threading.Event()

    def hold(_: Any) -> None:
        inside.set()
        leave.wait(60)

    first = threading.Thread(target=run, args=("one",), kwargs={"inside": hold})
    first.start()
    assert inside.wait(60)
    second = threading.Thread(target=run, args=("one", Job(lambda progress: told.append(progress.text.en))))
    second.start()
    assert wait_until(lambda: told, 60)
    leave.set()
    first.join(60)
    second.join(60)
    assert not second.is_alive() and any("Another request" in text for text in told)


def test_a_cancelled_wait_ends_at_once_and_leaves_the_engine_free() -> None:
    install(FakeModule(spec(name="one")))
    inside, leave = threading.Event(), threading.Event()

    def hold(_: Any) -> None:
        inside.set()
        leave.wait(60)

    first = threading.Thread(target=run, args=("one",), kwargs={"inside": hold})
    first.start()
    assert inside.wait(60)
    job, at_cancel = Job(), []
    with fair_clock() as passed:
        threading.Timer(0.2, lambda: (at_cancel.append(passed()), job.cancel())).start()
        with pytest.raises(Cancelled):
            run("one", job)
        assert passed() - at_cancel[0] < 0.5
    leave.set()
    first.join(60)
    assert run("one") is not None, "the lock is free again"
    assert engines.unload("fake", "one") >= 0, "nobody is counted as a user any more"


def test_an_error_inside_a_call_frees_the_engine() -> None:
    install(FakeModule(spec(name="one")))

    def fail(_: Any) -> None:
        raise KeyError("bug")

    with pytest.raises(KeyError):
        run("one", inside=fail)
    assert run("one") is not None
    engines.unload("fake", "one")


# --- memory ---------------------------------------------------------------------------------------------------


def test_the_least_recently_used_engine_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODU_MEMORY_GB", "0.5")
    modules = [FakeModule(spec(name=name, memory_mb=200)) for name in ("a", "b", "c")]
    install(*modules)
    run("a")
    run("b")
    run("a")  # b is now the least recently used
    run("c")
    assert (status("a"), status("b"), status("c")) == ("loaded", "ready", "loaded")
    run("b")
    assert modules[1].loads == 2 and status("a") == "ready"


def test_an_engine_in_use_is_never_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODU_MEMORY_GB", "0.3")
    install(FakeModule(spec(name="a", memory_mb=200)), FakeModule(spec(name="b", memory_mb=200)))
    with engines.use("fake", "a", Job()):
        with pytest.raises(NotEnoughMemory):
            run("b")
        with pytest.raises(Busy):
            engines.unload("fake", "a")
        assert status("a") == "loaded"
    run("b")
    assert (status("a"), status("b")) == ("ready", "loaded")


def test_two_loads_at_once_share_one_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODU_MEMORY_GB", "0.3")
    loading, go_on = threading.Event(), threading.Event()

    def slowly() -> str:
        loading.set()
        go_on.wait(60)
        return "engine"

    install(FakeModule(spec(name="a", memory_mb=200), slowly), FakeModule(spec(name="b", memory_mb=200)))
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(run, "a")
        assert loading.wait(60)
        with pytest.raises(NotEnoughMemory):
            run("b")
        go_on.set()
        assert first.result() is not None
    assert run("b") is not None, "once the first is idle the second fits"


def test_what_can_never_fit_is_said_before_loading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODU_MEMORY_GB", "0.1")
    big, small = FakeModule(spec(name="big", rank=9, memory_mb=5000)), FakeModule(spec(name="small", memory_mb=5))
    install(big, small)
    assert status("big") == "too_big"
    with pytest.raises(NotEnoughMemory, match="5000 MB") as caught:
        run("big")
    assert "small" in caught.value.to("en") and "small" in caught.value.to("ko")
    assert big.loads == 0
    assert engines.choose("fake").name == "small"


def test_the_smaller_engine_that_is_named_can_really_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODU_MEMORY_GB", "0.1")
    install(
        FakeModule(spec(name="big", rank=9, memory_mb=5000)),
        FakeModule(spec(name="less", rank=8, memory_mb=4000)),
        FakeModule(spec(name="lame", rank=7, memory_mb=5, requires=("no_such_package_at_all",))),
        FakeModule(spec(name="far", rank=6, memory_mb=5, **HUB)),
        FakeModule(spec(name="here", rank=1, memory_mb=5)),
    )
    with pytest.raises(NotEnoughMemory, match=r"Try the engine here\."):
        run("big")


def test_while_others_work_the_engine_that_is_named_fits_beside_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODU_MEMORY_GB", "0.3")
    install(
        FakeModule(spec(name="working", rank=1, memory_mb=250)),
        FakeModule(spec(name="large", rank=9, memory_mb=200)),
        FakeModule(spec(name="middling", rank=8, memory_mb=100)),
        FakeModule(spec(name="small", rank=7, memory_mb=20)),
    )
    with engines.use("fake", "working", Job()), pytest.raises(NotEnoughMemory, match=r"Try the engine small\."):
        run("large")


def test_what_comes_into_memory_only_while_an_engine_works_is_in_the_ledger_too() -> None:
    """Weights that are mapped from their file take nothing before they are read."""
    pages: list[Any] = []

    def touch(_: Any) -> None:
        pages.append(np.ones(25_000_000))  # 200 MB

    install(FakeModule(spec(name="mapped", memory_mb=10)))
    run("mapped", inside=touch)
    assert 150 < engines.ledger()[0].measured_mb < 260


def test_what_another_engine_took_in_between_is_not_counted_twice() -> None:
    kept: list[Any] = []
    install(
        FakeModule(spec(name="first"), lambda: "engine"),
        FakeModule(spec(name="second"), lambda: kept.append(np.ones(25_000_000)) or "engine"),
    )
    with engines.use("fake", "first", Job()):
        run("second")
    taken = {held.spec.name: held.measured_mb for held in engines.ledger()}
    assert taken["first"] < 50 < 150 < taken["second"]


def test_unload_gives_memory_back_and_says_how_much() -> None:
    install(FakeModule(spec(name="one", memory_mb=200), lambda: np.ones(25_000_000)))  # 200 MB, touched
    start = memory.resident_mb()
    run("one", inside=lambda engine: float(engine.sum()))
    loaded = memory.resident_mb()
    assert loaded - start > 150
    freed = engines.unload("fake", "one")
    assert 150 < freed < 250
    assert memory.resident_mb() - start < 50
    assert engines.unload("fake", "one") == 0.0, "there is nothing left to free"


def test_fifty_loads_and_unloads_do_not_grow() -> None:
    install(FakeModule(spec(name="one", memory_mb=20), lambda: np.ones(2_500_000)))
    run("one")
    engines.unload("fake", "one")
    before = memory.resident_mb()
    gc.freeze()  # each unload collects garbage; without the many old objects of the page this takes no time
    for _ in range(50):
        run("one")
        engines.unload("fake", "one")
    gc.unfreeze()
    assert memory.resident_mb() - before < 40


def test_the_budget_is_a_share_of_what_the_container_allows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limit = tmp_path / "memory.max"
    limit.write_text(f"{512 * 1024 * 1024}\n")
    assert memory.limit_mb((str(limit),)) == 512
    limit.write_text("max\n")
    machine = memory.limit_mb((str(limit),))
    assert machine == memory.limit_mb((str(tmp_path / "absent"),)) > 512
    monkeypatch.setattr(memory, "limit_mb", lambda: 1000.0)
    assert engines.budget_mb() == pytest.approx(700)
    monkeypatch.setenv("MODU_MEMORY_GB", "2")
    assert engines.budget_mb() == 2048


def test_nothing_of_an_unloaded_engine_stays_referenced() -> None:
    class Engine:
        alive = 0

        def __init__(self) -> None:
            Engine.alive += 1

        def __del__(self) -> None:
            Engine.alive -= 1

    install(FakeModule(spec(name="one"), Engine))
    run("one", inside=lambda engine: None)
    assert Engine.alive == 1
    engines.unload("fake", "one")
    gc.collect()
    assert Engine.alive == 0


# --- auto -----------------------------------------------------------------------------------------------------

HUB = {"kind": "hub", "repo": "org/name", "files": ("*.bin",)}


def test_auto_takes_the_best_that_is_here(monkeypatch: pytest.MonkeyPatch) -> None:
    install(
        FakeModule(spec(name="far", rank=30, **HUB)),
        FakeModule(spec(name="lame", rank=25, requires=("no_such_package_at_all",))),
        FakeModule(spec(name="huge", rank=22, memory_mb=10**9)),
        FakeModule(spec(name="good", rank=20)),
        FakeModule(spec(name="plain", rank=1)),
    )
    assert engines.choose("fake").name == "good"
    assert [one.name for one in engines.specs("fake")] == ["far", "lame", "huge", "good", "plain"]
    monkeypatch.setattr(hub, "find", lambda *_: Path("/somewhere"))
    assert engines.choose("fake").name == "far", "once its files are here the better one answers"


def test_auto_takes_the_owners_choice_if_it_is_here(monkeypatch: pytest.MonkeyPatch) -> None:
    install(
        FakeModule(spec(name="best", rank=30)),
        FakeModule(spec(name="far", rank=5, **HUB)),
        FakeModule(spec(name="low", rank=1)),
    )
    monkeypatch.setenv("MODU_FAKE_ENGINE", "low")
    assert engines.choose("fake").name == "low"
    assert engines.waiting_for("fake") == EMPTY
    monkeypatch.setenv("MODU_FAKE_ENGINE", "far")
    assert engines.choose("fake").name == "best", "until it is fetched the next best answers"
    assert "far" in engines.waiting_for("fake").ko, "and visitors are told"
    monkeypatch.setenv("MODU_FAKE_ENGINE", "misspelt")
    assert engines.choose("fake").name == "best", "a misspelt setting does not end every call"
    assert engines.choose("fake", "low").name == "low", "a visitor's own choice counts more"


def test_what_the_owner_named_is_fetched_in_the_background(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fetched = threading.Event()
    monkeypatch.setattr(hub, "fetch", lambda *_, **__: fetched.set() or Path("/there"))
    install(FakeModule(spec(name="far", **HUB)), FakeModule(spec(name="plain")))
    engines.fetch_owners_choices()
    assert not fetched.wait(0.2), "nothing is fetched that nobody named"
    monkeypatch.setenv("MODU_FAKE_ENGINE", "far")
    engines.fetch_owners_choices()
    assert fetched.wait(60)
    monkeypatch.setenv("MODU_FAKE_ENGINE", "misspelt")
    engines.fetch_owners_choices()
    assert "MODU_FAKE_ENGINE" in caplog.text and "misspelt" in caplog.text


def test_the_row_of_an_engine_says_what_the_contract_lists() -> None:
    install(FakeModule(spec(name="one")))
    row = engines.row(engines.find("fake", "one"))
    assert list(row) == [
        "task", "name", "label", "kind", "status", "size_mb", "memory_mb", "licence", "repo", "revision", "verified",
        "languages", "auto",
    ]  # fmt: skip
    assert (row["status"], row["auto"]) == ("ready", True)


# --- hub engines and who may fetch them -------------------------------------------------------------------------


def test_a_named_hub_engine_is_fetched_on_first_use_and_gets_its_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Any, ...]] = []

    def fetch(*given: Any, **_: Any) -> Path:
        asked.append(given)
        return Path("/fetched")

    monkeypatch.setattr(hub, "fetch", fetch)
    module = FakeModule(spec(name="far", revision="abc", **HUB))
    install(module, FakeModule(spec(name="plain")))
    assert status("far") == "not_downloaded"
    run("far")
    run("far")
    assert module.folders == [Path("/fetched")]
    assert len(asked) == 1 and asked[0][:3] == ("org/name", ("*.bin",), "abc")


def test_a_job_says_when_it_only_waits_for_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    job, seen = Job(), []

    def fetched(*_: Any, **__: Any) -> Path:
        seen.append(job.is_elsewhere)
        return Path("/somewhere")

    monkeypatch.setattr(hub, "fetch", fetched)
    monkeypatch.setenv("MODU_FAKE_URL", "http://127.0.0.1:1/v1")
    install(
        FakeModule(spec(name="here")),
        FakeModule(spec(name="away", kind="remote")),
        FakeModule(spec(name="fetched", **HUB)),
    )
    inside = {name: run(name, job, lambda _: job.is_elsewhere) for name in ("here", "away", "fetched")}
    assert inside == {"here": False, "away": True, "fetched": False}
    assert seen == [True] and not job.is_elsewhere


@pytest.mark.parametrize("env", [{"SPACE_ID": "me/modu"}, {"GRADIO_SERVER_NAME": "0.0.0.0"}, {"GRADIO_SHARE": "1"}])
def test_visitors_of_a_managed_server_fetch_nothing(env: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(hub, "fetch", lambda *_, **__: pytest.fail("a visitor made the server download"))
    module = FakeModule(spec(name="far", **HUB))
    install(module, FakeModule(spec(name="plain")))
    with pytest.raises(EngineUnavailable, match="not on this server"):
        run("far")
    assert run("plain") is not None and module.loads == 0


def test_a_cancel_during_a_load_ends_the_call_and_the_next_one_works() -> None:
    job = Job()
    module = FakeModule(spec(name="one"))
    install(module)
    job.cancel()
    with pytest.raises(Cancelled):
        run("one", job)
    assert module.loads == 0 and run("one") is not None


def test_no_engine_is_imported_to_know_its_status() -> None:
    install(FakeModule(spec(name="one", requires=("turtledemo",))))
    assert status("one") == "ready"
    assert "turtledemo" not in sys.modules
