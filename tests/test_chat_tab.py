"""The chat tab's handlers, called as functions, and what one tab sends to another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import chatting
import gradio as gr
import pytest

from pipelines import engines
from pipelines.errors import EngineFailed, InvalidInput
from tabs import _sending, chat
from tabs.chat import controls, notice, presets, shelf, talking
from tabs.chat import conversation as talks


@pytest.fixture
def fake(fake_engine: Callable[..., Any]) -> chatting.FakeChat:
    engine = chatting.FakeChat()
    fake_engine(chatting.module(engine))
    return engine


def asked(*texts: str) -> dict[str, Any]:
    """What the browser sends when these were said (the answers are all "yes")."""
    conversation = talks.fresh()
    for text in texts:
        if conversation["messages"]:
            conversation = talks.answered(conversation, chatting.reply("yes"))
        conversation = talks.asked(conversation, text)
    return {"conversation": conversation}


DEFAULTS: dict[str, Any] = {
    "documents": None, "engine": "auto", "system_prompt": "", "temperature": 0.7, "top_p": 0.8, "max_new_tokens": 512,
    "thinking": False, "seed": -1, "adapter": "",
}  # fmt: skip


def answer(kept: Any, **changes: Any) -> list[tuple]:
    async def collect() -> list[tuple]:
        return [step async for step in talking.on_answer(kept, **{**DEFAULTS, **changes})]

    return asyncio.run(collect())


def messages(step: tuple) -> list[str]:
    return [one["content"] for one in step[1]]


def test_the_reply_grows_and_the_buttons_change(fake: chatting.FakeChat) -> None:
    fake.slow_s = 0.05
    steps = answer(asked("one two three four five six"))
    assert messages(steps[0])[-1] == "⋯" and steps[0][3:5] == talking.BUSY
    assert messages(steps[-1]) == ["one two three four five six", "echo: one two three four five six"]
    assert steps[-1][3:5] == talking.IDLE
    assert steps[-1][0]["conversation"]["messages"][-1]["state"] == "done"


@pytest.mark.parametrize(
    ("name", "value"),
    [("temperature", 0.1), ("top_p", 0.3), ("max_new_tokens", 3), ("thinking", True), ("seed", 5)],
)
def test_each_control_of_the_tab_reaches_the_engine(fake: chatting.FakeChat, name: str, value: Any) -> None:
    answer(asked("hello there"), **{name: value})
    assert getattr(fake.calls[0][1], name) == value != DEFAULTS[name]


def test_the_system_prompt_reaches_the_engine_and_stays_with_the_conversation(fake: chatting.FakeChat) -> None:
    steps = answer(asked("hello"), system_prompt="be brief")
    assert fake.calls[0][0][0].content == "be brief"
    assert steps[-1][0]["conversation"]["system_prompt"] == "be brief"


def test_boxes_that_nobody_touched_are_empty(fake: chatting.FakeChat) -> None:
    assert messages(answer(asked("hello"), system_prompt=None, adapter=None)[-1])[-1] == "echo: hello"
    with pytest.raises(InvalidInput, match="message first"):
        asyncio.run(talking.on_send(asked("hello", "you"), None))


def test_an_opened_conversation_shows_the_preset_of_its_instructions() -> None:
    role = presets.find("role")
    for prompt, name in ((role.prompt.ko, "role"), (role.prompt.en, "role"), ("be brief", "none"), ("", "none")):
        kept = {"conversation": {**talks.fresh(), "system_prompt": prompt}}
        assert talking.opened(kept)[3:6] == (prompt, name, presets.find(name).idea.en)


def test_an_emptied_box_for_the_seed_draws_one(fake: chatting.FakeChat) -> None:
    facts = answer(asked("hello"), seed=None)[-1][0]["conversation"]["messages"][-1]["facts"]
    assert fake.calls[0][1].seed == facts["seed"] >= 0


def test_the_inputs_stand_in_the_order_of_the_handler() -> None:
    with gr.Blocks():
        built = controls.build(gr.HTML())
    names = [one.elem_id for one in built.inputs]
    wanted = "documents engine system temperature top-p length thinking seed adapter".split()
    assert names == [f"chat-{name}" for name in wanted]


def test_a_failure_keeps_what_came_or_gives_the_question_back(fake: chatting.FakeChat) -> None:
    seen: list[tuple] = []

    async def collect() -> None:
        async for step in talking.on_answer(asked("break now"), **DEFAULTS):
            seen.append(step)

    with pytest.raises(EngineFailed):
        asyncio.run(collect())
    assert (seen[-1][0]["returned"], seen[-1][1], seen[-1][3:]) == ("break now", [], talking.IDLE)
    half = talks.answered(asked("q")["conversation"], chatting.reply("half", finish_reason=None))
    step = talking.after_failure(half)
    assert step[1][-1]["content"].startswith("half") and step[0]["returned"] == ""


def test_after_a_cancel_only_a_reply_that_still_looks_written_is_touched() -> None:
    half = talks.answered(asked("q")["conversation"], chatting.reply("half", finish_reason=None))
    kept, *_, send, stop = asyncio.run(talking.on_ended({"conversation": half}))
    assert kept["conversation"]["messages"][-1]["state"] == "stopped" and (send, stop) == talking.IDLE
    assert all(one == gr.skip() for one in asyncio.run(talking.on_ended(asked("q"))))


def test_from_the_question_on_the_conversation_waits_for_a_reply() -> None:
    event = SimpleNamespace(index=0, value={"text": "q"})
    done = {"conversation": talks.answered(asked("q")["conversation"], chatting.reply("yes"))}
    for call in (talking.on_send({"conversation": talks.fresh()}, "q"), talking.on_retry(done),
                 talking.on_example({"conversation": talks.fresh()}, event)):  # fmt: skip
        step = asyncio.run(call)
        assert messages(step) == ["q", "⋯"] and step[3:] == talking.BUSY
        with pytest.raises(InvalidInput, match="being written"):
            asyncio.run(talking.on_send(step[0], "more"))


def test_while_a_reply_is_written_the_conversation_is_left_alone() -> None:
    writing = {"conversation": talks.waiting(asked("q")["conversation"])}
    event = SimpleNamespace(index=0, value="x")
    for call in (talking.on_retry(writing), talking.on_undo(writing), talking.on_edit(writing, event),
                 talking.on_send(writing, "more")):  # fmt: skip
        with pytest.raises(InvalidInput, match="being written"):
            asyncio.run(call)


def test_an_edit_cuts_what_came_after() -> None:
    conversation = talks.answered(asked("one", "two")["conversation"], chatting.reply("yes"))
    value = [{"type": "text", "text": "changed"}]
    kept, shown, *_ = asyncio.run(
        talking.on_edit({"conversation": conversation}, SimpleNamespace(index=(2, 0), value=value))
    )
    assert [one["content"] for one in shown] == ["one", "yes", "changed", "⋯"]
    assert kept["conversation"]["id"] == conversation["id"]


@pytest.mark.parametrize("value", [None, 5, {}, {"conversation": 5}, {"conversation": {"messages": "x"}}, []])
def test_whatever_the_browser_kept_the_tab_opens(value: Any) -> None:
    event = SimpleNamespace(_data=value)
    kept, shown, facts, system_prompt, preset, idea, documents, *_ = asyncio.run(talking.on_open(event))
    assert (preset, idea) == ("none", presets.PRESETS[0].idea.en)
    assert (shown, facts, system_prompt, documents) == ([], "", "", None)
    assert talks.read(kept["conversation"])["messages"] == []


@pytest.mark.parametrize("given", [None, 5, {}, {"file": 5}, {"file": "x"}])
def test_an_import_of_nothing_is_refused(given: Any) -> None:
    with pytest.raises(InvalidInput):
        asyncio.run(talking.on_import(SimpleNamespace(_data=given)))


def test_what_is_read_aloud_has_no_marks_and_no_thoughts() -> None:
    text = "# Title\n**bold** `x`\n```py\nprint(1)\n```\n> said\n| a | b |\n|---|---|"
    conversation = talks.answered(asked("q")["conversation"], chatting.reply(text, thinking="hm"))
    assert talking.last_reply({"conversation": conversation}) == "Title\nbold x\nprint(1)\nsaid\n| a | b |"
    assert talking.last_reply({"conversation": talks.fresh()}) == ""


def test_every_preset_teaches_something_in_both_languages() -> None:
    names = [preset.name for preset in presets.PRESETS]
    assert names[0] == "none" and len(set(names)) == len(names) >= 5
    for preset in presets.PRESETS:
        assert preset.label.ko and preset.label.en and preset.idea.ko and preset.idea.en
        assert bool(preset.prompt.ko) == bool(preset.prompt.en) == (preset.name != "none")
    assert asyncio.run(controls.on_preset("few_shot"))[1].count("Review:") == 3
    assert asyncio.run(controls.on_preset("no such"))[1] == ""


def test_the_notice_stands_while_the_built_in_engine_answers(
    fake_engine: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE")
    said, button, chatbot = notice.shown("embedded", "ko")
    assert "내장 모델" in said and "내려받으면" in said and button["visible"] and len(chatbot["examples"]) == 4
    monkeypatch.setenv("MODU_OFFLINE", "1")
    said, button, _ = notice.shown("embedded", "en")
    assert "not on this server" in said and not button["visible"]
    fake_engine(chatting.module(chatting.FakeChat(), kind="remote"))
    assert notice.shown("fake", "en")[0] == ""


def test_the_engine_that_is_suggested_is_one_that_can_be_fetched() -> None:
    offer = notice.bigger()
    assert offer is not None and offer.kind == "hub" and engines.status(offer) not in ("too_big", "missing_package")
    opened, name = asyncio.run(notice.on_bigger())
    assert opened["open"] and name == offer.name


def test_the_list_gets_words_in_both_languages() -> None:
    for language in ("en", "ko"):
        words = shelf.value(language, talks.fresh())["words"]
        assert all(words.values())
    assert shelf.value("en", talks.fresh())["words"].keys() == shelf.value("ko", talks.fresh())["words"].keys()


# --- from tab to tab ----------------------------------------------------------------------------------------------


def page_with(shown: tuple[str, ...]) -> tuple[gr.Button | None, gr.Blocks]:
    with gr.Blocks() as page, gr.Tabs() as bar, _sending.between(shown, bar):
        with gr.Tab("a", id="a"):
            source = gr.Textbox()
            button = _sending.offer("chat", lambda text: text and text.upper(), [source], "a-to-chat")
        if "chat" in shown:
            with gr.Tab("chat", id="chat"):
                _sending.accept("chat", gr.Textbox())
    return button, page


def test_a_button_sends_to_a_tab_and_opens_it() -> None:
    button, page = page_with(("a", "chat"))
    assert button is not None
    (event,) = page.fns.values()
    value, tabs = asyncio.run(event.fn("text"))
    assert value == "TEXT" and tabs.selected == "chat"
    with pytest.raises(gr.Error, match="no result"):
        asyncio.run(event.fn(""))


def test_without_the_other_tab_there_is_no_button() -> None:
    button, page = page_with(("a",))
    assert button is None and not page.fns


def test_outside_of_a_page_nothing_is_offered() -> None:
    with gr.Blocks():
        _sending.accept("chat", gr.Textbox())
        assert _sending.offer("chat", str, [], "x") is None


def test_the_page_can_be_built_with_the_chat_tab_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    import app

    monkeypatch.setenv("MODU_TABS", "chat")
    page = app.build_app()
    ids = {getattr(block, "elem_id", None) for block in page.blocks.values()}
    assert "chat-message" in ids and "chat-to-speech" not in ids
    assert chat.TASK == "chat"
