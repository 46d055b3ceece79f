"""Files that come in and go out of endpoints. The one place that turns an input into a path of this server.

Gradio does not check the file inputs of `gr.api`, so a raw request may name any file. Only real paths inside
Gradio's own upload folder are accepted here, links resolved; everything else is invalid input. Nor does this
server fetch an address that a request names: Gradio would download any public one, of any size.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from gradio import processing_utils
from gradio.data_classes import FileData
from gradio.processing_utils import save_file_to_cache
from gradio.utils import get_upload_folder
from PIL import Image

from pipelines import media
from pipelines.errors import InvalidInput
from pipelines.words import Text

NOT_UPLOADED = Text(
    en="This is not an uploaded file. Upload it first (with gradio_client: handle_file(...)).",
    ko="업로드된 파일이 아닙니다. 먼저 업로드해 주세요(gradio_client에서는 handle_file(...)).",
)

GONE = Text(
    en="The file is no longer on the server. Choose it again.",
    ko="파일이 서버에 더 이상 없습니다. 다시 골라 주세요.",
)


def uploaded(value: object, missing: Text) -> Path:
    """The path of an uploaded file. `missing` is said when nothing was given at all."""
    if value is None or value == "":
        raise InvalidInput(missing)
    name = _path_of(value)
    if name is None or "\0" in name:
        raise InvalidInput(NOT_UPLOADED)
    try:
        path = Path(_of_address(name)).resolve()
        inside = path.is_relative_to(Path(get_upload_folder()).resolve())
        if inside and not path.exists():  # uploads are deleted after a while
            raise InvalidInput(GONE)
        if not inside or not path.is_file():
            raise InvalidInput(NOT_UPLOADED)
    except (OSError, RuntimeError, ValueError):
        raise InvalidInput(NOT_UPLOADED) from None
    return path


def fetch_nothing() -> None:
    """Make file inputs refuse addresses, other than those that this server gave its own uploads (MCP sends them)."""
    processing_utils.async_ssrf_protected_download = _own_upload


async def _own_upload(url: str, cache_dir: str) -> str:
    """In place of Gradio's download of any public address: the upload behind it, or a path where nothing is.

    No error is raised here, since Gradio calls this before it knows the visitor; `uploaded` then speaks: of a path
    inside the upload folder that it is gone, of another that it was never uploaded.
    """
    try:
        return str(uploaded(url, NOT_UPLOADED))
    except InvalidInput as error:
        return str(Path(cache_dir) / "gone") if error.message == GONE else "not-uploaded"


def _of_address(name: str) -> str:
    """The path behind an address that this server gave to an upload; what is no address stays as it is."""
    if not name.lower().startswith(("http://", "https://")):
        return name
    return unquote(urlparse(name).path).partition("/gradio_api/file=")[2]


def original_name(value: object) -> str:
    """The name that the visitor's file had, without any folder. Falls back to the stored name."""
    given = value.get("orig_name") if isinstance(value, dict) else getattr(value, "orig_name", None)
    name = given if isinstance(given, str) and given else (_path_of(value) or "file")
    return name.replace("\\", "/").rsplit("/", 1)[-1] or "file"


def stem_of(value: object) -> str:
    """The original name without ending, safe as part of a file name on every system."""
    stem = Path(original_name(value)).stem
    kept = "".join(letter if letter.isalnum() or letter in " ._-()" else "_" for letter in stem)
    return kept.strip(" .")[:80] or "file"


def _path_of(value: object) -> str | None:
    if isinstance(value, dict):
        value = value.get("path")
    elif isinstance(value, FileData):
        value = value.path
    return value if isinstance(value, str) else None


def picture_file(image: Image.Image, name: str = "picture.png") -> dict[str, Any]:
    """A result picture as a PNG file that a client can download."""
    return bytes_file(media.png_bytes(image), name)


def bytes_file(data: bytes, name: str) -> dict[str, Any]:
    """Some bytes as a file that a client can download under `name`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        return kept_file(path)


def kept_file(path: Path) -> dict[str, Any]:
    """A copy of `path` in Gradio's cache, as the file value that clients understand. Gradio deletes it in time."""
    cached = save_file_to_cache(path, get_upload_folder())
    return dict(FileData(path=cached, orig_name=path.name).model_dump())
