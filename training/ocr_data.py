"""Batches of training lines, drawn by a process of their own, and the lines that measure."""

from __future__ import annotations

import json
import multiprocessing
import os
from dataclasses import dataclass
from pathlib import Path
from queue import Full

import cv2
import numpy as np

from pipelines.ocr.characters import NUMBER
from pipelines.ocr.lines import Pixels, prepared
from training.ocr_fonts import Face, faces
from training.ocr_render import line_picture
from training.ocr_text import Phrases

CHUNK, COLUMNS, MOST = 960, 10_000, 96  # lines drawn together; columns and lines of a batch at most
Line = tuple[Pixels, str]


@dataclass(frozen=True)
class Course:
    """How hard the lines are: easy and short first, for CTC has to find the letters before it can learn."""

    longest: int
    low: float
    high: float


def course_at(chunk: int, rng: np.random.Generator) -> Course:
    seen = chunk * CHUNK
    if seen < 15_000:
        return Course(8, 0.0, 0.1)
    if seen < 50_000:
        return Course(18, 0.0, 0.5)
    return Course(48 if rng.random() < 0.06 else 26, 0.1, 1.0)


class Drawer:
    """Draws lines with fonts that can write them; Latin faces write only what is wholly Latin."""

    def __init__(self, usable: list[Face], phrases: Phrases) -> None:
        self.phrases = phrases
        self.korean = [face for face in usable if face.korean]
        self.latin = [face for face in usable if not face.korean]
        self.odds = {id(group): odds_of(group) for group in (self.korean, self.latin)}

    def face(self, text: str, rng: np.random.Generator) -> Face | None:
        group = self.latin if self.latin and text.isascii() and rng.random() < 0.6 else self.korean
        for _ in range(4):
            face = group[rng.choice(len(group), p=self.odds[id(group)])]
            if face.characters.issuperset(text):
                return face
        return None

    def line(self, rng: np.random.Generator, course: Course) -> Line:
        while True:
            text = self.phrases.line(rng, course.longest)
            face = self.face(text, rng)
            level = rng.uniform(course.low, course.high)
            picture = line_picture(text, face, rng, level) if face else None
            if picture is not None and picture.shape[1] >= 5 * len(text):
                return picture, text


def odds_of(group: list[Face]) -> Pixels:
    weights = np.array([face.weight for face in group])
    return weights / weights.sum()


@dataclass(frozen=True)
class Batch:
    chunk: int
    pictures: Pixels  # (n, 40, w) uint8
    codes: list[list[int]]


def batches_of(lines: list[Line], chunk: int, rng: np.random.Generator) -> list[Batch]:
    """Lines of like width together, filled up with paper at the right."""
    lines.sort(key=lambda line: line[0].shape[1])
    groups: list[list[Line]] = [[]]
    for line in lines:
        wide = -(-line[0].shape[1] // 8) * 8 + 8
        if len(groups[-1]) >= MOST or (len(groups[-1]) + 1) * wide > COLUMNS:
            groups.append([])
        groups[-1].append(line)
    ready = [one_batch(group, chunk) for group in groups if group]
    return [ready[at] for at in rng.permutation(len(ready))]


def one_batch(group: list[Line], chunk: int) -> Batch:
    wide = -(-group[-1][0].shape[1] // 8) * 8
    pictures = np.full((len(group), group[0][0].shape[0], wide), 255, np.uint8)
    for at, (picture, _) in enumerate(group):
        pictures[at, :, : picture.shape[1]] = picture
    return Batch(chunk, pictures, [[NUMBER[c] for c in text] for _, text in group])


def draw_for_ever(drawer: Drawer, seed: int, chunk: int, queue: multiprocessing.Queue[Batch]) -> None:
    cv2.setNumThreads(1)
    trainer = os.getppid()
    while True:
        rng = np.random.default_rng([seed, chunk])
        course = course_at(chunk, rng)
        for batch in batches_of([drawer.line(rng, course) for _ in range(CHUNK)], chunk, rng):
            while not handed_over(queue, batch):
                if os.getppid() != trainer:  # it was stopped
                    return
        chunk += 1


def handed_over(queue: multiprocessing.Queue[Batch], batch: Batch) -> bool:
    try:
        queue.put(batch, timeout=10)
    except Full:
        return False
    return True


def start_drawing(drawer: Drawer, seed: int, chunk: int) -> multiprocessing.Queue[Batch]:
    queue: multiprocessing.Queue[Batch] = multiprocessing.Queue(40)
    multiprocessing.Process(target=draw_for_ever, args=(drawer, seed, chunk, queue), daemon=True).start()
    return queue


def measuring_lines(usable: list[Face], phrases: Phrases, count: int) -> dict[str, list[Line]]:
    """Lines in fonts never learned from: clean print, and changed as hard as the training lines often are."""
    drawer = Drawer([face for face in usable if face.held_out], phrases)
    courses = {"clean": Course(26, 0.0, 0.0), "hard": Course(26, 0.7, 0.7)}
    sets = {}
    for name, course in courses.items():
        rng = np.random.default_rng(77)
        sets[name] = [drawer.line(rng, course) for _ in range(count)]
    return sets


def given_lines(folder: Path | None) -> dict[str, list[Line]]:
    """Lines that we did not draw: pictures of a folder with a truth.json (a text, or boxes with texts)."""
    if folder is None or not (folder / "truth.json").is_file():
        return {}
    sets: dict[str, list[Line]] = {}
    for name, truth in json.loads((folder / "truth.json").read_text(encoding="utf-8")).items():
        picture = cv2.cvtColor(cv2.imread(str(folder / name)), cv2.COLOR_BGR2RGB)
        kind = "_".join(name.split("_")[:-1])
        if isinstance(truth, list):
            for line in truth:
                x, y = line["box"][0::2], line["box"][1::2]
                cut = picture[min(y) : max(y), min(x) : max(x)]
                sets.setdefault("receipts", []).append((prepared(cut), line["text"]))
        elif name.startswith("ko_line"):
            sets.setdefault(kind, []).append((prepared(picture), truth))
    return sets


def material(work: Path, folders: list[Path]) -> tuple[list[Face], Phrases]:
    return faces(work / "fonts.json"), Phrases(folders)
