"""The quiet panel at the end of the page: every engine, where it stands, and what may be done with it.

Read-only on a managed server. Nothing is looked up before the panel is opened, and nothing asks the network before
a button says so.
"""

from __future__ import annotations

import html
from collections.abc import AsyncIterator
from typing import Any

import gradio as gr

from pipelines import doctor, engines, plan, settings, weights
from pipelines.engines import EngineSpec
from pipelines.job import Job
from pipelines.plan import megabytes
from pipelines.words import Language, Text
from tabs._calls import private, work
from tabs._fetching import downloading, owned, plan_html
from tabs._look import engine_state
from tabs._words import say, spoken, visitor_language

_COLUMNS = (
    Text(en="Engine", ko="엔진"),
    Text(en="State", ko="상태"),
    Text(en="Files", ko="파일"),
    Text(en="Memory", ko="메모리"),
    Text(en="Licence", ko="라이선스"),
)
_HERE = Text(en="{here} of {count} are here", ko="{count}개 중 {here}개 준비됨")
_WITHOUT_TAB = {"documents": Text(en="Search in documents", ko="문서 검색")}
_LOADED = Text(en="In memory: {used} of {budget} for engines.", ko="메모리: 엔진용 {budget} 중 {used} 사용.")
_HELD = Text(
    en="{label}: took {size}, unused for {idle} s",
    ko="{label}: {size} 사용, {idle}초 동안 쓰지 않음",
)
_BUSY = Text(en="{label}: took {size}, working now", ko="{label}: {size} 사용, 지금 작업 중")
_ORDER = Text(en="The first one goes first when room is needed.", ko="자리가 필요하면 맨 앞의 엔진부터 내립니다.")
_READ_ONLY = Text(
    en="On this server only its owner can load, fetch or remove engines.",
    ko="이 서버에서는 소유자만 엔진을 불러오거나 내려받거나 지울 수 있습니다.",
)
_UNLOADED = Text(
    en="{label} was unloaded; {size} of memory came back.", ko="{label}을(를) 내렸습니다. 메모리 {size} 확보."
)
_IS_LOADED = Text(en="{label} is loaded and ready.", ko="{label}을(를) 불러왔습니다.")
_REMOVED = Text(en="{label} was removed; {size} of disk came back.", ko="{label}을(를) 지웠습니다. 디스크 {size} 확보.")
_SURE = Text(
    en="Delete the downloaded files of {label} ({size})? It would have to be downloaded again.",
    ko="{label}의 내려받은 파일({size})을 지울까요? 다시 쓰려면 또 내려받아야 합니다.",
)


def build() -> None:
    """The panel's components and events. All of its events are private."""
    with gr.Accordion(say("Models", "모델"), open=False, elem_id="modu-models") as panel:
        table = gr.HTML(elem_id="modu-models-table", padding=False)
        if settings.current().managed:
            panel.expand(**private(on_open), outputs=table, show_progress="hidden")
            return
        choice = gr.Dropdown(_names(), value=None, label=say("Engine", "엔진"), elem_id="modu-models-choice")
        buttons = _buttons()
        said = gr.HTML(elem_id="modu-models-said", padding=False)
        with gr.Row(visible=False) as sure:
            yes = gr.Button(
                say("Delete", "지우기"), size="sm", variant="stop", min_width=120, elem_id="modu-models-yes"
            )
            no = gr.Button(say("Keep", "그대로 두기"), size="sm", min_width=120)
        _doctor_fold()
    panel.expand(**private(on_open_to_choose), outputs=[table, choice], show_progress="hidden")
    _wire(choice, buttons, said, table, {"row": sure, "yes": yes, "no": no})


def _buttons() -> dict[str, gr.Button]:
    words = {
        "load": say("Load", "불러오기"),
        "unload": say("Unload", "내리기"),
        "fetch": say("Download or repair", "내려받기·복구"),
        "remove": say("Remove", "지우기"),
    }
    with gr.Row():
        made = {
            name: gr.Button(word, size="sm", min_width=120, interactive=False, elem_id=f"modu-models-{name}")
            for name, word in words.items()
        }
        made["stop"] = gr.Button(
            say("Cancel", "취소"), size="sm", min_width=120, visible=False, elem_id="modu-models-stop"
        )
    return made


def _wire(choice: gr.Dropdown, buttons: dict[str, gr.Button], said: gr.HTML, table: gr.HTML, sure: Any) -> None:
    every = [table, said, *buttons.values(), sure["row"]]
    quick = {"show_progress": "hidden"}
    choice.change(**private(on_pick), inputs=choice, outputs=every, queue=False, **quick)
    buttons["load"].click(**private(on_load), inputs=choice, outputs=every, show_progress_on=said)
    buttons["unload"].click(**private(on_unload), inputs=choice, outputs=every, show_progress_on=said)
    running = buttons["fetch"].click(**private(on_fetch), inputs=choice, outputs=every, **quick)
    running.failure(**private(on_pick), inputs=choice, outputs=every, queue=False, **quick)
    buttons["stop"].click(**private(on_pick), inputs=choice, outputs=every, cancels=[running], queue=False, **quick)
    buttons["remove"].click(**private(on_remove), inputs=choice, outputs=[said, sure["row"]], queue=False, **quick)
    sure["yes"].click(**private(on_sure), inputs=choice, outputs=every, **quick)
    sure["no"].click(**private(on_pick), inputs=choice, outputs=every, queue=False, **quick)


def _doctor_fold() -> None:
    with gr.Accordion(say("Is this machine well set up?", "이 컴퓨터의 상태 점검"), open=False, elem_id="modu-doctor"):
        look = gr.Button(say("Check now", "지금 점검"), size="sm", elem_id="modu-doctor-look")
        found = gr.HTML(elem_id="modu-doctor-found", padding=False)
    look.click(**private(on_doctor), outputs=found)


async def on_open() -> str:
    return table_html(visitor_language())


async def on_open_to_choose() -> tuple[str, Any]:
    """The table, and the engines that are known now: some come by their Hub name while the app runs."""
    return await on_open(), gr.update(choices=_names())


async def on_pick(name: str | None) -> tuple[Any, ...]:
    if not name:
        return _all("", None)
    spec = _spec(name)
    shown = plan_html(plan.known(spec), visitor_language()) if spec.kind == "hub" else ""
    return _all(shown, spec)


async def on_load(name: str) -> tuple[Any, ...]:
    spec = _spec(name)

    def load(job: Job) -> None:
        with engines.use(spec.task, spec.name, job):
            job.check()

    await work(load)
    return _all(_told(_IS_LOADED.format(label=spec.label)), spec)


async def on_unload(name: str) -> tuple[Any, ...]:
    spec = _spec(name)
    freed = await work(lambda _job: engines.unload(spec.task, spec.name))
    return _all(_told(_UNLOADED.format(label=spec.label, size=megabytes(freed))), spec)


async def on_fetch(name: str) -> AsyncIterator[tuple[Any, ...]]:
    spec = _spec(name)
    yield gr.skip(), "", *_states(None, running=True), gr.update(visible=False)
    async for told in downloading(spec, repair=True):
        yield gr.skip(), told, *[gr.skip()] * 6
    yield _all(told, spec)


async def on_remove(name: str) -> tuple[str, Any]:
    spec = _spec(name)
    size = megabytes(weights.held_mb(spec) or 0.0)
    return _told(_SURE.format(label=spec.label, size=size)), gr.update(visible=True)


async def on_sure(name: str) -> tuple[Any, ...]:
    spec = _spec(name)
    freed = await work(lambda _job: engines.remove(spec))
    return _all(_told(_REMOVED.format(label=spec.label, size=megabytes(freed))), spec)


async def on_doctor() -> str:
    language = visitor_language()
    found = await work(lambda _job: doctor.examine())
    return "".join(_finding(one, language) for one in found)


def _names() -> list[str]:
    return [f"{task}/{spec.name}" for task in engines.tasks() for spec in engines.specs(task)]


def table_html(language: Language, opened: str = "") -> str:
    """What is in memory, and every engine below its task, folded up but for the task that is `opened`."""
    note = f"<p>{_shown(_READ_ONLY, language)}</p>" if settings.current().managed else ""
    titles = _titles(language)
    tasks = sorted(engines.tasks(), key=lambda task: [*titles, task].index(task))
    folds = "".join(_fold(task, titles.get(task, task), language, task == opened) for task in tasks)
    return f"{note}{_ledger_html(language)}{folds}"


def _titles(language: Language) -> dict[str, str]:
    """The tasks as their tabs are called, in the order of the tabs; what has no tab comes last."""
    from tabs import TABS

    titles = {tab.TASK: spoken(tab.TITLE, language) for tab in TABS}
    return {**titles, **{task: name.to(language) for task, name in _WITHOUT_TAB.items()}}


def _fold(task: str, title: str, language: Language, opened: bool) -> str:
    known = engines.specs(task)
    here = sum(engines.status(spec) in ("loaded", "ready") for spec in known)
    count = _shown(_HERE.format(here=here, count=len(known)), language)
    head = "".join(f'<th scope="col">{_shown(name, language)}</th>' for name in _COLUMNS)
    rows = "".join(_row(spec, language) for spec in known)
    table = f'<table class="modu-table"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
    summary = f'<summary><strong>{html.escape(title)}</strong> <span class="modu-quiet">{count}</span></summary>'
    return f'<details class="modu-fold" data-task="{html.escape(task)}"{" open" * opened}>{summary}{table}</details>'


def _ledger_html(language: Language) -> str:
    held = engines.ledger()
    used = sum(one.measured_mb for one in held)
    words = _LOADED.format(used=megabytes(used) if held else "0 MB", budget=megabytes(engines.budget_mb()))
    lines = [
        (_BUSY if one.in_use else _HELD).format(
            label=one.spec.label, size=megabytes(one.measured_mb), idle=f"{one.idle_s:.0f}"
        )
        for one in held
    ]
    order = f" {_shown(_ORDER, language)}" if len(held) > 1 else ""
    listed = "".join(f"<li>{_shown(line, language)}</li>" for line in lines)
    return f"<p>{_shown(words, language)}{order}</p>" + (f"<ol>{listed}</ol>" if listed else "")


def _row(spec: EngineSpec, language: Language) -> str:
    state = engines.status(spec)
    held = weights.held_mb(spec) if spec.kind == "hub" else None
    size = megabytes(held or spec.size_mb) if held or spec.size_mb else "–"
    unsure = Text(en=" (not checked yet)", ko=" (아직 확인하지 않음)").to(language)
    about = unsure if spec.kind == "hub" and not spec.verified and held is None else ""
    memory = "–" if spec.kind == "remote" or spec.unweighed else megabytes(spec.memory_mb)
    cells = [
        f"<strong>{_shown(spec.label, language)}</strong><br><code>{html.escape(f'{spec.task}/{spec.name}')}</code>",
        f'<span class="modu-state modu-state-{state}">{_shown(engine_state(spec.kind, state), language)}</span>',
        html.escape(size + about),
        html.escape(memory),
        html.escape(spec.licence),
    ]
    named = zip(_COLUMNS, cells, strict=True)
    return "<tr>" + "".join(f'<td data-name="{_shown(name, language)}">{cell}</td>' for name, cell in named) + "</tr>"


def _finding(one: doctor.Finding, language: Language) -> str:
    signs = {"good": "✓", "so-so": "–", "bad": "✗"}
    words = {"good": Text(en="good", ko="좋음"), "so-so": Text(en="note", ko="참고"), "bad": Text(en="bad", ko="나쁨")}
    sign = f'<span role="img" aria-label="{_shown(words[one.state], language)}">{signs[one.state]}</span>'
    fix = f"<br>{_shown(one.fix, language)}" if one.fix.en else ""
    return (
        f'<p class="modu-finding modu-{one.state}">{sign} <strong>{_shown(one.name, language)}</strong> '
        f"{_shown(one.value, language)}{fix}</p>"
    )


def _all(said: str, spec: EngineSpec | None) -> tuple[Any, ...]:
    """Table, sentence, buttons, and the question closed."""
    table = table_html(visitor_language(), spec.task if spec is not None else "")
    return table, said, *_states(spec), gr.update(visible=False)


def _states(spec: EngineSpec | None, running: bool = False) -> tuple[Any, ...]:
    """Load, unload, fetch, remove, cancel: usable where they mean something."""
    state = "" if spec is None else engines.status(spec)
    hub = spec is not None and spec.kind == "hub"
    here = hub and spec is not None and weights.find(spec) is not None
    offline = settings.current().offline
    able = (state == "ready", state == "loaded", hub and not offline, here)
    return (*(gr.update(interactive=bool(one)) for one in able), gr.update(visible=running))


def _spec(name: str) -> EngineSpec:
    task, _, engine = str(name).partition("/")
    return owned(task, engine)


def _told(said: Text) -> str:
    return f'<p role="status">{_shown(said, visitor_language())}</p>'


def _shown(text: Text, language: Language) -> str:
    return html.escape(text.to(language))
