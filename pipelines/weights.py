"""The weights of one engine, wherever its SPEC says they lie: on the Hub or on an ordinary web server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipelines import downloads, hub
from pipelines.errors import InvalidInput
from pipelines.hub_cache import Repository
from pipelines.job import Job
from pipelines.words import Text

if TYPE_CHECKING:
    from pipelines.engines import EngineSpec


def find(spec: EngineSpec) -> Path | None:
    """Where a hub engine's files lie on this machine, or None. Never asks the network."""
    if spec.web_files:
        return downloads.find(spec.web_files)
    return hub.find(spec.repo, spec.files, spec.revision)


def fetch(spec: EngineSpec, job: Job, **options: bool) -> Path:
    """Bring what is not here, or not whole. `update=True` leaves the commit of the first fetch for the newest."""
    if spec.web_files:
        return downloads.fetch(spec.web_files, job, label=spec.label)
    return hub.fetch(spec.repo, spec.files, spec.revision, job, label=spec.label, **options)


def damaged(spec: EngineSpec, job: Job) -> bool:
    """Whether a file that was fetched here no longer has its checksum. Reads every file; asks nobody."""
    place = find(spec)
    if place is None or spec.web_files:  # those are checked by whoever loads them
        return False
    return hub.damaged(str(spec.repo), spec.files, spec.revision, job)


def destination(spec: EngineSpec) -> Path:
    """The folder that `fetch` fills."""
    if spec.web_files:
        return downloads.destination(spec.web_files)
    return Repository(str(spec.repo)).folder


def remove(spec: EngineSpec) -> float:
    """Delete an engine's files and return the MB that this freed. A folder that the owner filled is not touched."""
    place = find(spec)
    freed = downloads.remove(spec.web_files) if spec.web_files else hub.remove(str(spec.repo), spec.files)
    if place is not None and find(spec) is not None:
        raise InvalidInput(
            Text(
                en=f"{spec.label.en} lies in a folder of MODU_MODELS_DIR, which this app never changes.",
                ko=f"{spec.label.ko}은(는) MODU_MODELS_DIR 폴더에 있습니다. 이 앱은 그 폴더를 바꾸지 않습니다.",
            )
        )
    return freed
