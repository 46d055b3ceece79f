"""What goes into speech to text and what comes out. Plain data, picklable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from pipelines.job import Job
from pipelines.sound import Samples
from pipelines.words import EMPTY, Text

Task = Literal["transcribe", "translate"]
TASKS: tuple[Task, ...] = ("transcribe", "translate")
SAMPLE_RATE = 16_000  # what every recogniser here wants


@dataclass(frozen=True)
class Word:
    """One word, in seconds of the recording. `probability` is the engine's own, 0..1."""

    start: float
    end: float
    word: str
    probability: float


@dataclass(frozen=True)
class Segment:
    """A sentence or a part of one. `words` is empty unless word times were asked for."""

    start: float
    end: float
    text: str
    words: tuple[Word, ...] = ()


@dataclass(frozen=True)
class TranscribeOptions:
    """What a caller may choose. `language` is a code of `languages.NAMES` or "auto"; `translate` is to English."""

    language: str = "auto"
    task: str = "transcribe"
    word_timestamps: bool = False


@dataclass(frozen=True)
class Transcript:
    """What was said. `no_speech`: nobody speaks; `language` is None when nobody does or the engine is unsure.

    `heard_s`: how far into the recording it was listened to; less than `duration_s` while it still grows.
    """

    text: str
    segments: tuple[Segment, ...]
    language: str | None
    language_probability: float | None
    duration_s: float
    no_speech: bool
    engine: str
    notice: Text = EMPTY
    heard_s: float = 0.0


@dataclass(frozen=True)
class Request:
    """What one piece is listened to for. `language` None: the engine decides."""

    language: str | None
    task: Task
    word_timestamps: bool


@dataclass(frozen=True)
class Heard:
    """What an engine heard in one piece, in seconds of that piece. `unsure`: it may not be its language at all."""

    segments: tuple[Segment, ...]
    language: str | None = None
    probability: float | None = None
    unsure: bool = False


class Recogniser(Protocol):
    """An engine, loaded. Gets mono float32 at `SAMPLE_RATE`, at most `piece_s` seconds, and only where one speaks."""

    piece_s: float

    def languages(self, samples: Samples) -> dict[str, float]:
        """Probability of each language; empty where the engine cannot tell or tells while it hears."""

    def hear(self, samples: Samples, request: Request, job: Job) -> Heard: ...
