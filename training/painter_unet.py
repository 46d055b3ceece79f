"""The painter proper: a UNet that removes noise from small pictures while it looks at the words."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor, nn
from transformers import CLIPTokenizer

from training import painter_judge
from training.painter_captions import LANGUAGES, Names, caption
from training.painter_exam import Question, questions
from training.painter_latents import Pool
from training.painter_nets import LATENT, new_scheduler, new_unet
from training.painter_run import Plan, Stage, half
from training.painter_scenes import Pixels
from training.painter_text import tokens
from training.painter_vae import as_pictures

PLAN = Plan(
    steps=40_000, cpu_seconds=12_000, batch=16, rate=1.2e-3, kept=0.9995, flat=0.5, warm_up=60, measure_every_s=900
)
WORDLESS = 0.1  # share of empty captions, which guidance needs
GUIDANCE, STEPS = 4.0, 12
PAIRS_FROM = 0.55
THING_WEIGHT, APART = 5.0, 1.5  # how much more a thing counts than its ground; squared distance of their latents
EMOJI_FROM = 0.6  # share of the run: the shapes must be known first


@dataclass(frozen=True)
class Tools:
    """What the stage uses and does not change."""

    vae: AutoencoderKL
    words: CLIPTokenizer
    names: Names
    pools: dict[str, Pool]  # alone, pairs, and emoji or not


def shares(progress: float, has_emoji: bool) -> dict[str, float]:
    """Single things first; many pairs from the middle on; emoji last, and few."""
    emoji = 0.12 if has_emoji and progress >= EMOJI_FROM else 0.0
    pairs = 0.1 if progress < PAIRS_FROM else 0.5
    return {"alone": 1 - pairs - emoji / 2, "pairs": pairs - emoji / 2, "emoji": emoji}


def weights_of_things(clean: Tensor) -> Tensor:
    """(n, 1, h, w), 1 on average: what is not like the picture near its corner counts more, since grounds are easy."""
    apart = (clean - clean[:, :, 2:3, 2:3]).square().sum(1, keepdim=True)
    weights = 1 + (THING_WEIGHT - 1) * (apart > APART).float()
    return weights / weights.mean((2, 3), keepdim=True)


class UnetStage(Stage):
    name = "unet"

    def __init__(
        self, folder: Path, plan: Plan, tools: Tools, encoder: nn.Module, unet: nn.Module | None = None
    ) -> None:
        self.tools = tools
        self.tools.vae.to(plan.device)
        self.alphas = new_scheduler().alphas_cumprod
        torch.manual_seed(plan.seed)
        super().__init__(folder, plan, {"unet": unet or new_unet(), "text": encoder})

    def batch(self) -> tuple[Tensor, list[str]]:
        rng = np.random.default_rng([self.plan.seed + 20, self.step])
        chances = shares(self.progress, "emoji" in self.tools.pools)
        names = [name for name in chances if chances[name] > 0]
        drawn = rng.choice(names, self.plan.batch, p=[chances[name] for name in names])
        latents, texts = [], []
        for name in drawn:
            pool = self.tools.pools[name]
            number = int(rng.integers(len(pool.latents)))
            latents.append(pool.latents[number])
            said = caption(rng, pool.scene(number), LANGUAGES[int(rng.integers(2))], self.tools.names)
            texts.append("" if rng.random() < WORDLESS else said)
        return torch.from_numpy(np.stack(latents)).float(), texts

    def loss(self, generator: torch.Generator) -> Tensor:
        clean, texts = self.batch()
        device = self.plan.device
        noise = torch.randn(clean.shape, generator=generator)
        times = torch.randint(len(self.alphas), (len(clean),), generator=generator)
        alpha = self.alphas[times].view(-1, 1, 1, 1)
        noisy = (alpha.sqrt() * clean + (1 - alpha).sqrt() * noise).to(device, memory_format=torch.channels_last)
        wanted = (alpha.sqrt() * noise - (1 - alpha).sqrt() * clean).to(device)
        with half(device):
            said = self.nets["text"](tokens(self.tools.words, texts, device)).last_hidden_state
            got = self.nets["unet"](noisy, times.to(device), said).sample
        return ((got.float() - wanted) ** 2 * weights_of_things(clean).to(device)).mean()

    def measure(self) -> dict[str, Any]:
        """A short exam; the whole one is benchmarks/painter.py."""
        row: dict[str, Any] = {}
        for language in LANGUAGES:
            asked = questions(language, self.tools.names, {"alone": 24, "pairs": 24, "unseen": 16})
            pictures = self.paint([one.prompt for one in asked])
            row[language] = marks(asked, pictures)
        return row

    @torch.no_grad()
    def paint(self, prompts: list[str], seed: int = 7, steps: int = STEPS, guidance: float = GUIDANCE) -> list[Pixels]:
        """With the averaged nets, many at a time; what the pipeline does, without its ceremony."""
        unet, text, device = self.average["unet"], self.average["text"], self.plan.device
        scheduler = new_scheduler()
        scheduler.set_timesteps(steps)
        noise = torch.randn((len(prompts), 4, LATENT, LATENT), generator=torch.Generator().manual_seed(seed))
        latents = noise.to(device)
        numbers = tokens(self.tools.words, [*prompts, *[""] * len(prompts)], device)
        with half(device):
            said = text(numbers).last_hidden_state
            for moment in scheduler.timesteps:
                both = unet(torch.cat([latents, latents]), moment.to(device), said).sample.float()
                with_words, without = both.chunk(2)
                guided = without + guidance * (with_words - without)
                latents = scheduler.step(guided, moment, latents).prev_sample
            parts = [self.tools.vae.decode(part).sample for part in latents.split(16)]
        return as_pictures(torch.cat(parts))


def marks(asked: list[Question], pictures: list[Pixels]) -> dict[str, dict[str, float]]:
    """The judge's percentages per kind of question."""
    found: dict[str, dict[str, float]] = {}
    for kind in dict.fromkeys(one.kind for one in asked):
        both = [(one, picture) for one, picture in zip(asked, pictures, strict=True) if one.kind == kind]
        found[kind] = painter_judge.shares([painter_judge.verdict(picture, one.scene) for one, picture in both])
    return found
