"""A pipeline of diffusers from a folder in the Hub's layout: weights as safetensors only, no code of the repository."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.errors import EngineFailed
from pipelines.words import Text

HALF = "fp16"  # what repositories call their files of 16 bits a weight
_LIBRARIES = {"diffusers", "transformers", "stable_diffusion"}  # the last is diffusers' room of the safety checker


@dataclass(frozen=True)
class Kind:
    """The pipelines of diffusers that work on the same parts: from words, from a picture, inside a mask."""

    paints: str
    from_image: str
    repaints: str


STABLE_DIFFUSION = Kind("StableDiffusionPipeline", "StableDiffusionImg2ImgPipeline", "StableDiffusionInpaintPipeline")
STABLE_DIFFUSION_XL = Kind(
    "StableDiffusionXLPipeline", "StableDiffusionXLImg2ImgPipeline", "StableDiffusionXLInpaintPipeline"
)
KINDS = (STABLE_DIFFUSION, STABLE_DIFFUSION_XL)


def kind_of(folder: Path) -> Kind | None:
    """What a repository is by its own account (`model_index.json`); None for what is not opened here."""
    named = str(_facts(folder).get("_class_name"))
    return next((kind for kind in KINDS if named in (kind.paints, kind.from_image, kind.repaints)), None)


def on_gpu() -> bool:
    import torch

    return bool(torch.cuda.is_available())


def open_pipeline(folder: Path, name: str, small: bool = False, half: str = "float16", **parts: Any) -> Any:
    """The pipeline `name`, an attribute of diffusers, of what lies in `folder`, still in ordinary memory.

    `parts` are taken from another pipeline instead. `small`: for a net that no graphics card would make faster.
    `half`: the numbers of 16 bits to use on a graphics card.
    """
    import diffusers
    import torch
    from diffusers.utils import logging
    from transformers.utils import logging as of_transformers

    logging.disable_progress_bar()
    logging.set_verbosity_error()  # what it warns of is meant for programmers
    of_transformers.disable_progress_bar()
    facts = _facts(folder)
    _require_known_libraries(facts)
    if facts.get("safety_checker", [None])[0] is not None and not (folder / "safety_checker").is_dir():
        parts |= {"safety_checker": None, "requires_safety_checker": False}
    whole = small or not on_gpu()
    pipe = getattr(diffusers, name).from_pretrained(
        folder,
        dtype=torch.float32 if whole else getattr(torch, half),  # 16 bits are up to seven times as slow on a CPU
        variant=variant(folder, facts, whole),
        use_safetensors=True,
        local_files_only=True,
        trust_remote_code=False,
        **parts,
    )
    pipe.set_progress_bar_config(disable=True)
    return pipe


def variant(folder: Path, facts: dict[str, Any], whole: bool) -> str | None:
    """Which files to read where a repository has two kinds, or only one of them: "fp16" or None for the plain ones.

    `whole`: 32 bits are wanted. A part of which only the other kind is here is read from that.
    """
    halves, plain = [], []
    for part in facts:
        files = [path.name for path in (folder / part).glob("*.safetensors")] if (folder / part).is_dir() else []
        halves += [part] if any(f".{HALF}." in name for name in files) else []
        plain += [part] if any(f".{HALF}." not in name for name in files) else []
    only_half = set(halves) - set(plain)
    return HALF if only_half or (halves and not whole) else None


def sister(pipe: Any, name: str) -> Any:
    """Another pipeline on the very same parts."""
    import diffusers

    made = getattr(diffusers, name).from_pipe(pipe, dtype=pipe.dtype)
    made.set_progress_bar_config(disable=True)
    return made


def _facts(folder: Path) -> dict[str, Any]:
    """What `model_index.json` says; empty where there is none."""
    try:
        facts = json.loads((folder / "model_index.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return facts if isinstance(facts, dict) else {}


def _require_known_libraries(facts: dict[str, Any]) -> None:
    """A repository names the class of each part, and of which library: only the two that are meant are imported."""
    for name, value in facts.items():
        if isinstance(value, list) and len(value) == 2 and value[0] is not None and value[0] not in _LIBRARIES:
            raise EngineFailed(
                Text(
                    en=f"The checkpoint wants code that is not part of this app ({name}: {value[0]}).",
                    ko=f"체크포인트가 이 앱에 없는 코드를 요구합니다({name}: {value[0]}).",
                )
            )
