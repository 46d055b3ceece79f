"""GOT-OCR 2.0: reads a whole page by looking at it, English and Chinese. Slow on a CPU, tells no places.

Read at https://huggingface.co/stepfun-ai/GOT-OCR-2.0-hf/tree/main: apache-2.0, model.safetensors 1.12 GB (bfloat16)
and the files below. It is one of the few of its kind whose processor works without torchvision.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PIL import Image

from pipelines.engines import EngineSpec
from pipelines.job import Job
from pipelines.ocr.contract import TASK
from pipelines.words import Text

SPEC = EngineSpec(
    task=TASK,
    name="got-ocr2",
    label=Text(en="GOT-OCR 2.0 (whole pages)", ko="GOT-OCR 2.0 (쪽 전체)"),
    kind="hub",
    rank=8,
    licence="Apache-2.0",
    size_mb=1140,
    memory_mb=3500,  # 4 bytes for each of 560 million weights, and what reading a page takes
    languages=("en", "zh"),
    requires=("transformers", "torch"),
    repo="stepfun-ai/GOT-OCR-2.0-hf",
    files=(
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "preprocessor_config.json",
        "special_tokens_map.json",
        "tokenizer.json",
        "tokenizer_config.json",
    ),
    verified=True,
    note=Text(
        en="Minutes per page without a GPU, and no boxes.",
        ko="GPU가 없으면 한 쪽에 몇 분이 걸리고, 위치는 알려 주지 않습니다.",
    ),
)
LONGEST = 2048  # tokens of a page
_READING = Text(en="Reading: {count} pieces of text so far...", ko="읽는 중: 지금까지 글 조각 {count}개...")


def load(folder: Path | None) -> GotReader:
    import torch
    from transformers import AutoProcessor, GotOcr2ForConditionalGeneration

    if folder is None:
        raise ValueError("GOT-OCR is loaded from a folder")
    model = GotOcr2ForConditionalGeneration.from_pretrained(
        folder, local_files_only=True, use_safetensors=True, dtype=torch.float32
    )
    return GotReader(model.eval(), AutoProcessor.from_pretrained(folder, local_files_only=True))


class GotReader:
    """One call at a time."""

    def __init__(self, model: Any, processor: Any) -> None:
        self._model = model
        self._processor = processor

    def read_page(self, page: Image.Image, language: str, job: Job) -> str:
        import torch

        inputs = self._processor(page, return_tensors="pt")
        asked = inputs["input_ids"].shape[1]

        def watch(so_far: Any, scores: Any, **others: Any) -> Any:
            job.progress(None, _READING.format(count=so_far.shape[1] - asked))
            return torch.zeros(so_far.shape[0], dtype=torch.bool)

        with torch.inference_mode():
            written = self._model.generate(
                **inputs,
                do_sample=False,
                max_new_tokens=LONGEST,
                tokenizer=self._processor.tokenizer,
                stop_strings="<|im_end|>",
                stopping_criteria=[watch],
            )
        text = self._processor.decode(written[0, asked:], skip_special_tokens=True)
        return str(text).replace("<|im_end|>", "").strip()
