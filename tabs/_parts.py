"""What all tabs share: the picture input, the engine picker with its line, and small helpers for results."""

from __future__ import annotations

import html
from abc import ABCMeta
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from pipelines import engines, plan, settings
from pipelines.engines import EngineSpec
from pipelines.words import EMPTY, Language, Text
from tabs._calls import private
from tabs._fetching import asked_plan, downloading, owned, plan_html, waits_for_download
from tabs._look import engine_state
from tabs._words import say, visitor_language

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"

_KIND: dict[str, Text] = {
    "embedded": Text(en="built in, works offline", ko="내장, 오프라인 동작"),
    "hub": Text(en="from the Hugging Face Hub", ko="Hugging Face Hub 모델"),
    "remote": Text(en="another server", ko="다른 서버"),
}


_BY_NAME = say(
    "Or type the name of a model on the Hugging Face Hub: hub:organisation/name",
    "Hugging Face Hub의 모델 이름을 직접 쓸 수도 있습니다: hub:조직/이름",
)


def _untouched(_component: Any, payload: Any) -> dict[str, Any] | None:
    """The uploaded file as endpoints take it; Gradio has checked that it lies in its upload folder."""
    file = getattr(payload, "video", payload)
    return None if file is None else {"path": file.path, "orig_name": file.orig_name}


def _with_untouched_files(component: Any) -> Any:
    """A kind of `component` that hands over files as they were uploaded.

    A class, since Gradio makes a visitor's component anew from its class when an example is chosen. It is made
    past Gradio's metaclass, which would write an interface file beside this module.
    """
    return ABCMeta.__new__(type(component), component.__name__, (component,), {"preprocess": _untouched})


_Picture = _with_untouched_files(gr.Image)
_Clip = _with_untouched_files(gr.Video)


def picture_input(**options: Any) -> gr.Image:
    """An image input that hands over the file untouched, so that our own decoder checks it and speaks."""
    return _Picture(type="filepath", format="png", **options)


def clip_input(**options: Any) -> gr.Video:
    """A video input that hands over the file untouched: no conversion, no ffmpeg."""
    return _Clip(**options)


@dataclass
class EnginePicker:
    """The dropdown of engines, and the line that stays in sight beside the tab's button."""

    choice: gr.Dropdown
    line: gr.HTML


def engine_line_box(task: str, render: bool = True) -> gr.HTML:
    """The line that says which engine will answer, how big it is and whether it is on this machine."""
    return gr.HTML(elem_id=f"{task}-engine-line", elem_classes="modu-engine-line", padding=False, render=render)


def engine_picker(task: str, line: gr.HTML) -> EnginePicker:
    """Choose the engine of a task; `line` follows the choice.

    Below it, for an engine that is not here yet: what its download will cost, and a button that starts it. Nothing
    asks the network before such a button is pressed.
    """
    names = [("auto", "auto"), *((spec.label.en, spec.name) for spec in engines.specs(task))]
    open_to_names = engines.opens_by_name(task)  # hub:<org>/<name> can be typed
    choice = gr.Dropdown(
        names, value="auto", label=say("Engine", "엔진"), elem_id=f"{task}-engine", filterable=open_to_names,
        allow_custom_value=open_to_names, info=_BY_NAME if open_to_names else None,
    )  # fmt: skip
    with gr.Column(visible=False, elem_id=f"{task}-plan", elem_classes="modu-plan-box") as box:
        facts = gr.HTML(padding=False)
        with gr.Row():
            ask = gr.Button(say("Check at the Hub", "Hub에서 확인"), size="sm", min_width=120)
            get = gr.Button(say("Download", "내려받기"), size="sm", min_width=120, elem_id=f"{task}-download")
            stop = gr.Button(
                say("Cancel", "취소"), size="sm", min_width=120, visible=False, elem_id=f"{task}-stop-download"
            )
    buttons = [ask, get, stop]

    async def on_choose(name: str) -> tuple[Any, ...]:
        return _chosen(task, name)

    async def on_ask(name: str) -> str:
        return await asked_plan(engines.find(task, name))

    async def on_get(name: str) -> AsyncIterator[tuple[Any, ...]]:
        spec = owned(task, name)
        yield gr.skip(), gr.skip(), "", *_buttons(running=True)
        async for told in downloading(spec):
            yield gr.skip(), gr.skip(), told, gr.skip(), gr.skip(), gr.skip()
        yield engine_line(task, name, visitor_language()), gr.skip(), told, *_buttons(hidden=True)

    shown = [line, box, facts, *buttons]
    quick = {"show_progress": "hidden", "queue": False}
    choice.change(**private(on_choose), inputs=choice, outputs=shown, **quick)
    ask.click(**private(on_ask), inputs=choice, outputs=facts)
    running = get.click(**private(on_get), inputs=choice, outputs=shown, show_progress="hidden")
    running.failure(**private(on_choose), inputs=choice, outputs=shown, **quick)
    stop.click(**private(on_choose), inputs=choice, outputs=shown, cancels=[running], **quick)
    return EnginePicker(choice, line)


def _chosen(task: str, name: str) -> tuple[Any, ...]:
    """Line, box, plan and buttons for the engine that was picked."""
    language = visitor_language()
    line = engine_line(task, name, language)
    spec = None if name == "auto" else engines.find(task, name)
    if spec is None or not waits_for_download(spec):
        return line, gr.update(visible=False), "", *_buttons()
    return line, gr.update(visible=True), plan_html(plan.known(spec), language), *_buttons()


def _buttons(running: bool = False, hidden: bool = False) -> tuple[Any, Any, Any]:
    """Check, download, cancel. Who may not fetch, or is offline, sees none of them."""
    chosen = settings.current()
    may = not (chosen.managed or chosen.offline or hidden)
    return (
        gr.update(visible=may and not running),
        gr.update(visible=may and not running),
        gr.update(visible=may and running),
    )


def localized_picker(task: str, language: Language) -> tuple[Any, str]:
    """The picker's choices and line in the visitor's language, for the page's load event."""
    automatic = Text(en="Automatic (best one here)", ko="자동 (여기 있는 것 중 최선)").to(language)
    names = [(automatic, "auto"), *((spec.label.to(language), spec.name) for spec in engines.specs(task))]
    return gr.update(choices=names), engine_line(task, "auto", language)


def engine_line(task: str, name: str, language: Language) -> str:
    """One line of HTML (escaped) about the engine that will answer."""
    spec = engines.choose(task, name)
    state = engine_state(spec.kind, engines.status(spec)).to(language)
    parts = [spec.label.to(language), _KIND[spec.kind].to(language), _size(spec), state]
    line = " · ".join(html.escape(part) for part in parts if part)
    notes = [spec.note, engines.waiting_for(task) if name == "auto" else EMPTY]
    said = "".join(f"<br><span>{html.escape(note.to(language))}</span>" for note in notes if note != EMPTY)
    return f"<span>{line}</span>{said}"


def _size(spec: EngineSpec) -> str:
    if not spec.size_mb:  # another server's, or not known yet
        return ""
    return f"{spec.size_mb:.1f} MB" if spec.size_mb < 10 else f"{spec.size_mb:.0f} MB"


def report_html(said: Text) -> str:
    """A sentence about the result (escaped), read out by screen readers when it changes."""
    return f'<p class="modu-report" role="status">{html.escape(said.to(visitor_language()))}</p>'


def to_result(selector: str) -> str:
    """The script that goes to a result where it stands below what is in sight, as on a phone."""
    return f"""() => {{
  const result = document.querySelector('{selector}');
  if (result && result.getBoundingClientRect().top > innerHeight * 0.7) {{
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    result.scrollIntoView({{ behavior: calm ? 'auto' : 'smooth', block: 'start' }});
  }}
}}"""


def examples_of(task: str, *patterns: str) -> list[str]:
    """The shipped example files of a task that match one of the patterns, sorted by name."""
    return sorted(str(path) for pattern in patterns for path in (EXAMPLES / task).glob(pattern))


def on_page_load(page: gr.Blocks, fill: Callable[..., Any], outputs: list[Any]) -> None:
    """Run `fill` for each visitor when the page opens (it knows the visitor's language)."""
    page.load(**private(fill), inputs=[], outputs=outputs, show_progress="hidden", queue=False)
