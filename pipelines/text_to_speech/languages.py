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
# Every language that an engine here speaks: code, English name, Korean name.
_TABLE = """
en English 영어|ko Korean 한국어|ja Japanese 일본어|zh Chinese 중국어|yue Cantonese 광둥어|hak Hakka 하카어|
es Spanish 스페인어|fr French 프랑스어|de German 독일어|it Italian 이탈리아어|pt Portuguese 포르투갈어|
hi Hindi 힌디어|ru Russian 러시아어|ar Arabic 아랍어|vi Vietnamese 베트남어|th Thai 태국어|id Indonesian 인도네시아어|
ms Malay 말레이어|tr Turkish 튀르키예어|nl Dutch 네덜란드어|pl Polish 폴란드어|sv Swedish 스웨덴어|da Danish 덴마크어|
nb Norwegian 노르웨이어|fi Finnish 핀란드어|cs Czech 체코어|sk Slovak 슬로바키아어|hu Hungarian 헝가리어|
ro Romanian 루마니아어|el Greek 그리스어|he Hebrew 히브리어|uk Ukrainian 우크라이나어|bg Bulgarian 불가리아어|
hr Croatian 크로아티아어|sr Serbian 세르비아어|bs Bosnian 보스니아어|sl Slovenian 슬로베니아어|
mk Macedonian 마케도니아어|fa Persian 페르시아어|ur Urdu 우르두어|bn Bengali 벵골어|ta Tamil 타밀어|te Telugu 텔루구어|
kn Kannada 칸나다어|ml Malayalam 말라얄람어|mr Marathi 마라티어|gu Gujarati 구자라트어|pa Punjabi 펀자브어|
ne Nepali 네팔어|si Sinhala 싱할라어|or Odia 오리야어|as Assamese 아삼어|my Burmese 미얀마어|ka Georgian 조지아어|
hy Armenian 아르메니아어|hyw Western_Armenian 서아르메니아어|az Azerbaijani 아제르바이잔어|kk Kazakh 카자흐어|
ky Kyrgyz 키르기스어|uz Uzbek 우즈베크어|tk Turkmen 투르크멘어|tt Tatar 타타르어|ug Uyghur 위구르어|
ba Bashkir 바시키르어|cv Chuvash 추바시어|ku Kurdish 쿠르드어|sq Albanian 알바니아어|lt Lithuanian 리투아니아어|
lv Latvian 라트비아어|ltg Latgalian 라트갈레어|et Estonian 에스토니아어|is Icelandic 아이슬란드어|ga Irish 아일랜드어|
gd Scottish_Gaelic 스코틀랜드_게일어|cy Welsh 웨일스어|mt Maltese 몰타어|eu Basque 바스크어|ca Catalan 카탈루냐어|
an Aragonese 아라곤어|la Latin 라틴어|eo Esperanto 에스페란토|ia Interlingua 인테르링구아|io Ido 이도어|
af Afrikaans 아프리칸스어|sw Swahili 스와힐리어|am Amharic 암하라어|om Oromo 오로모어|ti Tigrinya 티그리냐어|
tn Setswana 츠와나어|ht Haitian_Creole 아이티_크리올어|gn Guarani 과라니어|qu Quechua 케추아어|
nci Classical_Nahuatl 고전_나와틀어|haw Hawaiian 하와이어|mi Māori 마오리어|kl Greenlandic 그린란드어|
lb Luxembourgish 룩셈부르크어|be Belarusian 벨라루스어|chr Cherokee 체로키어|sd Sindhi 신디어|
smj Lule_Saami 룰레_사미어|shn Shan 샨어|nog Nogai 노가이어|kok Konkani 콘칸어|
bpy Bishnupriya_Manipuri 비슈누프리야_마니푸리어|pap Papiamento 파피아멘토어|mn Mongolian 몽골어
"""


def _names() -> dict[str, Text]:
    rows = (row.split() for row in _TABLE.replace("\n", "").split("|"))
    return {code: Text(en=en.replace("_", " "), ko=ko.replace("_", " ")) for code, en, ko in rows}


_NAMES = _names()

JAPANESE_SCRIPTS = frozenset({"HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "CJK"})


def name(code: str, english: str = "") -> Text:
    """What a language is called; `english` is used for one that this page does not know."""
    unknown = english or code
    return _NAMES.get(code) or Text(en=unknown, ko=unknown)


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
