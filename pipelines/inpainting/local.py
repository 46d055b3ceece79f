"""A loaded pipeline as an engine that repaints."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.diffusion.contract import Defaults, Order, Step
from pipelines.diffusion.painting import Canvas
from pipelines.job import Job


@dataclass
class LocalRepainter:
    """`side`: the longest side of a window at which it works well."""

    canvas: Canvas
    side: int
    takes_prompt: bool = True

    @property
    def defaults(self) -> Defaults:
        return self.canvas.defaults

    def repaint(self, order: Order, job: Job) -> Iterator[Step]:
        return self.canvas.paint(order, job)

    def unknown_words(self, prompt: str) -> tuple[str, ...]:
        return self.canvas.unknown_words(prompt)
