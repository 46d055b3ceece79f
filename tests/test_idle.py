"""Memory that engines give back: by themselves after a while, and with a real torch model, measured."""

from __future__ import annotations

import gc
import time
from typing import Any

import pytest
from fakes import FakeModule, spec
from stand_in_hub import wait_until

from pipelines import engines, idle, memory
from pipelines.job import Job

pytestmark = pytest.mark.usefixtures("own_engines")


def run(name: str) -> Any:
    with engines.use("fake", name, Job()) as (_, engine):
        return engine


def test_engines_stay_unless_the_owner_asks() -> None:
    assert idle.watch() is None


def test_an_idle_engine_leaves_and_one_in_use_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODU_IDLE_MINUTES", "0.01")  # 0.6 s
    engines.register("fake", [FakeModule(spec(name="idle")), FakeModule(spec(name="busy"))])
    used_at = time.monotonic()
    run("idle")
    ended = idle.watch(look_s=0.05)
    assert ended is not None
    try:
        with engines.use("fake", "busy", Job()):
            assert wait_until(lambda: engines.status(engines.find("fake", "idle")) == "ready", 60)
            assert time.monotonic() - used_at >= 0.6, "not before its time"
            time.sleep(0.8)
            assert engines.status(engines.find("fake", "busy")) == "loaded"
        assert wait_until(lambda: engines.status(engines.find("fake", "busy")) == "ready", 60)
    finally:
        ended.set()


def test_an_engine_just_used_is_not_idle() -> None:
    engines.register("fake", [FakeModule(spec(name="one"))])
    run("one")
    assert engines.drop_idle(60) == [] and engines.drop_idle(0) == ["one"]


@pytest.fixture
def torch() -> Any:
    return pytest.importorskip("torch")


def network(torch: Any, wide: int) -> Any:
    model = torch.nn.Sequential(*[torch.nn.Linear(wide, wide) for _ in range(4)])
    with torch.no_grad():
        model(torch.ones(1, wide))
    return model


def test_a_torch_model_gives_its_memory_back_as_measured(torch: Any) -> None:
    network(torch, 64)  # what torch itself needs once
    engines.register("fake", [FakeModule(spec(name="net", memory_mb=300), lambda: network(torch, 3500))])  # 196 MB
    before = memory.resident_mb()
    run("net")
    taken = memory.resident_mb() - before
    assert taken > 150
    held = engines.ledger()[0]
    assert held.measured_mb == pytest.approx(taken, abs=30)
    freed = engines.unload("fake", "net")
    assert freed == pytest.approx(taken, abs=40)
    assert memory.resident_mb() - before < 40


def test_fifty_loads_of_a_torch_model_do_not_grow(torch: Any) -> None:
    engines.register("fake", [FakeModule(spec(name="net", memory_mb=40), lambda: network(torch, 1000))])  # 16 MB
    for _ in range(3):
        run("net")
        engines.unload("fake", "net")
    before = memory.resident_mb()
    gc.freeze()
    for _ in range(50):
        run("net")
        engines.unload("fake", "net")
    gc.unfreeze()
    assert memory.resident_mb() - before < 16
