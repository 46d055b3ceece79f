"""Talking: what somebody says is written down, answered and read aloud, each by its own task's engine.

The one place that knows three tasks, by their public verbs only. One job runs through all three, so that a cancel
stops whichever is working. The reply is read aloud sentence by sentence while it is still being written.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from pipelines import chat, engines, speech_to_text, text_to_speech
from pipelines.chat import Message, Reply, ReplyOptions
from pipelines.errors import EngineUnavailable, InvalidInput
from pipelines.job import Job
from pipelines.sound import Samples
from pipelines.speech_to_text import TranscribeOptions, Transcript
from pipelines.text_to_speech import Narrator, SpeakOptions, Utterance
from pipelines.words import Text

_FENCES = ("```", "~~~")
_NOTHING_HEARD = Text(
    en="Nothing was understood, so there is nothing to answer.", ko="알아들은 말이 없어 답할 것이 없습니다."
)


@dataclass(frozen=True)
class TalkOptions:
    """Which language is spoken, who writes down, answers and reads aloud, and how."""

    language: str = "auto"
    voice: str = "auto"
    stt_engine: str = "auto"
    chat_engine: str = "auto"
    tts_engine: str = "auto"
    reply: ReplyOptions = field(default_factory=ReplyOptions)
    documents: tuple[tuple[Path, str], ...] = ()  # to answer from, with their owner's names


@dataclass(frozen=True)
class Talk:
    """What there is of one exchange so far. `reply` is complete when its `finish_reason` is there, all when `over`."""

    transcript: Transcript
    reply: Reply = field(default_factory=lambda: Reply(""))
    said: tuple[Utterance, ...] = ()
    unspoken: tuple[str, ...] = ()
    tts_engine: str = ""
    over: bool = False

    @property
    def samples(self) -> Samples:
        """All that was said, one sentence after the other."""
        return np.concatenate([one.samples for one in self.said]) if self.said else np.zeros(0, np.float32)


def talk(
    source: Path, history: Sequence[object] = (), options: TalkOptions = TalkOptions(), job: Job | None = None
) -> Iterator[Talk]:
    """The exchange as it grows: first what was heard, then the reply and its sound. `history` as `chat` takes it.

    A voice, an engine or an option that cannot be is told at once. A recording in which nobody speaks is an
    `InvalidInput`; speech that the recogniser cannot follow is `EngineUnavailable`, naming one that can.
    """
    narrator = text_to_speech.narrator(SpeakOptions(voice=options.voice), engine=options.tts_engine)
    engines.require_usable(engines.choose("chat", options.chat_engine))
    *earlier, _ = chat.conversation("", history)
    return _talking(source, earlier, options, narrator, job or Job())


def _talking(
    source: Path, earlier: Sequence[Message], options: TalkOptions, narrator: Narrator, job: Job
) -> Iterator[Talk]:
    heard = speech_to_text.transcribe(source, TranscribeOptions(options.language), options.stt_engine, job)
    _require_words(heard)
    so_far = Talk(heard)
    yield so_far
    messages = [*earlier, Message("user", heard.text)]
    for reply in chat.reply(messages, options.reply, engine=options.chat_engine, documents=options.documents, job=job):
        so_far = replace(so_far, reply=reply)
        yield so_far
        for longer in _aloud(so_far, narrator, job):
            so_far = longer
            yield so_far
    yield replace(so_far, over=True)


def _aloud(so_far: Talk, narrator: Narrator, job: Job) -> Iterator[Talk]:
    """The exchange with each sentence that is whole by now. The reply waits meanwhile: both want the same cores."""
    over = so_far.reply.finish_reason is not None
    for utterance in narrator.read_on(_without_code(so_far.reply.text), job, over):
        so_far = replace(so_far, said=(*so_far.said, utterance), tts_engine=narrator.engine)
        yield so_far
    if over:
        yield replace(so_far, unspoken=narrator.unspoken)


def _without_code(text: str) -> str:
    """The reply with the lines that fence code taken out; every line keeps its place, so that it only grows."""
    return "".join("" if line.lstrip().startswith(_FENCES) else line for line in text.splitlines(keepends=True))


def _require_words(heard: Transcript) -> None:
    if heard.no_speech:
        raise InvalidInput(heard.notice + _NOTHING_HEARD)
    if not heard.text.strip():
        raise EngineUnavailable(heard.notice)
