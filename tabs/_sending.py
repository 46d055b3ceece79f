"""Results of one tab into the input of another: "Send to chat".

A tab says which of its inputs takes what others make (`accept`), another puts a button beside its result (`offer`).
The buttons are wired when all tabs are built. Where the other tab is not shown there is no button.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import gradio as gr

from pipelines.errors import InvalidInput
from pipelines.words import Text
from tabs._calls import private
from tabs._words import say

_LABELS: dict[str, tuple[str, str]] = {
    "chat": ("Send to chat", "채팅으로 보내기"),
    "text_to_speech": ("Read this aloud", "음성 합성으로 보내기"),
    "face_mosaic": ("Hide faces in this", "얼굴 가리기로 보내기"),
    "ocr": ("Read text in this", "글자 읽기로 보내기"),
    "digits": ("Read digits in this", "숫자 인식으로 보내기"),
    "inpainting": ("Repaint parts of this", "부분 다시 그리기로 보내기"),
}
_NOTHING_YET = Text(en="There is no result to send yet.", ko="아직 보낼 결과가 없습니다.")


@dataclass
class Board:
    """What the tabs of one page accept and offer while it is being built."""

    shown: tuple[str, ...]
    inlets: dict[str, Any] = field(default_factory=dict)  # task -> its input
    beside: dict[str, list[tuple[Any, Any]]] = field(default_factory=dict)  # task -> what else is set, and to what
    offers: list[tuple[gr.Button, str, Callable[..., Any], list[Any]]] = field(default_factory=list)


_board: ContextVar[Board | None] = ContextVar("board", default=None)


@contextmanager
def between(shown: tuple[str, ...], tabs: gr.Tabs) -> Iterator[None]:
    """While the tabs named in `shown` are built inside: afterwards their buttons send, and open the other tab."""
    board = Board(shown)
    token = _board.set(board)
    try:
        yield
    finally:
        _board.reset(token)
    for button, task, read, inputs in board.offers:
        if task in board.inlets:
            button.click(
                **private(_sender(task, read, [value for _, value in board.beside[task]])),
                inputs=inputs,
                outputs=[board.inlets[task], tabs, *(component for component, _ in board.beside[task])],
                show_progress="hidden",
            )


def accept(task: str, component: Any, beside: list[tuple[Any, Any]] | None = None) -> None:
    """This tab takes what others send into `component`. `beside`: what else is set then, as which sub-tab is open."""
    board = _board.get()
    if board is not None:
        board.inlets[task] = component
        board.beside[task] = beside or []


def offer(
    task: str, read: Callable[..., Any], inputs: list[Any], elem_id: str, label: Text | None = None
) -> gr.Button | None:
    """A button here that sends `read(*inputs)` to another tab; None, and no button, where that one is not shown.

    `read` gives the value for the other tab's input, something empty when there is no result yet. `label`: what the
    button says where the other tab does something particular with it.
    """
    board = _board.get()
    if board is None or task not in board.shown:
        return None
    words = _LABELS[task] if label is None else (label.en, label.ko)
    button = gr.Button(say(*words), size="sm", min_width=140, elem_id=elem_id)
    board.offers.append((button, task, read, inputs))
    return button


def _sender(task: str, read: Callable[..., Any], beside: list[Any]) -> Callable[..., Any]:
    async def on_send_to(*values: Any) -> tuple[Any, ...]:
        found = read(*values)
        if not found:
            raise InvalidInput(_NOTHING_YET)
        return found, gr.Tabs(selected=task), *beside

    return on_send_to
