"""Text to sentences, for Korean and English. Joining the pieces gives the text back, whatever it is.

Knows nothing of numbers, voices or engines.
"""

from __future__ import annotations

import re

LONGEST = 300  # characters: a longer sentence is parted at a comma or a space, so that sound starts early

_ENDS = ".!?…。！？｡।॥؟۔።။"
_CLOSERS = "\"'”’」』)]}»》〉】"
_ABBREVIATIONS = frozenset(
    "mr mrs ms dr prof st sr jr vs etc e.g i.e eg ie no nos fig vol approx dept inc ltd co corp gen col sgt capt lt "
    "jan feb mar apr jun jul aug sep sept oct nov dec a.m p.m u.s u.k u.n ph.d rev hon mt ft p pp ca cf al".split()
)
# After these a full stop ends a sentence when a capital follows ("at 5 p.m. Then ...", "and so on, etc. The ...").
_MAY_END = frozenset("etc a.m p.m u.s u.k u.n inc ltd co corp ph.d jr sr al".split())
_WORD_BEFORE = re.compile(r"[A-Za-z][A-Za-z.]*$")
_HANGUL = re.compile(r"[가-힣]")
_SOFT_BREAKS = (re.compile(r"[,;:、，；：]\s*"), re.compile(r"\s+"))


def split(text: str, longest: int = LONGEST) -> list[str]:
    """The sentences of `text`, each with the space that follows it."""
    return [piece for sentence in _sentences(text) for piece in _shortened(sentence, longest)]


def _sentences(text: str) -> list[str]:
    pieces, start, position = [], 0, 0
    while position < len(text):
        end = _end_at(text, position)
        if end is None:
            position += 1
            continue
        pieces.append(text[start:end])
        start = position = end
    if start < len(text):
        pieces.append(text[start:])
    return pieces


def _end_at(text: str, position: int) -> int | None:
    """Where the next sentence starts, if the one that holds `position` ends there."""
    character = text[position]
    if character in "\n\r":
        return _skip(text, position, str.isspace)
    if character not in _ENDS:
        return None
    end = _skip(text, position, lambda one: one in _ENDS)
    stop = text[position:end]
    end = _skip(text, end, lambda one: one in _CLOSERS)
    quoted = end > position + len(stop)
    following = _skip(text, end, str.isspace)
    if _goes_on(text, position, stop, end, following, quoted):
        return None
    return following


def _goes_on(text: str, position: int, stop: str, end: int, following: int, quoted: bool) -> bool:
    """Whether the mark at `position` stands inside a sentence."""
    before, after = text[:position], text[following : following + 1]
    spaced = following > end
    if not after or any(mark in stop for mark in "。！？｡।॥።"):
        return quoted and bool(after) and not spaced and bool(_HANGUL.match(after))
    if "\n" in text[end:following]:
        return False
    if not spaced:  # 3.14, example.com, "가자."라고; but 안녕하세요.반갑습니다 is two sentences
        return quoted or not (_HANGUL.match(after) and _HANGUL.search(before[-1:]))
    if stop == "." and not quoted and _is_abbreviation(before, after):
        return True
    if after.islower() and after.isascii():  # "Stop!" he said.   Well... maybe.
        return True
    return quoted and re.match(r"(하고|라고|이라고|라며|이라며|라는|이라는|고)\b", text[following:]) is not None


def _is_abbreviation(before: str, after: str) -> bool:
    found = _WORD_BEFORE.search(before)
    if found is None:
        return False
    word = found.group()
    known = word.lower() in _ABBREVIATIONS
    initial = len(word) == 1 and word.isupper() and word != "I"
    if known and word.lower() == "no":
        return after.isdigit()
    if known and word.lower() in _MAY_END:
        return not after.isupper()
    return known or initial or re.fullmatch(r"([A-Z]\.)+[A-Z]", word) is not None


def _skip(text: str, position: int, wanted: object) -> int:
    while position < len(text) and wanted(text[position]):  # type: ignore[operator]
        position += 1
    return position


def _shortened(sentence: str, longest: int) -> list[str]:
    """An overlong sentence parted at its last comma or space before the limit; a single endless word is cut."""
    pieces = []
    while len(sentence) > longest:
        cut = _last_break(sentence, longest)
        pieces.append(sentence[:cut])
        sentence = sentence[cut:]
    return [*pieces, sentence] if sentence else pieces


def _last_break(sentence: str, longest: int) -> int:
    for pattern in _SOFT_BREAKS:
        ends = [found.end() for found in pattern.finditer(sentence, 0, longest) if found.end() >= longest // 3]
        if ends:
            return ends[-1]
    return longest
