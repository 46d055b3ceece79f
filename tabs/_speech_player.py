"""The player in the page that sounds sentence after sentence while the next ones are still being made.

Gradio's own streaming player needs ffmpeg; this one plays small WAV files in order and waits for the next.
"""

from __future__ import annotations

import secrets

from pipelines.words import Text
from tabs._words import visitor_language

_PAUSE = Text(en="Pause", ko="잠시 멈춤")
_GO_ON = Text(en="Continue", ko="이어 듣기")
_AGAIN = Text(en="Play again", ko="다시 듣기")
_PIECE = Text(en="Sentence", ko="문장")
_IDLE = Text(en="The sound starts with the first sentence.", ko="첫 문장이 준비되는 대로 소리가 나옵니다.")


def silent() -> dict:
    """The player's value with nothing to play, in the words of the visitor's language. Ends the run that plays."""
    return playing("", [], False)


def new_run() -> str:
    """A name for what is about to be spoken: a sentence that comes late, after Stop, is known by it and not played."""
    return secrets.token_hex(8)


def playing(run: str, pieces: list[str], complete: bool) -> dict:
    """The player's value: the files of a run's sentences so far, in order, and whether that was all.

    The files are one string, a line each: with each message of its events Gradio's page copies all values deeply, and
    a list of a thousand files holds it up for a tenth of a second each time.
    """
    language = visitor_language()
    words = {"pause": _PAUSE, "go_on": _GO_ON, "again": _AGAIN, "piece": _PIECE, "idle": _IDLE}
    told = {name: text.to(language) for name, text in words.items()}
    return {"run": run, "pieces": "\n".join(pieces), "complete": complete, "words": told}


# Before the page's load event has told the language: nothing to play and nothing to read.
BLANK: dict = {"run": "", "pieces": "", "complete": False, "words": {}}

PLAYER_CSS = """
.live { display: flex; align-items: center; gap: 12px; min-height: 44px; padding: 4px; flex-wrap: wrap; }
.live button { min-height: 40px; min-width: 104px; padding: 0 14px; border-radius: 8px; cursor: pointer;
  border: 1px solid var(--border-color-primary); background: var(--button-secondary-background-fill);
  color: var(--button-secondary-text-color); font: inherit; }
.live button:disabled { opacity: .45; cursor: default; }
.live span { color: var(--body-text-color-subdued); font-size: .9rem; }
"""

# Gradio hands over `element`, `props` and `watch`. The page is built here once and kept: a template that
# follows the value would be drawn afresh at each sentence and cut the sound.
PLAYER = """
const box = document.createElement('div');
box.className = 'live';
const button = document.createElement('button');
button.type = 'button';
const line = document.createElement('span');
line.setAttribute('aria-live', 'polite');
box.append(button, line);
element.append(box);
const sound = new Audio();
let at = -1, waiting = false, paused = false, pieces = [], run = '', complete = false;
const stopped = new Set();

const root = () => (window.gradio_config && window.gradio_config.root) || '';
const words = () => (props.value && props.value.words) || {};

function show() {
  box.style.visibility = words().pause ? 'visible' : 'hidden';
  const over = at >= pieces.length && pieces.length > 0;
  button.disabled = pieces.length === 0;
  button.textContent = (over ? words().again : (paused ? words().go_on : words().pause)) || '';
  line.textContent = pieces.length === 0 ? words().idle || ''
    : `${words().piece} ${Math.min(at + 1, pieces.length)} / ${pieces.length}${complete ? '' : ' …'}`;
  box.dataset.at = at;
  box.dataset.count = pieces.length;
}

function play(number) {
  at = number;
  waiting = at >= pieces.length;
  if (!waiting) {
    sound.src = `${root()}/gradio_api/file=${pieces[at]}`;
    paused = false;
    sound.play().catch(() => { paused = true; show(); });
  }
  show();
}

sound.addEventListener('ended', () => play(at + 1));
button.addEventListener('click', () => {
  if (at >= pieces.length) { play(0); return; }
  paused = !paused;
  if (paused) sound.pause(); else sound.play();
  show();
});

function follow() {
  const value = props.value || {};
  if (stopped.has(value.run)) return;
  const fresh = value.pieces ? value.pieces.split('\\n') : [];
  if (value.run !== run) {
    if (run) stopped.add(run);
    run = value.run;
    sound.pause();
    sound.removeAttribute('src');
    at = -1;
    waiting = false;
    paused = false;
  }
  pieces = fresh;
  complete = value.complete;
  if (pieces.length && at === -1) play(0);
  else if (waiting && at < pieces.length) play(at);
  else show();
}

watch('value', follow);
follow();
"""
