"""One reply, from checked input to the last token. Knows no engine by name."""

from __future__ import annotations

import logging
import secrets
import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipelines import checks, engines, settings
from pipelines.chat import adapters, context, history, passages, small_talk
from pipelines.chat.contract import TASK, Message, Piece, Reply, ReplyOptions, Source
from pipelines.chat.thoughts import Parting
from pipelines.documents import Found
from pipelines.engines import EngineSpec
from pipelines.errors import EngineFailed, InvalidInput, NotEnoughMemory, PipelineError
from pipelines.job import Job
from pipelines.words import EMPTY, Text

log = logging.getLogger(__name__)

LONGEST_REPLY = 4096
LARGEST_SEED = 2**32 - 1


@dataclass(frozen=True)
class Question:
    """A call that was checked: it can be answered, as far as one knows before an engine is loaded."""

    messages: tuple[Message, ...]
    options: ReplyOptions
    engine: str
    documents: tuple[tuple[Path, str], ...]


def question(messages: object, options: ReplyOptions, engine: str, documents: Sequence[tuple[Path, str]]) -> Question:
    """Check everything that a caller gives; the first thing that is wrong is an `InvalidInput`."""
    options = _checked(options)
    turns = history.checked(messages)
    if options.system_prompt.strip():
        said = turns[0].content if turns[0].role == "system" else ""
        rest = turns[1:] if said else turns
        turns = (Message("system", "\n\n".join(filter(None, (options.system_prompt, said)))), *rest)
    checks.items(documents, "documents", settings.current().limits.documents)
    engines.choose(TASK, engine)  # an unknown name
    return Question(turns, options, engine, tuple(documents))


def replies(asked: Question, job: Job) -> Iterator[Reply]:
    """The reply so far, again and again, the last one complete."""
    found = passages.search(asked.messages[-1].content, asked.documents, job) if asked.documents else []
    with engines.use(TASK, asked.engine, job) as (spec, engine):
        if asked.documents and spec.kind == "embedded":
            yield _small_talk(asked, spec, engine, job) or _quoted(asked, spec, found)
        else:
            yield from _written(asked, spec, engine, passages.sources(found), job)


def _checked(options: ReplyOptions) -> ReplyOptions:
    longest = settings.current().limits.prompt_characters
    seed = checks.whole(options.seed, "seed", -1, LARGEST_SEED)
    return ReplyOptions(
        system_prompt=checks.text(options.system_prompt, "system_prompt", longest),
        temperature=checks.number(options.temperature, "temperature", 0, 2),
        top_p=checks.number(options.top_p, "top_p", 0, 1),
        max_new_tokens=checks.whole(options.max_new_tokens, "max_new_tokens", 1, LONGEST_REPLY),
        thinking=checks.flag(options.thinking, "thinking"),
        seed=secrets.randbelow(2**31) if seed == -1 else seed,
        adapter=checks.text(options.adapter, "adapter", 200).strip(),
    )


def _small_talk(asked: Question, spec: EngineSpec, engine: Any, job: Job) -> Reply | None:
    """What the built-in model itself says, where the message has nothing to do with the documents."""
    said = asked.messages[-1]
    if not small_talk.may_be(said.content):
        return None
    surely = replace(asked.options, temperature=0.0, thinking=False)
    *_, reply = _written(replace(asked, messages=(said,), documents=(), options=surely), spec, engine, (), job)
    return replace(reply, notice=small_talk.NOTICE) if small_talk.is_reply(reply.text) else None


def _quoted(asked: Question, spec: EngineSpec, found: Sequence[Found]) -> Reply:
    text, sources, notice = passages.quoted(asked.messages[-1].content, found)
    return Reply(text, engine=spec.name, finish_reason="stop", sources=sources, seed=asked.options.seed, notice=notice)


def _written(asked: Question, spec: EngineSpec, engine: Any, sources: tuple[Source, ...], job: Job) -> Iterator[Reply]:
    """What the engine writes. An error of its library is told as one of ours, without what it holds in memory."""
    problem: PipelineError | None = None
    try:
        notice = _dress(engine, spec, asked.options, job)
        if asked.documents and not sources:
            notice += passages.NOTHING
        if asked.messages[0].role == "system" and not getattr(engine, "obeys", True):
            asked, notice = replace(asked, messages=asked.messages[1:]), notice + _deaf(spec)
        messages, sources = _with_passages(asked, engine, sources)
        fitted = _fitted(messages, engine, asked.options)
        opening = Reply(
            "",
            engine=spec.name,
            prompt_tokens=fitted.tokens,
            context_tokens=engine.context_tokens,
            dropped_turns=fitted.dropped_turns,
            sources=sources,
            seed=asked.options.seed,
            notice=notice,
        )
        yield from _growing(opening, engine.write(fitted.messages, asked.options, job))
    except PipelineError as error:
        problem = type(error)(error.message)
    except MemoryError:
        problem = NotEnoughMemory(_no_room(spec))
    except Exception as error:  # whatever the library raises, it is the engine that broke
        log.error("%s/%s failed\n%s", spec.task, spec.name, traceback.format_exc())
        out_of_memory = "out of memory" in str(error).lower()
        problem = NotEnoughMemory(_no_room(spec)) if out_of_memory else EngineFailed(_broke(spec, type(error).__name__))
    if problem is not None:
        raise problem  # outside the handler: the library's own error would keep the model alive


def _growing(opening: Reply, pieces: Iterator[Piece]) -> Iterator[Reply]:
    parting, so_far = Parting(), opening
    first_at, tokens = 0.0, 0
    for piece in pieces:
        now = time.perf_counter()
        first_at = first_at or now
        parting.add(piece.text)
        tokens += piece.tokens
        speed = (tokens - 1) / (now - first_at) if tokens > 1 and now > first_at else 0.0
        so_far = replace(
            so_far,
            text=parting.text,
            thinking=parting.thinking,
            completion_tokens=tokens,
            tokens_per_s=round(speed, 1),
            prompt_tokens=piece.prompt_tokens or so_far.prompt_tokens,
        )
        if piece.finish_reason is not None:
            parting.end()
            yield replace(so_far, text=parting.text, thinking=parting.thinking, finish_reason=piece.finish_reason)
            return
        yield so_far
    raise EngineFailed(
        Text(
            en="The reply broke off before its end. Try again.", ko="답변이 끝나기 전에 끊겼습니다. 다시 시도해 주세요."
        )
    )


def _fitted(messages: Sequence[Message], engine: Any, options: ReplyOptions) -> context.Fitted:
    if not engine.context_tokens:
        return context.Fitted(tuple(messages), 0, 0)
    limit = context.room(engine.context_tokens, options.max_new_tokens)
    return context.fit(messages, lambda some: int(engine.count(some, options.thinking)), limit)


def _with_passages(
    asked: Question, engine: Any, sources: tuple[Source, ...]
) -> tuple[tuple[Message, ...], tuple[Source, ...]]:
    """The conversation with as many passages as its context holds beside instructions and question."""
    head = asked.messages[:1] if asked.messages[0].role == "system" else ()
    limit = context.room(engine.context_tokens, asked.options.max_new_tokens)
    while sources and engine.context_tokens:
        last = passages.asked(asked.messages, sources)[-1]
        if engine.count([*head, last], asked.options.thinking) <= limit:
            break
        sources = sources[:-1]
    return passages.asked(asked.messages, sources), sources


def _dress(engine: Any, spec: EngineSpec, options: ReplyOptions, job: Job) -> Text:
    """Put on the adapter that was asked for, else the owner's where it fits, else none. Returns what to tell."""
    wanted = options.adapter or settings.current().adapters.get(TASK, "")
    if not hasattr(engine, "wear"):
        if options.adapter:
            raise InvalidInput(_takes_none(spec))
        return EMPTY
    if not wanted:
        engine.wear(None)
        return EMPTY
    try:
        engine.wear(adapters.find(wanted, job))
        return EMPTY
    except PipelineError as error:
        if options.adapter:
            raise
        engine.wear(None)
        return error.message


def _takes_none(spec: EngineSpec) -> Text:
    return Text(
        en=f"{spec.label.en} cannot take an adapter. Choose an engine that runs with transformers, or leave it empty.",
        ko=f"이 엔진({spec.label.ko})은 어댑터를 쓸 수 없습니다. transformers로 실행되는 엔진을 고르거나 비워 두세요.",
    )


def _deaf(spec: EngineSpec) -> Text:
    return Text(
        en=f"{spec.label.en} cannot follow instructions; they were left out.",
        ko=f"이 엔진({spec.label.ko})은 지시문을 따를 수 없어 빼고 답했습니다.",
    )


def _no_room(spec: EngineSpec) -> Text:
    return Text(
        en=f"{spec.label.en} ran out of memory. Ask for a shorter reply, or choose a smaller engine.",
        ko=f"{spec.label.ko}에 메모리가 모자랐습니다. 답변 길이를 줄이거나 더 작은 엔진을 골라 주세요.",
    )


def _broke(spec: EngineSpec, error: str) -> Text:
    return Text(
        en=f"{spec.label.en} failed while writing ({error}). Try again or choose another engine.",
        ko=f"이 엔진({spec.label.ko})이 답을 쓰다가 멈췄습니다({error}). 다시 시도하거나 다른 엔진을 골라 주세요.",
    )
