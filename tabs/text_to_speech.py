"""The tab that reads a text aloud: sound sentence by sentence, then the whole as a file with subtitles."""

from __future__ import annotations

import html
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import FileData

from pipelines import checks, engines, sound_write, text_to_speech
from pipelines.job import Job
from pipelines.text_to_speech import FASTEST, FORMATS, SLOWEST, SpeakOptions, Speech
from pipelines.words import Language, Text
from tabs import _sending
from tabs._calls import HEAVY, LIGHT, endpoint, flow, private, work
from tabs._files import bytes_file, kept_file
from tabs._parts import engine_line_box, engine_picker, examples_of, localized_picker, on_page_load
from tabs._speech_player import BLANK, PLAYER, PLAYER_CSS, new_run, playing, silent
from tabs._words import say, visitor_language

TASK = "text_to_speech"
TITLE = say("Text to speech", "음성 합성")

_SAMPLES = {
    "ko": "안녕하세요. 이 목소리로 읽어 드릴게요.",
    "en": "Hello. This is how I sound.",
    "ja": "こんにちは。このこえで よみます。",
    "zh": "你好，这是我的声音。",
    "es": "Hola. Así sueno yo.",
    "fr": "Bonjour. Voici ma voix.",
    "de": "Hallo. So klinge ich.",
    "it": "Ciao. Questa è la mia voce.",
    "pt": "Olá. Esta é a minha voz.",
    "hi": "नमस्ते। यह मेरी आवाज़ है।",
    "ru": "Привет. Это мой голос.",
}


# While a text is being spoken the page is told of sentences when there are so many times more of them, or so many
# seconds later, and lists only the last few.
_GROWTH, _TELL_S, _LAST = 1.2, 1.0, 5

_LIST_CSS = """
ol { margin: 8px 0 0; padding: 0 0 0 1.6em; list-style: decimal; }
li { margin: 0 0 8px; padding-left: 4px; overflow-wrap: anywhere; }
li > * { display: block; }
small, em { color: var(--body-text-color-subdued); font-style: normal; font-size: .85rem; }
"""


@dataclass
class _Heard:
    """What there is of a recording so far: the sentences' own files for the player, and the facts."""

    speech: Speech
    pieces: list[str] = field(default_factory=list)
    whole: dict[str, Any] | None = None


async def speak_text(
    text: str,
    language: str = "auto",
    voice: str = "auto",
    speed: float = 1.0,
    seed: int = 0,
    format: str = "wav",  # noqa: A002  (the name is the contract's)
    engine: str = "auto",
) -> tuple[FileData, dict, FileData]:
    """Read a text aloud.

    Args:
        text: what to say; Korean and English are told apart sentence by sentence.
        language: a code such as ko or en; "auto" decides by the script.
        voice: a name that /voices lists; "a+b" mixes two where the engine can.
        speed: 0.5 to 2.
        seed: the same seed gives the same sound.
        format: wav, mp3, flac or opus.
        engine: who speaks; "auto" takes the best one that is here.
    """
    options = SpeakOptions(language, voice, speed, seed)
    ending = checks.choice(format, "format", FORMATS)

    def speak(job: Job) -> tuple[Speech, dict[str, Any]]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"speech.{ending}"
            speech = text_to_speech.speak_to_file(text, path, options, engine=engine, job=job)
            return speech, kept_file(path)

    speech, file = await work(speak)
    return file, _facts(speech), _subtitles(speech)


async def list_voices(engine: str = "auto") -> list[dict]:
    """The voices of an engine, with the language each speaks.

    Args:
        engine: an engine's name; "auto" lists the voices of all engines that are here.
    """
    language = visitor_language()
    voices = await work(lambda _job: text_to_speech.voices(engine))
    return [{"voice": one.name, "language": one.language, "label": one.label.to(language)} for one in voices]


def build(page: gr.Blocks) -> None:
    """The tab's components and events, and its endpoints."""
    endpoint(speak_text, "text_to_speech", HEAVY)
    endpoint(list_voices, "voices", LIGHT)
    gr.Markdown(
        say(
            "Reads a text aloud. Numbers, dates and units become words; every language gets a voice of its own.",
            "글을 소리 내어 읽습니다. 숫자, 날짜, 단위를 말로 풀어 읽고, 언어마다 그 언어의 목소리를 씁니다.",
        ),
        elem_classes="modu-lead",
    )
    with gr.Row():
        with gr.Column(min_width=300):
            inputs, buttons = _input_side()
        with gr.Column(min_width=300):
            outputs = _output_side()
    examples = [[Path(name).read_text(encoding="utf-8").strip()] for name in examples_of(TASK, "*.txt")]
    gr.Examples(examples, inputs["text"], label=say("Examples", "예시"), elem_id="tts-examples", cache_examples=False)
    _wire(page, inputs, buttons, {"player": buttons["player"], **outputs})


def _input_side() -> tuple[dict[str, Any], dict[str, Any]]:
    text = gr.Textbox(lines=7, max_lines=20, label=say("Text", "읽을 글"), elem_id="tts-text")
    _sending.accept(TASK, text)
    with gr.Row():
        stop = gr.Button(say("Stop", "멈추기"), elem_id="tts-stop", min_width=90, scale=1)
        speak = gr.Button(
            say("Read aloud", "소리 내어 읽기"), variant="primary", elem_id="tts-speak", min_width=160, scale=3
        )
    player = gr.HTML(
        BLANK, html_template="", css_template=PLAYER_CSS, js_on_load=PLAYER, elem_id="tts-player", padding=False
    )
    line = engine_line_box(TASK)
    with gr.Row():
        language = gr.Dropdown(
            [("auto", "auto")], value="auto", label=say("Language", "언어"), elem_id="tts-language", min_width=170
        )
        voice = gr.Dropdown(
            [("auto", "auto")], value="auto", label=say("Voice", "목소리"), elem_id="tts-voice", allow_custom_value=True
        )
    preview = gr.Button(say("Hear this voice", "이 목소리 들어 보기"), size="sm", elem_id="tts-preview")
    speed = gr.Slider(SLOWEST, FASTEST, 1.0, step=0.05, label=say("Speed", "속도"), elem_id="tts-speed")
    with gr.Accordion(say("More options", "더 많은 옵션"), open=False, elem_id="tts-options"):
        kind = gr.Radio(list(FORMATS), value="wav", label=say("File format", "파일 형식"), elem_id="tts-format")
        seed = gr.Number(0, precision=0, label=say("Seed", "시드"), elem_id="tts-seed")
        picker = engine_picker(TASK, line)
    inputs = {
        "text": text, "language": language, "voice": voice, "speed": speed, "seed": seed, "format": kind,
        "engine": picker.choice,
    }  # fmt: skip
    return inputs, {"speak": speak, "stop": stop, "preview": preview, "line": line, "player": player}


def _output_side() -> dict[str, Any]:
    whole = gr.Audio(
        label=say("The whole text", "전체 소리"), interactive=False, elem_id="tts-audio", buttons=[], show_label=True
    )
    with gr.Row():
        sound = gr.DownloadButton(
            say("Download sound", "소리 내려받기"), interactive=False, elem_id="tts-download", min_width=170
        )
        srt = gr.DownloadButton(
            say("Download SRT", "자막(SRT) 내려받기"), interactive=False, elem_id="tts-srt", min_width=170
        )
    report = gr.HTML(elem_id="tts-report", padding=False, css_template=_LIST_CSS)
    return {"whole": whole, "sound": sound, "srt": srt, "report": report}


def _wire(page: gr.Blocks, inputs: dict[str, Any], buttons: dict[str, Any], outputs: dict[str, Any]) -> None:
    given, shown = list(inputs.values()), list(outputs.values())
    running = buttons["speak"].click(
        **private(on_speak, HEAVY), inputs=given, outputs=shown, show_progress_on=outputs["whole"]
    )
    previewing = buttons["preview"].click(
        **private(on_preview, HEAVY),
        inputs=[inputs["language"], inputs["voice"], inputs["speed"], inputs["seed"], inputs["engine"]],
        outputs=outputs["player"],
    )
    for event, marked in ((running, outputs["whole"]), (previewing, outputs["player"])):
        event.failure(**private(on_refused), outputs=marked, show_progress="hidden", queue=False)
    buttons["stop"].click(**private(on_stop), outputs=outputs["player"], cancels=[running, previewing], queue=False)
    lists = [inputs["language"], inputs["voice"]]
    inputs["engine"].input(**private(on_engine), inputs=inputs["engine"], outputs=lists, show_progress="hidden")
    inputs["language"].input(
        **private(on_language),
        inputs=[inputs["language"], inputs["engine"]],
        outputs=inputs["voice"],
        show_progress="hidden",
    )

    async def on_load() -> tuple[Any, ...]:
        return *localized_picker(TASK, visitor_language()), *await on_engine("auto"), silent()

    on_page_load(page, on_load, [inputs["engine"], buttons["line"], *lists, buttons["player"]])


async def on_speak(
    text: str, language: str, voice: str, speed: float, seed: int, kind: str, engine: str
) -> AsyncIterator[tuple]:
    """Read the text; what is done so far sounds and shows at once, the files come at the end."""
    idle = gr.update(value=None, interactive=False)
    run = new_run()
    yield playing(run, [], False), *(gr.skip() for _ in range(4))  # what was spoken before stays until there is more
    options = SpeakOptions(language, voice, speed, seed)
    ending = checks.choice(kind, "format", FORMATS)
    heard = None
    told, told_at = 0, 0.0
    async for heard in flow(lambda job: _recorded(text, options, ending, engine, job)):
        count, now = len(heard.pieces), time.monotonic()
        # A page that gets all sentences of a long text ten times a second stands still.
        if heard.whole is None and (count > told * _GROWTH or now - told_at > _TELL_S):
            told, told_at = count, now
            facts = _report_html(_facts(heard.speech), visitor_language(), _LAST)
            yield playing(run, heard.pieces, False), None, idle, idle, facts
    if heard is not None and heard.whole is not None:
        path, subtitles = heard.whole["path"], _subtitles(heard.speech)["path"]
        files = gr.update(value=path, interactive=True), gr.update(value=subtitles, interactive=True)
        yield playing(run, heard.pieces, True), path, *files, _report_html(_facts(heard.speech), visitor_language())


async def on_preview(language: str, voice: str, speed: float, seed: int, engine: str) -> dict:
    """A short sentence in the chosen voice."""
    known = {one["voice"]: one["language"] for one in await list_voices(engine)}
    spoken = known.get(voice.split("+")[0], language if language != "auto" else visitor_language())
    sample = _SAMPLES.get(spoken if spoken != "*" else visitor_language(), _SAMPLES["en"])
    file, _, _ = await speak_text(sample, spoken if spoken not in ("*",) else "auto", voice, speed, seed, "wav", engine)
    return playing(new_run(), [file["path"]], True)  # type: ignore[index]


async def on_refused() -> Any:
    """Nothing changes; the mark that Gradio lays over the sound goes away, for the reason is told beside it."""
    return gr.skip()


async def on_stop() -> dict:
    """Silence at once; the work itself is cancelled by the event."""
    return silent()


async def on_engine(engine: str) -> tuple[Any, Any]:
    """The languages and voices of another engine."""
    voices = await list_voices(engine)
    shown = visitor_language()
    codes = [code for code in dict.fromkeys(one["language"] for one in voices) if code != "*"]
    names = [(f"{text_to_speech.language_name(code).to(shown)} ({code})", code) for code in codes]
    choices = [(_BY_SCRIPT.to(shown), "auto"), *names]
    return gr.update(choices=choices, value="auto"), await on_language("auto", engine)


async def on_language(language: str, engine: str) -> Any:
    """The voices that speak the chosen language."""
    voices = [one for one in await list_voices(engine) if language == "auto" or one["language"] in (language, "*")]
    choices = [(_AUTOMATIC.to(visitor_language()), "auto"), *((one["label"], one["voice"]) for one in voices)]
    return gr.update(choices=choices, value="auto")


_BY_SCRIPT = Text(en="Automatic (by script)", ko="자동 (문자에 따라)")
_AUTOMATIC = Text(en="Automatic", ko="자동")


def _recorded(text: str, options: SpeakOptions, ending: str, engine: str, job: Job) -> Iterator[_Heard]:
    """The recording as it grows. Each sentence also becomes a small file of its own, for the player."""
    pieces: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"speech.{ending}"
        for utterance, speech in text_to_speech.record(text, path, options, engine=engine, job=job):
            piece = Path(folder) / f"sentence-{len(pieces) + 1}.wav"
            with sound_write.SoundWriter(piece, utterance.sample_rate) as out:
                out.write(utterance.samples)
            pieces.append(kept_file(piece)["path"])
            piece.unlink()
            yield _Heard(speech, list(pieces))
        yield _Heard(speech, pieces, kept_file(path))


def _facts(speech: Speech) -> dict[str, Any]:
    return {
        "sample_rate": speech.sample_rate,
        "duration_s": round(speech.duration_s, 3),
        "sentences": [vars(sentence) for sentence in speech.sentences],
        "unspoken": list(speech.unspoken),
        "engine": speech.engine,
    }


def _subtitles(speech: Speech) -> dict[str, Any]:
    return bytes_file(text_to_speech.srt(speech.sentences).encode(), "speech.srt")


def _report_html(facts: dict[str, Any], language: Language, last: int | None = None) -> str:
    """What was said when and by whom, and what could not be said. Everything from outside is escaped.

    `last`: only so many sentences are listed, those at the end.
    """
    engine = engines.find(TASK, facts["engine"]).label
    said = Text(en="{count} sentences, {duration_s:.1f} s. {engine}.", ko="{count}문장, {duration_s:.1f}초. {engine}.")
    lines = [said.format(count=len(facts["sentences"]), duration_s=facts["duration_s"], engine=engine).to(language)]
    if facts["unspoken"]:
        missing = Text(en="Could not be spoken: {what}", ko="읽지 못한 것: {what}")
        lines.append(missing.format(what="  ".join(facts["unspoken"])).to(language))
    head = "".join(f"<p>{html.escape(line)}</p>" for line in lines)
    first = max(0, len(facts["sentences"]) - last) if last else 0
    items = "".join(_item(sentence, language) for sentence in facts["sentences"][first:])
    return f'<div class="modu-report" role="status">{head}<ol start="{first + 1}">{items}</ol></div>'


def _item(sentence: dict[str, Any], language: Language) -> str:
    """One sentence: when and in which voice, the text, and how it was read where that differs."""
    second = Text(en="s", ko="초").to(language)
    when = f"{sentence['start']:.1f}–{sentence['end']:.1f} {second} · {sentence['voice']}"
    lines = [f"<small>{html.escape(when)}</small>", f"<span>{html.escape(sentence['text'])}</span>"]
    if sentence["spoken"] != sentence["text"]:
        spoken = Text(en="Read as: {spoken}", ko="읽은 대로: {spoken}").format(spoken=sentence["spoken"])
        lines.append(f"<em>{html.escape(spoken.to(language))}</em>")
    return f"<li>{''.join(lines)}</li>"
