"""Stable Diffusion as diffusers runs it, from one step on a CPU to the big ones with a refiner.

File names and sizes were read at these pages of huggingface.co, each with `/tree/`:
stabilityai/sd-turbo/1681ed09e0cff58eeb41e878a49893228b78b94c (unet), nota-ai/bk-sdm-tiny/main (root, vae,
safety_checker; licence), stabilityai/stable-diffusion-xl-base-1.0/main (unet, text_encoder_2; licence),
stabilityai/stable-diffusion-xl-refiner-1.0/main (unet; licence), stabilityai/sdxl-turbo/main (unet; licence),
madebyollin/taesd (licence). Only where every file was seen does a SPEC say `verified`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipelines.diffusion import checkpoints, schedulers
from pipelines.diffusion.checkpoints import REFINER, better, need
from pipelines.diffusion.contract import Defaults
from pipelines.diffusion.opening import STABLE_DIFFUSION, STABLE_DIFFUSION_XL, Kind
from pipelines.diffusion.painting import Canvas
from pipelines.engines import Beside, EngineSpec
from pipelines.text_to_image.contract import TASK
from pipelines.words import Text


@dataclass
class Checkpoint:
    """One repository: what `engines.register` takes."""

    SPEC: EngineSpec
    DEFAULTS: Defaults
    kind: Kind
    refiner: Beside | None = None

    def load(self, folder: Path | None) -> Canvas:
        return checkpoints.open_canvas(folder, self.kind, self.DEFAULTS, self.refiner)


def _checkpoint(
    name: str,
    label: Text,
    repo: str,
    licence: str,
    size_mb: float,
    memory_mb: float,
    rank: int,
    defaults: Defaults,
    note: Text,
    kind: Kind = STABLE_DIFFUSION,
    refiner: Beside | None = None,
) -> Checkpoint:
    spec = checkpoints.checkpoint_spec(TASK, name, label, repo, licence, size_mb, memory_mb, rank, note, kind, refiner)
    return Checkpoint(spec, defaults, kind, refiner)


def _in_steps(steps: int, guidance: float, side: int, names: tuple[str, ...], largest: int = 1024) -> Defaults:
    return Defaults(steps, guidance, side, side, names, largest=largest)


def _at_once(names: tuple[str, ...]) -> Defaults:
    """Distilled to a few steps without guidance, and so without a negative prompt."""
    return Defaults(1, 0.0, 512, 512, names, largest=1024, takes_negative=False, takes_guidance=False, most_steps=8)


# Memory: 4 bytes a weight on a CPU (2 on the way to a graphics card), the packages, and one picture at its own size.
CHECKPOINTS = (
    _checkpoint(
        "sd-turbo",
        Text(en="SD-Turbo (one step)", ko="SD-Turbo (한 걸음)"),
        "stabilityai/sd-turbo",
        "Stability AI (not for commercial use; see its card)",
        2590,
        need(6900, 4500),
        better(40, 30),
        _at_once(schedulers.OF_TURBO),
        Text(
            en="A picture in one to four steps: the one to choose without a graphics card. Understands English.",
            ko="한두 걸음 만에 그립니다. 그래픽 카드가 없다면 이 엔진을 고르세요. 영어를 이해합니다.",
        ),
    ),
    _checkpoint(
        "bk-sdm-tiny",
        Text(en="BK-SDM-Tiny (half of SD 1.5)", ko="BK-SDM-Tiny (SD 1.5의 절반)"),
        "nota-ai/bk-sdm-tiny",
        "CreativeML Open RAIL-M",
        1680,
        need(5100, 3200),
        better(20, 20),
        _in_steps(25, 7.5, 512, schedulers.OF_STABLE_DIFFUSION, 768),
        Text(
            en="Stable Diffusion 1.5 with half of its network: nearly twice as fast. Understands English.",
            ko="Stable Diffusion 1.5의 신경망을 절반으로 줄여 거의 두 배 빠릅니다. 영어를 이해합니다.",
        ),
    ),
    _checkpoint(
        "sd15",
        Text(en="Stable Diffusion 1.5", ko="Stable Diffusion 1.5"),
        "stable-diffusion-v1-5/stable-diffusion-v1-5",
        "CreativeML Open RAIL-M",
        2755,
        need(7400, 4700),
        better(12, 45),
        _in_steps(25, 7.5, 512, schedulers.OF_STABLE_DIFFUSION, 768),
        Text(
            en="The classic, with thousands of styles (LoRA). Takes minutes without a graphics card.",
            ko="수많은 스타일(LoRA)이 있는 고전 모델입니다. 그래픽 카드가 없으면 몇 분 걸립니다.",
        ),
    ),
    _checkpoint(
        "sdxl-turbo",
        Text(en="SDXL-Turbo (one step)", ko="SDXL-Turbo (한 걸음)"),
        "stabilityai/sdxl-turbo",
        "Stability AI (not for commercial use; see its card)",
        6955,
        need(16_000, 8700),
        better(15, 55),
        _at_once(("EulerAncestralDiscreteScheduler", "EulerDiscreteScheduler", "LCMScheduler")),
        Text(
            en="SDXL in one to four steps. Made for a graphics card.",
            ko="한두 걸음 만에 그리는 SDXL입니다. 그래픽 카드용입니다.",
        ),
        STABLE_DIFFUSION_XL,
    ),
    _checkpoint(
        "sdxl",
        Text(en="Stable Diffusion XL", ko="Stable Diffusion XL"),
        "stabilityai/stable-diffusion-xl-base-1.0",
        "CreativeML Open RAIL++-M",
        6955,
        need(19_300, 8700),
        better(8, 60),
        _in_steps(30, 6.0, 1024, schedulers.OF_XL, 1536),
        Text(en="Large pictures. Made for a graphics card.", ko="큰 그림을 그립니다. 그래픽 카드용입니다."),
        STABLE_DIFFUSION_XL,
    ),
    _checkpoint(
        "sdxl-refined",
        Text(en="Stable Diffusion XL with its refiner", ko="Stable Diffusion XL과 리파이너"),
        "stabilityai/stable-diffusion-xl-base-1.0",
        "CreativeML Open RAIL++-M",
        11_480,
        need(28_300, 13_500),
        better(6, 65),
        _in_steps(40, 6.0, 1024, schedulers.OF_XL, 1536),
        Text(
            en="The base paints four fifths of the way, the refiner the details. Made for a graphics card.",
            ko="기본 모델이 80%를 그리고 리파이너가 세부를 다듬습니다. 그래픽 카드용입니다.",
        ),
        STABLE_DIFFUSION_XL,
        REFINER,
    ),
)
