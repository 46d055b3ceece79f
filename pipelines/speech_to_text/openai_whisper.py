"""Whisper as its authors run it (package openai-whisper), the reference. Four sizes, one class.

Gets arrays only: given a path, the package would call the program ffmpeg. Weights come by our own fetcher, since
the package's one has no time-out and cannot resume. Addresses and checksums: `whisper/__init__.py`, `_MODELS`,
release 20250625; the checksum is also the folder in the address.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines import downloads
from pipelines.downloads import WebFile
from pipelines.engines import EngineSpec
from pipelines.errors import EngineUnavailable
from pipelines.job import Job
from pipelines.sound import Samples
from pipelines.speech_to_text.languages import NAMES
from pipelines.speech_to_text.types import Heard, Request, Segment, Word
from pipelines.words import Text

_ADDRESS = "https://openaipublic.azureedge.net/main/whisper/models/{sha256}/{name}"
# Less than the package's six temperatures: each try on a hopeless window costs a whole decoding.
TEMPERATURES = (0.0, 0.4, 0.8)


@dataclass
class Checkpoint:
    """One size of Whisper: what `engines.register` takes."""

    SPEC: EngineSpec
    TRANSLATES: bool = True

    def load(self, folder: Path | None) -> Listener:
        import torch
        import whisper

        file = self.SPEC.web_files[0]
        path = (folder or Path()) / file.name
        if not downloads.checked(path, file.sha256):
            raise EngineUnavailable(
                Text(
                    en=f"The file {file.name} is damaged (its checksum is wrong). Delete it and fetch it again.",
                    ko=f"{file.name} 파일이 손상되었습니다(체크섬이 다릅니다). 지우고 다시 내려받아 주세요.",
                )
            )
        device = "cuda" if torch.cuda.is_available() else "cpu"
        return Listener(whisper.load_model(str(path), device=device))  # reads tensors only (weights_only)


class Listener:
    """A loaded Whisper. Two calls at once crash the package: `engines.use` holds the lock."""

    piece_s = 28.0  # the window is 30 s

    def __init__(self, model: Any, **decoding: Any) -> None:
        self._model = model
        self._decoding = {"temperature": TEMPERATURES, **decoding}

    def languages(self, samples: Samples) -> dict[str, float]:
        import whisper

        window = whisper.pad_or_trim(samples)
        mel = whisper.log_mel_spectrogram(window, self._model.dims.n_mels).to(self._model.device)
        return dict(self._model.detect_language(mel)[1])

    def hear(self, samples: Samples, request: Request, job: Job) -> Heard:
        import torch
        import whisper

        torch.manual_seed(0)  # what is sampled at a higher temperature is the same each time
        result = whisper.transcribe(
            self._model,
            samples,
            language=request.language,
            task=request.task,
            word_timestamps=request.word_timestamps,
            fp16=self._model.device.type == "cuda",
            condition_on_previous_text=False,  # one bad window must not spoil the next
            verbose=None,
            **self._decoding,
        )
        return Heard(tuple(_segment(row, request.word_timestamps) for row in result["segments"]), result["language"])


def _segment(row: dict[str, Any], with_words: bool) -> Segment:
    words = tuple(
        Word(float(word["start"]), float(word["end"]), word["word"].strip(), round(float(word["probability"]), 4))
        for word in (row.get("words") or ())
    )
    return Segment(float(row["start"]), float(row["end"]), row["text"].strip(), words if with_words else ())


def _checkpoint(
    size: str, file: str, sha256: str, rank: int, size_mb: float, memory_mb: float, translates: bool = True
) -> Checkpoint:
    spec = EngineSpec(
        task="speech_to_text",
        name=f"whisper-{size}",
        label=Text(en=f"Whisper {size} (OpenAI)", ko=f"Whisper {size} (OpenAI)"),
        kind="hub",
        rank=rank,
        licence="MIT",
        size_mb=size_mb,
        memory_mb=memory_mb,
        languages=tuple(NAMES),
        requires=("whisper", "torch"),
        repo="openai/whisper",  # on GitHub
        files=(file,),
        web_files=(WebFile("whisper", file, _ADDRESS.format(sha256=sha256, name=file), sha256),),
    )
    return Checkpoint(spec, translates)


# Files and memory: checkpoints of these shapes, made and loaded by `benchmarks/speech.py sizes`; memory with the
# 270 MB of the packages. Turbo: file as published for its conversion, memory 4 bytes a weight and the packages.
SIZES = (
    _checkpoint("tiny", "tiny.pt", "65147644a518d12f04e32d6f3b26facc3f8dd46e5390956a9424a650c0ce22b9", 20, 76, 600),
    _checkpoint("base", "base.pt", "ed3a0b6b1c0edf879ad9b11b1af5a0e6ab5db9205f891f668f8b0e6c6326e34e", 30, 145, 720),
    _checkpoint("small", "small.pt", "9ecf779972d90ba49c06d968637d720dd632c55bbf19d441fb42bf17a411e794", 40, 484, 1700),
    _checkpoint(
        "turbo",
        "large-v3-turbo.pt",
        "aff26ae408abcba5fbf8813c21e62b0941638c5f6eebfb145be0c9839262a19a",
        50,
        1618,
        5000,
        translates=False,  # it was not trained for it (README of openai/whisper)
    ),
)
