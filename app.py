"""Modu: AI demos in one page. Builds the Blocks and launches them; knows no engine and no task.

Run it with `python app.py`. Settings are environment variables, listed in the README.
"""

from __future__ import annotations

import gc

from pipelines import settings

settings.prepare()  # before the first import of gradio, which reads the environment
# Importing gradio makes a great many objects that stay. Searching them for waste as often as usual costs a sixth more
# time, never searching 4 MB; searching the youngest now and then costs neither.
USUAL = gc.get_threshold()
gc.set_threshold(20_000, 50, 1_000)

try:  # on a ZeroGPU Space this package must be imported before torch; elsewhere it is not installed
    import spaces
except ImportError:
    spaces = None

import logging

import gradio as gr

import tabs
from pipelines import engines, idle
from tabs import _asked, _files, _look, _models, _server, _words

gc.freeze()  # what was imported stays for good and need not be searched again
gc.set_threshold(*USUAL)

if spaces is not None:

    @spaces.GPU(duration=5)  # type: ignore[untyped-decorator,unused-ignore]
    def gpu_name() -> str:
        """The lent GPU's name. A ZeroGPU Space refuses to start unless some function asks for its GPU."""
        import torch

        return str(torch.cuda.get_device_name())


def build_app() -> gr.Blocks:
    """The whole page: a title, the tabs, and the endpoints that belong to no tab."""
    with _asked.Page(title="Modu 모두", delete_cache=(3600, 3600), analytics_enabled=False) as page:
        gr.HTML(_title(), elem_id="modu-title", padding=False)
        tabs.build(page)
        _models.build(page)
    return page


def launch(page: gr.Blocks, **changes: object) -> gr.Blocks:
    """Serve the page. `changes` go to Gradio's launch (tests pass `prevent_thread_lock=True`)."""
    _server.prepare_pillow()
    _files.fetch_nothing()
    engines.fetch_owners_choices()
    idle.watch()
    options = {
        "_app": _server.Server(),
        "theme": _look.theme(),
        "css": _look.CSS,
        "head": _look.head(),
        "i18n": _words.tables(),
        "max_file_size": settings.current().limits.media_bytes,
        "show_error": False,
        "enable_monitoring": False,
        "run_history": False,
        "ssr_mode": False,
        "mcp_server": True,
        "pwa": False,
        "state_session_capacity": 1000,
        "footer_links": ["api", "settings"],
    }
    _server.set_queue(page)
    page.launch(**{**options, **changes})
    return page


def _title() -> str:
    tagline = _words.say(
        "AI demos that start at once and work offline.", "바로 켜지고 인터넷 없이도 되는 AI 데모 모음."
    )
    lines = [f"<h1>모두 Modu</h1><p>{tagline}</p>"]
    if settings.current().zero_gpu:
        zero = _words.say(
            "This Space lends its GPU by the minute; the built-in engines run on its CPU.",
            "이 Space의 GPU는 잠깐씩만 빌릴 수 있어, 내장 엔진은 CPU에서 동작합니다.",
        )
        lines.append(f'<p class="modu-quiet">{zero}</p>')
    return "".join(lines)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    launch(build_app())
