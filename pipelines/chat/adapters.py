"""One LoRA adapter on top of a model: found by its name, checked against the model, put on and taken off."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path
from typing import Any

from pipelines import additions
from pipelines.job import Job
from pipelines.words import Text

log = logging.getLogger(__name__)

FILES = ("adapter_config.json", "adapter_model.safetensors")  # never the pickled form
NOUN = Text(en="adapter", ko="어댑터")


def find(name: str, job: Job) -> Path:
    """The folder of an adapter: a name under `MODU_MODELS_DIR`, else one on the Hub. Never a path of the server."""
    additions.require_name(name, NOUN, parts=2)
    own = additions.owners(name)
    if own is not None and all((own / file).is_file() for file in FILES):
        return own
    return additions.fetched(name, FILES, job, NOUN)


class Wearer:
    """Keeps at most one adapter on a transformers model. The weights below are never changed."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._worn: tuple[Path, float] | None = None

    def wear(self, folder: Path | None) -> None:
        """Put on what lies in `folder`; an unsuitable one leaves the model bare and is an `InvalidInput`."""
        wanted = None if folder is None else (folder, (folder / FILES[1]).stat().st_mtime)
        if wanted == self._worn:
            return
        if self._worn is not None:
            self._model.delete_adapter("worn")
            self._worn = None
        if folder is not None:
            self._put_on(folder)
            self._worn = wanted

    def _put_on(self, folder: Path) -> None:
        from peft import LoraConfig
        from safetensors.torch import load_file

        facts = json.loads((folder / FILES[0]).read_text(encoding="utf-8"))
        if facts.get("peft_type") != "LORA":
            raise additions.unsuitable(folder.name, NOUN, f"peft_type {facts.get('peft_type')!r}")
        weights = load_file(folder / FILES[1])
        _require_fit(folder.name, weights, self._model)
        config = LoraConfig.from_pretrained(str(folder))
        config.inference_mode = True
        self._model.load_adapter(
            adapter_state_dict=weights, peft_config=config, adapter_name="worn", is_trainable=False
        )
        self._model.eval()


def _require_fit(name: str, weights: dict[str, Any], model: Any) -> None:
    """Every pair of small matrices must stand beside a layer of the model that has their width and height."""
    for key, value in weights.items():
        found = re.fullmatch(r"(?:base_model\.model\.)?(.+)\.lora_([AB])(?:\.\w+)?\.weight", key)
        if found is None:
            raise additions.unsuitable(name, NOUN, key)
        try:
            layer = model.get_submodule(found[1])
        except AttributeError:
            raise additions.unsuitable(name, NOUN, found[1]) from None
        across = 1 if found[2] == "A" else 0
        if layer.weight.shape[across] != value.shape[across]:
            raise additions.unsuitable(name, NOUN, f"{found[1]}: {tuple(value.shape)}, {tuple(layer.weight.shape)}")
