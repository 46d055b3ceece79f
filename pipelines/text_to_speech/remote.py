"""Another server's voices: any service with OpenAI's `/audio/speech` route. The owner names it; visitors cannot."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np

from pipelines import remote, settings, sound
from pipelines.errors import EngineFailed, PipelineError
from pipelines.text_to_speech.contract import TASK, Samples, Voice
from pipelines.words import Text

log = logging.getLogger(__name__)

SAMPLE_RATE = 24_000  # what it is brought to, whatever the server sends
DEFAULT_VOICES = {"*": "alloy"}  # it speaks any language
ANSWER_S = 120.0
CALLER = remote.caller(TASK)

SPEC = remote.server_spec(
    TASK,
    Text(
        en="The text is sent to the server that the owner of this app named.",
        ko="글이 이 앱의 소유자가 지정한 서버로 전송됩니다.",
    ),
    languages=tuple("en ko ja zh es fr de it pt hi ru ar vi th id tr nl pl".split()),
)

# The names that OpenAI's own service documents; other servers take them as aliases.
_NAMES = "alloy ash ballad coral echo fable nova onyx sage shimmer verse".split()


def voices() -> tuple[Voice, ...]:
    return tuple(Voice(name, "*", Text(en=name.capitalize(), ko=name.capitalize())) for name in _NAMES)


class RemoteVoices:
    """One server. Holds its address; the key is read from the environment for each request."""

    def __init__(self, url: str, model: str) -> None:
        self._url = url.rstrip("/")
        self._model = model

    def say(self, text: str, voice: str, speed: float, seed: int) -> Samples:
        data = self._ask(
            {"model": self._model, "input": text, "voice": voice, "speed": speed, "response_format": "wav"}
        )
        try:
            return _decoded(data)
        except PipelineError as error:
            log.warning("the speech server sent no sound: %s", error)
            raise EngineFailed(
                Text(
                    en="The speech server sent something that is no sound. Try again or choose another engine.",
                    ko="음성 서버가 소리가 아닌 것을 보냈습니다. 다시 시도하거나 다른 엔진을 골라 주세요.",
                )
            ) from None

    def _ask(self, question: dict[str, object]) -> bytes:
        import httpx

        with remote.asking(ANSWER_S):
            answer = httpx.post(
                f"{self._url}/audio/speech",
                json=question,
                headers=remote.headers(settings.secret(TASK)),
                timeout=httpx.Timeout(ANSWER_S, connect=remote.CONNECT_S),
            )
        if answer.status_code != 200:
            raise remote.refusal(answer.status_code, CALLER)
        return bytes(answer.content)


def _decoded(data: bytes) -> Samples:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "answer.wav"
        path.write_bytes(data)
        return np.asarray(sound.open_sound(path, SAMPLE_RATE).samples, np.float32)


def load(folder: Path | None) -> RemoteVoices:
    chosen = settings.current()
    return RemoteVoices(chosen.urls[TASK], chosen.models.get(TASK, "tts-1"))
