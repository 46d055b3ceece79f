"""OpenCV's frontal-face cascade of 2001 (Viola and Jones): the classic of the course, kept to be compared with.

It knows upright frontal faces only and takes patterns for faces easily.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from pipelines.engines import EngineSpec
from pipelines.errors import EngineUnavailable
from pipelines.face_mosaic import opencv
from pipelines.face_mosaic.boxes import none
from pipelines.words import Text

CASCADE = "haarcascade_frontalface_default.xml"

SPEC = EngineSpec(
    task="face_mosaic",
    name="haar",
    label=Text(en="Haar cascade (weak, for comparison)", ko="하르 캐스케이드 (약함, 비교용)"),
    kind="embedded",
    rank=10,
    licence="Intel License Agreement for Open Source Computer Vision Library",  # head of the cascade file
    size_mb=0.9,
    memory_mb=120,
    requires=("cv2",),
    note=Text(
        en="Misses turned, covered and small faces. Use it to learn, not to protect people.",
        ko="옆얼굴, 가려진 얼굴, 작은 얼굴을 놓칩니다. 학습용이며 보호용으로는 알맞지 않습니다.",
    ),
)

# A face is usually hit by several windows. Hits become a score from 0 to 1: 1 hit 0.2, 4 hits 0.5, 16 hits 0.8.
HALF_SURE_HITS = 4
SMALLEST_PX = 20


def load(folder: Path | None) -> HaarDetector:
    """The detector. OpenCV 5 ships no cascade files, and a cascade without its file loads silently empty."""
    cv2 = opencv.load()
    path = Path(cv2.__file__).parent / "data" / CASCADE
    cascade = cv2.CascadeClassifier(str(path)) if hasattr(cv2, "CascadeClassifier") and path.is_file() else None
    if cascade is None or cascade.empty():
        raise EngineUnavailable(
            Text(
                en=f"This OpenCV has no face cascade. Install version 4.14: {opencv.FIX}",
                ko=f"설치된 OpenCV에 얼굴 캐스케이드가 없습니다. 4.14 버전을 설치해 주세요: {opencv.FIX}",
            )
        )
    return HaarDetector(cascade)


class HaarDetector:
    """Runs the cascade over a grey pyramid. Not for two threads at once."""

    default_threshold = 0.4  # three hits, OpenCV's own default
    sure = 0.0

    def __init__(self, cascade: Any) -> None:
        self._cascade = cascade

    def find(self, image: np.ndarray, threshold: float) -> np.ndarray:
        cv2 = opencv.load()
        if min(image.shape[:2]) < SMALLEST_PX:
            return none()
        grey = cv2.equalizeHist(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))
        boxes, hits = self._cascade.detectMultiScale2(
            grey, scaleFactor=1.1, minNeighbors=1, minSize=(SMALLEST_PX, SMALLEST_PX)
        )
        if not len(boxes):
            return none()
        scores = np.asarray(hits, np.float32).reshape(-1, 1)
        scores = scores / (scores + HALF_SURE_HITS)
        found = np.hstack([np.asarray(boxes, np.float32), scores])
        return found[found[:, 4] >= threshold]
