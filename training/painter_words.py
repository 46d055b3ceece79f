"""The painter's tokenizer: pieces of words, learned from its own captions in both languages."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import CLIPTokenizer

from training.painter_captions import LANGUAGES, Names, caption
from training.painter_scenes import Mix, scene

LONGEST = 32  # tokens of a prompt, start and end included
START, END, SUFFIX = "<|startoftext|>", "<|endoftext|>", "</w>"
VOCABULARY = 1280
# CLIP's own way to cut words: letters together, digits one by one, signs together.
CUT = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"


def captions(count: int, seed: int, mix: Mix, names: Names) -> Iterator[str]:
    """`count` in each language."""
    rng = np.random.default_rng(seed)
    for number in range(count):
        for language in LANGUAGES:
            yield caption(rng, scene(seed, number, mix), language, names)


def merged_pieces(texts: Iterator[str], size: int) -> list[tuple[str, str]]:
    """Pairs of pieces that often stand together, most frequent first."""
    learner = Tokenizer(models.BPE(end_of_word_suffix=SUFFIX))
    learner.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    words = pre_tokenizers.Split(Regex(CUT), behavior="removed", invert=True)
    learner.pre_tokenizer = pre_tokenizers.Sequence([words, pre_tokenizers.ByteLevel(add_prefix_space=False)])
    learner.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        end_of_word_suffix=SUFFIX,
        show_progress=False,
    )
    learner.train_from_iterator(texts, trainer)
    return [tuple(pair) for pair in json.loads(learner.to_str())["model"]["merges"]]


def tokenizer(mix: Mix, names: Names, count: int = 10_000, seed: int = 77) -> CLIPTokenizer:
    """Every byte is known, so no word can fail."""
    merges = merged_pieces(captions(count, seed, mix, names), VOCABULARY - 258)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    pieces = [*alphabet, *(letter + SUFFIX for letter in alphabet), *("".join(pair) for pair in merges), START, END]
    vocabulary = {piece: number for number, piece in enumerate(dict.fromkeys(pieces))}
    return CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=LONGEST)


def known_words(count: int, seed: int, mix: Mix, names: Names) -> list[str]:
    """Every word that captions are made of, for the notice that a prompt holds others."""
    signs = str.maketrans("", "", ".,:!")
    return sorted({word for text in captions(count, seed, mix, names) for word in text.translate(signs).split()})
