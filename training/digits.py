"""Trains the digits network. One command:

    python -m training.digits --mnist FOLDER --out FOLDER

Restarted with the same words it goes on where it stopped. Two runs with different seeds make the two members of
the shipped file (`--join`). Without --mnist (or MODU_MNIST_DIR) the Hub data set `ylecun/mnist` is fetched.
"""

from __future__ import annotations

import argparse
import copy
import json
import logging
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from safetensors.torch import load_file, save_file
from torch import Tensor

from pipelines import settings
from training.digits_augment import Augment
from training.digits_net import DigitsNet, folded
from training.digits_pictures import (
    NOT_A_DIGIT,
    Fonts,
    NonDigits,
    enlarged,
    font_files,
    is_held_out,
    mnist,
    photos,
    stroke_digits,
)

VALIDATION = 5_000  # the last pictures of the training set: other writers than the ones before
# What one batch is made of.
SHARES = {"mnist": 160, "plain": 32, "fonts": 22, "strokes": 18, "nothing": 56}
HIGHEST_RATE, WEIGHT_DECAY, SMOOTHING, KEPT = 3e-3, 0.02, 0.02, 0.9985
log = logging.getLogger("digits")


@dataclass
class Bank:
    """Pictures (n, 56, 56) uint8 with their labels; `small` are the untouched 28x28 ones of MNIST."""

    pictures: Tensor
    labels: Tensor
    small: Tensor | None = None

    def draw(self, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        at = torch.randint(len(self.labels), (count,), generator=generator)
        return self.pictures[at].float()[:, None] / 255, self.labels[at]


@dataclass
class Data:
    """All banks for learning, and the sets that measure."""

    banks: dict[str, Bank]
    checks: dict[str, tuple[Tensor, Tensor]]  # (n, 1, 28, 28) in 0..1, labels


def as_bank(pictures: np.ndarray, labels: np.ndarray) -> Bank:
    return Bank(torch.from_numpy(np.ascontiguousarray(pictures)), torch.from_numpy(labels))


def nothing_bank(maker: NonDigits, count: int) -> Bank:
    return as_bank(maker.bank(count), np.full(count, NOT_A_DIGIT, dtype=np.int64))


def gather(args: argparse.Namespace) -> Data:
    images, labels = mnist(args.mnist)
    cut = len(labels) - (0 if args.all else VALIDATION)
    rng = np.random.default_rng(args.seed)
    files = font_files(args.fonts)
    kept, held = Fonts([f for f in files if not is_held_out(f)]), Fonts([f for f in files if is_held_out(f)])
    seen_photos = photos(args.photos)
    log.info("fonts %d, held out %d, photos %d", len(kept.fonts), len(held.fonts), len(seen_photos))
    learn = as_bank(enlarged(images[:cut]), labels[:cut])
    learn.small = torch.from_numpy(images[:cut].copy())
    banks = {"mnist": learn, "strokes": as_bank(*stroke_digits(args.bank, rng))}
    banks["fonts"] = as_bank(*kept.bank()) if kept.fonts else banks["strokes"]
    digits = (learn.pictures.numpy(), learn.labels.numpy())
    # The last photos are kept for measuring.
    maker = NonDigits(rng, kept.fonts, seen_photos[:-2] or seen_photos, digits)
    banks["nothing"] = nothing_bank(maker, args.bank * 2)
    check_at = slice(len(labels) - VALIDATION, None)
    others = (enlarged(images[check_at]), labels[check_at])
    return Data(banks, checks(images[check_at], others, held, seen_photos[-2:]))


def checks(
    small: np.ndarray, others: tuple[np.ndarray, np.ndarray], held: Fonts, held_photos: list
) -> dict[str, tuple[Tensor, Tensor]]:
    labels = torch.from_numpy(others[1])
    rough = Augment(99)(torch.from_numpy(others[0]).float()[:, None] / 255)
    sets = {"validation": (torch.from_numpy(small.copy()).float()[:, None] / 255, labels), "rough": (rough, labels)}
    if held.fonts:
        pictures, font_labels = held.bank()
        sets["new fonts"] = (halved(pictures), torch.from_numpy(font_labels))
    nothing = NonDigits(np.random.default_rng(4321), held.fonts, held_photos, others).bank(3000)
    sets["no digits"] = (halved(nothing), torch.full((3000,), NOT_A_DIGIT))
    return sets


def halved(pictures: np.ndarray) -> Tensor:
    return F.avg_pool2d(torch.from_numpy(pictures).float()[:, None] / 255, 2)


def batch(data: Data, augment: Augment, plain_count: int) -> tuple[Tensor, Tensor]:
    """One mixed batch; a share of MNIST stays exactly as it is, for that is what is judged."""
    pictures, labels = [], []
    for name in ("mnist", "fonts", "strokes", "nothing"):
        x, y = data.banks[name].draw(SHARES[name], augment.generator)
        pictures.append(x)
        labels.append(y)
    changed = augment(torch.cat(pictures))
    learn = data.banks["mnist"]
    assert learn.small is not None
    at = torch.randint(len(learn.labels), (plain_count,), generator=augment.generator)
    plain = learn.small[at].float()[:, None] / 255
    return torch.cat([changed, plain]), torch.cat([*labels, learn.labels[at]])


def rate(step: int, steps: int, highest: float) -> float:
    """One cycle: a short rise, then half a cosine down to nothing."""
    rise = 0.05 * steps
    if step < rise:
        return highest * (step + 1) / rise
    return highest * 0.5 * (1 + float(np.cos(np.pi * (step - rise) / (steps - rise))))


class Run:
    """The network, its running average and its optimiser; may be stored and taken up again."""

    def __init__(self, args: argparse.Namespace) -> None:
        torch.manual_seed(args.seed)
        self.net = DigitsNet().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = copy.deepcopy(self.net).eval()
        self.optimiser = torch.optim.AdamW(self.net.parameters(), lr=HIGHEST_RATE, weight_decay=WEIGHT_DECAY)
        self.augment = Augment(args.seed)
        self.step, self.cpu_s = 0, 0.0
        self.highest, self.plain = args.rate, args.plain
        self.curve: list[dict[str, float]] = []

    def store(self, path: Path) -> None:
        state = {"net": self.net.state_dict(), "average": self.average.state_dict(), "step": self.step}
        state |= {"optimiser": self.optimiser.state_dict(), "random": self.augment.generator.get_state()}
        state |= {"cpu_s": self.cpu_s, "curve": self.curve, "torch": torch.get_rng_state()}
        torch.save(state, path.with_suffix(".part"))
        path.with_suffix(".part").replace(path)

    def take_up(self, path: Path) -> None:
        state = torch.load(path)
        self.net.load_state_dict(state["net"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.augment.generator.set_state(state["random"])
        torch.set_rng_state(state["torch"])
        self.step, self.cpu_s, self.curve = state["step"], state["cpu_s"], state["curve"]

    def start_from(self, path: Path) -> None:
        """The averaged weights of another run: this run finishes it (a low --rate, more --plain pictures)."""
        weights = torch.load(path)["average"]
        self.net.load_state_dict(weights)
        self.average.load_state_dict(weights)

    def learn(self, data: Data, steps: int) -> float:
        x, y = batch(data, self.augment, self.plain)
        for group in self.optimiser.param_groups:
            group["lr"] = rate(self.step, steps, self.highest)
        with torch.autocast("cpu", torch.bfloat16):
            logits = self.net(x.contiguous(memory_format=torch.channels_last))
        loss = F.cross_entropy(logits.float(), y, label_smoothing=SMOOTHING)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.optimiser.step()
        self.step += 1
        self.average_in(min(KEPT, (1 + self.step) / (10 + self.step)))
        return float(loss.detach())

    @torch.no_grad()
    def average_in(self, kept: float) -> None:
        for mean, now in zip(self.average.state_dict().values(), self.net.state_dict().values(), strict=True):
            if mean.is_floating_point():
                mean.lerp_(now, 1 - kept)

    @torch.no_grad()
    def measure(self, data: Data) -> dict[str, float]:
        """Percent right per set, the eleventh answer counted as an answer."""
        row: dict[str, float] = {"step": self.step, "cpu_s": round(self.cpu_s)}
        for name, (x, y) in data.checks.items():
            answers = torch.cat([self.average(part).argmax(1) for part in x.split(500)])
            row[name] = round(100 * float((answers == y).float().mean()), 2)
        return row


def train(args: argparse.Namespace) -> None:
    args.out.mkdir(parents=True, exist_ok=True)
    checkpoint = args.out / "last.pt"
    data, run = gather(args), Run(args)
    if checkpoint.exists():
        run.take_up(checkpoint)
        log.info("goes on at step %d", run.step)
    elif args.start is not None:
        run.start_from(args.start)
    began, before = time.process_time(), run.cpu_s
    loss = 0.0
    while run.step < args.steps and run.cpu_s < args.cpu_seconds:
        loss = 0.98 * loss + 0.02 * run.learn(data, args.steps)
        run.cpu_s = before + time.process_time() - began
        if run.step % args.every == 0 or run.step == args.steps:
            run.curve.append({**run.measure(data), "loss": round(loss, 4)})
            log.info("%s", run.curve[-1])
            run.store(checkpoint)
            save_file(folded(run.average), args.out / "member.safetensors")
            (args.out / "curve.json").write_text(json.dumps(run.curve))


def join(members: list[Path], out: Path) -> None:
    """Several members in one file: their answers are averaged."""
    both = {f"{n}.{name}": tensor for n, path in enumerate(members) for name, tensor in load_file(path).items()}
    save_file(both, out)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mnist", type=Path, default=settings.current().mnist_dir, help="folder of the idx files")
    parser.add_argument("--out", type=Path, default=Path("digits-run"), help="for checkpoints, curve and weights")
    parser.add_argument("--fonts", type=Path, nargs="*", default=[], help="folders of fonts besides the system's")
    parser.add_argument("--photos", type=Path, default=None, help="folder of photos without digits")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, default=9_000)
    parser.add_argument("--cpu-seconds", type=float, default=4_000)
    parser.add_argument("--start", type=Path, default=None, help="finish another run: its last.pt")
    parser.add_argument("--rate", type=float, default=HIGHEST_RATE, help="highest learning rate")
    parser.add_argument("--plain", type=int, default=SHARES["plain"], help="unchanged MNIST pictures in a batch")
    parser.add_argument("--every", type=int, default=500, help="steps between two measurements")
    parser.add_argument("--bank", type=int, default=12_000, help="pictures from strokes; twice as many of no digit")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--all", action="store_true", help="learn from the validation pictures too (a last run)")
    parser.add_argument("--join", type=Path, nargs="+", help="only put these members into --out (a file)")
    return parser.parse_args()


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    args = arguments()
    torch.set_num_threads(args.threads)
    if args.join:
        join(args.join, args.out)
    else:
        train(args)


if __name__ == "__main__":
    main()
