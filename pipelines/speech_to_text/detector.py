"""A trained voice detector (Silero, MIT), where the package that carries it is installed. About 1 MB, no network.

It tells speech from music and noise better than rules do; only a single note or squeak may sound like a voice to it
for a moment, which `_believed` puts right. faster-whisper brings its weights; without that package the own gate of
`voice.py` decides alone.
"""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.job import Job
from pipelines.sound import Samples
from pipelines.speech_to_text.voice import RATE, SHORTEST_S, Span, loud_stretches, padded

FRAME = 512  # samples per probability, at 16 kHz
CONTEXT = 64  # samples of the frame before, which the network wants to see as well
BATCH = 2_000  # frames at once (64 s)
STARTS, ENDS = 0.5, 0.35  # a voice begins above the one and ends below the other
# What is beyond doubt for some 0.1 s is a voice; what is not must be this share of the stretch of sound in which it
# lies. Chosen by `benchmarks/speech.py gate`, which tells what others would let through.
SURE, SURE_FRAMES, LEAST_SHARE = 0.93, 4, 0.2

_session: Any = None
_loading = threading.Lock()


def weights() -> Path | None:
    """The detector's file, or None. Does not import the package that carries it."""
    package = importlib.util.find_spec("faster_whisper")
    if package is None or importlib.util.find_spec("onnxruntime") is None:
        return None
    folders = [Path(folder) / "assets" for folder in package.submodule_search_locations or ()]
    found = sorted(path for folder in folders for path in folder.glob("silero_vad_v*.onnx"))
    return found[-1] if found else None


def detected_spans(samples: Samples, path: Path, job: Job) -> list[Span]:
    """The stretches in which somebody speaks, padded and joined as the own gate's are."""
    return spans_in(probabilities(samples, path, job), samples, job)


def spans_in(speech: NDArray[np.float32], samples: Samples, job: Job) -> list[Span]:
    """The same, from what the network said of these samples."""
    runs = [(start, end) for start, end in _runs(speech) if (end - start) * FRAME / RATE >= SHORTEST_S]
    spans = [Span(start * FRAME / RATE, end * FRAME / RATE) for start, end in runs]
    sure = [_peak(speech[start:end]) >= SURE for start, end in runs]
    return padded(_believed(spans, sure, samples, job), len(samples) / RATE)


def probabilities(samples: Samples, path: Path, job: Job) -> NDArray[np.float32]:
    """How surely somebody speaks, for each `FRAME` samples."""
    session = _loaded(path)
    hidden = cell = np.zeros((1, 1, 128), np.float32)
    out = []
    for batch in _batches(samples):
        job.check()
        answer, hidden, cell = session.run(None, {"input": batch, "h": hidden, "c": cell})
        out.append(np.asarray(answer, np.float32).ravel())
    return np.concatenate(out) if out else np.zeros(0, np.float32)


def _batches(samples: Samples) -> Iterator[NDArray[np.float32]]:
    """Rows of `CONTEXT + FRAME` samples; the last one is filled up with silence."""
    for first in range(0, len(samples), BATCH * FRAME):
        part = samples[max(0, first - CONTEXT) : first + BATCH * FRAME]
        lead = CONTEXT if first == 0 else 0
        tail = -(len(part) + lead - CONTEXT) % FRAME
        part = np.pad(part, (lead, tail))
        yield np.lib.stride_tricks.sliding_window_view(part, CONTEXT + FRAME)[::FRAME].astype(np.float32)


def _runs(speech: NDArray[np.float32]) -> Iterator[tuple[int, int]]:
    start = None
    for index, probability in enumerate(speech):
        if start is None and probability >= STARTS:
            start = index
        elif start is not None and probability < ENDS:
            yield start, index
            start = None
    if start is not None:
        yield start, len(speech)


def _peak(speech: NDArray[np.float32]) -> float:
    """The highest mean of some neighbours, so that one frame alone convinces nobody."""
    count = min(SURE_FRAMES, len(speech))
    return float(np.convolve(speech, np.ones(count) / count, "valid").max())


def _believed(spans: list[Span], sure: list[bool], samples: Samples, job: Job) -> list[Span]:
    """The spans that are beyond doubt, or fill a good part of the sound around them, as a voice does in a pause.

    A note of a violin that passes for a voice for a moment lies amid much more sound, most of which does not.
    """
    if all(sure):
        return spans
    stretches = loud_stretches(samples, job)
    return [span for span, known in zip(spans, sure, strict=True) if known or _share(span, spans, stretches)]


def _share(span: Span, spans: list[Span], stretches: list[Span]) -> bool:
    """Whether speech is enough of those stretches of sound that `span` touches."""
    around = [stretch for stretch in stretches if stretch.start < span.end and stretch.end > span.start]
    if not around:
        return False
    start, end = around[0].start, around[-1].end
    spoken = sum(max(0.0, min(end, one.end) - max(start, one.start)) for one in spans)
    return spoken >= LEAST_SHARE * sum(stretch.length for stretch in around)


def _loaded(path: Path) -> Any:
    global _session
    with _loading:
        if _session is None:
            import onnxruntime

            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = options.inter_op_num_threads = 1
            options.log_severity_level = 3
            _session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        return _session
