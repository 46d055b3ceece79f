"""Talking instead of typing: the endpoint `/voice_chat`, and the part of the tab that answers a recording aloud."""

from __future__ import annotations

import html
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import FileData

from pipelines import engines, sound_write, text_to_speech, voice_chat
from pipelines.chat.contract import Message, ReplyOptions
from pipelines.job import Job
from pipelines.speech_to_text import LANGUAGES
from pipelines.voice_chat import Talk, TalkOptions
from pipelines.words import EMPTY, Language, Text
from tabs._calls import HEAVY, endpoint, flow, private
from tabs._files import kept_file, uploaded
from tabs._parts import localized_picker
from tabs._speech_player import BLANK, PLAYER, PLAYER_CSS, new_run, playing, silent
from tabs._words import say, visitor_language
from tabs.chat import conversation as talks
from tabs.chat import shelf, talking
from tabs.chat.controls import Controls
from tabs.chat.endpoints import files_of
from tabs.chat.talking import BUSY, IDLE, shown

STAGES = ("speech_to_text", "text_to_speech")  # whose engines are chosen here; the tab has the third one's

NO_RECORDING = Text(en="Record something first.", ko="먼저 녹음해 주세요.")
_AUTOMATIC = Text(en="Find out automatically", ko="자동으로 알아내기")
_ANY_VOICE = Text(en="Automatic", ko="자동")
_ENGLISH_ONLY = Text(
    en="The built-in recogniser understands English only. Download a Whisper in the tab for speech to text, and it "
    "understands Korean and a hundred languages.",
    ko="지금 있는 내장 음성 인식은 영어만 알아듣습니다. 음성 받아쓰기 탭에서 Whisper를 내려받으면 한국어로 말할 수 "
    "있습니다.",
)


@dataclass
class _Heard:
    """What the page gets of an exchange: the facts, and the sound in files. `whole` as soon as anything was said."""

    talk: Talk
    pieces: tuple[str, ...] = ()
    whole: dict[str, Any] | None = None


async def answer_aloud(
    audio: FileData,
    history: list[dict] = [],  # noqa: B006  (Gradio publishes the default; it is never changed)
    system_prompt: str = "",
    language: str = "auto",
    voice: str = "auto",
    stt_engine: str = "auto",
    chat_engine: str = "auto",
    tts_engine: str = "auto",
) -> AsyncIterator[tuple[str, str, FileData | None, dict]]:
    """Answer what somebody says in a recording, in words and aloud. Each step gives all there is so far.

    Args:
        audio: a recording, in any common sound format.
        history: the turns before it, each {"role": "user" or "assistant", "content": text}. Nothing is remembered.
        system_prompt: instructions for the whole conversation.
        language: which language is spoken, such as "ko"; "auto" lets the engine find out.
        voice: who reads the reply, as /voices lists them.
        stt_engine: who writes down what is said.
        chat_engine: who answers.
        tts_engine: who reads the reply aloud.
    """
    reply = ReplyOptions(system_prompt)
    options = TalkOptions(language, voice, stt_engine, chat_engine, tts_engine, reply)
    async for heard in _exchange(uploaded(audio, NO_RECORDING), history, options):
        talk = heard.talk
        facts = {
            "stt_engine": talk.transcript.engine,
            "chat_engine": talk.reply.engine,
            "tts_engine": talk.tts_engine,
            "language": talk.transcript.language,
        }
        yield talk.transcript.text, talk.reply.text, heard.whole, facts  # type: ignore[misc]


async def _exchange(path: Path, history: Any, options: TalkOptions) -> AsyncIterator[_Heard]:
    async for heard in flow(lambda job: _recorded(path, history, options, job)):
        yield heard


def _recorded(path: Path, history: Any, options: TalkOptions, job: Job) -> Iterator[_Heard]:
    """The exchange with its sound as files: one for each sentence, and one with all that was said by then."""
    heard: _Heard | None = None
    for talk in voice_chat.talk(path, history, options, job):
        known = heard.pieces if heard is not None else ()
        pieces = (*known, *(_wav([one], "sentence")["path"] for one in talk.said[len(known) :]))
        fresh = len(pieces) > len(known)
        whole = _wav(talk.said, "reply") if fresh else heard.whole if heard is not None else None
        heard = _Heard(talk, pieces, whole)
        yield heard


def _wav(said: Any, name: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.wav"
        with sound_write.SoundWriter(path, said[0].sample_rate) as out:
            for utterance in said:
                out.write(utterance.samples)
        return kept_file(path)


# --- the page -----------------------------------------------------------------------------------------------------


@dataclass
class Microphone:
    """The components of the voice part."""

    recording: gr.Audio
    player: gr.HTML
    note: gr.HTML
    choices: list[Any]  # language, voice, engine that writes down, engine that reads aloud
    stop: gr.Button


def build() -> Microphone:
    """The endpoint, and the fold with the microphone, below the box for typing."""
    endpoint(answer_aloud, "voice_chat", HEAVY)
    with gr.Accordion(say("Talk by voice", "목소리로 대화하기"), open=False, elem_id="chat-voice"):
        note = gr.HTML(elem_id="chat-voice-note", padding=False)
        recording = gr.Audio(
            sources=["microphone"],
            type="filepath",
            editable=False,
            label=say("Speak; the answer comes when you stop", "말하고 멈추면 대답합니다"),
            elem_id="chat-recording",
        )
        with gr.Row():
            player = gr.HTML(
                BLANK,
                html_template="",
                css_template=PLAYER_CSS,
                js_on_load=PLAYER,
                elem_id="chat-player",
                padding=False,
            )
            stop = gr.Button(
                say("Stop", "멈추기"), variant="stop", size="sm", visible=False, elem_id="chat-voice-stop", min_width=90
            )
        with gr.Row():
            language = _choice(say("I speak", "말하는 언어"), "language")
            voice = _choice(say("Voice of the reply", "대답하는 목소리"), "voice")
            writer = _choice(say("Written down by", "받아쓰기 엔진"), "stt")
            reader = _choice(say("Read aloud by", "음성 합성 엔진"), "tts")
    return Microphone(recording, player, note, [language, voice, writer, reader], stop)


def _choice(label: str, name: str) -> gr.Dropdown:
    return gr.Dropdown(
        [("auto", "auto")], value="auto", label=label, elem_id=f"chat-voice-{name}", filterable=False, min_width=240
    )


def wire(page: gr.Blocks, microphone: Microphone, talk: dict[str, Any], chosen: Controls) -> Any:
    """Recording ends, the exchange begins; returns that event. `talk` are the components of the conversation."""
    seen = [talk["shelf"], talk["chatbot"], talk["facts"]]
    buttons = [talk["send"], talk["stop"], microphone.stop]
    recorded = microphone.recording.stop_recording(
        **private(on_recorded),
        inputs=[talk["shelf"], microphone.recording],
        outputs=[*seen, talk["send"], talk["stop"]],
        show_progress="hidden",
    )
    running = recorded.success(
        **private(on_recording, HEAVY),
        inputs=[talk["shelf"], microphone.recording, *chosen.inputs, *microphone.choices],
        outputs=[*seen, *buttons, microphone.player, microphone.recording],
        show_progress="minimal",
        show_progress_on=talk["facts"],
    )
    quiet: dict[str, Any] = {"show_progress": "hidden", "queue": False}
    stopped = {**private(on_stop), "inputs": talk["shelf"], "outputs": [*seen, *buttons, microphone.player]}
    microphone.stop.click(**stopped, cancels=[running], **quiet)
    reader, voice = microphone.choices[3], microphone.choices[1]
    reader.input(**private(on_reader), inputs=reader, outputs=voice, **quiet)
    page.load(**private(on_open), inputs=[], outputs=[microphone.player, microphone.note, *microphone.choices], **quiet)
    return running


def wire_hush(microphone: Microphone, stop: gr.Button) -> None:
    """The stop button of the conversation silences the player too."""
    stop.click(**private(on_hush), outputs=[microphone.stop, microphone.player], show_progress="hidden", queue=False)


async def on_open() -> tuple:
    """Words and choices in the visitor's language, and what to know before recording."""
    language = visitor_language()
    only_english = engines.choose("speech_to_text").name == "embedded"
    note = f'<p class="modu-quiet" role="note">{html.escape(_ENGLISH_ONLY.to(language))}</p>' if only_english else ""
    spoken = [(_AUTOMATIC.to(language), "auto"), *((name.to(language), code) for code, name in LANGUAGES.items())]
    writer, reader = (localized_picker(stage, language)[0] for stage in STAGES)
    return silent(), note, gr.update(choices=spoken), _voices("auto", language), writer, reader


async def on_reader(engine: str) -> Any:
    """The voices of another engine."""
    return _voices(engine, visitor_language())


async def on_recorded(kept: Any, audio: str | None) -> tuple:
    """A quick step before the exchange, which may have to wait for its turn: nothing else is asked meanwhile."""
    uploaded(audio, NO_RECORDING)
    return *shown(talks.listening(shelf.opened(kept))), *BUSY


async def on_recording(
    kept: Any,
    audio: str | None,
    documents: Any,
    engine: str,
    system_prompt: str,
    temperature: float,
    top_p: float,
    max_new_tokens: int,
    thinking: bool,
    seed: int | None,
    adapter: str,
    language: str,
    voice: str,
    stt_engine: str,
    tts_engine: str,
) -> AsyncIterator[tuple]:
    """What was said becomes a message of the open conversation; the reply is written and read aloud."""
    path = uploaded(audio, NO_RECORDING)
    before = talks.before_listening(shelf.opened(kept))
    talks.asked(before, talks.UNHEARD)  # refuses while a reply is being written, before anything is listened to
    reply = talking.options_of(system_prompt, temperature, top_p, max_new_tokens, thinking, seed, adapter)
    before = {**before, "system_prompt": reply.system_prompt}
    options = TalkOptions(language, voice, stt_engine, engine, tts_engine, reply, tuple(files_of(documents)))
    run = new_run()
    player = playing(run, [], False)
    yield *(gr.skip() for _ in range(3)), *_busy(), player, gr.skip()
    conversation, notice = before, EMPTY
    history = [Message(turn.role, turn.content) for turn in talks.spoken(before)]
    try:
        async for heard in _exchange(path, history, options):
            conversation = talks.answered(talks.asked(before, heard.talk.transcript.text), heard.talk.reply)
            notice = heard.talk.reply.notice
            player = playing(run, list(heard.pieces), heard.talk.over)
            yield *shown(conversation, notice), *_busy(), player, gr.skip()
    except Exception:  # whatever it was: the page is left in order, and the sentence about it follows
        yield *_left(conversation), gr.skip()
        raise
    yield *shown(conversation, notice), *_idle(), player, None


async def on_stop(kept: Any) -> tuple:
    """Silence, and what has come stays; the work itself is cancelled by the event."""
    return *(await talking.on_stop(kept)), gr.update(visible=False), silent()


async def on_hush() -> tuple:
    """Silence, for the stop button of the conversation, which ends the exchange itself."""
    return gr.update(visible=False), silent()


def _left(conversation: talks.Conversation) -> tuple:
    """What was understood and written before a failure stays; an empty reply goes."""
    conversation = talks.stopped(conversation)
    if talks.says_nothing(conversation):
        conversation = talks.upto_question(conversation)
    return *shown(conversation), *_idle(), silent()


def _voices(engine: str, language: Language) -> Any:
    found = [(voice.label.to(language), voice.name) for voice in text_to_speech.voices(engine)]
    return gr.update(choices=[(_ANY_VOICE.to(language), "auto"), *found], value="auto")


def _busy() -> tuple[Any, ...]:
    return *BUSY, gr.update(visible=True)


def _idle() -> tuple[Any, ...]:
    return *IDLE, gr.update(visible=False)
