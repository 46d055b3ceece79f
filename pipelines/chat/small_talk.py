"""Small talk while documents are attached: the built-in model answers it itself instead of quoting a passage.

How well passages fit does not tell "Who are you?" from a question about them. So a message counts as small talk when
each of its words is one of small talk, and the model answers it with one of the replies that it was taught for that.
Both lists lie beside its weights, made by `training/chat.py` of what it learned. In doubt the documents answer.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path

from pipelines.words import Text

FILE = Path(__file__).resolve().parents[2] / "assets" / "chat" / "small_talk.json"

NOTICE = Text(
    en="This was taken for small talk; the documents were not asked.",
    ko="가벼운 대화로 보고 문서에서는 찾지 않았습니다.",
)


def words(text: str) -> list[str]:
    """The words of a message as they are compared: without capitals and signs."""
    return re.findall(r"\w+", re.sub("['’]", "", text.casefold()))


def may_be(message: str) -> bool:
    """Whether a message holds nothing but words of small talk."""
    said = words(message)
    return bool(said) and _known()["words"].issuperset(said)


def is_reply(text: str) -> bool:
    """Whether the model says this to small talk, and to nothing else."""
    return text.strip() in _known()["replies"]


@lru_cache(maxsize=1)
def _known() -> dict[str, frozenset[str]]:
    held = json.loads(FILE.read_text(encoding="utf-8"))
    return {name: frozenset(held[name]) for name in ("words", "replies")}
