"""One run of text in one language: how it is read aloud, and what in it cannot be spoken."""

from __future__ import annotations

import functools
import logging
import re
import unicodedata
from collections.abc import Callable, Set

from pipelines.text_to_speech import english, espeak_library, korean, languages

log = logging.getLogger(__name__)

# Marks that are heard as a pause or an intonation; the rest of punctuation is passed over as readers do.
_HEARD = ".,!?;:…"
_PASSED_OVER = "\"'“”‘’«»„‹›「」『』【】〈〉《》()[]{}-–—‐‑*`~/·•‧〜¿¡|_#&@%$€£¥₩+=^"
_STOPS = {
    "。": ".",
    "．": ".",
    "、": ",",
    "，": ",",
    "！": "!",
    "？": "?",
    "：": ":",
    "；": ";",
    "।": ".",
    "॥": ".",
    "۔": ".",
    "։": ".",
    "።": ".",
    "။": ".",
    "؟": "?",
    "،": ",",
    "၊": ",",
    "؛": ";",
    "—": ",",
    "–": ",",
    "/": ", ",
    "·": ",",
}
_JOINERS = "\u200d\ufe0e\ufe0f\u20e3"
_KEPT_BY_NFKC = re.compile("[ㄱ-ㅎㅏ-ㅣ]")  # chat jamo would become parts of syllables
_CIRCLED = re.compile("[①-⑳⑴-⒇❶-❿]")
_NUMERALS = re.compile("[Ⅰ-Ⅻ]")
_POWERS = re.compile("(?<=[0-9])[²³¹⁰⁴-⁹]+")
_FRACTIONS = re.compile("(?<=[0-9])(?=[¼-¾⅐-⅞])")


@functools.cache
def _phonemes() -> Callable[[str], str] | None:
    """English words to IPA, where the library is installed."""
    try:
        espeak_library.voices()
    except (ImportError, OSError, RuntimeError) as error:
        log.warning("no phonemes for Latin words in Korean, they are spelt out: %s", error)
        return None
    return espeak_library.phonemes


def read(text: str, language: str, unreadable: Set[str] = frozenset()) -> tuple[str, list[str]]:
    """`text` as words for a voice of `language`, and what had to be left out, piece by piece.

    `unreadable` are scripts that this engine's voice lacks although the language uses them.
    """
    plain = normalized(text)
    if language == "ko":
        plain = korean.read(plain, _phonemes())
    elif language == "en":
        plain = english.read(plain)
    allowed = languages.scripts_of(language) - unreadable
    return _speakable(plain, allowed - ({"LATIN"} if language == "ko" else set()))


def normalized(text: str) -> str:
    """NFKC (㎏ is kg, １ is 1, decomposed Hangul is composed), but for lone jamo; keycaps are their digits."""
    text = re.sub("(?<=[0-9#*])\ufe0f?\u20e3", "", text).replace("㈜", "주식회사 ")
    text = _CIRCLED.sub(lambda found: f" {unicodedata.numeric(found.group()):.0f} ", text)  # ①② is no 12
    text = re.sub(r"\(주\)(?=[가-힣A-Za-z])", "주식회사 ", text)
    text = _NUMERALS.sub(lambda found: str(ord(found.group()) - 0x215F), text)  # Ⅲ is 3
    text = _POWERS.sub(lambda found: f"^{found.group()}", text)  # 10² is no 102
    text = _FRACTIONS.sub(" ", text)  # 2½ is no 21/2
    parts = re.split(f"({_KEPT_BY_NFKC.pattern}+)", text)
    plain = "".join(part if _KEPT_BY_NFKC.match(part) else unicodedata.normalize("NFKC", part) for part in parts)
    return plain.replace("\u2044", "/")


def _speakable(text: str, allowed: Set[str]) -> tuple[str, list[str]]:
    kept: list[str] = []
    left_out: list[str] = []
    previous = ""  # the last character, if it was left out
    for character in text:
        if not previous and character in _JOINERS:
            continue
        if _can_be_said(character, allowed):
            kept.append(_STOPS.get(character, character))
            previous = ""
        elif previous and _belongs_to(previous, character):
            left_out[-1] += character
            previous = character
        else:
            left_out.append(character)
            kept.append(" ")
            previous = character
    return _tidy("".join(kept)), [piece.strip(_JOINERS) or piece for piece in left_out]


def _can_be_said(character: str, allowed: Set[str]) -> bool:
    category = unicodedata.category(character)
    if category[0] == "L":
        return languages.script(character) in allowed
    if category[0] in "MZ" and character not in _JOINERS:
        return True
    return category == "Nd" or character.isspace() or character in _STOPS or character in _HEARD + _PASSED_OVER


def _belongs_to(previous: str, character: str) -> bool:
    """Letters of a word and the parts of one emoji are reported together."""
    if character in _JOINERS or previous == "\u200d" or "\U0001f3fb" <= character <= "\U0001f3ff":
        return True
    flags = "\U0001f1e6" <= character <= "\U0001f1ff" and "\U0001f1e6" <= previous <= "\U0001f1ff"
    return flags or (character.isalpha() and previous.isalpha())


def _tidy(text: str) -> str:
    """Marks that no voice says are taken out, so that engines do not name them ("asterisk")."""
    text = re.sub(r"(?<=\w[^\w])\s*[-‐]\s+(?=\w)|(?<=\w)\s+[-‐]\s+(?=\w)", ", ", text)
    text = re.sub(r"(?<=\w)\s?[(\[]", ", ", text)
    text = re.sub(r"[\"'”’」』)\]](?=[가-힣])", "", text)
    text = re.sub(r"[*`|_#^~\"“”«»„‹›「」『』【】〈〉《》(){}\[\]•‧+=@&]", " ", text)
    text = re.sub(r"(?<!\w)['‘’]|['‘’](?!\w)|(?<!\w)[-‐‑]|[-‐‑](?!\w)", " ", text)
    text = re.sub(r"\s+", " ", text).strip()
    text = re.sub(r" ([.,!?;:…])", r"\1", text)
    return re.sub(r"^[\s.,!?;:…]+", "", re.sub(r",(?:,|(?=[.!?]))+", "", text)).strip()


def has_words(spoken: str) -> bool:
    return any(character.isalnum() for character in spoken)
