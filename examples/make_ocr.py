"""Make the example pages of `examples/ocr`: `python -m examples.make_ocr`. Needs fonts-nanum and fonts-baekmuk.

The pages are drawn by `benchmarks/ocr_pages.py`; what they say was written there.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks import ocr_pages

WHEN = {"creationDate": time.gmtime(0), "modDate": time.gmtime(0)}  # the same file each time
HERE = Path(__file__).resolve().parent / "ocr"


def main() -> None:
    HERE.mkdir(exist_ok=True)
    page = {kind: ocr_pages.pages(kind, 2, seed=9) for kind in ocr_pages.KINDS}
    page["korean"][1].picture.save(HERE / "notice-korean.png", optimize=True)
    page["english"][0].picture.convert("L").save(HERE / "english.png", optimize=True)
    page["receipt photo"][1].picture.save(HERE / "receipt-photo.jpg", quality=70)
    page["two columns"][0].picture.convert("L").save(HERE / "two-columns.png", optimize=True)
    page["mixed"][1].picture.convert("L").rotate(90, expand=True).save(HERE / "on-its-side.png", optimize=True)
    sheets = [page["mixed"][0].picture.convert("L"), page["english"][1].picture.convert("L")]
    sheets[0].save(HERE / "two-pages.pdf", save_all=True, append_images=sheets[1:], resolution=100, **WHEN)
    truth = {"notice-korean.png": page["korean"][1].lines, "two-columns.png": page["two columns"][0].lines}
    (HERE / "truth.json").write_text(json.dumps(truth, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    ruled = np.full((300, 400, 3), 255, np.uint8)
    Image.fromarray(ruled).save(HERE / "blank.png")


if __name__ == "__main__":
    main()
