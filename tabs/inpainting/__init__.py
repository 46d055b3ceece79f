"""The tab that repaints a part of a picture: mark it on the picture, say what should be there, compare."""

from __future__ import annotations

from typing import Any

import gradio as gr

from tabs import _sending
from tabs._calls import HEAVY, endpoint, private
from tabs._parts import engine_line_box, on_page_load, picture_input, to_result
from tabs._words import say
from tabs.inpainting import answers, controls, editor, marking
from tabs.inpainting.controls import Choices, Results
from tabs.inpainting.endpoints import repaint_picture

TASK = "inpainting"
TITLE = say("Repaint parts (inpainting)", "부분 다시 그리기 (인페인팅)")


def build(page: gr.Blocks) -> None:
    """The tab's components and events, and its endpoint."""
    endpoint(repaint_picture, "inpainting", HEAVY)
    gr.Markdown(
        say(
            "Marks a part of a picture and paints it anew: scratches, writing and people disappear, the rest stays "
            "as it is to the last pixel.",
            "사진의 일부를 칠하면 그곳만 다시 그립니다. 흠집, 글자, 사람을 지우고 나머지는 픽셀까지 그대로입니다.",
        ),
        elem_classes="modu-lead",
    )
    gr.HTML(f"<style>{controls.CSS}</style>", padding=False, visible="hidden")
    source, arrival = gr.State(None), gr.State(None)
    with gr.Row():
        with gr.Column(scale=5, min_width=300):
            given = _given()
        with gr.Column(scale=4, min_width=300):
            line = engine_line_box(TASK, render=False)
            chosen = controls.build(TASK, line)
            shown = controls.results()
    _sending.accept(TASK, arrival)
    _wire_picture(source, arrival, given, shown)
    _wire_repaint(source, given, chosen, shown)
    on_page_load(page, answers.on_open, [chosen.picker.choice, chosen.picker.line, *chosen.by_engine])


def _given() -> dict[str, Any]:
    """The place for a picture, and the desk with its editor once it is there."""
    with gr.Column(elem_id="inpaint-intake") as intake:
        picture = picture_input(
            sources=["upload", "webcam", "clipboard"], label=say("Picture", "사진"), elem_id="inpaint-picture",
            height=300,
        )  # fmt: skip
        examples = gr.Dataset(
            label=say("Examples (drawn)", "예시 (그린 그림)"),
            components=[gr.Image(render=False)],
            samples=[[str(path)] for path in marking.EXAMPLE_PICTURES],
            type="index",
            elem_id="inpaint-examples",
        )
    with gr.Column(visible=False, elem_id="inpaint-desk") as desk:
        board = editor.build()
        with gr.Row(elem_classes="inpaint-row"):
            faces = gr.Button(say("All faces", "모든 얼굴"), size="sm", min_width=90, elem_id="inpaint-faces")
            text = gr.Button(say("All text", "모든 글자"), size="sm", min_width=90, elem_id="inpaint-text")
            mask = gr.UploadButton(
                say("Upload a mask", "마스크 올리기"), size="sm", min_width=110, file_types=["image"],
                elem_id="inpaint-mask",
            )  # fmt: skip
            another = gr.Button(say("Other picture", "다른 사진"), size="sm", min_width=90, elem_id="inpaint-another")
    return {
        "intake": intake, "picture": picture, "examples": examples, "desk": desk, "board": board, "faces": faces,
        "text": text, "mask": mask, "another": another,
    }  # fmt: skip


def _wire_picture(source: gr.State, arrival: gr.State, given: dict[str, Any], shown: Results) -> None:
    board = given["board"]
    opened = [source, board, given["intake"], given["desk"], *shown.cleared]
    given["picture"].input(**private(marking.on_picture), inputs=given["picture"], outputs=opened)
    given["examples"].click(**private(marking.on_example), inputs=given["examples"], outputs=opened)
    arrival.change(**private(marking.on_arrival), inputs=arrival, outputs=[*opened, arrival], show_progress="hidden")
    given["another"].click(
        **private(marking.on_another),
        outputs=[source, given["intake"], given["desk"], given["picture"], board],
        show_progress="hidden",
    )
    marked: dict[str, Any] = {"inputs": [source, board], "outputs": board}
    given["faces"].click(**private(marking.on_faces, HEAVY), **marked)
    given["text"].click(**private(marking.on_text, HEAVY), **marked)
    given["mask"].upload(**private(marking.on_mask), inputs=[source, board, given["mask"]], outputs=board)
    shown.go_on.click(**private(answers.on_go_on), inputs=shown.result, outputs=opened[:4])


def _wire_repaint(source: gr.State, given: dict[str, Any], chosen: Choices, shown: Results) -> None:
    quiet: dict[str, Any] = {"show_progress": "hidden"}
    running = chosen.run.click(
        **private(answers.on_repaint, HEAVY),
        inputs=[source, given["board"], *chosen.all],
        outputs=[shown.slider, shown.report, shown.result, shown.box, shown.download],
        show_progress_on=[shown.report],
    )
    running.success(None, js=to_result("#inpaint-report"))
    chosen.stop.click(**private(answers.on_stop), inputs=shown.slider, outputs=shown.report, cancels=[running], **quiet)
    shown.same_seed.click(**private(answers.on_same_seed), inputs=shown.result, outputs=chosen.seed, **quiet)
    choice = chosen.picker.choice
    choice.change(**private(answers.on_engine), inputs=choice, outputs=chosen.by_engine, **quiet)
