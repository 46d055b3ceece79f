"""The tab for talking: a conversation that streams, stops and cites, and a list of those that the browser keeps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from tabs import _sending
from tabs._calls import HEAVY, endpoint, private
from tabs._parts import engine_line_box, localized_picker
from tabs._words import say, visitor_language
from tabs.chat import controls, notice, shelf, talking, voice
from tabs.chat.controls import Controls
from tabs.chat.endpoints import answer
from tabs.chat.look import CSS

TASK = "chat"
TITLE = say("Chat", "채팅")

_QUIET: dict[str, Any] = {"show_progress": "hidden"}
_AT_ONCE: dict[str, Any] = {**_QUIET, "queue": False}  # for what cannot fail: such events cannot tell of it
_COPYING = (Path(__file__).parent / "copying.js").read_text(encoding="utf-8")
_SHOW_SETTINGS = "() => { document.querySelector('#chat-settings').scrollIntoView({ behavior: 'smooth' }); }"


def build(page: gr.Blocks) -> None:
    """The tab's components and events, and its endpoint."""
    endpoint(answer, "chat", HEAVY)
    gr.HTML(f"<style>{CSS}</style>", js_on_load=_COPYING, padding=False, visible="hidden")
    with gr.Row(elem_id="chat-room"):
        with gr.Column(scale=1, min_width=220, elem_id="chat-side"):
            kept = shelf.build()
        with gr.Column(scale=4, min_width=300, elem_id="chat-main"):
            line, bigger = notice.build()
            talk = _talk(kept)
            microphone = voice.build()
            chosen = controls.build(talk["line"])
    aloud = voice.wire(page, microphone, talk, chosen)
    _wire_talk(talk, chosen, [aloud])
    voice.wire_hush(microphone, talk["stop"])  # after the event that stops the reply: events of one click queue up
    _wire_settings(chosen, talk["chatbot"], line, bigger)
    _fill(page, talk, chosen, [line, bigger])


def _talk(kept: gr.HTML) -> dict[str, Any]:
    """The conversation, the box below it and its buttons."""
    chatbot = gr.Chatbot(
        label=say("Conversation", "대화"),
        show_label=False,
        height="max(300px, min(54vh, 640px))",
        editable="user",
        buttons=["copy"],
        sanitize_html=True,
        latex_delimiters=[],  # a formula would reach the page past the Markdown that defuses it
        layout="bubble",
        elem_id="chat-talk",
    )
    facts = gr.HTML(elem_id="chat-facts", padding=False)
    with gr.Row(elem_id="chat-entry", equal_height=True):
        box = gr.Textbox(
            show_label=False,
            label=say("Message", "메시지"),
            placeholder=say("Message (Shift+Enter: new line)", "메시지 (Shift+Enter: 줄바꿈)"),
            lines=1,
            max_lines=10,
            scale=6,
            min_width=180,
            container=False,
            elem_id="chat-message",
        )
        send = gr.Button(say("Send", "보내기"), variant="primary", scale=1, min_width=84, elem_id="chat-send")
        stop = gr.Button(
            say("Stop", "멈추기"), variant="stop", scale=1, min_width=84, visible=False, elem_id="chat-stop"
        )
    with gr.Row(elem_id="chat-more"):
        line = engine_line_box(TASK)
        _sending.offer("text_to_speech", talking.last_reply, [kept], "chat-to-speech")
    _sending.accept(TASK, box)
    return {
        "shelf": kept, "chatbot": chatbot, "facts": facts, "box": box, "send": send, "stop": stop, "line": line
    }  # fmt: skip


def _wire_talk(talk: dict[str, Any], chosen: Controls, elsewhere: list[Any]) -> None:
    """The events of the conversation. `elsewhere`: other events that write into it, and end with it."""
    kept, chatbot, facts, box = (talk[name] for name in ("shelf", "chatbot", "facts", "box"))
    seen, buttons = [kept, chatbot, facts], [talk["send"], talk["stop"]]
    pending = [*seen, *buttons]
    quiet = {**_QUIET, "show_progress_on": facts}  # a refusal must not lie over the conversation
    asking = [
        gr.on(
            [box.submit, talk["send"].click],
            **private(talking.on_send),
            inputs=[kept, box],
            outputs=pending,
            **quiet,
        ),
        chatbot.example_select(**private(talking.on_example), inputs=kept, outputs=pending, **quiet),
        chatbot.retry(**private(talking.on_retry), inputs=kept, outputs=pending, **quiet),
        chatbot.edit(**private(talking.on_edit), inputs=kept, outputs=pending, **quiet),
    ]
    asking[0].success(None, js=shelf.TAKEN, inputs=[kept, box], outputs=box)
    running = [
        question.success(
            **private(talking.on_answer, HEAVY),
            inputs=[kept, *chosen.inputs],
            outputs=pending,
            show_progress="minimal",
            show_progress_on=facts,
        )
        for question in asking
    ]
    writing = [*running, *elsewhere]
    for reply in writing:
        reply.failure(**private(talking.on_ended), inputs=kept, outputs=pending, **_AT_ONCE)
        reply.failure(None, js=shelf.RETURNED, inputs=[kept, box], outputs=box)
    undone = chatbot.undo(**private(talking.on_undo), inputs=kept, outputs=seen, **quiet)
    undone.success(None, js=shelf.RETURNED, inputs=[kept, box], outputs=box)
    talk["stop"].click(**private(talking.on_stop), inputs=kept, outputs=pending, cancels=writing, **_AT_ONCE)
    chatbot.clear(**private(talking.on_clear), inputs=kept, outputs=pending, cancels=writing, **_AT_ONCE)
    other = [*seen, chosen.system_prompt, chosen.preset, chosen.idea, chosen.documents, *buttons]
    kept.select(**private(talking.on_open), outputs=other, cancels=writing, **quiet)
    kept.upload(**private(talking.on_import), outputs=other, cancels=writing, **quiet)


def _wire_settings(chosen: Controls, chatbot: gr.Chatbot, line: gr.HTML, bigger: gr.Button) -> None:
    engine = chosen.picker.choice
    engine.change(**private(notice.on_engine), inputs=engine, outputs=[line, bigger, chatbot], **_AT_ONCE)
    opened = bigger.click(**private(notice.on_bigger), outputs=[chosen.settings, engine], **_AT_ONCE)
    opened.then(None, js=_SHOW_SETTINGS)
    chosen.preset.input(
        **private(controls.on_preset), inputs=chosen.preset, outputs=[chosen.idea, chosen.system_prompt], **_AT_ONCE
    )


def _fill(page: gr.Blocks, talk: dict[str, Any], chosen: Controls, told: list[Any]) -> None:
    """When the page opens: the visitor's language, and the conversation that this browser tab had open."""
    kept, chatbot, facts = talk["shelf"], talk["chatbot"], talk["facts"]

    async def on_load(value: Any) -> tuple[Any, ...]:
        language = visitor_language()
        *seen, prompt, preset, idea, _ = talking.opened(value)
        said, button, suggestions = notice.shown("auto", language)
        examples = gr.update(choices=controls.preset_choices(language), value=preset)
        messages = {**suggestions, "value": seen[1]}
        return seen[0], messages, seen[2], prompt, *localized_picker(TASK, language), examples, idea, said, button

    outputs = [kept, chatbot, facts, chosen.system_prompt, chosen.picker.choice, chosen.picker.line]
    page.load(
        **private(on_load),
        inputs=kept,
        outputs=[*outputs, chosen.preset, chosen.idea, *told],
        js=shelf.RESTORE,
        **_AT_ONCE,
    )
    page.load(None, js=shelf.DRAFT, inputs=talk["box"], outputs=talk["box"])
