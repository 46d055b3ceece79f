"""What all tabs share: the picture input, the engine picker with its line, and small helpers for results."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from pipelines import engines
from pipelines.engines import EngineSpec
from pipelines.words import Language, Text
from tabs._calls import private
from tabs._words import say, visitor_language

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"

_STATUS: dict[str, Text] = {
    "loaded": Text(en="loaded", ko="불러옴"),
    "ready": Text(en="on this machine", ko="이 컴퓨터에 있음"),
    "not_downloaded": Text(en="not downloaded yet", ko="아직 내려받지 않음"),
    "missing_package": Text(en="a package is missing", ko="필요한 패키지 없음"),
    "too_big": Text(en="needs more memory than there is", ko="메모리가 부족함"),
}
_KIND: dict[str, Text] = {
    "embedded": Text(en="built in, works offline", ko="내장, 오프라인 동작"),
    "hub": Text(en="from the Hugging Face Hub", ko="Hugging Face Hub 모델"),
    "remote": Text(en="another server", ko="다른 서버"),
}


def picture_input(**options: Any) -> gr.Image:
    """An image input that hands over the file untouched, so that our own decoder checks it and speaks.

    Only the instance is changed: for a subclass Gradio would write an interface file beside the module.
    """
    component = gr.Image(type="filepath", format="png", **options)
    component.preprocess = _untouched
    return component


def clip_input(**options: Any) -> gr.Video:
    """A video input that hands over the file untouched: no conversion, no ffmpeg."""
    component = gr.Video(**options)
    component.preprocess = _untouched
    return component


def _untouched(payload: Any) -> dict[str, Any] | None:
    """The uploaded file as endpoints take it; Gradio has checked that it lies in its upload folder."""
    file = getattr(payload, "video", payload)
    return None if file is None else {"path": file.path, "orig_name": file.orig_name}


@dataclass
class EnginePicker:
    """The dropdown of engines, and the line that stays in sight beside the tab's button."""

    choice: gr.Dropdown
    line: gr.HTML


def engine_line_box(task: str, render: bool = True) -> gr.HTML:
    """The line that says which engine will answer, how big it is and whether it is on this machine."""
    return gr.HTML(elem_id=f"{task}-engine-line", elem_classes="modu-engine-line", padding=False, render=render)


def engine_picker(task: str, line: gr.HTML) -> EnginePicker:
    """Choose the engine of a task; `line` follows the choice."""
    names = [("auto", "auto"), *((spec.label.en, spec.name) for spec in engines.specs(task))]
    choice = gr.Dropdown(names, value="auto", label=say("Engine", "엔진"), elem_id=f"{task}-engine", filterable=False)

    async def on_choose(name: str) -> str:
        return engine_line(task, name, visitor_language())

    choice.change(**private(on_choose), inputs=choice, outputs=line, show_progress="hidden", queue=False)
    return EnginePicker(choice, line)


def localized_picker(task: str, language: Language) -> tuple[Any, str]:
    """The picker's choices and line in the visitor's language, for the page's load event."""
    automatic = Text(en="Automatic (best one here)", ko="자동 (여기 있는 것 중 최선)").to(language)
    names = [(automatic, "auto"), *((spec.label.to(language), spec.name) for spec in engines.specs(task))]
    return gr.update(choices=names), engine_line(task, "auto", language)


def engine_line(task: str, name: str, language: Language) -> str:
    """One line of HTML (escaped) about the engine that will answer."""
    spec = engines.choose(task, name)
    state = _STATUS[engines.status(spec)].to(language)
    parts = [spec.label.to(language), _KIND[spec.kind].to(language), _size(spec), state]
    line = " · ".join(html.escape(part) for part in parts if part)
    note = spec.note.to(language)
    return f"<span>{line}</span>" + (f"<br><span>{html.escape(note)}</span>" if note else "")


def _size(spec: EngineSpec) -> str:
    return f"{spec.size_mb:.1f} MB" if spec.size_mb < 10 else f"{spec.size_mb:.0f} MB"


def report_html(said: Text) -> str:
    """A sentence about the result (escaped), read out by screen readers when it changes."""
    return f'<p class="modu-report" role="status">{html.escape(said.to(visitor_language()))}</p>'


def examples_of(task: str, *patterns: str) -> list[str]:
    """The shipped example files of a task that match one of the patterns, sorted by name."""
    return sorted(str(path) for pattern in patterns for path in (EXAMPLES / task).glob(pattern))


def on_page_load(page: gr.Blocks, fill: Callable[..., Any], outputs: list[Any]) -> None:
    """Run `fill` for each visitor when the page opens (it knows the visitor's language)."""
    page.load(**private(fill), inputs=[], outputs=outputs, show_progress="hidden", queue=False)
