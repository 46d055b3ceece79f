"""What the speech tab shows beside its components: the player, lines that light up while it plays, their script."""

from __future__ import annotations

import html
import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pipelines import engines
from pipelines.speech_to_text import LANGUAGES, Transcript, subtitles
from pipelines.words import EMPTY, Language, Text

VIDEO = (".mp4", ".mov", ".webm", ".mkv", ".avi", ".m4v")

CSS = """
#stt-player audio, #stt-player video { width: 100%; display: block; }
.dark #stt-player { color-scheme: dark; }
#stt-player video { max-height: 320px; background: #000; border-radius: var(--radius-md); }
#stt-facts { min-height: 56px; }
#stt-lines .stt-box { max-height: 420px; overflow-y: auto; border: 1px solid var(--border-color-primary);
  border-radius: var(--radius-md); background: var(--background-fill-primary); }
#stt-lines .stt-line { display: flex; gap: 8px; align-items: baseline; padding: 4px 8px; line-height: 1.6;
  border-inline-start: 4px solid transparent; }
#stt-lines .stt-line.now { background: var(--color-accent-soft); border-inline-start-color: var(--color-accent); }
#stt-lines .stt-line button { font-variant-numeric: tabular-nums; color: var(--body-text-color-subdued);
  min-width: 3.2em; min-height: 28px; text-align: start; cursor: pointer; flex: none; border-radius: 4px;
  background: none; border: 0; padding: 0 4px; font-size: .9em; }
#stt-lines .stt-line button:disabled { cursor: default; }
#stt-lines .stt-line button:enabled:hover { color: var(--body-text-color); text-decoration: underline; }
#stt-lines .stt-line [contenteditable] { flex: 1; min-width: 0; overflow-wrap: anywhere; border-radius: 4px;
  padding: 0 4px; outline-offset: 1px; }
#stt-lines .stt-line [contenteditable]:hover { background: var(--background-fill-secondary); }
#stt-lines .stt-line [contenteditable]:focus { outline: 2px solid var(--color-accent); }
#stt-lines .stt-empty { padding: 12px; color: var(--body-text-color-subdued); }
.stt-advice { padding: 10px 12px; border-radius: var(--radius-md); line-height: 1.6;
  border: 1px solid var(--border-color-accent); background: var(--color-accent-soft); }
#stt-downloads { flex-wrap: wrap; gap: 8px; }
#stt-downloads button, #stt-downloads a { min-width: 64px; flex: 1 1 64px; }
"""

# The list of lines, drawn here and kept: while the text grows, a line that a visitor is changing stays as it is.
# `props.value` is what `lines_value` makes, `trigger` tells the server.
SCRIPT = """
const media = () => document.querySelector('#stt-player audio, #stt-player video');
const box = document.createElement('div');
box.className = 'stt-box';
element.replaceChildren(box);
const lines = () => Array.from(box.querySelectorAll('.stt-line'));
const words = line => line.querySelector('[contenteditable]');
let waiting = null, run = null;
const send = () => { waiting = null; trigger('input', { run, texts: lines().map(line => words(line).innerText) }); };
const soon = () => { clearTimeout(waiting); waiting = setTimeout(send, 300); };
const clock = at => `${Math.floor(at / 60)}:${String(Math.floor(at % 60)).padStart(2, '0')}`;

function made(one, told, playable) {
  const line = document.createElement('div');
  line.className = 'stt-line';
  Object.assign(line.dataset, { start: one.start, end: one.end, said: one.said });
  const button = document.createElement('button');
  button.type = 'button';
  button.disabled = !playable;
  button.textContent = clock(one.start);
  if (playable) button.title = told.play;
  button.setAttribute('aria-label', `${told.play}, ${clock(one.start)}`);
  const text = document.createElement('span');
  text.setAttribute('contenteditable', 'plaintext-only');
  text.setAttribute('role', 'textbox');
  text.setAttribute('spellcheck', 'false');
  text.setAttribute('aria-label', told.edit);
  text.textContent = one.text;
  line.append(button, text);
  return line;
}
function draw() {
  const value = props.value || {}, all = JSON.parse(value.lines || '[]'), told = value.words || {};
  const fresh = value.run !== run || box.querySelector('.stt-empty') !== null;
  if (value.run !== run) { clearTimeout(waiting); waiting = null; }
  run = value.run;
  if (fresh) box.replaceChildren();
  if (!all.length) {
    const nothing = document.createElement('p');
    nothing.className = 'stt-empty';
    nothing.setAttribute('role', 'status');
    nothing.textContent = value.empty || '';
    box.replaceChildren(nothing);
    return;
  }
  let changed = false;
  all.forEach((one, at) => {
    const old = box.children[at];
    const same = old && Number(old.dataset.start) === one.start && old.dataset.said === one.said;
    if (same) { old.dataset.end = one.end; changed = changed || words(old).innerText !== one.text; return; }
    const line = made(one, told, value.playable);
    if (old) old.replaceWith(line); else box.append(line);
  });
  while (box.children.length > all.length) box.lastElementChild.remove();
  if (changed) soon();  // the server's text is the engine's; what was changed here is told again
  if (media()) light(media());
}
const jump = (line, play) => { const player = media(); if (!player || !line) return;
  player.currentTime = Number(line.dataset.start) + 0.01; if (play) player.play(); light(player); };
function light(player) {
  const now = player.currentTime;
  lines().forEach(line => { const on = now >= Number(line.dataset.start) && now < Number(line.dataset.end);
    if (on && !line.classList.contains('now') && !element.contains(document.activeElement))
      box.scrollTop = line.offsetTop - box.offsetTop - box.clientHeight / 3;
    line.classList.toggle('now', on); });
}
element.addEventListener('click', event => { const line = event.target.closest('.stt-line');
  if (line) jump(line, event.target.tagName === 'BUTTON'); });
element.addEventListener('input', soon);
element.addEventListener('focusout', () => { if (waiting) { clearTimeout(waiting); send(); } });
element.addEventListener('keydown', event => { if (event.key === 'Enter' && event.target.isContentEditable)
  { event.preventDefault(); event.target.blur(); } });
document.addEventListener('timeupdate', event => { if (event.target === media()) light(event.target); }, true);
document.addEventListener('seeked', event => { if (event.target === media()) light(event.target); }, true);
watch('value', draw);
draw();
"""

_GROWING = Text(
    en="Written down up to {at} of {length}. It goes on...", ko="{length} 중 {at}까지 적었습니다. 계속 적는 중..."
)
_STOPPED = Text(en="Stopped: written down up to {at} of {length}.", ko="멈췄습니다. {length} 중 {at}까지 적었습니다.")
_LINE = {
    "play": Text(en="Play from here", ko="여기부터 재생"),
    "edit": Text(en="Text, can be edited", ko="글, 고칠 수 있음"),
}
_NOTHING = Text(en="The text will stand here.", ko="받아 적은 글이 여기에 나옵니다.")


@dataclass(frozen=True)
class Result:
    """One recording and what was heard in it. `texts`: its lines as the visitor left them, if they were changed.

    `run` names it, so that a change that comes late is not taken for one of another recording.
    """

    run: str
    name: str
    path: str | None
    original: Transcript
    texts: tuple[str, ...] | None = None
    readable: bool = True

    @property
    def transcript(self) -> Transcript:
        """With the visitor's changes; lines that were emptied are left out."""
        return self.original if self.texts is None else subtitles.edited(self.original, self.texts)


@dataclass
class Desk:
    """The recordings of one visitor, changed in place: what is still being written down sees what the visitor does.

    `looked_at`: which of them, where it is not the newest.
    """

    results: list[Result] = field(default_factory=list)
    looked_at: int | None = None

    @property
    def which(self) -> int:
        return len(self.results) - 1 if self.looked_at is None else self.looked_at

    def look_at(self, which: int) -> None:
        self.looked_at = None if which == len(self.results) - 1 else which

    def put(self, which: int, result: Result) -> None:
        """A new recording, or more of one that is there, whose changed lines stay."""
        if which == len(self.results):
            self.results.append(result)
            return
        before = self.results[which]
        if before.texts is not None:
            kept = zip(before.original.segments, before.texts, strict=True)
            changed = {(segment.start, segment.text): text for segment, text in kept}
            said = result.original.segments
            result = replace(result, texts=tuple(changed.get((one.start, one.text), one.text) for one in said))
        self.results[which] = result

    def change(self, run: str, texts: tuple[str, ...]) -> int | None:
        """The visitor's lines of a recording; gives which one, None where they fit none."""
        for which, one in enumerate(self.results):
            if one.run == run and len(texts) == len(one.original.segments):
                self.results[which] = replace(one, texts=texts)
                return which
        return None


def player_html(path: str | None) -> str:
    """The recording, to be played: sound or picture and sound."""
    if not path:
        return ""
    source = html.escape(f"gradio_api/file={quote(path)}")
    if Path(path).suffix.lower() in VIDEO:
        return f'<video controls preload="metadata" playsinline src="{source}"></video>'
    return f'<audio controls preload="metadata" src="{source}"></audio>'


def lines_value(result: Result, language: Language) -> dict[str, Any]:
    """The value of the list of lines: the time of each plays, the words can be edited."""
    transcript = result.original
    empty = transcript.notice.to(language) or Text(en="No words yet.", ko="아직 적은 말이 없습니다.").to(language)
    texts = result.texts or tuple(segment.text for segment in transcript.segments)
    lines = [
        {"start": round(one.start, 3), "end": round(one.end, 3), "said": one.text, "text": text}
        for one, text in zip(transcript.segments, texts, strict=True)
    ]
    return {
        "run": result.run,
        "lines": json.dumps(lines),  # one string: Gradio's page copies values deeply with each message
        "empty": empty,
        "playable": result.path is not None,
        "words": {name: text.to(language) for name, text in _LINE.items()},
    }


def nothing_yet(language: Language) -> dict[str, Any]:
    """The value of the list before anything was written down."""
    return {"run": "", "lines": "[]", "empty": _NOTHING.to(language), "words": {}}


def facts_html(result: Result, language: Language, growing: bool = False) -> str:
    """One line about the result: language and how sure, length, engine; how far it has come; and the notice."""
    transcript = result.original
    parts = [_language(transcript, language), _length(transcript).to(language), _engine(transcript.engine, language)]
    line = " · ".join(html.escape(part) for part in parts if part)
    said = [transcript.notice] if transcript.segments and transcript.notice != EMPTY else []
    if growing or transcript.heard_s < transcript.duration_s:
        how_far = _GROWING if growing else _STOPPED
        said.append(how_far.format(at=clock(transcript.heard_s), length=clock(transcript.duration_s)))
    more = "".join(f"<br>{html.escape(one.to(language))}" for one in said)
    return f'<p class="modu-report" role="status">{line}{more}</p>'


def _engine(name: str, language: Language) -> str:
    """The engine's label; of one that has left since, its name."""
    labels = {spec.name: spec.label for spec in engines.specs("speech_to_text")}
    return labels[name].to(language) if name in labels else name


def _language(transcript: Transcript, language: Language) -> str:
    if transcript.language is None:
        unsure = Text(en="language unsure", ko="언어 불확실")
        return "" if not transcript.text else unsure.to(language)
    name = LANGUAGES[transcript.language].to(language)
    sure = transcript.language_probability
    return name if sure is None or sure >= 1 else f"{name} {sure:.0%}"


def _length(transcript: Transcript) -> Text:
    seconds = transcript.duration_s
    if seconds < 60:
        return Text(en=f"{seconds:.1f} s", ko=f"{seconds:.1f}초")
    return Text(en=f"{clock(seconds)} min", ko=f"{int(seconds // 60)}분 {int(seconds % 60)}초")


def clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02}"
