"""Conversations as JSON: how they grow, what is shown of them, and what is accepted from a browser or a file."""

from __future__ import annotations

import json
from typing import Any

import pytest
from chatting import reply

from pipelines.chat.contract import Source
from pipelines.errors import InvalidInput, TooLarge
from tabs.chat import conversation as talks
from tabs.chat import view


def said(*turns: str) -> dict[str, Any]:
    """A conversation: questions and finished answers in turn."""
    conversation = talks.fresh()
    for number, text in enumerate(turns):
        conversation = talks.answered(conversation, reply(text)) if number % 2 else talks.asked(conversation, text)
    return conversation


def exported(*conversations: dict[str, Any]) -> str:
    return json.dumps({"kind": "modu-chat", "version": 1, "conversations": list(conversations)})


def contents(conversation: dict[str, Any]) -> list[str]:
    return [turn["content"] for turn in conversation["messages"]]


def test_the_first_message_names_the_conversation() -> None:
    conversation = said("first\n question " + "x" * 100, "a", "second")
    assert conversation["title"].startswith("first question x") and len(conversation["title"]) == talks.TITLE_LENGTH


def test_a_growing_reply_replaces_itself() -> None:
    conversation = talks.asked(talks.fresh(), "hello")
    for text in ("a", "a b", "a b c"):
        conversation = talks.answered(conversation, reply(text, finish_reason=None))
        assert talks.is_writing(conversation)
    conversation = talks.answered(conversation, reply("a b c"))
    assert contents(conversation) == ["hello", "a b c"] and not talks.is_writing(conversation)


def test_nothing_is_asked_while_a_reply_is_written() -> None:
    writing = talks.waiting(talks.asked(talks.fresh(), "hello"))
    with pytest.raises(InvalidInput, match="being written"):
        talks.asked(writing, "again")
    assert contents(talks.asked(talks.stopped(writing), "again")) == ["hello", "", "again"]


@pytest.mark.parametrize("before", [talks.fresh(), said("one", "1")], ids=["fresh", "going on"])
def test_what_is_spoken_has_its_place_until_it_is_heard(before: talks.Conversation) -> None:
    waits = talks.listening(before)
    assert contents(waits) == [*contents(before), talks.UNHEARD, ""] and talks.is_writing(waits)
    assert talks.before_listening(waits) == talks.stopped(waits) == before
    assert talks.read(json.loads(json.dumps(waits)), interrupted=True)["messages"] == before["messages"]
    heard = talks.answered(talks.asked(talks.before_listening(waits), "hello"), reply("hi"))
    assert talks.before_listening(heard) == heard and heard["title"] == (before["title"] or "hello")


@pytest.mark.parametrize("text", ["", "  \n", None, 5, ["x"]])
def test_an_empty_message_is_asked_for(text: Any) -> None:
    with pytest.raises(InvalidInput):
        talks.asked(talks.fresh(), text)


def test_undo_gives_the_question_back() -> None:
    conversation, question = talks.undone(said("one", "1", "two", "2"))
    assert (contents(conversation), question) == (["one", "1"], "two")
    assert talks.undone(talks.fresh())[1] == ""


def test_engines_get_what_was_said_and_no_thoughts() -> None:
    conversation = talks.answered(talks.asked(talks.fresh(), "q"), reply("a", thinking="hmm"))
    assert [(one.role, one.content) for one in talks.spoken(conversation)] == [("user", "q"), ("assistant", "a")]


def test_a_conversation_survives_the_way_to_a_file_and_back() -> None:
    conversation = talks.answered(
        talks.asked({**talks.fresh(), "system_prompt": "be kind"}, "안녕 <b>"),
        reply("네", thinking="흠", sources=(Source("a.pdf", 3, "글"),), finish_reason="length", tokens_per_s=9.5),
    )
    (back,) = talks.imported(exported(json.loads(json.dumps(conversation))))
    assert back["id"] != conversation["id"]
    assert {**back, "id": conversation["id"]} == conversation


def test_a_reply_that_nobody_writes_any_more_is_marked_as_stopped() -> None:
    writing = talks.answered(talks.asked(talks.fresh(), "q"), reply("half", finish_reason=None))
    assert talks.read(writing, interrupted=True)["messages"][-1]["state"] == "stopped"
    assert talks.read(writing)["messages"][-1]["state"] == "writing"


BROKEN: list[Any] = [
    5, "x", [], {"messages": 5}, {"messages": ["x"]}, {"messages": [{}]}, {"messages": [{"role": "user"}]},
    {"messages": [{"role": "system", "content": "x"}]}, {"messages": [{"role": "user", "content": ["x"]}]},
    {"messages": [{"role": "user", "content": {"path": "/etc/passwd"}}]}, {"messages": [], "title": 5},
    {"messages": [{"role": "assistant", "content": "x", "facts": []}]},
    {"messages": [{"role": "assistant", "content": "x", "state": "dancing"}]},
    {"messages": [{"role": "assistant", "content": "x", "facts": {"sources": [5]}}]},
    {"messages": [{"role": "assistant", "content": "x", "facts": {"seed": "many"}}]},
    {"messages": [{"role": "assistant", "content": "x", "facts": {"seed": float("inf")}}]},
]  # fmt: skip


@pytest.mark.parametrize("value", BROKEN, ids=repr)
def test_a_broken_conversation_is_refused_with_a_reason(value: Any) -> None:
    with pytest.raises(InvalidInput) as told:
        talks.read(value)
    assert told.value.message.en and told.value.message.ko


@pytest.mark.parametrize(
    "text",
    ["", "x", "[]", "{}", "null", "5", '{"kind": "modu-chat"}',
     '{"kind": "other", "version": 1, "conversations": [{}]}',
     '{"kind": "modu-chat", "version": 2, "conversations": [{}]}', "[" * 100_000, exported(*BROKEN[:1]),
     '{"kind": "modu-chat", "version": 1, "conversations": {"a": 1}}', None, 5],
    ids=lambda text: repr(text)[:40],
)  # fmt: skip
def test_a_file_that_is_not_ours_is_refused_with_a_reason(text: Any) -> None:
    with pytest.raises(InvalidInput):
        talks.imported(text)


@pytest.mark.parametrize("message", [{"role": "system", "content": "x"}, {"role": "user", "content": None}, {"a": 1}])
def test_a_file_with_odd_messages_is_no_riddle(message: dict[str, Any]) -> None:
    text = json.dumps({"kind": "modu-chat", "version": 1, "conversations": [{"messages": [message]}]})
    with pytest.raises(InvalidInput, match="exported here, or it is damaged"):
        talks.imported(text)


def test_sizes_are_limited() -> None:
    with pytest.raises(TooLarge):
        talks.read({"messages": [{"role": "user", "content": "x" * 200_000}] * 2})
    with pytest.raises(InvalidInput):
        talks.imported(exported(*[said("q")] * (talks.MOST_CONVERSATIONS + 1)))


# --- what is seen of it -------------------------------------------------------------------------------------------


def test_thoughts_and_sources_are_folded_away_around_the_reply() -> None:
    source = Source("a_b*.pdf", 3, "the *passage*\n<img src=x>")
    conversation = talks.answered(talks.asked(talks.fresh(), "q"), reply("a", thinking="hm", sources=(source,)))
    _, thought, answer, sources = view.messages(conversation, "ko")
    assert thought["metadata"] == {"title": "답하기 전에 생각한 내용", "status": "done"} and thought["content"] == "hm"
    assert answer == {"role": "assistant", "content": "a"}
    assert "3쪽" in sources["metadata"]["title"] and r"a\_b\*" in sources["metadata"]["title"]
    assert r"\*passage\*" in sources["content"] and r"\<img" in sources["content"]


def test_an_entry_of_the_chatbot_is_traced_to_its_message() -> None:
    conversation = said("q1")
    conversation = talks.answered(conversation, reply("a1", thinking="hm", sources=(Source("f", 0, "t"),)))
    conversation = talks.answered(talks.asked(conversation, "q2"), reply("a2"))
    assert [view.turn_behind(conversation, index, "en") for index in range(7)] == [0, 1, 1, 1, 2, 3, 4]


@pytest.mark.parametrize("reason", ["length", "stop"])
def test_a_cut_reply_says_so(reason: str) -> None:
    conversation = talks.answered(talks.asked(talks.fresh(), "q"), reply("half", finish_reason=reason))
    assert ("Cut off" in view.messages(conversation, "en")[-1]["content"]) == (reason == "length")


def test_a_stopped_reply_keeps_its_words_and_says_so() -> None:
    half = talks.stopped(talks.answered(talks.asked(talks.fresh(), "q"), reply("half a", finish_reason=None)))
    assert view.messages(half, "ko")[-1]["content"] == f"half a\n\n*{view.NOTE}— 여기서 멈췄습니다.*"


def test_the_lines_below_tell_engine_speed_seed_context_and_what_was_dropped() -> None:
    facts = {"prompt_tokens": 60, "completion_tokens": 20, "tokens_per_s": 12.34, "dropped_turns": 2}
    conversation = talks.answered(talks.asked(talks.fresh(), "q"), reply("a", **facts))
    shown = view.facts_html(conversation, "en")
    for words in ("20 tokens", "12.3 tokens per second", "seed 7", "80 of 100 tokens (80%)", "oldest 2 questions"):
        assert words in shown, shown
    assert "초당 12.3토큰" in view.facts_html(conversation, "ko")


def test_an_engine_of_an_imported_conversation_is_escaped() -> None:
    conversation = talks.answered(talks.asked(talks.fresh(), "q"), reply("a", engine="<img src=x>"))
    assert "<img" not in view.facts_html(conversation, "en")
