"""Faces found and hidden, beside plain `deface` and plain OpenCV Haar, in one run.

    python benchmarks/faces.py --data FOLDER          photos with truth.json {file: [{"box_xyxy": [x, y, x2, y2]}]}
    python benchmarks/faces.py --video                frames per second at 1080p, and what is covered

FOLDER may also be named by MODU_FACES_DIR. Found: a box overlaps a true one by 0.35 (intersection over union), each
true face once; every other box is false. Hidden: half of the true box lies inside one hidden area. CPU time is that
of the process, per megapixel: at the photos' own size (all below 2 megapixels), and enlarged to 3 megapixels.
Ours is measured with everything: finding, hiding and checking again.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from examples import make_faces  # noqa: E402
from pipelines import engines, media, settings  # noqa: E402
from pipelines.face_mosaic import MosaicOptions, hide_faces, hide_faces_in_video, video  # noqa: E402
from pipelines.face_mosaic.boxes import covered, grow, overlaps  # noqa: E402
from pipelines.face_mosaic.frames import Source  # noqa: E402
from pipelines.face_mosaic.tracks import scaled  # noqa: E402
from pipelines.job import Job  # noqa: E402

LARGE_PIXELS = 3_000_000
Rows = np.ndarray  # boxes as rows of x, y, w, h
Way = Callable[[Image.Image], tuple[Rows, Rows]]  # a picture to boxes and hidden areas


@dataclass
class Score:
    found: int = 0
    false: int = 0
    hidden: int = 0
    faces: int = 0

    def add(self, truth: Rows, boxes: Rows, areas: Rows) -> None:
        free = list(range(len(truth)))
        for box in boxes:
            shares = overlaps(box, truth[free]) if free else np.zeros(0)
            if len(shares) and shares.max() >= 0.35:
                free.pop(int(shares.argmax()))
                self.found += 1
            else:
                self.false += 1
        self.hidden += sum(bool(len(areas) and (covered(face, areas) >= 0.5).any()) for face in truth)
        self.faces += len(truth)


def rows(boxes: object) -> Rows:
    return np.array(boxes, np.float64).reshape(-1, 4)


def ours(engine: str) -> Way:
    def hide(image: Image.Image) -> tuple[Rows, Rows]:
        faces = sorted(hide_faces(image, engine=engine).faces, key=lambda face: -face.score)
        return rows([face.box for face in faces]), rows([face.area for face in faces])

    return hide


def plain_deface(image: Image.Image) -> tuple[Rows, Rows]:
    """`deface` at its default threshold and mask. A new net for each picture: an OpenCV net that was used at
    another size answers nonsense, so this is the package at its best."""
    from deface.centerface import CenterFace
    from deface.deface import scale_bb

    found, _ = CenterFace(backend="opencv")(np.asarray(image), threshold=0.2)
    found = found[np.argsort(-found[:, 4])]
    masks = np.array([scale_bb(*box[:4].astype(int), 1.3) for box in found], float).reshape(-1, 4)
    return _sized(found[:, :4]), _sized(masks)


def plain_haar(image: Image.Image) -> tuple[Rows, Rows]:
    """OpenCV's frontal cascade as its tutorial uses it; what it finds is what is hidden."""
    import cv2

    cascade = cv2.CascadeClassifier(cv2.data.haarcascades + "haarcascade_frontalface_default.xml")
    found = rows(list(cascade.detectMultiScale(cv2.cvtColor(np.asarray(image), cv2.COLOR_RGB2GRAY))))
    return found, found


def _sized(corners: np.ndarray) -> Rows:
    boxes = corners.astype(np.float64).copy()
    boxes[:, 2:] -= boxes[:, :2]
    return boxes


def cpu_per_megapixel(way: Way, images: list[Image.Image]) -> float:
    way(images[0])  # loads
    start = time.process_time()
    for image in images:
        way(image)
    return (time.process_time() - start) / sum(image.width * image.height / 1e6 for image in images)


def photos(folder: Path) -> None:
    truth = json.loads((folder / "truth.json").read_text())
    images = [media.to_rgb(media.open_picture(folder / name).image) for name in truth]
    boxes = [_sized(rows([face["box_xyxy"] for face in faces])) for faces in truth.values()]
    large = []
    for image in images:
        factor = (LARGE_PIXELS / (image.width * image.height)) ** 0.5
        large.append(
            image.resize((round(image.width * factor), round(image.height * factor)), Image.Resampling.LANCZOS)
        )
    ways: dict[str, Way] = {"Modu centerface (default)": ours("centerface"), "Modu haar": ours("haar")}
    if engines.status(engines.find("face_mosaic", "yunet")) == "ready":
        ways["Modu yunet"] = ours("yunet")
    ways |= {"deface 1.5.0 at 0.2": plain_deface, "OpenCV Haar": plain_haar}
    print(f"{len(images)} photos, {sum(len(faces) for faces in boxes)} faces; {platform.machine()}, CPU seconds\n")
    print("| | found | false boxes | hidden | CPU s/Mpx below 2 Mpx | at 3 Mpx |")
    print("|---|---|---|---|---|---|")
    for name, way in ways.items():
        score = Score()
        for image, faces in zip(images, boxes, strict=True):
            score.add(faces, *way(image))
        below, above = cpu_per_megapixel(way, images), cpu_per_megapixel(way, large[:5])
        print(
            f"| {name} | {score.found}/{score.faces} | {score.false} | {score.hidden}/{score.faces} | "
            f"{below:.2f} | {above:.2f} |",
            flush=True,
        )


def videos(frames: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path, out = Path(folder) / "hd.mp4", Path(folder) / "out.mp4"
        make_faces.write_clip(path, make_faces.moving_people(1920, 1080, frames, 4, frames // 2, 3))
        start, cpu = time.monotonic(), time.process_time()
        report = hide_faces_in_video(path, out, MosaicOptions())
        seconds, cpu = time.monotonic() - start, time.process_time() - cpu
        print(
            f"1080p, {report.frames} frames, {report.faces_tracked} faces: "
            f"{report.frames / seconds:.1f} frames per second, {cpu / report.frames:.3f} CPU seconds per frame\n"
        )
        print("| labelled clip | faces in frames | covered, a look at every frame | covered, default | looks saved |")
        print("|---|---|---|---|---|")
        for seed, size in ((1, (640, 360)), (2, (1280, 720)), (3, (960, 540))):
            truth = make_faces.write_clip(
                path, make_faces.moving_people(*size, 2 * frames, 4, frames, seed), tone=False
            )
            (always, total, looks), (steady, _, fewer) = (
                coverage(path, truth, step) for step in (1, video.LONGEST_STEP)
            )
            print(
                f"| {size[0]} x {size[1]} | {total} | {always / total:.2%} | {steady / total:.2%} | "
                f"{1 - fewer / looks:.0%} |",
                flush=True,
            )


def coverage(path: Path, truth: list, longest_step: int) -> tuple[int, int, int]:
    """True faces that are at least half inside a hidden area, all true faces, and looks of the engine."""
    watcher = video.Watcher(video.Looker("centerface", -1, Job()), longest_step)
    hidden = total = 0

    def count(pairs: list) -> None:
        nonlocal hidden, total
        for frame, boxes in pairs:
            ratio = frame.width / frame.small.shape[1], frame.height / frame.small.shape[0]
            areas = rows([grow(scaled(box, *ratio), 0.7, frame.width, frame.height) for box in boxes])
            hidden += sum(bool((covered(np.array(face), areas) >= 0.5).any()) for face in truth[frame.number])
            total += len(truth[frame.number])

    with Source(path) as source:
        for kind, item in source.packets():
            if kind == "frame":
                count(watcher.take(item))
        count(watcher.rest())
    return hidden, total, watcher.looks


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=settings.current().faces_dir)
    parser.add_argument("--video", action="store_true")
    parser.add_argument("--frames", type=int, default=120, help="length of the 1080p clip")
    chosen = parser.parse_args()
    if chosen.video:
        videos(chosen.frames)
    elif chosen.data is None:
        parser.error("name a folder of labelled photos with --data or MODU_FACES_DIR")
    else:
        photos(chosen.data)


if __name__ == "__main__":
    main()
