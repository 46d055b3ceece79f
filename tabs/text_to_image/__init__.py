"""The tab that paints: words become a picture step by step, with our own small painter or a large model."""

from __future__ import annotations

import gradio as gr

from tabs import _sending
from tabs._calls import HEAVY, endpoint, private
from tabs._parts import on_page_load
from tabs._words import say
from tabs.text_to_image import answers, controls, view
from tabs.text_to_image.controls import Controls
from tabs.text_to_image.desk import Desk
from tabs.text_to_image.endpoints import paint_pictures

TASK = "text_to_image"
TITLE = say("Text to image", "그림 그리기 (text to image)")

# On a phone the picture stands below the options: go there when the painting begins.
_TO_PICTURE = """() => {
  const view = document.querySelector('#t2i-view');
  if (view && view.getBoundingClientRect().top > innerHeight * 0.7) {
    view.scrollIntoView({ behavior: 'smooth', block: 'start' });
  }
}"""
_CSS = """
#t2i-view, #t2i-words, #t2i-report, :is(#t2i-view, #t2i-words, #t2i-report) .html-container { padding: 0 !important; }
#t2i-report { min-height: 56px; }
#text_to_image-engine-line, #text_to_image-engine-line .html-container { padding: 0 2px !important; }
#t2i-report p { margin: 0 2px; }
#t2i-same-seed, #t2i-new-seed { align-self: end; min-height: 42px; }
#t2i-send { gap: 8px; }
"""


def build(page: gr.Blocks) -> None:
    """The tab's components and events, and its endpoint."""
    endpoint(paint_pictures, "text_to_image", HEAVY)
    gr.Markdown(
        say(
            "Paints a picture from words and lets you watch every step. Starts with a small painter of our own; "
            "larger models come on request.",
            "글로 그림을 그리고, 그려지는 단계를 하나씩 보여 줍니다. 작은 내장 화가로 바로 시작하고, "
            "큰 모델은 원할 때 내려받습니다.",
        ),
        elem_classes="modu-lead",
    )
    gr.HTML(f"<style>{_CSS}</style>", padding=False, visible="hidden")
    desk = gr.State(Desk())
    with gr.Row():
        with gr.Column(scale=4, min_width=300):
            chosen = controls.build()
        with gr.Column(scale=5, min_width=300):
            shown = view.build()
            report = gr.HTML(elem_id="t2i-report", padding=False)
            with gr.Row():
                download = gr.DownloadButton(
                    say("Download PNG", "PNG 내려받기"), interactive=False, size="sm", min_width=120,
                    elem_id="t2i-download",
                )  # fmt: skip
                archive = gr.DownloadButton(
                    say("All pictures (zip)", "모든 그림 (zip)"), interactive=False, size="sm", min_width=120,
                    elem_id="t2i-zip",
                )  # fmt: skip
            with gr.Row(elem_id="t2i-send"):
                _sending.offer("inpainting", answers.picture_of, [desk], "t2i-to-inpainting")
                _sending.offer("face_mosaic", answers.picture_of, [desk], "t2i-to-face")
    _sending.accept(TASK, chosen.prompt)
    _wire(desk, chosen, shown, report, [download, archive])
    filled = [chosen.picker.choice, chosen.picker.line, chosen.style, shown, *chosen.by_engine]
    on_page_load(page, answers.on_open, filled)


def _wire(desk: gr.State, chosen: Controls, shown: gr.HTML, report: gr.HTML, files: list[gr.DownloadButton]) -> None:
    quiet = {"show_progress": "hidden"}
    running = gr.on(
        [chosen.run.click, chosen.prompt.submit],
        **private(answers.on_paint, HEAVY),
        inputs=[desk, *chosen.given],
        outputs=[desk, shown, report, *files],
        show_progress_on=report,
    )
    gr.on([chosen.run.click, chosen.prompt.submit], None, js=_TO_PICTURE)
    running.failure(**private(answers.on_stop), inputs=desk, outputs=[shown, *files], queue=False, **quiet)
    chosen.stop.click(
        **private(answers.on_stop), inputs=desk, outputs=[shown, *files], cancels=[running], queue=False, **quiet
    )
    shown.select(**private(answers.on_which), inputs=desk, outputs=[desk, shown, files[0]], **quiet)
    chosen.same_seed.click(**private(answers.on_same_seed), inputs=desk, outputs=chosen.seed, **quiet)
    chosen.new_seed.click(None, js="() => ''", outputs=chosen.seed)
    chosen.picker.choice.change(
        **private(answers.on_engine), inputs=[chosen.picker.choice, chosen.size, chosen.scheduler],
        outputs=chosen.by_engine, queue=False, **quiet,
    )  # fmt: skip
    chosen.restore.upload(
        **private(answers.on_restore), inputs=[chosen.restore, chosen.picker.choice],
        outputs=[*chosen.restored, report], **quiet,
    )  # fmt: skip
