"""What a picture costs on this machine: one UNet step, a decode, and a whole picture, ours beside plain diffusers.

    python benchmarks/pictures.py               SD-Turbo's shape, 512 x 512, one step
    python benchmarks/pictures.py --shape sd15  Stable Diffusion 1.5's, one guided step
    python benchmarks/pictures.py --side 256 --rounds 3

Random weights at the real shapes: the time is that of the real model, the picture is noise. Seconds are those of the
processor, which other work on the machine moves less than the clock's. Both sides share the very same networks and
take turns. `layer` is our way with the library's own decoder: what our steps, previews and looks for a cancel add.
"""

from __future__ import annotations

import argparse
import gc
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import torch  # noqa: E402

from pipelines.diffusion.contract import Defaults, Order  # noqa: E402
from pipelines.diffusion.opening import STABLE_DIFFUSION  # noqa: E402
from pipelines.diffusion.painting import Canvas  # noqa: E402
from pipelines.job import Job  # noqa: E402

# Widths of the text encoder and what hangs on them; the configurations that the repositories publish.
SHAPES: dict[str, dict[str, Any]] = {
    "sd-turbo": {
        "cross_attention_dim": 1024,
        "attention_head_dim": (5, 10, 20, 20),
        "use_linear_projection": True,
        "text": {"hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 23, "num_attention_heads": 16},
        "guidance": 0.0,
    },
    "sd15": {
        "cross_attention_dim": 768,
        "attention_head_dim": 8,
        "use_linear_projection": False,
        "text": {"hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12},
        "guidance": 7.5,
    },
}


def filled(make: Callable[[], Any]) -> Any:
    """A network with small random weights, made without the slow ways in which training begins."""
    with torch.device("meta"):
        net = make()
    net = net.to_empty(device="cpu").eval()
    with torch.no_grad():
        for value in net.parameters():
            value.uniform_(-0.02, 0.02)
    return net


def pipeline(shape: str) -> Any:
    import pictures
    from diffusers import AutoencoderKL, EulerDiscreteScheduler, StableDiffusionPipeline, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel

    facts = SHAPES[shape]
    words = pictures.tokenizer()
    down = ("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",)
    up = ("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3
    chosen = {name: facts[name] for name in ("cross_attention_dim", "attention_head_dim", "use_linear_projection")}
    net = filled(lambda: UNet2DConditionModel(sample_size=64, down_block_types=down, up_block_types=up, **chosen))
    widths = (128, 256, 512, 512)
    vae = filled(
        lambda: AutoencoderKL(
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            block_out_channels=widths,
            layers_per_block=2,
            latent_channels=4,
            sample_size=512,
        )
    )
    config = CLIPTextConfig(vocab_size=49408, max_position_embeddings=77, **facts["text"])
    text = filled(lambda: CLIPTextModel(config))
    for part in text.modules():
        if hasattr(part, "position_ids"):  # no parameter, and so not filled
            part.position_ids = torch.arange(77)[None]
    pipe = StableDiffusionPipeline(
        vae=vae,
        text_encoder=text,
        tokenizer=words,
        unet=net,
        scheduler=EulerDiscreteScheduler(timestep_spacing="trailing", steps_offset=1),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipe.set_progress_bar_config(disable=True)
    return pipe


def small_decoder() -> Any:
    from diffusers import AutoencoderTiny

    return filled(AutoencoderTiny)


def seconds(work: Callable[[], Any]) -> float:
    gc.collect()
    began = time.process_time()
    work()
    return time.process_time() - began


def plain(pipe: Any, side: int, guidance: float) -> None:
    generator = torch.Generator().manual_seed(1)
    pipe("a star", num_inference_steps=1, guidance_scale=guidance, width=side, height=side, generator=generator)


def ours(canvas: Canvas, side: int, guidance: float) -> None:
    for _ in canvas.paint(Order("a star", "", 1, guidance, side, side, 1), Job()):
        pass


def parts(pipe: Any, small: Any, shape: str, side: int) -> dict[str, float]:
    """Seconds of one pass of each network."""
    latents = torch.randn(1, 4, side // 8, side // 8)
    told = torch.randn(1, 77, SHAPES[shape]["cross_attention_dim"])
    with torch.no_grad():
        return {
            "UNet step": seconds(lambda: pipe.unet(latents, 999, told)),
            "full decode": seconds(lambda: pipe.vae.decode(latents)),
            "small decode": seconds(lambda: small.decode(latents)),
        }


def measured(shape: str, side: int, rounds: int) -> list[tuple[str, float]]:
    """Lines of the table: what, and processor seconds."""
    pipe, small, guidance = pipeline(shape), small_decoder(), float(SHAPES[shape]["guidance"])
    able = Defaults(1, guidance, side, side, ("EulerDiscreteScheduler",))
    quick = Canvas(pipe, STABLE_DIFFUSION, able, small=small)
    layer = Canvas(pipe, STABLE_DIFFUSION, able)
    plain(pipe, 64, guidance)  # what is made once
    taken: dict[str, list[float]] = {"plain diffusers": [], "ours": [], "layer": []}
    for _ in range(rounds):
        taken["plain diffusers"].append(seconds(lambda: plain(pipe, side, guidance)))
        taken["ours"].append(seconds(lambda: ours(quick, side, guidance)))
        taken["layer"].append(seconds(lambda: ours(layer, side, guidance)))
    rows = [*parts(pipe, small, shape, side).items(), *((name, median(times)) for name, times in taken.items())]
    found = dict(rows)
    rows.append(("plain / ours", found["plain diffusers"] / found["ours"]))
    rows.append(("layer / plain", found["layer"] / found["plain diffusers"]))
    return rows


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", choices=SHAPES, default="sd-turbo")
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args(arguments)
    torch.set_num_threads(given.threads)
    print(f"| {given.shape}, {given.side} x {given.side}, {given.threads} threads | CPU s |\n|---|---|")
    for name, value in measured(given.shape, given.side, given.rounds):
        print(f"| {name} | {value:.2f} |", flush=True)
    print(f"| peak memory, MB | {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} |")


if __name__ == "__main__":
    main(sys.argv[1:])
