"""Repaint parts of a picture: marks removed, holes filled, new content where an engine reads a prompt, sides extended.

repainting  the verb          masks, extending, windows  what is repainted, and what of it an engine sees
filling     without a network                            abilities  what an engine can be asked, unloaded
"""

from __future__ import annotations

from pipelines import engines
from pipelines.inpainting import embedded, lama, painter, qwen_image, remote, stable_diffusion
from pipelines.inpainting.contract import TASK, Repainted, Repainter, RepaintOptions
from pipelines.inpainting.repainting import repaint

ENGINES = engines.register(TASK, (embedded, painter, lama, *stable_diffusion.CHECKPOINTS, qwen_image, remote))

__all__ = ["ENGINES", "TASK", "RepaintOptions", "Repainted", "Repainter", "repaint"]
