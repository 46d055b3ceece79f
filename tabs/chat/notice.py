"""What to know before the first word: who answers now, what can be asked, and how to get a bigger model."""

from __future__ import annotations

import html
from typing import Any

import gradio as gr

from pipelines import engines, settings
from pipelines.engines import EngineSpec
from pipelines.errors import PipelineError
from pipelines.words import Language, Text
from tabs._words import say, visitor_language

TASK = "chat"

_SMALL = Text(
    en="The small built-in model answers now. It knows greetings, small talk and how to use this app, in Korean and "
    "English, and says so when it does not know something.",
    ko="지금은 작은 내장 모델이 답합니다. 인사와 가벼운 대화, 이 앱의 사용법을 한국어와 영어로 알고, 모르는 것은 "
    "모른다고 말합니다.",
)
_FETCH = Text(
    en="For everything else fetch a bigger model once; it then runs on this machine.",
    ko="그 밖의 이야기는 더 큰 모델을 한 번 내려받으면 이 컴퓨터에서 할 수 있습니다.",
)
_HERE_ALREADY = Text(
    en="A bigger model is on this machine; choose it under Settings.",
    ko="더 큰 모델이 이 컴퓨터에 있습니다. 설정에서 고를 수 있습니다.",
)
_CLOSED = Text(
    en="A bigger model is not on this server.",
    ko="이 서버에는 더 큰 모델이 없습니다.",
)
_EMPTY = Text(en="What would you like to know?", ko="무엇이든 물어보세요")

_SMALL_QUESTIONS: dict[Language, tuple[str, ...]] = {
    "ko": ("안녕! 넌 누구야?", "여기서 뭘 할 수 있어?", "사진에서 얼굴을 가리려면?", "더 똑똑한 모델은 어떻게 받아?"),
    "en": (
        "Hello! Who are you?",
        "What can I do here?",
        "How do I hide faces in a photo?",
        "How do I get a bigger model?",
    ),
}
_BIG_QUESTIONS: dict[Language, tuple[str, ...]] = {
    "ko": (
        "무지개가 생기는 까닭을 초등학생에게 설명해 줘",
        "회의를 미루자는 정중한 메일을 써 줘",
        "파이썬으로 1부터 100까지 소수를 출력해 줘",
        "비 오는 날에 어울리는 저녁 메뉴 세 가지 추천해 줘",
    ),
    "en": (
        "Explain to a child why there are rainbows",
        "Write a polite mail that puts off a meeting",
        "Print the primes up to 100 in Python",
        "Suggest three dinners for a rainy day",
    ),
}


def build() -> tuple[gr.HTML, gr.Button]:
    with gr.Row(elem_id="chat-head"):
        line = gr.HTML(elem_id="chat-notice", padding=False, min_width=200)
        bigger = gr.Button(
            say("Get a bigger model", "더 큰 모델 받기"), size="sm", elem_id="chat-bigger", visible=False, min_width=150
        )
    return line, bigger


def shown(engine: str, language: Language) -> tuple[str, Any, Any]:
    """The notice, the button below it and the Chatbot's suggestions, for the engine that would answer."""
    small = _answers_small(engine)
    suggestions = gr.update(
        examples=[{"text": question} for question in (_SMALL_QUESTIONS if small else _BIG_QUESTIONS)[language]],
        placeholder=f"### {_EMPTY.to(language)}",
    )
    if not small:
        return "", gr.update(visible=False), suggestions
    offer = bigger()
    here = offer is not None and engines.status(offer) in ("ready", "loaded")
    closed = settings.current().managed or settings.current().offline
    more = _HERE_ALREADY if here else _CLOSED if closed or offer is None else _FETCH
    said = html.escape((_SMALL + more).to(language))
    button = gr.update(visible=more is not _CLOSED)
    return f'<div class="chat-notice" role="note">{said}</div>', button, suggestions


def bigger() -> EngineSpec | None:
    """The engine to suggest: the best one of the Hub that would fit this machine."""
    fitting = [
        spec
        for spec in engines.specs(TASK)
        if spec.kind == "hub" and engines.status(spec) not in ("too_big", "missing_package")
    ]
    return max(fitting, key=lambda spec: spec.rank, default=None)


async def on_engine(engine: str) -> tuple[str, Any, Any]:
    """Another engine was chosen."""
    return shown(engine, visitor_language())


async def on_bigger() -> tuple[Any, Any]:
    """Open the settings with the suggested engine chosen; the picker then shows what its download will cost."""
    offer = bigger()
    return gr.update(open=True), gr.skip() if offer is None else offer.name


def _answers_small(engine: str) -> bool:
    try:
        return engines.choose(TASK, engine).kind == "embedded"
    except PipelineError:  # a name that is still being typed
        return False
