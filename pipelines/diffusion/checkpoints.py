"""Stable Diffusion repositories as they lie on the Hub: which of their files are wanted, and how they are opened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipelines import hub, memory
from pipelines.diffusion.contract import Defaults
from pipelines.diffusion.opening import STABLE_DIFFUSION_XL, Kind, on_gpu, open_pipeline
from pipelines.diffusion.painting import Canvas
from pipelines.engines import Beside, EngineSpec
from pipelines.errors import EngineFailed
from pipelines.words import Text

REQUIRES = ("diffusers", "transformers", "accelerate", "torch")


def _weights(part: str, name: str = "diffusion_pytorch_model") -> str:
    """Of 16 bits where the repository has them: half the download, and on a CPU they are widened when they load."""
    return f"{part}/{name}.fp16.safetensors|{part}/{name}.safetensors"


_COMMON = ("model_index.json", "scheduler/scheduler_config.json", "unet/config.json", _weights("unet"),
           "vae/config.json", _weights("vae"))  # fmt: skip


def _words(number: str = "") -> tuple[str, ...]:
    encoder, cutter = f"text_encoder{number}", f"tokenizer{number}"
    return (f"{encoder}/config.json", _weights(encoder, "model"), f"{cutter}/*.json", f"{cutter}/merges.txt|")


FILES = (*_COMMON, *_words(), "safety_checker/config.json|", f"{_weights('safety_checker', 'model')}|",
         "feature_extractor/*.json|")  # fmt: skip
FILES_XL = (*_COMMON, *_words(), *_words("_2"))
FILES_ANY = (*FILES, *(f"{pattern.rstrip('|')}|" for pattern in _words("_2")))
# The refiner's second text encoder and its decoder are those of the base, and are taken from there.
REFINER = Beside(
    "stabilityai/stable-diffusion-xl-refiner-1.0",
    ("model_index.json", "scheduler/scheduler_config.json", "unet/config.json", _weights("unet")),
)
_TINY = ("config.json", "diffusion_pytorch_model.safetensors")
TAESD = Beside("madebyollin/taesd", _TINY, needed=False)
TAESD_XL = Beside("madebyollin/taesdxl", _TINY, needed=False)


def checkpoint_spec(
    task: str,
    name: str,
    label: Text,
    repo: str,
    licence: str,
    size_mb: float,
    memory_mb: float,
    rank: int,
    note: Text,
    kind: Kind,
    refiner: Beside | None = None,
    verified: bool = False,
) -> EngineSpec:
    """The engine of one repository of the Hub, with the small decoder of its kind beside it."""
    small = small_of(kind)
    return EngineSpec(
        task=task,
        name=name,
        label=label,
        kind="hub",
        rank=rank,
        licence=licence,
        size_mb=size_mb,
        memory_mb=memory_mb,
        languages=("en",),
        requires=REQUIRES,
        repo=repo,
        files=FILES_XL if kind is STABLE_DIFFUSION_XL else FILES,
        beside=(small,) if refiner is None else (refiner, small),
        verified=verified,
        note=note,
    )


def small_of(kind: Kind) -> Beside:
    """The repository of the small decoder that fits a kind."""
    return TAESD_XL if kind is STABLE_DIFFUSION_XL else TAESD


def need(cpu_mb: float, gpu_mb: float) -> float:
    """Memory of this process at its peak: 32 bits a weight on a CPU, 16 on their way to a graphics card."""
    return gpu_mb if memory.has_gpu() else cpu_mb


def better(cpu: int, gpu: int) -> int:
    """A rank that depends on whether pictures take seconds or minutes here."""
    return gpu if memory.has_gpu() else cpu


def open_canvas(
    folder: Path | None,
    kind: Kind,
    defaults: Defaults,
    refiner: Beside | None = None,
    repaints: bool = False,
) -> Canvas:
    """A repository ready to paint, or to repaint inside a mask, with the small decoder of its kind if it is here."""
    if folder is None:
        raise ValueError("a checkpoint is loaded from a folder")
    pipe = open_pipeline(folder, kind.repaints if repaints else kind.paints)
    channels = pipe.unet.config.in_channels
    if channels not in ((4, 9) if repaints else (4,)):
        raise EngineFailed(_OTHER_USE.format(channels=channels))
    refining = None
    if refiner is not None:
        shared = {name: pipe.components[name] for name in ("text_encoder_2", "tokenizer_2", "vae")}
        refining = open_pipeline(_place(refiner), kind.from_image, **shared)
    return Canvas(pipe, kind, defaults, small=open_small(small_of(kind)), refiner=refining)


def open_small(wanted: Beside) -> Any:
    """A small decoder, if it is on this machine."""
    folder = hub.find(wanted.repo, wanted.files, wanted.revision)
    if folder is None:
        return None
    import torch
    from diffusers import AutoencoderTiny

    half = torch.float16 if on_gpu() else torch.float32
    return AutoencoderTiny.from_pretrained(folder, dtype=half, use_safetensors=True, local_files_only=True).eval()


def _place(beside: Beside) -> Path:
    folder = hub.find(beside.repo, beside.files, beside.revision)
    if folder is None:  # it was there when the engine was asked for
        raise EngineFailed(_GONE.format(repo=beside.repo))
    return folder


_OTHER_USE = Text(
    en="This checkpoint was made for another use (its network takes {channels} channels).",
    ko="이 체크포인트는 다른 용도로 만들어졌습니다(입력 채널 {channels}개).",
)
_GONE = Text(en="The files of {repo} are no longer here.", ko="{repo}의 파일이 더 이상 없습니다.")
