"""Pictures for the painter, already in the autoencoder's small form, kept on disk in pieces."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL

from training.painter_run import half
from training.painter_scenes import EmojiPictures, Mix, Scene, draw, scene
from training.painter_vae import as_tensor

PIECE = 1_000
log = logging.getLogger("painter")


@dataclass(frozen=True)
class Pool:
    """Scenes of one kind: `seed` and the number make the scene, `latents` holds its picture."""

    seed: int
    mix: Mix
    latents: np.ndarray  # (n, 4, 16, 16) half precision

    def scene(self, number: int) -> Scene:
        return scene(self.seed, number, self.mix)


@torch.no_grad()
def encoded(vae: AutoencoderKL, scenes: list[Scene], emoji: EmojiPictures) -> np.ndarray:
    device = next(vae.parameters()).device
    parts = []
    for at in range(0, len(scenes), 16):
        pictures = as_tensor([draw(one, emoji) for one in scenes[at : at + 16]]).to(device)
        with half(device.type):
            parts.append(vae.encode(pictures).latent_dist.mean.float().cpu())
    return torch.cat(parts).numpy().astype(np.float16)


def pool(folder: Path, name: str, vae: AutoencoderKL, seed: int, mix: Mix, count: int, emoji: EmojiPictures) -> Pool:
    """Pieces that are there are not made again."""
    folder.mkdir(parents=True, exist_ok=True)
    pieces = []
    for first in range(0, count, PIECE):
        file = folder / f"{name}_{first // PIECE:03}.npy"
        if not file.exists():
            began = time.process_time()
            made = encoded(vae, [scene(seed, first + at, mix) for at in range(min(PIECE, count - first))], emoji)
            part = file.with_suffix(".part.npy")
            np.save(part, made)
            part.replace(file)
            log.info("%s, %.1f a second", file.name, len(made) / (time.process_time() - began))
        pieces.append(np.load(file))
    return Pool(seed, mix, np.concatenate(pieces))
