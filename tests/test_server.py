"""The server around the app: bodies that are too large, other origins, and what is switched off."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlparse

import httpx
import pytest
import raw
from conftest import free_port
from PIL import Image
from starlette.templating import Jinja2Templates

import app

MB = 1_000_000
ELSEWHERE = "http://other.example:8123"
DOORS = ("/gradio_api/call/engines", "/gradio_api/queue/join", "/gradio_api/run/engines", "/gradio_api/mcp/")


def body(size: int) -> bytes:
    text = json.dumps({"data": [""]}).encode()
    return text[:-1] + b" " * (size - len(text)) + b"}"


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_body_of_3_mb_is_refused_with_a_sentence(app_url: str, door: str, language: str) -> None:
    headers = {"Content-Type": "application/json", "Accept-Language": language}
    answer = raw.http.post(f"{app_url}{door}", content=body(3 * MB), headers=headers, timeout=90)
    assert answer.status_code == 413
    said = answer.json()
    assert said["detail"] == said["error"] and said["detail"].endswith("[too_large]") and "2 MB" in said["detail"]
    assert ("larger" in said["detail"]) == (language == "en")


def test_a_chunked_body_is_counted_while_it_comes(app_url: str) -> None:
    """No length is announced; the server answers after 2 MB and does not read on without end."""
    where = urlparse(app_url)
    sent = 0
    with socket.create_connection((where.hostname, where.port), timeout=90) as line:
        line.sendall(
            b"POST /gradio_api/call/engines HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n"
        )
        piece = b" " * 65536
        try:
            while sent < 20 * MB:
                line.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
                sent += len(piece)
        except OSError as error:
            assert isinstance(error, (ConnectionError, socket.timeout))
        answer = b""
        try:
            answer = line.recv(65536)
        except ConnectionError as error:
            assert answer == b"", error  # the answer was lost when the server hung up on what still came
    assert sent < 20 * MB or b"413" in answer
    assert raw.http.get(f"{app_url}/config", timeout=90).status_code == 200


def test_a_small_chunked_body_of_3_mb_gets_the_sentence(app_url: str) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(30):
            yield b" " * 100_000

    try:
        answer = raw.http.post(f"{app_url}/gradio_api/call/engines", content=pieces(), timeout=90)
    except httpx.TransportError:
        pytest.skip("the answer was lost when the server closed the line; the test above proves the refusal")
    assert answer.status_code == 413 and "[too_large]" in answer.text


def test_a_body_within_the_limit_passes(app_url: str) -> None:
    answer = raw.http.post(
        f"{app_url}/gradio_api/call/engines",
        content=body(2 * MB),
        headers={"Content-Type": "application/json"},
        timeout=90,
    )
    assert answer.status_code == 200 and answer.json()["event_id"]


def test_uploads_have_their_own_limit(app_url: str) -> None:
    path = raw.upload(app_url, b"x" * (5 * MB), "large.bin")
    assert path.endswith("large.bin")


def test_an_upload_over_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODU_LIMIT_MEDIA_BYTES", "3000000")
    monkeypatch.setenv("MODU_LIMIT_BODY_BYTES", "100000")
    page = app.build_app()
    app.launch(page, prevent_thread_lock=True, quiet=True, server_port=free_port())
    url = str(page.local_url).rstrip("/")
    try:
        answer = raw.http.post(f"{url}/gradio_api/upload", files={"files": ("a.bin", b"x" * 4 * MB)}, timeout=60)
        assert answer.status_code == 413
        small = raw.http.post(
            f"{url}/gradio_api/call/engines",
            content=body(150_000),
            headers={"Content-Type": "application/json"},
            timeout=90,
        )
        assert small.status_code == 413 and "0.15 MB" not in small.text and "0.1 MB" in small.text
    finally:
        page.close()


# --- other origins ----------------------------------------------------------------------------------------------


def allowed(answer: httpx.Response) -> str | None:
    return answer.headers.get("access-control-allow-origin")


def ask(url: str, origin: str) -> tuple[httpx.Response, httpx.Response]:
    """A preflight and a simple request of a page at `origin`."""
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    preflight = raw.http.options(f"{url}/gradio_api/call/engines", headers=headers, timeout=90)
    simple = raw.http.post(
        f"{url}/gradio_api/call/engines", json={"data": [""]}, headers={"Origin": origin}, timeout=90
    )
    return preflight, simple


@pytest.mark.parametrize("origin", [ELSEWHERE, "null", "https://evil.example"])
def test_no_other_origin_may_read_answers_by_default(app_url: str, origin: str) -> None:
    preflight, simple = ask(app_url, origin)
    assert allowed(preflight) is None and allowed(simple) is None


def test_the_owner_may_let_pages_of_other_origins_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODU_CORS_ORIGINS", f"{ELSEWHERE}, http://second.example")
    page = app.build_app()
    app.launch(page, prevent_thread_lock=True, quiet=True, server_port=free_port())
    url = str(page.local_url).rstrip("/")
    try:
        for origin in (ELSEWHERE, "http://second.example"):
            preflight, simple = ask(url, origin)
            assert preflight.status_code == 200 and allowed(preflight) == origin
            assert "content-type" in preflight.headers["access-control-allow-headers"].lower()
            assert simple.status_code == 200 and allowed(simple) == origin
            assert len(simple.headers.get_list("access-control-allow-origin")) == 1
        refused, unread = ask(url, "https://evil.example")
        assert allowed(refused) is None and allowed(unread) is None
        large = raw.http.post(
            f"{url}/gradio_api/call/engines", content=body(3 * MB), headers={"Origin": ELSEWHERE}, timeout=90
        )
        assert large.status_code == 413 and allowed(large) == ELSEWHERE, "that page can read why"
    finally:
        page.close()


def test_whether_the_page_is_there_is_answered_without_making_it(app_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Gradio's own check at the start gives up after three seconds, which a busy machine needs for the page."""
    made: list[str] = []
    make = Jinja2Templates.TemplateResponse

    def counted(self: Any, *args: Any, **kwargs: Any) -> Any:
        made.append("page")
        return make(self, *args, **kwargs)

    monkeypatch.setattr(Jinja2Templates, "TemplateResponse", counted)
    asked = raw.http.head(app_url, timeout=90)
    assert asked.status_code == 200 and asked.text == "" and not made
    assert asked.headers["content-type"].startswith("text/html") and "content-security-policy" in asked.headers
    assert raw.http.get(app_url, timeout=90).status_code == 200 and made


# --- what is off ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/monitoring", "/gradio_api/monitoring", "/monitoring/summary"])
def test_monitoring_is_off(app_url: str, path: str) -> None:
    answer = raw.http.get(f"{app_url}{path}", timeout=90, follow_redirects=True)
    assert "total" not in answer.text.lower() or answer.status_code in (401, 403, 404)


def test_errors_are_not_shown_in_full_and_runs_are_not_kept(app_url: str) -> None:
    config = raw.http.get(f"{app_url}/config", timeout=90).json()
    assert not config.get("show_error")
    assert "runs" not in (config.get("footer_links") or [])


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=/etc/passwd",
        "/gradio_api/file=app.py",
        "/gradio_api/file=../../etc/passwd",
        "/gradio_api/file=%2e%2e/%2e%2e/etc/passwd",
        "/gradio_api/file=http://127.0.0.1:1/",
        "/file=/etc/passwd",
    ],
)
def test_files_of_the_server_are_not_served(app_url: str, path: str) -> None:
    answer = raw.http.get(f"{app_url}{path}", timeout=90)
    assert answer.status_code in (400, 403, 404) and "root:" not in answer.text and "build_app" not in answer.text


def test_an_uploaded_page_is_not_served_as_a_page(app_url: str) -> None:
    """HTML and SVG of visitors come back as attachments, so their scripts run nowhere."""
    for name, content in (("x.html", b"<script>1</script>"), ("x.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>")):
        path = raw.upload(app_url, content, name)
        answer = raw.http.get(f"{app_url}/gradio_api/file={path}", timeout=90)
        assert "attachment" in answer.headers.get("content-disposition", "") or answer.status_code == 403


def test_the_page_names_no_outside_address_to_load(app_url: str) -> None:
    page = raw.http.get(app_url, timeout=90).text
    for word in ("fonts.googleapis.com", "fonts.gstatic.com", "cdnjs.", "unpkg.com", "jsdelivr"):
        assert word not in page


def test_a_picture_that_gradio_opens_itself_is_bounded() -> None:
    assert Image.MAX_IMAGE_PIXELS is not None and Image.MAX_IMAGE_PIXELS <= 25_000_000


def test_pages_may_load_pictures_of_this_server_only(app_url: str) -> None:
    rule = raw.http.get(app_url, timeout=90).headers["content-security-policy"]
    assert "img-src 'self' data: blob:" in rule and "media-src 'self'" in rule
    assert "content-security-policy" not in raw.http.get(f"{app_url}/config", timeout=90).headers
