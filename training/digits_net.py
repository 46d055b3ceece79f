"""The digits network while it learns: convolution, batch norm, ReLU; written out with the norms folded in.

`pipelines/digits/net.py` runs what `folded` writes; `tests/test_digits_training.py` holds the two against each other.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

CLASSES = 11  # ten digits and "not a digit"
CHANNELS = (32, 64, 128)


class Stage(nn.Module):
    """Two convolutions at one resolution; the last stage gives up its border instead of padding it."""

    def __init__(self, before: int, after: int, last_padding: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(before, after, 3, padding=1, bias=False)
        self.first_norm = nn.BatchNorm2d(after)
        self.second = nn.Conv2d(after, after, 3, padding=last_padding, bias=False)
        self.second_norm = nn.BatchNorm2d(after)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.first_norm(self.first(x)))
        return torch.relu(self.second_norm(self.second(x)))


class DigitsNet(nn.Module):
    """(n, 1, 28, 28) in 0..1 to (n, 11) logits."""

    def __init__(self) -> None:
        super().__init__()
        a, b, c = CHANNELS
        self.stages = nn.ModuleList([Stage(1, a, 1), Stage(a, b, 1), Stage(b, c, 0)])
        self.drop = nn.Dropout(0.3)
        self.head = nn.Linear(c * 5 * 5, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        for number, stage in enumerate(self.stages):
            x = stage(x if number == 0 else torch.max_pool2d(x, 2))
        out: Tensor = self.head(self.drop(x.flatten(1)))
        return out


def _fold(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    assert norm.running_var is not None and norm.running_mean is not None
    gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    return conv.weight * gain.view(-1, 1, 1, 1), norm.bias - norm.running_mean * gain


def folded(net: DigitsNet) -> dict[str, Tensor]:
    """The weights as the pipeline reads them, half precision."""
    weights: dict[str, Tensor] = {}
    for number, stage in enumerate(net.stages, 1):
        assert isinstance(stage, Stage)
        for part, conv, norm in (("a", stage.first, stage.first_norm), ("b", stage.second, stage.second_norm)):
            weights[f"conv{number}{part}.weight"], weights[f"conv{number}{part}.bias"] = _fold(conv, norm)
    weights |= {"head.weight": net.head.weight, "head.bias": net.head.bias}
    return {name: tensor.detach().to(torch.float16).contiguous() for name, tensor in weights.items()}
