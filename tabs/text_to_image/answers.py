"""What happens in the tab: pictures are painted, looked at, sent on, and their settings brought back."""

from __future__ import annotations

import html
import secrets
from collections.abc import AsyncIterator
from typing import Any

import gradio as gr

from pipelines import engines, text_to_image
from pipelines.errors import InvalidInput
from pipelines.text_to_image import TASK, PaintOptions, PictureSettings
from pipelines.words import EMPTY, Language, Text
from tabs._calls import flow, work
from tabs._files import uploaded
from tabs._parts import localized_picker
from tabs._words import visitor_language
from tabs.text_to_image import controls, view
from tabs.text_to_image.desk import MOST, Desk, Moment, followed, zipped
from tabs.text_to_image.endpoints import painting

_NO_FILE = Text(en="Drop a PNG picture here first.", ko="먼저 PNG 그림을 놓아 주세요.")
_NO_SEED = Text(
    en="Paint a picture first; then its seed can be kept.", ko="먼저 그림을 그리면 그 시드를 쓸 수 있습니다."
)
_FACTS = Text(en="{label} · {seconds:.1f} s", ko="{label} · {seconds:.1f}초")
_RESTORED = Text(en="The settings of the picture are back.", ko="그림의 설정을 되살렸습니다.")
_BEGAN = Text(
    en="It began from another picture, which is not in the file: choose that one again under “Start from a picture”.",
    ko="다른 그림에서 시작한 것인데 그 그림은 파일에 없습니다. ‘그림에서 시작하기’에서 다시 골라 주세요.",
)


async def on_paint(
    desk: Desk,
    prompt: str,
    negative: str,
    engine: str,
    steps: str | None,
    guidance: str | None,
    size: str,
    seed: str | None,
    count: int,
    image: Any,
    strength: float,
    scheduler: str,
    style: str,
    lora: str,
    lora_scale: float,
    embed: bool,
) -> AsyncIterator[tuple]:
    """Paint. Every step is shown; a finished picture is kept and can be downloaded while the next one is painted."""
    language = visitor_language()
    width, height = controls.parsed_size(size)
    chosen = {
        name: controls.number_of(value, name)
        for name, value in (("steps", steps), ("guidance_scale", guidance), ("seed", seed))
    }
    options = PaintOptions(
        negative_prompt=negative or "",
        width=width,
        height=height,
        count=count,
        image_strength=strength,
        scheduler=scheduler or "",
        style=style or "",
        lora=lora or "",
        lora_scale=lora_scale,
        **{name: value for name, value in chosen.items() if value is not None},  # type: ignore[arg-type]
    )
    run = painting(prompt, options, image, engine)
    before = list(desk.pictures)
    desk.run, desk.moment, desk.strip = secrets.token_hex(4), None, ()
    yield desk, view.shown(desk, language, "waiting"), "", gr.skip(), gr.skip()
    moment = None
    async for moment in flow(lambda job: followed(run, prompt, embed, job)):
        desk.pictures = [*before, *moment.pictures][-MOST:]
        desk.which = max(0, len(desk.pictures) - 1)
        desk.moment, desk.strip = moment, moment.strip
        yield desk, view.shown(desk, language, "painting"), _report(moment, language), *_files(desk)
    if moment is not None:
        desk.moment = None
        yield desk, view.shown(desk, language), _report(moment, language), *_files(desk, whole=True)


async def on_stop(desk: Desk) -> tuple[Any, ...]:
    """Stopped, or failed: what was painted last stays in sight."""
    return view.shown(desk, visitor_language(), "stopped" if desk.moment else "still"), *_files(desk, whole=True)


async def on_which(desk: Desk, event: gr.EventData) -> tuple[Any, ...]:
    """Another finished picture is looked at."""
    which = (event._data or {}).get("which")
    if isinstance(which, int) and 0 <= which < len(desk.pictures):
        desk.which, desk.moment = which, None
    return desk, view.shown(desk, visitor_language()), _files(desk)[0]


async def on_same_seed(desk: Desk) -> str:
    """The seed of the picture in sight, to be used again."""
    if desk.moment is not None:
        return f"{desk.moment.seed}"
    if desk.current is None:
        raise InvalidInput(_NO_SEED)
    return f"{desk.current.seed}"


async def on_engine(engine: str, size: str, scheduler: str) -> tuple[Any, ...]:
    """The choices and words of another engine."""
    return controls.fitting(engine, size, scheduler, visitor_language())


async def on_open() -> tuple[Any, ...]:
    """Everything on the page that depends on the visitor's language."""
    language = visitor_language()
    styles = gr.update(choices=controls.style_choices(language))
    return (
        *localized_picker(TASK, language), styles, view.shown(Desk(), language),
        *controls.fitting("auto", "", "", language),
    )  # fmt: skip


async def on_restore(file: Any, engine: str) -> tuple[Any, ...]:
    """The settings inside a picture that was dropped in, into the controls."""
    path = uploaded(file, _NO_FILE)
    known = await work(lambda _job: text_to_image.settings_of(path))
    language = visitor_language()
    chosen, notice = _engine_of(known, engine)
    able = text_to_image.defaults(chosen)
    schedulers = controls.scheduler_choices(able, language)
    same = known.scheduler in dict(schedulers).values()
    size = f"{known.width}x{known.height}" if known.width > 0 and known.height > 0 else ""
    if able is not None and (known.width, known.height) == (able.width, able.height):
        size = ""
    said = _RESTORED + notice + (_BEGAN if known.image_strength else EMPTY)
    return (
        known.prompt,
        known.negative_prompt,
        chosen,
        f"{known.steps}" if known.steps > 0 else "",
        f"{known.guidance_scale:g}" if known.guidance_scale >= 0 else "",
        gr.update(choices=_with(controls.size_choices(able, language), size), value=size),
        f"{known.seed}" if known.seed >= 0 else "",
        gr.update(choices=schedulers, value=known.scheduler if same else ""),
        known.style,
        known.lora,
        known.lora_scale,
        _lines([said], language),
    )


def picture_of(desk: Desk) -> str:
    """The file of the finished picture in sight."""
    return desk.current.path if desk.current else ""


def _engine_of(known: PictureSettings, engine: str) -> tuple[str, Text]:
    """The engine that painted it, where it is on this machine; else the one that is chosen now."""
    ready = [spec.name for spec in engines.specs(TASK) if engines.status(spec) in ("ready", "loaded")]
    if known.engine in ready:
        return known.engine, EMPTY
    name = known.engine or "?"
    return engine, Text(
        en=f"The engine that painted it ({name}) is not here, so the picture will differ.",
        ko=f"그린 엔진({name})이 여기 없어서 같은 그림이 나오지는 않습니다.",
    )


def _with(choices: list[tuple[str, str]], value: str) -> list[tuple[str, str]]:
    return choices if value in dict(choices).values() else [*choices, (value.replace("x", " × "), value)]


def _files(desk: Desk, whole: bool = False) -> tuple[Any, Any]:
    """The buttons that download the picture in sight and, when all is painted, every picture at once."""
    picture = desk.current
    one = gr.update(value=picture.path if picture else None, interactive=picture is not None)
    if not whole:
        return one, gr.skip()
    several = len(desk.pictures) > 1
    return one, gr.update(value=zipped(desk.pictures) if several else None, interactive=several)


def _report(moment: Moment, language: Language) -> str:
    """Who painted it and how long it took, and what a visitor should know."""
    now = moment.now
    label = engines.find(TASK, now.engine).label
    facts = _FACTS.format(label=label, seconds=now.seconds)
    return _lines([facts, now.notice], language)


def _lines(said: list[Text], language: Language) -> str:
    """Sentences as HTML, escaped."""
    lines = "".join(f"<p>{html.escape(text.to(language))}</p>" for text in said if text != EMPTY)
    return f'<div class="modu-report" role="status">{lines}</div>'
