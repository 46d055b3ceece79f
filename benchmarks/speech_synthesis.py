"""How fast a text is spoken, and how soon one hears something. Prints Markdown tables.

    python benchmarks/speech_synthesis.py [--sentences 6] [--rounds 2] [--threads 2]

Kokoro runs at its real shape (81.8 M parameters) with random weights, so this measures speed and nothing else.
"The package bare" is kokoro 0.9.4 as it can be used offline: its KPipeline given phonemes from misaki's eSpeak,
sentence after sentence. Both sides speak the same sentences in turns, so that other work on the machine meets
both alike; processor seconds are the steadier figure.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pipelines import text_to_speech
from pipelines.job import Job
from pipelines.text_to_speech import SpeakOptions, kokoro

SENTENCES = (
    "The sun was low, and the road was long.",
    "Nobody spoke for a while after that.",
    "Then the bell rang twice, far below us.",
    "We counted the lights along the shore.",
    "It was later than any of us had thought.",
    "In the morning the boats were gone.",
)
SYMBOLS = '$;:,.!?—…"()“” ̃ʣʥʦʨᵝAIOQSTWYᵊabcdefhijklmnopqrstuvwxyzɑɐɒæβɔɕçɖðʤəɚɛɜɟɡɥɨɪʝɯɰŋɳɲɴøɸθœɹɾɻʁɽʂʃʈʧʊʋʌɣɤχʎʒʔˈˌːʰʲ'

# The sizes of Kokoro-82M v1.0.
SHAPE: dict[str, Any] = {
    "n_token": 178, "hidden_dim": 512, "style_dim": 128, "n_layer": 3, "max_dur": 50, "dropout": 0.2, "n_mels": 80,
    "dim_in": 64, "max_conv_dim": 512, "multispeaker": True, "text_encoder_kernel_size": 5,
    "plbert": {"hidden_size": 768, "num_attention_heads": 12, "intermediate_size": 2048,
               "max_position_embeddings": 512, "num_hidden_layers": 12, "dropout": 0.1},
    "istftnet": {"upsample_kernel_sizes": [20, 12], "upsample_rates": [10, 6], "gen_istft_hop_size": 5,
                 "gen_istft_n_fft": 20, "resblock_dilation_sizes": [[1, 3, 5], [1, 3, 5], [1, 3, 5]],
                 "resblock_kernel_sizes": [3, 7, 11], "upsample_initial_channel": 512},
}  # fmt: skip
FRAMES_PER_PHONEME = 2.5  # of 1/40 s: about 16 phonemes a second, as people speak


@dataclass
class Timing:
    """Seconds of one side, summed over sentences."""

    wall_s: float = 0.0
    cpu_s: float = 0.0
    sound_s: float = 0.0


def make_weights(folder: Path) -> None:
    """A Kokoro folder at the real shape. Durations are set to a person's pace; all else is random."""
    import torch

    vocabulary = {symbol: number for number, symbol in enumerate(SYMBOLS)}
    (folder / "voices").mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"vocab": vocabulary, **SHAPE}))
    torch.manual_seed(0)
    torch.save({}, folder / "kokoro-v1_0.pth")
    torch.save(torch.randn(510, 1, 256) * 0.1, folder / "voices" / "af_heart.pt")


def set_pace(model: Any) -> None:
    import torch

    share = FRAMES_PER_PHONEME / SHAPE["max_dur"]
    layer = model.predictor.duration_proj.linear_layer
    with torch.no_grad():
        layer.weight.zero_()
        layer.bias.fill_(float(np.log(share / (1 - share))))


def bare_pipeline(model: Any, folder: Path) -> Any:
    """The package's own way from a sentence to sound, offline."""
    from kokoro import KPipeline
    from misaki import espeak

    pipeline = KPipeline(lang_code="e", repo_id=kokoro.REPO, model=model)
    to_phonemes = espeak.EspeakFallback(british=False)
    voice = str(folder / "voices" / "af_heart.pt")

    def say(text: str) -> int:
        phonemes = to_phonemes(SimpleNamespace(text=text))[0]
        return sum(len(result.audio) for result in pipeline.generate_from_tokens(phonemes, voice=voice))

    return say


def measured(timing: Timing, say: Any, text: str) -> None:
    wall, cpu = time.perf_counter(), time.process_time()
    samples = say(text)
    timing.wall_s += time.perf_counter() - wall
    timing.cpu_s += time.process_time() - cpu
    timing.sound_s += samples / kokoro.SAMPLE_RATE


def compare(engine: Any, bare: Any, sentences: list[str], rounds: int) -> tuple[Timing, Timing]:
    """Both sides on every sentence, in turns, after one sentence that warms both up."""
    ours, theirs = Timing(), Timing()
    for say in (bare, lambda text: len(engine.say(text, "af_heart", 1.0, 0))):
        say(sentences[0])
    for number in range(rounds):
        for place, text in enumerate(sentences):
            sides = [(theirs, bare), (ours, lambda text: len(engine.say(text, "af_heart", 1.0, 0)))]
            for timing, say in sides if (number + place) % 2 else sides[::-1]:
                measured(timing, say, text)
    return ours, theirs


def first_sound(text: str, bare: Any) -> tuple[float, float]:
    """Seconds until something sounds: ours after the first sentence, the bare package's after the whole text."""
    begun = time.perf_counter()
    next(text_to_speech.speak_sentences(text, SpeakOptions(), engine="kokoro", job=Job()))
    early = time.perf_counter() - begun
    begun = time.perf_counter()
    bare(text)
    return early, time.perf_counter() - begun


def embedded_row(text: str) -> str:
    begun, cpu = time.perf_counter(), time.process_time()
    speech = text_to_speech.speak(text, engine="embedded")
    wall, cpu = time.perf_counter() - begun, time.process_time() - cpu
    return (
        f"| built-in (eSpeak NG) | {speech.duration_s:.1f} | {wall:.2f} | {cpu:.2f} | {cpu / speech.duration_s:.3f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sentences", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2)
    chosen = parser.parse_args()
    sentences = [SENTENCES[number % len(SENTENCES)] for number in range(chosen.sentences)]
    import torch

    torch.set_num_threads(chosen.threads)
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root) / kokoro.REPO
        make_weights(folder)
        os.environ.update(MODU_MODELS_DIR=root, HF_HUB_OFFLINE="1", MODU_MEMORY_GB="8")
        from pipelines import engines

        with engines.use("text_to_speech", "kokoro", Job()) as (_, engine):
            set_pace(engine._model)
            bare = bare_pipeline(engine._model, folder)
            ours, theirs = compare(engine, bare, sentences, chosen.rounds)
        early, whole = first_sound(" ".join(sentences), bare)
    load = os.getloadavg()[0]
    print(f"{len(sentences)} sentences, {chosen.rounds} rounds, {chosen.threads} threads, load {load:.1f}\n")
    print("| | sound s | wall s | cpu s | cpu s per s of sound |\n|---|---|---|---|---|")
    for name, timing in (("Kokoro, the package bare", theirs), ("Kokoro, ours", ours)):
        cost = timing.cpu_s / timing.sound_s
        print(f"| {name} | {timing.sound_s:.1f} | {timing.wall_s:.1f} | {timing.cpu_s:.1f} | {cost:.3f} |")
    print(embedded_row(" ".join(sentences)))
    print(f"\nBare / ours: {theirs.cpu_s / ours.cpu_s:.2f} (cpu), {theirs.wall_s / ours.wall_s:.2f} (wall)")
    print(f"First sound: {early:.2f} s ours, {whole:.2f} s the whole text with the package")


if __name__ == "__main__":
    main()
