"""Repaint a part of a picture: check, choose windows, have them painted, put them back. The task's verb lives here.

Whatever an engine does, a pixel outside the mask is the visitor's own, bit for bit: only weights above 0 are written.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from pipelines import checks, engines, media, settings
from pipelines.diffusion.contract import Order, Step, left_out
from pipelines.diffusion.wording import not_understood
from pipelines.engines import EngineSpec
from pipelines.errors import EngineFailed, InvalidInput
from pipelines.inpainting import extending, filling, masks, windows
from pipelines.inpainting.contract import TASK, OfFewWords, Repainted, Repainter, RepaintOptions
from pipelines.inpainting.windows import Window
from pipelines.job import Job
from pipelines.words import EMPTY, Text

MOST_GROWN = 512  # pixels, either way, and the widest feather
MOST_GUIDANCE = 50.0
LARGEST_SEED = 2**31 - 1

_DRAFTING = Text(en="A quick draft first...", ko="먼저 빠른 초안을 만드는 중...")
_REPAINTING = Text(en="Repainting, step {number} of {total}...", ko="다시 그리는 중, {total}단계 중 {number}단계...")
_STARTING = Text(en="Repainting...", ko="다시 그리는 중...")
_NO_PROMPT = Text(
    en="{label} reads no prompt: it continues what is around the mask. For new content choose an engine that does.",
    ko="{label} 엔진은 프롬프트를 읽지 않고 주변을 이어 채웁니다. 새로운 내용을 그리려면 다른 엔진을 골라 주세요.",
)
_FILTERED = Text(
    en="The engine's safety checker held the result back; the picture is unchanged there. Try another prompt or seed.",
    ko="엔진의 안전 검사에서 결과가 걸러져 그 부분은 바뀌지 않았습니다. 프롬프트나 시드를 바꿔 보세요.",
)


@dataclass(frozen=True)
class Canvas:
    """The visitor's picture, extended, and what of it is to be repainted."""

    pixels: np.ndarray  # (H, W, 3 or 4) uint8; where extended, the nearest edge
    seen: np.ndarray  # (H, W, 3) uint8: the same without transparency, as an engine sees it
    weights: np.ndarray  # (H, W) uint8: 0 keeps the pixel
    new: np.ndarray  # (H, W) bool: not in the visitor's picture

    @property
    def marked(self) -> np.ndarray:
        return np.asarray(self.weights > 0)


def repaint(
    image: Image.Image,
    mask: Image.Image | None = None,
    options: RepaintOptions = RepaintOptions(),
    *,
    engine: object = "auto",
    job: Job | None = None,
) -> Iterator[Repainted]:
    """Repaint what `mask` marks (white; where alpha varies, alpha), and what `options.extend` adds.

    Yields the picture so far after every step that shows something; the last one has `done`. `mask` has the size of
    `image` or its shape. A mask that marks nothing is an `InvalidInput`, unless the picture is extended; so is one
    that marks everything, for an engine that continues what is around. While an engine has still to be fetched or
    loaded, a classical draft comes first.
    """
    job, started = job or Job(), time.monotonic()
    options = checked(options)
    canvas = prepared(image, mask, options)
    seed = options.seed if options.seed >= 0 else random.randint(0, LARGEST_SEED)
    spec = engines.choose(TASK, engine)
    engines.require_usable(spec)
    base = Repainted(
        Image.fromarray(canvas.pixels),
        masks.to_picture(canvas.weights),
        seed,
        spec.name,
        int(np.count_nonzero(canvas.weights)),
        0.0,
    )
    if spec.kind != "embedded" and engines.status(spec) != "loaded" and not canvas.marked.all():
        job.progress(None, _DRAFTING)
        draft = drafted(canvas)
        yield replace(base, image=Image.fromarray(draft), seconds=time.monotonic() - started, draft=True)
    with engines.use(TASK, spec.name, job) as (spec, repainter):
        refuse(spec, repainter, canvas, options)
        for shown in _windows_painted(repainter, spec, canvas, options, seed, job):
            yield replace(
                base,
                image=Image.fromarray(shown.pixels),
                step=shown.step,
                steps=shown.steps,
                filtered=shown.filtered,
                notice=_notice(spec, repainter, options, shown.filtered),
                done=shown.done,
                seconds=time.monotonic() - started,
            )


def checked(options: RepaintOptions) -> RepaintOptions:
    """The same options with every value checked that needs no engine to be known."""
    longest = settings.current().limits.prompt_characters
    return RepaintOptions(
        prompt=checks.text(options.prompt, "prompt", longest).strip(),
        negative_prompt=checks.text(options.negative_prompt, "negative_prompt", longest).strip(),
        steps=checks.whole(options.steps, "steps", 0, 1000),
        guidance_scale=checks.number(options.guidance_scale, "guidance_scale", 0, MOST_GUIDANCE, automatic=-1),
        strength=checks.number(options.strength, "strength", 0, 1),
        grow=checks.whole(options.grow, "grow", -MOST_GROWN, MOST_GROWN),
        feather=checks.whole(options.feather, "feather", 0, MOST_GROWN),
        invert=checks.flag(options.invert, "invert"),
        extend=checks.text(options.extend, "extend", 200),
        seed=checks.whole(options.seed, "seed", -1, LARGEST_SEED),
    )


def prepared(image: Image.Image, mask: Image.Image | None, options: RepaintOptions) -> Canvas:
    """The picture extended, and the weights made of the mask: inverted, then grown, then feathered.

    What is extended is always marked; growing lets it reach into the picture, shrinking leaves it alone.
    """
    margins = extending.parse(options.extend)
    margins.around(*image.size)  # refuses what would be too large
    if mask is None and not margins:
        raise InvalidInput(
            Text(
                en="There is no mask. Mark what to repaint, or extend the picture to a side.",
                ko="마스크가 없습니다. 다시 그릴 곳을 표시하거나 사진을 한쪽으로 확장해 주세요.",
            )
        )
    marked = np.zeros((image.height, image.width), bool)
    if mask is not None:
        marked = masks.fitted(masks.read(mask), *image.size)
        marked = ~marked if options.invert else marked
    new = margins.pad(np.zeros_like(marked), "constant", constant_values=True)
    marked = margins.pad(masks.grown(marked, min(options.grow, 0)), "constant", constant_values=False)
    marked = masks.grown(marked | new, max(options.grow, 0))
    if not marked.any():
        raise _nothing_marked(options)
    weights = masks.feathered(marked, options.feather)
    weights[new] = 255
    pixels = margins.pad(np.asarray(image if image.mode == "RGBA" else image.convert("RGB")), "edge")
    if pixels.shape[2] == 4:
        pixels[new, 3] = 255
    seen = np.asarray(media.to_rgb(Image.fromarray(pixels)))
    return Canvas(pixels, seen, weights, new)


def drafted(canvas: Canvas) -> np.ndarray:
    """The picture with the mask filled quickly, without a network."""
    pixels: np.ndarray = canvas.pixels.copy()
    area = windows.around(canvas.weights, 0, 1)[0].area  # at any size there is one window
    blend(pixels[area], filling.quick(canvas.seen[area], canvas.weights[area] > 0), canvas.weights[area])
    return pixels


def blend(pixels: np.ndarray, painted: np.ndarray, weights: np.ndarray) -> None:
    """Put `painted` (H, W, 3) into `pixels` (H, W, 3 or 4) in place; where a weight is 0 nothing is written.

    What is painted is opaque: where it meets a see-through pixel, colours count as much as they cover.
    """
    where = weights > 0
    share = weights[where].astype(np.float32)[:, None] / 255
    old, new = pixels[where].astype(np.float32), painted[where].astype(np.float32)
    if pixels.shape[2] == 4:
        cover = (1 - share) * old[:, 3:] / 255
        alpha = share + cover
        mixed = (share * new + cover * old[:, :3]) / alpha
        pixels[where] = np.hstack([mixed, alpha * 255]).round().astype(np.uint8)
    else:
        pixels[where] = (share * new + (1 - share) * old).round().astype(np.uint8)


def refuse(spec: EngineSpec, repainter: Repainter, canvas: Canvas, options: RepaintOptions) -> None:
    """Raise for choices that this engine cannot follow."""
    if not repainter.takes_prompt:
        if canvas.marked.all():
            raise InvalidInput(
                Text(
                    en="The mask covers the whole picture, so nothing is left to continue from. "
                    "Mark less, or choose an engine that reads a prompt.",
                    ko="마스크가 사진 전체를 덮어 이어 채울 부분이 없습니다. "
                    "더 좁게 표시하거나 프롬프트를 읽는 엔진을 골라 주세요.",
                )
            )
        return
    most = repainter.defaults.most_steps
    steps = checks.whole(options.steps, "steps", 0, most) or repainter.defaults.steps
    if options.strength <= 0 or (most > 1 and int(steps * options.strength) < 1):
        least = 0.01 if most <= 1 else -(-100 // max(steps, 1)) / 100
        raise InvalidInput(
            Text(
                en=f"With {steps} steps, a strength of {options.strength:g} changes nothing. "
                f"Use at least {least:g}, or more steps.",
                ko=f"{steps}단계에서 강도 {options.strength:g}은(는) 아무것도 바꾸지 않습니다. "
                f"{least:g} 이상으로 하거나 단계를 늘려 주세요.",
            )
        )


@dataclass(frozen=True)
class _Shown:
    """The picture after a step of one window."""

    pixels: np.ndarray
    step: int
    steps: int
    filtered: bool = False
    done: bool = False


def _windows_painted(
    repainter: Repainter, spec: EngineSpec, canvas: Canvas, options: RepaintOptions, seed: int, job: Job
) -> Iterator[_Shown]:
    """One window after the other, each put back when it is done; previews are put on a copy."""
    parts = windows.around(canvas.weights, repainter.side, repainter.defaults.multiple)
    start = _start(canvas, repainter)
    pixels, filtered, step, total = canvas.pixels.copy(), False, 0, 0
    job.progress(0.0, _STARTING)
    for at, window in enumerate(parts):
        weights = canvas.weights[window.area]
        last: Step | None = None
        for last in repainter.repaint(order(repainter, window, start, canvas, options, seed), job):
            step, total = at * last.total + last.number, len(parts) * last.total
            job.progress(step / max(total, 1), _REPAINTING.format(number=step, total=total))
            if last.image is None and last.preview is not None:
                shown = pixels.copy()
                blend(shown[window.area], _fitting(last.preview, window), weights)
                yield _Shown(shown, step, total, filtered)
        if last is None or last.image is None:
            raise _failed(spec)
        if last.filtered:
            filtered = True
        else:
            blend(pixels[window.area], _fitting(last.image, window), weights)
        done = at + 1 == len(parts)
        yield _Shown(pixels if done else pixels.copy(), step, total, filtered, done)


def order(
    repainter: Repainter, window: Window, start: np.ndarray, canvas: Canvas, options: RepaintOptions, seed: int
) -> Order:
    """What the engine is asked for one window, at the size that it likes. `start`: the picture it begins with."""
    defaults = repainter.defaults
    size = (window.width, window.height)
    picture, mask = Image.fromarray(start[window.area]), masks.to_picture(canvas.marked[window.area])
    if size != window.size:
        picture = picture.resize(size, Image.Resampling.LANCZOS)
        # A pixel that stands for several, one of them marked, is marked.
        mask = mask.resize(size, Image.Resampling.BOX).point(lambda value: 255 if value else 0)
    return Order(
        prompt=options.prompt,
        negative_prompt=options.negative_prompt,
        steps=options.steps or defaults.steps,
        guidance_scale=defaults.guidance_scale if options.guidance_scale < 0 else options.guidance_scale,
        width=window.width,
        height=window.height,
        seed=seed,
        image=picture,
        mask=mask,
        strength=options.strength,
    )


def _start(canvas: Canvas, repainter: Repainter) -> np.ndarray:
    """The picture that an engine begins with: the visitor's, and a quick fill where it was extended."""
    if not canvas.new.any() or not repainter.takes_prompt:
        return canvas.seen
    return np.asarray(np.where(canvas.new[..., None], filling.quick(canvas.seen, canvas.new), canvas.seen))


def _fitting(painted: Image.Image, window: Window) -> np.ndarray:
    """What an engine painted, at the window's own size."""
    picture = painted.convert("RGB")
    if picture.size != window.size:
        picture = picture.resize(window.size, Image.Resampling.LANCZOS)
    return np.asarray(picture)


def _notice(spec: EngineSpec, repainter: Repainter, options: RepaintOptions, filtered: bool) -> Text:
    notice = _FILTERED if filtered else EMPTY
    if options.prompt and not repainter.takes_prompt:
        notice += _NO_PROMPT.format(label=spec.label)
    elif repainter.takes_prompt:
        unknown = repainter.unknown_words(options.prompt) if isinstance(repainter, OfFewWords) else ()
        notice += not_understood(options.prompt, spec, unknown)
    return notice + left_out(
        spec.label,
        repainter.defaults,
        repainter.takes_prompt and options.negative_prompt != "",  # of no prompt enough is said above
        options.guidance_scale != -1,
        options.seed != -1,
        options.strength != 1,
    )


def _nothing_marked(options: RepaintOptions) -> InvalidInput:
    if options.invert or options.grow < 0:
        return InvalidInput(
            Text(
                en="Inverted and shrunk as asked, the mask marks nothing. Mark more, or shrink it less.",
                ko="반전하거나 줄이고 나니 마스크에 표시된 곳이 없습니다. 더 넓게 표시하거나 덜 줄여 주세요.",
            )
        )
    return InvalidInput(
        Text(
            en="The mask marks nothing. Paint over what is to be repainted; in a black and white mask, white marks.",
            ko="마스크에 표시된 곳이 없습니다. 다시 그릴 곳을 칠해 주세요. 흑백 마스크에서는 흰색이 표시입니다.",
        )
    )


def _failed(spec: EngineSpec) -> EngineFailed:
    return EngineFailed(
        Text(
            en=f"{spec.label.en} gave no picture. Try again, or choose another engine.",
            ko=f"{spec.label.ko} 엔진이 그림을 내놓지 않았습니다. 다시 해 보거나 다른 엔진을 골라 주세요.",
        )
    )
