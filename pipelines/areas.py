"""Where faces and lines of text lie in a picture, as areas to be marked.

Knows two tasks, by their public verbs only.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from pipelines import engines, face_mosaic, ocr
from pipelines.errors import EngineUnavailable
from pipelines.face_mosaic import MosaicOptions
from pipelines.job import Job
from pipelines.words import Text

Area = tuple[int, int, int, int]  # x, y, width, height
Corners = tuple[tuple[float, float], ...]  # four, clockwise from where the text begins
AROUND_TEXT = 0.2  # of a line's height


def faces(image: Image.Image, job: Job) -> list[Area]:
    """The areas of all faces that are found, hair and chin included."""
    return [face.area for face in face_mosaic.hide_faces(image, MosaicOptions(style="solid"), job=job).faces]


def text(path: Path, job: Job) -> list[Corners]:
    """The corners of each line of text in a picture file.

    A reader that tells places is asked; one that reads whole pages, and may be the best-ranked here, tells none.
    """
    page = ocr.read(path, engine=_finder(), job=job).pages[0]
    return [line.box for line in page.lines]


def around(lines: Sequence[Corners]) -> int:
    """Pixels around lines of text that belong to them: detectors stop at the letters, shadows and blur do not."""
    heights = [math.dist(corners[0], corners[3]) for corners in lines]
    return max(2, round(statistics.median(heights) * AROUND_TEXT))


def _finder() -> str:
    """The best reader of those that come with the app: all of them find lines."""
    for spec in engines.specs(ocr.TASK):
        if spec.kind == "embedded" and engines.status(spec) in ("ready", "loaded"):
            return spec.name
    raise EngineUnavailable(
        Text(
            en="No built-in reader of text works on this machine. See the models panel for what is missing.",
            ko="이 컴퓨터에서 쓸 수 있는 내장 글자 읽기 엔진이 없습니다. 모델 패널에서 빠진 것을 확인하세요.",
        )
    )
