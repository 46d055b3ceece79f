"""Passages made ready for questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipelines import checks, engines, settings
from pipelines.documents.contract import TASK, Found, Passage
from pipelines.errors import InvalidInput
from pipelines.job import Job
from pipelines.words import Text

MOST_FOUND = 20


@dataclass(frozen=True)
class Index:
    """Passages and what one engine made of them. Safe to search from several threads."""

    passages: tuple[Passage, ...]
    engine: str
    prepared: Any

    def search(self, question: str, k: int = 4, job: Job = Job()) -> list[Found]:
        """At most `k` passages that fit the question, best first; none when nothing does."""
        asked = checks.text(question, "question", settings.current().limits.prompt_characters).strip()
        wanted = checks.whole(k, "k", 1, MOST_FOUND)
        if not asked:
            raise InvalidInput(Text(en="The question is empty.", ko="질문이 비어 있습니다."))
        with engines.use(TASK, self.engine, job) as (_, engine):
            hits = engine.nearest(self.prepared, asked, wanted)
        return [Found(self.passages[at], score) for at, score in hits]


def build(passages: Sequence[Passage], index: str = "embedded", job: Job = Job()) -> Index:
    """Make passages searchable with the engine named by `index` ("auto": the best that is ready here)."""
    if not passages:
        raise InvalidInput(Text(en="There is no text to search.", ko="찾아볼 글이 없습니다."))
    with engines.use(TASK, index, job) as (spec, engine):
        prepared = engine.prepare([passage.text for passage in passages], job)
    return Index(tuple(passages), spec.name, prepared)
