"""The words that the built-in painter was taught, as the page offers them. Needs none of its weights."""

from __future__ import annotations

import random
from dataclasses import dataclass

from pipelines.diffusion import painter
from pipelines.errors import EngineUnavailable
from pipelines.words import Language, Text


@dataclass(frozen=True)
class Vocabulary:
    """Names by kind, each in both languages, and every word of the captions that it learned from."""

    shapes: tuple[Text, ...]
    colours: tuple[Text, ...]
    sizes: tuple[Text, ...]
    relations: tuple[Text, ...]
    emoji: tuple[Text, ...]
    known: frozenset[str]

    def sentence(self, language: Language, luck: random.Random) -> str:
        """A scene that it can paint: one thing or two, each with its colour, on a ground of another colour."""
        ground, *colours = luck.sample(self.colours, 3)
        things = [
            f"{colour.to(language)} {shape.to(language)}"
            for colour, shape in zip(colours, luck.sample(self.shapes, 2), strict=True)
        ]
        side = luck.choice(self.relations).to(language)
        if luck.random() < 0.3:
            things = [luck.choice(self.emoji).to(language) if self.emoji else things[0]]
        if language == "ko":
            words = things[0] if len(things) == 1 else f"{things[1]} {side}의 {things[0]}"
            return f"{words}, {ground.ko} 배경"
        words = things[0] if len(things) == 1 else f"{things[0]} {side} {things[1]}"
        return f"{words}, {ground.en} background"


def vocabulary() -> Vocabulary | None:
    """The built-in painter's words; None where its files are missing."""
    try:
        found = painter.facts()
    except EngineUnavailable:
        return None

    def pairs(kind: str) -> tuple[Text, ...]:
        return tuple(Text(en=english, ko=korean) for english, korean in found[kind])

    return Vocabulary(
        shapes=pairs("shapes"),
        colours=pairs("colours"),
        sizes=pairs("sizes"),
        relations=pairs("relations"),
        emoji=pairs("emoji"),
        known=frozenset(found["known"]),
    )
