"""The painter's eye and hand: an autoencoder that makes 128x128 pictures 16x16 and back."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor

from training import painter_judge
from training.painter_gallery import as_signal, drawn
from training.painter_nets import fold_statistics, new_vae
from training.painter_run import Plan, Stage
from training.painter_scenes import EmojiPictures, Mix, Pixels, Scene, draw, scene

RIM, RIM_WEIGHT = 4, 3.0  # the border is hardest, and a frame around a picture is ugly
EXAM_SEED = 900_001
SHAKEN = 0.06  # noise on latents (whose spread is 1) while the hand practises: the painter's are never exact
SHARES = {"alone": 0.3, "pairs": 0.4, "emoji": 0.3}
MOST = 40_000  # pictures of each kind that are kept in memory
PLAN = Plan(steps=60_000, seconds=2_400, batch=4, rate=2e-3, kept=0.998, measure_every_s=300)
DECODER_PLAN = replace(PLAN, seconds=1_800, rate=1.5e-3, warm_up=60)
GPU_PLAN = Plan(steps=200_000, seconds=100, batch=64, rate=2e-3, kept=0.998, measure_every_s=40)
GPU_DECODER_PLAN = replace(GPU_PLAN, seconds=60, rate=1.5e-3)


def as_tensor(pictures: list[Pixels]) -> Tensor:
    """(n, 3, 128, 128) in -1..1."""
    stack = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2)
    return (stack.float() / 127.5 - 1).contiguous(memory_format=torch.channels_last)


def as_pictures(tensor: Tensor) -> list[Pixels]:
    grey = ((tensor.float().clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
    return list(grey.permute(0, 2, 3, 1).cpu().numpy())


def gradients(x: Tensor) -> tuple[Tensor, Tensor]:
    return x[..., 1:, :] - x[..., :-1, :], x[..., :, 1:] - x[..., :, :-1]


def rim_weights(size: int) -> Tensor:
    weights = torch.full((size, size), RIM_WEIGHT)
    weights[RIM:-RIM, RIM:-RIM] = 1.0
    return weights / weights.mean()


def likeness_loss(got: Tensor, wanted: Tensor, weights: Tensor) -> Tensor:
    """Colour, and edges."""
    off = got - wanted
    edges = sum(
        ((a - b).abs().mean() for a, b in zip(gradients(got), gradients(wanted), strict=True)), off.new_zeros(())
    )
    return ((off.abs() + off * off) * weights).mean() + 0.5 * edges


def psnr(one: Pixels, other: Pixels) -> float:
    error = float(((one.astype(np.float32) - other.astype(np.float32)) ** 2).mean())
    return 10 * float(np.log10(255**2 / max(error, 1e-6)))


class Pictures:
    """Those that an autoencoder practises on, all in memory."""

    def __init__(self, kinds: dict[str, Tensor]) -> None:
        self.sizes = {name: len(some) for name, some in kinds.items()}
        self.all = torch.cat(list(kinds.values()))

    def batch(self, seed: int, step: int, count: int) -> Tensor:
        """(count, 3, 128, 128) in -1..1; which ones depends on the numbers alone."""
        places = drawn(np.random.default_rng([seed, step]), self.sizes, SHARES, count)
        return as_signal(self.all[torch.from_numpy(places).to(self.all.device)])


class VaeStage(Stage):
    name = "vae"

    def __init__(self, folder: Path, plan: Plan, mix: Mix, emoji: EmojiPictures, pictures: Pictures) -> None:
        self.mix, self.emoji, self.pictures = mix, emoji, pictures
        self.weights = rim_weights(128).to(plan.device)
        torch.manual_seed(plan.seed)
        super().__init__(folder, plan, {"vae": new_vae()})

    def loss(self, generator: torch.Generator) -> Tensor:
        """In full precision: 16 bit numbers would be a grain in the pictures."""
        vae, x = self.nets["vae"], self.pictures.batch(self.plan.seed, self.step, self.plan.batch)
        posterior = vae.encode(x).latent_dist
        noise = torch.randn(posterior.mean.shape, generator=generator, device=x.device)
        got = vae.decode(posterior.mean + posterior.std * noise).sample
        divergence = 0.5 * (posterior.mean**2 + posterior.var - 1 - posterior.logvar).mean()
        return likeness_loss(got, x, self.weights) + 1e-4 * divergence

    def measure(self) -> dict[str, Any]:
        return exam(self.average["vae"], 60, self.emoji, self.mix)


@torch.no_grad()
def rebuilt(vae: AutoencoderKL, pictures: list[Pixels]) -> list[Pixels]:
    """Through the net and back, in full precision, as visitors get it."""
    device = next(vae.parameters()).device
    out: list[Pixels] = []
    for at in range(0, len(pictures), 8):
        latents = vae.encode(as_tensor(pictures[at : at + 8]).to(device)).latent_dist.mean
        out += as_pictures(vae.decode(latents).sample)
    return out


def exam(vae: AutoencoderKL, count: int, emoji: EmojiPictures, mix: Mix) -> dict[str, Any]:
    """PSNR and the judge on fresh scenes of shapes, and PSNR on emoji."""
    scenes: list[Scene] = [scene(EXAM_SEED, number, Mix()) for number in range(count)]
    pictures = [draw(one) for one in scenes]
    again = rebuilt(vae, pictures)
    verdicts = [painter_judge.verdict(picture, one) for picture, one in zip(again, scenes, strict=True)]
    row = {"psnr": round(float(np.mean([psnr(a, b) for a, b in zip(again, pictures, strict=True)])), 2)}
    row |= painter_judge.shares(verdicts)
    if mix.emoji_share:
        only = Mix(pairs=0, emoji=mix.emoji, emoji_share=1)
        drawn = [draw(scene(EXAM_SEED, number, only), emoji) for number in range(count // 4)]
        back = rebuilt(vae, drawn)
        row["emoji_psnr"] = round(float(np.mean([psnr(a, b) for a, b in zip(back, drawn, strict=True)])), 2)
    return row


class DecoderStage(Stage):
    """The hand alone practises on, while what the eye sees stays as it is: latents that were kept remain right."""

    name = "decoder"

    def __init__(
        self, folder: Path, plan: Plan, mix: Mix, emoji: EmojiPictures, pictures: Pictures, vae: AutoencoderKL
    ) -> None:
        self.mix, self.emoji, self.pictures, self.vae = mix, emoji, pictures, vae.to(plan.device)
        self.weights = rim_weights(128).to(plan.device)
        super().__init__(
            folder, plan, {"decoder": copy.deepcopy(vae.decoder), "post": copy.deepcopy(vae.post_quant_conv)}
        )

    def loss(self, generator: torch.Generator) -> Tensor:
        x = self.pictures.batch(self.plan.seed + 2, self.step, self.plan.batch)
        with torch.no_grad():
            latents = self.vae.encode(x).latent_dist.mean
        shaken = latents + SHAKEN * torch.randn(latents.shape, generator=generator, device=x.device)
        got = self.nets["decoder"](self.nets["post"](shaken))
        return likeness_loss(got, x, self.weights)

    def whole(self) -> AutoencoderKL:
        """The autoencoder with the practised hand."""
        vae = copy.deepcopy(self.vae)
        vae.decoder.load_state_dict(self.average["decoder"].state_dict())
        vae.post_quant_conv.load_state_dict(self.average["post"].state_dict())
        return vae

    def measure(self) -> dict[str, Any]:
        return exam(self.whole(), 100, self.emoji, self.mix)


@torch.no_grad()
def finished(stage: VaeStage, count: int = 512) -> AutoencoderKL:
    """The averaged net with its latents' means and spreads folded in."""
    vae = copy.deepcopy(stage.average["vae"])
    pictures = [draw(scene(stage.plan.seed, number, stage.mix), stage.emoji) for number in range(count)]
    parts = [vae.encode(as_tensor(pictures[at : at + 16]).to(stage.plan.device)).latent_dist.mean
             for at in range(0, count, 16)]  # fmt: skip
    fold_statistics(vae, torch.cat(parts))
    return vae
