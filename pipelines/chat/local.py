"""A chat checkpoint in the Hub's format run by transformers: the big models, anybody's, and the built-in one alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipelines.bridge import Flow
from pipelines.chat.adapters import Wearer
from pipelines.chat.contract import Message, Piece, ReplyOptions
from pipelines.chat.decoding import pieces
from pipelines.chat.prompts import Prompter, ends
from pipelines.chat.sampling import Sampler
from pipelines.errors import Cancelled, EngineFailed
from pipelines.job import Job
from pipelines.words import Text

CPU_CONTEXT = 2048  # a longer prompt is read for more than ten seconds on two cores before the first word
GPU_CONTEXT = 32_768


class LocalChat:
    """A loaded model. One call at a time: `engines.use` holds the lock, and an adapter changes the weights.

    `tiny`: it was taught a few things to say, and would stumble over instructions. One thread is quicker for it.
    """

    def __init__(self, model: Any, tokenizer: Any, context_tokens: int, tiny: bool = False) -> None:
        self.context_tokens = context_tokens
        self.obeys = not tiny
        self._model = model
        self._tokenizer = tokenizer
        self._prompter = Prompter(tokenizer)
        self._threads = 1 if tiny else None
        self._wearer = Wearer(model)
        self._ends = ends(model.generation_config.eos_token_id, tokenizer)
        self._top_k = int(model.generation_config.top_k or 0)
        self._repetition_penalty = model.generation_config.repetition_penalty
        model.generation_config = type(model.generation_config)()  # what counts of it is kept; `generate` would add it
        self._watch = _Watch(model)

    def wear(self, folder: Path | None) -> None:
        """Put on the adapter that lies in `folder`, or take off what is worn."""
        self._wearer.wear(folder)

    def count(self, messages: Sequence[Message], thinking: bool) -> int:
        return len(self._prompter.prompt(messages, thinking).ids)

    def write(self, messages: Sequence[Message], options: ReplyOptions, job: Job) -> Iterator[Piece]:
        prompt = self._prompter.prompt(messages, options.thinking)
        most = min(options.max_new_tokens, self.context_tokens - len(prompt.ids))
        tokens = Flow[int](lambda give: self._generate(prompt.ids, most, options, give), job)
        with self._watch.of(lambda: tokens.wanted):
            yield from pieces(tokens, prompt, self._tokenizer, self._ends, job)

    def _generate(self, ids: list[int], most: int, options: ReplyOptions, give: Any) -> None:
        import torch
        from transformers import GenerationConfig

        if self._threads is not None:
            torch.set_num_threads(self._threads)  # of this thread alone
        sampler = Sampler(options.temperature, options.top_p, options.seed, self._model.device, self._top_k)
        given = torch.tensor([ids], device=self._model.device)
        tokens = _Tokens(give)
        with torch.inference_mode():
            self._model.generate(
                given,
                attention_mask=torch.ones_like(given),
                generation_config=GenerationConfig(
                    max_new_tokens=most,
                    do_sample=False,  # the sampler has drawn
                    eos_token_id=sorted(self._ends),
                    pad_token_id=min(self._ends),
                    repetition_penalty=self._repetition_penalty,
                ),
                logits_processor=[sampler],
                stopping_criteria=[tokens.stopped],
                streamer=tokens,
            )


class _Watch:
    """Looks before each layer of a model whether anybody still waits, and raises `Cancelled` if not.

    Reading a long prompt, or a token on a busy machine, takes longer than a cancel may.
    """

    def __init__(self, model: Any) -> None:
        from torch.nn import ModuleList

        self._wanted: Callable[[], bool] | None = None
        layers = next((module for module in model.modules() if isinstance(module, ModuleList)), ())
        for layer in layers:
            layer.register_forward_pre_hook(self._look)

    @contextmanager
    def of(self, wanted: Callable[[], bool]) -> Iterator[None]:
        """Look there during one call."""
        self._wanted = wanted
        try:
            yield
        finally:
            self._wanted = None

    def _look(self, *_: Any) -> None:
        if self._wanted is not None and not self._wanted():
            raise Cancelled


class _Tokens:
    """What `generate` calls a streamer, and the criterion by which it stops."""

    def __init__(self, give: Any) -> None:
        self._give = give
        self._prompt = True  # the first it is given is the prompt
        self._go_on = True

    def put(self, tokens: Any) -> None:
        if self._prompt:
            self._prompt = False
            return
        for token in tokens.reshape(-1).tolist():
            self._go_on = self._give(token)

    def end(self) -> None:
        self._prompt = True

    def stopped(self, input_ids: Any, scores: Any, **_: Any) -> bool:
        return not self._go_on


def open_checkpoint(
    folder: Path | None, context: int | None = None, half: bool = False, tiny: bool = False
) -> LocalChat:
    """Read weights (safetensors only) and tokenizer; nothing is fetched and no code of the repository runs.

    `half`: 16 bits a weight also on a CPU, where that is slower than 32 but all that fits.
    """
    if folder is None:
        raise ValueError("a checkpoint is loaded from a folder")
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    on_gpu = torch.cuda.is_available() and not tiny
    small = torch.bfloat16 if not on_gpu or torch.cuda.is_bf16_supported() else torch.float16
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    model, report = AutoModelForCausalLM.from_pretrained(
        folder,
        dtype=small if on_gpu or half else torch.float32,  # "auto" would be 16 bits, twice as slow on most CPUs
        local_files_only=True,
        use_safetensors=True,
        trust_remote_code=False,
        output_loading_info=True,
    )
    if report["missing_keys"]:
        raise EngineFailed(_lacking(sorted(report["missing_keys"])[0]))
    most = context or (GPU_CONTEXT if on_gpu else CPU_CONTEXT)
    own = getattr(model.config.get_text_config(), "max_position_embeddings", None) or most
    return LocalChat(model.to("cuda" if on_gpu else "cpu").eval(), tokenizer, min(own, most), tiny)


def _lacking(weight: str) -> Text:
    return Text(
        en=f"The checkpoint is not whole: the weights of {weight} are missing.",
        ko=f"체크포인트가 온전하지 않습니다. {weight}의 가중치가 없습니다.",
    )
