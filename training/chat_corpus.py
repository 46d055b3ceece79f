"""What the chat model learns from: conversations made on the fly from the intent files, as rows of tokens."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from tokenizers import Tokenizer
from torch import Tensor

from training.chat_data import LANGUAGES, UNKNOWN, Written, one_of
from training.chat_noise import as_typed
from training.chat_teacher import Teacher, mixed
from training.chat_tokens import END, START, THINK, THOUGHT, cut_up

UNKNOWNS, OUTSIDE = 0.2, 0.35  # share of unknown questions, and of outside lines among them
MIXED = 0.3  # share of rows that ask pieces of two questions
THINKING, SYSTEM, EARLIER, LONG = 0.1, 0.12, 0.15, 0.006  # shares: thinking switch, system prompt, earlier turns, many
FIRST_ANSWER = 0.7  # the first answer of an intent is the usual one
CUT, KEPT = 0.75, 9  # share of rows whose reply ends after a few tokens: what is meant is decided there
QUESTION, BEGINNING, REST = 0.03, 1.0, 0.5  # weight of a token in the question, at the reply's beginning, after it
POOL, TOKENS = 1_024, 3_600
SYSTEM_PROMPTS = {
    "en": (
        "{You are|Act as|Be} {a helpful assistant|a friendly teacher|a careful translator|Modu's assistant|an expert|"
        "a pirate|a patient tutor|a poet}.{| Answer in one sentence.| Be brief.| Think step by step.| Be polite.|"
        " Use simple words.| Answer only in English.| Answer with examples.}",
        "{Answer briefly.|Explain it as to a child.|Always be kind.|Reply in bullet points.|Solve it step by step.}",
        "Here are examples.\nQ: {What is an apple?|Is it hot?}\nA: {A fruit.|Yes.}\nAnswer in the same way.",
    ),
    "ko": (
        "{당신은|너는} {친절한 도우미|다정한 선생님|꼼꼼한 번역가|전문가|해적|시인|모두의 도우미}{입니다|이다|예요}."
        "{| 한 문장으로 답하세요.| 짧게 답하세요.| 단계별로 생각하세요.| 공손하게 말하세요.| 쉬운 말로 하세요.}",
        "{짧게 답하세요.|아이에게 설명하듯 답하세요.|항상 친절하게 말하세요.|목록으로 답하세요.|차근차근 풀어 주세요.}",
        "예시입니다.\n질문: {사과가 뭐야?|더워?}\n답: {과일입니다.|네.}\n같은 방식으로 답하세요.",
    ),
}
Asked = tuple[Written, str, str]
NOT_FILLED = {"greeting", "acknowledge", "goodbye", "thanks", "apology"}  # other words around these change their sense


@dataclass(frozen=True)
class Row:
    """Tokens of one conversation, and how much each counts in the loss."""

    ids: list[int]
    weights: list[float]
    decided: int  # the last token before the reply: here it must be clear what is meant
    asked: tuple[int, int]  # where the question's words stand
    meaning: int  # intent and language as a number


@dataclass(frozen=True)
class Batch:
    """Rows of like length: ids, weights and asked (rows, longest), decided and meaning (rows)."""

    ids: Tensor
    weights: Tensor
    asked: Tensor
    decided: Tensor
    meaning: Tensor


def split_lines(written: Sequence[Written], share: float, seed: int) -> tuple[list[Written], list[Written]]:
    """Two sets with the same intents: the lines to learn from, and `share` of the lines of each, held out."""
    kept, held = [], []
    for intent in written:
        rng = random.Random(f"{seed} {intent.name}")
        stay, out = {}, {}
        for lang, lines in intent.templates.items():
            chosen = set(rng.sample(lines, round(share * len(lines))))
            stay[lang] = tuple(line for line in lines if line not in chosen)
            out[lang] = tuple(line for line in lines if line in chosen)
        kept.append(replace(intent, templates=stay))
        held.append(replace(intent, templates=out))
    return kept, held


class Corpus:
    """Endless rows. Row number n is the same for the same seed, whatever was drawn before."""

    def __init__(
        self,
        written: Sequence[Written],
        tokenizer: Tokenizer,
        seed: int,
        outside: dict[str, list[str]] | None = None,
        teacher: Teacher | None = None,
    ) -> None:
        self.intents = {intent.name: intent for intent in written}
        self.names = [name for name in self.intents if name != UNKNOWN]
        self.numbers = {name: number for number, name in enumerate(sorted(self.intents))}
        self.tokenizer, self.seed = tokenizer, seed
        self.outside = outside or {lang: [] for lang in LANGUAGES}
        self.teacher = teacher
        self.marks = {text: tokenizer.token_to_id(text) for text in (START, END, THINK, THOUGHT)}

    def plain(self, text: str) -> list[int]:
        return self.tokenizer.encode(text, add_special_tokens=False).ids

    def wording(self, rng: random.Random, lang: str) -> tuple[Written, str]:
        """An intent and one of its questions, or a line from outside."""
        if UNKNOWN not in self.intents or rng.random() >= UNKNOWNS:
            intent = self.intents[rng.choice(self.names)]
        else:
            intent = self.intents[UNKNOWN]
            if self.outside[lang] and rng.random() < OUTSIDE:
                return intent, rng.choice(self.outside[lang])
        return intent, one_of(rng.choice(intent.templates[lang]), rng)

    def asked(self, rng: random.Random) -> Asked:
        """An intent, the language and the words of a visitor."""
        lang = rng.choice(LANGUAGES)
        intent, words = self.wording(rng, lang)
        return intent, lang, as_typed(words, lang, rng, intent.name not in NOT_FILLED)

    def answer(self, intent: Written, lang: str, rng: random.Random) -> str:
        answers = intent.answers[lang]
        return answers[0] if len(answers) == 1 or rng.random() < FIRST_ANSWER else rng.choice(answers[1:])

    def turn(self, role: str, content: list[int]) -> list[int]:
        return [self.marks[START], *self.plain(f"{role}\n"), *content, self.marks[END], *self.plain("\n")]

    def earlier(self, rng: random.Random) -> list[int]:
        """Turns before the question: our own kind of talk, or something that another model said."""
        ids: list[int] = []
        for _ in range(rng.randint(4, 8) if rng.random() < LONG / EARLIER else rng.choice([1, 1, 2])):
            intent, lang, words = self.asked(rng)
            lines = self.outside[lang]
            foreign = lines and rng.random() < 0.2
            said = " ".join(rng.choices(lines, k=rng.randint(1, 3))) if foreign else self.answer(intent, lang, rng)
            ids += self.turn("user", self.plain(words)) + self.turn("assistant", self.plain(said))
        return ids

    def mixtures(self, pool: int) -> list[Asked]:
        """Pieces of two questions, with the intent that the teacher finds in them."""
        if self.teacher is None:
            return []
        rng = random.Random(f"{self.seed} mixtures {pool}")
        made = []
        for _ in range(round(1.3 * MIXED * POOL)):
            lang = rng.choice(LANGUAGES)
            one, other = (self.wording(rng, lang)[1] for _ in range(2))
            made.append((lang, mixed(one, other, rng)))
        verdicts = self.teacher.verdicts([words for _, words in made])
        found = [(self.intents[name], *rest) for name, rest in zip(verdicts, made, strict=True) if name]
        return found[: round(MIXED * POOL)]

    def row(self, number: int, given: Asked | None = None) -> Row:
        rng = random.Random(f"{self.seed} {number}")
        ids: list[int] = []
        intent, lang, words = given or self.asked(rng)
        if rng.random() < SYSTEM:
            prompt = one_of(rng.choice(SYSTEM_PROMPTS[lang if rng.random() < 0.7 else rng.choice(LANGUAGES)]), rng)
            ids += self.turn("system", self.plain(prompt))
        if rng.random() < EARLIER:
            ids += self.earlier(rng)
        before = len(ids) + 1 + len(self.plain("user\n"))
        cuts = rng.choice([0.0, 0.0, 0.05, 0.15])
        ids += self.turn("user", cut_up(self.tokenizer, words, rng, cuts))
        weights = [0.0] * before + [QUESTION] * (len(ids) - before)
        words_at = (before, len(ids) - 2)
        opening, reply = self.reply(intent, lang, rng)
        ids += opening
        weights += [0.0] * len(opening)
        if rng.random() < CUT:
            reply = reply[:KEPT]
        weights += [BEGINNING if at < KEPT else REST for at in range(len(reply))]
        meaning = 2 * self.numbers[intent.name] + LANGUAGES.index(lang)
        return Row(ids + reply, weights, len(ids) - 1, words_at, meaning)

    def reply(self, intent: Written, lang: str, rng: random.Random) -> tuple[list[int], list[int]]:
        """What the template opens the reply with, and the reply itself."""
        opening = [self.marks[START], *self.plain("assistant\n")]
        answer = [*self.plain(self.answer(intent, lang, rng)), self.marks[END]]
        gap = self.plain("\n\n")
        if rng.random() >= THINKING:
            return [*opening, self.marks[THINK], *gap, self.marks[THOUGHT], *gap], answer
        thought = self.plain(f"\n{intent.thoughts[lang]}\n")
        return opening, [self.marks[THINK], *thought, self.marks[THOUGHT], *gap, *answer]

    def batches(self, pool: int) -> list[Batch]:
        """One pool of rows, those of like length together, about `TOKENS` in each batch, in a mixed order."""
        given = dict(enumerate(self.mixtures(pool), pool * POOL))
        made = [self.row(number, given.get(number)) for number in range(pool * POOL, (pool + 1) * POOL)]
        made.sort(key=lambda row: -len(row.ids))
        parts: list[list[Row]] = []
        for row in made:
            if not parts or len(parts[-1]) == TOKENS // rounded(len(parts[-1][0].ids), 8):
                parts.append([])
            parts[-1].append(row)
        random.Random(f"{self.seed} pool {pool}").shuffle(parts)
        return [batch_of(part) for part in parts]


def batch_of(rows: Sequence[Row]) -> Batch:
    return Batch(
        padded([row.ids for row in rows], 0).long(),
        padded([row.weights for row in rows], 0.0),
        padded([[float(row.asked[0] <= at < row.asked[1]) for at in range(len(row.ids))] for row in rows], 0.0),
        torch.tensor([row.decided for row in rows]),
        torch.tensor([row.meaning for row in rows]),
    )


def rounded(size: int, step: int) -> int:
    """Up to a multiple: a processor's kernels are made anew for every new shape, so there should be few."""
    return -(-size // step) * step


def padded(rows: Sequence[Sequence[float]], filler: float) -> Tensor:
    longest = rounded(max(map(len, rows)), 8) + 1  # the last token is only ever predicted
    return torch.tensor([[*row, *([filler] * (longest - len(row)))] for row in rows])


def texts_for_tokens(written: Sequence[Written], outside: dict[str, list[str]]) -> list[str]:
    """Everything that the tokenizer should know: many wordings, all answers and thoughts, some outside lines."""
    rng = random.Random(0)
    found = [line for lines in outside.values() for line in lines]
    for intent in written:
        for lang in LANGUAGES:
            found += [one_of(rng.choice(intent.templates[lang]), rng) for _ in range(2_000)]
            found += [*intent.answers[lang], intent.thoughts[lang]] * 20
    return [re.sub(r"\s+", " ", text) for text in found]
