"""Speaking with the built-in voice: length, level, pitch, order, files, refusals. All measured in numbers.

Speech recognition is no judge here: recognisers do not understand formant synthesis (word error rates of 80 %
and more were measured), so duration, loudness, silence and pitch are looked at instead.
"""

from __future__ import annotations

import itertools
import wave
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines import engines, sound_write, text_to_speech
from pipelines.errors import Cancelled, EngineUnavailable, InvalidInput, TooLarge, UnknownEngine
from pipelines.job import Job
from pipelines.sound import open_sound
from pipelines.text_to_speech import FORMATS, SpeakOptions, speak, speak_sentences, speak_to_file, srt
from pipelines.text_to_speech.contract import Samples

KOREAN = "안녕하세요 반갑습니다. 오늘은 날씨가 참 좋네요. 같이 걸을까요?"
ENGLISH = "Good morning to you. The weather is fine today. Shall we walk?"


def syllables(text: str) -> int:
    return sum("가" <= one <= "힣" for one in text)


def pitch_hz(samples: Samples, rate: int) -> float:
    """The median of the strongest repetition between 60 and 400 Hz in loud frames of 40 ms."""
    size = round(0.04 * rate)
    found = []
    for start in range(0, len(samples) - size, size):
        frame = samples[start : start + size]
        if np.sqrt(np.mean(frame**2)) < 0.05:
            continue
        frame = frame - frame.mean()
        likeness = np.correlate(frame, frame, "full")[size - 1 :]
        low, high = rate // 400, rate // 60
        lag = low + int(np.argmax(likeness[low:high]))
        if likeness[lag] > 0.4 * likeness[0]:
            found.append(rate / lag)
    return float(np.median(found))


def silence_share(samples: Samples, rate: int) -> float:
    size = rate // 50
    frames = samples[: len(samples) // size * size].reshape(-1, size)
    return float(np.mean(np.abs(frames).max(axis=1) < 0.003))


# --- what one hears -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [KOREAN, ENGLISH])
def test_speech_has_the_length_level_pauses_and_pitch_of_a_voice(text: str) -> None:
    speech = speak(text)
    samples, rate = speech.samples, speech.sample_rate
    assert samples.dtype == np.float32
    assert len(speech.sentences) == 3
    assert 3.0 < speech.duration_s < 9.0
    assert 0.03 < np.sqrt(np.mean(samples**2)) < 0.4
    assert 0.3 < np.abs(samples).max() <= 1.0
    assert 0.05 < silence_share(samples, rate) < 0.45
    assert 70 < pitch_hz(samples, rate) < 260


def test_korean_is_spoken_at_the_pace_of_a_person() -> None:
    speech = speak(KOREAN)
    spoken_s = sum(one.end - one.start for one in speech.sentences)
    assert 3.5 < syllables(KOREAN) / spoken_s < 8  # people: four to seven syllables a second


def test_duration_grows_with_the_text() -> None:
    lengths = [speak("오늘은 날씨가 좋네요. " * count).duration_s for count in (1, 2, 4, 8)]
    assert all(1.7 < after / before < 2.3 for before, after in itertools.pairwise(lengths))


def test_every_sentence_sounds_between_its_times_and_the_pauses_are_silent() -> None:
    speech = speak(KOREAN + "\n\n" + ENGLISH)
    assert len(speech.sentences) == 6
    assert speech.sentences[0].start == 0
    for one, after in zip(speech.sentences, speech.sentences[1:], strict=False):
        assert one.start < one.end < after.start
        assert _level(speech, one.start, one.end) > 0.03
        assert _level(speech, one.end + 0.01, after.start - 0.01) < 1e-3
    assert speech.sentences[-1].end <= speech.duration_s


def test_pauses_follow_the_punctuation() -> None:
    speech = speak("하나.\n\n둘. 셋")
    first, second = (after.start - one.end for one, after in zip(speech.sentences, speech.sentences[1:], strict=False))
    assert first == pytest.approx(0.7, abs=0.01)
    assert second == pytest.approx(0.4, abs=0.01)


def _level(speech: text_to_speech.Speech, start: float, end: float) -> float:
    piece = speech.samples[round(start * speech.sample_rate) : round(end * speech.sample_rate)]
    return float(np.sqrt(np.mean(piece**2)))


def test_the_same_call_gives_the_same_sound() -> None:
    first = speak(KOREAN)
    speak(ENGLISH, SpeakOptions(speed=1.7))  # another call in between leaves no trace
    assert np.array_equal(speak(KOREAN).samples, first.samples)


def test_two_at_once_do_not_mix() -> None:
    texts = [KOREAN, ENGLISH] * 4
    alone = {text: speak(text).samples for text in texts[:2]}
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda text: speak(text).samples, texts))
    assert all(np.array_equal(samples, alone[text]) for text, samples in zip(texts, together, strict=True))


@pytest.mark.parametrize("speed", [0.5, 0.75, 1.5, 2.0])
def test_speed_changes_the_duration_and_not_the_pitch(speed: float) -> None:
    normal, changed = speak(KOREAN), speak(KOREAN, SpeakOptions(speed=speed))
    assert changed.duration_s == pytest.approx(normal.duration_s / speed, rel=0.2)
    before, after = (pitch_hz(one.samples, one.sample_rate) for one in (normal, changed))
    assert after == pytest.approx(before, rel=0.2)


def test_voices_differ_in_pitch() -> None:
    def pitch(voice: str) -> float:
        speech = speak(KOREAN, SpeakOptions(voice=voice))
        assert {one.voice for one in speech.sentences} == {voice}
        return pitch_hz(speech.samples, speech.sample_rate)

    assert pitch("ko-f2") > 1.2 * pitch("ko") > 1.1 * pitch("ko-m3")


def test_every_voice_that_is_listed_speaks() -> None:
    listed = text_to_speech.voices("embedded")
    assert len(listed) > 120
    assert len({one.name for one in listed}) == len(listed)
    assert {"ko", "en", "ja", "zh", "es", "fr", "de"} <= {one.language for one in listed}
    with engines.use("text_to_speech", "embedded", Job()) as (_, engine):
        for voice in listed:
            assert len(engine.say("1 2 3 a e i o u", voice.name, 1.0, 0)) > 1000, voice.name


# --- languages and what is left out ---------------------------------------------------------------------------------


def test_each_sentence_gets_a_voice_of_its_language() -> None:
    speech = speak("안녕하세요. Hello there. これは ペンです。 你好。 Привет мир.")
    assert [one.language for one in speech.sentences] == ["ko", "en", "ja", "zh", "ru"]
    assert [one.voice for one in speech.sentences] == ["ko", "en-us", "ja", "cmn", "ru"]
    assert speech.unspoken == ()


def test_what_cannot_be_spoken_is_listed_once_and_in_order() -> None:
    speech = speak("좋아요 😀 정말 😀 ★ 좋아요. これは漢字です。")
    assert speech.unspoken == ("😀", "★", "漢字")  # this voice reads kana only


def test_the_text_is_given_back_as_written_and_as_spoken() -> None:
    speech = speak("참가비는 12,500원입니다.  It costs $3.50.")
    assert [(one.text, one.spoken) for one in speech.sentences] == [
        ("참가비는 12,500원입니다.", "참가비는 만 이천오백 원입니다."),
        ("It costs $3.50.", "It costs three dollars fifty cents."),
    ]


def test_numbers_alone_are_read_in_the_language_around_them() -> None:
    assert [one.language for one in speak("안녕하세요. 14:30").sentences] == ["ko", "ko"]
    assert [one.language for one in speak("14:30. Good morning.").sentences] == ["en", "en"]


# --- early sound, cancel --------------------------------------------------------------------------------------------


class _Slow:
    """An engine that counts its sentences."""

    SPEC = engines.EngineSpec(
        task="text_to_speech", name="slow", label=text_to_speech.language_name("en"), kind="embedded", rank=90,
        licence="none", size_mb=0, memory_mb=0, languages=("en",),
    )  # fmt: skip
    SAMPLE_RATE = 8000
    DEFAULT_VOICES = {"en": "plain"}

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, float, int]] = []

    def voices(self) -> tuple[text_to_speech.Voice, ...]:
        return tuple(
            text_to_speech.Voice(name, "en", text_to_speech.language_name("en")) for name in ("plain", "other")
        )

    def load(self, folder: Path | None) -> _Slow:
        return self

    def say(self, text: str, voice: str, speed: float, seed: int) -> Samples:
        self.calls.append((text, voice, speed, seed))
        return np.full(4000, 0.5, np.float32)


def test_the_first_sentence_sounds_before_the_second_is_made(fake_engine: Any) -> None:
    engine = fake_engine(_Slow())
    spoken = speak_sentences("One. Two. Three.")
    assert engine.calls == []
    first = next(spoken)
    assert [call[0] for call in engine.calls] == ["One."]
    assert first.sentence.text == "One."
    assert 0 < first.done < 1
    assert [one.sentence.text for one in spoken] == ["Two.", "Three."]


def test_every_control_reaches_the_engine(fake_engine: Any) -> None:
    engine = fake_engine(_Slow())
    speak("One. Two.", SpeakOptions(voice="other", speed=1.5, seed=7))
    assert engine.calls == [("One.", "other", 1.5, 7), ("Two.", "other", 1.5, 8)]


def test_a_cancel_ends_the_work_before_the_next_sentence(fake_engine: Any) -> None:
    engine = fake_engine(_Slow())
    job = Job()
    spoken = speak_sentences("One. Two. Three.", job=job)
    next(spoken)
    job.cancel()
    with pytest.raises(Cancelled):
        next(spoken)
    assert len(engine.calls) == 1


def test_other_rates_are_brought_to_that_of_the_leading_voice(fake_engine: Any) -> None:
    fake_engine(_Slow())
    speech = speak("Hello there my friends, good morning. 안녕.")
    assert speech.engine == "slow"
    assert speech.sample_rate == 8000
    assert speech.sentences[1].voice == "ko"
    alone = speak("안녕.")
    assert speech.sentences[1].end - speech.sentences[1].start == pytest.approx(alone.sentences[0].end, abs=0.05)


def test_progress_is_told_sentence_by_sentence() -> None:
    told: list[float] = []
    speak(KOREAN, job=Job(lambda progress: told.append(progress.fraction or 0)))
    assert len({round(one, 2) for one in told}) >= 3


# --- files ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_holds_the_same_sound(kind: str, tmp_path: Path) -> None:
    speech = speak(KOREAN)
    path = tmp_path / f"speech.{kind}"
    facts = speak_to_file(KOREAN, path)
    decoded = open_sound(path, speech.sample_rate)
    assert decoded.duration_s == pytest.approx(speech.duration_s, abs=0.03)
    assert facts.duration_s == pytest.approx(speech.duration_s, abs=0.001)
    assert facts.sentences == speech.sentences
    level = np.sqrt(np.mean(speech.samples**2))
    assert np.sqrt(np.mean(decoded.samples**2)) == pytest.approx(level, rel=0.05)  # loudness untouched


def test_wav_is_mono_16_bit_and_its_header_tells_the_length(tmp_path: Path) -> None:
    path = tmp_path / "speech.wav"
    facts = speak_to_file(KOREAN, path)
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, facts.sample_rate)
        assert file.getnframes() / file.getframerate() == pytest.approx(facts.duration_s)
        assert path.stat().st_size == 44 + 2 * file.getnframes()


def test_quiet_sound_stays_quiet_and_loud_sound_is_clipped(tmp_path: Path) -> None:
    path = tmp_path / "tone.wav"
    tone = np.sin(np.arange(8000) / 8).astype(np.float32)
    with sound_write.SoundWriter(path, 8000) as out:
        out.write(tone * 0.01)
        out.write(tone * 3)
        out.write(np.array([np.nan, np.inf, -np.inf], np.float32))
    with wave.open(str(path)) as file:
        samples = np.frombuffer(file.readframes(20_000), "<i2")
    assert np.abs(samples[:8000]).max() == pytest.approx(328, abs=2)
    assert np.abs(samples[8000:16_000]).max() == 32_767
    assert samples[16_000:].tolist() == [0, 32_767, -32_767]


def test_unknown_file_formats_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="wav, mp3, flac, opus"):
        speak_to_file("Hello.", tmp_path / "speech.ogg")


def test_subtitles_follow_the_sentences() -> None:
    speech = speak(KOREAN)
    blocks = srt(speech.sentences).strip().split("\n\n")
    assert len(blocks) == 3
    assert blocks[0].split("\n")[:2] == [
        "1",
        f"00:00:00,000 --> 00:00:0{speech.sentences[0].end:.3f}".replace(".", ","),
    ]
    assert blocks[0].split("\n")[2] == speech.sentences[0].text


# --- refusals -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        ("", {}, "Write a text"),
        (" \n ", {}, "Write a text"),
        (None, {}, "as a text"),
        (7, {}, "as a text"),
        ("😀 ★", {}, "nothing to say"),
        ("...", {}, "nothing to say in this text[.]"),
        ("안녕", {"language": "en"}, "English"),
        ("hi", {"language": "xx"}, "xx"),
        ("hi", {"language": 3}, "language"),
        ("hi", {"voice": "nobody"}, "nobody"),
        ("안녕", {"voice": "en-gb"}, "English"),
        ("hi", {"voice": "ko", "language": "en"}, "Korean"),
        ("hi", {"speed": 0.4}, "speed"),
        ("hi", {"speed": 2.1}, "speed"),
        ("hi", {"speed": "fast"}, "speed"),
        ("hi", {"speed": float("nan")}, "speed"),
        ("hi", {"seed": -1}, "seed"),
        ("hi", {"seed": 1.5}, "seed"),
    ],
)
def test_bad_input_is_refused_with_a_reason(text: Any, options: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidInput, match=said) as refused:
        speak(text, SpeakOptions(**options))
    assert refused.value.message.ko != refused.value.message.en


def test_too_long_texts_are_refused_and_the_longest_is_spoken() -> None:
    with pytest.raises(TooLarge, match="20,001"):
        speak("a" * 20_001)
    longest = ("가나다라 " * 4000)[:20_000]
    spoken = speak_sentences(longest)
    assert syllables(next(spoken).sentence.text) > 100


def test_unknown_engines_and_languages_that_nobody_speaks_are_named() -> None:
    with pytest.raises(UnknownEngine, match="kokoro"):
        speak("hi", engine="nothing")
    with pytest.raises(EngineUnavailable, match="embedded"):
        speak("Bonjour", SpeakOptions(language="fr"), engine="mms-tts-kor")


def test_every_spec_is_whole() -> None:
    for module in text_to_speech.ENGINES:
        spec = module.SPEC
        assert spec.licence
        assert spec.note.ko != spec.note.en
        assert set(module.DEFAULT_VOICES) <= {*spec.languages, "*"}
        names = {voice.name for voice in module.voices()}
        assert set(module.DEFAULT_VOICES.values()) <= names
        assert spec.verified == (spec.revision is not None)
