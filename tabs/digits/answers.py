"""What the tab shows and does when a visitor draws, reads, clears or asks for a sample."""

from __future__ import annotations

import html
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image

from pipelines import digits, media
from pipelines.words import Text
from tabs._files import picture_file
from tabs._words import visitor_language
from tabs.digits.endpoints import read_digit, read_number, sample_digit

CANVAS = 320  # pixels; white paper, so that the brush is active at once
SEEN = Text(en="What the network saw (28 x 28)", ko="신경망이 본 그림 (28 x 28)")
_FOUND = Text(en="The digits that were found", ko="찾은 숫자들")
_LEAST_SURE = Text(en="least sure digit: {weakest:.1%}", ko="가장 자신 없는 숫자: {weakest:.1%}")


async def on_read(source: str, mode: str, drawing: dict | None, picture: dict | None, engine: str) -> tuple:
    """Read the drawing or the picture, whichever the visitor is looking at."""
    image = _drawn_file(drawing) if source == "draw" else picture
    if mode == "several":
        return await _several(image, engine)
    answer, seen, why = await read_digit(image, engine)
    return (*_show_digit(answer, seen), why["saliency"]["path"], [file["path"] for file in why["feature_maps"]])


async def on_upload(mode: str, picture: dict | None, engine: str) -> tuple:
    """Read a picture as soon as it is there."""
    return await on_read("picture", mode, None, picture, engine)


async def on_draw(source: str, mode: str, drawing: dict | None, engine: str) -> tuple:
    """Read while the visitor draws; an empty sheet clears the answer instead of complaining.

    A fresh sheet reports itself as drawn on some time after the page has opened: what was answered about a picture by
    then stays.
    """
    if source != "draw":
        return (gr.skip(),) * 5
    image = _drawn_file(drawing)
    if image is None:
        return "", None, None, None, None
    return await on_read(source, mode, drawing, None, engine)


async def on_clear() -> tuple:
    """A fresh sheet: the value is set anew, since an emptied editor has no active brush."""
    return blank_sheet(), None, "", None, None, None, None


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


async def chose_draw() -> str:
    return "draw"


async def chose_picture() -> str:
    return "picture"


async def show_picture_input() -> tuple:
    return gr.update(selected="picture"), "picture"


def blank_sheet() -> np.ndarray:
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
    label = SEEN.to(visitor_language())
    return _digit_html(answer), gr.update(value=chart, visible=True), gr.update(value=seen["path"], label=label)


def _digit_html(answer: dict) -> str:
    if answer["rejected"]:
        return _answer_html("?", answer["reason"])
    return _answer_html(answer["label"], f"{answer['confidences'][0]['confidence']:.1%}")


def _number_html(answer: dict) -> str:
    if not answer["text"]:
        return _answer_html("?", digits.NO_DIGITS.to(visitor_language()))
    weakest = min(one["confidence"] for one in answer["digits"])
    return _answer_html(answer["text"], _LEAST_SURE.format(weakest=weakest).to(visitor_language()))


def _answer_html(big: str, small: str) -> str:
    lines = "<br>".join(html.escape(line) for line in big.split("\n"))
    return (
        f'<div class="modu-answer" role="status"><div class="modu-big">{lines}</div><p>{html.escape(small)}</p></div>'
    )
