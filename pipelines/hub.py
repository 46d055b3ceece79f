"""Models of the Hugging Face Hub: is it here, where, what would it cost, and fetch it. Knows no task.

Where files are looked for, in this order: `MODU_MODELS_DIR/<org>/<name>/` (a folder in the Hub's layout that
the owner filled), then the ordinary Hub cache (`HF_HOME` and kin, as the ecosystem expects).

From a terminal: `python -m pipelines.hub plan|fetch|list|remove <task>/<engine>` (see `hub_cli`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines import settings, sharing, transfer
from pipelines.bridge import aside
from pipelines.errors import Cancelled, EngineUnavailable
from pipelines.hub_cache import Entry, Repository, choose, holds
from pipelines.job import Job
from pipelines.transfer import Meter, NotFetched, Remote
from pipelines.words import Text

log = logging.getLogger(__name__)

ANSWER_S = 5.0  # how long the Hub may take to say what a repository holds
SILENCE_S = 14.0  # after so long without any news a download is given up, wherever it hangs

_OFFLINE = Text(
    en="has to be downloaded, and this server is set to work offline.",
    ko="내려받아야 하는데, 이 서버는 오프라인으로 설정되어 있습니다.",
)
_SILENT = Text(
    en="could not be downloaded: the Hub stopped sending. Try again later.",
    ko="Hub에서 더 이상 보내지 않아 내려받지 못했습니다. 잠시 뒤에 다시 시도하세요.",
)
_INCOMPLETE = Text(
    en="is not complete on the Hub: a file it needs is missing.", ko="Hub에 필요한 파일이 빠져 있습니다."
)
_STILL_WORKS = Text(en="The built-in engine still works.", ko="내장 엔진은 계속 쓸 수 있습니다.")
_ASKING = Text(en="Asking the Hub about {label}...", ko="Hub에 {label} 정보를 묻는 중...")


@dataclass(frozen=True)
class Listing:
    """What the Hub says about a repository: the files that were asked for, and what is known beside them."""

    repo: str
    commit: str
    files: tuple[Entry, ...]
    gated: bool
    licence: str  # "" where the card names none
    have: int  # bytes of `files` that are here already

    @property
    def size(self) -> int:
        return sum(entry.size or 0 for entry in self.files)


def find(repo: str | None, files: Sequence[str], revision: str | None = None) -> Path | None:
    """The folder that holds all of `files` (patterns) of this repository, or None. Never asks the network."""
    if repo is None:
        return None
    own = owners_folder(repo)
    if own is not None and holds(own, files):
        return own
    return Repository(repo).find(files, revision)


def owners_folder(repo: str) -> Path | None:
    """The repository's folder under `MODU_MODELS_DIR`, if there is one. Nothing is ever written or deleted there."""
    root = settings.current().models_dir
    return root / repo if root is not None and (root / repo).is_dir() else None


def owners_repositories() -> list[str]:
    """What lies under `MODU_MODELS_DIR` in the Hub's layout, as `<org>/<name>`."""
    root = settings.current().models_dir
    if root is None or not root.is_dir():
        return []
    return sorted(f"{one.parent.name}/{one.name}" for one in root.glob("*/*") if one.is_dir())


def permitted(repo: str) -> bool:
    """Whether a visitor may use a repository by its name: on a managed server, only what its owner listed."""
    chosen = settings.current()
    listed = repo in chosen.allow or f"hub:{repo}" in chosen.engines.values()
    return not chosen.managed or listed or owners_folder(repo) is not None


def fetch(
    repo: str | None,
    files: Sequence[str],
    revision: str | None,
    job: Job,
    label: Text,
    update: bool = False,
    admit: Callable[[Listing], None] | None = None,
) -> Path:
    """Download `files` of a repository into the Hub cache and return their folder.

    Goes on from what an earlier try left, repairs what is damaged, and stays on the commit of the first fetch
    unless `update`. Who asks for what another already fetches joins in. Every failure is an `EngineUnavailable`
    with its own sentence, within seconds; a cancel ends the call at once, wherever the download hangs. `admit` sees
    what the Hub has before anything is brought, and may raise.
    """
    if repo is None:
        raise ValueError("a hub engine without a repository")
    if settings.current().offline:
        raise unavailable(label, _OFFLINE)
    return sharing.run(
        ("hub", repo, revision, tuple(files), update),
        lambda shared: _guarded(_Fetch(repo, files, revision, update, label, admit), shared),
        job,
        lambda: unavailable(label, _SILENT),
        SILENCE_S,
    )


def listing(repo: str, files: Sequence[str], revision: str | None, label: Text) -> Listing:
    """Ask the Hub what a fetch would bring. The recorded commit is asked for, where there is one."""
    if settings.current().offline:
        raise unavailable(label, _OFFLINE)
    try:
        return _ask(repo, files, Repository(repo).commit(revision) or revision, Job())
    except NotFetched as error:
        raise unavailable(label, error.why) from None


def damaged(repo: str, files: Sequence[str], revision: str | None, job: Job) -> bool:
    """Whether a file in the Hub cache no longer has the checksum that the Hub gave. Asks nobody."""
    here = Repository(repo)
    commit = here.commit(revision)
    listed = here.listed(commit, files) if commit is not None else None
    folder = here.snapshot(commit or "")
    return any(not transfer.sound(folder / entry.path, entry.size, entry.check, job) for entry in listed or ())


def remove(repo: str, files: Sequence[str]) -> float:
    """Delete these files from the Hub cache and return the MB that this freed."""
    return Repository(repo).remove(files)


def unavailable(label: Text, why: Text) -> EngineUnavailable:
    """The error of an engine whose files could not be brought."""
    return EngineUnavailable(label + why + _STILL_WORKS)


def _guarded(task: _Fetch, job: Job) -> Path:
    try:
        return task.run(job)
    except NotFetched as error:
        log.warning("fetching %s failed: %s", task.repo, error)
        raise unavailable(task.label, error.why) from None


@dataclass(frozen=True)
class _Fetch:
    """One download of a repository's files."""

    repo: str
    files: Sequence[str]
    revision: str | None
    update: bool
    label: Text
    admit: Callable[[Listing], None] | None = None

    def run(self, job: Job) -> Path:
        job.progress(None, _ASKING.format(label=self.label))
        here = Repository(self.repo)
        commit = None if self.update else here.commit(self.revision)
        wanted = _ask(self.repo, self.files, commit or self.revision, job)
        if self.admit is not None:
            self.admit(wanted)
        try:
            with sharing.alone(here.lock_file, job, self.label):
                return self._bring(here, wanted, job)
        except OSError as error:
            log.warning("the Hub cache cannot be written: %s", error)
            raise NotFetched(transfer.storage(error)) from None

    def _bring(self, here: Repository, wanted: Listing, job: Job) -> Path:
        here.begin(wanted.commit, self.files)
        meter = Meter(job, self.label, float(wanted.size))
        lacking = [entry for entry in wanted.files if not _here(here, wanted.commit, entry, meter)]
        parts = sum(_length(transfer.part_of(here.blob(entry))) for entry in lacking)
        transfer.require_space(here.folder, sum(entry.size or 0 for entry in lacking) - parts)
        headers = _headers()
        line = transfer.Line()
        with line.held():
            for entry in lacking:
                remote = Remote(_address(self.repo, entry, wanted.commit), entry.size, entry.check)
                transfer.receive(line, remote, here.blob(entry), meter, headers)
                here.link(wanted.commit, entry)
        job.check()
        here.complete(wanted.commit, self.files, wanted.files, self.revision)
        return here.snapshot(wanted.commit)


def _here(here: Repository, commit: str, entry: Entry, meter: Meter) -> bool:
    """Whether a file lies here whole; one that is damaged is deleted, to be brought again."""
    shown, blob = here.snapshot(commit) / entry.path, here.blob(entry)
    place = shown if shown.is_file() else blob
    if not place.is_file():
        return False
    if not transfer.sound(place, entry.size, entry.check, meter.job):
        log.warning("%s is damaged and is brought again", entry.path)
        place.resolve().unlink()
        return False
    if place == blob:
        here.link(commit, entry)
    meter.moved(entry.size or 0)
    return True


def _ask(repo: str, files: Sequence[str], revision: str | None, job: Job) -> Listing:
    """What the Hub says about the repository, at once or `NotFetched`: this one request is never repeated."""
    import huggingface_hub

    def said() -> Any:
        return huggingface_hub.HfApi().model_info(repo, revision=revision, timeout=ANSWER_S, files_metadata=True)

    try:
        info = aside(said, job)
    except Cancelled:
        raise
    except Exception as error:  # every class of failure is told apart below
        raise NotFetched(_why(error)) from None
    entries, missing = choose([_entry(one) for one in info.siblings or []], files)
    if missing or not info.sha:
        log.warning("%s has nothing for %s", repo, missing)
        raise NotFetched(_INCOMPLETE)
    here = Repository(repo)
    have = sum(entry.size or 0 for entry in entries if here.blob(entry).is_file())
    licence = str((info.card_data or {}).get("license") or "")
    return Listing(repo, info.sha, tuple(entries), bool(info.gated), licence, have)


def _entry(sibling: Any) -> Entry:
    digest = getattr(sibling.lfs, "sha256", None)
    check = f"sha256:{digest}" if digest else f"git:{sibling.blob_id}" if sibling.blob_id else ""
    return Entry(sibling.rfilename, sibling.size, check)


def _headers() -> dict[str, str]:
    """What the Hub's own tools would send, the token of `HF_TOKEN` included. Never logged."""
    from huggingface_hub.utils import build_hf_headers

    return dict(build_hf_headers())


def _address(repo: str, entry: Entry, commit: str) -> str:
    import huggingface_hub

    return str(huggingface_hub.hf_hub_url(repo, entry.path, revision=commit))


def _length(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _why(error: Exception) -> Text:
    """The reason why the Hub did not answer, for people."""
    answer = getattr(error, "response", None)
    if answer is not None:
        status = answer.status_code
        if status == 404:
            return Text(en="was not found on the Hub.", ko="Hub에서 찾을 수 없습니다.")
        return transfer.refusal(status, answer.headers)
    log.warning("the Hub did not answer: %s: %s", type(error).__name__, error)
    return transfer.trouble(error)


if __name__ == "__main__":
    import sys

    from pipelines.hub_cli import main

    sys.exit(main(sys.argv[1:]))
