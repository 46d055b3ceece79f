"""Many photos at once, with a report of what failed."""

from __future__ import annotations

import html
from typing import Any

import gradio as gr

from pipelines.words import Text
from tabs._calls import HEAVY, private
from tabs._files import uploaded
from tabs._parts import to_result
from tabs._words import say, visitor_language
from tabs.face_mosaic.endpoints import NO_FILES, hide_in_files, or_automatic


def build(options: list[Any]) -> None:
    with gr.Row():
        with gr.Column(min_width=300):
            files = gr.File(
                file_count="multiple",
                file_types=["image", ".heic", ".heif"],
                label=say("Photos", "사진들"),
                elem_id="face-files",
            )
            run = gr.Button(say("Hide the faces in all", "모두 가리기"), variant="primary", elem_id="face-batch")
        with gr.Column(min_width=300):
            pictures = gr.Gallery(
                label=say("Results", "결과"),
                format="png",
                buttons=["download", "fullscreen"],
                interactive=False,
                columns=3,
                elem_id="face-batch-results",
            )
            report = gr.HTML(elem_id="face-batch-report", padding=False)
            archive = gr.File(
                label=say("All results in one zip", "모든 결과 (zip)"), interactive=False, elem_id="face-zip"
            )
    done = run.click(**private(on_batch, HEAVY), inputs=[files, *options], outputs=[pictures, report, archive])
    done.success(None, js=to_result("#face-batch-results"))


async def on_batch(files: Any, style: str, strength: float, threshold: float, engine: str) -> tuple:
    """Hide the faces of all chosen photos."""
    if not files:
        uploaded(None, NO_FILES)
    pictures, archive, report = await hide_in_files(files, style, strength, or_automatic(threshold), engine)
    return [picture["path"] for picture in pictures], _batch_html(report), archive["path"]


def _batch_html(report: dict) -> str:
    language = visitor_language()
    said = Text(en="{done} done, {failed} failed.", ko="{done}장 완료, {failed}장 실패.").format(
        done=len(report["processed"]), failed=len(report["failed"])
    )
    faces = Text(en="{faces} faces", ko="얼굴 {faces}개")
    rows = [(one["file"], faces.format(faces=one["faces"]).to(language)) for one in report["processed"]]
    rows += [(one["file"], one["reason"]) for one in report["failed"]]
    body = "".join(f"<li>{html.escape(name)}: {html.escape(what)}</li>" for name, what in rows)
    return f'<div class="modu-report" role="status"><p>{html.escape(said.to(language))}</p><ul>{body}</ul></div>'
