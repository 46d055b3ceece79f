"""A video; work that would take long is asked about first."""

from __future__ import annotations

import time
from typing import Any

import gradio as gr

from pipelines.job import Job
from pipelines.words import Text
from tabs._calls import HEAVY, private
from tabs._parts import clip_input, examples_of, report_html, to_result
from tabs._words import say
from tabs.face_mosaic.endpoints import as_options, cover_video, or_automatic

PATIENCE_S = 600.0  # longer work is asked about first
FORECAST_AFTER_S = 4.0  # the first frames include loading
_LONG = Text(
    en="This would take about {minutes} more minutes, so it was stopped. Tick 'Go on' and press the button again.",
    ko="약 {minutes}분이 더 걸릴 것 같아 멈췄습니다. '계속하기'를 선택하고 버튼을 다시 누르세요.",
)
_VIDEO_DONE = Text(
    en="{frames} frames at {fps:.3g} per second, {faces_tracked} faces followed. Watch it before you share it.",
    ko="{frames}프레임(초당 {fps:.3g}), 추적한 얼굴 {faces_tracked}개. 공유하기 전에 영상을 확인하세요.",
)


def build(options: list[Any]) -> None:
    with gr.Row():
        with gr.Column(min_width=300):
            clip = clip_input(
                sources=["upload", "webcam"], label=say("Video", "동영상"), elem_id="face-clip", height=340
            )
            with gr.Row():
                stop = gr.Button(say("Stop", "멈추기"), elem_id="face-video-stop")
                run = gr.Button(say("Hide the faces", "얼굴 가리기"), variant="primary", elem_id="face-video")
            patience = gr.Checkbox(
                label=say("Go on even if it takes more than 10 minutes", "10분 넘게 걸려도 계속하기"),
                elem_id="face-patience",
            )
            gr.Examples(
                examples_of("face_mosaic", "*.mp4"),
                clip,
                label=say("Example", "예시"),
                elem_id="face-clip-examples",
                cache_examples=False,
            )
        with gr.Column(min_width=300):
            result = gr.Video(
                label=say("Result", "결과"),
                buttons=["download"],
                interactive=False,
                elem_id="face-video-result",
                height=340,
            )
            report = gr.HTML(elem_id="face-video-report", padding=False)
    running = run.click(**private(on_video, HEAVY), inputs=[clip, patience, *options], outputs=[result, report])
    running.success(None, js=to_result("#face-video-result"))
    stop.click(None, cancels=[running])


async def on_video(
    clip: dict | None, patience: bool, style: str, strength: float, threshold: float, engine: str
) -> tuple:
    """Hide the faces of the video. Work that would take long is stopped and asked about first."""
    options = as_options(style=style, strength=strength, threshold=or_automatic(threshold))
    try:
        file, facts = await cover_video(clip, options, engine, None if patience else _stop_if_long)
    except _TakesLong as long:
        return None, report_html(_LONG.format(minutes=round(long.args[0] / 60)))
    return file["path"], report_html(_VIDEO_DONE.format(**facts))


class _TakesLong(Exception):
    """The forecast, in seconds, of work that the visitor has not agreed to yet."""


def _stop_if_long(job: Job) -> None:
    """Raise `_TakesLong` once a forecast can be made and it is beyond our patience."""
    elapsed = time.monotonic() - job.started
    fraction = None if job.latest is None else job.latest.fraction
    if fraction and elapsed > FORECAST_AFTER_S:
        left = elapsed / fraction - elapsed
        if left > PATIENCE_S:
            raise _TakesLong(left)
