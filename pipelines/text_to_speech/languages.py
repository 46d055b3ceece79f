"""Languages: what they are called, which script they are written in, and the runs of a mixed text.

Knows nothing of engines.
"""

from __future__ import annotations

import unicodedata

from pipelines.words import Text

# First word of a character's Unicode name, and the language that `auto` takes for it.
LANGUAGE_OF_SCRIPT = {
    "HANGUL": "ko", "LATIN": "en", "HIRAGANA": "ja", "KATAKANA": "ja", "KATAKANA-HIRAGANA": "ja", "CJK": "zh",
    "CYRILLIC": "ru", "GREEK": "el", "ARABIC": "ar", "HEBREW": "he", "DEVANAGARI": "hi", "THAI": "th", "BENGALI": "bn",
    "TAMIL": "ta", "TELUGU": "te", "GEORGIAN": "ka", "ARMENIAN": "hy", "ETHIOPIC": "am", "GUJARATI": "gu",
    "KANNADA": "kn", "MALAYALAM": "ml", "GURMUKHI": "pa", "SINHALA": "si", "MYANMAR": "my", "CHEROKEE": "chr",
    "ORIYA": "or",
}  # fmt: skip
_WRITTEN_IN = {
    "CYRILLIC": "ru uk be bg mk sr kk ky ba cv tt nog",
    "ARABIC": "ar fa ur ug sd",
    "DEVANAGARI": "hi mr ne kok",
    "BENGALI": "bn as bpy",
    "ETHIOPIC": "am ti",
    "HEBREW": "he",
    "GREEK": "el grc",
}
_KOREAN = {
    "en": "영어", "ko": "한국어", "ja": "일본어", "zh": "중국어", "yue": "광둥어", "es": "스페인어",
    "fr": "프랑스어", "de": "독일어",
    "it": "이탈리아어", "pt": "포르투갈어", "hi": "힌디어", "ru": "러시아어", "ar": "아랍어", "vi": "베트남어",
    "th": "태국어",
    "id": "인도네시아어", "ms": "말레이어", "tr": "튀르키예어", "nl": "네덜란드어", "pl": "폴란드어",
    "sv": "스웨덴어", "da": "덴마크어",
    "nb": "노르웨이어", "fi": "핀란드어", "cs": "체코어", "sk": "슬로바키아어", "hu": "헝가리어",
    "ro": "루마니아어", "el": "그리스어",
    "he": "히브리어", "uk": "우크라이나어", "bg": "불가리아어", "hr": "크로아티아어", "sr": "세르비아어",
    "fa": "페르시아어",
    "bn": "벵골어", "ta": "타밀어", "te": "텔루구어", "ur": "우르두어", "ne": "네팔어", "sw": "스와힐리어",
    "mn": "몽골어", "ka": "조지아어",
    "hy": "아르메니아어", "my": "미얀마어", "eo": "에스페란토", "la": "라틴어", "uz": "우즈베크어",
    "kk": "카자흐어", "af": "아프리칸스어",
    "cy": "웨일스어", "ga": "아일랜드어", "ca": "카탈루냐어", "lt": "리투아니아어", "lv": "라트비아어",
    "et": "에스토니아어",
    "is": "아이슬란드어",
}  # fmt: skip
_ENGLISH = {
    "en": "English", "ko": "Korean", "ja": "Japanese", "zh": "Chinese", "es": "Spanish", "fr": "French", "de": "German",
    "it": "Italian", "pt": "Portuguese", "hi": "Hindi", "ru": "Russian",
}  # fmt: skip

JAPANESE_SCRIPTS = frozenset({"HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "CJK"})


def name(code: str, english: str = "") -> Text:
    """What a language is called; `english` is used where this page has no name of its own."""
    known = _ENGLISH.get(code) or english or code
    return Text(en=known, ko=_KOREAN.get(code, known))


def script(character: str) -> str:
    """The script of a letter (`HANGUL`, `LATIN`), empty for everything that is no letter."""
    if character.isascii():
        return "LATIN" if character.isalpha() else ""
    if not unicodedata.category(character).startswith("L"):
        return ""
    return unicodedata.name(character, "").split(" ")[0]


def scripts_of(code: str) -> frozenset[str]:
    """The scripts that a voice of this language can be given. Latin words stand in every language's texts."""
    if code == "ja":
        return JAPANESE_SCRIPTS | {"LATIN"}
    if code in ("zh", "yue", "hak"):
        return frozenset({"CJK", "LATIN"})
    for its_script, codes in _WRITTEN_IN.items():
        if code in codes.split():
            return frozenset({its_script, "LATIN"})
    own = {its_script for its_script, language in LANGUAGE_OF_SCRIPT.items() if language == code}
    return frozenset(own | {"LATIN"})


def runs(sentence: str, neighbour: str) -> list[tuple[str, str]]:
    """The sentence as (language, text) runs; joined they give it back. `neighbour` speaks what has no letters.

    Latin words inside Korean stay with the Korean voice, unless four or more follow each other: those are a
    quotation, and get an English voice.
    """
    letters = [script(character) for character in sentence]
    present = set(letters) - {""}
    base = _base(sentence, present, neighbour)
    found: list[tuple[str, str]] = []
    for word in _words(sentence):
        language = _language_of(word, base, present) or (found[-1][0] if found else base)
        if found and found[-1][0] == language:
            found[-1] = (language, found[-1][1] + word)
        else:
            found.append((language, word))
    return _with_short_latin(found, base)


def _base(sentence: str, present: set[str], neighbour: str) -> str:
    if "HANGUL" in present:
        korean, latin = _count_words(sentence, "HANGUL"), _count_words(sentence, "LATIN")
        return "en" if latin >= 4 and latin > 3 * korean else "ko"
    if present & {"HIRAGANA", "KATAKANA"}:
        return "ja"
    if not present:
        return neighbour
    first = next(script(character) for character in sentence if script(character))
    return LANGUAGE_OF_SCRIPT.get(first, "en")


def _count_words(sentence: str, wanted: str) -> int:
    return sum(any(script(character) == wanted for character in word) for word in sentence.split())


def _words(sentence: str) -> list[str]:
    """Pieces of one script each: letters of another script start a new piece, everything else goes along."""
    pieces: list[str] = []
    current = ""
    for character in sentence:
        its_script = _group(script(character))
        if its_script and current and its_script != current:
            pieces.append(character)
        elif pieces:
            pieces[-1] += character
        else:
            pieces.append(character)
        current = its_script or current
    return pieces


def _group(its_script: str) -> str:
    return "JAPANESE" if its_script in JAPANESE_SCRIPTS else its_script


def _language_of(word: str, base: str, present: set[str]) -> str:
    its_script = next((script(character) for character in word if script(character)), "")
    if not its_script:
        return ""
    if its_script == "CJK" and present & {"HIRAGANA", "KATAKANA"}:
        return "ja"
    if its_script == "CJK" and base == "ko":
        return "ko"  # Hanja beside Korean is a gloss, not Chinese: it is reported as unspoken
    if its_script == "LATIN" and base not in ("ko", "zh", "ja", "en"):
        return base
    return LANGUAGE_OF_SCRIPT.get(its_script, "?")


def _with_short_latin(found: list[tuple[str, str]], base: str) -> list[tuple[str, str]]:
    """Fewer than four Latin words in a row stay with the Korean around them; neighbours are joined again."""
    joined: list[tuple[str, str]] = []
    for language, text in found:
        if language == "en" and base == "ko" and len(text.split()) < 4:
            language = "ko"
        if joined and joined[-1][0] == language:
            joined[-1] = (language, joined[-1][1] + text)
        else:
            joined.append((language, text))
    return joined
