"""How fast the page is there, beside the smallest Gradio app: `python app.py` against one Textbox.

Both start in turn, in the same environment, over and over, so that whatever else the machine does hits both.
Measured: wall seconds from starting Python to the first HTTP 200 on `/`, and the resident memory of the
server process (children included) right after it. Run it on a machine with nothing else to do:

    python benchmarks/startup.py --rounds 7
"""

from __future__ import annotations

import argparse
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
POLL_S = 0.01
GIVE_UP_S = 120.0
GOAL_TIME, GOAL_MEMORY = 1.10, 1.15

BARE = """
import gradio as gr
with gr.Blocks() as page:
    gr.Textbox()
page.launch()
"""


@contextmanager
def served(program: list[str], folder: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The address and the process of a Gradio app that answers, until the end of the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = {**os.environ, "GRADIO_SERVER_PORT": str(port), "GRADIO_ANALYTICS_ENABLED": "False"}
    with subprocess.Popen(program, cwd=folder, env=env, stdout=subprocess.DEVNULL) as server:
        try:
            url = f"http://127.0.0.1:{port}/"
            wait_until_served(url, server)
            yield url, server
        finally:
            server.terminate()


def measure(program: list[str], folder: str) -> tuple[float, float, float]:
    """Seconds to the first 200, processor seconds until then, and resident MB after it, of one fresh start."""
    start = time.perf_counter()
    with served(program, folder) as (_url, server):
        seconds = time.perf_counter() - start
        process = psutil.Process(server.pid)
        used = process.cpu_times()
        memory = sum(one.memory_info().rss for one in [process, *process.children(recursive=True)])
        return seconds, used.user + used.system, memory / 1e6


def wait_until_served(url: str, server: subprocess.Popen[bytes]) -> None:
    """Return at the first answer of 200; fail if the server ended or does not come."""
    end = time.perf_counter() + GIVE_UP_S
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.perf_counter() < end:
        if server.poll() is not None:
            raise RuntimeError(f"the server ended by itself with {server.returncode}")
        try:
            with opener.open(url, timeout=GIVE_UP_S) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(POLL_S)
    raise TimeoutError(f"no answer within {GIVE_UP_S:.0f} s")


def compare(rounds: int) -> dict[str, list[tuple[float, float, float]]]:
    """The measurements of both apps. One start of each comes first and is not counted: it fills the file cache."""
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder) / "bare.py"
        bare.write_text(BARE, encoding="utf-8")
        programs = {"bare": [sys.executable, str(bare)], "modu": [sys.executable, str(ROOT / "app.py")]}
        found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in programs}
        for turn in range(rounds + 1):
            # The order changes every round, so that going second is neither a help nor a harm.
            for name in sorted(programs, reverse=turn % 2 == 0):
                measured = measure(programs[name], folder)
                print(f"round {turn} {name}: {measured[0]:.2f} s, {measured[2]:.0f} MB", file=sys.stderr)
                if turn:
                    found[name].append(measured)
    return found


def table(found: dict[str, list[tuple[float, float, float]]]) -> str:
    """The medians and their ratios as Markdown."""
    bare, modu = ([statistics.median(column) for column in zip(*found[name], strict=True)] for name in ("bare", "modu"))
    rows = [
        ("seconds to the first page", "{:.2f}", f"{GOAL_TIME:.2f}"),
        ("processor seconds until then", "{:.2f}", ""),
        ("resident memory, MB", "{:.0f}", f"{GOAL_MEMORY:.2f}"),
    ]
    lines = [
        "| median of {} starts | one Textbox | app.py | ratio | goal |".format(len(found["modu"])),
        "|---|---|---|---|---|",
    ]
    for (label, form, goal), ours, theirs in zip(rows, modu, bare, strict=True):
        lines.append(f"| {label} | {form.format(theirs)} | {form.format(ours)} | {ours / theirs:.2f} | {goal} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    print(table(compare(parser.parse_args().rounds)))


if __name__ == "__main__":
    main()
