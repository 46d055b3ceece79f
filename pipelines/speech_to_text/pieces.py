"""A long recording as short pieces of speech, and the way back from times in a piece to times in the recording."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipelines.sound import Samples
from pipelines.speech_to_text.types import SAMPLE_RATE, Segment
from pipelines.speech_to_text.voice import Span

_HUSH_S = 0.1  # a long stretch is cut where this much of it is quietest


@dataclass(frozen=True)
class Piece:
    """Some stretches of a recording, one after the other without the gaps between them."""

    samples: Samples
    parts: tuple[Span, ...]  # in seconds of the recording

    @property
    def end(self) -> float:
        return self.parts[-1].end

    @property
    def length(self) -> float:
        return sum(part.length for part in self.parts)

    def when(self, at: float, ending: bool = False) -> float:
        """The time in the recording of a time in this piece. At a seam, an end belongs to the part before."""
        starts = self._starts()
        index = bisect_right(starts, at - (1e-6 if ending else 0.0)) - 1
        index = min(max(index, 0), len(self.parts) - 1)
        part = self.parts[index]
        return round(min(max(part.start + at - starts[index], part.start), part.end), 3)

    def placed(self, segment: Segment) -> Segment:
        """A segment, and its words, moved to the times of the recording."""
        start, end = self._placed(segment.start, segment.end)
        words = []
        for word in segment.words:
            left, right = self._placed(word.start, word.end)
            words.append(replace(word, start=left, end=right))
        return Segment(start, end, segment.text, tuple(words))

    def _placed(self, start: float, end: float) -> tuple[float, float]:
        left = self.when(start)
        return left, max(left, self.when(end, ending=True))

    def _starts(self) -> list[float]:
        lengths = [part.length for part in self.parts]
        return [sum(lengths[:index]) for index in range(len(lengths))]


def cut(samples: Samples, spans: Sequence[Span], longest_s: float) -> Iterator[Piece]:
    """Pieces of at most `longest_s` seconds: whole spans packed together; a longer one is cut where it is quiet."""
    packed: list[Span] = []
    for span in spans:
        for part in _short_enough(samples, span, longest_s):
            if packed and sum(one.length for one in packed) + part.length > longest_s:
                yield _piece(samples, packed)
                packed = []
            packed.append(part)
    if packed:
        yield _piece(samples, packed)


def _piece(samples: Samples, parts: list[Span]) -> Piece:
    found = [samples[_at(part.start) : _at(part.end)] for part in parts]
    return Piece(np.concatenate(found) if len(found) > 1 else np.ascontiguousarray(found[0]), tuple(parts))


def _short_enough(samples: Samples, span: Span, longest_s: float) -> Iterator[Span]:
    start = span.start
    while span.end - start > longest_s:
        middle = _quietest(samples, start + 0.6 * longest_s, start + longest_s)
        yield Span(start, middle)
        start = middle
    yield Span(start, span.end)


def _quietest(samples: Samples, start: float, end: float) -> float:
    step = int(_HUSH_S * SAMPLE_RATE)
    part = samples[_at(start) : _at(end)]
    rows = part[: len(part) // step * step].reshape(-1, step)
    return start + (float(np.square(rows).mean(axis=1).argmin()) + 0.5) * _HUSH_S


def _at(seconds: float) -> int:
    return round(seconds * SAMPLE_RATE)
