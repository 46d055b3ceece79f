"""One photo, with a say in each face: click it, tick it, or add an area by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from pipelines import engines
from pipelines.face_mosaic.outline import numbered
from pipelines.words import EMPTY, Text
from tabs import _sending
from tabs._calls import HEAVY, private, work
from tabs._files import picture_file
from tabs._parts import examples_of, picture_input, report_html, to_result
from tabs._words import say
from tabs.face_mosaic.endpoints import hide_in_photo, or_automatic

_ONE_CORNER = Text(
    en="One corner is marked. Click the opposite corner of the area.",
    ko="한쪽 모서리를 찍었습니다. 가릴 영역의 맞은편 모서리를 눌러 주세요.",
)
_ANEW = Text(
    en="The faces were looked for anew, so none is left visible: choose again.",
    ko="얼굴을 새로 찾았으므로 모두 가렸습니다. 남길 얼굴을 다시 골라 주세요.",
)


def build(options: list[Any]) -> gr.Image:
    """The sub-tab; returns the input for the photo."""
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
                examples_of("face_mosaic", "*.jpg", "*.png"),
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
            _sending.offer("inpainting", on_send, [download], "face-to-inpainting")
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
    hidden = hide.click(**private(on_hide, HEAVY), inputs=inputs, outputs=outputs)
    hidden.success(None, js=to_result("#face-result"))
    photo.change(**private(on_new_photo), inputs=photo, outputs=outputs, show_progress="hidden")
    result.select(**private(on_click, HEAVY), inputs=[clicking, found, *inputs], outputs=outputs)
    visible.input(**private(on_keep, HEAVY), inputs=[visible, *inputs], outputs=outputs)
    return photo


async def on_hide(photo: Any, chosen: dict, style: str, strength: float, threshold: float, engine: str) -> tuple:
    """Hide the faces of the photo, with what the visitor decided about single faces."""
    threshold = or_automatic(threshold)
    chosen, forgotten = _of_these_faces(chosen, threshold, engine)
    file, facts = await hide_in_photo(photo, style, strength, threshold, chosen["keep"], chosen["boxes"], engine)
    path = file["path"]
    shown = await work(lambda _job: numbered(Path(path), facts["faces"]))
    numbers = [face["index"] for face in facts["faces"]]
    return (
        picture_file(shown, "faces.png")["path"],
        (photo["path"], path),
        _report(facts, _ANEW if forgotten else EMPTY),
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


def on_send(result: str | None) -> str:
    """The picture without faces, for another tab."""
    return result or ""


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
    if clicking == "box" and chosen["corner"] is None:  # nothing to hide yet: no reason to look at the photo again
        skip = gr.skip()
        return skip, skip, report_html(_ONE_CORNER), skip, skip, skip, {**chosen, "corner": (x, y)}
    chosen = _with_area(chosen, x, y) if clicking == "box" else _with_toggled(chosen, found, x, y)
    return await on_hide(photo, chosen, style, strength, threshold, engine)


async def on_keep(
    visible: list[int], photo: dict | None, chosen: dict, style: str, strength: float, threshold: float, engine: str
) -> tuple:
    """The list of faces to leave visible was changed (the way without a mouse)."""
    return await on_hide(photo, {**chosen, "keep": visible}, style, strength, threshold, engine)


def _of_these_faces(chosen: dict, threshold: float, engine: str) -> tuple[dict, bool]:
    """`chosen` as it holds for faces found so, and whether decisions were forgotten.

    Another engine or threshold numbers the faces anew: an old number would leave somebody else's face visible.
    """
    sought = [threshold, engines.choose("face_mosaic", engine).name]
    if chosen.get("sought", sought) == sought:
        return {**chosen, "sought": sought}, False
    return {**chosen, "keep": [], "sought": sought}, bool(chosen["keep"])


def _with_toggled(chosen: dict, found: list[dict], x: float, y: float) -> dict:
    """`chosen` with the smallest face around the point kept, if it was hidden, or hidden again."""
    under = [face for face in found if _contains(face["area"], x, y)]
    if not under:
        return chosen
    number = min(under, key=lambda face: face["area"][2] * face["area"][3])["index"]
    kept = set(chosen["keep"]) ^ {number}
    return {**chosen, "keep": sorted(kept)}


def _with_area(chosen: dict, x: float, y: float) -> dict:
    """`chosen` with one more area to hide, between the corner that is marked and this point."""
    left, top = chosen["corner"]
    box = [min(left, x), min(top, y), max(1, abs(left - x)), max(1, abs(top - y))]
    return {**chosen, "boxes": [*chosen["boxes"], box], "corner": None}


def _contains(area: list[float], x: float, y: float) -> bool:
    left, top, width, height = area
    return bool(left <= x < left + width and top <= y < top + height)


def _report(facts: dict, first: Text = EMPTY) -> str:
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
    return report_html(first + said)
