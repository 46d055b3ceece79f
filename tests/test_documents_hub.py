"""The index by meaning, whole: fetched from a stand-in Hub, loaded, searched, on a tiny checkpoint of the real classes.

The weights are random: this proves the files, the pooling, the locks and the control flow, never how well it finds.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from stand_in_hub import StandInHub
from test_hub_families import brought, serve, stand_in  # noqa: F401  the last is a fixture

from pipelines import documents, engines
from pipelines.documents import e5
from pipelines.errors import Cancelled
from pipelines.job import Job, Progress

LETTERS = "▁abcdefghijklmnopqrstuvwxyz:?.0123456789가나다라마바사아자차카타파하"
TEXTS = ["the cat sleeps", "a dog barks in the yard at night and wakes everybody", "고양이가 잔다", "x"]


def tiny_e5(folder: Path) -> Path:
    """The files of the repository: a BERT of one layer, and a tokenizer of letters in the layout of XLM-R."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import BertConfig, BertModel

    folder.mkdir(parents=True)
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    words = [*((one, 0.0) for one in special), *((one, -9.0) for one in LETTERS), ("▁query", -2.0), ("▁passage", -2.0)]
    tokenizer = Tokenizer(models.Unigram([*words, ("<mask>", 0.0)], unk_id=3))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.add_special_tokens([*special, "<mask>"])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    names = {"bos": "<s>", "eos": "</s>", "cls": "<s>", "sep": "</s>", "pad": "<pad>", "unk": "<unk>", "mask": "<mask>"}
    tokens = {f"{name}_token": token for name, token in names.items()}
    settings = {"tokenizer_class": "XLMRobertaTokenizer", "model_max_length": 512, **tokens}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    (folder / "special_tokens_map.json").write_text(json.dumps(tokens))
    import torch

    torch.manual_seed(3)
    size = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    BertModel(BertConfig(vocab_size=len(words) + 1, max_position_embeddings=512, **size)).save_pretrained(folder)
    return folder


@pytest.fixture(autouse=True)
def one_thread() -> None:
    pytest.importorskip("faiss")
    pytest.importorskip("torch").set_num_threads(1)
    documents.forget()


@pytest.fixture
def model(tmp_path: Path) -> e5.MeaningSearch:
    return e5.load(tiny_e5(tmp_path / "made"))


def test_the_index_by_meaning_is_fetched_and_used(stand_in: StandInHub, tmp_path: Path) -> None:  # noqa: F811
    spec = engines.find("documents", "multilingual-e5-small")
    serve(stand_in, spec, tiny_e5(tmp_path / "made"))
    brought(spec, stand_in)
    file = tmp_path / "a.txt"
    file.write_text("\n\n".join(TEXTS), encoding="utf-8")
    found = documents.search_files("cat?", [(file, "a.txt")], index="multilingual-e5-small")
    assert found and found[0].passage.file == "a.txt"
    index = documents.build([documents.Passage("a.txt", 0, text) for text in TEXTS], "auto")
    assert index.engine == "multilingual-e5-small"  # what is here and better is what `auto` means
    before = index.search("cat?", 3)
    engines.unload("documents", "multilingual-e5-small")
    assert index.search("cat?", 3) == before  # the index does not hold the model


def test_vectors_are_means_over_the_tokens_of_length_one(model: e5.MeaningSearch) -> None:
    import torch

    together = model._vectors(TEXTS)
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    for text, vector in zip(TEXTS, together, strict=True):  # padding beside a longer text changes nothing
        tokens = model._tokenizer([text], return_tensors="pt")
        with torch.inference_mode():
            mean = model._model(**tokens).last_hidden_state[0].mean(0)
        assert np.allclose(vector, (mean / mean.norm()).numpy(), atol=1e-5)


def test_questions_and_passages_have_their_own_prefix(model: e5.MeaningSearch, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    vectors = model._vectors

    def watched(texts: list[str]) -> Any:
        seen.extend(texts)
        return vectors(texts)

    monkeypatch.setattr(model, "_vectors", watched)
    model.nearest(model.prepare(["b"], Job()), "a", 1)
    assert seen == ["passage: b", "query: a"]


def test_the_nearest_come_first_and_no_more_than_there_are(model: e5.MeaningSearch) -> None:
    prepared = model.prepare(TEXTS, Job())
    nearest = model.nearest(prepared, TEXTS[1], 10)
    assert len(nearest) <= len(TEXTS) and len({at for at, _ in nearest}) == len(nearest)
    assert [score for _, score in nearest] == sorted((score for _, score in nearest), reverse=True)


def test_a_passage_longer_than_the_model_reads_is_cut(model: e5.MeaningSearch) -> None:
    assert np.isfinite(model._vectors(["passage: " + "a b " * 2_000])).all()


def test_indexing_tells_how_far_it_is_and_can_be_stopped(model: e5.MeaningSearch) -> None:
    told: list[float | None] = []

    def hear(progress: Progress) -> None:
        told.append(progress.fraction)
        if len(told) == 3:
            job.cancel()

    job = Job(hear)
    with pytest.raises(Cancelled):
        model.prepare([f"text {at}" for at in range(100)], job)
    assert told == [0.0, 0.08, 0.16]
