"""Fetching from a Hub: found, fetched with progress, resumed, cancelled, and every failure a sentence in time."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from clock import fair_clock
from conftest import free_port
from huggingface_hub import constants
from stand_in_hub import StandInHub, wait_until

from pipelines import hub
from pipelines.errors import Cancelled, EngineUnavailable
from pipelines.job import Job, Progress
from pipelines.words import Text

LABEL = Text(en="Tiny model", ko="작은 모델")
REPO = "org/tiny"
FILES = ("config.json", "*.safetensors")
WEIGHTS = bytes(range(256)) * 8192  # 2 MB


def connect(monkeypatch: pytest.MonkeyPatch, url: str, cache: Path) -> None:
    """Point the Hub library, which read its settings at import, to a server and a fresh cache."""
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "ENDPOINT", url)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", url + "/{repo_id}/resolve/{revision}/{filename}")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[StandInHub]:
    files = {"config.json": b"{}", "model.safetensors": WEIGHTS, "README.md": b"# A card", "huge.bin": b"x" * 10}
    server = StandInHub({REPO: files})
    connect(monkeypatch, server.url, tmp_path / "cache")
    yield server
    server.close()


def fetch(job: Job | None = None, repo: str = REPO, files: tuple[str, ...] = FILES) -> Path:
    return hub.fetch(repo, files, None, job or Job(), label=LABEL)


def failure(**arguments: Any) -> tuple[EngineUnavailable, float]:
    with fair_clock() as passed:
        with pytest.raises(EngineUnavailable) as caught:
            fetch(**arguments)
        return caught.value, passed()


def test_what_was_fetched_is_found_and_nothing_else_was_fetched(stand_in: StandInHub) -> None:
    assert hub.find(REPO, FILES) is None
    folder = fetch()
    assert (folder / "model.safetensors").read_bytes() == WEIGHTS
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "model.safetensors"]
    asked = len(stand_in.asked)
    assert hub.find(REPO, FILES) == folder
    assert hub.find(REPO, ("*.gguf",)) is None
    assert len(stand_in.asked) == asked, "looking never asks the network"


def test_progress_counts_up_to_the_whole(stand_in: StandInHub) -> None:
    stand_in.bytes_per_s = 2_000_000
    told: list[Progress] = []
    fetch(Job(told.append))
    fractions = [one.fraction for one in told if one.fraction is not None]
    assert len(fractions) >= 2 and fractions == sorted(fractions) and 0 < fractions[-1] <= 1
    assert "Tiny model" in told[-1].text.en and "작은 모델" in told[-1].text.ko and "MB" in told[-1].text.en


def test_a_folder_of_the_owner_is_found_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = tmp_path / "models" / REPO
    mine.mkdir(parents=True)
    monkeypatch.setenv("MODU_MODELS_DIR", str(tmp_path / "models"))
    (mine / "config.json").write_text("{}")
    assert hub.find(REPO, FILES) is None, "an incomplete folder is not taken"
    (mine / "model.safetensors").write_bytes(b"x")
    assert hub.find(REPO, FILES) == mine


def test_a_pinned_revision_is_kept_apart(stand_in: StandInHub) -> None:
    from stand_in_hub import SHA

    folder = hub.fetch(REPO, FILES, SHA, Job(), label=LABEL)
    assert hub.find(REPO, FILES, SHA) == folder
    assert hub.find(REPO, FILES, "f" * 40) is None


@pytest.mark.parametrize("fault", ["", "silent files"])
def test_a_cancel_is_answered_within_two_seconds(stand_in: StandInHub, fault: str) -> None:
    stand_in.fault, stand_in.bytes_per_s = fault, 200_000  # ten seconds' worth
    job = Job()
    at_cancel: list[float] = []
    with fair_clock() as passed:

        def cancel() -> None:
            wait_until(lambda: any("/resolve/" in one for one in stand_in.asked), 60)
            time.sleep(0.5)
            at_cancel.append(passed())
            job.cancel()

        threading.Thread(target=cancel).start()
        with pytest.raises(Cancelled):
            fetch(job)
        assert passed() - at_cancel[0] < 2
    assert hub.find(REPO, FILES) is None
    if not fault:
        before = stand_in.sent_bytes
        time.sleep(1)
        assert stand_in.sent_bytes - before < 1_500_000, "the transfer itself goes on without end"


def test_what_a_cancelled_try_left_does_no_harm(stand_in: StandInHub) -> None:
    stand_in.bytes_per_s = 200_000
    job = Job()

    def cancel() -> None:
        wait_until(lambda: stand_in.sent_bytes > 300_000, 60)
        job.cancel()

    threading.Thread(target=cancel).start()
    with pytest.raises(Cancelled):
        fetch(job)
    stand_in.bytes_per_s = 0
    assert (fetch() / "model.safetensors").read_bytes() == WEIGHTS


@pytest.mark.parametrize("fault", ["silent", "silent files"])
def test_after_a_cancel_at_a_hung_server_the_next_try_begins_at_once(stand_in: StandInHub, fault: str) -> None:
    """And its sentence comes as soon as that of a first try."""

    def asked() -> int:
        return len([one for one in stand_in.asked if ("/resolve/" in one) == ("files" in fault)])

    stand_in.fault = fault
    job = Job()
    threading.Thread(target=lambda: (wait_until(lambda: asked() == 1, 60), job.cancel())).start()
    with pytest.raises(Cancelled):
        fetch(job)
    again: dict[str, float] = {}
    with fair_clock() as passed:
        watch = threading.Thread(target=lambda: (wait_until(lambda: asked() > 1, 60), again.update(at=passed())))
        watch.start()
        error, seconds = failure()
        watch.join()
    assert again["at"] < 2
    assert "stopped sending" in error.to("en") and seconds < 15


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("404", "not found"),
        ("401", "not found"),
        ("gated", "accept its terms"),
        ("503", "answered 503"),
        ("503 files", "answered 503"),
        ("silent", "stopped sending"),
        ("forbidden", "refused"),
        ("forbidden files", "refused"),
        ("gated files", "accept its terms"),
        ("404 files", "no such file"),
        ("401 files", "HF_TOKEN"),
        ("429", "Try again in 60 s"),
        ("429 files", "Try again in 60 s"),
        ("portal", "web page"),
        ("portal files", "web page"),
        ("wrong bytes", "damaged"),
        ("silent files", "stopped sending"),
    ],
)
def test_every_failure_has_its_sentence_in_time(stand_in: StandInHub, fault: str, words: str) -> None:
    stand_in.fault = fault
    error, seconds = failure()
    assert words in error.to("en")
    assert "Tiny model" in error.to("en") and "작은 모델" in error.to("ko")
    assert error.to("en").endswith("[engine_unavailable]")
    assert seconds < 15
    stand_in.fault = ""
    assert (fetch() / "model.safetensors").read_bytes() == WEIGHTS, "a later try works"


def test_a_refused_port_is_said_in_time(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    connect(monkeypatch, f"http://127.0.0.1:{free_port()}", tmp_path / "cache")
    error, seconds = failure()
    assert "cannot be reached" in error.to("en") and seconds < 15


def test_a_hub_without_the_needed_file_is_said(stand_in: StandInHub) -> None:
    error, _ = failure(files=("config.json", "*.onnx"))
    assert "missing" in error.to("en")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_a_full_disk_is_said(stand_in: StandInHub, tmp_path: Path) -> None:
    part = tmp_path / "cache" / "models--org--tiny" / "blobs" / f"{sha256(WEIGHTS).hexdigest()}.incomplete"
    part.parent.mkdir(parents=True)
    part.symlink_to("/dev/full")
    assert "disk is full" in failure()[0].to("en")
    assert hub.find(REPO, FILES) is None


@pytest.mark.parametrize("name", ["MODU_OFFLINE", "HF_HUB_OFFLINE"])
def test_offline_is_said_at_once_and_asks_nobody(
    stand_in: StandInHub, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "1")
    error, seconds = failure()
    assert "offline" in error.to("en") and "오프라인" in error.to("ko")
    assert seconds < 1 and stand_in.asked == []


def test_what_is_here_stays_usable_when_the_hub_is_gone(stand_in: StandInHub) -> None:
    folder = fetch()
    stand_in.fault = "503"
    assert hub.find(REPO, FILES) == folder


def test_a_cut_line_is_a_failure_not_a_broken_file(stand_in: StandInHub) -> None:
    stand_in.fault = "cut"
    error, seconds = failure()
    assert "keeps breaking" in error.to("en") and seconds < 15
    assert hub.find(REPO, FILES) is None
