"""Sound files of every common kind become the same samples; what is none is refused with a reason."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from pipelines import sound
from pipelines.errors import Cancelled, InvalidInput, TooLarge
from pipelines.job import Job

RATE = 16_000
KINDS = {
    "a.wav": ("pcm_s16le", 44_100),
    "float.wav": ("pcm_f32le", 44_100),
    "deep.wav": ("pcm_s24le", 48_000),
    "a.mp3": ("libmp3lame", 44_100),
    "a.m4a": ("aac", 44_100),
    "a.ogg": ("libopus", 48_000),
    "a.opus": ("libopus", 48_000),
    "a.flac": ("flac", 44_100),
    "a.webm": ("libopus", 48_000),
    "a.mp4": ("aac", 44_100),
    "a.mov": ("aac", 44_100),
}


def tone(rate: int, seconds: float, hertz: float = 440.0, height: float = 0.3) -> np.ndarray:
    return (height * np.sin(2 * np.pi * hertz * np.arange(int(rate * seconds)) / rate)).astype(np.float32)


def encode(path: Path, codec: str, rate: int, channels: list[np.ndarray], picture: bool = False) -> Path:
    """Write a sound file, or a video with sound, with PyAV."""
    layout = {1: "mono", 2: "stereo", 6: "5.1"}[len(channels)]
    with av.open(str(path), "w") as out:
        frames: Any = out.add_stream("libx264" if path.suffix != ".webm" else "libvpx-vp9", rate=5) if picture else None
        if frames is not None:
            frames.width = frames.height = 64
            frames.pix_fmt = "yuv420p"
        stream: Any = out.add_stream(codec, rate=rate) if channels else None
        stream.layout = layout
        if frames is not None:
            black = np.zeros((64, 64, 3), np.uint8)
            for _ in range(int(5 * len(channels[0]) / rate)):
                out.mux(frames.encode(av.VideoFrame.from_ndarray(black, format="rgb24")))
            out.mux(frames.encode(None))
        frame = av.AudioFrame.from_ndarray(np.stack(channels), format="fltp", layout=layout)
        frame.sample_rate = rate
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def loudness(samples: np.ndarray, hertz: float) -> float:
    """Amplitude of one tone in the middle of `samples`."""
    middle = samples[len(samples) // 4 : -len(samples) // 4]
    time = np.arange(len(middle)) / RATE
    return float(2 * abs((middle * np.exp(-2j * np.pi * hertz * time)).mean()))


@pytest.mark.parametrize("name", KINDS)
def test_every_common_kind_is_decoded_with_its_length_and_loudness(tmp_path: Path, name: str) -> None:
    codec, rate = KINDS[name]
    wave = tone(rate, 2.0)
    path = encode(tmp_path / name, codec, rate, [wave, wave], picture=name.endswith((".webm", ".mp4", ".mov")))
    heard = sound.open_sound(path)
    assert heard.samples.dtype == np.float32 and heard.samples.ndim == 1
    assert heard.duration_s == pytest.approx(2.0, abs=0.06)
    assert loudness(heard.samples, 440) == pytest.approx(0.3, abs=0.02)
    assert not heard.notice.en


def test_the_rate_is_the_one_asked_for(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.wav", "pcm_s16le", 44_100, [tone(44_100, 1.0)])
    assert len(sound.open_sound(path, 22_050).samples) == pytest.approx(22_050, abs=60)


def test_channels_become_their_mean(tmp_path: Path) -> None:
    silence = np.zeros(RATE, np.float32)
    path = encode(tmp_path / "a.wav", "pcm_s16le", RATE, [tone(RATE, 1.0), silence])
    assert loudness(sound.open_sound(path).samples, 440) == pytest.approx(0.15, abs=0.01)
    six = encode(tmp_path / "b.flac", "flac", RATE, [tone(RATE, 1.0)] * 6)
    assert loudness(sound.open_sound(six).samples, 440) == pytest.approx(0.3, abs=0.01)


def refused(path: Path) -> str:
    with pytest.raises(InvalidInput) as caught:
        sound.open_sound(path)
    assert "[" in str(caught.value) and caught.value.message.ko
    return str(caught.value)


def test_what_is_no_sound_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes("이것은 글입니다. plain text\n".encode() * 20)
    assert "holds text" in refused(path)
    path.write_bytes(b"")
    assert "empty" in refused(path)
    path.write_bytes(np.random.default_rng(0).integers(0, 256, 20_000, np.uint8).tobytes())
    assert "damaged" in refused(path)


def test_a_file_without_a_single_sample_is_refused(tmp_path: Path) -> None:
    import wave

    with wave.open(str(tmp_path / "a.wav"), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
    assert refused(tmp_path / "a.wav")


def test_a_video_without_sound_says_so(tmp_path: Path) -> None:
    path = tmp_path / "silent.mp4"
    with av.open(str(path), "w") as out:
        stream: Any = out.add_stream("libx264", rate=5)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        out.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")))
        out.mux(stream.encode(None))
    assert "no sound in this file" in refused(path)


def test_a_protected_file_says_so(tmp_path: Path) -> None:
    data = encode(tmp_path / "a.m4a", "aac", 44_100, [tone(44_100, 1.0)]).read_bytes()
    (tmp_path / "b.m4a").write_bytes(data.replace(b"mp4a", b"drms"))
    assert "copy-protected" in refused(tmp_path / "b.m4a")


def test_a_file_cut_short_is_used_as_far_as_it_goes(tmp_path: Path) -> None:
    noise = (0.1 * np.random.default_rng(0).standard_normal(88_200)).astype(np.float32)
    data = encode(tmp_path / "a.flac", "flac", 44_100, [noise]).read_bytes()
    (tmp_path / "b.flac").write_bytes(data[: len(data) // 2])
    heard = sound.open_sound(tmp_path / "b.flac")
    assert 0.5 < heard.duration_s < 1.5
    assert "damaged" in heard.notice.en


@pytest.mark.parametrize("text", ["#EXTM3U\n#EXTINF:2,\n{0}\n#EXT-X-ENDLIST\n", "ffconcat version 1.0\nfile '{0}'\n"])
def test_a_playlist_opens_no_other_file(tmp_path: Path, text: str) -> None:
    other = encode(tmp_path / "other.wav", "pcm_s16le", RATE, [tone(RATE, 2.0)])
    for name in ("list.m3u8", "list.wav", "list.ffconcat"):
        (tmp_path / name).write_text(text.format(other))
        refused(tmp_path / name)


def test_limits_are_checked_before_decoding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = encode(tmp_path / "a.wav", "pcm_s16le", RATE, [tone(RATE, 3.0)])
    monkeypatch.setattr(sound, "_decode", lambda *_: pytest.fail("decoded in spite of the limit"))
    monkeypatch.setenv("MODU_LIMIT_MEDIA_S", "2")
    with pytest.raises(TooLarge, match="minutes"):
        sound.open_sound(path)
    monkeypatch.setenv("MODU_LIMIT_MEDIA_BYTES", "1000")
    with pytest.raises(TooLarge, match="MB"):
        sound.open_sound(path)


def test_a_header_that_lies_about_the_length_does_not_help(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = encode(tmp_path / "a.flac", "flac", RATE, [tone(RATE, 5.0)])
    monkeypatch.setattr(sound, "_duration_s", lambda *_: 0.5)
    monkeypatch.setenv("MODU_LIMIT_MEDIA_S", "2")
    with pytest.raises(TooLarge):
        sound.open_sound(path)


def test_a_header_without_a_length_is_no_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = encode(tmp_path / "a.wav", "pcm_s16le", RATE, [tone(RATE, 90.0)])
    monkeypatch.setattr(sound, "_duration_s", lambda *_: None)
    assert sound.open_sound(path).duration_s == pytest.approx(90, abs=0.01)


def test_half_an_hour_sits_in_memory_once(tmp_path: Path) -> None:
    """Peak while decoding stays below 1.3 times the samples themselves."""
    import wave

    path = tmp_path / "long.wav"
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8_000)
        for _ in range(30):
            out.writeframes(np.zeros(8_000 * 60, "<i2").tobytes())
    tracemalloc.start()
    heard = sound.open_sound(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert heard.duration_s == pytest.approx(1800, abs=0.1)
    assert peak < 1.3 * heard.samples.nbytes


def test_reading_tells_how_far_it_is_and_can_be_stopped(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.wav", "pcm_s16le", RATE, [tone(RATE, 60.0)])
    told: list[float] = []
    job = Job(lambda progress: told.append(progress.fraction or 0.0))
    sound.open_sound(path, job=job)
    assert len(told) >= 3 and told == sorted(told)
    job.cancel()
    with pytest.raises(Cancelled):
        sound.open_sound(path, job=job)


@pytest.mark.parametrize("kind", ["int16", "int32", "uint8", "float32", "float64"])
def test_samples_in_memory_are_scaled_by_their_type(kind: str) -> None:
    wave = tone(RATE, 0.5, height=0.5)
    top = {"int16": 32767, "int32": 2**31 - 1}.get(kind, 1)
    values = np.asarray(wave * 127 + 128 if kind == "uint8" else wave.astype(np.float64) * top).astype(kind)
    heard = sound.from_samples(values, RATE)
    assert heard.samples.dtype == np.float32
    assert np.abs(heard.samples - wave).max() < 0.013  # a step of 8 bits is 0.008


def test_samples_with_channels_and_another_rate() -> None:
    wave = tone(48_000, 1.0)
    heard = sound.from_samples(np.stack([wave, wave], axis=1), 48_000)
    assert heard.sample_rate == RATE and heard.duration_s == pytest.approx(1.0, abs=0.01)
    assert loudness(heard.samples, 440) == pytest.approx(0.3, abs=0.02)


@pytest.mark.parametrize(
    ("samples", "rate", "what"),
    [
        (np.zeros(0, np.float32), RATE, "0 seconds"),
        (np.full(100, np.nan, np.float32), RATE, "no numbers"),
        (np.array([0.1, np.inf]), RATE, "no numbers"),
        (np.zeros((100, 40), np.float32), RATE, "40 channels"),
        (np.zeros(100, np.float32), 10, "samples per second"),
        (np.zeros((2, 2, 2), np.float32), RATE, "one row"),
        (np.array(["a", "b"]), RATE, "one row"),
    ],
)
def test_samples_that_mean_nothing_are_refused(samples: Any, rate: int, what: str) -> None:
    with pytest.raises(InvalidInput, match=what):
        sound.from_samples(samples, rate)
