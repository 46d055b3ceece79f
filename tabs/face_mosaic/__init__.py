"""The tab that hides faces: one photo with a say in each face, many photos at once, or a video."""

from __future__ import annotations

from typing import Any

import gradio as gr

from tabs import _sending
from tabs._calls import HEAVY, endpoint
from tabs._parts import EnginePicker, engine_line_box, engine_picker, localized_picker, on_page_load
from tabs._words import say, visitor_language
from tabs.face_mosaic import batch, photo, video
from tabs.face_mosaic.endpoints import hide_in_files, hide_in_photo, hide_in_video

TASK = "face_mosaic"
TITLE = say("Face mosaic", "얼굴 모자이크")


def build(page: gr.Blocks) -> None:
    """The tab's components and events, and its endpoints."""
    endpoint(hide_in_photo, "face_mosaic", HEAVY)
    endpoint(hide_in_files, "face_mosaic_batch", HEAVY)
    endpoint(hide_in_video, "face_mosaic_video", HEAVY)
    gr.Markdown(
        say(
            "Finds faces and hides them. When in doubt it hides too much; look at the result before you share it.",
            "얼굴을 찾아 가립니다. 애매하면 더 많이 가립니다. 공유하기 전에 결과를 꼭 확인하세요.",
        ),
        elem_classes="modu-lead",
    )
    with gr.Accordion(say("Options", "옵션"), open=False, elem_id="face-options"):
        with gr.Row():
            style = gr.Radio(
                [
                    (say("Mosaic", "모자이크"), "mosaic"),
                    (say("Blur", "흐리게"), "blur"),
                    (say("Solid", "단색"), "solid"),
                    (say("Emoji", "이모지"), "emoji"),
                ],
                value="mosaic",
                label=say("Style", "방식"),
                elem_id="face-style",
            )
            strength = gr.Slider(0, 1, 0.7, step=0.05, label=say("Strength", "강도"), elem_id="face-strength")
            threshold = gr.Slider(
                -1,
                1,
                -1,
                step=0.05,
                label=say("Detection threshold", "검출 기준값"),
                info=say("Lower finds more faces; below 0 is automatic", "낮을수록 더 많이 찾습니다. 0 미만은 자동"),
                elem_id="face-threshold",
            )
        line = engine_line_box(TASK, render=False)
        picker = engine_picker(TASK, line)
    options = [style, strength, threshold, picker.choice]
    line.render()
    with gr.Tabs(elem_id="face-source") as sources:
        with gr.Tab(say("One photo", "사진 한 장"), id="photo"):
            picture = photo.build(options)
        with gr.Tab(say("Many photos", "사진 여러 장"), id="batch"):
            batch.build(options)
        with gr.Tab(say("Video", "동영상"), id="video"):
            video.build(options)
    _sending.accept(TASK, picture, [(sources, gr.update(selected="photo"))])
    _fill_in_language(page, picker)


def _fill_in_language(page: gr.Blocks, picker: EnginePicker) -> None:
    async def on_load() -> tuple[Any, str]:
        return localized_picker(TASK, visitor_language())

    on_page_load(page, on_load, [picker.choice, picker.line])
