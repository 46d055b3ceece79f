"""Single pictures out of a video, one every so many seconds, within the limits. Knows no task."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from pipelines import settings
from pipelines.errors import InvalidInput, TooLarge
from pipelines.job import Job
from pipelines.sound import FORMATS
from pipelines.words import Text

log = logging.getLogger(__name__)

LONGEST_SIDE = 1920  # pixels; letters on a screen are readable at this size
_OPTIONS = {"format_whitelist": ",".join(FORMATS), "protocol_whitelist": "file"}


@dataclass(frozen=True)
class Still:
    """One upright picture of a video, and its time in seconds."""

    at: float
    image: Image.Image


class Film:
    """An opened video. Use it in a `with`, from one thread."""

    def __init__(self, container: Any, stream: Any) -> None:
        self._container = container
        self._stream = stream
        self._start = float((stream.start_time or 0) * (stream.time_base or 0))
        self.has_sound = any(one.codec_context is not None for one in container.streams.audio)
        self.duration_s = float(container.duration or 0) / 1_000_000  # as the file claims; as seen after `stills`

    def stills(self, every_s: float, job: Job) -> Iterator[Still]:
        """The first picture, and then one whenever `every_s` seconds have passed."""
        wanted, seen = 0.0, 0.0
        for packet in self._container.demux(self._stream):
            job.check()
            for raw in _decoded(packet):
                seen = max(seen, float(raw.time or 0.0) - self._start)
                _check_length(seen)
                if seen >= wanted:
                    yield Still(round(seen, 3), _picture(raw))
                    wanted = (seen // every_s + 1) * every_s
        if wanted == 0.0:
            raise _unreadable()
        self.duration_s = max(self.duration_s, seen)


@contextmanager
def opened(path: Path) -> Iterator[Film]:
    """The video in the file. Raises `InvalidInput` for what is none, `TooLarge` beyond the limits."""
    import av

    limit = settings.current().limits.media_bytes
    if path.stat().st_size > limit:
        raise _too_large(f"{path.stat().st_size / 1e6:.0f} MB", f"{limit / 1e6:.0f} MB")
    try:
        container = av.open(str(path), options=_OPTIONS, metadata_errors="ignore")
    except (av.error.FFmpegError, ValueError):
        raise _unreadable() from None
    with container:
        film = Film(container, _picture_stream(container, av.stream.Disposition.attached_pic))
        _check_length(film.duration_s)
        try:
            yield film
        except av.error.FFmpegError:
            raise _unreadable() from None


def _picture_stream(container: Any, cover: Any) -> Any:
    """The first real video stream; a cover picture inside a song is none."""
    streams = [one for one in container.streams.video if not one.disposition & cover]
    if not streams or streams[0].codec_context is None or not streams[0].codec_context.width:
        raise _unreadable()
    context, limit = streams[0].codec_context, settings.current().limits.picture_pixels
    if context.width * context.height > limit:
        raise _too_large(f"{context.width} x {context.height}", f"{limit / 1e6:.0f} megapixels")
    streams[0].thread_type = "AUTO"
    return streams[0]


def _decoded(packet: Any) -> list[Any]:
    """The frames of a packet. A broken packet costs its frames, not the rest of the video."""
    import av

    try:
        return list(packet.decode())
    except av.error.FFmpegError as error:
        log.warning("a packet of a video could not be decoded: %s", error)
        return []


def _picture(raw: Any) -> Image.Image:
    pixels = raw.to_ndarray(format="rgb24")
    image = Image.fromarray(np.ascontiguousarray(np.rot90(pixels, round((raw.rotation or 0) / 90) % 4)))
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    return image


def _check_length(seconds: float) -> None:
    limit = settings.current().limits.media_s
    if seconds > limit:
        raise _too_large(f"{seconds / 60:.0f} min", f"{limit / 60:.0f} min")


def _too_large(there: str, allowed: str) -> TooLarge:
    return TooLarge(
        Text(
            en=f"The video is too large ({there}); up to {allowed} work here. Cut it or make it smaller.",
            ko=f"동영상이 너무 큽니다({there}). {allowed}까지 쓸 수 있으니 자르거나 줄여 주세요.",
        )
    )


def _unreadable() -> InvalidInput:
    return InvalidInput(
        Text(
            en="There is no moving picture in this file. Choose a video (mp4, mov, webm, ...).",
            ko="이 파일에는 영상이 없습니다. 동영상(mp4, mov, webm 등)을 골라 주세요.",
        )
    )
