"""What a visitor can choose: the prompt and its words, size and count, and the folded rest."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

import gradio as gr

from pipelines import checks, text_to_image
from pipelines.diffusion.contract import Defaults
from pipelines.errors import InvalidInput
from pipelines.text_to_image import LORA_SCALE, MOST_PICTURES, STYLES, TASK
from pipelines.words import Language, Text
from tabs._parts import EnginePicker, engine_line_box, engine_picker, picture_input
from tabs._words import say
from tabs.text_to_image import chips

_AUTOMATIC = Text(en="Automatic", ko="자동")
_OWN = Text(en="Auto ({value})", ko="자동 ({value})")
_SHAPES = (
    (Text(en="Square", ko="정사각형"), 1.0, 1.0),
    (Text(en="Portrait", ko="세로"), 2 / 3, 1.0),
    (Text(en="Landscape", ko="가로"), 3 / 2, 1.0),
    (Text(en="Large square", ko="큰 정사각형"), 1.0, 1.5),
)  # name, width to height, length beside the engine's own
_SIZE = re.compile(r"\s*(\d{1,5})\s*[x×*]\s*(\d{1,5})\s*")


@dataclass
class Controls:
    """The components of the left side. `given` go to the painter in this order; `by_engine` follow the engine."""

    prompt: gr.Textbox
    words: gr.HTML
    run: gr.Button
    stop: gr.Button
    picker: EnginePicker
    style: gr.Dropdown
    size: gr.Dropdown
    count: gr.Slider
    negative: gr.Textbox
    steps: gr.Textbox
    guidance: gr.Textbox
    seed: gr.Textbox
    new_seed: gr.Button
    same_seed: gr.Button
    scheduler: gr.Dropdown
    image: gr.Image
    strength: gr.Slider
    start: gr.Accordion
    lora: gr.Textbox
    lora_scale: gr.Slider
    lora_row: gr.Row
    embed: gr.Checkbox
    restore: gr.File

    @property
    def given(self) -> list[Any]:
        return [
            self.prompt, self.negative, self.picker.choice, self.steps, self.guidance, self.size, self.seed, self.count,
            self.image, self.strength, self.scheduler, self.style, self.lora, self.lora_scale, self.embed,
        ]  # fmt: skip

    @property
    def by_engine(self) -> list[Any]:
        return [
            self.words, self.negative, self.steps, self.guidance, self.size, self.seed, self.scheduler, self.start,
            self.image, self.lora_row, self.lora,
        ]  # fmt: skip

    @property
    def restored(self) -> list[Any]:
        return [
            self.prompt, self.negative, self.picker.choice, self.steps, self.guidance, self.size, self.seed,
            self.scheduler, self.style, self.lora, self.lora_scale,
        ]  # fmt: skip


def build() -> Controls:
    prompt = gr.Textbox(
        label=say("What to paint", "무엇을 그릴까요"), lines=2, max_lines=6, elem_id="t2i-prompt", autofocus=False
    )
    with gr.Row():
        stop = gr.Button(say("Stop", "멈추기"), elem_id="t2i-stop", min_width=80, scale=1)
        run = gr.Button(say("Paint", "그리기"), variant="primary", elem_id="t2i-run", min_width=140, scale=3)
    words = chips.build()
    line = engine_line_box(TASK)
    with gr.Row():
        style = gr.Dropdown(
            style_choices("en"), value="", label=say("Style", "화풍"), elem_id="t2i-style", min_width=165,
            filterable=False,
        )  # fmt: skip
        size = gr.Dropdown(
            [("auto", "")], value="", label=say("Size", "크기"), elem_id="t2i-size", min_width=165,
            allow_custom_value=True,
        )  # fmt: skip
    count = gr.Slider(1, MOST_PICTURES, 1, step=1, label=say("How many", "장수"), elem_id="t2i-count")
    return Controls(prompt, words, run, stop, style=style, size=size, count=count, **_folded(line))


def _folded(line: gr.HTML) -> dict[str, Any]:
    start, image, strength = _start()
    with gr.Accordion(say("More options", "더 많은 옵션"), open=False, elem_id="t2i-options"):
        negative = gr.Textbox(
            label=say("Keep away from (negative prompt)", "제외할 것 (네거티브 프롬프트)"), elem_id="t2i-negative",
            max_lines=3,
        )  # fmt: skip
        with gr.Row():
            steps = _number(say("Steps", "단계 수"), "t2i-steps")
            guidance = _number(say("Guidance", "가이던스"), "t2i-guidance")
            scheduler = gr.Dropdown(
                [("auto", "")], value="", label=say("Scheduler", "스케줄러"), elem_id="t2i-scheduler", min_width=120,
                filterable=False,
            )  # fmt: skip
        with gr.Row(equal_height=True):
            seed = _number(say("Seed (empty: a new one)", "시드 (비우면 새로)"), "t2i-seed")
            same_seed = gr.Button(
                say("Seed of this picture", "이 그림의 시드"), size="sm", min_width=110, elem_id="t2i-same-seed"
            )
            new_seed = gr.Button(say("New seeds", "새 시드"), size="sm", min_width=80, elem_id="t2i-new-seed")
        with gr.Row() as lora_row:
            lora = gr.Textbox(
                label=say("LoRA (Hub name or file)", "LoRA (Hub 이름이나 파일)"), max_lines=1, elem_id="t2i-lora",
                min_width=150,
            )  # fmt: skip
            lora_scale = gr.Slider(
                *LORA_SCALE, 1.0, step=0.05, label=say("LoRA strength", "LoRA 강도"), elem_id="t2i-lora-scale",
                min_width=150,
            )  # fmt: skip
        embed = gr.Checkbox(
            True, label=say("Keep the settings inside the PNG", "PNG 안에 설정 남기기"), elem_id="t2i-embed"
        )
        picker = engine_picker(TASK, line)
    with gr.Accordion(
        say("Bring settings back from a picture", "그림에서 설정 되살리기"), open=False, elem_id="t2i-restore-fold"
    ):
        restore = gr.File(
            label=say("Drop a PNG that was painted here", "여기서 그린 PNG를 놓으세요"), file_types=[".png"],
            elem_id="t2i-restore", height=110,
        )  # fmt: skip
    return {
        "picker": picker, "negative": negative, "steps": steps, "guidance": guidance, "seed": seed,
        "new_seed": new_seed, "same_seed": same_seed, "scheduler": scheduler, "image": image, "strength": strength,
        "start": start, "lora": lora, "lora_scale": lora_scale, "lora_row": lora_row, "embed": embed,
        "restore": restore,
    }  # fmt: skip


def _start() -> tuple[gr.Accordion, gr.Image, gr.Slider]:
    with gr.Accordion(say("Start from a picture", "그림에서 시작하기"), open=False, elem_id="t2i-start") as fold:
        image = picture_input(
            sources=["upload", "webcam", "clipboard"], label=say("Picture to start from", "시작 그림"),
            elem_id="t2i-image", height=220,
        )  # fmt: skip
        strength = gr.Slider(
            0, 1, 0.6, step=0.05, label=say("How much may change", "얼마나 바꿀까요"), elem_id="t2i-strength",
            info=say("0 keeps the picture, 1 gives all of it up.", "0이면 그대로, 1이면 전부 새로 그립니다."),
        )  # fmt: skip
    return fold, image, strength


def _number(label: str, elem_id: str) -> gr.Textbox:
    """A number that may be left open. A text, since an empty number field of Gradio shows a nought."""
    return gr.Textbox(label=label, elem_id=elem_id, min_width=110, max_lines=1)


def number_of(value: object, name: str) -> float | None:
    """The number in such a field; None where it is empty."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    try:
        return float(value.strip()) if isinstance(value, str) else checks.number(value, name, -math.inf, math.inf)
    except ValueError:
        return checks.number(value, name, 0, 0)  # says what is wrong with it


def style_choices(language: Language) -> list[tuple[str, str]]:
    none = Text(en="None", ko="없음").to(language)
    return [(none, ""), *((style.label.to(language), style.name) for style in STYLES)]


def fitting(engine: str, size: str, scheduler: str, language: Language) -> tuple[Any, ...]:
    """What `by_engine` show for this engine. A choice that it can still take stays."""
    able = text_to_image.defaults(engine)
    sizes = size_choices(able, language)
    schedulers = scheduler_choices(able, language)
    kept_scheduler = scheduler if scheduler in dict(schedulers).values() else ""
    start = {"visible": able is None or able.takes_image}
    lora = {"visible": able is None or able.takes_lora}
    return (
        chips.shown(engine, language),
        gr.update(visible=able is None or able.takes_negative),
        gr.update(placeholder=_own(able and able.steps, language), visible=able is None or able.most_steps > 1),
        gr.update(
            placeholder=_own(able and f"{able.guidance_scale:g}", language), visible=able is None or able.takes_guidance
        ),
        gr.update(choices=sizes, value=size if size in dict(sizes).values() else ""),
        gr.update(visible=able is None or able.takes_seed),
        gr.update(choices=schedulers, value=kept_scheduler, visible=len(schedulers) > 1),
        gr.update(**start),
        gr.skip() if start["visible"] else None,
        gr.update(**lora),
        gr.skip() if lora["visible"] else "",
    )


def size_choices(able: Defaults | None, language: Language) -> list[tuple[str, str]]:
    """The engine's own size, and a few of other shapes that it can paint. Others can be typed, such as 640x448."""
    if able is None:
        return [(_AUTOMATIC.to(language), "")]
    found = {f"{able.width}x{able.height}": ""}
    choices = [(_own(f"{able.width}×{able.height}", language), "")]
    for name, shape, length in _SHAPES:
        area = able.width * able.height * length**2
        width, height = (
            round(math.sqrt(part) / able.multiple) * able.multiple for part in (area * shape, area / shape)
        )
        fits = all(able.smallest <= side <= able.largest for side in (width, height))
        if fits and f"{width}x{height}" not in found:
            found[f"{width}x{height}"] = name.en
            choices.append((f"{name.to(language)} ({width} × {height})", f"{width}x{height}"))
    return choices


def scheduler_choices(able: Defaults | None, language: Language) -> list[tuple[str, str]]:
    names = able.schedulers if able is not None else ()
    short = [name.removesuffix("Scheduler") for name in names]
    own = _own(short[0], language) if short else _AUTOMATIC.to(language)
    return [(own, ""), *zip(short, names, strict=True)]


def parsed_size(size: object) -> tuple[int, int]:
    """Width and height of "640x448"; nothing is the engine's own size."""
    text = size.strip() if isinstance(size, str) else ""
    found = _SIZE.fullmatch(text)
    if text and found is None:
        raise InvalidInput(
            Text(
                en=f"The size {text[:40]!r} cannot be read. Write width and height, such as 512x384.",
                ko=f"크기 {text[:40]!r}을(를) 읽을 수 없습니다. 512x384처럼 가로와 세로를 적어 주세요.",
            )
        )
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _own(value: object, language: Language) -> str:
    return (_AUTOMATIC if value is None else _OWN.format(value=value)).to(language)
