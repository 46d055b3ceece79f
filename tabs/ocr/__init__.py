"""The tab that reads text: a picture, a PDF or many files; the page with its lines, corrected by hand, as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from tabs import _sending
from tabs._calls import HEAVY, endpoint, private
from tabs._parts import (
    EnginePicker,
    engine_line_box,
    engine_picker,
    examples_of,
    on_page_load,
    picture_input,
    to_result,
)
from tabs._words import say
from tabs.ocr import answers, results
from tabs.ocr.endpoints import read_text

TASK = "ocr"
TITLE = say("Read text (OCR)", "글자 읽기 (OCR)")
PICTURES = ("english*", "notice*", "on-its-side*", "receipt*", "two-columns*")


def build(page: gr.Blocks) -> None:
    """The tab's components and events, and its endpoint."""
    endpoint(read_text, "ocr", HEAVY)
    gr.Markdown(
        say(
            "Reads printed Korean, English, Chinese and digits in pictures and PDF files, also sideways ones. "
            "Handwriting needs another engine (see Options).",
            "사진과 PDF에서 인쇄된 한글, 영어, 한자, 숫자를 읽습니다. 옆으로 누운 쪽도 읽습니다. "
            "손글씨는 옵션에서 다른 엔진을 골라 주세요.",
        ),
        elem_classes="modu-lead",
    )
    gr.HTML(f"<style>{results.CSS}</style>", padding=False, visible="hidden")
    with gr.Row():
        with gr.Column(scale=2, min_width=290):
            given = _sources()
            language, picker = _options()
        with gr.Column(scale=5, min_width=300):
            shown = results.build()
    _wire(given, language, picker, shown)
    on_page_load(page, answers.on_open, [picker.choice, picker.line, language, shown.view])


def _sources() -> dict[str, Any]:
    with gr.Tabs(elem_id="ocr-source") as sources:
        with gr.Tab(say("Picture", "사진"), id="picture"):
            picture = picture_input(
                sources=["upload", "webcam", "clipboard"],
                webcam_options=gr.WebcamOptions(mirror=False),  # what is held to the camera must not come out mirrored
                label=say("A picture with text", "글자가 있는 사진"),
                elem_id="ocr-picture",
                height=260,
            )
            run_picture, stop_picture = _run_and_stop("ocr-run", "ocr-stop")
            gr.Examples(
                examples_of(TASK, *PICTURES),
                picture,
                label=say("Examples (drawn)", "예시 (그린 그림)"),
                elem_id="ocr-examples",
                cache_examples=False,
            )
        with gr.Tab(say("PDF or several files", "PDF, 여러 파일"), id="files"):
            files = gr.File(
                file_count="multiple",
                file_types=["image", ".heic", ".heif", ".pdf"],
                label=say("PDF files or pictures", "PDF나 사진 파일"),
                elem_id="ocr-files",
                height=170,
            )
            pages = gr.Textbox(
                label=say("Pages of a PDF", "PDF에서 읽을 쪽"),
                placeholder="1-3,7",
                info=say("Nothing: all pages.", "비워 두면 모든 쪽을 읽습니다."),
                elem_id="ocr-pages",
                max_lines=1,
            )
            run_files, stop_files = _run_and_stop("ocr-run-files", "ocr-stop-files")
            documents = examples_of(TASK, "*.pdf")
            gr.Examples(
                [[[path]] for path in documents],
                files,
                label=say("Example", "예시"),
                elem_id="ocr-file-examples",
                cache_examples=False,
                example_labels=[Path(path).name for path in documents],
            )
    _sending.accept(TASK, picture, [(sources, gr.update(selected="picture"))])
    return {
        "picture": picture,
        "run_picture": run_picture,
        "files": files,
        "pages": pages,
        "run_files": run_files,
        "stops": [stop_picture, stop_files],
    }


def _run_and_stop(run_id: str, stop_id: str) -> tuple[gr.Button, gr.Button]:
    with gr.Row():
        stop = gr.Button(say("Stop", "멈추기"), elem_id=stop_id, min_width=80, scale=1)
        run = gr.Button(say("Read the text", "글자 읽기"), variant="primary", elem_id=run_id, min_width=140, scale=2)
    return run, stop


def _options() -> tuple[gr.Dropdown, EnginePicker]:
    line = engine_line_box(TASK)
    with gr.Accordion(say("Options", "옵션"), open=False, elem_id="ocr-options"):
        language = gr.Dropdown(
            answers.language_choices("auto", "en"),
            value="auto",
            label=say("Language of the text", "글의 언어"),
            elem_id="ocr-language",
        )
        picker = engine_picker(TASK, line)
    return language, picker


def _wire(given: dict[str, Any], language: gr.Dropdown, picker: EnginePicker, shown: results.Results) -> None:
    options = [language, picker.choice]
    running = [
        given["run_picture"].click(
            **private(answers.on_picture, HEAVY),
            inputs=[given["picture"], *options],
            outputs=shown.all,
            show_progress_on=[shown.report, given["picture"]],
        ),
        given["run_files"].click(
            **private(answers.on_files, HEAVY),
            inputs=[given["files"], given["pages"], *options],
            outputs=shown.all,
            show_progress_on=[shown.report, given["files"]],
        ),
    ]
    for event in running:
        event.success(None, js=to_result("#ocr-report"))
    for stop in given["stops"]:
        stop.click(None, cancels=running)
    picker.choice.input(**private(answers.on_engine), inputs=picker.choice, outputs=language, show_progress="hidden")
    results.wire(shown)
