"""What reading and searching documents give, and what a search engine must offer. Data only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pipelines.job import Job

TASK = "documents"


@dataclass(frozen=True)
class Passage:
    """A piece of a document that can be cited. `page` counts from 1; 0 where a file has no pages."""

    file: str
    page: int
    text: str


@dataclass(frozen=True)
class Found:
    """A passage that a search found. `score` is above 0, and comparable only within one search."""

    passage: Passage
    score: float


@dataclass(frozen=True)
class Quote:
    """One or two sentences of a passage, or a row of a table, as they stand there, and the passage they are from."""

    text: str
    source: Passage


class Searcher(Protocol):
    """A loaded engine. What it prepares is kept by the index, so the engine itself may be unloaded in between."""

    def prepare(self, texts: Sequence[str], job: Job) -> Any:
        """Whatever `nearest` needs of these texts. Holds no reference to the engine."""

    def nearest(self, prepared: Any, question: str, k: int) -> list[tuple[int, float]]:
        """At most `k` positions of texts with their scores, best first; texts that have nothing in common stay out."""
