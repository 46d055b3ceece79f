"""The engines of the Hub on tiny checkpoints of the real classes. Random weights: loading and flow, never quality."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from pipelines import engines, ocr
from pipelines.engines import state
from pipelines.errors import Cancelled, EngineUnavailable
from pipelines.job import Job
from pipelines.ocr import ReadOptions, got_ocr, ppocr_korean, trocr

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("rapidocr")

WORDS = "Good morning everybody. Read this line, and that one too: 12 eggs, 30 apples."


@pytest.fixture(autouse=True)
def nothing_loaded(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    torch.set_num_threads(1)
    monkeypatch.setattr(state.tables, "loaded", {})
    monkeypatch.setenv("MODU_MEMORY_GB", "16")
    yield


@pytest.fixture
def page(tmp_path: Path) -> Path:
    sheet = Image.new("RGB", (500, 160), "white")
    pen = ImageDraw.Draw(sheet)
    for row in range(2):
        pen.text((30, 30 + 60 * row), "Three words here", fill="black", font_size=32)
    path = tmp_path / "page.png"
    sheet.save(path)
    return path


def byte_tokens() -> dict[str, int]:
    """The 256 letters that byte-level tokenizers write bytes with."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [chr(256 + at) for at in range(256 - len(plain))]
    return {letter: at for at, letter in enumerate([chr(byte) for byte in plain] + others)}


def tiny_trocr(folder: Path) -> None:
    from transformers import (
        RobertaTokenizer,
        TrOCRConfig,
        TrOCRForCausalLM,
        TrOCRProcessor,
        VisionEncoderDecoderModel,
        ViTConfig,
        ViTImageProcessor,
        ViTModel,
    )

    special = {token: at for at, token in enumerate(["<s>", "<pad>", "</s>", "<unk>", "<mask>"])}
    vocabulary = special | {letter: at + len(special) for letter, at in byte_tokens().items()}
    tokenizer = RobertaTokenizer(vocab=vocabulary, merges=[])
    torch.manual_seed(4)
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    eye = ViTModel(ViTConfig(image_size=32, patch_size=16, **sizes), add_pooling_layer=False)
    hand = TrOCRForCausalLM(
        TrOCRConfig(
            vocab_size=len(vocabulary), d_model=16, decoder_layers=1, decoder_attention_heads=2, decoder_ffn_dim=16,
            cross_attention_hidden_size=16, max_position_embeddings=128,
        )
    )  # fmt: skip
    model = VisionEncoderDecoderModel(encoder=eye, decoder=hand)
    model.generation_config.decoder_start_token_id = 2
    model.generation_config.pad_token_id, model.generation_config.eos_token_id = 1, 2
    model.config.decoder_start_token_id, model.config.pad_token_id = 2, 1
    model.save_pretrained(folder)
    TrOCRProcessor(ViTImageProcessor(size={"height": 32, "width": 32}), tokenizer).save_pretrained(folder)
    for name in trocr.FILES:  # the layout of the real repository has files that newer versions put elsewhere
        if not (folder / name).exists():
            (folder / name).write_text("{}")


def test_trocr_reads_each_found_line(tmp_path: Path, page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny_trocr(tmp_path / "models" / "microsoft" / "trocr-base-printed")
    monkeypatch.setenv("MODU_MODELS_DIR", str(tmp_path / "models"))
    monkeypatch.setattr(trocr, "LONGEST", 6)
    monkeypatch.setattr("pipelines.ocr.reading.FAINT", 0.0)
    told: list[str] = []
    read = ocr.read(page, engine="trocr-printed", job=Job(lambda progress: told.append(progress.text.en)))
    assert read.engine == "trocr-printed"
    assert len(read.pages[0].lines) <= 2
    assert all(0 <= line.score <= 1 for line in read.pages[0].lines)
    assert "Reading line 1 of 2..." in told


def test_trocr_knows_no_korean(tmp_path: Path, page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny_trocr(tmp_path / "models" / "microsoft" / "trocr-base-handwritten")
    monkeypatch.setenv("MODU_MODELS_DIR", str(tmp_path / "models"))
    with pytest.raises(Exception, match="does not read 'ko'"):
        ocr.read(page, ReadOptions(language="ko"), engine="trocr-handwritten")


def test_the_korean_paddle_model_is_checked_and_run(
    tmp_path: Path, page: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RapidOCR's own recogniser has the same form; it stands in for the Korean one."""
    from pipelines.ocr.detector import model_folder

    folder = tmp_path / "models" / ppocr_korean.FILE.folder
    folder.mkdir(parents=True)
    content = next(model_folder().glob("*_rec_*.onnx")).read_bytes()
    (folder / ppocr_korean.FILE.name).write_bytes(content)
    monkeypatch.setenv("MODU_MODELS_DIR", str(tmp_path / "models"))
    with pytest.raises(EngineUnavailable, match="damaged"):
        ocr.read(page, engine="ppocr-korean")
    monkeypatch.setattr(state.tables, "broken", {})
    good = replace(ppocr_korean.FILE, sha256=hashlib.sha256(content).hexdigest())
    monkeypatch.setattr(ppocr_korean, "FILE", good)
    read = ocr.read(page, engine="ppocr-korean")
    assert read.engine == "ppocr-korean"
    assert read.text.splitlines() == ["Three words here"] * 2


def tiny_got(folder: Path) -> None:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import (
        GotOcr2Config,
        GotOcr2ForConditionalGeneration,
        GotOcr2ImageProcessorPil,
        GotOcr2Processor,
        PreTrainedTokenizerFast,
    )

    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<img>", "</img>", "<imgpad>"]
    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer, inner.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    inner.train_from_iterator(
        [WORDS], trainers.BpeTrainer(vocab_size=300, special_tokens=special, initial_alphabet=alphabet)
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=inner, eos_token="<|im_end|>", pad_token="<|endoftext|>", additional_special_tokens=special[1:]
    )
    vision = {
        "hidden_size": 16, "output_channels": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "image_size": 256,
        "patch_size": 4, "mlp_dim": 16, "window_size": 2, "global_attn_indexes": [0],
    }  # fmt: skip
    text = {
        "model_type": "qwen2", "vocab_size": len(tokenizer), "hidden_size": 16, "num_hidden_layers": 1,
        "intermediate_size": 16, "num_attention_heads": 2, "num_key_value_heads": 2, "max_position_embeddings": 1024,
    }  # fmt: skip
    config = GotOcr2Config(
        vision_config=vision, text_config=text, image_token_index=special.index("<imgpad>"), image_seq_length=256
    )
    torch.manual_seed(5)
    GotOcr2ForConditionalGeneration(config).save_pretrained(folder)
    eye: Any = GotOcr2ImageProcessorPil(size={"height": 256, "width": 256})
    GotOcr2Processor(eye, tokenizer).save_pretrained(folder)
    for name in got_ocr.SPEC.files:
        if not (folder / name).exists():
            (folder / name).write_text("{}")


def got_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny_got(tmp_path / "models" / str(got_ocr.SPEC.repo))
    monkeypatch.setenv("MODU_MODELS_DIR", str(tmp_path / "models"))
    monkeypatch.setattr(got_ocr, "LONGEST", 8)


def test_got_reads_whole_pages(tmp_path: Path, page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    got_here(tmp_path, monkeypatch)
    read = ocr.read(page, engine="got-ocr2")
    assert read.engine == "got-ocr2" and len(read.pages[0].lines) <= 1
    assert "<|im_end|>" not in read.text


def test_got_stops_between_two_pieces_of_text(tmp_path: Path, page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    got_here(tmp_path, monkeypatch)
    pieces: list[str] = []

    def listener(job: list[Job]) -> Callable[[Any], None]:
        def hear(progress: Any) -> None:
            if "pieces" in progress.text.en:
                pieces.append(progress.text.en)
                job[0].cancel()

        return hear

    jobs: list[Job] = []
    jobs.append(Job(listener(jobs)))
    with pytest.raises(Cancelled):
        ocr.read(page, engine="got-ocr2", job=jobs[0])
    assert len(pieces) == 1


def test_what_is_not_here_is_not_taken_by_itself(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODU_MODELS_DIR", str(tmp_path))
    assert engines.choose("ocr").name == "embedded"
    for name in ("trocr-printed", "got-ocr2", "ppocr-korean"):
        assert engines.status(engines.find("ocr", name)) == "not_downloaded"
    with pytest.raises(EngineUnavailable, match="offline"):
        ocr.read(page, engine="got-ocr2")
    assert np.isfinite(ocr.read(page).pages[0].lines[0].score)
