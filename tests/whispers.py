"""Whisper checkpoints of a few megabytes: classes and file layouts of the real ones, random numbers inside."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

LANGUAGE_COUNT = 99
PLAIN_TOKENS = 50257


def openai_checkpoint(path: Path) -> str:
    """A `.pt` as OpenAI publishes them; returns its checksum."""
    import torch
    from whisper.model import ModelDimensions, Whisper

    torch.manual_seed(1)
    size = {"n_audio_state": 32, "n_audio_head": 2, "n_audio_layer": 1}
    size |= {"n_text_state": 32, "n_text_head": 2, "n_text_layer": 1, "n_text_ctx": 448}
    dims = ModelDimensions(n_mels=80, n_audio_ctx=1500, n_vocab=51865, **size)
    model = Whisper(dims)
    torch.nn.init.normal_(model.decoder.positional_embedding, std=0.02)  # the class leaves it empty
    state = {name: value.half() for name, value in model.state_dict().items()}
    torch.save({"dims": vars(dims), "model_state_dict": state}, path)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def converted_checkpoint(folder: Path, d_model: int = 32, layers: int = 1, heads: int = 2, ffn: int = 64) -> Path:
    """A folder as the repositories of faster-whisper have it: converted, with its tokenizer."""
    import torch
    from ctranslate2.converters import TransformersConverter
    from transformers import WhisperConfig, WhisperFeatureExtractor, WhisperForConditionalGeneration

    tokenizer = _tokenizer()
    ids = tokenizer.convert_tokens_to_ids
    torch.manual_seed(1)
    config = WhisperConfig(
        vocab_size=len(tokenizer),
        d_model=d_model,
        encoder_layers=layers,
        decoder_layers=layers,
        encoder_attention_heads=heads,
        decoder_attention_heads=heads,
        encoder_ffn_dim=ffn,
        decoder_ffn_dim=ffn,
        pad_token_id=ids("<|endoftext|>"),
        bos_token_id=ids("<|endoftext|>"),
        eos_token_id=ids("<|endoftext|>"),
        decoder_start_token_id=ids("<|startoftranscript|>"),
        suppress_tokens=None,
        begin_suppress_tokens=[ids("<|endoftext|>")],
    )
    model = WhisperForConditionalGeneration(config)
    source = folder / "source"
    model.save_pretrained(source)
    tokenizer.save_pretrained(source)
    WhisperFeatureExtractor().save_pretrained(source)
    out = folder / "converted"
    TransformersConverter(str(source), copy_files=["tokenizer.json"]).convert(str(out), quantization="float16")
    # The library of the models drops these facts when it saves; the converter would have copied them.
    facts = json.loads((out / "config.json").read_text())
    facts |= {"lang_ids": ids([f"<|{code}|>" for code in _codes()]), "alignment_heads": [[0, 0]], "suppress_ids": []}
    (out / "config.json").write_text(json.dumps(facts))
    return out


def _codes() -> list[str]:
    from whisper.tokenizer import LANGUAGES

    return list(LANGUAGES)[:LANGUAGE_COUNT]


def _tokenizer():  # type: ignore[no-untyped-def]
    """The byte alphabet and Whisper's special tokens, in Whisper's order."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import WhisperTokenizerFast

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    # CTranslate2 takes a model for multilingual by the size of its vocabulary.
    entries = [*letters, *(f"unused{index}" for index in range(PLAIN_TOKENS - len(letters)))]
    plain = Tokenizer(models.BPE(vocab={entry: index for index, entry in enumerate(entries)}, merges=[]))
    plain.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    plain.decoder = decoders.ByteLevel()
    plain.add_special_tokens(["<|endoftext|>", "<|startoftranscript|>", *(f"<|{code}|>" for code in _codes())])
    plain.add_special_tokens([f"<|{name}|>" for name in ("translate", "transcribe", "startoflm", "startofprev")])
    plain.add_special_tokens(["<|nospeech|>", "<|notimestamps|>"])
    plain.add_tokens([f"<|{index * 0.02:.2f}|>" for index in range(1501)])
    return WhisperTokenizerFast(tokenizer_object=plain)
