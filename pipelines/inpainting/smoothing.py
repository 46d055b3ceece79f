"""Smooth filling: membranes over small holes, and kriging, which also knows how a picture runs, for broad ones.

Knows no engine. Pictures are (H, W, C) float32, holes (H, W) bool.
"""

from __future__ import annotations

from typing import Any

import numpy as np

DIRECT = 60_000  # unknown pixels that are solved at once; more are started from a solution at half the size
REFINED = 40  # steps of conjugate gradients from there
TILE, SEAM = 512, 32  # thin marks are solved tile by tile: what is further away than the seam does not matter
KRIGED_CELLS = 1100
NOISE = 0.02  # share of a cell's variance that its neighbours do not tell
ALONG = 0.5  # how much runs along rows (sky over land), and as much along columns, beside all directions


def membrane(image: np.ndarray, hole: np.ndarray, known: np.ndarray) -> np.ndarray:
    """The picture (H, W, 3 uint8) with the smoothest fill of its hole, tile by tile: for thin marks.

    What is neither `hole` nor `known` is left alone and gives nothing.
    """
    filled: np.ndarray = image.copy()
    height, width = hole.shape
    for top in range(0, height, TILE):
        for left in range(0, width, TILE):
            inner = hole[top : top + TILE, left : left + TILE]
            if not inner.any():
                continue
            rows = slice(max(top - SEAM, 0), top + TILE + SEAM)
            columns = slice(max(left - SEAM, 0), left + TILE + SEAM)
            solved = solve(image[rows, columns].astype(np.float32), known[rows, columns], hole[rows, columns])
            own = solved[top - rows.start :, left - columns.start :][: inner.shape[0], : inner.shape[1]]
            area = filled[top : top + TILE, left : left + TILE]
            area[inner] = np.clip(own[inner], 0, 255).round().astype(np.uint8)
    return filled


def spread(values: np.ndarray, rim: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """The values on the rim continued into the hole, fading slowly; 0 elsewhere."""
    reach = max(float(np.sqrt(hole.sum())) / 4, 2.0)
    return solve(values, rim, hole, fading=1 / reach**2)


def solve(values: np.ndarray, known: np.ndarray, hole: np.ndarray, fading: float = 0.0) -> np.ndarray:
    """Laplace's equation in the hole: each pixel is the mean of its neighbours among `known` and `hole`.

    A part of the hole without any known neighbour stays 0. `fading` draws values to 0 away from the known ones.
    """
    import cv2
    from scipy.sparse import linalg

    out = np.where(known[..., None], values, 0).astype(np.float32)
    places = np.flatnonzero(hole)
    if not len(places) or not known.any():
        return out
    matrix, right = _equations(values, known, hole, fading)
    if len(places) <= DIRECT:
        found = linalg.splu(matrix.tocsc(), permc_spec="MMD_AT_PLUS_A").solve(right)
    else:
        size = (max(hole.shape[1] // 2, 1), max(hole.shape[0] // 2, 1))
        share = cv2.resize(known.astype(np.float32), size, interpolation=cv2.INTER_AREA)
        small = cv2.resize(np.where(known[..., None], values, 0).astype(np.float32), size, interpolation=cv2.INTER_AREA)
        covered = cv2.resize(hole.astype(np.float32), size, interpolation=cv2.INTER_AREA)
        small /= np.maximum(share, 1e-6)[..., None]
        half = solve(small, (share > 0) & (covered < 0.5), covered >= 0.5, fading * 4)
        start = cv2.resize(half, (hole.shape[1], hole.shape[0]), interpolation=cv2.INTER_LINEAR)
        start = start.reshape(len(hole.ravel()), -1)[places]
        found = np.stack(
            [linalg.cg(matrix, right[:, at], x0=start[:, at], maxiter=REFINED)[0] for at in range(right.shape[1])],
            axis=1,
        )
    out.reshape(-1, out.shape[2])[places] = found
    return out


def _equations(values: np.ndarray, known: np.ndarray, hole: np.ndarray, fading: float) -> tuple[Any, np.ndarray]:
    """Matrix and right side: one row for each pixel of the hole."""
    from scipy import sparse

    height, width = hole.shape
    rows, columns = np.nonzero(hole)
    count = len(rows)
    number = np.full(hole.shape, -1)
    number[rows, columns] = np.arange(count)
    diagonal = np.full(count, fading + 1e-6)
    right = np.zeros((count, values.shape[2]))
    starts, ends = [], []
    for down, across in ((0, 1), (0, -1), (1, 0), (-1, 0)):
        y, x = rows + down, columns + across
        inside = np.flatnonzero((y >= 0) & (y < height) & (x >= 0) & (x < width))
        y, x = y[inside], x[inside]
        given, unknown = known[y, x], number[y, x] >= 0
        diagonal[inside] += given | unknown
        right[inside[given]] += values[y[given], x[given]]
        starts.append(inside[unknown])
        ends.append(number[y[unknown], x[unknown]])
    at, to = np.concatenate(starts), np.concatenate(ends)
    matrix = sparse.csr_matrix((np.full(len(at), -1.0), (at, to)), shape=(count, count))
    return matrix + sparse.diags(diagonal), right


def kriged(pixels: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """The picture with its hole filled by the best linear guess, given how alike its cells are at each distance.

    Weighing several such likenesses by how well each explains the known part gained nothing on photos.
    """
    import cv2

    height, width = hole.shape
    factor = max(np.sqrt(height * width / KRIGED_CELLS), 1.0)
    size = (max(round(width / factor), 1), max(round(height / factor), 1))
    known = (~hole).astype(np.float32)
    share = cv2.resize(known, size, interpolation=cv2.INTER_AREA)
    small = cv2.resize(np.where(hole[..., None], 0, pixels).astype(np.float32), size, interpolation=cv2.INTER_AREA)
    small /= np.maximum(share, 1e-6)[..., None]
    unknown = share < 0.5
    if unknown.all():
        small[:] = pixels[~hole].mean(axis=0) if not hole.all() else 0
    elif unknown.any():
        small = _guessed(small, unknown)
    large = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    rim = (cv2.dilate(hole.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0) & ~hole
    missed = np.where(rim[..., None], pixels - large, 0).astype(np.float32)
    return np.asarray(np.where(hole[..., None], large + spread(missed, rim, hole), pixels), dtype=np.float32)


def _guessed(pixels: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """Kriging on a small grid, all channels alike, around a mean that is estimated with it."""
    from scipy import linalg

    places, wanted = np.argwhere(~hole), np.argwhere(hole)
    values = pixels[~hole].astype(np.float64)
    length = max(hole.shape) / 2
    own = _likeness(places, places, length)
    own[np.diag_indices(len(places))] += NOISE * (1 + 2 * ALONG)
    factor = linalg.cho_factor(own, lower=True, overwrite_a=True, check_finite=False)
    ones = linalg.cho_solve(factor, np.ones(len(places)), check_finite=False)
    mean = (ones @ values) / ones.sum()
    solved = linalg.cho_solve(factor, values - mean, check_finite=False)
    filled: np.ndarray = pixels.astype(np.float32)
    filled[hole] = mean + _likeness(wanted, places, length) @ solved
    return filled


def _likeness(ones: np.ndarray, others: np.ndarray, length: float) -> np.ndarray:
    """Covariance of cells, falling with distance; parts of it fall eight times slower along rows or columns."""
    down = (ones[:, None, 0] - others[None, :, 0]) / length
    across = (ones[:, None, 1] - others[None, :, 1]) / length
    alike = np.exp(-np.hypot(down, across))
    alike += ALONG * np.exp(-np.hypot(2 * down, across / 4))
    alike += ALONG * np.exp(-np.hypot(down / 4, 2 * across))
    return np.asarray(alike)
