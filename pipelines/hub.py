"""Models of the Hugging Face Hub: is it here, where, and fetch it with progress and cancel. Knows no task.

Where files are looked for, in this order: `MODU_MODELS_DIR/<org>/<name>/` (a folder in the Hub's layout that
the owner filled), then the ordinary Hub cache (`HF_HOME` and kin, as the ecosystem expects).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from pipelines import settings
from pipelines.errors import Cancelled, EngineUnavailable
from pipelines.job import Job
from pipelines.words import Text

log = logging.getLogger(__name__)

ANSWER_S = 5.0  # how long the Hub may take to say whether it has a repository

_FETCHING = Text(
    en="Downloading {label}: {done:.0f} of {total:.0f} MB", ko="{label} 내려받는 중: {done:.0f} / {total:.0f} MB"
)
_STILL_WORKS = Text(en="The built-in engine still works.", ko="내장 엔진은 계속 쓸 수 있습니다.")


def find(repo: str | None, files: Sequence[str], revision: str | None = None) -> Path | None:
    """The folder that holds all of `files` (patterns) of this repository, or None. Never asks the network."""
    if repo is None:
        return None
    for folder in (_local_folder(repo), _cached_folder(repo, revision)):
        if folder is not None and _complete(folder, files):
            return folder
    return None


def fetch(repo: str | None, files: Sequence[str], revision: str | None, job: Job, label: Text) -> Path:
    """Download `files` of a repository into the Hub cache and return their folder.

    Resumes what an earlier try left. Every failure is an `EngineUnavailable` with its own sentence, within
    seconds: the repository is asked for first with a short time-out, since the download itself retries long.
    """
    if repo is None:
        raise ValueError("a hub engine without a repository")
    if settings.current().offline:
        raise _unavailable(
            label,
            Text(
                en="has to be downloaded, and this server is set to work offline.",
                ko="내려받아야 하는데, 이 서버는 오프라인으로 설정되어 있습니다.",
            ),
        )
    import huggingface_hub

    try:
        huggingface_hub.HfApi().model_info(repo, revision=revision, timeout=ANSWER_S)
        job.check()
        folder = huggingface_hub.snapshot_download(
            repo, revision=revision, allow_patterns=list(files) or None, tqdm_class=_progress_bar(job, label)
        )
    except Cancelled:
        raise
    except Exception as error:
        job.check()  # the downloader may wrap our own Cancelled
        log.warning("fetching %s failed: %s: %s", repo, type(error).__name__, error)
        raise _unavailable(label, _why(error)) from None
    if not _complete(Path(folder), files):
        raise _unavailable(
            label,
            Text(en="is not complete on the Hub: a file it needs is missing.", ko="Hub에 필요한 파일이 빠져 있습니다."),
        )
    return Path(folder)


def _local_folder(repo: str) -> Path | None:
    root = settings.current().models_dir
    return root / repo if root is not None and (root / repo).is_dir() else None


def _cached_folder(repo: str, revision: str | None) -> Path | None:
    import huggingface_hub
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        return Path(huggingface_hub.snapshot_download(repo, revision=revision, local_files_only=True))
    except LocalEntryNotFoundError:
        return None


def _complete(folder: Path, files: Sequence[str]) -> bool:
    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    return bool(names) and all(any(fnmatch(name, pattern) for name in names) for pattern in files)


def _progress_bar(job: Job, label: Text) -> type[Any]:
    """A tqdm class that reports bytes to `job` and stops the download when the job is cancelled."""
    from huggingface_hub.utils import tqdm

    class Bar(tqdm):  # type: ignore[misc]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            self._bytes = kwargs.get("unit") == "B"
            kwargs.pop("name", None)
            kwargs["disable"] = True
            super().__init__(*args, **kwargs)
            self._done = float(kwargs.get("initial") or 0)
            self.total = kwargs.get("total")

        def update(self, n: float | None = 1) -> None:
            job.check()
            self._done += n or 0
            if self._bytes and self.total:
                text = _FETCHING.format(label=label, done=self._done / 1e6, total=self.total / 1e6)
                job.progress(self._done / self.total, text)

    return Bar


def _unavailable(label: Text, why: Text) -> EngineUnavailable:
    return EngineUnavailable(label + why + _STILL_WORKS)


def _why(error: Exception) -> Text:
    """The reason of a failed fetch, for people. The classes were observed with huggingface_hub 2.4."""
    from huggingface_hub import errors

    cause = error.__cause__ if isinstance(error, errors.LocalEntryNotFoundError) and error.__cause__ else error
    if isinstance(cause, errors.GatedRepoError):
        return Text(
            en="asks you to accept its terms on huggingface.co and to set HF_TOKEN.",
            ko="huggingface.co에서 이용 조건에 동의하고 HF_TOKEN을 설정해야 합니다.",
        )
    if isinstance(cause, errors.RepositoryNotFoundError):
        return Text(
            en="was not found on the Hub (or it is private).", ko="Hub에서 찾을 수 없습니다(비공개일 수도 있습니다)."
        )
    status = getattr(getattr(cause, "response", None), "status_code", None)
    if status is not None:
        return Text(
            en=f"could not be downloaded: the Hub answered {status}. Try again later.",
            ko=f"내려받지 못했습니다. Hub의 응답: {status}. 잠시 뒤에 다시 시도하세요.",
        )
    if isinstance(cause, OSError) and cause.errno == 28:
        return Text(en="could not be downloaded: the disk is full.", ko="디스크가 가득 차서 내려받지 못했습니다.")
    return Text(
        en="could not be downloaded: the Hub cannot be reached. Check the network.",
        ko="Hub에 연결할 수 없어 내려받지 못했습니다. 네트워크를 확인하세요.",
    )
