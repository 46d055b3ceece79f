"""The endpoints about engines: which there are, fetch one, unload one. They belong to no tab."""

from __future__ import annotations

from typing import Any

import gradio as gr

from pipelines import checks, engines, settings
from pipelines.engines import EngineSpec
from pipelines.errors import EngineUnavailable, InvalidInput
from pipelines.words import Language, Text
from tabs._calls import LIGHT, endpoint, work
from tabs._words import visitor_language


async def list_engines(task: str = "") -> list[dict]:
    """The engines of this server, what each needs, and where it stands.

    Args:
        task: one task's slug (digits, face_mosaic, ...), or empty for all.
    """
    chosen = [_known(task)] if task else engines.tasks()
    language = visitor_language()
    return [_row(spec, language) for slug in chosen for spec in engines.specs(slug)]


async def fetch_engine(task: str, engine: str) -> dict:
    """Download a hub engine's files, with progress. Refused on a managed server.

    Args:
        task: the task's slug.
        engine: the engine's name, as `/engines` lists it.
    """
    spec = _owned(task, engine)
    await work(lambda job: engines.fetch(spec, job))
    return _row(spec, visitor_language())


async def unload_engine(task: str, engine: str) -> dict:
    """Drop an engine from memory; `freed_mb` is what was measured to go back. Refused on a managed server.

    Args:
        task: the task's slug.
        engine: the engine's name, as `/engines` lists it.
    """
    spec = _owned(task, engine)
    freed_mb = await work(lambda _job: engines.unload(spec.task, spec.name))
    return {**_row(spec, visitor_language()), "freed_mb": round(freed_mb, 1)}


def build(page: gr.Blocks) -> None:
    """Publish the three endpoints."""
    endpoint(list_engines, "engines", LIGHT)
    endpoint(fetch_engine, "engine_fetch", LIGHT)
    endpoint(unload_engine, "engine_unload", LIGHT)


def _row(spec: EngineSpec, language: Language) -> dict[str, Any]:
    row = engines.row(spec)
    return {**row, "label": row["label"].to(language)}


def _known(task: object) -> str:
    name = checks.text(task, "task", 100)
    if name not in engines.tasks():
        listed = ", ".join(engines.tasks())
        raise InvalidInput(
            Text(
                en=f"There is no task {name!r}. Choose one of: {listed}.",
                ko=f"{name!r}(이)라는 작업은 없습니다. 다음 중에서 고르세요: {listed}.",
            )
        )
    return name


def _owned(task: object, engine: object) -> EngineSpec:
    """The engine, if this caller may change it: on a managed server only the owner may."""
    if settings.current().managed:
        raise EngineUnavailable(
            Text(
                en="On this server only its owner can fetch or unload engines.",
                ko="이 서버에서는 소유자만 엔진을 내려받거나 내릴 수 있습니다.",
            )
        )
    return engines.find(_known(task), engine)
