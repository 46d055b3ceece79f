"""The painter's understanding of words, learned before it paints: which thing is where, in which colour.

A small reader looks at the encoder's output as the painter will, by attention, and says what the caption said.
Minutes here save an hour of painting pictures of which nobody said what is on them.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from transformers import CLIPTokenizer

from training.painter_captions import LANGUAGES, Names, caption
from training.painter_nets import TEXT_WIDTH, new_text_encoder
from training.painter_run import Plan, Stage, half
from training.painter_scenes import COLOURS, SHAPES, Mix, Scene, Thing, scene

PLAN = Plan(steps=4_000, seconds=300, batch=128, rate=1.5e-3, kept=0.995, measure_every_s=60)
GPU_PLAN = replace(PLAN, seconds=60, measure_every_s=15)
AXES = {None: 0, "left": 1, "right": 1, "above": 2, "below": 2}
COLOUR_NUMBERS = {name: number for number, name in enumerate(COLOURS)}
NOTHING = len(COLOURS)


def kinds_of(mix: Mix) -> dict[str, int]:
    return {name: number for number, name in enumerate((*SHAPES, *mix.emoji))}


def answers(one: Scene, kinds: dict[str, int]) -> list[int]:
    """Ground, how the things stand, colour and kind of the left (or upper) one, then of the other."""
    ordered = one.mirrored() if one.relation in ("right", "below") else one

    def of(thing: Thing | None) -> list[int]:
        if thing is None:
            return [NOTHING, len(kinds)]
        return [NOTHING if thing.colour is None else COLOUR_NUMBERS[thing.colour], kinds[thing.kind]]

    second = ordered.things[1] if len(ordered.things) == 2 else None
    return [COLOUR_NUMBERS[one.ground], AXES[one.relation], *of(ordered.things[0]), *of(second)]


class Reader(nn.Module):
    """One look per question, and one answer."""

    def __init__(self, sizes: tuple[int, ...]) -> None:
        super().__init__()
        self.questions = nn.Parameter(torch.randn(len(sizes), TEXT_WIDTH) * TEXT_WIDTH**-0.5)
        self.heads = nn.ModuleList(nn.Linear(TEXT_WIDTH, size) for size in sizes)

    def forward(self, words: Tensor) -> list[Tensor]:
        looks = torch.einsum("qc,bnc->bqn", self.questions, words).softmax(-1)
        seen = looks @ words
        return [head(seen[:, at]) for at, head in enumerate(self.heads)]


def tokens(words: CLIPTokenizer, texts: list[str], device: str = "cpu") -> Tensor:
    filled = words(texts, padding="max_length", truncation=True, max_length=words.model_max_length, return_tensors="pt")
    return filled.input_ids.to(device)


class TextStage(Stage):
    name = "text"

    def __init__(self, folder: Path, plan: Plan, words: CLIPTokenizer, mix: Mix, names: Names) -> None:
        self.words, self.mix, self.names, self.kinds = words, mix, names, kinds_of(mix)
        sizes = (NOTHING, 3, NOTHING + 1, len(self.kinds) + 1, NOTHING + 1, len(self.kinds) + 1)
        torch.manual_seed(plan.seed)
        encoder = new_text_encoder(len(words), words.eos_token_id, words.bos_token_id)
        super().__init__(folder, plan, {"text": encoder, "reader": Reader(sizes)})

    def batch(self, seed: int, first: int, count: int, mix: Mix, languages: tuple[str, ...]) -> tuple[Tensor, Tensor]:
        rng = np.random.default_rng([seed, first])
        scenes = [scene(seed, first + at, mix) for at in range(count)]
        texts = [caption(rng, one, languages[at % len(languages)], self.names, 0) for at, one in enumerate(scenes)]
        wanted = torch.tensor([answers(one, self.kinds) for one in scenes])
        return tokens(self.words, texts, self.plan.device), wanted.to(self.plan.device)

    def loss(self, generator: torch.Generator) -> Tensor:
        at = self.step * self.plan.batch
        numbers, wanted = self.batch(self.plan.seed + 10, at, self.plan.batch, self.mix, LANGUAGES)
        with half(self.plan.device):
            said = self.nets["reader"](self.nets["text"](numbers).last_hidden_state)
        return sum(
            (F.cross_entropy(one.float(), wanted[:, at]) for at, one in enumerate(said)),
            torch.zeros((), device=self.plan.device),
        )

    @torch.no_grad()
    def measure(self) -> dict[str, Any]:
        """Percent of captions of which every answer is right."""
        row: dict[str, Any] = {}
        for name, mix in (("seen", self.mix), ("unseen", Mix(exam=True))):
            for language in LANGUAGES:
                numbers, wanted = self.batch(900_003, 0, 300, mix, (language,))
                said = self.average["reader"](self.average["text"](numbers).last_hidden_state)
                right = torch.stack([one.argmax(1) for one in said], 1) == wanted
                row[f"{name}_{language}"] = round(100 * float(right.all(1).float().mean()), 1)
        return row
