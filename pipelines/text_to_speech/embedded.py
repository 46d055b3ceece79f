"""The built-in voice: eSpeak NG, a small formant synthesiser. It sounds like a robot, and works anywhere.

The library is GPL-3; it is used as a separate package (espeakng-loader) and none of it is part of this project.
"""

from __future__ import annotations

import functools
from pathlib import Path

from pipelines.engines import EngineSpec
from pipelines.text_to_speech import espeak_library, languages
from pipelines.text_to_speech.contract import TASK, Samples, Voice
from pipelines.text_to_speech.espeak_library import SAMPLE_RATE
from pipelines.words import Text

__all__ = ["CANNOT_READ", "DEFAULT_VOICES", "SAMPLE_RATE", "SPEC", "load", "voices"]

# Language codes of eSpeak NG 1.52 as packaged, without those made for films and tests, and without Faroese and
# Karakalpak, whose dictionaries the package lacks: they are mute.
_CODES = (
    "ko en ja zh yue es fr de it pt ru ar hi vi th id ms tr nl pl sv da nb fi cs sk hu ro el he uk bg hr sr bs sl mk "
    "fa ur bn ta te kn ml mr gu pa ne si or as my ka hy az kk ky uz tk tt ug ba cv ku sq lt lv et is ga gd cy mt eu ca "
    "an la eo ia io af sw am om ti tn ht gn qu nci haw mi kl lb be chr sd hak smj shn nog kok bpy ltg hyw pap"
).split()
_TAGS = {"zh": "cmn", "en": "en-us", "fr": "fr-fr", "chr": "chr-us-qaaa-x-west"}  # where tag and code differ
_PREFIXES = {"cmn": "zh"}

# eSpeak reads kana only; every kanji would become the words "Chinese letter".
CANNOT_READ = {"ja": frozenset({"CJK"})}

# Variants of the library's voices: (ending of our name, its own name, label).
_VARIANTS = (
    ("f2", Text(en="higher, female", ko="높은 목소리, 여성")),
    ("f3", Text(en="soft, female", ko="부드러운 목소리, 여성")),
    ("m3", Text(en="deeper, male", ko="낮은 목소리, 남성")),
    ("m7", Text(en="calm, male", ko="차분한 목소리, 남성")),
)
_WITH_VARIANTS = ("ko", "en-us", "en-gb", "ja", "cmn")

_REGIONS = {
    "America": "미국", "Great Britain": "영국", "Scotland": "스코틀랜드", "Caribbean": "카리브", "Spain": "스페인",
    "Latin America": "라틴 아메리카", "France": "프랑스", "Belgium": "벨기에", "Switzerland": "스위스",
    "Brazil": "브라질", "Portugal": "포르투갈", "Mandarin, latin as English": "표준어",
    "Mandarin, latin as Pinyin": "표준어, 한어 병음",
    "Cantonese": "광둥어", "Received Pronunciation": "영국 표준 발음", "America, New York City": "뉴욕",
    "Northern": "북부", "Central": "중부", "Southern": "남부", "Classic": "고전", "Balearic": "발레아레스",
    "East Armenia": "동아르메니아", "Pinglish": "로마자", "Cantonese, latin as Jyutping": "로마자 월병",
    # Said by the language's name already.
    "Burmese": "", "Irish": "", "Scottish": "", "West Armenia": "", "Classical": "", "Tai Yai": "",
}  # fmt: skip

SPEC = EngineSpec(
    task=TASK,
    name="embedded",
    label=Text(en="Built-in voice (eSpeak NG)", ko="내장 목소리 (eSpeak NG)"),
    kind="embedded",
    rank=20,
    licence="GPL-3.0-or-later (eSpeak NG, a separate package)",
    size_mb=21,  # the installed package espeakng-loader 0.2.4
    memory_mb=35,  # measured: resident memory of a process that speaks, beside one that does not
    languages=tuple(_CODES),
    requires=("espeakng_loader",),
    note=Text(
        en="A robotic voice that speaks at once, in a hundred languages. The seed changes nothing here.",
        ko="기계음이지만 바로 말하고, 백 가지 언어를 읽습니다. 시드는 결과에 영향을 주지 않습니다.",
    ),
)
DEFAULT_VOICES = {code: _TAGS.get(code, code) for code in _CODES}


def _code(tag: str) -> str:
    base = tag.lower().split("-")[0]
    return _PREFIXES.get(base, base)


@functools.cache
def _identifiers() -> dict[str, tuple[str, str, str]]:
    """Our voice names: language code, the library's selector, the library's English name."""
    found: dict[str, tuple[str, str, str]] = {}
    for voice in espeak_library.voices():
        tag = voice.tag.lower()
        if _code(tag) in _CODES:
            # Two Cantonese voices share one tag; the second is told apart by its file.
            unique = tag if tag not in found else voice.identifier.split("/")[-1].lower()
            found[unique] = (_code(tag), voice.identifier, voice.name.strip())
    return found


@functools.cache
def voices() -> tuple[Voice, ...]:
    """One voice per language and accent, and a few variants for the languages asked for most."""
    found = []
    for tag, (code, _, english) in _ordered():
        named = Text(en=english, ko=_korean_name(code, english))
        found.append(Voice(tag, code, named))
        if tag in _WITH_VARIANTS:
            found += [
                Voice(f"{tag}-{variant}", code, Text(en=f"{named.en}, {about.en}", ko=f"{named.ko}, {about.ko}"))
                for variant, about in _VARIANTS
            ]
    return tuple(found)


def _korean_name(code: str, english: str) -> str:
    """`English (America)` as 영어 (미국)."""
    name = languages.name(code, english.split(" (")[0]).ko
    where = english.partition("(")[2].rstrip(")")
    said = _REGIONS.get(where, where)
    return f"{name} ({said})" if said and said not in name else name


def _ordered() -> list[tuple[str, tuple[str, str, str]]]:
    return sorted(
        _identifiers().items(), key=lambda one: (_CODES.index(one[1][0]), one[0] != DEFAULT_VOICES[one[1][0]])
    )


class EspeakVoices:
    """The engine. It holds nothing: the library keeps its state in the process, behind its own lock."""

    def say(self, text: str, voice: str, speed: float, seed: int) -> Samples:
        tag, _, variant = voice.rpartition("-")
        if variant in {name for name, _ in _VARIANTS}:
            return espeak_library.synthesize(text, f"{_identifiers()[tag][1]}+{variant}", speed)
        return espeak_library.synthesize(text, _identifiers()[voice][1], speed)


def load(folder: Path | None) -> EspeakVoices:
    """Start the library; raises ImportError where its package is missing."""
    espeak_library.voices()
    return EspeakVoices()
