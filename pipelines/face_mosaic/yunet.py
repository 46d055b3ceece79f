"""YuNet, the small face detector of the OpenCV Zoo, run by OpenCV's `FaceDetectorYN`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from pipelines.engines import EngineSpec
from pipelines.errors import EngineUnavailable
from pipelines.face_mosaic import opencv
from pipelines.face_mosaic.boxes import none
from pipelines.words import Text

FILE = "face_detection_yunet_2023mar.onnx"

# Repository, file and size (233 kB): https://huggingface.co/opencv/face_detection_yunet/tree/main
# Licence: https://github.com/opencv/opencv_zoo/blob/main/models/face_detection_yunet/README.md ("MIT License")
SPEC = EngineSpec(
    task="face_mosaic",
    name="yunet",
    label=Text(en="YuNet (small and quick)", ko="YuNet (작고 빠름)"),
    kind="hub",
    rank=20,
    licence="MIT",
    size_mb=0.23,
    memory_mb=250,
    requires=("cv2",),
    repo="opencv/face_detection_yunet",
    files=(FILE,),
    verified=True,
)

MOST = 1000


def load(folder: Path | None) -> YuNetDetector:
    """The detector from the folder that holds its file."""
    cv2 = opencv.load()
    path = None if folder is None else folder / FILE
    if path is None or not path.is_file():
        raise EngineUnavailable(
            Text(
                en=f"The file {FILE} is missing. Fetch this engine again, or choose centerface.",
                ko=f"{FILE} 파일이 없습니다. 이 엔진을 다시 내려받거나 centerface를 골라 주세요.",
            )
        )
    return YuNetDetector(cv2, path)


class YuNetDetector:
    """Runs YuNet. Not for two threads at once. It gains nothing from closer looks: its scores are clear already."""

    default_threshold = 0.5  # benchmarks/faces.py; its authors' demo takes 0.9 and misses more
    sure = 0.0

    def __init__(self, cv2: Any, path: Path) -> None:
        self._cv2 = cv2
        self._net = cv2.FaceDetectorYN.create(str(path), "", (320, 320), self.default_threshold, 0.3, MOST)

    def find(self, image: np.ndarray, threshold: float) -> np.ndarray:
        height, width = image.shape[:2]
        self._net.setInputSize((width, height))
        self._net.setScoreThreshold(max(float(threshold), 1e-3))
        rows = self._net.detect(self._cv2.cvtColor(image, self._cv2.COLOR_RGB2BGR))[1]
        if rows is None:
            return none()
        return np.asarray(rows, np.float32)[:, [0, 1, 2, 3, 14]]
