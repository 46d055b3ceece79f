"""Checkpoints of Stable Diffusion at their real shapes with random weights, for `benchmarks/fit.py`.

Shapes: unet, text encoder, decoder and safety checker as config.json of the repositories named in
pipelines/text_to_image/stable_diffusion.py give them (SD-Turbo has the shape of Stable Diffusion 2.1).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from pipelines.diffusion.contract import Order
from pipelines.job import Job

_WIDTHS = (320, 640, 1280, 1280)
UNETS: dict[str, dict[str, Any]] = {
    "sd-turbo": {
        "block_out_channels": _WIDTHS, "cross_attention_dim": 1024, "attention_head_dim": (5, 10, 20, 20),
        "use_linear_projection": True,
    },
    "bk-sdm-tiny": {
        "block_out_channels": _WIDTHS[:3], "cross_attention_dim": 768, "attention_head_dim": 8, "layers_per_block": 1,
        "down_block_types": ("CrossAttnDownBlock2D",) * 3, "up_block_types": ("CrossAttnUpBlock2D",) * 3,
        "mid_block_type": None,
    },
    "sd15": {"block_out_channels": _WIDTHS, "cross_attention_dim": 768, "attention_head_dim": 8},
}  # fmt: skip
UNETS["sd15-inpaint"] = {**UNETS["sd15"], "in_channels": 9}
_SMALL_WORDS = {"hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12}
_LARGE_WORDS = {"hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 23, "num_attention_heads": 16}
_EYE = {"hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 24, "num_attention_heads": 16,
        "image_size": 224, "patch_size": 14}  # fmt: skip


def make(name: str, folder: Path) -> None:
    """Write the checkpoint of the engine `name` into `folder`, 16 bits a weight, one part after another."""
    from diffusers import AutoencoderKL, PNDMScheduler, StableDiffusionPipeline, UNet2DConditionModel
    from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
    from transformers import CLIPConfig, CLIPImageProcessor, CLIPTextConfig, CLIPTextModel

    sizes = _LARGE_WORDS if name == "sd-turbo" else _SMALL_WORDS
    text = CLIPTextConfig(vocab_size=49408, max_position_embeddings=77, projection_dim=sizes["hidden_size"], **sizes)
    unet = {"sample_size": 64, **UNETS[name]}
    decoder = {
        "block_out_channels": (128, 256, 512, 512), "layers_per_block": 2, "latent_channels": 4, "sample_size": 512,
        "down_block_types": ("DownEncoderBlock2D",) * 4, "up_block_types": ("UpDecoderBlock2D",) * 4,
    }  # fmt: skip
    _save(lambda: UNet2DConditionModel(**unet), folder / "unet")
    _save(lambda: AutoencoderKL(**decoder), folder / "vae")
    _save(lambda: CLIPTextModel(text), folder / "text_encoder")
    PNDMScheduler(skip_prk_steps=True, steps_offset=1).save_pretrained(folder / "scheduler")
    _words(folder / "tokenizer")
    parts = {
        "unet": ["diffusers", UNet2DConditionModel.__name__],
        "vae": ["diffusers", AutoencoderKL.__name__],
        "text_encoder": ["transformers", CLIPTextModel.__name__],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "scheduler": ["diffusers", PNDMScheduler.__name__],
        "safety_checker": [None, None],
        "feature_extractor": [None, None],
    }
    if name != "sd-turbo":
        eye = CLIPConfig(vision_config=_EYE, projection_dim=768)
        _save(lambda: StableDiffusionSafetyChecker(eye), folder / "safety_checker")
        CLIPImageProcessor().save_pretrained(folder / "feature_extractor")
        parts["safety_checker"] = ["stable_diffusion", StableDiffusionSafetyChecker.__name__]
        parts["feature_extractor"] = ["transformers", CLIPImageProcessor.__name__]
    index = {"_class_name": StableDiffusionPipeline.__name__, "_diffusers_version": "0.42.1", **parts}
    (folder / "model_index.json").write_text(json.dumps(index))


def use(engine: Any) -> None:
    """One picture at the engine's own size: a single step, and the decoder."""
    facts = engine.defaults
    size = (facts.width, facts.height)
    order = Order("a house by the sea", "", 1, facts.guidance_scale, *size, seed=0)
    if hasattr(engine, "repaint"):
        mask = Image.new("L", size)
        ImageDraw.Draw(mask).rectangle((100, 100, 300, 300), fill=255)
        order = Order("a boat", "", 2, facts.guidance_scale, *size, seed=0, image=Image.new("RGB", size), mask=mask)
        made = list(engine.repaint(order, Job()))
    else:
        made = list(engine.paint(order, Job()))
    if made[-1].image is None or made[-1].image.size != size:
        raise SystemExit("no picture was painted")


def _save(build: Any, folder: Path) -> None:
    """Weights from a narrow normal distribution, made in 16 bits: in 32 they would need twice the room."""
    import torch

    with torch.device("meta"):
        part = build()
    part = part.half().to_empty(device="cpu")
    for weight in part.parameters():
        weight.data.normal_(0, 0.02)
    for buffer in part.buffers():
        buffer.data.zero_()
    part.save_pretrained(folder, variant="fp16", safe_serialization=True)


def _words(folder: Path) -> None:
    """CLIP's tokenizer with letters only: its size does not matter here."""
    from transformers import CLIPTokenizer

    folder.mkdir(parents=True)
    letters = [chr(code) for code in range(33, 127)]
    words = {word: number for number, word in enumerate([*letters, *(f"{one}</w>" for one in letters)])}
    words |= {"<|startoftext|>": 49406, "<|endoftext|>": 49407}
    CLIPTokenizer(vocab=words, merges=[], model_max_length=77).save_pretrained(folder)
