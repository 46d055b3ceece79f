"""Video files to frames and back, with PyAV. Knows nothing of faces.

A frame is a YUV 4:2:0 array as decoders make it and encoders want it, already upright, so that pixels that nobody
hides go from one to the other without a change of colour space. Only picture and sound travel on: no metadata,
no position track, no subtitles, no chapters.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from pipelines import settings
from pipelines.errors import EngineUnavailable, InvalidInput, TooLarge
from pipelines.words import Text

log = logging.getLogger(__name__)

SMALL_SIDE = 640  # long side of the copy on which faces are looked for
COPIED_SOUND = ("aac", "mp3", "opus")  # what browsers play inside mp4; the rest is encoded anew as AAC
COLOURS = ("color_range", "colorspace", "color_primaries", "color_trc")


@dataclass
class Frame:
    """One upright picture: `yuv` is (height * 3 / 2, width) uint8, `small` an RGB copy, `at` its time in seconds."""

    number: int
    yuv: np.ndarray
    small: np.ndarray
    pts: int
    at: float
    aspect: Fraction = Fraction(1)  # of one pixel, width to height

    @property
    def width(self) -> int:
        return int(self.yuv.shape[1])

    @property
    def height(self) -> int:
        return int(self.yuv.shape[0] * 2 // 3)


class Source:
    """An opened video file within the limits. Close it, or use it in a `with`."""

    def __init__(self, path: Path) -> None:
        self._av = _import_av()
        limits = settings.current().limits
        size = path.stat().st_size
        if not size:
            raise InvalidInput(Text(en="The file is empty. Choose a video.", ko="빈 파일입니다. 동영상을 골라 주세요."))
        if size > limits.media_bytes:
            raise _too_large(f"{size / 1e6:.0f} MB", f"{limits.media_bytes / 1e6:.0f} MB")
        try:
            self.container = self._av.open(str(path), metadata_errors="ignore")
        except (self._av.error.FFmpegError, OSError, ValueError):
            raise _unreadable() from None
        try:
            self.stream = self._picture_stream()
            self._check_length()
        except BaseException:
            self.container.close()
            raise
        self.stream.thread_type = "AUTO"
        self.time_base = self.stream.time_base or Fraction(1, 1000)
        self._aspect = self.stream.codec_context.sample_aspect_ratio or Fraction(1)
        self.rate = self.stream.average_rate or self.stream.guessed_rate or Fraction(25)

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *_: object) -> None:
        self.container.close()

    @property
    def sounds(self) -> list[Any]:
        return [stream for stream in self.container.streams.audio if stream.codec_context is not None]

    def length_s(self) -> float:
        """The length that the file claims, in seconds; 0 if it claims none."""
        return float(self.container.duration or 0) / 1_000_000

    def expected_frames(self) -> int:
        """How many frames the file claims to have; 0 if unknown."""
        return int(self.stream.frames or self.length_s() * float(self.rate))

    def packets(self) -> Iterator[tuple[str, Any]]:
        """("frame", Frame) and ("sound", packet) in the order of the file, to the very last delayed frame."""
        number, last = 0, None
        for packet in self.container.demux([self.stream, *self.sounds]):
            if packet.stream is not self.stream:
                yield "sound", packet
                continue
            for raw in self._decode(packet):
                pts = raw.pts if raw.pts is not None else (0 if last is None else last + self._step())
                pts = pts if last is None else max(pts, last + 1)
                self._check_time(pts)
                yield "frame", self._frame(raw, number, pts)
                number, last = number + 1, pts
        if not number:
            raise _unreadable()

    def _decode(self, packet: Any) -> list[Any]:
        """The frames of a packet. A broken packet costs its frames, not the rest of the video."""
        try:
            return list(packet.decode())
        except self._av.error.FFmpegError as error:
            log.warning("a packet of a video could not be decoded: %s", error)
            return []

    def _frame(self, raw: Any, number: int, pts: int) -> Frame:
        quarters = round((raw.rotation or 0) / 90) % 4
        ratio = min(1.0, SMALL_SIDE / max(raw.width, raw.height))
        small = raw.reformat(max(round(raw.width * ratio), 2), max(round(raw.height * ratio), 2), format="rgb24")
        return Frame(
            number=number,
            yuv=_turned(self._even(raw).to_ndarray(), quarters),
            small=np.ascontiguousarray(np.rot90(small.to_ndarray(), quarters)),
            pts=pts,
            at=float(pts * self.time_base),
            aspect=1 / self._aspect if quarters % 2 else self._aspect,
        )

    def _even(self, raw: Any) -> Any:
        """The frame as YUV 4:2:0, which has even sides: an odd one is made even by doubling its last row or column."""
        if raw.width % 2 == 0 and raw.height % 2 == 0:
            return raw if raw.format.name == "yuv420p" else raw.reformat(format="yuv420p")
        rgb = np.pad(raw.to_ndarray(format="rgb24"), ((0, raw.height % 2), (0, raw.width % 2), (0, 0)), mode="edge")
        return self._av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24").reformat(format="yuv420p")

    def _step(self) -> int:
        return max(1, round(1 / (self.rate * self.time_base)))

    def _picture_stream(self) -> Any:
        """The first real video stream; a cover picture inside a song is none."""
        if self.container.format.name.endswith("_pipe") or self.container.format.name == "image2":
            # As a video it would be neither turned as its EXIF says nor searched as closely as a photo.
            raise InvalidInput(
                Text(
                    en="This is a picture, not a video. Hide its faces as a photo.",
                    ko="동영상이 아니라 사진입니다. 사진으로 얼굴을 가려 주세요.",
                )
            )
        cover = self._av.stream.Disposition.attached_pic
        streams = [stream for stream in self.container.streams.video if not stream.disposition & cover]
        if not streams or streams[0].codec_context is None or not streams[0].codec_context.width:
            raise InvalidInput(
                Text(
                    en="There is no moving picture in this file. Choose a video (mp4, mov, webm, ...).",
                    ko="이 파일에는 영상이 없습니다. 동영상(mp4, mov, webm 등)을 골라 주세요.",
                )
            )
        limit = settings.current().limits.picture_pixels
        if streams[0].codec_context.width * streams[0].codec_context.height > limit:
            raise _too_large(f"{streams[0].codec_context.width} px", f"{limit / 1e6:.0f} megapixels")
        return streams[0]

    def _check_length(self) -> None:
        limit = settings.current().limits.media_s
        if self.length_s() > limit:
            raise _too_large(f"{self.length_s() / 60:.0f} min", f"{limit / 60:.0f} min")

    def _check_time(self, pts: int) -> None:
        """Files may lie about their length, or not know it."""
        limit = settings.current().limits.media_s
        if float((pts - (self.stream.start_time or 0)) * self.time_base) > limit:
            raise _too_large(f"> {limit / 60:.0f} min", f"{limit / 60:.0f} min")


class Sink:
    """An H.264 mp4 that browsers play, made to follow one source: its times, colours and sound."""

    def __init__(self, path: Path, source: Source, first: Frame) -> None:
        self._av = _import_av()
        self._source = source
        self.container = self._av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"})
        rate = source.rate.limit_denominator(100_000) if 1 <= source.rate <= 240 else Fraction(25)
        self._video = self.container.add_stream("libx264", rate=rate, options={"preset": "veryfast", "crf": "21"})
        self._video.pix_fmt = "yuv420p"
        context = self._video.codec_context
        context.width, context.height, context.time_base = first.width, first.height, source.time_base
        context.sample_aspect_ratio = first.aspect
        for name in COLOURS:
            setattr(context, name, getattr(source.stream.codec_context, name))
        self._copied: dict[int, Any] = {}
        self._encoded: dict[int, tuple[Any, Any]] = {}
        for stream in source.sounds:
            self._add_sound(stream)

    def write(self, frame: Frame) -> None:
        made = self._av.VideoFrame.from_ndarray(frame.yuv, format="yuv420p")
        made.pts, made.time_base = frame.pts, self._source.time_base
        self.container.mux(self._video.encode(made))

    def write_sound(self, packet: Any) -> None:
        index = packet.stream.index
        if index in self._copied:
            if packet.dts is not None:  # the demuxer's closing packet is empty
                packet.stream = self._copied[index]
                self.container.mux(packet)
        elif index in self._encoded:
            stream, resampler = self._encoded[index]
            try:
                sounds = packet.decode()
            except self._av.error.FFmpegError as error:
                log.warning("a packet of sound could not be decoded: %s", error)
                return
            for sound in sounds:
                for part in resampler.resample(sound):
                    self.container.mux(stream.encode(part))

    def finish(self) -> None:
        """Write what the encoders still hold and close the file."""
        self.container.mux(self._video.encode(None))
        for stream, resampler in self._encoded.values():
            for part in resampler.resample(None):
                self.container.mux(stream.encode(part))
            self.container.mux(stream.encode(None))
        self.container.close()

    def abandon(self) -> None:
        """Close without caring for what is inside: the file is about to be deleted."""
        try:
            self.container.close()
        except (self._av.error.FFmpegError, OSError, ValueError) as error:
            log.debug("closing an abandoned video: %s", error)

    def _add_sound(self, stream: Any) -> None:
        if stream.codec_context.name.removesuffix("float") in COPIED_SOUND:
            self._copied[stream.index] = self.container.add_stream_from_template(stream)
            return
        rate = min(max(stream.codec_context.sample_rate or 48000, 16000), 48000)
        rate = rate if rate in (16000, 22050, 24000, 32000, 44100, 48000) else 48000
        layout = "mono" if stream.codec_context.channels == 1 else "stereo"
        made = self.container.add_stream("aac", rate=rate, layout=layout)
        self._encoded[stream.index] = made, self._av.AudioResampler(format="fltp", layout=layout, rate=rate)


def planes(yuv: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Views of the brightness (H, W) and the two colour planes (H/2, W/2) of one frame."""
    height, width = yuv.shape[0] * 2 // 3, yuv.shape[1]
    quarter = height * width // 4
    flat = yuv.reshape(-1)
    blue = flat[height * width : height * width + quarter].reshape(height // 2, width // 2)
    red = flat[height * width + quarter : height * width + 2 * quarter].reshape(height // 2, width // 2)
    return yuv[:height], blue, red


def _turned(yuv: np.ndarray, quarters: int) -> np.ndarray:
    """A YUV frame turned by quarters against the clock, plane by plane."""
    if not quarters:
        return yuv if yuv.flags.writeable and yuv.flags.c_contiguous else yuv.copy()
    turned = [np.rot90(plane, quarters) for plane in planes(np.ascontiguousarray(yuv))]
    width = turned[0].shape[1]
    return np.concatenate([plane.ravel() for plane in turned]).reshape(-1, width)


def _import_av() -> Any:
    try:
        import av
        import av.stream
    except ImportError as error:
        log.warning("av cannot be imported: %s", error)
        raise EngineUnavailable(
            Text(
                en="Videos need the package av, which is not usable here. Install it with: pip install av==18.1.0",
                ko="동영상에 필요한 av 패키지를 쓸 수 없습니다. 다음으로 설치하세요: pip install av==18.1.0",
            )
        ) from None
    return av


def _unreadable() -> InvalidInput:
    return InvalidInput(
        Text(
            en="This video cannot be read: it is damaged, incomplete, or no video. Save it again, best as mp4.",
            ko="읽을 수 없는 동영상입니다. 손상되었거나 일부만 있거나 동영상이 아닙니다. mp4로 다시 저장해 주세요.",
        )
    )


def _too_large(given: str, most: str) -> TooLarge:
    return TooLarge(
        Text(
            en=f"The video has {given}; at most {most} work here. Cut it or save it smaller.",
            ko=f"동영상이 {given}입니다. {most}까지 쓸 수 있으니 자르거나 더 작게 저장해 주세요.",
        )
    )
