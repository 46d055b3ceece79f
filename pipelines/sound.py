"""Sound and video files to mono float32 samples, within the limits. Knows no task.

Any common container is decoded with PyAV, piece by piece: the samples exist once, at the rate asked, however
large the file. The loudness stays as it is. Size, length, channels and rate are checked before decoding.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines import settings
from pipelines.errors import InvalidInput, TooLarge
from pipelines.job import Job
from pipelines.words import EMPTY, Text

Samples = NDArray[np.float32]  # (n,) in -1..1

CHANNELS = 16  # more are no recording of people
LOWEST_RATE, HIGHEST_RATE = 4_000, 384_000

# What people record and download. Formats that name other files (playlists, concat, DASH, SDP, image lists)
# stay out: an upload must not make this server read or fetch anything else.
FORMATS = (
    "wav", "w64", "aiff", "au", "caf", "mp3", "mp2", "aac", "ac3", "flac", "ogg", "ape", "wv", "tta",
    "mov", "mp4", "m4a", "3gp", "3g2", "mj2", "matroska", "webm", "avi", "asf", "flv", "mpeg", "mpegts",
    "amr", "amrnb", "amrwb",
)  # fmt: skip
_OPTIONS = {"format_whitelist": ",".join(FORMATS), "protocol_whitelist": "file"}
_GUESS_S = 60  # room for samples where the header does not say how many there are; it grows by half

_DECODING = Text(en="Reading the sound: {done:.0f} s", ko="소리를 읽는 중: {done:.0f}초")


@dataclass(frozen=True)
class Sound:
    """Decoded sound: mono, float32, -1..1. `notice` says what a visitor should know, else empty."""

    samples: Samples
    sample_rate: int
    notice: Text = EMPTY

    @property
    def duration_s(self) -> float:
        return len(self.samples) / self.sample_rate


def open_sound(path: Path, sample_rate: int = 16_000, job: Job | None = None) -> Sound:
    """Decode the first sound track of a sound or video file to mono at `sample_rate`.

    Raises `InvalidInput` for what has no sound or is broken, `TooLarge` beyond the limits of the settings.
    """
    job = job or Job()
    _check_size(path)
    with _opened(path) as container:
        stream = _sound_track(container)
        duration_s = _duration_s(container, stream)
        _check_duration(duration_s)
        samples, complete = _decode(container, stream, sample_rate, duration_s, job)
    if not len(samples):
        raise _broken() if not complete else _empty()
    notice = EMPTY
    if not complete:
        notice = Text(
            en="The file is damaged or cut short; what could be read was used.",
            ko="파일이 손상되었거나 중간에 끊겨 있어, 읽을 수 있는 부분만 사용했습니다.",
        )
    return Sound(samples, sample_rate, notice)


def from_samples(samples: Any, sample_rate: int, wanted_rate: int = 16_000) -> Sound:
    """Samples that are in memory already: (n,) or (n, channels), whole numbers or floating point.

    Several channels become their mean, whole numbers are scaled by their type, the rate is changed if need be.
    """
    array = np.asarray(samples)
    if array.ndim not in (1, 2) or array.dtype.kind not in "iuf":
        raise InvalidInput(
            Text(
                en="The samples must be numbers in one row, or in one column per channel.",
                ko="소리 샘플은 한 줄의 숫자이거나 채널마다 한 열이어야 합니다.",
            )
        )
    _check_layout(array.shape[1] if array.ndim == 2 else 1, sample_rate)
    if not array.size:
        raise _empty()
    _check_duration(len(array) / sample_rate)
    mono = _to_float(array)
    if not np.isfinite(mono).all():
        raise InvalidInput(
            Text(
                en="The sound holds values that are no numbers. Export or record it again.",
                ko="소리에 숫자가 아닌 값이 들어 있습니다. 다시 내보내거나 녹음해 주세요.",
            )
        )
    if sample_rate != wanted_rate:
        mono = _resampled(mono, sample_rate, wanted_rate)
    return Sound(mono, wanted_rate)


def _to_float(array: NDArray[Any]) -> Samples:
    """Mono float32. int16 32767 and float 1.0 are both full scale."""
    kind = array.dtype
    if array.ndim == 2:
        array = array.mean(axis=1)
    if kind.kind == "f":
        return array.astype(np.float32)
    scale = float(np.iinfo(kind).max) + 1.0
    if kind.kind == "u":  # silence lies in the middle
        scale /= 2
        return np.asarray((array - scale) / scale, np.float32)
    return np.asarray(array / scale, np.float32)


def _resampled(samples: Samples, sample_rate: int, wanted_rate: int) -> Samples:
    import av

    frame = av.AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
    frame.sample_rate = sample_rate
    resampler = av.AudioResampler("fltp", "mono", wanted_rate)
    pieces = [part.to_ndarray()[0] for given in (frame, None) for part in resampler.resample(given)]
    return np.concatenate(pieces) if pieces else np.zeros(0, np.float32)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    import av

    try:
        with av.open(str(path), options=_OPTIONS, metadata_errors="ignore") as container:
            yield container
    except av.error.FFmpegError:
        raise _not_sound(path) from None


def _sound_track(container: Any) -> Any:
    tracks = [stream for stream in container.streams if stream.type == "audio"]
    if not tracks:
        raise InvalidInput(
            Text(
                en="There is no sound in this file. Choose a recording, or a video with sound.",
                ko="이 파일에는 소리가 없습니다. 녹음 파일이나 소리가 있는 동영상을 골라 주세요.",
            )
        )
    stream = tracks[0]
    if _is_protected(stream):
        raise InvalidInput(
            Text(
                en="This file is copy-protected (or its sound codec is unknown) and cannot be read. "
                "Choose an unprotected one, such as MP3 or WAV.",
                ko="복사 방지된 파일이거나 알 수 없는 코덱이라 읽을 수 없습니다. "
                "MP3나 WAV처럼 보호되지 않은 파일을 골라 주세요.",
            )
        )
    _check_layout(stream.codec_context.channels, stream.codec_context.sample_rate)
    return stream


def _is_protected(stream: Any) -> bool:
    """No decoder: what shops sell is marked `drms` or `enca` (FFmpeg then knows no codec)."""
    context = stream.codec_context
    return context is None or context.name in (None, "none") or getattr(stream, "codec_tag", "") in ("drms", "enca")


def _duration_s(container: Any, stream: Any) -> float | None:
    """How long the header says it is; None where it does not say."""
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return container.duration / 1_000_000 if container.duration else None


def _decode(container: Any, stream: Any, rate: int, duration_s: float | None, job: Job) -> tuple[Samples, bool]:
    """All samples, and whether the file could be read to its end. One buffer, cut to size in place."""
    import av

    limit = int(settings.current().limits.media_s * rate)
    buffer = np.empty(min(limit, int((duration_s or _GUESS_S) * rate) + rate), np.float32)
    filled, complete, told = 0, True, 0
    try:
        for piece in _pieces(container, stream, rate):
            if filled + len(piece) > limit + rate // 10:
                raise _too_long()
            if filled + len(piece) > len(buffer):
                buffer.resize(int(1.5 * (filled + len(piece))), refcheck=False)
            buffer[filled : filled + len(piece)] = piece
            filled += len(piece)
            if filled - told > 10 * rate:
                told = filled
                job.progress(filled / rate / duration_s if duration_s else None, _DECODING.format(done=filled / rate))
    except av.error.FFmpegError:
        complete = False
    buffer.resize(filled, refcheck=False)
    if not np.isfinite(buffer).all():
        raise _broken()
    return buffer, complete


def _pieces(container: Any, stream: Any, rate: int) -> Iterator[Samples]:
    """The track as mono pieces at `rate`. The channels are averaged here: FFmpeg's own mix knows not every layout."""
    import av

    resampler = None
    layout = None
    for frame in container.decode(stream):
        if resampler is None or (frame.layout.name, frame.sample_rate) != layout:
            layout = (frame.layout.name, frame.sample_rate)
            resampler = av.AudioResampler("fltp", frame.layout, rate)
        frame.pts = None  # times in the file may jump; the samples follow each other
        for part in resampler.resample(frame):
            yield part.to_ndarray().mean(axis=0, dtype=np.float32)
    if resampler is not None:
        for part in resampler.resample(None):
            yield part.to_ndarray().mean(axis=0, dtype=np.float32)


def _check_size(path: Path) -> None:
    size, limit = path.stat().st_size, settings.current().limits.media_bytes
    if size == 0:
        raise InvalidInput(
            Text(en="The file is empty. Choose a recording.", ko="빈 파일입니다. 녹음 파일을 골라 주세요.")
        )
    if size > limit:
        raise TooLarge(
            Text(
                en=f"The file is {size / 1e6:.0f} MB; at most {limit / 1e6:.0f} MB work here. "
                "Cut it, or save the sound alone as MP3.",
                ko=f"파일이 {size / 1e6:.0f} MB입니다. {limit / 1e6:.0f} MB까지 쓸 수 있습니다. "
                "나누거나 소리만 MP3로 저장해 주세요.",
            )
        )


def _check_layout(channels: int, sample_rate: int) -> None:
    if not 1 <= channels <= CHANNELS:
        raise InvalidInput(
            Text(
                en=f"The sound has {channels} channels; 1 to {CHANNELS} work here. Mix it down to stereo or mono.",
                ko=f"채널이 {channels}개입니다. 1~{CHANNELS}개까지 쓸 수 있으니 스테레오나 모노로 바꿔 주세요.",
            )
        )
    if not LOWEST_RATE <= sample_rate <= HIGHEST_RATE:
        raise InvalidInput(
            Text(
                en=f"The sound has {sample_rate} samples per second; {LOWEST_RATE} to {HIGHEST_RATE} work here.",
                ko=f"샘플레이트가 {sample_rate} Hz입니다. {LOWEST_RATE}~{HIGHEST_RATE} Hz를 쓸 수 있습니다.",
            )
        )


def _check_duration(duration_s: float | None) -> None:
    if duration_s is not None and duration_s > settings.current().limits.media_s + 0.1:
        raise _too_long(duration_s)


def _too_long(duration_s: float | None = None) -> TooLarge:
    limit = settings.current().limits.media_s / 60
    if duration_s is None:
        return TooLarge(
            Text(
                en=f"The recording is longer than {limit:g} minutes. Cut it into shorter parts.",
                ko=f"녹음이 {limit:g}분보다 깁니다. 더 짧게 나눠 주세요.",
            )
        )
    return TooLarge(
        Text(
            en=f"The recording lasts {duration_s / 60:.1f} minutes; at most {limit:g} work here. "
            "Cut it into shorter parts.",
            ko=f"녹음 길이가 {duration_s / 60:.1f}분입니다. {limit:g}분까지 쓸 수 있으니 더 짧게 나눠 주세요.",
        )
    )


def _not_sound(path: Path) -> InvalidInput:
    """What an unreadable file seems to be: text with a wrong ending, or sound that is broken."""
    head = path.open("rb").read(512)
    if not _looks_like_text(head):
        return _broken()
    return InvalidInput(
        Text(
            en="This file holds text, not sound, whatever its name says. Use WAV, MP3, M4A, OGG, FLAC, WebM or MP4.",
            ko="이름과 달리 소리가 아니라 글이 든 파일입니다. WAV, MP3, M4A, OGG, FLAC, WebM, MP4 중 하나를 쓰세요.",
        )
    )


def _looks_like_text(head: bytes) -> bool:
    if b"\0" in head:
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start > len(head) - 4  # the cut may fall inside a letter
    return True


def _empty() -> InvalidInput:
    return InvalidInput(
        Text(
            en="The recording holds no sound at all (0 seconds). Record or choose another one.",
            ko="녹음 길이가 0초입니다. 다시 녹음하거나 다른 파일을 골라 주세요.",
        )
    )


def _broken() -> InvalidInput:
    return InvalidInput(
        Text(
            en="This is not a sound or video file that can be read, or it is damaged. "
            "Use WAV, MP3, M4A, OGG, FLAC, WebM or MP4.",
            ko="읽을 수 있는 소리나 동영상 파일이 아니거나 손상되었습니다. "
            "WAV, MP3, M4A, OGG, FLAC, WebM, MP4 중 하나를 쓰세요.",
        )
    )
