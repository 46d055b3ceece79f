"""What the speech tab shows beside its components: the player, lines that light up while it plays, their script."""

from __future__ import annotations

import html
from pathlib import Path
from urllib.parse import quote

from pipelines import engines
from pipelines.speech_to_text import LANGUAGES, Transcript
from pipelines.words import Language, Text

VIDEO = (".mp4", ".mov", ".webm", ".mkv", ".avi", ".m4v")

CSS = """
#stt-player audio, #stt-player video { width: 100%; display: block; }
#stt-player video { max-height: 320px; background: #000; border-radius: var(--radius-md); }
#stt-lines .stt-box { max-height: 420px; overflow-y: auto; border: 1px solid var(--border-color-primary);
  border-radius: var(--radius-md); background: var(--background-fill-primary); }
#stt-lines .stt-line { display: flex; gap: 8px; align-items: baseline; padding: 4px 8px; line-height: 1.6;
  border-inline-start: 4px solid transparent; }
#stt-lines .stt-line.now { background: var(--color-accent-soft); border-inline-start-color: var(--color-accent); }
#stt-lines .stt-line button { font-variant-numeric: tabular-nums; color: var(--body-text-color-subdued);
  min-width: 3.2em; min-height: 28px; text-align: start; cursor: pointer; flex: none; border-radius: 4px;
  background: none; border: 0; padding: 0 4px; font-size: .9em; }
#stt-lines .stt-line button:hover { color: var(--body-text-color); text-decoration: underline; }
#stt-lines .stt-line [contenteditable] { flex: 1; min-width: 0; overflow-wrap: anywhere; border-radius: 4px;
  padding: 0 4px; outline-offset: 1px; }
#stt-lines .stt-line [contenteditable]:hover { background: var(--background-fill-secondary); }
#stt-lines .stt-line [contenteditable]:focus { outline: 2px solid var(--color-accent); }
#stt-lines .stt-empty { padding: 12px; color: var(--body-text-color-subdued); }
.stt-live { min-height: 4.8em; padding: 8px 12px; line-height: 1.7; border: 1px solid var(--border-color-primary);
  border-radius: var(--radius-md); background: var(--background-fill-primary); overflow-wrap: anywhere; }
.stt-live .growing { color: var(--body-text-color-subdued); }
#stt-live > .wrap { display: none !important; }
.stt-advice { padding: 10px 12px; border-radius: var(--radius-md); line-height: 1.6;
  border: 1px solid var(--border-color-accent); background: var(--color-accent-soft); }
#stt-downloads { flex-wrap: wrap; gap: 8px; }
#stt-downloads button, #stt-downloads a { min-width: 64px; flex: 1 1 64px; }
"""

# Runs once when the list of lines is on the page. `element` is the list, `trigger` tells the server.
SCRIPT = """
const media = () => document.querySelector('#stt-player audio, #stt-player video');
const lines = () => Array.from(element.querySelectorAll('.stt-line'));
let waiting = null;
const send = () => { waiting = null; trigger('input', {
  texts: lines().map(line => line.querySelector('[contenteditable]').innerText) }); };
const jump = (line, play) => { const player = media(); if (!player || !line) return;
  player.currentTime = Number(line.dataset.start) + 0.01; if (play) player.play(); light(player); };
const light = (player) => { const now = player.currentTime;
  lines().forEach(line => { const on = now >= Number(line.dataset.start) && now < Number(line.dataset.end);
    if (on && !line.classList.contains('now') && !element.contains(document.activeElement))
      { const box = line.parentElement; box.scrollTop = line.offsetTop - box.offsetTop - box.clientHeight / 3; }
    line.classList.toggle('now', on); }); };
element.addEventListener('click', event => { const line = event.target.closest('.stt-line');
  if (line) jump(line, event.target.tagName === 'BUTTON'); });
element.addEventListener('input', () => { clearTimeout(waiting); waiting = setTimeout(send, 300); });
element.addEventListener('focusout', () => { if (waiting) { clearTimeout(waiting); send(); } });
element.addEventListener('keydown', event => { if (event.key === 'Enter' && event.target.isContentEditable)
  { event.preventDefault(); event.target.blur(); } });
document.addEventListener('timeupdate', event => { if (event.target === media()) light(event.target); }, true);
document.addEventListener('seeked', event => { if (event.target === media()) light(event.target); }, true);
"""


def player_html(path: str | None) -> str:
    """The recording, to be played: sound or picture and sound."""
    if not path:
        return ""
    source = html.escape(f"gradio_api/file={quote(path)}")
    if Path(path).suffix.lower() in VIDEO:
        return f'<video controls preload="metadata" playsinline src="{source}"></video>'
    return f'<audio controls preload="metadata" src="{source}"></audio>'


def lines_html(transcript: Transcript | None, language: Language) -> str:
    """The text line by line: the time plays, the words can be edited."""
    if transcript is None:
        return ""
    if not transcript.segments:
        said = transcript.notice.to(language) or Text(en="No words yet.", ko="아직 적은 말이 없습니다.").to(language)
        return f'<div class="stt-box"><p class="stt-empty" role="status">{html.escape(said)}</p></div>'
    play = Text(en="Play from here", ko="여기부터 재생").to(language)
    edit = Text(en="Text, can be edited", ko="글, 고칠 수 있음").to(language)
    rows = "".join(
        f'<div class="stt-line" data-start="{one.start:.3f}" data-end="{one.end:.3f}">'
        f'<button type="button" title="{play}" aria-label="{play}, {clock(one.start)}">{clock(one.start)}</button>'
        f'<span contenteditable="plaintext-only" role="textbox" spellcheck="false" aria-label="{edit}">'
        f"{html.escape(one.text)}</span></div>"
        for one in transcript.segments
    )
    return f'<div class="stt-box">{rows}</div>'


def facts_html(transcript: Transcript | None, language: Language) -> str:
    """One line about the result: language and how sure, length, engine; and the notice."""
    if transcript is None:
        return ""
    parts = [_language(transcript, language), _length(transcript).to(language), _engine(transcript.engine, language)]
    line = " · ".join(html.escape(part) for part in parts if part)
    notice = transcript.notice.to(language) if transcript.segments else ""
    more = f"<br>{html.escape(notice)}" if notice else ""
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


def live_html(settled: str, growing: str, notice: str) -> str:
    """The text of a running recording; what may still change is paler."""
    grown = f' <span class="growing">{html.escape(growing)}</span>' if growing else ""
    quiet = f'<p class="modu-quiet">{html.escape(notice)}</p>' if notice and not growing else ""
    return f'<div class="stt-live" aria-live="polite">{html.escape(settled)}{grown}{quiet}</div>'


def clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02}"
