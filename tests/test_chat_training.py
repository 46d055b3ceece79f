"""The built-in chat model's material and training: what is written is well formed, and a run can be taken up again."""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from training import chat, chat_corpus, chat_data, chat_measure, chat_noise, chat_teacher, chat_tokens  # noqa: E402

WRITTEN = chat_data.load_written()
INTENTS = chat_data.load_intents()


@pytest.fixture(scope="module")
def tokenizer() -> chat.Tokenizer:
    texts = [text for intent in INTENTS for texts in intent.questions.values() for text in texts[:60]]
    answers = [text for intent in INTENTS for texts in intent.answers.values() for text in texts]
    return chat_tokens.trained(texts + answers, 1_500)


def small_run(tokenizer: chat.Tokenizer, seed: int = 3) -> chat.Run:
    return chat.Run(tokenizer, argparse.Namespace(seed=seed, width=64, layers=1, rate=1e-3))


@pytest.mark.parametrize("intent", WRITTEN, ids=lambda intent: intent.name)
def test_an_intent_is_written_in_both_languages(intent: chat_data.Written) -> None:
    for lang in chat_data.LANGUAGES:
        assert len(intent.templates[lang]) >= 25
        assert 1 <= len(intent.answers[lang]) <= 3
        assert intent.thoughts[lang]
        for template in intent.templates[lang]:
            assert template.count("{") == template.count("}")
            assert not set("{}@") & set(chat_data.one_of(template, random.Random(1)))
    assert not any("가" <= letter <= "힣" for answer in intent.answers["en"] for letter in answer)
    assert all(any("가" <= letter <= "힣" for letter in answer) for answer in intent.answers["ko"])


def test_no_question_belongs_to_two_intents() -> None:
    owners: dict[str, set[str]] = {}
    for intent in INTENTS:
        for text in (text for texts in intent.questions.values() for text in texts):
            owners.setdefault(text.lower().strip(" ?!.~"), set()).add(intent.name)
    assert {text: names for text, names in owners.items() if len(names) > 1} == {}


def test_answers_of_two_intents_cannot_be_mistaken() -> None:
    judge = chat_measure.Judge(INTENTS)
    for intent in INTENTS:
        others = chat_measure.Judge([other for other in INTENTS if other is not intent])
        for lang, answers in intent.answers.items():
            for answer in answers:
                assert judge(answer) == (intent.name, lang)
                assert others(answer) == ("", "")


def test_the_answer_to_unknown_questions_says_what_it_is() -> None:
    unknown = next(intent for intent in INTENTS if intent.name == chat_data.UNKNOWN)
    assert all("small built-in model" in answer for answer in unknown.answers["en"])
    assert all("작은 내장 모델" in answer for answer in unknown.answers["ko"])
    assert min(map(len, unknown.questions.values())) > 1_000


def test_templates_are_written_out() -> None:
    assert set(chat_data.wordings("{a|b} c{|?}")) == {"a c", "b c", "a c?", "b c?"}
    assert set(chat_data.wordings("x {in {y|z}|}")) == {"x in y", "x in z", "x"}
    assert len(chat_data.wordings("{a|b|c|d|e} {f|g|h|i|j}")) == chat_data.MOST
    assert chat_data.wordings("hello {@name}") == chat_data.wordings("hello {@name}")


def test_held_out_lines_are_not_learned() -> None:
    kept, held = chat_corpus.split_lines(WRITTEN, 0.15, 1)
    for whole, stay, out in zip(WRITTEN, kept, held, strict=True):
        for lang in chat_data.LANGUAGES:
            assert not set(stay.templates[lang]) & set(out.templates[lang])
            assert set(stay.templates[lang]) | set(out.templates[lang]) == set(whole.templates[lang])
            assert out.templates[lang]


def test_typing_errors_follow_the_seed_and_leave_words() -> None:
    text = "How do I hide the faces in my photo?"
    many = [chat_noise.as_typed(text, "en", random.Random(n)) for n in range(200)]
    assert many == [chat_noise.as_typed(text, "en", random.Random(n)) for n in range(200)]
    assert len(set(many)) > 60
    assert all(many)
    assert all(chat_noise.as_typed("안녕", "ko", random.Random(n)) for n in range(200))


def test_cut_up_words_are_still_the_same_words(tokenizer: chat.Tokenizer) -> None:
    for text in ("What is Modu?", "모두가 뭐예요?", "a\nb  c 😀 <|im_end"):
        for seed in range(20):
            assert tokenizer.decode(chat_tokens.cut_up(tokenizer, text, random.Random(seed), 0.3)) == text


def test_a_row_is_the_templates_text(
    tokenizer: chat.Tokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is learned is exactly what the template makes of a conversation, with thinking and without."""
    from transformers import AutoTokenizer

    chat_tokens.save(tokenizer, tmp_path)
    loaded = AutoTokenizer.from_pretrained(tmp_path)
    for share in (0.0, 1.0):
        for name, value in {"THINKING": share, "SYSTEM": 0.0, "EARLIER": 0.0, "CUT": 0.0}.items():
            monkeypatch.setattr(chat_corpus, name, value)
        corpus = chat_corpus.Corpus(WRITTEN, tokenizer, 5)
        for number in range(30):
            row = corpus.row(number)
            text = tokenizer.decode(row.ids, skip_special_tokens=False)
            words = text.split("user\n", 1)[1].split("<|im_end|>")[0]
            said = loaded.apply_chat_template(
                [{"role": "user", "content": words}],
                tokenize=False,
                add_generation_prompt=True,
                enable_thinking=share > 0,
            )
            assert text.startswith(said)
            reply = text[len(said) :]
            assert reply.endswith("<|im_end|>")
            assert reply.startswith("<think>\n") == (share > 0)
            assert len(row.ids) == len(row.weights)


def test_mixed_questions_get_the_teachers_verdict(tokenizer: chat.Tokenizer) -> None:
    few = [intent for intent in INTENTS if intent.name in ("offline", "thanks", "joke", chat_data.UNKNOWN)]
    teacher = chat_teacher.Teacher(few)
    said = ["does it work without internet", "고마워요 정말", "tell me a funny joke", "what is the capital of Peru"]
    assert teacher.verdicts(said) == ["offline", "thanks", "joke", chat_data.UNKNOWN]
    written = [intent for intent in WRITTEN if intent.name in {other.name for other in few}]
    corpus = chat_corpus.Corpus(written, tokenizer, 5, teacher=teacher)
    mixtures = corpus.mixtures(0)
    assert mixtures == corpus.mixtures(0)
    assert [intent.name for intent, _, _ in mixtures] == teacher.verdicts([words for _, _, words in mixtures])
    assert corpus.row(1, mixtures[0]).meaning // 2 == corpus.numbers[mixtures[0][0].name]


def test_a_row_does_not_depend_on_what_was_drawn_before(tokenizer: chat.Tokenizer) -> None:
    one, other = chat_corpus.Corpus(WRITTEN, tokenizer, 5), chat_corpus.Corpus(WRITTEN, tokenizer, 5)
    one.row(1)
    assert one.row(7) == other.row(7)
    assert one.row(8) != other.row(7)
    assert chat_corpus.Corpus(WRITTEN, tokenizer, 6).row(7) != other.row(7)


def test_a_run_goes_on_where_it_stopped(tokenizer: chat.Tokenizer, tmp_path: Path) -> None:
    batches = chat_corpus.Corpus(WRITTEN, tokenizer, 5).batches(0)[:3]
    run = small_run(tokenizer)
    first = run.learn(batches[0], 10)
    run.store(tmp_path / "last.pt")
    onward = [run.learn(batch, 10) for batch in batches[1:]]
    again = small_run(tokenizer)
    assert again.learn(batches[0], 10) == pytest.approx(first, rel=1e-4)
    taken_up = small_run(tokenizer, seed=99)
    taken_up.take_up(tmp_path / "last.pt")
    assert taken_up.step == 1
    assert [taken_up.learn(batch, 10) for batch in batches[1:]] == pytest.approx(onward, rel=1e-3)


def test_what_is_shipped_loads_as_any_chat_model(tokenizer: chat.Tokenizer, tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    run = small_run(tokenizer)
    run.ship(tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert {"config.json", "generation_config.json", "model.safetensors", "tokenizer.json"} <= names
    assert {"tokenizer_config.json", "chat_template.jinja", "small_talk.json"} <= names
    model, loaded = AutoModelForCausalLM.from_pretrained(tmp_path), AutoTokenizer.from_pretrained(tmp_path)
    assert type(model).__name__ == "Qwen3ForCausalLM"
    assert model.dtype == torch.float16
    assert loaded.eos_token == "<|im_end|>"
    assert loaded("<|im_start|>", add_special_tokens=False)["input_ids"] == [tokenizer.token_to_id("<|im_start|>")]
    text = "사진 속 얼굴을 가리고 싶어요. What is 12?"
    assert loaded(text, add_special_tokens=False)["input_ids"] == tokenizer.encode(text, add_special_tokens=False).ids


def test_a_question_of_signs_alone_can_be_mixed() -> None:
    assert "?" in chat_teacher.mixed("?", "hello", random.Random(1))
