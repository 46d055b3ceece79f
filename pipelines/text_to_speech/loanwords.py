"""English sounds in Hangul, by the official rules for loanwords (외래어 표기법): kəmpjuːtə becomes 컴퓨터.

Takes British phonemes in IPA, where no r stands at the end of a syllable, as the rules assume.
"""

from __future__ import annotations

import re

_ONSETS = "ㄱ ㄲ ㄴ ㄷ ㄸ ㄹ ㅁ ㅂ ㅃ ㅅ ㅆ ㅇ ㅈ ㅉ ㅊ ㅋ ㅌ ㅍ ㅎ".split()
_VOWELS = "ㅏ ㅐ ㅑ ㅒ ㅓ ㅔ ㅕ ㅖ ㅗ ㅘ ㅙ ㅚ ㅛ ㅜ ㅝ ㅞ ㅟ ㅠ ㅡ ㅢ ㅣ".split()
_CODAS = ["", *"ㄱ ㄲ ㄳ ㄴ ㄵ ㄶ ㄷ ㄹ ㄺ ㄻ ㄼ ㄽ ㄾ ㄿ ㅀ ㅁ ㅂ ㅄ ㅅ ㅆ ㅇ ㅈ ㅊ ㅋ ㅌ ㅍ ㅎ".split()]

# Vowels of English to one or two vowels of Korean.
_SOUNDS = {
    "aɪə": "ㅏㅣㅓ", "aʊə": "ㅏㅝ", "eɪ": "ㅔㅣ", "aɪ": "ㅏㅣ", "aʊ": "ㅏㅜ", "ɔɪ": "ㅗㅣ", "əʊ": "ㅗ", "oʊ": "ㅗ",
    "iə": "ㅣㅓ", "ɪə": "ㅣㅓ", "eə": "ㅔㅓ", "ɛə": "ㅔㅓ", "ʊə": "ㅜㅓ", "iː": "ㅣ", "uː": "ㅜ", "ɑː": "ㅏ",
    "ɔː": "ㅗ",
    "oː": "ㅗ", "ɜː": "ㅓ", "i": "ㅣ", "ɪ": "ㅣ", "e": "ㅔ", "ɛ": "ㅔ", "æ": "ㅐ", "a": "ㅐ", "ɑ": "ㅏ", "ɒ": "ㅗ",
    "ɔ": "ㅗ", "o": "ㅗ", "ʊ": "ㅜ", "u": "ㅜ", "ʌ": "ㅓ", "ə": "ㅓ", "ɐ": "ㅓ", "ɚ": "ㅓ", "ᵻ": "ㅣ",
}  # fmt: skip
_SHORT = set("ɪeɛæaɒʊʌəɐᵻ")
_CONSONANTS = {
    "tʃ": "ㅊ", "dʒ": "ㅈ", "p": "ㅍ", "b": "ㅂ", "t": "ㅌ", "d": "ㄷ", "k": "ㅋ", "ɡ": "ㄱ", "g": "ㄱ", "f": "ㅍ",
    "v": "ㅂ", "θ": "ㅅ", "ð": "ㄷ", "s": "ㅅ", "z": "ㅈ", "ʃ": "ㅅ", "ʒ": "ㅈ", "m": "ㅁ", "n": "ㄴ", "ŋ": "ㅇ",
    "l": "ㄹ",
    "ɹ": "ㄹ", "r": "ㄹ", "ɾ": "ㅌ", "h": "ㅎ", "x": "ㅋ", "j": "", "w": "",
}  # fmt: skip
_WITH_J = {"ㅏ": "ㅑ", "ㅐ": "ㅒ", "ㅓ": "ㅕ", "ㅔ": "ㅖ", "ㅗ": "ㅛ", "ㅜ": "ㅠ", "ㅣ": "ㅣ"}
_WITH_W = {"ㅏ": "ㅘ", "ㅐ": "ㅙ", "ㅓ": "ㅝ", "ㅔ": "ㅞ", "ㅗ": "ㅝ", "ㅜ": "ㅜ", "ㅣ": "ㅟ"}
_STOPS = {"p": "ㅂ", "t": "ㅅ", "k": "ㄱ"}
_NASALS = {"m": "ㅁ", "n": "ㄴ", "ŋ": "ㅇ"}
_SYMBOL = re.compile("|".join(sorted([*_SOUNDS, *_CONSONANTS], key=len, reverse=True)))


def hangul(ipa: str, spelling: str = "") -> str:
    """The Korean spelling of an English word given by its phonemes. Stress marks are ignored."""
    if spelling.lower().endswith("a"):
        ipa = re.sub("[əɐ]", "ɑ", ipa)  # banana: 바나나
    sounds = _SYMBOL.findall(re.sub("[ˈˌ ]", "", ipa).replace("n̩", "ən").replace("əl̩", "əl"))
    word = _Word()
    position = 0
    while position < len(sounds):
        position += word.add(sounds, position)
    return "".join(word.syllables)


class _Word:
    """A word in the making: finished syllables, the last of which may still take a final consonant."""

    def __init__(self) -> None:
        self.syllables: list[str] = []
        self.open = False  # the last syllable has no final consonant yet

    def add(self, sounds: list[str], position: int) -> int:
        """Add what stands at `position`; returns how many sounds were used."""
        sound, after = sounds[position], sounds[position + 1 : position + 4]
        if sound in _SOUNDS:
            self._vowels("", _SOUNDS[sound])
            return 1
        if sound in "jw":
            return self._glide("", sound, after, 1)
        if sound in ("k", "ɡ", "h") and after[:1] == ["w"] and len(after) > 1 and after[1] in _SOUNDS:
            return self._glide(_CONSONANTS[sound], "w", after[1:], 2)
        if after[:1] == ["j"] and len(after) > 1 and after[1] in _SOUNDS and sound != "l":
            return self._glide(_CONSONANTS[sound], "j", after[1:], 2)
        if after and after[0] in _SOUNDS and sound != "ŋ":
            return self._onset(sound, after)
        return self._final(sounds, position)

    def _onset(self, sound: str, after: list[str]) -> int:
        if sound == "l" and self.open:
            self._close("ㄹ")
        vowels = _SOUNDS[after[0]]
        if sound == "ʃ":
            vowels = _WITH_J[vowels[0]] + vowels[1:]
        syllabic = after[0] == "ə" and len(after) > 1 and not (len(after) > 2 and after[2] in _SOUNDS)
        if syllabic and sound not in "lɹhʃʒ" and sound not in ("tʃ", "dʒ") and after[1] == "l":
            vowels = "ㅡ"  # apple: 애플
        elif syllabic and sound in "tdsz" and after[1] == "n":
            vowels = "ㅡ"  # button: 버튼
        self._vowels(_CONSONANTS[sound], vowels)
        return 2

    def _glide(self, onset: str, glide: str, after: list[str], used: int) -> int:
        if not after or after[0] not in _SOUNDS:
            self._vowels(onset, "ㅣ" if glide == "j" else "ㅜ")
            return used
        vowels = _SOUNDS[after[0]]
        self._vowels(onset, (_WITH_J if glide == "j" else _WITH_W)[vowels[0]] + vowels[1:])
        return used + 1

    def _final(self, sounds: list[str], position: int) -> int:
        """A consonant without a vowel after it: a final consonant where Korean has it, else with ㅡ or ㅣ."""
        sound = sounds[position]
        following = sounds[position + 1] if position + 1 < len(sounds) else ""
        before = sounds[position - 1] if position else ""
        if sound in _NASALS:
            self._close(_NASALS[sound]) if self.open else self._vowels(_CONSONANTS[sound], "ㅡ")
        elif sound == "l":
            self._close("ㄹ") if self.open else self._vowels("ㄹ", "ㅡ")
        elif sound in "ɹrh":
            if following == "" or sound == "h":
                return 1
            self._vowels("ㄹ", "ㅡ")
        elif sound == "t" and following == "s" and position + 2 == len(sounds):
            self._vowels("ㅊ", "ㅡ")
            return 2
        elif sound in _STOPS and before in _SHORT and self.open and following not in ("l", "ɹ", "m", "n"):
            self._close(_STOPS[sound])
        elif sound == "ʃ":
            self._vowels("ㅅ", "ㅠ" if following else "ㅣ")
        else:
            self._vowels(_CONSONANTS[sound], "ㅣ" if sound in ("tʃ", "dʒ", "ʒ") else "ㅡ")
        return 1

    def _vowels(self, onset: str, vowels: str) -> None:
        for number, vowel in enumerate(vowels):
            first = _ONSETS.index(onset or "ㅇ") if number == 0 else _ONSETS.index("ㅇ")
            self.syllables.append(chr(0xAC00 + (first * 21 + _VOWELS.index(vowel)) * 28))
        self.open = True

    def _close(self, coda: str) -> None:
        self.syllables[-1] = chr(ord(self.syllables[-1]) + _CODAS.index(coda))
        self.open = False
