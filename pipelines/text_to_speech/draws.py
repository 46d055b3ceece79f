"""Drawing random numbers so that the same seed gives the same sound, whoever else is drawing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """torch's global generator started from `seed`, for one holder at a time; its old state comes back after."""
    import torch

    with _lock, torch.random.fork_rng(devices=[]), torch.inference_mode():
        torch.manual_seed(seed)
        yield
