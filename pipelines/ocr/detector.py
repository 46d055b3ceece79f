"""Where lines of text are: the detector that comes in the wheel of RapidOCR (PP-OCRv6, Apache-2.0), run by onnxruntime.

The network marks the inner part of each line; a line's box is the smallest slanted rectangle around such a mark,
grown again. Sizes are limited before anything is computed: a picture of one line, thousands of pixels wide and a few
high, must not be blown up to a square (known to eat gigabytes elsewhere).
"""

from __future__ import annotations

import importlib.util
import os
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.ocr.contract import Corners, Pixels

SHORT, LONG, MOST = 736, 1920, 2_400_000  # side lengths and pixels of what the network sees
EDGE = 0.02  # paper added around, in parts of the longer side: lines at the very rim are missed otherwise
MARKED, SURE, GROWN = 0.3, 0.5, 1.6  # as the network was made for
MOST_LINES = 1000
TALLEST = LONG / 0.6  # rows of a page that is seen at once, unless it is broad too
MOST_STRIPS, SLACK = 40, 8  # SLACK: pixels by which two strips may differ about where the same line is


def model_folder() -> Path:
    """The folder of the networks in RapidOCR's wheel; the package itself is not imported (it takes two seconds)."""
    spec = importlib.util.find_spec("rapidocr")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("rapidocr is not installed")
    return Path(next(iter(spec.submodule_search_locations))) / "models"


def session(path: Path) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = min(4, os.cpu_count() or 1)
    options.enable_cpu_mem_arena = False  # pages differ in size: kept memory would only grow
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


class Detector:
    """Finds lines on a page. One call at a time."""

    def __init__(self) -> None:
        self._session = session(next(model_folder().glob("*_det_*.onnx")))
        self._input = self._session.get_inputs()[0].name

    def find(self, page: Pixels) -> list[Corners]:
        """Corners of each line, clockwise from the upper left of a box that is wider than high.

        A long screenshot is looked at in strips: as a whole its letters would shrink to nothing.
        """
        found: list[Corners] = []
        parts = strips(*page.shape[:2])
        seams = [(above[1] + below[0]) / 2 for above, below in pairwise(parts)]
        for (start, end), top, bottom in zip(parts, [0, *seams], [*seams, page.shape[0]], strict=True):
            before = list(found)
            for corners in self._find(page[start:end]):
                corners[:, 1] += start
                centre = corners.mean(0)
                ours = top - SLACK <= centre[1] <= bottom + SLACK
                if ours and not any((one.min(0) <= centre).all() and (centre <= one.max(0)).all() for one in before):
                    found.append(corners)
        return found

    def _find(self, page: Pixels) -> list[Corners]:
        sheet, scale, shift = fitted(page)
        values = sheet.astype(np.float32).transpose(2, 0, 1)[None] / 127.5 - 1
        heat = self._session.run(None, {self._input: values[:, ::-1]})[0][0, 0]
        height, width = page.shape[:2]
        found = [(corners - shift) / scale for corners in boxes_of(heat)]
        for corners in found:
            corners[:, 0] = corners[:, 0].clip(0, width)
            corners[:, 1] = corners[:, 1].clip(0, height)
        return [corners for corners in found if min(sides(corners)) >= 3]


def strips(height: int, width: int) -> list[tuple[int, int]]:
    """First and last row of the parts in which a page is looked at: the whole, or strips that overlap."""
    if height <= max(TALLEST, 2.5 * width):
        return [(0, height)]
    length = max(2 * width, LONG, -(-height // MOST_STRIPS))
    overlap = length // 8  # more than a line is high
    count = -(-(height - overlap) // (length - overlap))
    starts = [round(at * (height - length) / (count - 1)) for at in range(count)]
    return [(start, start + length) for start in starts]


def fitted(page: Pixels) -> tuple[Pixels, np.ndarray, np.ndarray]:
    """The page on a sheet of a size that the network takes, with its scale (x, y) and shift."""
    import cv2

    height, width = page.shape[:2]
    scale = min(max(1.0, SHORT / min(height, width)), LONG / max(height, width))
    scale = min(scale, (MOST / (height * width)) ** 0.5)
    high, wide = max(1, round(height * scale)), max(1, round(width * scale))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = cv2.resize(page, (wide, high), interpolation=how)
    edge = max(16, round(EDGE * max(high, wide)))
    full = (-(-(high + 2 * edge) // 32) * 32, -(-(wide + 2 * edge) // 32) * 32)
    sheet = np.empty((*full, 3), np.uint8)
    sheet[:] = np.median(np.concatenate([small[0], small[-1], small[:, 0], small[:, -1]]), axis=0)
    sheet[edge : edge + high, edge : edge + wide] = small
    return sheet, np.array([wide / width, high / height]), np.array([edge, edge])


def boxes_of(heat: np.ndarray) -> list[Corners]:
    import cv2

    marked = cv2.dilate((heat > MARKED).astype(np.uint8), np.ones((2, 2), np.uint8))
    outlines = cv2.findContours(marked, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)[0]
    found = []
    for outline in outlines[:MOST_LINES]:
        centre, size, angle = cv2.minAreaRect(outline)
        if min(size) < 3:
            continue
        if mean_inside(heat, cv2.boxPoints((centre, size, angle))) < SURE:
            continue
        grown = GROWN * size[0] * size[1] / (2 * (size[0] + size[1]))
        found.append(upright(cv2.boxPoints((centre, (size[0] + 2 * grown, size[1] + 2 * grown), angle))))
    return found


def mean_inside(heat: np.ndarray, corners: np.ndarray) -> float:
    import cv2

    low = np.floor(corners.min(0)).astype(int).clip(0)
    high = np.ceil(corners.max(0)).astype(int) + 1
    part = heat[low[1] : high[1], low[0] : high[0]]
    if not part.size:
        return 0.0
    mask = np.zeros(part.shape, np.uint8)
    cv2.fillPoly(mask, [np.round(corners - low).astype(np.int32)], 1)
    return float(cv2.mean(part, mask)[0])


def upright(corners: np.ndarray) -> Corners:
    """The same corners, clockwise, beginning at the upper left one."""
    corners = corners.astype(np.float64)
    centre = corners.mean(0)
    around = np.argsort(np.arctan2(corners[:, 1] - centre[1], corners[:, 0] - centre[0]))
    corners = corners[around]
    first = int(np.argmin(corners.sum(1)))
    # Of a steep box the upper left corner is not the one next to the origin: begin where the top edge is flattest.
    best = min((first, (first + 1) % 4, (first - 1) % 4), key=lambda at: _steepness(corners[at], corners[(at + 1) % 4]))
    rolled: Corners = np.roll(corners, -best, axis=0)
    return rolled


def _steepness(start: np.ndarray, end: np.ndarray) -> float:
    """0 for an edge that runs to the right, growing with its slope, large for one that runs to the left."""
    return abs(float(np.arctan2(end[1] - start[1], end[0] - start[0])))


def sides(corners: Corners) -> tuple[float, float]:
    """Width and height of a box."""
    return float(np.hypot(*(corners[1] - corners[0]))), float(np.hypot(*(corners[3] - corners[0])))
