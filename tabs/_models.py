"""The endpoints about engines: which there are, fetch one, unload one. They belong to no tab."""

from __future__ import annotations

from typing import Any

import gradio as gr

from pipelines import engines
from pipelines.engines import EngineSpec
from pipelines.words import Language
from tabs import _models_panel
from tabs._calls import LIGHT, endpoint, work
from tabs._fetching import known_task, owned
from tabs._words import visitor_language


async def list_engines(task: str = "") -> list[dict]:
    """The engines of this server, what each needs, and where it stands.

    Args:
        task: one task's slug (digits, face_mosaic, ...), or empty for all.
    """
    chosen = engines.tasks() if task == "" else [known_task(task)]
    language = visitor_language()
    return [_row(spec, language) for slug in chosen for spec in engines.specs(slug)]


async def fetch_engine(task: str, engine: str) -> dict:
    """Download a hub engine's files, with progress. Refused on a managed server.

    Args:
        task: the task's slug.
        engine: the engine's name, as `/engines` lists it.
    """
    spec = owned(task, engine)
    await work(lambda job: engines.fetch(spec, job))
    return _row(spec, visitor_language())


async def unload_engine(task: str, engine: str) -> dict:
    """Drop an engine from memory; `freed_mb` is what was measured to go back. Refused on a managed server.

    Args:
        task: the task's slug.
        engine: the engine's name, as `/engines` lists it.
    """
    spec = owned(task, engine)
    freed_mb = await work(lambda _job: engines.unload(spec.task, spec.name))
    return {**_row(spec, visitor_language()), "freed_mb": round(freed_mb, 1)}


def build(page: gr.Blocks) -> None:
    """Publish the three endpoints, and the quiet panel at the end of the page."""
    endpoint(list_engines, "engines", LIGHT)
    endpoint(fetch_engine, "engine_fetch", LIGHT)
    endpoint(unload_engine, "engine_unload", LIGHT)
    _models_panel.build()


def _row(spec: EngineSpec, language: Language) -> dict[str, Any]:
    row = engines.row(spec)
    return {**row, "label": row["label"].to(language)}
