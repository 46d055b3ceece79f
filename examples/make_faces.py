"""Draws the pictures and the clip of the face examples: no photograph and no real person is in them.

    python examples/make_faces.py            writes examples/face_mosaic/*.jpg and clip.mp4

`scenes()`, `moving_people()` and `write_clip()` also serve the tests and the benchmark of the video.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from examples.drawn_people import CAST, Look, person

Frame = tuple[np.ndarray, list[tuple[float, float, float, float]]]


def backdrop(width: int, height: int, kind: str, seed: int = 7) -> Image.Image:
    """A place to stand: `wall`, `park` or `street`, softly out of focus, with a little grain."""
    random = np.random.default_rng(seed)
    top, bottom = {
        "wall": ((206, 200, 190), (150, 140, 132)),
        "park": ((176, 208, 232), (98, 140, 84)),
        "street": ((196, 206, 218), (120, 118, 120)),
    }[kind]
    ramp = np.linspace(0, 1, height)[:, None, None]
    image = Image.fromarray(
        np.broadcast_to(np.array(top) * (1 - ramp) + np.array(bottom) * ramp, (height, width, 3)).astype(np.uint8)
    )
    draw = ImageDraw.Draw(image)
    unit = width / 24
    for number in range(14):
        x, y = random.uniform(0, width), random.uniform(0.25, 0.75) * height
        if kind == "park":
            green = (60 + int(random.integers(50)), 110 + int(random.integers(50)), 60)
            draw.ellipse((x - unit * 2, y - unit * 1.6, x + unit * 2, y + unit * 1.6), fill=green)
        elif kind == "street":
            grey = 130 + int(random.integers(70))
            draw.rectangle(
                (number * width / 14, y - unit * 4, (number + 0.9) * width / 14, height * 0.8),
                fill=(grey, grey - 8, grey - 16),
            )
        elif number < 3:
            left = unit * (2 + 8 * number)
            draw.rectangle(
                (left, height * 0.08, left + unit * 4, height * 0.4),
                fill=(120 + 20 * number, 130, 140),
                outline=(90, 70, 50),
                width=6,
            )
    image = image.filter(ImageFilter.GaussianBlur(max(2, width / 200)))
    grain = random.normal(0, 3, (height, width, 1))
    return Image.fromarray(np.clip(np.asarray(image) + grain, 0, 255).astype(np.uint8))


def place(
    scene: Image.Image, look: Look, x: float, y: float, face_width: float, tilt: float = 0.0
) -> tuple[float, float, float, float]:
    """Put a person into a scene with the middle of the face at (x, y); returns the box of the face."""
    bust, (bx, by, bw, bh) = person(look, face_width, tilt)
    left, top = round(x - bx - bw / 2), round(y - by - bh / 2)
    scene.paste(bust, (left, top), bust)
    return left + bx, top + by, bw, bh


def scenes() -> dict[str, tuple[Image.Image, list[tuple[float, float, float, float]]]]:
    """The example pictures with the boxes of their faces."""
    made = {}
    portrait = backdrop(640, 800, "wall", 3)
    made["portrait"] = portrait, [place(portrait, CAST[1], 320, 350, 210)]
    group = backdrop(1000, 660, "park", 4)
    spots = (
        (150, 260, 92, CAST[2], 4),
        (345, 200, 84, CAST[3], -5),
        (540, 240, 92, CAST[5], 3),
        (735, 190, 86, CAST[4], 0),
        (880, 320, 100, CAST[6], -6),
    )
    made["group"] = group, [place(group, look, x, y, w, tilt) for x, y, w, look, tilt in spots]
    street = backdrop(1200, 700, "street", 5)
    spots = tuple((70 + 172 * n, 410 - 26 * n, 18 + 9 * n, CAST[n], (0, 6, -4)[n % 3]) for n in range(7))
    made["street"] = street, [place(street, look, x, y, w, tilt) for x, y, w, look, tilt in spots]
    turned = backdrop(900, 600, "wall", 6)
    spots = (
        (230, 260, 130, replace(CAST[0], turn=0.8), 0),
        (520, 270, 120, CAST[5], 24),
        (750, 280, 110, replace(CAST[6], turn=-0.7), -12),
    )
    made["turned"] = turned, [place(turned, look, x, y, w, tilt) for x, y, w, look, tilt in spots]
    return made


def moving_people(
    width: int, height: int, frames: int, people: int = 3, cut_at: int | None = None, seed: int = 0
) -> Iterator[Frame]:
    """Frames (RGB) of people who walk through the picture, each with the boxes of the faces in sight.

    Every third person turns the head, as a detector likes least. At `cut_at` the scene changes at once.
    """
    random = np.random.default_rng(seed)
    for scene, (start, stop) in enumerate(((0, cut_at or frames), (cut_at or frames, frames))):
        place_ = np.asarray(backdrop(width, height, ("street", "park")[scene], seed + scene))
        walkers = [_walker(random, CAST[(seed + scene * 3 + n) % len(CAST)], n, width, height) for n in range(people)]
        for number in range(start, stop):
            canvas, boxes = Image.fromarray(place_), []
            for walker in walkers:
                bust, (bx, by, bw, bh), x, y = walker(number - start)
                canvas.paste(bust, (x, y), bust)
                boxes = [box for box in boxes if not _hides((x + bx, y + by, bw, bh), box)]
                boxes.append((x + bx, y + by, bw, bh))
            yield np.asarray(canvas), [box for box in boxes if _in_sight(box, width, height)]


def _walker(random: np.random.Generator, look: Look, number: int, width: int, height: int):
    """One person's pictures (five turns of the head, drawn once) and way through the scene."""
    face_width = height * (0.10 + 0.05 * number) * random.uniform(0.9, 1.1)
    turns = (-0.8, -0.4, 0.0, 0.4, 0.8) if number % 3 == 2 else (look.turn,)
    poses = [person(replace(look, turn=turn), face_width, random.uniform(-6, 6)) for turn in turns]
    start, speed = random.uniform(0.1, 0.7) * width, random.uniform(-0.006, 0.006) * width
    level, bob = random.uniform(0.28, 0.45) * height, random.uniform(0.004, 0.012) * height

    def at(frame: int):
        pose, box = poses[round((math.sin(frame / 14) + 1) / 2 * (len(poses) - 1))]
        x = start + speed * frame
        span = width + 2 * face_width
        x = abs((x + face_width) % (2 * span) - span) - face_width  # turns round beyond the edge
        y = level + bob * math.sin(frame / 3)
        return pose, box, round(x - box[0] - box[2] / 2), round(y - box[1] - box[3] / 2)

    return at


def _hides(front: tuple[float, float, float, float], behind: tuple[float, float, float, float]) -> bool:
    """Whether the figure of `front` (its face and the body below) covers a third of the face `behind`."""
    x, y, w, h = front[0] - front[2] * 0.6, front[1] - front[3] * 0.35, front[2] * 2.2, front[3] * 5
    wide = min(x + w, behind[0] + behind[2]) - max(x, behind[0])
    high = min(y + h, behind[1] + behind[3]) - max(y, behind[1])
    return wide > 0 and high > 0 and wide * high > behind[2] * behind[3] / 3


def _in_sight(box: tuple[float, float, float, float], width: int, height: int) -> bool:
    """Whether at least two thirds of a face lie inside the picture."""
    wide = min(box[0] + box[2], width) - max(box[0], 0)
    high = min(box[1] + box[3], height) - max(box[1], 0)
    return wide > 0 and high > 0 and wide * high > box[2] * box[3] * 2 / 3


def write_clip(path: Path, frames: Iterator[Frame], fps: int = 24, tone: bool = True, crf: int = 27) -> list[list]:
    """Frames as H.264 in mp4, with a soft tone as AAC if asked; returns the boxes of each frame."""
    import av

    truth = []
    with av.open(str(path), "w") as out:
        video = sound = None
        for image, boxes in frames:
            if video is None:
                video = out.add_stream("libx264", rate=fps, options={"crf": str(crf), "preset": "veryfast"})
                video.height, video.width, video.pix_fmt = image.shape[0], image.shape[1], "yuv420p"
                sound = out.add_stream("aac", rate=44100) if tone else None
            out.mux(video.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
            truth.append(boxes)
        out.mux(video.encode(None))
        if sound is not None:
            for frame in _tone(len(truth) / fps):
                out.mux(sound.encode(frame))
            out.mux(sound.encode(None))
    return truth


def _tone(seconds: float, rate: int = 44100):
    import av

    time = np.arange(round(seconds * rate)) / rate
    samples = (0.1 * np.sin(2 * np.pi * 330 * time) * np.sin(np.pi * time / seconds)).astype(np.float32)
    for start in range(0, len(samples), 1024):
        frame = av.AudioFrame.from_ndarray(samples[None, start : start + 1024], format="fltp", layout="mono")
        frame.sample_rate, frame.pts = rate, start
        yield frame


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "face_mosaic")
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    for name, (image, _) in scenes().items():
        image.save(out / f"{name}.jpg", quality=88)
    write_clip(out / "clip.mp4", moving_people(640, 360, 72, people=3, seed=9))
    for path in sorted(out.iterdir()):
        print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
