"""Text that grows while somebody speaks: sound comes in small parts, sentences are settled at pauses."""

from __future__ import annotations

import logging
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from pipelines import settings
from pipelines.errors import Cancelled, EngineFailed, PipelineError, TooLarge
from pipelines.job import Job
from pipelines.sound import Samples, Sound
from pipelines.sound_write import SoundWriter, to_int16
from pipelines.speech_to_text.listening import speech_spans, transcribe
from pipelines.speech_to_text.types import SAMPLE_RATE, Segment, TranscribeOptions, Transcript, Word
from pipelines.speech_to_text.voice import Span
from pipelines.words import EMPTY, Text

log = logging.getLogger(__name__)

PAUSE_S = 0.8  # silence after which a sentence is over
EVERY_S = 0.8  # of new sound, before it is listened to again
LONGEST_S = 15.0  # a sentence is settled then, so that what is heard again and again stays short

_FINISHING = Text(en="Writing down the last words...", ko="마지막 말을 적는 중...")
_NO_ROOM = Text(
    en="The recording cannot be stored any more: the disk of this machine is full. What was heard so far stays.",
    ko="이 컴퓨터의 디스크가 가득 차서 녹음을 더 저장할 수 없습니다. 지금까지 들은 내용은 남습니다.",
)
_BROKE = Text(
    en="Listening broke off. Stop the recording, and start a new one.",
    ko="듣는 중에 문제가 생겼습니다. 녹음을 끝내고 새로 시작해 주세요.",
)


@dataclass(frozen=True)
class LiveText:
    """`settled` will not change any more; `growing` may."""

    settled: str
    growing: str
    notice: Text = EMPTY


class Live:
    """One visitor's running recording. Sound is taken in at once; a thread of its own listens to it.

    `sample_rate` is that of the sound which comes in. All of it is kept on disk until this is forgotten, so that it
    can be played when the text is there.
    """

    def __init__(
        self, options: TranscribeOptions | None = None, engine: str = "auto", sample_rate: int = SAMPLE_RATE
    ) -> None:
        self._rate = _Rate(sample_rate)
        self._tape = tempfile.TemporaryFile()  # noqa: SIM115  (has no name: it is gone with this object)
        self._options = options or TranscribeOptions()
        self._engine = engine
        self._parts: list[Samples] = []
        self._length_s = 0.0  # of all that came in
        self._new_s = 0.0  # seconds in `_parts`
        self._waiting = threading.Lock()  # guards `_parts`
        self._busy = threading.Lock()  # held while listening
        self._job = Job()
        self._error: PipelineError | None = None
        self._open = np.zeros(0, np.float32)  # what is not settled yet
        self._open_from_s = 0.0
        self._segments: list[Segment] = []
        self._last: Transcript | None = None
        self._text = LiveText("", "")

    def add(self, samples: Samples) -> LiveText:
        """Take in mono samples that follow the last ones, and say what is known by now. Does not wait.

        Raises `Cancelled` once this was closed, `TooLarge` beyond the longest recording, `EngineFailed` on a full
        disk, and whatever ended the listening; what was taken in by then stays.
        """
        self._job.check()
        samples = self._rate.changed(samples)
        with self._waiting:
            self._length_s += len(samples) / SAMPLE_RATE
            if self._length_s > settings.current().limits.media_s:
                raise _too_long()
            try:
                self._tape.write(to_int16(samples).tobytes())
            except OSError as error:
                log.warning("a recording could not be kept: %s", error)
                raise EngineFailed(_NO_ROOM) from None
            self._parts.append(samples)
            self._new_s += len(samples) / SAMPLE_RATE
            enough = self._new_s >= EVERY_S
        if self._error is not None:
            raise self._error
        if enough and self._busy.acquire(blocking=False):
            threading.Thread(target=self._work, daemon=True, name="live").start()
        return self._text

    @property
    def text(self) -> LiveText:
        """What is known by now."""
        return self._text

    @property
    def length_s(self) -> float:
        """Seconds of sound that came in."""
        return self._length_s

    def finish(self, job: Job | None = None) -> Transcript:
        """Settle what is left and give the whole transcript.

        What is settled is not lost where the last words cannot be listened to; the notice then says why.
        """
        job = job or Job()
        job.wait_for(self._busy, _FINISHING)
        notice = EMPTY
        try:
            self._collect()
            self._listen(job, last=True)
        except Cancelled:
            raise
        except PipelineError as error:
            if not self._segments:
                raise
            notice = error.message
        finally:
            self._busy.release()
        duration_s = self._open_from_s + len(self._open) / SAMPLE_RATE
        base = self._last or transcribe(Sound(self._open, SAMPLE_RATE), self._options, self._engine, job)
        segments = tuple(self._segments)
        return replace(
            base,
            text=" ".join(segment.text for segment in segments),
            segments=segments,
            duration_s=round(duration_s, 3),
            heard_s=round(duration_s, 3),
            no_speech=base.no_speech and not segments,
            notice=base.notice + notice,
        )

    def save(self, path: Path) -> None:
        """All the sound that came in, as a WAV file at 16 kHz. Raises `OSError` where it cannot be written."""
        with self._waiting, SoundWriter(path, SAMPLE_RATE) as out:
            self._tape.seek(0)
            while data := self._tape.read(1 << 20):
                whole = data[: len(data) // 2 * 2]  # a full disk may have cut the last number in two
                out.write(np.asarray(np.frombuffer(whole, "<i2") / 32767, np.float32))

    def close(self) -> None:
        """Stop listening as soon as possible; nobody waits for the text any more."""
        self._job.cancel()
        with self._waiting:
            self._parts = []

    def _work(self) -> None:
        """Listen once to what is there. The caller holds `_busy`, which is given back here."""
        try:
            self._collect()
            self._listen(self._job, last=False)
        except PipelineError as error:
            self._error = error
        except Exception:  # nobody waits for this thread: what breaks it is told with the next sound
            log.exception("live listening broke")
            self._error = EngineFailed(_BROKE)
        finally:
            self._busy.release()

    def _collect(self) -> None:
        with self._waiting:
            parts, self._parts, self._new_s = self._parts, [], 0.0
        self._open = np.concatenate([self._open, *parts])

    def _listen(self, job: Job, last: bool) -> None:
        heard = Sound(self._open, SAMPLE_RATE)
        spans = speech_spans(heard, job)
        # Where the listening fell behind, whole sentences are waiting: each is settled and never listened to again.
        while not last and (pause_s := _first_pause(spans)) is not None:
            self._settle(pause_s, job)
            heard = Sound(self._open, SAMPLE_RATE)
            spans = speech_spans(heard, job)
        if not spans:
            self._forget_hush(heard.duration_s)
            self._text = LiveText(self._settled(), "", self._text.notice)
            return
        if last or heard.duration_s - spans[-1].end > PAUSE_S or heard.duration_s > LONGEST_S:
            self._settle(heard.duration_s, job)
        else:
            self._text = LiveText(self._settled(), transcribe(heard, self._options, self._engine, job).text)

    def _settle(self, length_s: float, job: Job) -> None:
        """Write down this much of what is not settled yet, for good."""
        end = round(length_s * SAMPLE_RATE)
        found = transcribe(Sound(self._open[:end], SAMPLE_RATE), self._options, self._engine, job)
        self._segments += [_later(segment, self._open_from_s) for segment in found.segments]
        if found.text or self._last is None:
            self._last = found
        self._open_from_s += end / SAMPLE_RATE
        self._open = self._open[end:]
        self._text = LiveText(self._settled(), "", EMPTY if found.text else found.notice)

    def _forget_hush(self, length_s: float) -> None:
        """Keep the last second only: a word may just be beginning."""
        keep = SAMPLE_RATE if length_s > 1 else len(self._open)
        self._open_from_s += (len(self._open) - keep) / SAMPLE_RATE
        self._open = self._open[len(self._open) - keep :]

    def _settled(self) -> str:
        return " ".join(segment.text for segment in self._segments)


def _too_long() -> TooLarge:
    return TooLarge(
        Text(
            en="This recording has reached its longest length. Stop it and start a new one.",
            ko="녹음이 최대 길이에 이르렀습니다. 멈추고 새로 시작해 주세요.",
        )
    )


def _first_pause(spans: Sequence[Span]) -> float | None:
    """The middle of the first pause between two sentences, in seconds."""
    for before, after in pairwise(spans):
        if after.start - before.end > PAUSE_S:
            return (before.end + after.start) / 2
    return None


def _later(segment: Segment, by_s: float) -> Segment:
    words = tuple(Word(word.start + by_s, word.end + by_s, word.word, word.probability) for word in segment.words)
    return Segment(segment.start + by_s, segment.end + by_s, segment.text, words)


class _Rate:
    """Brings sound that comes in parts to the rate that we listen at; what it knows of the last part it keeps."""

    def __init__(self, sample_rate: int) -> None:
        self._given = sample_rate
        self._resampler: Any = None

    def changed(self, samples: Samples) -> Samples:
        if self._given == SAMPLE_RATE or not len(samples):
            return samples
        import av

        if self._resampler is None:
            self._resampler = av.AudioResampler("fltp", "mono", SAMPLE_RATE)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[None]), format="fltp", layout="mono")
        frame.sample_rate = self._given
        parts = [part.to_ndarray()[0] for part in self._resampler.resample(frame)]
        return np.concatenate(parts) if parts else samples[:0]
