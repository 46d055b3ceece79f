"""What is in memory: room is made before a load, and what goes really goes."""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from dataclasses import dataclass

from pipelines import memory
from pipelines.engines import state
from pipelines.engines.choice import budget_mb, smaller
from pipelines.engines.refusals import too_big
from pipelines.engines.registry import find
from pipelines.engines.spec import EngineSpec
from pipelines.engines.state import Loaded
from pipelines.errors import Busy, NotEnoughMemory
from pipelines.words import Text

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Held:
    """One line of the ledger: what an engine took when it was loaded, and how long nobody used it."""

    spec: EngineSpec
    measured_mb: float
    in_use: bool
    idle_s: float


def ledger() -> list[Held]:
    """What is in memory, in the order in which it would go: the least recently used first, what works now last."""
    now = time.monotonic()
    with state.tables.guard:
        entries = list(state.tables.loaded.values())
        held = [Held(one.spec, one.measured_mb, one.users > 0, now - one.last_used) for one in entries]
    return sorted(held, key=lambda one: (one.in_use, -one.idle_s))


def enter(entry: Loaded) -> None:
    """One more call uses this engine. Call with the guard held."""
    for other in state.tables.loaded.values():
        if other is not entry:
            other.alone = False
            entry.alone = entry.alone and not other.users
    entry.users += 1


def leave(entry: Loaded) -> None:
    """A call has ended.

    Weights that are mapped from their file come into memory only while the engine works: what it took is measured
    once more after a call, as long as nothing else can have moved the figure.
    """
    with state.tables.guard:
        entry.users -= 1
        entry.last_used = time.monotonic()
        if entry.alone and not entry.users:
            memory.trim()
            entry.measured_mb = max(entry.measured_mb, memory.resident_mb() - entry.before_mb)
            entry.alone = False


def unload(task: str, name: object) -> float:
    """Drop an engine and return the MB of resident memory that really went back to the system."""
    spec = find(task, name)
    with state.tables.guard:
        entry = state.tables.loaded.get((spec.task, spec.name))
        if entry is None:
            return 0.0
        if entry.users:
            raise Busy(
                Text(
                    en=f"{spec.label.en} is working right now. Unload it when it is done.",
                    ko=f"{spec.label.ko}이(가) 지금 작업 중입니다. 끝난 뒤에 내려 주세요.",
                )
            )
        for other in state.tables.loaded.values():
            other.alone = False
        before = memory.resident_mb()
        del state.tables.loaded[(spec.task, spec.name)]
        entry.engine = None
    memory.give_back()
    return max(0.0, before - memory.resident_mb())


def drop_idle(longer_than_s: float) -> list[str]:
    """Unload every engine that nobody used for so long, and return their names."""
    with state.tables.guard:
        now = time.monotonic()
        unused = [one for one in state.tables.loaded.values() if not one.users]
        old = [one.spec for one in unused if now - one.last_used >= longer_than_s]
    for spec in old:
        with suppress(Busy):  # a call took it in between
            unload(spec.task, spec.name)
    return [spec.name for spec in old if (spec.task, spec.name) not in state.tables.loaded]


def make_room(spec: EngineSpec) -> None:
    """Drop the least recently used engines that nobody uses until this one fits, and keep the place for it."""
    while True:
        with state.tables.guard:
            taken = sum(max(entry.measured_mb, entry.spec.memory_mb) for entry in state.tables.loaded.values())
            if taken + sum(state.tables.promised_mb.values()) + spec.memory_mb <= budget_mb():
                state.tables.promised_mb[(spec.task, spec.name)] = spec.memory_mb
                return
            idle = [entry for entry in state.tables.loaded.values() if not entry.users]
            if not idle:
                room = budget_mb() - taken - sum(state.tables.promised_mb.values())
                raise NotEnoughMemory(too_big(spec, smaller(spec, room)))
            oldest = min(idle, key=lambda entry: entry.last_used)
        log.info("dropping %s/%s to make room for %s", oldest.spec.task, oldest.spec.name, spec.name)
        try:
            unload(oldest.spec.task, oldest.spec.name)
        except Busy:
            continue  # a call took it in between: look again
