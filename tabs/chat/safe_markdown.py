"""Text of a model or a visitor as Markdown that can do no harm: no HTML, no pictures, no drawing programs.

The page's Markdown component would load `<img>` and `![...](...)` from anywhere, and runs a diagram library on
some code blocks. Here code blocks are brought into one plain form and the rest of the text is defused, so that
what is code for us is code for the page too.
"""

from __future__ import annotations

import re

GAP = "\u200b"  # has no width: it parts two characters that must not meet, and is not seen

_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_PICTURE = re.compile(r"!(?=\[)")
_PLACEHOLDER = re.compile(r"%%%(?=LATEX_BLOCK)")  # the component's own mark; it breaks when a text contains it
_OPENING = re.compile(
    r"^(?P<lead>(?:[ \t]*(?:[-*+>]|\d{1,9}[.)])(?=[ \t]))*[ \t]*)(?P<fence>`{3,}|~{3,})(?P<info>[^`]*)$"
)
_LANGUAGE = re.compile(r"[A-Za-z][\w+#.-]{0,19}")
_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$&:=@])")


def safe(text: str) -> str:
    """`text` as harmless Markdown: emphasis, lists, tables, links and code stay, everything else shows as written."""
    done: list[str] = []
    lines = _PLACEHOLDER.sub(f"%%%{GAP}", text).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    at = 0
    while at < len(lines):
        opening = _OPENING.match(lines[at])
        at += 1
        if opening is None:
            done.append(_defused(lines[at - 1]))
            continue
        code: list[str] = []
        closing = re.compile(rf"^[ \t>]*{re.escape(opening['fence'][0])}{{{len(opening['fence'])},}}[ \t]*$")
        while at < len(lines) and not closing.match(lines[at]):
            code.append(_moved_left(lines[at], opening["lead"]))
            at += 1
        at += 1
        done += _block(opening, code)
    return "\n".join(done)


def original(text: str) -> str:
    """What `safe` was given, as far as invisible marks go: for a message that was edited in the page."""
    return text.replace(GAP, "")


def plain(text: str) -> str:
    """`text` with nothing in it that Markdown knows, line breaks kept."""
    return "  \n".join(_SPECIAL.sub(r"\\\1", line) for line in text.splitlines())


def _defused(line: str) -> str:
    return _PICTURE.sub(f"!{GAP}", _TAG.sub(f"<{GAP}", line))


def _block(opening: re.Match[str], code: list[str]) -> list[str]:
    """A code block at the left margin, with a fence that nothing inside can close and a harmless language."""
    ticks = max((len(run) for run in re.findall(r"`+", "\n".join(code))), default=0)
    fence = "`" * max(3, ticks + 1)
    language = _LANGUAGE.match(opening["info"].strip())
    name = language[0].lower() if language and language[0].lower() != "mermaid" else ""
    lead = ["", _defused(opening["lead"].rstrip())] if opening["lead"].strip() else []
    return [*lead, "", f"{fence}{name}", *code, fence, ""]


def _moved_left(line: str, lead: str) -> str:
    """A line of code without the indent that its fence had."""
    quoted = ">" in lead
    at = 0
    while at < min(len(line), len(lead)) and (line[at] in " \t" or (quoted and line[at] == ">")):
        at += 1
    return line[at:]
