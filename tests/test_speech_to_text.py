"""Speech to text: nobody's words are invented, times fit the recording, and every option changes something."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import speech
from conftest import ROOT
from fakes import FakeModule, spec
from speech import NOBODY, RATE, FakeListener, babble, silence

from pipelines import engines, speech_to_text
from pipelines.errors import Cancelled, EngineUnavailable, InvalidInput, UnknownEngine
from pipelines.job import Job
from pipelines.sound import Sound, open_sound
from pipelines.speech_to_text import (
    LANGUAGES,
    Live,
    Segment,
    TranscribeOptions,
    Transcript,
    detector,
    listening,
    voice,
)
from pipelines.speech_to_text.clean import cleaned
from pipelines.speech_to_text.languages import believed
from pipelines.speech_to_text.pieces import cut
from pipelines.speech_to_text.voice import Span
from pipelines.words import Text

BOTH = pytest.mark.parametrize("trained", [True, False], ids=["detector", "own-gate"])


@pytest.fixture
def listener(fake_engine: Callable[..., Any]) -> FakeListener:
    """The engine "fake", which hears the same in everything."""
    heard = FakeListener()
    facts = spec("speech_to_text", "fake", rank=99, languages=tuple(LANGUAGES))
    fake_engine(FakeModule(facts, make=lambda: heard))
    return heard


@pytest.fixture
def without_detector(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detector, "weights", lambda: None)


def recording(*parts: np.ndarray) -> Sound:
    return Sound(np.concatenate(parts), RATE)


# --- where somebody speaks ----------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("name", NOBODY)
def test_where_nobody_speaks_no_engine_is_asked(
    name: str, trained: bool, listener: FakeListener, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not trained:
        monkeypatch.setattr(detector, "weights", lambda: None)
    found = speech_to_text.transcribe(recording(NOBODY[name]), engine="fake")
    assert (found.text, found.segments, found.no_speech, found.language) == ("", (), True, None)
    assert found.notice.ko and found.engine == "fake"
    assert listener.pieces == []


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("height", [0.5, 0.01])
def test_the_own_gate_lets_a_voice_through(seed: int, height: float) -> None:
    spans = voice.own_spans(np.concatenate([silence(1), babble(3, seed, height), silence(1)]))
    assert sum(span.length for span in spans) > 2.5
    assert spans[0].start == pytest.approx(0.8, abs=0.25) and spans[-1].end == pytest.approx(4.2, abs=0.35)


def test_the_own_gate_hears_a_voice_above_noise() -> None:
    noisy = np.concatenate([silence(1), babble(3), silence(1)]) + speech.hiss(5.0, height=0.06)
    assert sum(span.length for span in voice.own_spans(noisy)) > 2


def test_the_gate_goes_through_half_an_hour_in_blocks() -> None:
    """Features of 100,000 frames never exist at once: the peak stays far below them."""
    import tracemalloc

    long = np.tile(np.concatenate([babble(5), silence(5)]), 60)
    tracemalloc.start()
    spans = voice.own_spans(long)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(spans) >= 60
    assert peak < 250e6


def test_the_detector_is_used_where_its_weights_are(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Path] = []
    monkeypatch.setattr(detector, "weights", lambda: Path("weights.onnx"))
    monkeypatch.setattr(detector, "detected_spans", lambda samples, path, job: asked.append(path) or [])
    assert speech_to_text.speech_spans(recording(babble())) == []
    assert asked == [Path("weights.onnx")]


def flash(start_s: float, end_s: float, height: float, whole_s: float = 5.0) -> np.ndarray:
    """What the detector's network would say: `height` for a moment, nothing else."""
    speech = np.zeros(int(whole_s * RATE / detector.FRAME), np.float32)
    speech[int(start_s * RATE / detector.FRAME) : int(end_s * RATE / detector.FRAME)] = height
    return speech


@pytest.mark.parametrize(
    ("around", "height", "count"),
    [("sound", 0.8, 0), ("sound", 0.97, 1), ("a pause", 0.8, 1)],
    ids=["unsure amid more sound", "beyond doubt", "unsure but alone in a pause"],
)
def test_what_flashes_up_amid_other_sound_is_no_voice_unless_it_is_beyond_doubt(
    around: str, height: float, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(detector, "probabilities", lambda samples, path, job: flash(2.0, 2.4, height))
    tone = speech.siren(3.0)
    whole = np.concatenate([silence(1), tone, silence(1)])
    if around == "a pause":
        whole = np.concatenate([silence(2), tone[: int(0.5 * RATE)], silence(2.5)])
    spans = detector.detected_spans(whole, Path("weights.onnx"), Job())
    assert len(spans) == count
    assert all(
        span.start == pytest.approx(1.8, abs=0.05) and span.end == pytest.approx(2.6, abs=0.05) for span in spans
    )


def test_a_violin_that_sounds_like_a_voice_for_a_moment_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    from benchmarks import speech_clips

    path = detector.weights()
    assert path is not None, "faster-whisper is a requirement"
    (violin,) = (clip.samples for clip in speech_clips.nobody() if clip.name == "violin -20 dB")
    assert detector.detected_spans(violin, path, Job()) == []
    monkeypatch.setattr(detector, "SURE", 0.0)
    assert detector.detected_spans(violin, path, Job()) != [], "the network alone takes it for a voice"


# --- pieces and times ---------------------------------------------------------------------------------------------


def test_times_refer_to_the_recording_after_gaps_are_cut(without_detector: None, listener: FakeListener) -> None:
    sound = recording(silence(5), babble(2), silence(20), babble(2, 1), silence(3))
    found = speech_to_text.transcribe(sound, TranscribeOptions(word_timestamps=True), "fake")
    (piece,) = listener.pieces
    assert len(piece) / RATE < 6  # the gaps did not reach the engine
    (segment,) = found.segments
    assert segment.start == pytest.approx(4.8, abs=0.2) and segment.end == pytest.approx(29.2, abs=0.3)
    first, second = segment.words
    assert first.end < 8 and second.start > 6 and second.end > 28
    assert found.duration_s == 32.0


def test_long_speech_is_cut_where_it_is_quiet() -> None:
    samples = np.concatenate([babble(18), silence(0.4), babble(20, 1)])
    pieces = list(cut(samples, [Span(0.0, 38.4)], 28.0))
    assert [len(piece.samples) / RATE <= 28.0 for piece in pieces] == [True, True]
    assert pieces[0].end == pytest.approx(18.2, abs=0.25)
    assert sum(len(piece.samples) for piece in pieces) == pytest.approx(len(samples), abs=RATE // 100)


def test_a_time_at_a_seam_belongs_to_the_right_part() -> None:
    (piece,) = cut(np.zeros(RATE * 20, np.float32), [Span(1.0, 3.0), Span(10.0, 12.0)], 28.0)
    assert (piece.when(0.0), piece.when(1.5), piece.when(4.0, ending=True)) == (1.0, 2.5, 12.0)
    assert piece.when(2.0, ending=True) == 3.0 and piece.when(2.0) == 10.0


def test_text_comes_piece_by_piece_and_a_cancel_keeps_it(without_detector: None, listener: FakeListener) -> None:
    sound = recording(*[part for seed in range(4) for part in (babble(20, seed), silence(2))])
    listener.numbered = True
    told: list[float] = []
    job = Job(lambda progress: told.append(progress.fraction or 0))
    seen: list[Transcript] = []
    with pytest.raises(Cancelled):
        for partial in speech_to_text.stream(sound, engine="fake", job=job):
            seen.append(partial)
            if len(seen) == 2:
                job.cancel()
    assert [len(partial.segments) for partial in seen] == [1, 2]
    assert told == sorted(told) and 0.2 < told[-1] < 0.8
    assert speech_to_text.transcribe(sound, engine="fake").text.count("hello there") == 4


# --- words that nobody said ---------------------------------------------------------------------------------------


def test_a_known_ghost_is_dropped_only_where_nobody_speaks() -> None:
    ghost = Segment(10.0, 14.0, "시청해주셔서 감사합니다.")
    said = Segment(1.0, 3.0, "Thanks for watching!")
    assert cleaned([said, ghost], [Span(0.5, 3.5), Span(9.0, 10.5)]) == [said]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("I love you. I love you. I love you. I love you. I love you.", "I love you."),
        ("so so so so so so so so so we go", "so we go"),
        ("감사합니다 여러분 감사합니다 여러분 감사합니다 여러분 감사합니다 여러분", "감사합니다 여러분"),
        ("no no no, not that", "no no no, not that"),
        ("one two three four five six", "one two three four five six"),
    ],
)
def test_loops_are_said_once_and_emphasis_stays(text: str, left: str) -> None:
    (segment,) = cleaned([Segment(0, 20, text)], [Span(0, 20)])
    assert segment.text == left


def test_the_same_sentence_again_and_again_is_one() -> None:
    same = [Segment(index, index + 1, "And then we go.") for index in range(5)]
    assert len(cleaned(same, [Span(0, 5)])) == 1
    assert len(cleaned(same[:2], [Span(0, 5)])) == 2


def test_only_ghosts_is_nobody(without_detector: None, listener: FakeListener) -> None:
    listener.text = "Thank you."
    listener.hear = lambda samples, request, job: speech.Heard((Segment(3.9, 4.0, "Thank you."),))  # type: ignore[method-assign]
    found = speech_to_text.transcribe(recording(babble(3), silence(1)), engine="fake")
    assert (found.text, found.no_speech) == ("", True)


# --- languages ----------------------------------------------------------------------------------------------------


def test_the_languages_are_those_of_whisper() -> None:
    from whisper import tokenizer

    assert set(LANGUAGES) == set(tokenizer.LANGUAGES)
    assert list(LANGUAGES)[:2] == ["ko", "en"]
    assert all(name.en and name.ko for name in LANGUAGES.values())


@pytest.mark.parametrize(
    ("probabilities", "speech_s", "language"),
    [
        ({"la": 0.5, "ko": 0.3, "en": 0.1}, 2.0, "ko"),
        ({"ja": 0.6, "en": 0.2, "ko": 0.1}, 2.0, "en"),
        ({"ja": 0.97, "ko": 0.02, "en": 0.01}, 2.0, "ja"),
        ({"ja": 0.6, "ko": 0.3, "en": 0.1}, 25.0, "ja"),
        ({}, 5.0, None),
    ],
)
def test_a_short_clip_is_not_guessed_into_latin_or_japanese(
    probabilities: dict[str, float], speech_s: float, language: str | None
) -> None:
    assert believed(probabilities, speech_s)[0] == language


def test_the_language_and_its_probability_are_told(without_detector: None, listener: FakeListener) -> None:
    sound = recording(babble(3))
    listener.guess = {"ko": 0.8, "en": 0.1}
    found = speech_to_text.transcribe(sound, engine="fake")
    assert (found.language, found.language_probability) == ("ko", 0.8)
    assert listener.requests[-1].language == "ko"
    listener.guess = {"ko": 0.3, "ja": 0.4, "en": 0.1}
    found = speech_to_text.transcribe(sound, engine="fake")
    assert (found.language, found.language_probability, found.text) == (None, 0.3, "hello there")


# --- options ------------------------------------------------------------------------------------------------------


def test_every_option_reaches_the_engine(
    without_detector: None, listener: FakeListener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(listening.TRANSLATORS, "fake", True)
    sound = recording(babble(3))
    found = speech_to_text.transcribe(sound, TranscribeOptions("ja", "translate", True), "fake")
    (asked,) = listener.requests
    assert (asked.language, asked.task, asked.word_timestamps) == ("ja", "translate", True)
    assert found.language == "ja" and len(found.segments[0].words) == 2
    plain = speech_to_text.transcribe(sound, TranscribeOptions(), "fake")
    assert plain.segments[0].words == () and listener.requests[-1].task == "transcribe"


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"language": "klingon"}, "language"),
        ({"language": 3}, "language"),
        ({"task": "summarise"}, "task"),
        ({"word_timestamps": "yes"}, "word_timestamps"),
    ],
)
def test_options_that_do_not_exist_are_named(options: dict[str, Any], what: str) -> None:
    with pytest.raises(InvalidInput, match=what):
        speech_to_text.transcribe(recording(babble(1)), TranscribeOptions(**options))


def test_an_unknown_engine_names_the_choices() -> None:
    with pytest.raises(UnknownEngine, match="faster-whisper-base"):
        speech_to_text.transcribe(recording(babble(1)), engine="siri")


def test_two_at_once_wait_for_each_other(without_detector: None, listener: FakeListener) -> None:
    sound = recording(babble(3))
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(speech_to_text.transcribe(sound, engine="fake").text))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["hello there"] * 4


# --- the built-in engine ------------------------------------------------------------------------------------------


def test_the_built_in_engine_hears_the_english_example_with_word_times() -> None:
    example = ROOT / "examples" / "speech_to_text" / "english.wav"
    found = speech_to_text.transcribe(example, TranscribeOptions(word_timestamps=True), "embedded")
    said = "i am very happy to see you".split()
    heard = found.text.split()
    assert len(set(said) & set(heard)) >= 6
    assert (found.language, found.no_speech) == ("en", False)
    words = found.segments[0].words
    assert [word.word for word in words] == heard
    assert all(0 <= word.start < word.end <= found.duration_s for word in words)
    assert all(left.end <= right.start + 0.011 for left, right in pairwise(words))
    again = speech_to_text.transcribe(example, TranscribeOptions(word_timestamps=True), "embedded")
    assert again == found


def test_what_was_parted_in_the_recording_stays_parted_in_the_text() -> None:
    """The gap is not listened to, and yet two sentences do not become one line."""
    clip = open_sound(ROOT / "examples" / "speech_to_text" / "english.wav").samples
    found = speech_to_text.transcribe(recording(clip, silence(3), clip), engine="embedded")
    first, second = found.segments
    length = len(clip) / RATE
    assert first.end <= length + 0.3 and second.start >= length + 2.5


def test_korean_gives_no_english_sentence() -> None:
    example = ROOT / "examples" / "speech_to_text" / "korean.wav"
    found = speech_to_text.transcribe(example, engine="embedded")
    assert (found.text, found.no_speech, found.language) == ("", False, None)
    assert "whisper-tiny" in found.notice.ko and "영어" in found.notice.ko


def test_babble_is_not_taken_for_english(without_detector: None) -> None:
    assert speech_to_text.transcribe(recording(babble(4)), engine="embedded").text == ""


@pytest.mark.parametrize(("language", "task"), [("ko", "transcribe"), ("ja", "transcribe"), ("auto", "translate")])
def test_what_the_built_in_engine_cannot_do_names_the_smallest_that_can(language: str, task: str) -> None:
    with pytest.raises(EngineUnavailable) as caught:
        speech_to_text.transcribe(recording(babble(1)), TranscribeOptions(language, task), "embedded")
    message = str(caught.value)
    assert "whisper-tiny" in message and "76 MB" in message and message.endswith("[engine_unavailable]")


def test_on_a_managed_server_the_advice_is_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPACE_ID", "somebody/space")
    with pytest.raises(EngineUnavailable, match="ask the owner"):
        speech_to_text.transcribe(recording(babble(1)), TranscribeOptions("ko"))


def test_the_turbo_sizes_do_not_translate() -> None:
    assert speech_to_text.smallest_for("ko", "translate") == engines.find("speech_to_text", "whisper-tiny")
    with pytest.raises(EngineUnavailable, match="cannot translate"):
        speech_to_text.transcribe(recording(babble(1)), TranscribeOptions("ko", "translate"), "whisper-turbo")


def test_auto_never_sends_a_recording_away_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that is set up is used by name, or where the owner says so with MODU_SPEECH_TO_TEXT_ENGINE."""
    assert engines.choose("speech_to_text").name == "embedded"
    monkeypatch.setenv("MODU_SPEECH_TO_TEXT_URL", "http://127.0.0.1:9/v1")
    assert engines.choose("speech_to_text").name == "embedded"


# --- live ---------------------------------------------------------------------------------------------------------


def test_live_text_grows_and_settles_at_a_pause(without_detector: None, listener: FakeListener) -> None:
    live = Live(engine="fake")
    sound = np.concatenate([babble(3), silence(2), babble(2, 1), silence(2)])
    seen = []
    for start in range(0, len(sound), RATE // 10):
        live.add(sound[start : start + RATE // 10])
        with live._busy:  # wait for the listening thread: the test is about what it finds
            seen.append(live._text)
    growing = [text.growing for text in seen if text.growing]
    assert growing, "nothing was shown while somebody spoke"
    found = live.finish()
    assert found.text == "hello there hello there"
    first, second = found.segments
    assert first.start < 1 and second.start == pytest.approx(4.8, abs=0.5)
    assert found.duration_s == pytest.approx(9.0, abs=0.1)


def test_why_a_sentence_was_not_written_down_stays_in_sight(
    without_detector: None, listener: FakeListener, monkeypatch: pytest.MonkeyPatch
) -> None:
    why = Text(en="not English", ko="영어가 아님")
    unclear = Transcript("", (), None, None, 3.0, False, "fake", why)
    monkeypatch.setattr("pipelines.speech_to_text.live.transcribe", lambda *_: unclear)
    live = Live(engine="fake")
    sound = np.concatenate([babble(3), silence(4)])
    for start in range(0, len(sound), RATE // 10):
        live.add(sound[start : start + RATE // 10])
        with live._busy:
            shown = live._text
    assert (shown.settled, shown.growing, shown.notice) == ("", "", why)


def test_a_silent_live_recording_is_nobody(without_detector: None, listener: FakeListener) -> None:
    live = Live(engine="fake")
    for _ in range(30):
        live.add(silence(0.1))
    found = live.finish()
    assert (found.text, found.no_speech) == ("", True)
    assert listener.pieces == []


def test_a_closed_live_recording_stops_in_the_middle_of_a_sentence(
    without_detector: None, listener: FakeListener, monkeypatch: pytest.MonkeyPatch
) -> None:
    listening_now = threading.Event()

    def hear(samples: np.ndarray, request: object, job: Job) -> None:
        listening_now.set()
        while True:
            job.check()
            time.sleep(0.01)

    monkeypatch.setattr(listener, "hear", hear)
    live = Live(engine="fake")
    live.add(babble(2))
    assert listening_now.wait(60)
    live.close()
    assert live._busy.acquire(timeout=60), "the thread goes on listening to nobody"
    with pytest.raises(Cancelled):
        live.add(babble(1))


def test_a_live_recording_ends_at_the_limit(
    without_detector: None, listener: FakeListener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODU_LIMIT_MEDIA_S", "2")
    live = Live(engine="fake")
    live.add(np.concatenate([babble(1), silence(0.5)]))
    with pytest.raises(InvalidInput, match="longest"):
        live.add(silence(3))
    assert live.finish().text == "hello there"  # what was said by then is not lost
