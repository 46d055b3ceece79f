"""Arithmetic on boxes [x, y, w, h]: overlap, merging, growing. Pure numpy."""

from __future__ import annotations

import numpy as np

from pipelines.face_mosaic.contract import Box

SAME = 0.3  # two boxes that overlap by this much (intersection over union) are one face


def none() -> np.ndarray:
    """No detections: no rows of x, y, w, h, score."""
    return np.zeros((0, 5), np.float32)


def overlaps(one: np.ndarray, many: np.ndarray) -> np.ndarray:
    """Intersection over union of one box with each of many."""
    inter = _intersections(one, many)
    union = one[2] * one[3] + many[:, 2] * many[:, 3] - inter
    return np.asarray(inter / np.maximum(union, 1e-9))


def covered(one: np.ndarray, many: np.ndarray) -> np.ndarray:
    """The share of `one` that lies inside each of many."""
    return np.asarray(_intersections(one, many) / max(float(one[2] * one[3]), 1e-9))


def merge(found: np.ndarray, same: float = SAME) -> np.ndarray:
    """Each face once: of boxes that overlap by `same`, the one with the best score stays."""
    left = found[np.argsort(-found[:, 4], kind="stable")]
    kept = []
    while len(left):
        kept.append(left[0])
        left = left[1:][overlaps(left[0], left[1:]) < same]
    return np.array(kept, np.float32).reshape(-1, 5)


def clip(found: np.ndarray, width: int, height: int) -> np.ndarray:
    """Boxes cut at the edges of the picture; those wholly outside or without size are dropped."""
    left, top = np.maximum(found[:, 0], 0), np.maximum(found[:, 1], 0)
    right = np.minimum(found[:, 0] + found[:, 2], width)
    bottom = np.minimum(found[:, 1] + found[:, 3], height)
    rows = np.stack([left, top, right - left, bottom - top, found[:, 4]], axis=1).astype(np.float32)
    return rows[(rows[:, 2] >= 1) & (rows[:, 3] >= 1)]


def pixels(row: np.ndarray, width: int, height: int) -> Box:
    """A box as whole pixels inside the picture."""
    left, top = int(max(row[0], 0)), int(max(row[1], 0))
    right = min(int(np.ceil(row[0] + row[2])), width)
    bottom = min(int(np.ceil(row[1] + row[3])), height)
    return left, top, max(right - left, 1), max(bottom - top, 1)


def grow(box: Box, strength: float, width: int, height: int) -> Box:
    """The area to hide for a detected face, cut at the edges of the picture.

    A detector's box runs from the middle of the forehead to the chin, so most is added on top, where the
    hair line is. More strength hides more around the face.
    """
    x, y, w, h = box
    side, above, below = 0.15 + 0.15 * strength, 0.25 + 0.15 * strength, 0.12 + 0.12 * strength
    row = np.array([x - w * side, y - h * above, w * (1 + 2 * side), h * (1 + above + below)])
    return pixels(row, width, height)


def _intersections(one: np.ndarray, many: np.ndarray) -> np.ndarray:
    wide = np.minimum(one[0] + one[2], many[:, 0] + many[:, 2]) - np.maximum(one[0], many[:, 0])
    high = np.minimum(one[1] + one[3], many[:, 1] + many[:, 3]) - np.maximum(one[1], many[:, 1])
    return np.asarray(np.maximum(wide, 0) * np.maximum(high, 0))
