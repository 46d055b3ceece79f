"""A question to some files, with what was read for the question before."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from pipelines import engines, settings
from pipelines.documents.contract import TASK, Found, Passage
from pipelines.documents.index import Index, build
from pipelines.documents.keeping import Kept
from pipelines.documents.reading import check_size, read, too_much_text
from pipelines.errors import TooLarge
from pipelines.job import Job
from pipelines.words import Text

PIECE = 1 << 20
_read: Kept[list[Passage]] = Kept()
_built: Kept[Index] = Kept()

Key = tuple[str, str]  # the content's SHA-256, and the name that citations show


def search_files(
    question: str, files: Sequence[tuple[Path, str]], k: int = 4, index: str = "auto", job: Job = Job()
) -> list[Found]:
    """The passages of these files (path, name shown) that fit the question best, best first.

    What was read is kept for a while under the content's checksum, so that the next question does not read again;
    only a caller who has the same content finds it. No files give no passages.
    """
    _check_count(len(files))
    if not files:
        return []
    return _index(files, index, job).search(question, k, job)


def forget() -> None:
    """Drop all that is kept."""
    _read.clear()
    _built.clear()


def _index(files: Sequence[tuple[Path, str]], index: str, job: Job) -> Index:
    engine = engines.choose(TASK, index).name
    named = {_key(path, name): (path, name) for path, name in files}
    by_content = {key[0]: key for key in reversed(list(named))}  # the same content twice: the first name counts
    keys = tuple(key for key in named if by_content[key[0]] == key)
    kept = _built.get((engine, keys))
    if kept is not None:
        return kept
    passages: list[Passage] = []
    for key in keys:
        passages += _passages(key, *named[key], job)
        _check_text(passages)
    return _built.put((engine, keys), build(passages, engine, job), _characters(passages))


def _passages(key: Key, path: Path, name: str, job: Job) -> list[Passage]:
    kept = _read.get(key)
    if kept is not None:
        return kept
    passages = read(path, name, job)
    return _read.put(key, passages, _characters(passages))


def _key(path: Path, name: str) -> Key:
    check_size(path, name)
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
    return digest.hexdigest(), name


def _characters(passages: Sequence[Passage]) -> int:
    return sum(len(passage.text) for passage in passages)


def _check_text(passages: Sequence[Passage]) -> None:
    most = settings.current().limits.document_characters
    if _characters(passages) > most:
        raise TooLarge(too_much_text(most))


def _check_count(count: int) -> None:
    most = settings.current().limits.documents
    if count > most:
        raise TooLarge(
            Text(
                en=f"{count} documents are too many at once; at most {most} work here.",
                ko=f"문서가 {count}개입니다. 한 번에 {most}개까지 쓸 수 있습니다.",
            )
        )
