"""The verb: a recording becomes text, piece by piece, with what is known so far after each piece."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from pipelines import checks, engines, settings, sound
from pipelines.engines import EngineSpec
from pipelines.errors import EngineUnavailable
from pipelines.job import Job
from pipelines.sound import Sound
from pipelines.speech_to_text import detector, voice
from pipelines.speech_to_text.clean import cleaned
from pipelines.speech_to_text.languages import NAMES, UNSURE, believed
from pipelines.speech_to_text.pieces import Piece, cut
from pipelines.speech_to_text.types import (
    SAMPLE_RATE,
    TASKS,
    Recogniser,
    Request,
    Segment,
    Task,
    TranscribeOptions,
    Transcript,
)
from pipelines.speech_to_text.voice import Span
from pipelines.words import EMPTY, Text

TASK = "speech_to_text"
SHORTEST_S = 0.1  # a shorter recording holds no word

_AT = Text(en="Listening: {at:.0f} of {length:.0f} s", ko="듣는 중: {at:.0f} / {length:.0f}초")
_NOBODY = Text(en="Nobody speaks in this recording.", ko="이 녹음에는 말소리가 없습니다.")
_NOT_ENGLISH = Text(
    en="Somebody speaks, but not clearly in English, and the built-in engine understands nothing else.",
    ko="말소리는 있지만 영어로 또렷이 들리지 않습니다. 내장 엔진은 영어만 알아듣습니다.",
)
_NO_WORDS = Text(
    en="Somebody seems to speak, but no word was understood. Move closer to the microphone, or try another engine.",
    ko="말소리가 있는 듯하지만 알아들은 말이 없습니다. 마이크에 더 가까이 말하거나 다른 엔진을 써 보세요.",
)
_PARTLY = Text(
    en="Parts that did not sound like English were left out.", ko="영어로 들리지 않는 부분은 적지 않았습니다."
)


@dataclass(frozen=True)
class _Setting:
    """What stays the same during one call."""

    spec: EngineSpec
    request: Request
    spans: tuple[Span, ...]
    duration_s: float
    notice: Text


def transcribe(
    source: Path | Sound, options: TranscribeOptions | None = None, engine: str = "auto", job: Job | None = None
) -> Transcript:
    """What is said in a recording (a file, or decoded sound at 16 kHz)."""
    *_, last = stream(source, options, engine, job)
    return last


def stream(
    source: Path | Sound, options: TranscribeOptions | None = None, engine: str = "auto", job: Job | None = None
) -> Iterator[Transcript]:
    """Like `transcribe`, giving all that is known after each piece. The last one is the answer.

    Raises `InvalidInput`, `TooLarge`, `EngineUnavailable`; `Cancelled` after a `job.cancel()`: what came before stays.
    """
    job = job or Job()
    request = _checked(options or TranscribeOptions())
    spec = _engine_for(engine, request)
    engines.require_usable(spec)
    heard = source if isinstance(source, Sound) else sound.open_sound(source, SAMPLE_RATE, job)
    spans = speech_spans(heard, job)
    setting = _Setting(spec, request, tuple(spans), heard.duration_s, heard.notice)
    if not spans:
        yield _silence(setting)
        return
    with engines.use(TASK, spec.name, job) as (_, recogniser):
        yield from _listen(heard, setting, recogniser, job)


def speech_spans(heard: Sound, job: Job | None = None) -> list[Span]:
    """Where somebody speaks: by the trained detector where it is installed, else by the own gate."""
    job = job or Job()
    if heard.duration_s < SHORTEST_S or not voice.has_level(heard.samples):
        return []
    weights = detector.weights()
    if weights is None:
        return voice.own_spans(heard.samples, job)
    return detector.detected_spans(heard.samples, weights, job)


def smallest_for(language: str | None, task: str) -> EngineSpec | None:
    """The engine with the smallest download that understands `language` (None: any) and does `task`."""
    able = [spec for spec in engines.specs(TASK) if spec.kind == "hub" and _is_able(spec, language, task)]
    return min(able, key=lambda spec: spec.size_mb, default=None)


def _listen(heard: Sound, setting: _Setting, recogniser: Recogniser, job: Job) -> Iterator[Transcript]:
    pieces = cut(heard.samples, setting.spans, recogniser.piece_s)
    language, probability = setting.request.language, 1.0 if setting.request.language else None
    found: list[Segment] = []
    unsure = 0
    for piece in pieces:
        job.progress(
            piece.parts[0].start / setting.duration_s, _AT.format(at=piece.parts[0].start, length=setting.duration_s)
        )
        if language is None or (probability or 1.0) < UNSURE:
            language, probability = _better(recogniser, piece, language, probability)
        answer = recogniser.hear(piece.samples, replace(setting.request, language=language), job)
        unsure += answer.unsure
        found += [piece.placed(segment) for segment in answer.segments]
        if language is None and answer.language is not None:
            language, probability = answer.language, answer.probability
        over = piece.end >= setting.spans[-1].end
        yield _transcript(setting, found, language, probability, unsure, setting.duration_s if over else piece.end)


def _better(
    recogniser: Recogniser, piece: Piece, language: str | None, probability: float | None
) -> tuple[str | None, float | None]:
    """The language by this piece, where it is surer than what was believed so far."""
    guess, sure = believed(recogniser.languages(piece.samples), piece.length)
    return (guess, sure) if (sure or 0.0) > (probability or 0.0) else (language, probability)


def _transcript(
    setting: _Setting,
    found: Sequence[Segment],
    language: str | None,
    probability: float | None,
    unsure: int,
    heard_s: float,
) -> Transcript:
    segments = cleaned(found, setting.spans)
    text = " ".join(segment.text for segment in segments)
    notice = setting.notice
    if unsure:
        notice = notice + (_PARTLY if text else _NOT_ENGLISH)
        notice = notice if text else notice + _advice(None, setting.request.task)
    if found and not segments and not unsure:  # only ghosts were heard
        return replace(_silence(setting), engine=setting.spec.name)
    if not text and not unsure:
        notice = notice + _NO_WORDS
    known = bool(text) and (probability is None or probability >= UNSURE)
    return Transcript(
        text=text,
        segments=tuple(segments),
        language=language if known else None,
        language_probability=probability if text else None,
        duration_s=round(setting.duration_s, 3),
        no_speech=False,
        engine=setting.spec.name,
        notice=notice,
        heard_s=round(heard_s, 3),
    )


def _silence(setting: _Setting) -> Transcript:
    return Transcript(
        text="",
        segments=(),
        language=None,
        language_probability=None,
        duration_s=round(setting.duration_s, 3),
        no_speech=True,
        engine=setting.spec.name,
        notice=setting.notice + _NOBODY,
        heard_s=round(setting.duration_s, 3),
    )


def _checked(options: TranscribeOptions) -> Request:
    language = checks.choice(options.language, "language", ("auto", *NAMES))
    task = cast(Task, checks.choice(options.task, "task", TASKS))
    words = checks.flag(options.word_timestamps, "word_timestamps")
    return Request(None if language == "auto" else language, task, words)


def _engine_for(name: object, request: Request) -> EngineSpec:
    """The engine that will answer. `auto` looks for one that is here and able; a named one must be able."""
    spec = engines.choose(TASK, name)
    if _is_able(spec, request.language, request.task):
        return spec
    if name == "auto":
        for other in engines.specs(TASK):
            here = other.kind != "remote" and engines.status(other) in ("loaded", "ready")
            if here and _is_able(other, request.language, request.task):
                return other
    raise EngineUnavailable(_unable(spec, request) + _advice(request.language, request.task))


def _is_able(spec: EngineSpec, language: str | None, task: str) -> bool:
    if task == "translate" and not TRANSLATORS.get(spec.name, False):
        return False
    return language is None or not spec.languages or language in spec.languages


def _unable(spec: EngineSpec, request: Request) -> Text:
    if request.task == "translate" and not TRANSLATORS.get(spec.name, False):
        return Text(en="{label} cannot translate.", ko="{label} 엔진은 번역하지 못합니다.").format(label=spec.label)
    return Text(
        en="{label} does not understand {language}.", ko="{label} 엔진은 {language}를 알아듣지 못합니다."
    ).format(label=spec.label, language=NAMES[request.language or "en"])


def _advice(language: str | None, task: str) -> Text:
    """Which engine can, how large it is, and how to get it here."""
    spec = smallest_for(language, task)
    if spec is None:
        return EMPTY
    facts = {"name": spec.name, "size": f"{spec.size_mb:.0f}"}
    if engines.status(spec) in ("loaded", "ready"):
        return Text(en="Choose the engine {name}.", ko="{name} 엔진을 고르세요.").format(**facts)
    if settings.current().managed:
        return Text(
            en="The engine {name} ({size} MB) can; ask the owner of this server to fetch it.",
            ko="{name} 엔진({size} MB)은 할 수 있습니다. 서버 소유자에게 설치를 부탁하세요.",
        ).format(**facts)
    return Text(
        en="The engine {name} ({size} MB) can: choose it, and it is downloaded once.",
        ko="{name} 엔진({size} MB)은 할 수 있습니다. 이 엔진을 고르면 한 번 내려받습니다.",
    ).format(**facts)


TRANSLATORS: dict[str, bool] = {}  # engine -> can it translate; filled by the package from its engines
