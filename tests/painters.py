"""Painters that compute nothing but keep the promises of the real ones."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from fakes import FakeModule, spec
from PIL import Image

from pipelines.diffusion.contract import Defaults, Order, Step
from pipelines.job import Job

ABLE = Defaults(
    steps=4, guidance_scale=5.0, width=64, height=64, schedulers=("DDIMScheduler", "EulerDiscreteScheduler"),
    multiple=8, smallest=32, largest=128, most_steps=20,
)  # fmt: skip


class FakePainter:
    """Paints noise that depends on every value of the order; keeps the orders. `words` are all that it knows.

    `pace_s` is the time of a step; `held` are the seeds that its safety checker holds back.
    """

    def __init__(
        self, able: Defaults = ABLE, words: set[str] | None = None, pace_s: float = 0.0, held: tuple[int, ...] = ()
    ) -> None:
        self.defaults, self.words, self.pace_s, self.held = able, words, pace_s, held
        self.orders: list[Order] = []
        self.steps_done = 0

    def paint(self, order: Order, job: Job) -> Iterator[Step]:
        self.orders.append(order)
        total = max(1, int(order.steps * order.strength)) if order.image is not None else order.steps
        for number in range(1, total + 1):
            time.sleep(self.pace_s)
            job.check()
            self.steps_done += 1
            yield Step(number, total, preview=self.picture(order, number))
        blank = order.seed in self.held
        image = Image.new("RGB", (order.width, order.height)) if blank else self.picture(order, total)
        yield Step(total, total, image=image, filtered=blank)

    def picture(self, order: Order, number: int) -> Image.Image:
        facts = (order.prompt, order.negative_prompt, order.guidance_scale, order.scheduler, order.lora,
                 order.lora_scale, order.strength, number)  # fmt: skip
        luck = np.random.default_rng([order.seed, *repr(facts).encode()])
        return Image.fromarray(luck.integers(0, 256, (order.height, order.width, 3), dtype=np.uint8))

    def unknown_words(self, prompt: str) -> tuple[str, ...]:
        if self.words is None:
            return ()
        return tuple(word for word in prompt.lower().replace(",", " ").split() if word not in self.words)


class PainterModule(FakeModule):
    """The module of a `FakePainter`, which tells its defaults before it is loaded."""

    def __init__(self, painter: FakePainter, name: str = "fake", **facts: Any) -> None:
        super().__init__(spec("text_to_image", name, **{"rank": 1000, **facts}), lambda: painter)
        self.DEFAULTS = painter.defaults


Install = Callable[[Any], Any]
