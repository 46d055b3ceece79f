"""The part of the speech tab that also reads the screen of a video: the endpoint `/video_to_text`, and its fold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import FileData

from pipelines import video_to_text
from pipelines.job import Job
from pipelines.video_to_text import OFTENEST_S, Timeline, clock
from pipelines.words import Language, Text
from tabs._calls import HEAVY, endpoint, private, tell, work
from tabs._files import bytes_file, stem_of, uploaded
from tabs._parts import clip_input, on_page_load
from tabs._words import say, visitor_language

NO_VIDEO = Text(en="Choose a video first.", ko="먼저 동영상을 골라 주세요.")
_WORDS = {
    "screen": Text(en="Screen", ko="화면"),
    "speech": Text(en="Speech", ko="음성"),
    "jump": Text(en="Show this moment", ko="이 순간 보기"),
    "nothing": Text(
        en="What is said and shown will stand here, in the order of time.",
        ko="영상에서 한 말과 화면에 나온 글이 시간 순서로 여기에 나옵니다.",
    ),
    "empty": Text(
        en="No speech was understood and no text was seen on the screen.",
        ko="알아들은 말도, 화면에서 읽은 글도 없습니다.",
    ),
}

_PAGE_CSS = "#stt-timeline, #stt-timeline .html-container { padding: 0 !important; }"
_CSS = """
ol { list-style: none; margin: 0; padding: 4px 0; max-height: 420px; overflow-y: auto;
  border: 1px solid var(--border-color-primary); border-radius: var(--radius-md);
  background: var(--background-fill-primary); }
li { display: flex; gap: 8px; align-items: baseline; margin: 0; padding: 3px 8px; line-height: 1.55;
  color: var(--body-text-color); }
li button { flex: none; min-width: 3.4em; min-height: 28px; text-align: start; padding: 0 4px; border: 0;
  background: none; cursor: pointer; border-radius: 4px; font: inherit; font-size: .9em;
  font-variant-numeric: tabular-nums; color: var(--body-text-color-subdued); }
li button:hover { text-decoration: underline; color: var(--body-text-color); }
li small { flex: none; min-width: 3.6em; text-align: center; padding: 0 6px; border-radius: 999px; font-size: .75rem;
  border: 1px solid var(--border-color-primary); color: var(--body-text-color-subdued); }
li.screen small { border-style: dashed; }
li span { min-width: 0; overflow-wrap: anywhere; white-space: pre-wrap; }
p { margin: 0; padding: 14px; border: 1px dashed var(--border-color-primary); border-radius: var(--radius-md);
  color: var(--body-text-color-subdued); }
"""

# Everything that was heard or read is set as text, never as markup.
_SCRIPT = """
const video = () => document.querySelector('#stt-clip video');
function make(tag, attributes, text) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.textContent = text;
  return node;
}
function draw() {
  const value = props.value || {}, words = value.words || {}, items = value.items;
  if (!items || !items.length) {
    element.replaceChildren(make('p', { role: 'status' }, items ? words.empty : words.nothing || ''));
    return;
  }
  const list = make('ol', {}, '');
  for (const one of items) {
    const item = make('li', { class: one.kind }, '');
    const jump = make('button', { type: 'button', title: words.jump, 'aria-label': `${words.jump}, ${one.clock}` },
      one.clock);
    jump.addEventListener('click', () => { const player = video(); if (player) player.currentTime = one.at; });
    item.append(jump, make('small', {}, words[one.kind]), make('span', {}, one.text));
    list.append(item);
  }
  element.replaceChildren(list);
}
watch('value', draw);
draw();
"""


async def read_video(video: FileData, language: str = "auto", every_s: float = 5.0) -> tuple[str, dict]:
    """Write down what is said in a video and what stands on its screen, on one line of time.

    Args:
        video: any common video; one without sound or without speech works too.
        language: which language is spoken, such as "ko" or "en"; "auto" lets the engine find out.
        every_s: the screen is read each time so many seconds have passed, 1 to 600.
    """
    found = await _timeline(video, language, every_s)
    return found.text(visitor_language()), _facts(found)


def build(page: gr.Blocks, language: gr.Dropdown) -> None:
    """The endpoint and the fold. `language` is the tab's choice of what is spoken."""
    endpoint(read_video, "video_to_text", HEAVY)
    label = say("Video: what is on the screen, too", "동영상: 화면에 나온 글까지")
    with gr.Accordion(label, open=False, elem_id="stt-screen"):
        gr.HTML(f"<style>{_PAGE_CSS}</style>", padding=False, visible="hidden")
        with gr.Row():
            with gr.Column(min_width=290):
                clip = clip_input(sources=["upload"], label=say("Video", "동영상"), elem_id="stt-clip", height=280)
                every_s = gr.Slider(
                    OFTENEST_S, 60, 5, step=1, label=say("Read the screen every ... seconds", "화면을 읽는 간격 (초)"),
                    elem_id="stt-every",
                )  # fmt: skip
                with gr.Row():
                    stop = gr.Button(say("Stop", "멈추기"), elem_id="stt-screen-stop", min_width=80, scale=1)
                    run = gr.Button(
                        say("Write it down", "받아쓰기"), variant="primary", elem_id="stt-screen-run",
                        min_width=140, scale=2,
                    )  # fmt: skip
            with gr.Column(min_width=290):
                lines = gr.HTML(
                    {}, html_template="", css_template=_CSS, js_on_load=_SCRIPT, elem_id="stt-timeline", padding=False,
                    apply_default_css=False,
                )  # fmt: skip
                with gr.Row():
                    text = _download("TXT", "stt-timeline-txt")
                    data = _download("JSON", "stt-timeline-json")
    running = run.click(
        **private(on_video, HEAVY), inputs=[clip, language, every_s], outputs=[lines, text, data],
        show_progress_on=lines,  # an error must not lie over the place where a video is chosen
    )  # fmt: skip
    running.failure(**private(on_refused), outputs=lines, show_progress="hidden", queue=False)
    stop.click(None, cancels=[running])
    on_page_load(page, on_open, [lines])


def _download(label: str, elem_id: str) -> gr.DownloadButton:
    return gr.DownloadButton(label, elem_id=elem_id, interactive=False, size="sm", min_width=80)


async def on_open() -> dict[str, Any]:
    return _shown(None, visitor_language())


async def on_refused() -> Any:
    """Nothing changes; the mark that Gradio lays over the list goes away, for the reason is told beside it."""
    return gr.skip()


async def on_video(video: Any, language: str, every_s: float) -> tuple:
    """Write down the video that was chosen."""
    found = await _timeline(video, language, every_s)
    shown = visitor_language()
    stem = stem_of(video)
    facts = json.dumps(_facts(found), ensure_ascii=False, indent=1)
    files = [(found.text(shown), f"{stem}.txt"), (facts, f"{stem}.json")]
    buttons = [gr.update(value=bytes_file(said.encode(), name)["path"], interactive=True) for said, name in files]
    return _shown(found, shown), *buttons


async def _timeline(video: Any, language: str, every_s: float) -> Timeline:
    path: Path = uploaded(video, NO_VIDEO)

    def read(job: Job) -> Timeline:
        return video_to_text.timeline(path, language, every_s, job)

    found = await work(read)
    tell(found.notice)
    return found


def _facts(found: Timeline) -> dict[str, Any]:
    return {
        "duration_s": found.duration_s,
        "speech": [vars(one) for one in found.speech],
        "screen": [vars(one) for one in found.screen],
        "stt_engine": found.stt_engine,
        "ocr_engine": found.ocr_engine,
    }


def _shown(found: Timeline | None, language: Language) -> dict[str, Any]:
    """The list's value: what was said and shown, in the order of time."""
    words = {name: text.to(language) for name, text in _WORDS.items()}
    if found is None:
        return {"words": words}
    items = [{"kind": "speech", "at": one.start, "text": one.text} for one in found.speech]
    items += [{"kind": "screen", "at": one.at, "text": one.text} for one in found.screen]
    items.sort(key=lambda one: (one["at"], one["kind"] == "screen"))
    return {"words": words, "items": [{**one, "clock": clock(float(str(one["at"])))} for one in items]}
