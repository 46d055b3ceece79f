"""The built-in engine: PocketSphinx with the American English model that its wheel carries. Low accuracy.

It hears English in everything, so it also judges itself: the words must explain the sound nearly as well as
freely chosen English phones do. In Korean, noise or music they do not, and nothing is said instead of nonsense.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.engines import EngineSpec
from pipelines.job import Job
from pipelines.sound import Samples
from pipelines.speech_to_text.types import SAMPLE_RATE, Heard, Request, Segment, Word
from pipelines.words import Text

SPEC = EngineSpec(
    task="speech_to_text",
    name="embedded",
    label=Text(en="PocketSphinx (built in, English only)", ko="PocketSphinx (내장, 영어만)"),
    kind="embedded",
    rank=10,
    licence="BSD-2-Clause",
    size_mb=38,  # the wheel's library and model, unpacked
    memory_mb=160,
    languages=("en",),
    requires=("pocketsphinx",),
    verified=True,
    note=Text(
        en="Understands English only, with many mistakes. For Korean and for accuracy take a Whisper engine.",
        ko="영어만 알아듣고 오류가 많습니다. 한국어나 정확한 받아쓰기에는 Whisper 엔진을 쓰세요.",
    ),
)
TRANSLATES = False

# Score = how much worse than free phones the words explain a frame (natural log) + 2 x the mean probability of the
# words by time. `benchmarks/speech.py gate`, on 120 clips: what is not English reaches -3.17 at most (39 clips in ten
# languages and backwards: none above), 16 of 20 of English lie above, down to -2.85, and those below are misheard.
LOWEST_SCORE = -3.0
_PROBABILITY_WEIGHT = 2.0
# Samples (50 ms) handed over at once: the library holds the interpreter meanwhile, and the page would stand still.
# Small steps cost nothing: 9.2 s of speech took 2.7 s of processor time at each of 25, 50, 100, 200, 500, 1000 ms.
_STEP = 800
_SHIFT = np.array([20.0] + [0.0] * 12)  # between the two beginnings, in the first of 13 coefficients
_PAUSE_S = 0.3  # a longer one ends a segment; where a gap was cut out of the recording, 0.4 s of it are left
_FRAMES_PER_S = 100
_TINY = 1e-300  # scores are probabilities of whole words: they underflow


def load(folder: Path | None) -> Sphinx:
    from pocketsphinx import Decoder, get_model_path

    words = Decoder(samprate=SAMPLE_RATE, loglevel="FATAL")
    # Wide beams are cheap here (40 phones), and a poor phone string would flatter the words.
    phones = Decoder(
        samprate=SAMPLE_RATE,
        loglevel="FATAL",
        hmm=get_model_path("en-us/en-us"),
        allphone=get_model_path("en-us/en-us-phone.lm.bin"),
        lm=None,
        dict=None,
        lw=2.0,
        beam=1e-20,
        pbeam=1e-20,
    )
    return Sphinx(words, phones)


@dataclass(frozen=True)
class _Spoken:
    """One entry of the decoder's answer: a word, or a silence where `word` is empty."""

    word: str
    start: int  # frames
    end: int  # frames, the last one included
    probability: float
    score: float  # natural log of the acoustic likelihood

    @property
    def frames(self) -> int:
        return self.end - self.start + 1


class Sphinx:
    """Two decoders over the same model. Not for several threads at once: `engines.use` holds the lock."""

    piece_s = 12.0  # short, so that text appears soon

    def __init__(self, words: Any, phones: Any) -> None:
        self._words = words
        self._phones = phones
        # Each piece starts from this mean spectrum: the same sound gives the same text.
        self._untouched = _numbers(phones.get_cmn(False))

    def languages(self, samples: Samples) -> dict[str, float]:
        return {}

    def hear(self, samples: Samples, request: Request, job: Job) -> Heard:
        phones, spoken = self._both(as_int16(samples), job)
        words = [entry for entry in spoken if entry.word]
        if not words:
            return Heard(())
        if request.language is None and score(words, spoken, phones) < LOWEST_SCORE:
            return Heard((), unsure=True)
        return Heard(tuple(_segments(words, request.word_timestamps)), language="en")

    def judge(self, audio: NDArray[np.int16], job: Job) -> tuple[float, str]:
        """The score of some sound and the words behind it, for whoever sets `LOWEST_SCORE`."""
        phones, spoken = self._both(audio, job)
        words = [entry for entry in spoken if entry.word]
        return (score(words, spoken, phones) if words else -99.0), " ".join(word.word for word in words)

    def _both(self, audio: NDArray[np.int16], job: Job) -> tuple[list[_Spoken], list[_Spoken]]:
        """Phones and words, both decoded with the mean spectrum of the whole piece taken off.

        Fed in small parts a decoder knows that mean only at the end, and mixed with the one it began with. The mix
        is linear: two runs of the quick phone decoder from two beginnings give the mean itself.
        """
        one, two = self._untouched, self._untouched + _SHIFT
        after_one, after_two = self._mean_after(one, audio, job), self._mean_after(two, audio, job)
        weight = (after_two[0] - after_one[0]) / _SHIFT[0]
        mean = (after_one - weight * one) / (1 - weight) if weight < 0.999 else one
        for decoder in (self._phones, self._words):
            decoder.set_cmn(_listed(mean))
        return _decoded(self._phones, audio, job), _decoded(self._words, audio, job)

    def _mean_after(self, beginning: NDArray[np.float64], audio: NDArray[np.int16], job: Job) -> NDArray[np.float64]:
        self._phones.set_cmn(_listed(beginning))
        _decoded(self._phones, audio, job)
        return _numbers(self._phones.get_cmn(True))


def as_int16(samples: Samples) -> NDArray[np.int16]:
    return (np.clip(samples, -1, 1) * 32767).astype(np.int16)


def _listed(values: NDArray[np.float64]) -> str:
    return ",".join(f"{value:.6g}" for value in values)


def _numbers(text: str) -> NDArray[np.float64]:
    return np.array([float(part) for part in text.split(",")])


def score(words: list[_Spoken], spoken: list[_Spoken], phones: list[_Spoken]) -> float:
    """How much the sound looks like the words that were found; see `LOWEST_SCORE`."""
    start, end = words[0].start, words[-1].end
    frames = sum(word.frames for word in words)
    probability = sum(word.frames * word.probability for word in words) / frames
    return _per_frame(spoken, start, end) - _per_frame(phones, start, end) + _PROBABILITY_WEIGHT * probability


def _per_frame(entries: list[_Spoken], start: int, end: int) -> float:
    inside = [entry for entry in entries if entry.start >= start and entry.end <= end]
    frames = sum(entry.frames for entry in inside)
    return sum(entry.score for entry in inside) / frames if frames else 0.0


def _decoded(decoder: Any, audio: NDArray[np.int16], job: Job) -> list[_Spoken]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        decoder.start_stream()  # called unnecessary, but only this forgets the noise of the piece before
    decoder.start_utt()
    try:
        for start in range(0, len(audio), _STEP):
            job.check()
            decoder.process_raw(audio[start : start + _STEP].tobytes())
    finally:
        decoder.end_utt()
    if decoder.hyp() is None:
        return []
    return [
        _Spoken(
            word="" if entry.word[0] in "<[" else entry.word.split("(")[0],
            start=entry.start_frame,
            end=entry.end_frame,
            probability=min(1.0, entry.prob),
            score=math.log(max(entry.ascore, _TINY)),
        )
        for entry in decoder.seg()
    ]


def _segments(words: list[_Spoken], with_words: bool) -> Iterator[Segment]:
    group: list[_Spoken] = []
    for word in words:
        if group and word.start - group[-1].end > _PAUSE_S * _FRAMES_PER_S:
            yield _segment(group, with_words)
            group = []
        group.append(word)
    yield _segment(group, with_words)


def _segment(words: list[_Spoken], with_words: bool) -> Segment:
    timed = tuple(
        Word(word.start / _FRAMES_PER_S, (word.end + 1) / _FRAMES_PER_S, word.word, round(word.probability, 4))
        for word in words
    )
    return Segment(timed[0].start, timed[-1].end, " ".join(word.word for word in words), timed if with_words else ())
