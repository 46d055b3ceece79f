"""The sentences of found passages that fit the question: an answer without a model that writes."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.documents import embedded, splitting
from pipelines.documents.contract import Found, Quote

MOST = 3
SHORT = 200.0  # a sentence narrower than this is quoted with the one after it


def best_quotes(question: str, found: Sequence[Found], most: int = MOST) -> list[Quote]:
    """One quote from each of the best passages, best first, word for word as they stand there.

    A sentence counts by the letters that it shares with the question, and by how well its passage fits.
    """
    listed = [(one, splitting.sentences(one.passage.text) or [one.passage.text]) for one in found]
    if not listed:
        return []
    vectors = embedded.vectorizer()
    matrix = vectors.fit_transform([sentence for _, sentences in listed for sentence in sentences])
    scores = (matrix @ vectors.transform([question]).T).toarray().ravel()
    highest = max(one.score for one, _ in listed)
    quotes: list[tuple[float, Quote]] = []
    begin = 0
    for one, sentences in listed:
        own = scores[begin : begin + len(sentences)]
        begin += len(sentences)
        at = int(own.argmax())
        quotes.append((float(own[at]) + one.score / highest, Quote(_around(sentences, at), one.passage)))
    quotes.sort(key=lambda pair: -pair[0])
    return [quote for _, quote in quotes[:most]]


def _around(sentences: Sequence[str], at: int) -> str:
    """The sentence, and the next one where it alone is too short to say much."""
    wanted = sentences[at : at + 2] if splitting.width(sentences[at]) < SHORT else sentences[at : at + 1]
    return " ".join(wanted)
