"""The two line recognisers that need no download: our own (Korean, English) and RapidOCR's (Chinese, English)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.ocr.contract import Pixels, Read, Word
from pipelines.ocr.detector import model_folder, session
from pipelines.ocr.lines import batch_of, prepared

KOREAN = Path(__file__).resolve().parents[2] / "assets" / "ocr" / "korean.onnx"
# Our network looks every 4 pixels. Between two looks a narrow letter (the I of HDMI) is lost beside a wide one.
WIDER = 1.1
COLUMNS = 12_000  # of a batch: what is read together


class KoreanLines:
    """Our own recogniser, `training/ocr_korean.py`. One call at a time."""

    def __init__(self, path: Path = KOREAN) -> None:
        from pipelines.ocr.characters import CHARACTERS

        self._session = session(path)
        self._characters = ["", *CHARACTERS]

    def read(self, cuts: Sequence[Pixels]) -> list[Read]:
        lines = [prepared(cut, WIDER) for cut in cuts]
        result = [Read("", 0.0)] * len(lines)
        for group in groups([line.shape[1] for line in lines]):
            numbers, chances = self._session.run(None, {"lines": batch_of([lines[at] for at in group])})
            for at, best, chance in zip(group, numbers, chances, strict=True):
                result[at] = collapsed(best, chance, self._characters)
        return result


class RapidLines:
    """The recogniser in RapidOCR's wheel (or a file of the same make): 48 pixels high, colours as they are."""

    def __init__(self, path: Path | None = None) -> None:
        self._session = session(path or next(model_folder().glob("*_rec_*.onnx")))
        self._input = self._session.get_inputs()[0].name
        written = self._session.get_modelmeta().custom_metadata_map["character"].splitlines()
        self._characters = ["", *written, " "]

    def read(self, cuts: Sequence[Pixels]) -> list[Read]:
        lines = [_rapid_line(cut) for cut in cuts]
        result = [Read("", 0.0)] * len(lines)
        for group in groups([line.shape[2] for line in lines]):
            wide = max(lines[at].shape[2] for at in group)
            batch = np.zeros((len(group), 3, 48, max(wide, 48)), np.float32)
            for place, at in enumerate(group):
                batch[place, :, :, : lines[at].shape[2]] = lines[at]
            scores = self._session.run(None, {self._input: batch})[0]
            for at, line in zip(group, scores, strict=True):
                result[at] = collapsed(line.argmax(-1), line.max(-1), self._characters)
        return result


def _rapid_line(cut: Pixels) -> np.ndarray:
    import cv2

    wide = int(np.clip(np.ceil(48 * cut.shape[1] / cut.shape[0]), 8, 3200))
    small = cv2.resize(cut, (wide, 48))[:, :, ::-1]
    line: np.ndarray = small.astype(np.float32).transpose(2, 0, 1) / 127.5 - 1
    return line


def groups(widths: Sequence[int]) -> list[list[int]]:
    """Numbers of lines that are read together: of like width, not too many columns in all."""
    made: list[list[int]] = []
    for at in sorted(range(len(widths)), key=lambda at: widths[at]):
        if not made or (len(made[-1]) + 1) * widths[at] > COLUMNS:
            made.append([])
        made[-1].append(at)
    return made


def collapsed(best: np.ndarray, chance: np.ndarray, characters: Any) -> Read:
    """Best characters and their probabilities at each place to a text: repeats and blanks fall away."""
    starts = np.flatnonzero(np.concatenate([[True], best[1:] != best[:-1]]))
    peaks = np.maximum.reduceat(chance, starts)
    written = best[starts] != 0
    new, sure = starts[written], peaks[written]
    letters = [characters[best[at]] for at in new]
    words = words_of(letters, sure)
    return Read(" ".join(word.text for word in words), float(chance[new].mean()) if len(new) else 0.0, words)


def words_of(letters: Sequence[str], sure: Sequence[float]) -> tuple[Word, ...]:
    """Letters with their probabilities as words, each as sure as its least sure letter."""
    parts = groupby(zip(letters, sure, strict=True), key=lambda letter: letter[0].isspace())
    found = [list(part) for blank, part in parts if not blank]
    return tuple(
        Word("".join(letter for letter, _ in word), float(min(chance for _, chance in word))) for word in found
    )
