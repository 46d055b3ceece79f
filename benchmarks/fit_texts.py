"""Checkpoints of the engines that read and compare texts, at their real shapes, for `benchmarks/fit.py`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from pipelines.job import Job

MADE_UP = "made-up"  # words that fill a tokenizer up to its real size


def make_e5(_: str, folder: Path) -> None:
    """Multilingual E5 small: 12 layers of 384 and 250,037 words (config.json of its repository)."""
    from test_documents_hub import tiny_e5
    from transformers import BertConfig, BertModel

    model = tiny_e5(folder / "model")
    path = model / "tokenizer.json"
    facts = json.loads(path.read_text())
    words = facts["model"]["vocab"]
    words += [[f"▁{MADE_UP}{number}", -15.0] for number in range(250_037 - len(words))]
    path.write_text(json.dumps(facts, ensure_ascii=False))
    sizes = {"hidden_size": 384, "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 1536}
    BertModel(BertConfig(vocab_size=250_037, max_position_embeddings=512, **sizes)).save_pretrained(model)


def use_e5(search: Any) -> None:
    """Sixteen passages of the full length, and a question."""
    passages = search.prepare(["the cat sleeps in the yard " * 60] * 16, Job())
    search.nearest(passages, "where does the cat sleep?", 3)


def make_trocr(_: str, folder: Path) -> None:
    """TrOCR base: ViT-B at 384 pixels, and a decoder of 12 layers of 1024 with 50,265 words."""
    from test_ocr_hub import tiny_trocr
    from transformers import (
        GenerationConfig,
        TrOCRConfig,
        TrOCRForCausalLM,
        TrOCRProcessor,
        VisionEncoderDecoderModel,
        ViTConfig,
        ViTModel,
    )

    model = folder / "model"
    tiny_trocr(model)
    processor = TrOCRProcessor.from_pretrained(model)
    processor.image_processor.size = {"height": 384, "width": 384}
    processor.save_pretrained(model)
    kept = GenerationConfig.from_pretrained(model)
    eye = ViTModel(ViTConfig(image_size=384), add_pooling_layer=False)
    hand = TrOCRForCausalLM(
        TrOCRConfig(
            vocab_size=50_265, d_model=1024, decoder_layers=12, decoder_attention_heads=16, decoder_ffn_dim=4096,
            cross_attention_hidden_size=768, max_position_embeddings=512,
        )
    )  # fmt: skip
    whole = VisionEncoderDecoderModel(encoder=eye, decoder=hand)
    whole.config.decoder_start_token_id, whole.config.pad_token_id = 2, 1
    whole.generation_config = kept
    whole.save_pretrained(model)


def use_trocr(reader: Any) -> None:
    """The detector on a page, and eight lines at once with a few letters each."""
    import numpy as np

    from pipelines.ocr import trocr

    trocr.LONGEST = 8
    reader.find(np.full((1400, 1000, 3), 255, np.uint8))
    reader.read([np.full((48, 600, 3), 255, np.uint8)] * 8, "en", Job())


def make_got(_: str, folder: Path) -> None:
    """GOT-OCR 2.0: SAM's ViT-B at 1024 pixels and Qwen2 of 24 layers of 1024 with 151,860 words, in bfloat16."""
    import torch
    from test_ocr_hub import tiny_got
    from transformers import GotOcr2Config, GotOcr2ForConditionalGeneration, GotOcr2Processor

    model = folder / "model"
    tiny_got(model)
    small = GotOcr2Config.from_pretrained(model)
    processor = GotOcr2Processor.from_pretrained(model)
    processor.image_processor.size = {"height": 1024, "width": 1024}
    processor.save_pretrained(model)
    text = {
        "model_type": "qwen2", "vocab_size": 151_860, "hidden_size": 1024, "num_hidden_layers": 24,
        "intermediate_size": 2816, "num_attention_heads": 16, "num_key_value_heads": 16,
        "max_position_embeddings": 32_768, "tie_word_embeddings": True,
    }  # fmt: skip
    facts = {"image_token_index": small.image_token_index, "image_seq_length": small.image_seq_length}
    config = GotOcr2Config(text_config=text, tie_word_embeddings=True, **facts)
    GotOcr2ForConditionalGeneration(config).to(torch.bfloat16).save_pretrained(model)


def use_got(reader: Any) -> None:
    """A page, and a few pieces of its text."""
    from PIL import Image

    from pipelines.ocr import got_ocr

    got_ocr.LONGEST = 8
    reader.read_page(Image.new("RGB", (1000, 1400), "white"), "en", Job())


def make_paddle(_: str, folder: Path) -> None:
    """RapidOCR's own recogniser: the Korean one has its form and is a little smaller."""
    from pipelines.ocr import ppocr_korean
    from pipelines.ocr.detector import model_folder

    (folder / "model").mkdir()
    shutil.copyfile(next(model_folder().glob("*_rec_*.onnx")), folder / "model" / ppocr_korean.FILE.name)


def load_paddle(_: str, folder: Path) -> Any:
    import dataclasses
    import hashlib

    from pipelines import downloads
    from pipelines.ocr import ppocr_korean

    path = folder / "model" / ppocr_korean.FILE.name
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    downloads.checked(path, sha256)
    ppocr_korean.FILE = dataclasses.replace(ppocr_korean.FILE, sha256=sha256)
    return ppocr_korean.load(folder / "model")


def use_paddle(reader: Any) -> None:
    import numpy as np

    reader.find(np.full((1400, 1000, 3), 255, np.uint8))
    reader.read([np.full((48, 600, 3), 255, np.uint8)] * 8, "ko", Job())


def make_converted(bits: str) -> Any:
    """Qwen3 0.6B in OpenVINO's form with 8 or 4 bits a weight; needs the package nncf."""

    def make(_: str, folder: Path) -> None:
        import chat
        import chats
        import qwen3_ir

        source = chats.checkpoint(folder / "source", **chat.SHAPES["real"])
        qwen3_ir.convert(source, folder / "model", bits)

    return make
