"""Whom the gates of speech to text let through, and where their thresholds lie: `python benchmarks/speech.py gate`.

Two gates: is there a voice at all (the own rules of `voice.py`, and the trained detector that faster-whisper
brings), and, for the built-in engine, is what it heard English. Clips: `speech_clips.py`.

More sounds, for the first gate: all below MODU_VOICES_DIR holds a voice, nothing below MODU_NOBODY_DIR does. Those of
the README: the spoken parts of the Debian packages asterisk-core-sounds-{en,es,fr,it,ru}-wav and klettres-data; the
music of wesnoth-1.16-music, extremetuxracer-data, neverball-data and lincity-ng-data, and what `speech_solos.py` makes.
"""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path

import numpy as np
import speech_clips
from speech_clips import Clip

from pipelines.job import Job
from pipelines.speech_to_text import detector, embedded, voice
from pipelines.speech_to_text.pieces import cut
from pipelines.speech_to_text.voice import Span

# How sure the detector must be, and the share of the sound around it that must be speech if it is less sure. 0: always.
DOUBTS = ((detector.SURE, detector.LEAST_SHARE), (0.0, 0.0), (0.93, 0.1), (0.93, 0.3), (0.85, 0.2), (0.97, 0.2))


def main(folder: str | None) -> None:
    clips = all_clips(folder)
    print(f"{len(clips)} clips: " + ", ".join(f"{len(some)} {kind}" for kind, some in grouped(clips).items()))
    voices(clips)
    more("MODU_VOICES_DIR", "other")
    more("MODU_NOBODY_DIR", "nobody")
    scores(clips)


def all_clips(folder: str | None) -> list[Clip]:
    people = speech_clips.recordings(Path(folder)) if folder else []
    if not people:
        print("MODU_SPEECH_DIR is not set: no recordings of people beyond those of installed packages.")
    people += speech_clips.installed()
    return [*people, *speech_clips.changed(people), *speech_clips.synthetic(), *speech_clips.nobody()]


def grouped(clips: list[Clip]) -> dict[str, list[Clip]]:
    found: dict[str, list[Clip]] = defaultdict(list)
    for clip in clips:
        found[clip.kind].append(clip)
    return found


def voices(clips: list[Clip]) -> None:
    """Clips in which each gate finds a voice, and how that follows from the thresholds of our own."""
    weights = detector.weights()
    print("\nIs there a voice? Clips let through, by kind\n| gate | " + " | ".join(grouped(clips)) + " |")
    print("|---|" + "---|" * len(grouped(clips)))
    row("the own rules", clips, {clip.name: voice.own_spans(clip.samples) for clip in clips})
    if weights is not None:
        judged = {clip.name: doubted(clip, weights) for clip in clips}
        for (sure, share), name in zip(DOUBTS, ("the detector", "its network alone"), strict=False):
            row(name, clips, {clip.name: judged[clip.name][sure, share] for clip in clips})
    frames = {clip.name: voice.analyse(clip.samples, Job()) for clip in clips}
    chosen = (voice.LEAST_GLIDE, voice.LEAST_VOICED)
    for glide, share in [(glide, chosen[1]) for glide in (0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5)] + [
        (chosen[0], share) for share in (0.05, 0.2, 0.3, 0.4)
    ]:
        voice.LEAST_GLIDE, voice.LEAST_VOICED = glide, share
        spans = {clip.name: voice.spans_in(frames[clip.name], len(clip.samples)) for clip in clips}
        row(f"rules: glide {glide}, voiced {share}", clips, spans, tell=False)
    voice.LEAST_GLIDE, voice.LEAST_VOICED = chosen


def more(variable: str, kind: str) -> None:
    """The first gate on the sounds of a folder, one after another: there may be thousands."""
    place = os.environ.get(variable)
    weights = detector.weights()
    if not place or weights is None:
        return
    count, rules, wrong = 0, 0, []
    taken = dict.fromkeys(DOUBTS, 0)
    for clip in speech_clips.sounds(Path(place), kind):
        count += 1
        rules += bool(voice.own_spans(clip.samples))
        spans = doubted(clip, weights)
        for doubt, found in spans.items():
            taken[doubt] += bool(found)
        if bool(spans[DOUBTS[0]]) == (kind == "nobody"):
            wrong.append(clip.name)
    print(f"\n{variable}, {count} sounds. A voice by the own rules in {rules}; by the detector, with doubts:")
    for doubt, number in taken.items():
        print(f"  {number:5}  sure from {doubt[0]}, else {doubt[1]} of the sound around")
    print(f"The detector is wrong about: {', '.join(wrong) or 'none'}")


def doubted(clip: Clip, weights: Path) -> dict[tuple[float, float], list[Span]]:
    """What the detector finds with each of `DOUBTS`."""
    if not voice.has_level(clip.samples):
        return {doubt: [] for doubt in DOUBTS}
    speech = detector.probabilities(clip.samples, weights, Job())
    found = {}
    for doubt in DOUBTS:
        detector.SURE, detector.LEAST_SHARE = doubt
        found[doubt] = detector.spans_in(speech, clip.samples, Job())
    detector.SURE, detector.LEAST_SHARE = DOUBTS[0]
    return found


def detected(clip: Clip, weights: Path) -> list[Span]:
    return detector.detected_spans(clip.samples, weights, Job()) if voice.has_level(clip.samples) else []


def row(name: str, clips: list[Clip], spans: dict[str, list[Span]], tell: bool = True) -> None:
    kinds = grouped(clips)
    cells = [f"{sum(bool(spans[clip.name]) for clip in some)} of {len(some)}" for some in kinds.values()]
    print(f"| {name} | " + " | ".join(cells) + " |")
    if not tell:
        return
    missed = [clip.name for clip in clips if clip.kind != "nobody" and not spans[clip.name]]
    wrong = [clip.name for clip in clips if clip.kind == "nobody" and spans[clip.name]]
    print(f"  missed: {', '.join(missed) or 'none'}\n  wrongly let through: {', '.join(wrong) or 'none'}")


def scores(clips: list[Clip]) -> None:
    """The built-in engine's judgement of every piece that reaches it, and what each threshold would let through."""
    engine = embedded.load(None)
    weights = detector.weights()
    found: dict[str, list[float]] = defaultdict(list)
    print("\nIs it English? Score of the built-in engine, best first")
    told = []
    for clip in clips:
        spans = detected(clip, weights) if weights is not None else voice.own_spans(clip.samples)
        for piece in cut(clip.samples, spans, engine.piece_s):
            score, text = engine.judge(embedded.as_int16(piece.samples), Job())
            found[clip.kind].append(score)
            told.append((score, clip.kind, clip.name, text))
    for score, kind, name, text in sorted(told, reverse=True):
        print(f"{score:7.2f} {kind:8} {name:45} {text}")
    kinds = list(found)
    print("\n| let through from a score of | " + " | ".join(kinds) + " |\n|---|" + "---|" * len(kinds))
    for threshold in np.arange(-4.0, -1.9, 0.25):
        cells = [f"{sum(score >= threshold for score in found[kind])} of {len(found[kind])}" for kind in kinds]
        print(f"| {threshold:.2f} | " + " | ".join(cells) + " |")
