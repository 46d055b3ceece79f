"""One stage of a training: steps until a number of them, or a budget of time, is used up.

What a step draws depends on (seed, step) alone. So a run that was killed and taken up again gives the same numbers
as one that was not, and the checkpoint needs no state of a random generator. Time is that of the processor, or of the
clock where a GPU does the work.
"""

from __future__ import annotations

import copy
import json
import logging
import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

log = logging.getLogger("painter")


@dataclass(frozen=True)
class Plan:
    """How long and how fast a stage learns."""

    steps: int
    seconds: float
    batch: int
    rate: float
    kept: float  # of the running average of the weights, per step
    flat: float = 0.0  # share of the run at the full rate, before it falls
    seed: int = 1
    store_every_s: float = 45.0
    measure_every_s: float = 600.0
    device: str = "cpu"
    warm_up: int = 200  # steps until the full rate


def half(device: str) -> torch.autocast:
    """Numbers of 16 bit where the processor counts with them; elsewhere they would be ten times slower than 32."""
    native = device != "cpu" or torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return torch.autocast(device, torch.bfloat16, enabled=native)


def clock(device: str) -> float:
    """Seconds of the processor; of the wall where the processor only waits for a GPU."""
    return time.process_time() if device == "cpu" else time.perf_counter()


class Stage:
    """Subclasses say what is learned (`loss`) and how it is judged (`measure`)."""

    name = "stage"

    def __init__(self, folder: Path, plan: Plan, nets: dict[str, nn.Module]) -> None:
        self.folder, self.plan = folder, plan
        layout = torch.channels_last if plan.device == "cpu" else torch.contiguous_format
        self.nets = nn.ModuleDict(nets).to(plan.device, memory_format=layout)
        self.average = copy.deepcopy(self.nets).eval().requires_grad_(False)
        self.optimiser = torch.optim.AdamW(self.nets.parameters(), lr=plan.rate, weight_decay=0.01, fused=True)
        self.step, self.samples, self.used_s, self.smooth = 0, 0, 0.0, torch.tensor(math.nan, device=plan.device)
        self.curve: list[dict[str, Any]] = []
        folder.mkdir(parents=True, exist_ok=True)
        if self.checkpoint.exists():
            self.take_up()

    @property
    def checkpoint(self) -> Path:
        return self.folder / f"{self.name}.pt"

    def loss(self, generator: torch.Generator) -> Tensor:
        raise NotImplementedError

    def measure(self) -> dict[str, Any]:
        raise NotImplementedError

    def store(self) -> None:
        state = {"nets": self.nets.state_dict(), "average": self.average.state_dict(), "step": self.step}
        state |= {"optimiser": self.optimiser.state_dict(), "used_s": self.used_s, "curve": self.curve}
        state |= {"smooth": self.smooth, "samples": self.samples}
        part = self.checkpoint.with_suffix(".part")
        torch.save(state, part)
        part.replace(self.checkpoint)
        (self.folder / f"{self.name}.json").write_text(json.dumps(self.curve, indent=1))

    def take_up(self) -> None:
        state = torch.load(self.checkpoint, map_location=self.plan.device)
        self.nets.load_state_dict(state["nets"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.used_s, self.curve = state["step"], state["used_s"], state["curve"]
        self.smooth, self.samples = state["smooth"], state["samples"]
        log.info("%s goes on at step %d, after %.0f seconds", self.name, self.step, self.used_s)

    @property
    def progress(self) -> float:
        """0 to 1, by steps or by time, whichever is further."""
        return min(1.0, max(self.step / self.plan.steps, self.used_s / self.plan.seconds))

    def rate(self) -> float:
        warm = min(1.0, (self.step + 1) / self.plan.warm_up)
        left = (1 - self.progress) / (1 - self.plan.flat)
        return self.plan.rate * warm * max(0.02, math.sin(min(1.0, left) * math.pi / 2) ** 2)

    def learn(self) -> Tensor:
        """One step; its loss, which a GPU may still be working out."""
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate()
        self.nets.train()
        loss = self.loss(torch.Generator(self.plan.device).manual_seed(self.plan.seed * 1_000_003 + self.step))
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.nets.parameters(), 1.0)
        self.optimiser.step()
        self.step += 1
        self.samples += self.plan.batch
        self.average_in(min(self.plan.kept, (1 + self.step) / (10 + self.step)))
        return loss.detach()

    @torch.no_grad()
    def average_in(self, kept: float) -> None:
        torch._foreach_lerp_(list(self.average.parameters()), list(self.nets.parameters()), 1 - kept)

    def row(self) -> None:
        head = {"step": self.step, "samples": self.samples, "seconds": round(self.used_s)}
        self.curve.append({**head, "loss": round(float(self.smooth), 5), **self.measure()})
        log.info("%s %s", self.name, self.curve[-1])

    def run(self) -> None:
        stored, measured = self.used_s, self.curve[-1]["seconds"] if self.curve else 0.0
        while self.progress < 1:
            began = clock(self.plan.device)
            loss = self.learn()
            self.smooth = torch.where(self.smooth.isnan(), loss, self.smooth.lerp(loss, 0.01))
            self.used_s += clock(self.plan.device) - began
            if self.used_s - measured >= self.plan.measure_every_s or self.progress >= 1:
                self.row()
                measured = self.used_s
            if self.used_s - stored >= self.plan.store_every_s or self.progress >= 1:
                self.store()
                stored = self.used_s
                rate = self.samples / self.used_s
                log.info("%s step %d loss %.4f, %.1f a second", self.name, self.step, float(self.smooth), rate)
