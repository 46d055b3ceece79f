"""What an engine is: its SPEC, the module that loads it, and the family that makes engines out of Hub names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal, Protocol

from pipelines.downloads import WebFile
from pipelines.hub_cache import Entry
from pipelines.words import EMPTY, Text

Kind = Literal["embedded", "hub", "remote"]
Status = Literal["loaded", "ready", "not_downloaded", "missing_package", "too_big"]
FAMILY = "hub:"  # an engine of this beginning is named after its repository: hub:<org>/<name>


@dataclass(frozen=True)
class Beside:
    """One more repository that an engine takes files from: fetched with it, found with `hub.find`.

    Without `needed` the engine also works where these files are not.
    """

    repo: str
    files: tuple[str, ...]
    revision: str | None = None
    needed: bool = True


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
    programs: tuple[str, ...] = ()  # of the system, that must be on the PATH
    setting: str = ""  # of a "remote" engine: what the owner sets to have it, if it is not MODU_<TASK>_URL
    repo: str | None = None
    revision: str | None = None
    files: tuple[str, ...] = ()  # patterns inside the repository, alternatives parted by "|" (hub_cache.choose)
    beside: tuple[Beside, ...] = ()
    web_files: tuple[WebFile, ...] = ()  # of a "hub" engine whose weights lie on an ordinary web server instead
    verified: bool = False  # repo, files, size and licence were read at a public source, named beside the SPEC
    # Of an engine of a family, whose files are not known yet: patterns of weights, and the MB in memory for each MB of
    # them, which come on top of `memory_mb`.
    memory_shares: tuple[tuple[str, float], ...] = ()
    shared: bool = False  # the library may run several calls at once
    note: Text = EMPTY

    @property
    def unweighed(self) -> bool:
        """Whether its size and memory are not known before its files are."""
        return bool(self.memory_shares)

    def weighed(self, files: Iterable[Entry]) -> EngineSpec:
        """The same engine with the size and memory that these files mean."""
        size, memory = 0.0, self.memory_mb
        for entry in files:
            mb = (entry.size or 0) / 1e6
            size += mb
            memory += mb * next((share for pattern, share in self.memory_shares if fnmatchcase(entry.path, pattern)), 0)
        return replace(self, size_mb=size, memory_mb=memory, memory_shares=())


class EngineModule(Protocol):
    """What `register` takes: a module (or a test's object) that describes and loads one engine."""

    SPEC: EngineSpec

    def load(self, folder: Path | None) -> Any: ...


class EngineFamily(Protocol):
    """Opens any repository of a kind that a task's code can load, such as every causal language model."""

    def module(self, repo: str) -> EngineModule:
        """The engine of the repository `<org>/<name>`; its SPEC is named `hub:<org>/<name>`. Reads no network."""

    def fits(self, folder: Path) -> bool:
        """Whether the files in `folder` are of this kind."""
