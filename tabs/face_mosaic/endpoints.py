"""What programs call: hide the faces of a photo, of many photos, of a video."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gradio.data_classes import FileData

from pipelines import checks, face_mosaic, media, settings
from pipelines.face_mosaic import MosaicOptions
from pipelines.job import Job
from pipelines.words import Text
from tabs._calls import tell, work
from tabs._files import kept_file, original_name, picture_file, stem_of, uploaded
from tabs._words import visitor_language

NO_PHOTO = Text(en="Choose a photo first.", ko="먼저 사진을 골라 주세요.")
NO_FILES = Text(en="Choose one or more photos first.", ko="먼저 사진을 한 장 이상 골라 주세요.")
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
    options = as_options(style=style, strength=strength, threshold=threshold, keep=keep, boxes=boxes)

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
    options = as_options(style=style, strength=strength, threshold=threshold)
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
    options = as_options(style=style, strength=strength, threshold=threshold)
    return await cover_video(video, options, engine, watch=None)


async def cover_video(
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


def as_options(**values: Any) -> MosaicOptions:
    """What a visitor or a program asked for; the pipeline checks every value."""
    return MosaicOptions(**values)


def or_automatic(threshold: float) -> float:
    """The slider's value: all of it below 0 means the engine's own threshold, so that no place on it is an error."""
    return -1 if isinstance(threshold, (int, float)) and threshold < 0 else threshold
