"""One LoRA adapter on top of a model: found by its name, checked against the model, put on and taken off."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path
from typing import Any

from pipelines import hub, settings
from pipelines.errors import EngineUnavailable, InvalidInput
from pipelines.job import Job
from pipelines.words import Text

log = logging.getLogger(__name__)

FILES = ("adapter_config.json", "adapter_model.safetensors")  # never the pickled form
_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,95}(/[A-Za-z0-9][\w.-]{0,95})?")


def find(name: str, job: Job) -> Path:
    """The folder of an adapter: a name under `MODU_MODELS_DIR`, else one on the Hub. Never a path of the server."""
    if not _NAME.fullmatch(name) or ".." in name:
        raise _no_name(name)
    own = settings.current().models_dir
    if own is not None and all((own / name / file).is_file() for file in FILES):
        return own / name
    if "/" not in name:
        raise InvalidInput(
            Text(
                en=f"There is no adapter {name!r} in the owner's folder of models (MODU_MODELS_DIR).",
                ko=f"소유자의 모델 폴더(MODU_MODELS_DIR)에 {name!r} 어댑터가 없습니다.",
            )
        )
    if not hub.permitted(name):
        raise EngineUnavailable(
            Text(
                en=f"The owner of this page has not listed the adapter {name}.",
                ko=f"이 페이지의 소유자가 {name} 어댑터를 허용하지 않았습니다.",
            )
        )
    label = Text(en=f"The adapter {name}", ko=f"어댑터 {name}")
    return hub.find(name, FILES) or hub.fetch(name, FILES, None, job, label=label)


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
            raise _unsuitable(folder.name, f"peft_type {facts.get('peft_type')!r}")
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
            raise _unsuitable(name, key)
        try:
            layer = model.get_submodule(found[1])
        except AttributeError:
            raise _unsuitable(name, found[1]) from None
        across = 1 if found[2] == "A" else 0
        if layer.weight.shape[across] != value.shape[across]:
            raise _unsuitable(name, f"{found[1]}: {tuple(value.shape)}, {tuple(layer.weight.shape)}")


def _no_name(name: str) -> InvalidInput:
    return InvalidInput(
        Text(
            en=f"{name[:60]!r} is no name of an adapter. Write organisation/name, as on huggingface.co.",
            ko=f"{name[:60]!r}은(는) 어댑터 이름이 아닙니다. huggingface.co처럼 조직/이름으로 써 주세요.",
        )
    )


def _unsuitable(name: str, detail: str) -> InvalidInput:
    return InvalidInput(
        Text(
            en=f"The adapter {name} was made for another model and does not fit this one ({detail}).",
            ko=f"어댑터 {name}은(는) 다른 모델용이라 이 모델에 맞지 않습니다({detail}).",
        )
    )
