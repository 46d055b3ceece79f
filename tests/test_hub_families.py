"""Every family of Hub engines, whole: planned, downloaded from a stand-in Hub by the real SPEC, loaded and used."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import chats
import numpy as np
import pytest
import whispers
from stand_in_hub import StandInHub, wait_until
from test_chat_engines import adapter
from test_hub import WEIGHTS, connect
from test_text_to_speech_hub import _tiny_kokoro, _tiny_mms

from benchmarks import qwen3_ir
from pipelines import engines, plan, text_to_image
from pipelines.chat import Message, ReplyOptions, adapters
from pipelines.diffusion.contract import Order
from pipelines.engines import EngineSpec, state
from pipelines.errors import EngineFailed
from pipelines.job import Job
from pipelines.speech_to_text import openai_whisper
from pipelines.speech_to_text.types import Request


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[StandInHub]:
    server = StandInHub({})
    connect(monkeypatch, server.url, tmp_path / "cache")
    monkeypatch.setattr(state.tables, "loaded", {})
    yield server
    server.close()


def serve(stand_in: StandInHub, spec: EngineSpec, folder: Path) -> None:
    """Put a checkpoint into the Hub, with things beside it that must not be fetched."""
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    stand_in.files[str(spec.repo)] = {
        **files,
        "README.md": b"# A card",
        "pytorch_model.bin": b"pickled",
        "run.py": b"x",
    }


def brought(spec: EngineSpec, stand_in: StandInHub) -> Any:
    """Plan, fetch and load as a visitor's first call does; then the network is gone."""
    assert engines.status(spec) == "not_downloaded"
    planned = plan.asked(spec)
    with engines.use(spec.task, spec.name, Job()) as (_, engine):
        stand_in.fault = "503"
        assert stand_in.sent_bytes == sum(entry.size or 0 for entry in planned.files)
        fetched = [one for one in stand_in.asked if one.startswith("GET") and "/resolve/" in one]
        assert not [one for one in fetched if one.endswith((".md", ".py", "pytorch_model.bin"))]
    assert engines.status(spec) == "loaded"
    return engine


def test_mms(stand_in: StandInHub, tmp_path: Path) -> None:
    spec = engines.find("text_to_speech", "mms-tts-kor")
    pytest.importorskip("uroman")
    _tiny_mms(tmp_path / "made")
    serve(stand_in, spec, tmp_path / "made")
    samples = brought(spec, stand_in).say("안녕", "kor", 1.0, 0)
    assert samples.dtype == np.float32 and len(samples) > 100


def test_kokoro(stand_in: StandInHub, tmp_path: Path) -> None:
    pytest.importorskip("kokoro")
    spec = engines.find("text_to_speech", "kokoro")
    _tiny_kokoro(tmp_path / "made")
    serve(stand_in, spec, tmp_path / "made")
    samples = brought(spec, stand_in).say("Hello there.", "af_heart", 1.0, 0)
    assert len(samples) > 100 and np.isfinite(samples).all()


def test_faster_whisper(stand_in: StandInHub, tmp_path: Path) -> None:
    pytest.importorskip("faster_whisper")
    spec = engines.find("speech_to_text", "faster-whisper-tiny")
    serve(stand_in, spec, whispers.converted_checkpoint(tmp_path / "made"))
    listener = brought(spec, stand_in)
    listener._decoding |= {"temperature": 0.0, "max_new_tokens": 5}
    heard = listener.hear(np.zeros(16_000, np.float32), Request("en", "transcribe", False), Job())
    assert heard.language == "en"


def test_openai_whisper(
    stand_in: StandInHub, tmp_path: Path, fake_engine: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its weights lie on a web server of its own: the same way, with the address and the checksum of ours."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    sha256 = whispers.openai_checkpoint(tmp_path / "tiny.pt")
    stand_in.files["openai/whisper"] = {"tiny.pt": (tmp_path / "tiny.pt").read_bytes()}
    facts = openai_whisper.SIZES[0].SPEC
    url = f"{stand_in.url}/openai/whisper/resolve/main/tiny.pt"
    file = replace(facts.web_files[0], url=url, sha256=sha256)
    fake_engine(openai_whisper.Checkpoint(replace(facts, name="whisper-served", web_files=(file,))))
    spec = engines.find("speech_to_text", "whisper-served")
    assert engines.status(spec) == "not_downloaded" and not plan.asked(spec).here
    with engines.use(spec.task, spec.name, Job()) as (_, listener):
        listener._decoding |= {"temperature": 0.0, "sample_len": 5}
        heard = listener.hear(np.zeros(16_000, np.float32), Request("en", "transcribe", False), Job())
    assert heard.language == "en" and engines.status(spec) == "loaded"
    assert plan.known(spec).here and stand_in.sent_bytes == (tmp_path / "tiny.pt").stat().st_size


def said(engine: Any) -> str:
    """A few greedy words of a chat engine."""
    options = ReplyOptions(temperature=0.0, max_new_tokens=5)
    return "".join(piece.text for piece in engine.write([Message("user", "안녕 hello")], options, Job()))


@pytest.mark.parametrize("name", ["qwen3-0.6b", "hub:somebody/talker"])
@pytest.mark.parametrize("layout", ["v4", "v5"])
def test_chat_by_transformers(stand_in: StandInHub, tmp_path: Path, layout: str, name: str) -> None:
    spec = engines.find("chat", name)
    serve(stand_in, spec, chats.checkpoint(tmp_path / "made", layout))
    assert said(brought(spec, stand_in))


@pytest.mark.parametrize("name", ["qwen3-0.6b-int8", "qwen3-0.6b-int4", "hub:somebody/converted"])
def test_chat_by_openvino(stand_in: StandInHub, tmp_path: Path, name: str) -> None:
    spec = engines.find("chat", name)
    serve(stand_in, spec, qwen3_ir.convert(chats.checkpoint(tmp_path / "source"), tmp_path / "made"))
    assert said(brought(spec, stand_in))


def test_an_adapter_comes_from_the_hub_too(stand_in: StandInHub, tmp_path: Path) -> None:
    base = chats.checkpoint(tmp_path / "base")
    stand_in.files["org/poet"] = {
        path.name: path.read_bytes() for path in adapter(base, tmp_path / "poet").iterdir() if path.is_file()
    }
    found = adapters.find("org/poet", Job())
    stand_in.fault = "503"
    assert adapters.find("org/poet", Job()) == found
    assert sorted(path.name for path in found.iterdir()) == sorted(adapters.FILES)


def test_a_program_sees_progress_and_may_cancel(client: Any, stand_in: StandInHub) -> None:
    spec = engines.find("face_mosaic", "yunet")
    stand_in.files[str(spec.repo)] = {spec.files[0]: WEIGHTS * 16}
    stand_in.bytes_per_s = 500_000
    running = client.submit(task="face_mosaic", engine="yunet", api_name="/engine_fetch")

    def told() -> str:
        return " ".join(unit.desc or "" for unit in running.status().progress_data or [])

    assert wait_until(lambda: "MB/s" in told() and "left" in told(), 90)
    running.cancel()
    assert wait_until(lambda: not _still_sending(stand_in), 30)
    assert engines.status(spec) == "not_downloaded"


def _still_sending(stand_in: StandInHub) -> bool:
    sent = stand_in.sent_bytes
    return wait_until(lambda: stand_in.sent_bytes > sent, 1.0)


@pytest.mark.parametrize("kind", ["sd half", "xl half"])
def test_any_painter_of_the_hub(stand_in: StandInHub, kind: str) -> None:
    """Of Stable Diffusion and SDXL alike, by their names; its size is known before a byte of it is fetched."""
    pytest.importorskip("diffusers")
    import pictures

    name = f"hub:somebody/{kind.replace(' ', '-')}"  # what was opened before is known
    spec = engines.find(text_to_image.TASK, name)
    assert spec.unweighed
    serve(stand_in, spec, pictures.made(kind))
    told = list(brought(spec, stand_in).paint(Order("a star", "", 2, 5.0, 64, 64, 1), Job()))
    assert told[-1].image is not None and told[-1].image.size == (64, 64)
    weighed = engines.find(text_to_image.TASK, name)
    assert not weighed.unweighed and weighed.memory_mb > 1500


def test_what_is_no_painter_is_told(stand_in: StandInHub, tmp_path: Path) -> None:
    pytest.importorskip("diffusers")
    import pictures

    made = shutil.copytree(pictures.made("sd half"), tmp_path / "made")
    index = made / "model_index.json"
    index.write_text(index.read_text().replace("StableDiffusionPipeline", "FancyPipeline"))
    spec = engines.find(text_to_image.TASK, "hub:somebody/fancy")
    serve(stand_in, spec, made)
    with pytest.raises(EngineFailed, match="no Stable Diffusion"), engines.use(spec.task, spec.name, Job()):
        raise AssertionError("it is of another kind")
