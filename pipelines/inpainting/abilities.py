"""What an engine can be asked to do, as far as it is known without loading it: for the controls that a page offers."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines import engines
from pipelines.diffusion.contract import Defaults
from pipelines.engines import state
from pipelines.engines.registry import module_of
from pipelines.inpainting.contract import TASK


@dataclass(frozen=True)
class Abilities:
    """`defaults` is None where only loading the engine would tell."""

    prompt: bool
    negative: bool
    defaults: Defaults | None


def abilities(engine: object = "auto") -> Abilities:
    """Of the engine of this name. One in memory answers for itself, of others the module may name `DEFAULTS`.

    A module that names `TAKES_PROMPT` is believed; of others, engines that bring a model from elsewhere read one.
    """
    spec = engines.choose(TASK, engine)
    held = state.tables.loaded.get((spec.task, spec.name))
    module = module_of(spec)
    defaults = held.engine.defaults if held else getattr(module, "DEFAULTS", None)
    told = held.engine.takes_prompt if held else getattr(module, "TAKES_PROMPT", None)
    prompt = bool(told) if told is not None else spec.kind != "embedded"
    return Abilities(prompt, prompt and (defaults is None or defaults.takes_negative), defaults)
