"""The painter's eye and hand: an autoencoder that makes 128x128 pictures 16x16 and back."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor

from training import painter_judge
from training.painter_nets import fold_statistics, new_vae
from training.painter_run import Plan, Stage, half
from training.painter_scenes import EmojiPictures, Mix, Pixels, Scene, draw, scene

RIM, RIM_WEIGHT = 4, 3.0  # the border is hardest, and a frame around a picture is ugly
EXAM_SEED = 900_001
SHAKEN = 0.06  # noise on latents (whose spread is 1) while the hand practises: the painter's are never exact
DECODER_PLAN = Plan(steps=60_000, cpu_seconds=1_800, batch=4, rate=1.5e-3, kept=0.998, warm_up=60, measure_every_s=300)
PLAN = Plan(steps=60_000, cpu_seconds=2_400, batch=4, rate=2e-3, kept=0.998, measure_every_s=300)


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


class VaeStage(Stage):
    name = "vae"

    def __init__(self, folder: Path, plan: Plan, mix: Mix, emoji: EmojiPictures) -> None:
        self.mix, self.emoji = mix, emoji
        self.weights = rim_weights(128).to(plan.device)
        torch.manual_seed(plan.seed)
        super().__init__(folder, plan, {"vae": new_vae()})

    def batch(self) -> Tensor:
        first = self.step * self.plan.batch
        scenes = (scene(self.plan.seed, first + at, self.mix) for at in range(self.plan.batch))
        return as_tensor([draw(one, self.emoji) for one in scenes]).to(self.plan.device)

    def loss(self, generator: torch.Generator) -> Tensor:
        vae, x = self.nets["vae"], self.batch()
        with half(self.plan.device):
            posterior = vae.encode(x).latent_dist
            noise = torch.randn(posterior.mean.shape, generator=generator).to(x.device)
            got = vae.decode(posterior.mean + posterior.std * noise).sample
        mean, variance = posterior.mean.float(), posterior.var.float()
        divergence = 0.5 * (mean**2 + variance - 1 - variance.log()).mean()
        return likeness_loss(got.float(), x, self.weights) + 1e-4 * divergence

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

    def __init__(self, folder: Path, plan: Plan, mix: Mix, emoji: EmojiPictures, vae: AutoencoderKL) -> None:
        self.mix, self.emoji, self.vae = mix, emoji, vae.to(plan.device)
        self.weights = rim_weights(128).to(plan.device)
        super().__init__(
            folder, plan, {"decoder": copy.deepcopy(vae.decoder), "post": copy.deepcopy(vae.post_quant_conv)}
        )

    def loss(self, generator: torch.Generator) -> Tensor:
        first = self.step * self.plan.batch
        scenes = (scene(self.plan.seed + 2, first + at, self.mix) for at in range(self.plan.batch))
        x = as_tensor([draw(one, self.emoji) for one in scenes]).to(self.plan.device)
        with half(self.plan.device):
            with torch.no_grad():
                latents = self.vae.encode(x).latent_dist.mean
            latents = latents + SHAKEN * torch.randn(latents.shape, generator=generator).to(x.device)
            got = self.nets["decoder"](self.nets["post"](latents))
        return likeness_loss(got.float(), x, self.weights)

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
