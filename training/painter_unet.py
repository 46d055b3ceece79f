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
from training.painter_captions import LANGUAGES, Names
from training.painter_exam import Question, questions
from training.painter_gallery import Pool, drawn
from training.painter_nets import LATENT, new_scheduler, new_unet
from training.painter_run import Plan, Stage, half
from training.painter_scenes import Pixels
from training.painter_text import tokens
from training.painter_vae import as_pictures

PLAN = Plan(steps=40_000, seconds=12_000, batch=16, rate=1.2e-3, kept=0.9995, flat=0.5, warm_up=60, measure_every_s=900)
GPU_PLAN = Plan(steps=400_000, seconds=370, batch=1280, rate=1.5e-3, kept=0.999, flat=0.5, measure_every_s=90)
WORDLESS = 0.1  # share of empty captions, which guidance needs
GUIDANCE, STEPS = 4.0, 12
THING_WEIGHT, APART = 5.0, 1.5  # how much more a thing counts than its ground; squared distance of their latents
PAIRS_AFTER, EMOJI_AFTER = 170_000, 200_000  # samples: single things must be known first


@dataclass(frozen=True)
class Tools:
    """What the stage uses and does not change."""

    vae: AutoencoderKL
    words: CLIPTokenizer
    names: Names
    pools: dict[str, Pool]  # alone, pairs, and emoji or not


def shares(samples: int, has_emoji: bool) -> dict[str, float]:
    """Single things first, then many pairs; emoji last, and fewer."""
    emoji = 0.16 if has_emoji and samples >= EMOJI_AFTER else 0.0
    pairs = 0.1 if samples < PAIRS_AFTER else 0.5
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
        self.alphas = new_scheduler().alphas_cumprod.to(plan.device)
        self.sizes = {name: len(pool.latents) for name, pool in tools.pools.items()}
        self.latents = torch.cat([pool.latents for pool in tools.pools.values()])
        self.captions = torch.cat([pool.captions for pool in tools.pools.values()])
        self.wordless = tokens(tools.words, [""], plan.device)
        torch.manual_seed(plan.seed)
        super().__init__(folder, plan, {"unet": unet or new_unet(), "text": encoder})

    def batch(self) -> tuple[Tensor, Tensor]:
        """(n, 4, h, w) clean latents, and (n, length) words or, of a share, none."""
        rng = np.random.default_rng([self.plan.seed + 20, self.step])
        places = drawn(rng, self.sizes, shares(self.samples, "emoji" in self.sizes), self.plan.batch)
        wordings = rng.integers(self.captions.shape[1], size=self.plan.batch)
        silent = rng.random(self.plan.batch) < WORDLESS
        at, wording, bare = (torch.from_numpy(some).to(self.plan.device) for some in (places, wordings, silent))
        said = torch.where(bare[:, None], self.wordless, self.captions[at, wording].long())
        return self.latents[at].float(), said

    def loss(self, generator: torch.Generator) -> Tensor:
        clean, words = self.batch()
        device = self.plan.device
        noise = torch.randn(clean.shape, generator=generator, device=device)
        times = torch.randint(len(self.alphas), (len(clean),), generator=generator, device=device)
        alpha = self.alphas[times].view(-1, 1, 1, 1)
        noisy = alpha.sqrt() * clean + (1 - alpha).sqrt() * noise
        wanted = alpha.sqrt() * noise - (1 - alpha).sqrt() * clean
        with half(device):
            said = self.nets["text"](words).last_hidden_state
            got = self.nets["unet"](noisy, times, said).sample
        return ((got.float() - wanted) ** 2 * weights_of_things(clean)).mean()

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
