"""What all tests share: a machine without network or settings, one running app, a browser.

The environment is made before anything imports gradio or huggingface_hub, which read it at import.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

SCRATCH = Path(tempfile.mkdtemp(prefix="modu-tests-"))
_CLEARED = ("MODU_", "GRADIO_", "HF_", "HUGGING_FACE_", "SPACE", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
for _name in list(os.environ):
    if _name.upper().startswith(_CLEARED) and _name != "MODU_REQUIRE_BROWSER":
        del os.environ[_name]
os.environ.update(
    GRADIO_TEMP_DIR=str(SCRATCH / "gradio"),
    GRADIO_ANALYTICS_ENABLED="False",
    HF_HOME=str(SCRATCH / "hf"),
    HF_HUB_OFFLINE="1",
    HF_HUB_DISABLE_TELEMETRY="1",
    HF_HUB_DISABLE_PROGRESS_BARS="1",
    NO_PROXY="localhost,127.0.0.1",
)

import certifi  # noqa: E402
import pytest  # noqa: E402

# No test speaks TLS, but each request of a client reads all the certificates it would trust, in 30 ms: one will do.
_bundle, _end = Path(certifi.where()).read_text(encoding="utf-8"), "-----END CERTIFICATE-----\n"
(SCRATCH / "one.pem").write_text(_bundle[: _bundle.index(_end)] + _end, encoding="utf-8")
os.environ["SSL_CERT_FILE"] = str(SCRATCH / "one.pem")

from pipelines import engines, settings  # noqa: E402
from pipelines.engines import state  # noqa: E402

settings.prepare()

import app  # noqa: E402

# --- no network -------------------------------------------------------------------------------------------------

_LOOPBACK = ("127.", "::1", "localhost", "0.0.0.0", "::")
_outside: list[str] = []  # where something in this process tried to connect


class OutsideNetwork(OSError):
    """A test, or the app under test, reached for a host outside this machine."""


def _is_local(host: object) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    return name in (None, "") or (isinstance(name, str) and name.startswith(_LOOPBACK))


def _refuse_outside(host: object) -> None:
    if not _is_local(host):
        _outside.append(str(host))
        raise OutsideNetwork(f"no network in tests: {host}")


def _guarded(method: Callable[..., Any]) -> Callable[..., Any]:
    def connect(self: socket.socket, address: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            _refuse_outside(address[0])
        return method(self, address)

    return connect


def _guarded_lookup(lookup: Callable[..., Any]) -> Callable[..., Any]:
    def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        _refuse_outside(host)
        return lookup(host, *args, **kwargs)

    return getaddrinfo


socket.socket.connect = _guarded(socket.socket.connect)  # type: ignore[method-assign]
socket.socket.connect_ex = _guarded(socket.socket.connect_ex)  # type: ignore[method-assign]
socket.getaddrinfo = _guarded_lookup(socket.getaddrinfo)


@pytest.fixture(autouse=True)
def no_outside_network() -> Iterator[list[str]]:
    """Fail a test during which anything reached outside, even if the code under test swallowed the refusal."""
    _outside.clear()
    yield _outside
    assert not _outside, f"reached for outside hosts: {_outside}"


# --- settings and engines -----------------------------------------------------------------------------------------


@pytest.fixture
def own_engines(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Empty engine tables for one test; what it registers and loads is gone afterwards."""
    monkeypatch.setattr(state, "tables", state.Tables())
    yield


@pytest.fixture
def fake_engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """`fake_engine(module)` puts one engine in front of a real task's own; all is as before afterwards."""
    now = state.tables
    copied = {name: dict(table) for name, table in vars(now).items() if isinstance(table, dict)}
    monkeypatch.setattr(state, "tables", replace(now, **copied))

    def install(module: Any) -> Any:
        task = module.SPEC.task
        engines.register(task, (module, *state.tables.modules.get(task, ())))
        return module

    yield install


@pytest.fixture(scope="module", autouse=True)
def fetched_engines_leave() -> Iterator[None]:
    """What one module's tests fetched and loaded is not there for the next: `auto` would choose it."""
    yield
    loaded = state.tables.loaded
    for key in [key for key, entry in loaded.items() if entry.spec.kind != "embedded"]:
        del loaded[key]
    state.tables.opened.clear()  # and what it opened by its Hub name


# --- the app ------------------------------------------------------------------------------------------------------


def free_port() -> int:
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spread the files that drive a browser over the run: two browsers at once slow each other down."""
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    driving = [own for own in files.values() if own[0].get_closest_marker("browser")]
    others = [own for own in files.values() if not own[0].get_closest_marker("browser")]
    gap = len(others) / max(1, len(driving))
    places = [*(index * gap for index in range(len(driving))), *range(len(others))]
    order = sorted(zip(places, [*driving, *others], strict=True), key=lambda placed: placed[0])
    items[:] = [item for _, own in order for item in own]


@pytest.fixture(scope="session")
def served_page() -> Iterator[Any]:
    """The real app, built and launched once for all tests."""
    page = app.build_app()
    app.launch(page, prevent_thread_lock=True, quiet=True, server_port=free_port())
    yield page
    page.close()


@pytest.fixture(scope="session")
def app_url(served_page: Any) -> str:
    return str(served_page.local_url).rstrip("/")


@pytest.fixture(scope="session")
def client(app_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A Gradio client of the running app, as a program would use it."""
    from gradio_client import Client

    connected = Client(app_url, verbose=False, download_files=str(tmp_path_factory.mktemp("downloads")))
    yield connected
    connected.close()


@pytest.fixture
def upload(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Bytes, a PIL picture or a path as the file value that an endpoint gets after a real upload."""
    from gradio.processing_utils import save_file_to_cache
    from gradio.utils import get_upload_folder
    from PIL import Image

    def put(content: bytes | Path | Image.Image, name: str = "picture.png") -> dict[str, Any]:
        path = content if isinstance(content, Path) else tmp_path / name
        if isinstance(content, bytes):
            path.write_bytes(content)
        elif isinstance(content, Image.Image):
            content.save(path)
        cached = save_file_to_cache(path, get_upload_folder())
        return {"path": cached, "orig_name": path.name, "meta": {"_type": "gradio.FileData"}}

    return put


def example(task: str, pattern: str) -> Path:
    """One shipped example file of a task."""
    found = sorted((ROOT / "examples" / task).glob(pattern))
    assert found, f"examples/{task}/{pattern} is missing"
    return found[0]


# --- the browser --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium of the system. Absent, browser tests are skipped; with MODU_REQUIRE_BROWSER=1 they fail.

    Once a module, not once a session: while Playwright runs, no test can start an event loop of its own.
    """
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        sync_playwright = None
    if program is None or sync_playwright is None:
        reason = "Chromium or the Python package playwright is not installed"
        if os.environ.get("MODU_REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=program,
            args=[
                "--no-sandbox",
                "--disable-dev-shm-usage",
                "--disable-background-networking",
                "--disable-features=LocalNetworkAccessChecks",  # a made-up host name counts as the internet otherwise
                "--enable-unsafe-swiftshader",
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
            ],
        )
        yield launched
        launched.close()


@pytest.fixture
def page_of(browser: Any, app_url: str) -> Iterator[Callable[..., Any]]:
    """`page_of("ko-KR", "dark", 360)` opens the app; requests to other hosts are collected in `page.outside`."""
    contexts = []

    def open_page(locale: str = "en-US", theme: str = "light", width: int = 1280, path: str = "/") -> Any:
        context = browser.new_context(
            locale=locale, viewport={"width": width, "height": 900}, accept_downloads=True, color_scheme=theme
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)  # for a busy machine; nothing is promised in seconds here
        page.outside = []
        local = (app_url, "data:", "blob:")
        page.on("request", lambda request: None if request.url.startswith(local) else page.outside.append(request.url))
        page.goto(f"{app_url}{path}?__theme={theme}")
        page.wait_for_selector("#modu-tabs", timeout=60_000)
        return page

    yield open_page
    for context in contexts:
        context.close()


def pytest_sessionfinish() -> None:
    """Leave nothing behind."""
    shutil.rmtree(SCRATCH, ignore_errors=True)
