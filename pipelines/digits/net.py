"""The network's arithmetic: three stages of two convolutions, then one linear layer. Weights come from a file.

A file may hold several members (names begin with "0.", "1.", ...); their answers are averaged.
"""

from __future__ import annotations

from typing import Any

Weights = dict[str, Any]  # name -> torch tensor, batch norms already folded in
STAGES = (1, 2, 3)


def split_members(tensors: Weights) -> list[Weights]:
    """One dictionary per member, float32, laid out for fast convolution."""
    import torch

    members: dict[str, Weights] = {}
    for name, tensor in tensors.items():
        number, _, key = name.partition(".")
        layout = torch.channels_last if tensor.dim() == 4 else torch.contiguous_format
        members.setdefault(number, {})[key] = tensor.to(torch.float32).contiguous(memory_format=layout)
    return [members[number] for number in sorted(members)]


def forward(weights: Weights, x: Any) -> tuple[Any, list[Any]]:
    """(n, 1, 28, 28) in 0..1 to logits (n, 11), and what each stage answered."""
    import torch
    import torch.nn.functional as F  # noqa: N812

    stages = []
    for number in STAGES:
        if number > 1:
            x = torch.max_pool2d(x, 2)
        # The last convolution gives up its border: 7x7 becomes 5x5.
        padding = 0 if number == STAGES[-1] else 1
        x = F.conv2d(x, weights[f"conv{number}a.weight"], weights[f"conv{number}a.bias"], padding=1).relu()
        x = F.conv2d(x, weights[f"conv{number}b.weight"], weights[f"conv{number}b.bias"], padding=padding).relu()
        stages.append(x)
    return F.linear(x.flatten(1), weights["head.weight"], weights["head.bias"]), stages
