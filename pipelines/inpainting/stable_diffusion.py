"""Stable Diffusion models that were trained to repaint (9 channels); others of 4 channels work here as well.

Read at huggingface.co: stable-diffusion-v1-5/stable-diffusion-inpainting/tree/8a4288a76071f7280aedbdb3253bdb9e9d5d84bb/
(unet, whose only safetensors file is the fp16 one; licence), and diffusers/stable-diffusion-xl-1.0-inpainting-0.1/tree/
(main: unet, vae, text_encoder, text_encoder_2; licence).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipelines.diffusion import checkpoints, schedulers
from pipelines.diffusion.checkpoints import TAESD, TAESD_XL, better, need
from pipelines.diffusion.contract import Defaults
from pipelines.diffusion.opening import STABLE_DIFFUSION, STABLE_DIFFUSION_XL, Kind
from pipelines.engines import Beside, EngineSpec
from pipelines.inpainting.contract import TASK
from pipelines.inpainting.local import LocalRepainter
from pipelines.words import Text


@dataclass
class Checkpoint:
    """One repository: what `engines.register` takes."""

    SPEC: EngineSpec
    DEFAULTS: Defaults
    kind: Kind
    small: Beside
    TAKES_PROMPT: bool = True

    def load(self, folder: Path | None) -> LocalRepainter:
        canvas = checkpoints.open_canvas(folder, self.kind, self.DEFAULTS, self.small, repaints=True)
        return LocalRepainter(canvas, self.DEFAULTS.width)


CHECKPOINTS = (
    Checkpoint(
        EngineSpec(
            task=TASK,
            name="sd15-inpaint",
            label=Text(en="Stable Diffusion 1.5 inpainting", ko="Stable Diffusion 1.5 인페인팅"),
            kind="hub",
            rank=better(20, 50),
            licence="CreativeML Open RAIL-M",
            size_mb=2755,
            memory_mb=need(7000, 4700),
            languages=("en",),
            requires=checkpoints.REQUIRES,
            repo="stable-diffusion-v1-5/stable-diffusion-inpainting",
            files=checkpoints.FILES,
            beside=(TAESD,),
            note=Text(
                en="Paints what the prompt says into the mask. Takes minutes without a graphics card.",
                ko="프롬프트대로 마스크 안을 그립니다. 그래픽 카드가 없으면 몇 분 걸립니다.",
            ),
        ),
        Defaults(25, 7.5, 512, 512, schedulers.OF_STABLE_DIFFUSION, largest=768),
        STABLE_DIFFUSION,
        TAESD,
    ),
    Checkpoint(
        EngineSpec(
            task=TASK,
            name="sdxl-inpaint",
            label=Text(en="Stable Diffusion XL inpainting", ko="Stable Diffusion XL 인페인팅"),
            kind="hub",
            rank=better(8, 60),
            licence="CreativeML Open RAIL++-M",
            size_mb=6955,
            memory_mb=need(18_000, 8700),
            languages=("en",),
            requires=checkpoints.REQUIRES,
            repo="diffusers/stable-diffusion-xl-1.0-inpainting-0.1",
            files=checkpoints.FILES_XL,
            beside=(TAESD_XL,),
            verified=True,
            note=Text(en="Large windows. Made for a graphics card.", ko="큰 영역을 그립니다. 그래픽 카드용입니다."),
        ),
        Defaults(25, 7.5, 1024, 1024, schedulers.OF_XL, largest=1536),
        STABLE_DIFFUSION_XL,
        TAESD_XL,
    ),
)
