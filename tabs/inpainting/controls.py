"""The side of the tab with what to paint, the options, and the result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from tabs import _sending
from tabs._parts import EnginePicker, engine_picker
from tabs._words import say
from tabs.inpainting import answers

CSS = """
#inpaint-editor, #inpaint-report, :is(#inpaint-editor, #inpaint-report) .html-container { padding: 0 !important; }
.inpaint-row { gap: 8px; }
#inpaint-note p, #inpaint-report p { margin: 0 2px; }
#inpaint-note:not(:has(p)) { display: none; }
"""


@dataclass
class Choices:
    """What a visitor chooses. `all` in the order of `answers.on_repaint`, `by_engine` in that of `on_engine`."""

    prompt: gr.Textbox
    note: gr.HTML
    negative: gr.Textbox
    steps: gr.Slider
    guidance: gr.Slider
    strength: gr.Slider
    grow: gr.Slider
    feather: gr.Slider
    sides: gr.CheckboxGroup
    pixels: gr.Slider
    seed: gr.Number
    picker: EnginePicker
    run: gr.Button
    stop: gr.Button

    @property
    def all(self) -> list[Any]:
        return [
            self.prompt, self.negative, self.steps, self.guidance, self.strength, self.grow, self.feather, self.sides,
            self.pixels, self.seed, self.picker.choice,
        ]  # fmt: skip

    @property
    def by_engine(self) -> list[Any]:
        return [self.prompt, self.note, self.negative, self.steps, self.guidance, self.strength]


@dataclass
class Results:
    """The comparison and what can be done with a result. `cleared` is emptied by another picture."""

    slider: gr.ImageSlider
    report: gr.HTML
    box: gr.Column
    result: gr.State
    download: gr.DownloadButton
    go_on: gr.Button
    same_seed: gr.Button

    @property
    def cleared(self) -> list[Any]:
        return [self.slider, self.report, self.box]


def build(task: str, line: gr.HTML) -> Choices:
    prompt = gr.Textbox(
        label=say("What should be there", "무엇을 그려 넣을까요"),
        placeholder=say("a red heart on a yellow background", "노란 배경에 빨간 하트"),
        lines=2,
        visible=False,
        elem_id="inpaint-prompt",
    )
    note = gr.HTML(elem_id="inpaint-note", padding=False)
    with gr.Row(elem_classes="inpaint-row"):
        stop = gr.Button(say("Stop", "멈추기"), elem_id="inpaint-stop", min_width=80, scale=1)
        run = gr.Button(say("Repaint", "다시 그리기"), variant="primary", elem_id="inpaint-run", min_width=140, scale=2)
    line.render()
    with gr.Accordion(say("Options", "옵션"), open=False, elem_id="inpaint-options"):
        picker = engine_picker(task, line)
        grow, feather = _edges()
        sides, pixels = _extension()
        negative, steps, guidance, strength = _of_models()
        seed = gr.Number(
            -1, label=say("Seed", "시드"), info=say("-1 is a new one each time.", "-1이면 매번 새로 정합니다."),
            precision=0, elem_id="inpaint-seed",
        )  # fmt: skip
    return Choices(
        prompt, note, negative, steps, guidance, strength, grow, feather, sides, pixels, seed, picker, run, stop
    )


def _edges() -> tuple[gr.Slider, gr.Slider]:
    with gr.Row():
        grow = gr.Slider(
            -64, 64, 2, step=1, label=say("Grow the mask", "마스크 넓히기"),
            info=say("Pixels; below 0 shrinks.", "픽셀. 0보다 작으면 좁힙니다."), elem_id="inpaint-grow", min_width=180,
        )  # fmt: skip
        feather = gr.Slider(
            0, 64, 0, step=1, label=say("Soft edge", "가장자리 부드럽게"),
            info=say("Pixels, inside the mask.", "픽셀. 마스크 안쪽으로."), elem_id="inpaint-feather", min_width=180,
        )  # fmt: skip
    return grow, feather


def _extension() -> tuple[gr.CheckboxGroup, gr.Slider]:
    sides = gr.CheckboxGroup(
        [(say(name.en, name.ko), side) for side, name in answers.SIDES.items()],
        label=say("Make the picture larger", "사진 넓히기"),
        info=say("Paints on beyond the edge; needs no mask.", "가장자리 바깥을 이어 그립니다. 마스크 없이도 됩니다."),
        elem_id="inpaint-sides",
    )
    pixels = gr.Slider(
        8, 1024, 128, step=8, label=say("By how many pixels on each of these sides", "고른 방향마다 넓힐 픽셀"),
        elem_id="inpaint-pixels",
    )  # fmt: skip
    return sides, pixels


def _of_models() -> tuple[gr.Textbox, gr.Slider, gr.Slider, gr.Slider]:
    """What only engines with a model listen to."""
    negative = gr.Textbox(
        label=say("What should not be there", "그리지 않을 것"), visible=False, elem_id="inpaint-negative", max_lines=3
    )
    with gr.Row():
        steps = gr.Slider(
            0, answers.MOST_STEPS, 0, step=1, label=say("Steps", "단계"), visible=False, elem_id="inpaint-steps",
            min_width=180,
        )  # fmt: skip
        guidance = gr.Slider(
            -1, 20, -1, step=0.5, label=say("Guidance", "프롬프트 따르기"), visible=False, elem_id="inpaint-guidance",
            min_width=180,
        )  # fmt: skip
    strength = gr.Slider(
        0.05, 1, 1, step=0.05, label=say("Strength", "강도"), visible=False, elem_id="inpaint-strength",
        info=say("Lower keeps more of what was there.", "낮을수록 원래 모습을 더 남깁니다."),
    )  # fmt: skip
    return negative, steps, guidance, strength


def results() -> Results:
    result = gr.State(None)
    report = gr.HTML(elem_id="inpaint-report", padding=False)
    slider = gr.ImageSlider(
        label=say("Before and after", "전후 비교"),
        type="filepath",
        format="png",
        image_mode=None,
        interactive=False,
        buttons=["fullscreen"],
        elem_id="inpaint-slider",
    )
    with gr.Column(visible=False, elem_id="inpaint-results") as box:
        with gr.Row(elem_classes="inpaint-row"):
            download = gr.DownloadButton(
                say("Download PNG", "PNG 내려받기"), size="sm", min_width=110, elem_id="inpaint-download"
            )
            go_on = gr.Button(
                say("Go on with this", "이 결과에 이어서"), size="sm", min_width=110, elem_id="inpaint-go-on"
            )
            same_seed = gr.Button(
                say("Keep this seed", "이 시드 쓰기"), size="sm", min_width=110, elem_id="inpaint-same-seed"
            )
        with gr.Row(elem_classes="inpaint-row"):
            for task in ("face_mosaic", "ocr"):
                _sending.offer(task, answers.result_path, [result], f"inpaint-to-{task}")
    return Results(slider, report, box, result, download, go_on, same_seed)
