"""A neural Korean voice: Meta's MMS (VITS), from romanised text. Its licence forbids commercial use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from pipelines.engines import EngineSpec
from pipelines.text_to_speech.contract import TASK, Samples, Voice
from pipelines.text_to_speech.draws import seeded
from pipelines.words import Text

REPO = "facebook/mms-tts-kor"
SAMPLE_RATE = 16_000
DEFAULT_VOICES = {"ko": "kor"}

# Read at https://huggingface.co/facebook/mms-tts-kor/tree/1b6491366d2ed6ea8e4e735607155d9f0110df29:
# cc-by-nc-4.0, model.safetensors 145 MB, and the four small files below.
SPEC = EngineSpec(
    task=TASK,
    name="mms-tts-kor",
    label=Text(en="MMS Korean", ko="MMS 한국어"),
    kind="hub",
    rank=25,
    licence="CC-BY-NC-4.0 (not for commercial use)",
    size_mb=145,
    memory_mb=900,  # peak resident memory at the real shape with random weights, packages included
    languages=("ko",),
    requires=("transformers", "torch", "uroman"),
    repo=REPO,
    revision="1b6491366d2ed6ea8e4e735607155d9f0110df29",
    files=("config.json", "model.safetensors", "vocab.json", "tokenizer_config.json", "special_tokens_map.json"),
    verified=True,
    note=Text(
        en="A Korean voice of Meta's MMS project. Its licence, CC BY-NC 4.0, does not allow commercial use.",
        ko="메타 MMS 프로젝트의 한국어 목소리입니다. CC BY-NC 4.0 라이선스라 상업적으로 쓸 수 없습니다.",
    ),
)


def voices() -> tuple[Voice, ...]:
    return (Voice("kor", "ko", Text(en="MMS Korean", ko="MMS 한국어")),)


class MmsVoice:
    """The loaded model. One call at a time: speed is a field of the model, and it draws random durations."""

    def __init__(self, model: Any, tokenizer: Any, romanizer: Any) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._romanizer = romanizer

    def say(self, text: str, voice: str, speed: float, seed: int) -> Samples:
        # The tokenizer would build a romanizer, seconds of work, for every sentence that is not Latin yet.
        inputs = self._tokenizer(self._romanizer.romanize_string(text), return_tensors="pt")
        if inputs["input_ids"].shape[1] == 0:
            return np.zeros(0, np.float32)
        with seeded(seed):
            self._model.speaking_rate = speed
            waveform = self._model(**inputs).waveform[0]
        return np.asarray(waveform.numpy(), np.float32)


def load(folder: Path | None) -> MmsVoice:
    """Read weights and tokenizer from the folder; nothing is fetched and no code of the repository runs."""
    import uroman  # type: ignore[import-untyped]
    from transformers import VitsModel, VitsTokenizer

    if folder is None:
        raise ValueError("MMS is loaded from a folder")
    model = VitsModel.from_pretrained(folder, local_files_only=True).eval()
    return MmsVoice(model, VitsTokenizer.from_pretrained(folder, local_files_only=True), uroman.Uroman())
