"""Text to image: `paint` a prompt with one of the engines, step by step; pictures that carry their settings."""

from __future__ import annotations

from pipelines import engines
from pipelines.diffusion.contract import Defaults
from pipelines.engines import state
from pipelines.engines.registry import module_of
from pipelines.errors import EngineUnavailable
from pipelines.text_to_image import embedded, family, hf_inference, remote, stable_diffusion
from pipelines.text_to_image.choices import GUIDANCE, HIGHEST_SEED, LORA_SCALE
from pipelines.text_to_image.contract import (
    MOST_PICTURES,
    TASK,
    Painter,
    Painting,
    PaintOptions,
    PictureSettings,
)
from pipelines.text_to_image.lexicon import Vocabulary, vocabulary
from pipelines.text_to_image.painting import paint
from pipelines.text_to_image.saving import png_bytes, settings_for, settings_of
from pipelines.text_to_image.styles import STYLES

ENGINES = engines.register(
    TASK, (embedded, *stable_diffusion.CHECKPOINTS, remote, hf_inference), family=family.Paintings()
)

__all__ = [
    "ENGINES", "GUIDANCE", "HIGHEST_SEED", "LORA_SCALE", "MOST_PICTURES", "STYLES", "TASK",
    "PaintOptions", "Painter", "Painting", "PictureSettings", "Vocabulary",
    "defaults", "paint", "png_bytes", "settings_for", "settings_of", "vocabulary",
]  # fmt: skip


def defaults(engine: str = "auto") -> Defaults | None:
    """What the engine that would answer does by itself and can do; None where only loading it would tell."""
    spec = engines.choose(TASK, engine)
    held = state.tables.loaded.get((spec.task, spec.name))
    try:
        return held.engine.defaults if held else getattr(module_of(spec), "DEFAULTS", None)
    except EngineUnavailable:  # its files are missing, which is told when it is asked to paint
        return None
