"""The tab for handwritten digits: draw or bring a picture, read it, and see why the network thinks so."""

from __future__ import annotations

from typing import Any

import gradio as gr

from tabs import _sending
from tabs._calls import HEAVY, LIGHT, endpoint, private
from tabs._parts import (
    engine_line_box,
    engine_picker,
    examples_of,
    localized_picker,
    on_page_load,
    picture_input,
    to_result,
)
from tabs._words import say, visitor_language
from tabs.digits.answers import (
    CANVAS,
    SEEN,
    blank_sheet,
    chose_draw,
    chose_picture,
    on_clear,
    on_draw,
    on_read,
    on_sample,
    on_upload,
    show_picture_input,
)
from tabs.digits.endpoints import read_digit, read_number, sample_digit

TASK = "digits"
TITLE = say("Digits", "숫자 인식")


def build(page: gr.Blocks) -> None:
    """The tab's components and events, and its endpoints."""
    endpoint(read_digit, "digits", HEAVY)
    endpoint(read_number, "digits_number", HEAVY)
    endpoint(sample_digit, "digits_sample", LIGHT)
    source = gr.State("draw")
    gr.Markdown(
        say(
            "A small network reads handwritten digits. Draw one, and see what it saw and where it looked.",
            "작은 신경망이 손글씨 숫자를 읽습니다. 숫자를 그리고, 신경망이 무엇을 보고 어디를 봤는지 확인해 보세요.",
        ),
        elem_classes="modu-lead",
    )
    with gr.Row():
        with gr.Column(min_width=300):
            drawing, picture, sources = _inputs(source)
            _sending.accept(TASK, picture, [(sources, gr.update(selected="picture")), (source, "picture")])
            mode = gr.Radio(
                [(say("One digit", "숫자 하나"), "one"), (say("Several digits", "여러 숫자"), "several")],
                value="one",
                label=say("What is in the picture", "그림에 있는 것"),
                elem_id="digits-mode",
            )
            with gr.Row():
                clear = gr.Button(say("Clear", "지우기"), min_width=100, elem_id="digits-clear")
                read = gr.Button(say("Read", "읽기"), variant="primary", min_width=100, elem_id="digits-read")
            line = engine_line_box(TASK)
            with gr.Accordion(say("Options", "옵션"), open=False):
                picker = engine_picker(TASK, line)
            _training_samples(picture, sources, source)
            examples = gr.Examples(
                examples_of(TASK, "*.png", "*.jpg"),
                picture,
                label=say("Examples", "예시"),
                elem_id="digits-examples",
                cache_examples=False,
            )
        with gr.Column(min_width=300):
            outputs = _outputs()
    inputs = [source, mode, drawing, picture, picker.choice]
    asked = [
        read.click(**private(on_read, HEAVY), inputs=inputs, outputs=outputs),
        picture.upload(**private(on_upload, HEAVY), inputs=[mode, picture, picker.choice], outputs=outputs),
    ]
    for event in asked:  # not while one draws: the sheet must not move under the pen
        event.success(None, js=to_result("#digits-answer"))
    drawing.input(
        **private(on_draw),
        inputs=[source, mode, drawing, picker.choice],
        outputs=outputs,
        show_progress="hidden",
        trigger_mode="always_last",
    )
    clear.click(**private(on_clear), outputs=[drawing, picture, *outputs], show_progress="hidden")
    examples.dataset.click(**private(show_picture_input), outputs=[sources, source], show_progress="hidden")

    async def on_load() -> tuple[Any, str]:
        return localized_picker(TASK, visitor_language())

    on_page_load(page, on_load, [picker.choice, picker.line])


def _inputs(source: gr.State) -> tuple[gr.ImageEditor, gr.Image, gr.Tabs]:
    with gr.Tabs(elem_id="digits-source") as sources:
        with gr.Tab(say("Draw", "그리기"), id="draw") as draw_tab:
            drawing = gr.ImageEditor(
                blank_sheet(),
                type="pil",
                image_mode="RGBA",
                format="png",
                sources=(),
                transforms=(),
                layers=False,
                brush=gr.Brush(default_size=18, default_color="#111111", colors=["#111111"], color_mode="fixed"),
                eraser=gr.Eraser(default_size=24),
                canvas_size=(CANVAS, CANVAS),
                label=say("Your drawing", "내 그림"),
                elem_id="digits-drawing",
            )
        with gr.Tab(say("Picture", "사진"), id="picture") as picture_tab:
            picture = picture_input(
                sources=["upload", "webcam", "clipboard"],
                webcam_options=gr.WebcamOptions(mirror=False),  # what is held to the camera must not come out mirrored
                label=say("A picture of digits", "숫자가 있는 사진"),
                elem_id="digits-picture",
                height=CANVAS,
            )
    draw_tab.select(**private(chose_draw), outputs=source, show_progress="hidden", queue=False)
    picture_tab.select(**private(chose_picture), outputs=source, show_progress="hidden", queue=False)
    return drawing, picture, sources


def _training_samples(picture: gr.Image, sources: gr.Tabs, source: gr.State) -> None:
    with gr.Accordion(say("A picture the network was trained on", "신경망이 배운 그림 꺼내 보기"), open=False):
        with gr.Row():
            index = gr.Number(
                100, label=say("Number in the data set", "데이터 세트에서의 번호"), precision=0, elem_id="digits-index"
            )
            seed = gr.Number(0, label=say("Seed of the noise", "잡음의 시드"), precision=0, elem_id="digits-seed")
        noise = gr.Checkbox(label=say("Add noise (sigma 15)", "잡음 섞기 (시그마 15)"), elem_id="digits-noise")
        fetch = gr.Button(say("Get it", "가져오기"), elem_id="digits-sample")
        facts = gr.Textbox(label=say("What it is", "이 그림은"), interactive=False, elem_id="digits-sample-facts")
    fetch.click(**private(on_sample), inputs=[index, noise, seed], outputs=[picture, facts, sources, source])


def _outputs() -> list[Any]:
    answer = gr.HTML(elem_id="digits-answer", padding=False)
    chart = gr.Label(
        label=say("How sure it is", "얼마나 확신하는지"), show_heading=False, elem_id="digits-chart", num_top_classes=10
    )
    seen = gr.Image(
        label=say(SEEN.en, SEEN.ko),
        format="png",
        buttons=["download", "fullscreen"],
        interactive=False,
        height=220,
        elem_id="digits-seen",
        elem_classes="modu-pixels",
    )
    with gr.Accordion(say("Why: inside the network", "이유: 신경망 속 들여다보기"), open=False):
        saliency = gr.Image(
            label=say("Where it looked", "주목한 곳"),
            format="png",
            buttons=["download", "fullscreen"],
            interactive=False,
            height=240,
            elem_id="digits-saliency",
            elem_classes="modu-pixels",
        )
        maps = gr.Gallery(
            label=say("Feature maps, layer by layer", "층별 특징 맵"),
            format="png",
            buttons=["download", "fullscreen"],
            interactive=False,
            columns=2,
            object_fit="contain",
            elem_id="digits-maps",
        )
    return [answer, chart, seen, saliency, maps]
