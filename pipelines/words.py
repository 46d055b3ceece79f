"""A sentence in the two languages of the app. Whoever shows it picks the language; pipelines never do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Language = Literal["en", "ko"]
LANGUAGES: tuple[Language, ...] = ("en", "ko")


@dataclass(frozen=True)
class Text:
    """One text for visitors, in English and Korean. `str()` gives the English one (logs, terminals)."""

    en: str
    ko: str

    def __str__(self) -> str:
        return self.en

    def to(self, language: Language) -> str:
        return self.ko if language == "ko" else self.en

    def format(self, **values: object) -> Text:
        """Both sentences with `{name}` places filled; a `Text` value is filled in its own language."""
        return Text(
            en=self.en.format(**{key: _in(value, "en") for key, value in values.items()}),
            ko=self.ko.format(**{key: _in(value, "ko") for key, value in values.items()}),
        )

    def __add__(self, other: Text) -> Text:
        """Two sentences, one after the other."""
        return Text(en=f"{self.en} {other.en}".strip(), ko=f"{self.ko} {other.ko}".strip())


EMPTY = Text(en="", ko="")


def _in(value: object, language: Language) -> object:
    return value.to(language) if isinstance(value, Text) else value
