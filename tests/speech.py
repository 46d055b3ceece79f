"""Sounds for tests: something that moves like a voice, and much that does not. Computed, nobody was recorded."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

from pipelines.sound import Samples
from pipelines.speech_to_text import Heard, Request, Segment, Word

RATE = 16_000


def _scaled(samples: np.ndarray, height: float) -> Samples:
    return (samples * (height / (np.abs(samples).max() or 1.0))).astype(np.float32)


def _time(seconds: float) -> np.ndarray:
    return np.arange(int(RATE * seconds)) / RATE


def write(path: Path, samples: np.ndarray) -> Path:
    """The samples as a WAV file of 16 bit."""
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes((samples * 32767).astype("<i2").tobytes())
    return path


def babble(seconds: float = 3.0, seed: int = 0, height: float = 0.2) -> Samples:
    """Syllables without meaning: a gliding pitch through moving formants, with hisses and short gaps between."""
    generator = np.random.default_rng(seed)
    parts: list[np.ndarray] = []
    while sum(map(len, parts)) < seconds * RATE:
        parts += [_vowel(generator), _hiss(generator), np.zeros(int(RATE * generator.uniform(0.02, 0.06)))]
    return _scaled(np.concatenate(parts)[: int(seconds * RATE)], height)


def _vowel(generator: np.random.Generator) -> np.ndarray:
    length = generator.uniform(0.12, 0.26)
    time = _time(length)
    start, end = generator.uniform(95, 180, 2)
    pitch = np.linspace(start, end, len(time))
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    formants = [(generator.uniform(300, 800), 90), (generator.uniform(900, 2200), 130), (2600, 200)]
    moves = generator.uniform(0.8, 1.25, len(formants))
    out = np.zeros(len(time))
    for harmonic in range(1, 26):
        hertz = harmonic * pitch
        gain = sum(
            1 / (1 + ((hertz - centre * np.linspace(1, move, len(time))) / width) ** 2)
            for (centre, width), move in zip(formants, moves, strict=True)
        )
        out += gain * np.sin(harmonic * phase)
    return out * np.hanning(len(time)) ** 0.4


def _hiss(generator: np.random.Generator) -> np.ndarray:
    noise = generator.standard_normal(int(RATE * generator.uniform(0.04, 0.1)))
    return 0.25 * np.diff(noise, prepend=0.0) * np.hanning(len(noise))


def silence(seconds: float = 3.0) -> Samples:
    return np.zeros(int(RATE * seconds), np.float32)


def hiss(seconds: float = 4.0, height: float = 0.1) -> Samples:
    return _scaled(np.random.default_rng(1).standard_normal(int(RATE * seconds)), height)


def hum(seconds: float = 4.0) -> Samples:
    time = _time(seconds)
    return _scaled(sum(np.sin(2 * np.pi * 60 * times * time) / times for times in (1, 2, 3, 5)), 0.2)


def music(seconds: float = 6.0) -> Samples:
    """A tune with overtones and an echo of itself."""
    notes = [262, 330, 392, 523, 392, 330, 294, 349, 440, 587, 440, 349]
    time = _time(0.3)
    shape = np.minimum(1, time / 0.02) * np.exp(-2 * time)
    played = [
        shape * sum(np.sin(2 * np.pi * note * times * time) / times**1.2 for times in range(1, 8)) for note in notes
    ]
    tune = np.concatenate(played * (1 + int(seconds / 3.6)))[: int(seconds * RATE)]
    return _scaled(tune + 0.6 * np.roll(tune, 4_800), 0.2)


def clicks(seconds: float = 4.0) -> Samples:
    generator = np.random.default_rng(2)
    out = np.zeros(int(RATE * seconds))
    for start in range(500, len(out) - 100, 3_000):
        out[start : start + 40] = generator.standard_normal(40)
    return _scaled(out, 0.5)


def siren(seconds: float = 4.0) -> Samples:
    return _scaled(np.sin(2 * np.pi * np.cumsum(700 + 300 * np.sin(np.pi * _time(seconds))) / RATE), 0.2)


def drums(seconds: float = 4.0) -> Samples:
    generator = np.random.default_rng(3)
    out = np.zeros(int(RATE * seconds))
    for index, start in enumerate(range(0, len(out) - 4_000, 8_000)):
        thump = np.sin(2 * np.pi * 80 * _time(0.25)) if index % 2 else 0.5 * generator.standard_normal(4_000)
        out[start : start + 4_000] = thump * np.exp(-np.arange(4_000) / 900)
    return _scaled(out, 0.5)


def rumble(seconds: float = 4.0) -> Samples:
    """Traffic behind a wall: noise that falls with the frequency, and so looks harmonic in short windows."""
    spectrum = np.fft.rfft(np.random.default_rng(4).standard_normal(int(RATE * seconds)))
    spectrum /= np.maximum(np.fft.rfftfreq(int(RATE * seconds), 1 / RATE), 20)
    return _scaled(np.fft.irfft(spectrum), 0.3)


NOBODY = {
    "silence": silence(),
    "hiss": hiss(),
    "hum": hum(),
    "music": music(),
    "clicks": clicks(),
    "siren": siren(),
    "drums": drums(),
    "rumble": rumble(),
    "50 ms": babble(0.05),
}


class FakeListener:
    """A recogniser that hears one sentence in each piece and keeps what it was asked."""

    piece_s = 28.0

    def __init__(self, text: str = "hello there", languages: dict[str, float] | None = None) -> None:
        self.text = text
        self.guess = {"en": 0.95, "ko": 0.03} if languages is None else languages
        self.pieces: list[Samples] = []
        self.requests: list[Request] = []
        self.running = 0
        self.numbered = False  # the same sentence again and again would be taken for a loop

    def languages(self, samples: Samples) -> dict[str, float]:
        return self.guess

    def hear(self, samples: Samples, request: Request, job: object) -> Heard:
        self.running += 1
        assert self.running == 1, "two calls at once"
        assert samples.dtype == np.float32 and samples.ndim == 1
        self.pieces.append(samples)
        self.requests.append(request)
        length = len(samples) / RATE
        words = tuple(
            Word(index * length / 2, (index + 1) * length / 2, word, 0.9)
            for index, word in enumerate(self.text.split()[:2])
        )
        self.running -= 1
        text = f"{self.text} {len(self.pieces)}" if self.numbered else self.text
        return Heard((Segment(0.0, length, text, words if request.word_timestamps else ()),), "en")
