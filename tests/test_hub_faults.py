"""Downloads that are interrupted, damaged, shared or hostile: nothing half is trusted, nothing is fetched twice."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from clock import fair_clock, within
from conftest import ROOT
from huggingface_hub import constants
from stand_in_hub import StandInHub, wait_until
from test_hub import FILES, LABEL, REPO, WEIGHTS, connect, fetch

from pipelines import downloads, hub, sharing, transfer
from pipelines.downloads import WebFile
from pipelines.errors import Cancelled, EngineUnavailable
from pipelines.hub_cache import Entry, Repository, choose
from pipelines.job import Job, Progress

NEXT = "89abcdef0123456789abcdef0123456789abcdef"


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[StandInHub]:
    server = StandInHub({REPO: {"config.json": b"{}", "model.safetensors": WEIGHTS}})
    connect(monkeypatch, server.url, tmp_path / "cache")
    yield server
    server.close()


def names(entries: list[Entry]) -> list[str]:
    return [entry.path for entry in entries]


def chosen(files: str, *patterns: str) -> tuple[list[str], list[str]]:
    found, missing = choose([Entry(name) for name in files.split()], patterns)
    return names(found), missing


# --- which files ------------------------------------------------------------------------------------------------


def test_the_variant_is_taken_where_there_is_one_and_the_plain_file_otherwise() -> None:
    wanted = "unet/model.fp16.safetensors|unet/model.safetensors"
    both = "unet/model.fp16.safetensors unet/model.safetensors"
    assert chosen(both, wanted) == (["unet/model.fp16.safetensors"], [])
    assert chosen("unet/model.safetensors", wanted) == (["unet/model.safetensors"], [])
    assert chosen("unet/model.bin", wanted) == ([], [wanted])
    assert chosen("a.json", "a.json", "chat_template.jinja|") == (["a.json"], []), "an empty alternative: or nothing"


def test_files_that_can_run_code_are_taken_only_when_named() -> None:
    files = "config.json model.bin model.safetensors modeling.py weights.pt"
    assert chosen(files, "*") == (["config.json", "model.safetensors"], [])
    assert chosen(files, "model.*") == (["model.safetensors"], [])
    assert chosen(files, "weights.pt") == (["weights.pt"], [])


@pytest.mark.parametrize(
    "name", ["../../evil.json", "/etc/evil.json", "a/../../evil.json", "c:\\evil.json", "a//b.json"]
)
def test_a_name_that_leads_out_of_the_repository_is_never_taken(
    stand_in: StandInHub, name: str, tmp_path: Path
) -> None:
    stand_in.files[REPO] = {"config.json": b"{}", name: b"evil"}
    folder = hub.fetch(REPO, ("*.json",), None, Job(), label=LABEL)
    assert [path.name for path in folder.rglob("*") if path.is_file()] == ["config.json"]
    assert not [path for path in tmp_path.rglob("*") if path.name == "evil.json"]


# --- interrupted ------------------------------------------------------------------------------------------------


def test_a_line_that_drops_is_taken_up_where_it_broke(stand_in: StandInHub) -> None:
    stand_in.cut_after = len(WEIGHTS) // 2
    assert (fetch() / "model.safetensors").read_bytes() == WEIGHTS
    assert stand_in.sent_bytes < len(WEIGHTS) * 1.2, "the first half was sent once"


_CHILD = """
import sys
sys.path.insert(0, {root!r})
from pipelines import hub
from pipelines.job import Job
from pipelines.words import Text
print(hub.fetch({repo!r}, {files!r}, None, Job(), label=Text(en="Tiny", ko="Tiny")))
"""


def child(stand_in: StandInHub, home: Path) -> subprocess.Popen[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "MODU_"))}
    env = {**kept, "HF_HOME": str(home), "HF_ENDPOINT": stand_in.url, "NO_PROXY": "127.0.0.1"}
    code = _CHILD.format(root=str(ROOT), repo=REPO, files=FILES)
    return subprocess.Popen([sys.executable, "-c", code], env=env, stdout=subprocess.PIPE, text=True)


def test_after_kill_9_the_rest_resumes_and_nothing_half_is_trusted(
    stand_in: StandInHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also proves that HF_HOME and HF_ENDPOINT mean here what they mean to the Hub's own tools."""
    stand_in.bytes_per_s = 400_000
    victim = child(stand_in, tmp_path / "home")

    def arrived() -> int:  # on the disk: what was sent may still be on its way
        blobs = tmp_path / "home" / "hub" / "models--org--tiny" / "blobs"
        part = blobs / f"{sha256(WEIGHTS).hexdigest()}.incomplete"
        return part.stat().st_size if part.is_file() else 0

    assert wait_until(lambda: arrived() > 800_000, 120)
    victim.send_signal(signal.SIGKILL)
    victim.wait(60)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "home" / "hub"))
    assert hub.find(REPO, FILES) is None
    stand_in.bytes_per_s, sent = 0, stand_in.sent_bytes
    time.sleep(0.2)
    second = child(stand_in, tmp_path / "home")
    printed = second.communicate(timeout=120)[0].strip()
    assert second.returncode == 0
    assert (Path(printed) / "model.safetensors").read_bytes() == WEIGHTS
    assert hub.find(REPO, FILES) == Path(printed)
    assert stand_in.sent_bytes - sent < len(WEIGHTS) - 400_000, "what had arrived was not sent again"


def test_without_its_last_mark_a_fetch_is_not_whole(stand_in: StandInHub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed between the last file and the mark: every file lies there, and still it is not trusted."""

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Repository, "complete", killed)
        patch.setattr(sharing, "run", lambda _key, task, job, *_: task(job))
        with pytest.raises(KeyboardInterrupt):
            fetch()
    assert len(list(Repository(REPO).snapshot(stand_in.commit).iterdir())) == 2
    assert hub.find(REPO, FILES) is None
    sent = stand_in.sent_bytes
    fetch()
    assert hub.find(REPO, FILES) is not None and stand_in.sent_bytes == sent, "the mark alone was missing"


def test_of_many_voices_half_are_not_enough(stand_in: StandInHub) -> None:
    stand_in.files[REPO] = {f"voices/{number}.pt": bytes([number]) * 100_000 for number in range(8)}
    stand_in.bytes_per_s = 200_000
    job = Job()
    cancel = threading.Thread(target=lambda: (wait_until(lambda: stand_in.sent_bytes > 300_000, 60), job.cancel()))
    cancel.start()
    with pytest.raises(Cancelled):
        fetch(job, files=("voices/*.pt",))
    assert hub.find(REPO, ("voices/*.pt",)) is None
    stand_in.bytes_per_s = 0
    assert wait_until(lambda: not [one for one in threading.enumerate() if one.name.startswith("shared-")], 60)
    assert len(list((fetch(files=("voices/*.pt",)) / "voices").iterdir())) == 8


# --- damaged ----------------------------------------------------------------------------------------------------


def test_a_damaged_file_is_noticed_and_only_it_is_brought_again(stand_in: StandInHub) -> None:
    folder = fetch()
    weights = folder / "model.safetensors"
    assert not hub.damaged(REPO, FILES, None, Job())
    weights.resolve().write_bytes(bytes(len(WEIGHTS)))  # the right length
    assert hub.damaged(REPO, FILES, None, Job())
    stand_in.asked.clear()
    fetch()
    assert weights.read_bytes() == WEIGHTS and not hub.damaged(REPO, FILES, None, Job())
    assert not [one for one in stand_in.asked if one.endswith("config.json")]


def test_a_file_that_lost_its_end_is_not_here(stand_in: StandInHub) -> None:
    folder = fetch()
    (folder / "model.safetensors").resolve().write_bytes(WEIGHTS[:-1])
    assert hub.find(REPO, FILES) is None
    assert (fetch() / "model.safetensors").read_bytes() == WEIGHTS


def test_small_files_are_checked_too(stand_in: StandInHub) -> None:
    stand_in.files[REPO]["config.json"] = b'{"layers": 2}'
    folder = fetch()
    (folder / "config.json").resolve().write_bytes(b'{"layers": 9}')
    assert hub.damaged(REPO, FILES, None, Job())


# --- which commit -----------------------------------------------------------------------------------------------


def test_the_commit_of_the_first_fetch_stays_until_an_update_is_asked_for(stand_in: StandInHub) -> None:
    first = fetch()
    stand_in.publish(REPO, NEXT, config_json=b'{"new": 1}')
    assert fetch() == first == hub.find(REPO, FILES)
    assert not [one for one in stand_in.asked if NEXT in one]
    newest = hub.fetch(REPO, FILES, None, Job(), label=LABEL, update=True)
    assert newest.name == NEXT and hub.find(REPO, FILES) == newest
    assert (newest / "config.json").read_bytes() == b'{"new": 1}'


def test_an_update_that_fails_leaves_the_old_one_in_use(stand_in: StandInHub) -> None:
    first = fetch()
    stand_in.publish(REPO, NEXT, model_safetensors=WEIGHTS[::-1])
    stand_in.fault = "forbidden files"
    with pytest.raises(EngineUnavailable):
        hub.fetch(REPO, FILES, None, Job(), label=LABEL, update=True)
    assert hub.find(REPO, FILES) == first and (first / "model.safetensors").read_bytes() == WEIGHTS


def test_the_hubs_own_tools_find_what_was_fetched_and_the_other_way_round(stand_in: StandInHub) -> None:
    import huggingface_hub

    folder = fetch()
    found = huggingface_hub.snapshot_download(REPO, allow_patterns=list(FILES), local_files_only=True)
    assert Path(found) == folder
    hub.remove(REPO, FILES)
    assert hub.find(REPO, FILES) is None
    theirs = huggingface_hub.snapshot_download(REPO, allow_patterns=list(FILES))
    assert hub.find(REPO, FILES) == Path(theirs)


def test_removing_frees_the_disk_and_spares_what_another_engine_needs(stand_in: StandInHub) -> None:
    fetch()
    fetch(files=("config.json",))
    freed = hub.remove(REPO, ("*.safetensors",))
    assert freed == pytest.approx(len(WEIGHTS) / 1e6, abs=0.01)
    assert hub.find(REPO, ("config.json",)) is not None and hub.find(REPO, FILES) is None
    hub.remove(REPO, ("config.json",))
    assert not Repository(REPO).folder.exists()


# --- shared -----------------------------------------------------------------------------------------------------


def test_two_visitors_share_one_download_and_one_may_leave(stand_in: StandInHub) -> None:
    stand_in.bytes_per_s = 150_000  # long enough for the second to come while the first is served
    told: dict[str, list[Progress]] = {"first": [], "second": []}
    jobs = {name: Job(seen.append) for name, seen in told.items()}
    outcome: dict[str, Any] = {}

    def visit(name: str) -> None:
        try:
            outcome[name] = fetch(jobs[name])
        except Cancelled as error:
            outcome[name] = error

    threads = [threading.Thread(target=visit, args=(name,)) for name in jobs]
    for thread in threads:
        thread.start()
    assert wait_until(lambda: all(any(one.fraction for one in seen) for seen in told.values()), 60), "both see it"
    jobs["first"].cancel()
    assert within(2, lambda: "first" in outcome) and isinstance(outcome["first"], Cancelled)
    assert "second" not in outcome, "it goes on alone"
    stand_in.bytes_per_s = 0
    threads[1].join(60)
    assert (outcome["second"] / "model.safetensors").read_bytes() == WEIGHTS
    assert stand_in.sent_bytes < len(WEIGHTS) * 1.1
    assert len([one for one in stand_in.asked if one.startswith("GET") and one.endswith(".safetensors")]) == 1


def test_two_programs_do_not_write_over_each_other(stand_in: StandInHub, tmp_path: Path) -> None:
    stand_in.bytes_per_s = 2_000_000
    both = [child(stand_in, tmp_path / "home") for _ in range(2)]
    printed = [one.communicate(timeout=180)[0].strip() for one in both]
    assert [one.returncode for one in both] == [0, 0] and printed[0] == printed[1]
    assert (Path(printed[0]) / "model.safetensors").read_bytes() == WEIGHTS
    assert stand_in.sent_bytes < len(WEIGHTS) * 1.1, "the second found what the first had brought"


def test_the_same_download_begins_again_only_after_a_cancelled_one_has_ended() -> None:
    running, most = [0], [0]

    def stubborn(job: Job) -> Path:
        running[0] += 1
        most[0] = max(most[0], running[0])
        time.sleep(0.6)  # as if it hung in a connection
        running[0] -= 1
        job.check()
        return Path("there")

    def start(job: Job) -> Path:
        return sharing.run("stubborn", stubborn, job, lambda: TimeoutError(), 10)

    job = Job()
    threading.Timer(0.2, job.cancel).start()
    with pytest.raises(Cancelled):
        start(job)
    assert start(Job()) == Path("there") and most[0] == 1


# --- told -------------------------------------------------------------------------------------------------------


def test_progress_tells_bytes_speed_and_time_left(stand_in: StandInHub) -> None:
    stand_in.bytes_per_s = 700_000
    told: list[Progress] = []
    started = time.monotonic()
    fetch(Job(told.append))
    really = len(WEIGHTS) / 1e6 / (time.monotonic() - started)  # a busy machine is slower than the server allows
    paced = [one.text for one in told if "MB/s" in one.text.en]
    assert paced and "left" in paced[-1].en and "남음" in paced[-1].ko
    speed = float(paced[-1].en.split("MB, ")[1].split(" MB/s")[0])
    assert really * 0.5 < speed < 1.2


def test_times_are_written_like_a_clock() -> None:
    assert [transfer.clock(one) for one in (0, 65, 3599, 7200)] == ["0:00", "1:05", "59:59", "2:00:00"]


def test_the_token_is_sent_to_the_hub_and_written_nowhere(
    stand_in: StandInHub, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secretsecretsecret")
    caplog.set_level(logging.DEBUG)
    told: list[Progress] = []
    fetch(Job(told.append))
    stand_in.fault = "401"
    with pytest.raises(EngineUnavailable) as caught:
        fetch(repo="org/other")
    assert stand_in.tokens == {"Bearer hf_secretsecretsecret"}
    assert "secretsecret" not in caplog.text + str(caught.value) + repr(told)
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and b"secretsecret" in path.read_bytes()]


def test_a_disk_that_is_too_small_is_said_before_anything_is_sent(
    stand_in: StandInHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer, "free_bytes", lambda _: transfer.SPARE_BYTES + 1_000_000)
    with pytest.raises(EngineUnavailable, match="needs 2 MB on the disk, and 201 MB are free"):
        fetch()
    assert stand_in.sent_bytes == 0


def test_a_name_that_resolves_nowhere_is_said_in_time(stand_in: StandInHub, monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    monkeypatch.setattr(constants, "ENDPOINT", "http://nowhere.invalid")
    with fair_clock() as passed:
        with pytest.raises(EngineUnavailable, match="cannot be reached"):
            fetch()
        assert passed() < 15


# --- ordinary web servers ---------------------------------------------------------------------------------------


@pytest.fixture
def web_file(stand_in: StandInHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WebFile:
    import hashlib

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    address = f"{stand_in.url}/{REPO}/resolve/main/model.safetensors"
    return WebFile("whisper", "tiny.pt", address, hashlib.sha256(WEIGHTS).hexdigest())


def test_a_file_of_a_web_server_resumes_too(stand_in: StandInHub, web_file: WebFile) -> None:
    assert downloads.find([web_file]) is None
    stand_in.cut_after = len(WEIGHTS) // 2
    folder = downloads.fetch([web_file], Job(), label=LABEL)
    assert (folder / "tiny.pt").read_bytes() == WEIGHTS and downloads.find([web_file]) == folder
    assert stand_in.sent_bytes < len(WEIGHTS) * 1.2
    assert downloads.remove([web_file]) == pytest.approx(len(WEIGHTS) / 1e6)
    assert downloads.find([web_file]) is None


@pytest.mark.parametrize(("fault", "words"), [("wrong bytes", "damaged"), ("404 files", "no such file")])
def test_a_file_of_a_web_server_that_is_wrong_is_never_taken(
    stand_in: StandInHub, web_file: WebFile, fault: str, words: str
) -> None:
    stand_in.fault = fault
    with pytest.raises(EngineUnavailable, match=words):
        downloads.fetch([web_file], Job(), label=LABEL)
    assert downloads.find([web_file]) is None


_FETCH_A_WEB_FILE = """
import sys
from pipelines import downloads
from pipelines.job import Job
from pipelines.words import Text
url, sha256 = sys.argv[1:]
print(downloads.fetch([downloads.WebFile("whisper", "tiny.pt", url, sha256)], Job(), Text(en="Model", ko="모델")))
"""


def test_two_programs_bring_a_file_of_a_web_server_once(stand_in: StandInHub, web_file: WebFile) -> None:
    stand_in.bytes_per_s = 2_000_000
    command = [sys.executable, "-c", _FETCH_A_WEB_FILE, web_file.url, web_file.sha256]
    own = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "MODU_"))}
    both = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=own) for _ in range(2)]
    printed = [one.communicate(timeout=180)[0].strip() for one in both]
    assert [one.returncode for one in both] == [0, 0] and printed[0] == printed[1]
    assert (Path(printed[0]) / "tiny.pt").read_bytes() == WEIGHTS
    assert stand_in.sent_bytes < len(WEIGHTS) * 1.1, "the second found what the first had brought"


def test_a_listing_tells_what_is_still_to_come(stand_in: StandInHub) -> None:
    before = hub.listing(REPO, FILES, None, LABEL)
    assert (before.commit, before.size, before.have) == (stand_in.commit, len(WEIGHTS) + 2, 0)
    assert before.licence == "apache-2.0" and not before.gated
    fetch()
    assert hub.listing(REPO, FILES, None, LABEL).have == len(WEIGHTS) + 2
    mark = next((Repository(REPO).folder / ".modu").glob("*.json"))
    assert {row["path"] for row in json.loads(mark.read_text())} == {"config.json", "model.safetensors"}
