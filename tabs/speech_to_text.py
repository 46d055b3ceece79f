"""The tab that writes down what is said: recordings and videos, a microphone, or text that grows while one speaks."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import FileData

from pipelines import speech_to_text
from pipelines.errors import PipelineError
from pipelines.speech_to_text import LANGUAGES, TranscribeOptions, Transcript, subtitles
from pipelines.words import EMPTY, Language, Text
from tabs import _dictation, _listening, _live, _on_screen, _sending, _whisper
from tabs._calls import HEAVY, endpoint, flow, private, tell, work
from tabs._files import bytes_file, original_name, stem_of, uploaded
from tabs._listening import Desk, Result
from tabs._parts import (
    EnginePicker,
    engine_line_box,
    engine_picker,
    examples_of,
    localized_picker,
    on_page_load,
)
from tabs._words import say, visitor_language

TASK = "speech_to_text"
TITLE = say("Speech to text", "음성 받아쓰기")
FORMATS = tuple(subtitles.WRITERS)
NO_RECORDING = Text(en="Record something or choose a file first.", ko="먼저 녹음하거나 파일을 골라 주세요.")

_OF_FILE = Text(en="{name}: {why}", ko="{name}: {why}")


async def transcribe(
    audio: FileData,
    language: str = "auto",
    task: str = "transcribe",
    engine: str = "auto",
    word_timestamps: bool = False,
) -> tuple[str, dict, FileData, FileData]:
    """Write down what is said in a recording or a video. Where nobody speaks the text is empty.

    Args:
        audio: any common sound or video file.
        language: a code such as "ko" or "en"; "auto" lets the engine find out.
        task: transcribe, or translate (to English).
        engine: which recogniser; "auto" takes the best one that is here.
        word_timestamps: whether each segment lists its words with their times.
    """
    path = uploaded(audio, NO_RECORDING)
    options = TranscribeOptions(language=language, task=task, word_timestamps=word_timestamps)
    found = await work(lambda job: speech_to_text.transcribe(path, options, engine, job))
    facts = subtitles.as_dict(found, found.notice.to(visitor_language()))
    stem = stem_of(audio)
    return found.text, facts, _file(found, stem, "srt"), _file(found, stem, "vtt")


def build(page: gr.Blocks) -> None:
    """The tab's components and events, and its endpoint."""
    endpoint(transcribe, "speech_to_text", HEAVY)
    gr.Markdown(
        say(
            "Writes down what people say, with times. Where nobody speaks it writes nothing.",
            "사람이 하는 말을 시간과 함께 받아 적습니다. 말소리가 없으면 아무것도 적지 않습니다.",
        ),
        elem_classes="modu-lead",
    )
    gr.HTML(f"<style>{_listening.CSS}</style>", padding=False, visible="hidden")
    offer = _whisper.build()
    with gr.Row():
        with gr.Column(min_width=300):
            shown = _sources()
            options, picker = _options()
        with gr.Column(min_width=300):
            outputs = _results()
        with shown["live_tab"]:
            recorder = _dictation.build(options, outputs, on_dictated)
    _on_screen.build(page, options[0])
    _wire(shown, options, outputs)
    _whisper.wire(offer, picker)
    on_page_load(page, on_open, [picker.choice, picker.line, options[0], recorder, outputs[4], *offer.shown])
    page.unload(_live.end)


def _sources() -> dict[str, Any]:
    with gr.Tabs(elem_id="stt-source"):
        with gr.Tab(say("Files", "파일"), id="files"):
            files = gr.File(
                file_count="multiple",
                file_types=["audio", "video"],
                label=say("Recordings or videos", "녹음이나 동영상"),
                elem_id="stt-files",
                height=170,
            )
            gr.Examples(
                [[[path]] for path in examples_of(TASK, "*.wav")],
                files,
                label=say("Examples (made by a program)", "예시 (프로그램이 만든 소리)"),
                elem_id="stt-examples",
                cache_examples=False,
                example_labels=[Path(path).name for path in examples_of(TASK, "*.wav")],
            )
            run_files = gr.Button(say("Write it down", "받아쓰기"), variant="primary", elem_id="stt-run")
        with gr.Tab(say("Record", "녹음"), id="record"):
            recording = gr.Audio(
                sources=["microphone"],
                type="filepath",
                label=say("Microphone", "마이크"),
                elem_id="stt-recording",
                editable=False,
            )
            run_recording = gr.Button(say("Write it down", "받아쓰기"), variant="primary", elem_id="stt-run-recording")
        live_tab = gr.Tab(say("Live", "실시간"), id="live")
    stop = gr.Button(say("Stop (what is written stays)", "멈추기 (적은 글은 남습니다)"), elem_id="stt-stop", size="sm")
    return {
        "files": files,
        "run_files": run_files,
        "recording": recording,
        "run_recording": run_recording,
        "live_tab": live_tab,
        "stop": stop,
    }


def _options() -> tuple[list[Any], EnginePicker]:
    line = engine_line_box(TASK)
    with gr.Accordion(say("Options", "옵션"), open=False, elem_id="stt-options"):
        language = gr.Dropdown(
            _language_choices("en"),
            value="auto",
            label=say("Spoken language", "말하는 언어"),
            elem_id="stt-language",
        )
        task = gr.Radio(
            [
                (say("Write it down", "그대로 적기"), "transcribe"),
                (say("Translate to English", "영어로 번역"), "translate"),
            ],
            value="transcribe",
            label=say("Task", "작업"),
            elem_id="stt-task",
        )
        words = gr.Checkbox(
            label=say("Times of single words (in JSON)", "단어별 시간 (JSON에 포함)"), elem_id="stt-words"
        )
        picker = engine_picker(TASK, line)
    return [language, task, picker.choice, words], picker


def _results() -> list[Any]:
    desk = gr.State(Desk())
    which = gr.Dropdown([], label=say("Recording", "녹음"), visible=False, elem_id="stt-which", filterable=False)
    player = gr.HTML(elem_id="stt-player", padding=False)
    facts = gr.HTML(elem_id="stt-facts", padding=False)
    lines = gr.HTML(
        {},
        html_template="",
        elem_id="stt-lines",
        padding=False,
        js_on_load=_listening.SCRIPT,
        apply_default_css=False,
    )
    with gr.Row(elem_id="stt-downloads"):
        files = [
            gr.DownloadButton(kind.upper(), elem_id=f"stt-{kind}", interactive=False, size="sm") for kind in FORMATS
        ]
    with gr.Row():
        _sending.offer("chat", _text_of, [desk, which], "stt-to-chat")
        _sending.offer("text_to_speech", _text_of, [desk, which], "stt-to-speech")
    return [desk, which, player, facts, lines, *files]


def _wire(shown: dict[str, Any], options: list[Any], outputs: list[Any]) -> None:
    desk, which, _player, facts, lines, *files = outputs
    # One bar, in a line of its own; what `on_ended` writes there takes the mark of an error away again.
    showing: dict[str, Any] = {"outputs": outputs, "show_progress_on": facts}
    running = [
        shown["run_files"].click(**private(on_files, HEAVY), inputs=[shown["files"], *options], **showing),
        shown["run_recording"].click(**private(on_recording, HEAVY), inputs=[shown["recording"], *options], **showing),
    ]
    quiet: dict[str, Any] = {"show_progress": "hidden", "queue": False}
    ended = {**private(on_ended), "inputs": [desk, which], "outputs": facts, **quiet}
    for event in running:
        event.failure(**ended)
    shown["stop"].click(**ended, cancels=running)
    which.input(**private(on_which), inputs=[desk, which], outputs=outputs, show_progress="hidden")
    lines.input(**private(on_edit), inputs=[desk, which], outputs=files, show_progress="hidden")


async def on_open() -> tuple:
    """Everything on the page that depends on the visitor's language or on which engines are here now."""
    language = visitor_language()
    choice, line = localized_picker(TASK, language)
    languages = gr.update(choices=_language_choices(language))
    lines = _listening.nothing_yet(language)
    return choice, line, languages, _dictation.blank(), lines, *_whisper.state(language)


async def on_files(files: list[str] | None, language: str, task: str, engine: str, words: bool) -> AsyncIterator[tuple]:
    """Write down all chosen files, one after the other; one that cannot be read does not stop the others."""
    if not files:
        uploaded(None, NO_RECORDING)
    desk = Desk()
    run = secrets.token_hex(8)
    options = TranscribeOptions(language=language, task=task, word_timestamps=words)
    for number, file in enumerate(files or []):
        path = uploaded(file, NO_RECORDING)
        result = Result(f"{run}-{number}", original_name(file), str(path), _nothing_heard(EMPTY), readable=False)
        try:
            async for found in _heard(path, options, engine):
                desk.put(number, replace(result, original=found, readable=True))
                yield _shown(desk, growing=True)
        except PipelineError as error:
            if len(files or []) == 1:
                raise
            tell(_OF_FILE.format(name=result.name, why=error.message))
            if number == len(desk.results) or not desk.results[number].original.segments:
                # else what was written down by then stays
                desk.put(number, replace(result, original=_nothing_heard(error.message)))
        yield _shown(desk)


async def on_recording(file: str | None, language: str, task: str, engine: str, words: bool) -> AsyncIterator[tuple]:
    """Write down the microphone's recording."""
    async for step in on_files([file] if file else None, language, task, engine, words):
        yield step


async def on_ended(desk: Desk, which: int | None) -> Any:
    """It was stopped or failed on the way: how far it has come is told beside what was written down."""
    return _listening.facts_html(desk.results[which or 0], visitor_language()) if desk.results else gr.skip()


async def on_which(desk: Desk, which: int) -> tuple:
    """Another one of the recordings is looked at, and stays in sight while more is written down."""
    desk.look_at(which)
    return _shown(desk)


async def on_edit(desk: Desk, which: int, event: gr.EventData) -> tuple:
    """The visitor changed the text: the files to download follow."""
    given = event._data or {}
    changed = desk.change(str(given.get("run")), tuple(f"{text}" for text in given.get("texts", [])))
    if changed is None or changed != (which or 0):
        return tuple(gr.skip() for _ in FORMATS)
    return tuple(_downloads(desk.results[changed]))


def on_dictated(found: Transcript, recording: Path | None) -> tuple:
    """A live recording became text: a result like any other."""
    name = _dictation.NAME.to(visitor_language())
    path = None if recording is None else str(recording)
    return _shown(Desk([Result(secrets.token_hex(8), name, path, found)]))


def _nothing_heard(why: Text) -> Transcript:
    return Transcript("", (), None, None, 0.0, False, "", why)


def _heard(path: Path, options: TranscribeOptions, engine: str) -> AsyncIterator[Transcript]:
    return flow(lambda job: speech_to_text.stream(path, options, engine, job))


def _shown(desk: Desk, growing: bool = False) -> tuple:
    """Values of all components of the result side. `growing`: there is more to come of the newest recording."""
    language = visitor_language()
    current = desk.results[desk.which]
    growing = growing and current is desk.results[-1]
    names = [(f"{index + 1}. {one.name}", index) for index, one in enumerate(desk.results)]
    return (
        desk,
        gr.update(choices=names, value=desk.which, visible=len(names) > 1),
        _listening.player_html(current.path if current.readable else None),
        _listening.facts_html(current, language, growing) if current.readable else "",
        _listening.lines_value(current, language),
        *([gr.skip() for _ in FORMATS] if growing and not current.original.segments else _downloads(current)),
    )


def _text_of(desk: Desk, which: int | None) -> str:
    """The text of the recording that is looked at, as the visitor left it."""
    return desk.results[which or 0].transcript.text if desk.results else ""


def _downloads(result: Result) -> list[Any]:
    if not result.readable:
        return [gr.update(value=None, interactive=False) for _ in FORMATS]
    stem = stem_of(result.name)
    files = [_file(result.transcript, stem, kind)["path"] for kind in FORMATS]
    return [gr.update(value=file, interactive=True) for file in files]


def _file(transcript: Transcript, stem: str, kind: str) -> dict[str, Any]:
    return bytes_file(subtitles.WRITERS[kind](transcript).encode(), f"{stem}.{kind}")


def _language_choices(language: Language) -> list[tuple[str, str]]:
    automatic = Text(en="Find out automatically", ko="자동으로 알아내기").to(language)
    return [(automatic, "auto"), *((text.to(language), code) for code, text in LANGUAGES.items())]
