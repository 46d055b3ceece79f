"""Real life for pictures of digits, on whole batches: slant, turn, pen, bad scans, paper. The label stays true.

Pictures come at twice MNIST's size (n, 1, 56, 56), 0..1, and leave at 28x28. Lengths are in pixels of the 28x28 frame.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

SIDE = 56


class Augment:
    """Draws every change from one generator, so that a seed gives the same pictures again."""

    def __init__(self, seed: int) -> None:
        self.generator = torch.Generator().manual_seed(seed)

    def rand(self, *shape: int) -> Tensor:
        return torch.rand(*shape, generator=self.generator)

    def randn(self, *shape: int) -> Tensor:
        return torch.randn(*shape, generator=self.generator)

    def some(self, count: int, share: float) -> Tensor:
        """Indices of about `share` of the pictures."""
        return (self.rand(count) < share).nonzero()[:, 0]

    def __call__(self, x: Tensor) -> Tensor:
        x = self.pen(self.warp(x))
        x = F.avg_pool2d(x, 2)
        for change, share in ((self.coarse, 0.12), (self.binary, 0.08), (self.blur, 0.08), (self.rules, 0.04)):
            chosen = self.some(len(x), share)
            if len(chosen):
                x[chosen] = change(x[chosen])
        return self.light(x)

    def warp(self, x: Tensor) -> Tensor:
        """Turn, slant, scale, proportions, shift, and a rubber sheet, in one resampling."""
        n = len(x)
        turn = (self.randn(n) * 0.14).clamp(-0.38, 0.38)
        slant = (self.randn(n) * 0.14).clamp(-0.4, 0.4)
        scale = torch.exp(self.randn(n) * 0.07)
        wide = torch.exp(self.randn(n) * 0.1)
        stretched = self.some(n, 0.1)  # as in data sets that fill a square with every digit
        wide[stretched] = self.width_to_fill(x[stretched]) * (0.75 + 0.25 * self.rand(len(stretched)))
        cos, sin = torch.cos(turn) / scale, torch.sin(turn) / scale
        matrix = torch.stack([cos / wide, (cos * slant - sin) / wide, sin, cos + sin * slant], 1).view(n, 2, 2)
        shift = self.randn(n, 2, 1) * (0.8 / 14)
        grid = F.affine_grid(torch.cat([matrix, shift], 2), [n, 1, SIDE, SIDE], align_corners=False)
        strength = self.rand(n, 1, 1, 1) ** 2 * (1.8 / 14)
        sheet = F.interpolate(self.randn(n, 2, 5, 5) * strength, size=(SIDE, SIDE), mode="bicubic", align_corners=True)
        return F.grid_sample(x, grid + sheet.permute(0, 2, 3, 1), align_corners=False)

    @staticmethod
    def width_to_fill(x: Tensor) -> Tensor:
        """How much wider each digit may grow until it is as wide as high; never more than 2.2."""
        wide = (x.amax(2) > 0.3).sum(-1).clamp(min=1)
        high = (x.amax(3) > 0.3).sum(-1).clamp(min=1)
        return (high / wide).clamp(1, 2.2).flatten()

    def pen(self, x: Tensor) -> Tensor:
        """A broader or finer nib; a stroke never vanishes."""
        broad = self.some(len(x), 0.25)
        if len(broad):
            part = x[broad]
            x[broad] = torch.lerp(part, F.max_pool2d(part, 3, 1, 1), self.rand(len(broad), 1, 1, 1))
        fine = self.some(len(x), 0.25)
        if len(fine):
            part = x[fine]
            thin = torch.lerp(part, -F.max_pool2d(-part, 3, 1, 1), self.rand(len(fine), 1, 1, 1))
            alive = thin.sum((1, 2, 3), keepdim=True) > 0.45 * part.sum((1, 2, 3), keepdim=True)
            x[fine] = torch.where(alive, thin, part)
        very_broad = self.some(len(x), 0.05)
        if len(very_broad):
            x[very_broad] = F.max_pool2d(x[very_broad], 5, 1, 2)
        return x

    def coarse(self, x: Tensor) -> Tensor:
        """Scanned with few pixels: 22 across is a 16x16 digit, 11 an 8x8 one."""
        size = (11, 13, 16, 19, 22)[int(torch.randint(5, (1,), generator=self.generator))]
        small = F.interpolate(x, size=(size, size), mode="area")
        mode = ("bicubic", "bilinear")[int(torch.randint(2, (1,), generator=self.generator))]
        return F.interpolate(small, size=(28, 28), mode=mode, align_corners=False).clamp(0, 1)

    def binary(self, x: Tensor) -> Tensor:
        """Black and white only, at 16 to 28 pixels, enlarged smoothly or hard."""
        size = (16, 22, 22, 28)[int(torch.randint(4, (1,), generator=self.generator))]
        small = F.interpolate(x, size=(size, size), mode="area")
        hard = (small > 0.2 + 0.3 * self.rand(len(x), 1, 1, 1)).float()
        alive = hard.sum((1, 2, 3), keepdim=True) > 0.5 * small.sum((1, 2, 3), keepdim=True)
        hard = torch.where(alive, hard, small)
        if float(self.rand(1)) < 0.3:
            return F.interpolate(hard, size=(28, 28), mode="nearest")
        return F.interpolate(hard, size=(28, 28), mode="bicubic", align_corners=False).clamp(0, 1)

    def blur(self, x: Tensor) -> Tensor:
        once = F.avg_pool2d(F.pad(x, (1, 1, 1, 1)), 3, 1)
        blurred = torch.lerp(x, once, self.rand(len(x), 1, 1, 1))
        return blurred / blurred.amax((1, 2, 3), keepdim=True).clamp(min=0.5)

    def rules(self, x: Tensor) -> Tensor:
        """A rule of the form, or its neighbour's ink, left at one border."""
        x = x.clone()
        for picture in x:
            at, thick = int(self.rand(1) * 3), 1 + int(self.rand(1) * 2)
            start, end = sorted((int(self.rand(1) * 28), int(self.rand(1) * 28)))
            line = torch.rot90(picture[0], int(self.rand(1) * 4))
            line[at : at + thick, start : end + 1] = 0.4 + 0.6 * float(self.rand(1))
        return x

    def light(self, x: Tensor) -> Tensor:
        """Faint ink, soft or hard edges, grain, paper that is not quite white."""
        n = len(x)
        bent = self.some(n, 0.4)
        x[bent] = x[bent].clamp(1e-4, 1) ** torch.exp(self.randn(len(bent), 1, 1, 1) * 0.35)
        faint = self.some(n, 0.25)
        x[faint] = x[faint] * (0.5 + 0.5 * self.rand(len(faint), 1, 1, 1))
        grainy = self.some(n, 0.12)
        x[grainy] = x[grainy] + self.randn(len(grainy), 1, 28, 28) * (0.02 + 0.12 * self.rand(len(grainy), 1, 1, 1))
        paper = self.some(n, 0.05)
        field = F.interpolate(self.rand(len(paper), 1, 6, 6), size=(28, 28), mode="bicubic", align_corners=False)
        x[paper] = torch.maximum(x[paper], 0.25 * field)
        return x.clamp(0, 1)
