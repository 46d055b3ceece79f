"""The weights of one engine, wherever its SPEC says they lie: on the Hub or on an ordinary web server."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines import downloads, hub
from pipelines.errors import EngineUnavailable, InvalidInput
from pipelines.hub_cache import Repository, choose, entries_below
from pipelines.job import Job
from pipelines.words import Text

if TYPE_CHECKING:
    from pipelines.engines import Beside, EngineSpec

log = logging.getLogger(__name__)


def find(spec: EngineSpec) -> Path | None:
    """Where a hub engine's files lie on this machine, or None. Never asks the network."""
    if spec.web_files:
        return downloads.find(spec.web_files)
    needed = [one for one in spec.beside if one.needed]
    if any(hub.find(one.repo, one.files, one.revision) is None for one in needed):
        return None
    return hub.find(spec.repo, spec.files, spec.revision)


def fetch(spec: EngineSpec, job: Job, update: bool = False, admit: Callable[[hub.Listing], None] | None = None) -> Path:
    """Bring what is not here, or not whole. `update=True` leaves the commit of the first fetch for the newest.

    `admit` sees what the Hub has before anything is brought, and may raise.
    """
    if spec.web_files:
        return downloads.fetch(spec.web_files, job, label=spec.label)
    for one in spec.beside:
        _fetch_beside(spec, one, job, update)
    return hub.fetch(spec.repo, spec.files, spec.revision, job, label=spec.label, update=update, admit=admit)


def _fetch_beside(spec: EngineSpec, one: Beside, job: Job, update: bool) -> None:
    """What an engine takes from another repository. Where that is no more than a help, going without is no failure."""
    try:
        hub.fetch(one.repo, one.files, one.revision, job, label=spec.label, update=update)
    except EngineUnavailable as error:
        if one.needed:
            raise
        log.warning("%s goes without %s: %s", spec.name, one.repo, error)


def commit(spec: EngineSpec) -> str | None:
    """The commit of what lies here, or else the one that will be fetched; None where nothing is fixed yet."""
    if spec.web_files or spec.repo is None:
        return spec.revision
    return spec.revision or Repository(spec.repo).commit(None)


def held_mb(spec: EngineSpec) -> float | None:
    """MB of this engine's files as they lie on this machine; None where they are not here."""
    place = find(spec)
    if place is None:
        return None
    names = [file.name for file in spec.web_files] or spec.files
    places = [(place, names), *((hub.find(one.repo, one.files, one.revision), one.files) for one in spec.beside)]
    held = [choose(entries_below(folder), files)[0] for folder, files in places if folder is not None]
    return sum(entry.size or 0 for entries in held for entry in entries) / 1e6


def damaged(spec: EngineSpec, job: Job) -> bool:
    """Whether a file that was fetched here no longer has its checksum. Reads every file; asks nobody."""
    place = find(spec)
    if place is None or spec.web_files:  # those are checked by whoever loads them
        return False
    repositories = [(str(spec.repo), spec.files, spec.revision)]
    repositories += [(one.repo, one.files, one.revision) for one in spec.beside]
    return any(hub.damaged(repo, files, revision, job) for repo, files, revision in repositories)


def destination(spec: EngineSpec) -> Path:
    """The folder that `fetch` fills."""
    if spec.web_files:
        return downloads.destination(spec.web_files)
    return Repository(str(spec.repo)).folder


def remove(spec: EngineSpec, others: Iterable[EngineSpec] = ()) -> float:
    """Delete an engine's files and return the MB that this freed.

    A folder that the owner filled is not touched, nor is what one of the `others` that are here needs.
    """
    place = find(spec)
    if spec.web_files:
        freed = downloads.remove(spec.web_files)
    else:
        rest = [one for one in others if (one.task, one.name) != (spec.task, spec.name) and find(one) is not None]
        kept = {repo: one for one in rest for repo in (one.repo, *(more.repo for more in one.beside))}
        if spec.repo in kept and not any(one.needed for one in spec.beside):
            raise InvalidInput(_SHARED.format(label=spec.label, other=kept[spec.repo].label))
        own = [(str(spec.repo), spec.files), *((one.repo, one.files) for one in spec.beside)]
        freed = sum(hub.remove(repo, files) for repo, files in own if repo not in kept)
    if place is not None and find(spec) is not None:
        raise InvalidInput(
            Text(
                en=f"{spec.label.en} lies in a folder of MODU_MODELS_DIR, which this app never changes.",
                ko=f"{spec.label.ko}은(는) MODU_MODELS_DIR 폴더에 있습니다. 이 앱은 그 폴더를 바꾸지 않습니다.",
            )
        )
    return freed


_SHARED = Text(
    en="{other} uses the files of {label} too. Remove {other} first.",
    ko="{other}도 {label}의 파일을 씁니다. {other}을(를) 먼저 지워 주세요.",
)
