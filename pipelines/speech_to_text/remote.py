"""Another server with OpenAI's `/audio/transcriptions`: its address and model are settings, its key a secret."""

from __future__ import annotations

import io
import wave
from pathlib import Path
from typing import Any

import numpy as np

from pipelines import remote, settings
from pipelines.errors import EngineUnavailable
from pipelines.job import Job
from pipelines.sound import Samples
from pipelines.speech_to_text.languages import NAMES
from pipelines.speech_to_text.types import SAMPLE_RATE, Heard, Request, Segment, Word
from pipelines.words import Text

SPEC = remote.server_spec(
    "speech_to_text",
    Text(
        en="The recording is sent to the server that the owner of this app named.",
        ko="녹음이 앱 소유자가 지정한 서버로 전송됩니다.",
    ),
    rank=5,  # recordings leave this machine only when somebody chooses so
)
TRANSLATES = True
CALLER = remote.caller(SPEC.task)

ANSWER_S = 120.0
DEFAULT_MODEL = "whisper-1"


def load(folder: Path | None) -> Server:
    chosen = settings.current()
    return Server(chosen.urls[SPEC.task].rstrip("/"), chosen.models.get(SPEC.task, DEFAULT_MODEL))


class Server:
    """Holds address and model; threads may share it."""

    piece_s = 120.0  # a few hundred kB a minute travel; progress shows between pieces

    def __init__(self, url: str, model: str) -> None:
        self._url = url
        self._model = model

    def languages(self, samples: Samples) -> dict[str, float]:
        return {}

    def hear(self, samples: Samples, request: Request, job: Job) -> Heard:
        fields: dict[str, Any] = {"model": self._model, "response_format": "verbose_json"}
        if request.language is not None and request.task == "transcribe":
            fields["language"] = request.language
        if request.word_timestamps:
            fields["timestamp_granularities[]"] = ["segment", "word"]
        path = "translations" if request.task == "translate" else "transcriptions"
        answer = self._ask(path, fields, _wav(samples))
        job.check()
        return _heard(answer, len(samples) / SAMPLE_RATE)

    def _ask(self, path: str, fields: dict[str, Any], audio: bytes) -> dict[str, Any]:
        import httpx

        with remote.asking(ANSWER_S):
            answer = httpx.post(
                f"{self._url}/audio/{path}",
                data=fields,
                files={"file": ("speech.wav", audio, "audio/wav")},
                headers=remote.headers(settings.secret(SPEC.task)),
                timeout=httpx.Timeout(ANSWER_S, connect=remote.CONNECT_S),
            )
        if answer.status_code == 400 and fields["response_format"] == "verbose_json":
            return self._ask(path, {**fields, "response_format": "json"}, audio)  # some models give only text
        return _checked(answer)


def _checked(answer: Any) -> dict[str, Any]:
    """The JSON of a good answer. What a bad one says is not shown: it may quote what was sent."""
    if answer.status_code != 200:
        raise remote.refusal(answer.status_code, CALLER)
    try:
        body = answer.json()
    except ValueError:
        body = None
    if not isinstance(body, dict) or not isinstance(body.get("text"), str):
        raise EngineUnavailable(remote.NO_API.format(url=CALLER.url_setting))
    return body


def _heard(answer: dict[str, Any], length_s: float) -> Heard:
    words = [
        Word(float(row["start"]), float(row["end"]), str(row["word"]).strip(), 1.0) for row in answer.get("words") or []
    ]
    rows = answer.get("segments") or [{"start": 0.0, "end": length_s, "text": answer["text"]}]
    segments = []
    for row in rows:
        start, end = float(row["start"]), min(float(row["end"]), length_s)
        inside = tuple(word for word in words if start <= (word.start + word.end) / 2 < end)
        segments.append(Segment(start, end, str(row["text"]).strip(), inside))
    return Heard(tuple(segment for segment in segments if segment.text), _code(answer.get("language")))


def _code(language: object) -> str | None:
    """Servers name the language by code or in English ("korean")."""
    name = str(language or "").lower()
    if name in NAMES:
        return name
    return next((code for code, text in NAMES.items() if text.en.lower() == name), None)


def _wav(samples: Samples) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(SAMPLE_RATE)
        out.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return buffer.getvalue()
