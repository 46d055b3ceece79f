"""What happens when a visitor repaints: the draft, the steps, the result, and going on with it."""

from __future__ import annotations

import html
from collections.abc import AsyncIterator, Iterator
from typing import Any

import gradio as gr

from pipelines import engines, media
from pipelines.inpainting import TASK, Repainted, RepaintOptions, extending, strokes
from pipelines.inpainting.abilities import abilities
from pipelines.inpainting.strokes import Shown
from pipelines.job import Job
from pipelines.words import Language, Text
from tabs._calls import flow
from tabs._files import bytes_file, original_name, picture_file, stem_of
from tabs._parts import localized_picker, report_html
from tabs._words import visitor_language
from tabs.inpainting import editor, marking
from tabs.inpainting.endpoints import repainting

SIDES: dict[str, Text] = {
    "left": Text(en="Left", ko="왼쪽"),
    "right": Text(en="Right", ko="오른쪽"),
    "top": Text(en="Top", ko="위"),
    "bottom": Text(en="Bottom", ko="아래"),
}
MOST_STEPS = 100  # offered for an engine whose own limit is not known before it is loaded

_DRAFT = Text(
    en="A quick draft, while {engine} is being loaded...", ko="{engine} 엔진을 불러오는 동안 보여 드리는 빠른 초안..."
)
_STEP = Text(en="Step {step} of {steps}, seed {seed}", ko="{steps}단계 중 {step}단계, 시드 {seed}")
_DONE = Text(
    en="{engine} · {pixels} pixels repainted · seed {seed} · {seconds} s",
    ko="{engine} · {pixels}픽셀을 다시 그림 · 시드 {seed} · {seconds}초",
)
_STOPPED = Text(
    en="Stopped. What you see is as far as it came.", ko="멈췄습니다. 지금까지 그려진 모습을 보여 드립니다."
)
_OWN = Text(en="0 is the engine's own: {steps}.", ko="0은 엔진 기본값({steps})입니다.")
_OWN_UNKNOWN = Text(en="0 is the engine's own.", ko="0은 엔진 기본값입니다.")
_OWN_GUIDANCE = Text(en="-1 is the engine's own: {guidance:g}.", ko="-1은 엔진 기본값({guidance:g})입니다.")
_OWN_GUIDANCE_UNKNOWN = Text(en="-1 is the engine's own.", ko="-1은 엔진 기본값입니다.")
_NO_PROMPT = Text(
    en="This engine reads no prompt. To paint something new, choose another one in the options.",
    ko="이 엔진은 프롬프트를 읽지 않습니다. 새로운 것을 그려 넣으려면 옵션에서 다른 엔진을 고르세요.",
)


async def on_repaint(
    source: dict | None,
    board: dict,
    prompt: str,
    negative_prompt: str,
    steps: int,
    guidance_scale: float,
    strength: float,
    grow: int,
    feather: int,
    sides: list[str],
    pixels: int,
    seed: int,
    engine: str,
) -> AsyncIterator[tuple]:
    """Repaint what is marked, and show it as it comes: comparison, report, result, its box, its download, its seed."""
    path = editor.picture_path(source, board)
    able, mask = abilities(engine), editor.drawn(board)
    options = RepaintOptions(
        prompt=prompt if able.prompt else "",  # hidden controls say nothing
        negative_prompt=negative_prompt if able.negative else "",
        steps=steps,
        guidance_scale=guidance_scale,
        strength=strength,
        grow=grow,
        feather=feather,
        extend=",".join(f"{side}:{pixels}" for side in sides),
        seed=seed,
    )
    given = None if mask is None else picture_file(mask, "mask.png")
    run = repainting(source, given, options, engine)

    def show(job: Job) -> Iterator[tuple[Shown, Shown, Repainted]]:
        before: Shown | None = None
        for done in run(job):
            if before is None:
                image = media.open_picture(path).image
                before = strokes.for_screen(strokes.framed(image, extending.parse(options.extend)))
            yield before, strokes.for_screen(done.image, quick=not done.done), done

    compared: str | None = None
    async for before, after, done in flow(show):
        compared = compared or bytes_file(before.data, f"before.{before.ending}")["path"]
        pair = (compared, bytes_file(after.data, f"after.{after.ending}")["path"])
        said = report_html(_told(done))
        if not done.done:
            yield pair, said, gr.skip(), gr.skip(), gr.skip()
            continue
        file = picture_file(done.image, f"{stem_of(source)}-repainted.png")
        result = {"path": file["path"], "orig_name": original_name(source), "seed": done.seed}
        yield pair, said, result, gr.update(visible=True), file["path"]


async def on_stop(shown: Any) -> Any:
    """Say that the work was stopped, where something can be seen of it."""
    return report_html(_STOPPED) if shown else gr.skip()


async def on_go_on(result: dict | None) -> tuple:
    """The result becomes the picture, with nothing marked; the comparison stays."""
    opened = await marking.on_picture(result)
    return opened[:4]


async def on_same_seed(result: dict | None) -> Any:
    """The seed of the result for the next one."""
    return result["seed"] if result else gr.skip()


async def on_engine(engine: str) -> tuple:
    """The controls that another engine listens to."""
    return _controls(engine, visitor_language())


async def on_open() -> tuple:
    """Everything on the page that depends on the visitor's language."""
    language = visitor_language()
    return (*localized_picker(TASK, language), *_controls("auto", language))


def result_path(result: dict | None) -> str:
    """The file of the last result."""
    return result["path"] if result else ""


def _controls(engine: str, language: Language) -> tuple:
    """Prompt, its note, negative prompt, steps, guidance, strength."""
    able = abilities(engine)
    known = able.defaults
    steps = _OWN_UNKNOWN if known is None else _OWN.format(steps=known.steps)
    guidance = _OWN_GUIDANCE_UNKNOWN if known is None else _OWN_GUIDANCE.format(guidance=known.guidance_scale)
    most = MOST_STEPS if known is None else known.most_steps
    return (
        gr.update(visible=able.prompt),
        gr.update(value="" if able.prompt else f'<p class="modu-quiet">{html.escape(_NO_PROMPT.to(language))}</p>'),
        gr.update(visible=able.negative),
        gr.update(visible=able.prompt and most > 1, maximum=most, value=0, info=steps.to(language)),
        gr.update(
            visible=able.prompt and (known is None or known.takes_guidance), value=-1, info=guidance.to(language)
        ),
        gr.update(visible=able.prompt and (known is None or known.takes_strength), value=1.0),
    )


def _told(done: Repainted) -> Text:
    engine = engines.find(TASK, done.engine).label
    if done.draft:
        return _DRAFT.format(engine=engine)
    if not done.done:
        return _STEP.format(step=done.step, steps=done.steps, seed=done.seed) + done.notice
    pixels, seconds = f"{done.masked_pixels:,}", f"{done.seconds:.1f}"
    return _DONE.format(engine=engine, pixels=pixels, seed=done.seed, seconds=seconds) + done.notice
