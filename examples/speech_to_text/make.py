"""Make the example sounds of this folder: `python examples/speech_to_text/make.py`.

A synthetic voice speaks Korean and English (eSpeak NG), and a machine hums where nobody speaks. No person was
recorded. A synthetic voice is hard to understand for the built-in engine; Whisper understands it.
"""

from __future__ import annotations

import ctypes
import wave
from pathlib import Path

import espeakng_loader
import numpy as np

HERE = Path(__file__).resolve().parent
SENTENCES = {
    "korean": ("ko", 150, "안녕하세요. 모두에 오신 것을 환영합니다. 오늘은 날씨가 참 좋네요."),
    "english": ("en-us+f2", 150, "i am very happy to see you"),
}
_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


def spoken(library: ctypes.CDLL, voice: str, words_per_minute: int, text: str) -> np.ndarray:
    """int16 samples of the sentence."""
    parts: list[np.ndarray] = []

    def collect(samples: ctypes.Array, count: int, _events: int) -> int:
        if samples and count > 0:
            parts.append(np.ctypeslib.as_array(samples, (count,)).copy())
        return 0

    callback = _Callback(collect)
    library.espeak_SetSynthCallback(callback)
    if library.espeak_SetVoiceByName(voice.encode()) != 0:
        raise SystemExit(f"eSpeak NG has no voice {voice}")
    library.espeak_SetParameter(1, words_per_minute, 0)
    data = text.encode()
    library.espeak_Synth(data, len(data) + 1, 0, 1, 0, 1, None, None)
    return np.concatenate(parts)


def hum(rate: int, seconds: float = 6.0) -> np.ndarray:
    """A transformer and a fan: mains hum with its overtones, and hiss."""
    generator = np.random.default_rng(7)
    time = np.arange(int(rate * seconds)) / rate
    tone = sum(np.sin(2 * np.pi * 60 * times * time) / times for times in (1, 2, 3, 5))
    return ((0.12 * tone + 0.02 * generator.standard_normal(len(time))) * 32767).astype(np.int16)


def write(name: str, rate: int, samples: np.ndarray) -> None:
    with wave.open(str(HERE / f"{name}.wav"), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(samples.astype("<i2").tobytes())


def main() -> None:
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    rate = library.espeak_Initialize(2, 0, espeakng_loader.get_data_path().encode(), 0)
    for name, (voice, speed, text) in SENTENCES.items():
        write(name, rate, spoken(library, voice, speed, text))
    write("nobody-speaks", 16_000, hum(16_000))


if __name__ == "__main__":
    main()
