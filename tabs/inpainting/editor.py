"""The picture with a mask drawn on it: what `editor.js` gets and gives."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image

from pipelines.inpainting import strokes
from pipelines.words import Language, Text
from tabs._files import GONE, uploaded
from tabs.inpainting.endpoints import NO_PICTURE

_FOLDER = Path(__file__).parent

_WORDS: dict[str, Text] = {
    "tools": Text(en="Tools for the mask", ko="마스크 도구"),
    "canvas": Text(en="Picture with the mask", ko="마스크를 칠할 사진"),
    "picture": Text(en="The picture to repaint", ko="다시 그릴 사진"),
    "brush": Text(en="Brush (B)", ko="브러시 (B)"),
    "eraser": Text(en="Eraser (E)", ko="지우개 (E)"),
    "box": Text(en="Box (R)", ko="상자 (R)"),
    "hand": Text(en="Move the picture (H)", ko="사진 옮기기 (H)"),
    "size": Text(en="Brush size", ko="브러시 크기"),
    "undo": Text(en="Undo (Ctrl+Z)", ko="실행 취소 (Ctrl+Z)"),
    "redo": Text(en="Redo (Ctrl+Y)", ko="다시 실행 (Ctrl+Y)"),
    "clear": Text(en="Clear the mask", ko="마스크 지우기"),
    "invert": Text(en="Invert the mask", ko="마스크 반전"),
    "closer": Text(en="Zoom in (+)", ko="확대 (+)"),
    "farther": Text(en="Zoom out (-)", ko="축소 (-)"),
    "fit": Text(en="Whole picture (0)", ko="전체 보기 (0)"),
    "last": Text(en="Last mask once more", ko="지난 마스크 다시 쓰기"),
    "save": Text(en="Download the mask", ko="마스크 내려받기"),
    "hint": Text(
        en="Paint over what should change. Ctrl and wheel, or two fingers, zoom; [ and ] change the brush.",
        ko="바꿀 곳을 칠하세요. Ctrl+휠이나 두 손가락으로 확대하고, [ ] 키로 브러시 크기를 바꿉니다.",
    ),
}


def build() -> gr.HTML:
    return gr.HTML(
        {**nothing(), "id": ""},
        html_template="",
        css_template=(_FOLDER / "editor.css").read_text(encoding="utf-8"),
        js_on_load=(_FOLDER / "editor.js").read_text(encoding="utf-8"),
        elem_id="inpaint-editor",
        padding=False,
        apply_default_css=False,
    )


def nothing() -> dict[str, Any]:
    """The component's value without a picture."""
    return {"id": secrets.token_hex(4), "picture": None, "mask": "", "words": {}}


def of_picture(shown: str, width: int, height: int, mask: Image.Image | None, language: Language) -> dict[str, Any]:
    """The component's value for another picture. `shown`: the path of what the screen gets of it."""
    picture = {"source": shown, "width": width, "height": height, "drawn": list(strokes.surface(width, height))}
    return {
        "id": secrets.token_hex(4),
        "picture": picture,
        "mask": strokes.write(mask, width, height),
        "words": {name: text.to(language) for name, text in _WORDS.items()},
    }


def with_mask(board: dict[str, Any], mask: str) -> dict[str, Any]:
    """The component's value with another mask on the same picture."""
    return {**board, "id": secrets.token_hex(4), "mask": mask}


def drawn(board: object) -> Image.Image | None:
    """The mask that is drawn there; None for nothing. What a browser sends is not trusted."""
    return strokes.read(board.get("mask")) if isinstance(board, dict) else None


def picture_path(source: object, board: object) -> Path:
    """The visitor's picture. It is on the screen but not known here when the server was restarted meanwhile."""
    shown = isinstance(board, dict) and board.get("picture")
    return uploaded(source, GONE if shown else NO_PICTURE)
