"""Character error rates, of the network and of Tesseract on the same pictures of lines."""

from __future__ import annotations

import subprocess
import tempfile
import unicodedata
from pathlib import Path

import cv2
import numpy as np
import torch

from pipelines.ocr.lines import Pixels, batch_of, text_of

Line = tuple[Pixels, str]


def plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFC", text).split())


def distance(one: str, other: str) -> int:
    """Letters to add, leave out or change."""
    row = list(range(len(other) + 1))
    for at, letter in enumerate(one, start=1):
        before, row[0] = row[0], at
        for to, there in enumerate(other, start=1):
            before, row[to] = row[to], min(row[to] + 1, row[to - 1] + 1, before + (letter != there))
    return row[-1]


def error_rate(read: list[str], truth: list[str]) -> float:
    read = [one.upper() if text.isupper() else one for one, text in zip(read, truth, strict=True)]  # truth without case
    wrong = sum(distance(plain(a), plain(b)) for a, b in zip(read, truth, strict=True))
    return wrong / max(1, sum(len(plain(text)) for text in truth))


@torch.no_grad()
def read_lines(net: torch.nn.Module, pictures: list[Pixels], together: int = 32) -> list[str]:
    """Texts in the order of the pictures; those of like width are read together."""
    order = np.argsort([picture.shape[1] for picture in pictures], kind="stable")
    texts = [""] * len(pictures)
    for start in range(0, len(order), together):
        part = order[start : start + together]
        scores = net(torch.from_numpy(batch_of([pictures[at] for at in part])))
        chance, best = scores.softmax(-1).max(-1)
        for at, numbers, chances in zip(part, best.numpy(), chance.numpy(), strict=True):
            texts[at] = text_of(numbers, chances)[0]
    return texts


def rates(net: torch.nn.Module, sets: dict[str, list[Line]]) -> dict[str, float]:
    net.eval()
    return {
        name: round(error_rate(read_lines(net, [line[0] for line in lines]), [line[1] for line in lines]), 4)
        for name, lines in sets.items()
    }


def tesseract_reads(pictures: list[Pixels], languages: str = "kor+eng") -> list[str]:
    """The same pictures read by the system's Tesseract, one line each, with some paper around as it likes."""
    texts = []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "line.png"
        for picture in pictures:
            cv2.imwrite(str(file), cv2.copyMakeBorder(picture, 10, 10, 10, 10, cv2.BORDER_REPLICATE))
            command = ["tesseract", str(file), "-", "-l", languages, "--psm", "7"]
            done = subprocess.run(command, capture_output=True, text=True, check=True, env={"OMP_THREAD_LIMIT": "1"})
            texts.append(done.stdout.strip())
    return texts


def tesseract_rates(sets: dict[str, list[Line]]) -> dict[str, float]:
    return {
        name: round(error_rate(tesseract_reads([line[0] for line in lines]), [line[1] for line in lines]), 4)
        for name, lines in sets.items()
    }
