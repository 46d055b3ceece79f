"""The page with its boxes and lines, as one component; the script and the style sheet beside this file draw it."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import gradio as gr

from pipelines.ocr import Line
from pipelines.ocr.drawing import WORD_DOUBT, is_doubtful
from pipelines.words import Language, Text
from tabs.ocr.documents import Document, page_picture, upright_boxes

_FOLDER = Path(__file__).parent

_WORDS: dict[str, Text] = {
    "nothing": Text(
        en="The page and its text will stand here, line by line.", ko="읽은 쪽과 글이 한 줄씩 여기에 나옵니다."
    ),
    "hint": Text(en="Point at a line to find it.", ko="줄을 가리키면 짝이 함께 밝아집니다."),
    "larger": Text(en="Enlarge", ko="크게 보기"),
    "smaller": Text(en="Fit", ko="맞춰 보기"),
    "boxes": Text(en="Lines found on the page", ko="쪽에서 찾은 줄"),
    "picture": Text(en="The page that was read", ko="읽은 쪽의 그림"),
    "lines": Text(en="Text, line by line", ko="한 줄씩 본 글"),
    "line": Text(en="Line", ko="줄"),
    "edit": Text(en="Click a line to correct it.", ko="줄을 눌러 고칠 수 있습니다."),
    "doubtful": Text(en="not sure", ko="확실하지 않음"),
    "check": Text(en="Next to check", ko="다음 확인할 줄"),
}


def build() -> gr.HTML:
    return gr.HTML(
        empty("en"),
        html_template="",
        css_template=(_FOLDER / "view.css").read_text(encoding="utf-8"),
        js_on_load=(_FOLDER / "view.js").read_text(encoding="utf-8"),
        elem_id="ocr-view",
        padding=False,
        apply_default_css=False,
    )


def empty(language: Language) -> dict[str, Any]:
    """The component's value with nothing read."""
    return {"id": secrets.token_hex(4), "page": None, "words": _words(language)}


def of_page(document: Document, which: int, language: Language) -> dict[str, Any]:
    """The component's value for the page looked at; `which` is the document's number on the desk."""
    index = document.page
    width, height, boxes = upright_boxes(document.pages[index])
    lines = [
        _line(text, line, box)
        for text, line, box in zip(document.texts[index], document.pages[index].lines, boxes, strict=True)
    ]
    page = {
        "document": which,
        "page": index,
        "picture": page_picture(document, index),
        "width": width,
        "height": height,
        "lines": lines,
    }
    return {"id": secrets.token_hex(4), "page": page, "words": _words(language)}


def _line(text: str, line: Line, box: list[list[float]]) -> dict[str, Any]:
    """`words`: each word and, of a doubtful one, how sure it is; empty where only the line is known, or corrected."""
    kept = text == line.text
    words = [[word.text, f"{word.score:.0%}" if word.score < WORD_DOUBT else ""] for word in line.words if kept]
    # A line is as sure as its least sure word: of many words, the mean hides the one that is wrong.
    least = min([line.score, *(word.score for word in line.words)])
    return {"text": text, "words": words, "sure": f"{least:.0%}", "doubtful": kept and is_doubtful(line), "box": box}


def _words(language: Language) -> dict[str, str]:
    return {name: text.to(language) for name, text in _WORDS.items()}
