"""Trains the painter of the text to image tab. One command:

    python -m training.painter --work FOLDER --emoji NOTO --out assets/text_to_image

Six stages: pictures drawn ahead (pictures), then, each within a budget of seconds, the autoencoder (vae), the words
(text), the painter proper (unet) and the autoencoder's decoder once more (decoder); in the end the files of a Stable
Diffusion pipeline (export). Seconds are the processor's, or the clock's with `--device cuda`.
Stopped or killed and started again with the same words it goes on where it was; a larger budget goes on too.
`--stages vae` does one stage only. `--start assets/text_to_image` begins with the weights that are shipped: the
autoencoder is taken as it is, the words and the painter learn on.
Without --emoji it learns shapes alone. Its marks come from `python -m benchmarks.painter`.
"""

from __future__ import annotations

import argparse
import logging
import os
from dataclasses import replace
from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from torch import nn
from transformers import CLIPTextModel, CLIPTokenizer

from training import (
    painter_emoji,
    painter_export,
    painter_gallery,
    painter_text,
    painter_unet,
    painter_vae,
    painter_words,
)
from training.painter_gallery import Kind
from training.painter_nets import new_text_encoder, new_unet
from training.painter_run import Plan
from training.painter_scenes import Mix

STAGES = ("pictures", "vae", "text", "unet", "decoder", "export")
EMOJI_SHARE = 0.3  # of the scenes with one thing, for the words
DRAWN = {"alone": 0.32, "pairs": 0.54, "emoji": 0.14}  # shares of the pictures
BUDGETS = {
    "cpu": {"vae": painter_vae.PLAN, "text": painter_text.PLAN, "unet": painter_unet.PLAN,
            "decoder": painter_vae.DECODER_PLAN},
    "cuda": {"vae": painter_vae.GPU_PLAN, "text": painter_text.GPU_PLAN, "unet": painter_unet.GPU_PLAN,
             "decoder": painter_vae.GPU_DECODER_PLAN},
}  # fmt: skip
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

    @property
    def words_folder(self) -> Path:
        folder = (self.args.start or self.args.work) / "tokenizer"
        if not folder.exists():
            part = folder.with_suffix(".part")
            painter_words.tokenizer(self.mix, self.names).save_pretrained(part)
            part.replace(folder)
        return folder

    def words(self) -> CLIPTokenizer:
        return CLIPTokenizer.from_pretrained(self.words_folder)

    def plan(self, name: str) -> Plan:
        """Everything that is set in time keeps its share of a changed budget's curve."""
        plan = BUDGETS[self.args.device][name]
        seconds = getattr(self.args, f"{name}_seconds")
        return replace(plan, seconds=plan.seconds if seconds is None else seconds, **self.shared)

    def kinds(self) -> dict[str, Kind]:
        mixes = {"alone": Mix(pairs=0), "pairs": Mix(pairs=1)}
        if self.emoji:
            mixes["emoji"] = Mix(pairs=0, emoji=self.mix.emoji, emoji_share=1)
        counts = {name: max(1, int(DRAWN[name] * self.args.pictures)) for name in mixes}
        place = {"folder": self.args.work / "pictures", "words": self.words_folder, "emoji": self.args.emoji}
        return {name: Kind(name, self.args.seed + 30, mix, counts[name], **place) for name, mix in mixes.items()}

    def draw(self) -> dict[str, Kind]:
        kinds = self.kinds()
        painter_gallery.draw_all(list(kinds.values()), self.args.workers)
        return kinds

    def pictures(self) -> painter_vae.Pictures:
        some = {name: painter_gallery.pictures(kind, painter_vae.MOST, self.args.device)
                for name, kind in self.draw().items()}  # fmt: skip
        return painter_vae.Pictures(some)

    def vae(self) -> AutoencoderKL:
        """The finished autoencoder; a longer budget for it makes latents already kept worthless, so it is kept too."""
        folder = self.args.work / "vae"
        if self.args.start and not folder.exists():
            AutoencoderKL.from_pretrained(self.args.start / "vae", torch_dtype=torch.float32).save_pretrained(folder)
        if not folder.exists():
            stage = painter_vae.VaeStage(self.args.work, self.plan("vae"), self.mix, self.emoji, self.pictures())
            stage.run()
            vae = painter_vae.finished(stage)
            log.info("vae finished: %s", painter_vae.exam(vae, 200, self.emoji, self.mix))
            vae.save_pretrained(folder.with_suffix(".part"))
            folder.with_suffix(".part").replace(folder)
        return AutoencoderKL.from_pretrained(folder).to(self.args.device).requires_grad_(False)

    def text(self) -> painter_text.TextStage:
        stage = painter_text.TextStage(self.args.work, self.plan("text"), self.words(), self.mix, self.names)
        stage.run()
        return stage

    def unet(self) -> painter_unet.UnetStage:
        vae, words = self.vae(), self.words()
        encoder: nn.Module = new_text_encoder(len(words), words.eos_token_id, words.bos_token_id)
        if self.args.start:
            encoder = CLIPTextModel.from_pretrained(self.args.start / "text_encoder", dtype=torch.float32)
        elif not (self.args.work / "unet.pt").exists():
            encoder.load_state_dict(self.text().average["text"].state_dict())
        pools = {name: painter_gallery.pool(kind, vae) for name, kind in self.draw().items()}
        tools = painter_unet.Tools(vae, words, self.names, pools)
        unet = None
        if self.args.start:
            unet = new_unet()
            taught = UNet2DConditionModel.from_pretrained(self.args.start / "unet", torch_dtype=torch.float32)
            unet.load_state_dict(taught.state_dict())
        return painter_unet.UnetStage(self.args.work, self.plan("unet"), tools, encoder.requires_grad_(True), unet)

    def decoder(self) -> painter_vae.DecoderStage:
        plan, vae = self.plan("decoder"), self.vae().requires_grad_(True)
        return painter_vae.DecoderStage(self.args.work, plan, self.mix, self.emoji, self.pictures(), vae)

    def export(self) -> None:
        stage = self.unet()
        stage.tools = replace(stage.tools, vae=self.decoder().whole())
        has_emoji = bool(self.emoji) and stage.samples > painter_unet.EMOJI_AFTER
        names = self.names if has_emoji else {}
        painter_export.write(self.args.out, stage, self.mix if has_emoji else Mix(), names)


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=Path("training/runs/painter"), help="checkpoints and curves")
    parser.add_argument("--out", type=Path, default=Path("assets/text_to_image"), help="the finished pipeline")
    parser.add_argument("--emoji", type=Path, help="zip or folder of Noto Emoji 128 px, or NotoColorEmoji.ttf")
    parser.add_argument("--start", type=Path, help="a finished pipeline whose weights this training begins with")
    parser.add_argument("--stages", nargs="+", choices=STAGES, default=list(STAGES))
    for name in ("vae", "text", "unet", "decoder"):
        parser.add_argument(f"--{name}-seconds", type=float, help="budget; by itself what the device's plan says")
    parser.add_argument("--pictures", type=int, default=45_000, help="drawn ahead; 50 kB each")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1, help="1 where processors are shared with others")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="that draw pictures")
    parser.add_argument("--device", choices=tuple(BUDGETS), default="cpu")
    return parser.parse_args(given)


def main(given: list[str] | None = None) -> None:
    args = arguments(given)
    torch.set_num_threads(args.threads)
    torch.backends.cudnn.benchmark = True
    training = Training(args)
    if "pictures" in args.stages:
        training.draw()
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
