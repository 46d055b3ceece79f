"""`/chat` as programs call it: streaming, every control, ten at once, cancels, files, and what is refused."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import chatting
import pytest
import raw
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

FACTS = {
    "engine", "thinking", "finish_reason", "prompt_tokens", "completion_tokens", "dropped_turns", "sources", "seed",
}  # fmt: skip


@pytest.fixture
def fake(fake_engine: Callable[..., Any]) -> chatting.FakeChat:
    engine = chatting.FakeChat()
    fake_engine(chatting.module(engine))
    return engine


def ask(client: Client, message: str, **values: Any) -> tuple[str, dict[str, Any]]:
    text, facts = client.predict(message=message, api_name="/chat", **values)
    return text, facts


def test_the_built_in_engine_answers_and_says_who_it_is(client: Client) -> None:
    text, facts = ask(client, "안녕하세요", engine="embedded", temperature=0)
    assert text.strip() and set(facts) == FACTS
    assert facts["engine"] == "embedded" and facts["finish_reason"] == "stop" and facts["thinking"] == ""
    assert facts["prompt_tokens"] > 0 and facts["completion_tokens"] > 0 and facts["sources"] == []


def test_the_reply_streams_and_only_grows(client: Client, fake: chatting.FakeChat) -> None:
    fake.slow_s = 0.05
    steps = list(client.submit(message=" ".join("abcdefghijkl"), thinking=True, api_name="/chat"))
    texts = [text for text, _ in steps]
    assert len(steps) >= 3 and texts[-1] == "echo: a b c d e f g h i j k l"
    assert all(later.startswith(earlier) for earlier, later in itertools.pairwise(texts))
    assert all(set(facts) == FACTS for _, facts in steps)
    assert [facts["finish_reason"] for _, facts in steps][-1] == "stop" and steps[0][1]["finish_reason"] is None
    assert steps[-1][1]["thinking"] == "first a thought"


def test_the_history_comes_with_the_call_and_is_forgotten(client: Client, fake: chatting.FakeChat) -> None:
    parts = [{"type": "text", "text": "as Gradio "}, {"type": "text", "text": "writes it"}]
    history = [
        {"role": "user", "content": parts, "metadata": None, "options": None},
        {"role": "assistant", "content": "hm", "metadata": {"title": "Thinking"}},
        {"role": "assistant", "content": "answer"},
    ]
    ask(client, "next", history=history, system_prompt="be brief")
    ask(client, "alone")
    (messages, _), (alone, _) = fake.calls
    assert [one.role for one in messages] == ["system", "user", "assistant", "user"]
    assert messages[0].content == "be brief" and "writes it" in messages[1].content and messages[2].content == "answer"
    assert [(one.role, one.content) for one in alone] == [("user", "alone")]


CONTROLS: list[tuple[str, Any]] = [
    ("temperature", 0), ("temperature", 1.5), ("top_p", 0.25), ("max_new_tokens", 7), ("thinking", True), ("seed", 12),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), CONTROLS)
def test_each_control_changes_the_call(client: Client, fake: chatting.FakeChat, name: str, value: Any) -> None:
    ask(client, "hello")
    ask(client, "hello", **{name: value})
    plain, changed = (vars(options) for _, options in fake.calls)
    assert changed[name] == value and plain[name] != value
    same = set(plain) - {name, "seed"}
    assert {key: plain[key] for key in same} == {key: changed[key] for key in same}


def test_the_seed_is_drawn_and_told(client: Client, fake: chatting.FakeChat) -> None:
    seeds = {ask(client, "hello")[1]["seed"] for _ in range(4)}
    assert len(seeds) == 4 and seeds == {options.seed for _, options in fake.calls}


def test_an_adapter_that_this_engine_cannot_wear_is_refused(client: Client, fake: chatting.FakeChat) -> None:
    with pytest.raises(AppError, match=r"\[invalid_input\]"):
        ask(client, "hello", adapter="someone/adapter")
    assert fake.calls == []


def test_a_cut_reply_says_so(client: Client, fake: chatting.FakeChat) -> None:
    text, facts = ask(client, "one two three four", max_new_tokens=2)
    assert facts["finish_reason"] == "length" and facts["completion_tokens"] == 2 and "three" not in text


def test_ten_conversations_at_once_do_not_mix(app_url: str, fake: chatting.FakeChat) -> None:
    fake.slow_s = 0.01

    def talk(mark: str) -> list[str]:
        history: list[dict[str, str]] = []
        for turn in range(3):
            said = f"turn {turn} of {mark} and some more words"
            data = [said, history, "auto", f"I am {mark}", 0.7, 0.8, 512, False, -1, [], ""]
            event, answer = raw.call(app_url, "chat", data)
            assert event == "complete", answer
            history += [{"role": "user", "content": said}, {"role": "assistant", "content": answer[0]}]
        return [one["content"] for one in history if one["role"] == "assistant"]

    marks = [f"marker-{number:02}" for number in range(10)]
    with ThreadPoolExecutor(len(marks)) as pool:
        answers = list(pool.map(talk, marks))
    for mark, said in zip(marks, answers, strict=True):
        assert said == [f"echo: turn {turn} of {mark} and some more words" for turn in range(3)]
    assert len(fake.calls) == 30
    for messages, _ in fake.calls:
        text = " ".join(one.content for one in messages)
        assert len({mark for mark in marks if mark in text}) == 1, text


def seconds_to_stop(client: Client, fake: chatting.FakeChat) -> float:
    """How long the engine goes on after a cancel."""
    fake.slow_s, fake.stopped_at = 0.02, 0.0
    job = client.submit(message="long story", api_name="/chat")
    next(iter(job))
    begun = time.time()
    job.cancel()
    while not fake.stopped_at and time.time() - begun < 30:
        time.sleep(0.01)
    return fake.stopped_at - begun


def test_a_cancel_stops_the_engine_within_half_a_second(client: Client, fake: chatting.FakeChat) -> None:
    assert 0 < chatting.took(lambda: seconds_to_stop(client, fake)) < 0.5
    fake.slow_s = 0
    assert ask(client, "and now")[0] == "echo: and now"


def test_a_caller_who_hangs_up_stops_the_engine(app_url: str, fake: chatting.FakeChat) -> None:
    def seconds() -> float:
        fake.slow_s, fake.stopped_at = 0.02, 0.0
        event_id = raw.start(app_url, "chat", ["long story", [], "auto", "", 0.7, 0.8, 512, False, -1, [], ""])
        with raw.http.stream("GET", f"{app_url}{raw.API}/call/chat/{event_id}", timeout=60) as stream:
            for line in stream.iter_lines():
                if "가나다" in line or "\\uac00" in line:
                    break
        begun = time.time()
        while not fake.stopped_at and time.time() - begun < 30:
            time.sleep(0.02)
        return fake.stopped_at - begun

    assert 0 < chatting.took(seconds, limit_s=2) < 2  # the whole story takes six seconds


def test_a_document_is_searched_and_cited(client: Client, tmp_path: Any) -> None:
    notes = tmp_path / "회의 기록.txt"
    notes.write_text("회의는 매주 목요일 오후 세 시에 열립니다.\n\n간식은 돌아가며 준비합니다.", encoding="utf-8")
    text, facts = ask(client, "회의는 무슨 요일인가요?", engine="embedded", documents=[handle_file(str(notes))])
    assert "목요일" in text and facts["engine"] == "embedded"
    assert facts["sources"][0]["file"].startswith("회의") and "목요일" in facts["sources"][0]["text"]
    _, without = ask(client, "회의는 무슨 요일인가요?", engine="embedded")
    assert without["sources"] == [], "a document serves the call that brought it"


def test_a_document_of_an_unknown_kind_is_refused(client: Client, tmp_path: Any) -> None:
    program = tmp_path / "x.exe"
    program.write_bytes(b"MZ\x00\x01")
    with pytest.raises(AppError, match=r"\[invalid_input\]"):
        ask(client, "what is in it?", documents=[handle_file(str(program))])


def test_however_many_documents_come_the_same_limit_is_told(client: Client, tmp_path: Any) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("The library opens at nine.", encoding="utf-8")
    for count in (11, 25):
        with pytest.raises(AppError, match=r"at most 10 .*\[(too_large|invalid_input)\]"):
            ask(client, "when?", documents=[handle_file(str(notes))] * count)


HISTORIES: list[Any] = [
    "x", 5, None, {"role": "user"}, [5], [[]], [["hi", "there"]], [{}], [{"role": "user"}], [{"content": "x"}],
    [{"role": "wizard", "content": "x"}], [{"role": "user", "content": 5}], [{"role": "user", "content": [[["x"]]]}],
    [{"role": "user", "content": [{"type": "file", "file": {"path": "/etc/passwd"}}]}],
    [{"role": ["user"], "content": "x"}], [{"role": "user", "content": None}],
]  # fmt: skip


@pytest.mark.parametrize("history", HISTORIES, ids=repr)
def test_a_broken_history_is_refused_with_a_reason(app_url: str, fake: chatting.FakeChat, history: Any) -> None:
    event, answer = raw.call(app_url, "chat", ["hi", history, "auto", "", 0.7, 0.8, 512, False, -1, [], ""])
    assert event == "error" and answer["error"].endswith("[invalid_input]"), answer
    assert fake.calls == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({0: ""}, "invalid_input"), ({0: " \n"}, "invalid_input"), ({0: None}, "invalid_input"),
        ({0: ["hi"]}, "invalid_input"),
        ({0: "x" * 100_000}, "too_large"), ({4: 2.5}, "invalid_input"), ({4: "hot"}, "invalid_input"),
        ({5: -0.1}, "invalid_input"), ({6: 0}, "invalid_input"), ({6: 4097}, "invalid_input"),
        ({6: 1.5}, "invalid_input"), ({7: "yes"}, "invalid_input"), ({8: -2}, "invalid_input"),
        ({3: 5}, "invalid_input"), ({9: "x"}, "invalid_input"), ({10: "../../etc"}, "invalid_input"),
        ({2: "nobody"}, "unknown_engine"),
    ],
    ids=repr,
)  # fmt: skip
def test_what_makes_no_sense_is_refused(
    app_url: str, fake: chatting.FakeChat, change: dict[int, Any], code: str
) -> None:
    data: list[Any] = ["hi", [], "auto", "", 0.7, 0.8, 512, False, -1, [], ""]
    for position, value in change.items():
        data[position] = value
    event, answer = raw.call(app_url, "chat", data, {"Accept-Language": "en"})
    assert event == "error" and answer["error"].endswith(f"[{code}]"), answer
    assert fake.calls == []


def test_two_megabytes_are_refused_at_the_door(app_url: str) -> None:
    body = {"data": ["x" * 2_000_000, [], "auto", "", 0.7, 0.8, 512, False, -1, [], ""]}
    answer = raw.http.post(f"{app_url}{raw.API}/call/chat", json=body, timeout=30)
    assert answer.status_code == 413 and "[too_large]" in answer.json()["error"]
