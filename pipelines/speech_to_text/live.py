"""Text that grows while somebody speaks: sound comes in small parts, sentences are settled at pauses."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace

import numpy as np

from pipelines import settings
from pipelines.errors import PipelineError, TooLarge
from pipelines.job import Job
from pipelines.sound import Samples, Sound
from pipelines.speech_to_text.listening import speech_spans, transcribe
from pipelines.speech_to_text.types import SAMPLE_RATE, Segment, TranscribeOptions, Transcript, Word
from pipelines.words import EMPTY, Text

PAUSE_S = 0.8  # silence after which a sentence is over
EVERY_S = 0.8  # of new sound, before it is listened to again
LONGEST_S = 15.0  # a sentence is settled then, so that what is heard again and again stays short


_FINISHING = Text(en="Writing down the last words...", ko="마지막 말을 적는 중...")


@dataclass(frozen=True)
class LiveText:
    """`settled` will not change any more; `growing` may."""

    settled: str
    growing: str
    notice: Text = EMPTY


class Live:
    """One visitor's running recording. Sound is taken in at once; a thread of its own listens to it."""

    def __init__(self, options: TranscribeOptions | None = None, engine: str = "auto") -> None:
        self._options = options or TranscribeOptions()
        self._engine = engine
        self._parts: list[Samples] = []
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
        """Take in mono samples at 16 kHz that follow the last ones, and say what is known by now. Does not wait.

        Raises `Cancelled` once this was closed, and whatever ended the listening.
        """
        self._job.check()
        with self._waiting:
            self._parts.append(samples)
            self._new_s += len(samples) / SAMPLE_RATE
            enough = self._new_s >= EVERY_S
        if self._error is not None:
            raise self._error
        if enough and self._busy.acquire(blocking=False):
            threading.Thread(target=self._work, daemon=True, name="live").start()
        return self._text

    def finish(self, job: Job | None = None) -> Transcript:
        """Settle what is left and give the whole transcript."""
        job = job or Job()
        job.wait_for(self._busy, _FINISHING)
        try:
            self._take()
            self._listen(job, last=True)
            duration_s = self._open_from_s + len(self._open) / SAMPLE_RATE
            base = self._last or transcribe(Sound(self._open, SAMPLE_RATE), self._options, self._engine, job)
        finally:
            self._busy.release()
        segments = tuple(self._segments)
        return replace(
            base,
            text=" ".join(segment.text for segment in segments),
            segments=segments,
            duration_s=round(duration_s, 3),
            no_speech=base.no_speech and not segments,
        )

    def close(self) -> None:
        """Stop listening as soon as possible; nobody waits for the text any more."""
        self._job.cancel()
        with self._waiting:
            self._parts = []

    def _work(self) -> None:
        """Listen once to what is there. The caller holds `_busy`, which is given back here."""
        try:
            self._take()
            self._listen(self._job, last=False)
        except PipelineError as error:
            self._error = error
        finally:
            self._busy.release()

    def _take(self) -> None:
        with self._waiting:
            parts, self._parts, self._new_s = self._parts, [], 0.0
        self._open = np.concatenate([self._open, *parts])
        length_s = self._open_from_s + len(self._open) / SAMPLE_RATE
        if length_s > settings.current().limits.media_s:
            raise TooLarge(
                Text(
                    en="This recording has reached its longest length. Stop it and start a new one.",
                    ko="녹음이 최대 길이에 이르렀습니다. 멈추고 새로 시작해 주세요.",
                )
            )

    def _listen(self, job: Job, last: bool) -> None:
        heard = Sound(self._open, SAMPLE_RATE)
        spans = speech_spans(heard, job)
        if not spans:
            self._forget_hush(heard.duration_s)
            self._text = LiveText(self._settled(), "", self._text.notice)
            return
        over = last or heard.duration_s - spans[-1].end > PAUSE_S or heard.duration_s > LONGEST_S
        found = transcribe(heard, self._options, self._engine, job)
        if not over:
            self._text = LiveText(self._settled(), found.text)
            return
        self._segments += [_later(segment, self._open_from_s) for segment in found.segments]
        if found.text or self._last is None:
            self._last = found
        self._open_from_s += heard.duration_s
        self._open = self._open[:0]
        self._text = LiveText(self._settled(), "", EMPTY if found.text else found.notice)

    def _forget_hush(self, length_s: float) -> None:
        """Keep the last second only: a word may just be beginning."""
        keep = SAMPLE_RATE if length_s > 1 else len(self._open)
        self._open_from_s += (len(self._open) - keep) / SAMPLE_RATE
        self._open = self._open[len(self._open) - keep :]

    def _settled(self) -> str:
        return " ".join(segment.text for segment in self._segments)


def _later(segment: Segment, by_s: float) -> Segment:
    words = tuple(Word(word.start + by_s, word.end + by_s, word.word, word.probability) for word in segment.words)
    return Segment(segment.start + by_s, segment.end + by_s, segment.text, words)
