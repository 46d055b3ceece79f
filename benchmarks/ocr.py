"""Errors, order, time and memory of reading pages, beside plain RapidOCR and plain Tesseract, in one run.

    python benchmarks/ocr.py                     pages drawn by benchmarks/ocr_pages.py, every way in its own process
    python benchmarks/ocr.py --lines FOLDER      single lines of a folder with truth.json {file: text}

Error: letters to add, drop or change, per letter of the truth, blanks ignored, NFC; the whole page in one piece, so a
wrong order costs. Order: of the lines that were found, how many follow their predecessor. CPU time is that of the
process (and of the programs it starts), per page; memory is the peak of the process above that of a bare Python.
Tesseract reads whole pages with `--psm 3 -l kor+eng`. The faces are not among those that ours learned from.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks import ocr_pages  # noqa: E402
from training.ocr_score import distance, plain  # noqa: E402

Reader = Callable[[Path], str]
WAYS = ("ours", "rapidocr", "tesseract")


def ours() -> Reader:
    from pipelines import ocr

    return lambda path: ocr.read(path, engine="embedded").text


def ours_with_tesseract() -> Reader:
    from pipelines import ocr

    return lambda path: ocr.read(path, engine="tesseract").text


def rapidocr() -> Reader:
    import logging

    from rapidocr import RapidOCR

    logging.disable(logging.WARNING)
    engine = RapidOCR()
    return lambda path: "\n".join(engine(np.asarray(Image.open(path).convert("RGB"))[:, :, ::-1]).txts or ())


def tesseract(mode: str = "3") -> Reader:
    def read(path: Path) -> str:
        command = ["tesseract", str(path), "-", "-l", "kor+eng", "--psm", mode]
        env = {**os.environ, "OMP_THREAD_LIMIT": "1"}
        return subprocess.run(command, capture_output=True, text=True, check=True, env=env).stdout

    return read


READERS: dict[str, Callable[[], Reader]] = {
    "ours": ours,
    "ours, tesseract": ours_with_tesseract,
    "rapidocr": rapidocr,
    "tesseract": tesseract,
}


def order_score(read: str, lines: tuple[str, ...]) -> tuple[int, int]:
    """How many of the lines that were found stand after the line before them, and how many were found."""
    text, at, right, found = plain(read), 0, 0, 0
    for line in lines:
        wanted = plain(line)
        wanted = wanted if len(wanted) < 9 else wanted[: len(wanted) // 2]
        after = text.find(wanted, at)
        found += wanted in text
        right += after >= 0
        at = after if after >= 0 else at
    return right, found


def cpu_s() -> float:
    own, started = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + started.ru_utime + started.ru_stime


def peak_mb() -> float:
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return max(resource.getrusage(kind).ru_maxrss for kind in kinds) / 1024


def measure(way: str, count: int, kinds: list[str]) -> dict[str, dict[str, float]]:
    """One way over all pages, in this process."""
    bare, read, rows = peak_mb(), READERS[way](), {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.png"
        for kind in kinds:
            wrong = letters = right = pairs = 0
            spent = 0.0
            for page in ocr_pages.pages(kind, count):
                page.picture.save(path)
                began = cpu_s()
                text = read(path)
                spent += cpu_s() - began
                truth = plain("".join(page.lines))
                wrong, letters = wrong + min(len(truth), distance(plain(text), truth)), letters + len(truth)
                followed, could = order_score(text, page.lines)
                right, pairs = right + followed, pairs + could
            rows[kind] = {"error": wrong / letters, "order": right / max(1, pairs), "cpu_s": spent / count}
    rows["all"] = {"peak_mb": peak_mb() - bare}
    return rows


def pages(args: argparse.Namespace) -> None:
    kinds = [kind for kind in ocr_pages.KINDS if not args.kinds or kind in args.kinds]
    results = {}
    for way in args.ways:
        began = time.time()
        command = [sys.executable, __file__, "--worker", way, "--count", str(args.count), "--kinds", *kinds]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        results[way] = json.loads(done.stdout.splitlines()[-1])
        print(f"{way}: {time.time() - began:.0f} s", file=sys.stderr)
    print("| pages | " + " | ".join(f"{way}: error, order, CPU s" for way in args.ways) + " |")
    print("|---|" + "---|" * len(args.ways))
    for kind in kinds:
        cells = [results[way][kind] for way in args.ways]
        print(
            f"| {kind} | " + " | ".join(f"{c['error']:.3f}, {c['order']:.2f}, {c['cpu_s']:.1f}" for c in cells) + " |"
        )
    print("| peak memory, MB | " + " | ".join(f"{results[way]['all']['peak_mb']:.0f}" for way in args.ways) + " |")


def lines(args: argparse.Namespace) -> None:
    given = json.loads((args.lines / "truth.json").read_text(encoding="utf-8"))
    truth = {name: text for name, text in given.items() if isinstance(text, str) and "\n" not in text}
    readers = {way: tesseract("7") if way == "tesseract" else READERS[way]() for way in args.ways}
    print("| line | " + " | ".join(args.ways) + " |\n|---|" + "---|" * len(args.ways))
    for name, text in sorted(truth.items()):
        reads = [plain(read(args.lines / name)) for read in readers.values()]
        cells = [f"{distance(one, plain(text)) / len(plain(text)):.3f}" for one in reads]
        print(f"| {Path(name).stem} | " + " | ".join(cells) + " |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=3, help="pages of each kind")
    parser.add_argument("--kinds", nargs="*", default=[])
    parser.add_argument("--ways", nargs="*", default=list(WAYS), choices=list(READERS))
    parser.add_argument("--lines", type=Path, default=None)
    parser.add_argument("--worker", default=None, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        print(json.dumps(measure(args.worker, args.count, args.kinds)))
    elif args.lines:
        lines(args)
    else:
        pages(args)


if __name__ == "__main__":
    main()
