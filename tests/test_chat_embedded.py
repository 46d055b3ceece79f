"""The shipped chat model: it loads as any checkpoint does and answers what it was made for, in the right language."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from conftest import ROOT  # noqa: E402

from pipelines import documents  # noqa: E402
from pipelines.face_mosaic import STYLES  # noqa: E402
from pipelines.text_to_image import lexicon  # noqa: E402
from pipelines.text_to_speech import FORMATS  # noqa: E402
from tabs import TABS  # noqa: E402
from tabs._words import spoken  # noqa: E402
from training.chat_data import SMALL_TALK, load_written, small_talk  # noqa: E402
from training.chat_measure import Judge, prompt, replies  # noqa: E402

FOLDER = ROOT / "assets" / "chat"
ASKED = [
    ("greeting", "en", "hello"),
    ("greeting", "ko", "안녕하세요"),
    ("thanks", "ko", "정말 고마워요"),
    ("who_are_you", "en", "What is your name?"),
    ("who_are_you", "ko", "너는 누구니?"),
    ("what_can_you_do", "ko", "여기서 뭘 할 수 있어?"),
    ("joke", "en", "Tell me a joke, please"),
    ("tab_face_mosaic", "en", "How do I blur faces in a photo?"),
    ("tab_speech_to_text", "ko", "녹음 파일을 글로 바꾸고 싶어요"),
    ("offline", "en", "Does this work without internet?"),
    ("price_account", "ko", "이거 무료인가요?"),
    ("temperature", "en", "What does temperature mean?"),
    ("unknown", "en", "What is the capital of France?"),
    ("unknown", "ko", "김치찌개 끓이는 법 알려 줘"),
]


@pytest.fixture(scope="module")
def model() -> transformers.PreTrainedModel:
    return transformers.AutoModelForCausalLM.from_pretrained(FOLDER, dtype=torch.float32).eval()


@pytest.fixture(scope="module")
def tokenizer() -> transformers.PreTrainedTokenizerBase:
    return transformers.AutoTokenizer.from_pretrained(FOLDER)


def test_it_is_small_and_complete() -> None:
    files = {path.name: path.stat().st_size for path in FOLDER.iterdir()}
    assert sum(files.values()) < 8_000_000
    assert {"config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "README.md"} <= set(files)
    assert {"tokenizer_config.json", "chat_template.jinja"} <= set(files)


def test_what_it_knows_as_small_talk_is_what_it_was_taught() -> None:
    """The file beside its weights and the training material agree; after a change there: `training/chat.py`."""
    assert json.loads((FOLDER / "small_talk.json").read_text(encoding="utf-8")) == small_talk()
    others = {text for one in load_written() if one.name not in SMALL_TALK for text in sum(one.answers.values(), ())}
    assert not others & set(small_talk()["replies"])
    assert not {"anna", "paris", "민수"} & set(small_talk()["words"])


def test_it_answers_what_it_was_made_for(
    model: transformers.PreTrainedModel, tokenizer: transformers.PreTrainedTokenizerBase
) -> None:
    judge = Judge(load_written())
    said = replies(model, tokenizer, [words for _, _, words in ASKED])
    assert [judge(reply) for reply in said] == [(name, lang) for name, lang, _ in ASKED]


def test_earlier_turns_do_not_derail_it(
    model: transformers.PreTrainedModel, tokenizer: transformers.PreTrainedTokenizerBase
) -> None:
    turns = [
        {"role": "system", "content": "You are a helpful assistant."},
        {"role": "user", "content": "Tell me a joke"},
        {"role": "assistant", "content": "Why did the chicken cross the road? To get to the other side."},
        {"role": "user", "content": "이 앱은 무료야?"},
    ]
    ids = tokenizer.apply_chat_template(
        turns, add_generation_prompt=True, enable_thinking=False, return_tensors="pt", return_dict=True
    )
    with torch.inference_mode():
        written = model.generate(**ids, max_new_tokens=110, do_sample=False)
    reply = tokenizer.decode(written[0, ids["input_ids"].shape[1] :], skip_special_tokens=True)
    assert Judge(load_written())(reply) == ("price_account", "ko")


def test_with_thinking_a_thought_comes_before_the_answer(
    model: transformers.PreTrainedModel, tokenizer: transformers.PreTrainedTokenizerBase
) -> None:
    turns = [{"role": "user", "content": "How do I blur faces in a photo?"}]
    ids = tokenizer.apply_chat_template(
        turns, add_generation_prompt=True, enable_thinking=True, return_tensors="pt", return_dict=True
    )
    with torch.inference_mode():
        written = model.generate(**ids, max_new_tokens=110, do_sample=False)
    reply = tokenizer.decode(written[0, ids["input_ids"].shape[1] :], skip_special_tokens=True)
    assert reply.startswith("<think>\n")
    thought, answer = reply.split("</think>\n\n")
    assert thought.strip()
    assert Judge(load_written())(answer) == ("tab_face_mosaic", "en")


def test_the_template_is_that_of_qwen3(tokenizer: transformers.PreTrainedTokenizerBase) -> None:
    assert prompt(tokenizer, "Hi") == ("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n")
    assert tokenizer.eos_token == "<|im_end|>"
    assert Path(FOLDER, "chat_template.jinja").read_text(encoding="utf-8").count("enable_thinking") == 2


# --- what it says of the tabs is so -------------------------------------------------------------------------------

TAB_ANSWERS = {
    (intent.name.removeprefix("tab_"), language): answer
    for intent in load_written()
    if intent.name.startswith("tab_")
    for language in intent.answers
    for answer in intent.answers[language]
}


def test_every_tab_is_told_by_a_name_that_stands_on_the_page() -> None:
    """Whoever is sent to a tab has to find it: its title, or the word in brackets behind it."""
    assert {task for task, _ in TAB_ANSWERS} == {tab.TASK for tab in TABS}
    for tab in TABS:
        for language in ("en", "ko"):
            title = spoken(tab.TITLE, language)
            names = [name.casefold() for name in re.split(r"\s*[()]", title) if name]
            answer = TAB_ANSWERS[tab.TASK, language].casefold()
            assert any(name in answer for name in names), (title, answer)


def test_the_formats_it_names_are_the_ones_that_work() -> None:
    written = {intent.name: intent.answers for intent in load_written()}
    for language in ("en", "ko"):
        said = written["documents"][language][0]
        assert set(re.findall(r"\b(?:txt|md|pdf|docx|csv)\b", said)) == {one.lstrip(".") for one in documents.ENDINGS}
    assert set(re.findall("wav|mp3|flac|opus", TAB_ANSWERS["text_to_speech", "en"].lower())) == set(FORMATS)
    for style in STYLES:
        told = {"mosaic": "mosaic", "blur": "blur", "solid": "solid colour", "emoji": "emoji"}[style]
        assert told in TAB_ANSWERS["face_mosaic", "en"]


def test_the_picture_it_suggests_is_one_that_the_built_in_painter_knows() -> None:
    words = lexicon.vocabulary()
    assert words is not None
    names = {name for one in (*words.shapes, *words.colours) for name in (one.en, one.ko)}
    assert "a red circle on a blue background" in TAB_ANSWERS["text_to_image", "en"]
    assert "파란 배경에 빨간 원" in TAB_ANSWERS["text_to_image", "ko"]
    assert {"red", "circle", "blue", "빨간", "원", "파란"} <= names
