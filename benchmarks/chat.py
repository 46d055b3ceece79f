"""Speed of chat: our engines beside the bare libraries, plain transformers and llama.cpp, in turn on two cores.

    python benchmarks/chat.py                  at the shape of Qwen3 0.6B, with random weights: speed, no quality
    python benchmarks/chat.py --shape tiny     in a minute, to see that everything runs

Needs what benchmarks/requirements.txt names, about 7 GB of memory while it makes the 8- and 4-bit files, and a quiet
machine. llama.cpp takes part if xllamacpp and gguf are installed (that wheel knows AVX2 only, no AVX512).
Each engine lives in a process of its own; every turn all of them answer the same new prompt, one after another. No
prompt comes twice, since OpenVINO GenAI would remember how it began. "Ours" is the public `reply`, streaming and all.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "benchmarks")]

SHAPES = {
    "real": {"context": 40960, "vocabulary": 151936, "hidden_size": 1024, "intermediate_size": 3072,
             "num_hidden_layers": 28, "head_dim": 128, "num_attention_heads": 16, "num_key_value_heads": 8},
    "tiny": {"context": 4096, "vocabulary": 2000, "hidden_size": 128, "num_hidden_layers": 2, "head_dim": 32},
}  # fmt: skip
PLACES = {"fp32": "Qwen/Qwen3-0.6B", "int8": "OpenVINO/Qwen3-0.6B-int8-ov", "int4": "OpenVINO/Qwen3-0.6B-int4-ov"}
WHO = {
    "plain transformers": "transformers, fp32, as its manual calls it",
    "ours fp32": "qwen3-0.6b",
    "bare int8": "openvino-genai alone",
    "ours int8": "qwen3-0.6b-int8",
    "bare int4": "openvino-genai alone",
    "ours int4": "qwen3-0.6b-int4",
    "llama.cpp Q8_0": "xllamacpp",
    "llama.cpp Q4_0": "xllamacpp",
}
BASE = "plain transformers"
Stamps = list[float]  # the moment of the question, then of each token


def prepare(folder: Path, shape: str) -> None:
    """Make what is missing in `folder`, which then is a MODU_MODELS_DIR."""
    import chats
    import qwen3_ir

    source = folder / PLACES["fp32"]
    if not (source / "model.safetensors").is_file():
        chats.checkpoint(source, **SHAPES[shape])
    for bits in ("int8", "int4"):
        if not (folder / PLACES[bits] / "openvino_model.bin").is_file():
            qwen3_ir.convert(source, folder / PLACES[bits], bits)
    if with_llama():
        import qwen3_gguf

        for kind in ("Q8_0", "Q4_0"):
            if not (folder / f"{kind}.gguf").is_file():
                qwen3_gguf.convert(source, folder / f"{kind}.gguf", kind)


def with_llama() -> bool:
    return all(importlib.util.find_spec(name) is not None for name in ("xllamacpp", "gguf"))


# --- one engine, in a process of its own --------------------------------------------------------------------------


def plain(folder: Path) -> Callable[[str, int], Stamps]:
    import torch
    from transformers import AutoModelForCausalLM

    ids = _tokens(folder / PLACES["fp32"])
    model = AutoModelForCausalLM.from_pretrained(folder / PLACES["fp32"], dtype=torch.float32).eval()

    class Clock:
        def __init__(self) -> None:
            self.stamps: Stamps = []

        def put(self, tokens: Any) -> None:
            self.stamps.append(time.perf_counter())

        def end(self) -> None:
            """The last stamp is that of the last token."""

    def answer(text: str, length: int) -> Stamps:
        given, clock = torch.tensor([ids(text)]), Clock()
        model.generate(
            given, attention_mask=torch.ones_like(given), max_new_tokens=length, min_new_tokens=length,
            do_sample=False, streamer=clock,
        )  # fmt: skip
        return clock.stamps  # the first one is the prompt's

    return answer


def bare(folder: Path, bits: str) -> Callable[[str, int], Stamps]:
    import numpy as np
    import openvino
    import openvino_genai

    ids = _tokens(folder / PLACES[bits])
    pipeline = openvino_genai.LLMPipeline(str(folder / PLACES[bits]), "CPU")

    def answer(text: str, length: int) -> Stamps:
        config = openvino_genai.GenerationConfig()
        config.max_new_tokens, config.ignore_eos = length, True
        given, stamps = np.array([ids(text)], np.int64), [time.perf_counter()]

        class Clock(openvino_genai.StreamerBase):
            def write(self, tokens: Any) -> Any:
                stamps.extend([time.perf_counter()] * (1 if isinstance(tokens, int) else len(tokens)))
                return openvino_genai.StreamingStatus.RUNNING

            def end(self) -> None:
                """The last stamp is that of the last token."""

        pipeline.generate(openvino.Tensor(given), config, Clock())
        return stamps

    return answer


def ours(engine: str) -> Callable[[str, int], Stamps]:
    from pipelines import chat
    from pipelines.chat import Message, ReplyOptions

    def answer(text: str, length: int) -> Stamps:
        stamps = [time.perf_counter()]
        options = ReplyOptions(temperature=0.0, max_new_tokens=length)
        for so_far in chat.reply([Message("user", text)], options, engine=engine):
            stamps += [time.perf_counter()] * (so_far.completion_tokens + 1 - len(stamps))
        return stamps

    return answer


def llama(folder: Path, kind: str) -> Callable[[str, int], Stamps]:
    import xllamacpp  # type: ignore[import-not-found]

    ids = _tokens(folder / PLACES["fp32"])
    facts = xllamacpp.CommonParams()
    facts.model.path = str(folder / f"{kind}.gguf")
    facts.n_ctx, facts.n_parallel, facts.n_predict = 2048, 1, -1
    facts.cpuparams.n_threads = facts.cpuparams_batch.n_threads = 2
    server = xllamacpp.Server(facts)

    def answer(text: str, length: int) -> Stamps:
        asked = {"prompt": ids(text), "n_predict": length, "ignore_eos": True, "temperature": 0, "stream": False,
                 "cache_prompt": False}  # fmt: skip
        begin = time.perf_counter()
        result = server.handle_completions(asked)
        timings = (result if isinstance(result, dict) else json.loads(result))["timings"]
        first = begin + timings["prompt_ms"] / 1000
        step = timings["predicted_ms"] / 1000 / max(1, timings["predicted_n"])
        return [begin, *(first + step * number for number in range(length))]

    return answer


def _tokens(folder: Path) -> Callable[[str], list[int]]:
    """The prompt that our own engines give for a text."""
    from transformers import AutoTokenizer

    from pipelines.chat import Message
    from pipelines.chat.prompts import Prompter

    prompter = Prompter(AutoTokenizer.from_pretrained(folder))
    return lambda text: prompter.prompt([Message("user", text)], False).ids


def made(who: str, folder: Path) -> Callable[[str, int], Stamps]:
    kind, _, which = who.rpartition(" ")
    if who == BASE:
        return plain(folder)
    if kind == "bare":
        return bare(folder, which)
    if kind == "llama.cpp":
        return llama(folder, which)
    return ours(WHO[who])


def work(who: str, folder: Path) -> None:
    """Answer each line of the input with the times of one turn."""
    from pipelines import memory

    said, sys.stdout = sys.stdout, sys.stderr
    begin = time.perf_counter()
    answer = made(who, folder)
    answer("warm up", 3)
    said.write(f"{json.dumps({'load_s': time.perf_counter() - begin})}\n")
    said.flush()
    for line in sys.stdin:
        asked = json.loads(line)
        cpu, stamps = time.process_time(), answer(asked["text"], asked["length"])
        times = {
            "prefill_s": stamps[1] - stamps[0],
            "decode_s": (stamps[-1] - stamps[1]) / max(1, len(stamps) - 2),
            "turn_s": stamps[-1] - stamps[0],
            "tokens": len(stamps) - 1,
            "cpu_s": time.process_time() - cpu,
            "memory_mb": memory.resident_mb(),
        }
        said.write(f"{json.dumps(times)}\n")
        said.flush()


# --- all of them in turn ------------------------------------------------------------------------------------------


class Worker:
    """One engine in its process."""

    def __init__(self, who: str, folder: Path) -> None:
        environment = {**os.environ, "MODU_MODELS_DIR": str(folder), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "2"}
        self.process = subprocess.Popen(
            [sys.executable, __file__, "--worker", who, "--folder", str(folder)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment,
        )  # fmt: skip
        self.facts = self._read()
        self.turns: list[dict[str, float]] = []

    def ask(self, text: str, length: int) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"text": text, "length": length}) + "\n")
        self.process.stdin.flush()
        self.turns.append(self._read())

    def middle(self, name: str) -> float:
        return statistics.median(turn[name] for turn in self.turns)

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(30)

    def _read(self) -> dict[str, float]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"an engine ended early: {self.process.args}")
        return dict(json.loads(line))


def prompt_of(folder: Path, tokens: int, seed: int) -> str:
    """A text of its own for each turn that gives a prompt of about so many tokens."""
    count = _tokens(folder / PLACES["fp32"])
    draw = random.Random(seed)
    words = [f"{draw.choice('abcdefghijklmnopqrstuvwxyz')}{draw.randrange(1000)}"]
    while len(count(" ".join(words))) < tokens:
        words.append(draw.choice(["hello", "today", "what", "can", "안녕", "오늘", str(draw.randrange(100))]))
    return " ".join(words)


def compare(folder: Path, names: list[str], turns: int, prompt: int, reply: int) -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, set(sorted(os.sched_getaffinity(0))[:2]))
    workers = {}
    for who in names:
        workers[who] = Worker(who, folder)
        print(f"  {who} loaded in {workers[who].facts['load_s']:.1f} s", flush=True)
    for turn in range(turns):
        text = prompt_of(folder, prompt, turn)
        for who, worker in workers.items():
            worker.ask(text, reply)
            last = worker.turns[-1]
            print(f"  turn {turn + 1}: {who:20} {last['turn_s']:7.2f} s, load {os.getloadavg()[0]:.1f}", flush=True)
    table(workers, prompt)
    layer(workers)
    for worker in workers.values():
        worker.close()
    own_cost(folder, prompt, reply)


def table(workers: dict[str, Worker], prompt: int) -> None:
    base = workers.get(BASE) or next(iter(workers.values()))
    print(f"\n{'':20} prefill s  tok/s  ratio | decode tok/s  ratio | turn s | cpu s | RSS MB | load s")
    for who, worker in workers.items():
        prefill, decode = worker.middle("prefill_s"), worker.middle("decode_s")
        print(
            f"{who:20} {prefill:9.2f} {prompt / prefill:6.0f} {base.middle('prefill_s') / prefill:6.2f} |"
            f" {1 / decode:12.1f} {base.middle('decode_s') / decode:6.2f} | {worker.middle('turn_s'):6.2f} |"
            f" {worker.middle('cpu_s'):5.1f} | {worker.turns[-1]['memory_mb']:6.0f} | {worker.facts['load_s']:6.1f}"
        )


def layer(workers: dict[str, Worker]) -> None:
    """What our code costs over the bare library: the middle of the ratios of each turn. Noisy; see `own_cost`."""
    for bits in ("int8", "int4"):
        pair = [workers.get(f"{kind} {bits}") for kind in ("ours", "bare")]
        if pair[0] is None or pair[1] is None:
            continue
        ratios = [mine["turn_s"] / its["turn_s"] for mine, its in zip(pair[0].turns, pair[1].turns, strict=True)]
        print(f"our layer over the bare library, {bits}: {100 * (statistics.median(ratios) - 1):+.1f} %")


def own_cost(folder: Path, prompt: int, reply: int) -> None:
    """The processor time of everything but the model: an engine whose tokens are all there at once."""
    from transformers import AutoTokenizer

    from pipelines import chat, engines
    from pipelines.bridge import Flow
    from pipelines.chat import Message, ReplyOptions, qwen3_fast
    from pipelines.chat.decoding import pieces
    from pipelines.chat.prompts import Prompter

    tokenizer = AutoTokenizer.from_pretrained(folder / PLACES["fp32"])
    text = prompt_of(folder, prompt, 0)
    words = (tokenizer(text, add_special_tokens=False)["input_ids"] * reply)[:reply]

    class Instant:
        SPEC = qwen3_fast.PRECISIONS[0].SPEC
        context_tokens = 4096
        prompter = Prompter(tokenizer)

        def load(self, _: Path | None) -> Instant:
            return self

        def count(self, messages: Any, thinking: bool) -> int:
            return len(self.prompter.prompt(messages, thinking).ids)

        def write(self, messages: Any, options: Any, job: Any) -> Any:
            given = self.prompter.prompt(messages, options.thinking)
            flow = Flow[int](lambda give: [give(word) for word in words] and None, job)
            return pieces(flow, given, tokenizer, {-1}, job)

    os.environ["MODU_MODELS_DIR"] = str(folder)
    engines.register("chat", (Instant(),))
    costs = []
    for _ in range(10):
        begin = time.process_time()
        for _ in chat.reply([Message("user", text)], ReplyOptions(max_new_tokens=reply), engine=Instant.SPEC.name):
            continue
        costs.append(time.process_time() - begin)
    print(f"our own code in such a turn: {1000 * statistics.median(costs):.1f} ms of processor time")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", choices=SHAPES, default="real")
    parser.add_argument(
        "--folder", type=Path, help="where the files are made and kept (default: a folder of the cache)"
    )
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--prompt", type=int, default=256, help="tokens in")
    parser.add_argument("--reply", type=int, default=100, help="tokens out")
    parser.add_argument("--only", default="", help="names parted by commas")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    folder = (chosen.folder or Path.home() / ".cache/modu-benchmark" / chosen.shape).absolute()
    if chosen.worker:
        work(chosen.worker, folder)
        return
    prepare(folder, chosen.shape)
    names = [name for name in WHO if with_llama() or not name.startswith("llama")]
    wanted = [name.strip() for name in chosen.only.split(",") if name.strip()]
    compare(folder, [name for name in names if not wanted or name in wanted], chosen.turns, chosen.prompt, chosen.reply)


if __name__ == "__main__":
    main()
