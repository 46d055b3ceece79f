"""How often a chat model gives an answer of the right intent: greedy, drawn, and beside plain retrieval."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from transformers import PreTrainedTokenizerBase, Qwen3ForCausalLM

from training.chat_data import LANGUAGES, UNKNOWN, Intent, Written, one_of
from training.chat_retrieval import Retriever

ENOUGH = 0.8  # cosine of letter pairs to triples from which a reply counts as one of the answers
ROWS = 64
Asked = tuple[str, str, str]  # intent, language, words


def letters(text: str) -> Counter[str]:
    return Counter(text[at : at + n] for n in (2, 3) for at in range(len(text) - n + 1))


def alike(one: Counter[str], other: Counter[str]) -> float:
    size = (sum(v * v for v in one.values()) * sum(v * v for v in other.values())) ** 0.5
    return sum(v * other[k] for k, v in one.items()) / size if size else 0.0


@dataclass
class Judge:
    """Tells which intent and language a reply belongs to; ("", "") where it is nobody's answer."""

    intents: Sequence[Intent | Written]

    def __post_init__(self) -> None:
        answers = [(i.name, lang, a) for i in self.intents for lang in LANGUAGES for a in i.answers[lang]]
        self.known = [(*answer, letters(answer[2])) for answer in answers]

    def __call__(self, reply: str) -> tuple[str, str]:
        for name, lang, answer, _ in self.known:
            if reply == answer:
                return name, lang
        mine = letters(reply)
        score, name, lang = max((alike(mine, theirs), name, lang) for name, lang, _, theirs in self.known)
        return (name, lang) if score > ENOUGH else ("", "")


def questions_of(held: Sequence[Written], each: int = 1) -> list[Asked]:
    """`each` wordings of every held-out line."""
    rng = random.Random(11)
    return [
        (intent.name, lang, one_of(line, rng))
        for intent in held
        for lang in LANGUAGES
        for line in intent.templates[lang]
        for _ in range(each)
    ]


def prompt(tokenizer: PreTrainedTokenizerBase, words: str) -> str:
    turns = [{"role": "user", "content": words}]
    said = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True, enable_thinking=False)
    return str(said)


@torch.inference_mode()
def replies(
    model: Qwen3ForCausalLM, tokenizer: PreTrainedTokenizerBase, asked: Sequence[str], drawn: bool = False
) -> list[str]:
    """One reply per question; `drawn` at temperature 0.7 and top-p 0.8, as the app does by default."""
    torch.manual_seed(1)
    order = sorted(range(len(asked)), key=lambda n: len(asked[n]))
    said = [""] * len(asked)
    how = {"do_sample": True, "temperature": 0.7, "top_p": 0.8, "top_k": 0} if drawn else {"do_sample": False}
    for at in range(0, len(order), ROWS):
        part = order[at : at + ROWS]
        prompts = [prompt(tokenizer, asked[n]) for n in part]
        ids = tokenizer(prompts, return_tensors="pt", padding=True, padding_side="left", add_special_tokens=False)
        ids.pop("token_type_ids", None)
        written = model.generate(**ids, max_new_tokens=110, pad_token_id=tokenizer.pad_token_id, **how)
        texts = tokenizer.batch_decode(written[:, ids["input_ids"].shape[1] :], skip_special_tokens=True)
        for n, text in zip(part, texts, strict=True):
            said[n] = text.strip()
    return said


def percent(right: Sequence[bool]) -> float:
    return round(100 * sum(right) / len(right), 1) if right else 0.0


def by_group(asked: Sequence[Asked], right: Sequence[bool]) -> dict[str, float]:
    """Percent right of the intents in each language, and of the unknown questions."""
    pairs = list(zip(asked, right, strict=True))
    row = {lang: percent([ok for (name, of, _), ok in pairs if of == lang and name != UNKNOWN]) for lang in LANGUAGES}
    return row | {UNKNOWN: percent([ok for (name, _, _), ok in pairs if name == UNKNOWN])}


def judged(judge: Judge, asked: Sequence[Asked], said: Sequence[str]) -> list[bool]:
    """Right is an answer of the right intent in the language of the question."""
    return [judge(reply) == (name, lang) for (name, lang, _), reply in zip(asked, said, strict=True)]


def retrieved(kept: Sequence[Intent], asked: Sequence[Asked]) -> dict[str, float]:
    names = Retriever(kept).nearest([words for _, _, words in asked])[0]
    return by_group(asked, [name == found for (name, _, _), found in zip(asked, names, strict=True)])
