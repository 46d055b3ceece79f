"""Text to passages: cut between paragraphs and sentences, each passage under the heading that it belongs to.

Lengths are measured in widths. A letter of a wide script (Hangul, Han) says more than a Latin one and counts one
and a half, so that passages of both languages hold about as much.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

WIDEST = 800.0  # of a passage
ENOUGH = 500.0  # a passage of this width ends with the paragraph
SECTION = 200.0  # a new heading begins a new passage unless the one before is smaller than this
OVERLAP = 120.0  # a heading, and a last sentence, up to this width are said again where a paragraph was cut
HEADING = 60.0  # a single line of at most this width, without a full stop, is a heading
FULL = 0.6  # a line this wide, measured by the widest of its text, was broken by the page and not by its writer

_WIDE = re.compile("[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\uff01-\uff60]")
_ENDS = ".!?。！？…"
_SENTENCE = re.compile(r"(?<=[.!?。！？…])[\"'”’»)\]]*\s+(?=[^\sa-z])")
_NUMBER = re.compile(r"(?:^|\s)(?:\d{1,3}|[A-Za-z가-힣]|Dr|Mr|Mrs|Ms|St|No|Fig|vs|cf|e\.g|i\.e)\.$")
_ITEM = re.compile(r"\s*(?:[-*•·‣○●■□▶※|>#]|\(?\d{1,3}[.)]\s|[가-하]\.\s|[①-⑳])")
_MARKED_HEADING = re.compile(r"^#{1,6}\s.*$", re.MULTILINE)


@dataclass(frozen=True)
class Unit:
    """What is never cut unless it alone is too wide: a sentence, or a heading. `joint` stands before it."""

    text: str
    joint: str = " "
    heading: bool = False

    @cached_property
    def width(self) -> float:
        return width(self.text) + len(self.joint)


def width(text: str) -> float:
    return len(text) + 0.5 * len(_WIDE.findall(text))


def split(text: str) -> list[str]:
    """The passages of a text, in order. Empty for a text without anything to read."""
    passages: list[str] = []
    current: list[Unit] = []
    heading: Unit | None = None
    for unit in units(text):
        if _must_close(current, unit):
            current = _closed(current, passages, None if unit.heading else heading, unit)
        heading = unit if unit.heading else heading
        current.append(unit)
    if current:
        passages.append(_joined(current))
    return passages


def sentences(text: str) -> list[str]:
    """The sentences of a passage; a line end is always a bound."""
    return [unit.text for unit in units(text) if not unit.heading]


def units(text: str) -> Iterator[Unit]:
    """Headings and sentences in order. Too wide ones come in parts."""
    lines = list(_lines(text))
    alone = [_may_be_heading(line) for _, line in lines] + [True]
    for at, (joint, line) in enumerate(lines):
        # Short lines in a row are a list or an address: a heading has something under it, at most one more between.
        heading = line.startswith("#") or (alone[at] and not all(alone[at + 1 : at + 3]))
        for sentence in [line] if heading else _sentences(line):
            for part in parts(sentence):
                yield Unit(part, joint, heading)
                joint = " "


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """The lines that say something, each with what stands before it: a new paragraph or a new line."""
    joint = "\n\n"
    for line in _MARKED_HEADING.sub(lambda found: f"\n\n{found[0]}\n\n", text).splitlines():
        if line.strip():
            yield joint, line.strip()
        joint = "\n" if line.strip() else "\n\n"


def reflowed(text: str) -> str:
    """The text with the lines joined that only the width of a page had broken."""
    lines = [line.rstrip() for line in text.splitlines()]
    widest = max((width(line) for line in lines), default=0.0)
    out: list[str] = []
    whole = True  # the line before ended where its writer ended it
    for line in lines:
        if whole or not line or _ITEM.match(line):
            out.append(line)
        else:
            out[-1] = f"{out[-1]} {line.lstrip()}"
        whole = not line or line[-1] in _ENDS + ":|" or width(line) < FULL * widest
    return "\n".join(out)


def _sentences(line: str) -> Iterator[str]:
    begin = 0
    for gap in _SENTENCE.finditer(line):
        if not _NUMBER.search(line[begin : gap.start()]):
            yield line[begin : gap.end()].rstrip()
            begin = gap.end()
    if line[begin:]:
        yield line[begin:]


def _may_be_heading(line: str) -> bool:
    return width(line) <= HEADING and line[-1] not in _ENDS + ",;:|" and not _ITEM.match(line)


def parts(sentence: str, widest: float = WIDEST) -> Iterator[str]:
    """A sentence that fits, or its words in parts that do; a single word that does not is cut anywhere."""
    while width(sentence) > widest:
        most = int(widest / 1.5)  # whatever the script, so many letters fit
        at = sentence.rfind(" ", most // 2, most)
        yield sentence[: at if at > 0 else most].rstrip()
        sentence = sentence[at if at > 0 else most :].lstrip()
    if sentence:
        yield sentence


def _must_close(current: list[Unit], unit: Unit) -> bool:
    so_far = _width_of(current)
    if not current or so_far + unit.width > WIDEST:
        return bool(current)
    if all(one.heading for one in current):
        return False
    return so_far >= (SECTION if unit.heading else ENOUGH) and unit.joint != " "


def _closed(current: list[Unit], passages: list[str], heading: Unit | None, unit: Unit) -> list[Unit]:
    """End a passage. What the next one begins with: its heading again, and the last sentence of a cut paragraph."""
    again = [heading] if heading is not None and heading.width <= OVERLAP else []
    last = current[-1]
    if last is heading and len(current) > 1:  # it stands over what comes, not over what was
        current = current[:-1]
    elif unit.joint == " " and not last.heading and last.width <= OVERLAP:
        again.append(Unit(last.text, "\n\n"))
    passages.append(_joined(current))
    return again if _width_of(again) + unit.width <= WIDEST else []


def _width_of(units: list[Unit]) -> float:
    return sum(unit.width for unit in units)


def _joined(units: list[Unit]) -> str:
    return "".join(f"{unit.joint}{unit.text}" for unit in units).strip()
