"""Lines of public collections that belong to none of our intents: they are learned as questions that we cannot answer.

Nothing of them is in this repository. `--outside FOLDER` names a folder that may hold
`ko/ChatbotData_train.csv` (songys/Chatbot_data), `chatterbot/` (chatterbot-corpus) and `en/*.jsonl.gz` (Taskmaster).
"""

from __future__ import annotations

import csv
import gzip
import json
import re
from pathlib import Path

from training.chat_data import Intent
from training.chat_retrieval import Retriever

ALIKE = 0.42  # from this likeness to one of our questions on, a line is left out
SUBJECTS = "coding computers food health history literature money movies politics science sports trivia".split()
MOST = {"taskmaster": 800}


def songys(folder: Path) -> list[str]:
    path = folder / "ko" / "ChatbotData_train.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8") as file:
        return [row["Q"] for row in csv.DictReader(file) if row["label"] == "0"]


def chatterbot(folder: Path, language: str) -> list[str]:
    """The questions (first lines) of the subjects that are none of ours."""
    found = []
    for path in sorted((folder / "chatterbot" / language).glob("*.yml")):
        if path.stem in SUBJECTS:
            found += re.findall(r"^\s*- - (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return [line.strip("'\" ") for line in found]


def taskmaster(folder: Path) -> list[str]:
    found: dict[str, None] = {}
    for path in sorted((folder / "en").glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for line in file:
                found |= {text: None for who, text in json.loads(line)["turns"][:1] if who == "user"}
    lines = sorted(found)
    return lines[:: max(1, len(lines) // MOST["taskmaster"])]


def unlike(lines: list[str], retriever: Retriever) -> list[str]:
    """Those that resemble no question of ours."""
    kept = [line for line in dict.fromkeys(lines) if 4 <= len(line) <= 100 and "<" not in line]
    likeness = retriever.nearest(kept)[1] if kept else []
    return [line for line, alike in zip(kept, likeness, strict=True) if alike < ALIKE]


def lines_outside(folder: Path | None, intents: tuple[Intent, ...]) -> dict[str, list[str]]:
    """By language; empty without a folder."""
    if folder is None:
        return {"en": [], "ko": []}
    ours = Retriever([intent for intent in intents if intent.name != "unknown"])
    return {
        "en": unlike(chatterbot(folder, "english") + taskmaster(folder), ours),
        "ko": unlike(songys(folder) + chatterbot(folder, "korean"), ours),
    }
