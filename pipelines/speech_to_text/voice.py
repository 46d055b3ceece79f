"""Where somebody speaks. Everything else never reaches a recogniser, so that none invents words for it.

Own gate, numpy alone: a frame counts when the band of speech stands out of the noise floor; a stretch counts
when it also moves like speech: voiced in part, over several bands at once, with a pitch that glides (notes and
hums hold it) and never for too short. Where a trained detector is installed (`detector.py`) it decides instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.job import Job
from pipelines.sound import Samples

RATE = 16_000
HOP = 160  # 10 ms
WINDOW = 640  # 40 ms: two periods of the lowest voice
BLOCK = 3_000  # frames analysed at once (30 s): the features of half an hour never exist together
LOUDEST_HUSH_DB = -62.0  # below this nobody speaks; whispering into a headset measures about -50
ABOVE_FLOOR_DB = 7.0
GAP = 30  # frames (0.3 s): shorter holes in a stretch of sound do not part it
SHORTEST_S = 0.15  # under this there is no word to find, and decoders invent one
JOIN_S = 0.5  # shorter pauses belong to the sentence
MARGIN_S = 0.2  # kept before and after, for soft beginnings and endings
# A stretch is speech with this much voiced sound, as a share of it, and with a pitch that glides this much of the time.
# `benchmarks/speech.py gate`: from 0.2 to 0.4 of gliding and 0.05 to 0.3 of voiced sound all 71 voices get through
# and of 50 noises and pieces of music only a saxophone does.
LEAST_VOICED_S, LEAST_VOICED, LEAST_GLIDE = 0.08, 0.12, 0.25

_EDGES_HZ = (200, 350, 500, 700, 950, 1250, 1600, 2100, 2700, 3400, 4200)
_SIZE = 2 * WINDOW  # zero padding: a correlation must not wrap around
_HERTZ = np.arange(_SIZE // 2 + 1) * (RATE / _SIZE)
_LOWEST_PITCH, _HIGHEST_PITCH = 70, 420  # Hz; children included

Numbers = NDArray[np.float32]


@dataclass(frozen=True)
class Span:
    """A stretch of the recording in seconds."""

    start: float
    end: float

    @property
    def length(self) -> float:
        return self.end - self.start


@dataclass(frozen=True)
class Frames:
    """Per frame (10 ms): level and floor in dB, bands in use, harmonicity 0..1, pitch in semitones (nan: none)."""

    level: Numbers
    bands: Numbers
    harmonic: Numbers
    pitch: Numbers


def own_spans(samples: Samples, job: Job | None = None) -> list[Span]:
    """The stretches in which somebody speaks, by the own gate. Padded by `MARGIN_S`, joined over short pauses."""
    if len(samples) < SHORTEST_S * RATE:
        return []
    return spans_in(analyse(samples, job or Job()), len(samples))


def spans_in(frames: Frames, count: int) -> list[Span]:
    """The stretches that are speech by their features. `count`: samples of the whole."""
    kept = [run for run in _runs(_active(frames)) if _moves_like_speech(frames, *run)]
    return padded([Span(start * HOP / RATE, end * HOP / RATE) for start, end in kept], count / RATE)


def loud_stretches(samples: Samples, job: Job) -> list[Span]:
    """Where there is any sound that stands out of the noise floor, whoever makes it. Gaps up to 0.3 s count in."""
    parts = []
    for block in _blocks(samples):
        job.check()
        parts.append(_level(_bands(_power(block))))
    level = np.concatenate(parts) if parts else np.zeros(0, np.float32)
    return [Span(start * HOP / RATE, end * HOP / RATE) for start, end in _runs(_closed(_loud(level), GAP))]


def has_level(samples: Samples) -> bool:
    """Whether the recording is ever louder than a hush, in any tenth of a second."""
    step = RATE // 10
    whole = len(samples) // step * step
    parts = samples[:whole].reshape(-1, step) if whole else samples[None]
    loudest = float(np.sqrt(np.square(parts, dtype=np.float32).mean(axis=1)).max(initial=0.0))
    return bool(20 * np.log10(loudest + 1e-9) > LOUDEST_HUSH_DB)


def padded(spans: list[Span], duration_s: float) -> list[Span]:
    """Spans with a margin, those that touch or lie closer than `JOIN_S` joined."""
    out: list[Span] = []
    for span in spans:
        start, end = max(0.0, span.start - MARGIN_S), min(duration_s, span.end + MARGIN_S)
        if out and start - out[-1].end < JOIN_S - 2 * MARGIN_S:
            out[-1] = Span(out[-1].start, end)
        else:
            out.append(Span(start, end))
    return out


def analyse(samples: Samples, job: Job) -> Frames:
    """The features of every frame, a block at a time."""
    parts = []
    for block in _blocks(samples):
        job.check()
        parts.append(_features(block))
    level, bands, harmonic, pitch = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return Frames(level, bands, harmonic, pitch)


def _blocks(samples: Samples) -> Iterator[Samples]:
    """Pieces that overlap by what one window needs; the last one is filled up with silence."""
    padded_samples = np.pad(samples, (0, WINDOW))
    for start in range(0, len(samples), BLOCK * HOP):
        yield padded_samples[start : start + (BLOCK - 1) * HOP + WINDOW]


def _features(block: Samples) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    power = _power(block)
    bands = _bands(power)
    in_use = (bands > bands.max(axis=1, keepdims=True) * 10**-2.5).sum(axis=1)
    harmonic, pitch = _pitch(power)
    return _level(bands), in_use.astype(np.float32), harmonic, pitch


def _power(block: Samples) -> NDArray[Any]:
    """Power spectra, frame by frame, at the frequencies `_HERTZ`."""
    count = (len(block) - WINDOW) // HOP + 1
    windows = np.lib.stride_tricks.sliding_window_view(block, WINDOW)[::HOP][:count]
    tapered = (windows - windows.mean(axis=1, keepdims=True)) * np.hanning(WINDOW).astype(np.float32)
    power: NDArray[Any] = np.abs(np.fft.rfft(tapered, _SIZE).astype(np.complex64)) ** 2
    return power


def _bands(power: NDArray[Any]) -> NDArray[Any]:
    bands: NDArray[Any] = np.add.reduceat(power, np.searchsorted(_HERTZ, _EDGES_HZ), axis=1)[:, :-1]
    return bands


def _level(bands: NDArray[Any]) -> Numbers:
    """dB in the band of speech."""
    level: Numbers = (10 * np.log10(bands.sum(axis=1) / (WINDOW * WINDOW / 8) + 1e-12)).astype(np.float32)
    return level


def _pitch(power: NDArray[Any]) -> tuple[Numbers, Numbers]:
    """Height of the autocorrelation's best peak (0..1) and its pitch in semitones, frame by frame."""
    correlation = np.fft.irfft(np.where(_HERTZ < 3000, power, 0)).astype(np.float32)
    taper = np.hanning(WINDOW)
    window = np.fft.irfft(np.abs(np.fft.rfft(taper, _SIZE)) ** 2)
    shortest, longest = RATE // _HIGHEST_PITCH, RATE // _LOWEST_PITCH
    fair = correlation[:, : longest + 2] / (correlation[:, :1] + 1e-12)
    fair /= (window / window[0])[: longest + 2].astype(np.float32)  # a window lets the correlation fall by itself
    # Two periods correlate as well as one: shorter lags win unless clearly lower.
    lags = np.arange(longest + 2)
    choosing = fair - (lags * 0.0008).astype(np.float32)
    best = shortest + choosing[:, shortest : longest + 1].argmax(axis=1)
    rows = np.arange(len(fair))
    before, here, after = fair[rows, best - 1], fair[rows, best], fair[rows, best + 1]
    bend = before - 2 * here + after
    shift = np.where(np.abs(bend) > 1e-6, 0.5 * (before - after) / np.where(bend == 0, 1, bend), 0).clip(-0.5, 0.5)
    pitch = 12 * np.log2(RATE / (best + shift) / 55)
    # Rumbling noise correlates more the shorter the lag: its best one is the end of the range and no peak.
    ends = (best == shortest) & (choosing[rows, shortest - 1] > choosing[rows, shortest])
    here = np.where(ends | ((best == longest) & (after > here)), 0, here).astype(np.float32)
    return here.clip(0, 1), np.where(here > 0.5, pitch, np.nan).astype(np.float32)


def _active(frames: Frames) -> NDArray[np.bool_]:
    """Frames whose band of speech stands out of the noise around it; less is enough where a pitch is heard."""
    voiced = (frames.harmonic > 0.6) & _loud(frames.level, 3)
    return _closed(_loud(frames.level) | voiced, GAP)


def _loud(level: Numbers, above_db: float = ABOVE_FLOOR_DB) -> NDArray[np.bool_]:
    loud: NDArray[np.bool_] = level > np.maximum(_floor(level), LOUDEST_HUSH_DB) + above_db
    return loud


def _floor(level: Numbers) -> Numbers:
    """The noise floor: what a tenth of the frames lie below, within half a minute around."""
    step = 1_500
    points = [float(np.percentile(level[max(0, at - step) : at + step], 10)) for at in range(0, len(level), step)]
    return np.interp(np.arange(len(level)), np.arange(len(points)) * step, points).astype(np.float32)


def _closed(mask: NDArray[np.bool_], gap: int) -> NDArray[np.bool_]:
    """`mask` with gaps of up to `gap` frames between two true stretches filled."""
    out: NDArray[np.bool_] = mask.copy()
    where = np.flatnonzero(mask)
    for left, right in pairwise(where):
        if 1 < right - left <= gap:
            out[left:right] = True
    return out


def _runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return [(int(start), int(end)) for start, end in zip(edges[::2], edges[1::2], strict=True)]


def _moves_like_speech(frames: Frames, start: int, end: int) -> bool:
    """Whether frames `start` to `end` have the marks of a voice."""
    if (end - start) * HOP / RATE < SHORTEST_S:
        return False
    voiced = (frames.harmonic[start:end] > 0.6) & (frames.bands[start:end] >= 3)
    voiced_s = voiced.sum() * HOP / RATE
    if voiced_s < LEAST_VOICED_S or voiced.mean() < LEAST_VOICED:
        return False
    return glide(frames, start, end) > LEAST_GLIDE


def glide(frames: Frames, start: int, end: int) -> float:
    """How much of the voiced time the pitch glides: between 0.15 and 3 semitones in 30 ms. Notes stand or leap."""
    pitch = frames.pitch[start:end]
    wide = (frames.bands[start:end] >= 3) & (frames.harmonic[start:end] > 0.6)
    pitch = np.where(wide, pitch, np.nan)
    change = np.abs(pitch[3:] - pitch[:-3])
    known = np.isfinite(change) & (change < 3)
    return float((change[known] > 0.15).mean()) if known.sum() >= 5 else 0.0
