"""Bringing an engine here from the page: what it will cost, a download with progress, and who may do it."""

from __future__ import annotations

import asyncio
import html
from collections.abc import AsyncIterator
from pathlib import Path

from pipelines import checks, engines, plan, settings, weights
from pipelines.engines import EngineSpec
from pipelines.errors import EngineUnavailable, InvalidInput
from pipelines.job import Job, Progress
from pipelines.plan import Plan
from pipelines.words import Language, Text
from tabs._calls import work
from tabs._words import visitor_language

POLL_S = 0.25

_NOT_CHECKED = Text(
    en="These figures come with the app and were not checked at the Hub.",
    ko="앱에 적힌 값이며, Hub에서 확인한 값이 아닙니다.",
)
_STARTING = Text(en="Starting...", ko="시작하는 중...")
_DONE = Text(
    en="{label} is here. It will answer from now on.", ko="{label}을(를) 받았습니다. 이제 바로 쓸 수 있습니다."
)


def known_task(task: object) -> str:
    """The task of this name; an unknown one is answered with the choices."""
    name = checks.text(task, "task", 100)
    if name not in engines.tasks():
        listed = ", ".join(engines.tasks())
        raise InvalidInput(
            Text(
                en=f"There is no task {name!r}. Choose one of: {listed}.",
                ko=f"{name!r}(이)라는 작업은 없습니다. 다음 중에서 고르세요: {listed}.",
            )
        )
    return name


def owned(task: object, engine: object) -> EngineSpec:
    """The engine, if this caller may change it: on a managed server only the owner may."""
    if settings.current().managed:
        raise EngineUnavailable(
            Text(
                en="On this server only its owner can fetch or unload engines.",
                ko="이 서버에서는 소유자만 엔진을 내려받거나 내릴 수 있습니다.",
            )
        )
    return engines.find(known_task(task), engine)


def waits_for_download(spec: EngineSpec) -> bool:
    """Whether this engine would have to be fetched first."""
    return spec.kind == "hub" and engines.status(spec) == "not_downloaded"


def plan_html(shown: Plan, language: Language) -> str:
    """The plan of a download as a small table (escaped). Folders of a public server are not told."""
    facts = shown.facts()
    if not settings.current().managed:
        place = _home_shortened(shown.destination)
        facts.append((Text(en="Folder", ko="폴더"), Text(en=place, ko=place)))
    rows = "".join(f"<dt>{_shown(name, language)}</dt><dd>{_shown(value, language)}</dd>" for name, value in facts)
    notes = [*shown.problems(), *([] if shown.certain or settings.current().offline else [_NOT_CHECKED])]
    below = "".join(f"<p>{_shown(note, language)}</p>" for note in notes)
    return f'<dl class="modu-plan">{rows}</dl>{below}'


async def asked_plan(spec: EngineSpec) -> str:
    """The plan after asking the Hub, as HTML."""
    return plan_html(await work(lambda _job: plan.asked(spec)), visitor_language())


async def downloading(spec: EngineSpec, repair: bool = False) -> AsyncIterator[str]:
    """Fetch an engine and give its progress as HTML several times a second; the last one says that it is here.

    With `repair` what lies here already is read and checked too.
    """
    language = visitor_language()
    fetch = weights.fetch if repair else engines.fetch
    seen: list[Progress] = []

    def watch(job: Job) -> None:
        seen[:] = [job.latest] if job.latest is not None else []

    running = asyncio.ensure_future(work(lambda job: fetch(spec, job), watch))
    try:
        while not (await asyncio.wait({running}, timeout=POLL_S))[0]:
            yield progress_html(seen[0] if seen else Progress(None, _STARTING), language)
        await running
    finally:
        running.cancel()
    yield f'<p role="status">{_shown(_DONE.format(label=spec.label), language)}</p>'


def progress_html(progress: Progress, language: Language) -> str:
    """A bar and its words."""
    value = "" if progress.fraction is None else f' value="{progress.fraction:.3f}"'
    words = _shown(progress.text, language)
    return f'<div class="modu-progress"><progress max="1"{value} aria-label="{words}"></progress><p>{words}</p></div>'


def _shown(text: Text, language: Language) -> str:
    return html.escape(text.to(language))


def _home_shortened(path: Path) -> str:
    home = Path.home()
    return f"~/{path.relative_to(home).as_posix()}" if path.is_relative_to(home) else str(path)
