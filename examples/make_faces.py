"""Draws the people of the face examples: no photograph and no real person is in them.

    python examples/make_faces.py            writes examples/face_mosaic/*.jpg and clip.mp4

A head is painted from soft shapes (skin, hair, eyes, nose, mouth) with light from one side, so that face
detectors take it for one. `person()` and `moving_people()` also serve the tests and the benchmark of the video.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

Colour = tuple[int, int, int]
Frame = tuple[np.ndarray, list[tuple[float, float, float, float]]]

SIZE = 512  # a head is painted on a square of this side, then scaled down
BODY = 1700  # height of a whole figure
# Of that square: the face from hair line to chin, as [x, y, w, h]. Detectors and the tests speak of this box.
FACE = (158, 160, 196, 246)


@dataclass(frozen=True)
class Look:
    """What makes one drawn person differ from another. `turn` from -1 to 1 turns the head sideways."""

    skin: Colour = (224, 178, 148)
    hair: Colour = (52, 36, 28)
    shirt: Colour = (64, 96, 140)
    eyes: Colour = (70, 48, 36)
    long_hair: bool = False
    glasses: bool = False
    beard: bool = False
    smile: float = 0.6
    turn: float = 0.0


CAST = (
    Look(),
    Look((240, 200, 172), (130, 84, 40), (170, 60, 70), (60, 90, 80), long_hair=True, smile=0.9, turn=0.15),
    Look((120, 78, 54), (22, 18, 18), (214, 178, 70), (40, 28, 22), smile=0.7, turn=-0.2),
    Look((232, 188, 150), (28, 24, 28), (70, 130, 100), (50, 36, 30), glasses=True, smile=0.4),
    Look((206, 156, 122), (90, 88, 90), (90, 90, 100), (70, 60, 50), beard=True, smile=0.3, turn=0.25),
    Look((178, 124, 90), (34, 22, 18), (150, 110, 170), (44, 30, 24), long_hair=True, smile=0.8, turn=-0.1),
    Look((246, 210, 186), (176, 130, 66), (50, 60, 90), (80, 110, 140), smile=0.5, glasses=True, turn=-0.3),
)


def shade(colour: Colour, factor: float) -> Colour:
    red, green, blue = (min(255, max(0, round(part * factor))) for part in colour)
    return red, green, blue


class Canvas:
    """A square with alpha on which soft shapes are laid. Coordinates are those of the 512 px head."""

    def __init__(self) -> None:
        self.image = Image.new("RGBA", (SIZE, SIZE))

    def lay(self, colour: Colour, mask: Image.Image, opacity: float = 1.0) -> None:
        layer = Image.new("RGBA", (SIZE, SIZE), (*colour, 255))
        layer.putalpha(mask.point(lambda value: round(value * opacity)))
        self.image.alpha_composite(layer)

    def ellipse(
        self, colour: Colour, x: float, y: float, rx: float, ry: float, soft: float = 1.0, opacity: float = 1.0
    ) -> None:
        mask = Image.new("L", (SIZE, SIZE))
        ImageDraw.Draw(mask).ellipse((x - rx, y - ry, x + rx, y + ry), fill=255)
        self.lay(colour, mask.filter(ImageFilter.GaussianBlur(soft)), opacity)

    def polygon(
        self, colour: Colour, points: list[tuple[float, float]], soft: float = 1.0, opacity: float = 1.0
    ) -> None:
        mask = Image.new("L", (SIZE, SIZE))
        ImageDraw.Draw(mask).polygon(points, fill=255)
        self.lay(colour, mask.filter(ImageFilter.GaussianBlur(soft)), opacity)

    def stroke(
        self, colour: Colour, points: list[tuple[float, float]], width: int, soft: float = 1.0, opacity: float = 1.0
    ) -> None:
        mask = Image.new("L", (SIZE, SIZE))
        ImageDraw.Draw(mask).line(points, fill=255, width=width, joint="curve")
        self.lay(colour, mask.filter(ImageFilter.GaussianBlur(soft)), opacity)


def outline(turn: float) -> list[tuple[float, float]]:
    """The contour of a face: round above, narrower at the chin, which a turned head pushes to one side."""
    points = []
    for step in range(72):
        angle = step / 72 * 2 * math.pi
        x, y = math.cos(angle), math.sin(angle)
        narrow = 1 - 0.24 * max(y, 0) ** 1.6
        points.append((256 + 104 * x * narrow + 18 * turn * max(y, 0), 262 + 144 * y))
    return points


def paint_head(look: Look) -> Image.Image:
    """One head with neck, 512 x 512 with alpha."""
    canvas = Canvas()
    skin, dark = look.skin, shade(look.skin, 0.62)
    shift = 44 * look.turn
    if look.long_hair:
        canvas.ellipse(shade(look.hair, 0.85), 256, 300, 150, 190, 3)
    canvas.polygon(shade(skin, 0.78), [(206, 350), (306, 350), (318, 512), (194, 512)], 3)
    canvas.ellipse(shade(skin, 0.55), 256, 410, 62, 30, 12, 0.8)
    canvas.ellipse(look.hair, 256, 210, 128, 138, 2)
    for side in (-1, 1):
        if side * look.turn < 0.3:
            canvas.ellipse(shade(skin, 0.85), 256 + side * 104 - shift * 0.2, 276, 16, 32, 2)
    face = Image.new("L", (SIZE, SIZE))
    ImageDraw.Draw(face).polygon(outline(look.turn), fill=255)
    canvas.lay(skin, face.filter(ImageFilter.GaussianBlur(1.5)))
    paint_light(canvas, face, skin)
    paint_hair(canvas, look, face)
    for side in (-1, 1):
        paint_eye(canvas, look, 256 + shift + side * 46 * (1 - 0.25 * max(side * look.turn, 0)), 256, side)
    paint_nose(canvas, dark, skin, 256 + shift * 1.35)
    paint_mouth(canvas, look, 256 + shift * 1.1)
    return canvas.image


def paint_light(canvas: Canvas, face: Image.Image, skin: Colour) -> None:
    """Light from the upper left, cheeks, and the shadow towards the edges, all inside the face."""
    y, x = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32)
    inside = np.asarray(face.filter(ImageFilter.GaussianBlur(2)), np.float32) / 255
    distance = np.hypot((x - 236) / 112, (y - 250) / 158)
    shadow = np.clip(distance - 0.45, 0, 1) ** 1.3 * 1.1 + np.clip((x - 270) / 500, 0, 1) * 0.5
    canvas.lay(shade(skin, 0.5), Image.fromarray((np.clip(shadow, 0, 0.75) * inside * 255).astype(np.uint8)))
    light = np.exp(-(((x - 222) / 60) ** 2 + ((y - 196) / 40) ** 2)) * 0.35
    canvas.lay(shade(skin, 1.2), Image.fromarray((light * inside * 255).astype(np.uint8)))
    for side in (-1, 1):
        blush = np.exp(-(((x - 256 - side * 58) / 26) ** 2 + ((y - 306) / 20) ** 2)) * 0.3
        canvas.lay((214, 110, 100), Image.fromarray((blush * inside * 255).astype(np.uint8)))


def paint_hair(canvas: Canvas, look: Look, face: Image.Image) -> None:
    """The hair line over the forehead, a parting, and sides where the hair is long; a beard if there is one."""
    mask = Image.new("L", (SIZE, SIZE))
    draw = ImageDraw.Draw(mask)
    draw.ellipse((126, 66, 386, 330), fill=255)
    draw.ellipse((160 + 20 * look.turn, 150, 356 + 20 * look.turn, 420), fill=0)
    draw.polygon([(150, 170), (250, 140), (362, 180), (340, 120), (200, 100)], fill=255)
    draw.rectangle((0, 262, SIZE, SIZE), fill=0)
    if look.long_hair:
        draw.polygon([(138, 190), (172, 190), (160, 420), (116, 430)], fill=255)
        draw.polygon([(374, 190), (340, 190), (352, 420), (396, 430)], fill=255)
    canvas.lay(look.hair, mask.filter(ImageFilter.GaussianBlur(2.5)))
    canvas.stroke(shade(look.hair, 1.7), [(190, 120), (230, 98), (280, 96)], 10, 8, 0.5)
    if look.beard:
        beard = Image.new("L", (SIZE, SIZE))
        beard.paste(face, (0, 0))
        draw = ImageDraw.Draw(beard)
        draw.rectangle((0, 0, SIZE, 318), fill=0)
        draw.ellipse((200 + 30 * look.turn, 300, 312 + 30 * look.turn, 352), fill=0)
        canvas.lay(shade(look.hair, 0.9), beard.filter(ImageFilter.GaussianBlur(7)), 0.8)


def paint_eye(canvas: Canvas, look: Look, x: float, y: float, side: int) -> None:
    skin = look.skin
    canvas.ellipse(shade(skin, 0.55), x, y - 6, 34, 22, 9, 0.55)
    canvas.ellipse((238, 234, 230), x, y, 22, 11, 1.2)
    canvas.ellipse(look.eyes, x + 4 * look.turn, y, 10.5, 10.5, 0.8)
    canvas.ellipse((12, 10, 10), x + 4 * look.turn, y, 5.5, 5.5, 0.8)
    canvas.ellipse((255, 255, 255), x - 3, y - 4, 2.6, 2.6, 0.6)
    canvas.stroke(shade(skin, 0.3), [(x - 25, y + 2), (x - 12, y - 10), (x + 10, y - 11), (x + 25, y + 1)], 5, 1)
    canvas.stroke(shade(skin, 0.6), [(x - 20, y + 9), (x, y + 14), (x + 20, y + 8)], 3, 1.5, 0.7)
    brow = [(x - side * 30, y - 26), (x, y - 37), (x + side * 30, y - 31)]
    canvas.stroke(shade(look.hair, 0.8), brow, 9, 2, 0.85)
    if look.glasses:
        ring = Image.new("L", (SIZE, SIZE))
        ImageDraw.Draw(ring).rounded_rectangle((x - 38, y - 26, x + 38, y + 28), 18, outline=255, width=6)
        canvas.lay((34, 32, 38), ring.filter(ImageFilter.GaussianBlur(0.8)))
        canvas.stroke((34, 32, 38), [(x - side * 38, y - 4), (x - side * 48, y - 8)], 6, 0.8)


def paint_nose(canvas: Canvas, dark: Colour, skin: Colour, x: float) -> None:
    canvas.polygon(dark, [(x + 5, 262), (x + 20, 322), (x + 2, 330)], 6, 0.55)
    canvas.polygon(shade(skin, 1.16), [(x - 5, 256), (x + 4, 256), (x + 6, 318), (x - 9, 318)], 6, 0.6)
    canvas.ellipse(dark, x, 330, 22, 9, 4, 0.6)
    for side in (-1, 1):
        canvas.ellipse(shade(dark, 0.5), x + side * 11, 328, 5.5, 3.5, 1.5, 0.9)


def paint_mouth(canvas: Canvas, look: Look, x: float) -> None:
    lips = (min(255, look.skin[0] - 20), max(0, look.skin[1] - 82), max(0, look.skin[2] - 66))
    up = 14 * look.smile
    corners = [(x - 40, 362 - up), (x - 14, 362), (x + 14, 362), (x + 40, 362 - up)]
    canvas.polygon(lips, [*corners, (x + 18, 380), (x - 18, 380)], 2.5)
    canvas.polygon(
        shade(lips, 0.9), [(x - 40, 362 - up), (x - 10, 350), (x + 10, 350), (x + 40, 362 - up), (x, 364)], 2.5
    )
    if look.smile > 0.65:
        canvas.polygon(
            (244, 240, 234), [(x - 30, 359 - up * 0.6), (x + 30, 359 - up * 0.6), (x + 14, 370), (x - 14, 370)], 1.5
        )
    canvas.stroke(shade(lips, 0.45), corners, 3, 1.2, 0.8)
    canvas.ellipse(shade(look.skin, 0.6), x, 392, 24, 6, 6, 0.5)


def paint_body(look: Look) -> Image.Image:
    """Shoulders, torso, arms and trousers, with room for the head above."""
    body = Image.new("RGBA", (SIZE, BODY), (*look.shirt, 0))
    draw = ImageDraw.Draw(body)
    draw.rectangle((130, 1100, 382, BODY - 20), fill=(*shade(look.shirt, 0.45), 255))
    draw.line((256, 1180, 256, BODY), fill=(*shade(look.shirt, 0.3), 255), width=8)
    draw.ellipse((46, 462, 466, 800), fill=(*look.shirt, 255))
    draw.rectangle((110, 600, 402, 1130), fill=(*look.shirt, 255))
    for left in (46, 392):
        draw.rounded_rectangle((left, 600, left + 74, 1110), 36, fill=(*shade(look.shirt, 0.88), 255))
        draw.ellipse((left + 8, 1080, left + 66, 1160), fill=(*look.skin, 255))
    draw.polygon([(206, 462), (306, 462), (256, 540)], fill=(*shade(look.skin, 0.7), 255))
    return body.filter(ImageFilter.GaussianBlur(2))


def person(look: Look, face_width: float, tilt: float = 0.0) -> tuple[Image.Image, tuple[float, float, float, float]]:
    """A bust with alpha and the box of its face in it. `face_width` in pixels, `tilt` in degrees against the clock."""
    bust = paint_body(look)
    head = Image.new("RGBA", bust.size)
    head.paste(paint_head(look), (0, 0))
    if tilt:
        head = head.rotate(tilt, Image.Resampling.BICUBIC, center=(256, 440))
    bust.alpha_composite(head)
    factor = face_width / FACE[2]
    size = (max(1, round(bust.width * factor)), max(1, round(bust.height * factor)))
    angle = math.radians(tilt)
    dx, dy = FACE[0] + FACE[2] / 2 - 256, FACE[1] + FACE[3] / 2 - 440
    middle = 256 + dx * math.cos(angle) + dy * math.sin(angle), 440 - dx * math.sin(angle) + dy * math.cos(angle)
    box = ((middle[0] - FACE[2] / 2) * factor, (middle[1] - FACE[3] / 2) * factor, face_width, FACE[3] * factor)
    return bust.resize(size, Image.Resampling.LANCZOS), box


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
