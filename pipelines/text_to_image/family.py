"""Any Stable Diffusion or SDXL repository of the Hub, or of the owner's folder, as an engine `hub:<org>/<name>`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipelines.diffusion import checkpoints, schedulers
from pipelines.diffusion.contract import Defaults
from pipelines.diffusion.opening import STABLE_DIFFUSION_XL, kind_of
from pipelines.diffusion.painting import Canvas
from pipelines.engines import EngineModule, EngineSpec, repository_spec
from pipelines.errors import EngineFailed
from pipelines.text_to_image.contract import TASK
from pipelines.words import Text

PACKAGES_MB = 1500.0  # diffusers, transformers and torch themselves, and one picture
# In a file that is named after 16 bits each weight takes half of what it will in memory; in others we believe it.
SHARES = (("*.fp16.safetensors", 2.0), ("*.safetensors", 1.0))


@dataclass
class Brought:
    """One such checkpoint: what the registry of engines takes."""

    SPEC: EngineSpec

    def load(self, folder: Path | None) -> Canvas:
        kind = None if folder is None else kind_of(folder)
        if kind is None:
            raise EngineFailed(_ANOTHER.format(label=self.SPEC.label))
        large = kind is STABLE_DIFFUSION_XL
        names = schedulers.OF_XL if large else schedulers.OF_STABLE_DIFFUSION
        side = 1024 if large else 512
        able = Defaults(25, 7.0, side, side, names, largest=side + side // 2)
        return checkpoints.open_canvas(folder, kind, able)


class Paintings:
    """Every checkpoint in diffusers' layout whose pipeline is known here, whatever its makers called it."""

    def module(self, repo: str) -> EngineModule:
        return Brought(
            repository_spec(
                TASK,
                repo,
                rank=9,
                packages_mb=PACKAGES_MB,
                memory_shares=SHARES,
                requires=checkpoints.REQUIRES,
                files=checkpoints.FILES_ANY,
                languages=("en",),
            )
        )

    def fits(self, folder: Path) -> bool:
        """Whether the folder holds a pipeline of a kind that is opened here."""
        return kind_of(folder) is not None and any((folder / "unet").glob("*.safetensors"))


_ANOTHER = Text(
    en="{label} is no Stable Diffusion model in diffusers' layout, or of a kind that is not opened here.",
    ko="{label}은(는) diffusers 형식의 Stable Diffusion 모델이 아니거나, 여기서 열 수 없는 종류입니다.",
)
