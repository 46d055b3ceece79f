"""Measures how well passages of documents are found for questions about them.

    python -m benchmarks.rag [--index ENGINE] [--misses] [--json]

Four documents of our own (two Korean, two English, as md, docx, txt and pdf) go through the public reading and
splitting into one index. Each of the labelled questions counts as answered when one of the first three passages
holds the answer. Questions paraphrase: they were written before any search was tried on them. Beside the index
stands BM25 over words parted by white space, the usual first idea. The last lines ask the built-in chat model with
the documents attached: no question about them may be taken for small talk, and small talk should be. Exits with 1 when
a goal is missed.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import chat_quality
from benchmarks.rag_files import docx_of, pdf_of
from pipelines import chat, documents
from pipelines.chat import Message, small_talk
from pipelines.documents import Found, Passage
from pipelines.job import Job
from training.chat_data import SMALL_TALK

DATA = Path(__file__).parent / "data" / "rag"
GOAL = 0.9
TALK_GOAL = 0.6  # of small talk that is answered as such; no question about the documents may be
FIRST = 3  # passages that count
Search = Callable[[str], Sequence[Passage]]


@dataclass(frozen=True)
class Question:
    """A question, the file that answers it and some words of the passage that does."""

    question: str
    language: str
    file: str
    answer: str


def questions() -> list[Question]:
    return [Question(**row) for row in json.loads((DATA / "questions.json").read_text(encoding="utf-8"))]


def files(folder: Path) -> list[tuple[Path, str]]:
    """The four documents; the Word and the PDF file are made of their text."""
    made = {
        "bootcamp.md": (DATA / "bootcamp.md").read_bytes(),
        "science_room.docx": docx_of((DATA / "science_room.txt").read_text(encoding="utf-8")),
        "town.txt": (DATA / "town.txt").read_bytes(),
        "workshop.pdf": pdf_of((DATA / "workshop.txt").read_text(encoding="utf-8")),
    }
    for name, content in made.items():
        (folder / name).write_bytes(content)
    return [(folder / name, name) for name in made]


def passages() -> list[Passage]:
    with tempfile.TemporaryDirectory() as folder:
        return [one for path, name in files(Path(folder)) for one in documents.read(path, name, Job())]


def whitespace_bm25(texts: Sequence[Passage], k1: float = 1.5, b: float = 0.75) -> Search:
    """Okapi BM25 over lower-cased words."""
    counts = [Counter(one.text.lower().split()) for one in texts]
    lengths = [sum(count.values()) for count in counts]
    average = sum(lengths) / len(lengths)
    spread = Counter(word for count in counts for word in count)

    def weight(word: str, at: int) -> float:
        rarity = math.log(1 + (len(texts) - spread[word] + 0.5) / (spread[word] + 0.5))
        times = counts[at][word]
        return rarity * times * (k1 + 1) / (times + k1 * (1 - b + b * lengths[at] / average))

    def search(question: str) -> list[Passage]:
        words = question.lower().split()
        scores = [sum(weight(word, at) for word in words if word in counts[at]) for at in range(len(texts))]
        best = sorted((at for at in range(len(texts)) if scores[at] > 0), key=lambda at: -scores[at])
        return [texts[at] for at in best[:FIRST]]

    return search


def holds(passage: Passage, question: Question) -> bool:
    return passage.file == question.file and said(question.answer, passage.text)


def said(answer: str, text: str) -> bool:
    return " ".join(answer.split()) in " ".join(text.split())


def hits(search: Search, asked: Sequence[Question], first: int = FIRST) -> list[bool]:
    """For each question whether one of the first passages answers it."""
    return [any(holds(one, question) for one in search(question.question)[:first]) for question in asked]


def quoted(search: Callable[[str], Sequence[Found]], asked: Sequence[Question]) -> list[bool]:
    """For each question whether the quotes that the built-in model answers with hold the answer."""
    marks = []
    for question in asked:
        quotes = documents.best_quotes(question.question, search(question.question))
        marks.append(any(q.source.file == question.file and said(question.answer, q.text) for q in quotes))
    return marks


def small_talk_asked() -> list[chat_quality.Question]:
    """The small talk among the questions of `benchmarks.chat_quality`, written apart from the training material."""
    return [question for question in chat_quality.questions() if question.intent in SMALL_TALK]


def as_small_talk(messages: Sequence[str]) -> list[bool]:
    """For each message whether the built-in model takes it for small talk with the four documents attached."""
    with tempfile.TemporaryDirectory() as folder:
        given = files(Path(folder))
        return [_is_small_talk(message, given) for message in messages]


def _is_small_talk(message: str, given: Sequence[tuple[Path, str]]) -> bool:
    said = [Message("user", message)]
    *_, reply = chat.reply(said, chat_quality.GREEDY, engine="embedded", documents=given, job=Job())
    return reply.notice == small_talk.NOTICE


def by_language(marks: Sequence[bool], asked: Sequence[Question | chat_quality.Question]) -> dict[str, float]:
    """Shares of right answers: in all, and per language."""
    parts = {"all": list(marks)}
    for mark, question in zip(marks, asked, strict=True):
        parts.setdefault(question.language, []).append(mark)
    return {part: round(sum(found) / len(found), 3) for part, found in sorted(parts.items())}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--index", default="embedded", help="the engine of the index")
    parser.add_argument("--misses", action="store_true", help="print the questions that were not answered")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    args = parser.parse_args()
    asked, known = questions(), passages()
    began = time.perf_counter()
    index = documents.build(known, args.index)
    build_s = time.perf_counter() - began

    def search(question: str) -> list[Passage]:
        return [found.passage for found in index.search(question, FIRST)]

    found = hits(search, asked)
    rows = {
        f"hit@3, index `{index.engine}`": by_language(found, asked),
        f"hit@1, index `{index.engine}`": by_language(hits(search, asked, 1), asked),
        "answer in the quotes of the built-in model": by_language(quoted(index.search, asked), asked),
        "hit@3, BM25 over words between white space": by_language(hits(whitespace_bm25(known), asked), asked),
    }
    talk = small_talk_asked()
    taken = as_small_talk([one.question for one in asked])
    known_talk = as_small_talk([one.text for one in talk])
    rows |= {
        "questions taken for small talk by the built-in model": by_language(taken, asked),
        f"{len(talk)} lines of small talk taken for that": by_language(known_talk, talk),
    }
    head = f"{len(asked)} questions, {len(known)} passages, index built in {build_s:.2f} s"
    if args.json:
        print(json.dumps({"what": head, "rows": rows}, ensure_ascii=False, indent=1))
    else:
        print(head + "\n\n| what | all | English | Korean |\n|---|---|---|---|")
        for name, got in rows.items():
            print(f"| {name} | " + " | ".join(f"{100 * share:.1f} %" for share in got.values()) + " |")
    if args.misses:
        print("\n".join(q.question for q, hit in zip(asked, found, strict=True) if not hit))
    passed = min(by_language(found, asked).values()) >= GOAL and not any(taken)
    return 0 if passed and min(by_language(known_talk, talk).values()) >= TALK_GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
