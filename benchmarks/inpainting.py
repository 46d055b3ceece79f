"""The built-in repainting beside plain OpenCV, in one run: PSNR on the repainted pixels, and CPU seconds.

    python benchmarks/inpainting.py [FOLDER]      photos (png or jpg); without it, pictures drawn by this script
    python benchmarks/inpainting.py --large       CPU seconds and peak memory: 12 megapixels, a hand-sized hole

Photos are cut to their middle 512 x 512. Masks: scratches (4 % of the picture), text (about 10 %), a box (1.6 %, placed
at random by the photo's number), an ellipse in the middle (16 %). The picture is black under its mask.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from pipelines import media  # noqa: E402
from pipelines.inpainting import RepaintOptions, masks, repaint, smoothing  # noqa: E402

SIDE = 512
WORDS = "the quick brown fox jumps over a lazy dog while five wizards box quietly in the yard".split()
Way = Callable[[np.ndarray, np.ndarray], np.ndarray]


def scratches(number: int) -> np.ndarray:
    random, mask = np.random.default_rng(number), np.zeros((SIDE, SIDE), np.uint8)
    while (mask > 0).mean() < 0.04:
        ends = random.uniform(0, SIDE, (2, 2))
        middle = ends.mean(axis=0) + random.normal(0, 30, 2)
        line = np.array([ends[0], middle, ends[1]]).round().astype(np.int32)
        cv2.polylines(mask, [line], False, 255, int(random.integers(2, 6)))
    return mask > 0


def text(number: int) -> np.ndarray:
    random, mask = np.random.default_rng(number), np.zeros((SIDE, SIDE), np.uint8)
    for line in range(24, SIDE, 34):
        cv2.putText(mask, " ".join(random.choice(WORDS, 12)), (4, line), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 255, 3)
    return mask > 0


def box(number: int) -> np.ndarray:
    side, mask = round((0.016 * SIDE * SIDE) ** 0.5), np.zeros((SIDE, SIDE), bool)
    y, x = np.random.default_rng(number).integers(0, SIDE - side, 2)
    mask[y : y + side, x : x + side] = True
    return mask


def ellipse(number: int, side: int = SIDE) -> np.ndarray:
    y, x = np.mgrid[:side, :side] / side - 0.5
    return (x / 0.26) ** 2 + (y / 0.196) ** 2 <= 1


MASKS = {"scratches": scratches, "text": text, "box": box, "ellipse": ellipse}


def ours(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    options = RepaintOptions(seed=0)
    *_, last = repaint(Image.fromarray(image), masks.to_picture(mask), options, engine="embedded")
    return np.asarray(last.image)


def smooth_only(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The broad colours that ours starts a hole from, without any texture."""
    return np.clip(smoothing.kriged(image.astype(np.float32), mask), 0, 255).round().astype(np.uint8)


def plain(method: int) -> Way:
    return lambda image, mask: np.asarray(cv2.inpaint(image, mask.astype(np.uint8), 3, method))


WAYS: dict[str, Way] = {
    "Modu embedded": ours,
    "its smooth start alone": smooth_only,
    "OpenCV Telea": plain(cv2.INPAINT_TELEA),
    "OpenCV Navier-Stokes": plain(cv2.INPAINT_NS),
}


def psnr(one: np.ndarray, other: np.ndarray, where: np.ndarray) -> float:
    difference = (one.astype(float) - other.astype(float))[where]
    return float(10 * np.log10(255**2 / max(np.mean(difference**2), 1e-9)))


def pictures(folder: Path | None) -> Iterator[np.ndarray]:
    if folder is None:
        yield from (drawn(number) for number in range(3))
        return
    for path in sorted(path for path in folder.iterdir() if path.suffix.lower() in (".png", ".jpg", ".jpeg")):
        image = np.asarray(media.to_rgb(media.open_picture(path).image))
        top, left = (image.shape[0] - SIDE) // 2, (image.shape[1] - SIDE) // 2
        if min(top, left) >= 0:
            yield image[top : top + SIDE, left : left + SIDE].copy()


def drawn(number: int, width: int = SIDE, height: int = SIDE) -> np.ndarray:
    """Sky over rows of hills, with grain at several scales."""
    random = np.random.default_rng(number)
    y, x = np.mgrid[:height, :width].astype(np.float32) / max(width, height)
    image = np.stack([120 + 90 * y, 160 + 60 * y, 220 - 20 * y], axis=-1)
    for hill in range(4):
        ridge = 0.35 + 0.15 * hill + 0.05 * np.sin(x * random.uniform(6, 14) + random.uniform(0, 6))
        image[y > ridge] = random.uniform(30, 150, 3)
    for scale in (2, 8, 32):
        grain = random.normal(0, 12, (height // scale + 1, width // scale + 1)).astype(np.float32)
        image += cv2.resize(grain, (width, height), interpolation=cv2.INTER_LINEAR)[..., None]
    return np.clip(image, 0, 255).astype(np.uint8)


def compare(folder: Path | None) -> None:
    found: dict[tuple[str, str], list[tuple[float, float]]] = {}
    count = 0
    for number, image in enumerate(pictures(folder)):
        count += 1
        for name, make in MASKS.items():
            mask = make(number)
            hidden = np.where(mask[..., None], 0, image).astype(np.uint8)
            for way, fill in WAYS.items():
                start = time.process_time()
                filled = fill(hidden, mask)
                seconds = time.process_time() - start
                assert np.array_equal(filled[~mask], image[~mask]) or way == "its smooth start alone"
                found.setdefault((way, name), []).append((psnr(filled, image, mask), seconds))
    print(f"{count} pictures of {SIDE} x {SIDE}; PSNR in dB on the masked pixels, mean (CPU seconds)\n")
    print(f"| | {' | '.join(MASKS)} |\n|---|{'---|' * len(MASKS)}")
    for way in WAYS:
        cells = [np.mean(found[way, name], axis=0) for name in MASKS]
        print(f"| {way} | {' | '.join(f'{value:.2f} ({seconds:.2f})' for value, seconds in cells)} |")


def large() -> None:
    image = drawn(0, 4000, 3000)
    mask = np.zeros(image.shape[:2], bool)
    mask[1200:1900, 1600:2400] = ellipse(0, 1000)[150:850, 100:900]
    ours(image[:256, :256].copy(), box(1)[:256, :256] | ellipse(0, 256))  # loads what is loaded once
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    ours(image, mask)
    seconds = time.process_time() - start
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"4000 x 3000, hole of {int(mask.sum())} pixels: {seconds:.1f} CPU seconds, {grown:.0f} MB more at the peak")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--large", action="store_true")
    chosen = parser.parse_args()
    large() if chosen.large else compare(chosen.folder)


if __name__ == "__main__":
    main()
