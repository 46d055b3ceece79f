"""Our own small painter: where its files lie, what it was taught, and how it is opened.

A complete Stable Diffusion pipeline in miniature, trained by `training/painter.py`, opened by the code of the big ones.
"""

from __future__ import annotations

import functools
import json
import unicodedata
from pathlib import Path
from typing import Any

from pipelines.diffusion import schedulers
from pipelines.diffusion.contract import Defaults
from pipelines.diffusion.opening import STABLE_DIFFUSION, open_pipeline
from pipelines.diffusion.painting import Canvas
from pipelines.errors import EngineUnavailable
from pipelines.words import Text

FOLDER = Path(__file__).resolve().parents[2] / "assets" / "text_to_image"
SIDE, LARGEST, MULTIPLE = 128, 192, 32  # pixels: as it was taught, at most, and what three halvings of latents need
_SIGNS = ".,:;!?\"'()[]{}~…·。，、！？"
# What may hang on a Korean noun. A word is known with any of them if it was taught with another one, or with none.
_PARTICLES = (
    "에서", "으로", "이랑", "하고", "에는", "이고", "이야", "은", "는", "이", "가", "을", "를", "과", "와", "의", "에",
    "로", "도", "만", "랑", "고", "야",
)  # fmt: skip
_NO_FILES = Text(
    en="The built-in painter's files (assets/text_to_image) are not in this copy of the app. Choose another engine.",
    ko="이 앱에는 내장 화가의 파일(assets/text_to_image)이 없습니다. 다른 엔진을 골라 주세요.",
)


class Painter(Canvas):
    """The painter, and the words that it knows."""

    words: Words

    def unknown_words(self, prompt: str) -> tuple[str, ...]:
        return self.words.unknown(prompt)


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
