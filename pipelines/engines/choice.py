"""Where each engine stands on this machine, and which one answers."""

from __future__ import annotations

import importlib.util
import shutil
from typing import Any

from pipelines import memory, settings, weights
from pipelines.engines import state
from pipelines.engines.refusals import missing_package, no_server, not_for_visitors, too_big
from pipelines.engines.registry import find, specs
from pipelines.engines.spec import EngineSpec, Status
from pipelines.errors import EngineUnavailable, NotEnoughMemory
from pipelines.words import EMPTY, Text


def status(spec: EngineSpec) -> Status:
    """Where this engine stands on this machine, now."""
    if (spec.task, spec.name) in state.tables.loaded:
        return "loaded"
    if (spec.task, spec.name) in state.tables.broken or not _installed(spec):
        return "missing_package"
    if spec.memory_mb > budget_mb():
        return "too_big"
    if spec.kind == "remote" and not _set_up(spec):
        return "not_downloaded"  # as little usable as weights that are not here
    if spec.kind == "hub" and weights.find(spec) is None:
        return "not_downloaded"
    return "ready"


def _installed(spec: EngineSpec) -> bool:
    return all(importlib.util.find_spec(module) is not None for module in spec.requires) and all(
        shutil.which(program) is not None for program in spec.programs
    )


def _set_up(spec: EngineSpec) -> bool:
    return settings.is_set(spec.setting) if spec.setting else spec.task in settings.current().urls


def choose(task: str, name: object = "auto") -> EngineSpec:
    """The engine that will answer. `auto` never picks one that would have to be downloaded."""
    if name != "auto":
        return find(task, name)
    owner = settings.current().engines.get(task)
    for spec in specs(task):  # a name that is not among them is told in the log at start, it ends no call
        if spec.name == owner and status(spec) in ("loaded", "ready"):
            return spec
    here = [spec for spec in specs(task) if status(spec) in ("loaded", "ready")]
    embedded = [spec for spec in specs(task) if spec.kind == "embedded"]
    return (here or embedded or list(specs(task)))[0]


def waiting_for(task: str) -> Text:
    """What to say while the engine that the owner named for a task cannot answer yet; empty otherwise."""
    owner = settings.current().engines.get(task)
    if not owner or owner == choose(task).name:
        return EMPTY
    return Text(
        en=f"The owner of this page chose {owner}, which is not ready here yet; until then this one answers.",
        ko=f"이 페이지의 소유자는 {owner} 엔진을 골랐지만 아직 준비되지 않아, 그때까지 이 엔진이 대신합니다.",
    )


def budget_mb() -> float:
    """Memory that loaded engines may take together, in MB."""
    chosen = settings.current()
    if chosen.memory_gb is not None:
        return chosen.memory_gb * 1024
    return memory.limit_mb() * chosen.limits.memory_share


def smaller(spec: EngineSpec, room_mb: float | None = None) -> list[EngineSpec]:
    """The other engines of a task that would fit where this one does not, best first: what is here before the rest.

    `room_mb` is what is free while others work; what is loaded already needs no room.
    """
    most = budget_mb() if room_mb is None else room_mb
    standing = {other.name: status(other) for other in specs(spec.task) if other.memory_mb < spec.memory_mb}
    fits = [one for one in specs(spec.task) if standing.get(one.name) == "loaded" or one.memory_mb <= most]
    here = [one for one in fits if standing.get(one.name) in ("loaded", "ready")]
    may = not (settings.current().managed or settings.current().offline)
    rest = [one for one in fits if may and one.kind == "hub" and standing.get(one.name) == "not_downloaded"]
    return [*here, *rest]


def row(spec: EngineSpec) -> dict[str, Any]:
    """One line of `/engines`, as the contract lists it; the label stays a `Text`."""
    return {
        "task": spec.task,
        "name": spec.name,
        "label": spec.label,
        "kind": spec.kind,
        "status": status(spec),
        "size_mb": spec.size_mb,
        "memory_mb": spec.memory_mb,
        "licence": spec.licence,
        "repo": spec.repo,
        "revision": weights.commit(spec),
        "verified": spec.verified,
        "languages": list(spec.languages),
        "auto": choose(spec.task).name == spec.name,
    }


def require_usable(spec: EngineSpec) -> None:
    """Raise what a visitor needs to know if this engine cannot answer here, before any work is done."""
    standing = status(spec)
    if standing == "missing_package":
        raise EngineUnavailable(state.tables.broken.get((spec.task, spec.name)) or missing_package(spec))
    if standing == "too_big":
        raise NotEnoughMemory(too_big(spec, smaller(spec)))
    if standing == "not_downloaded" and spec.kind == "remote":
        raise EngineUnavailable(no_server(spec))
    if standing == "not_downloaded" and settings.current().managed:
        raise EngineUnavailable(not_for_visitors(spec))
