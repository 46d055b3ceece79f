"""Words to click together: what the built-in painter was taught, or examples for the larger engines."""

from __future__ import annotations

import random
from typing import Any

import gradio as gr

from pipelines import engines
from pipelines.text_to_image import TASK, Vocabulary, vocabulary
from pipelines.words import Language, Text

_TITLE = Text(
    en="The built-in painter knows {shapes} shapes in {colours} colours, one or two at a time{emoji}. Click words:",
    ko="내장 화가는 색 {colours}가지의 도형 {shapes}가지를 하나나 둘씩{emoji} 그립니다. 낱말을 눌러 보세요:",
)
_EMOJI = Text(en=", and {count} things, one at a time", ko=", 사물 {count}가지를 하나씩")
_MORE = Text(en="More", ko="더 보기")
_MANY = 14  # chips of a group; the rest come with a click
_EXAMPLES = Text(en="Examples", ko="예시")
_DICE = Text(en="Surprise me", ko="아무거나")
_CLEAR = Text(en="Clear", ko="지우기")
_GROUPS = {
    "colours": Text(en="Colours", ko="색"),
    "shapes": Text(en="Shapes", ko="도형"),
    "emoji": Text(en="Things", ko="사물"),
    "sizes": Text(en="Size", ko="크기"),
    "relations": Text(en="Where", ko="위치"),
    "grounds": Text(en="Background", ko="배경"),
}
# The models of the Hub know English best, so the prompt is English under a Korean name, too.
_PROMPTS = (
    (Text(en="Alley in the rain", ko="비 오는 골목"), "a narrow alley in Seoul at night, rain, neon signs, puddles"),
    (Text(en="Fox in the snow", ko="눈밭의 여우"), "a red fox sitting in fresh snow, soft morning light"),
    (Text(en="Teapot", ko="찻주전자"), "a celadon teapot on a wooden table beside a window"),
    (Text(en="Lighthouse", ko="등대"), "a white lighthouse on a cliff above a stormy sea"),
)  # fmt: skip

CSS = """
.chips { display: flex; flex-direction: column; gap: 6px; }
.chips p { margin: 0 2px; font-size: .9rem; color: var(--body-text-color-subdued); line-height: 1.5; }
.chips > div { display: grid; grid-template-columns: 5.6em 1fr; gap: 6px; align-items: start; }
.chips > div > span { font-size: .8rem; line-height: 32px; color: var(--body-text-color-subdued); }
.chips > div > div { display: flex; flex-wrap: wrap; gap: 6px; }
.chips button { display: inline-flex; align-items: center; gap: 6px; min-height: 32px; padding: 0 10px; font: inherit;
  font-size: .88rem; border-radius: 999px; cursor: pointer; border: 1px solid var(--border-color-primary);
  background: var(--button-secondary-background-fill); color: var(--button-secondary-text-color); }
.chips button[hidden] { display: none; }
.chips button:hover { border-color: var(--color-accent); }
.chips button:focus-visible { outline: 2px solid var(--color-accent); outline-offset: 1px; }
.chips i { width: .85em; height: .85em; border-radius: 50%; border: 1px solid rgba(128, 128, 128, .6); }
.chips .example { border-style: dashed; }
.chips .more { border-style: dotted; }
"""

# Words go into the prompt in the browser; nothing is sent before the visitor paints.
SCRIPT = """
function make(tag, attributes, text) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text) node.textContent = text;
  return node;
}
function write(change) {
  const prompt = document.querySelector('#t2i-prompt textarea');
  if (!prompt) return;
  const set = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value').set;
  set.call(prompt, change(prompt.value.trimEnd()));
  prompt.dispatchEvent(new Event('input', { bubbles: true }));
}
const after = (word) => (before) => before + (before && !word.startsWith(',') ? ' ' : '')
  + (before ? word : word.replace(/^,\\s*/, ''));
function chip(one) {
  const button = make('button', { type: 'button' }, '');
  if (one.colour && CSS.supports('color', one.colour)) {
    const dot = make('i', { 'aria-hidden': 'true' }, '');
    dot.style.background = one.colour;
    button.append(dot);
  }
  button.append(one.label);
  button.addEventListener('click', () => write(after(one.word)));
  return button;
}
function whole(label, sentence) {
  const button = make('button', { type: 'button', class: 'example' }, label);
  button.addEventListener('click', () => write(() => sentence()));
  return button;
}
function row(name, buttons) {
  const line = make('div', { role: 'group', 'aria-label': name }, ''), many = make('div', {}, '');
  many.append(...buttons);
  line.append(make('span', { 'aria-hidden': 'true' }, name), many);
  return line;
}
function group(one, more) {
  const chips = one.chips.map(chip), rest = chips.slice(one.many);
  if (!rest.length) return row(one.name, chips);
  const button = make('button', { type: 'button', class: 'more' }, `${more} (${rest.length})`);
  const line = row(one.name, [...chips, button]);
  rest.forEach((other) => { other.hidden = true; });
  button.addEventListener('click', () => {
    rest.forEach((other) => { other.hidden = false; });
    button.remove();
    rest[0].focus();
  });
  return line;
}
function draw() {
  const value = props.value || {};
  const box = make('div', { class: 'chips' }, '');
  if (value.title) box.append(make('p', {}, value.title));
  for (const one of value.groups || []) box.append(group(one, value.more));
  const last = (value.examples || []).map((one) => whole(one.label, () => one.word));
  const luck = value.luck || [];
  if (luck.length) last.push(whole(value.dice, () => luck[Math.floor(Math.random() * luck.length)]));
  if (value.clear) last.push(whole(value.clear, () => ''));
  if (last.length) box.append(row(value.examples_name, last));
  element.replaceChildren(box);
}
watch('value', draw);
draw();
"""


def build() -> gr.HTML:
    return gr.HTML(
        {},
        html_template="",
        css_template=CSS,
        js_on_load=SCRIPT,
        elem_id="t2i-words",
        padding=False,
        apply_default_css=False,
    )


def shown(engine: str, language: Language) -> dict[str, Any]:
    """The component's value for the engine that would answer."""
    known = vocabulary() if engines.choose(TASK, engine).kind == "embedded" else None
    value: dict[str, Any] = {"examples_name": _EXAMPLES.to(language), "clear": _CLEAR.to(language)}
    if known is None:
        return {**value, "examples": [{"label": name.to(language), "word": prompt} for name, prompt in _PROMPTS]}
    luck = random.Random(11)
    return {
        **value,
        "title": _title(known).to(language),
        "groups": _groups(known, language),
        "more": _MORE.to(language),
        "examples": [{"label": one, "word": one} for one in (known.sentence(language, luck) for _ in range(3))],
        "dice": _DICE.to(language),
        "luck": [known.sentence(language, luck) for _ in range(40)],
    }


def _title(known: Vocabulary) -> Text:
    emoji = _EMOJI.format(count=len(known.emoji)) if known.emoji else Text(en="", ko="")
    return _TITLE.format(shapes=len(known.shapes), colours=len(known.colours), emoji=emoji)


def _groups(known: Vocabulary, language: Language) -> list[dict[str, Any]]:
    """Names by kind. A colour can be of a thing or, in a row of its own, of the background."""

    def chip(text: Text, kind: str) -> dict[str, str]:
        word = label = text.to(language)
        if kind == "relations" and language == "ko":
            word = f"{label}의"
        if kind == "grounds":
            word = f", {label} 배경" if language == "ko" else f", {label} background"
        colour = text.en.replace(" ", "") if kind in ("colours", "grounds") else ""
        return {"label": label, "word": word, "colour": colour}

    found = {name: getattr(known, "colours" if name == "grounds" else name) for name in _GROUPS}
    return [
        {"name": name.to(language), "many": _MANY, "chips": [chip(text, kind) for text in found[kind]]}
        for kind, name in _GROUPS.items()
        if found[kind]
    ]
