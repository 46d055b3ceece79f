"""What the built-in chat model can be asked, and what it answers: the hand-written files of `chat_intents/`.

A question may be a template. `{a|b|}` stands for one of its parts, which may be empty, and `{@city}` for a line
of that list in `slots.json`. One template gives many wordings, but counts as one when wordings are held out.
"""

from __future__ import annotations

import json
import random
import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pipelines.chat.small_talk import words

FOLDER = Path(__file__).parent / "chat_intents"
LANGUAGES = ("en", "ko")
UNKNOWN = "unknown"
# What a visitor says to the model itself. Not among them: what may just as well be asked about a document, as whether
# somebody is human, who made something, or how old it is; and all that is said about the app.
SMALL_TALK = (
    "acknowledge", "compliment", "goodbye", "greeting", "how_are_you", "joke", "love_you", "thanks", "who_are_you"
)  # fmt: skip
MOST = 16  # wordings of one template that `load_intents` lists
_PART = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True)
class Intent:
    """Something a visitor wants: by language, the answers and the ways to ask for them, templates written out."""

    name: str
    answers: dict[str, tuple[str, ...]]
    questions: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Written:
    """An intent as it stands in its file: templates as they are, and a thought for the thinking switch."""

    name: str
    answers: dict[str, tuple[str, ...]]
    templates: dict[str, tuple[str, ...]]
    thoughts: dict[str, str]


@lru_cache(maxsize=1)
def slots() -> dict[str, list[str]]:
    return json.loads((FOLDER / "slots.json").read_text(encoding="utf-8"))


def drawn(part: str, rng: random.Random) -> str:
    choice = rng.choice(part.split("|"))
    return rng.choice(slots()[choice[1:]]) if choice.startswith("@") else choice


def tidy(text: str) -> str:
    """One space between words, none at the ends or before a sign."""
    return re.sub(r"\s+([?!.,])", r"\1", " ".join(text.split()))


def one_of(template: str, rng: random.Random) -> str:
    """One wording of a template. Inner parts are drawn first, and what was drawn may hold parts again."""
    while "{" in template:
        template = _PART.sub(lambda found: drawn(found[1], rng), template)
    return tidy(template)


def wordings(template: str, most: int = MOST) -> tuple[str, ...]:
    """Up to `most` different wordings, always the same ones."""
    rng = random.Random(zlib.crc32(template.encode()))
    return tuple(dict.fromkeys(one_of(template, rng) for _ in range(4 * most if "{" in template else 1)))[:most]


@lru_cache(maxsize=1)
def load_written() -> tuple[Written, ...]:
    found = []
    for path in sorted(FOLDER.glob("*.json")):
        if path.name == "slots.json":
            continue
        held = json.loads(path.read_text(encoding="utf-8"))
        answers, templates = ({lang: tuple(held[key][lang]) for lang in LANGUAGES} for key in ("answers", "questions"))
        found.append(Written(path.stem, answers, templates, held["thoughts"]))
    return tuple(found)


def expanded(written: Written) -> Intent:
    questions = {
        lang: tuple(dict.fromkeys(text for line in lines for text in wordings(line)))
        for lang, lines in written.templates.items()
    }
    return Intent(written.name, written.answers, questions)


def load_intents() -> tuple[Intent, ...]:
    """Every intent, the unknown one included, by name."""
    return tuple(expanded(written) for written in load_written())


def small_talk() -> dict[str, list[str]]:
    """What `pipelines/chat/small_talk.py` reads: the replies to small talk, and all words in which people make it."""
    written = [intent for intent in load_written() if intent.name in SMALL_TALK]
    templates = [template for intent in written for lang in LANGUAGES for template in intent.templates[lang]]
    names = {name for template in templates for name in re.findall(r"@(\w+)", template)}
    said = _words(text for template in templates for text in wordings(template))
    of_slots = _words(line for name in names for line in slots()[name])  # a document may tell of Anna or Paris
    replies = [answer for intent in written for lang in LANGUAGES for answer in intent.answers[lang]]
    return {"replies": sorted(replies), "words": sorted(said - of_slots)}


def _words(texts: Iterable[str]) -> set[str]:
    return {word for text in texts for word in words(text)}
