"""The painter as files: a Stable Diffusion pipeline in half precision, and the list of words it was taught."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import torch
from diffusers import StableDiffusionPipeline

from training.painter_captions import COLOURS_EN, COLOURS_KO, SHAPES_EN, SHAPES_KO, SIDES_KO, SIZES_EN, SIZES_KO, Names
from training.painter_nets import new_scheduler, new_text_encoder, new_unet
from training.painter_scenes import Mix
from training.painter_unet import GUIDANCE, STEPS, UnetStage
from training.painter_words import known_words

LARGEST = 16_000_000  # bytes of all files together


def vocabulary(mix: Mix, names: Names) -> dict[str, object]:
    """What a page needs to offer words and to tell strange ones: names by kind, and every word of the captions."""

    def both(english: dict[str, tuple[str, ...]], korean: dict[str, tuple[str, ...]]) -> list[list[str]]:
        return [[english[name][0], korean[name][0]] for name in english]

    sides = {"left": ("left of",), "right": ("right of",), "above": ("above",), "below": ("below",)}
    return {
        "shapes": both(SHAPES_EN, SHAPES_KO),
        "colours": both(COLOURS_EN, COLOURS_KO),
        "relations": both(sides, SIDES_KO),
        "sizes": both(SIZES_EN, SIZES_KO),
        "emoji": [list(pair) for pair in names.values()],
        "known": known_words(20_000, 78, mix, names),
        "steps": STEPS,
        "guidance": GUIDANCE,
    }


def pipeline_of(stage: UnetStage) -> StableDiffusionPipeline:
    """Copies of the averaged nets, so that the stage can go on."""
    words = stage.tools.words
    unet, text = new_unet(), new_text_encoder(len(words), words.eos_token_id, words.bos_token_id)
    unet.load_state_dict(stage.average["unet"].state_dict())
    text.load_state_dict(stage.average["text"].state_dict())
    return StableDiffusionPipeline(
        vae=copy.deepcopy(stage.tools.vae).cpu(),
        text_encoder=text,
        tokenizer=words,
        unet=unet,
        scheduler=new_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def write(folder: Path, stage: UnetStage, mix: Mix, names: Names) -> None:
    pipeline = pipeline_of(stage).to(torch.float16)
    pipeline.save_pretrained(folder, safe_serialization=True)
    (folder / "words.json").write_text(json.dumps(vocabulary(mix, names), ensure_ascii=False, indent=1) + "\n")
    (folder / "curve.json").write_text(json.dumps(stage.curve, indent=1) + "\n")
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    if size > LARGEST:
        raise ValueError(f"{folder} holds {size} bytes; {LARGEST} are allowed")
