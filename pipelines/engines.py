"""Which engine answers, loaded once, within the memory there is. Knows nothing of any task.

A task gives its engine modules to `register`. Each has `SPEC` (an `EngineSpec`, plain data) and
`load(folder) -> object`; `folder` is where a hub engine's files lie, None otherwise.
"""

from __future__ import annotations

import importlib.util
import logging
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from pipelines import memory, settings, weights
from pipelines.downloads import WebFile
from pipelines.errors import (
    Busy,
    EngineFailed,
    EngineUnavailable,
    InvalidInput,
    NotEnoughMemory,
    PipelineError,
    UnknownEngine,
)
from pipelines.job import Job
from pipelines.words import EMPTY, Text

log = logging.getLogger(__name__)

Kind = Literal["embedded", "hub", "remote"]
Status = Literal["loaded", "ready", "not_downloaded", "missing_package", "too_big"]


@dataclass(frozen=True, kw_only=True)
class EngineSpec:
    """The facts of one engine. Sizes and memory are measured (or read at `source`), never guessed from a name."""

    task: str
    name: str
    label: Text
    kind: Kind
    rank: int  # `auto` takes the highest that is ready here
    licence: str
    size_mb: float  # of its files on disk
    memory_mb: float  # what it adds to the process at its peak
    languages: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()  # top-level modules that must be importable
    repo: str | None = None
    revision: str | None = None
    files: tuple[str, ...] = ()  # patterns inside the repository, alternatives parted by "|" (hub_cache.choose)
    web_files: tuple[WebFile, ...] = ()  # of a "hub" engine whose weights lie on an ordinary web server instead
    verified: bool = False  # repo, files, size and licence were read at a public source, named beside the SPEC
    shared: bool = False  # the library may run several calls at once
    note: Text = EMPTY


class EngineModule(Protocol):
    """What `register` takes: a module (or a test's object) that describes and loads one engine."""

    SPEC: EngineSpec

    def load(self, folder: Path | None) -> Any: ...


@dataclass
class _Loaded:
    """One engine in memory. `users` counts calls inside `use`; only at 0 may it be dropped."""

    spec: EngineSpec
    engine: Any
    measured_mb: float
    users: int = 0
    last_used: float = field(default_factory=time.monotonic)


@dataclass(frozen=True)
class Held:
    """One line of the ledger: what an engine took when it was loaded, and how long nobody used it."""

    spec: EngineSpec
    measured_mb: float
    in_use: bool
    idle_s: float


_modules: dict[str, tuple[EngineModule, ...]] = {}
_loaded: dict[tuple[str, str], _Loaded] = {}
_loading: dict[tuple[str, str], float] = {}  # MB promised to loads under way
_broken: dict[tuple[str, str], Text] = {}  # engines whose package is there but cannot be imported
_locks: dict[tuple[str, str, str], threading.Lock] = {}
_ledger = threading.RLock()  # guards the five tables above; never held while loading or running

_WAITING = Text(
    en="Another request is using this engine; yours starts right after it.",
    ko="다른 요청이 이 엔진을 쓰고 있습니다. 끝나는 대로 바로 시작합니다.",
)
_LOADING = Text(en="Loading {label}...", ko="{label} 불러오는 중...")


def register(task: str, modules: Sequence[EngineModule]) -> tuple[EngineModule, ...]:
    """Make a task's engines known. Refuses two of one name or a SPEC of another task."""
    names = [module.SPEC.name for module in modules]
    if len(set(names)) != len(names):
        raise ValueError(f"two engines of one name in {task}: {names}")
    if any(module.SPEC.task != task for module in modules):
        raise ValueError(f"an engine of another task was registered for {task}")
    with _ledger:
        _modules[task] = tuple(modules)
    return tuple(modules)


def tasks() -> tuple[str, ...]:
    """The tasks that have engines, in the order of registration."""
    return tuple(_modules)


def modules(task: str) -> tuple[EngineModule, ...]:
    """The engine modules of a task, in the order of registration."""
    return _modules[task]


def specs(task: str) -> tuple[EngineSpec, ...]:
    """The engines of a task, best-ranked first."""
    return tuple(sorted((module.SPEC for module in _modules[task]), key=lambda spec: -spec.rank))


def find(task: str, name: object) -> EngineSpec:
    """The SPEC of exactly this engine; an unknown name is answered with the choices."""
    if not isinstance(name, str):
        raise InvalidInput(
            Text(
                en=f"The engine must be given as a text, not as {type(name).__name__}.",
                ko=f"엔진은 문자열로 지정해 주세요. 받은 값의 종류: {type(name).__name__}.",
            )
        )
    for spec in specs(task):
        if spec.name == name:
            return spec
    choices = ", ".join(["auto", *(spec.name for spec in specs(task))])
    raise UnknownEngine(
        Text(
            en=f"There is no engine {name[:60]!r} here. Choose one of: {choices}.",
            ko=f"{name[:60]!r}(이)라는 엔진은 없습니다. 다음 중에서 고르세요: {choices}.",
        )
    )


def status(spec: EngineSpec) -> Status:
    """Where this engine stands on this machine, now."""
    key = (spec.task, spec.name)
    if key in _loaded:
        return "loaded"
    if key in _broken or any(importlib.util.find_spec(module) is None for module in spec.requires):
        return "missing_package"
    if spec.memory_mb > budget_mb():
        return "too_big"
    if spec.kind == "remote" and spec.task not in settings.current().urls:
        return "not_downloaded"  # the owner named no server: as little usable as weights that are not here
    if spec.kind == "hub" and weights.find(spec) is None:
        return "not_downloaded"
    return "ready"


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


@contextmanager
def use(task: str, name: object, job: Job) -> Iterator[tuple[EngineSpec, Any]]:
    """Hold the chosen engine, loaded, for one call: `with use(...) as (spec, engine)`.

    Fetches a hub engine that was asked for by name, makes room in memory, loads once however many ask,
    and lets one call run at a time unless the SPEC says that the library can do more.
    """
    spec = choose(task, name)
    entry = _acquire(spec, job)
    try:
        if spec.shared:
            yield spec, entry.engine
        else:
            with _held(_lock(spec, "run"), job, _WAITING):
                yield spec, entry.engine
    finally:
        with _ledger:
            entry.users -= 1
            entry.last_used = time.monotonic()


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
    return weights.remove(spec)


def ledger() -> list[Held]:
    """What is in memory, in the order in which it would go: the least recently used first, what works now last."""
    now = time.monotonic()
    with _ledger:
        held = [Held(one.spec, one.measured_mb, one.users > 0, now - one.last_used) for one in _loaded.values()]
    return sorted(held, key=lambda one: (one.in_use, -one.idle_s))


def drop_idle(longer_than_s: float) -> list[str]:
    """Unload every engine that nobody used for so long, and return their names."""
    with _ledger:
        now = time.monotonic()
        old = [one.spec for one in _loaded.values() if not one.users and now - one.last_used >= longer_than_s]
    for spec in old:
        with suppress(Busy):  # a call took it in between
            unload(spec.task, spec.name)
    return [spec.name for spec in old if (spec.task, spec.name) not in _loaded]


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
        except UnknownEngine as error:
            log.error("MODU_%s_ENGINE: %s", task.upper(), error)
            continue
        if status(spec) == "not_downloaded":
            threading.Thread(target=_fetch_quietly, args=(spec,), daemon=True, name=f"fetch-{spec.name}").start()


def unload(task: str, name: object) -> float:
    """Drop an engine and return the MB of resident memory that really went back to the system."""
    spec = find(task, name)
    with _ledger:
        entry = _loaded.get((spec.task, spec.name))
        if entry is None:
            return 0.0
        if entry.users:
            raise Busy(
                Text(
                    en=f"{spec.label.en} is working right now. Unload it when it is done.",
                    ko=f"{spec.label.ko}이(가) 지금 작업 중입니다. 끝난 뒤에 내려 주세요.",
                )
            )
        before = memory.resident_mb()
        del _loaded[(spec.task, spec.name)]
        entry.engine = None
    memory.give_back()
    return max(0.0, before - memory.resident_mb())


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
        "revision": spec.revision,
        "verified": spec.verified,
        "languages": list(spec.languages),
        "auto": choose(spec.task).name == spec.name,
    }


def require_usable(spec: EngineSpec) -> None:
    """Raise what a visitor needs to know if this engine cannot answer here, before any work is done."""
    state = status(spec)
    if state == "missing_package":
        raise EngineUnavailable(_broken.get((spec.task, spec.name)) or _missing_package(spec))
    if state == "too_big":
        raise NotEnoughMemory(_too_big(spec))
    if state == "not_downloaded" and spec.kind == "remote":
        raise EngineUnavailable(_no_server(spec))
    if state == "not_downloaded" and settings.current().managed:
        raise EngineUnavailable(
            Text(
                en=f"{spec.label.en} is not on this server, and visitors cannot fetch it. Choose another engine.",
                ko=f"{spec.label.ko}은(는) 이 서버에 없고, 방문자는 내려받을 수 없습니다. 다른 엔진을 골라 주세요.",
            )
        )


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
    with _ledger:
        return _locks.setdefault((spec.task, spec.name, purpose), threading.Lock())


def _acquire(spec: EngineSpec, job: Job) -> _Loaded:
    """The loaded engine with one more user. Whoever comes second waits for the first one's load."""
    folder = None
    if (spec.task, spec.name) not in _loaded:
        require_usable(spec)
        folder = _folder(spec, job)  # before the lock: all who wait for one download see how far it is
    with _held(_lock(spec, "load"), job, _LOADING.format(label=spec.label)):
        with _ledger:
            entry = _loaded.get((spec.task, spec.name))
            if entry is not None:
                entry.users += 1
                return entry
        entry = _load(spec, folder or _folder(spec, job), job)
        with _ledger:
            entry.users += 1
            _loaded[(spec.task, spec.name)] = entry
        return entry


def _folder(spec: EngineSpec, job: Job) -> Path | None:
    """Where the files of a hub engine lie, fetched if they are not here. None for the other kinds."""
    if spec.kind != "hub":
        return None
    return weights.find(spec) or weights.fetch(spec, job)


def _load(spec: EngineSpec, folder: Path | None, job: Job) -> _Loaded:
    _make_room(spec)
    try:
        job.progress(None, _LOADING.format(label=spec.label))
        before = memory.resident_mb()
        engine, problem = _try_to_load(spec, folder)
        if isinstance(problem, EngineFailed) and _repaired(spec, job):
            engine, problem = _try_to_load(spec, weights.find(spec))
        if problem is not None:
            memory.give_back()
            raise problem  # outside the handler: the library's own error would keep half a model alive
        return _Loaded(spec, engine, max(0.0, memory.resident_mb() - before))
    finally:
        with _ledger:
            _loading.pop((spec.task, spec.name), None)


def _try_to_load(spec: EngineSpec, folder: Path | None) -> tuple[Any, PipelineError | None]:
    """The engine, or what to tell the visitor. A package that cannot be imported is remembered until a restart."""
    module = next(module for module in _modules[spec.task] if module.SPEC.name == spec.name)
    try:
        return module.load(folder), None
    except PipelineError as error:
        if isinstance(error.__context__, ImportError):
            _broken[(spec.task, spec.name)] = error.message
        return None, type(error)(error.message)
    except ImportError as error:
        log.warning("%s/%s cannot be imported: %s", spec.task, spec.name, error)
        _broken[(spec.task, spec.name)] = _missing_package(spec)
        return None, EngineUnavailable(_missing_package(spec))
    except MemoryError:
        return None, NotEnoughMemory(_too_big(spec))
    except Exception as error:
        # As text: a handler that kept the exception would keep the half-loaded model with it.
        log.error("%s/%s failed to load\n%s", spec.task, spec.name, traceback.format_exc())
        return None, EngineFailed(
            Text(
                en=f"{spec.label.en} could not be loaded ({type(error).__name__}). Choose another engine.",
                ko=f"{spec.label.ko}을(를) 불러오지 못했습니다({type(error).__name__}). 다른 엔진을 골라 주세요.",
            )
        )


def _repaired(spec: EngineSpec, job: Job) -> bool:
    """Whether an engine that failed to load had damaged files, and they are whole again."""
    if spec.kind != "hub" or settings.current().managed:
        return False
    if weights.damaged(spec, job):
        weights.fetch(spec, job)
        return True
    return False


def _make_room(spec: EngineSpec) -> None:
    """Drop the least recently used engines that nobody uses until this one fits, and keep the place for it."""
    while True:
        with _ledger:
            taken = sum(max(entry.measured_mb, entry.spec.memory_mb) for entry in _loaded.values())
            if taken + sum(_loading.values()) + spec.memory_mb <= budget_mb():
                _loading[(spec.task, spec.name)] = spec.memory_mb
                return
            idle = [entry for entry in _loaded.values() if not entry.users]
            if not idle:
                raise NotEnoughMemory(_too_big(spec))
            oldest = min(idle, key=lambda entry: entry.last_used)
        log.info("dropping %s/%s to make room for %s", oldest.spec.task, oldest.spec.name, spec.name)
        try:
            unload(oldest.spec.task, oldest.spec.name)
        except Busy:
            continue  # a call took it in between: look again


def _no_server(spec: EngineSpec) -> Text:
    return Text(
        en=f"{spec.label.en} is not set up: the owner of this app has to set MODU_{spec.task.upper()}_URL. "
        "Choose another engine.",
        ko=f"{spec.label.ko}이(가) 설정되어 있지 않습니다. 앱 소유자가 MODU_{spec.task.upper()}_URL을 지정해야 합니다. "
        "다른 엔진을 골라 주세요.",
    )


def _missing_package(spec: EngineSpec) -> Text:
    modules = ", ".join(spec.requires) or spec.name
    return Text(
        en=f"{spec.label.en} needs a package that is not usable here ({modules}). "
        "Install it with: pip install -r requirements.txt",
        ko=f"{spec.label.ko}에 필요한 패키지를 여기서 쓸 수 없습니다({modules}). "
        "다음으로 설치하세요: pip install -r requirements.txt",
    )


def _too_big(spec: EngineSpec) -> Text:
    smaller = [other for other in specs(spec.task) if other.memory_mb < spec.memory_mb]
    say = Text(
        en=f"{spec.label.en} needs about {spec.memory_mb:.0f} MB of memory, more than is free here.",
        ko=f"{spec.label.ko}에는 메모리가 약 {spec.memory_mb:.0f} MB 필요한데, 지금 그만큼 남아 있지 않습니다.",
    )
    if not smaller:
        return say
    return say + Text(en=f"Try the engine {smaller[0].name}.", ko=f"{smaller[0].name} 엔진을 써 보세요.")
