"""What happens in the tab: send, stop, try again, undo, edit, clear, open and import a conversation.

Each handler gets the open conversation from the browser and gives the next one back; nothing is kept between two.
A reply takes two steps: a quick one that puts the question in place, and `on_answer`, which streams. From the first
on the conversation waits for a reply, so that what is sent before it begins is refused and stays in the box.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import gradio as gr

from pipelines.chat.contract import ReplyOptions
from pipelines.errors import Cancelled, InvalidInput
from pipelines.words import EMPTY, Text
from tabs._calls import tell
from tabs._words import visitor_language
from tabs.chat import conversation as talks
from tabs.chat import presets, shelf, view
from tabs.chat.conversation import Conversation
from tabs.chat.endpoints import replies
from tabs.chat.safe_markdown import original

IDLE = (gr.update(visible=True), gr.update(visible=False))  # the send and the stop button
_FENCE = re.compile(r"\s*(```|~~~|\|?\s*:?-{3,})")
_MARKS = re.compile(r"\*\*|__|`|^\s{0,3}#{1,6}\s+|^\s{0,3}>\s?", re.MULTILINE)
BUSY = (gr.update(visible=False), gr.update(visible=True))


def shown(conversation: Conversation, notice: Text = EMPTY, returned: str = "") -> tuple[Any, Any, Any]:
    """Values of the list, the Chatbot and the line below it. `returned`: a question that goes back into the box."""
    language = visitor_language()
    return (
        shelf.value(language, conversation, returned=returned),
        view.messages(conversation, language),
        view.facts_html(conversation, language, notice),
    )


async def on_send(kept: Any, text: str) -> tuple:
    """The visitor's message goes into the conversation; the page then takes it out of the box."""
    return _pending(talks.asked(shelf.opened(kept), text or ""))


async def on_example(kept: Any, event: gr.SelectData) -> tuple:
    """One of the suggested questions was chosen."""
    return _pending(talks.asked(shelf.opened(kept), event.value["text"]))


async def on_retry(kept: Any) -> tuple:
    """The last question once more, without the reply it had."""
    return _pending(talks.upto_question(_at_rest(kept)))


async def on_edit(kept: Any, event: gr.EditData) -> tuple:
    """An earlier message was changed: the conversation goes on from there."""
    conversation = _at_rest(kept)
    index = event.index if isinstance(event.index, int) else event.index[0]
    number = view.turn_behind(conversation, index, visitor_language())
    return _pending(talks.asked(talks.cut(conversation, number), original(_edited(event.value))))


async def on_undo(kept: Any) -> tuple:
    """The last question leaves the conversation and goes back into the box."""
    conversation, question = talks.undone(_at_rest(kept))
    return shown(conversation, returned=question)


async def on_clear(kept: Any) -> tuple:
    """The same conversation with nothing in it."""
    return *shown({**talks.fresh(), "id": shelf.opened(kept)["id"]}), *IDLE


async def on_answer(
    kept: Any,
    documents: Any,
    engine: str,
    system_prompt: str,
    temperature: float,
    top_p: float,
    max_new_tokens: int,
    thinking: bool,
    seed: int | None,
    adapter: str,
) -> AsyncIterator[tuple]:
    """The reply to the conversation's last question, as it is written."""
    options = options_of(system_prompt, temperature, top_p, max_new_tokens, thinking, seed, adapter)
    conversation = {**shelf.opened(kept), "system_prompt": options.system_prompt}
    notice = EMPTY
    yield _pending(conversation)
    try:
        async for reply in replies(talks.spoken(conversation), options, engine, documents):
            conversation, notice = talks.answered(conversation, reply), reply.notice
            yield *shown(conversation, notice), *BUSY
    except Exception:  # whatever it was: the page is left in order, and the sentence about it follows
        yield after_failure(conversation)
        raise
    yield *shown(conversation, notice), *IDLE


def options_of(
    system_prompt: str | None,
    temperature: float,
    top_p: float,
    max_new_tokens: int,
    thinking: bool,
    seed: int | None,
    adapter: str | None,
) -> ReplyOptions:
    """What the settings say. A box that nobody touched gives None, and so does an emptied one for a number."""
    drawn = -1 if seed is None else seed
    return ReplyOptions(system_prompt or "", temperature, top_p, max_new_tokens, thinking, drawn, adapter or "")


def _pending(conversation: Conversation) -> tuple:
    """The conversation while it waits for the first word of a reply."""
    return *shown(talks.waiting(conversation)), *BUSY


def after_failure(conversation: Conversation) -> tuple:
    """What had come stays; where nothing came, the question goes back into the box.

    Not in the event that follows a failure: Gradio runs that after a cancel too, when another one may be open.
    """
    conversation = talks.stopped(conversation)
    if not talks.says_nothing(conversation):
        return *shown(conversation), *IDLE
    conversation, question = talks.undone(conversation)
    return *shown(conversation, returned=question), *IDLE


async def on_stop(kept: Any) -> tuple:
    """What has come stays and is marked as stopped; the work itself is cancelled by the event."""
    return *shown(talks.stopped(shelf.opened(kept))), *IDLE


async def on_ended(kept: Any) -> tuple:
    """After a cancel: the last words of the reply may have come behind the answer to the stop. Else all is well."""
    conversation = shelf.opened(kept)
    if not talks.is_writing(conversation):
        return (gr.skip(),) * 5
    return *shown(talks.stopped(conversation)), *IDLE


async def on_open(event: gr.EventData) -> tuple:
    """Another conversation was chosen, or none (a new one). Its documents are not kept anywhere."""
    return *opened(event._data), *IDLE


def opened(kept: Any) -> tuple:
    """What is seen of the browser's conversation, its instructions, and no documents."""
    conversation = _readable(kept)
    return *shown(conversation), *_instructed(conversation["system_prompt"]), None


def _instructed(prompt: str) -> tuple[str, str, str]:
    """Instructions, the preset that they are, and its idea."""
    preset = presets.of(prompt)
    return prompt, preset.name, preset.idea.to(visitor_language())


async def on_import(event: gr.EventData) -> tuple:
    """The conversations of a file: they go to the browser's list, and the first one is opened."""
    given = event._data
    found = talks.imported(given.get("file") if isinstance(given, dict) else None)
    if not found:
        raise InvalidInput(Text(en="There is no conversation in this file.", ko="이 파일에는 대화가 없습니다."))
    tell(Text(en="{count} imported.", ko="{count}개를 가져왔습니다.").format(count=len(found)))
    language = visitor_language()
    _, messages, facts = shown(found[0])
    instructed = _instructed(found[0]["system_prompt"])
    return shelf.value(language, found[0], found), messages, facts, *instructed, None, *IDLE


def last_reply(kept: Any) -> str:
    """The words of the newest reply as one would read them out: without thoughts, code fences and Markdown's marks."""
    for turn in reversed(shelf.opened(kept)["messages"]):
        if turn["role"] == "assistant":
            lines = [line for line in turn["content"].splitlines() if not _FENCE.match(line)]
            return _MARKS.sub("", "\n".join(lines)).strip()
    return ""


def _at_rest(kept: Any) -> Conversation:
    """The open conversation, unless a reply is being written."""
    conversation = shelf.opened(kept)
    if talks.is_writing(conversation):
        raise InvalidInput(talks.STILL_WRITING)
    if not conversation["messages"]:
        raise Cancelled(Text(en="There is nothing to repeat yet.", ko="아직 대화가 없습니다."))
    return conversation


def _readable(kept: Any) -> Conversation:
    """The open conversation; where the browser's copy is damaged, a new one, and a word about it."""
    try:
        return shelf.opened(kept, interrupted=True)
    except InvalidInput as error:
        tell(error.message)
        return talks.fresh()


def _edited(value: Any) -> Any:
    """The new text of a message: a text, or the Chatbot's list of parts."""
    if isinstance(value, list):
        return "\n".join(str(part.get("text", "")) for part in value if isinstance(part, dict))
    return value
