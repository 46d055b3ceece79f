"""Qwen3 by Alibaba as transformers runs it: the reference. Four sizes, one class."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipelines import memory
from pipelines.chat.contract import TASK
from pipelines.chat.languages import QWEN3
from pipelines.chat.local import LocalChat, open_checkpoint
from pipelines.engines import EngineSpec
from pipelines.words import Text

FILES = ("config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "*.safetensors",
         "*.safetensors.index.json|", "chat_template.jinja|")  # fmt: skip


@dataclass
class Checkpoint:
    """One size of Qwen3: what `engines.register` takes."""

    SPEC: EngineSpec
    half: bool = False

    def load(self, folder: Path | None) -> LocalChat:
        return open_checkpoint(folder, half=self.half)


def _checkpoint(
    size: str,
    rank: int,
    gpu_rank: int,
    size_mb: float,
    memory_mb: float,
    revision: str | None = None,
    half: bool = False,
) -> Checkpoint:
    spec = EngineSpec(
        task=TASK,
        name=f"qwen3-{size.lower()}",
        label=Text(en=f"Qwen3 {size}", ko=f"Qwen3 {size}"),
        kind="hub",
        rank=gpu_rank if memory.has_gpu() else rank,
        licence="Apache-2.0",
        size_mb=size_mb,
        memory_mb=memory_mb,
        languages=QWEN3,
        requires=("transformers", "torch"),
        repo=f"Qwen/Qwen3-{size}",
        revision=revision,
        files=FILES,
        verified=revision is not None,
        note=_SLOW if half else Text(en="", ko=""),
    )
    return Checkpoint(spec, half)


_SLOW = Text(
    en="Made for a graphics card; without one it writes about a word a second.",
    ko="그래픽 카드용입니다. 없으면 1초에 한 단어 정도로 느립니다.",
)
# Files and sizes read at huggingface.co/Qwen/Qwen3-0.6B/tree/main (model.safetensors 1503300328 bytes), Qwen3-4B (8.06
# GB) and Qwen3-8B (16.4 GB); licence and commits also in public projects that pin them. Of 1.7B the page was not read.
# Memory: 4 bytes a weight (half: 2), the packages, and a full context.
SIZES = (
    _checkpoint("0.6B", 50, 84, 1515, 3900, "c1899de289a04d12100db370d81485cdf75e47ca"),
    _checkpoint("1.7B", 40, 86, 4080, 9000),
    _checkpoint("4B", 30, 88, 8060, 9300, "1cfa9a7208912126459214e8b04321603b3df60c", half=True),
    _checkpoint("8B", 20, 90, 16_400, 17_900, "b968826d9c46dd6066d109eabc6255188de91218", half=True),
)
