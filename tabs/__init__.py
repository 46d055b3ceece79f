"""The tabs, in the order in which people see them."""

from __future__ import annotations

from types import ModuleType

import gradio as gr

from pipelines import settings
from pipelines.errors import InvalidInput
from pipelines.words import Text
from tabs import _sending, chat, digits, face_mosaic, inpainting, ocr, speech_to_text, text_to_image, text_to_speech

TABS: tuple[ModuleType, ...] = (
    chat, digits, face_mosaic, ocr, speech_to_text, text_to_speech, text_to_image, inpainting,
)  # fmt: skip


def build(page: gr.Blocks) -> None:
    """Build the tabs that the owner shows (`MODU_TABS`; all of them by default)."""
    chosen = _chosen()
    with gr.Tabs(overflow_behavior="wrap", elem_id="modu-tabs") as bar:
        with _sending.between(tuple(tab.TASK for tab in chosen), bar):
            for tab in chosen:
                with gr.Tab(tab.TITLE, id=tab.TASK, elem_id=f"{tab.TASK}-tab"):
                    tab.build(page)


def _chosen() -> list[ModuleType]:
    wanted = settings.current().tabs
    known = {tab.TASK: tab for tab in TABS}
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise InvalidInput(
            Text(
                en=f"MODU_TABS names {', '.join(unknown)}. The tabs are: {', '.join(known)}.",
                ko=f"MODU_TABS에 없는 탭이 있습니다: {', '.join(unknown)}. 쓸 수 있는 탭: {', '.join(known)}.",
            )
        )
    return [known[name] for name in wanted] if wanted else list(TABS)
