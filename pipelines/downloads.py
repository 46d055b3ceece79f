"""Weights that lie on an ordinary web server: is the file here, and fetch it with resume and checksum.

For the few models that the Hub tools cannot fetch. Where a file is looked for: `MODU_MODELS_DIR/<folder>/`,
then the cache folder of the package that knows it, so that what its owner fetched before is found.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines import hub, settings, sharing, transfer
from pipelines.job import Job
from pipelines.transfer import Meter, NotFetched, Remote
from pipelines.words import Text

log = logging.getLogger(__name__)

_OFFLINE = Text(
    en="has to be downloaded, and this server is set to work offline.",
    ko="내려받아야 하는데, 이 서버는 오프라인으로 설정되어 있습니다.",
)
_SILENT = Text(
    en="could not be downloaded: the server stopped sending. Try again later.",
    ko="서버에서 더 이상 보내지 않아 내려받지 못했습니다. 잠시 뒤에 다시 시도하세요.",
)

_good: dict[str, tuple[int, float]] = {}  # files whose checksum was right: path -> size and time of change
_table = threading.Lock()


@dataclass(frozen=True)
class WebFile:
    """One file: where it is, what it must hash to, and the folder of its kind on this machine."""

    folder: str  # below the cache directory and below MODU_MODELS_DIR, e.g. "whisper"
    name: str
    url: str
    sha256: str


def find(files: Sequence[WebFile]) -> Path | None:
    """The folder that holds all `files` (none of them half), or None. Never asks the network."""
    for folder in _folders(files[0].folder):
        if all((folder / file.name).is_file() for file in files):
            return folder
    return None


def fetch(files: Sequence[WebFile], job: Job, label: Text) -> Path:
    """Download `files` into the cache folder and return it. Resumes what an earlier try left.

    A file gets its name only when its checksum is right. Who asks for what another already fetches joins in.
    Every failure is an `EngineUnavailable`.
    """
    if settings.current().offline:
        raise hub.unavailable(label, _OFFLINE)
    return sharing.run(
        ("web", tuple(files)),
        lambda shared: _fetch_all(files, shared, label),
        job,
        lambda: hub.unavailable(label, _SILENT),
        hub.SILENCE_S,
    )


def destination(files: Sequence[WebFile]) -> Path:
    """The folder into which `fetch` writes."""
    return _folders(files[0].folder)[-1]


def remove(files: Sequence[WebFile]) -> float:
    """Delete the files from the cache folder (never from the owner's) and return the MB that this freed."""
    freed = 0
    for file in files:
        target = destination(files) / file.name
        for path in (target, transfer.part_of(target)):
            if path.is_file():
                freed += path.stat().st_size
                path.unlink()
    return freed / 1e6


def checked(path: Path, sha256: str) -> bool:
    """Whether the file hashes to `sha256`. Read once; asked again only when the file changes."""
    facts = path.stat()
    seen = (facts.st_size, facts.st_mtime)
    with _table:
        if _good.get(f"{path}:{sha256}") == seen:
            return True
    digest = hashlib.sha256()
    with path.open("rb") as opened:
        while piece := opened.read(1 << 22):
            digest.update(piece)
    if digest.hexdigest() != sha256:
        return False
    with _table:
        _good[f"{path}:{sha256}"] = seen
    return True


def _folders(name: str) -> list[Path]:
    models = settings.current().models_dir
    own = [models / name] if models is not None else []
    return [*own, settings.cache_dir() / name]


def _fetch_all(files: Sequence[WebFile], job: Job, label: Text) -> Path:
    folder, line = destination(files), transfer.Line()
    try:
        with (
            sharing.alone(settings.cache_dir() / "modu" / f"{folder.name}.lock", job, label),
            line.held(),
        ):
            for file in files:
                target, check = folder / file.name, f"sha256:{file.sha256}"
                if not transfer.sound(target, None, check, job):
                    target.unlink(missing_ok=True)
                    transfer.receive(line, Remote(file.url, None, check), target, Meter(job, label), {})
    except OSError as error:
        log.warning("%s cannot be written: %s", folder, error)
        raise hub.unavailable(label, transfer.storage(error)) from None
    except NotFetched as error:
        log.warning("fetching into %s failed: %s", folder, error)
        raise hub.unavailable(label, error.why) from None
    return folder
