"""Thoughts parted from the answer while both stream in. A tag may come in pieces."""

from __future__ import annotations

OPEN, CLOSE = "<think>", "</think>"


class Parting:
    """Feed it text as it comes; `thinking` and `text` grow.

    A model thinks before it speaks, so a thought is looked for only at the beginning: a `<think>` in the middle of
    an answer is something the answer is about.
    """

    def __init__(self) -> None:
        self.thinking = ""
        self.text = ""
        self._held = ""  # may be the beginning of a tag, or blanks before the first word
        self._place = "start"  # then "thought", then "answer"
        self._thought = False

    def add(self, piece: str) -> None:
        self._held += piece
        if self._place == "start":
            self._begin()
        if self._place == "thought":
            self._think()
        if self._place == "answer":
            said = self.text + self._held
            self.text = said.lstrip("\n") if self._thought else said  # empty lines part the two
            self._held = ""

    def end(self) -> None:
        """Nothing more comes: what was held back is what it looks like."""
        if self._place == "thought":
            self.thinking += self._held
        else:
            self.text += self._held
        self._held = ""

    def _begin(self) -> None:
        said = self._held.lstrip()
        if said.startswith(OPEN):
            self._place, self._held = "thought", said[len(OPEN) :].lstrip("\n")
        elif said and not OPEN.startswith(said):
            self._place = "answer"

    def _think(self) -> None:
        before, tag, after = self._held.partition(CLOSE)
        if tag:
            self.thinking = (self.thinking + before).strip()
            self._place, self._held, self._thought = "answer", after, True
            return
        keep = _beginning_of(CLOSE, self._held)
        said = self._held[: len(self._held) - keep]
        self.thinking = (self.thinking + said).lstrip("\n")
        self._held = self._held[len(said) :]


def _beginning_of(tag: str, text: str) -> int:
    """How many characters at the end of `text` may be the beginning of `tag`."""
    return next((size for size in range(min(len(tag) - 1, len(text)), 0, -1) if text.endswith(tag[:size])), 0)
