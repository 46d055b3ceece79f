"""The web server around the app: limits on request bodies, light sessions, and pages of other origins that may call it.

Gradio limits uploads but not JSON bodies, and its own CORS rule can only be widened for everyone.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import gradio as gr
from gradio.routes import App
from gradio.state_holder import SessionState, StateHolder
from PIL import Image
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from pipelines import settings
from pipelines.errors import TooLarge
from pipelines.words import Text
from tabs._asked import NamedValues
from tabs._http import Message, answer, header, read_body, refuse, replay

_UPLOADS = ("/gradio_api/upload",)


def prepare_pillow() -> None:
    """Lower Pillow's own limit, for the few pictures that Gradio opens before our decoder does."""
    Image.MAX_IMAGE_PIXELS = settings.current().limits.picture_pixels // 2  # Pillow raises above twice this


def set_queue(page: gr.Blocks) -> None:
    """How many calls wait and run. `page.queue` would say the same, and build the whole server once more for it."""
    page.api_open = False
    queue = page._queue
    queue.max_size, queue.default_concurrency_limit = settings.current().limits.waiting, 1
    # Gradio's queue looks for work a thousand times a second; at a hundred an idle page takes a third of the processor.
    queue.sleep_when_free, queue.progress_update_sleep_when_free = 0.01, 0.05


class Server(App):
    """Gradio's own server with our guards outermost."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.state_holder = Sessions()

    def build_middleware_stack(self) -> ASGIApp:
        chosen = settings.current()
        guarded: ASGIApp = NamedValues(super().build_middleware_stack(), self.get_blocks)
        guarded = OwnPictures(QuickCheck(NoProxy(guarded)))
        guarded = BodyLimit(guarded, chosen.limits.body_bytes)
        if chosen.cors_origins:
            return AllowOrigins(guarded, chosen.cors_origins)
        return guarded


class Sessions(StateHolder):
    """What the server keeps of each visitor, and of each call of a program that names no session."""

    def __getitem__(self, session_id: str) -> SessionState:
        if session_id not in self.session_data:
            self.session_data[session_id] = Session(self.blocks)
        return super().__getitem__(session_id)


class Session(SessionState):
    """One visitor's state. Gradio begins each with a description of every component, for links that restore a page.

    We offer no such link, and a page with hundreds of components takes long to describe, while every other request
    waits. What a call changes is described when it changes.
    """

    def __init__(self, blocks: Any) -> None:
        super().__init__(SimpleNamespace(default_config=blocks.default_config, blocks={}))


class NoProxy:
    """Answer 404 where Gradio would fetch a public address for anyone (`file=https://...`) and pass it on."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        _, asked_for_file, name = str(scope.get("path", "")).partition("/file=")
        if asked_for_file and name.lstrip("/").lower().startswith(("http:", "https:")):
            await answer(send, 404, "This server hands out its own files only. [invalid_input]")
            return
        await self.app(scope, receive, send)


class QuickCheck:
    """Answer a HEAD request for the page without making the page.

    Gradio asks so at the start and gives up after three seconds, in which a busy machine cannot make a page of this
    size.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "HEAD" and scope["path"] == "/":
            headers = [(b"content-type", b"text/html; charset=utf-8")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
            return
        await self.app(scope, receive, send)


class OwnPictures:
    """Pages may show pictures and play media of this server only, whatever a text on them asks the browser to load."""

    RULE = b"img-src 'self' data: blob:; media-src 'self' data: blob:; object-src 'none'"

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_rule(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", []))
                if dict(headers).get(b"content-type", b"").startswith(b"text/html"):
                    message = {**message, "headers": [*headers, (b"content-security-policy", self.RULE)]}
            await send(message)

        await self.app(scope, receive, send_with_rule if scope["type"] == "http" else send)


class AllowOrigins:
    """Let pages of the listed origins call the API. Other origins are left to Gradio's own rule."""

    def __init__(self, app: ASGIApp, origins: tuple[str, ...]) -> None:
        self.app = app
        self.origins = origins
        self.open = CORSMiddleware(
            _without_cors(app), allow_origins=list(origins), allow_methods=["*"], allow_headers=["*"]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        origin = dict(scope.get("headers", [])).get(b"origin", b"").decode("latin-1")
        listed = scope["type"] == "http" and (origin in self.origins or ("*" in self.origins and origin))
        await (self.open if listed else self.app)(scope, receive, send)


def _without_cors(app: ASGIApp) -> ASGIApp:
    """The app as a same-origin request sees it, so that its own CORS headers do not stand beside ours."""

    async def asked_without_origin(scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(name, value) for name, value in scope["headers"] if name != b"origin"]
        await app({**scope, "headers": headers}, receive, send)

    return asked_without_origin


class BodyLimit:
    """Answer 413 with a sentence when a request body (other than an upload) is larger than `limit` bytes."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self.app = app
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in ("POST", "PUT", "PATCH") or _is_upload(scope):
            await self.app(scope, receive, send)
            return
        length = header(scope, b"content-length")
        if length.isdigit() and int(length) > self.limit:
            await _too_large(scope, send, self.limit)
            return
        body = await read_body(receive, self.limit)
        if body is None:
            await _too_large(scope, send, self.limit)
            return
        await self.app(scope, replay(body, receive), send)


def _is_upload(scope: Scope) -> bool:
    return str(scope["path"]).rstrip("/").endswith(_UPLOADS)


async def _too_large(scope: Scope, send: Send, limit: int) -> None:
    text = Text(
        en=f"The request is larger than {limit / 1e6:g} MB. Shorten the text, or upload files instead.",
        ko=f"요청이 {limit / 1e6:g} MB보다 큽니다. 글을 줄이거나 파일로 업로드해 주세요.",
    )
    await refuse(scope, send, 413, TooLarge(text))
