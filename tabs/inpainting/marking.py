"""A picture comes in, and a mask is put on it: faces, text, a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image

from pipelines import areas, checks, media
from pipelines.inpainting import masks, strokes
from pipelines.job import Job
from pipelines.words import Text
from tabs._calls import tell, work
from tabs._files import bytes_file, kept_file, original_name, uploaded
from tabs._parts import EXAMPLES
from tabs._words import visitor_language
from tabs.inpainting import editor
from tabs.inpainting.endpoints import NO_PICTURE

EXAMPLE_PICTURES = sorted((EXAMPLES / "inpainting").glob("*.jpg"))  # each beside its mask

_NO_MASK_FILE = Text(en="Choose a mask file.", ko="마스크 파일을 골라 주세요.")
_NO_FACE = Text(
    en="No face was found. Paint over what should change by hand.",
    ko="얼굴을 찾지 못했습니다. 바꿀 곳을 직접 칠해 주세요.",
)
_NO_TEXT = Text(
    en="No text was found. Paint over what should change by hand.",
    ko="글자를 찾지 못했습니다. 바꿀 곳을 직접 칠해 주세요.",
)
_EMPTY_FILE = Text(
    en="That mask marks nothing: white, or what is opaque, is repainted.",
    ko="이 마스크에는 표시된 곳이 없습니다. 흰색이나 불투명한 부분을 다시 그립니다.",
)


async def on_picture(picture: Any) -> tuple:
    """Open what was uploaded, pasted or photographed."""
    return (gr.skip(),) * 7 if picture is None else await _opened(picture)


async def on_example(index: int) -> tuple:
    """Open one of the examples, with the mask that lies beside it."""
    path = EXAMPLE_PICTURES[checks.whole(index, "example", 0, len(EXAMPLE_PICTURES) - 1)]
    beside = path.with_name(f"{path.stem}-mask.png")
    return await _opened(kept_file(path), _mask_file(beside) if beside.is_file() else None)


async def on_arrival(sent: Any) -> tuple:
    """Open what another tab sent: the path of a picture, or {"picture": path, "areas": boxes to be marked}."""
    if not sent:
        return (gr.skip(),) * 8
    given = sent if isinstance(sent, dict) else {"picture": sent, "areas": []}
    found = given["areas"]
    marked = (lambda image: _text_mask(found, image)) if found else None
    return (*await _opened({"path": given["picture"]}, marked), None)


async def on_another() -> tuple:
    """Back to choosing a picture: the one before is not repainted any more."""
    return None, gr.update(visible=True), gr.update(visible=False), None, editor.nothing()


async def on_faces(source: dict | None, board: dict) -> Any:
    """Mark all faces."""

    def find(job: Job, image: Image.Image, _path: Path) -> Image.Image | None:
        found = areas.faces(image, job)
        return masks.from_boxes(found, *image.size) if found else None

    return await _marked(source, board, find, _NO_FACE)


async def on_text(source: dict | None, board: dict) -> Any:
    """Mark all lines of text."""

    def find(job: Job, image: Image.Image, path: Path) -> Image.Image | None:
        found = areas.text(path, job)
        return _text_mask(found, image) if found else None

    return await _marked(source, board, find, _NO_TEXT)


async def on_mask(source: dict | None, board: dict, file: Any) -> Any:
    """The mask of a file in place of the one that is drawn."""
    path, given = editor.picture_path(source, board), uploaded(file, _NO_MASK_FILE)

    def read(_job: Job) -> str:
        image = media.open_picture(path).image
        return strokes.write(_mask_file(given)(image), *image.size)

    mask = await work(read)
    if not mask:
        tell(_EMPTY_FILE)
        return gr.skip()
    return editor.with_mask(board, mask)


async def _opened(picture: Any, marked: Any = None) -> tuple:
    """Values for source, editor, intake, desk and what is left of the last result. `marked`: a picture's mask."""
    path = uploaded(picture, NO_PICTURE)

    def look(_job: Job) -> tuple[Any, ...]:
        opened = media.open_picture(path)
        screen = strokes.for_screen(opened.image, quick=True)
        shown = bytes_file(screen.data, f"picture.{screen.ending}")["path"]
        return opened.notice, opened.image.size, shown, marked(opened.image) if marked else None

    notice, (width, height), shown, mask = await work(look)
    tell(notice)
    source = {"path": str(path), "orig_name": original_name(picture)}
    board = editor.of_picture(shown, width, height, mask, visitor_language())
    return source, board, gr.update(visible=False), gr.update(visible=True), *NO_RESULT


NO_RESULT = (None, "", gr.update(visible=False))  # comparison, report, the box of what can be done with a result


async def _marked(source: dict | None, board: dict, find: Any, nothing: Text) -> Any:
    """The editor's value with what `find` marks in addition to what is drawn."""
    path, drawn = editor.picture_path(source, board), editor.drawn(board)

    def look(job: Job) -> str:
        image = media.open_picture(path).image
        found = find(job, image, path)
        return strokes.write(strokes.joined(drawn, found), *image.size) if found is not None else ""

    mask = await work(look)
    if not mask:
        tell(nothing)
        return gr.skip()
    return editor.with_mask(board, mask)


def _text_mask(lines: Any, image: Image.Image) -> Image.Image:
    return masks.from_boxes(lines, *image.size, margin=areas.around(lines))


def _mask_file(path: Path) -> Any:
    """What makes the mask in a file one of the picture's size."""

    def fitted(image: Image.Image) -> Image.Image:
        return masks.to_picture(masks.fitted(masks.read(media.open_picture(path).image), *image.size))

    return fitted
