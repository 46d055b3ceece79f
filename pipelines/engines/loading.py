"""One engine held for one call: fetched if it was asked for by name, loaded once, run one call at a time."""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from pipelines import memory, settings, weights
from pipelines.engines import state
from pipelines.engines.choice import budget_mb, choose, require_usable, smaller, status
from pipelines.engines.ledger import enter, leave, make_room, unload
from pipelines.engines.refusals import failed_to_load, missing_package, too_big
from pipelines.engines.registry import find, module_of, specs, tasks
from pipelines.engines.spec import EngineSpec
from pipelines.engines.state import Loaded
from pipelines.errors import (
    EngineFailed,
    EngineUnavailable,
    InvalidInput,
    NotEnoughMemory,
    PipelineError,
)
from pipelines.hub import Listing
from pipelines.job import Job
from pipelines.words import Text

log = logging.getLogger(__name__)

_WAITING = Text(
    en="Another request is using this engine; yours starts right after it.",
    ko="다른 요청이 이 엔진을 쓰고 있습니다. 끝나는 대로 바로 시작합니다.",
)
_LOADING = Text(en="Loading {label}...", ko="{label} 불러오는 중...")


@contextmanager
def use(task: str, name: object, job: Job) -> Iterator[tuple[EngineSpec, Any]]:
    """Hold the chosen engine, loaded, for one call: `with use(...) as (spec, engine)`.

    Fetches a hub engine that was asked for by name, makes room in memory, loads once however many ask,
    and lets one call run at a time unless the SPEC says that the library can do more.
    """
    spec, entry = _acquire(choose(task, name), job)
    try:
        with job.elsewhere() if spec.kind == "remote" else nullcontext():
            if spec.shared:
                yield spec, entry.engine
            else:
                with _held(_lock(spec, "run"), job, _WAITING):
                    yield spec, entry.engine
    finally:
        leave(entry)


def fetch(spec: EngineSpec, job: Job) -> None:
    """Bring a hub engine's files to this machine; does nothing for an engine that needs none or has them."""
    _folder(spec, job)


def remove(spec: EngineSpec) -> float:
    """Unload an engine, delete its files from this machine, and return the MB that this freed on the disk."""
    if spec.kind != "hub":
        raise InvalidInput(
            Text(
                en=f"{spec.label.en} has no downloaded files; there is nothing to remove.",
                ko=f"{spec.label.ko}은(는) 내려받은 파일이 없어 지울 것이 없습니다.",
            )
        )
    unload(spec.task, spec.name)
    return weights.remove(spec, [other for task in tasks() for other in specs(task) if other.beside])


def fetch_owners_choices() -> None:
    """Download in the background what the owner named in `MODU_<TASK>_ENGINE`: naming it is the consent.

    Until it is here `auto` answers with the next best. A failure is one line in the log, not a dead tab.
    """
    for task in tasks():
        owner = settings.current().engines.get(task)
        if not owner:
            continue
        try:
            spec = find(task, owner)
        except PipelineError as error:
            log.error("MODU_%s_ENGINE: %s", task.upper(), error)
            continue
        if status(spec) == "not_downloaded":
            threading.Thread(target=_fetch_quietly, args=(spec,), daemon=True, name=f"fetch-{spec.name}").start()


def _fetch_quietly(spec: EngineSpec) -> None:
    try:
        fetch(spec, Job())
    except PipelineError as error:
        log.warning("%s/%s is not here yet: %s", spec.task, spec.name, error)


@contextmanager
def _held(lock: threading.Lock, job: Job, why: Text) -> Iterator[None]:
    """Hold `lock`, saying `why` while somebody else does; a cancel ends the wait."""
    job.wait_for(lock, why)
    try:
        yield
    finally:
        lock.release()


def _lock(spec: EngineSpec, purpose: str) -> threading.Lock:
    with state.tables.guard:
        return state.tables.locks.setdefault((spec.task, spec.name, purpose), threading.Lock())


def _acquire(spec: EngineSpec, job: Job) -> tuple[EngineSpec, Loaded]:
    """The loaded engine with one more user. Whoever comes second waits for the first one's load."""
    folder: Path | None = None
    if (spec.task, spec.name) not in state.tables.loaded:
        require_usable(spec)
        if spec.unweighed:
            folder = _folder(spec, job, lambda found: _require_room(spec.weighed(found.files)))
            spec = find(spec.task, spec.name)  # its size is known now
            require_usable(spec)
        folder = _folder(spec, job)  # before the lock: all who wait for one download see how far it is
    with _held(_lock(spec, "load"), job, _LOADING.format(label=spec.label)):
        with state.tables.guard:
            entry = state.tables.loaded.get((spec.task, spec.name))
            if entry is not None:
                enter(entry)
                return spec, entry
        entry = _load(spec, folder or _folder(spec, job), job)
        with state.tables.guard:
            enter(entry)
            state.tables.loaded[(spec.task, spec.name)] = entry
        return spec, entry


def _folder(spec: EngineSpec, job: Job, admit: Callable[[Listing], None] | None = None) -> Path | None:
    """Where the files of a hub engine lie, fetched if they are not here. None for the other kinds."""
    if spec.kind != "hub":
        return None
    found = weights.find(spec)
    if found is None:
        with job.elsewhere():
            found = weights.fetch(spec, job, admit=admit)
    return found


def _require_room(spec: EngineSpec) -> None:
    """Refuse before its download what could never be loaded here."""
    if spec.memory_mb > budget_mb():
        raise NotEnoughMemory(too_big(spec, smaller(spec)))


def _load(spec: EngineSpec, folder: Path | None, job: Job) -> Loaded:
    make_room(spec)
    try:
        job.progress(None, _LOADING.format(label=spec.label))
        before = memory.resident_mb()
        engine, problem = _try_to_load(spec, folder)
        if isinstance(problem, EngineFailed) and _repaired(spec, job):
            engine, problem = _try_to_load(spec, weights.find(spec))
        if problem is not None:
            memory.give_back()
            raise problem  # outside the handler: the library's own error would keep half a model alive
        return Loaded(spec, engine, max(0.0, memory.resident_mb() - before), before_mb=before)
    finally:
        with state.tables.guard:
            state.tables.promised_mb.pop((spec.task, spec.name), None)


def _try_to_load(spec: EngineSpec, folder: Path | None) -> tuple[Any, PipelineError | None]:
    """The engine, or what to tell the visitor. A package that cannot be imported is remembered until a restart."""
    try:
        return module_of(spec).load(folder), None
    except PipelineError as error:
        if isinstance(error.__context__, ImportError):
            state.tables.broken[(spec.task, spec.name)] = error.message
        return None, type(error)(error.message)
    except ImportError as error:
        log.warning("%s/%s cannot be imported: %s", spec.task, spec.name, error)
        state.tables.broken[(spec.task, spec.name)] = missing_package(spec)
        return None, EngineUnavailable(missing_package(spec))
    except MemoryError:
        return None, NotEnoughMemory(too_big(spec, smaller(spec)))
    except Exception as error:
        # As text: a handler that kept the exception would keep the half-loaded model with it.
        log.error("%s/%s failed to load\n%s", spec.task, spec.name, traceback.format_exc())
        return None, EngineFailed(failed_to_load(spec, type(error).__name__))


def _repaired(spec: EngineSpec, job: Job) -> bool:
    """Whether an engine that failed to load had damaged files, and they are whole again."""
    if spec.kind != "hub" or settings.current().managed:
        return False
    if weights.damaged(spec, job):
        with job.elsewhere():
            weights.fetch(spec, job)
        return True
    return False
