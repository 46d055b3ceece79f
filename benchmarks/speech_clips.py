"""The sounds that the gates of speech to text are held against: people, synthetic voices, and much that is nobody.

`recordings` come from a folder that whoever runs the benchmark names, `installed` from a package that is installed
anyway; all else is computed here or spoken by the built-in voices. A clip is what it is called and what it holds:

    en       somebody speaks English          made en  a synthetic voice does, which the built-in engine hardly follows
    other    another language, or none        nobody   no voice at all: its text must be empty
"""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import speech  # noqa: E402

from pipelines import sound, text_to_speech  # noqa: E402
from pipelines.errors import InvalidInput  # noqa: E402
from pipelines.sound import Samples  # noqa: E402
from pipelines.text_to_speech import SpeakOptions  # noqa: E402

RATE = 16_000


@dataclass(frozen=True)
class Clip:
    """One sound at 16 kHz. `said` is known for recordings only."""

    name: str
    kind: str
    samples: Samples
    said: str = ""


SPOKEN = {
    "ko": (
        "안녕하세요. 오늘 회의는 세 시에 시작합니다.",
        "내일은 비가 오니까 우산을 꼭 챙기세요.",
        "불을 파란색으로 바꿔 줘.",
    ),
    "ja": ("きょうは いい てんきですね。", "あした えきで あいましょう。"),
    "zh": ("今天的会议三点开始。", "请把灯换成蓝色。"),
    "de": ("Heute beginnt die Sitzung um drei Uhr.", "Bitte mach das Licht blau."),
    "fr": ("La réunion commence à trois heures.", "Il va pleuvoir demain."),
    "es": ("La reunión empieza a las tres.", "Cambia la luz a color azul."),
    "it": ("La riunione comincia alle tre.", "Domani piove, prendi l'ombrello."),
    "ru": ("Сегодня встреча начинается в три часа.", "Завтра будет дождь."),
    "hi": ("आज बैठक तीन बजे शुरू होगी।",),
    "vi": ("Hôm nay cuộc họp bắt đầu lúc ba giờ.",),
    "en": ("The meeting starts at three today.", "It will rain tomorrow, so take an umbrella.", "Turn the light blue."),
}
ACCENTS = {"ko": ("ko", "ko-f2", "ko-m3"), "en": ("en-us", "en-us-f2", "en-gb", "en-gb-m7")}

SUFFIXES = (".wav", ".ogg", ".oga", ".mp3", ".flac", ".opus", ".m4a")

# What the package Gradio carries for its own demos, by what one hears there.
INSTALLED = {"heath_ledger.mp3": "en", "cantina.wav": "nobody", "sax.wav": "nobody"}


def recordings(folder: Path) -> list[Clip]:
    """WAV files of people and `truth.json`; what stands in round brackets there is not English."""
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    return [
        Clip(name, "other" if said.startswith("(") else "en", sound.open_sound(folder / name).samples, said)
        for name, said in truth.items()
    ]


def sounds(folder: Path, kind: str) -> Iterator[Clip]:
    """Three times ten seconds of every sound file anywhere below `folder`; shorter files whole."""
    for path in sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES):
        try:
            samples = sound.open_sound(path).samples
        except InvalidInput as error:  # some packages hold empty files
            print(f"{path.name} is left out: {error}")
            continue
        starts = range(0, max(len(samples) - 3 * RATE, 1), 40 * RATE)
        for start in list(starts)[:3]:
            yield Clip(f"{path.name} from {start // RATE} s", kind, samples[start : start + 10 * RATE])


def installed() -> list[Clip]:
    """A film quote and two pieces of music."""
    package = importlib.util.find_spec("gradio")
    folders = [Path(place) / "media_assets" / "audio" for place in (package.submodule_search_locations or ())]
    return [
        Clip(name, kind, sound.open_sound(folder / name).samples)
        for folder in folders
        for name, kind in INSTALLED.items()
        if (folder / name).is_file()
    ]


def changed(clips: list[Clip], seed: int = 0) -> Iterator[Clip]:
    """People again: quiet, loud, through noise, from a telephone; and backwards, which is no language."""
    noise = np.random.default_rng(seed)
    for clip in clips:
        if clip.kind == "nobody":
            continue
        level = float(np.sqrt(np.mean(np.square(clip.samples))))
        yield Clip(f"{clip.name}, quiet", clip.kind, clip.samples * np.float32(0.05), clip.said)
        rough = clip.samples + 0.1 * level * noise.standard_normal(len(clip.samples))
        yield Clip(f"{clip.name}, 20 dB above noise", clip.kind, rough.astype(np.float32), clip.said)
        narrow = np.fft.rfft(clip.samples)
        hertz = np.fft.rfftfreq(len(clip.samples), 1 / RATE)
        narrow[(hertz < 300) | (hertz > 3400)] = 0
        yield Clip(f"{clip.name}, telephone", clip.kind, np.fft.irfft(narrow, len(clip.samples)).astype(np.float32))
        yield Clip(f"{clip.name}, backwards", "other", clip.samples[::-1].copy())


def synthetic() -> Iterator[Clip]:
    """The built-in voices in eleven languages, and syllables without meaning."""
    for language, texts in SPOKEN.items():
        for voice in ACCENTS.get(language, ("auto",)):
            for number, text in enumerate(texts, 1):
                spoken = text_to_speech.speak(text, SpeakOptions(language, voice), engine="embedded")
                heard = sound.from_samples(spoken.samples, spoken.sample_rate, RATE).samples
                name = f"eSpeak {language if voice == 'auto' else voice} {number}"
                yield Clip(name, "made en" if language == "en" else "other", heard, text)
    for seed in range(4):
        yield Clip(f"babble {seed}", "other", speech.babble(4, seed))


def nobody() -> Iterator[Clip]:
    """Noise, machines, music and knocks, each at three loudnesses."""
    for name, samples in speech.NOBODY.items():
        yield Clip(name, "nobody", samples)
    for name, make in _NOISES.items():
        whole = make(np.random.default_rng(5))
        whole = whole / np.abs(whole).max()
        for decibels in (-6, -20, -40):
            yield Clip(f"{name} {decibels} dB", "nobody", (whole * 10 ** (decibels / 20)).astype(np.float32))


def _time(seconds: float = 5.0) -> np.ndarray:
    return np.arange(int(RATE * seconds)) / RATE


def _coloured(generator: np.random.Generator, slope: float) -> np.ndarray:
    """Noise whose power falls with the frequency: slope 0 is white, 1 pink, 2 brown."""
    spectrum = np.fft.rfft(generator.standard_normal(5 * RATE))
    hertz = np.maximum(np.fft.rfftfreq(5 * RATE, 1 / RATE), 20)
    return np.fft.irfft(spectrum / hertz ** (slope / 2))


def _gusts(generator: np.random.Generator) -> np.ndarray:
    swell = np.interp(_time(), np.arange(0, 5.6, 0.4), generator.uniform(0.05, 1, 14))
    return _coloured(generator, 1.5) * swell


def _tones(hertz: np.ndarray, overtones: int = 8, fall: float = 1.0) -> np.ndarray:
    """A tone that follows `hertz`, with its overtones."""
    phase = 2 * np.pi * np.cumsum(hertz) / RATE
    return sum(np.sin(times * phase) / times**fall for times in range(1, overtones + 1))


def _notes(generator: np.random.Generator, length_s: float) -> np.ndarray:
    """Pitches of a tune, in Hz, sample by sample."""
    scale = 220 * 2 ** (np.array([0, 2, 4, 5, 7, 9, 11, 12]) / 12)
    each = int(length_s * RATE)
    return np.repeat(generator.choice(scale, 5 * RATE // each + 1), each)[: 5 * RATE]


def _struck(generator: np.random.Generator, length_s: float = 0.4) -> np.ndarray:
    return np.exp(-6 * (_time() % length_s)) * np.minimum(1, (_time() % length_s) / 0.01)


def _piano(generator: np.random.Generator) -> np.ndarray:
    return _struck(generator) * (_tones(_notes(generator, 0.4)) + _tones(_notes(generator, 0.4) * 1.5))


def _organ(generator: np.random.Generator) -> np.ndarray:
    return sum(_tones(_notes(generator, 0.8) * chord, 5, 0.5) for chord in (1, 1.26, 1.5))


def _violin(generator: np.random.Generator) -> np.ndarray:
    return _tones(_notes(generator, 0.7) * (1 + 0.012 * np.sin(2 * np.pi * 5.5 * _time())), 14, 0.8)


def _pulses(generator: np.random.Generator, gaps: tuple[float, float], shape: np.ndarray) -> np.ndarray:
    out, at = np.zeros(5 * RATE + len(shape)), 0
    while at < 5 * RATE:
        out[at : at + len(shape)] += shape * generator.uniform(0.4, 1)
        at += int(generator.uniform(*gaps) * RATE)
    return out[: 5 * RATE]


def _typing(generator: np.random.Generator) -> np.ndarray:
    fall = np.exp(-np.arange(400) / 60)
    return _pulses(generator, (0.08, 0.35), generator.standard_normal(400) * fall)


def _drops(generator: np.random.Generator) -> np.ndarray:
    time = np.arange(1200) / RATE
    return _pulses(generator, (0.2, 0.9), np.sin(2 * np.pi * (900 + 4000 * time) * time) * np.exp(-time * 60))


def _dialling(generator: np.random.Generator) -> np.ndarray:
    rows, columns = generator.choice([697, 770, 852, 941], 20), generator.choice([1209, 1336, 1477], 20)
    which = (_time() / 0.25).astype(int)
    return (_time() % 0.25 < 0.15) * (
        np.sin(2 * np.pi * rows[which] * _time()) + np.sin(2 * np.pi * columns[which] * _time())
    )


def _birds(generator: np.random.Generator) -> np.ndarray:
    time = np.arange(1600) / RATE
    return _pulses(generator, (0.15, 0.5), np.sin(2 * np.pi * (3000 * time + 6000 * time**2)) * np.hanning(1600))


def _motor(generator: np.random.Generator) -> np.ndarray:
    turning = 28 + 2 * np.sin(2 * np.pi * 0.3 * _time())
    return _tones(turning, 30, 0.7) + 2 * _coloured(generator, 1)


_NOISES: dict[str, Callable[[np.random.Generator], np.ndarray]] = {
    "white noise": lambda generator: _coloured(generator, 0),
    "pink noise": lambda generator: _coloured(generator, 1),
    "brown noise": lambda generator: _coloured(generator, 2),
    "wind": _gusts,
    "hum 50 Hz": lambda generator: _tones(np.full(5 * RATE, 50.0), 20) + 0.1 * _coloured(generator, 1),
    "motor": _motor,
    "piano": _piano,
    "organ": _organ,
    "violin": _violin,
    "typing": _typing,
    "water drops": _drops,
    "dialling": _dialling,
    "birds": _birds,
}
