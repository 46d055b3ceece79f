"""The line recogniser as a network: a residual stack over a 40-high line, two mixing layers, a guess every 4 pixels.

The last layer is written for Hangul. The score of a syllable is the sum of the scores of its first consonant, vowel and
final consonant, and of a part of its own: what one syllable teaches about a letter helps every other syllable that has
it. For shipping, `folded_head` adds the parts up into one plain matrix.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from pipelines.ocr.characters import CHARACTERS

HANGUL, VOWELS, FINALS = 0xAC00, 21, 28
WIDE = 224  # numbers per guess


def block(came: int, left: int, stride: int | tuple[int, int] = 1) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(came, left, 3, stride, 1, bias=False), nn.BatchNorm2d(left), nn.ReLU())


class Residual(nn.Module):
    def __init__(self, wide: int) -> None:
        super().__init__()
        self.first = block(wide, wide)
        self.second = nn.Sequential(nn.Conv2d(wide, wide, 3, 1, 1, bias=False), nn.BatchNorm2d(wide))

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.second(self.first(x)))


class Mix(nn.Module):
    """Neighbours first (a depthwise convolution), then the whole line (attention), then each guess by itself."""

    def __init__(self, wide: int, heads: int = 4) -> None:
        super().__init__()
        self.heads = heads
        self.near = nn.Conv2d(wide, wide, (1, 9), padding=(0, 4), groups=wide)
        self.norm_far, self.norm_own = nn.LayerNorm(wide), nn.LayerNorm(wide)
        self.asked, self.found = nn.Linear(wide, 3 * wide), nn.Linear(wide, wide)
        self.wider, self.back = nn.Linear(wide, 2 * wide), nn.Linear(2 * wide, wide)

    def attend(self, x: Tensor) -> Tensor:
        lines, guesses, wide = x.shape
        parts = self.asked(x).view(lines, guesses, 3, self.heads, wide // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        weights = (query @ key.transpose(-1, -2) * (wide // self.heads) ** -0.5).softmax(-1)
        return self.found((weights @ value).transpose(1, 2).reshape(lines, guesses, wide))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.near(x)
        flat = x.squeeze(2).transpose(1, 2)
        flat = flat + self.attend(self.norm_far(flat))
        flat = flat + self.back(F.gelu(self.wider(self.norm_own(flat)), approximate="tanh"))
        return flat.transpose(1, 2).unsqueeze(2)


class Head(nn.Module):
    """Scores of all characters; number 0 is the blank of CTC."""

    def __init__(self, wide: int) -> None:
        super().__init__()
        self.own = nn.Parameter(torch.randn(len(CHARACTERS) + 1, wide) * wide**-0.5)
        self.bias = nn.Parameter(torch.zeros(len(CHARACTERS) + 1))
        self.letters = nn.Parameter(torch.randn(19 + VOWELS + FINALS, wide) * wide**-0.5)
        codes = torch.tensor([ord(c) - HANGUL for c in CHARACTERS])
        self.register_buffer("syllables", torch.nonzero((codes >= 0) & (codes < 11_172))[:, 0], persistent=False)
        of = codes[self.syllables]
        first, vowel, final = of // (VOWELS * FINALS), 19 + of // FINALS % VOWELS, 19 + VOWELS + of % FINALS
        self.register_buffer("made_of", torch.stack([first, vowel, final]), persistent=False)
        with torch.no_grad():
            self.own[1 + self.syllables] *= 0.2

    def matrix(self) -> Tensor:
        made = self.letters[self.made_of[0]] + self.letters[self.made_of[1]] + self.letters[self.made_of[2]]
        return self.own.index_add(0, self.syllables + 1, made)

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.matrix(), self.bias)


class LineNet(nn.Module):
    """(n, 1, 40, w) to (n, w / 4, characters + 1) scores."""

    def __init__(self, wide: int = WIDE) -> None:
        super().__init__()
        self.eye = nn.Sequential(
            *(block(1, 32, 2), block(32, 64, 2), Residual(64)),
            *(block(64, 96, (2, 1)), Residual(96), Residual(96)),
            *(block(96, 160, (2, 1)), Residual(160), Residual(160)),
        )
        self.column = nn.Sequential(nn.Conv2d(160, wide, (3, 1), bias=False), nn.BatchNorm2d(wide))
        self.mixes = nn.Sequential(Mix(wide), Mix(wide))
        self.norm, self.head = nn.LayerNorm(wide), Head(wide)

    def forward(self, x: Tensor) -> Tensor:
        seen = self.mixes(self.column(self.eye(x)))
        return self.head(self.norm(seen.squeeze(2).transpose(1, 2)))


class LineLoss(torch.autograd.Function):
    """CTC, cheaper with thousands of characters: only the scores of the line's own characters go through it.

    Gradient of the scores = softmax - share of the alignments that pass through each character.
    """

    @staticmethod
    def forward(ctx, scores: Tensor, own: Tensor, targets: Tensor, lengths: Tensor) -> Tensor:  # type: ignore[override, no-untyped-def]
        """scores (n, t, c); own (n, k) the characters of each line, blank first; targets (n, s) places in `own`."""
        shares = torch.empty_like(scores)
        whole = torch.empty(scores.shape[:2])
        for at, line in enumerate(scores):
            line = line.float()
            whole[at] = line.logsumexp(-1)
            shares[at] = (line - whole[at][:, None]).exp_()
        taken = own[:, None, :].expand(-1, scores.shape[1], -1)
        with torch.enable_grad():
            few = (scores.gather(2, taken).float() - whole[..., None]).detach().requires_grad_()
            ticks = torch.full((len(scores),), scores.shape[1])
            losses = F.ctc_loss(few.transpose(0, 1), targets, ticks, lengths, reduction="none", zero_infinity=True)
            weight = 1 / (lengths * len(scores))
            loss = (losses * weight).sum()
            (slope,) = torch.autograd.grad(loss, few)
        used = (losses > 0).float() * weight
        passing = used[:, None, None] * few.detach().exp() - slope
        ctx.save_for_backward(shares, used, passing, taken)
        return loss.detach()

    @staticmethod
    def backward(ctx, upstream: Tensor):  # type: ignore[override, no-untyped-def]
        shares, used, passing, taken = ctx.saved_tensors
        slope = shares * used[:, None, None].to(shares.dtype)
        slope.scatter_add_(2, taken, (-passing).to(slope.dtype))
        return slope * upstream.to(slope.dtype), None, None, None


def line_loss(scores: Tensor, codes: list[list[int]]) -> Tensor:
    """Mean CTC loss per character; `codes` are the character numbers of each line, from 1."""
    lengths = torch.tensor([len(line) for line in codes])
    longest = int(lengths.max())
    own, targets = torch.zeros(len(codes), longest + 1, dtype=torch.long), torch.zeros(len(codes), longest).long()
    for at, line in enumerate(codes):
        places: dict[int, int] = {}
        for character in line:
            places.setdefault(character, len(places) + 1)
        own[at, 1 : len(places) + 1] = torch.tensor(list(places))
        targets[at, : len(line)] = torch.tensor([places[character] for character in line])
    loss: Tensor = LineLoss.apply(scores, own, targets, lengths)
    return loss
