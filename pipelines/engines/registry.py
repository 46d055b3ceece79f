"""Which engines there are, by task and name."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipelines import hub, settings
from pipelines.engines import state
from pipelines.engines.refusals import unknown_engine
from pipelines.engines.spec import FAMILY, EngineFamily, EngineModule, EngineSpec
from pipelines.errors import EngineUnavailable, InvalidInput
from pipelines.words import Text

_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")


def register(
    task: str, modules: Sequence[EngineModule], family: EngineFamily | None = None
) -> tuple[EngineModule, ...]:
    """Make a task's engines known, and the family that opens others by their Hub name.

    Refuses two of one name or a SPEC of another task.
    """
    names = [module.SPEC.name for module in modules]
    if len(set(names)) != len(names):
        raise ValueError(f"two engines of one name in {task}: {names}")
    if any(module.SPEC.task != task for module in modules):
        raise ValueError(f"an engine of another task was registered for {task}")
    with state.tables.guard:
        state.tables.modules[task] = tuple(modules)
        if family is not None:
            state.tables.families[task] = family
    return tuple(modules)


def tasks() -> tuple[str, ...]:
    """The tasks that have engines, in the order of registration."""
    return tuple(state.tables.modules)


def modules(task: str) -> tuple[EngineModule, ...]:
    """The engine modules of a task, in the order of registration."""
    return state.tables.modules[task]


def specs(task: str) -> tuple[EngineSpec, ...]:
    """The engines of a task, best-ranked first: its own, and what the owner or a visitor brought."""
    brought = _brought(task) if task in state.tables.families else []
    return tuple(sorted((one.SPEC for one in (*state.tables.modules[task], *brought)), key=lambda spec: -spec.rank))


def opens_by_name(task: str) -> bool:
    """Whether this task opens repositories by their name."""
    return task in state.tables.families


def module_of(spec: EngineSpec) -> EngineModule:
    """The module that loads this engine."""
    for module in (*state.tables.modules[spec.task], *state.tables.opened.values()):
        if (module.SPEC.task, module.SPEC.name) == (spec.task, spec.name):
            return module
    raise KeyError(spec.name)


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
    if name.startswith(FAMILY) and task in state.tables.families:
        return _open(task, name.removeprefix(FAMILY)).SPEC
    automatic = [] if name == "auto" else ["auto"]  # whoever names "auto" here needs one engine
    raise unknown_engine(name, [*automatic, *(spec.name for spec in specs(task))])


def _open(task: str, repo: str) -> EngineModule:
    """The engine of a repository that somebody names. On a managed server, only one that its owner listed."""
    if not _REPOSITORY.fullmatch(repo) or ".." in repo:
        raise InvalidInput(
            Text(
                en=f"{repo[:60]!r} is no name of a model. Write hub:organisation/name, as on huggingface.co.",
                ko=f"{repo[:60]!r}은(는) 모델 이름이 아닙니다. huggingface.co처럼 hub:조직/이름으로 써 주세요.",
            )
        )
    if not hub.permitted(repo):
        raise EngineUnavailable(
            Text(
                en=f"The owner of this page has not listed {repo}. Choose another engine.",
                ko=f"이 페이지의 소유자가 {repo}을(를) 허용하지 않았습니다. 다른 엔진을 골라 주세요.",
            )
        )
    with state.tables.guard:
        if (task, repo) not in state.tables.opened:
            state.tables.opened[(task, repo)] = state.tables.families[task].module(repo)
        return state.tables.opened[(task, repo)]


def _brought(task: str) -> list[EngineModule]:
    """The family's engines that are on this machine: named before, or found in the owner's folder or list."""
    family, known = state.tables.families[task], {module.SPEC.repo for module in state.tables.modules[task]}
    chosen = settings.current()
    named = [name.removeprefix(FAMILY) for name in chosen.engines.values() if name.startswith(FAMILY)]
    for repo in dict.fromkeys([*hub.owners_repositories(), *chosen.allow, *named]):
        if repo in known or (task, repo) in state.tables.opened:
            continue
        folder = hub.owners_folder(repo) or hub.find(repo, family.module(repo).SPEC.files)
        if folder is not None and family.fits(folder):
            _open(task, repo)
    for (owner, repo), module in list(state.tables.opened.items()):
        if owner == task and module.SPEC.unweighed and hub.find(repo, module.SPEC.files) is not None:
            state.tables.opened[(owner, repo)] = family.module(repo)  # it came in between: its size is known now
    return [module for (owner, repo), module in state.tables.opened.items() if owner == task and hub.permitted(repo)]
