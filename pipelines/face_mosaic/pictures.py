"""Hide the faces of one picture: check the choices, find, hide, look again. The task's verb lives here."""

from __future__ import annotations

import numpy as np
from PIL import Image

from pipelines import engines, media
from pipelines.errors import InvalidInput
from pipelines.face_mosaic.boxes import covered, grow, merge, overlaps, pixels
from pipelines.face_mosaic.contract import (
    AUTOMATIC,
    Box,
    Face,
    FaceDetector,
    HiddenFaces,
    MosaicOptions,
    checked,
    inside,
)
from pipelines.face_mosaic.detect import closer_faces, find_faces
from pipelines.face_mosaic.hide import ROUNDS, hide
from pipelines.job import Job
from pipelines.words import Text

WHOLE = 1.3  # width of a grown area relative to its box, where an edge of the picture may have cut it

_LOOKING = Text(en="Looking for faces...", ko="얼굴을 찾는 중...")
_HIDING = Text(en="Hiding {count} faces...", ko="얼굴 {count}개를 가리는 중...")
_CHECKING = Text(en="Checking the result...", ko="결과를 다시 확인하는 중...")


def hide_faces(
    image: Image.Image, options: MosaicOptions | None = None, engine: object = "auto", job: Job | None = None
) -> HiddenFaces:
    """Find the faces of a picture and make them unrecognisable; everything else stays bit-identical.

    `options.keep` names faces by index to leave as they are, `options.boxes` adds areas by hand: they follow
    the found faces with score 1 and may be kept as well. An unknown index or a box outside is an `InvalidInput`.
    """
    job = job or Job()
    options = checked(options or MosaicOptions())
    hand = inside(options.boxes, image.width, image.height)
    job.check()
    with engines.use("face_mosaic", engine, job) as (spec, detector):
        threshold = threshold_for(detector, options.threshold)
        job.progress(0.05, _LOOKING)
        found = _find(detector, image, threshold, job)
        faces = _faces(found, hand, options, image.width, image.height)
        canvas = np.array(image.convert("RGB"))
        still = _hide_until_unseen(detector, canvas, faces, options, job)
    result = Image.fromarray(canvas)
    if image.mode == "RGBA":
        result.putalpha(image.getchannel("A"))
    return HiddenFaces(result, faces, len(still), spec.name)


def threshold_for(detector: FaceDetector, asked: float) -> float:
    return detector.default_threshold if asked == AUTOMATIC else asked


def _find(detector: FaceDetector, image: Image.Image, threshold: float, job: Job) -> np.ndarray:
    """Found faces. A see-through picture is searched twice: as it looks on paper, and with what its alpha covers."""
    plain = np.asarray(image.convert("RGB"))
    found = find_faces(detector, plain, threshold, job)
    if image.mode == "RGBA" and int(np.asarray(image.getchannel("A")).min()) < 255:
        on_paper = find_faces(detector, np.asarray(media.to_rgb(image)), threshold, job)
        found = merge(np.vstack([found, on_paper]))
        found = found[np.lexsort((found[:, 0], found[:, 1]))]
    return found


def _faces(
    found: np.ndarray, hand: tuple[Box, ...], options: MosaicOptions, width: int, height: int
) -> tuple[Face, ...]:
    """The report: found faces by index, then the boxes made by hand."""
    count = len(found) + len(hand)
    unknown = sorted(index for index in options.keep if index >= count)
    if unknown:
        raise _no_such_face(unknown[0], count)
    faces = []
    for index, row in enumerate(found):
        box = pixels(row, width, height)
        area = grow(box, options.strength, width, height)
        faces.append(Face(index, box, area, round(float(row[4]), 4), index not in options.keep))
    for index, box in enumerate(hand, len(found)):
        faces.append(Face(index, box, box, 1.0, index not in options.keep))
    return tuple(faces)


def _hide_until_unseen(
    detector: FaceDetector,
    canvas: np.ndarray,
    faces: tuple[Face, ...],
    options: MosaicOptions,
    job: Job,
) -> list[Face]:
    """Hide in place. What the detector finds again is hidden once more, coarser. Returns what it finds in the end."""
    kept = np.array([face.box for face in faces if not face.hidden], np.float32).reshape(-1, 4)
    left = [face for face in faces if face.hidden]
    for again in range(ROUNDS):
        if not left:
            break
        job.progress(0.6 + 0.1 * again, _HIDING.format(count=len(left)) if not again else _CHECKING)
        for face in left:
            whole_width = face.box[2] * WHOLE if face.area != face.box else 0
            hide(canvas, face.area, options.style, options.strength, whole_width, again)
        left = _seen_again(detector, canvas, left, kept)
    return left


def _seen_again(detector: FaceDetector, canvas: np.ndarray, hidden: list[Face], kept: np.ndarray) -> list[Face]:
    """Those hidden faces that the detector sees, at its own threshold, when it looks closely at each hidden area."""
    rows = np.array([[*face.box, face.score] for face in hidden], np.float32)
    looks = closer_faces(detector, canvas, rows, detector.default_threshold)
    return [
        face
        for face, row, found in zip(hidden, rows, looks, strict=True)
        if any(_is_this(seen, row, kept) for seen in found)
    ]


def _is_this(seen: np.ndarray, hidden: np.ndarray, kept: np.ndarray) -> bool:
    """Whether what the detector saw is the hidden face and not a kept neighbour."""
    if len(kept) and (overlaps(seen, kept) >= 0.3).any():
        return False
    one = hidden[None, :4]
    return bool(overlaps(seen, one)[0] >= 0.2 or covered(seen, one)[0] >= 0.5)


def _no_such_face(index: int, count: int) -> InvalidInput:
    if not count:
        return InvalidInput(
            Text(
                en=f"keep names face {index}, but none was found in this picture.",
                ko=f"keep에 {index}번 얼굴이 있지만, 이 사진에서는 얼굴을 찾지 못했습니다.",
            )
        )
    return InvalidInput(
        Text(
            en=f"keep names face {index}, but this picture has only the faces 0 to {count - 1}.",
            ko=f"keep에 {index}번 얼굴이 있지만, 이 사진에는 0번부터 {count - 1}번까지만 있습니다.",
        )
    )
