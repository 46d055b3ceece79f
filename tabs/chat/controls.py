"""The settings of the chat tab: engine, system prompt with presets, sampling, documents, adapter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from pipelines import chat
from pipelines.words import Language
from tabs._parts import EnginePicker, engine_picker
from tabs._words import say, visitor_language
from tabs.chat import presets

TASK = "chat"


@dataclass
class Controls:
    """Everything that a reply depends on besides the conversation."""

    settings: gr.Accordion
    picker: EnginePicker
    preset: gr.Dropdown
    idea: gr.Markdown
    system_prompt: gr.Textbox
    documents: gr.File
    sampling: list[Any]  # temperature, top_p, max_new_tokens, thinking, seed
    adapter: gr.Textbox

    @property
    def inputs(self) -> list[Any]:
        """In the order in which `on_answer` takes them."""
        return [self.documents, self.picker.choice, self.system_prompt, *self.sampling, self.adapter]


def build(line: gr.HTML) -> Controls:
    documents = _documents()
    with gr.Accordion(say("Settings", "설정"), open=False, elem_id="chat-settings") as settings:
        picker = engine_picker(TASK, line)
        preset = gr.Dropdown(
            preset_choices("en"),
            value="none",
            label=say("Example instructions", "지시문 예시"),
            elem_id="chat-preset",
            filterable=False,
        )
        idea = gr.Markdown(presets.PRESETS[0].idea.en, elem_id="chat-idea", elem_classes="modu-quiet")
        system_prompt = gr.Textbox(
            label=say(
                "Instructions for the whole conversation (system prompt)", "대화 전체에 대한 지시 (시스템 프롬프트)"
            ),
            lines=3,
            max_lines=12,
            elem_id="chat-system",
        )
        sampling = _sampling()
        with gr.Accordion(say("Advanced", "고급"), open=False, elem_id="chat-advanced"):
            adapter = gr.Textbox(
                label=say("LoRA adapter", "LoRA 어댑터"),
                info=say(
                    "organisation/name on the Hub; it must have been made for the chosen model.",
                    "Hub의 조직/이름. 고른 모델용으로 만들어진 것이어야 합니다.",
                ),
                elem_id="chat-adapter",
            )
    return Controls(settings, picker, preset, idea, system_prompt, documents, sampling, adapter)


def _documents() -> gr.File:
    with gr.Accordion(say("Ask about documents", "문서에 물어보기"), open=False, elem_id="chat-documents-box"):
        documents = gr.File(
            file_count="multiple",
            label=say("txt, md, pdf, docx, csv", "txt, md, pdf, docx, csv"),
            elem_id="chat-documents",
            height=150,
        )
        gr.Markdown(
            say(
                "Answers name the file and page they rest on. The files serve this conversation only; they are not "
                "saved with it.",
                "답변에 근거가 된 파일과 쪽을 함께 보여 줍니다. 올린 파일은 이 대화에만 쓰이고 저장되지 않습니다.",
            ),
            elem_classes="modu-quiet",
        )
    return documents


def _sampling() -> list[Any]:
    with gr.Row():
        temperature = gr.Slider(
            0,
            2,
            0.7,
            step=0.05,
            label=say("Temperature", "온도(temperature)"),
            info=say("0: always the likeliest word", "0이면 늘 가장 그럴듯한 낱말"),
            elem_id="chat-temperature",
            min_width=200,
        )
        top_p = gr.Slider(
            0,
            1,
            0.8,
            step=0.05,
            label=say("Top-p", "top-p"),
            info=say("lower: fewer words to choose from", "낮을수록 고를 낱말이 적음"),
            elem_id="chat-top-p",
            min_width=200,
        )
    with gr.Row():
        length = gr.Slider(
            1,
            chat.LONGEST_REPLY,
            512,
            step=1,
            label=say("Longest reply in tokens", "답변의 최대 길이(토큰)"),
            elem_id="chat-length",
            min_width=200,
        )
        seed = gr.Number(
            -1,
            precision=0,
            label=say("Seed", "시드"),
            info=say("-1: another one each time", "-1이면 매번 다르게"),
            elem_id="chat-seed",
            min_width=120,
        )
    thinking = gr.Checkbox(
        label=say("Think first (engines that can)", "먼저 생각하고 답하기 (할 수 있는 엔진만)"), elem_id="chat-thinking"
    )
    return [temperature, top_p, length, thinking, seed]


def preset_choices(language: Language) -> list[tuple[str, str]]:
    return [(preset.label.to(language), preset.name) for preset in presets.PRESETS]


async def on_preset(name: str) -> tuple[str, str]:
    """The chosen example's idea and its text."""
    preset, language = presets.find(name), visitor_language()
    return preset.idea.to(language), preset.prompt.to(language)
