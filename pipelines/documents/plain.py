"""Text and Markdown files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pipelines.documents import decoding, splitting
from pipelines.job import Job


def texts(path: Path, name: str, job: Job) -> Iterator[tuple[int, str]]:
    """Passages of a file that has no pages."""
    for passage in splitting.split(splitting.reflowed(decoding.decoded(path, name))):
        job.check()
        yield 0, passage
