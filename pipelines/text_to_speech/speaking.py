"""From a text to its sound, sentence by sentence: as samples or into a file."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipelines import checks, engines, settings, sound, sound_write
from pipelines.errors import InvalidInput, TooLarge
from pipelines.job import Job
from pipelines.text_to_speech import languages, sentences
from pipelines.text_to_speech.casting import Role, cast
from pipelines.text_to_speech.contract import TASK, Samples, SpeakOptions, Speech, SpokenSentence, Utterance
from pipelines.words import Text

log = logging.getLogger(__name__)

SLOWEST, FASTEST = 0.5, 2.0
HIGHEST_SEED = 2**32 - 1

# Seconds of silence after what ends in these marks, at normal speed.
_PAUSES = ((".!?…。！？｡।॥؟۔።။", 0.4), (",;:、，；：،؛၊", 0.2))
_PARAGRAPH_S = 0.7
_RUN_S = 0.06  # between two languages inside a sentence
_QUIET = 1e-3  # below this a sample at the edge of an utterance is silence (-60 dB)
_EDGE_S = 0.02  # of which this much is kept, so that no sound starts or ends abruptly

_SPEAKING = Text(en="Speaking: sentence {number} of {count}", ko="읽는 중: {count}문장 중 {number}번째")


@dataclass(frozen=True)
class _Part:
    """One run of one language, ready to be said."""

    text: str
    spoken: str
    language: str
    role: Role
    pause_s: float


class Performance:
    """A text with its roles given out: iterate it for the utterances. Knows what stays unspoken before it starts.

    `whole` False: the text is a part of a longer one, and it is no error that the chosen voice has nothing to say.
    """

    def __init__(
        self, text: object, options: SpeakOptions, engine: str, modules: Mapping[str, Any], whole: bool = True
    ) -> None:
        self.options = _checked(options, modules)
        said = _checked_text(text) if whole else str(text)
        self.parts, self.unspoken = _rehearse(said, self.options, engine, modules, whole)
        if whole and not self.parts:
            raise _nothing(self.unspoken, self.options.language)
        self.engine, self.sample_rate = _lead(self.parts) if self.parts else ("", 0)

    def utterances(self, job: Job) -> Iterator[Utterance]:
        """Every sentence as soon as it is made. A cancel ends it before the next one."""
        position, done = 0, 0
        total = sum(len(part.spoken) for part in self.parts)
        for number, part in enumerate(self.parts):
            job.progress(done / total, _SPEAKING.format(number=number + 1, count=len(self.parts)))
            samples = self._said(part, number, job)
            start = position / self.sample_rate
            end = (position + len(samples)) / self.sample_rate
            pause = np.zeros(round(part.pause_s / self.options.speed * self.sample_rate), np.float32)
            position += len(samples) + len(pause)
            done += len(part.spoken)
            sentence = SpokenSentence(
                part.text, part.spoken, round(start, 3), round(end, 3), part.language, part.role.shown
            )
            yield Utterance(sentence, np.concatenate([samples, pause]), self.sample_rate, done / total)

    def _said(self, part: _Part, number: int, job: Job) -> Samples:
        seed = (self.options.seed + number) % (HIGHEST_SEED + 1)
        with engines.use(TASK, part.role.engine, job) as (_, engine):
            samples = engine.say(part.spoken, part.role.voice, self.options.speed, seed)
        job.check()
        samples = _trimmed(np.nan_to_num(np.asarray(samples, np.float32)), part.role.module.SAMPLE_RATE)
        if self.sample_rate == part.role.module.SAMPLE_RATE or not len(samples):
            return samples
        return sound.from_samples(samples, part.role.module.SAMPLE_RATE, self.sample_rate).samples


def _rehearse(
    text: str, options: SpeakOptions, engine: str, modules: Mapping[str, Any], whole: bool
) -> tuple[list[_Part], tuple[str, ...]]:
    """The parts to say, in order, and what none of the voices can say."""
    from pipelines.text_to_speech import reading  # its hundred patterns would be built at every start of the app

    runs = _runs(text, options.language)
    roles = cast([language for language, _, _ in runs], options, engine, modules, whole)
    parts: list[_Part] = []
    unspoken: list[str] = []
    for language, piece, pause_s in runs:
        role = roles.get(language)
        if role is None:
            unspoken.append(piece.strip())
            continue
        spoken, left_out = reading.read(piece, language, role.cannot_read(language))
        unspoken += left_out
        if reading.has_words(spoken):
            parts.append(_Part(piece.strip(), spoken, language, role, pause_s))
    return parts, tuple(dict.fromkeys(piece for piece in unspoken if piece.strip()))


def _runs(text: str, language: str) -> list[tuple[str, str, float]]:
    """(language, text, pause after it) of the whole text."""
    found = []
    neighbour = language if language != "auto" else _first_language(text)
    for sentence in sentences.split(text):
        runs = [(language, sentence)] if language != "auto" else languages.runs(sentence, neighbour)
        for its_language, piece in runs[:-1]:
            found.append((its_language, piece, _RUN_S))
        found.append((*runs[-1], _pause_s(sentence)))
        neighbour = runs[-1][0] if any(languages.script(one) for one in sentence) else neighbour
    return found


def _first_language(text: str) -> str:
    for character in text:
        its_script = languages.script(character)
        if its_script:
            return languages.runs(text[:2000], "en")[0][0]
    return "en"


def _pause_s(sentence: str) -> float:
    if "\n" in sentence.strip(" ") and sentence.rstrip() != sentence.rstrip(" "):
        return _PARAGRAPH_S
    ending = sentence.rstrip().rstrip("\"'”’」』)]}")
    return next((pause for marks, pause in _PAUSES if ending[-1:] and ending[-1] in marks), 0.1)


def _lead(parts: list[_Part]) -> tuple[str, int]:
    """The engine that says most, whose sample rate the result has."""
    share: Counter[str] = Counter()
    for part in parts:
        share[part.role.engine] += len(part.spoken)
    name = share.most_common(1)[0][0]
    return name, next(part.role.module.SAMPLE_RATE for part in parts if part.role.engine == name)


def _trimmed(samples: Samples, sample_rate: int) -> Samples:
    """Without the silence that engines put around an utterance: our own pauses follow the punctuation."""
    loud = np.flatnonzero(np.abs(samples) > _QUIET)
    if not len(loud):
        return samples[:0]
    edge = round(_EDGE_S * sample_rate)
    return samples[max(0, loud[0] - edge) : loud[-1] + 1 + edge]


def record(performance: Performance, path: Path, job: Job) -> Iterator[tuple[Utterance, Speech]]:
    """Speak into a file, whose ending (wav, mp3, flac, opus) is its format. The file is whole when this has ended.

    Gives each sentence as soon as it is written, with the facts of all that is spoken so far.
    """
    said: list[SpokenSentence] = []
    with sound_write.SoundWriter(path, performance.sample_rate) as out:
        for utterance in performance.utterances(job):
            out.write(utterance.samples)
            said.append(utterance.sentence)
            facts = Speech(out.sample_rate, out.duration_s, tuple(said), performance.unspoken, performance.engine)
            yield utterance, facts


def speak_whole(performance: Performance, job: Job) -> Speech:
    """Speak into memory."""
    spoken = list(performance.utterances(job))
    samples = np.concatenate([utterance.samples for utterance in spoken])
    said = tuple(utterance.sentence for utterance in spoken)
    duration_s = len(samples) / performance.sample_rate
    return Speech(performance.sample_rate, duration_s, said, performance.unspoken, performance.engine, samples)


def _checked_text(text: object) -> str:
    if not isinstance(text, str):
        raise InvalidInput(Text(en="Give the text to speak as a text.", ko="읽을 글을 문자열로 넣어 주세요."))
    longest = settings.current().limits.speak_characters
    if len(text) > longest:
        raise TooLarge(
            Text(
                en=f"The text has {len(text):,} characters; at most {longest:,} can be spoken at once. Shorten it.",
                ko=f"글이 {len(text):,}자입니다. 한 번에 {longest:,}자까지 읽을 수 있으니 나누어 주세요.",
            )
        )
    if not text.strip():
        raise InvalidInput(Text(en="Write a text to speak first.", ko="먼저 읽을 글을 적어 주세요."))
    return text


def _checked(options: SpeakOptions, modules: Mapping[str, Any]) -> SpeakOptions:
    known = dict.fromkeys(language for module in modules.values() for language in module.SPEC.languages)
    if checks.text(options.language, "language", 20) not in ("auto", *known):
        raise _unknown_language(options.language)
    voice = checks.text(options.voice, "voice", 200)
    speed = checks.number(options.speed, "speed", SLOWEST, FASTEST)
    seed = checks.whole(options.seed, "seed", 0, HIGHEST_SEED)
    return SpeakOptions(options.language, voice or "auto", speed, seed)


def _unknown_language(language: str) -> InvalidInput:
    return InvalidInput(
        Text(
            en=f"There is no language {language!r} here. Use auto, or a code such as ko, en, ja, zh, es, fr or de.",
            ko=f"{language!r}(이)라는 언어는 없습니다. auto나 ko, en, ja, zh, es, fr, de 같은 코드를 쓰세요.",
        )
    )


def _nothing(unspoken: tuple[str, ...], language: str) -> InvalidInput:
    listed = " ".join(unspoken)[:60]
    if language != "auto" and unspoken:
        name = languages.name(language)
        return InvalidInput(
            Text(
                en=f"No {name.en} voice can say {listed!r}. Choose the language of the text, or auto.",
                ko=f"{name.ko} 목소리로는 {listed!r}을(를) 읽을 수 없습니다. 글의 언어나 auto를 고르세요.",
            )
        )
    where = repr(listed) if listed else "this text"
    return InvalidInput(
        Text(
            en=f"There is nothing to say in {where}. Write some words or numbers.",
            ko="소리 내어 읽을 것이 없습니다. 낱말이나 숫자를 적어 주세요.",
        )
    )
