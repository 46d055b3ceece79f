"""When which sentence is heard, as an SRT file."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.text_to_speech.contract import SpokenSentence


def srt(sentences: Sequence[SpokenSentence]) -> str:
    """The sentences as they were written, numbered, with their times."""
    blocks = [
        f"{number}\n{_time(sentence.start)} --> {_time(sentence.end)}\n{' '.join(sentence.text.split())}\n"
        for number, sentence in enumerate(sentences, 1)
    ]
    return "\n".join(blocks)


def _time(seconds: float) -> str:
    milliseconds = round(seconds * 1000)
    minutes, milliseconds = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{milliseconds // 1000:02d},{milliseconds % 1000:03d}"
