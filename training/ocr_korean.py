"""Trains the Korean and English line recogniser. One command:

    python -m training.ocr_korean --work FOLDER

It draws its own lines with the fonts of this system (Debian's fonts-nanum*, fonts-noto-cjk*, fonts-unfonts-*,
fonts-baekmuk and others). Restarted with the same words it goes on where it stopped; with more --cpu-seconds it goes on
from the last checkpoint of full rate. The weights fall out as FOLDER/korean.onnx.
"""

from __future__ import annotations

import argparse
import copy
import json
import logging
import time
from pathlib import Path

import cv2
import numpy as np
import torch

from training.ocr_data import Batch, Drawer, given_lines, material, measuring_lines, start_drawing
from training.ocr_net import LineNet, line_loss
from training.ocr_score import rates, tesseract_rates

HIGHEST_RATE, WEIGHT_DECAY, KEPT, WARM = 1.5e-3, 0.02, 0.9985, 200
FALL = 0.3  # the share of the run in which the rate falls
log = logging.getLogger("ocr")


class Run:
    """The network, its running average and its optimiser; may be stored and taken up again."""

    def __init__(self, args: argparse.Namespace) -> None:
        torch.manual_seed(args.seed)
        self.net = LineNet().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = copy.deepcopy(self.net).eval()
        self.optimiser = torch.optim.AdamW(self.net.parameters(), lr=1e-4, weight_decay=WEIGHT_DECAY, fused=True)
        self.budget, self.highest = args.cpu_seconds, args.rate
        self.step, self.lines, self.chunk, self.cpu_s = 0, 0, 0, 0.0
        self.curve: list[dict[str, float]] = []

    def store(self, path: Path) -> None:
        state = {"net": self.net.state_dict(), "average": self.average.state_dict()}
        state |= {"optimiser": self.optimiser.state_dict(), "curve": self.curve}
        state |= {name: getattr(self, name) for name in ("step", "lines", "chunk", "cpu_s")}
        torch.save(state, path.with_suffix(".part"))
        path.with_suffix(".part").replace(path)

    def take_up(self, path: Path) -> None:
        state = torch.load(path)
        self.net.load_state_dict(state["net"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.curve = state["curve"]
        for name in ("step", "lines", "chunk", "cpu_s"):
            setattr(self, name, state[name])

    @property
    def falling(self) -> bool:
        return self.cpu_s > (1 - FALL) * self.budget

    def rate(self) -> float:
        """A short rise, full rate, then straight down to a fiftieth."""
        left = max(0.02, min(1.0, (1 - self.cpu_s / self.budget) / FALL))
        return float(self.highest * min(1.0, (self.step + 1) / WARM) * left)

    def learn(self, batch: Batch) -> float:
        self.net.train()
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate()
        x = torch.from_numpy(batch.pictures)[:, None].float() / 127.5 - 1
        with torch.autocast("cpu", torch.bfloat16):
            scores = self.net(x.contiguous(memory_format=torch.channels_last))
        loss = line_loss(scores, batch.codes)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 2.0)
        self.optimiser.step()
        self.step += 1
        self.lines += len(batch.codes)
        self.chunk = batch.chunk
        self.average_in(min(KEPT, (1 + self.step) / (10 + self.step)))
        return float(loss.detach())

    @torch.no_grad()
    def average_in(self, kept: float) -> None:
        for mean, now in zip(self.average.state_dict().values(), self.net.state_dict().values(), strict=True):
            if mean.is_floating_point():
                mean.lerp_(now, 1 - kept)


def train(args: argparse.Namespace) -> None:
    run, last, full = Run(args), args.work / "last.pt", args.work / "full_rate.pt"
    if last.exists():
        run.take_up(last)
        if full.exists() and not run.falling and torch.load(full)["cpu_s"] < run.cpu_s:
            run.take_up(full)  # an earlier, shorter run had let its rate fall after this
        log.info("goes on at line %d, %.0f processor seconds", run.lines, run.cpu_s)
    usable, phrases = material(args.work, args.texts)
    sets = measuring_lines(usable, phrases, args.count) | given_lines(args.given)
    log.info(
        "faces %d, sentences %d + %d, words %d",
        len(usable),
        len(phrases.korean),
        len(phrases.english),
        len(phrases.words),
    )
    drawer = Drawer([face for face in usable if not face.held_out], phrases)
    queue = start_drawing(drawer, args.seed, run.chunk + 1 if run.step else 0)
    if args.tesseract and not (args.work / "tesseract.json").exists():
        (args.work / "tesseract.json").write_text(json.dumps(tesseract_rates(sets)))
    began, before, since = time.process_time(), run.cpu_s, (time.time(), run.lines, 0.0)
    losses: list[float] = []
    next_word, next_measure = run.cpu_s + 30, run.cpu_s + args.every
    while run.cpu_s < args.cpu_seconds:
        losses.append(run.learn(queue.get()))
        run.cpu_s = before + time.process_time() - began
        if run.cpu_s >= next_word:
            pace = (run.lines - since[1]) / (time.time() - since[0])
            log.info(
                "cpu %.0f step %d lines %d loss %.3f rate %.5f, %.0f lines/s, %d waiting",
                *(run.cpu_s, run.step, run.lines, np.mean(losses), run.rate(), pace, queue.qsize()),
            )
            mean, losses, since, next_word = float(np.mean(losses)), [], (time.time(), run.lines, 0.0), run.cpu_s + 60
            run.store(last)
            if not run.falling:
                run.store(full)
        if run.cpu_s >= next_measure or run.cpu_s >= args.cpu_seconds:
            next_measure = run.cpu_s + args.every
            measured(run, sets, mean, args.work)
    run.store(last)


def measured(run: Run, sets: dict, loss: float, work: Path) -> None:
    row = {"lines": run.lines, "cpu_s": round(run.cpu_s), "loss": round(loss, 3)} | rates(run.average, sets)
    run.curve.append(row)
    log.info("%s", row)
    (work / "curve.json").write_text(json.dumps(run.curve))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=Path("ocr-run"), help="for checkpoints, curve and weights")
    parser.add_argument("--texts", type=Path, nargs="*", default=[], help="folders of more text (csv, yml, txt)")
    parser.add_argument("--given", type=Path, default=None, help="folder of lines to measure on, with a truth.json")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--cpu-seconds", type=float, default=20_000, help="of the trainer; the drawer takes a quarter more"
    )
    parser.add_argument("--rate", type=float, default=HIGHEST_RATE, help="highest learning rate")
    parser.add_argument("--every", type=float, default=400, help="processor seconds between two measurements")
    parser.add_argument("--count", type=int, default=150, help="lines in each drawn set for measuring")
    parser.add_argument("--tesseract", action="store_true", help="measure the system's Tesseract on the same lines too")
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    args = arguments()
    torch.set_num_threads(args.threads)
    cv2.setNumThreads(1)
    args.work.mkdir(parents=True, exist_ok=True)
    train(args)


if __name__ == "__main__":
    main()
