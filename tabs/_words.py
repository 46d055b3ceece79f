"""Words on the page in the visitor's language.

Static labels are translated by the browser: `say()` returns a marker that Gradio's front end replaces, and
`tables()` are handed to `launch(i18n=...)`. Sentences made on the server (results, errors) are chosen by the
request's Accept-Language. `MODU_LANGUAGE` fixes both.
"""

from __future__ import annotations

import gradio as gr
from gradio.context import LocalContext

from pipelines import settings
from pipelines.words import Language, Text

_tables: dict[str, dict[str, str]] = {"en": {}, "ko": {}}


def say(en: str, ko: str) -> str:
    """A label for a component, in the language that the visitor's browser asks for."""
    fixed = settings.language()
    if fixed is not None:
        return Text(en=en, ko=ko).to(fixed)
    known = [key for key, text in _tables["en"].items() if text == en and _tables["ko"][key] == ko]
    key = known[0] if known else f"modu_{len(_tables['en'])}"
    _tables["en"][key] = en
    _tables["ko"][key] = ko
    return str(gr.I18n()(key))


def spoken(said: str, language: Language) -> str:
    """What a label of `say` reads in this language, for sentences that are made on the server."""
    keys = [key for key in _tables["en"] if str(gr.I18n()(key)) == said]
    return _tables[language][keys[0]] if keys else said


def tables() -> gr.I18n:
    """Everything that was said while the page was built, for `launch(i18n=...)`."""
    return gr.I18n(en=dict(_tables["en"]), ko=dict(_tables["ko"]))


def visitor_language(request: gr.Request | None = None) -> Language:
    """The language for sentences of this request: the owner's choice, else Accept-Language, else English."""
    fixed = settings.language()
    if fixed is not None:
        return fixed
    request = request or LocalContext.request.get(None)
    headers = getattr(request, "headers", None)
    return preferred(headers.get("accept-language", "") if headers is not None else "")


def preferred(accept_language: str) -> Language:
    """The better liked of our two languages in an Accept-Language header; English where neither is named."""
    likes: dict[str, float] = {}
    for part in accept_language.split(","):
        tag, _, parameters = part.strip().partition(";")
        weight = parameters.strip().removeprefix("q=")
        try:
            like = float(weight) if weight else 1.0
        except ValueError:
            like = 0.0
        name = tag.split("-")[0].lower()
        likes[name] = max(like, likes.get(name, 0.0))
    return "ko" if likes.get("ko", 0.0) > likes.get("en", 0.0) else "en"
