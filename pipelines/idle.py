"""Engines that nobody used for a while give their memory back by themselves, where the owner asked for it."""

from __future__ import annotations

import logging
import threading

from pipelines import engines, settings

log = logging.getLogger(__name__)

LOOK_S = 10.0


def watch(look_s: float = LOOK_S) -> threading.Event | None:
    """Start looking after idle engines if `MODU_IDLE_MINUTES` is set. Setting the returned event ends it."""
    minutes = settings.current().idle_minutes
    if minutes is None:
        return None
    ended = threading.Event()
    threading.Thread(target=_look, args=(minutes * 60, look_s, ended), daemon=True, name="idle-engines").start()
    return ended


def _look(longer_than_s: float, look_s: float, ended: threading.Event) -> None:
    while not ended.wait(look_s):
        dropped = engines.drop_idle(longer_than_s)
        if dropped:
            log.info("unloaded after %.0f s without use: %s", longer_than_s, ", ".join(dropped))
