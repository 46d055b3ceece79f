"""The one verb of chat: what it refuses, how it streams and stops, and that it keeps visitors apart. Loads no model."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from chatting import FakeChat, module, took
from fakes import FakeModule, spec

from pipelines import chat
from pipelines.chat import Message, Piece, Reply, ReplyOptions, replying, small_talk
from pipelines.chat.thoughts import Parting
from pipelines.errors import Cancelled, EngineFailed, InvalidInput, NotEnoughMemory, PipelineError, TooLarge
from pipelines.job import Job

ASKED = [Message("user", "Hello there")]


class Scripted:
    """Gives the pieces that it is told to give, and keeps what it was asked."""

    context_tokens = 400

    def __init__(self, *pieces: Piece | Exception) -> None:
        self.pieces = pieces
        self.asked: list[tuple[Message, ...]] = []

    def count(self, messages: Any, thinking: bool) -> int:
        return sum(len(one.content) for one in messages)

    def write(self, messages: Any, options: ReplyOptions, job: Job) -> Iterator[Piece]:
        self.asked.append(tuple(messages))
        for piece in self.pieces:
            if isinstance(piece, Exception):
                raise piece
            yield piece


@pytest.fixture
def engine(fake_engine: Callable[..., Any]) -> FakeChat:
    fake = FakeChat()
    fake_engine(module(fake))
    return fake


@pytest.fixture
def scripted(fake_engine: Callable[..., Any]) -> Callable[..., Scripted]:
    def install(*pieces: Piece | Exception) -> Scripted:
        made = Scripted(*pieces)
        fake_engine(FakeModule(spec("chat", "scripted", rank=2000), lambda: made))
        return made

    return install


def whole(messages: Any = ASKED, options: ReplyOptions = ReplyOptions(), **more: Any) -> Reply:
    *_, last = chat.reply(messages, options, **more)
    return last


# --- what comes in ------------------------------------------------------------------------------------------------

BROKEN: dict[str, Any] = {
    "no list": "hello",
    "nothing": [],
    "an entry that is no message": ["hello"],
    "an unknown role": [{"role": "robot", "content": "hi"}, *ASKED],
    "no role": [{"content": "hi"}],
    "no content": [{"role": "user"}],
    "a number": [{"role": "user", "content": 7}],
    "lists in lists": [{"role": "user", "content": [["hi"]]}],
    "a file among the parts": [{"role": "user", "content": [{"type": "file", "file": {"path": "/etc/passwd"}}]}],
    "an empty message": [{"role": "user", "content": "  \n"}],
    "the assistant last": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}],
    "instructions in the middle": [*ASKED, {"role": "system", "content": "b"}, *ASKED],
    "one message too long": [{"role": "user", "content": "x" * 8_001}],
    "two megabytes": [{"role": "user", "content": "x" * 2_000_000}],
    "a history of two megabytes": [{"role": "assistant", "content": "x" * 2_000_001}, *ASKED],
    "endlessly many": [{"role": "user", "content": "x"}] * 2_001,
}


@pytest.mark.parametrize("messages", BROKEN.values(), ids=BROKEN)
def test_a_broken_conversation_is_refused_before_anything_is_asked_for(engine: FakeChat, messages: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        chat.reply(messages)  # no next()
    assert caught.value.message.ko and not engine.calls
    assert "/etc" not in str(caught.value)


OPTIONS: dict[str, Any] = {
    "zero tokens": {"max_new_tokens": 0},
    "too many tokens": {"max_new_tokens": 4097},
    "half a token": {"max_new_tokens": 1.5},
    "no temperature": {"temperature": float("nan")},
    "endless temperature": {"temperature": float("inf")},
    "negative temperature": {"temperature": -0.1},
    "top_p above 1": {"top_p": 1.1},
    "a seed below": {"seed": -2},
    "a huge seed": {"seed": 2**32},
    "a text for a seed": {"seed": "7"},
    "thinking by number": {"thinking": 1},
    "instructions too long": {"system_prompt": "x" * 8_001},
    "an adapter by number": {"adapter": 5},
}


@pytest.mark.parametrize("changed", OPTIONS.values(), ids=OPTIONS)
def test_options_out_of_range_are_refused_at_once(engine: FakeChat, changed: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as caught:
        chat.reply(ASKED, replace(ReplyOptions(), **changed))
    assert next(iter(changed)) in caught.value.message.en and caught.value.message.ko


def test_an_unknown_engine_is_refused_at_once() -> None:
    with pytest.raises(PipelineError, match="no engine"):
        chat.reply(ASKED, engine="nobody")


def test_gradios_parts_and_titled_thoughts_become_plain_turns(engine: FakeChat) -> None:
    history = [
        {"role": "user", "content": [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]},
        {"role": "assistant", "content": "hm", "metadata": {"title": "Thinking"}},
        {"role": "assistant", "content": "three", "metadata": None, "options": None},
    ]
    whole(chat.conversation("four", history))
    assert engine.calls[0][0] == (
        Message("user", "one\ntwo"), Message("assistant", "three"), Message("user", "four"),
    )  # fmt: skip


def test_a_reply_that_was_stopped_before_its_first_word_leaves_no_hole(engine: FakeChat) -> None:
    turns = [Message("user", "first"), Message("assistant", ""), Message("user", "second")]
    whole(turns)
    assert engine.calls[0][0] == (Message("user", "first\n\nsecond"),)


def test_instructions_come_first_also_beside_those_in_the_history(engine: FakeChat) -> None:
    turns = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "hi"}]
    whole(turns, ReplyOptions(system_prompt="Be brief."))
    assert engine.calls[0][0][0] == Message("system", "Be brief.\n\nBe kind.")


# --- how it comes out ---------------------------------------------------------------------------------------------


def test_the_reply_grows_and_the_last_one_is_complete(engine: FakeChat) -> None:
    replies = list(chat.reply(ASKED))
    texts = [one.text for one in replies]
    assert texts[-1] == "echo: Hello there" and len(texts) == 3
    assert all(late.startswith(early) for early, late in itertools.pairwise(texts))
    assert [one.finish_reason for one in replies] == [None, None, "stop"]
    last = replies[-1]
    assert (last.engine, last.completion_tokens, last.prompt_tokens) == ("fake", 3, 6)
    assert last.context_tokens == engine.context_tokens and last.dropped_turns == 0 and last.seed >= 0


def test_a_reply_that_reached_its_length_says_so(engine: FakeChat) -> None:
    last = whole(ASKED, ReplyOptions(max_new_tokens=2))
    assert last.finish_reason == "length" and last.completion_tokens == 2


def test_the_speed_is_that_of_the_tokens_after_the_first(
    scripted: Callable[..., Scripted], monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted(*[Piece("a ")] * 4, Piece("b", finish_reason="stop"))
    stamps = iter([107.0, 107.5, 108.0, 108.5, 109.0])  # whenever the prompt was begun
    monkeypatch.setattr(replying.time, "perf_counter", lambda: next(stamps))
    replies = list(chat.reply(ASKED))
    assert [one.tokens_per_s for one in replies] == [0.0, 2.0, 2.0, 2.0, 2.0]


def test_a_drawn_seed_is_named_and_a_given_one_kept(engine: FakeChat) -> None:
    assert whole(options=ReplyOptions(seed=7)).seed == 7
    drawn = {whole().seed for _ in range(4)}
    assert len(drawn) == 4
    assert {options.seed for _, options in engine.calls} == {7, *drawn}


@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
def test_thoughts_are_parted_however_the_tags_are_cut(size: int) -> None:
    text = "<think>\nShould I?\nYes < no.</think>\n\nThe tag <think> opens a thought."
    parting = Parting()
    for at in range(0, len(text), size):
        parting.add(text[at : at + size])
        assert "<th" not in parting.thinking and "</" not in parting.thinking
    parting.end()
    assert parting.thinking == "Should I?\nYes < no."
    assert parting.text == "The tag <think> opens a thought."


@pytest.mark.parametrize(
    ("text", "thinking", "said"),
    [
        ("<think>never ends", "never ends", ""),
        ("<think></think>\n\nHi", "", "Hi"),
        ("<thing>", "", "<thing>"),
        ("  <thi", "", "  <thi"),
        ("<think>a</thi", "a</thi", ""),
        ("", "", ""),
    ],
)
def test_half_a_tag_is_text_when_nothing_follows(text: str, thinking: str, said: str) -> None:
    parting = Parting()
    for letter in text:
        parting.add(letter)
    parting.end()
    assert (parting.thinking, parting.text) == (thinking, said)


def test_thoughts_come_apart_in_the_reply(engine: FakeChat) -> None:
    last = whole(ASKED, ReplyOptions(thinking=True))
    assert last.thinking == "first a thought" and last.text == "echo: Hello there"


# --- the context --------------------------------------------------------------------------------------------------


def turns(count: int, length: int = 20) -> list[Message]:
    """`count` questions with answers and a last question."""
    talk = [
        message
        for number in range(count)
        for message in (
            Message("user", f"{number:02}" + "q" * length),
            Message("assistant", f"{number:02}" + "a" * length),
        )
    ]
    return [*talk, Message("user", "newest")]


def test_the_oldest_questions_go_first_each_with_its_answer(scripted: Callable[..., Scripted]) -> None:
    made = scripted(Piece("ok", finish_reason="stop"))
    last = whole([Message("system", "rules"), *turns(20)], ReplyOptions(max_new_tokens=100))
    kept = made.asked[0]
    assert kept[0] == Message("system", "rules") and kept[-1].content == "newest"
    assert kept[1].role == "user" and kept[1].content.startswith(f"{last.dropped_turns:02}")
    assert kept[1:-1] == tuple(turns(20)[2 * last.dropped_turns : -1])
    assert made.count(kept, False) == last.prompt_tokens <= 300 < last.prompt_tokens + 44  # one more would not fit
    assert last.dropped_turns > 0


def test_what_fits_is_never_dropped(scripted: Callable[..., Scripted]) -> None:
    made = scripted(Piece("ok", finish_reason="stop"))
    assert whole(turns(3), ReplyOptions(max_new_tokens=100)).dropped_turns == 0
    assert made.asked[0] == tuple(turns(3))


def test_a_long_reply_takes_at_most_half_of_the_context(scripted: Callable[..., Scripted]) -> None:
    made = scripted(Piece("ok", finish_reason="stop"))
    whole(turns(20), ReplyOptions(max_new_tokens=4096))
    assert 150 < made.count(made.asked[0], False) <= 200


def test_a_message_longer_than_the_context_is_told_how_long_it_may_be(scripted: Callable[..., Scripted]) -> None:
    scripted(Piece("ok", finish_reason="stop"))
    with pytest.raises(TooLarge, match="about 300 characters"):
        whole([Message("user", "x" * 1000)], ReplyOptions(max_new_tokens=100))


# --- what goes wrong ----------------------------------------------------------------------------------------------


def test_a_library_that_breaks_is_told_at_once_and_keeps_nothing(scripted: Callable[..., Scripted]) -> None:
    scripted(Piece("Well"), RuntimeError("/secret/path"))
    started = time.monotonic()
    with pytest.raises(EngineFailed, match="RuntimeError") as caught:
        whole()
    assert time.monotonic() - started < 10  # a time-out would be longer
    assert "/secret" not in str(caught.value)
    assert caught.value.__context__ is None and caught.value.__cause__ is None


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("CUDA out of memory. Tried to allocate")])
def test_too_little_memory_is_told_as_such(scripted: Callable[..., Scripted], error: Exception) -> None:
    scripted(error)
    with pytest.raises(NotEnoughMemory):
        whole()


def test_a_reply_that_just_ends_is_no_whole_reply(scripted: Callable[..., Scripted]) -> None:
    scripted(Piece("Well"))
    with pytest.raises(EngineFailed, match="broke off"):
        whole()


def test_an_adapter_where_none_can_be_is_refused(engine: FakeChat) -> None:
    with pytest.raises(InvalidInput, match="adapter"):
        whole(ASKED, ReplyOptions(adapter="org/one"))


# --- stopping, and many at once -----------------------------------------------------------------------------------


def test_a_cancel_stops_within_half_a_second_and_frees_the_engine(fake_engine: Callable[..., Any]) -> None:
    fake = FakeChat(slow_s=0.02)
    fake_engine(module(fake))

    def seconds() -> float:
        job, seen, begun = Job(), "", []
        timer = threading.Timer(0.3, lambda: (begun.append(time.monotonic()), job.cancel()))
        with pytest.raises(Cancelled):
            for one in chat.reply([Message("user", "long")], job=job):
                seen = one.text
                if len(seen.split()) == 3:
                    timer.start()
        assert seen  # what came before stays
        return time.monotonic() - begun[0]

    assert took(seconds) < 0.5
    fake.slow_s = 0
    assert whole().text == "echo: Hello there"


def test_who_stops_asking_stops_the_engine(fake_engine: Callable[..., Any]) -> None:
    fake = FakeChat(slow_s=0.01)
    fake_engine(module(fake))
    talk = chat.reply([Message("user", "long")])
    next(talk)
    talk.close()  # type: ignore[attr-defined]
    assert fake.stopped_at > 0
    assert whole().finish_reason == "stop"


@pytest.mark.parametrize("shared", [False, True])
def test_ten_conversations_at_once_do_not_mix(fake_engine: Callable[..., Any], shared: bool) -> None:
    fake = FakeChat(slow_s=0.001)
    fake_engine(module(fake, shared=shared))
    heard: dict[int, Reply] = {}

    def talk(number: int) -> None:
        marker = f"marker-{number:03}"
        history = [Message("user", f"{marker} one"), Message("assistant", f"{marker} two")]
        for _ in range(5):
            *_, last = chat.reply([*history, Message("user", f"{marker} three")], ReplyOptions(seed=number))
            history += [Message("user", f"{marker} three"), Message("assistant", last.text)]
            heard[number] = last

    threads = [threading.Thread(target=talk, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert {number: (one.text, one.seed) for number, one in heard.items()} == {
        number: (f"echo: marker-{number:03} three", number) for number in range(10)
    }
    for messages, options in fake.calls:
        assert {word for one in messages for word in one.content.split() if word.startswith("marker-")} == {
            f"marker-{options.seed:03}"
        }


# --- documents ----------------------------------------------------------------------------------------------------


@pytest.fixture
def real(fake_engine: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> FakeChat:
    """An engine that is not the built-in one, and so writes its own answers."""
    monkeypatch.setenv("MODU_CHAT_URL", "http://127.0.0.1:9/v1")
    fake = FakeChat()
    fake_engine(module(fake, kind="remote"))
    return fake


@pytest.fixture
def notes(tmp_path: Path) -> list[tuple[Path, str]]:
    """Two files of which only one answers a question about the parking of bicycles."""
    texts = {
        "house.txt": "The library opens at nine.\n\nBicycles are parked behind the north gate, near the oak tree.",
        "food.txt": "The cafeteria serves noodles on Mondays.\n\nCoffee costs two thousand won.",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return [(tmp_path / name, name) for name in texts]


def test_a_real_engine_gets_the_passages_with_numbers_and_the_reply_names_them(
    real: FakeChat, notes: list[tuple[Path, str]]
) -> None:
    real.context_tokens = 4000
    last = whole([Message("user", "Where are bicycles parked?")], documents=notes)
    asked = real.calls[0][0][-1].content
    assert "[1] house.txt" in asked and "north gate" in asked and asked.endswith("Question: Where are bicycles parked?")
    assert last.sources[0].file == "house.txt" and "north gate" in last.sources[0].text


def test_a_korean_question_is_asked_in_korean(real: FakeChat, tmp_path: Path) -> None:
    real.context_tokens = 4000
    path = tmp_path / "saved.bin"
    path.write_text("자전거는 북문 뒤 느티나무 옆에 세웁니다.", encoding="utf-8")
    last = whole([Message("user", "자전거는 어디에 세우나요?")], documents=[(path, "안내.txt")])
    assert "질문: 자전거는 어디에 세우나요?" in real.calls[0][0][-1].content
    assert [(one.file, one.page) for one in last.sources] == [("안내.txt", 0)]


def test_passages_that_do_not_fit_are_left_out_and_not_cited(real: FakeChat, notes: list[tuple[Path, str]]) -> None:
    real.context_tokens = 108
    last = whole([Message("user", "Where are bicycles parked?")], ReplyOptions(max_new_tokens=10), documents=notes)
    assert [one.file for one in last.sources] == ["house.txt"]
    asked = real.calls[0][0][-1].content
    assert "north gate" in asked and "noodles" not in asked


def test_documents_that_say_nothing_about_it_are_told_so(real: FakeChat, notes: list[tuple[Path, str]]) -> None:
    last = whole([Message("user", "쀍쉙")], documents=notes)
    assert last.sources == () and "Nothing in the documents" in last.notice.en
    assert real.calls[0][0] == (Message("user", "쀍쉙"),)


def test_the_built_in_engine_quotes_and_says_so(notes: list[tuple[Path, str]]) -> None:
    last = whole([Message("user", "Where are bicycles parked?")], engine="embedded", documents=notes)
    assert last.engine == "embedded" and last.finish_reason == "stop"
    assert "> Bicycles are parked behind the north gate" in last.text and "[1] house.txt" in last.text
    assert last.sources[0].file == "house.txt" and "quotes" in last.notice.en


@pytest.mark.parametrize("said", ["Who are you?", "안녕하세요!", "thanks a lot", "고마워", "농담 하나 해 줘", "bye"])
def test_small_talk_is_not_answered_from_documents(real: FakeChat, notes: list[tuple[Path, str]], said: str) -> None:
    last = whole([Message("user", said)], engine="embedded", documents=notes)
    alone = whole([Message("user", said)], ReplyOptions(temperature=0), engine="embedded")
    assert (last.text, last.sources, last.notice) == (alone.text, (), small_talk.NOTICE)


@pytest.mark.parametrize(
    "said", ["Who is the author?", "담당자 이름이 뭐야?", "How is Anna doing?", "주차 되나요?", "?"]
)
def test_in_doubt_the_documents_answer(real: FakeChat, notes: list[tuple[Path, str]], said: str) -> None:
    last = whole([Message("user", said)], engine="embedded", documents=notes)
    assert last.notice != small_talk.NOTICE


def test_documents_must_be_few(real: FakeChat, notes: list[tuple[Path, str]]) -> None:
    with pytest.raises(InvalidInput, match="documents"):
        chat.reply(ASKED, documents=notes * 100)
