"""The tab that writes down what is said: recordings and videos, a microphone, or text that grows while one speaks."""

from __future__ import annotations

import html
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import FileData

from pipelines import engines, settings, sound, speech_to_text
from pipelines.errors import PipelineError
from pipelines.speech_to_text import LANGUAGES, Live, TranscribeOptions, Transcript, subtitles
from pipelines.words import Language, Text
from tabs import _listening, _live, _on_screen, _sending
from tabs._calls import HEAVY, endpoint, flow, private, tell, work
from tabs._files import bytes_file, original_name, stem_of, uploaded
from tabs._models import fetch_engine
from tabs._parts import (
    EnginePicker,
    engine_line,
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
OFFERED = ("faster-whisper-tiny", "faster-whisper-base", "faster-whisper-small")  # fetched with one button

# Parts of a running recording must stay in their order: one at a time, each done in milliseconds.
ORDERED: dict[str, Any] = {"concurrency_id": "live", "concurrency_limit": 1}

NO_RECORDING = Text(en="Record something or choose a file first.", ko="먼저 녹음하거나 파일을 골라 주세요.")

_OF_FILE = Text(en="{name}: {why}", ko="{name}: {why}")

# One recording and what was heard in it: {"name", "path", "transcript"}. A visitor may have several.
Result = dict[str, Any]


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
    advice = gr.HTML(elem_id="stt-advice", padding=False)
    with gr.Row(visible=False, elem_id="stt-offer") as offer:
        size = gr.Radio([], label="Whisper", show_label=False, elem_id="stt-size", scale=3, min_width=240)
        fetch = gr.Button(say("Download", "내려받기"), variant="primary", elem_id="stt-fetch", scale=1, min_width=120)
    with gr.Row():
        with gr.Column(min_width=300):
            shown = _sources()
            options, picker = _options()
        with gr.Column(min_width=300):
            outputs = _results()
    _on_screen.build(page, options[0])
    _wire(shown, options, outputs)
    localized = [picker.choice, picker.line, options[0], advice, offer, size]
    on_page_load(page, on_open, localized)
    fetch.click(**private(on_fetch), inputs=size, outputs=localized)
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
        with gr.Tab(say("Live", "실시간"), id="live"):
            microphone = gr.Audio(
                sources=["microphone"],
                type="filepath",
                streaming=True,
                label=say("Microphone: the text grows while you speak", "마이크: 말하는 동안 글이 늘어납니다"),
                elem_id="stt-microphone",
            )
            live_text = gr.HTML(_listening.live_html("", "", ""), elem_id="stt-live", padding=False)
    stop = gr.Button(say("Stop (what is written stays)", "멈추기 (적은 글은 남습니다)"), elem_id="stt-stop", size="sm")
    return {
        "files": files,
        "run_files": run_files,
        "recording": recording,
        "run_recording": run_recording,
        "microphone": microphone,
        "live_text": live_text,
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
    results = gr.State([])
    which = gr.Dropdown([], label=say("Recording", "녹음"), visible=False, elem_id="stt-which", filterable=False)
    player = gr.HTML(elem_id="stt-player", padding=False)
    facts = gr.HTML(elem_id="stt-facts", padding=False)
    lines = gr.HTML(
        _placeholder(),
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
        _sending.offer("chat", _text_of, [results, which], "stt-to-chat")
        _sending.offer("text_to_speech", _text_of, [results, which], "stt-to-speech")
    return [results, which, player, facts, lines, *files]


def _wire(shown: dict[str, Any], options: list[Any], outputs: list[Any]) -> None:
    results, which, _player, _facts, lines, *files = outputs
    running = [
        shown["run_files"].click(**private(on_files, HEAVY), inputs=[shown["files"], *options], outputs=outputs),
        shown["run_recording"].click(
            **private(on_recording, HEAVY), inputs=[shown["recording"], *options], outputs=outputs
        ),
    ]
    shown["stop"].click(None, cancels=running)
    which.input(**private(on_which), inputs=[results, which], outputs=outputs, show_progress="hidden")
    lines.input(**private(on_edit), inputs=[results, which], outputs=[results, *files], show_progress="hidden")
    live = gr.State(None)
    microphone, live_text = shown["microphone"], shown["live_text"]
    microphone.start_recording(
        **private(on_live_start), inputs=options, outputs=[live, live_text], show_progress="hidden"
    )
    microphone.stream(
        **private(on_live_sound, ORDERED),
        inputs=[live, microphone],
        outputs=live_text,
        stream_every=1.0,
        time_limit=settings.current().limits.media_s,
        show_progress="hidden",
    )
    ended = microphone.stop_recording(
        **private(on_live_stop, ORDERED), inputs=live, outputs=live, show_progress="hidden"
    )
    ended.then(**private(on_live_finish, HEAVY), inputs=live, outputs=[live_text, *outputs])


async def on_open() -> tuple:
    """Everything on the page that depends on the visitor's language or on which engines are here now."""
    language = visitor_language()
    choice, line = localized_picker(TASK, language)
    languages = gr.update(choices=_language_choices(language))
    return choice, line, languages, *_offer(language)


async def on_fetch(size: str | None) -> tuple:
    """Download the chosen Whisper; from then on `auto` takes it."""
    await fetch_engine(TASK, size or OFFERED[0])
    language = visitor_language()
    line = engine_line(TASK, size or OFFERED[0], language)
    return gr.update(value=size), line, gr.skip(), *_offer(language)


async def on_files(files: list[str] | None, language: str, task: str, engine: str, words: bool) -> AsyncIterator[tuple]:
    """Write down all chosen files, one after the other; one that cannot be read does not stop the others."""
    if not files:
        uploaded(None, NO_RECORDING)
    results: list[Result] = []
    options = TranscribeOptions(language=language, task=task, word_timestamps=words)
    for file in files or []:
        path = uploaded(file, NO_RECORDING)
        try:
            async for found in _heard(path, options, engine):
                yield _shown([*results, _result(file, path, found)], len(results), partial=True)
                last = found
        except PipelineError as error:
            if len(files or []) == 1:
                raise
            tell(_OF_FILE.format(name=original_name(file), why=error.message))
            continue
        results.append(_result(file, path, last))
        yield _shown(results, len(results) - 1)


async def on_recording(file: str | None, language: str, task: str, engine: str, words: bool) -> AsyncIterator[tuple]:
    """Write down the microphone's recording."""
    async for step in on_files([file] if file else None, language, task, engine, words):
        yield step


async def on_which(results: list[Result], which: int) -> tuple:
    """Another one of the recordings is looked at."""
    return _shown(results, which)


async def on_edit(results: list[Result], which: int, event: gr.EventData) -> tuple:
    """The visitor changed the text: the files to download follow."""
    texts = [f"{text}" for text in (event._data or {}).get("texts", [])]
    index = which or 0
    transcript = results[index]["original"]
    if len(texts) != len(transcript.segments):
        return gr.skip(), *(gr.skip() for _ in FORMATS)
    changed = {**results[index], "transcript": subtitles.edited(transcript, texts)}
    results = [*results[:index], changed, *results[index + 1 :]]
    return results, *_downloads(changed)


async def on_live_start(language: str, task: str, engine: str, words: bool) -> tuple:
    """A new live recording: what was heard before is forgotten."""
    live = _live.begin(Live(TranscribeOptions(language=language, task=task, word_timestamps=words), engine))
    return live, _listening.live_html("", "", "")


async def on_live_sound(live: Live | None, part: str | None) -> Any:
    """Some more sound of the running recording."""
    if live is None or not part:
        return gr.skip()
    path = uploaded(part, NO_RECORDING)
    text = await work(lambda job: live.add(sound.open_sound(path, job=job).samples))
    return _listening.live_html(text.settled, text.growing, text.notice.to(visitor_language()))


async def on_live_stop(live: Live | None) -> Any:
    """The last sound is in: this event waits in the same lane behind it."""
    return live


async def on_live_finish(live: Live | None) -> tuple:
    """The recording is over: its text becomes a result like any other, without the sound."""
    if live is None:
        return (gr.skip(),) * (6 + len(FORMATS))
    try:
        found = await work(live.finish)
    finally:
        _live.end()
    name = Text(en="Live", ko="실시간").to(visitor_language())
    result = {"name": name, "path": None, "transcript": found, "original": found}
    return _listening.live_html(found.text, "", ""), *_shown([result], 0)


def _heard(path: Path, options: TranscribeOptions, engine: str) -> AsyncIterator[Transcript]:
    return flow(lambda job: speech_to_text.stream(path, options, engine, job))


def _result(file: object, path: Path, found: Transcript) -> Result:
    return {"name": original_name(file), "path": str(path), "transcript": found, "original": found}


def _shown(results: list[Result], which: int, partial: bool = False) -> tuple:
    """Values of all components of the result side."""
    language = visitor_language()
    current = results[which]
    names = [(f"{index + 1}. {one['name']}", index) for index, one in enumerate(results)]
    files = [gr.skip() for _ in FORMATS] if partial and not current["transcript"].segments else _downloads(current)
    return (
        results,
        gr.update(choices=names, value=which, visible=len(results) > 1),
        _listening.player_html(current["path"]),
        _listening.facts_html(current["transcript"], language),
        _listening.lines_html(current["transcript"], language),
        *files,
    )


def _text_of(results: list[Result], which: int | None) -> str:
    """The text of the recording that is looked at, as the visitor left it."""
    return results[which or 0]["transcript"].text if results else ""


def _downloads(result: Result) -> list[Any]:
    stem = stem_of(result["name"])
    files = [_file(result["transcript"], stem, kind)["path"] for kind in FORMATS]
    return [gr.update(value=file, interactive=True) for file in files]


def _file(transcript: Transcript, stem: str, kind: str) -> dict[str, Any]:
    return bytes_file(subtitles.WRITERS[kind](transcript).encode(), f"{stem}.{kind}")


def _language_choices(language: Language) -> list[tuple[str, str]]:
    automatic = Text(en="Find out automatically", ko="자동으로 알아내기").to(language)
    return [(automatic, "auto"), *((text.to(language), code) for code, text in LANGUAGES.items())]


def _offer(language: Language) -> tuple[str, Any, Any]:
    """What to know before recording where only the built-in engine is here, and which Whisper could be fetched."""
    if engines.choose(TASK).name != "embedded":
        return "", gr.update(visible=False), gr.skip()
    said = Text(
        en="The built-in engine understands English only, and not very well.",
        ko="지금 쓸 수 있는 내장 엔진은 영어만 알아듣고, 정확도도 낮습니다. 한국어는 받아 적지 못합니다.",
    )
    closed = settings.current().managed or settings.current().offline
    said = said + (
        Text(
            en="Whisper, which knows Korean and a hundred languages, is not on this server.",
            ko="한국어를 알아듣는 Whisper는 이 서버에 설치되어 있지 않습니다.",
        )
        if closed
        else Text(
            en="Download Whisper once and it understands Korean and a hundred languages, on this machine:",
            ko="Whisper를 한 번 내려받으면 이 컴퓨터에서 한국어를 비롯한 백여 개 언어를 받아 적습니다:",
        )
    )
    sizes = [(_size_label(name).to(language), name) for name in OFFERED]
    advice = f'<div class="stt-advice" role="note">{html.escape(said.to(language))}</div>'
    return advice, gr.update(visible=not closed), gr.update(choices=sizes, value=OFFERED[1])


def _size_label(name: str) -> Text:
    spec = engines.find(TASK, name)
    quality = {
        "faster-whisper-tiny": Text(en="Tiny: quick, rough", ko="Tiny: 빠르지만 거칢"),
        "faster-whisper-base": Text(en="Base: fair", ko="Base: 무난함"),
        "faster-whisper-small": Text(en="Small: better, slower", ko="Small: 더 정확하고 느림"),
    }[name]
    return Text(en="{quality} ({size:.0f} MB)", ko="{quality} ({size:.0f} MB)").format(
        quality=quality, size=spec.size_mb
    )


def _placeholder() -> str:
    said = say("The text will stand here.", "받아 적은 글이 여기에 나옵니다.")
    return f'<div class="stt-box"><p class="stt-empty">{said}</p></div>'
