"""Qwen-Image of Alibaba with the inpainting ControlNet of InstantX: repaints, and writes text, in large pictures.

Read at https://huggingface.co/Qwen/Qwen-Image/tree/main (57.7 GB, a LICENSE of Apache-2.0) and
https://huggingface.co/InstantX/Qwen-Image-ControlNet-Inpainting/tree/main (4.23 GB, Apache-2.0; its card names the
call, and 1328 pixels as the side it was trained at).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PIL import Image

from pipelines import hub
from pipelines.diffusion.checkpoints import REQUIRES, better, need
from pipelines.diffusion.contract import Defaults, Order
from pipelines.diffusion.decoding import NoPreviews
from pipelines.diffusion.opening import Kind, on_gpu, open_pipeline
from pipelines.diffusion.painting import Canvas, Steps
from pipelines.engines import Beside, EngineSpec
from pipelines.inpainting.contract import TASK
from pipelines.inpainting.local import LocalRepainter
from pipelines.words import Text

CONTROL = Beside("InstantX/Qwen-Image-ControlNet-Inpainting", ("config.json", "diffusion_pytorch_model.safetensors"))
PIPELINE = "QwenImageControlNetInpaintPipeline"
TAKES_PROMPT = True
DEFAULTS = Defaults(
    steps=30,
    guidance_scale=4.0,
    width=1328,
    height=1328,
    schedulers=("FlowMatchEulerDiscreteScheduler",),
    multiple=16,
    largest=1664,
    takes_lora=False,
    takes_strength=False,  # the mask is always painted from noise
)

SPEC = EngineSpec(
    task=TASK,
    name="qwen-image-controlnet-inpaint",
    label=Text(en="Qwen-Image with inpainting ControlNet", ko="Qwen-Image 인페인팅 ControlNet"),
    kind="hub",
    rank=better(4, 70),
    licence="Apache-2.0",
    size_mb=61_930,
    memory_mb=need(128_000, 66_000),  # 4 bytes for each of 31 billion weights; 2 on their way to a card
    languages=("en", "zh"),
    requires=REQUIRES,
    repo="Qwen/Qwen-Image",
    files=(
        "model_index.json",
        "scheduler/scheduler_config.json",
        "text_encoder/*.json",
        "text_encoder/*.safetensors",
        "tokenizer/*",
        "transformer/*.json",
        "transformer/*.safetensors",
        "vae/config.json",
        "vae/diffusion_pytorch_model.safetensors",
    ),
    beside=(CONTROL,),
    verified=True,
    note=Text(
        en="The largest one: wants a graphics card with 48 GB or more, or patience and 64 GB of ordinary memory beside "
        "a smaller one.",
        ko="가장 큰 모델입니다. 48 GB 이상의 그래픽 카드가 필요하고, 더 작은 카드라면 일반 메모리 64 GB와 "
        "인내심이 필요합니다.",
    ),
)


class QwenCanvas(Canvas):
    """Its pipeline takes the picture and the mask as a condition, and the guidance under another name."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._previews = NoPreviews(self.pipe)

    def _painted(self, pipe: Any, order: Order, steps: Steps) -> tuple[Image.Image, bool]:
        import torch

        with torch.random.fork_rng():
            torch.manual_seed(order.seed)  # the library encodes the condition with numbers of no generator
            made = pipe(
                prompt=order.prompt,
                negative_prompt=order.negative_prompt or " ",  # without one there is no guidance
                control_image=order.image,
                control_mask=order.mask,
                true_cfg_scale=order.guidance_scale,
                num_inference_steps=order.steps,
                width=order.width,
                height=order.height,
                generator=torch.Generator("cpu").manual_seed(order.seed),
                callback_on_step_end=steps,
            )
        return made.images[0], False


def load(folder: Path | None) -> LocalRepainter:
    import torch
    from diffusers import QwenImageControlNetModel

    control = hub.find(CONTROL.repo, CONTROL.files)
    if folder is None or control is None:
        raise ValueError("Qwen-Image is loaded from two folders")
    half = torch.bfloat16 if on_gpu() else torch.float32
    net = QwenImageControlNetModel.from_pretrained(
        control, dtype=half, use_safetensors=True, local_files_only=True, trust_remote_code=False
    )
    pipe = open_pipeline(folder, PIPELINE, half="bfloat16", controlnet=net)
    canvas = QwenCanvas(pipe, Kind(PIPELINE, PIPELINE, PIPELINE), DEFAULTS)
    return LocalRepainter(canvas, DEFAULTS.width)
