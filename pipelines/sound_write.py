"""Mono float32 samples to a sound file: wav, mp3, flac or opus. Knows no task.

The loudness stays as it is: samples become 16-bit numbers, clipped at full scale and never normalised.
"""

from __future__ import annotations

import wave
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines import checks

FORMATS = ("wav", "mp3", "flac", "opus")
OPUS_RATE = 48_000  # Opus knows only rates that divide this one

# Our ending, and how PyAV calls container and codec. 96 kbit/s mono is transparent for speech.
_CODECS = {"mp3": ("mp3", "libmp3lame", 96_000), "flac": ("flac", "flac", 0), "opus": ("ogg", "libopus", 64_000)}


class SoundWriter:
    """A sound file that grows piece by piece: `with SoundWriter(path, rate) as out: out.write(samples)`.

    The ending of `path` is the format. `sample_rate` is the file's, which for Opus is 48 kHz.
    """

    def __init__(self, path: Path, sample_rate: int) -> None:
        kind = checks.choice(path.suffix.removeprefix("."), "format", FORMATS)
        self._written = 0
        self._given_rate = sample_rate
        self.sample_rate = OPUS_RATE if kind == "opus" else sample_rate
        self._file: _Wave | _Encoded = (
            _Wave(path, sample_rate) if kind == "wav" else _Encoded(path, kind, sample_rate, self.sample_rate)
        )

    def __enter__(self) -> SoundWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close(complete=error is None)

    def write(self, samples: NDArray[np.float32]) -> None:
        """Append samples of -1 to 1; what is beyond is clipped."""
        self._written += len(samples)
        self._file.write(to_int16(samples))

    @property
    def duration_s(self) -> float:
        return self._written / self._given_rate


def to_int16(samples: NDArray[np.float32]) -> NDArray[np.int16]:
    """Samples as 16-bit numbers. 32767 is 1.0; values that are no numbers become silence."""
    clean = np.nan_to_num(np.asarray(samples, np.float32), nan=0.0, posinf=1.0, neginf=-1.0)
    return np.round(np.clip(clean, -1.0, 1.0) * 32767).astype("<i2")


class _Wave:
    def __init__(self, path: Path, sample_rate: int) -> None:
        self._file = wave.open(str(path), "wb")  # noqa: SIM115  (closed by SoundWriter)
        self._file.setnchannels(1)
        self._file.setsampwidth(2)
        self._file.setframerate(sample_rate)

    def write(self, samples: NDArray[np.int16]) -> None:
        self._file.writeframesraw(samples.tobytes())

    def close(self, complete: bool) -> None:
        self._file.close()  # writes the length into the header


class _Encoded:
    def __init__(self, path: Path, kind: str, given_rate: int, file_rate: int) -> None:
        import av

        container, codec, bit_rate = _CODECS[kind]
        self._given_rate = given_rate
        self._container = av.open(str(path), "w", format=container)
        self._stream = self._container.add_stream(codec, rate=file_rate, layout="mono")
        if bit_rate:
            self._stream.bit_rate = bit_rate
        context = self._stream.codec_context
        self._resampler = av.AudioResampler(format=context.format, layout="mono", rate=file_rate)
        self._position = 0

    def write(self, samples: NDArray[np.int16]) -> None:
        import av

        if not len(samples):
            return
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = self._given_rate
        frame.pts = self._position
        self._position += len(samples)
        self._encode(frame)

    def _encode(self, frame: Any) -> None:
        for piece in self._resampler.resample(frame):
            for packet in self._stream.encode(piece):
                self._container.mux(packet)

    def close(self, complete: bool) -> None:
        if complete:
            self._encode(None)
            for packet in self._stream.encode(None):
                self._container.mux(packet)
        self._container.close()
