"""Measures what the built-in chat model answers to questions that nobody who trained it has seen.

    python -m benchmarks.chat_quality [--seeds N] [--json] [--misses]

`benchmarks/data/chat_questions.json` holds 120 wordings of what the model knows (60 English, 60 Korean) and 40
questions that it cannot answer, all written apart from the training material. Whoever trains looks at the shares
only; `--misses` is for those who do not. A reply is judged by the known answer that it is nearest to (characters):
it counts when that answer belongs to the right intent and to the language of the question. Beside it stands the
plain alternative, the training question with the most characters in common. Some short questions stand in the
training material word for word (letters compared); the last rows leave them out. Exits with 1 when a gate is missed.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pipelines import chat
from pipelines.chat import Message, ReplyOptions
from pipelines.job import Job
from training.chat_data import load_intents

QUESTIONS = Path(__file__).parent / "data" / "chat_questions.json"
UNKNOWN, RETRIEVAL = "unknown", "retrieval"
ALIKE = 0.7  # cosine above which a reply counts as one of the known answers, with small changes
LEAST_IN_ALL, LEAST_PER_LANGUAGE, LEAST_UNKNOWN = 85.0, 80.0, 80.0  # percent
BEHIND_RETRIEVAL = 3.0  # points
GREEDY = ReplyOptions(temperature=0.0, max_new_tokens=160, seed=0)
FIRST_SEED = 1


class Intent(Protocol):
    """What the training material says of one intent: wordings and answers, by language."""

    @property
    def name(self) -> str: ...
    @property
    def questions(self) -> dict[str, tuple[str, ...]]: ...
    @property
    def answers(self) -> dict[str, tuple[str, ...]]: ...


@dataclass(frozen=True)
class Question:
    """One labelled question of the test set."""

    text: str
    language: str
    intent: str


@dataclass(frozen=True)
class Line:
    """A known text with the intent and the language that it stands for."""

    text: str
    language: str
    intent: str


class Nearest:
    """Finds the known lines that share the most characters (2 to 4 in a row) with a text."""

    def __init__(self, lines: Sequence[Line]) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer

        self.lines = lines
        self._vectors = TfidfVectorizer(analyzer="char", ngram_range=(2, 4))
        self._matrix = self._vectors.fit_transform([line.text for line in lines])

    def to(self, text: str, least: float = 0.0) -> list[Line]:
        """All lines that are equally near, none when even the nearest is not above `least`."""
        scores = (self._matrix @ self._vectors.transform([text]).T).toarray().ravel()
        best = float(scores.max())
        return [line for line, score in zip(self.lines, scores, strict=True) if score >= best - 1e-9 and best > least]


def questions() -> list[Question]:
    return [Question(**row) for row in json.loads(QUESTIONS.read_text(encoding="utf-8"))]


def known(intents: Iterable[Intent], what: str) -> list[Line]:
    """The "questions" or the "answers" of all intents, each text once per intent."""
    return [
        Line(text, language, intent.name)
        for intent in intents
        for language, texts in getattr(intent, what).items()
        for text in dict.fromkeys(texts)
    ]


def answered(text: str, options: ReplyOptions) -> str:
    """The whole reply of the shipped model, as a visitor gets it in a new conversation."""
    replies = list(chat.reply([Message("user", text)], options, engine="embedded", job=Job()))
    return replies[-1].text


def is_right(found: Iterable[Line], question: Question) -> bool:
    return any(line.intent == question.intent and line.language == question.language for line in found)


def share(marks: Sequence[tuple[Question, bool]], **wanted: str) -> dict[str, Any]:
    """How many of the questions with these features (language, intent) were answered rightly."""
    chosen = [
        right for question, right in marks if all(getattr(question, key) == value for key, value in wanted.items())
    ]
    return {"right": sum(chosen), "total": len(chosen), "percent": round(100 * sum(chosen) / len(chosen), 2)}


def scores(marks: Sequence[tuple[Question, bool]]) -> dict[str, dict[str, Any]]:
    inside = [mark for mark in marks if mark[0].intent != UNKNOWN]
    return {
        "all": share(inside),
        "en": share(inside, language="en"),
        "ko": share(inside, language="ko"),
        "unknown": share(marks, intent=UNKNOWN),
    }


def letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())


def missed(method: str, got: dict[str, dict[str, Any]], retrieval: dict[str, dict[str, Any]]) -> list[str]:
    """The gates that one way of drawing replies did not pass."""
    least = {"all": LEAST_IN_ALL, "en": LEAST_PER_LANGUAGE, "ko": LEAST_PER_LANGUAGE, "unknown": LEAST_UNKNOWN}
    gates = [
        f"{method}, {part}: {got[part]['percent']} % where {at_least} % are wanted"
        for part, at_least in least.items()
        if got[part]["percent"] < at_least
    ]
    behind = retrieval["all"]["percent"] - got["all"]["percent"]
    if behind > BEHIND_RETRIEVAL:
        gates.append(f"{method}: {behind:.1f} points behind retrieval, at most {BEHIND_RETRIEVAL:g} are wanted")
    return gates


def table(results: dict[str, dict[str, dict[str, Any]]]) -> str:
    head = "| what answers | what it knows | English | Korean | not its field |\n|---|---|---|---|---|"
    rows = [
        f"| {method} | " + " | ".join(f"{s['right']}/{s['total']} ({s['percent']:.1f} %)" for s in got.values()) + " |"
        for method, got in results.items()
    ]
    return "\n".join([head, *rows])


def measured(seeds: int, show_misses: bool) -> dict[str, dict[str, dict[str, Any]]]:
    """The scores of greedy replies, of replies drawn with the default settings, of retrieval; then those set aside."""
    asked, intents = questions(), load_intents()
    answers, wordings = Nearest(known(intents, "answers")), Nearest(known(intents, "questions"))
    drawn = [ReplyOptions(max_new_tokens=GREEDY.max_new_tokens, seed=FIRST_SEED + at) for at in range(seeds)]
    ways = {"greedy": [GREEDY], f"drawn (defaults, {seeds} seeds)": drawn}
    learned = {letters(line.text) for line in wordings.lines}
    unseen = [question for question in asked if letters(question.text) not in learned]
    results, aside = {}, {}
    for method, draws in ways.items():
        marks = []
        for options in draws:
            for question in asked:
                reply = answered(question.text, options)
                marks.append((question, is_right(answers.to(reply, ALIKE), question)))
                if show_misses and not marks[-1][1]:
                    print(f"{method} | {question.intent} | {question.text} | {reply}", file=sys.stderr)
        results[method] = scores(marks)
        aside[f"{method}, without {len(asked) - len(unseen)} questions that stand in the training material"] = scores(
            [mark for mark in marks if mark[0] in unseen]
        )
    found = [(question, is_right(wordings.to(question.text), question)) for question in asked]
    return {**results, RETRIEVAL: scores(found), **aside}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3, help="how often every question is asked with sampling")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--misses", action="store_true", help="print wrong replies (not for whoever trains)")
    args = parser.parse_args()
    results = measured(args.seeds, args.misses)
    judged = list(results)[: list(results).index(RETRIEVAL)]
    gates = [gate for method in judged for gate in missed(method, results[method], results[RETRIEVAL])]
    if args.json:
        print(json.dumps({"results": results, "missed": gates}, ensure_ascii=False, indent=1))
    else:
        print(table(results))
        print("\n".join(f"MISSED {gate}" for gate in gates) or "All gates are passed.")
    return 1 if gates else 0


if __name__ == "__main__":
    sys.exit(main())
