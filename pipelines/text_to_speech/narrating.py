"""Reading a text aloud while somebody is still writing it: each sentence as soon as it is whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from pipelines import sound
from pipelines.job import Job
from pipelines.text_to_speech import sentences, speaking
from pipelines.text_to_speech.contract import SpeakOptions, Utterance


class Narrator:
    """One text that grows. What it makes fits together: one sample rate, times from the beginning of the text.

    A wrong voice, engine or option is told when it is made, before anything is written. For one thread.
    """

    def __init__(self, options: SpeakOptions, engine: str, modules: Mapping[str, Any]) -> None:
        self._options, self._engine, self._modules = options, engine, modules
        speaking.Performance("", options, engine, modules, whole=False)
        self._read = 0  # characters of the text that are behind us
        self._seconds = 0.0
        self.sample_rate = 0  # that of the first sentence
        self.engine = ""  # who says the first sentence
        self.unspoken: tuple[str, ...] = ()

    def read_on(self, text: str, job: Job, over: bool = False) -> Iterator[Utterance]:
        """The sentences of `text`, all that is written so far, that are whole and were not read before.

        `over`: nothing more will come, so that the last sentence is whole too. `Utterance.done` is of a sentence.
        """
        for sentence in self._whole(text, over):
            self._read += len(sentence)
            performance = speaking.Performance(sentence, self._options, self._engine, self._modules, whole=False)
            self.unspoken = tuple(dict.fromkeys((*self.unspoken, *performance.unspoken)))
            for utterance in performance.utterances(job):
                self.engine = self.engine or performance.engine
                yield self._fitting(utterance)

    def _whole(self, text: str, over: bool) -> list[str]:
        """The last sentence may go on with the next word: "3." with "14", "Dr." with "Kim"."""
        found = sentences.split(text[self._read :])
        return found if over else found[:-1]

    def _fitting(self, utterance: Utterance) -> Utterance:
        self.sample_rate = self.sample_rate or utterance.sample_rate
        samples = utterance.samples
        if utterance.sample_rate != self.sample_rate and len(samples):
            samples = sound.from_samples(samples, utterance.sample_rate, self.sample_rate).samples
        length = utterance.sentence.end - utterance.sentence.start
        start = self._seconds
        self._seconds += len(samples) / self.sample_rate
        placed = replace(utterance.sentence, start=round(start, 3), end=round(start + length, 3))
        return Utterance(placed, samples, self.sample_rate, utterance.done)
