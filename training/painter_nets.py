"""The painter's parts, in the shapes that a Stable Diffusion pipeline expects, and how they begin."""

from __future__ import annotations

import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from diffusers.models.resnet import ResnetBlock2D
from diffusers.models.upsampling import Upsample2D
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel

from training.painter_scenes import SIZE
from training.painter_words import LONGEST

LATENT = SIZE // 8
VAE_WIDTHS = (16, 32, 64, 64)
UNET_WIDTHS = (64, 96, 128)
TEXT_WIDTH, TEXT_LAYERS = 128, 2


def new_vae(widths: tuple[int, ...] = ()) -> AutoencoderKL:
    """Of `VAE_WIDTHS`, if not said otherwise."""
    widths = widths or VAE_WIDTHS
    vae = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * len(widths),
        up_block_types=("UpDecoderBlock2D",) * len(widths),
        block_out_channels=widths,
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=1,
        sample_size=SIZE,
        scaling_factor=1.0,
        mid_block_add_attention=False,
    )
    begin_as_identity(vae)
    return vae


@torch.no_grad()
def spread(conv: nn.Conv2d) -> None:
    """Centre taps that carry what comes in, turned but not lost; more channels than come in keep its length."""
    conv.weight.zero_()
    taps = torch.empty(conv.out_channels, conv.in_channels)
    nn.init.orthogonal_(taps)
    conv.weight[:, :, conv.kernel_size[0] // 2, conv.kernel_size[1] // 2] = taps
    conv.bias.zero_()


@torch.no_grad()
def begin_as_identity(vae: AutoencoderKL) -> None:
    """The fresh net already passes a rough picture through; from noise, minutes are lost on a flat mean colour."""
    for part in vae.modules():
        if isinstance(part, ResnetBlock2D):
            part.conv2.weight.zero_()
            part.conv2.bias.zero_()
            if part.conv_shortcut is not None:
                nn.init.dirac_(part.conv_shortcut.weight)
                part.conv_shortcut.bias.zero_()
        elif isinstance(part, Upsample2D):
            nn.init.dirac_(part.conv.weight)
            part.conv.bias.zero_()
    for block in vae.encoder.down_blocks:
        for down in block.downsamplers or ():
            down.conv.weight.zero_()
            for channel in range(down.conv.out_channels):
                down.conv.weight[channel, channel, :2, :2] = 0.25
            down.conv.bias.zero_()
    spread(vae.encoder.conv_in)
    spread(vae.decoder.conv_in)
    for conv in (vae.quant_conv, vae.post_quant_conv):
        nn.init.dirac_(conv.weight)
        conv.bias.zero_()
    vae.quant_conv.bias[4:] = -4.0  # little noise in the latents at first


@torch.no_grad()
def fold_statistics(vae: AutoencoderKL, latents: Tensor) -> None:
    """Means (n, 4, h, w) become 0 +- 1 per channel inside the net, so that `scaling_factor` is 1."""
    mean, deviation = latents.mean((0, 2, 3)), latents.std((0, 2, 3))
    vae.quant_conv.weight[:4] /= deviation[:, None, None, None]
    vae.quant_conv.bias[:4] = (vae.quant_conv.bias[:4] - mean) / deviation
    vae.quant_conv.bias[4:] -= 2 * deviation.log()
    vae.post_quant_conv.bias += vae.post_quant_conv.weight[:, :, 0, 0] @ mean
    vae.post_quant_conv.weight *= deviation[None, :, None, None]


def new_unet(widths: tuple[int, ...] = ()) -> UNet2DConditionModel:
    """Words are looked at from the second level on: attention at the finest one would halve the speed.

    All words together also reach every block, with the time: so fewer pictures suffice to learn what colours mean.
    """
    widths = widths or UNET_WIDTHS
    inner = len(widths) - 1
    unet = UNet2DConditionModel(
        sample_size=LATENT,
        down_block_types=("DownBlock2D", *("CrossAttnDownBlock2D",) * inner),
        up_block_types=(*("CrossAttnUpBlock2D",) * inner, "UpBlock2D"),
        block_out_channels=widths,
        layers_per_block=1,
        cross_attention_dim=TEXT_WIDTH,
        attention_head_dim=tuple(max(1, width // 32) for width in widths),  # heads of 32
        norm_num_groups=8,
        addition_embed_type="text",
        addition_embed_type_num_heads=TEXT_WIDTH // 16,
        resnet_time_scale_shift="scale_shift",
    )
    unet.set_attn_processor(AttnProcessor())  # torch's fused attention is slow backwards on so few places
    return unet


def new_text_encoder(vocabulary: int, end: int, start: int) -> CLIPTextModel:
    config = CLIPTextConfig(
        vocab_size=vocabulary,
        hidden_size=TEXT_WIDTH,
        intermediate_size=4 * TEXT_WIDTH,
        num_hidden_layers=TEXT_LAYERS,
        num_attention_heads=TEXT_WIDTH // 32,
        max_position_embeddings=LONGEST,
        projection_dim=TEXT_WIDTH,
        bos_token_id=start,
        eos_token_id=end,
        pad_token_id=end,
        hidden_act="gelu",
        attn_implementation="eager",
    )
    return CLIPTextModel(config)


def new_scheduler() -> DDIMScheduler:
    """Zero signal at the last step: only so can a ground be wholly white or black."""
    return DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        prediction_type="v_prediction",
        rescale_betas_zero_snr=True,
        timestep_spacing="trailing",
        clip_sample=False,
        set_alpha_to_one=True,
        steps_offset=1,
    )
