"""The doctor and the terminal commands: what they say, in both languages, and their exit status."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from conftest import free_port
from fakes import FakeModule, spec
from huggingface_hub import constants
from stand_in_hub import StandInHub
from test_hub import WEIGHTS, connect

from pipelines import doctor, engines, hub_cli, memory, transfer
from pipelines.doctor import Finding

FAR = {"kind": "hub", "repo": "org/far", "files": ("*.safetensors",)}


def named(found: list[Finding], name: str) -> Finding:
    return next(one for one in found if one.name.en == name)


# --- the doctor -------------------------------------------------------------------------------------------------


def test_every_trouble_comes_with_what_to_do_in_both_languages() -> None:
    found = doctor.examine(ask_the_hub=False)
    names = [one.name.en for one in found]
    assert names == [
        "Settings", "Python", "Packages", "Memory", "Processor", "Disk", "GPU", "Tesseract", "Korean font",
    ]  # fmt: skip
    for one in found:
        assert one.value.en and one.value.ko
        assert (one.state == "good") == (not one.fix.en) == (not one.fix.ko), one.name.en
    for language, word in (("en", "Memory:"), ("ko", "메모리:")):
        assert word in doctor.report(found, language)  # type: ignore[arg-type]


def test_a_setting_that_cannot_be_read_is_said_and_ends_badly(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MODU_MEMORY_GB", "much")
    assert doctor.main() == 1
    printed = capsys.readouterr().out
    assert "BAD  Settings" in printed and "MODU_MEMORY_GB" in printed and "->" in printed


def test_a_setting_for_no_task_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODU_FACEMOSAIC_ENGINE", "yunet")
    assert "MODU_FACEMOSAIC_ENGINE" in named(doctor.examine(ask_the_hub=False), "Settings").value.en


def test_missing_packages_small_memory_and_a_full_disk_are_noticed(
    fake_engine: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_engine(FakeModule(spec("digits", "lame", requires=("no_such_package_at_all",))))
    monkeypatch.setattr(memory, "limit_mb", lambda: 512.0)
    monkeypatch.setattr(transfer, "free_bytes", lambda _: 1_000_000_000)
    found = doctor.examine(ask_the_hub=False)
    packages = named(found, "Packages")
    assert packages.state == "bad" and "no_such_package_at_all (digits/lame)" in packages.value.en
    assert "0.5 GB" in named(found, "Memory").value.en and named(found, "Memory").state == "so-so"
    assert "1.0 GB" in named(found, "Disk").value.en and "HF_HOME" in named(found, "Disk").fix.en


def test_a_cpu_build_of_torch_beside_a_gpu_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_lines", lambda *command: ["Some Card, 16 GB"] if "nvidia" in command[0] else [])
    monkeypatch.setattr(doctor, "_version", lambda _: "2.13.0+cpu")
    assert "cannot use it" in named(doctor.examine(ask_the_hub=False), "GPU").fix.en
    monkeypatch.setattr(doctor, "_version", lambda _: "2.13.0")
    assert named(doctor.examine(ask_the_hub=False), "GPU").state == "good"


def test_tesseract_without_korean_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_lines", lambda *command: ["List", "eng"] if command[0] == "tesseract" else [])
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    assert named(doctor.examine(ask_the_hub=False), "Tesseract").value.en == "lacks kor"


@pytest.fixture
def answer() -> Iterator[Callable[[int, bytes], str]]:
    """A web server that gives one answer to everything, and its address."""
    said: dict[str, Any] = {"status": 200, "body": b"[]"}

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            """Nothing is written to the terminal."""

        def do_GET(self) -> None:
            self.send_response(said["status"])
            self.send_header("Content-Length", str(len(said["body"])))
            self.end_headers()
            self.wfile.write(said["body"])

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def address(status: int, body: bytes) -> str:
        said.update(status=status, body=body)
        return f"http://127.0.0.1:{server.server_address[1]}"

    yield address
    server.shutdown()
    server.server_close()


def test_the_hub_is_asked_and_its_state_told(
    answer: Callable[[int, bytes], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def said() -> str:
        return named(doctor.examine(), "Hugging Face Hub").value.en

    assert "offline" in said(), "HF_HUB_OFFLINE is set in the tests"
    monkeypatch.delenv("HF_HUB_OFFLINE")
    for status, body, words in ((200, b"[]", "reachable"), (200, b"<html>", "web page"), (503, b"", "answers 503")):
        monkeypatch.setattr(constants, "ENDPOINT", answer(status, body))
        assert words in said()
    monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{free_port()}")
    assert "cannot be reached" in said()


# --- the terminal -----------------------------------------------------------------------------------------------


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fake_engine: Callable[..., Any]) -> Iterator[StandInHub]:
    server = StandInHub({"org/far": {"model.safetensors": WEIGHTS}})
    connect(monkeypatch, server.url, tmp_path / "cache")
    fake_engine(FakeModule(spec("digits", "far", **FAR)))
    yield server
    server.close()


def status() -> str:
    return engines.status(engines.find("digits", "far"))


def test_plan_fetch_list_and_remove_from_a_terminal(
    stand_in: StandInHub, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert hub_cli.main(["plan", "digits/far"]) == 0
    printed = capsys.readouterr().out
    assert "2.1 MB in 1 file" in printed and "model.safetensors" in printed and stand_in.commit[:7] in printed
    assert stand_in.sent_bytes == 0 and status() == "not_downloaded"
    stand_in.bytes_per_s = 1_000_000
    monkeypatch.setattr(hub_cli, "LOG_EVERY_S", 0.0)
    assert hub_cli.main(["fetch", "digits/far"]) == 0
    seen = capsys.readouterr()
    assert "is complete" in seen.out and "MB/s" in seen.err and status() == "ready"
    assert hub_cli.main(["list", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert next(row for row in rows if row["name"] == "far")["status"] == "ready"
    assert hub_cli.main(["list"]) == 0 and "digits/far" in capsys.readouterr().out
    assert hub_cli.main(["remove", "digits/far"]) == 0
    assert "freed" in capsys.readouterr().out and status() == "not_downloaded"


def test_fetch_repairs_and_updates(stand_in: StandInHub, capsys: pytest.CaptureFixture[str]) -> None:
    hub_cli.main(["fetch", "digits/far"])
    folder = next(Path(constants.HF_HUB_CACHE).rglob("model.safetensors"))
    folder.resolve().write_bytes(bytes(len(WEIGHTS)))
    assert hub_cli.main(["fetch", "digits/far"]) == 0
    assert folder.read_bytes() == WEIGHTS
    stand_in.publish("org/far", "8" * 40, model_safetensors=WEIGHTS[::-1])
    hub_cli.main(["fetch", "digits/far"])
    assert "8" * 40 not in capsys.readouterr().out
    hub_cli.main(["fetch", "--update", "digits/far"])
    assert "8" * 40 in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["fetch", "nothing/far"], "There is no task"),
        (["plan", "digits/nothing"], "no engine"),
        (["remove", "digits/embedded"], "nothing to remove"),
        (["fetch", "digits/far"], "answered 503"),
        (["plan", "digits/far"], "answered 503"),
    ],
)
def test_what_cannot_be_done_is_said_and_ends_badly(
    stand_in: StandInHub, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    stand_in.fault = "503"
    assert hub_cli.main(arguments) == 1
    assert words in capsys.readouterr().err


def test_the_terminal_speaks_korean(
    stand_in: StandInHub, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODU_LANGUAGE", "ko")
    hub_cli.main(["plan", "digits/far", "digits/embedded"])
    printed = capsys.readouterr().out
    assert "내려받을 양" in printed and "내려받을 것이 없습니다" in printed
