"""The eSpeak NG library through ctypes: text to samples, words to phonemes, and which voices there are.

The library keeps its state in the process, so one lock guards every call. Knows nothing of our engines.
"""

from __future__ import annotations

import _ctypes
import atexit
import ctypes
import functools
import shutil
import tempfile
import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 22_050
NORMAL_WPM = 175  # eSpeak's own default; about 5.5 Korean syllables per second

_SYNCHRONOUS = 2  # AUDIO_OUTPUT_SYNCHRONOUS: samples go to the callback, nothing is played
_DONT_EXIT = 0x8000
_UTF8 = 1
_IPA = 0x02
_RATE = 1

_lock = threading.Lock()
_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
_heard: list[NDArray[np.int16]] = []
_opened: list[Any] = []  # the library, once it is open


@dataclass(frozen=True)
class LibraryVoice:
    """A voice of the library. `tag` is its language (`en-gb`), `identifier` what the library selects it by."""

    tag: str
    name: str
    identifier: str


class _VoiceStruct(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_char_p),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("unused", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    ]


@_Callback  # type: ignore[untyped-decorator]
def _hear(wave: Any, count: int, _events: Any) -> int:
    if wave and count > 0:
        _heard.append(np.ctypeslib.as_array(wave, (count,)).copy())
    return 0


def _library() -> Any:
    """The library, initialised. Raises ImportError where the package is missing. Call with the lock held."""
    if not _opened:
        import espeakng_loader  # type: ignore[import-untyped]

        library = ctypes.CDLL(_own_copy(str(espeakng_loader.get_library_path())))
        rate = library.espeak_Initialize(_SYNCHRONOUS, 0, str(espeakng_loader.get_data_path()).encode(), _DONT_EXIT)
        if rate != SAMPLE_RATE:
            raise RuntimeError(f"eSpeak NG answered {rate} to its initialisation")
        library.espeak_SetVoiceByName.argtypes = [ctypes.c_char_p]
        library.espeak_TextToPhonemes.argtypes = [ctypes.POINTER(ctypes.c_void_p), ctypes.c_int, ctypes.c_int]
        library.espeak_TextToPhonemes.restype = ctypes.c_char_p
        library.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_VoiceStruct))
        library.espeak_SetSynthCallback(_hear)
        _opened.append(library)
    return _opened[0]


@functools.lru_cache(maxsize=1)
def _own_copy(path: str) -> str:
    """A copy of the library file, for this process alone.

    Kokoro's package loads the same file, and one file has one state in a process: reopening ours would neither
    reset it nor leave theirs in peace.
    """
    folder = tempfile.mkdtemp(prefix="modu-espeak-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return str(shutil.copy2(path, folder))


def _fresh_library() -> Any:
    """The library as just loaded. It carries noise and flutter over from one utterance to the next, which no call
    resets, so only this gives the same sound for the same text. Takes a few milliseconds."""
    if _opened:
        library = _opened.pop()
        library.espeak_Terminate()
        close = getattr(_ctypes, "dlclose", None) or getattr(_ctypes, "FreeLibrary")  # noqa: B009  (Windows)
        close(library._handle)
    return _library()


def _select(library: Any, voice: str) -> None:
    # Without a voice the library crashes; an unknown name leaves the one before in place.
    if library.espeak_SetVoiceByName(voice.encode()) != 0:
        raise ValueError(f"eSpeak NG has no voice {voice!r}")


def synthesize(text: str, voice: str, speed: float) -> NDArray[np.float32]:
    """Mono samples at `SAMPLE_RATE`. `voice` is an identifier, with a variant after `+` if wanted."""
    with _lock:
        library = _fresh_library()
        _select(library, voice)
        library.espeak_SetParameter(_RATE, round(NORMAL_WPM * speed), 0)
        _heard.clear()
        data = text.encode()
        library.espeak_Synth(data, ctypes.c_size_t(len(data) + 1), 0, 1, 0, _UTF8, None, None)
        library.espeak_Synchronize()
        samples = np.concatenate([*_heard, np.zeros(0, np.int16)]).astype(np.float32)
        _heard.clear()
    scaled: NDArray[np.float32] = samples / np.float32(32768)
    return scaled


@functools.lru_cache(maxsize=4096)
def phonemes(word: str, voice: str = "gmw/en") -> str:
    """A word in IPA, as the voice would say it. The default voice is British English."""
    with _lock:
        library = _library()
        _select(library, voice)
        buffer = ctypes.create_string_buffer(word.encode())
        position = ctypes.c_void_p(ctypes.addressof(buffer))
        said = []
        while position.value:
            said.append(library.espeak_TextToPhonemes(ctypes.byref(position), _UTF8, _IPA).decode())
    return " ".join(said)


@functools.cache
def voices() -> tuple[LibraryVoice, ...]:
    """The library's voices, one per language or accent, in its own order."""
    with _lock:
        listed = _library().espeak_ListVoices(None)
        found: list[LibraryVoice] = []
        while listed[len(found)]:
            voice = listed[len(found)].contents
            tag = voice.languages[1:].split(b"\0")[0].decode()  # the first byte is a priority
            found.append(LibraryVoice(tag, voice.name.decode(), voice.identifier.decode()))
    return tuple(found)
