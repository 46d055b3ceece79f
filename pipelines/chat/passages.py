"""Answers from documents: passages into the prompt of a real model, or quoted as they are by the built-in one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from pipelines import documents
from pipelines.chat.contract import Message, Source
from pipelines.documents import Found
from pipelines.job import Job
from pipelines.words import EMPTY, Text

MOST = 4
_HANGUL = re.compile("[가-힣]")

_ASK_EN = (
    "Answer the question from these passages of my documents. Name the passage behind each statement by its number in "
    "square brackets, such as [1]. If they do not hold the answer, say so."
)
_ASK_KO = (
    "내 문서에서 찾은 다음 발췌문을 바탕으로 질문에 답해 줘. 문장마다 근거가 된 발췌문의 번호를 [1]처럼 대괄호로 "
    "적어 줘. 발췌문에 답이 없으면 없다고 말해 줘."
)
QUOTED = Text(
    en="The small built-in model quotes the passages that match best; it does not put them into its own words.",
    ko="작은 내장 모델은 가장 잘 맞는 구절을 그대로 인용합니다. 내용을 정리해 답하지는 않습니다.",
)
NOTHING = Text(
    en="Nothing in the documents matches this question.", ko="문서에서 이 질문과 맞는 내용을 찾지 못했습니다."
)


def search(question: str, files: Sequence[tuple[Path, str]], job: Job) -> list[Found]:
    """The passages of these files that fit the question best, best first."""
    return documents.search_files(question, files, MOST, job=job)


def sources(found: Sequence[Found]) -> tuple[Source, ...]:
    return tuple(Source(one.passage.file, one.passage.page, one.passage.text) for one in found)


def quoted(question: str, found: Sequence[Found]) -> tuple[str, tuple[Source, ...], Text]:
    """The built-in engine's answer: sentences as they stand there, what they are from, and what to know about it."""
    quotes = documents.best_quotes(question, found)
    if not quotes:
        return NOTHING.ko if _HANGUL.search(question) else NOTHING.en, (), EMPTY
    places = tuple(Source(one.source.file, one.source.page, one.source.text) for one in quotes)
    lines = [
        f"{_quotation(quote.text.strip())}\n\n[{number}] {_place(place)}"
        for number, (quote, place) in enumerate(zip(quotes, places, strict=True), 1)
    ]
    return "\n\n".join(lines), places, QUOTED


def asked(messages: Sequence[Message], sources: Sequence[Source]) -> tuple[Message, ...]:
    """The conversation with the passages before its last question."""
    if not sources:
        return tuple(messages)
    question = messages[-1].content
    korean = _HANGUL.search(question) is not None
    listed = "\n\n".join(f"[{number}] {_place(one)}\n{one.text.strip()}" for number, one in enumerate(sources, 1))
    label = "질문" if korean else "Question"
    text = f"{_ASK_KO if korean else _ASK_EN}\n\n{listed}\n\n{label}: {question}"
    return (*messages[:-1], Message("user", text))


def _quotation(text: str) -> str:
    """The text as a quotation in Markdown, line by line."""
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def _place(source: Source) -> str:
    return f"{source.file}, p. {source.page}" if source.page else source.file
