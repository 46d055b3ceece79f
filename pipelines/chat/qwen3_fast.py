"""Qwen3 0.6B with 8 or 4 bits a weight, for machines without a graphics card. Converted by the OpenVINO team."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipelines import memory
from pipelines.chat.contract import TASK
from pipelines.chat.fast import FastChat, open_converted
from pipelines.chat.languages import QWEN3
from pipelines.engines import EngineSpec
from pipelines.words import EMPTY, Text

FILES = ("config.json", "generation_config.json|", "openvino_model.xml", "openvino_model.bin", "openvino_tokenizer.bin",
         "openvino_tokenizer.xml", "openvino_detokenizer.bin", "openvino_detokenizer.xml", "tokenizer.json",
         "tokenizer_config.json", "chat_template.jinja|")  # fmt: skip


@dataclass
class Converted:
    """One precision: what `engines.register` takes."""

    SPEC: EngineSpec

    def load(self, folder: Path | None) -> FastChat:
        return open_converted(folder)


def _converted(bits: int, rank: int, gpu_rank: int, size_mb: float, memory_mb: float, note: Text = EMPTY) -> Converted:
    spec = EngineSpec(
        task=TASK,
        name=f"qwen3-0.6b-int{bits}",
        label=Text(en=f"Qwen3 0.6B, {bits} bit (fast)", ko=f"Qwen3 0.6B {bits}비트 (빠름)"),
        kind="hub",
        rank=gpu_rank if memory.has_gpu() else rank,
        licence="Apache-2.0",
        size_mb=size_mb,
        memory_mb=memory_mb,
        languages=QWEN3,
        requires=("openvino_genai", "transformers"),
        repo=f"OpenVINO/Qwen3-0.6B-int{bits}-ov",
        files=FILES,
        note=note,
    )
    return Converted(spec)


# The names stand in openvinotoolkit's and others' documentation; file names in the test fixtures of the Rust binding
# openvino-rs. Sizes: what `benchmarks/qwen3_ir.py` writes at this shape. The repositories themselves were not read,
# so no commit is pinned. Memory: 8 bit as measured with a prompt of 3000 tokens, and
# room for 1000 more; 4 bit less what its file is smaller.
PRECISIONS = (
    _converted(8, 60, 60, 620, 1900),
    _converted(
        4,
        45,
        45,
        440,
        1720,
        Text(en="Faster than 8 bit, and answers may be worse.", ko="8비트보다 빠르지만 답이 더 나쁠 수 있습니다."),
    ),
)
