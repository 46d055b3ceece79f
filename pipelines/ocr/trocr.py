"""TrOCR of Microsoft: one line at a time, English only, very good at handwriting. Printed and handwritten, one class.

Read at https://huggingface.co/microsoft/trocr-base-printed/tree/24216f24cd78fe1a9c8b4e6e4565aec5c9220e63 and
https://huggingface.co/microsoft/trocr-base-handwritten/tree/326ca415dd5cfe0983bf5a941048b5829a01ac8f: the files
below, model.safetensors 1.33 GB each. The card of the second names MIT; that of the first names no licence, its code
is MIT.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from pipelines.engines import EngineSpec
from pipelines.job import Job
from pipelines.ocr.contract import TASK, Corners, Pixels, Read
from pipelines.ocr.detector import Detector
from pipelines.words import Text

FILES = (
    "config.json",
    "generation_config.json",
    "model.safetensors",
    "preprocessor_config.json",
    "special_tokens_map.json",
    "tokenizer_config.json",
    "vocab.json",
    "merges.txt",
)
TOGETHER, LONGEST = 8, 96  # lines at once; tokens of a line at most
_READING = Text(en="Reading line {at} of {count}...", ko="{count}줄 중 {at}번째 줄 읽는 중...")


@dataclass
class Checkpoint:
    """One TrOCR: what `engines.register` takes."""

    SPEC: EngineSpec

    def load(self, folder: Path | None) -> TrocrReader:
        from transformers import TrOCRProcessor, VisionEncoderDecoderModel

        if folder is None:
            raise ValueError("TrOCR is loaded from a folder")
        model = VisionEncoderDecoderModel.from_pretrained(folder, local_files_only=True, use_safetensors=True)
        return TrocrReader(
            Detector(), model.float().eval(), TrOCRProcessor.from_pretrained(folder, local_files_only=True)
        )


class TrocrReader:
    """One call at a time."""

    def __init__(self, detector: Detector, model: Any, processor: Any) -> None:
        self._detector = detector
        self._model = model
        self._processor = processor

    def find(self, page: Pixels) -> list[Corners]:
        return self._detector.find(page)

    def read(self, cuts: Sequence[Pixels], language: str, job: Job) -> list[Read]:
        made: list[Read] = []
        for start in range(0, len(cuts), TOGETHER):
            job.progress(None, _READING.format(at=start + 1, count=len(cuts)))
            made += self._together([Image.fromarray(cut) for cut in cuts[start : start + TOGETHER]])
        return made

    def _together(self, lines: list[Image.Image]) -> list[Read]:
        import torch

        with torch.inference_mode():
            seen = self._processor(images=lines, return_tensors="pt").pixel_values
            written = self._model.generate(
                seen,
                max_new_tokens=LONGEST,
                do_sample=False,
                num_beams=1,
                output_scores=True,
                return_dict_in_generate=True,
            )
            steps = self._model.compute_transition_scores(written.sequences, written.scores, normalize_logits=True)
        texts = self._processor.batch_decode(written.sequences, skip_special_tokens=True)
        chances = [row[torch.isfinite(row)].exp().mean() if len(row) else torch.zeros(()) for row in steps]
        return [Read(text.strip(), float(chance)) for text, chance in zip(texts, chances, strict=True)]


def _checkpoint(kind: str, label: Text, revision: str, licence: str, note: Text) -> Checkpoint:
    return Checkpoint(
        EngineSpec(
            task=TASK,
            name=f"trocr-{kind}",
            label=label,
            kind="hub",
            rank=12,
            licence=licence,
            size_mb=1335,
            memory_mb=2900,  # 4 bytes for each of 334 million weights, the packages, the detector
            languages=("en",),
            requires=("transformers", "torch", "rapidocr", "onnxruntime", "cv2"),
            repo=f"microsoft/trocr-base-{kind}",
            revision=revision,
            files=FILES,
            verified=True,
            note=note,
        )
    )


SIZES = (
    _checkpoint(
        "printed",
        Text(en="TrOCR printed (Microsoft)", ko="TrOCR 인쇄체 (Microsoft)"),
        "24216f24cd78fe1a9c8b4e6e4565aec5c9220e63",
        "not stated on its card (code: MIT)",
        Text(
            en="English print only, trained on receipts: it writes capitals.",
            ko="영어 인쇄체만 읽습니다. 영수증으로 학습해 대문자로 씁니다.",
        ),
    ),
    _checkpoint(
        "handwritten",
        Text(en="TrOCR handwritten (Microsoft)", ko="TrOCR 손글씨 (Microsoft)"),
        "326ca415dd5cfe0983bf5a941048b5829a01ac8f",
        "MIT",
        Text(en="English handwriting only.", ko="영어 손글씨만 읽습니다."),
    ),
)
