"""The fixed questions by which the painter is judged, the same scenes in English and Korean."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.painter_captions import Names, caption, full_caption
from training.painter_scenes import Mix, Scene, scene

SEEDS = {"alone": 900_011, "pairs": 900_012, "unseen": 900_013}
MIXES = {"alone": Mix(pairs=0), "pairs": Mix(pairs=1), "unseen": Mix(exam=True)}
WHOLE = {"alone": 80, "pairs": 80, "unseen": 40}  # the 200 of the gates


@dataclass(frozen=True)
class Question:
    kind: str  # alone, pairs, or unseen: a colour and a shape never learned together
    prompt: str
    scene: Scene


def questions(language: str, names: Names | None = None, counts: dict[str, int] | None = None) -> list[Question]:
    """Every second prompt in the plain wording, the others as people vary it; each says all but sizes at least."""
    asked = []
    for kind, count in (counts or WHOLE).items():
        for number in range(count):
            one = scene(SEEDS[kind], number, MIXES[kind])
            rng = np.random.default_rng([SEEDS[kind], number, 5])
            prompt = full_caption(one, language, names) if number % 2 else caption(rng, one, language, names, silent=0)
            asked.append(Question(kind, prompt, one))
    return asked
