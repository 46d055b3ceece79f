"""Tesseract, where the system has it with Korean data: reads the lines that RapidOCR's detector finds.

Line by line on found boxes it misses far less than on whole pages, which have to be upright and of one column for it.
All lines of a page go to one run of the program, since it takes longer to start than to read.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from pipelines.engines import EngineSpec
from pipelines.errors import EngineFailed, EngineUnavailable
from pipelines.job import Job
from pipelines.ocr.contract import TASK, Corners, Pixels, Read, Word
from pipelines.ocr.detector import Detector
from pipelines.words import Text

SPEC = EngineSpec(
    task=TASK,
    name="tesseract",
    label=Text(en="Tesseract (of this system)", ko="Tesseract (시스템에 설치된 것)"),
    kind="embedded",
    rank=20,
    licence="Apache-2.0",
    size_mb=25,  # program, libraries and the data of Debian for two languages
    memory_mb=700,  # nearly all of it is the detector
    languages=("ko", "en"),
    requires=("rapidocr", "onnxruntime", "cv2"),
    programs=("tesseract",),
    verified=True,
)

DATA = {"ko": "kor", "en": "eng"}
HIGH, PAPER = 48, 12  # pixels: height of a line as the program likes it, and paper around
LONGEST_S = 120.0


def load(folder: Path | None) -> TesseractReader:
    there = set(_run(["tesseract", "--list-langs"], 20).split())
    if not there & set(DATA.values()):
        raise EngineUnavailable(
            Text(
                en="Tesseract is here without Korean or English data. "
                "Install tesseract-ocr-kor, or choose another engine.",
                ko="Tesseract에 한국어나 영어 데이터가 없습니다. "
                "tesseract-ocr-kor를 설치하거나 다른 엔진을 골라 주세요.",
            )
        )
    return TesseractReader(Detector(), there)


class TesseractReader:
    """Runs the program, once per page. One call at a time."""

    def __init__(self, detector: Detector, there: set[str]) -> None:
        self._detector = detector
        self._there = there

    def find(self, page: Pixels) -> list[Corners]:
        return self._detector.find(page)

    def read(self, cuts: Sequence[Pixels], language: str, job: Job) -> list[Read]:
        wanted = [DATA[name] for name in (["ko", "en"] if language == "auto" else language.split("+"))]
        data = "+".join(name for name in wanted if name in self._there) or "eng"
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            files = [str(_saved(cut, folder / f"{at:04}.png")) for at, cut in enumerate(cuts)]
            (folder / "list.txt").write_text("\n".join(files) + "\n", encoding="utf-8")
            job.check()
            table = _run(["tesseract", str(folder / "list.txt"), "-", "-l", data, "--psm", "7", "tsv"], LONGEST_S)
        return words_of(table, len(cuts))


def _saved(cut: Pixels, path: Path) -> Path:
    line = Image.fromarray(cut).convert("L")
    line = line.resize((max(8, round(line.width * HIGH / line.height)), HIGH), Image.Resampling.BICUBIC)
    grey = np.asarray(line)
    paper = int(np.median(np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])))
    if paper < 100:  # light letters on a dark ground
        line, paper = ImageOps.invert(line), 255 - paper
    ImageOps.expand(line, PAPER, paper).save(path)
    return path


def words_of(table: str, count: int) -> list[Read]:
    """The program's table of words, one page per line of text, as readings; its confidences are percent."""
    words: list[list[Word]] = [[] for _ in range(count)]
    for row in table.splitlines()[1:]:
        cells = row.split("\t")
        if len(cells) == 12 and cells[0] == "5" and cells[11].strip() and 1 <= int(cells[1]) <= count:
            words[int(cells[1]) - 1].append(Word(cells[11].strip(), float(cells[10]) / 100))
    return [
        Read(
            " ".join(word.text for word in line),
            sum(len(word.text) * word.score for word in line) / sum(len(word.text) for word in line),
            tuple(line),
        )
        if line
        else Read("", 0.0)
        for line in words
    ]


def _run(command: list[str], longest_s: float) -> str:
    try:
        done = subprocess.run(command, capture_output=True, timeout=longest_s, check=True)
    except (OSError, subprocess.SubprocessError):
        raise EngineFailed(
            Text(
                en="Tesseract stopped with an error. Try again or choose another engine.",
                ko="Tesseract가 오류로 멈췄습니다. 다시 시도하거나 다른 엔진을 골라 주세요.",
            )
        ) from None
    return done.stdout.decode("utf-8", "replace")
