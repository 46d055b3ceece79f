"""The tab that hides faces: one photo with a say in each face, many photos at once, or a video."""

from __future__ import annotations

import html
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import FileData

from pipelines import checks, face_mosaic, media, settings
from pipelines.face_mosaic import MosaicOptions
from pipelines.face_mosaic.outline import numbered
from pipelines.job import Job
from pipelines.words import Text
from tabs._calls import HEAVY, endpoint, private, tell, work
from tabs._files import kept_file, original_name, picture_file, stem_of, uploaded
from tabs._parts import (
    EnginePicker,
    clip_input,
    engine_line_box,
    engine_picker,
    examples_of,
    localized_picker,
    on_page_load,
    picture_input,
)
from tabs._words import say, visitor_language

TASK = "face_mosaic"
TITLE = say("Face mosaic", "얼굴 모자이크")

NO_PHOTO = Text(en="Choose a photo first.", ko="먼저 사진을 골라 주세요.")
NO_FILES = Text(en="Choose one or more photos first.", ko="먼저 사진을 한 장 이상 골라 주세요.")
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
NO_VIDEO = Text(en="Choose a video first.", ko="먼저 동영상을 골라 주세요.")


async def hide_in_photo(
    image: FileData,
    style: str = "mosaic",
    strength: float = 0.7,
    threshold: float = -1,
    keep: list[int] = [],  # noqa: B006  (Gradio publishes the default; it is never changed)
    boxes: list[list[float]] = [],  # noqa: B006
    engine: str = "auto",
) -> tuple[FileData, dict]:
    """Hide the faces of a photo. Pixels outside the hidden areas stay as they are; metadata is removed.

    Args:
        image: the photo.
        style: mosaic, blur, solid or emoji.
        strength: 0 to 1; higher hides more.
        threshold: 0 to 1; lower finds more faces and more mistakes. -1 is the engine's own.
        keep: numbers of faces to leave visible.
        boxes: areas to hide as well, each [x, y, width, height] in pixels.
        engine: which detector; "auto" takes the best one that is here.
    """
    path = uploaded(image, NO_PHOTO)
    options = _options(style=style, strength=strength, threshold=threshold, keep=keep, boxes=boxes)

    def hide(job: Job) -> Any:
        picture = media.open_picture(path)
        return picture.notice, face_mosaic.hide_faces(picture.image, options, engine=engine, job=job)

    notice, result = await work(hide)
    tell(notice)
    faces = [
        {
            "index": face.index,
            "box": list(face.box),
            "area": list(face.area),
            "score": face.score,
            "hidden": face.hidden,
        }
        for face in result.faces
    ]
    report = {"faces": faces, "still_found": result.still_found, "engine": result.engine}
    return picture_file(result.image, f"{stem_of(image)}-mosaic.png"), report


async def hide_in_files(
    files: list[FileData],
    style: str = "mosaic",
    strength: float = 0.7,
    threshold: float = -1,
    engine: str = "auto",
) -> tuple[list[FileData], FileData, dict]:
    """Hide the faces of many photos. One that cannot be read does not stop the others.

    Args:
        files: the photos.
        style: mosaic, blur, solid or emoji.
        strength: 0 to 1; higher hides more.
        threshold: 0 to 1; -1 is the engine's own.
        engine: which detector; "auto" takes the best one that is here.
    """
    given = checks.items(files, "files", settings.current().limits.batch_files)
    photos = [(original_name(file), uploaded(file, NO_FILES)) for file in given]
    options = _options(style=style, strength=strength, threshold=threshold)
    language = visitor_language()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        batch = await work(lambda job: face_mosaic.hide_faces_in_files(photos, out, options, engine=engine, job=job))
        report = {
            "processed": [{"file": one.file, "faces": one.faces} for one in batch.processed],
            "failed": [{"file": one.file, "reason": one.reason.to(language)} for one in batch.failed],
            "engine": batch.engine,
        }
        return [kept_file(one.path) for one in batch.processed], kept_file(batch.zip_path), report


async def hide_in_video(
    video: FileData,
    style: str = "mosaic",
    strength: float = 0.7,
    threshold: float = -1,
    engine: str = "auto",
) -> tuple[FileData, dict]:
    """Hide the faces of a video, frame by frame. The sound is kept.

    Args:
        video: the video (mp4, mov, webm, ...).
        style: mosaic, blur, solid or emoji.
        strength: 0 to 1; higher hides more.
        threshold: 0 to 1; -1 is the engine's own.
        engine: which detector; "auto" takes the best one that is here.
    """
    options = _options(style=style, strength=strength, threshold=threshold)
    return await _hide_in_video(video, options, engine, watch=None)


async def _hide_in_video(
    video: Any, options: MosaicOptions, engine: str, watch: Callable[[Job], None] | None
) -> tuple[dict, dict]:
    path = uploaded(video, NO_VIDEO)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / f"{stem_of(video)}-mosaic.mp4"

        def hide(job: Job) -> Any:
            return face_mosaic.hide_faces_in_video(path, out, options, engine=engine, job=job)

        done = await work(hide, watch)
        facts = {"frames": done.frames, "fps": done.fps, "faces_tracked": done.faces_tracked, "engine": done.engine}
        return kept_file(out), facts


def _options(**values: Any) -> MosaicOptions:
    """What a visitor or a program asked for; the pipeline checks every value."""
    return MosaicOptions(**values)


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
                info=say("Lower finds more faces; -1 is automatic", "낮을수록 더 많이 찾습니다. -1은 자동"),
                elem_id="face-threshold",
            )
        line = engine_line_box(TASK, render=False)
        picker = engine_picker(TASK, line)
    options = [style, strength, threshold, picker.choice]
    line.render()
    with gr.Tabs(elem_id="face-source"):
        with gr.Tab(say("One photo", "사진 한 장"), id="photo"):
            _photo(options)
        with gr.Tab(say("Many photos", "사진 여러 장"), id="batch"):
            _batch(options)
        with gr.Tab(say("Video", "동영상"), id="video"):
            _video(options)
    _fill_in_language(page, picker)


def _fill_in_language(page: gr.Blocks, picker: EnginePicker) -> None:
    async def on_load() -> tuple[Any, str]:
        return localized_picker(TASK, visitor_language())

    on_page_load(page, on_load, [picker.choice, picker.line])


def _photo(options: list[Any]) -> None:
    chosen = gr.State({"keep": [], "boxes": [], "corner": None})
    found = gr.State([])
    with gr.Row():
        with gr.Column(min_width=300):
            photo = picture_input(
                sources=["upload", "webcam", "clipboard"],
                label=say("Photo", "사진"),
                elem_id="face-photo",
                height=380,
            )
            hide = gr.Button(say("Hide the faces", "얼굴 가리기"), variant="primary", elem_id="face-hide")
            gr.Examples(
                examples_of(TASK, "*.jpg") + examples_of(TASK, "*.png"),
                photo,
                label=say("Examples (drawn, nobody is in them)", "예시 (그린 얼굴이며 실제 인물이 아닙니다)"),
                elem_id="face-examples",
                cache_examples=False,
            )
        with gr.Column(min_width=300):
            result = gr.Image(
                label=say("Result", "결과"),
                format="png",
                interactive=False,
                elem_id="face-result",
                buttons=["fullscreen"],
                height=380,
            )
            clicking = gr.Radio(
                [
                    (say("A click shows or hides a face", "누르면 얼굴 보이기/가리기"), "toggle"),
                    (say("Two clicks hide one more area", "두 번 눌러 영역 더 가리기"), "box"),
                ],
                value="toggle",
                label=say("Clicking in the result", "결과를 누르면"),
                elem_id="face-clicking",
            )
            visible = gr.CheckboxGroup(
                [], label=say("Leave these faces visible", "가리지 않을 얼굴"), elem_id="face-keep", visible=False
            )
            report = gr.HTML(elem_id="face-report", padding=False)
            download = gr.DownloadButton(say("Download", "내려받기"), elem_id="face-download", interactive=False)
            with gr.Accordion(say("Before and after", "전후 비교"), open=False):
                slider = gr.ImageSlider(
                    label=say("Before and after", "전후 비교"),
                    format="png",
                    interactive=False,
                    elem_id="face-slider",
                    show_label=False,
                    buttons=["fullscreen"],
                )
    inputs = [photo, chosen, *options]
    outputs = [result, slider, report, visible, download, found, chosen]
    hide.click(**private(on_hide, HEAVY), inputs=inputs, outputs=outputs)
    photo.change(**private(on_new_photo), inputs=photo, outputs=outputs, show_progress="hidden")
    result.select(**private(on_click, HEAVY), inputs=[clicking, found, *inputs], outputs=outputs)
    visible.input(**private(on_keep, HEAVY), inputs=[visible, *inputs], outputs=outputs)


def _batch(options: list[Any]) -> None:
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
    run.click(**private(on_batch, HEAVY), inputs=[files, *options], outputs=[pictures, report, archive])


def _video(options: list[Any]) -> None:
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
                examples_of(TASK, "*.mp4"),
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
    stop.click(None, cancels=[running])


async def on_hide(photo: Any, chosen: dict, style: str, strength: float, threshold: float, engine: str) -> tuple:
    """Hide the faces of the photo, with what the visitor decided about single faces."""
    file, facts = await hide_in_photo(photo, style, strength, threshold, chosen["keep"], chosen["boxes"], engine)
    path = file["path"]
    shown = await work(lambda _job: numbered(Path(path), facts["faces"]))
    numbers = [face["index"] for face in facts["faces"]]
    return (
        picture_file(shown, "faces.png")["path"],
        (photo["path"], path),
        _report_html(facts),
        gr.update(
            choices=[(f"{number + 1}", number) for number in numbers], value=chosen["keep"], visible=bool(numbers)
        ),
        gr.update(value=path, interactive=True),
        facts["faces"],
        chosen,
    )


async def on_new_photo(photo: dict | None) -> tuple:
    """Another photo: what was decided about the last one's faces is forgotten."""
    fresh: dict[str, Any] = {"keep": [], "boxes": [], "corner": None}
    empty = gr.update(choices=[], value=[], visible=False)
    return None, None, "", empty, gr.update(value=None, interactive=False), [], fresh


async def on_click(
    clicking: str,
    found: list[dict],
    photo: dict | None,
    chosen: dict,
    style: str,
    strength: float,
    threshold: float,
    engine: str,
    event: gr.SelectData,
) -> tuple:
    """A click in the result: show or hide the face under it, or mark a corner of one more area."""
    x, y = event.index
    chosen = _with_corner(chosen, x, y) if clicking == "box" else _with_toggled(chosen, found, x, y)
    return await on_hide(photo, chosen, style, strength, threshold, engine)


async def on_keep(
    visible: list[int], photo: dict | None, chosen: dict, style: str, strength: float, threshold: float, engine: str
) -> tuple:
    """The list of faces to leave visible was changed (the way without a mouse)."""
    return await on_hide(photo, {**chosen, "keep": visible}, style, strength, threshold, engine)


async def on_batch(files: Any, style: str, strength: float, threshold: float, engine: str) -> tuple:
    """Hide the faces of all chosen photos."""
    if not files:
        uploaded(None, NO_FILES)
    pictures, archive, report = await hide_in_files(files, style, strength, threshold, engine)
    return [picture["path"] for picture in pictures], _batch_html(report), archive["path"]


async def on_video(
    clip: dict | None, patience: bool, style: str, strength: float, threshold: float, engine: str
) -> tuple:
    """Hide the faces of the video. Work that would take long is stopped and asked about first."""
    options = _options(style=style, strength=strength, threshold=threshold)
    try:
        file, facts = await _hide_in_video(clip, options, engine, None if patience else _stop_if_long)
    except _TakesLong as long:
        return None, _report(_LONG.format(minutes=round(long.args[0] / 60)))
    return file["path"], _report(_VIDEO_DONE.format(**facts))


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


def _report(said: Text) -> str:
    return f'<p class="modu-report" role="status">{html.escape(said.to(visitor_language()))}</p>'


def _with_toggled(chosen: dict, found: list[dict], x: float, y: float) -> dict:
    """`chosen` with the smallest face around the point kept, if it was hidden, or hidden again."""
    under = [face for face in found if _contains(face["area"], x, y)]
    if not under:
        return chosen
    number = min(under, key=lambda face: face["area"][2] * face["area"][3])["index"]
    kept = set(chosen["keep"]) ^ {number}
    return {**chosen, "keep": sorted(kept)}


def _with_corner(chosen: dict, x: float, y: float) -> dict:
    """`chosen` with one corner marked, or, at the second click, with one more area to hide."""
    if chosen["corner"] is None:
        return {**chosen, "corner": (x, y)}
    left, top = chosen["corner"]
    box = [min(left, x), min(top, y), max(1, abs(left - x)), max(1, abs(top - y))]
    return {**chosen, "boxes": [*chosen["boxes"], box], "corner": None}


def _contains(area: list[float], x: float, y: float) -> bool:
    left, top, width, height = area
    return bool(left <= x < left + width and top <= y < top + height)


def _report_html(facts: dict) -> str:
    hidden = sum(face["hidden"] for face in facts["faces"])
    kept = len(facts["faces"]) - hidden
    if not facts["faces"]:
        said = Text(
            en="No face was found. That does not mean there is none: look at the picture, and add areas by hand.",
            ko="얼굴을 찾지 못했습니다. 얼굴이 없다는 뜻은 아닙니다. 사진을 확인하고 필요하면 직접 영역을 더하세요.",
        )
    else:
        said = Text(
            en=f"{hidden} hidden, {kept} left visible. In a second look the detector still found "
            f"{facts['still_found']} of the hidden ones. Check the picture before you share it.",
            ko=f"{hidden}개를 가리고 {kept}개를 남겼습니다. 결과를 다시 검사했을 때 가린 얼굴 중 "
            f"{facts['still_found']}개가 아직 검출됩니다. 공유하기 전에 사진을 확인하세요.",
        )
    return _report(said)


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
