"""Any chat checkpoint of the Hub, or of the owner's folder, as an engine named `hub:<org>/<name>`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from pipelines.chat.contract import TASK
from pipelines.chat.fast import FastChat, open_converted
from pipelines.chat.local import LocalChat, open_checkpoint
from pipelines.engines import EngineModule, EngineSpec, repository_spec

# Weights as safetensors, or in OpenVINO's form (whose .bin holds plain numbers), and no file that could run code.
FILES = ("config.json", "*.safetensors|openvino_model.bin", "*.safetensors.index.json|openvino_model.xml|",
         "openvino_tokenizer.xml|", "openvino_tokenizer.bin|", "openvino_detokenizer.xml|", "openvino_detokenizer.bin|",
         "tokenizer.json", "tokenizer_config.json", "generation_config.json|", "special_tokens_map.json|",
         "chat_template.jinja|")  # fmt: skip
PACKAGES_MB = 500.0  # transformers and torch themselves
SHARE_OF_FILE = 2.0  # 16 bits a weight in the file, 32 in memory
CONVERTED, CONVERTED_WEIGHTS = "openvino_model.xml", "openvino_model.bin"


@dataclass
class Brought:
    """One such checkpoint: what the registry of engines takes."""

    SPEC: EngineSpec

    def load(self, folder: Path | None) -> LocalChat | FastChat:
        if folder is None:
            raise ValueError("a checkpoint is loaded from a folder")
        return open_converted(folder) if (folder / CONVERTED).is_file() else open_checkpoint(folder)


class CausalModels:
    """Every causal language model with a chat template, whatever its makers called it."""

    def module(self, repo: str) -> EngineModule:
        return Brought(
            repository_spec(
                TASK,
                repo,
                rank=15,
                packages_mb=PACKAGES_MB,
                memory_shares=(("*.safetensors", SHARE_OF_FILE), (CONVERTED_WEIGHTS, 1.0)),
                requires=("transformers", "torch"),
                files=FILES,
            )
        )

    def fits(self, folder: Path) -> bool:
        """Whether the folder holds a model that continues text. What it lacks beside that is told when it is loaded."""
        try:
            facts = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        named = facts.get("architectures") if isinstance(facts, dict) else None
        weights = (folder / CONVERTED).is_file() or any(folder.glob("*.safetensors"))
        return weights and any(str(one).endswith("ForCausalLM") for one in named or ())
