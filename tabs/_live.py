"""Live recordings under way, one for each open page: whoever starts anew or leaves is listened to no longer."""

from __future__ import annotations

from gradio.context import LocalContext

from pipelines.speech_to_text import Live

_under_way: dict[str, Live] = {}  # by Gradio's name for one open page


def begin(live: Live) -> Live:
    """`live` is what this page records from now on."""
    end()
    page = _page()
    if page is not None:
        _under_way[page] = live
    return live


def current() -> Live | None:
    """What this page records now; None where it records nothing, or the server was started anew meanwhile."""
    return _under_way.get(_page() or "")


def end() -> None:
    """Stop listening to this page, also in the middle of a sentence. Also the event of a page that was closed."""
    live = _under_way.pop(_page() or "", None)
    if live is not None:
        live.close()


def _page() -> str | None:
    request = LocalContext.request.get(None)
    return getattr(request, "session_hash", None)
