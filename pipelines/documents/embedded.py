"""The built-in search: passages that share the most telling runs of letters with the question.

Two to four letters in a row, inside words, weighted by how rare they are (TF-IDF, scikit-learn). Korean needs no
tokenizer for it: endings change, stems stay. It knows no synonyms. What was chosen among: `benchmarks/rag.py`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.documents.contract import TASK
from pipelines.engines import EngineSpec
from pipelines.job import Job
from pipelines.words import Text

SPEC = EngineSpec(
    task=TASK,
    name="embedded",
    label=Text(en="Letters in common (built in)", ko="글자 비교(내장)"),
    kind="embedded",
    rank=10,
    licence="MIT",
    size_mb=0.1,  # this module; nothing was trained
    memory_mb=300,  # measured with two million characters, scikit-learn included
    requires=("sklearn",),
    shared=True,
)

LEAST = 0.02  # below this the few letters in common are chance
GRAMS = (2, 4)


@dataclass(frozen=True)
class Letters:
    """What the search keeps of the passages: (passages, runs of letters), rows of length 1."""

    vectors: Any
    matrix: Any


class LetterSearch:
    """Holds nothing; any number of calls may use it at once."""

    def prepare(self, texts: Sequence[str], job: Job) -> Letters:
        vectors = vectorizer()
        return Letters(vectors, vectors.fit_transform(_watched(texts, job)))

    def nearest(self, prepared: Letters, question: str, k: int) -> list[tuple[int, float]]:
        scores = (prepared.matrix @ prepared.vectors.transform([question]).T).toarray().ravel()
        best = sorted(range(len(scores)), key=lambda at: -scores[at])[:k]
        return [(at, float(scores[at])) for at in best if scores[at] >= LEAST]


def load(folder: Path | None) -> LetterSearch:
    vectorizer()  # what takes time is the import of scikit-learn
    return LetterSearch()


def vectorizer() -> Any:
    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(
        preprocessor=plain, analyzer="char_wb", ngram_range=GRAMS, sublinear_tf=True, dtype=np.float32
    )


def plain(text: str) -> str:
    """One form for what looks or means the same: full-width letters, ligatures, parts of Hangul, capitals."""
    return unicodedata.normalize("NFKC", text).casefold()


def _watched(texts: Iterable[str], job: Job) -> Iterator[str]:
    for text in texts:
        job.check()
        yield text
