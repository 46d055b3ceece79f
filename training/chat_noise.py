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
# Words around a question that say nothing about what is asked.
BEFORE = {
    "en": (
        "could you tell me|I was wondering|I'd love to know|my friend asked me|is there any chance|"
        "just out of curiosity|would it be possible|I'd like to know|do you happen to know|"
        "for a project I need to know|what I want is|can you please tell me|I have been thinking|one more thing|"
        "before I go on|let me ask you|I am trying to find out|it would be great to know|any idea|so what about|"
        "since I am new here|honestly|could you give me a quick|I'm curious|do you think|somebody told me|"
        "what if I want|is it true that|well I guess|you know"
    ).split("|"),
    "ko": (
        "혹시 제가|친구가 물어보는데|갑자기 궁금해졌는데|하나 여쭤볼게요|제가 잘 몰라서 그러는데|실은|다름이 아니라|"
        "궁금한 점이 있는데요|이런 것도|한 가지 더|문득 생각났는데|솔직히|만약에|제가 처음이라|그냥 궁금해서|"
        "누가 그러던데|들어 보니|알고 싶은 게 있어요|진짜 궁금한데|말 나온 김에|부탁이 있는데|요즘|제 생각에는"
    ).split("|"),
}
AFTER = {
    "en": (
        "right now|if possible|for me|if you don't mind|let me know|thanks in advance|today|in this case|"
        "by any chance|I would like to know|is that okay|can you explain|what do you say|that's my question|"
        "if that makes sense|I am not sure|do you know|and how|for my friend|at the moment|as soon as possible|"
        "I wonder|quickly|a bit"
    ).split("|"),
    "ko": (
        "알려 주실 수 있나요|궁금해서요|그게 궁금해요|어떻게 생각해|혹시 알아|말해 줄래|부탁드립니다|지금 바로|"
        "가능하면|제발|그런 거야|그렇지|라고 하던데|맞나요|좀 그래|한번|빨리|잘 모르겠어서|대답해 줘|말이야|있잖아"
    ).split("|"),
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


def shaken(text: str, lang: str, rng: random.Random) -> str:
    """The same wish in other surroundings: idle words around it, some words lost, the halves changed about."""
    words = text.rstrip("?!. ").split()
    if len(words) > 3 and rng.random() < 0.4:
        words = [word for word in words if rng.random() < 0.8] or words
    if len(words) > 3 and rng.random() < 0.3:
        at = rng.randrange(1, len(words))
        words = words[at:] + words[:at]
    if rng.random() < 0.6:
        words = [*rng.choice(BEFORE[lang]).split(), *words]
    if rng.random() < 0.4:
        words = [*words, *rng.choice(AFTER[lang]).split()]
    return " ".join(words)


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
    if fillers and rng.random() < 0.4:
        text = rng.choice([with_fillers, shaken, shaken])(text, lang, rng)
    if rng.random() < 0.5:
        text = text.rstrip("?!.~ ") + rng.choice(SIGNS)
    if rng.random() < 0.3:
        text = other_case(text, rng)
    if rng.random() < (0.25 if lang == "ko" else 0.08):
        text = fewer_spaces(text, rng)
    for _ in range(rng.choice([0, 0, 0, 1, 1, 2])):
        text = mistyped(text, rng)
    return text.strip() or "?"
