"""A transcript as files: text, SRT, VTT, TSV, JSON; and the rules of subtitles.

At most two lines of 42 characters (20 where the writing is wide: Korean, Japanese, Chinese), at least a second
on the screen, never two at once. Knows nothing of sound.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from pipelines.speech_to_text.types import Segment, Transcript, Word

LINES = 2
NARROW, WIDE = 42, 20  # characters in a line
SHORTEST_S = 1.0
_WIDE_LETTERS = re.compile("[ᄀ-ᇿ぀-ヿ㄰-㆏㐀-鿿가-힣]")
_SENTENCE_END = re.compile(r"[.!?…。！？]$")


@dataclass(frozen=True)
class Caption:
    """What stands on the screen from `start` to `end`, one or two lines."""

    start: float
    end: float
    lines: tuple[str, ...]


def captions(segments: Sequence[Segment]) -> list[Caption]:
    """The segments as subtitles by the rules above, each by the writing that it is in."""
    return list(_lasting(_joined([piece for segment in segments for piece in _split(segment)])))


def line_width(text: str) -> int:
    """Characters that fit a line in this writing."""
    letters = [letter for letter in text if letter.isalpha()]
    wide = sum(1 for letter in letters if _WIDE_LETTERS.match(letter))
    return WIDE if letters and wide > 0.3 * len(letters) else NARROW


def wrap(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width`; a word longer than a line is cut."""
    lines: list[str] = []
    for word in text.split():
        if lines and len(lines[-1]) + 1 + len(word) <= width:
            lines[-1] += f" {word}"
            continue
        lines += [word[at : at + width] for at in range(0, len(word), width)]
    return lines


def _balanced(text: str, width: int) -> tuple[str, ...]:
    """Two lines of nearly equal length read better than a full and a short one."""
    lines = wrap(text, width)
    if len(lines) != LINES:
        return tuple(lines)
    best = lines
    for narrower in range(width - 1, len(text) // 2 - 1, -1):
        tried = wrap(text, narrower)
        if len(tried) != LINES or any(len(word) > narrower for word in text.split()):
            break
        best = tried
    return tuple(best)


def _split(segment: Segment) -> Iterator[Segment]:
    """A segment as parts that fit the screen, cut between words, after a sentence if there is one."""
    group: list[Word] = []
    for word in _timed_words(segment):
        text = " ".join(part.word for part in [*group, word])
        width = line_width(text)
        full = len(wrap(text, width)) > LINES
        ended = bool(group) and bool(_SENTENCE_END.search(group[-1].word)) and len(text) > width
        if group and (full or ended):
            yield _as_segment(group)
            group = []
        group.append(word)
    if group:
        yield _as_segment(group)


def _timed_words(segment: Segment) -> list[Word]:
    """The words with their times; by their length where the engine gave none, or where the text was edited."""
    spelled = [word.word for word in segment.words]
    if segment.words and " ".join(spelled).split() == segment.text.split():
        return [word for word in segment.words if word.word]
    parts = [part for word in segment.text.split() for part in _no_longer_than_the_screen(word)]
    letters = sum(len(part) + 1 for part in parts) or 1
    out, done = [], 0
    for part in parts:
        start = segment.start + (segment.end - segment.start) * done / letters
        done += len(part) + 1
        out.append(Word(start, segment.start + (segment.end - segment.start) * done / letters, part, 1.0))
    return out


def _no_longer_than_the_screen(word: str) -> Iterator[str]:
    """Writing without spaces makes "words" of any length."""
    longest = line_width(word) * LINES
    for at in range(0, len(word), longest):
        yield word[at : at + longest]


def _as_segment(words: Sequence[Word]) -> Segment:
    return Segment(words[0].start, words[-1].end, " ".join(word.word for word in words))


def _joined(parts: Sequence[Segment]) -> list[Segment]:
    """Neighbours put together where one of them is too short to read and both fit the screen."""
    out: list[Segment] = []
    for part in parts:
        last = out[-1] if out else None
        if last is not None and _shown_s(last, part) < SHORTEST_S:
            text = f"{last.text} {part.text}"
            if len(wrap(text, line_width(text))) <= LINES and part.start - last.end < SHORTEST_S:
                out[-1] = Segment(last.start, part.end, text)
                continue
        out.append(part)
    return out


def _shown_s(part: Segment, following: Segment) -> float:
    """How long `part` can stay: until the next one comes."""
    return max(part.end, min(part.start + SHORTEST_S, following.start)) - part.start


def _lasting(parts: Sequence[Segment]) -> Iterator[Caption]:
    """Each shown for a second at least, after the one before it. What is said too fast is shown a little later."""
    free_from = 0.0
    for index, part in enumerate(parts):
        start = max(part.start, free_from)
        end = max(part.end, start + SHORTEST_S)
        following = parts[index + 1].start if index + 1 < len(parts) else end
        end = max(start + SHORTEST_S, min(end, following)) if following > start else start + SHORTEST_S
        free_from = end
        yield Caption(round(start, 3), round(end, 3), _balanced(part.text, line_width(part.text)))


def edited(transcript: Transcript, texts: Sequence[str]) -> Transcript:
    """The transcript with the text of its segments replaced, in order; an emptied one is left out."""
    pairs = zip(transcript.segments, texts, strict=True)
    changed = [_with_text(segment, " ".join(text.split())) for segment, text in pairs]
    kept = tuple(segment for segment in changed if segment.text)
    return replace(transcript, segments=kept, text=" ".join(segment.text for segment in kept))


def _with_text(segment: Segment, text: str) -> Segment:
    return segment if text == segment.text else replace(segment, text=text, words=())


def as_dict(transcript: Transcript, notice: str) -> dict[str, Any]:
    """The facts of a transcript as the endpoint gives them, without the text."""
    return {
        "language": transcript.language,
        "language_probability": transcript.language_probability,
        "duration_s": transcript.duration_s,
        "no_speech": transcript.no_speech,
        "notice": notice,
        "segments": [{**asdict(segment), "words": list(map(asdict, segment.words))} for segment in transcript.segments],
        "engine": transcript.engine,
    }


def to_txt(transcript: Transcript) -> str:
    return "".join(f"{segment.text}\n" for segment in transcript.segments)


def to_srt(transcript: Transcript) -> str:
    """SubRip; empty where nothing was said."""
    blocks = (
        f"{number}\n{_clock(one.start, ',')} --> {_clock(one.end, ',')}\n{_lines(one.lines)}\n"
        for number, one in enumerate(captions(transcript.segments), 1)
    )
    return "\n".join(blocks)


def to_vtt(transcript: Transcript) -> str:
    """WebVTT; only its header where nothing was said."""
    blocks = (
        f"{_clock(one.start, '.')} --> {_clock(one.end, '.')}\n{_lines(map(_escaped, one.lines))}\n"
        for one in captions(transcript.segments)
    )
    return "\n".join(["WEBVTT\n", *blocks])


def to_tsv(transcript: Transcript) -> str:
    """Start and end in milliseconds, and the text, a segment in each row."""
    rows = (
        f"{round(one.start * 1000)}\t{round(one.end * 1000)}\t{' '.join(one.text.split())}\n"
        for one in transcript.segments
    )
    return "".join(["start\tend\ttext\n", *rows])


def to_json(transcript: Transcript) -> str:
    whole = {"text": transcript.text, **as_dict(transcript, transcript.notice.en)}
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


WRITERS: dict[str, Callable[[Transcript], str]] = {
    "txt": to_txt,
    "srt": to_srt,
    "vtt": to_vtt,
    "tsv": to_tsv,
    "json": to_json,
}


def _lines(lines: Iterable[str]) -> str:
    """An arrow in the text would be read as times."""
    return "\n".join(line.replace("-->", "→") for line in lines)


def _escaped(line: str) -> str:
    return line.replace("-->", "→").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _clock(seconds: float, mark: str) -> str:
    total = round(seconds * 1000)
    hours, rest = divmod(total, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}{mark}{rest % 1000:03}"
