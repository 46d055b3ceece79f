"""Whisper by CTranslate2 in int8 (package faster-whisper): the fast engine for processors.

Repositories, files, sizes and licence were read at huggingface.co/<repo>/tree/<revision>.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.engines import EngineSpec
from pipelines.job import Job
from pipelines.sound import Samples
from pipelines.speech_to_text.languages import NAMES
from pipelines.speech_to_text.types import Heard, Request, Segment, Word
from pipelines.words import Text

TEMPERATURES = (0.0, 0.4, 0.8)
FILES = ("config.json", "model.bin", "tokenizer.json", "vocabulary.*")


@dataclass
class Conversion:
    """One converted size of Whisper: what `engines.register` takes."""

    SPEC: EngineSpec
    TRANSLATES: bool = True

    def load(self, folder: Path | None) -> Listener:
        from faster_whisper import WhisperModel

        model = WhisperModel(str(folder), device="cpu", compute_type="int8", local_files_only=True)
        return Listener(model)


class Listener:
    """A loaded conversion. One call at a time: several would only share the same cores."""

    piece_s = 28.0  # the window is 30 s

    def __init__(self, model: Any, **decoding: Any) -> None:
        self._model = model
        self._decoding = {"temperature": TEMPERATURES, "beam_size": 1, **decoding}

    def languages(self, samples: Samples) -> dict[str, float]:
        return {code: float(value) for code, value in self._model.detect_language(audio=samples)[2]}

    def hear(self, samples: Samples, request: Request, job: Job) -> Heard:
        found, info = self._model.transcribe(
            samples,
            language=request.language,
            task=request.task,
            word_timestamps=request.word_timestamps,
            condition_on_previous_text=False,
            vad_filter=False,  # nothing but speech gets here
            **self._decoding,
        )
        segments = []
        for row in found:  # decodes as it goes
            job.check()
            segments.append(_segment(row, request.word_timestamps))
        return Heard(tuple(segments), info.language)


def _segment(row: Any, with_words: bool) -> Segment:
    words = tuple(
        Word(float(word.start), float(word.end), word.word.strip(), round(float(word.probability), 4))
        for word in (row.words or ())
    )
    return Segment(float(row.start), float(row.end), row.text.strip(), words if with_words else ())


def _conversion(
    size: str,
    repo: str,
    revision: str | None,
    rank: int,
    size_mb: float,
    memory_mb: float,
    files: tuple[str, ...] = FILES,
    translates: bool = True,
) -> Conversion:
    spec = EngineSpec(
        task="speech_to_text",
        name=f"faster-whisper-{size}",
        label=Text(en=f"Whisper {size} (fast, int8)", ko=f"Whisper {size} (빠름, int8)"),
        kind="hub",
        rank=rank,
        licence="MIT",
        size_mb=size_mb,
        memory_mb=memory_mb,
        languages=tuple(NAMES),
        requires=("faster_whisper",),
        repo=repo,
        revision=revision,
        files=files,
        verified=revision is not None,
    )
    return Conversion(spec, translates)


# Above the reference of the same size: the same weights, faster. Memory: `benchmarks/speech.py sizes`.
SIZES = (
    _conversion("tiny", "Systran/faster-whisper-tiny", "d90ca5fe260221311c53c58e660288d3deb8d356", 22, 78.2, 300),
    _conversion("base", "Systran/faster-whisper-base", "a80717a3a48b1b28aa687bca146cb7301feae1b1", 32, 148, 400),
    _conversion("small", "Systran/faster-whisper-small", "536b0662742c02347bc0e980a01041f333bce120", 42, 486, 900),
    _conversion(
        "turbo",
        "mobiuslabsgmbh/faster-whisper-large-v3-turbo",
        None,  # the page names its commit only as 0c94664
        52,
        1624,
        2000,
        files=("config.json", "model.bin", "preprocessor_config.json", "tokenizer.json", "vocabulary.json"),
        translates=False,
    ),
)
