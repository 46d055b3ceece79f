"""PaddleOCR's Korean recogniser (PP-OCRv5 mobile) as RapidOCR publishes it for onnxruntime.

Address and checksum: `default_models.yaml` in the wheel of rapidocr 3.10.0. PaddleOCR and RapidOCR are Apache-2.0.
The size was read at no public source: PaddleOCR's documentation says 14 MB for the model it was made from.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipelines import downloads
from pipelines.downloads import WebFile
from pipelines.engines import EngineSpec
from pipelines.errors import EngineUnavailable
from pipelines.job import Job
from pipelines.ocr.contract import TASK, Corners, Pixels, Read
from pipelines.ocr.detector import Detector
from pipelines.ocr.recognisers import RapidLines
from pipelines.words import Text

FILE = WebFile(
    "rapidocr",
    "korean_PP-OCRv5_rec_mobile.onnx",
    "https://www.modelscope.cn/models/RapidAI/RapidOCR/resolve/v3.10.0/onnx/PP-OCRv5/rec/korean_PP-OCRv5_rec_mobile.onnx",
    "cd6e2ea50f6943ca7271eb8c56a877a5a90720b7047fe9c41a2e541a25773c9b",
)
SPEC = EngineSpec(
    task=TASK,
    name="ppocr-korean",
    label=Text(en="PP-OCRv5 Korean (PaddleOCR)", ko="PP-OCRv5 한국어 (PaddleOCR)"),
    kind="hub",
    rank=25,
    licence="Apache-2.0",
    size_mb=14,
    memory_mb=800,
    languages=("ko", "en"),
    requires=("rapidocr", "onnxruntime", "cv2"),
    repo="RapidAI/RapidOCR",  # on ModelScope
    files=(FILE.name,),
    web_files=(FILE,),
)


def load(folder: Path | None) -> PaddleReader:
    path = (folder or Path()) / FILE.name
    if not downloads.checked(path, FILE.sha256):
        raise EngineUnavailable(
            Text(
                en=f"The file {FILE.name} is damaged (its checksum is wrong). Delete it and fetch it again.",
                ko=f"{FILE.name} 파일이 손상되었습니다(체크섬이 다릅니다). 지우고 다시 내려받아 주세요.",
            )
        )
    return PaddleReader(Detector(), RapidLines(path))


class PaddleReader:
    """One call at a time."""

    def __init__(self, detector: Detector, lines: RapidLines) -> None:
        self._detector = detector
        self._lines = lines

    def find(self, page: Pixels) -> list[Corners]:
        return self._detector.find(page)

    def read(self, cuts: Sequence[Pixels], language: str, job: Job) -> list[Read]:
        job.check()
        return self._lines.read(cuts)
