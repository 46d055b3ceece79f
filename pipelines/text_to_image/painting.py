"""Paints: asks one engine for one picture after the other, and tells how far it is."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from PIL import Image

from pipelines import engines
from pipelines.diffusion.contract import Order, Step
from pipelines.engines import EngineSpec
from pipelines.job import Job
from pipelines.text_to_image.choices import Plan, checked, checked_prompt, planned
from pipelines.text_to_image.contract import TASK, Painter, Painting, PaintOptions
from pipelines.text_to_image.forecast import Forecast
from pipelines.words import EMPTY, Text

_BEGINNING = Text(en="{label} begins to paint...", ko="{label}, 그리기 시작...")


def paint(
    prompt: str, options: PaintOptions = PaintOptions(), *, engine: str = "auto", job: Job | None = None
) -> Iterator[Painting]:
    """Paint what the prompt says: one `Painting` after every step, the last one with `done`.

    Values that no engine takes are refused before anything is loaded. A cancel of the job ends it within one step;
    what was painted until then is in the last `Painting` that was given.
    """
    return _painted(checked_prompt(prompt), checked(options), engine, job or Job())


def _painted(prompt: str, options: PaintOptions, engine: str, job: Job) -> Iterator[Painting]:
    with engines.use(TASK, engine, job) as (spec, painter):
        plan = planned(prompt, options, painter, spec)
        yield from _Easel(plan, painter, spec, job).pictures()


@dataclass
class _Easel:
    """One call at work."""

    plan: Plan
    painter: Painter
    spec: EngineSpec
    job: Job
    images: list[Image.Image] = field(default_factory=list)
    filtered: list[int] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def pictures(self) -> Iterator[Painting]:
        forecast = Forecast(len(self.plan.seeds))
        self.job.progress(0.0, _BEGINNING.format(label=self.spec.label))
        for seed in self.plan.seeds:
            for step in _steps(self.painter, replace(self.plan.order, seed=seed), self.job):
                forecast.stepped(step.number, step.total)
                self.job.progress(forecast.fraction, forecast.said())
                if step.image is None:
                    yield self._so_far(step)
                    continue
                if step.filtered:
                    self.filtered.append(len(self.images))
                self.images.append(step.image)
                forecast.finished()
                yield self._so_far(step, done=len(self.images) == len(self.plan.seeds))

    def _so_far(self, step: Step, done: bool = False) -> Painting:
        order = self.plan.order
        begun = len(self.images) + (step.image is None)
        return Painting(
            images=tuple(self.images),
            seeds=self.plan.seeds[:begun],
            steps=order.steps,
            guidance_scale=order.guidance_scale,
            width=order.width,
            height=order.height,
            scheduler=order.scheduler,
            engine=self.spec.name,
            seconds=time.monotonic() - self.began,
            prompt=order.prompt,
            negative_prompt=order.negative_prompt,
            preview=step.preview if step.image is None else None,
            step=step.number,
            total=step.total,
            filtered=tuple(self.filtered),
            notice=self.plan.notice + self._held_back(),
            done=done,
        )

    def _held_back(self) -> Text:
        if not self.filtered:
            return EMPTY
        seeds = ", ".join(str(self.plan.seeds[place]) for place in self.filtered)
        return Text(
            en=f"The engine's safety checker held back the picture of seed {seeds}. Try another seed or other words.",
            ko=f"엔진의 안전 검사가 시드 {seeds}의 그림을 막았습니다. 다른 시드나 다른 표현을 써 보세요.",
        )


def _steps(painter: Painter, order: Order, job: Job) -> Iterator[Step]:
    """The steps of one picture. Where nothing of a picture is given up, it comes back as it is."""
    if order.image is not None and order.strength == 0:
        yield Step(0, 0, image=order.image)
        return
    painted = False
    for step in painter.paint(order, job):
        painted = painted or step.image is not None
        yield step
        job.check()
    if not painted:
        raise RuntimeError(f"{type(painter).__name__} ended without a picture")
