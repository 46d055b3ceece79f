"""Paints people who do not exist, for the examples, tests and benchmarks of the face mosaic.

A head is painted from soft shapes (skin, hair, eyes, nose, mouth) with light from one side, so that face
detectors take it for one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

Colour = tuple[int, int, int]

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
