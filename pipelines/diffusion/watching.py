"""A cancel inside a step: every block of every network looks first whether anybody still waits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from pipelines.errors import Cancelled


def blocks(networks: Iterable[Any]) -> list[Any]:
    """What networks are stacked of, at every depth: no piece of work between two of them takes long."""
    import torch

    found = {
        id(block): block
        for network in networks
        for stack in network.modules()
        if isinstance(stack, torch.nn.ModuleList)
        for block in stack
        if block is not None  # a place that this network leaves empty
    }
    return list(found.values())


@contextmanager
def watched(stacked: Iterable[Any], wanted: Callable[[], bool]) -> Iterator[None]:
    """Raise `Cancelled` from the next block once `wanted()` is false. Afterwards the networks are as before."""

    def look(*_: Any) -> None:
        if not wanted():
            raise Cancelled

    hooks = [block.register_forward_pre_hook(look) for block in stacked]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
