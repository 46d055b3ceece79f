"""The side of the tab with what was read: the page and its lines, pages to flip, files, and where to send it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from tabs import _sending
from tabs._calls import HEAVY, private
from tabs._words import say
from tabs.ocr import answers, erasing, view
from tabs.ocr.documents import FORMATS, Desk

LABELS = {"txt": "TXT", "json": "JSON", "csv": "CSV", "md": "Markdown"}
CSS = """
#ocr-view, #ocr-report, :is(#ocr-view, #ocr-report) .html-container { padding: 0 !important; }
#ocr-report p { margin: 0 2px; }
#ocr-text textarea { tab-size: 26; }
#ocr-flip { flex-wrap: nowrap; align-items: flex-end; gap: 8px; }
#ocr-flip:not(:has(button)) { display: none; }
#ocr-flip > * { min-width: 0 !important; flex: 1 1 0; }
#ocr-flip button { min-height: 42px; }
#ocr-downloads, #ocr-send { gap: 8px; }
"""


@dataclass
class Results:
    """The components of the result side. `kept` follow a correction, `all` a newly looked at page."""

    desk: gr.State
    view: gr.HTML
    report: gr.HTML
    text: gr.Textbox
    which: gr.Dropdown
    previous: gr.Button
    page: gr.Dropdown
    next: gr.Button
    files: list[gr.DownloadButton]
    pdf: gr.DownloadButton
    make_pdf: gr.Button
    archive: gr.DownloadButton

    @property
    def kept(self) -> list[Any]:
        return [self.desk, self.text, *self.files, self.pdf, self.make_pdf, self.archive]

    @property
    def all(self) -> list[Any]:
        return [*self.kept, self.view, self.report, self.which, self.previous, self.page, self.next]


def build() -> Results:
    desk = gr.State(Desk())
    report = gr.HTML(elem_id="ocr-report", padding=False)
    which = gr.Dropdown([], label=say("File", "파일"), visible=False, elem_id="ocr-which", filterable=False)
    with gr.Row(elem_id="ocr-flip"):
        previous = gr.Button(
            say("Previous page", "이전 쪽"), visible=False, size="sm", min_width=90, elem_id="ocr-previous"
        )
        page = gr.Dropdown(
            [], label=say("Page", "쪽"), visible=False, min_width=100, elem_id="ocr-page", filterable=False
        )
        following = gr.Button(say("Next page", "다음 쪽"), visible=False, size="sm", min_width=90, elem_id="ocr-next")
    shown = view.build()
    with gr.Row(elem_id="ocr-downloads"):
        files = [
            gr.DownloadButton(LABELS[kind], elem_id=f"ocr-{kind}", interactive=False, size="sm", min_width=64)
            for kind in FORMATS
        ]
        pdf = gr.DownloadButton(
            say("Searchable PDF", "검색되는 PDF"), elem_id="ocr-pdf", interactive=False, size="sm", min_width=130
        )
        make_pdf = gr.Button(
            say("Make the PDF anew", "고친 PDF 만들기"), elem_id="ocr-make-pdf", visible=False, size="sm", min_width=130
        )
        archive = gr.DownloadButton(
            say("All texts (zip)", "모든 글 (zip)"), elem_id="ocr-zip", visible=False, size="sm", min_width=110
        )
    text = gr.Textbox(
        label=say("The whole text, with your corrections", "전체 글 (고친 내용 포함)"),
        interactive=False,
        lines=4,
        max_lines=14,
        buttons=["copy"],
        elem_id="ocr-text",
    )
    with gr.Row(elem_id="ocr-send"):
        _sending.offer("chat", answers.text_of, [desk], "ocr-to-chat")
        _sending.offer("text_to_speech", answers.text_of, [desk], "ocr-to-speech")
        _sending.offer("digits", answers.line_of, [desk], "ocr-to-digits")
        _sending.offer("inpainting", erasing.to_erase, [desk], "ocr-to-inpainting", erasing.LABEL)
    return Results(desk, shown, report, text, which, previous, page, following, files, pdf, make_pdf, archive)


def wire(shown: Results) -> None:
    quiet = {"show_progress": "hidden"}
    shown.view.input(**private(answers.on_edit), inputs=shown.desk, outputs=shown.kept, **quiet)
    shown.view.select(**private(answers.on_line), inputs=shown.desk, outputs=shown.desk, **quiet)
    shown.which.input(**private(answers.on_which), inputs=[shown.desk, shown.which], outputs=shown.all, **quiet)
    shown.page.input(**private(answers.on_page), inputs=[shown.desk, shown.page], outputs=shown.all, **quiet)
    shown.previous.click(**private(answers.on_previous), inputs=shown.desk, outputs=shown.all, **quiet)
    shown.next.click(**private(answers.on_next), inputs=shown.desk, outputs=shown.all, **quiet)
    shown.make_pdf.click(**private(answers.on_pdf, HEAVY), inputs=shown.desk, outputs=[shown.pdf, shown.make_pdf])
