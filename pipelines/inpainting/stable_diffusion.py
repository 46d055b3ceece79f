"""Stable Diffusion models that were trained to repaint (9 channels); others of 4 channels work here as well.

Read at huggingface.co: stable-diffusion-v1-5/stable-diffusion-inpainting/tree/8a4288a76071f7280aedbdb3253bdb9e9d5d84bb/
(unet, whose only safetensors file is the fp16 one; licence), and diffusers/stable-diffusion-xl-1.0-inpainting-0.1/tree/
(main: unet, vae, text_encoder, text_encoder_2; licence).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipelines.diffusion import checkpoints, schedulers
from pipelines.diffusion.checkpoints import better, need
from pipelines.diffusion.contract import Defaults
from pipelines.diffusion.opening import STABLE_DIFFUSION, STABLE_DIFFUSION_XL, Kind
from pipelines.engines import EngineSpec
from pipelines.inpainting.contract import TASK
from pipelines.inpainting.local import LocalRepainter
from pipelines.words import Text


@dataclass
class Checkpoint:
    """One repository: what `engines.register` takes."""

    SPEC: EngineSpec
    DEFAULTS: Defaults
    kind: Kind
    TAKES_PROMPT: bool = True

    def load(self, folder: Path | None) -> LocalRepainter:
        canvas = checkpoints.open_canvas(folder, self.kind, self.DEFAULTS, repaints=True)
        return LocalRepainter(canvas, self.DEFAULTS.width)


CHECKPOINTS = (
    Checkpoint(
        checkpoints.checkpoint_spec(
            TASK,
            "sd15-inpaint",
            Text(en="Stable Diffusion 1.5 inpainting", ko="Stable Diffusion 1.5 인페인팅"),
            "stable-diffusion-v1-5/stable-diffusion-inpainting",
            "CreativeML Open RAIL-M",
            2755,
            need(7400, 4700),
            better(20, 50),
            Text(
                en="Paints what the prompt says into the mask. Takes minutes without a graphics card.",
                ko="프롬프트대로 마스크 안을 그립니다. 그래픽 카드가 없으면 몇 분 걸립니다.",
            ),
            STABLE_DIFFUSION,
        ),
        Defaults(25, 7.5, 512, 512, schedulers.OF_STABLE_DIFFUSION, largest=768),
        STABLE_DIFFUSION,
    ),
    Checkpoint(
        checkpoints.checkpoint_spec(
            TASK,
            "sdxl-inpaint",
            Text(en="Stable Diffusion XL inpainting", ko="Stable Diffusion XL 인페인팅"),
            "diffusers/stable-diffusion-xl-1.0-inpainting-0.1",
            "CreativeML Open RAIL++-M",
            6955,
            need(19_300, 8700),
            better(8, 60),
            Text(en="Large windows. Made for a graphics card.", ko="큰 영역을 그립니다. 그래픽 카드용입니다."),
            STABLE_DIFFUSION_XL,
            verified=True,
        ),
        Defaults(25, 7.5, 1024, 1024, schedulers.OF_XL, largest=1536),
        STABLE_DIFFUSION_XL,
    ),
)
