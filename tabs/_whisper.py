"""What to know before recording where only the built-in engine is here, and one button that brings a Whisper."""

from __future__ import annotations

import html
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import gradio as gr

from pipelines import engines, plan, settings
from pipelines.words import Language, Text
from tabs._calls import private
from tabs._fetching import downloading, owned, plan_html
from tabs._parts import EnginePicker, engine_line
from tabs._words import say, visitor_language

TASK = "speech_to_text"
OFFERED = ("faster-whisper-tiny", "faster-whisper-base", "faster-whisper-small")  # fetched with one button

_ENGLISH_ONLY = Text(
    en="The built-in engine understands English only, and not very well.",
    ko="지금 쓸 수 있는 내장 엔진은 영어만 알아듣고, 정확도도 낮습니다. 한국어는 받아 적지 못합니다.",
)
_CLOSED = Text(
    en="Whisper, which knows Korean and a hundred languages, is not on this server.",
    ko="한국어를 알아듣는 Whisper는 이 서버에 설치되어 있지 않습니다.",
)
_OPEN = Text(
    en="Download Whisper once and it understands Korean and a hundred languages, on this machine:",
    ko="Whisper를 한 번 내려받으면 이 컴퓨터에서 한국어를 비롯한 백여 개 언어를 받아 적습니다:",
)
_PLAN = Text(en="What the download needs", ko="내려받는 데 필요한 것")
_QUALITY = {
    "faster-whisper-tiny": Text(en="Tiny: quick, rough", ko="Tiny: 빠르지만 거칢"),
    "faster-whisper-base": Text(en="Base: fair", ko="Base: 무난함"),
    "faster-whisper-small": Text(en="Small: better, slower", ko="Small: 더 정확하고 느림"),
}


@dataclass
class Offer:
    """The components of the offer."""

    advice: gr.HTML
    box: gr.Column
    size: gr.Radio
    facts: gr.HTML
    fetch: gr.Button
    stop: gr.Button

    @property
    def shown(self) -> list[Any]:
        """What depends on the visitor's language and on the engines that are here, in the order of `state`."""
        return [self.advice, self.box, self.size, self.facts, self.fetch, self.stop]


def build() -> Offer:
    """Advice, sizes, the plan of the download, its button and its progress."""
    advice = gr.HTML(elem_id="stt-advice", padding=False)
    with gr.Column(visible=False, elem_id="stt-offer", elem_classes="modu-plan-box") as box:
        with gr.Row():
            size = gr.Radio([], label="Whisper", show_label=False, elem_id="stt-size", scale=3, min_width=240)
            fetch = gr.Button(
                say("Download", "내려받기"), variant="primary", elem_id="stt-fetch", scale=1, min_width=120
            )
            stop = gr.Button(say("Cancel", "취소"), elem_id="stt-fetch-stop", scale=1, min_width=120, visible=False)
        facts = gr.HTML(elem_id="stt-fetch-plan", padding=False)
    return Offer(advice, box, size, facts, fetch, stop)


def wire(offer: Offer, picker: EnginePicker) -> None:
    """Choosing a size shows its plan; the button fetches, with progress and cancel, and chooses the engine."""
    quick: dict[str, Any] = {"show_progress": "hidden", "queue": False}
    offer.size.input(**private(on_size), inputs=offer.size, outputs=offer.facts, **quick)
    running = offer.fetch.click(
        **private(on_fetch),
        inputs=offer.size,
        outputs=[picker.choice, picker.line, *offer.shown],
        show_progress="hidden",
    )
    ended = {**private(on_ended), "inputs": offer.size, "outputs": offer.shown, **quick}
    running.failure(**ended)
    offer.stop.click(**ended, cancels=[running])


async def on_size(size: str | None) -> str:
    """What the download of this size will cost, from what is known without the network."""
    return _plan(size or OFFERED[1], visitor_language(), unfolded=True)


async def on_fetch(size: str | None) -> AsyncIterator[tuple]:
    """Download the chosen Whisper; from then on `auto` takes it."""
    name = size or OFFERED[1]
    spec = owned(TASK, name)
    language = visitor_language()
    plan_shown = _plan(name, language, unfolded=True)
    working = [gr.skip()] * 5
    yield *working, plan_shown, gr.update(visible=False), gr.update(visible=True)
    async for told in downloading(spec):
        yield *working, plan_shown + told, gr.skip(), gr.skip()
    yield gr.update(value=name), engine_line(TASK, name, language), *state(language)


async def on_ended(size: str | None) -> tuple:
    """A download that failed or was cancelled: everything stands as before, so that it can be tried again."""
    return state(visitor_language(), size)


def state(language: Language, size: str | None = None) -> tuple:
    """Values of `Offer.shown`."""
    buttons = gr.update(visible=True), gr.update(visible=False)
    if engines.choose(TASK).name != "embedded":
        return "", gr.update(visible=False), gr.skip(), "", *buttons
    closed = settings.current().managed or settings.current().offline
    said = (_ENGLISH_ONLY + (_CLOSED if closed else _OPEN)).to(language)
    sizes = [(_size_label(name).to(language), name) for name in OFFERED]
    chosen = size or OFFERED[1]
    advice = f'<div class="stt-advice" role="note">{html.escape(said)}</div>'
    facts = "" if closed else _plan(chosen, language)
    return advice, gr.update(visible=not closed), gr.update(choices=sizes, value=chosen), facts, *buttons


def _plan(name: str, language: Language, unfolded: bool = False) -> str:
    """The plan of a download, behind a line that unfolds it: on a telephone it is longer than all the rest."""
    shown = plan_html(plan.known(engines.find(TASK, name)), language)
    title = html.escape(_PLAN.to(language))
    return f'<details class="modu-fold"{" open" if unfolded else ""}><summary>{title}</summary>{shown}</details>'


def _size_label(name: str) -> Text:
    size = engines.find(TASK, name).size_mb
    return Text(en="{quality} ({size:.0f} MB)", ko="{quality} ({size:.0f} MB)").format(
        quality=_QUALITY[name], size=size
    )
