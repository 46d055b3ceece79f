"""What programs call, and the one way in which the tab gets its replies too."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gradio.data_classes import FileData

from pipelines import chat, checks, settings
from pipelines.chat.contract import Message, Reply, ReplyOptions
from pipelines.words import Text
from tabs._calls import flow
from tabs._files import original_name, uploaded

NO_DOCUMENT = Text(en="Choose a document first.", ko="먼저 문서를 골라 주세요.")


async def answer(
    message: str,
    history: list[dict] = [],  # noqa: B006  (Gradio publishes the default; it is never changed)
    engine: str = "auto",
    system_prompt: str = "",
    temperature: float = 0.7,
    top_p: float = 0.8,
    max_new_tokens: int = 512,
    thinking: bool = False,
    seed: int = -1,
    documents: list[FileData] = [],  # noqa: B006
    adapter: str = "",
) -> AsyncIterator[tuple[str, dict]]:
    """Answer a message. The reply streams; each step gives all of it so far, and the facts.

    Args:
        message: what to answer.
        history: the turns before it, each {"role": "user" or "assistant", "content": text}. Nothing is remembered.
        engine: who answers; "auto" takes the best one that is here.
        system_prompt: instructions for the whole conversation.
        temperature: 0 to 2; 0 always takes the likeliest word.
        top_p: 0 to 1; lower keeps to likelier words.
        max_new_tokens: 1 to 4096.
        thinking: whether an engine that can think may do so first; thoughts come apart from the reply.
        seed: the same seed gives the same reply; -1 draws one.
        documents: txt, md, pdf, docx or csv files to answer from, with sources.
        adapter: a LoRA adapter to put on the model.
    """
    said = checks.text(message, "message", settings.current().limits.body_bytes)
    options = ReplyOptions(system_prompt, temperature, top_p, max_new_tokens, thinking, seed, adapter)
    async for reply in replies(chat.conversation(said, history), options, engine, documents):
        yield reply.text, facts_of(reply)


async def replies(
    messages: Sequence[Message], options: ReplyOptions, engine: str, documents: Any
) -> AsyncIterator[Reply]:
    """The reply as it grows, some ten times a second. Whoever stops asking stops the engine."""
    files = files_of(documents)
    async for reply in flow(lambda job: chat.reply(messages, options, engine=engine, documents=files, job=job)):
        yield reply


def facts_of(reply: Reply) -> dict[str, Any]:
    """The second result of the endpoint."""
    return {
        "engine": reply.engine,
        "thinking": reply.thinking,
        "finish_reason": reply.finish_reason,
        "prompt_tokens": reply.prompt_tokens,
        "completion_tokens": reply.completion_tokens,
        "dropped_turns": reply.dropped_turns,
        "sources": [asdict(source) for source in reply.sources],
        "seed": reply.seed,
    }


def files_of(documents: Any) -> list[tuple[Path, str]]:
    """Uploaded documents, with the names that their owner knows them by."""
    given = checks.items([] if documents is None else documents, "documents", settings.current().limits.documents)
    return [(uploaded(one, NO_DOCUMENT), original_name(one)) for one in given]
