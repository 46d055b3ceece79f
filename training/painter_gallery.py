"""Pictures for the painter, drawn ahead by all processors, each with several things that people might say of it.

Kept on disk in pieces, so that a stopped training does not draw again what is there; the same for their small form.
"""

from __future__ import annotations

import functools
import logging
import multiprocessing
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor
from transformers import CLIPTokenizer

from training import painter_emoji
from training.painter_captions import LANGUAGES, caption
from training.painter_scenes import Mix, draw, scene

PIECE = 1_000
WORDINGS = 8  # of one picture: English and Korean in turn
log = logging.getLogger("painter")


@dataclass(frozen=True)
class Kind:
    """Scenes of one kind: `seed` and a number make a scene. `folder` holds the pieces, `words` the tokenizer."""

    name: str
    seed: int
    mix: Mix
    count: int
    folder: Path
    words: Path
    emoji: Path | None = None

    def pieces(self) -> list[tuple[int, int]]:
        """First number and length of each."""
        return [(first, min(PIECE, self.count - first)) for first in range(0, self.count, PIECE)]

    def file(self, first: int, what: str) -> Path:
        return self.folder / f"{self.name}_{first // PIECE:04}.{what}.npy"


@dataclass(frozen=True)
class Pool:
    """What the painter learns from: (n, 4, h, w) pictures in small form, (n, WORDINGS, length) numbers of words."""

    latents: Tensor
    captions: Tensor


@functools.cache
def tools(words: Path, emoji: Path | None) -> tuple[CLIPTokenizer, painter_emoji.EmojiPictures]:
    return CLIPTokenizer.from_pretrained(words), painter_emoji.pictures(emoji)


def store(file: Path, what: np.ndarray) -> None:
    part = file.with_suffix(".part.npy")
    np.save(part, what)
    part.replace(file)


def draw_piece(kind: Kind, first: int, length: int) -> None:
    words, emoji = tools(kind.words, kind.emoji)
    names = painter_emoji.names()
    scenes = [scene(kind.seed, first + at, kind.mix) for at in range(length)]
    rng = np.random.default_rng([kind.seed, first, 9])
    said = [caption(rng, one, LANGUAGES[at % len(LANGUAGES)], names) for one in scenes for at in range(WORDINGS)]
    numbers = words(said, padding="max_length", truncation=True, max_length=words.model_max_length).input_ids
    store(kind.file(first, "captions"), np.array(numbers, np.int16).reshape(length, WORDINGS, -1))
    store(kind.file(first, "pictures"), np.stack([draw(one, emoji) for one in scenes]))


def draw_all(kinds: list[Kind], workers: int) -> None:
    """Pieces that are there are not made again."""
    missing = [
        (kind, first, length)
        for kind in kinds
        for first, length in kind.pieces()
        if not kind.file(first, "pictures").exists()
    ]
    for kind in kinds:
        kind.folder.mkdir(parents=True, exist_ok=True)
    if workers < 2 or len(missing) < 2:
        for piece in missing:
            draw_piece(*piece)
        return
    os.environ["TOKENIZERS_PARALLELISM"] = "false"  # the workers are already as many as the processors
    with multiprocessing.get_context("spawn").Pool(min(workers, len(missing))) as pool:
        pool.starmap(draw_piece, missing, chunksize=1)
    log.info("%d pieces of pictures drawn", len(missing))


def pictures(kind: Kind, most: int, device: str) -> Tensor:
    """(n, 128, 128, 3) uint8: the first `most`, or all that there are."""
    firsts = [(first, length) for first, length in kind.pieces() if first < most]
    parts = [torch.from_numpy(np.load(kind.file(first, "pictures"))).to(device) for first, _ in firsts]
    return torch.cat(parts)[:most]


def as_signal(some: Tensor) -> Tensor:
    """(n, h, w, 3) uint8 to (n, 3, h, w) in -1..1."""
    return (some.permute(0, 3, 1, 2).float() / 127.5 - 1).contiguous()


@torch.no_grad()
def pool(kind: Kind, vae: AutoencoderKL) -> Pool:
    """The kind's pictures in small form, on the device of `vae`; made where they are missing."""
    device = next(vae.parameters()).device
    latents, captions = [], []
    for first, _ in kind.pieces():
        file = kind.file(first, "latents")
        if not file.exists():
            shown = torch.from_numpy(np.load(kind.file(first, "pictures"))).to(device)
            parts = [vae.encode(as_signal(some)).latent_dist.mean.half() for some in shown.split(200)]
            store(file, torch.cat(parts).cpu().numpy())
        latents.append(np.load(file))
        captions.append(np.load(kind.file(first, "captions")))
    told = torch.from_numpy(np.concatenate(captions))
    return Pool(torch.from_numpy(np.concatenate(latents)).to(device), told.to(device))


def drawn(rng: np.random.Generator, sizes: dict[str, int], shares: dict[str, float], count: int) -> np.ndarray:
    """(count,) places in the kinds laid one after another, each kind as often as its share says."""
    names = list(sizes)
    chances = np.array([shares[name] for name in names])
    kinds = rng.choice(len(names), count, p=chances / chances.sum())
    lengths = np.array([sizes[name] for name in names])
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    return starts[kinds] + (rng.random(count) * lengths[kinds]).astype(np.int64)
