"""Does it fit? Every Hub engine at its real shape, random weights: peak memory and load time in a fresh process.

    python benchmarks/fit.py                      all of them, as a Markdown table
    python benchmarks/fit.py whisper-tiny kokoro  only these
    python benchmarks/fit.py --readme             all, and put the table into the two READMEs
    python benchmarks/fit.py --readme sd15        only this one; the other rows of the READMEs stay

Each checkpoint is made by one process, and loaded and used once by another through the project's own `load`, so that
the peak is that of a visitor's first call. What is too big to build here is computed from the number of its
parameters and the slope between the two next smaller ones of its family (a chat model or a painter from the size of its
files and the pixels of its pictures), and marked so. YuNet is so small that only the real file means anything: name its
folder in MODU_MODELS_DIR. The 8 and 4 bit Qwen3 are made with the package nncf.
"""

from __future__ import annotations

import dataclasses
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "benchmarks")]

import fit_pictures  # noqa: E402
import fit_texts  # noqa: E402

from pipelines import downloads, engines, hub, memory, settings  # noqa: E402
from pipelines.diffusion import checkpoints  # noqa: E402
from pipelines.hub_cli import register_all  # noqa: E402
from pipelines.job import Job  # noqa: E402

SPACE_MB = 16 * 1024.0
SHAPES = {  # encoder layers, decoder layers, width, heads, mel bands, vocabulary (README of openai/whisper)
    "tiny": (4, 4, 384, 6, 80, 51865),
    "base": (6, 6, 512, 8, 80, 51865),
    "small": (12, 12, 768, 12, 80, 51865),
    "turbo": (32, 4, 1280, 20, 128, 51866),
}
TOO_BIG = ("turbo",)  # to build here beside other work
PACKAGES_MB = 700.0  # diffusers, transformers and torch themselves


def make_whisper(size: str, folder: Path) -> None:
    import torch
    import whisper

    encoder, decoder, width, heads, mels, words = SHAPES[size]
    dims = whisper.ModelDimensions(mels, 1500, width, heads, encoder, words, 448, width, heads, decoder)
    model = whisper.model.Whisper(dims)
    torch.nn.init.normal_(model.decoder.positional_embedding, std=0.02)
    state = {name: value.half() for name, value in model.state_dict().items()}
    torch.save({"dims": vars(dims), "model_state_dict": state}, folder / f"{size}.pt")


def make_fast_whisper(size: str, folder: Path) -> None:
    import whispers

    encoder, _, width, heads, _, _ = SHAPES[size]
    made = whispers.converted_checkpoint(folder / "made", width, encoder, heads, width * 4)
    made.rename(folder / "model")


def make_kokoro(_: str, folder: Path) -> None:
    import speech_synthesis
    import torch

    speech_synthesis.make_weights(folder / "model")
    from kokoro import KModel

    model = KModel(
        repo_id="-", config=str(folder / "model" / "config.json"), model=str(folder / "model" / "kokoro-v1_0.pth")
    )
    parts = {name: part.state_dict() for name, part in model.named_children()}
    torch.save(parts, folder / "model" / "kokoro-v1_0.pth")


def make_mms(_: str, folder: Path) -> None:
    """VITS as its class builds it by default: the shape of the MMS voices."""
    from test_text_to_speech_hub import _tiny_mms
    from transformers import VitsConfig, VitsModel

    _tiny_mms(folder / "model")  # for its tokenizer; the weights are replaced
    words = json.loads((folder / "model" / "vocab.json").read_text())
    VitsModel(VitsConfig(vocab_size=len(words) + 2)).save_pretrained(folder / "model")


def make_chat(_: str, folder: Path) -> None:
    """Qwen3 0.6B: its shape stands in benchmarks/chat.py, the tokenizer is filled up with made-up words."""
    import chat
    import chats

    chats.checkpoint(folder / "model", **chat.SHAPES["real"])


def use_chat(engine: Any) -> None:
    """A question of some 250 tokens, and a few tokens of an answer."""
    from pipelines.chat import Message, ReplyOptions

    question = [Message("user", "What can this app do, and how? " * 30)]
    for _ in engine.write(question, ReplyOptions(max_new_tokens=8, seed=0), Job()):
        pass


def load_whisper(size: str, folder: Path) -> Any:
    import hashlib

    from pipelines.speech_to_text import openai_whisper

    path = folder / f"{size}.pt"
    checkpoint = next(one for one in openai_whisper.SIZES if one.SPEC.name == f"whisper-{size}")
    file = dataclasses.replace(
        checkpoint.SPEC.web_files[0], name=path.name, sha256=hashlib.sha256(path.read_bytes()).hexdigest()
    )
    downloads.checked(path, file.sha256)
    spec = dataclasses.replace(checkpoint.SPEC, web_files=(file,))
    return openai_whisper.Checkpoint(spec).load(folder)


def use_whisper(listener: Any) -> None:
    """One window of 30 s, and a few tokens."""
    import numpy as np

    from pipelines.speech_to_text.types import Request

    few = {"sample_len": 5} if type(listener).__module__.endswith("openai_whisper") else {"max_new_tokens": 5}
    listener._decoding |= {"temperature": 0.0, **few}
    samples = np.random.default_rng(0).normal(0, 0.1, 16_000 * 28).astype(np.float32)
    listener.hear(samples, Request("en", "transcribe", False), Job())


def use_voice(name: str) -> Callable[[Any], Any]:
    return lambda engine: engine.say("The sun was low, and the road was long.", name, 1.0, 0)


def plain_load(task: str, name: str) -> Callable[[str, Path], Any]:
    def load(_: str, folder: Path) -> Any:
        module = next(one for one in engines.modules(task) if one.SPEC.name == name)
        return module.load(folder / "model")

    return load


@dataclasses.dataclass(frozen=True)
class Case:
    """How one engine is made, loaded and used."""

    spec: engines.EngineSpec
    size: str
    make: Callable[[str, Path], None]
    load: Callable[[str, Path], Any]
    use: Callable[[Any], Any]

    @property
    def family(self) -> str:
        return self.spec.name.removesuffix(self.size)


def cases() -> list[Case]:
    register_all()
    found = []
    for size in SHAPES:
        slow = engines.find("speech_to_text", f"whisper-{size}")
        fast = engines.find("speech_to_text", f"faster-whisper-{size}")
        found.append(Case(slow, size, make_whisper, load_whisper, use_whisper))
        found.append(Case(fast, size, make_fast_whisper, plain_load(fast.task, fast.name), use_whisper))
    for name, make, voice in (("kokoro", make_kokoro, "af_heart"), ("mms-tts-kor", make_mms, "kor")):
        spec = engines.find("text_to_speech", name)
        found.append(Case(spec, "", make, plain_load(spec.task, name), use_voice(voice)))
    for name, make in (
        ("qwen3-0.6b", make_chat),
        ("qwen3-0.6b-int8", fit_texts.make_converted("int8")),
        ("qwen3-0.6b-int4", fit_texts.make_converted("int4")),
    ):
        spec = engines.find("chat", name)
        found.append(Case(spec, "", make, plain_load(spec.task, name), use_chat))
    return [*found, *_of_texts(), *_of_pictures()]


def _of_texts() -> list[Case]:
    found = []
    for task, name, make, use in (
        ("documents", "multilingual-e5-small", fit_texts.make_e5, fit_texts.use_e5),
        ("ocr", "trocr-printed", fit_texts.make_trocr, fit_texts.use_trocr),
        ("ocr", "trocr-handwritten", fit_texts.make_trocr, fit_texts.use_trocr),
        ("ocr", "got-ocr2", fit_texts.make_got, fit_texts.use_got),
    ):
        found.append(Case(engines.find(task, name), "", make, plain_load(task, name), use))
    korean = engines.find("ocr", "ppocr-korean")
    return [*found, Case(korean, "", fit_texts.make_paddle, fit_texts.load_paddle, fit_texts.use_paddle)]


def _of_pictures() -> list[Case]:
    specs = [spec for task in ("text_to_image", "inpainting") for spec in engines.specs(task)]
    return [
        Case(spec, "", _picture(spec.name), plain_load(spec.task, spec.name), fit_pictures.use)
        for spec in specs
        if spec.name in fit_pictures.UNETS
    ]


def _picture(name: str) -> Callable[[str, Path], None]:
    return lambda _, folder: fit_pictures.make(name, folder / "model")


def larger_pictures(row: dict[str, float]) -> dict[str, dict[str, float]]:
    """The larger painters, from the row of Stable Diffusion 1.5: 4 bytes a weight, and the work by the pixels."""
    small = engines.find("text_to_image", "sd15")
    work = row["peak_mb"] - 2 * small.size_mb - PACKAGES_MB
    rows = {}
    for module in (*engines.modules("text_to_image"), *engines.modules("inpainting")):
        spec = module.SPEC
        if spec.kind != "hub" or spec.name in fit_pictures.UNETS or spec.requires != checkpoints.REQUIRES:
            continue
        defaults = module.DEFAULTS  # type: ignore[attr-defined]
        pixels = defaults.width * defaults.height / 512**2
        rows[spec.name] = {
            "peak_mb": 2 * spec.size_mb + PACKAGES_MB + work * pixels,
            "load_s": row["load_s"] * spec.size_mb / small.size_mb,
            "file_mb": spec.size_mb,
        }
    return rows


def larger_chats(row: dict[str, float]) -> dict[str, dict[str, float]]:
    """The larger Qwen3, from the smallest one's row: their files hold 2 bytes a number, memory 4, or 2 where halved."""
    small = engines.find("chat", "qwen3-0.6b")
    rows = {}
    for module in engines.modules("chat"):
        spec = module.SPEC
        if not str(spec.repo).startswith("Qwen/") or spec.name == small.name:
            continue
        held = spec.size_mb * (1 if getattr(module, "half", False) else 2)
        rows[spec.name] = {
            "peak_mb": row["peak_mb"] + held - 2 * small.size_mb,
            "load_s": row["load_s"] * held / (2 * small.size_mb),
            "file_mb": spec.size_mb,
        }
    return rows


def parameters(size: str) -> float:
    """Of a Whisper, from its shape: attention and feed-forward matrices, and the word table."""
    encoder, decoder, width, _, _, words = SHAPES[size]
    return (12.0 * encoder + 16.0 * decoder) * width**2 + float(words * width)


class NotMade(Exception):
    """Why one engine has no row; the others have theirs all the same."""


def measure(case: Case) -> dict[str, float]:
    """Make in one process, load and use in another."""
    with tempfile.TemporaryDirectory() as folder:
        for step in ("make", "load"):
            done = subprocess.run(
                [sys.executable, __file__, f"--{step}", case.spec.name, folder], capture_output=True, text=True
            )
            if done.returncode:
                raise NotMade(f"{case.spec.name}: {step} failed\n{done.stderr[-2000:]}")
        return dict(json.loads(done.stdout.strip().splitlines()[-1]))


def load_here(case: Case, folder: Path) -> None:
    """The second process: what it prints is the measurement."""
    before = memory.resident_mb()
    started = time.perf_counter()
    engine = case.load(case.size, folder)
    seconds = time.perf_counter() - started
    case.use(engine)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    files = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and "source" not in path.parts)
    print(json.dumps({"peak_mb": peak - before, "load_s": seconds, "file_mb": files / 1e6}))


def computed(case: Case, measured: dict[str, dict[str, float]]) -> dict[str, float] | None:
    """Peak and load time along the line through the two largest of its family that were measured."""
    sizes = [size for size in SHAPES if f"{case.family}{size}" in measured][-2:]
    if len(sizes) < 2:
        return None
    small, large = (measured[f"{case.family}{size}"] for size in sizes)
    share = (parameters(case.size) - parameters(sizes[0])) / (parameters(sizes[1]) - parameters(sizes[0]))
    return {name: small[name] + share * (large[name] - small[name]) for name in small}


def yunet() -> tuple[str, dict[str, float]] | None:
    """The real file, where the owner has it."""
    import numpy as np

    spec = engines.find("face_mosaic", "yunet")
    folder = hub.find(spec.repo, spec.files, spec.revision) if settings.current().models_dir else None
    if folder is None:
        return None
    before, started = memory.resident_mb(), time.perf_counter()
    module = next(one for one in engines.modules("face_mosaic") if one.SPEC.name == "yunet")
    engine = module.load(folder)
    seconds = time.perf_counter() - started
    engine.find(np.zeros((1080, 1920, 3), np.uint8), 0.5)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return spec.name, {"peak_mb": peak - before, "load_s": seconds, "file_mb": spec.size_mb}


HEAD = ["| engine | fits a 16 GB Space | peak memory | load | files | |", "|---|---|---|---|---|---|"]


def table(rows: dict[str, tuple[dict[str, float], str]], before: str = "") -> str:
    """The measurements as Markdown, and of an earlier table the rows that were not measured this time."""
    lines = {line.split("|")[1].strip(): line for line in before.splitlines() if line.startswith("| ")}
    lines.pop("engine", None)
    room = SPACE_MB * settings.Limits().memory_share
    for name, (row, how) in rows.items():
        fits = "yes" if row["peak_mb"] <= room else "no"
        cells = [
            name,
            fits,
            f"{row['peak_mb'] / 1024:.1f} GB",
            f"{row['load_s']:.1f} s",
            f"{row['file_mb']:.0f} MB",
            how,
        ]
        lines[name] = f"| {' | '.join(cells)} |"
    known = [spec.name for task in engines.tasks() for spec in engines.specs(task)]
    order = sorted((name for name in lines if name in known), key=known.index)
    return "\n".join([*HEAD, *(lines[name] for name in order)]) + "\n"


def into_readmes(rows: dict[str, tuple[dict[str, float], str]]) -> None:
    """Put the table between its two marks; rows that stand there already stay."""
    for name in ("README.md", "README.ko.md"):
        path = ROOT / name
        text = path.read_text(encoding="utf-8")
        before, _, rest = text.partition("<!-- fit -->\n")
        earlier, mark, after = rest.partition("<!-- /fit -->")
        if not mark:
            raise SystemExit(f"{name} has no place for the table: <!-- fit --> and <!-- /fit -->")
        path.write_text(f"{before}<!-- fit -->\n{table(rows, earlier)}{mark}{after}", encoding="utf-8")


def main(arguments: list[str]) -> None:
    if arguments[:1] in (["--make"], ["--load"]):
        case = next(one for one in cases() if one.spec.name == arguments[1])
        folder = Path(arguments[2])
        case.make(case.size, folder) if arguments[0] == "--make" else load_here(case, folder)
        return
    if arguments == ["--yunet"]:
        register_all()
        print(json.dumps(yunet()))
        return
    wanted = [one for one in arguments if not one.startswith("--")]
    chosen = [one for one in cases() if not wanted or one.spec.name in wanted]
    measured: dict[str, dict[str, float]] = {}
    failed: list[str] = []
    rows: dict[str, tuple[dict[str, float], str]] = {}
    for case in chosen:
        if case.size in TOO_BIG:
            continue
        try:
            measured[case.spec.name] = measure(case)
        except NotMade as error:
            failed.append(case.spec.name)
            print(error, file=sys.stderr)
            continue
        rows[case.spec.name] = measured[case.spec.name], "measured"
        print(case.spec.name, measured[case.spec.name], f"SPEC says {case.spec.memory_mb} MB", file=sys.stderr)
    for case in chosen:
        guess = computed(case, measured) if case.size in TOO_BIG else None
        if guess is not None:
            rows[case.spec.name] = guess, "computed"
            print(case.spec.name, guess, f"SPEC says {case.spec.memory_mb} MB", file=sys.stderr)
    for smallest, others in (("qwen3-0.6b", larger_chats), ("sd15", larger_pictures)):
        for name, row in others(measured[smallest]).items() if smallest in measured else ():
            rows[name] = row, "computed"
            print(name, row, file=sys.stderr)
    real = json.loads(subprocess.run([sys.executable, __file__, "--yunet"], capture_output=True, text=True).stdout)
    if real is not None and (not wanted or "yunet" in wanted):
        rows[real[0]] = real[1], "measured, real file"
    print(table(rows))
    if "--readme" in arguments:
        into_readmes(rows)
    if failed:
        raise SystemExit(f"not measured: {', '.join(failed)}")


if __name__ == "__main__":
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    main(sys.argv[1:])
