"""A converted chat model run by OpenVINO GenAI, which is several times as fast as transformers on an ordinary CPU.

Prompts and text are made here, by the same code as for transformers; the library only turns tokens into tokens.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pipelines.bridge import Flow
from pipelines.chat.contract import Message, Piece, ReplyOptions
from pipelines.chat.decoding import pieces
from pipelines.chat.prompts import Prompter, ends
from pipelines.job import Job

CONTEXT = 4096


class FastChat:
    """A loaded pipeline of the library. One call at a time: `engines.use` holds the lock."""

    def __init__(self, pipeline: Any, tokenizer: Any, facts: dict[str, Any], context_tokens: int) -> None:
        self.context_tokens = context_tokens
        self._pipeline = pipeline
        self._tokenizer = tokenizer
        self._prompter = Prompter(tokenizer)
        self._ends = ends(facts.get("eos_token_id"), tokenizer)
        self._top_k = int(facts.get("top_k") or 0)
        self._repetition_penalty = float(facts.get("repetition_penalty") or 1.0)

    def count(self, messages: Sequence[Message], thinking: bool) -> int:
        return len(self._prompter.prompt(messages, thinking).ids)

    def write(self, messages: Sequence[Message], options: ReplyOptions, job: Job) -> Iterator[Piece]:
        prompt = self._prompter.prompt(messages, options.thinking)
        most = min(options.max_new_tokens, self.context_tokens - len(prompt.ids))
        tokens = Flow[int](lambda give: self._generate(prompt.ids, most, options, give), job)
        yield from pieces(tokens, prompt, self._tokenizer, self._ends, job)

    def _generate(self, ids: list[int], most: int, options: ReplyOptions, give: Callable[[int], bool]) -> None:
        import numpy as np
        import openvino

        given = openvino.Tensor(np.array([ids], np.int64))
        self._pipeline.generate(given, self._config(most, options), _streamer(give))

    def _config(self, most: int, options: ReplyOptions) -> Any:
        import openvino_genai

        config = openvino_genai.GenerationConfig()
        config.max_new_tokens = most
        config.eos_token_id = min(self._ends)
        config.stop_token_ids = self._ends
        config.repetition_penalty = self._repetition_penalty
        config.do_sample = options.temperature > 0 and options.top_p > 0  # a `top_p` of 0 leaves the likeliest
        if config.do_sample:
            config.temperature = options.temperature
            config.top_p = options.top_p
            config.rng_seed = options.seed
            if self._top_k:
                config.top_k = self._top_k
        return config


def _streamer(give: Callable[[int], bool]) -> Any:
    """What the library calls with each token, or with several at once."""
    import openvino_genai

    class Streamer(openvino_genai.StreamerBase):  # type: ignore[misc]
        def write(self, tokens: int | Sequence[int]) -> Any:
            several = [tokens] if isinstance(tokens, int) else tokens
            for one in several:
                if not give(int(one)):
                    return openvino_genai.StreamingStatus.CANCEL
            return openvino_genai.StreamingStatus.RUNNING

        def end(self) -> None:
            """The end shows when `generate` returns."""

    return Streamer()


def open_converted(folder: Path | None, context: int = CONTEXT) -> FastChat:
    """Read a folder in the form that the library wants, with the tokenizer's own files beside it."""
    if folder is None:
        raise ValueError("a converted model is loaded from a folder")
    import openvino_genai
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    place = folder / "generation_config.json"
    facts = json.loads(place.read_text(encoding="utf-8")) if place.is_file() else {}
    own = int(config.get("max_position_embeddings") or context)
    plan = openvino_genai.SchedulerConfig()
    plan.max_num_batched_tokens = context  # a prompt is read in one go
    # The library would keep beginnings of prompts that it has seen. That is faster for the next turn, but the same
    # seed would give another text then, and how long a reply takes would tell what others have asked.
    plan.enable_prefix_caching = False
    pipeline = openvino_genai.LLMPipeline(str(folder), "CPU", scheduler_config=plan)
    return FastChat(pipeline, tokenizer, facts, min(own, context))
