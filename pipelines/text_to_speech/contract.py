"""What callers give to `speak` and get back, and what an engine must offer. Data only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pipelines.words import Text

Samples = NDArray[np.float32]  # (n,), mono, -1 to 1
TASK = "text_to_speech"


@dataclass(frozen=True)
class Voice:
    """One voice of an engine. `language` is a code of two or three letters (`ko`, `en`, `yue`)."""

    name: str
    language: str
    label: Text


@dataclass(frozen=True)
class SpeakOptions:
    """How a text is to be spoken. `language` and `voice` may be "auto"; `seed` fixes what an engine draws."""

    language: str = "auto"
    voice: str = "auto"
    speed: float = 1.0
    seed: int = 0


@dataclass(frozen=True)
class SpokenSentence:
    """One sentence (or one run of a language in it) and when it is heard, in seconds. `spoken`: as read out."""

    text: str
    spoken: str
    start: float
    end: float
    language: str
    voice: str


@dataclass(frozen=True)
class Utterance:
    """The sound of one sentence, with the pause after it. Comes as soon as it is made."""

    sentence: SpokenSentence
    samples: Samples
    sample_rate: int
    done: float  # share of the text that is spoken now


@dataclass(frozen=True)
class Speech:
    """A whole text spoken. `unspoken` lists what no voice could say; `samples` are empty if they went to a file."""

    sample_rate: int
    duration_s: float
    sentences: tuple[SpokenSentence, ...]
    unspoken: tuple[str, ...]
    engine: str
    samples: Samples = field(default_factory=lambda: np.zeros(0, np.float32), repr=False)


class TextToSpeechEngine(Protocol):
    """A loaded engine. Its module also has SAMPLE_RATE, `voices()` and DEFAULT_VOICES (language to voice)."""

    def say(self, text: str, voice: str, speed: float, seed: int) -> Samples:
        """One sentence of plain words. The same arguments give the same samples."""
