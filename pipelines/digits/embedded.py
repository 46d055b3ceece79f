"""The built-in engine: our own small network, trained by `training/digits.py`, weights in `assets/digits/`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.digits import net
from pipelines.digits.types import Activity, Frames, Probabilities
from pipelines.engines import EngineSpec
from pipelines.words import Text

WEIGHTS = Path(__file__).resolve().parents[2] / "assets" / "digits" / "digits.safetensors"

COPIES = 8  # of a frame, for the saliency

SPEC = EngineSpec(
    task="digits",
    name="embedded",
    label=Text(en="Modu digits network (built in)", ko="모두 숫자 신경망 (내장)"),
    kind="embedded",
    rank=10,
    licence="MIT",
    size_mb=1.3,
    memory_mb=340,  # measured; nearly all of it is torch itself
    requires=("torch", "safetensors"),
    verified=True,
    shared=True,  # reading weights changes nothing: calls may run side by side
)


def load(folder: Path | None) -> Digits:
    from safetensors.torch import load_file

    return Digits(net.split_members(load_file(WEIGHTS)))


class Digits:
    """Holds the weights; threads may share it. `members` answer together, their probabilities averaged."""

    def __init__(self, members: list[net.Weights]) -> None:
        self._members = members

    def predict(self, frames: Frames) -> Probabilities:
        import torch

        self._one_thread()
        with torch.inference_mode():
            x = _tensor(frames)
            answers = [net.forward(member, x)[0].softmax(1) for member in self._members]
            mean: Probabilities = torch.stack(answers).mean(0).numpy()
        return mean

    def activity(self, frame: Frames) -> list[Activity]:
        import torch

        self._one_thread()
        with torch.inference_mode():
            stages = net.forward(self._members[0], _tensor(frame[None]))[1]
        return [Activity(f"conv {number}", stage[0].numpy()) for number, stage in enumerate(stages, 1)]

    def saliency(self, frame: Frames, label: int) -> NDArray[np.float32]:
        """Slope of the answer x ink; noisy copies are averaged, so that single pixels do not shout."""
        import torch
        import torch.nn.functional as F  # noqa: N812

        self._one_thread()
        x = _tensor(frame[None])
        noise = torch.randn(COPIES, 1, 28, 28, generator=torch.Generator().manual_seed(0)) * 0.1
        with torch.enable_grad():
            copies = (x + noise).requires_grad_(True)
            score = torch.stack([net.forward(member, copies)[0] for member in self._members]).mean(0)[:, label]
            (slope,) = torch.autograd.grad(score.sum(), copies)
        spoke = F.avg_pool2d((slope.mean(0) * x[0]).clamp(min=0), 3, 1, 1)[0]
        heat: NDArray[np.float32] = (spoke / spoke.max().clamp(min=1e-6)).numpy()
        return heat

    @staticmethod
    def _one_thread() -> None:
        """So small a net is slower with more; torch keeps this number per thread, so others are not touched."""
        import torch

        torch.set_num_threads(1)


def _tensor(frames: Frames) -> Any:
    import torch

    return torch.from_numpy(np.ascontiguousarray(frames, dtype=np.float32))[:, None] / 255
