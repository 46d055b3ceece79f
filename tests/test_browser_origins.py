"""A page of another origin calls the API, exactly as the README shows it."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, free_port

import app

pytestmark = pytest.mark.browser


@pytest.fixture
def foreign_page(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A folder served from an origin of its own: (its origin, the folder)."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", tmp_path
    server.shutdown()
    server.server_close()


def readme_page() -> str:
    """The HTML page of the README."""
    found = re.findall(r"```html\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert found, "the README shows no HTML page"
    assert len(found[0].strip().splitlines()) <= 15
    return str(found[0])


def served(origins: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("MODU_CORS_ORIGINS", origins)
    page = app.build_app()
    app.launch(page, prevent_thread_lock=True, quiet=True, server_port=free_port())
    return page


@pytest.mark.parametrize("allowed", [True, False])
def test_the_readmes_page_works_only_where_the_owner_allows_its_origin(
    browser: Any, foreign_page: tuple[str, Path], monkeypatch: pytest.MonkeyPatch, allowed: bool
) -> None:
    # `localhost` and `127.0.0.1` are friends to Gradio; a foreign host name is what the setting is about.
    origin, folder = foreign_page
    foreign = origin.replace("127.0.0.1", "modu.test")
    running = served(foreign if allowed else "http://other.test", monkeypatch)
    try:
        html = re.sub(r"http://(127\.0\.0\.1|localhost):7860", running.local_url.rstrip("/"), readme_page())
        (folder / "index.html").write_text(html, encoding="utf-8")
        page = browser.new_context().new_page()
        page.route(f"{foreign}/**", lambda route: route.fulfill(body=html, content_type="text/html"))
        page.goto(f"{foreign}/index.html")
        page.locator("button").first.click()
        if allowed:
            page.locator("#out", has_text="embedded").wait_for(timeout=30_000)
        else:
            page.wait_for_timeout(4000)
            assert "embedded" not in page.inner_text("body")
        page.context.close()
    finally:
        running.close()
