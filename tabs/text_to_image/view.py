"""The picture, its steps and its neighbours, as one component; the script and style sheet beside this file draw it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from pipelines.words import Language, Text
from tabs.text_to_image.desk import Desk

_FOLDER = Path(__file__).parent
_WORDS: dict[str, Text] = {
    "nothing": Text(en="Your picture will appear here, step by step.", ko="그림이 한 단계씩 여기에 나타납니다."),
    "waiting": Text(en="Getting ready...", ko="준비하는 중..."),
    "strip": Text(en="Watch diffusion happen: every step", ko="확산 과정 보기: 한 단계씩"),
    "step": Text(en="Step", ko="단계"),
    "pictures": Text(en="Your pictures", ko="그린 그림"),
    "picture": Text(en="Picture", ko="그림"),
    "seed": Text(en="seed", ko="시드"),
}
_DONE = Text(en="Seed {seed} · {width} × {height} · {steps} steps", ko="시드 {seed} · {width} × {height} · {steps}단계")
_PAINTING = Text(en="Step {step} of {total} · seed {seed}", ko="{total}단계 중 {step}단계 · 시드 {seed}")
_STOPPED = Text(
    en="Stopped at step {step} of {total} · seed {seed} · unfinished",
    ko="{total}단계 중 {step}단계에서 멈춤 · 시드 {seed} · 완성 전",
)


def build() -> gr.HTML:
    return gr.HTML(
        {},
        html_template="",
        css_template=(_FOLDER / "view.css").read_text(encoding="utf-8"),
        js_on_load=(_FOLDER / "view.js").read_text(encoding="utf-8"),
        elem_id="t2i-view",
        padding=False,
        apply_default_css=False,
    )


def shown(desk: Desk, language: Language, state: str = "still") -> dict[str, Any]:
    """The component's value. `state`: "waiting" and "painting" while an engine works, "stopped" after a stop."""
    picture, moment = desk.current, desk.moment
    stage, caption = None, ""
    if moment is not None and state in ("painting", "stopped"):
        stage = moment.strip[-1] if moment.strip else None
        said = _STOPPED if state == "stopped" else _PAINTING
        caption = said.format(step=moment.now.step, total=moment.now.total, seed=moment.seed).to(language)
    elif picture is not None and state != "waiting":
        stage, caption = picture.path, _DONE.format(**vars(picture)).to(language)
    return {
        "run": desk.run,
        "state": state,
        "stage": stage,
        "caption": caption,
        "strip": list(desk.strip),
        "pictures": [{"path": one.path, "seed": one.seed} for one in desk.pictures],
        "which": desk.which if state == "still" else -1,
        "words": {name: text.to(language) for name, text in _WORDS.items()},
    }
