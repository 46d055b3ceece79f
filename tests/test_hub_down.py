"""Every tab goes on with its embedded engine while the Hub hangs, refuses or is gone; driven as a program drives it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import example
from gradio_client import Client, handle_file
from PIL import Image
from stand_in_hub import StandInHub, wait_until
from test_hub import connect

from pipelines import engines, hub, transfer
from tabs import TABS

HUB_ENGINES = {
    "chat": "qwen3-0.6b-int8",
    "face_mosaic": "yunet",
    "ocr": "trocr-printed",
    "speech_to_text": "faster-whisper-tiny",
    "text_to_speech": "mms-tts-kor",
    "text_to_image": "bk-sdm-tiny",
    "inpainting": "lama",
}  # digits has its own engine only


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[StandInHub]:
    """A Hub that lists what these engines ask for, and has not sent any of it yet."""
    specs = [engines.find(task, name) for task, name in HUB_ENGINES.items()]
    wanted = [(str(one.repo), one.files) for one in specs]
    wanted += [(beside.repo, beside.files) for one in specs for beside in one.beside]
    server = StandInHub({repo: {named(pattern): b"{}" for pattern in files} for repo, files in wanted})
    connect(monkeypatch, server.url, tmp_path / "cache")
    yield server
    server.close()


def named(pattern: str) -> str:
    """A file that a pattern asks for."""
    return pattern.split("|")[0].replace("*", "x")


@pytest.fixture(scope="module")
def pieces(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Parts of shipped pictures: enough to see an engine answer."""
    folder = tmp_path_factory.mktemp("pieces")
    Image.open(example("ocr", "english.*")).crop((0, 0, 900, 200)).save(folder / "english.png")
    Image.open(example("inpainting", "stamped.jpg")).crop((0, 0, 128, 128)).save(folder / "stamped.png")
    hole = Image.new("L", (128, 128))
    hole.paste(255, (40, 40, 70, 70))
    hole.save(folder / "hole.png")
    return {path.stem: str(path) for path in folder.iterdir()}


def given(task: str, pieces: dict[str, str]) -> dict[str, Any]:
    """What a visitor hands to a tab."""
    return {
        "chat": {"message": "안녕하세요", "max_new_tokens": 8, "temperature": 0.0},
        "digits": {"image": handle_file(str(example("digits", "seven*")))},
        "face_mosaic": {"image": handle_file(str(example("face_mosaic", "portrait*")))},
        "ocr": {"document": handle_file(pieces["english"])},
        "speech_to_text": {"audio": handle_file(str(example("speech_to_text", "english*")))},
        "text_to_speech": {"text": "안녕하세요."},
        "text_to_image": {"prompt": "a red circle", "steps": 1, "seed": 1},
        "inpainting": {"image": handle_file(pieces["stamped"]), "mask": handle_file(pieces["hole"])},
    }[task]


def answered_by(client: Client, task: str, values: dict[str, Any]) -> str:
    """Which engine answered a call."""
    results = client.predict(**values, api_name=f"/{task}")
    return str(next(one["engine"] for one in results if isinstance(one, dict) and "engine" in one))


def test_every_tab_answers_while_downloads_hang(
    client: Client, stand_in: StandInHub, pieces: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A download for each tab is stuck in a server that never answers. Patience is long here, so that it stays so."""
    monkeypatch.setattr(transfer, "SILENCE_S", 300.0)
    monkeypatch.setattr(hub, "SILENCE_S", 300.0)
    stand_in.fault = "silent files"
    running = {
        task: client.submit(**given(task, pieces), engine=name, api_name=f"/{task}")
        if task in ("chat", "ocr")  # a call that names the engine fetches it too, and must not keep the others waiting
        else client.submit(task=task, engine=name, api_name="/engine_fetch")
        for task, name in HUB_ENGINES.items()
    }

    def hanging() -> int:
        return len({path.split("/resolve/")[0] for path in stand_in.asked if "/resolve/" in path})

    assert wait_until(lambda: hanging() >= len(HUB_ENGINES), 60)
    for task in (tab.TASK for tab in TABS):
        assert engines.find(task, answered_by(client, task, given(task, pieces))).kind == "embedded"
    assert not any(job.done() for job in running.values()), "all of this happened while they hung"
    stand_in.closing.set()
    for task, job in running.items():
        label = engines.find(task, HUB_ENGINES[task]).label.en
        told = str(job.exception(timeout=60))
        assert label in told and "could not be downloaded" in told and "built-in engine still works" in told


@pytest.mark.parametrize(
    ("task", "fault", "words"),
    [
        ("chat", "503", "answered 503"),
        ("face_mosaic", "gated files", "accept its terms"),
        ("ocr", "portal", "web page"),
        ("speech_to_text", "429", "too many requests"),
        ("text_to_speech", "404", "not found"),
        ("text_to_image", "forbidden files", "refused"),
        ("inpainting", "wrong bytes", "damaged"),
    ],
)
def test_who_names_an_engine_that_cannot_come_is_told_and_goes_on(
    client: Client, stand_in: StandInHub, pieces: dict[str, str], task: str, fault: str, words: str
) -> None:
    stand_in.fault = fault
    name = HUB_ENGINES[task]
    with pytest.raises(Exception, match=rf"(?s){words}.*built-in engine still works.*\[engine_unavailable\]"):
        answered_by(client, task, {**given(task, pieces), "engine": name})
    assert engines.status(engines.find(task, name)) == "not_downloaded"
    own = next(spec.name for spec in engines.specs(task) if spec.kind == "embedded")
    assert answered_by(client, task, {**given(task, pieces), "engine": own}) == own
