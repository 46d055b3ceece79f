"""Models of the Hugging Face Hub: is it here, where, and fetch it with progress and cancel. Knows no task.

Where files are looked for, in this order: `MODU_MODELS_DIR/<org>/<name>/` (a folder in the Hub's layout that
the owner filled), then the ordinary Hub cache (`HF_HOME` and kin, as the ecosystem expects).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from pipelines import settings
from pipelines.errors import Cancelled, EngineUnavailable
from pipelines.job import Job
from pipelines.words import Text

log = logging.getLogger(__name__)

ANSWER_S = 5.0  # how long the Hub may take to say whether it has a repository
FIRST_BYTE_S = 8.0  # how long it may then take to send the first byte
SILENCE_S = 60.0  # and how long to pause in between
PIECE_BYTES = 1024 * 1024  # the library's own 10 MB would look like a pause on a slow line

_FETCHING = Text(
    en="Downloading {label}: {done:.0f} of {total:.0f} MB", ko="{label} 내려받는 중: {done:.0f} / {total:.0f} MB"
)
_SILENT = Text(
    en="could not be downloaded: the Hub stopped sending. Try again later.",
    ko="Hub에서 더 이상 보내지 않아 내려받지 못했습니다. 잠시 뒤에 다시 시도하세요.",
)
_STILL_WORKS = Text(en="The built-in engine still works.", ko="내장 엔진은 계속 쓸 수 있습니다.")


def find(repo: str | None, files: Sequence[str], revision: str | None = None) -> Path | None:
    """The folder that holds all of `files` (patterns) of this repository, or None. Never asks the network."""
    if repo is None:
        return None
    for folder in (_local_folder(repo), _cached_folder(repo, files, revision)):
        if folder is not None and _complete(folder, files):
            return folder
    return None


def fetch(repo: str | None, files: Sequence[str], revision: str | None, job: Job, label: Text) -> Path:
    """Download `files` of a repository into the Hub cache and return their folder.

    Resumes what an earlier try left. Every failure is an `EngineUnavailable` with its own sentence, within
    seconds; a cancel ends the call at once, wherever the download hangs.
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
    transfer = _Transfer(repo, files, revision)
    folder = transfer.follow(job, label)
    if not _complete(Path(folder), files):
        raise _unavailable(
            label,
            Text(en="is not complete on the Hub: a file it needs is missing.", ko="Hub에 필요한 파일이 빠져 있습니다."),
        )
    return Path(folder)


def _local_folder(repo: str) -> Path | None:
    root = settings.current().models_dir
    return root / repo if root is not None and (root / repo).is_dir() else None


def _cached_folder(repo: str, files: Sequence[str], revision: str | None) -> Path | None:
    import huggingface_hub
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        found = huggingface_hub.snapshot_download(
            repo, revision=revision, allow_patterns=list(files) or None, local_files_only=True
        )
    except LocalEntryNotFoundError:
        return None
    return Path(found)


def _complete(folder: Path, files: Sequence[str]) -> bool:
    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    return bool(names) and all(any(fnmatch(name, pattern) for name in names) for pattern in files)


class _Transfer:
    """A download in a thread of its own, so that its caller can leave while the library waits or retries."""

    def __init__(self, repo: str, files: Sequence[str], revision: str | None) -> None:
        self.repo, self.files, self.revision = repo, files, revision
        self.folder = ""
        self.error: Exception | None = None
        self.total = self.done = 0.0  # bytes
        self.news = time.monotonic()  # when something was last heard of the Hub
        self.left = threading.Event()  # the caller is gone
        self.ended = threading.Event()

    def follow(self, job: Job, label: Text) -> str:
        """Start, tell `job` how far it is, and return the folder."""
        threading.Thread(target=self._run, daemon=True, name=f"fetch-{self.repo}").start()
        try:
            while not self.ended.wait(0.1):
                job.check()
                if time.monotonic() - self.news > (SILENCE_S if self.done else FIRST_BYTE_S):
                    raise _unavailable(label, _SILENT)
                if self.total:
                    text = _FETCHING.format(label=label, done=self.done / 1e6, total=self.total / 1e6)
                    job.progress(self.done / self.total, text)
        finally:
            self.left.set()
        if self.error is not None:
            log.warning("fetching %s failed: %s: %s", self.repo, type(self.error).__name__, self.error)
            raise _unavailable(label, _why(self.error))
        return self.folder

    def _run(self) -> None:
        try:
            self.folder = self._download()
        except Exception as error:  # told to the visitor by whoever follows
            self.error = error
        self.ended.set()

    def _download(self) -> str:
        import huggingface_hub

        # Asked first with a short time-out: the download itself retries long before it says what is wrong.
        info = huggingface_hub.HfApi().model_info(
            self.repo, revision=self.revision, timeout=ANSWER_S, files_metadata=True
        )
        wanted = [file for file in info.siblings or [] if _matches(file.rfilename, self.files)]
        self.total = float(sum(file.size or 0 for file in wanted))
        self.news = time.monotonic()
        huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE = PIECE_BYTES
        return str(
            huggingface_hub.snapshot_download(
                self.repo,
                revision=self.revision,
                allow_patterns=list(self.files) or None,
                tqdm_class=_progress_bar(self._heard),
            )
        )

    def _heard(self, done: float) -> None:
        """Called by the library's threads at each piece; raising there is what ends a download."""
        if self.left.is_set():
            raise Cancelled
        self.news = time.monotonic()
        self.done = max(self.done, done)


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return not patterns or any(fnmatch(name, pattern) for pattern in patterns)


def _progress_bar(heard: Callable[[float], None]) -> type[Any]:
    """A tqdm class that shows nothing and reports the bytes of one download to `heard`."""
    from huggingface_hub.utils import tqdm

    class Bar(tqdm):  # type: ignore[misc]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            self._counts_bytes = kwargs.get("unit") == "B"
            kwargs.pop("name", None)
            kwargs["disable"] = True
            super().__init__(*args, **kwargs)
            self._bytes = float(kwargs.get("initial") or 0)
            self.total = kwargs.get("total")

        def update(self, n: float | None = 1) -> None:
            self._bytes += n or 0
            heard(self._bytes if self._counts_bytes else 0)

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
