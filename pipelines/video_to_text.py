"""A video as text: what is said in it and what stands on its screen, on one line of time.

Knows two tasks, by their public verbs only. One job runs through both, so that a cancel stops whichever is working.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np
from PIL import Image

from pipelines import checks, engines, ocr, sound, speech_to_text, stills
from pipelines.errors import InvalidInput
from pipelines.job import Job
from pipelines.ocr import Page, ReadOptions
from pipelines.speech_to_text import LANGUAGES, TranscribeOptions, Transcript
from pipelines.words import EMPTY, Language, Text

OFTENEST_S, RAREST_S = 1.0, 600.0
SURE = 0.6  # rows less sure than this are more often patterns in a moving picture than letters
ALIKE = 0.8  # two readings of one row differ by a letter or two
FORGOTTEN_AFTER = 2  # readings without a row until it counts as new again
SAME_PICTURE = 12  # a screen is not read again where no small part of it changed its brightness (0..255) by more
_SPEECH_SHARE = 0.4  # of the progress bar

_SCREEN = Text(en="Screen", ko="화면")
_READING = Text(en="Reading the screen at {at:.0f} of {length:.0f} s", ko="화면 읽는 중: {at:.0f} / {length:.0f}초")
_NO_SOUND = Text(en="The video has no sound.", ko="소리가 없는 동영상입니다.")


@dataclass(frozen=True)
class Spoken:
    start: float
    end: float
    text: str


@dataclass(frozen=True)
class Shown:
    """A row of text and the time at which it was first seen."""

    at: float
    text: str


@dataclass(frozen=True)
class Timeline:
    """All that was said and shown."""

    duration_s: float
    speech: tuple[Spoken, ...]
    screen: tuple[Shown, ...]
    stt_engine: str
    ocr_engine: str
    notice: Text = EMPTY

    def text(self, language: Language) -> str:
        """One line for each thing said or shown, in the order of time."""
        said = [(one.start, one.text) for one in self.speech]
        seen = [(one.at, f"[{_SCREEN.to(language)}] {one.text}") for one in self.screen]
        # The sort is stable: rows of one screen stay in the order in which they are read.
        return "\n".join(f"{clock(at)} {text}" for at, text in sorted(said + seen, key=lambda one: one[0]))


class _Share(Job):
    """A part of a whole job: its progress is a part of the bar, a cancel of the whole reaches it."""

    def __init__(self, whole: Job, start: float, end: float, text: Text | None = None) -> None:
        super().__init__()
        self._whole, self._start, self._end, self._text = whole, start, end, text

    def progress(self, fraction: float | None, text: Text = EMPTY) -> None:
        share = None if fraction is None else self._start + (self._end - self._start) * fraction
        self._whole.progress(share, self._text or text)

    def check(self) -> None:
        self._whole.check()


def timeline(source: Path, language: str = "auto", every_s: float = 5.0, job: Job | None = None) -> Timeline:
    """What is said in a video, and every `every_s` seconds what stands on its screen. A silent video is no error."""
    job = job or Job()
    spoken = checks.choice(language, "language", ("auto", *LANGUAGES))
    step = checks.number(every_s, "every_s", OFTENEST_S, RAREST_S)
    with stills.opened(source) as film:
        said = _said(source, spoken, job) if film.has_sound else _silent(_NO_SOUND)
        rows, reader = _screen(film, _written(spoken), step, job)
        speech = tuple(Spoken(one.start, one.end, one.text) for one in said.segments)
        return Timeline(round(film.duration_s, 3), speech, tuple(rows), said.engine, reader, said.notice)


def clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02}"


def _said(source: Path, language: str, job: Job) -> Transcript:
    """What is said. A sound track that holds nothing, or cannot be read, does not keep the screen from being read."""
    part = _Share(job, 0, _SPEECH_SHARE)
    try:
        heard = sound.open_sound(source, job=part)
    except InvalidInput as error:
        return _silent(error.message)
    return speech_to_text.transcribe(heard, TranscribeOptions(language), job=part)


def _silent(why: Text) -> Transcript:
    return Transcript("", (), None, None, 0.0, True, engines.choose("speech_to_text").name, why)


def _written(spoken: str) -> str:
    """The language in which the screen is read; English words stand on Korean screens too."""
    wanted = {"ko": "ko+en", "en": "en", "zh": "zh"}.get(spoken, "auto")
    known = engines.choose("ocr").languages
    return wanted if all(part in known for part in wanted.split("+")) else "auto"


def _screen(film: stills.Film, language: str, step: float, job: Job) -> tuple[list[Shown], str]:
    """The rows that appear, each once while it stays, and who read them."""
    found: list[Shown] = []
    recent: list[Sequence[str]] = []
    before: np.ndarray | None = None
    reader = engines.choose("ocr").name
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "still.png"
        for still in film.stills(step, job):
            small = _small(still.image)
            if before is not None and np.abs(small - before).max() < SAME_PICTURE:
                continue
            before = small
            told = _READING.format(at=still.at, length=film.duration_s)
            done = _SPEECH_SHARE + (1 - _SPEECH_SHARE) * min(1.0, still.at / max(film.duration_s, still.at, 0.001))
            still.image.save(path, compress_level=1)
            reading = ocr.read(path, ReadOptions(language), job=_Share(job, done, done, told))
            reader, rows = reading.engine, list(_rows(reading.pages[0]))
            found += [Shown(still.at, row) for row in _fresh(rows, recent)]
            recent = [*recent, rows][-FORGOTTEN_AFTER:]
    return found, reader


def _small(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("L").resize((96, 96)), np.float32)


def _rows(page: Page) -> Iterator[str]:
    for row in page.rows:
        text = " ".join(page.lines[at].text for at in row if page.lines[at].score >= SURE)
        if text:
            yield text


def _fresh(rows: Sequence[str], recent: Sequence[Sequence[str]]) -> Iterator[str]:
    """The rows that did not stand on the screens before, told apart as a person would."""
    known = [_bare(row) for rows_before in recent for row in rows_before]
    for row in rows:
        if not any(alike(_bare(row), other) for other in known):
            known.append(_bare(row))
            yield row


def _bare(row: str) -> str:
    return "".join(row.split()).casefold()


def alike(one: str, other: str) -> bool:
    """Whether two rows are readings of the same one. Numbers have to agree: a clock or a score is news."""
    if one == other:
        return True
    digits = ["".join(letter for letter in text if letter.isdigit()) for text in (one, other)]
    return digits[0] == digits[1] and SequenceMatcher(None, one, other, autojunk=False).ratio() >= ALIKE
