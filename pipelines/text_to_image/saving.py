"""Pictures as PNG files that know how they were painted, and the way back from such a file.

Two text chunks are written: `parameters`, the plain lines that picture tools for Stable Diffusion read, and `modu`,
the same as JSON and complete. Reading prefers the second, so pictures of other programs can be dropped in too.
"""

from __future__ import annotations

import io
import json
import re
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from PIL import Image, PngImagePlugin, UnidentifiedImageError

from pipelines import checks, settings
from pipelines.errors import InvalidInput, TooLarge
from pipelines.text_to_image import choices, styles
from pipelines.text_to_image.contract import Painting, PaintOptions, PictureSettings
from pipelines.words import Text

_OURS, _COMMON = "modu", "parameters"
_LONGEST = 200_000  # characters of a chunk; a prompt is far shorter
_FACT = re.compile(r'\s*([A-Za-z][\w /-]*):\s*("(?:[^"\\]|\\.)*"|[^,]*)(?:,|$)')


def settings_for(prompt: str, options: PaintOptions, painting: Painting, which: int) -> PictureSettings:
    """What was asked for and decided for one of the painting's pictures."""
    return PictureSettings(
        prompt=prompt,
        negative_prompt=options.negative_prompt,
        steps=painting.steps,
        guidance_scale=painting.guidance_scale,
        width=painting.width,
        height=painting.height,
        seed=painting.seeds[which],
        scheduler=painting.scheduler,
        style=options.style,
        lora=options.lora,
        lora_scale=options.lora_scale,
        image_strength=0.0 if options.image is None else options.image_strength,
        engine=painting.engine,
    )


def png_bytes(image: Image.Image, known: PictureSettings | None = None, painting: Painting | None = None) -> bytes:
    """The picture as PNG. With `known` its settings travel inside; without, nothing but the pixels does."""
    info = PngImagePlugin.PngInfo()
    if known is not None:
        info.add_itxt(_COMMON, _common(known, painting))
        info.add_itxt(_OURS, json.dumps(asdict(known), ensure_ascii=False))
    clean = Image.frombytes(image.mode, image.size, image.tobytes())
    data = io.BytesIO()
    clean.save(data, "PNG", pnginfo=info, compress_level=3)
    return data.getvalue()


def settings_of(path: Path) -> PictureSettings:
    """The settings inside a PNG file. What is written there is checked like any other input.

    Raises `InvalidInput` for a file that is no PNG or holds none.
    """
    found = _chunks(path)
    if _OURS in found:
        return _checked(_from_json(found[_OURS]))
    if _COMMON in found:
        return _checked(_from_common(found[_COMMON]))
    raise InvalidInput(
        Text(
            en="This picture carries no settings. Drop in a PNG that was painted and saved here with its settings.",
            ko="이 그림에는 설정이 들어 있지 않습니다. 여기서 설정과 함께 저장한 PNG를 넣어 주세요.",
        )
    )


def _common(known: PictureSettings, painting: Painting | None) -> str:
    """Prompt, negative prompt and one line of facts, as the tools of Stable Diffusion write them."""
    prompt = painting.prompt if painting else known.prompt
    negative = painting.negative_prompt if painting else known.negative_prompt
    facts = {
        "Steps": known.steps,
        "Sampler": known.scheduler,
        "CFG scale": f"{known.guidance_scale:g}",
        "Seed": known.seed,
        "Size": f"{known.width}x{known.height}",
        "Model": known.engine,
        "Denoising strength": f"{known.image_strength:g}" if known.image_strength else "",
    }
    line = ", ".join(f"{name}: {value}" for name, value in facts.items() if value != "")
    return "\n".join(part for part in (prompt, f"Negative prompt: {negative}" if negative else "", line) if part)


def _chunks(path: Path) -> dict[str, str]:
    """The text chunks that stand before the pixels; the pixels are not decoded."""
    size, limit = path.stat().st_size, settings.current().limits.picture_bytes
    if size > limit:
        raise TooLarge(
            Text(
                en=f"The picture file is {size / 1e6:.0f} MB; at most {limit / 1e6:.0f} MB work here.",
                ko=f"그림 파일이 {size / 1e6:.0f} MB입니다. {limit / 1e6:.0f} MB까지 쓸 수 있습니다.",
            )
        )
    try:
        with Image.open(path, formats=["PNG"]) as opened:
            found = {name: opened.info.get(name) for name in (_OURS, _COMMON)}
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError):
        raise InvalidInput(
            Text(
                en="Only PNG files carry settings, and this is not one that can be read.",
                ko="설정은 PNG 파일에만 들어 있습니다. 이 파일은 읽을 수 있는 PNG가 아닙니다.",
            )
        ) from None
    return {name: str(text) for name, text in found.items() if text and len(str(text)) <= _LONGEST}


def _from_json(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise _unreadable() from None
    if not isinstance(found, dict):
        raise _unreadable()
    known = {field.name for field in fields(PictureSettings)}
    return {name: value for name, value in found.items() if name in known}


def _from_common(text: str) -> dict[str, Any]:
    """What another program wrote: prompt, negative prompt, then one line of facts."""
    lines = text.strip().splitlines()
    facts = dict(_FACT.findall(lines.pop())) if lines and "Steps:" in lines[-1] else {}
    prompt, _, negative = "\n".join(lines).partition("Negative prompt:")
    width, _, height = facts.get("Size", "").partition("x")
    numbers = {
        "steps": (facts.get("Steps"), int),
        "guidance_scale": (facts.get("CFG scale"), float),
        "seed": (facts.get("Seed"), int),
        "width": (width, int),
        "height": (height, int),
        "image_strength": (facts.get("Denoising strength"), float),
    }
    found: dict[str, Any] = {"prompt": prompt.strip(), "negative_prompt": negative.strip()}
    for name, (value, kind) in numbers.items():
        if value:
            try:
                found[name] = kind(value)
            except ValueError:
                raise _unreadable() from None
    return found


def _checked(found: dict[str, Any]) -> PictureSettings:
    known = PictureSettings(**{"prompt": "", **found})
    asked = PaintOptions(
        negative_prompt=known.negative_prompt,
        steps=known.steps,
        guidance_scale=known.guidance_scale,
        width=known.width,
        height=known.height,
        seed=known.seed,
        scheduler=known.scheduler,
        style=known.style,
        lora=known.lora,
        lora_scale=known.lora_scale,
        image_strength=known.image_strength,
    )
    choices.checked_prompt(known.prompt)
    choices.checked(asked)
    styles.find(known.style)
    checks.text(known.engine, "engine", 200)
    return known


def _unreadable() -> InvalidInput:
    return InvalidInput(
        Text(
            en="The settings inside this picture cannot be read.",
            ko="이 그림 안의 설정을 읽을 수 없습니다.",
        )
    )
