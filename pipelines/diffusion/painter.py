"""Our own small painter: where its files lie, what it was taught, and how it is opened.

A complete Stable Diffusion pipeline in miniature, trained by `training/painter.py`, opened by the code of the big ones.
"""

from __future__ import annotations

import functools
import json
import random
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipelines.diffusion import schedulers
from pipelines.diffusion.contract import Defaults, Order, Step
from pipelines.diffusion.opening import STABLE_DIFFUSION, open_pipeline
from pipelines.diffusion.painting import Canvas
from pipelines.errors import EngineUnavailable
from pipelines.job import Job
from pipelines.words import Text

FOLDER = Path(__file__).resolve().parents[2] / "assets" / "text_to_image"
SIDE, LARGEST, MULTIPLE = 128, 192, 32  # pixels: as it was taught, at most, and what three halvings of latents need
_SIGNS = ".,:;!?\"'()[]{}~…·。，、！？"
# What may hang on a Korean noun. A word is known with any of them if it was taught with another one, or with none.
_PARTICLES = (
    "에서", "으로", "이랑", "하고", "에는", "이고", "이야", "은", "는", "이", "가", "을", "를", "과", "와", "의", "에",
    "로", "도", "만", "랑", "고", "야",
)  # fmt: skip
# How each colour is named, by the beginnings of words; a prompt that names one shall not get a ground of it.
_COLOURS = {
    "red": ("red", "빨간", "빨강", "붉은"), "orange": ("orange", "주황"), "yellow": ("yellow", "노란", "노랑"),
    "green": ("green", "초록", "녹색"), "sky blue": ("sky", "cyan", "light blue", "하늘"),
    "blue": ("blue", "파란", "파랑", "푸른"), "purple": ("purple", "violet", "보라"), "pink": ("pink", "분홍", "핑크"),
    "white": ("white", "하얀", "흰"), "black": ("black", "검은", "검정", "까만"),
}  # fmt: skip
_GROUND = re.compile(r"\b(?:back)?ground\b|배경|바탕|\bon (?:an? |the )?(?:light )?(?:{})\b".format(
    "|".join(word for words in _COLOURS.values() for word in words if word.isascii())
))  # fmt: skip
_NO_FILES = Text(
    en="The built-in painter's files (assets/text_to_image) are not in this copy of the app. Choose another engine.",
    ko="이 앱에는 내장 화가의 파일(assets/text_to_image)이 없습니다. 다른 엔진을 골라 주세요.",
)


class Painter(Canvas):
    """The painter, and the words that it knows."""

    words: Words

    def paint(self, order: Order, job: Job) -> Iterator[Step]:
        if order.image is None:
            order = replace(order, prompt=with_ground(order.prompt, order.seed))
        return super().paint(order, job)

    def unknown_words(self, prompt: str) -> tuple[str, ...]:
        return self.words.unknown(prompt)


def with_ground(prompt: str, seed: int) -> str:
    """The prompt with a ground of another colour, chosen by the seed, where it names a colour but no ground.

    Left to itself the painter takes any of its colours: one red circle in ten would lie on red, where nobody sees it.
    """
    said = prompt.lower()
    named = [name for name, words in _COLOURS.items() if any(_begins(said, word) for word in words)]
    if not named or _GROUND.search(said):
        return prompt
    ground = random.Random(seed).choice([name for name in _COLOURS if name not in named])
    if re.search("[가-힣]", prompt):
        korean = dict(facts()["colours"])
        return f"{korean[ground]} 배경에 {prompt}"
    return f"{prompt.rstrip(' .')}, {ground} background"


def _begins(said: str, word: str) -> bool:
    """Whether a word of the prompt begins so; an English one has to be the whole word."""
    return re.search(rf"(?<![a-z가-힣]){word}" + (r"\b" if word.isascii() else ""), said) is not None


class Words:
    """Every word of the captions that it was taught with."""

    def __init__(self, known: list[str]) -> None:
        self._known = {_plain(word) for word in known}
        self._stems = self._known | {stem for word in self._known for stem in _stems(word)}

    def unknown(self, prompt: str) -> tuple[str, ...]:
        """The words of a prompt that were never taught, each once, as they are written there."""
        signs = str.maketrans(dict.fromkeys(_SIGNS, " "))
        said = unicodedata.normalize("NFC", prompt).translate(signs).split()
        return tuple(dict.fromkeys(word for word in said if not self._knows(_plain(word))))

    def _knows(self, word: str) -> bool:
        return word in self._known or any(stem in self._stems for stem in (word, *_stems(word)))


def facts(folder: Path | None = None) -> dict[str, Any]:
    """`words.json`: names by kind, every known word, and the steps and guidance of its exam."""
    path = (folder or FOLDER) / "words.json"
    if not path.is_file():
        raise EngineUnavailable(_NO_FILES)
    return _read(path, path.stat().st_mtime)


def defaults(folder: Path | None = None) -> Defaults:
    known = facts(folder)
    return Defaults(
        steps=int(known["steps"]),
        guidance_scale=float(known["guidance"]),
        width=SIDE,
        height=SIDE,
        schedulers=schedulers.EVERY,
        multiple=MULTIPLE,
        smallest=2 * MULTIPLE,
        largest=LARGEST,
        takes_lora=False,
    )


def open_painter(folder: Path | None = None) -> Painter:
    """The painter in `folder` (None: the one that is shipped), on one thread: more would only wait for each other."""
    from diffusers.models.attention_processor import AttnProcessor

    place = folder or FOLDER
    known = facts(place)["known"]  # first of all: it tells best that files are missing
    pipe = open_pipeline(place, STABLE_DIFFUSION.paints, small=True)
    pipe.unet.set_attn_processor(AttnProcessor())  # for so few places the fused one is no gain
    made = Painter(pipe, STABLE_DIFFUSION, defaults(place), exact_previews=True, threads=1)
    made.words = Words(known)
    return made


@functools.lru_cache(maxsize=2)
def _read(path: Path, _changed: float) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _plain(word: str) -> str:
    return unicodedata.normalize("NFC", word).lower()


def _stems(word: str) -> list[str]:
    """A Korean word without its particle; nothing for a word of another script."""
    if not "가" <= word[-1:] <= "힣":
        return []
    return [word.removesuffix(one) for one in _PARTICLES if word.endswith(one) and len(word) > len(one)]
