"""Live dictation: what goes in comes out whole and in order, on a machine that is slower than the speaker, too."""

from __future__ import annotations

import asyncio
import base64
import errno
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
from fakes import FakeModule, spec
from speech import RATE, FakeListener, babble, silence

from pipelines import sound
from pipelines.errors import EngineFailed, InvalidInput
from pipelines.job import Job
from pipelines.speech_to_text import LANGUAGES, Heard, Live, Request, Transcript, detector
from pipelines.words import Text
from tabs import _dictation, _live


@pytest.fixture
def listener(fake_engine: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> FakeListener:
    heard = FakeListener()
    facts = spec("speech_to_text", "fake", rank=99, languages=tuple(LANGUAGES))
    fake_engine(FakeModule(facts, make=lambda: heard))
    monkeypatch.setattr(detector, "weights", lambda: None)
    return heard


def spoken(sentences: int) -> np.ndarray:
    """So many sentences with pauses between them."""
    return np.concatenate([part for seed in range(sentences) for part in (babble(2, seed), silence(1.5))])


def test_sentences_that_pile_up_are_settled_one_by_one(listener: FakeListener) -> None:
    live = Live(engine="fake")
    live.add(spoken(4))
    with live._busy:  # wait for the listening thread
        pass
    # Each is listened to once, and not again with those that follow.
    assert [piece < 4 for piece in map(len_s, listener.pieces)] == [True] * 4
    found = live.finish()
    assert len(listener.pieces) == 4 and found.text == " ".join(["hello there"] * 4)
    starts = [segment.start for segment in found.segments]
    assert starts == pytest.approx([0.0, 3.5, 7.0, 10.5], abs=0.5)


def len_s(samples: np.ndarray) -> float:
    return len(samples) / RATE


@pytest.mark.parametrize("rate", [16_000, 44_100, 48_000])
def test_all_sound_is_kept_at_whatever_rate_it_comes(listener: FakeListener, tmp_path: Path, rate: int) -> None:
    whole = sound.from_samples(spoken(2), RATE, rate).samples
    live = Live(engine="fake", sample_rate=rate)
    for start in range(0, len(whole), rate // 3):
        live.add(whole[start : start + rate // 3])
    found = live.finish()
    live.save(tmp_path / "kept.wav")
    kept = sound.open_sound(tmp_path / "kept.wav").samples
    assert found.duration_s == pytest.approx(7.0, abs=0.02) and len_s(kept) == pytest.approx(7.0, abs=0.02)
    if rate == RATE:
        assert np.abs(kept - spoken(2)).max() < 1e-4
    level = [float(np.sqrt(np.mean(np.square(part)))) for part in (kept, spoken(2))]
    assert level[0] == pytest.approx(level[1], rel=0.02)  # no clicks and no gaps at the seams


def test_a_failure_at_the_end_loses_nothing_that_was_settled(
    listener: FakeListener, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = Live(engine="fake")
    live.add(spoken(1))
    with live._busy:
        pass
    monkeypatch.setattr(listener, "hear", failing)
    live.add(babble(1))
    found = live.finish()
    assert found.text == "hello there" and "broke" in found.notice.en


class FullDisk:
    """A file that takes a few bytes more, and no whole number of samples."""

    def __init__(self, file: Any, room: int) -> None:
        self._file, self._room = file, room

    def write(self, data: bytes) -> None:
        taken, self._room = data[: self._room], max(0, self._room - len(data))
        self._file.write(taken)
        if len(taken) < len(data):
            raise OSError(errno.ENOSPC, "No space left on device")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def test_on_a_full_disk_what_was_heard_stays(listener: FakeListener, tmp_path: Path) -> None:
    live = Live(engine="fake")
    live._tape = FullDisk(live._tape, 2 * len(spoken(1)) + 1001)
    live.add(spoken(1))
    with pytest.raises(EngineFailed, match="disk of this machine is full"):
        live.add(spoken(1))
    assert live.finish().text == "hello there"
    live.save(tmp_path / "kept.wav")
    assert len_s(sound.open_sound(tmp_path / "kept.wav").samples) == pytest.approx(3.53, abs=0.01)


def test_what_breaks_the_listening_is_told_with_the_next_sound(
    listener: FakeListener, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = Live(engine="fake")
    monkeypatch.setattr(live, "_listen", lambda job, last: {}["no such thing"])
    live.add(spoken(1))
    with live._busy:
        pass
    with pytest.raises(EngineFailed, match="Listening broke off"):
        live.add(babble(1))


def failing(samples: np.ndarray, request: Request, job: Job) -> Heard:
    raise EngineFailed(Text(en="It broke.", ko="고장났습니다."))


# --- the page's side of it ----------------------------------------------------------------------------------------


def message(**given: Any) -> gr.EventData:
    return gr.EventData(None, given)


def letters(samples: np.ndarray) -> str:
    return base64.b64encode((samples * 32767).astype("<i2").tobytes()).decode()


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Handlers called here belong to one page."""
    monkeypatch.setattr(_live, "_page", lambda: "a page")
    monkeypatch.setattr(_live, "_under_way", {})


def shown(found: Transcript, recording: Path | None) -> tuple:
    return found, recording


def test_a_recording_goes_from_part_to_part_to_its_result(listener: FakeListener, page: None) -> None:
    begun = asyncio.run(_dictation.on_start("ko", "transcribe", "fake", True, message(run="r1", rate=16_000)))
    assert (begun["run"], begun["heard"], begun["over"]) == ("r1", 0, False)
    whole = spoken(1)
    for number, start in enumerate(range(0, len(whole), RATE), 1):
        part = message(run="r1", part=number, sound=letters(whole[start : start + RATE]))
        told = asyncio.run(_dictation.on_sound(part))
        assert told["heard"] == number and not told["problem"]
    value, found, recording = asyncio.run(_dictation.finished(message(run="r1"), shown, 2))
    assert value["over"] and value["settled"] == found.text == "hello there"
    assert (listener.requests[-1].language, listener.requests[-1].word_timestamps) == ("ko", True)
    assert sound.open_sound(recording).duration_s == pytest.approx(3.5, abs=0.01)
    assert _live.current() is None


def test_what_ends_the_listening_is_told_and_the_text_stays(
    listener: FakeListener, page: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODU_LIMIT_MEDIA_S", "4")
    asyncio.run(_dictation.on_start("auto", "transcribe", "fake", False, message(run="r1", rate=16_000)))
    asyncio.run(_dictation.on_sound(message(run="r1", part=1, sound=letters(spoken(1)))))
    told = asyncio.run(_dictation.on_sound(message(run="r1", part=2, sound=letters(silence(2)))))
    assert "longest" in told["problem"] and told["heard"] == 2
    value, found, _recording = asyncio.run(_dictation.finished(message(run="r1"), shown, 2))
    assert value["over"] and found.text == "hello there"


def test_a_recording_that_the_server_does_not_know_is_told(page: None) -> None:
    told = asyncio.run(_dictation.on_sound(message(run="r1", part=3, sound=letters(silence(1)))))
    assert "no longer" in told["problem"]
    value, *rest = asyncio.run(_dictation.finished(message(run="r1"), shown, 2))
    assert value["over"] and "no longer" in value["problem"] and len(rest) == 2


def test_the_text_is_given_where_the_sound_cannot_be_written(
    listener: FakeListener, page: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Live, path: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Live, "save", full)
    asyncio.run(_dictation.on_start("auto", "transcribe", "fake", False, message(run="r1", rate=16_000)))
    asyncio.run(_dictation.on_sound(message(run="r1", part=1, sound=letters(spoken(1)))))
    value, found, recording = asyncio.run(_dictation.finished(message(run="r1"), shown, 2))
    assert value["over"] and found.text == "hello there" and recording is None
    assert "cannot be played" in found.notice.en


def test_what_could_not_be_written_down_at_all_can_be_listened_to(
    listener: FakeListener, page: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener, "hear", failing)
    asyncio.run(_dictation.on_start("auto", "transcribe", "fake", False, message(run="r1", rate=16_000)))
    asyncio.run(_dictation.on_sound(message(run="r1", part=1, sound=letters(babble(2)))))
    value, found, recording = asyncio.run(_dictation.finished(message(run="r1"), shown, 2))
    assert value["over"] and "It broke" in value["problem"] and not value["notice"]
    assert found.text == "" and "It broke" in found.notice.en and not found.no_speech
    length_s = sound.open_sound(recording).duration_s
    assert length_s == pytest.approx(found.duration_s, abs=0.01) and length_s > 1


@pytest.mark.parametrize("given", [None, 5, "", "&&&", "AA=="])
def test_what_is_no_sound_is_refused(page: None, given: object) -> None:
    asyncio.run(_dictation.on_start("auto", "transcribe", "auto", False, message(run="r", rate=16_000)))
    with pytest.raises(InvalidInput, match="no recorded sound"):
        asyncio.run(_dictation.on_sound(message(run="r", part=1, sound=given)))


@pytest.mark.parametrize("rate", [None, "fast", 0, 10**9, 16_000.5])
def test_a_rate_that_no_microphone_has_is_refused(page: None, rate: object) -> None:
    with pytest.raises(InvalidInput):
        asyncio.run(_dictation.on_start("auto", "transcribe", "auto", False, message(run="r", rate=rate)))


def test_the_thread_of_a_recording_ends_with_it(listener: FakeListener, page: None) -> None:
    asyncio.run(_dictation.on_start("auto", "transcribe", "fake", False, message(run="r1", rate=16_000)))
    asyncio.run(_dictation.on_sound(message(run="r1", part=1, sound=letters(spoken(1)))))
    asyncio.run(_dictation.finished(message(run="r1"), shown, 2))
    assert not [thread for thread in threading.enumerate() if thread.name == "live"]
