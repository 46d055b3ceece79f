"""The tab for handwritten digits: draw or bring a picture, read it, and see why the network thinks so."""

from __future__ import annotations

import html
from typing import Any

import gradio as gr
import numpy as np
from gradio.data_classes import FileData
from PIL import Image

from pipelines import digits, media
from pipelines.job import Job
from pipelines.words import Text
from tabs._calls import HEAVY, LIGHT, endpoint, private, tell, work
from tabs._files import picture_file, uploaded
from tabs._parts import (
    engine_line_box,
    engine_picker,
    examples_of,
    localized_picker,
    on_page_load,
    picture_input,
)
from tabs._words import say, visitor_language

TASK = "digits"
TITLE = say("Digits", "숫자 인식")

CANVAS = 320  # pixels; white paper, so that the brush is active at once
_SEEN = Text(en="What the network saw (28 x 28)", ko="신경망이 본 그림 (28 x 28)")
_FOUND = Text(en="The digits that were found", ko="찾은 숫자들")
_NO_DIGITS = Text(
    en="No digits were found. Take the picture closer, with dark ink on light paper.",
    ko="숫자를 찾지 못했습니다. 밝은 종이에 진하게 쓴 숫자를 더 가까이에서 찍어 주세요.",
)
_LEAST_SURE = Text(en="least sure digit: {weakest:.1%}", ko="가장 자신 없는 숫자: {weakest:.1%}")
NO_PICTURE = Text(en="Draw a digit or choose a picture first.", ko="먼저 숫자를 그리거나 사진을 골라 주세요.")


async def read_digit(image: FileData, engine: str = "auto") -> tuple[dict, FileData, dict]:
    """Read one handwritten digit (0 to 9) in a picture.

    Args:
        image: a picture of one digit: any colours, any size.
        engine: which engine reads; "auto" takes the best one that is here.
    """
    path = uploaded(image, NO_PICTURE)
    language = visitor_language()

    def read(job: Job) -> Any:
        picture = media.open_picture(path)
        return picture.notice, digits.recognize(picture.image, engine=engine, job=job, explain=True)

    notice, reading = await work(read)
    tell(notice)
    answer = {
        "label": reading.label,
        "confidences": [{"label": label, "confidence": value} for label, value in reading.confidences],
        "rejected": reading.rejected,
        "reason": reading.reason.to(language),
        "engine": reading.engine,
    }
    maps = [picture_file(picture, f"layer-{number}.png") for number, picture in enumerate(reading.feature_maps, 1)]
    why = {"feature_maps": maps, "saliency": picture_file(reading.saliency, "saliency.png")}
    return answer, picture_file(reading.seen, "seen.png"), why


async def read_number(image: FileData, engine: str = "auto") -> tuple[dict, FileData]:
    """Read all handwritten digits of a picture, left to right and line by line.

    Args:
        image: a picture with one or more digits, for example a zip code on an envelope.
        engine: which engine reads; "auto" takes the best one that is here.
    """
    path = uploaded(image, NO_PICTURE)

    def read(job: Job) -> Any:
        picture = media.open_picture(path)
        return picture.notice, digits.recognize_number(picture.image, engine=engine, job=job)

    notice, number = await work(read)
    tell(notice)
    found = [{"digit": one.digit, "confidence": one.confidence, "box": list(one.box)} for one in number.digits]
    answer = {"text": number.text, "digits": found, "engine": number.engine}
    return answer, picture_file(number.annotated, "number.png")


async def sample_digit(index: int = 100, noise: bool = False, seed: int = 0) -> tuple[FileData, dict]:
    """One picture of the training set, with its label; with noise if asked.

    Args:
        index: which picture, from 0.
        noise: add Gaussian noise (sigma 15).
        seed: makes the noise repeatable.
    """
    sample = await work(lambda _job: digits.sample(index, noise, seed))
    facts = {"label": sample.label, "index": sample.index, "dataset": sample.dataset, "size": sample.size}
    return picture_file(sample.picture, f"digit-{sample.index}.png"), facts


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
                examples_of(TASK, "*.png"),
                picture,
                label=say("Examples", "예시"),
                elem_id="digits-examples",
                cache_examples=False,
            )
        with gr.Column(min_width=300):
            outputs = _outputs()
    inputs = [source, mode, drawing, picture, picker.choice]
    read.click(**private(on_read, HEAVY), inputs=inputs, outputs=outputs)
    picture.upload(**private(on_read, HEAVY), inputs=inputs, outputs=outputs)
    drawing.input(
        **private(on_draw),
        inputs=[mode, drawing, picker.choice],
        outputs=outputs,
        show_progress="hidden",
        trigger_mode="always_last",
    )
    clear.click(**private(on_clear), outputs=[drawing, picture, *outputs], show_progress="hidden")
    examples.dataset.click(**private(_to_picture), outputs=[sources, source], show_progress="hidden")

    async def on_load() -> tuple[Any, str]:
        return localized_picker(TASK, visitor_language())

    on_page_load(page, on_load, [picker.choice, picker.line])


def _inputs(source: gr.State) -> tuple[gr.ImageEditor, gr.Image, gr.Tabs]:
    with gr.Tabs(elem_id="digits-source") as sources:
        with gr.Tab(say("Draw", "그리기"), id="draw") as draw_tab:
            drawing = gr.ImageEditor(
                _paper(),
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
                label=say("A picture of digits", "숫자가 있는 사진"),
                elem_id="digits-picture",
                height=CANVAS,
            )
    draw_tab.select(**private(_drawn), outputs=source, show_progress="hidden", queue=False)
    picture_tab.select(**private(_brought), outputs=source, show_progress="hidden", queue=False)
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
        label=say(_SEEN.en, _SEEN.ko),
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


async def on_read(source: str, mode: str, drawing: dict | None, picture: dict | None, engine: str) -> tuple:
    """Read the drawing or the picture, whichever the visitor is looking at."""
    image = _drawn_file(drawing) if source == "draw" else picture
    if mode == "several":
        return await _several(image, engine)
    answer, seen, why = await read_digit(image, engine)
    return (*_show_digit(answer, seen), why["saliency"]["path"], [file["path"] for file in why["feature_maps"]])


async def on_draw(mode: str, drawing: dict | None, engine: str) -> tuple:
    """Read while the visitor draws; an empty sheet clears the answer instead of complaining."""
    image = _drawn_file(drawing)
    if image is None:
        return "", None, None, None, None
    return await on_read("draw", mode, drawing, None, engine)


async def on_clear() -> tuple:
    """A fresh sheet: the value is set anew, since an emptied editor has no active brush."""
    return _paper(), None, "", None, None, None, None


async def on_sample(index: Any, noise: bool, seed: Any) -> tuple:
    """Bring one picture of the training set into the picture input."""
    file, facts = await sample_digit(index, noise, seed)
    said = Text(
        en="{label} (number {index} of {size} in {dataset})", ko="{label} ({dataset} {size}장 중 {index}번)"
    ).format(**facts)
    return file["path"], said.to(visitor_language()), gr.update(selected="picture"), "picture"


async def _several(image: Any, engine: str) -> tuple:
    answer, annotated = await read_number(image, engine)
    label = _FOUND.to(visitor_language())
    return (
        _number_html(answer),
        gr.update(value=None, visible=False),
        gr.update(value=annotated["path"], label=label),
        None,
        None,
    )


async def _drawn() -> str:
    return "draw"


async def _brought() -> str:
    return "picture"


async def _to_picture() -> tuple:
    return gr.update(selected="picture"), "picture"


def _paper() -> np.ndarray:
    return np.full((CANVAS, CANVAS, 3), 255, np.uint8)


def _drawn_file(drawing: dict | None) -> dict | None:
    """The drawing on white paper as an uploaded-like file; None while nothing is drawn."""
    sheet = (drawing or {}).get("composite")
    if sheet is None:
        return None
    flat = media.to_rgb(sheet.convert("RGBA"))
    return None if _is_empty(flat) else picture_file(flat, "drawing.png")


def _is_empty(sheet: Image.Image) -> bool:
    low, high = sheet.convert("L").getextrema()
    return bool(low == high)


def _show_digit(answer: dict, seen: dict) -> tuple[str, Any, Any]:
    chart = {one["label"]: one["confidence"] for one in answer["confidences"]}
    label = _SEEN.to(visitor_language())
    return _digit_html(answer), gr.update(value=chart, visible=True), gr.update(value=seen["path"], label=label)


def _digit_html(answer: dict) -> str:
    if answer["rejected"]:
        return _answer_html("?", answer["reason"])
    return _answer_html(answer["label"], f"{answer['confidences'][0]['confidence']:.1%}")


def _number_html(answer: dict) -> str:
    if not answer["text"]:
        return _answer_html("?", _NO_DIGITS.to(visitor_language()))
    weakest = min(one["confidence"] for one in answer["digits"])
    return _answer_html(answer["text"], _LEAST_SURE.format(weakest=weakest).to(visitor_language()))


def _answer_html(big: str, small: str) -> str:
    lines = "<br>".join(html.escape(line) for line in big.split("\n"))
    return (
        f'<div class="modu-answer" role="status"><div class="modu-big">{lines}</div><p>{html.escape(small)}</p></div>'
    )
