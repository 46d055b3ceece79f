"""Which numerical method walks from noise to the picture, by the names of diffusers' classes."""

from __future__ import annotations

from typing import Any

# All of them honour a schedule that ends in pure noise, and need no package beside diffusers.
EVERY = (
    "DDIMScheduler",
    "EulerDiscreteScheduler",
    "EulerAncestralDiscreteScheduler",
    "DPMSolverMultistepScheduler",
    "UniPCMultistepScheduler",
)
OF_STABLE_DIFFUSION = ("DPMSolverMultistepScheduler", *(name for name in EVERY if name[:3] != "DPM"), "LCMScheduler")
OF_XL = ("EulerDiscreteScheduler", *(name for name in EVERY if name[:14] != "EulerDiscreteS"), "LCMScheduler")
OF_TURBO = ("EulerDiscreteScheduler", "EulerAncestralDiscreteScheduler", "LCMScheduler")


def make(config: Any, name: str, steps: int) -> Any:
    """A fresh scheduler of class `name` with the noise schedule of the checkpoint's own (`config`)."""
    import diffusers

    extra = {"original_inference_steps": max(50, steps)} if name == "LCMScheduler" else {}
    return getattr(diffusers, name).from_config(config, **extra)
