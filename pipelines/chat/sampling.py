"""Which token comes next. Draws from a generator of its own, so that one seed gives one text whoever else draws.

torch has one generator for the whole process; a voice that speaks while a chat writes would shift its numbers. As the
last of the steps that `generate` takes with its scores, this one draws the token itself and leaves only that one.
"""

from __future__ import annotations

from typing import Any

FEW = 256  # the likeliest tokens usually hold all that `top_p` asks for; the rest is not sorted then


class Sampler:
    """A logits processor: temperature, then the `top_k` likeliest, then the likeliest that make up `top_p`."""

    def __init__(self, temperature: float, top_p: float, seed: int, device: Any, top_k: int = 0) -> None:
        import torch

        self._temperature = temperature
        self._top_p = top_p
        self._top_k = top_k
        self._random = torch.Generator(device).manual_seed(seed)

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        """`scores`: (1, vocabulary). Greedy at temperature 0."""
        import torch

        row = scores[0].float()
        if self._temperature == 0:
            chosen = row.argmax()
        else:
            shares, tokens = self._candidates(row / self._temperature)
            chosen = tokens[torch.multinomial(shares, 1, generator=self._random)[0]]
        only = torch.full_like(scores, float("-inf"))
        only[0, chosen] = 0
        return only

    def _candidates(self, row: Any) -> tuple[Any, Any]:
        """Tokens that may come, likeliest first, with their shares."""
        shares = row.softmax(-1)
        few = min(self._top_k or FEW, len(shares))
        likeliest, tokens = shares.topk(few)
        if self._top_k:
            likeliest = likeliest / likeliest.sum()
        elif likeliest.sum() < self._top_p:
            likeliest, tokens = shares.sort(descending=True)
        before = likeliest.cumsum(-1) - likeliest
        kept = before < self._top_p
        kept[0] = True  # a `top_p` of 0 leaves the likeliest
        return likeliest[kept], tokens[kept]
