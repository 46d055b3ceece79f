"""Speech to text, measured: word errors, the built-in engine's judgement, sizes, and the speed of Whisper.

    python benchmarks/speech.py clips    word error rate beside plain PocketSphinx (clips in MODU_SPEECH_DIR)
    python benchmarks/speech.py gate     whom the gates let through: voices, languages, noise, music (clips if there)
    python benchmarks/speech.py sizes    file size and memory of Whisper's shapes with random weights
    python benchmarks/speech.py speed    Whisper base: ours beside openai-whisper and faster-whisper, one run each

MODU_SPEECH_DIR holds WAV files of people speaking and `truth.json` with {file name: what is said}; a text in
round brackets marks a clip that is not English.
"""

from __future__ import annotations

import os
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import speech_clips  # noqa: E402
import speech_gate  # noqa: E402
from speech_clips import Clip  # noqa: E402

from pipelines import memory, sound  # noqa: E402
from pipelines.job import Job  # noqa: E402
from pipelines.speech_to_text import fast_whisper, openai_whisper, transcribe  # noqa: E402
from pipelines.speech_to_text.types import Request  # noqa: E402

RATE = 16_000
TURNS = 6
TOKENS = 100  # random weights never stop by themselves
SHAPES = {  # layers, width, heads, mel bands: whisper/README and the config files of the repositories
    "tiny": (4, 4, 384, 6, 80, 51865),
    "base": (6, 6, 512, 8, 80, 51865),
    "small": (12, 12, 768, 12, 80, 51865),
    "turbo": (32, 4, 1280, 20, 128, 51866),
}


def clips() -> list[Clip]:
    folder = Path(os.environ.get("MODU_SPEECH_DIR", ""))
    if not (folder / "truth.json").is_file():
        raise SystemExit("Set MODU_SPEECH_DIR to a folder with WAV files and truth.json.")
    return speech_clips.recordings(folder)


def words(text: str) -> list[str]:
    return re.sub(r"[^a-z' ]", " ", text.lower()).split()


def errors(said: list[str], heard: list[str]) -> int:
    """Insertions, deletions and replacements between two lists of words."""
    row = list(range(len(heard) + 1))
    for at, word in enumerate(said, 1):
        previous, row[0] = row[0], at
        for index, other in enumerate(heard, 1):
            previous, row[index] = row[index], min(row[index] + 1, row[index - 1] + 1, previous + (word != other))
    return row[-1]


def word_errors() -> None:
    from pocketsphinx import Decoder

    plain = Decoder(samprate=RATE, loglevel="FATAL")
    totals = {"ours": [0, 0.0], "plain": [0, 0.0]}
    count, seconds = 0, 0.0
    for clip in clips():
        started = time.perf_counter()
        ours = transcribe(sound.Sound(clip.samples, RATE), engine="embedded").text
        middle = time.perf_counter()
        plain.start_utt()
        plain.process_raw((np.clip(clip.samples, -1, 1) * 32767).astype(np.int16).tobytes(), full_utt=True)
        plain.end_utt()
        theirs = plain.hyp().hypstr if plain.hyp() else ""
        took = (middle - started, time.perf_counter() - middle)
        print(f"{clip.name}\n  said  {clip.said}\n  ours  {ours}\n  plain {theirs}")
        if clip.kind != "en":
            continue
        count += len(words(clip.said))
        seconds += len(clip.samples) / RATE
        for key, text, spent in (("ours", ours, took[0]), ("plain", theirs, took[1])):
            totals[key][0] += errors(words(clip.said), words(text))
            totals[key][1] += spent
    for key, (wrong, spent) in totals.items():
        rate = f"word error rate {wrong / count:.2f} ({wrong} of {count})"
        print(f"{key}: {rate}, real-time factor {spent / seconds:.2f} (wall, first load in it)")


def made(size: str) -> Any:
    """Whisper of the real shape with random weights."""
    import torch
    from whisper.model import ModelDimensions, Whisper

    audio_layers, text_layers, width, heads, mels, vocabulary = SHAPES[size]
    torch.manual_seed(0)
    dims = ModelDimensions(mels, 1500, width, heads, audio_layers, vocabulary, 448, width, heads, text_layers)
    model = Whisper(dims)
    torch.nn.init.normal_(model.decoder.positional_embedding, std=0.02)
    return model


def sizes() -> None:
    import speech
    import torch
    import whisper

    for size in sys.argv[2:] or ["tiny", "base", "small"]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"{size}.pt"
            model = made(size)
            state = {name: value.half() for name, value in model.state_dict().items()}
            torch.save({"dims": vars(model.dims), "model_state_dict": state}, path)
            del model, state
            memory.give_back()
            before = memory.resident_mb()
            listener = openai_whisper.Listener(whisper.load_model(str(path), device="cpu"), sample_len=5)
            listener._decoding["temperature"] = 0.0
            listener.hear(speech.babble(28), Request("ko", "transcribe", False), Job())
            used = memory.resident_mb() - before
            print(
                f"{size}: file {path.stat().st_size / 1e6:.0f} MB, {used:.0f} MB of memory once it has listened",
                flush=True,
            )
            del listener
            memory.give_back()


def speed() -> None:
    """Four ways through the same 28 seconds with the same number of tokens, in turns; the order is turned each time."""
    import ctranslate2
    import faster_whisper
    import speech
    import whisper
    import whispers

    samples = speech.babble(28)
    request = Request("en", "transcribe", False)
    model = made("base")
    plain = {"language": "en", "fp16": False, "temperature": 0.0, "condition_on_previous_text": False}
    plain["without_timestamps"] = True  # random times would cut the sound into a random number of windows
    with tempfile.TemporaryDirectory() as folder:
        shape = {"d_model": 512, "layers": 6, "heads": 8, "ffn": 2048}
        fast = faster_whisper.WhisperModel(
            str(whispers.converted_checkpoint(Path(folder), **shape)), compute_type="int8"
        )
    ours = openai_whisper.Listener(model, sample_len=TOKENS, without_timestamps=True)
    ours_fast = fast_whisper.Listener(fast, max_new_tokens=TOKENS, without_timestamps=True)
    ours._decoding["temperature"] = ours_fast._decoding["temperature"] = 0.0
    ways = {
        "openai-whisper": lambda: whisper.transcribe(model, samples, sample_len=TOKENS, **plain),
        "ours on it": lambda: ours.hear(samples, request, Job()),
        "faster-whisper int8": lambda: list(
            fast.transcribe(
                samples, language="en", temperature=0.0, beam_size=1, max_new_tokens=TOKENS, without_timestamps=True
            )[0]
        ),
        "ours on it, int8": lambda: ours_fast.hear(samples, request, Job()),
    }
    for way in ways.values():
        way()  # the first call makes tables
    walls: dict[str, list[float]] = {name: [] for name in ways}
    cpus: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(TURNS):
        for name in list(ways) if turn % 2 else reversed(ways):
            started, busy = time.perf_counter(), time.process_time()
            ways[name]()
            walls[name].append(time.perf_counter() - started)
            cpus[name].append(time.process_time() - busy)
    print(
        f"Whisper base shape, random weights, 28 s, {TOKENS} tokens, ctranslate2 {ctranslate2.__version__}, "
        f"{TURNS} turns, load {os.getloadavg()[0]:.1f}\n\n| | best wall s | real-time factor | median cpu s |"
    )
    print("|---|---|---|---|")
    for name, took in walls.items():
        print(f"| {name} | {min(took):.2f} | {min(took) / 28:.3f} | {statistics.median(cpus[name]):.2f} |")


if __name__ == "__main__":
    tasks = {
        "clips": word_errors,
        "gate": lambda: speech_gate.main(os.environ.get("MODU_SPEECH_DIR")),
        "sizes": sizes,
        "speed": speed,
    }
    if len(sys.argv) < 2 or sys.argv[1] not in tasks:
        raise SystemExit(__doc__)
    tasks[sys.argv[1]]()
