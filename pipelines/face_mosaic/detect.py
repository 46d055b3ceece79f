"""Faces in one picture: several looks by one engine, put together. Knows no engine and nothing of hiding.

1. A look at the whole picture. Up to 2 megapixels at its own size; above, shrunk (to three quarters for a
   phone photo, so that a face of 20 pixels stays findable). Large ones are cut into overlapping tiles.
2. A look at a small copy, for faces too large for the first one.
3. A closer look at every doubtful face: cut out, brought to the size the networks know best, mirrored.
   Its score is the mean of both looks. True faces keep theirs, chance patterns lose it.
4. Nothing certain so far: the picture may lie on its side, so small turned copies are tried.
"""

from __future__ import annotations

import numpy as np

from pipelines.face_mosaic import opencv
from pipelines.face_mosaic.boxes import SAME, clip, merge, none, overlaps
from pipelines.face_mosaic.contract import FaceDetector
from pipelines.job import Job

SMALLEST_PICTURE = 16  # less than this shows no face, and nets imagine some
FULL_PIXELS = 2_000_000  # up to here the picture is seen at its own size
TILE_PIXELS = 1_400_000  # one run of a network needs 250 MB for each megapixel
SEAM = 96  # a face up to the seam's width lies whole in one tile
SMALL_SIDE = 320  # long side of the small copy
SMALL_FROM = 800  # long side from which the small copy is worth its time
TURNED_SIDE = 0.4  # the turned copies, relative to the first look

CLOSE_TILE, CLOSE_CONTEXT = 80, 2.5  # closer look: 80 px tiles that show 2.5 times the box, so a face is 32 px
CLOSE_BATCH = 16
CLOSE_SHARE = 0.66  # a first score of two thirds of the threshold earns a closer look
GREY = 114


def find_faces(engine: FaceDetector, image: np.ndarray, threshold: float, job: Job, turned: bool = True) -> np.ndarray:
    """Rows of x, y, w, h, score with score >= threshold, sorted by top, then left. `turned`: try turned copies."""
    if min(image.shape[:2]) < SMALLEST_PICTURE:
        return none()
    found = _upright(engine, image, threshold, job, scale=_scale(image))
    if turned and engine.sure and not (found[:, 4] >= engine.sure).any():
        found = merge(np.vstack([found, _turned(engine, image, threshold, job)]))
    found = clip(found, image.shape[1], image.shape[0])
    return found[np.lexsort((found[:, 0], found[:, 1]))]


def closer_faces(
    engine: FaceDetector, image: np.ndarray, found: np.ndarray, threshold: float, mirrored: bool = False
) -> list[np.ndarray]:
    """What the engine sees around each box when it is cut out and brought to the size that networks know best.

    One array of detections for each row of `found`, in coordinates of the picture.
    """
    seen: list[np.ndarray] = []
    for start in range(0, len(found), CLOSE_BATCH):
        seen += _sheet(engine, image, found[start : start + CLOSE_BATCH], threshold, mirrored)
    return seen


def _closer_scores(engine: FaceDetector, image: np.ndarray, found: np.ndarray) -> np.ndarray:
    """For each box the score that a closer, mirrored look gives it; 0 if nothing is seen there."""
    scores = np.zeros(len(found), np.float32)
    for place, seen in enumerate(closer_faces(engine, image, found, 0.02, mirrored=True)):
        near = seen[overlaps(found[place], seen) >= SAME]
        scores[place] = near[:, 4].max() if len(near) else 0.0
    return scores


def resize(image: np.ndarray, width: int, height: int) -> np.ndarray:
    """The picture at another size; shrinking averages, so that no detail turns into noise."""
    cv2 = opencv.load()
    smaller = width < image.shape[1]
    return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR))


def _scale(image: np.ndarray) -> float:
    """Side of the first look relative to the picture: 1 up to 2 megapixels, 0.9 just above, 0.74 at 12, 0.62 at 48."""
    pixels = image.shape[0] * image.shape[1]
    if pixels <= FULL_PIXELS:
        return 1.0
    return float(np.sqrt(1.7e6 * (pixels / FULL_PIXELS) ** 0.75 / pixels))


def _upright(engine: FaceDetector, image: np.ndarray, threshold: float, job: Job, scale: float) -> np.ndarray:
    """Looks 1 to 3. `image` is at its own size; `scale` is that of the first look."""
    low = threshold * CLOSE_SHARE if engine.sure else threshold
    found = _first_look(engine, image, low, job, scale)
    long_side = max(image.shape[:2]) * scale
    if long_side >= SMALL_FROM:
        found = merge(np.vstack([found, _scaled(engine, image, low, scale * SMALL_SIDE / long_side)]))
    doubtful = found[:, 4] < engine.sure
    if doubtful.any():
        job.check()
        found[doubtful, 4] = (found[doubtful, 4] + _closer_scores(engine, image, found[doubtful])) / 2
    return found[found[:, 4] >= threshold]


def _first_look(engine: FaceDetector, image: np.ndarray, low: float, job: Job, scale: float) -> np.ndarray:
    if image.shape[0] * image.shape[1] * scale**2 <= TILE_PIXELS:
        job.check()
        return _scaled(engine, image, low, scale)
    if scale != 1:
        image = resize(image, round(image.shape[1] * scale), round(image.shape[0] * scale))
    parts = [none()]
    for left, top, right, bottom in _tiles(image.shape[1], image.shape[0]):
        job.check()
        found = engine.find(np.ascontiguousarray(image[top:bottom, left:right]), low)
        parts.append(_whole(found, left, top, right, bottom, image.shape))
    found = merge(np.vstack(parts))
    found[:, :4] /= scale
    return found


def _scaled(engine: FaceDetector, image: np.ndarray, low: float, scale: float) -> np.ndarray:
    if scale == 1:
        return engine.find(image, low)
    width, height = max(round(image.shape[1] * scale), 1), max(round(image.shape[0] * scale), 1)
    found = engine.find(resize(image, width, height), low)
    found[:, [0, 2]] *= image.shape[1] / width
    found[:, [1, 3]] *= image.shape[0] / height
    return found


def _tiles(width: int, height: int) -> list[tuple[int, int, int, int]]:
    """Left, top, right, bottom of equal tiles that overlap by the seam: the division with the fewest pixels in all."""
    divisions = [(_spans(width, columns), _spans(height, rows)) for columns in range(1, 13) for rows in range(1, 13)]

    def pixels(division: tuple[list[tuple[int, int]], list[tuple[int, int]]]) -> tuple[bool, int]:
        (left, right), (top, bottom) = division[0][0], division[1][0]
        tile = (right - left) * (bottom - top)
        return tile > TILE_PIXELS, tile * len(division[0]) * len(division[1])

    across, down = min(divisions, key=pixels)
    return [(left, top, right, bottom) for top, bottom in down for left, right in across]


def _spans(length: int, count: int) -> list[tuple[int, int]]:
    size = min(-(-(length + (count - 1) * SEAM) // count), length)
    starts = np.linspace(0, length - size, count).round().astype(int)
    return [(int(start), int(start) + size) for start in starts]


def _whole(found: np.ndarray, left: int, top: int, right: int, bottom: int, shape: tuple[int, ...]) -> np.ndarray:
    """Boxes of a tile in the coordinates of the picture, without those cut by an inner edge (a neighbour has them)."""
    moved = found + np.array([left, top, 0, 0, 0], np.float32)
    cut = (moved[:, 0] < left + 2) & (left > 0)
    cut |= (moved[:, 1] < top + 2) & (top > 0)
    cut |= (moved[:, 0] + moved[:, 2] > right - 2) & (right < shape[1])
    cut |= (moved[:, 1] + moved[:, 3] > bottom - 2) & (bottom < shape[0])
    return np.asarray(moved[~cut])


def _turned(engine: FaceDetector, image: np.ndarray, threshold: float, job: Job) -> np.ndarray:
    """Sure faces in copies turned by quarters, as boxes of the upright picture."""
    height, width = image.shape[:2]
    parts = [none()]
    for quarters in (1, 3, 2):
        turned = np.ascontiguousarray(np.rot90(image, quarters))
        found = _upright(engine, turned, max(threshold, engine.sure), job, _scale(image) * TURNED_SIDE)
        parts.append(_turn_back(found, quarters, width, height))
    return np.vstack(parts)


def _turn_back(found: np.ndarray, quarters: int, width: int, height: int) -> np.ndarray:
    """Boxes from a copy turned `quarters` times against the clock to the picture of `width` x `height`."""
    x, y, w, h, score = found.T
    if quarters == 1:
        columns = [width - y - h, x, h, w, score]
    elif quarters == 2:
        columns = [width - x - w, height - y - h, w, h, score]
    else:
        columns = [y, height - x - w, h, w, score]
    return np.stack(columns, axis=1)


def _sheet(
    engine: FaceDetector, image: np.ndarray, rows: np.ndarray, threshold: float, mirrored: bool
) -> list[np.ndarray]:
    """Closer looks at up to 16 boxes in one run of the engine, as tiles of one sheet."""
    columns = 1 if len(rows) == 1 else 2 if len(rows) <= 4 else 4
    lines = -(-len(rows) // columns)
    sheet = np.full((lines * CLOSE_TILE, columns * CLOSE_TILE, 3), GREY, np.uint8)
    ratios = []
    for place, row in enumerate(rows):
        top, left = place // columns * CLOSE_TILE, place % columns * CLOSE_TILE
        tile, ratio = _tile(image, row)
        sheet[top : top + CLOSE_TILE, left : left + CLOSE_TILE] = tile[:, ::-1] if mirrored else tile
        ratios.append(ratio)
    found = engine.find(sheet, threshold)
    centres = found[:, :2] + found[:, 2:4] / 2
    home = (centres // CLOSE_TILE).astype(int) @ np.array([1, columns])
    seen = []
    for place, (row, ratio) in enumerate(zip(rows, ratios, strict=True)):
        mine = found[(home == place) & (centres[:, 0] >= 0) & (centres[:, 0] < columns * CLOSE_TILE)].copy()
        middle = (np.array([place % columns, place // columns]) + 0.5) * CLOSE_TILE
        away = mine[:, :2] + mine[:, 2:4] / 2 - middle
        if mirrored:
            away[:, 0] *= -1
        mine[:, 2:4] /= ratio
        mine[:, :2] = row[:2] + row[2:4] / 2 + away / ratio - mine[:, 2:4] / 2
        seen.append(mine)
    return seen


def _tile(image: np.ndarray, row: np.ndarray) -> tuple[np.ndarray, float]:
    """The box with its surroundings as a square tile, and the ratio of tile to picture. Outside is grey."""
    x, y, w, h = (float(value) for value in row[:4])
    side = max(round(CLOSE_CONTEXT * max(w, h)), 2)
    left, top = round(x + w / 2 - side / 2), round(y + h / 2 - side / 2)
    ratio = CLOSE_TILE / side
    inner = image[max(top, 0) : max(top + side, 0), max(left, 0) : max(left + side, 0)]
    tile = np.full((CLOSE_TILE, CLOSE_TILE, 3), GREY, np.uint8)
    if inner.size:
        where_y, where_x = round((max(top, 0) - top) * ratio), round((max(left, 0) - left) * ratio)
        high = min(max(round(inner.shape[0] * ratio), 1), CLOSE_TILE - where_y)
        wide = min(max(round(inner.shape[1] * ratio), 1), CLOSE_TILE - where_x)
        if high > 0 and wide > 0:
            tile[where_y : where_y + high, where_x : where_x + wide] = resize(inner, wide, high)
    return tile, ratio
