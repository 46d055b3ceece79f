"""The languages that Whisper knows, by code, with their names; and which one to believe for a short clip."""

from __future__ import annotations

from collections.abc import Mapping

from pipelines.words import Text

# The order people see: Korean and English first, then by English name. A test holds the codes against Whisper's.
_TABLE = """
ko Korean 한국어|en English 영어|af Afrikaans 아프리칸스어|sq Albanian 알바니아어|am Amharic 암하라어|
ar Arabic 아랍어|hy Armenian 아르메니아어|as Assamese 아삼어|az Azerbaijani 아제르바이잔어|
ba Bashkir 바시키르어|eu Basque 바스크어|be Belarusian 벨라루스어|bn Bengali 벵골어|bs Bosnian 보스니아어|
br Breton 브르타뉴어|bg Bulgarian 불가리아어|my Burmese 버마어|yue Cantonese 광둥어|ca Catalan 카탈루냐어|
zh Chinese 중국어|hr Croatian 크로아티아어|cs Czech 체코어|da Danish 덴마크어|nl Dutch 네덜란드어|
et Estonian 에스토니아어|fo Faroese 페로어|fi Finnish 핀란드어|fr French 프랑스어|gl Galician 갈리시아어|
ka Georgian 조지아어|de German 독일어|el Greek 그리스어|gu Gujarati 구자라트어|
ht Haitian_Creole 아이티_크리올어|ha Hausa 하우사어|haw Hawaiian 하와이어|he Hebrew 히브리어|hi Hindi 힌디어|
hu Hungarian 헝가리어|is Icelandic 아이슬란드어|id Indonesian 인도네시아어|it Italian 이탈리아어|
ja Japanese 일본어|jw Javanese 자바어|kn Kannada 칸나다어|kk Kazakh 카자흐어|km Khmer 크메르어|lo Lao 라오어|
la Latin 라틴어|lv Latvian 라트비아어|ln Lingala 링갈라어|lt Lithuanian 리투아니아어|
lb Luxembourgish 룩셈부르크어|mk Macedonian 마케도니아어|mg Malagasy 말라가시어|ms Malay 말레이어|
ml Malayalam 말라얄람어|mt Maltese 몰타어|mi Maori 마오리어|mr Marathi 마라티어|mn Mongolian 몽골어|
ne Nepali 네팔어|no Norwegian 노르웨이어|nn Nynorsk 뉘노르스크|oc Occitan 오크어|ps Pashto 파슈토어|
fa Persian 페르시아어|pl Polish 폴란드어|pt Portuguese 포르투갈어|pa Punjabi 펀자브어|ro Romanian 루마니아어|
ru Russian 러시아어|sa Sanskrit 산스크리트어|sr Serbian 세르비아어|sn Shona 쇼나어|sd Sindhi 신디어|
si Sinhala 싱할라어|sk Slovak 슬로바키아어|sl Slovenian 슬로베니아어|so Somali 소말리아어|es Spanish 스페인어|
su Sundanese 순다어|sw Swahili 스와힐리어|sv Swedish 스웨덴어|tl Tagalog 타갈로그어|tg Tajik 타지크어|
ta Tamil 타밀어|tt Tatar 타타르어|te Telugu 텔루구어|th Thai 태국어|bo Tibetan 티베트어|tr Turkish 튀르키예어|
tk Turkmen 투르크멘어|uk Ukrainian 우크라이나어|ur Urdu 우르두어|uz Uzbek 우즈베크어|vi Vietnamese 베트남어|
cy Welsh 웨일스어|yi Yiddish 이디시어|yo Yoruba 요루바어
"""


def _names() -> dict[str, Text]:
    rows = (row.split() for row in _TABLE.replace("\n", "").split("|"))
    return {code: Text(en=en.replace("_", " "), ko=ko.replace("_", " ")) for code, en, ko in rows}


NAMES: dict[str, Text] = _names()
FIRST = ("ko", "en")  # what visitors of this app speak; short clips are taken for one of these

SHORT_S = 10.0  # of speech; with less, a recogniser's guess at the language is worth little
SURE = 0.9  # unless it is this sure
UNSURE = 0.5  # below this the language is not named


def believed(probabilities: Mapping[str, float], speech_s: float) -> tuple[str | None, float | None]:
    """The language to listen for, and its probability. (None, None) where the engine gave none.

    A short clip is one of `FIRST` unless another is nearly certain: Whisper takes Korean "네" for Japanese or Latin.
    """
    if not probabilities:
        return None, None
    best = max(probabilities, key=lambda code: probabilities[code])
    if speech_s < SHORT_S and best not in FIRST and probabilities[best] < SURE:
        best = max(FIRST, key=lambda code: probabilities.get(code, 0.0))
    return best, round(float(probabilities.get(best, 0.0)), 4)
