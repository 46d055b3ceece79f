"""What a conversation looks like: messages for the Chatbot, and the lines below it. Everything is made harmless."""

from __future__ import annotations

import html
from typing import Any

from pipelines import engines
from pipelines.words import EMPTY, Language, Text
from tabs.chat.conversation import Conversation, Turn
from tabs.chat.safe_markdown import GAP, plain, safe

TASK = "chat"
NOTE = GAP * 2  # begins a line of ours below a reply; copying.js leaves such a line out

_THINKING = Text(en="Thinking...", ko="생각하는 중...")
_THOUGHT = Text(en="What it thought before answering", ko="답하기 전에 생각한 내용")
_STOPPED = Text(en="Stopped here.", ko="여기서 멈췄습니다.")
_LENGTH = Text(
    en="Cut off at the length limit. Raise it under Settings, or say: go on.",
    ko="길이 제한에서 끊겼습니다. 설정에서 늘리거나 '계속'이라고 말해 보세요.",
)
_SOURCES = Text(en="Sources: {files}", ko="출처: {files}")
_PAGE = Text(en="page {page}", ko="{page}쪽")


def messages(conversation: Conversation, language: Language) -> list[dict[str, Any]]:
    """The Chatbot's value."""
    return [shown for turn in conversation["messages"] for shown in _shown(turn, language)]


def turn_behind(conversation: Conversation, index: int, language: Language) -> int:
    """Which message of the conversation stands behind entry `index` of the Chatbot (one turn may take several)."""
    count = 0
    for number, turn in enumerate(conversation["messages"]):
        count += len(_shown(turn, language))
        if index < count:
            return number
    return len(conversation["messages"])


def _shown(turn: Turn, language: Language) -> list[dict[str, Any]]:
    if turn["role"] == "user":
        return [{"role": "user", "content": safe(turn["content"])}]
    entries = []
    writing = turn["state"] == "writing"
    if turn["thinking"]:
        busy = writing and not turn["content"]
        title = (_THINKING if busy else _THOUGHT).to(language)
        entries.append(_folded(title, safe(turn["thinking"]), "pending" if busy else "done"))
    entries.append({"role": "assistant", "content": _text(turn, language)})
    if turn["facts"].get("sources") and not writing:
        entries.append(_sources(turn["facts"]["sources"], language))
    return entries


def _text(turn: Turn, language: Language) -> str:
    text = safe(turn["content"])
    if turn["state"] == "writing":
        return text or "⋯"
    ended = _STOPPED if turn["state"] == "stopped" else _LENGTH if turn["facts"]["finish_reason"] == "length" else EMPTY
    said = ended.to(language)
    return f"{text}\n\n*{NOTE}— {said}*".strip() if said else text


def _sources(sources: list[dict[str, Any]], language: Language) -> dict[str, Any]:
    """The passages under a title that names their places."""
    places = [_place(one, language) for one in sources]
    title = _SOURCES.format(files=" · ".join(dict.fromkeys(places))).to(language)
    quotes = [_quote(place, one["text"]) for place, one in zip(places, sources, strict=True)]
    return _folded(plain(title), "\n\n".join(quotes), "done")


def _place(source: dict[str, Any], language: Language) -> str:
    page = _PAGE.format(page=source["page"]).to(language) if source["page"] else ""
    return f"{source['file']}, {page}" if page else str(source["file"])


def _quote(place: str, text: str) -> str:
    passage = "\n".join(f"> {line}" for line in plain(text).split("\n"))
    return f"**{plain(place)}**\n\n{passage}"


def _folded(title: str, content: str, status: str) -> dict[str, Any]:
    return {"role": "assistant", "content": content, "metadata": {"title": title, "status": status}}


# --- below the conversation ---------------------------------------------------------------------------------------

_METER = Text(
    en="Context: {used:,} of {whole:,} tokens ({share:.0%})", ko="맥락: {whole:,}토큰 중 {used:,}토큰 ({share:.0%})"
)
_DROPPED = Text(
    en="The oldest {count} questions and their answers no longer fitted; this reply was written without them.",
    ko="가장 오래된 질문과 답 {count}쌍은 맥락에 더 들어가지 않아, 빼고 답했습니다.",
)


def facts_html(conversation: Conversation, language: Language, notice: Text = EMPTY) -> str:
    """Who wrote the last reply, how fast, and how full the context is (escaped)."""
    turns = conversation["messages"]
    if not turns or turns[-1]["role"] != "assistant":
        return ""
    facts = turns[-1]["facts"]
    lines = [_line(" · ".join(part for part in _facts(facts, language) if part))]
    if facts["context_tokens"]:
        lines.append(_meter(facts["prompt_tokens"] + facts["completion_tokens"], facts["context_tokens"], language))
    if facts["dropped_turns"]:
        lines.append(_line(_DROPPED.format(count=facts["dropped_turns"]).to(language)))
    if notice != EMPTY:
        lines.append(_line(notice.to(language)))
    return f'<div class="chat-facts">{"".join(lines)}</div>'


def _facts(facts: dict[str, Any], language: Language) -> list[str]:
    tokens = Text(en="{tokens} tokens", ko="{tokens}토큰").format(tokens=facts["completion_tokens"])
    speed = Text(en="{speed:.1f} tokens per second", ko="초당 {speed:.1f}토큰").format(speed=facts["tokens_per_s"])
    seed = Text(en="seed {seed}", ko="시드 {seed}").format(seed=facts["seed"])
    return [
        engine_label(facts["engine"], language),
        tokens.to(language) if facts["completion_tokens"] else "",
        speed.to(language) if facts["tokens_per_s"] else "",
        seed.to(language) if facts["finish_reason"] else "",
    ]


def engine_label(name: str, language: Language) -> str:
    """The engine's label; of one that is not here (an imported conversation), the name that was written down."""
    known = {spec.name: spec.label for spec in engines.specs(TASK)}
    return known[name].to(language) if name in known else name


def _meter(used: int, whole: int, language: Language) -> str:
    share = min(1.0, used / whole)
    said = html.escape(_METER.format(used=used, whole=whole, share=share).to(language))
    bar = f'<span class="chat-bar" aria-hidden="true"><i style="width: {share:.1%}"></i></span>'
    return f'<p class="chat-meter">{bar}<span>{said}</span></p>'


def _line(said: str) -> str:
    return f"<p>{html.escape(said)}</p>" if said else ""
