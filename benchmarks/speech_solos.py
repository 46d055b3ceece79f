"""Instruments playing alone, which pass for voices more easily than bands do: sounds for `speech.py gate`.

    python benchmarks/speech_solos.py FOLDER [SOUNDFONT]

Needs FluidSynth and a General MIDI sound font (Debian: fluidsynth, fluid-soundfont-gm). Each plays two made up
melodies of about ten seconds, once plainly and once as singers do: sliding into each note, swelling, with vibrato.
"""

from __future__ import annotations

import math
import random
import struct
import subprocess
import sys
from pathlib import Path

SOUNDFONT = "/usr/share/sounds/sf2/FluidR3_GM.sf2"
# General MIDI programs, counted from 0. No choirs and "voices": they are meant to sound like people.
PROGRAMS = (
    0, 6, 16, 21, 22, 24, 26, 29, 30, 33, 40, 41, 42, 44, 45, 48, 56, 57, 58, 59, 60, 61,
    64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 77, 78, 79, 80, 81, 104, 105, 109, 110, 111,
)  # fmt: skip
DEEP = {33: 36, 42: 43, 57: 48, 58: 36, 60: 48, 66: 50, 67: 45, 70: 45}  # program -> lowest note
SCALE = (0, 2, 4, 5, 7, 9, 11, 12, 14, 16)
BEAT = 480  # ticks; at 120 beats a minute half a second
LENGTH = 20 * BEAT

Event = tuple[int, bytes]  # tick, message


def melody(program: int, seed: int, singing: bool) -> bytes:
    """A standard MIDI file with one melody."""
    chance = random.Random(1000 * seed + program)
    events: list[Event] = [(0, bytes([0xC0, program]))]
    tick, step = 0, chance.randrange(8)
    while tick < LENGTH:
        step = min(len(SCALE) - 1, max(0, step + chance.choice((-3, -2, -1, 0, 1, 2, 3))))
        note = DEEP.get(program, 60) + SCALE[step]
        length = chance.choice((BEAT // 4, BEAT // 2, BEAT // 2, BEAT, BEAT, 2 * BEAT))
        events.append((tick, bytes([0x90, note, chance.randrange(70, 120)])))
        events.append((tick + length + (15 if singing else -20), bytes([0x80, note, 0])))
        if singing:
            events += _expression(tick, length)
        tick += length + (BEAT // 2 if chance.random() < 0.15 else 0)
    return _file(sorted(events, key=lambda event: event[0]))


def _expression(tick: int, length: int) -> list[Event]:
    """From three quarters of a tone below into the note, then vibrato; the loudness swells and falls."""
    events = []
    for at in range(0, length, 20):
        slide = -3000 * max(0.0, 1 - at / 120)
        vibrato = 1200 * math.sin(2 * math.pi * 2.75 * at / (2 * BEAT)) if at > 200 else 0.0
        bend = 8192 + int(slide + vibrato)
        events.append((tick + at, bytes([0xE0, bend & 127, bend >> 7])))
        events.append((tick + at, bytes([0xB0, 11, 60 + int(60 * math.sin(math.pi * at / length))])))
    return events


def _file(events: list[Event]) -> bytes:
    body, last = b"", 0
    for tick, message in events:
        body += _number(tick - last) + message
        last = tick
    body += b"\x00\xff\x2f\x00"
    return b"MThd" + struct.pack(">IHHH", 6, 0, 1, BEAT) + b"MTrk" + struct.pack(">I", len(body)) + body


def _number(value: int) -> bytes:
    """MIDI's numbers of any length: seven bits a byte."""
    out = [value & 127]
    while value := value >> 7:
        out.insert(0, value & 127 | 128)
    return bytes(out)


def main(folder: Path, soundfont: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for program in PROGRAMS:
        for seed in (1, 2):
            for singing in (False, True):
                score = folder / f"program {program} {'singing' if singing else 'plain'} {seed}.mid"
                score.write_bytes(melody(program, seed, singing))
                wanted = ["-ni", "-q", "-g", "0.7", "-r", "16000", "-F", str(score.with_suffix(".wav"))]
                subprocess.run(["fluidsynth", *wanted, soundfont, str(score)], check=True, capture_output=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else SOUNDFONT)
