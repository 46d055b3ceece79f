"""Draws a line of text, does to it what papers, cameras and screens do, and cuts it as a detector would."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image, ImageDraw

from pipelines.ocr.lines import LONGEST, prepared
from training.ocr_fonts import Face, font

Pixels = np.ndarray


@dataclass(frozen=True)
class Roughness:
    """How much is done to a line: chances and strengths, all 0 for clean print, 1 for the full course."""

    level: float

    def now(self, rng: np.random.Generator, chance: float) -> bool:
        return bool(rng.random() < chance * self.level)


def ink_of(text: str, face: Face, size: int, rng: np.random.Generator, loose: float) -> Pixels:
    """The text as coverage (h, w) uint8, with a little paper around."""
    pen = font(face.file, face.index, size)
    gap = round(size * rng.uniform(-0.06, 0.3)) if rng.random() < loose else None
    left, top, right, bottom = pen.getbbox(text)
    edge = size // 2
    if gap is None:
        sheet = Image.new("L", (int(right - left) + 2 * edge, int(bottom - top) + 2 * edge))
        ImageDraw.Draw(sheet).text((edge - left, edge - top), text, fill=255, font=pen)
        return np.asarray(sheet)
    steps = [pen.getlength(character) + gap for character in text]
    sheet = Image.new("L", (int(sum(steps)) + 3 * edge, int(bottom - top) + 2 * edge))
    pencil, at = ImageDraw.Draw(sheet), float(edge)
    for character, step in zip(text, steps, strict=True):
        pencil.text((at, edge - top), character, fill=255, font=pen)
        at += step
    return np.asarray(sheet)


def widened(text: str, rng: np.random.Generator) -> str:
    """Some blanks wide, as in tables and receipts; what is to be read stays one blank."""
    return text.replace(" ", " " * int(rng.integers(2, 6)), 1) if " " in text else text


def rubbed(ink: Pixels, size: int, rng: np.random.Generator, rough: Roughness) -> Pixels:
    """Bolder, thinner, worn."""
    if rough.now(rng, 0.12) and size >= 16:
        ink = cv2.dilate(ink, np.ones((2, 2 if rng.random() < 0.5 else 1), np.uint8))
    elif rough.now(rng, 0.05) and size >= 30:
        ink = cv2.erode(ink, np.ones((2, 1), np.uint8))
    if rough.now(rng, 0.08):
        holes = cv2.resize(
            rng.random((ink.shape[0] // 3 + 1, ink.shape[1] // 3 + 1)).astype(np.float32), ink.shape[::-1]
        )
        ink = (ink * (holes > rng.uniform(0.05, 0.3))).astype(np.uint8)
    return ink


def bent(ink: Pixels, size: int, rng: np.random.Generator, rough: Roughness) -> Pixels:
    """Waves, arcs and shaken pixels."""
    wave, shake = rough.now(rng, 0.12), rough.now(rng, 0.06)
    if not wave and not shake:
        return ink
    high, wide = ink.shape
    across, down = np.meshgrid(np.arange(wide, dtype=np.float32), np.arange(high, dtype=np.float32))
    if wave:
        length = size * rng.uniform(2, 14)
        down += (
            size
            * rng.uniform(0.02, 0.14)
            * np.sin(across[:1] * (2 * np.pi / length) + rng.uniform(0, 6.3)).astype(np.float32)
        )
    if shake:
        far = size * rng.uniform(0.01, 0.05)
        across += rng.normal(0, far, ink.shape).astype(np.float32)
        down += rng.normal(0, far, ink.shape).astype(np.float32)
    return cv2.remap(ink, across, down, cv2.INTER_LINEAR)


def corners(ink: Pixels, rng: np.random.Generator, rough: Roughness) -> Pixels:
    """Where the four corners of the written area go: slant, turn, perspective, other proportions."""
    high, wide = ink.shape
    points = np.float32([[0, 0], [wide, 0], [wide, high], [0, high]])
    if rough.now(rng, 0.3):
        points[:2, 0] += high * rng.normal(0, 0.18)
    if rough.now(rng, 0.4):
        points += rng.normal(0, 0.05, (4, 2)).astype(np.float32) * high
    points[:, 0] *= rng.uniform(0.7, 1.3) if rough.now(rng, 0.5) else 1
    limit = np.radians(8 if rng.random() < 0.1 else 2) * min(1.0, 5 * high / wide)
    turn = rng.uniform(-limit, limit) * rough.level
    spin = np.float32([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return points @ spin.T


def cut_out(ink: Pixels, size: int, rng: np.random.Generator, rough: Roughness) -> Pixels:
    """The ink warped and cut: tight or loose, sometimes a little into the letters."""
    found = cv2.boundingRect(ink)
    if found[2] == 0:
        return ink
    ink = ink[found[1] : found[1] + found[3], found[0] : found[0] + found[2]]
    # Small ink alone (a dash, a dot) is cut with the height of a line, as a detector does.
    lack = max(0, int(size * rng.uniform(0.6, 0.9)) - ink.shape[0])
    above = int(rng.integers(0, lack + 1))
    ink = cv2.copyMakeBorder(ink, above, lack - above, 0, 0, cv2.BORDER_CONSTANT, value=0)
    end = corners(ink, rng, rough)
    low, high = end.min(0), end.max(0)
    tall = high[1] - low[1]
    tight = -0.04 if rough.now(rng, 0.3) else 0.02
    top, bottom = (tall * rng.uniform(tight, 0.28 if rng.random() < 0.4 else 0.14) for _ in range(2))
    left, right = (tall * rng.uniform(tight / 2, 0.7 if rng.random() < 0.3 else 0.25) for _ in range(2))
    end = (end - low + np.float32([left, top])).astype(np.float32)
    shape = max(8, int(high[0] - low[0] + left + right)), max(8, int(tall + top + bottom))
    start = np.float32([[0, 0], [ink.shape[1], 0], [ink.shape[1], ink.shape[0]], [0, ink.shape[0]]])
    return cv2.warpPerspective(ink, cv2.getPerspectiveTransform(start, end), shape, flags=cv2.INTER_LINEAR)


def smooth_noise(shape: tuple[int, int], cells: float, rng: np.random.Generator) -> Pixels:
    """Noise in -1..1 that changes slowly: shadows, folds, clouds."""
    small = rng.uniform(-1, 1, (max(2, int(shape[0] / cells)), max(2, int(shape[1] / cells)))).astype(np.float32)
    return cv2.resize(small, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)


def paper(shape: tuple[int, int], rng: np.random.Generator, rough: Roughness) -> Pixels:
    """What lies behind the ink, as grey levels to add: shade, texture, stripes, other things of the page."""
    back = np.zeros(shape, np.float32)
    if rough.now(rng, 0.4):
        back += rng.uniform(5, 45) * smooth_noise(shape, rng.uniform(20, 200), rng)
    if rough.now(rng, 0.25):
        back += rng.uniform(4, 35) * smooth_noise(shape, rng.uniform(1.5, 8), rng)
    if rough.now(rng, 0.08):
        across = np.arange(shape[1]) * rng.uniform(-1, 1) + np.arange(shape[0])[:, None] * rng.uniform(-1, 1)
        back += rng.uniform(5, 40) * np.sign(np.sin(across * rng.uniform(0.2, 1.5))).astype(np.float32)
    if rough.now(rng, 0.06):
        for _ in range(int(rng.integers(1, 5))):
            at = rng.integers(0, shape[1], 2), rng.integers(0, shape[0], 2)
            ends = (int(at[0][0]), int(at[1][0])), (int(at[0][1]), int(at[1][1]))
            cv2.line(back, *ends, float(rng.uniform(-60, 60)), int(rng.integers(1, 8)))
    return back


def ruled(ink: Pixels, rng: np.random.Generator, rough: Roughness) -> Pixels:
    """Remains of underlines, boxes and neighbours at the edges of the cut."""
    high, wide = ink.shape
    thick = max(1, high // int(rng.integers(14, 40)))
    strong = int(rng.integers(80, 256))
    if rough.now(rng, 0.1):
        y = int(high * (rng.uniform(0.88, 1) if rng.random() < 0.7 else rng.uniform(0, 0.08)))
        ink = cv2.line(ink.copy(), (0, y), (wide, y + int(rng.integers(-1, 2))), strong, thick)
    if rough.now(rng, 0.06):
        x = (
            int(rng.integers(0, max(1, high // 12)))
            if rng.random() < 0.5
            else wide - 1 - int(rng.integers(0, max(1, high // 12)))
        )
        ink = cv2.line(ink.copy(), (x, 0), (x, high), strong, thick)
    if rough.now(rng, 0.06):
        ink = ink.copy()
        other = ink[high // 3 : high // 3 + max(1, high // 12), ::-1]
        if rng.random() < 0.5:
            ink[: len(other)] = np.maximum(ink[: len(other)], other)
        else:
            ink[-len(other) :] = np.maximum(ink[-len(other) :], other)
    return ink


def printed(ink: Pixels, rng: np.random.Generator, rough: Roughness) -> Pixels:
    """Ink of one grey on paper of another, with all that lies on the paper."""
    contrast = rng.uniform(55, 255) if rough.now(rng, 0.7) else rng.uniform(150, 255)
    light = rng.uniform(contrast, 255)
    back = light + paper(ink.shape, rng, rough) * min(1, contrast / 160)
    share = ink.astype(np.float32) / 255
    if rough.now(rng, 0.06):
        shadow = np.roll(share, (int(rng.integers(1, 4)), int(rng.integers(1, 4))), (0, 1))
        back -= shadow * contrast * rng.uniform(0.15, 0.5)
    page = back * (1 - share) + (light - contrast) * share
    return 255 - page if rng.random() < 0.15 else page


def photographed(page: Pixels, rng: np.random.Generator, rough: Roughness) -> Pixels:
    """Few pixels, blur, motion, grain, JPEG; the order is that of a camera."""
    high = page.shape[0]
    if rough.now(rng, 0.3):
        few = rng.uniform(11, 30)
        if few < high:
            page = cv2.resize(page, (max(8, int(page.shape[1] * few / high)), int(few)), interpolation=cv2.INTER_AREA)
    tall = page.shape[0]
    if rough.now(rng, 0.35):
        page = cv2.GaussianBlur(page, (0, 0), max(0.3, tall * rng.uniform(0.005, 0.075)))
    if rough.now(rng, 0.1):
        length = max(2, int(tall * rng.uniform(0.03, 0.16)))
        streak = np.zeros((length, length), np.float32)
        cv2.line(streak, (0, int(rng.integers(length))), (length - 1, int(rng.integers(length))), 1.0, 1)
        page = cv2.filter2D(page, -1, streak / streak.sum())
    if rough.now(rng, 0.45):
        page = page + rng.normal(0, rng.uniform(0.01, 0.14) * float(page.max() - page.min()), page.shape)
    if rough.now(rng, 0.03):
        page = np.where(rng.random(page.shape) < 0.03, rng.choice([0.0, 255.0]), page)
    page = np.clip(page, 0, 255).astype(np.uint8)
    if rough.now(rng, 0.04):
        page = cv2.threshold(page, 0, 255, cv2.THRESH_OTSU)[1]
    if rough.now(rng, 0.3):
        data = cv2.imencode(".jpg", page, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(15, 85))])[1]
        page = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
    return page


def line_picture(text: str, face: Face, rng: np.random.Generator, level: float) -> Pixels | None:
    """A line as the recogniser sees it, (40, w) uint8; None where the font or the width fails."""
    rough = Roughness(level)
    size = round(2 ** rng.uniform(4, 5.7)) if rough.now(rng, 1) else 36
    shown = widened(text, rng) if rough.now(rng, 0.12) else text
    ink = ink_of(shown, face, size, rng, 0.15 * level)
    ink = bent(rubbed(ink, size, rng, rough), size, rng, rough)
    ink = cut_out(ink, size, rng, rough)
    if ink.shape[1] > LONGEST or not ink.any():
        return None
    return prepared(photographed(printed(ruled(ink, rng, rough), rng, rough), rng, rough))
