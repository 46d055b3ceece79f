"""Kokoro-82M, a neural voice for English, Spanish, French, Hindi, Italian and Portuguese. Runs on CPU in real time.

Phonemes come from eSpeak through misaki, which needs no download. misaki's own English dictionary reads better and
wants a spaCy model that is not on PyPI: where that model is installed, English is read by it. Korean has no voice
here and its text never reaches this engine. Japanese and Chinese want packages that are not installed by default
(one has to be compiled); where they are, both are spoken.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from pipelines.engines import EngineSpec
from pipelines.errors import EngineUnavailable
from pipelines.text_to_speech import languages
from pipelines.text_to_speech.contract import TASK, Samples, Voice
from pipelines.text_to_speech.draws import seeded
from pipelines.words import Text

log = logging.getLogger(__name__)

REPO = "hexgrad/Kokoro-82M"
SAMPLE_RATE = 24_000
MIXES = True
LONGEST = 510  # phonemes in one pass; a voice has one style for each length up to this

# Language letter of a voice's name: our code, eSpeak's code.
_LANGUAGES = {"a": ("en", "en-us"), "b": ("en", "en-gb"), "e": ("es", "es"), "f": ("fr", "fr-fr"),
              "h": ("hi", "hi"), "i": ("it", "it"), "p": ("pt", "pt-br"), "j": ("ja", ""), "z": ("zh", "")}  # fmt: skip
_VOICES = (
    "af_heart af_alloy af_aoede af_bella af_jessica af_kore af_nicole af_nova af_river af_sarah af_sky am_adam am_echo "
    "am_eric am_fenrir am_liam am_michael am_onyx am_puck am_santa bf_alice bf_emma bf_isabella bf_lily bm_daniel "
    "bm_fable bm_george bm_lewis ef_dora em_alex em_santa ff_siwis hf_alpha hf_beta hm_omega hm_psi if_sara im_nicola "
    "pf_dora pm_alex pm_santa jf_alpha jf_gongitsune jf_nezumi jf_tebukuro jm_kumo zf_xiaobei zf_xiaoni zf_xiaoxiao "
    "zf_xiaoyi zm_yunjian zm_yunxi zm_yunxia zm_yunyang"
).split()
DEFAULT_VOICES = {
    "en": "af_heart",
    "es": "ef_dora",
    "fr": "ff_siwis",
    "hi": "hf_alpha",
    "it": "if_sara",
    "pt": "pf_dora",
    "ja": "jf_alpha",
    "zh": "zf_xiaobei",
}
# Language: what misaki needs for it, as {module: package}. Tried together with the pinned packages on Python 3.11.
_EXTRAS = {
    "ja": {"pyopenjtalk": "pyopenjtalk", "fugashi": "fugashi", "jaconv": "jaconv", "mojimoji": "mojimoji"},
    "zh": {"jieba": "jieba", "pypinyin": "pypinyin", "cn2an": "cn2an", "ordered_set": "ordered-set"},
}
_TAGGER = "en_core_web_sm"  # what misaki's English dictionary needs to tell "a record" from "to record"
_INSTALL = {"ja": "fugashi jaconv mojimoji pyopenjtalk unidic-lite", "zh": "cn2an jieba ordered-set pypinyin"}

# Read at https://huggingface.co/hexgrad/Kokoro-82M/blob/main/kokoro-v1_0.pth (327 MB, Apache-2.0, sha256 496dba11...)
# and in public projects that pin this revision with that checksum. A voice file is 0.52 MB; 54 are fetched.
SPEC = EngineSpec(
    task=TASK,
    name="kokoro",
    label=Text(en="Kokoro 82M", ko="코코로 82M (Kokoro)"),
    kind="hub",
    rank=30,
    licence="Apache-2.0",
    size_mb=356,
    memory_mb=1750,  # peak resident memory of one sentence at the real shape, packages included
    languages=tuple(DEFAULT_VOICES),
    requires=("kokoro", "misaki", "torch", "espeakng_loader"),
    repo=REPO,
    revision="f3ff3571791e39611d31c381e3a41a3af07b4987",
    files=("config.json", "kokoro-v1_0.pth", "voices/[abefhijpz][fm]_*.pt"),
    verified=True,
    note=Text(
        en="Natural voices for English, Spanish, French, Hindi, Italian and Portuguese. Mix two with a plus sign, "
        "such as af_heart+am_adam. Sentences in other languages are read by another engine, Japanese and Chinese "
        "too unless their packages are installed.",
        ko="영어, 스페인어, 프랑스어, 힌디어, 이탈리아어, 포르투갈어의 자연스러운 목소리입니다. "
        "af_heart+am_adam처럼 더하기로 목소리를 섞을 수 있습니다. 다른 언어의 문장은 다른 엔진이 읽습니다. "
        "일본어와 중국어도 필요한 패키지가 없으면 다른 엔진이 읽습니다.",
    ),
)

_ACCENTS = {"a": Text(en="American", ko="미국"), "b": Text(en="British", ko="영국")}
_GENDERS = {"f": Text(en="female", ko="여성"), "m": Text(en="male", ko="남성")}
_SENTENCE_BREAKS = (re.compile(r"[.!?…]+\s*"), re.compile(r"[,;:—]\s*"), re.compile(r"\s+"))


def lacking(language: str) -> Text | None:
    """What has to be installed before this engine can speak `language`; None where nothing is missing."""
    if all(importlib.util.find_spec(module) is not None for module in _EXTRAS.get(language, {})):
        return None
    return _install(language)


def _install(language: str) -> Text:
    name, packages = languages.name(language), _INSTALL[language]
    return Text(
        en=f"Kokoro speaks {name.en} only with more packages on its machine (pip install {packages}).",
        ko=f"Kokoro로 {name.ko}를 읽으려면 서버에 패키지가 더 있어야 합니다(pip install {packages}).",
    )


def voices() -> tuple[Voice, ...]:
    """Every voice that has a language here; any of one language may be mixed."""
    return tuple(Voice(name, _LANGUAGES[name[0]][0], _label(name)) for name in _VOICES)


def _label(name: str) -> Text:
    language = languages.name(_LANGUAGES[name[0]][0])
    accent, gender = _ACCENTS.get(name[0]), _GENDERS[name[1]]
    person = name[3:].capitalize()
    where = Text(en=f"{accent.en} {language.en}", ko=f"{accent.ko} {language.ko}") if accent else language
    return Text(en=f"{person} ({where.en}, {gender.en})", ko=f"{person} ({where.ko}, {gender.ko})")


class KokoroVoices:
    """The loaded model. One call at a time: the noise it draws comes from torch's one generator."""

    def __init__(self, model: Any, folder: Path) -> None:
        self._model = model
        self._folder = folder
        self._styles: dict[str, Any] = {}
        self._phonemizers: dict[str, Callable[[str], str]] = {}

    def say(self, text: str, voice: str, speed: float, seed: int) -> Samples:
        style = self._style(voice)
        heard = []
        with seeded(seed):
            for phonemes in pieces(self.phonemes(text, voice[0])):
                audio = self._model(phonemes, style[len(phonemes) - 1], speed)
                heard.append(audio.numpy().astype(np.float32))
        return np.concatenate(heard) if heard else np.zeros(0, np.float32)

    def phonemes(self, text: str, letter: str) -> str:
        """The text in the symbols that the model knows, as a speaker of the voice's language says it."""
        if letter not in self._phonemizers:
            self._phonemizers[letter] = _phonemizer(letter)
        known = self._model.vocab
        return "".join(one for one in self._phonemizers[letter](text) if one in known).strip()

    def _style(self, voice: str) -> Any:
        """(510, 1, 256): the style for each length; of a mix, the mean of its voices."""
        if voice not in self._styles:
            import torch

            packs = [
                torch.load(self._folder / "voices" / f"{name}.pt", map_location="cpu", weights_only=True)
                for name in voice.split("+")
            ]
            self._styles[voice] = torch.stack(packs).mean(dim=0)
        return self._styles[voice]


def _phonemizer(letter: str) -> Callable[[str], str]:
    """Text to phonemes for the language of a voice.

    For English this is the mapping that misaki keeps for words its dictionary lacks: eSpeak's sounds in the very
    symbols that the English voices were trained on.
    """
    from misaki import espeak  # type: ignore[import-untyped]

    if letter in "jz":
        return _with_latin(_eastern(_LANGUAGES[letter][0]), _phonemizer("a"))
    if letter in "ab":
        convert = espeak.EspeakFallback(british=letter == "b")
        by_dictionary = _dictionary(letter == "b", convert)
        if by_dictionary is not None:
            return by_dictionary
        return lambda text: re.sub(r"\([a-z-]+\)", "", convert(SimpleNamespace(text=text))[0] or "")
    convert_other = espeak.EspeakG2P(language=_LANGUAGES[letter][1])
    return lambda text: str(convert_other(text)[0])


def _dictionary(british: bool, fallback: Any) -> Callable[[str], str] | None:
    """misaki's own English, where the spaCy model that it asks for is installed; it would download it otherwise."""
    try:
        importlib.metadata.version(_TAGGER)
    except importlib.metadata.PackageNotFoundError:
        return None
    from misaki import en  # type: ignore[import-untyped]

    try:
        convert = en.G2P(british=british, fallback=fallback, unk="")
    except (ImportError, OSError, ValueError) as error:  # a model for another spaCy
        log.warning("%s cannot be used, eSpeak reads English instead: %s", _TAGGER, error)
        return None
    return lambda text: str(convert(text)[0])


def _eastern(language: str) -> Callable[[str], str]:
    """misaki's own way for Japanese or Chinese. A dictionary that cannot be found is a sentence, not a crash."""
    try:
        if language == "ja":
            from misaki import ja  # type: ignore[import-untyped]

            convert = ja.JAG2P()
        else:
            from misaki import zh  # type: ignore[import-untyped]

            logging.getLogger("jieba").setLevel(logging.WARNING)  # it tells of its dictionary
            convert = zh.ZHG2P()
    except (ImportError, RuntimeError, OSError) as error:  # fugashi without a dictionary raises RuntimeError
        raise EngineUnavailable(_install(language)) from error
    return lambda text: str(convert(text)[0])


def _with_latin(convert: Callable[[str], str], english: Callable[[str], str]) -> Callable[[str], str]:
    """Words in Latin letters are said as English ones; misaki would take the letters for phonemes."""

    def both(text: str) -> str:
        parts = re.split(r"([A-Za-z][A-Za-z' -]*)", text)
        said = (english(part) if number % 2 else convert(part) for number, part in enumerate(parts) if part.strip())
        return " ".join(said)

    return both


def pieces(phonemes: str, longest: int = LONGEST) -> Iterator[str]:
    """Phonemes in pieces that one pass can take, parted after a sentence, else a comma, else between two words."""
    while len(phonemes) > longest:
        cut = _cut(phonemes, longest)
        yield phonemes[:cut].strip()
        phonemes = phonemes[cut:].strip()
    if phonemes:
        yield phonemes


def _cut(phonemes: str, longest: int) -> int:
    for breaks in _SENTENCE_BREAKS:
        ends = [found.end() for found in breaks.finditer(phonemes, 0, longest) if found.end() > longest // 4]
        if ends:
            return ends[-1]
    return longest  # one endless word


def load(folder: Path | None) -> KokoroVoices:
    """Read the weights (with torch's safe loader, which runs no code of the file)."""
    if folder is None:
        raise ValueError("Kokoro is loaded from a folder")
    from kokoro import KModel  # type: ignore[import-untyped]
    from loguru import logger

    logger.disable("kokoro")  # it logs every phoneme
    model = KModel(repo_id=REPO, config=str(folder / "config.json"), model=str(folder / "kokoro-v1_0.pth")).eval()
    return KokoroVoices(model, folder)
