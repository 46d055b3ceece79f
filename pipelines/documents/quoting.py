"""The sentences of found passages that fit the question: an answer without a model that writes."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.documents import embedded, splitting
from pipelines.documents.contract import Found, Quote
from pipelines.documents.splitting import Unit
from pipelines.documents.table import BESIDE

MOST = 3
SHORT = 200.0  # a sentence narrower than this is quoted with the one after it


def best_quotes(question: str, found: Sequence[Found], most: int = MOST) -> list[Quote]:
    """One quote from each of the best passages, best first, word for word as they stand there.

    A sentence counts by the letters that it shares with the question, and by how well its passage fits.
    """
    listed = [(one, _sentences(one.passage.text)) for one in found]
    if not listed:
        return []
    vectors = embedded.vectorizer()
    matrix = vectors.fit_transform([sentence.text for _, sentences in listed for sentence in sentences])
    scores = (matrix @ vectors.transform([question]).T).toarray().ravel()
    highest = max(one.score for one, _ in listed)
    quotes: list[tuple[float, Quote]] = []
    begin = 0
    for one, sentences in listed:
        own = scores[begin : begin + len(sentences)]
        begin += len(sentences)
        at = int(own.argmax())
        quotes.append(
            (float(own[at]) + one.score / highest, Quote(_around(sentences, at, one.passage.text), one.passage))
        )
    quotes.sort(key=lambda pair: -pair[0])
    return [quote for _, quote in quotes[:most]]


def _sentences(text: str) -> list[Unit]:
    return [unit for unit in splitting.units(text) if not unit.heading] or [Unit(text)]


def _around(sentences: Sequence[Unit], at: int, passage: str) -> str:
    """The sentence, and the next one where it alone is too short to say much; over a row of a table its columns."""
    said = sentences[at].text
    columns = passage.partition("\n")[0]
    if said != columns and 0 < said.count(BESIDE) == columns.count(BESIDE):
        return f"{columns}\n{said}"
    after = sentences[at + 1 : at + 2] if splitting.width(said) < SHORT else ()
    return said + "".join(f"{one.joint}{one.text}" for one in after)
