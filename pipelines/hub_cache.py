"""Where the files of one Hub repository lie on this machine. Never asks the network, knows no task.

The layout is the ordinary one of the Hub's tools (`models--org--name/{blobs,snapshots,refs}`), so that what they
fetched is found here and what is fetched here is found by them. A folder `.modu` beside it keeps what they have no
place for: which commit `main` meant when it was fetched, and, written last of all, the list of files that makes a
fetch complete.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

# Files that can run code when they are opened; one is taken only by a pattern that names its ending.
_UNSAFE = {".bin", ".ckpt", ".pt", ".pth", ".pkl", ".pickle", ".joblib", ".npy", ".h5", ".msgpack", ".py", ".sh", ".so"}


@dataclass(frozen=True)
class Entry:
    """One file of a repository. `check` as in `transfer.Remote`; `size` None where the Hub does not say."""

    path: str
    size: int | None = None
    check: str = ""

    @property
    def blob(self) -> str:
        """The name of its content in the cache."""
        return self.check.partition(":")[2] or hashlib.sha256(self.path.encode()).hexdigest()


def choose(entries: Iterable[Entry], patterns: Sequence[str]) -> tuple[list[Entry], list[str]]:
    """The files that `patterns` ask for, and the patterns that nothing matches.

    A pattern may give alternatives, best first: "unet/*.fp16.safetensors|unet/*.safetensors" takes the first that
    the repository has; an empty last one means "or nothing". Names that lead out of the repository are never taken.
    """
    known = {entry.path: entry for entry in entries if _inside(entry.path)}
    chosen: dict[str, Entry] = {}
    missing = []
    for pattern in patterns or ("*",):
        found = _first_match(list(known), pattern)
        if found is None:
            missing.append(pattern)
        chosen.update({name: known[name] for name in found or []})
    return [chosen[name] for name in sorted(chosen)], missing


def _first_match(names: list[str], pattern: str) -> list[str] | None:
    for alternative in pattern.split("|"):
        found = [name for name in names if fnmatchcase(name, alternative) and _allowed(name, alternative)]
        if found or not alternative:
            return found
    return None


def _allowed(name: str, pattern: str) -> bool:
    ending = PurePosixPath(name).suffix.lower()
    return ending not in _UNSAFE or pattern.lower().endswith(ending)


def _inside(name: str) -> bool:
    parts = name.split("/")
    return bool(name) and "\\" not in name and ":" not in name and not {"", ".", ".."} & set(parts)


class Repository:
    """One repository in the Hub cache."""

    def __init__(self, repo: str) -> None:
        from huggingface_hub import constants

        self.folder = Path(constants.HF_HUB_CACHE) / f"models--{repo.replace('/', '--')}"
        self.lock_file = Path(constants.HF_HUB_CACHE) / ".locks" / self.folder.name / "modu.lock"

    def commit(self, revision: str | None) -> str | None:
        """The commit that `revision` means here: a commit means itself, None what `main` was at the first fetch."""
        if revision is not None and len(revision) == 40:
            return revision
        places = [self._marks / "main"] if revision is None else []
        for place in [*places, self.folder / "refs" / (revision or "main")]:
            if place.is_file():
                return place.read_text().strip()
        return None

    def find(self, patterns: Sequence[str], revision: str | None) -> Path | None:
        """The snapshot folder that holds all that `patterns` ask for, whole, or None."""
        commit = self.commit(revision)
        if commit is None:
            return None
        folder = self.snapshot(commit)
        listed = self.listed(commit, patterns)
        if listed is not None:
            return folder if all(_lies(folder / entry.path, entry.size) for entry in listed) else None
        begun = self._mark(commit, patterns, "begun").exists()
        return folder if not begun and holds(folder, patterns) else None

    def snapshot(self, commit: str) -> Path:
        return self.folder / "snapshots" / commit

    def blob(self, entry: Entry) -> Path:
        return self.folder / "blobs" / entry.blob

    def listed(self, commit: str, patterns: Sequence[str]) -> list[Entry] | None:
        """The files of a fetch that was completed here, or None."""
        mark = self._mark(commit, patterns, "json")
        if not mark.is_file():
            return None
        return [Entry(**row) for row in json.loads(mark.read_text())]

    def begin(self, commit: str, patterns: Sequence[str]) -> None:
        """Say that a fetch is under way: until `complete`, what lies here is not trusted."""
        self._marks.mkdir(parents=True, exist_ok=True)
        self._mark(commit, patterns, "begun").touch()

    def link(self, commit: str, entry: Entry) -> None:
        """Show a whole blob under its name in the snapshot (by a link, or by moving it where links are not allowed)."""
        shown = self.snapshot(commit) / entry.path
        shown.parent.mkdir(parents=True, exist_ok=True)
        if shown.is_symlink() or shown.exists():
            shown.unlink()
        up = "../" * (2 + entry.path.count("/"))
        try:
            shown.symlink_to(f"{up}blobs/{entry.blob}")
        except OSError:
            shutil.move(self.blob(entry), shown)

    def complete(self, commit: str, patterns: Sequence[str], entries: Sequence[Entry], revision: str | None) -> None:
        """Write down what makes the fetch whole. The last step of a fetch."""
        refs = self.folder / "refs" / (revision or "main")
        if commit != revision:
            _write(refs, commit)
        if revision is None:
            _write(self._marks / "main", commit)
        _write(self._mark(commit, patterns, "json"), json.dumps([asdict(entry) for entry in entries]))
        self._mark(commit, patterns, "begun").unlink(missing_ok=True)

    def remove(self, patterns: Sequence[str]) -> float:
        """Delete the files that `patterns` ask for from every snapshot, and what nothing else needs. Returns MB."""
        before = _bytes_below(self.folder)
        for snapshot in self._snapshots():
            chosen, _ = choose(entries_below(snapshot), patterns)
            for entry in chosen:
                (snapshot / entry.path).unlink()
            for commit_mark in ("json", "begun"):
                self._mark(snapshot.name, patterns, commit_mark).unlink(missing_ok=True)
        self._drop_unused_blobs()
        if not any(entries_below(self.folder / "snapshots")):
            shutil.rmtree(self.folder, ignore_errors=True)
        return (before - _bytes_below(self.folder)) / 1e6

    def _drop_unused_blobs(self) -> None:
        used = {path.resolve() for snapshot in self._snapshots() for path in snapshot.rglob("*") if path.is_symlink()}
        blobs = self.folder / "blobs"
        for blob in blobs.iterdir() if blobs.is_dir() else ():
            if blob.resolve() not in used:
                blob.unlink()

    def _snapshots(self) -> list[Path]:
        folder = self.folder / "snapshots"
        return sorted(folder.iterdir()) if folder.is_dir() else []

    @property
    def _marks(self) -> Path:
        return self.folder / ".modu"

    def _mark(self, commit: str, patterns: Sequence[str], ending: str) -> Path:
        kind = hashlib.sha256("\n".join(patterns).encode()).hexdigest()[:12]
        return self._marks / f"{commit}-{kind}.{ending}"


def holds(folder: Path, patterns: Sequence[str]) -> bool:
    """Whether a folder has something for each pattern."""
    chosen, missing = choose(entries_below(folder), patterns)
    return bool(chosen) and not missing


def entries_below(folder: Path) -> list[Entry]:
    """The files that lie in a folder, with their sizes."""
    found = folder.rglob("*") if folder.is_dir() else ()
    return [Entry(path.relative_to(folder).as_posix(), path.stat().st_size) for path in found if path.is_file()]


def _lies(path: Path, size: int | None) -> bool:
    return path.is_file() and (size is None or path.stat().st_size == size)


def _bytes_below(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def _write(path: Path, text: str) -> None:
    """All of it or nothing, whatever happens in between."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(text)
    fresh.replace(path)
