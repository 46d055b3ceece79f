"""Speech to text: `transcribe` a recording, `stream` it with partial text, listen `Live`; `subtitles` writes files."""

from __future__ import annotations

from pipelines import engines
from pipelines.speech_to_text import embedded, fast_whisper, listening, openai_whisper, remote, subtitles
from pipelines.speech_to_text.languages import NAMES as LANGUAGES
from pipelines.speech_to_text.listening import smallest_for, speech_spans, stream, transcribe
from pipelines.speech_to_text.live import Live
from pipelines.speech_to_text.types import (
    TASKS,
    Heard,
    Recogniser,
    Request,
    Segment,
    TranscribeOptions,
    Transcript,
    Word,
)

ENGINES = engines.register("speech_to_text", (embedded, *openai_whisper.SIZES, *fast_whisper.SIZES, remote))
listening.TRANSLATORS.update({module.SPEC.name: bool(getattr(module, "TRANSLATES", False)) for module in ENGINES})

__all__ = [
    "ENGINES",
    "LANGUAGES",
    "TASKS",
    "Heard",
    "Live",
    "Recogniser",
    "Request",
    "Segment",
    "TranscribeOptions",
    "Transcript",
    "Word",
    "smallest_for",
    "speech_spans",
    "stream",
    "subtitles",
    "transcribe",
]
