"""Sentences in two languages, the error tree, the settings, single-value checks, and the job."""

from __future__ import annotations

import pickle
import threading
import time
from typing import Any

import pytest

from pipelines import checks, errors, settings
from pipelines.errors import Cancelled, InvalidInput, PipelineError, TooLarge
from pipelines.job import Job, Progress
from pipelines.settings import Settings
from pipelines.words import EMPTY, Text

GREETING = Text(en="Hello {name}", ko="안녕 {name}")


def test_a_text_is_filled_in_each_language_with_the_value_of_that_language() -> None:
    said = GREETING.format(name=Text(en="you", ko="당신"))
    assert said == Text(en="Hello you", ko="안녕 당신")
    assert (str(said), said.to("ko"), said.to("en")) == ("Hello you", "안녕 당신", "Hello you")


def test_two_sentences_join_with_one_blank() -> None:
    assert Text(en="A.", ko="가.") + Text(en="B.", ko="나.") == Text(en="A. B.", ko="가. 나.")
    assert EMPTY + GREETING == GREETING


# --- errors ---------------------------------------------------------------------------------------------------

CODES = {
    errors.InvalidInput: "invalid_input",
    errors.TooLarge: "too_large",
    errors.UnknownEngine: "unknown_engine",
    errors.EngineUnavailable: "engine_unavailable",
    errors.EngineFailed: "engine_failed",
    errors.NotEnoughMemory: "not_enough_memory",
    errors.Busy: "busy",
    errors.Cancelled: "cancelled",
}


@pytest.mark.parametrize(("kind", "code"), CODES.items(), ids=CODES.values())
def test_errors_end_in_their_stable_code_and_survive_a_process_border(kind: type[PipelineError], code: str) -> None:
    error = pickle.loads(pickle.dumps(kind(GREETING)))
    assert type(error) is kind and isinstance(error, PipelineError)
    assert error.to("ko") == f"{GREETING.ko} [{code}]"
    assert error.to("en") == str(error) == f"{GREETING.en} [{code}]"


def test_what_is_too_large_or_unknown_is_also_invalid() -> None:
    assert issubclass(errors.TooLarge, InvalidInput) and issubclass(errors.UnknownEngine, InvalidInput)
    assert issubclass(errors.NotEnoughMemory, errors.EngineUnavailable)


# --- settings -------------------------------------------------------------------------------------------------


def test_an_empty_environment_gives_a_working_offline_app() -> None:
    chosen = Settings.from_env({})
    assert not chosen.managed and not chosen.offline and chosen.language is None and chosen.engines == {}
    assert chosen.limits == settings.Limits()
    assert (chosen.limits.picture_pixels, chosen.limits.picture_bytes) == (50_000_000, 20_000_000)
    assert (chosen.limits.body_bytes, chosen.limits.waiting, chosen.limits.memory_share) == (2_000_000, 32, 0.7)


@pytest.mark.parametrize(
    ("env", "managed"),
    [
        ({}, False),
        ({"SPACE_ID": "me/modu"}, True),
        ({"SPACE_ID": "me/modu", "MODU_ADMIN": "1"}, False),
        ({"GRADIO_SERVER_NAME": "0.0.0.0"}, True),
        ({"GRADIO_SERVER_NAME": "0.0.0.0", "MODU_ADMIN": "1"}, False),
        ({"GRADIO_SERVER_NAME": "127.0.0.1"}, False),
        ({"GRADIO_SERVER_NAME": "localhost"}, False),
        ({"GRADIO_SERVER_NAME": "192.168.0.7"}, True),
        ({"GRADIO_SHARE": "True"}, True),
        ({"GRADIO_SHARE": "False"}, False),
    ],
)
def test_a_server_that_others_can_reach_is_managed(env: dict[str, str], managed: bool) -> None:
    assert Settings.from_env(env).managed is managed


def test_every_setting_is_read() -> None:
    chosen = Settings.from_env(
        {
            "MODU_DIGITS_ENGINE": "embedded",
            "MODU_FACE_MOSAIC_ENGINE": " haar ",
            "MODU_OFFLINE": "yes",
            "MODU_MEMORY_GB": "1.5",
            "MODU_ALLOW": "a/b, c/d ,",
            "MODU_MODELS_DIR": "/models",
            "MODU_TABS": "digits",
            "MODU_LANGUAGE": "KO",
            "MODU_CORS_ORIGINS": "http://a:1,http://b",
            "MODU_LIMIT_WAITING": "5",
            "MODU_LIMIT_PICTURE_PIXELS": "1000000",
        }
    )
    assert chosen.engines == {"digits": "embedded", "face_mosaic": "haar"}
    assert chosen.offline and chosen.memory_gb == 1.5 and chosen.allow == ("a/b", "c/d")
    assert str(chosen.models_dir) == "/models" and chosen.tabs == ("digits",) and chosen.language == "ko"
    assert chosen.cors_origins == ("http://a:1", "http://b")
    assert (chosen.limits.waiting, chosen.limits.picture_pixels) == (5, 1_000_000)
    assert isinstance(chosen.limits.waiting, int)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MODU_OFFLINE", "perhaps"),
        ("MODU_MEMORY_GB", "lots"),
        ("MODU_MEMORY_GB", "-1"),
        ("MODU_MEMORY_GB", "nan"),
        ("MODU_MEMORY_GB", "inf"),
        ("MODU_LANGUAGE", "fr"),
        ("MODU_LIMIT_WAITING", "0"),
    ],
)
def test_a_wrong_setting_is_named_with_its_value(name: str, value: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Settings.from_env({name: value})
    for language in ("en", "ko"):
        assert name in caught.value.to(language) and repr(value.lower()) in caught.value.to(language)


def test_settings_are_read_afresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODU_LANGUAGE", "ko")
    assert settings.current().language == "ko"
    monkeypatch.setenv("MODU_LANGUAGE", "en")
    assert settings.current().language == "en"


def test_a_proxy_of_the_network_is_not_asked_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "example.org,localhost")
    monkeypatch.delenv("no_proxy", raising=False)
    settings.prepare()
    settings.prepare()
    import os

    assert os.environ["NO_PROXY"] == "example.org,localhost,127.0.0.1"
    assert os.environ["no_proxy"] == "localhost,127.0.0.1"


# --- checks ---------------------------------------------------------------------------------------------------

WRONG_NUMBERS = ["abc", "1", None, True, [1], {"a": 1}, float("nan"), float("inf"), float("-inf")]


@pytest.mark.parametrize("value", WRONG_NUMBERS, ids=repr)
@pytest.mark.parametrize("check", [checks.number, checks.whole])
def test_what_is_no_number_is_refused_by_name(check: Any, value: object) -> None:
    with pytest.raises(InvalidInput) as caught:
        check(value, "strength", 0, 10)
    assert "strength" in caught.value.to("en") and "strength" in caught.value.to("ko")


@pytest.mark.parametrize("value", [-0.001, 1.001, 1e308, -1])
def test_a_number_outside_its_range_is_refused_with_the_range(value: float) -> None:
    with pytest.raises(InvalidInput, match=r"between 0 and 1"):
        checks.number(value, "strength", 0, 1)


def test_numbers_at_the_borders_and_the_automatic_value_pass() -> None:
    assert [checks.number(value, "x", 0, 1) for value in (0, 1, 0.5)] == [0.0, 1.0, 0.5]
    assert checks.number(-1, "threshold", 0, 1, automatic=-1) == -1.0
    assert checks.whole(3.0, "n", 0, 5) == 3 and isinstance(checks.whole(3.0, "n", 0, 5), int)
    for value in (2.5, -1, 6):
        with pytest.raises(InvalidInput):
            checks.whole(value, "n", 0, 5)
    with pytest.raises(InvalidInput):
        checks.number(10**400, "n", 0, 5)


def test_texts_flags_choices_and_lists() -> None:
    assert checks.text("ab", "t", 2) == "ab" and checks.flag(True, "f") is True
    assert checks.choice("a", "c", ["a", "b"]) == "a" and checks.items((1, 2), "l", 2) == [1, 2]
    wrong: list[tuple[Any, tuple[Any, ...]]] = [
        (checks.text, ({"a": 1}, "t", 5)),
        (checks.text, ("abc", "t", 2)),
        (checks.flag, (1, "f")),
        (checks.flag, ([], "f")),
        (checks.flag, ("true", "f")),
        (checks.choice, ("c", "c", ["a", "b"])),
        (checks.choice, (["a"], "c", ["a", "b"])),
        (checks.items, ("ab", "l", 5)),
        (checks.items, ({"a": 1}, "l", 5)),
        (checks.items, ([1, 2, 3], "l", 2)),
    ]
    for check, arguments in wrong:
        with pytest.raises(InvalidInput):
            check(*arguments)


def test_refusals_tell_whole_numbers_whole_and_read_well_in_korean() -> None:
    with pytest.raises(InvalidInput) as seed:
        checks.whole(2**31, "seed", -1, 2**31 - 1)
    assert "2147483648" in seed.value.to("en") and "2147483648" in seed.value.to("ko")
    with pytest.raises(InvalidInput) as monster:
        checks.whole(10**300, "seed", 0, 5)
    assert "1e+300" in monster.value.to("en")
    for check, value in (
        (checks.number, "x"),
        (checks.whole, "x"),
        (checks.flag, 1),
        (checks.text, 1),
        (checks.items, 1),
    ):
        bounds = (0, 1) if check in (checks.number, checks.whole) else () if check is checks.flag else (5,)
        with pytest.raises(InvalidInput) as caught:
            check(value, "n", *bounds)  # type: ignore[operator]
        assert "(를)" not in caught.value.to("ko")


def test_a_text_beyond_its_limit_is_too_large() -> None:
    with pytest.raises(TooLarge):
        checks.text("abc", "prompt", 2)


def test_a_refusal_does_not_repeat_a_long_value() -> None:
    with pytest.raises(InvalidInput) as caught:
        checks.choice("x" * 10_000, "style", ["a"])
    assert len(caught.value.to("en")) < 300


# --- job ------------------------------------------------------------------------------------------------------


def test_progress_is_told_and_kept_between_0_and_1() -> None:
    told: list[Progress] = []
    job = Job(told.append)
    job.progress(0.25, GREETING)
    job.progress(7, GREETING)
    job.progress(None)
    assert [one.fraction for one in told] == [0.25, 1.0, None]
    assert told[0].text == GREETING and job.latest == told[-1]


def test_a_cancelled_job_stops_at_its_next_step() -> None:
    job = Job()
    job.check()
    job.cancel()
    for step in (job.check, job.progress):
        with pytest.raises(Cancelled):
            step(*(() if step == job.check else (0.5,)))
    assert job.cancelled


def test_a_wait_for_a_lock_says_why_and_ends_with_a_cancel() -> None:
    lock = threading.Lock()
    lock.acquire()
    job = Job()
    threading.Timer(0.2, job.cancel).start()
    started = time.monotonic()
    with pytest.raises(Cancelled):
        job.wait_for(lock, GREETING)
    assert time.monotonic() - started < 0.7
    assert job.latest is not None and job.latest.text == GREETING
    lock.release()
    assert lock.acquire(blocking=False), "the cancelled waiter must not hold the lock"
