"""Documents: `read` a file into passages, `build` an index, or ask `search_files`; `best_quotes` answers by quoting.

A library for whoever needs it; it knows nothing of chat. Its engines are the kinds of index.
"""

from __future__ import annotations

from pipelines import engines
from pipelines.documents import e5, embedded
from pipelines.documents.contract import TASK, Found, Passage, Quote, Searcher
from pipelines.documents.index import Index, build
from pipelines.documents.quoting import best_quotes
from pipelines.documents.reading import READERS, read
from pipelines.documents.searching import forget, search_files

ENGINES = engines.register(TASK, (embedded, e5))
ENDINGS = tuple(READERS)

__all__ = [
    "ENDINGS", "ENGINES", "Found", "Index", "Passage", "Quote", "Searcher",
    "best_quotes", "build", "forget", "read", "search_files",
]  # fmt: skip
