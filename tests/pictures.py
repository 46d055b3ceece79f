"""Tiny painting checkpoints in the layouts of the Hub, made with the real classes.

Random: they prove loading and control flow, never quality.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from PIL import Image


@functools.cache
def made(kind: str) -> Path:
    """One checkpoint of each kind for a whole session, in a folder that goes with it."""
    from conftest import SCRATCH

    folder = SCRATCH / "pictures" / kind
    builders: dict[str, Any] = {
        "painter": painter,
        "sd": stable_diffusion,
        "sd half": lambda place: stable_diffusion(place, half=True),
        "sd checked": lambda place: stable_diffusion(place, checked=True),
        "sd inpaint": lambda place: stable_diffusion(place, channels=9),
        "sd inpaint half": lambda place: stable_diffusion(place, channels=9, half=True),
        "xl": stable_diffusion_xl,
        "xl half": lambda place: stable_diffusion_xl(place, half=True),
        "xl inpaint": lambda place: stable_diffusion_xl(place, channels=9),
        "refiner": refiner,
        "small": small_decoder,
        "lora": lambda place: lora(made("sd"), place),
        "qwen": lambda place: qwen_image(place)[0].parent,
        "lama": lama,
    }
    return Path(builders[kind](folder))


SIDE = 64  # pixels, of what the tiny ones paint by default
CROSS = 32  # width of one text encoder


def picture(size: tuple[int, int] = (SIDE, SIDE), seed: int = 0) -> Image.Image:
    """A smooth picture that is never the same twice."""
    small = np.random.default_rng(seed).integers(0, 255, (6, 6, 3), dtype=np.uint8)
    return Image.fromarray(small).resize(size, Image.Resampling.BICUBIC)


def mask(size: tuple[int, int] = (SIDE, SIDE)) -> Image.Image:
    """White in the middle."""
    made = Image.new("L", size, 0)
    made.paste(255, (size[0] // 4, size[1] // 4, 3 * size[0] // 4, 3 * size[1] // 4))
    return made


def tokenizer() -> Any:
    """One token for each byte."""
    from tokenizers import pre_tokenizers
    from transformers import CLIPTokenizer

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    pieces = [*letters, *(letter + "</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    return CLIPTokenizer(vocab=vocabulary, merges=[], model_max_length=77)


def text_encoder(words: Any, projection: int = 0) -> Any:
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    config = CLIPTextConfig(
        vocab_size=len(words),
        hidden_size=CROSS,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=77,
        projection_dim=projection or CROSS,
        bos_token_id=words.bos_token_id,
        eos_token_id=words.eos_token_id,
        pad_token_id=words.eos_token_id,
    )
    return CLIPTextModelWithProjection(config) if projection else CLIPTextModel(config)


def unet(channels: int = 4, cross: int = CROSS, **extra: Any) -> Any:
    from diffusers import UNet2DConditionModel

    return UNet2DConditionModel(
        sample_size=SIDE // 8,
        in_channels=channels,
        out_channels=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        block_out_channels=(16, 32),
        layers_per_block=1,
        cross_attention_dim=cross,
        attention_head_dim=2,
        norm_num_groups=8,
        **extra,
    )


def vae(**extra: Any) -> Any:
    from diffusers import AutoencoderKL

    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(8, 8, 16, 16),
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=4,
        sample_size=SIDE,
        **extra,
    )


def scheduler(**extra: Any) -> Any:
    from diffusers import EulerDiscreteScheduler

    betas = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
    return EulerDiscreteScheduler(**betas, steps_offset=1, **extra)


def safety_checker() -> tuple[Any, Any]:
    """A checker that is never content: its thresholds are below every likeness."""
    import torch
    from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
    from transformers import CLIPConfig, CLIPImageProcessor

    vision = {
        "hidden_size": 32,
        "intermediate_size": 37,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "image_size": 30,
        "patch_size": 15,
    }
    made = StableDiffusionSafetyChecker(CLIPConfig(vision_config=vision, projection_dim=64))
    with torch.no_grad():
        made.concept_embeds_weights.fill_(-2.0)
        made.special_care_embeds_weights.fill_(2.0)
    sizes = {"size": {"shortest_edge": 30}, "crop_size": {"height": 30, "width": 30}}
    return made, CLIPImageProcessor(**sizes)


def save(pipe: Any, folder: Path, half: bool = False) -> Path:
    """In 32 bits, or as a repository that has only files of 16 bits, named after that."""
    import torch

    if half:
        pipe.to(torch.float16)
    pipe.save_pretrained(folder, safe_serialization=True, variant="fp16" if half else None)
    return folder


def stable_diffusion(folder: Path, channels: int = 4, half: bool = False, checked: bool = False, seed: int = 0) -> Path:
    """SD 1.5's layout. `channels` 9: an inpainting model. `checked`: with a safety checker that refuses everything."""
    import torch
    from diffusers import StableDiffusionInpaintPipeline, StableDiffusionPipeline

    torch.manual_seed(seed)
    words = tokenizer()
    checker, features = safety_checker() if checked else (None, None)
    pipe = (StableDiffusionPipeline if channels == 4 else StableDiffusionInpaintPipeline)(
        vae=vae(),
        text_encoder=text_encoder(words),
        tokenizer=words,
        unet=unet(channels),
        scheduler=scheduler(timestep_spacing="trailing"),
        safety_checker=checker,
        feature_extractor=features,
        requires_safety_checker=checked,
    )
    return save(pipe, folder, half)


def stable_diffusion_xl(folder: Path, channels: int = 4, half: bool = False) -> Path:
    """SDXL base's layout: two text encoders, and the size of the picture among the conditions."""
    import torch
    from diffusers import StableDiffusionXLInpaintPipeline, StableDiffusionXLPipeline

    torch.manual_seed(1)
    words = tokenizer()
    added = {"addition_embed_type": "text_time", "addition_time_embed_dim": 8}
    made = unet(channels, 2 * CROSS, projection_class_embeddings_input_dim=CROSS + 6 * 8, **added)
    pipe = (StableDiffusionXLPipeline if channels == 4 else StableDiffusionXLInpaintPipeline)(
        vae=vae(force_upcast=True),
        text_encoder=text_encoder(words),
        text_encoder_2=text_encoder(words, CROSS),
        tokenizer=words,
        tokenizer_2=words,
        unet=made,
        scheduler=scheduler(),
    )
    return save(pipe, folder, half)


def refiner(folder: Path, half: bool = False) -> Path:
    """SDXL refiner's layout: the second text encoder alone, and a score of beauty among the conditions."""
    import torch
    from diffusers import StableDiffusionXLImg2ImgPipeline

    torch.manual_seed(2)
    words = tokenizer()
    added = {"addition_embed_type": "text_time", "addition_time_embed_dim": 8}
    pipe = StableDiffusionXLImg2ImgPipeline(
        vae=vae(force_upcast=True),
        text_encoder=None,
        text_encoder_2=text_encoder(words, CROSS),
        tokenizer=None,
        tokenizer_2=words,
        unet=unet(4, CROSS, projection_class_embeddings_input_dim=CROSS + 5 * 8, **added),
        scheduler=scheduler(),
        requires_aesthetics_score=True,
    )
    return save(pipe, folder, half)


def small_decoder(folder: Path) -> Path:
    """TAESD's layout."""
    import torch
    from diffusers import AutoencoderTiny

    torch.manual_seed(3)
    widths = {"encoder_block_out_channels": (8,) * 4, "decoder_block_out_channels": (8,) * 4}
    AutoencoderTiny(**widths, num_encoder_blocks=(1,) * 4, num_decoder_blocks=(1,) * 4).save_pretrained(folder)
    return folder


def lora(base: Path, folder: Path, strength: float = 4.0) -> Path:
    """A LoRA for the UNet of a checkpoint, as training scripts write it."""
    import torch
    from diffusers import StableDiffusionPipeline, UNet2DConditionModel
    from diffusers.utils import convert_state_dict_to_diffusers
    from peft import LoraConfig, get_peft_model_state_dict

    torch.manual_seed(4)
    net = UNet2DConditionModel.from_pretrained(base / "unet")
    net.add_adapter(LoraConfig(r=2, lora_alpha=2, target_modules=["to_q", "to_k", "to_v"], init_lora_weights=False))
    state = {name: value * strength for name, value in get_peft_model_state_dict(net).items()}
    StableDiffusionPipeline.save_lora_weights(folder, convert_state_dict_to_diffusers(state), safe_serialization=True)
    return folder


def qwen_image(folder: Path) -> tuple[Path, Path]:
    """Qwen-Image's layout and that of its inpainting ControlNet, in two folders."""
    import torch
    from diffusers import (
        AutoencoderKLQwenImage,
        FlowMatchEulerDiscreteScheduler,
        QwenImageControlNetModel,
        QwenImagePipeline,
        QwenImageTransformer2DModel,
    )
    from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

    torch.manual_seed(6)
    words = _qwen_tokenizer(folder / "words")
    text = {
        "hidden_size": 16,
        "intermediate_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 2,
        "rope_parameters": {"rope_type": "default", "mrope_section": [1, 1, 2], "rope_theta": 1e6},
        "vocab_size": len(words),
    }
    vision = {"depth": 1, "hidden_size": 16, "intermediate_size": 16, "num_heads": 2, "out_hidden_size": 16}
    shape = {
        "patch_size": 2,
        "in_channels": 16,
        "out_channels": 4,
        "attention_head_dim": 16,
        "num_attention_heads": 2,
        "joint_attention_dim": 16,
        "axes_dims_rope": (8, 4, 4),
    }
    pipe = QwenImagePipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(),
        vae=AutoencoderKLQwenImage(
            base_dim=8, z_dim=4, dim_mult=[1, 2, 2, 2], num_res_blocks=1, latents_mean=[0.0] * 4, latents_std=[1.0] * 4
        ),
        text_encoder=Qwen2_5_VLForConditionalGeneration(
            Qwen2_5_VLConfig(text_config=text, vision_config=vision, vocab_size=len(words))
        ),
        tokenizer=words,
        transformer=QwenImageTransformer2DModel(num_layers=2, **shape),
    )
    with torch.no_grad():  # fresh ones hardly hear what is said, and say next to nothing
        for part in (pipe.transformer.txt_in, pipe.transformer.proj_out):
            part.weight.mul_(20)
    save(pipe, folder / "base")
    control = QwenImageControlNetModel(num_layers=1, extra_condition_channels=4, **shape)
    with torch.no_grad():  # fresh ones begin with no say at all
        for part in (control.controlnet_x_embedder, *control.controlnet_blocks):
            part.weight.normal_()
    control.save_pretrained(folder / "control")
    return folder / "base", folder / "control"


def _qwen_tokenizer(folder: Path) -> Any:
    from tokenizers import ByteLevelBPETokenizer
    from transformers import Qwen2Tokenizer

    folder.mkdir(parents=True)
    trainer = ByteLevelBPETokenizer()
    trainer.train_from_iterator(["a red star"], vocab_size=257, show_progress=False)
    trainer.save_model(str(folder))
    return Qwen2Tokenizer(
        vocab=str(folder / "vocab.json"),
        merges=str(folder / "merges.txt"),
        unk_token=None,
        pad_token="<|endoftext|>",
        eos_token="<|im_end|>",
    )


def lama(folder: Path) -> Path:
    """A network with LaMa's inputs and output: it fills the hole with the mean of the picture around it."""
    import torch

    class Mean(torch.nn.Module):
        def forward(self, image: Any, mask: Any) -> Any:
            known = 1 - mask
            mean = (image * known).sum((2, 3), keepdim=True) / known.sum((2, 3), keepdim=True)
            return (image * known + mean * mask) * 255

    from torch.onnx._internal.torchscript_exporter import onnx_proto_utils

    # The package onnx is only asked to add functions of other makers, of which there are none here.
    onnx_proto_utils._add_onnxscript_fn = lambda proto, *_: proto
    folder.mkdir(parents=True, exist_ok=True)
    given = (torch.rand(1, 3, 512, 512), torch.zeros(1, 1, 512, 512))
    names = {"input_names": ["image", "mask"], "output_names": ["output"]}
    torch.onnx.export(Mean(), given, str(folder / "lama_fp32.onnx"), dynamo=False, **names)
    return folder


def painter(folder: Path) -> Path:
    """Our own painter, untrained and thinner, in the files that its training writes."""
    import torch
    from diffusers import StableDiffusionPipeline

    from training import painter_export, painter_nets, painter_words
    from training.painter_scenes import Mix

    torch.manual_seed(5)
    mix = Mix(pairs=0.5)
    words = painter_words.tokenizer(mix, {}, count=300)
    pipe = StableDiffusionPipeline(
        vae=painter_nets.new_vae((8, 8, 16, 16)),
        text_encoder=painter_nets.new_text_encoder(len(words), words.eos_token_id, words.bos_token_id),
        tokenizer=words,
        unet=painter_nets.new_unet((32, 32, 32)),
        scheduler=painter_nets.new_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipe.to(torch.float16).save_pretrained(folder, safe_serialization=True)
    few = functools.partial(painter_words.known_words, 1000)
    with mock.patch.object(painter_export, "known_words", lambda _count, *rest: few(*rest)):
        known = painter_export.vocabulary(mix, {})
    (folder / "words.json").write_text(json.dumps(known, ensure_ascii=False), encoding="utf-8")
    return folder
