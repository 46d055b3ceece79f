"""The plain method that the chat model is measured against: the most alike question of the intent files, by letters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from training.chat_data import Intent


class Retriever:
    """Finds the nearest known question by n-grams of one to four letters (TF-IDF, cosine)."""

    def __init__(self, intents: Sequence[Intent]) -> None:
        pairs = [(text, intent.name) for intent in intents for texts in intent.questions.values() for text in texts]
        self.names = np.array([name for _, name in pairs])
        self.letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4), sublinear_tf=True, dtype=np.float32)
        self.known = self.letters.fit_transform(text for text, _ in pairs).T.tocsc()

    def nearest(self, texts: Sequence[str]) -> tuple[list[str], list[float]]:
        """The intent of the nearest question of each text, and how alike they are (0 to 1)."""
        names: list[str] = []
        likeness: list[float] = []
        for at in range(0, len(texts), 64):
            scores = (self.letters.transform(texts[at : at + 64]) @ self.known).tocsr()
            best = np.asarray(scores.argmax(1)).ravel()
            names += list(self.names[best])
            likeness += [float(scores[row, column]) for row, column in enumerate(best)]
        return names, likeness
