"""A linear judge of questions by their words and letters. It labels mixed questions for the chat model to learn from.

On wordings that it has not seen it is better than a small language model learned from the same lines, because it
weighs every word. The language model learns this from pieces of two questions put together, with the judge's verdict.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import SGDClassifier
from sklearn.pipeline import FeatureUnion

from training.chat_data import Intent

SURE = 0.35  # a verdict below this is not used


class Teacher:
    """Fitted to all wordings of the intents."""

    def __init__(self, intents: Sequence[Intent], seed: int = 0) -> None:
        pairs = [(text, intent.name) for intent in intents for texts in intent.questions.values() for text in texts]
        random.Random(seed).shuffle(pairs)
        words = TfidfVectorizer(ngram_range=(1, 2), token_pattern=r"\S+", sublinear_tf=True, min_df=2)
        letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, min_df=3)
        self.features = FeatureUnion([("words", words), ("letters", letters)])
        self.judge = SGDClassifier(loss="log_loss", alpha=2e-6, max_iter=6, tol=None, random_state=seed)
        self.judge.fit(self.features.fit_transform([text for text, _ in pairs]), [name for _, name in pairs])

    def verdicts(self, texts: Sequence[str]) -> list[str]:
        """The intent of each text; "" where the judge is not sure."""
        chances = self.judge.predict_proba(self.features.transform(texts))
        best = np.asarray(chances.argmax(1))
        names = self.judge.classes_[best]
        return [str(name) if row[at] >= SURE else "" for name, row, at in zip(names, chances, best, strict=True)]


def mixed(one: str, other: str, rng: random.Random) -> str:
    """Some words of two questions, in their order or the other way round."""
    parts = []
    for text in (one, other):
        words = text.rstrip("?!. ").split() or [text]  # a lone "?" is a question too
        size = rng.randint(1, len(words))
        at = rng.randint(0, len(words) - size)
        parts.append(words[at : at + size])
    if rng.random() < 0.5:
        parts.reverse()
    return " ".join(parts[0] + parts[1])
