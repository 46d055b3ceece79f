"""One loaded pipeline of diffusers, and how it carries out an order: step by step, ended by a cancel within a block.

Knows no task. One call at a time: whoever keeps the engine holds its lock.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from PIL import Image

from pipelines import checks
from pipelines.bridge import Flow
from pipelines.diffusion import loras, placing, safety, schedulers
from pipelines.diffusion.contract import Defaults, Order, Step
from pipelines.diffusion.decoding import Previews, decode
from pipelines.diffusion.opening import Kind, sister
from pipelines.diffusion.watching import blocks, watched
from pipelines.errors import Cancelled, InvalidInput, NotEnoughMemory
from pipelines.job import Job
from pipelines.words import Text

HANDOVER = 0.8  # of the way is walked by the base, the rest by its refiner (as its makers' paper has it)
FEWEST_REFINED = 5  # steps, so that the refiner gets one

Give = Callable[[Step], bool]


@dataclass
class Canvas:
    """What an engine's `load` makes: `pipe` on the parts of `kind`, ready to paint.

    `small`: a small decoder in place of the full one, for the finished picture where there is no graphics card and
    for previews where there is one. `exact_previews`: the full decoder is cheap enough for every step. `refiner`: a
    second pipeline that walks the last steps. `threads`: how many suit it best (None: torch's own choice).
    """

    pipe: Any
    kind: Kind
    defaults: Defaults
    small: Any = None
    refiner: Any = None
    exact_previews: bool = False
    threads: int | None = None
    extra: dict[str, Any] = field(default_factory=dict)  # of every call of the pipeline

    def __post_init__(self) -> None:
        self._sisters = {type(self.pipe).__name__: self.pipe}
        self._noise = dict(self.pipe.scheduler.config)
        pipes = [pipe for pipe in (self.pipe, self.refiner) if pipe is not None]
        self._place = placing.choose(pipes) if self.pipe.device.type == "cpu" and self.threads is None else "here"
        self._put: Any = None
        networks = [part for pipe in pipes for part in placing.parts(pipe)]
        if self.small is not None:
            networks.append(self.small)
            if self._place != "here":
                self.small.to("cuda", self.pipe.vae.dtype)
        self._blocks = blocks(networks)
        on_card = self._place != "here"
        self._decoder = None if on_card else self.small
        self._previews = Previews(self.pipe, self.small if on_card else "own" if self.exact_previews else None)

    def paint(self, order: Order, job: Job) -> Iterator[Step]:
        """The order, step by step; the last step carries the picture."""
        order = self.checked(order)
        if order.image is not None and order.strength <= 0:
            yield Step(1, 1, image=order.image)  # nothing of it is given up
            return
        lora = loras.find(order.lora, job) if order.lora else None
        flow: Flow[Step] = Flow(lambda give: self._work(order, lora, give, lambda: flow.wanted), job)
        yield from flow

    repaint = paint

    def unknown_words(self, prompt: str) -> tuple[str, ...]:
        return ()

    def checked(self, order: Order) -> Order:
        """The order as this engine can carry it out, its pictures at its size. What it cannot do is an error."""
        can = self.defaults
        checks.whole(order.steps, "steps", 1, can.most_steps)
        checks.number(order.strength, "strength", 0, 1)
        for name, value in (("width", order.width), ("height", order.height)):
            checks.whole(value, name, can.smallest, can.largest)
            if value % can.multiple:
                raise InvalidInput(_SIZE.format(name=name, value=value, multiple=can.multiple))
        if order.scheduler:
            checks.choice(order.scheduler, "scheduler", can.schedulers)
        if order.lora and not can.takes_lora:
            raise InvalidInput(_NO_LORA)
        if order.image is None:
            return order
        if order.mask is None and not can.takes_image:
            raise InvalidInput(_NO_IMAGE)
        size = (order.width, order.height)
        image = _sized(order.image.convert("RGB"), size, Image.Resampling.LANCZOS)
        mask = None if order.mask is None else _sized(order.mask.convert("L"), size, Image.Resampling.NEAREST)
        return replace(order, image=image, mask=mask)

    def _work(self, order: Order, lora: Path | None, give: Give, wanted: Callable[[], bool]) -> None:
        """In a thread of its own: the call of diffusers, which tells its steps through a callback."""
        import torch

        if self.threads is not None:
            torch.set_num_threads(self.threads)  # of this thread alone
        pipe = self._pipe_for(order)
        try:
            with ExitStack() as stack:
                stack.enter_context(watched(self._blocks, wanted))
                stack.enter_context(loras.worn(pipe, lora, order.lora_scale))
                steps = Steps(give, self._previews, order)
                image, filtered = self._painted(pipe, order, steps)
                pipe.maybe_free_model_hooks()
        except (MemoryError, RuntimeError) as error:
            if not _no_memory(error):
                raise
            raise NotEnoughMemory(_TOO_LARGE) from None
        give(Step(steps.done, steps.done, image=image, filtered=filtered))

    def _pipe_for(self, order: Order) -> Any:
        """The pipeline for this kind of order, in its place, with the scheduler of the order's choice."""
        kind = self.kind
        name = kind.paints if order.image is None else kind.from_image if order.mask is None else kind.repaints
        if name not in self._sisters:
            self._sisters[name] = sister(self.pipe, name)
        pipe = self._sisters[name]
        self._bring(pipe)
        # Fresh for each call: a scheduler remembers how far it is.
        chosen = order.scheduler or self.defaults.schedulers[0]
        pipe.scheduler = schedulers.make(self._noise, chosen, order.steps)
        return pipe

    def _bring(self, pipe: Any) -> None:
        if self._put is not pipe:
            placing.put(pipe, self._place)
            self._put = pipe

    def _painted(self, pipe: Any, order: Order, steps: Steps) -> tuple[Image.Image, bool]:
        """The picture, and whether a safety checker held it back."""
        return safety.looked_at(pipe, decode(pipe, self._denoised(pipe, order, steps), self._decoder))

    def _denoised(self, pipe: Any, order: Order, steps: Steps) -> Any:
        """The latents at the end of the way."""
        import torch

        made = torch.Generator("cpu").manual_seed(order.seed)  # the same numbers whatever card is there
        shared: dict[str, Any] = {
            "prompt": order.prompt,
            "negative_prompt": order.negative_prompt or None,
            "guidance_scale": order.guidance_scale,
            "generator": made,
            "output_type": "latent",
            "callback_on_step_end": steps,
            **self.extra,
        }
        refine = self.refiner is not None and order.steps >= FEWEST_REFINED and order.mask is None
        latents = pipe(
            num_inference_steps=walked(order),
            **self._place_in(order),
            **({"denoising_end": HANDOVER} if refine else {}),
            **shared,
        ).images
        if not refine:
            return latents
        self._bring(self.refiner)
        self.refiner.scheduler = schedulers.make(self._noise, self.defaults.schedulers[0], order.steps)
        steps.begin_again()
        return self.refiner(image=latents, num_inference_steps=walked(order), denoising_start=HANDOVER, **shared).images

    def _place_in(self, order: Order) -> dict[str, Any]:
        """What the three kinds of call do not share."""
        if order.image is None:
            return {"width": order.width, "height": order.height}
        if order.mask is None:
            return {"image": order.image, "strength": order.strength}
        size = {"width": order.width, "height": order.height}
        return {"image": order.image, "mask_image": order.mask, "strength": order.strength, **size}


class Steps:
    """Diffusers' callback at the end of each step. Raises `Cancelled` when nobody waits any more."""

    def __init__(self, give: Give, previews: Previews, order: Order) -> None:
        self._give = give
        self._previews = previews
        self._size = (order.width, order.height)
        self._expected = int(walked(order) * (1 if order.image is None else order.strength))
        self._before = 0
        self.done = 0

    def begin_again(self) -> None:
        """Another pipeline goes on."""
        self._before = self.done

    def __call__(self, pipe: Any, number: int, _time: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        self.done = self._before + number + 1
        total = max(self._expected, self._before + pipe.num_timesteps)
        last = self.done == total
        preview = None if last else self._previews.of(tensors["latents"], pipe.scheduler, self._size)
        if not self._give(Step(self.done, total, preview)):
            raise Cancelled
        return tensors


def walked(order: Order) -> int:
    """Steps to ask diffusers for: from a picture it walks only the part `strength` of them, which must be one at
    least."""
    if order.image is None:
        return order.steps
    steps = max(order.steps, math.ceil(1 / order.strength))
    return steps if int(steps * order.strength) >= 1 else steps + 1


def _sized(image: Image.Image, size: tuple[int, int], how: Image.Resampling) -> Image.Image:
    return image if image.size == size else image.resize(size, how)


def _no_memory(error: Exception) -> bool:
    """Whether torch could not get the memory it wanted; on a CPU it has no class of its own for that."""
    import torch

    return isinstance(error, (MemoryError, torch.OutOfMemoryError)) or "allocate memory" in str(error)


_SIZE = Text(
    en="{name} is {value}, but must be a multiple of {multiple} with this engine.",
    ko="{name} 값이 {value}입니다. 이 엔진에서는 {multiple}의 배수여야 합니다.",
)
_NO_LORA = Text(
    en="This engine takes no style plug-ins (LoRA). Choose another engine.",
    ko="이 엔진은 스타일(LoRA)을 쓸 수 없습니다. 다른 엔진을 골라 주세요.",
)
_NO_IMAGE = Text(
    en="This engine cannot start from a picture. Choose another engine.",
    ko="이 엔진은 그림에서 시작할 수 없습니다. 다른 엔진을 골라 주세요.",
)
_TOO_LARGE = Text(
    en="A picture of this size needs more memory than is free here. Choose a smaller one.",
    ko="이 크기의 그림에는 여기 남은 것보다 많은 메모리가 필요합니다. 더 작게 골라 주세요.",
)
