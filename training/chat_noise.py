"""Questions as people type them: fillers, missing signs and spaces, capital letters, typing errors."""

from __future__ import annotations

import random

FILLERS = {
    "en": (
        "hey,|hi,|hello,|um,|so|so,|well,|ok,|okay,|please|excuse me,|sorry,|just wondering,|quick question:|"
        "by the way,|and|but|I have a question:|tell me,|actually,|hm,|oh,|please tell me:|one question,|listen,"
        "|also,|now,"
    ).split("|"),
    "ko": (
        "저기|저기요|음|혹시|근데|그런데|그럼|있잖아|안녕|안녕하세요|아|어|그|저|질문 있어요|하나만 물어볼게|"
        "궁금한데|궁금한 게 있는데|그러면|참|실례지만|죄송한데|야|저 있잖아요|잠깐|그리고|아 맞다|이제"
    ).split("|"),
}
TAILS = {
    "en": (
        " please| thanks| thank you| pls| lol| :)| then| actually| bro| man|, please|, thanks| now| by the way| or not"
    ).split("|"),
    "ko": "ㅋㅋ|ㅎㅎ|~|요| 좀|ㅠㅠ|용| 부탁해| 부탁해요| 좀요|...| 알려줘| 궁금해요| 고마워|^^|ㅋ| 응".split("|"),
}
SIGNS = ["", "", "?", "!", ".", "??", "!!", "...", "~", " ?", "?!"]
NEARBY = dict(zip("qwertyuiopasdfghjklzxcvbnm", "wertyuioopsdfghjklkxcvbnmm", strict=True))
FIRST, LAST = 0xAC00, 0xD7A3  # Hangul syllables
CONFUSED = {1: 5, 5: 1, 4: 8, 8: 4, 0: 4, 11: 15, 10: 15, 13: 18, 20: 18, 6: 2, 12: 8, 17: 13}  # vowels mistaken
FINALS = (0, 4, 8, 19, 20, 21)


def with_fillers(text: str, lang: str, rng: random.Random) -> str:
    if rng.random() < 0.5:
        text = f"{rng.choice(FILLERS[lang])} {text}"
    if rng.random() < 0.5:
        text = text.rstrip("?!. ") + rng.choice(TAILS[lang])
    return text


def other_case(text: str, rng: random.Random) -> str:
    return rng.choice([text.lower, text.lower, text.upper, text.capitalize, text.title])()


def fewer_spaces(text: str, rng: random.Random) -> str:
    if rng.random() < 0.4:
        return text.replace(" ", "")
    return "".join(c for c in text if c != " " or rng.random() < 0.6)


def mistyped_syllable(letter: str, rng: random.Random) -> str:
    """A neighbouring vowel, or a final consonant more or less."""
    first, vowel, final = (ord(letter) - FIRST) // 588, (ord(letter) - FIRST) % 588 // 28, (ord(letter) - FIRST) % 28
    if vowel in CONFUSED and rng.random() < 0.5:
        vowel = CONFUSED[vowel]
    else:
        final = 0 if final and rng.random() < 0.5 else rng.choice(FINALS)
    return chr(FIRST + first * 588 + vowel * 28 + final)


def mistyped(text: str, rng: random.Random) -> str:
    """One typing error: a letter lost, doubled, swapped with the next or mistaken for a nearby one."""
    if len(text) < 4:
        return text
    at = rng.randrange(len(text) - 1)
    letter, rest = text[at], text[at + 1 :]
    kind = rng.randrange(4)
    if kind == 0:
        return text[:at] + rest
    if kind == 1:
        return text[:at] + letter * 2 + rest
    if kind == 2:
        return text[:at] + rest[0] + letter + rest[1:]
    if FIRST <= ord(letter) <= LAST:
        return text[:at] + mistyped_syllable(letter, rng) + rest
    return text[:at] + NEARBY.get(letter.lower(), letter) + rest


def as_typed(text: str, lang: str, rng: random.Random, fillers: bool = True) -> str:
    """The text with none, one or several of these changes. `fillers`: whether words around it keep its meaning."""
    if rng.random() < 0.3:
        return text
    if fillers and rng.random() < 0.25:
        text = with_fillers(text, lang, rng)
    if rng.random() < 0.5:
        text = text.rstrip("?!.~ ") + rng.choice(SIGNS)
    if rng.random() < 0.3:
        text = other_case(text, rng)
    if rng.random() < (0.25 if lang == "ko" else 0.08):
        text = fewer_spaces(text, rng)
    for _ in range(rng.choice([0, 0, 0, 1, 1, 2])):
        text = mistyped(text, rng)
    return text.strip() or "?"
