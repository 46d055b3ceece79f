"""Live dictation: a recorder of our own in the page, text that grows while one speaks, and the result at the end.

Gradio's streaming microphone sends ten files a second side by side: on a busy machine most of them are lost, and none
waits for the one before. Here the page keeps what is recorded until the server has taken in the part before it.
"""

from __future__ import annotations

import base64
import binascii
import logging
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np

from pipelines import checks
from pipelines.errors import Cancelled, InvalidInput, PipelineError
from pipelines.sound import HIGHEST_RATE, LOWEST_RATE, Samples
from pipelines.speech_to_text import Live, TranscribeOptions, Transcript
from pipelines.speech_to_text.live import LiveText
from pipelines.words import EMPTY, Text
from tabs import _live
from tabs._calls import HEAVY, private, work
from tabs._files import kept_file
from tabs._words import visitor_language

log = logging.getLogger(__name__)

# Parts of a running recording must stay in their order: one at a time, each done in milliseconds.
ORDERED: dict[str, Any] = {"concurrency_id": "live", "concurrency_limit": 1}
LONGEST_PART_S = 10.0  # of sound in one message, far below the limit of a request body

NAME = Text(en="Live", ko="실시간")
_WORDS = {
    "record": Text(en="Record", ko="녹음"),
    "stop": Text(en="Stop recording", ko="녹음 끝내기"),
    "idle": Text(en="The text grows while you speak.", ko="말하는 동안 글이 늘어납니다."),
    "listening": Text(en="Listening...", ko="듣고 있습니다..."),
    "finishing": Text(en="Writing down the last words...", ko="마지막 말을 적는 중..."),
    "denied": Text(
        en="The browser does not let this page use the microphone. Allow it in the address bar and try again.",
        ko="브라우저가 마이크 사용을 막고 있습니다. 주소창에서 허용한 뒤 다시 시도해 주세요.",
    ),
    "missing": Text(
        en="No microphone was found. Connect one and try again.",
        ko="마이크를 찾지 못했습니다. 마이크를 연결하고 다시 시도해 주세요.",
    ),
    "unusable": Text(
        en="This browser could not record with that microphone. Choose another one, or upload a recording.",
        ko="이 브라우저에서 해당 마이크로 녹음하지 못했습니다. 다른 마이크를 고르거나 녹음 파일을 올려 주세요.",
    ),
    "insecure": Text(
        en="Browsers give the microphone only to pages opened with https or on this machine (localhost).",
        ko="브라우저는 https로 열었거나 이 컴퓨터(localhost)에서 연 페이지에만 마이크를 내줍니다.",
    ),
}
_LOST = Text(
    en="The server no longer knows this recording. Start a new one.",
    ko="서버에 이 녹음이 더 이상 없습니다. 새로 시작해 주세요.",
)
_UNHEARD = Text(
    en="The recording itself could not be stored, so it cannot be played.",
    ko="녹음 자체는 저장하지 못해 재생할 수 없습니다.",
)
_NO_SOUND = Text(en="This is no recorded sound.", ko="녹음된 소리가 아닙니다.")

CSS = """
.bar { display: flex; align-items: center; gap: 12px; flex-wrap: wrap; min-height: 44px; padding: 4px 0 8px; }
.bar button { min-height: 40px; min-width: 132px; padding: 0 14px; border-radius: 8px; cursor: pointer; font: inherit;
  border: 1px solid var(--border-color-primary); background: var(--button-secondary-background-fill);
  color: var(--button-secondary-text-color); }
.bar button::before { content: ""; display: inline-block; width: .7em; height: .7em; margin-inline-end: .6em;
  background: #dc2626; border-radius: 50%; }
.bar button.stop-button::before { border-radius: 2px; }
.bar button:disabled { opacity: .5; cursor: default; }
.bar time { font-variant-numeric: tabular-nums; color: var(--body-text-color-subdued); }
.bar meter { flex: 1; min-width: 60px; max-width: 220px; height: 12px; }
.text { min-height: 4.8em; padding: 8px 12px; line-height: 1.7; border: 1px solid var(--border-color-primary);
  border-radius: var(--radius-md); background: var(--background-fill-primary); overflow-wrap: anywhere; }
.text .growing, .text p { color: var(--body-text-color-subdued); }
.text p { margin: 0; }
.text p.problem { color: var(--error-text-color, #b91c1c); }
[hidden] { display: none !important; }
"""

# The recorder. `props.value.run` names the recording that the server speaks of, `heard` the last part it has taken in.
SCRIPT = """
const make = (tag, name, parent) => { const node = document.createElement(tag); if (name) node.className = name;
  parent.append(node); return node; };
const bar = make('div', 'bar', element);
const record = make('button', 'record-button', bar), stop = make('button', 'stop-button', bar);
record.type = stop.type = 'button';
const clock = make('time', '', bar), meter = make('meter', '', bar);
meter.max = 1; meter.setAttribute('aria-hidden', 'true');
const text = make('div', 'text', element);
text.id = 'stt-live';
text.setAttribute('aria-live', 'polite');

let run = '', state = 'idle', stream = null, context = null, rate = 16000;
let parts = [], waiting = 0, captured = 0, sent = 0, level = 0, own = '', guard = null;
const value = () => props.value || {};
const words = () => value().words || {};

function show() {
  record.textContent = words().record || '';
  stop.textContent = words().stop || '';
  record.hidden = state !== 'idle';
  stop.hidden = state === 'idle';
  stop.disabled = state !== 'recording';
  meter.hidden = clock.hidden = state !== 'recording';
  meter.value = level;
  const seconds = Math.floor(captured / rate);
  clock.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  element.dataset.state = state;
  element.dataset.captured = (captured / rate).toFixed(3);
}
function write() {
  const mine = value().run === run && run ? value() : {};
  text.replaceChildren();
  if (mine.settled) text.append(mine.settled);
  if (mine.growing) { if (mine.settled) text.append(' '); make('span', 'growing', text).textContent = mine.growing; }
  const hint = state === 'finishing' || state === 'closing' ? words().finishing
    : mine.settled || mine.growing ? '' : state === 'recording' ? words().listening : mine.over ? '' : words().idle;
  const notice = mine.problem || own || (mine.growing ? '' : mine.notice);
  if (notice) make('p', mine.problem || own ? 'problem' : '', text).textContent = notice;
  else if (hint) make('p', '', text).textContent = hint;
}

const WORKLET = `registerProcessor('modu-tape', class extends AudioWorkletProcessor {
  constructor() { super(); this.block = new Float32Array(2048); this.used = 0; }
  process(inputs) {
    const heard = inputs[0][0];
    if (!heard) return true;
    for (let at = 0; at < heard.length; at++) {
      this.block[this.used++] = heard[at];
      if (this.used === this.block.length) { this.port.postMessage(this.block.slice()); this.used = 0; }
    }
    return true;
  } });`;

// 16 kHz is all that recognisers use; browsers that cannot change the rate give their own, and the server does it.
async function opened(options) {
  context = new AudioContext(options);
  const source = context.createMediaStreamSource(stream);
  const address = URL.createObjectURL(new Blob([WORKLET], { type: 'text/javascript' }));
  await context.audioWorklet.addModule(address);
  URL.revokeObjectURL(address);
  const tape = new AudioWorkletNode(context, 'modu-tape', { channelCount: 1, channelCountMode: 'explicit' });
  tape.port.onmessage = event => take(event.data);
  source.connect(tape);
  tape.connect(context.destination);  // silent; some browsers pull only what leads somewhere
  rate = context.sampleRate;
}
function take(block) {
  if (state !== 'recording') return;
  const whole = new Int16Array(block.length);
  let top = 0;
  for (let at = 0; at < block.length; at++) {
    const one = Math.max(-1, Math.min(1, block[at]));
    top = Math.max(top, Math.abs(one));
    whole[at] = Math.round(one * 32767);
  }
  level = Math.max(Math.sqrt(top), level * .8);
  parts.push(whole); captured += whole.length;
  show(); next();
}
function next() {
  if (waiting || !run) return;
  const there = parts.reduce((sum, one) => sum + one.length, 0);
  if (there >= rate * 0.5 || (state === 'finishing' && there)) {
    const longest = rate * LONGEST, taken = [];
    let length = 0;
    while (parts.length && length + parts[0].length <= longest) {
      length += parts[0].length;
      taken.push(parts.shift());
    }
    const whole = new Int16Array(length);
    let at = 0;
    for (const one of taken) { whole.set(one, at); at += one.length; }
    const bytes = new Uint8Array(whole.buffer);
    let letters = '';
    for (let from = 0; from < bytes.length; from += 8192)
      letters += String.fromCharCode(...bytes.subarray(from, from + 8192));
    waiting = ++sent;
    trigger('input', { run, part: sent, sound: btoa(letters) });
  } else if (state === 'finishing') finish();
}
function finish() {
  clearTimeout(guard);
  if (state !== 'finishing') return;
  state = 'closing';
  trigger('stop_recording', { run });
}
function close() {
  if (stream) stream.getTracks().forEach(track => track.stop());
  if (context) context.close();
  stream = context = null;
}
function ending() {
  if (state !== 'recording') return;
  state = 'finishing';
  close();
  // A part that is never answered must not keep the text from the visitor.
  guard = setTimeout(() => { waiting = 0; parts = []; finish(); }, 30000);
  show(); write(); next();
}
function fail(why) { state = 'idle'; run = ''; own = why || ''; close(); show(); write(); }

record.addEventListener('click', async () => {
  if (state !== 'idle') return;
  state = 'asking'; own = ''; run = ''; show(); write();
  if (!navigator.mediaDevices || !window.AudioWorkletNode) { fail(words().insecure); return; }
  try {
    stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  } catch (error) {
    fail(error.name === 'NotFoundError' ? words().missing : words().denied);
    return;
  }
  try {
    await opened({ sampleRate: 16000 });
  } catch (error) {
    if (context) context.close();
    try { await opened({}); } catch (again) { fail(words().unusable); return; }
  }
  parts = []; captured = sent = level = 0;
  run = Array.from(crypto.getRandomValues(new Uint32Array(2)), one => one.toString(16)).join('');
  state = 'recording';
  stream.getTracks().forEach(track => track.addEventListener('ended', ending));
  waiting = Infinity;  // until the server is ready
  trigger('start_recording', { run, rate });
  show(); write();
});
stop.addEventListener('click', ending);

function follow() {
  if (value().run === run && run) {
    if (value().over) { state = 'idle'; waiting = 0; clearTimeout(guard); }
    else if (value().heard === sent) waiting = 0;
    if (value().problem) ending();
  }
  show(); write();
  if (state === 'recording' || state === 'finishing') next();
}
watch('value', follow);
show(); write();
""".replace("LONGEST", f"{LONGEST_PART_S:g}")


def build(inputs: list[Any], outputs: list[Any], shown: Callable[[Transcript, Path | None], tuple]) -> gr.HTML:
    """The recorder and its events. `inputs`: language, task, engine, word times.

    At the end `outputs` get what `shown` makes of the transcript and its recording.
    """
    recorder = gr.HTML(
        {}, html_template="", css_template=CSS, js_on_load=SCRIPT, elem_id="stt-microphone", padding=False,
        apply_default_css=False,
    )  # fmt: skip
    quiet = {"show_progress": "hidden", "trigger_mode": "multiple"}

    async def on_stop(event: gr.EventData) -> tuple:
        return await finished(event, shown, len(outputs))

    recorder.start_recording(**private(on_start, ORDERED), inputs=inputs, outputs=recorder, **quiet)
    recorder.input(**private(on_sound, ORDERED), outputs=recorder, **quiet)
    recorder.stop_recording(**private(on_stop, HEAVY), outputs=[recorder, *outputs], **quiet)
    return recorder


def blank() -> dict[str, Any]:
    """The recorder's value with nothing recorded, in the words of the visitor's language."""
    language = visitor_language()
    return {"words": {name: text.to(language) for name, text in _WORDS.items()}}


async def on_start(language: str, task: str, engine: str, words: bool, event: gr.EventData) -> dict[str, Any]:
    """A new recording: what was heard before is forgotten."""
    given = _given(event)
    rate = checks.whole(given.get("rate"), "rate", LOWEST_RATE, HIGHEST_RATE)
    options = TranscribeOptions(language=language, task=task, word_timestamps=words)
    _live.begin(Live(options, engine, rate))
    return _value(event, LiveText("", ""))


async def on_sound(event: gr.EventData) -> dict[str, Any]:
    """Some more sound of the running recording. What ends the listening is told beside the text that is there."""
    live = _live.current()
    if live is None:
        return _value(event, LiveText("", ""), _LOST)
    samples = _samples(_given(event).get("sound"))
    try:
        text = await work(lambda _job: live.add(samples))
    except Cancelled:
        raise
    except PipelineError as error:
        return _value(event, live.text, error.message)
    return _value(event, text)


async def finished(event: gr.EventData, shown: Callable[[Transcript, Path | None], tuple], count: int) -> tuple:
    """The recording is over: its text becomes a result like any other, with its sound.

    What could not be written down at all can still be listened to.
    """
    live = _live.current()
    if live is None:
        return {**_value(event, LiveText("", ""), _LOST), "over": True}, *(gr.skip() for _ in range(count))
    problem = EMPTY
    try:
        try:
            found = await work(live.finish)
        except Cancelled:
            raise
        except PipelineError as error:
            problem = error.message
            found = Transcript("", (), None, None, round(live.length_s, 3), False, "", problem)
        sound = await work(lambda _job: _kept(live))
    except PipelineError as error:
        return {**_value(event, live.text, error.message), "over": True}, *(gr.skip() for _ in range(count))
    finally:
        _live.end()
    if sound is None:
        found = replace(found, notice=found.notice + _UNHEARD)
    notice = EMPTY if problem != EMPTY else found.notice
    return {**_value(event, LiveText(found.text, "", notice), problem), "over": True}, *shown(found, sound)


def _kept(live: Live) -> Path | None:
    """The recording as a file that the page may play; None where it cannot be written."""
    name = NAME.to(visitor_language())
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"{name}.wav"
            live.save(path)
            return Path(kept_file(path)["path"])
    except OSError as error:
        log.warning("a recording could not be kept: %s", error)
        return None


def _given(event: gr.EventData) -> dict[str, Any]:
    return event._data if isinstance(event._data, dict) else {}


def _samples(sound: object) -> Samples:
    """What the page sends: 16-bit numbers, as base64."""
    try:
        data = base64.b64decode(sound, validate=True) if isinstance(sound, str) else b""
    except binascii.Error:
        data = b""
    if not data or len(data) % 2:
        raise InvalidInput(_NO_SOUND)
    return np.asarray(np.frombuffer(data, "<i2") / 32768, np.float32)


def _value(event: gr.EventData, text: LiveText, problem: Text = EMPTY) -> dict[str, Any]:
    """The recorder's value: how far the server has come in this recording, and its text so far."""
    language, given = visitor_language(), _given(event)
    return {
        **blank(),
        "run": str(given.get("run", ""))[:40],
        "heard": given.get("part", 0) if isinstance(given.get("part"), int) else 0,
        "settled": text.settled,
        "growing": text.growing,
        "notice": text.notice.to(language),
        "problem": problem.to(language),
        "over": False,
    }
