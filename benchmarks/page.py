"""How soon a visitor can type: the page of `python app.py` in Chromium against that of one Textbox.

Both servers run, and the browser opens their pages in turn, each time in a fresh context with nothing kept. Measured:
wall seconds from asking for the page until its first text box is in sight, and the processor seconds that the browser
has used three seconds later. It needs Chromium and the package playwright. Run it on a machine with nothing else to do:

    python -m benchmarks.page --rounds 9
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import sync_playwright

from benchmarks.startup import BARE, ROOT, served

SETTLED_MS = 3000


def used() -> float:
    """Processor seconds of the browser's processes so far."""
    processes = psutil.Process().children(recursive=True)
    return sum(sum(one.cpu_times()[:2]) for one in processes if "chrom" in one.name() or "headless" in one.name())


def opened(browser: Any, url: str) -> tuple[float, float]:
    """Seconds until the first text box is there, and the browser's processor seconds when all is at rest."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.wait_for_timeout(500)
    before, start = used(), time.perf_counter()
    page.goto(url, wait_until="commit")
    page.locator("textarea").first.wait_for(timeout=120_000)
    seconds = time.perf_counter() - start
    page.wait_for_timeout(SETTLED_MS)
    work = used() - before
    context.close()
    return seconds, work


def compare(rounds: int) -> dict[str, list[tuple[float, float]]]:
    """The measurements of both pages; the first visit of each is not counted."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("Chromium is not installed.")
    found: dict[str, list[tuple[float, float]]] = {"bare": [], "modu": []}
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        bare = Path(folder) / "bare.py"
        bare.write_text(BARE, encoding="utf-8")
        urls = {
            "bare": stack.enter_context(served([sys.executable, str(bare)], folder))[0],
            "modu": stack.enter_context(served([sys.executable, str(ROOT / "app.py")], folder))[0],
        }
        browser = stack.enter_context(sync_playwright()).chromium.launch(
            executable_path=chromium, args=["--no-sandbox"]
        )
        for turn in range(rounds + 1):
            for name in sorted(urls, reverse=turn % 2 == 0):
                measured = opened(browser, urls[name])
                print(f"round {turn} {name}: {measured[0]:.2f} s, {measured[1]:.2f} s of work", file=sys.stderr)
                if turn:
                    found[name].append(measured)
        browser.close()
    return found


def table(found: dict[str, list[tuple[float, float]]]) -> str:
    """The medians and their ratios as Markdown."""
    bare, modu = ([statistics.median(column) for column in zip(*found[name], strict=True)] for name in ("bare", "modu"))
    lines = [f"| median of {len(found['modu'])} visits | one Textbox | app.py | ratio |", "|---|---|---|---|"]
    for label, ours, theirs in zip(("seconds to a text box", "processor seconds"), modu, bare, strict=True):
        lines.append(f"| {label} | {theirs:.2f} | {ours:.2f} | {ours / theirs:.2f} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    print(table(compare(parser.parse_args().rounds)))


if __name__ == "__main__":
    main()
