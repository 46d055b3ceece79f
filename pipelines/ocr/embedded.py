"""The built-in engine: RapidOCR's detector and recogniser from its wheel, and our own recogniser for Korean."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate, pairwise
from pathlib import Path

from pipelines.engines import EngineSpec
from pipelines.job import Job
from pipelines.ocr.contract import TASK, Corners, Pixels, Read, Word
from pipelines.ocr.detector import Detector
from pipelines.ocr.recognisers import KoreanLines, RapidLines
from pipelines.words import Text

SPEC = EngineSpec(
    task=TASK,
    name="embedded",
    label=Text(en="Modu Korean reader with RapidOCR (built in)", ko="모두 한글 인식기와 RapidOCR (내장)"),
    kind="embedded",
    rank=30,
    licence="MIT (ours), Apache-2.0 (RapidOCR)",
    size_mb=38,  # detector and recogniser in the wheel, our own file
    memory_mb=800,  # peak that benchmarks/ocr.py saw
    languages=("ko", "en", "zh"),
    requires=("rapidocr", "onnxruntime", "cv2"),
    verified=True,
)

_HANGUL = re.compile("[가-힣ㄱ-ㅣ]")
_HAN = re.compile("[\u3040-\u30ff\u3400-\u9fff]")
_NARROW = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)} | {0x3000: " ", 0x3002: "."}
_CERTAIN = 0.85  # a Korean line read so well is not read a second time
_LATIN_BONUS = 0.03  # between equals, the recogniser that was made for Latin letters


def load(folder: Path | None) -> EmbeddedReader:
    return EmbeddedReader(Detector(), KoreanLines(), RapidLines())


class EmbeddedReader:
    """Reads each line with the recogniser that suits its script. One call at a time."""

    def __init__(self, detector: Detector, korean: KoreanLines, others: RapidLines) -> None:
        self._detector = detector
        self._korean = korean
        self._others = others

    def find(self, page: Pixels) -> list[Corners]:
        return self._detector.find(page)

    def read(self, cuts: Sequence[Pixels], language: str, job: Job) -> list[Read]:
        if language in ("en", "zh"):
            return [narrowed(read) for read in self._others.read(cuts)]
        reads = self._korean.read(cuts)
        if language == "ko":
            return reads
        job.check()
        doubtful = [at for at, read in enumerate(reads) if not _settled(read)]
        again = self._others.read([cuts[at] for at in doubtful]) if doubtful else []
        for at, other in zip(doubtful, again, strict=True):
            other = spaced(narrowed(other), reads[at])
            reads[at] = better(reads[at], other, chinese=language == "auto")
        return reads


def _settled(read: Read) -> bool:
    return read.score >= _CERTAIN and len(_HANGUL.findall(read.text)) >= 1


def narrowed(read: Read) -> Read:
    """A line without Chinese in ordinary width: the recogniser for Chinese likes its wide brackets and colons."""
    if _HAN.search(read.text):
        return read
    words = tuple(replace(word, text=word.text.translate(_NARROW)) for word in read.words)
    return replace(read, text=read.text.translate(_NARROW), words=words)


def spaced(read: Read, ours: Read) -> Read:
    """With the blanks of our reading, where its letters are the same: the other recogniser leaves many out."""
    parts = ours.text.split()
    if len(parts) <= len(read.text.split()) or "".join(parts) != "".join(read.text.split()):
        return read
    sure = [word.score for word in read.words for _ in word.text]
    ends = list(accumulate(map(len, parts), initial=0))
    words = (Word(part, min(sure[start:end])) for part, (start, end) in zip(parts, pairwise(ends), strict=True))
    return replace(read, text=ours.text, words=tuple(words) if sure else ())


def better(ours: Read, other: Read, chinese: bool = True) -> Read:
    """Our reading of a line, or that of the recogniser for Chinese and English, which knows no Hangul."""
    if _HAN.search(other.text):
        # Hangul looks like Chinese to it: it has to be clearly surer than ours.
        return other if chinese and other.score > ours.score + 0.1 else ours
    if not other.text or not ours.text:
        return max(ours, other, key=lambda read: read.score * bool(read.text))
    if _HANGUL.search(ours.text):
        return other if other.score > ours.score + 0.15 else ours
    return other if other.score + _LATIN_BONUS >= ours.score else ours
