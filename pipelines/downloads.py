"""Weights that lie on an ordinary web server: is the file here, and fetch it with resume and checksum.

For the few models that the Hub tools cannot fetch. Where a file is looked for: `MODU_MODELS_DIR/<folder>/`,
then the cache folder of the package that knows it, so that what its owner fetched before is found.
"""

from __future__ import annotations

import hashlib
import logging
import shutil
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines import settings
from pipelines.errors import EngineUnavailable
from pipelines.job import Job
from pipelines.words import Text

log = logging.getLogger(__name__)

ANSWER_S = 10.0  # how long the server may stay silent, at the start and between two pieces
TRIES = 5  # a broken connection is taken up again where it broke, this many times
PIECE = 1 << 18
_SPARE_BYTES = 200_000_000  # left free on the disk

_FETCHING = Text(
    en="Downloading {label}: {done:.0f} of {total:.0f} MB", ko="{label} 내려받는 중: {done:.0f} / {total:.0f} MB"
)
_STILL_WORKS = Text(en="The built-in engine still works.", ko="내장 엔진은 계속 쓸 수 있습니다.")

_good: dict[str, tuple[int, float]] = {}  # files whose checksum was right: path -> size and time of change
_table = threading.Lock()


@dataclass(frozen=True)
class WebFile:
    """One file: where it is, what it must hash to, and the folder of its kind on this machine."""

    folder: str  # below the cache directory and below MODU_MODELS_DIR, e.g. "whisper"
    name: str
    url: str
    sha256: str


class _Broken(Exception):
    """The connection ended before the file did."""


def find(files: Sequence[WebFile]) -> Path | None:
    """The folder that holds all `files` (none of them half), or None. Never asks the network."""
    for folder in _folders(files[0].folder):
        if all((folder / file.name).is_file() for file in files):
            return folder
    return None


def fetch(files: Sequence[WebFile], job: Job, label: Text) -> Path:
    """Download `files` into the cache folder and return it. Resumes what an earlier try left.

    A file gets its name only when its checksum is right. Every failure is an `EngineUnavailable`.
    """
    if settings.current().offline:
        raise _unavailable(
            label,
            "has to be downloaded, and this server is set to work offline.",
            "내려받아야 하는데, 이 서버는 오프라인으로 설정되어 있습니다.",
        )
    folder = _folders(files[0].folder)[-1]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file in files:
            _fetch_one(file, folder, job, label)
    except OSError as error:
        log.warning("writing to %s failed: %s", folder, error)
        raise _unavailable(
            label,
            "could not be stored: the disk is full or read-only.",
            "디스크가 가득 찼거나 쓸 수 없어 저장하지 못했습니다.",
        ) from None
    return folder


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


def _fetch_one(file: WebFile, folder: Path, job: Job, label: Text) -> None:
    target = folder / file.name
    if target.is_file() and checked(target, file.sha256):
        return
    part = folder / f"{file.name}.part"
    _receive(file, part, job, label)
    if not checked(part, file.sha256):
        part.unlink()
        raise _unavailable(
            label,
            "arrived damaged: its checksum is wrong. Try again.",
            "받은 파일의 체크섬이 맞지 않습니다. 다시 시도해 주세요.",
        )
    part.replace(target)


def _receive(file: WebFile, part: Path, job: Job, label: Text) -> None:
    import httpx

    for attempt in range(TRIES):
        before = part.stat().st_size if part.exists() else 0
        try:
            _receive_rest(file, part, job, label)
            return
        except (_Broken, httpx.TransportError) as error:
            log.warning("%s, try %d: %s: %s", file.url, attempt + 1, type(error).__name__, error)
            moved = part.exists() and part.stat().st_size > before
            if not moved and attempt:  # twice in a row nothing came: there is no network
                break
        except httpx.HTTPStatusError as error:
            status = error.response.status_code
            raise _unavailable(
                label,
                f"could not be downloaded: the server answered {status}. Try again later.",
                f"내려받지 못했습니다. 서버의 응답: {status}. 잠시 뒤에 다시 시도하세요.",
            ) from None
    raise _unavailable(
        label,
        "could not be downloaded: its server cannot be reached. Check the network.",
        "서버에 연결할 수 없어 내려받지 못했습니다. 네트워크를 확인하세요.",
    )


def _receive_rest(file: WebFile, part: Path, job: Job, label: Text) -> None:
    """Ask for what `part` does not hold yet, and append it."""
    import httpx

    job.check()
    done = part.stat().st_size if part.exists() else 0
    headers = {"Range": f"bytes={done}-", "Accept-Encoding": "identity"} if done else {"Accept-Encoding": "identity"}
    with httpx.stream("GET", file.url, headers=headers, timeout=ANSWER_S, follow_redirects=True) as answer:
        if answer.status_code == 416:  # nothing is left to ask for
            return
        answer.raise_for_status()
        if answer.status_code != 206:
            done = 0  # the server does not resume: from the beginning
        total = done + int(answer.headers.get("content-length", 0))
        _check_space(part, total - done, label)
        with part.open("ab" if done else "wb") as out:
            for piece in answer.iter_bytes(PIECE):
                job.progress(done / total if total else None, _told(label, done, total))
                out.write(piece)
                done += len(piece)
        if done < total:
            raise _Broken(f"{done} of {total} bytes")


def _told(label: Text, done: int, total: int) -> Text:
    return _FETCHING.format(label=label, done=done / 1e6, total=total / 1e6)


def _check_space(part: Path, wanted: int, label: Text) -> None:
    free = shutil.disk_usage(part.parent).free
    if wanted + _SPARE_BYTES > free:
        raise _unavailable(
            label,
            f"needs {wanted / 1e6:.0f} MB on the disk, and {free / 1e6:.0f} MB are free.",
            f"디스크 공간이 {wanted / 1e6:.0f} MB 필요한데 {free / 1e6:.0f} MB만 남아 있습니다.",
        )


def _unavailable(label: Text, en: str, ko: str) -> EngineUnavailable:
    return EngineUnavailable(label + Text(en=en, ko=ko) + _STILL_WORKS)
