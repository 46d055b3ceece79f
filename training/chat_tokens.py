"""The tokenizer of the built-in chat model, in the form of Qwen3's, and its chat template."""

from __future__ import annotations

import random
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

START, END, PAD = "<|im_start|>", "<|im_end|>", "<|endoftext|>"
THINK, THOUGHT = "<think>", "</think>"
VOCABULARY, CONTEXT = 7_000, 1024
WORDS = Regex(
    r"""(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"""
    r"""| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"""
)
TEMPLATE = """\
{%- for message in messages %}
    {%- set content = message.content %}
    {%- if message.role == 'assistant' and '</think>' in content %}
        {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
    {%- endif %}
    {{- '<|im_start|>' + message.role + '\\n' + content + '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}
"""


def trained(texts: Iterable[str], size: int = VOCABULARY) -> Tokenizer:
    """Byte pairs learned from these texts. Every text can be written, for single bytes stay in the vocabulary."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    split = pre_tokenizers.Split(WORDS, behavior="isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    special = [PAD, START, END]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=size - 2, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    # As in Qwen3: one token each, but not hidden with the special ones.
    tokenizer.add_tokens([AddedToken(token, normalized=False, special=False) for token in (THINK, THOUGHT)])
    return tokenizer


def save(tokenizer: Tokenizer, folder: Path) -> None:
    """tokenizer.json, tokenizer_config.json and chat_template.jinja, as a Hub repository has them."""
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        eos_token=END,
        additional_special_tokens=[START, END],
        model_max_length=CONTEXT,
        clean_up_tokenization_spaces=False,
    )
    fast.chat_template = TEMPLATE
    fast.save_pretrained(folder)


def cut_up(tokenizer: Tokenizer, text: str, rng: random.Random, share: float) -> list[int]:
    """The text's tokens, with cuts at random letters, so that a word is seen in many spellings.

    (The library's own dropout of byte pairs would do the same, but follows no seed.)"""
    at = [0, *(i for i in range(1, len(text)) if rng.random() < share), len(text)]
    pieces = [text[a:b] for a, b in pairwise(at)]
    return [i for piece in tokenizer.encode_batch(pieces, add_special_tokens=False) for i in piece.ids]
