"""What a person might say about a scene, in English and Korean: many wordings, each of them true.

A word left out (a size, the ground, the relation) is one the picture leaves open; nothing false is ever said.
"""

from __future__ import annotations

import numpy as np

from training.painter_scenes import OPPOSITE, Scene, Thing, pick

LANGUAGES = ("en", "ko")
COLOURS_EN: dict[str, tuple[str, ...]] = {
    "red": ("red",), "orange": ("orange",), "yellow": ("yellow",), "green": ("green",),
    "sky blue": ("sky blue", "sky blue", "light blue", "cyan"), "blue": ("blue",), "purple": ("purple", "violet"),
    "pink": ("pink",), "white": ("white",), "black": ("black",),
}  # fmt: skip
COLOURS_KO: dict[str, tuple[str, ...]] = {
    "red": ("빨간", "빨간", "빨간색", "붉은"),
    "orange": ("주황색", "주황"),
    "yellow": ("노란", "노란", "노란색"),
    "green": ("초록색", "초록", "녹색", "초록빛"),
    "sky blue": ("하늘색", "하늘색", "하늘빛"),
    "blue": ("파란", "파란", "파란색", "푸른"),
    "purple": ("보라색", "보라"),
    "pink": ("분홍색", "분홍", "핑크색", "핑크"),
    "white": ("하얀", "흰", "흰색", "하얀색"),
    "black": ("검은", "검정", "검은색", "까만"),
}
SHAPES_EN: dict[str, tuple[str, ...]] = {
    "circle": ("circle", "circle", "disc"),
    "square": ("square",),
    "triangle": ("triangle",),
    "star": ("star",),
    "heart": ("heart",),
    "diamond": ("diamond", "diamond", "rhombus"),
    "cross": ("cross", "cross", "plus sign"),
    "ring": ("ring", "ring", "donut"),
}
SHAPES_KO: dict[str, tuple[str, ...]] = {
    "circle": ("원", "원", "동그라미"),
    "square": ("네모", "사각형", "정사각형"),
    "triangle": ("세모", "삼각형"),
    "star": ("별",),
    "heart": ("하트",),
    "diamond": ("마름모", "다이아몬드"),
    "cross": ("십자가", "십자", "더하기"),
    "ring": ("고리", "링", "도넛"),
}
SIZES_EN = {"big": ("big", "big", "large"), "small": ("small", "small", "little", "tiny")}
SIZES_KO = {"big": ("큰", "큰", "커다란"), "small": ("작은", "작은", "조그만")}
# How a relation of A (said first) to B is put; {a} carries its article.
PAIRS_EN: dict[str, tuple[str, ...]] = {
    "left": (
        "{a} left of {b}", "{a} to the left of {b}", "{a} on the left of {b}", "{a} on the left and {b} on the right",
        "{b} with {a} to its left", "{a} on the left, {b} on the right",
    ),
    "right": (
        "{a} right of {b}", "{a} to the right of {b}", "{a} on the right of {b}", "{b} with {a} to its right",
        "{a} on the right and {b} on the left", "{a} on the right, {b} on the left",
    ),
    "above": (
        "{a} above {b}", "{a} over {b}", "{b} with {a} above it", "{a} at the top and {b} at the bottom",
        "{a} on top, {b} below",
    ),
    "below": (
        "{a} below {b}", "{a} under {b}", "{b} with {a} below it", "{a} at the bottom and {b} at the top",
        "{a} beneath {b}",
    ),
}  # fmt: skip
SIDES_KO = {
    "left": ("왼쪽", "왼쪽", "왼편", "좌측"),
    "right": ("오른쪽", "오른쪽", "오른편", "우측"),
    "above": ("위", "위", "위쪽"),
    "below": ("아래", "아래", "아래쪽", "밑"),
}
PAIRS_KO = (
    "{b} {side}의 {a}", "{b} {side}에 {a}", "{b}의 {side}에 있는 {a}", "{b} {side}에 있는 {a}",
    "{b_and} 그 {side}의 {a}",
    "{side}에 {a}, {other}에 {b}", "{side}에는 {a}, {other}에는 {b}", "{a_is} {side}, {b_is} {other}",
    "{b} 그리고 그 {side}에 {a}",
)  # fmt: skip
OPEN_EN, OPEN_KO = ("{a} and {b}", "{a} with {b}", "{a}, {b}"), ("{a_and} {b}", "{a}, {b}", "{a} 그리고 {b}")
GROUNDS_EN = (
    "{it} on {a_g} background", "{it}, {g} background", "{it} on {g}", "{it} in front of {a_g} background",
    "{g} background, {it}", "{g} background with {it}", "{it} on {a_g} ground", "{it} on the {g} background",
)  # fmt: skip
GROUNDS_KO = (
    "{it}, {g} 배경", "{it}, {g} 배경", "{g} 배경에 {it}", "{g} 배경, {it}", "{it}, 배경은 {noun}", "{g} 바탕에 {it}",
    "{g} 배경 위에 {it}", "{g} 배경의 {it}",
)  # fmt: skip
FRAMES_EN = (
    "{it}", "{it}", "{it}", "{it}", "a picture of {it}", "draw {it}", "paint {it}", "please draw {it}", "{it}.",
    "an image of {it}", "{it}, simple drawing",
)  # fmt: skip
FRAMES_KO = (
    "{it}", "{it}", "{it}", "{it}", "{it} 그림", "{it} 그려줘", "{it} 그려 주세요", "{it}.", "{it} 그려줘.",
    "{it} 이미지",
)  # fmt: skip
NOUNS_KO = {
    "red": "빨간색", "orange": "주황색", "yellow": "노란색", "green": "초록색", "sky blue": "하늘색", "blue": "파란색",
    "purple": "보라색", "pink": "분홍색", "white": "흰색", "black": "검은색",
}  # fmt: skip
SILENT = 0.1  # how often the ground, or the relation of a pair, is left out

Names = dict[str, tuple[str, str]]  # emoji: English and Korean


def ends_in_consonant(word: str) -> bool:
    """Whether the last Hangul syllable has a final consonant, which chooses the particle."""
    last = ord(word[-1]) - 0xAC00
    return 0 <= last <= 11171 and last % 28 != 0


def particle(words: str, kinds: str) -> str:
    """`kinds` as in 은는, 이가, 과와: the form after a consonant first."""
    return words + kinds[0 if ends_in_consonant(words) else 1]


def size_word(rng: np.random.Generator, thing: Thing, words: dict[str, tuple[str, ...]]) -> str:
    """Big or small is said more often than not; nothing is said of the middle size."""
    if thing.size not in words or rng.random() < 0.4:
        return ""
    return pick(rng, words[thing.size]) + " "


def with_article(words: str) -> str:
    return ("an " if words[0] in "aeiou" else "a ") + words


def thing_en(rng: np.random.Generator, thing: Thing, names: Names) -> str:
    colour = "" if thing.colour is None else pick(rng, COLOURS_EN[thing.colour]) + " "
    kind = names[thing.kind][0] if thing.colour is None else pick(rng, SHAPES_EN[thing.kind])
    words = size_word(rng, thing, SIZES_EN) + colour + kind
    if rng.random() < 0.25:  # "red star, blue background"
        return words
    return with_article(words)


def thing_ko(rng: np.random.Generator, thing: Thing, names: Names) -> str:
    size = size_word(rng, thing, SIZES_KO)
    if thing.colour is None:
        return size + names[thing.kind][1]
    colour, kind = pick(rng, COLOURS_KO[thing.colour]), pick(rng, SHAPES_KO[thing.kind])
    return f"{colour} {size}{kind}" if size and rng.random() < 0.25 else f"{size}{colour} {kind}"


def english(rng: np.random.Generator, scene: Scene, names: Names, silent: float) -> str:
    things = [thing_en(rng, one, names) for one in scene.things]
    words = things[0]
    if scene.relation is not None:
        forms = OPEN_EN if rng.random() < silent else PAIRS_EN[scene.relation]
        words = pick(rng, forms).format(a=things[0], b=things[1])
    if rng.random() >= silent:
        ground = pick(rng, COLOURS_EN[scene.ground])
        words = pick(rng, GROUNDS_EN).format(it=words, g=ground, a_g=with_article(ground))
    return pick(rng, FRAMES_EN).format(it=words)


def pair_ko(rng: np.random.Generator, scene: Scene, a: str, b: str, silent: float) -> str:
    said = {"a": a, "b": b, "a_and": particle(a, "과와"), "b_and": particle(b, "과와")}
    said |= {"a_is": particle(a, "은는"), "b_is": particle(b, "은는")}
    if scene.relation is None or rng.random() < silent:
        return pick(rng, OPEN_KO).format(**said)
    side, other = (pick(rng, SIDES_KO[relation]) for relation in (scene.relation, OPPOSITE[scene.relation]))
    return pick(rng, PAIRS_KO).format(side=side, other=other, **said)


def korean(rng: np.random.Generator, scene: Scene, names: Names, silent: float) -> str:
    things = [thing_ko(rng, one, names) for one in scene.things]
    words = things[0] if scene.relation is None else pair_ko(rng, scene, things[0], things[1], silent)
    if rng.random() >= silent:
        ground = pick(rng, COLOURS_KO[scene.ground])
        forms = GROUNDS_KO if scene.relation is None else GROUNDS_KO[:-2]  # "above" may follow
        words = pick(rng, forms).format(it=words, g=ground, noun=NOUNS_KO[scene.ground])
    return pick(rng, FRAMES_KO).format(it=words)


def caption(
    rng: np.random.Generator, scene: Scene, language: str, names: Names | None = None, silent: float = SILENT
) -> str:
    """One true wording; a pair is told from either of its things."""
    told = scene.mirrored() if rng.random() < 0.5 else scene
    return (korean if language == "ko" else english)(rng, told, names or {}, silent)


def plain_thing(thing: Thing, language: str, names: Names) -> str:
    if thing.colour is None:
        return names[thing.kind][LANGUAGES.index(language)]
    colours, shapes = (COLOURS_KO, SHAPES_KO) if language == "ko" else (COLOURS_EN, SHAPES_EN)
    return f"{colours[thing.colour][0]} {shapes[thing.kind][0]}"


def full_caption(scene: Scene, language: str, names: Names | None = None) -> str:
    """The plain wording that says all but sizes, for exams and examples."""
    things = [plain_thing(thing, language, names or {}) for thing in scene.things]
    if language == "ko":
        words = things[0] if scene.relation is None else f"{things[1]} {SIDES_KO[scene.relation][0]}의 {things[0]}"
        return f"{words}, {COLOURS_KO[scene.ground][0]} 배경"
    words = with_article(things[0])
    if scene.relation is not None:
        words = PAIRS_EN[scene.relation][0].format(a=words, b=with_article(things[1]))
    return f"{words} on {with_article(scene.ground)} background"
