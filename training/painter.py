"""Trains the painter of the text to image tab. One command:

    python -m training.painter --work FOLDER --emoji NOTO --out assets/text_to_image

Five stages, each within its own budget of processor seconds: the autoencoder (vae), the words (text), the painter
proper (unet), the autoencoder's decoder once more (decoder), and the files of a Stable Diffusion pipeline (export).
Stopped or killed and started again with the same words it goes on where it was; a larger budget goes on too.
`--stages vae` does one stage only. `--start assets/text_to_image` begins with the weights that are shipped: the
autoencoder is taken as it is, the words and the painter learn on.
Without --emoji it learns shapes alone. Its marks come from `python -m benchmarks.painter`.
"""

from __future__ import annotations

import argparse
import logging
from dataclasses import replace
from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from torch import nn
from transformers import CLIPTextModel, CLIPTokenizer

from training import painter_emoji, painter_export, painter_text, painter_unet, painter_vae, painter_words
from training.painter_latents import Pool, pool
from training.painter_nets import new_text_encoder, new_unet
from training.painter_run import Plan
from training.painter_scenes import Mix

STAGES = ("vae", "text", "unet", "decoder", "export")
EMOJI_SHARE = 0.3  # of the pictures with one thing, for the autoencoder and the words
POOLS = {"alone": 0.32, "pairs": 0.6, "emoji": 0.08}
log = logging.getLogger("painter")


class Training:
    """What the stages share, made when first asked for."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.emoji = painter_emoji.pictures(args.emoji)
        self.names = painter_emoji.names() if self.emoji else {}
        self.mix = Mix(emoji=tuple(self.emoji), emoji_share=EMOJI_SHARE if self.emoji else 0.0)
        self.shared = {"seed": args.seed, "device": args.device}
        args.work.mkdir(parents=True, exist_ok=True)

    def words(self) -> CLIPTokenizer:
        folder = self.args.work / "tokenizer"
        if self.args.start:
            return CLIPTokenizer.from_pretrained(self.args.start / "tokenizer")
        if not folder.exists():
            part = folder.with_suffix(".part")
            painter_words.tokenizer(self.mix, self.names).save_pretrained(part)
            part.replace(folder)
        return CLIPTokenizer.from_pretrained(folder)

    def plan(self, plan: Plan, cpu_seconds: float) -> Plan:
        """Everything that is set in time keeps its share of a changed budget's curve."""
        return replace(plan, cpu_seconds=cpu_seconds, **self.shared)

    def vae(self) -> AutoencoderKL:
        """The finished autoencoder; a longer budget for it makes latents already kept worthless, so it is kept too."""
        folder = self.args.work / "vae"
        if self.args.start and not folder.exists():
            AutoencoderKL.from_pretrained(self.args.start / "vae", torch_dtype=torch.float32).save_pretrained(folder)
        if not folder.exists():
            plan = self.plan(painter_vae.PLAN, self.args.vae_cpu)
            stage = painter_vae.VaeStage(self.args.work, plan, self.mix, self.emoji)
            stage.run()
            vae = painter_vae.finished(stage)
            log.info("vae finished: %s", painter_vae.exam(vae, 200, self.emoji, self.mix))
            vae.save_pretrained(folder.with_suffix(".part"))
            folder.with_suffix(".part").replace(folder)
        return AutoencoderKL.from_pretrained(folder).requires_grad_(False)

    def text(self) -> painter_text.TextStage:
        plan = self.plan(painter_text.PLAN, self.args.text_cpu)
        stage = painter_text.TextStage(self.args.work, plan, self.words(), self.mix, self.names)
        stage.run()
        return stage

    def pools(self, vae: AutoencoderKL) -> dict[str, Pool]:
        mixes = {"alone": Mix(pairs=0), "pairs": Mix(pairs=1)}
        if self.emoji:
            mixes["emoji"] = Mix(pairs=0, emoji=self.mix.emoji, emoji_share=1)
        folder, seed = self.args.work / "latents", self.args.seed + 30
        vae.to(self.args.device)
        counts = {name: max(1, int(POOLS[name] * self.args.pictures)) for name in mixes}
        return {name: pool(folder, name, vae, seed, mix, counts[name], self.emoji) for name, mix in mixes.items()}

    def unet(self) -> painter_unet.UnetStage:
        vae, words = self.vae(), self.words()
        encoder: nn.Module = new_text_encoder(len(words), words.eos_token_id, words.bos_token_id)
        if self.args.start:
            encoder = CLIPTextModel.from_pretrained(self.args.start / "text_encoder", dtype=torch.float32)
        elif not (self.args.work / "unet.pt").exists():
            encoder.load_state_dict(self.text().average["text"].state_dict())
        tools = painter_unet.Tools(vae, words, self.names, self.pools(vae))
        unet = None
        if self.args.start:
            unet = new_unet()
            taught = UNet2DConditionModel.from_pretrained(self.args.start / "unet", torch_dtype=torch.float32)
            unet.load_state_dict(taught.state_dict())
        plan = self.plan(painter_unet.PLAN, self.args.unet_cpu)
        return painter_unet.UnetStage(self.args.work, plan, tools, encoder.requires_grad_(True), unet)

    def decoder(self) -> painter_vae.DecoderStage:
        plan = self.plan(painter_vae.DECODER_PLAN, self.args.decoder_cpu)
        return painter_vae.DecoderStage(self.args.work, plan, self.mix, self.emoji, self.vae().requires_grad_(True))

    def export(self) -> None:
        stage = self.unet()
        stage.tools = replace(stage.tools, vae=self.decoder().whole())
        has_emoji = bool(self.emoji) and stage.progress > painter_unet.EMOJI_FROM
        names = self.names if has_emoji else {}
        painter_export.write(self.args.out, stage, self.mix if has_emoji else Mix(), names)


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=Path("training/runs/painter"), help="checkpoints and curves")
    parser.add_argument("--out", type=Path, default=Path("assets/text_to_image"), help="the finished pipeline")
    parser.add_argument("--emoji", type=Path, help="zip or folder of Noto Emoji 128 px, or NotoColorEmoji.ttf")
    parser.add_argument("--start", type=Path, help="a finished pipeline whose weights this training begins with")
    parser.add_argument("--stages", nargs="+", choices=STAGES, default=list(STAGES))
    parser.add_argument("--vae-cpu", type=float, default=painter_vae.PLAN.cpu_seconds, help="processor seconds")
    parser.add_argument("--text-cpu", type=float, default=painter_text.PLAN.cpu_seconds)
    parser.add_argument("--unet-cpu", type=float, default=painter_unet.PLAN.cpu_seconds)
    parser.add_argument("--decoder-cpu", type=float, default=painter_vae.DECODER_PLAN.cpu_seconds)
    parser.add_argument("--pictures", type=int, default=45_000, help="latents kept for the unet stage")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1, help="1 where processors are shared with others")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    return parser.parse_args(given)


def main(given: list[str] | None = None) -> None:
    args = arguments(given)
    torch.set_num_threads(args.threads)
    training = Training(args)
    if "vae" in args.stages:
        training.vae()
    if "text" in args.stages and not args.start:
        training.text()
    if "unet" in args.stages:
        training.unet().run()
    if "decoder" in args.stages:
        training.decoder().run()
    if "export" in args.stages:
        training.export()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    main()
