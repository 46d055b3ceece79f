"""From what a visitor asked to what an engine is ordered to do: every value checked, defaults filled in."""

from __future__ import annotations

import math
import secrets
from dataclasses import dataclass, replace

from PIL import Image, ImageOps

from pipelines import checks, media, settings
from pipelines.diffusion.contract import Defaults, Order, left_out
from pipelines.diffusion.wording import not_understood
from pipelines.engines import EngineSpec
from pipelines.errors import InvalidInput, TooLarge
from pipelines.text_to_image import styles
from pipelines.text_to_image.contract import MOST_PICTURES, Painter, PaintOptions
from pipelines.words import Text

HIGHEST_SEED = 2**32 - 1
GUIDANCE = (0.0, 30.0)
LORA_SCALE = (0.0, 2.0)
_MOST_STEPS, _LARGEST = 1000, 8192  # of any engine; each has its own limits below these


@dataclass(frozen=True)
class Plan:
    """What one call paints: an order that differs from picture to picture by its seed only."""

    order: Order
    seeds: tuple[int, ...]
    notice: Text


def checked_prompt(prompt: object) -> str:
    if not isinstance(prompt, str):
        raise InvalidInput(Text(en="Give the prompt as a text.", ko="프롬프트는 문자열로 넣어 주세요."))
    if not prompt.strip():
        raise InvalidInput(Text(en="Write first what to paint.", ko="먼저 무엇을 그릴지 적어 주세요."))
    return _short_enough(prompt)


def checked(options: PaintOptions) -> PaintOptions:
    """The options with every value of the right type and in a range that some engine takes. Needs no engine."""
    if not isinstance(options.negative_prompt, str):
        raise InvalidInput(Text(en="Give the negative prompt as a text.", ko="제외할 것은 문자열로 넣어 주세요."))
    styles.find(options.style)
    return replace(
        options,
        negative_prompt=_short_enough(options.negative_prompt),
        steps=checks.whole(options.steps, "steps", -1, _MOST_STEPS),
        guidance_scale=checks.number(options.guidance_scale, "guidance_scale", *GUIDANCE, automatic=-1),
        width=checks.whole(options.width, "width", -1, _LARGEST),
        height=checks.whole(options.height, "height", -1, _LARGEST),
        seed=checks.whole(options.seed, "seed", -1, HIGHEST_SEED),
        count=checks.whole(options.count, "count", 1, MOST_PICTURES),
        image_strength=checks.number(options.image_strength, "image_strength", 0, 1),
        scheduler=checks.text(options.scheduler, "scheduler", 100),
        lora=checks.text(options.lora, "lora", 200).strip(),
        lora_scale=checks.number(options.lora_scale, "lora_scale", *LORA_SCALE),
    )


def planned(prompt: str, options: PaintOptions, painter: Painter, spec: EngineSpec) -> Plan:
    """The order for this engine, whose own limits hold here. `options` were `checked`."""
    able = painter.defaults
    if options.image is not None and not able.takes_image:
        raise _cannot(spec, Text(en="start from a picture", ko="시작 그림을 쓸"))
    if options.lora and not able.takes_lora:
        raise _cannot(spec, Text(en="wear a LoRA", ko="LoRA를 쓸"))
    words, negative, notice = _worded(prompt, options, painter, spec)
    width, height = _size(options, able)
    image = None if options.image is None else fitted(options.image, width, height)
    strength = 1.0 if image is None else options.image_strength
    order = Order(
        prompt=words,
        negative_prompt=negative,
        steps=_steps(options.steps, able, strength),
        guidance_scale=able.guidance_scale if options.guidance_scale == -1 else options.guidance_scale,
        width=width,
        height=height,
        seed=_first_seed(options),
        scheduler=_scheduler(options.scheduler, able, spec),
        image=image,
        strength=strength,
        lora=options.lora,
        lora_scale=options.lora_scale,
    )
    seeds = tuple((order.seed + number) % (HIGHEST_SEED + 1) for number in range(options.count))
    return Plan(order, seeds, notice)


def fitted(image: Image.Image, width: int, height: int) -> Image.Image:
    """The picture at exactly this size: scaled to cover it, what stands over cut off evenly on both sides."""
    plain = media.to_rgb(image)
    return plain if plain.size == (width, height) else ImageOps.fit(plain, (width, height), Image.Resampling.LANCZOS)


def _short_enough(text: str) -> str:
    longest = settings.current().limits.prompt_characters
    if len(text) > longest:
        raise TooLarge(
            Text(
                en=f"The prompt has {len(text):,} characters; at most {longest:,} work here. Shorten it.",
                ko=f"프롬프트가 {len(text):,}자입니다. {longest:,}자까지 쓸 수 있으니 줄여 주세요.",
            )
        )
    return text


def _worded(prompt: str, options: PaintOptions, painter: Painter, spec: EngineSpec) -> tuple[str, str, Text]:
    """Prompt and negative prompt as the engine gets them, and what a visitor should know about it."""
    able, notice = painter.defaults, _ignored(options, painter.defaults, spec)
    negative = options.negative_prompt.strip() if able.takes_negative else ""
    notice += not_understood(prompt, spec, painter.unknown_words(prompt))
    style = styles.find(options.style)
    if style is None:
        return prompt.strip(), negative, notice
    if painter.unknown_words(style.words):
        notice += Text(
            en=f"{spec.label.en} knows no styles; “{style.label.en}” was left out. Choose a larger engine for it.",
            ko=f"{spec.label.ko} 엔진은 화풍을 모르므로 ‘{style.label.ko}’ 화풍은 반영하지 않았습니다. "
            "화풍을 쓰려면 더 큰 엔진을 고르세요.",
        )
        return prompt.strip(), negative, notice
    against = style.negative(negative) if able.takes_negative else ""
    return style.prompt(prompt), against, notice


def _ignored(options: PaintOptions, able: Defaults, spec: EngineSpec) -> Text:
    """What was asked for but means nothing to this engine, such as a server that chooses for itself."""
    return left_out(
        spec.label, able, options.negative_prompt.strip() != "", options.guidance_scale != -1, options.seed != -1
    )


def _cannot(spec: EngineSpec, what: Text) -> InvalidInput:
    return InvalidInput(
        Text(
            en=f"{spec.label.en} cannot {what.en}. Leave it out or choose another engine.",
            ko=f"{spec.label.ko} 엔진에서는 {what.ko} 수 없습니다. 빼거나 다른 엔진을 골라 주세요.",
        )
    )


def _size(options: PaintOptions, able: Defaults) -> tuple[int, int]:
    """Width and height. Where both are left open, a picture to start from keeps its shape."""
    default = (able.width, able.height)
    if options.image is not None and options.width <= 0 and options.height <= 0:
        default = _of_shape(options.image, able)
    return _side(options.width, "width", default[0], able), _side(options.height, "height", default[1], able)


def _of_shape(image: Image.Image, able: Defaults) -> tuple[int, int]:
    """A size of the picture's shape with about as many pixels as the engine's own default."""
    scale = math.sqrt(able.width * able.height / (image.width * image.height))

    def side(length: int) -> int:
        whole = max(1, round(length * scale / able.multiple)) * able.multiple
        low = math.ceil(able.smallest / able.multiple) * able.multiple
        return max(low, min(whole, able.largest // able.multiple * able.multiple))

    return side(image.width), side(image.height)


def _side(value: int, name: str, default: int, able: Defaults) -> int:
    if value <= 0:
        return default
    length = checks.whole(value, name, able.smallest, able.largest)
    if length % able.multiple:
        below = length // able.multiple * able.multiple
        raise InvalidInput(
            Text(
                en=f"{name} is {length}, but this engine paints multiples of {able.multiple}. "
                f"Try {below} or {below + able.multiple}.",
                ko=f"{name} 값이 {length}입니다. 이 엔진은 {able.multiple}의 배수로 그립니다. "
                f"{below}이나 {below + able.multiple}을(를) 쓰세요.",
            )
        )
    return length


def _steps(value: int, able: Defaults, strength: float) -> int:
    """How many steps; with a picture to start from only the share `strength` of them is painted, at least one."""
    steps = able.steps if value <= 0 else checks.whole(value, "steps", 1, able.most_steps)
    if strength == 0 or int(steps * strength) >= 1:
        return steps
    needed = math.ceil(1 / strength)
    needed += int(needed * strength) < 1  # floating point: 1/49 of 49 is a little below 1
    if value <= 0 and needed <= able.most_steps:
        return needed
    raise InvalidInput(
        Text(
            en=f"With image_strength {strength:g}, {steps} steps leave none to paint. Raise one of them: "
            f"{needed} steps are needed, this engine takes up to {able.most_steps}.",
            ko=f"image_strength {strength:g}에서는 {steps}단계로 그릴 것이 남지 않습니다. 둘 중 하나를 올려 주세요. "
            f"{needed}단계가 필요하고, 이 엔진은 {able.most_steps}단계까지 됩니다.",
        )
    )


def _scheduler(name: str, able: Defaults, spec: EngineSpec) -> str:
    if not name:
        return able.schedulers[0] if able.schedulers else ""
    if not able.schedulers:
        raise _cannot(spec, Text(en="change its scheduler", ko="스케줄러를 바꿀"))
    return checks.choice(name, "scheduler", able.schedulers)


def _first_seed(options: PaintOptions) -> int:
    if options.seed >= 0:
        return options.seed
    return secrets.randbelow(HIGHEST_SEED + 2 - options.count)  # the last picture's seed is in range too
