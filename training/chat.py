"""Trains the built-in chat model. One command:

    python -m training.chat --out FOLDER

Restarted with the same words it goes on where it stopped. FOLDER/model is then a Hub repository of its own; the
shipped one is `assets/chat`, and `--start assets/chat` teaches it what is new. `--hold 0.15` keeps that share of the
wordings for measuring; the shipped model has seen all of them.
"""

from __future__ import annotations

import argparse
import copy
import json
import logging
import math
import shutil
import time
from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812
from tokenizers import Tokenizer
from torch import Tensor
from transformers import AutoTokenizer, GenerationConfig, Qwen3Config, Qwen3ForCausalLM

from training import chat_measure as measure
from training.chat_corpus import Batch, Corpus, split_lines, texts_for_tokens
from training.chat_data import expanded, load_intents, load_written, small_talk
from training.chat_outside import lines_outside
from training.chat_teacher import Teacher
from training.chat_tokens import CONTEXT, END, PAD, VOCABULARY, save, trained

HIGHEST_RATE, MATRIX_RATE, WEIGHT_DECAY, KEPT, DROPPED = 3e-3, 0.02, 0.05, 0.996, 0.05
MEANING = 0.4  # weight of telling the intent from the state before the last layer, and from the mere words
TOKENIZERS = ("tokens.json", "tokenizer.json")  # of a run, of a model
HALVES = torch.cpu._is_avx512_bf16_supported()  # processors without it take longer for 16 bits than for 32
log = logging.getLogger("chat")


def config(size: int, ids: dict[str, int], width: int, layers: int) -> Qwen3Config:
    return Qwen3Config(
        vocab_size=size,
        hidden_size=width,
        num_hidden_layers=layers,
        intermediate_size=width * 5 // 2,
        num_attention_heads=width // 64,
        num_key_value_heads=width // 64,
        head_dim=64,
        max_position_embeddings=CONTEXT,
        tie_word_embeddings=True,
        initializer_range=0.05,
        attention_dropout=0.0,
        eos_token_id=ids[END],
        pad_token_id=ids[PAD],
        bos_token_id=None,
        use_cache=True,
    )


def rate(step: int, steps: int, highest: float) -> float:
    """A short rise, then half a cosine down to nothing."""
    rise = 0.04 * steps
    if step < rise:
        return highest * (step + 1) / rise
    return highest * 0.5 * (1 + math.cos(math.pi * (step - rise) / (steps - rise)))


class Run:
    """The model, its running average and its optimiser; may be stored and taken up again."""

    def __init__(self, tokenizer: Tokenizer, args: argparse.Namespace) -> None:
        torch.manual_seed(args.seed)
        self.tokenizer = tokenizer
        ids = {mark: tokenizer.token_to_id(mark) for mark in (END, PAD)}
        size = -(-tokenizer.get_vocab_size() // 16) * 16
        self.model = Qwen3ForCausalLM(config(size, ids, args.width, args.layers))
        self.model.set_attn_implementation("eager")  # quicker than the fused one on rows this short
        self.average = copy.deepcopy(self.model).eval()
        kinds = 2 * len(load_written())
        self.meaning = torch.nn.ModuleList(torch.nn.Linear(args.width, kinds) for _ in range(2))  # not shipped
        inner = {n: p for n, p in self.model.named_parameters() if p.ndim == 2 and "embed" not in n}
        outer = [p for n, p in self.model.named_parameters() if n not in inner] + list(self.meaning.parameters())
        self.optimisers: list[torch.optim.Optimizer] = [
            torch.optim.Muon(inner.values(), lr=MATRIX_RATE, weight_decay=WEIGHT_DECAY)
            if HALVES  # it computes in 16 bits
            else torch.optim.AdamW(inner.values(), lr=args.rate, betas=(0.9, 0.98), weight_decay=WEIGHT_DECAY),
            torch.optim.AdamW(outer, lr=args.rate, betas=(0.9, 0.98), weight_decay=0.0),
        ]
        self.rates = (MATRIX_RATE * args.rate / HIGHEST_RATE if HALVES else args.rate, args.rate)
        self.step, self.pool, self.at, self.cpu_s = 0, 0, 0, 0.0
        self.curve: list[dict[str, float]] = []

    def store(self, path: Path) -> None:
        state = {"model": self.model.state_dict(), "average": self.average.state_dict(), "step": self.step}
        state |= {"optimisers": [o.state_dict() for o in self.optimisers], "cpu_s": self.cpu_s, "curve": self.curve}
        state |= {"random": torch.get_rng_state(), "meaning": self.meaning.state_dict(), "at": (self.pool, self.at)}
        torch.save(state, path.with_suffix(".part"))
        path.with_suffix(".part").replace(path)

    def take_up(self, path: Path) -> None:
        state = torch.load(path)
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        self.meaning.load_state_dict(state["meaning"])
        for optimiser, kept in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(kept)
        torch.set_rng_state(state["random"])
        self.step, self.cpu_s, self.curve = state["step"], state["cpu_s"], state["curve"]
        self.pool, self.at = state["at"]

    def start_from(self, folder: Path) -> None:
        """The averaged weights of another run, or of a model: this one goes on with them, from its own first step."""
        if (folder / "last.pt").exists():
            weights = torch.load(folder / "last.pt")["average"]
        else:
            weights = Qwen3ForCausalLM.from_pretrained(folder, dtype=torch.float32).state_dict()
        self.model.load_state_dict(weights)
        self.average.load_state_dict(weights)

    def loss(self, batch: Batch) -> Tensor:
        """Cross-entropy of the next token, weighted: the reply counts, the question a little. And the intent's."""
        ids, share = batch.ids, batch.weights[:, 1:].flatten()
        wanted = share.nonzero()[:, 0]
        wanted = F.pad(wanted, (0, -len(wanted) % 256), value=int((share == 0).nonzero()[0]))
        with torch.autocast("cpu", torch.bfloat16, enabled=HALVES):
            inside = F.dropout(self.model.get_input_embeddings()(ids[:, :-1]), DROPPED)
            said = self.model.model(inputs_embeds=inside, use_cache=False, output_hidden_states=True)
            logits = self.model.lm_head(F.dropout(said.last_hidden_state.flatten(0, 1)[wanted], DROPPED))
            early = said.hidden_states[-2][torch.arange(len(ids)), batch.decided]
            words = torch.einsum("rl,rlw->rw", batch.asked[:, :-1], inside) / batch.asked.sum(1, keepdim=True)
            meant = [
                head(F.rms_norm(state, state.shape[-1:]))
                for head, state in zip(self.meaning, (early, words), strict=True)
            ]
        each = F.cross_entropy(logits.float(), ids[:, 1:].flatten()[wanted], reduction="none")
        told = sum(F.cross_entropy(guess.float(), batch.meaning) for guess in meant)
        return (each * share[wanted]).sum() / share.sum() + MEANING * told

    def learn(self, batch: Batch, steps: int) -> float:
        for optimiser, highest in zip(self.optimisers, self.rates, strict=True):
            for group in optimiser.param_groups:
                group["lr"] = rate(self.step, steps, highest)
        self.model.train()
        loss = self.loss(batch)
        self.model.zero_grad(set_to_none=True)
        self.meaning.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimiser in self.optimisers:
            optimiser.step()
        self.step += 1
        kept = min(KEPT, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for mean, now in zip(self.average.parameters(), self.model.parameters(), strict=True):
                mean.lerp_(now, 1 - kept)
        return float(loss.detach())

    def ship(self, folder: Path) -> None:
        """The averaged weights in half precision, with everything that a Hub repository of a chat model has."""
        model = copy.deepcopy(self.average).half()
        ids = {mark: self.tokenizer.token_to_id(mark) for mark in (END, PAD)}
        model.generation_config = GenerationConfig(
            do_sample=True, temperature=0.7, top_p=0.8, eos_token_id=[ids[END], ids[PAD]], pad_token_id=ids[PAD]
        )
        model.save_pretrained(folder)
        save(self.tokenizer, folder)
        (folder / "small_talk.json").write_text(json.dumps(small_talk(), ensure_ascii=False), encoding="utf-8")


def tested(folder: Path, asked: list[measure.Asked], drawn: bool = False) -> tuple[dict[str, float], list[str]]:
    """Percent right of the model in that folder, and the replies that were wrong."""
    model = Qwen3ForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    said = measure.replies(model, AutoTokenizer.from_pretrained(folder), [words for _, _, words in asked], drawn)
    right = measure.judged(measure.Judge(load_written()), asked, said)
    wrong = [f"{a[0]}\t{a[2]}\t{reply}" for a, reply, ok in zip(asked, said, right, strict=True) if not ok]
    return measure.by_group(asked, right), wrong


def train(args: argparse.Namespace) -> None:
    args.out.mkdir(parents=True, exist_ok=True)
    checkpoint, words = args.out / "last.pt", args.out / "tokens.json"
    written = load_written()
    kept, held = split_lines(written, args.hold, args.hold_seed) if args.hold else (list(written), [])
    outside = lines_outside(args.outside, load_intents())
    log.info("lines outside: %s", {lang: len(lines) for lang, lines in outside.items()})
    if not words.exists() and args.start:
        shutil.copy(next(path for path in map(args.start.joinpath, TOKENIZERS) if path.exists()), words)
    elif not words.exists():
        trained(texts_for_tokens(written, outside), args.vocabulary).save(str(words))
    run = Run(Tokenizer.from_file(str(words)), args)
    log.info("%d numbers", sum(p.numel() for p in run.model.parameters()))
    if checkpoint.exists():
        run.take_up(checkpoint)
        log.info("goes on at step %d", run.step)
    elif args.start:
        run.start_from(args.start)
    teacher = Teacher([expanded(intent) for intent in kept])
    corpus = Corpus(kept, run.tokenizer, args.seed, outside, teacher)
    lessons(run, corpus, measure.questions_of(held), args)


def lessons(run: Run, corpus: Corpus, asked: list[measure.Asked], args: argparse.Namespace) -> None:
    began, before, loss, rows = time.process_time(), run.cpu_s, 0.0, 0
    batches = corpus.batches(run.pool)
    while run.step < args.steps and run.cpu_s < args.cpu_seconds:
        if run.at == len(batches):
            run.pool, run.at = run.pool + 1, 0
            batches = corpus.batches(run.pool)
        batch = batches[run.at]
        run.at += 1
        now = run.learn(batch, args.steps)
        loss = 0.98 * loss + 0.02 * now if loss else now
        rows += len(batch.ids)
        run.cpu_s = before + time.process_time() - began
        if run.step % 25 == 0:
            log.info("step %d loss %.4f cpu %.0f s, %d rows", run.step, loss, run.cpu_s, rows)
        if run.step % args.every == 0 or run.step == args.steps:
            keep(run, loss, asked, args.out)


def keep(run: Run, loss: float, asked: list[measure.Asked], out: Path) -> None:
    """Store the run, write the model, and measure it where wordings were held out."""
    run.store(out / "last.pt")
    run.ship(out / "model")
    row = {"step": run.step, "cpu_s": round(run.cpu_s), "loss": round(loss, 4)}
    if asked:
        score, wrong = tested(out / "model", asked)
        row |= score
        (out / "wrong.tsv").write_text("\n".join(wrong), encoding="utf-8")
    run.curve.append(row)
    log.info("%s", row)
    (out / "curve.json").write_text(json.dumps(run.curve))


def report(args: argparse.Namespace) -> None:
    """The model in --out, measured on the wordings that --hold keeps apart, beside retrieval."""
    kept, held = split_lines(load_written(), args.hold, args.hold_seed)
    asked = measure.questions_of(held, 2)
    for name, drawn in (("greedy", False), ("drawn", True)):
        log.info("%s %s", name, tested(args.out / "model", asked, drawn)[0])
    log.info("retrieval %s of %d", measure.retrieved([expanded(intent) for intent in kept], asked), len(asked))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("training/runs/chat"), help="for checkpoints and the model")
    parser.add_argument("--outside", type=Path, default=None, help="folder of public collections, see chat_outside.py")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, default=3_000)
    parser.add_argument("--cpu-seconds", type=float, default=4_000)
    parser.add_argument("--rate", type=float, default=HIGHEST_RATE, help="highest learning rate")
    parser.add_argument("--width", type=int, default=192)
    parser.add_argument("--layers", type=int, default=3)
    parser.add_argument("--vocabulary", type=int, default=VOCABULARY)
    parser.add_argument("--every", type=int, default=500, help="steps between two checkpoints")
    parser.add_argument("--hold", type=float, default=0.0, help="share of the wordings kept for measuring")
    parser.add_argument("--hold-seed", type=int, default=1)
    parser.add_argument("--start", type=Path, default=None, help="--out of another run, or a model, to go on with")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--report", action="store_true", help="only measure the model in --out")
    return parser.parse_args()


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    args = arguments()
    torch.set_num_threads(args.threads)
    if args.report:
        report(args)
    else:
        train(args)


if __name__ == "__main__":
    main()
