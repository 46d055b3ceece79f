"""How soon one hears an answer: `python benchmarks/voice_chat.py [recording]`. Prints a Markdown table.

The engines that `auto` takes here; without a recording, the English example. The reply's words depend on the chat
engine; what is measured is when its first sentence sounds and when its last token is there.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from pipelines.chat import ReplyOptions  # noqa: E402
from pipelines.voice_chat import TalkOptions, talk  # noqa: E402

ROUNDS = 3
MOMENTS = ("understood", "first word written", "first sentence heard", "last token written", "all of it made")


def moments(clip: Path, seed: int) -> tuple[dict[str, float], str]:
    """Seconds from the end of the recording, and who did what."""
    begun, found = time.perf_counter(), {}
    for step in talk(clip, (), TalkOptions(reply=ReplyOptions(seed=seed, max_new_tokens=200))):
        reached = {
            "understood": True,
            "first word written": bool(step.reply.text.strip()),
            "first sentence heard": bool(step.said),
            "last token written": step.reply.finish_reason is not None,
            "all of it made": step.over,
        }
        for name, there in reached.items():
            if there:
                found.setdefault(name, time.perf_counter() - begun)
    engines = f"{step.transcript.engine}, {step.reply.engine}, {step.tts_engine}"
    return found, f"{engines}: {step.reply.completion_tokens} tokens, {len(step.said)} sentences"


def main() -> None:
    clip = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "examples" / "speech_to_text" / "english.wav"
    moments(clip, 0)  # loads the engines
    runs = [moments(clip, seed) for seed in range(1, ROUNDS + 1)]
    print(f"{clip.name}, load {os.getloadavg()[0]:.1f}, seconds after the recording ended\n")
    print("| | " + " | ".join(about for _, about in runs) + " |\n|---|" + "---|" * len(runs))
    for name in MOMENTS:
        cells = [f"{found[name]:.2f}" if name in found else "-" for found, _ in runs]
        print(f"| {name} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
