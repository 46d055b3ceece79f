"""The neural engines on tiny checkpoints of the real classes, and the remote engine on a server of our own.

The weights are random: this proves loading, lengths, locks, seeds and control flow, never how it sounds.
"""

from __future__ import annotations

import io
import json
import sys
import threading
import wave
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pipelines import engines, text_to_speech
from pipelines.engines import state
from pipelines.errors import EngineFailed, EngineUnavailable, InvalidInput
from pipelines.job import Job
from pipelines.text_to_speech import SpeakOptions, kokoro, mms

VOCABULARY = (
    '$;:,.!?—…"()“” ̃ʣʥʦʨᵝAIOQSTWYᵊabcdefhijklmnopqrstuvwxyzɑɐɒæβɔɕçɖðʤəɚɛɜɟɡɥɨɪʝɯɰŋɳɲɴøɸθœɹɾɻʁɽʂʃʈʧʊʋʌɣɤχʎʒʔˈˌːʰʲ→↗↘↓'
)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders `kokoro` and `mms` of checkpoints in the layout of the Hub, as `MODU_MODELS_DIR` wants it."""
    pytest.importorskip("torch").set_num_threads(1)  # threads that wait for each other crawl on a busy machine
    root = tmp_path_factory.mktemp("models")
    _tiny_kokoro(root / "kokoro" / kokoro.REPO)
    _tiny_mms(root / "mms" / mms.REPO)
    return root


def _tiny_kokoro(folder: Path) -> None:
    torch = pytest.importorskip("torch")
    (folder / "voices").mkdir(parents=True)
    config = {
        "vocab": {symbol: number for number, symbol in enumerate(VOCABULARY)},
        "n_token": 178, "hidden_dim": 512, "style_dim": 128, "n_layer": 1, "max_dur": 4, "dropout": 0.0, "n_mels": 80,
        "text_encoder_kernel_size": 1,
        "plbert": {"hidden_size": 32, "num_attention_heads": 2, "intermediate_size": 32,
                   "max_position_embeddings": 512, "num_hidden_layers": 1, "dropout": 0.0},
        "istftnet": {"upsample_kernel_sizes": [20, 12], "upsample_rates": [10, 6], "gen_istft_hop_size": 5,
                     "gen_istft_n_fft": 20, "resblock_dilation_sizes": [[1, 3, 5]], "resblock_kernel_sizes": [3],
                     "upsample_initial_channel": 512},
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config))
    torch.manual_seed(1)
    torch.save({}, folder / "kokoro-v1_0.pth")  # an empty file of weights loads as random weights
    for number, name in enumerate(("af_heart", "am_adam", "bf_emma", "ef_dora", "jf_alpha", "zf_xiaobei")):
        torch.manual_seed(number)
        torch.save(torch.randn(510, 1, 256) * 0.1, folder / "voices" / f"{name}.pt")


def _tiny_mms(folder: Path) -> None:
    torch = pytest.importorskip("torch")
    from transformers import VitsConfig, VitsModel

    folder.mkdir(parents=True)
    letters = list("_abcdefghijklmnopqrstuvwxyz '-u")
    vocabulary = {letter: number for number, letter in enumerate(dict.fromkeys(letters))}
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    settings = {"is_uroman": True, "language": "kor", "normalize": True, "add_blank": True, "phonemize": False,
                "pad_token": "_", "unk_token": "<unk>", "tokenizer_class": "VitsTokenizer"}  # fmt: skip
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    (folder / "special_tokens_map.json").write_text(json.dumps({"pad_token": "_", "unk_token": "<unk>"}))
    config = VitsConfig(
        vocab_size=len(vocabulary) + 2, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, ffn_dim=16,
        flow_size=16, spectrogram_bins=9, prior_encoder_num_flows=1, prior_encoder_num_wavenet_layers=1,
        duration_predictor_num_flows=1, duration_predictor_filter_channels=16, duration_predictor_flow_bins=4,
        posterior_encoder_num_wavenet_layers=1, wavenet_dilation_rate=1, depth_separable_num_layers=1,
        upsample_initial_channel=16, upsample_rates=[8, 8], upsample_kernel_sizes=[16, 16],
        resblock_kernel_sizes=[3], resblock_dilation_sizes=[[1]], num_speakers=1,
    )  # fmt: skip
    torch.manual_seed(2)
    VitsModel(config).save_pretrained(folder)


@pytest.fixture
def hub(models: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine on which Kokoro has been fetched."""
    monkeypatch.setenv("MODU_MODELS_DIR", str(models / "kokoro"))
    monkeypatch.setenv("MODU_MEMORY_GB", "8")
    return models / "kokoro"


@pytest.fixture
def nothing_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """What other tests loaded is out of sight for this one."""
    monkeypatch.setattr(state.tables, "loaded", {})


@pytest.fixture
def korean_hub(models: Path, monkeypatch: pytest.MonkeyPatch, nothing_loaded: None) -> None:
    """A machine on which the Korean voice has been fetched."""
    monkeypatch.setenv("MODU_MODELS_DIR", str(models / "mms"))
    monkeypatch.setenv("MODU_MEMORY_GB", "8")


# --- Kokoro ---------------------------------------------------------------------------------------------------------


def test_kokoro_speaks_english_and_leaves_korean_to_another_engine(hub: Path) -> None:
    speech = text_to_speech.speak("Hello there. 안녕하세요. It is 14:30 now, and all is well.", engine="kokoro")
    assert [(one.language, one.voice) for one in speech.sentences] == [
        ("en", "af_heart"),
        ("ko", "embedded:ko"),
        ("en", "af_heart"),
    ]
    assert speech.engine == "kokoro"
    assert speech.sample_rate == kokoro.SAMPLE_RATE
    assert np.isfinite(speech.samples).all()
    assert np.abs(speech.samples).max() > 0


def test_auto_takes_kokoro_once_it_is_here_and_the_owner_may_choose_otherwise(
    hub: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert text_to_speech.speak("Good morning.").engine == "kokoro"
    monkeypatch.setenv("MODU_TEXT_TO_SPEECH_ENGINE", "embedded")
    assert text_to_speech.speak("Good morning.").engine == "embedded"


def test_the_seed_decides_what_kokoro_draws(hub: Path) -> None:
    options = [SpeakOptions(seed=seed) for seed in (3, 3, 4)]
    first, same, other = (text_to_speech.speak("Good morning.", one, engine="kokoro").samples for one in options)
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)


def test_two_calls_at_once_give_what_each_gives_alone(hub: Path) -> None:
    texts = ["Good morning.", "See you tomorrow.", "Good morning.", "See you tomorrow."]
    alone = [text_to_speech.speak(text, engine="kokoro").samples for text in texts[:2]]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda text: text_to_speech.speak(text, engine="kokoro").samples, texts))
    for number, samples in enumerate(together):
        assert np.array_equal(samples, alone[number % 2])


def test_kokoro_voices_mix_and_change_the_sound(hub: Path) -> None:
    def say(voice: str) -> np.ndarray:
        return text_to_speech.speak("Good morning.", SpeakOptions(voice=voice), engine="kokoro").samples

    heart, adam, mixed = say("af_heart"), say("am_adam"), say("af_heart+am_adam")
    assert not np.array_equal(heart, adam)
    assert not np.array_equal(mixed, heart)
    assert not np.array_equal(mixed, adam)
    with pytest.raises(InvalidInput, match="different languages"):
        say("af_heart+ef_dora")


def test_kokoro_gets_at_most_510_phonemes_at_once_and_no_word_is_cut(hub: Path) -> None:
    words = " ".join(["wonderful"] * 40)
    with engines.use("text_to_speech", "kokoro", Job()) as (_, engine):
        phonemes = engine.phonemes(words + ", " + words, "a")
    word = phonemes.split()[1].strip(",")
    found = list(kokoro.pieces(phonemes))
    assert len(found) > 1
    assert all(len(piece) <= kokoro.LONGEST for piece in found)
    assert {one.strip(",.ˈˌ") for piece in found for one in piece.split()} == {word.strip("ˈˌ")}
    assert [len(piece) for piece in kokoro.pieces("a" * 1200)] == [510, 510, 180]  # one endless word


def test_phonemes_are_symbols_the_model_knows_and_keep_the_punctuation(hub: Path) -> None:
    with engines.use("text_to_speech", "kokoro", Job()) as (_, engine):
        english = engine.phonemes("Hello, world! Is it so?", "a")
        spanish = engine.phonemes("Buenos días.", "e")
    assert set(english + spanish) <= set(VOCABULARY)
    assert [mark for mark in english if mark in ",.!?"] == [",", "!", "?"]


def test_english_is_read_by_the_dictionary_where_its_model_is_installed(
    hub: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The model's package is a stand-in: a spaCy pipeline that only parts words."""
    text = "Modu reads twenty-one sentences."
    plain = kokoro._phonemizer("a")(text)
    package = tmp_path / kokoro._TAGGER
    package.mkdir()
    package.joinpath("__init__.py").write_text("import spacy\n\ndef load(**_):\n    return spacy.blank('en')\n")
    facts = tmp_path / f"{kokoro._TAGGER}-1.0.dist-info"
    facts.mkdir()
    facts.joinpath("METADATA").write_text(f"Metadata-Version: 2.1\nName: {kokoro._TAGGER}\nVersion: 1.0\n")
    monkeypatch.syspath_prepend(tmp_path)
    from misaki import en, espeak

    read = kokoro._phonemizer("a")(text)
    assert read == en.G2P(british=False, fallback=espeak.EspeakFallback(british=False), unk="")(text)[0]
    assert read != plain
    assert "❓" not in read
    package.joinpath("__init__.py").write_text("def load(**_):\n    raise OSError('made for another spaCy')\n")
    monkeypatch.delitem(sys.modules, kokoro._TAGGER)
    assert kokoro._phonemizer("a")(text) == plain


def test_a_language_that_an_engine_lacks_names_one_that_has_it(hub: Path) -> None:
    with pytest.raises(EngineUnavailable, match="embedded"):
        text_to_speech.speak("안녕하세요.", SpeakOptions(language="ko"), engine="kokoro")


@pytest.mark.parametrize(
    ("language", "text", "package"), [("ja", "こんにちは。", "pyopenjtalk"), ("zh", "你好。", "pypinyin")]
)
def test_japanese_and_chinese_name_their_packages_and_auto_reads_them_anyway(
    hub: Path, monkeypatch: pytest.MonkeyPatch, language: str, text: str, package: str
) -> None:
    monkeypatch.setattr(kokoro, "_EXTRAS", {"ja": {"no_such_module": "x"}, "zh": {"no_such_module": "x"}})
    voice = kokoro.DEFAULT_VOICES[language]
    for options in (SpeakOptions(language=language), SpeakOptions(voice=voice), SpeakOptions(language, voice)):
        with pytest.raises(EngineUnavailable, match=f"pip install .*{package}"):
            text_to_speech.speak(text, options, engine="kokoro")
    assert voice not in {one.name for one in text_to_speech.voices("kokoro")}
    for engine, asked in (("kokoro", "auto"), ("auto", language)):
        speech = text_to_speech.speak(text, SpeakOptions(asked), engine=engine)
        assert [one.language for one in speech.sentences] == [language]
        assert speech.sentences[0].voice.endswith("ja" if language == "ja" else "cmn")


@pytest.mark.parametrize(("module", "language"), [("ja", "ja"), ("zh", "zh")])
def test_japanese_and_chinese_are_spoken_where_their_packages_are(
    hub: Path, monkeypatch: pytest.MonkeyPatch, module: str, language: str
) -> None:
    """misaki's modules stand in: the real ones want packages that this environment lacks."""
    import misaki

    convert = {"ja": lambda text: ("koɲiʨiwa.", None), "zh": lambda text: ("ni↓xau↓.", None)}[language]
    stand_in = SimpleNamespace(JAG2P=lambda: convert, ZHG2P=lambda: convert)
    monkeypatch.setitem(sys.modules, f"misaki.{module}", stand_in)  # type: ignore[arg-type]
    monkeypatch.setattr(misaki, module, stand_in, raising=False)
    monkeypatch.setattr(kokoro, "_EXTRAS", {})
    with engines.use("text_to_speech", "kokoro", Job()) as (_, engine):
        monkeypatch.setattr(engine, "_phonemizers", {})
        said = engine.phonemes("你好 hello 你好", language[0] if language == "ja" else "z")
    assert said.count(convert("")[0]) == 2 and "həl" in said
    speech = text_to_speech.speak({"ja": "こんにちは。", "zh": "你好。"}[language], engine="kokoro")
    assert speech.sentences[0].voice == kokoro.DEFAULT_VOICES[language] and speech.duration_s > 0


def test_a_missing_dictionary_is_a_sentence(hub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import misaki

    def fails() -> None:
        raise RuntimeError("no dictionary")

    stand_in = SimpleNamespace(JAG2P=fails)
    monkeypatch.setitem(sys.modules, "misaki.ja", stand_in)  # type: ignore[arg-type]
    monkeypatch.setattr(misaki, "ja", stand_in, raising=False)
    monkeypatch.setattr(kokoro, "_EXTRAS", {})
    with engines.use("text_to_speech", "kokoro", Job()) as (_, engine):
        monkeypatch.setattr(engine, "_phonemizers", {})
    with pytest.raises(EngineUnavailable, match="unidic-lite"):
        text_to_speech.speak("こんにちは。", engine="kokoro")


def test_weights_are_read_without_running_code_of_the_file(hub: Path, tmp_path: Path) -> None:
    import pickle

    class Evil:
        def __reduce__(self) -> tuple[Any, tuple[str]]:
            return (Path.touch, (tmp_path / "ran",))  # type: ignore[return-value]

    folder = tmp_path / "evil"
    folder.mkdir()
    (folder / "config.json").write_text((hub / kokoro.REPO / "config.json").read_text())
    (folder / "kokoro-v1_0.pth").write_bytes(pickle.dumps({"bert": Evil()}))
    with pytest.raises(Exception, match=r"(?i)weights"):
        kokoro.load(folder)
    assert not (tmp_path / "ran").exists()


# --- MMS ------------------------------------------------------------------------------------------------------------


def test_mms_speaks_korean_with_a_seed_and_a_speed(korean_hub: None) -> None:
    def say(**options: Any) -> np.ndarray:
        text = "안녕하세요 반갑습니다 오늘은 날씨가 좋습니다"
        return text_to_speech.speak(text, SpeakOptions(**options), engine="mms-tts-kor").samples

    first = say(seed=1)
    assert np.array_equal(first, say(seed=1))
    assert not np.array_equal(first, say(seed=2))
    assert len(say(seed=1, speed=2.0)) < len(first) < len(say(seed=1, speed=0.5))


def test_mms_leaves_english_to_another_engine_and_shows_its_licence(korean_hub: None) -> None:
    speech = text_to_speech.speak("안녕하세요. Good morning to you.", engine="mms-tts-kor")
    assert [one.voice for one in speech.sentences] == ["kor", "embedded:en-us"]
    assert text_to_speech.speak("안녕하세요 여러분 반갑습니다. Hi.").engine == "mms-tts-kor"  # "auto", once it is here
    assert "NC" in engines.find("text_to_speech", "mms-tts-kor").licence


def test_hub_engines_that_are_not_here_say_so_at_once_when_offline(nothing_loaded: None) -> None:
    for name in ("kokoro", "mms-tts-kor"):
        with pytest.raises(EngineUnavailable, match="offline"):
            text_to_speech.speak("Hello. 안녕하세요.", engine=name)


# --- another server -------------------------------------------------------------------------------------------------


class _Server:
    """An OpenAI-style speech server with answers set by the test."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.answer: tuple[int, bytes] = (200, _wave(16_000, 0.5))
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.keys.append(self.headers.get("Authorization"))
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.asked.append({"path": self.path, **json.loads(body)})
                status, data = outer.answer
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.http.server_port}/v1"


def _wave(rate: int, seconds: float) -> bytes:
    data = io.BytesIO()
    with wave.open(data, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        tone = np.sin(np.arange(round(rate * seconds)) * 2 * np.pi * 220 / rate) * 9000
        file.writeframes(tone.astype("<i2").tobytes())
    return data.getvalue()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, nothing_loaded: None) -> Iterator[_Server]:
    running = _Server()
    monkeypatch.setenv("MODU_TEXT_TO_SPEECH_URL", running.url)
    monkeypatch.setenv("MODU_TEXT_TO_SPEECH_MODEL", "a-model")
    monkeypatch.setenv("MODU_TEXT_TO_SPEECH_KEY", "secret-key")
    yield running
    running.http.shutdown()


def test_remote_sends_words_and_the_key_and_brings_the_answer_to_one_rate(server: _Server) -> None:
    options = SpeakOptions(voice="nova", speed=1.5)
    speech = text_to_speech.speak("3개. Hello.", options, engine="remote")
    assert [one["input"] for one in server.asked] == ["세 개.", "Hello."]
    asked = {key: server.asked[0][key] for key in ("path", "model", "voice", "speed", "response_format")}
    assert asked == {
        "path": "/v1/audio/speech", "model": "a-model", "voice": "nova", "speed": 1.5, "response_format": "wav",
    }  # fmt: skip
    assert server.keys == ["Bearer secret-key"] * 2
    assert speech.sample_rate == 24_000
    assert abs(speech.sentences[0].end - 0.5) < 0.05


def test_remote_failures_are_sentences_without_the_key(server: _Server) -> None:
    server.answer = (500, b"no")
    with pytest.raises(EngineFailed, match="500") as failed:
        text_to_speech.speak("Hello.", engine="remote")
    assert "secret" not in str(failed.value)
    server.answer = (200, b"this is no sound")
    with pytest.raises(EngineFailed, match="no sound"):
        text_to_speech.speak("Hello.", engine="remote")
    server.http.shutdown()
    server.http.server_close()
    with pytest.raises(EngineUnavailable, match="reached"):
        text_to_speech.speak("Hello.", engine="remote")


def test_remote_without_a_server_is_said_and_never_chosen_by_itself(nothing_loaded: None) -> None:
    with pytest.raises(EngineUnavailable):
        text_to_speech.speak("Hello.", engine="remote")
    assert text_to_speech.speak("Hello.").engine == "embedded"
