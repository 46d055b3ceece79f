"""The exam of the built-in painter, through the pipeline that is shipped: 200 fixed prompts in each language.

    python -m benchmarks.painter --folder assets/text_to_image --emoji NOTO --sheet painter.png

Prints a table and, for each gate, whether it is met. The judge (training/painter_judge.py) is rules, not a network.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path

import numpy as np
import torch
from diffusers import StableDiffusionPipeline
from PIL import Image

from training import painter_emoji, painter_judge, painter_vae
from training.painter_captions import LANGUAGES, full_caption
from training.painter_exam import WHOLE, Question, questions
from training.painter_scenes import Mix, Pixels, scene
from training.painter_unet import GUIDANCE, STEPS

Marks = dict[str, dict[str, float]]
ANY = "any"  # all kinds together


def load(folder: Path) -> StableDiffusionPipeline:
    pipeline = StableDiffusionPipeline.from_pretrained(folder, torch_dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def paint(pipeline: StableDiffusionPipeline, prompt: str, seed: int, args: argparse.Namespace) -> Pixels:
    picture = pipeline(
        prompt,
        num_inference_steps=args.steps,
        guidance_scale=args.guidance,
        generator=torch.Generator().manual_seed(seed),
    )
    return np.asarray(picture.images[0])


def marks(asked: list[Question], pictures: list[Pixels]) -> Marks:
    verdicts = [painter_judge.verdict(picture, one.scene) for one, picture in zip(asked, pictures, strict=True)]
    found = {ANY: painter_judge.shares(verdicts)}
    for kind in WHOLE:
        found[kind] = painter_judge.shares([v for one, v in zip(asked, verdicts, strict=True) if one.kind == kind])
    return found


def gates(by_language: dict[str, Marks], seconds: float) -> list[tuple[str, float, float, bool]]:
    """What is asked, what was got, what is needed, and whether that is met."""
    rows = []
    for language, got in by_language.items():
        for name, kind, mark, needed in (
            ("background right", ANY, "ground", 98),
            ("one thing, all right", "alone", "all", 85),
            ("two things, relation right", "pairs", "relation", 85),
            ("two things, all right", "pairs", "all", 45),
            ("colour and shape never seen together, all right", "unseen", "all", 60),
        ):
            rows.append((f"{name} ({language}), %", got[kind][mark], needed, got[kind][mark] >= needed))
    behind = by_language["en"][ANY]["all"] - by_language["ko"][ANY]["all"]
    rows.append(("Korean behind English, points", round(behind, 1), 5, behind <= 5))
    rows.append(("one picture, seconds", round(seconds, 2), 2, seconds <= 2))
    return rows


def sheet(pictures: list[Pixels], file: Path, columns: int = 16) -> None:
    pictures = pictures[: len(pictures) // columns * columns]
    rows = [np.concatenate(pictures[at : at + columns], axis=1) for at in range(0, len(pictures), columns)]
    Image.fromarray(np.concatenate(rows)).save(file)


def emoji_marks(pipeline: StableDiffusionPipeline, source: Path, args: argparse.Namespace) -> dict[str, float]:
    """Percent of emoji prompts whose picture is likest to the emoji asked for."""
    emoji, names = painter_emoji.pictures(source), painter_emoji.names()
    mix = Mix(pairs=0, emoji=tuple(emoji), emoji_share=1)
    right = {}
    for language in LANGUAGES:
        scenes = [scene(900_014, number, mix) for number in range(args.emoji_count)]
        seen = [
            painter_emoji.recognised(paint(pipeline, full_caption(one, language, names), at, args), one.ground, emoji)
            for at, one in enumerate(scenes)
        ]
        good = sum(kind == one.things[0].kind for kind, one in zip(seen, scenes, strict=True))
        right[language] = round(100 * good / len(scenes), 1)
    return right


def report(by_language: dict[str, Marks]) -> None:
    print("| prompts | language | background | count | colours | shapes | relation | all right |")
    print("|---|---|---|---|---|---|---|---|")
    for language, got in by_language.items():
        for kind, row in got.items():
            print(f"| {kind} | {language} | " + " | ".join(f"{value:.1f}" for value in row.values()) + " |")


def examine(pipeline: StableDiffusionPipeline, args: argparse.Namespace) -> tuple[dict[str, Marks], float]:
    by_language, took = {}, []
    for language in LANGUAGES:
        asked, pictures = questions(language, counts=args.counts), []
        for number, one in enumerate(asked):
            began = time.perf_counter()
            pictures.append(paint(pipeline, one.prompt, number, args))
            took.append(time.perf_counter() - began)
        by_language[language] = marks(asked, pictures)
        if args.sheet:
            sheet(pictures, args.sheet.with_stem(f"{args.sheet.stem}_{language}"))
    return by_language, statistics.median(took)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("assets/text_to_image"))
    parser.add_argument("--emoji", type=Path, help="as for the training: measures emoji too")
    parser.add_argument("--emoji-count", type=int, default=48)
    parser.add_argument("--sheet", type=Path, help="picture file for all that was painted")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--guidance", type=float, default=GUIDANCE)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--part", type=float, default=1.0, help="share of the prompts, for a quick look")
    args = parser.parse_args()
    args.counts = {kind: max(1, int(count * args.part)) for kind, count in WHOLE.items()}
    torch.set_num_threads(args.threads)
    pipeline = load(args.folder)
    print("autoencoder:", json.dumps(painter_vae.exam(pipeline.vae, 200, {}, Mix())))
    by_language, seconds = examine(pipeline, args)
    report(by_language)
    if args.emoji:
        print("emoji recognised, %:", json.dumps(emoji_marks(pipeline, args.emoji, args)))
    for name, got, needed, met in gates(by_language, seconds):
        print(f"{'met ' if met else 'MISSED'}  {name}: {got} (needed: {needed})")


if __name__ == "__main__":
    main()
