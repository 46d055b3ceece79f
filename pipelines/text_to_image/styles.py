"""Style presets: words that go around a visitor's prompt, and words to keep away from."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines import checks
from pipelines.words import Text


@dataclass(frozen=True)
class Style:
    """`words` follow the prompt, `against` follows the negative prompt. In English, which all models know best."""

    name: str
    label: Text
    words: str
    against: str

    def prompt(self, prompt: str) -> str:
        return f"{prompt.strip().rstrip('.,')}, {self.words}"

    def negative(self, negative: str) -> str:
        return ", ".join(part for part in (negative.strip().rstrip(".,"), self.against) if part)


STYLES: tuple[Style, ...] = (
    Style(
        "photo",
        Text(en="Photograph", ko="사진"),
        "photograph taken with a 50 mm lens, natural light, fine detail, true colours",
        "drawing, painting, cartoon, 3d render, oversaturated, blurry",
    ),
    Style(
        "cinematic",
        Text(en="Film still", ko="영화 장면"),
        "still from a film, dramatic side light, shallow depth of field, wide frame, film grain",
        "flat light, cartoon, drawing, snapshot",
    ),
    Style(
        "watercolour",
        Text(en="Watercolour", ko="수채화"),
        "watercolour painting on rough paper, soft washes, colours that bleed into each other, white paper showing",
        "photo, hard outlines, digital shading, neon",
    ),
    Style(
        "oil",
        Text(en="Oil painting", ko="유화"),
        "oil painting on canvas, thick visible brush strokes, rich warm colours",
        "photo, flat colours, vector art, smooth gradients",
    ),
    Style(
        "ink",
        Text(en="Korean ink painting", ko="수묵화"),
        "Korean ink wash painting on hanji paper, few confident brush strokes, grey tones, much empty space",
        "bright colours, photo, crowded, glossy",
    ),
    Style(
        "minhwa",
        Text(en="Korean folk painting", ko="민화"),
        "Korean minhwa folk painting, flat bright mineral colours, black outlines, playful and symmetrical",
        "photo, perspective, shading, 3d render",
    ),
    Style(
        "pencil",
        Text(en="Pencil sketch", ko="연필 스케치"),
        "pencil drawing on white paper, loose hatching, graphite grey, unfinished edges",
        "colour, photo, painting, filled background",
    ),
    Style(
        "picture-book",
        Text(en="Picture book", ko="그림책"),
        "illustration from a children's picture book, gouache and crayon, round friendly shapes, gentle colours",
        "photo, frightening, sharp detail, dark",
    ),
    Style(
        "webtoon",
        Text(en="Webtoon", ko="웹툰"),
        "webtoon panel, clean ink lines, two-tone shading, vivid flat colours",
        "photo, realistic skin, blurry lines, sketchy",
    ),
    Style(
        "pixel",
        Text(en="Pixel art", ko="픽셀 아트"),
        "pixel art, 16-bit game sprite, small palette, crisp square pixels, no blending",
        "photo, smooth gradients, blurry, antialiased",
    ),
    Style(
        "clay",
        Text(en="Clay model", ko="점토 모형"),
        "made of modelling clay, stop-motion set, finger marks, soft studio light, miniature",
        "drawing, flat, line art, photo of people",
    ),
    Style(
        "poster",
        Text(en="Flat poster", ko="플랫 포스터"),
        "minimal flat poster design, few bold shapes, limited palette, large plain areas, screen print",
        "photo, texture, fine detail, clutter, gradients",
    ),
)
_BY_NAME = {style.name: style for style in STYLES}


def find(name: object) -> Style | None:
    """The style of this name; None for no style ("")."""
    if name == "":
        return None
    return _BY_NAME[checks.choice(name, "style", tuple(_BY_NAME))]
