"""Text to speech: `speak` a text at once or sentence by sentence, `record` it into a file, and the `voices`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipelines import engines
from pipelines.job import Job
from pipelines.sound_write import FORMATS
from pipelines.text_to_speech import casting, embedded, kokoro, mms, remote, speaking
from pipelines.text_to_speech.contract import (
    TASK,
    SpeakOptions,
    Speech,
    SpokenSentence,
    TextToSpeechEngine,
    Utterance,
    Voice,
)
from pipelines.text_to_speech.languages import name as language_name
from pipelines.text_to_speech.narrating import Narrator
from pipelines.text_to_speech.speaking import FASTEST, SLOWEST
from pipelines.text_to_speech.subtitles import srt

ENGINES = engines.register(TASK, (kokoro, embedded, mms, remote))

__all__ = [
    "ENGINES",
    "FASTEST",
    "FORMATS",
    "SLOWEST",
    "Narrator",
    "SpeakOptions",
    "Speech",
    "SpokenSentence",
    "TextToSpeechEngine",
    "Utterance",
    "Voice",
    "language_name",
    "narrator",
    "record",
    "speak",
    "speak_sentences",
    "speak_to_file",
    "srt",
    "voices",
]


def speak(text: str, options: SpeakOptions = SpeakOptions(), *, engine: str = "auto", job: Job | None = None) -> Speech:
    """The whole text as samples. Raises `InvalidInput` for a text in which nothing can be said."""
    return speaking.speak_whole(_performance(text, options, engine), job or Job())


def speak_sentences(
    text: str, options: SpeakOptions = SpeakOptions(), *, engine: str = "auto", job: Job | None = None
) -> Iterator[Utterance]:
    """The sound of each sentence as soon as it is made. The input is checked before the first one is asked for."""
    return _performance(text, options, engine).utterances(job or Job())


def narrator(options: SpeakOptions = SpeakOptions(), *, engine: str = "auto") -> Narrator:
    """Somebody who reads a text aloud while it is still being written."""
    return Narrator(options, engine, _modules())


def record(
    text: str, path: Path, options: SpeakOptions = SpeakOptions(), *, engine: str = "auto", job: Job | None = None
) -> Iterator[tuple[Utterance, Speech]]:
    """Speak into a wav, mp3, flac or opus file (its ending says which), sentence by sentence, never whole in memory.

    Gives every sentence at once, with the facts of all that is spoken so far. At the end the file is whole.
    """
    return speaking.record(_performance(text, options, engine), path, job or Job())


def speak_to_file(
    text: str, path: Path, options: SpeakOptions = SpeakOptions(), *, engine: str = "auto", job: Job | None = None
) -> Speech:
    """`record` from beginning to end."""
    *_, (_, speech) = record(text, path, options, engine=engine, job=job)
    return speech


def voices(engine: str = "auto") -> list[Voice]:
    """The voices of an engine; for "auto" those of every engine that is here."""
    return casting.voices(engine, _modules())


def _performance(text: object, options: SpeakOptions, engine: str) -> speaking.Performance:
    return speaking.Performance(text, options, engine, _modules())


def _modules() -> dict[str, Any]:
    return {module.SPEC.name: module for module in engines.modules(TASK)}
