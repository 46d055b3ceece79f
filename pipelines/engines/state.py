"""The tables that the keeper of engines works on. One lock guards them; it is never held while loading or running."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Any

from pipelines.engines.spec import EngineFamily, EngineModule, EngineSpec
from pipelines.words import Text

Key = tuple[str, str]  # task and engine


@dataclass
class Loaded:
    """One engine in memory. `users` counts calls inside `use`; only at 0 may it be dropped."""

    spec: EngineSpec
    engine: Any
    measured_mb: float
    users: int = 0
    last_used: float = field(default_factory=time.monotonic)
    before_mb: float = 0.0  # resident memory when its load began
    alone: bool = True  # nothing else was loaded, dropped or used since


@dataclass
class Tables:
    """All that is known about engines in this process."""

    modules: dict[str, tuple[EngineModule, ...]] = field(default_factory=dict)
    families: dict[str, EngineFamily] = field(default_factory=dict)
    opened: dict[Key, EngineModule] = field(default_factory=dict)  # of a family, by task and repository
    loaded: dict[Key, Loaded] = field(default_factory=dict)
    promised_mb: dict[Key, float] = field(default_factory=dict)  # to loads under way
    broken: dict[Key, Text] = field(default_factory=dict)  # the package is there but cannot be imported
    locks: dict[tuple[str, str, str], threading.Lock] = field(default_factory=dict)
    guard: threading.RLock = field(default_factory=threading.RLock)


tables = Tables()
