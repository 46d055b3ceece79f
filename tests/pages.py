"""A page that holds one tab only, served for tests of that tab, and a program that is connected to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gradio as gr
from conftest import free_port
from gradio_client import Client

import app
from tabs import _asked


@contextmanager
def tab_alone(tab: Any) -> Iterator[str]:
    """The address of a page with this tab (a module of `tabs`), built and queued as the whole app is."""
    with _asked.Page(title=tab.TASK) as page:
        page.queue(max_size=32, api_open=False, default_concurrency_limit=1)
        with gr.Tabs(elem_id="modu-tabs"):
            with gr.Tab(tab.TITLE, id=tab.TASK):
                tab.build(page)
    app.launch(page, prevent_thread_lock=True, quiet=True, server_port=free_port())
    try:
        yield str(page.local_url).rstrip("/")
    finally:
        page.close()


@contextmanager
def connected(url: str, downloads: Path) -> Iterator[Client]:
    """A Gradio client; what it downloads lies in `downloads`."""
    program = Client(url, verbose=False, download_files=str(downloads))
    try:
        yield program
    finally:
        program.close()
