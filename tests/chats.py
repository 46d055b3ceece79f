"""Tiny chat checkpoints of the Qwen3 architecture with random weights, in the layouts that the Hub has seen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

CONTROLS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
TAGS = ("<think>", "</think>", "<tool_call>", "</tool_call>")  # added, but not special, as in the real one
TEXTS = (
    "Hello! How are you today? I am fine, thank you. What can this app do? It reads digits and hides faces.",
    "안녕하세요! 오늘 기분이 어떠세요? 저는 잘 지내요. 이 앱은 숫자를 읽고 얼굴을 가릴 수 있어요. 감사합니다.",
    "The quick brown fox jumps over the lazy dog. 0123456789 (brackets), [square], {curly}: all; of. them?",
    "system user assistant question answer passage document page number text",
)
TEMPLATE = """\
{%- for message in messages -%}
{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}
{{- '<|im_start|>assistant\\n' -}}
{%- if enable_thinking is defined and enable_thinking is false -%}{{- '<think>\\n\\n</think>\\n\\n' -}}{%- endif -%}
{%- endif -%}"""


def checkpoint(
    folder: Path, layout: str = "v5", context: int = 512, seed: int = 0, vocabulary: int = 0, **shape: int
) -> Path:
    """Write a whole checkpoint into `folder`. `layout` "v4": as transformers 4 wrote it.

    `vocabulary`: at least so many tokens; what the few texts do not give is filled with made-up words.
    """
    import torch
    from transformers import Qwen3Config, Qwen3ForCausalLM

    tokenizer = _tokenizer(folder, vocabulary)
    torch.manual_seed(seed)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "head_dim": 8}
    sizes |= {"num_attention_heads": 4, "num_key_value_heads": 2, **shape}
    config = Qwen3Config(
        vocab_size=len(tokenizer),
        max_position_embeddings=context,
        tie_word_embeddings=True,
        eos_token_id=tokenizer.eos_token_id,
        **sizes,
    )
    model = Qwen3ForCausalLM(config).to(torch.bfloat16)
    model.generation_config.eos_token_id = [tokenizer.eos_token_id, tokenizer.pad_token_id]
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    if layout == "v4":
        _as_v4_wrote(folder)
    return folder


# Other makers' ways to mark a turn, by model_type: with a beginning of its own, and without a place for instructions.
OTHER_TEMPLATES = {
    "llama": """\
{{- bos_token -}}
{%- for message in messages -%}
{{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' + message['content'] | trim + '<|eot_id|>' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<|start_header_id|>assistant<|end_header_id|>\n\n' -}}{%- endif -%}""",
    "gemma3_text": """\
{{- bos_token -}}
{%- for message in messages -%}
{%- if message.role == 'system' -%}{{- raise_exception('System role not supported') -}}{%- endif -%}
{%- if (message.role == 'user') != (loop.index0 % 2 == 0) -%}{{- raise_exception('Roles alternate') -}}{%- endif -%}
{%- set who = 'model' if message.role == 'assistant' else message.role -%}
{{- '<start_of_turn>' + who + '\n' + message.content | trim + '<end_of_turn>\n' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<start_of_turn>model\n' -}}{%- endif -%}""",
    "mistral": """\
{{- bos_token -}}
{%- for message in messages -%}
{%- if message.role == 'user' -%}{{- '[INST] ' + message.content + '[/INST]' -}}
{%- elif message.role == 'assistant' -%}{{- ' ' + message.content + eos_token -}}
{%- else -%}{{- raise_exception('Only user and assistant roles are supported') -}}{%- endif -%}
{%- endfor -%}""",
}
OTHER_CONTROLS = {
    "llama": ("<|begin_of_text|>", "<|eot_id|>", "<|start_header_id|>", "<|end_header_id|>"),
    "gemma3_text": ("<bos>", "<end_of_turn>", "<start_of_turn>"),
    "mistral": ("<s>", "</s>", "[INST]", "[/INST]"),
}


def other_checkpoint(folder: Path, kind: str) -> Path:
    """A whole checkpoint of another architecture (a key of `OTHER_TEMPLATES`), with its makers' kind of template."""
    import torch
    from tokenizers import ByteLevelBPETokenizer
    from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedTokenizerFast

    first, last, *rest = OTHER_CONTROLS[kind]
    trainer = ByteLevelBPETokenizer()
    trainer.train_from_iterator(TEXTS, vocab_size=400, show_progress=False)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=trainer._tokenizer, bos_token=first, eos_token=last, additional_special_tokens=rest
    )
    tokenizer.chat_template = OTHER_TEMPLATES[kind]
    torch.manual_seed(0)
    config = AutoConfig.for_model(
        kind, vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=2, head_dim=8,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=512,
        bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.eos_token_id,
    )  # fmt: skip
    AutoModelForCausalLM.from_config(config).to(torch.bfloat16).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _tokenizer(folder: Path, vocabulary: int) -> Any:
    from tokenizers import ByteLevelBPETokenizer
    from transformers import AddedToken, Qwen2Tokenizer

    folder.mkdir(parents=True, exist_ok=True)
    trainer = ByteLevelBPETokenizer()
    trainer.train_from_iterator(TEXTS, vocab_size=400, show_progress=False)
    trainer.save_model(str(folder))
    vocab, merges = folder / "vocab.json", folder / "merges.txt"
    words = json.loads(vocab.read_text())
    words |= {f"word{number}": number for number in range(len(words), vocabulary - len(CONTROLS) - len(TAGS))}
    vocab.write_text(json.dumps(words))
    tokenizer = Qwen2Tokenizer(
        vocab=str(vocab), merges=str(merges), unk_token=None, pad_token=CONTROLS[0], eos_token=CONTROLS[2]
    )
    tokenizer.add_special_tokens({"additional_special_tokens": list(CONTROLS)})
    tokenizer.add_tokens([AddedToken(tag, special=False, normalized=False) for tag in TAGS])
    tokenizer.chat_template = TEMPLATE
    return tokenizer


def _as_v4_wrote(folder: Path) -> None:
    """Rename what transformers 5 calls otherwise, and put the chat template where it used to be."""
    config = json.loads((folder / "config.json").read_text())
    rope = config.pop("rope_parameters")
    config |= {"torch_dtype": config.pop("dtype"), "rope_theta": rope["rope_theta"], "rope_scaling": None}
    (folder / "config.json").write_text(json.dumps(config))
    tokens = json.loads((folder / "tokenizer_config.json").read_text())
    template = folder / "chat_template.jinja"
    tokens |= {"chat_template": template.read_text(), "additional_special_tokens": list(CONTROLS)}
    tokens.pop("extra_special_tokens", None)
    template.unlink()
    (folder / "tokenizer_config.json").write_text(json.dumps(tokens))
