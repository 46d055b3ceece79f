"""Which engine answers, loaded once, within the memory there is. Knows nothing of any task.

A task gives its engine modules to `register`. Each has `SPEC` (an `EngineSpec`, plain data) and
`load(folder) -> object`; `folder` is where a hub engine's files lie, None otherwise.

    spec      what an engine is            registry  which there are
    choice    which one answers            loading   hold it for one call, fetched and loaded
    ledger    what is in memory            refusals  what a visitor is told
"""

from __future__ import annotations

from pipelines.engines.choice import budget_mb, choose, require_usable, row, status, waiting_for
from pipelines.engines.families import repository_spec
from pipelines.engines.ledger import Held, drop_idle, ledger, unload
from pipelines.engines.loading import fetch, fetch_owners_choices, remove, use
from pipelines.engines.registry import find, modules, opens_by_name, register, specs, tasks
from pipelines.engines.spec import FAMILY, Beside, EngineFamily, EngineModule, EngineSpec, Kind, Status

__all__ = [
    "FAMILY", "Beside", "EngineFamily", "EngineModule", "EngineSpec", "Held", "Kind", "Status",
    "budget_mb", "choose", "drop_idle", "fetch", "fetch_owners_choices", "find", "ledger", "modules",
    "opens_by_name", "register", "remove", "repository_spec", "require_usable", "row",
    "specs", "status", "tasks", "unload", "use", "waiting_for",
]  # fmt: skip
