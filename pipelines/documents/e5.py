"""Passages found by meaning: Multilingual E5 (small) makes sentences into vectors, FAISS compares them.

It knows that "pay" and "cost" are related, and finds an English passage for a Korean question. Use as its card
says: "query: " and "passage: " in front, the mean over all tokens, length 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.documents.contract import TASK
from pipelines.engines import EngineSpec
from pipelines.job import Job
from pipelines.words import Text

# Licence, prefixes and pooling as read in the card (free2aitools.com/model/intfloat/multilingual-e5-small); shape in
# config.json of intfloat/multilingual-e5-small; files in a public list of their checksums at commit
# 614241f622f53c4eeff9890bdc4f31cfecc418b3; 0.44 GiB according to huggingface/transformers.js#241, which is what the
# 117,653,760 weights of that shape take. Memory: that shape with random weights added 755 MB while it indexed; the
# tokenizer of the real one is larger.
SPEC = EngineSpec(
    task=TASK,
    name="multilingual-e5-small",
    label=Text(en="Multilingual E5 small (meaning)", ko="Multilingual E5 small (뜻 비교)"),
    kind="hub",
    rank=50,
    licence="MIT",
    size_mb=488,
    memory_mb=850,
    requires=("transformers", "torch", "faiss"),
    repo="intfloat/multilingual-e5-small",
    files=(
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
        "special_tokens_map.json|",
    ),
    verified=True,
)

LONGEST = 512  # tokens; what is longer is cut
BATCH = 8
_PREPARING = Text(en="Indexing the documents...", ko="문서 색인 만드는 중...")


@dataclass(frozen=True)
class Vectors:
    """The passages as rows of length 1 in an exact index of FAISS."""

    index: Any


class MeaningSearch:
    """A loaded model. One call at a time: `engines.use` holds the lock."""

    def __init__(self, tokenizer: Any, model: Any) -> None:
        self._tokenizer = tokenizer
        self._model = model

    def prepare(self, texts: Sequence[str], job: Job) -> Vectors:
        import faiss

        index = faiss.IndexFlatIP(int(self._model.config.hidden_size))
        for at in range(0, len(texts), BATCH):
            job.progress(at / len(texts), _PREPARING)
            index.add(self._vectors([f"passage: {text}" for text in texts[at : at + BATCH]]))
        return Vectors(index)

    def nearest(self, prepared: Vectors, question: str, k: int) -> list[tuple[int, float]]:
        scores, places = prepared.index.search(self._vectors([f"query: {question}"]), k)
        return [(int(at), float(score)) for at, score in zip(places[0], scores[0], strict=True) if at >= 0 < score]

    def _vectors(self, texts: Sequence[str]) -> Any:
        import torch

        tokens = self._tokenizer(
            list(texts), max_length=LONGEST, truncation=True, padding=True, return_tensors="pt"
        ).to(self._model.device)
        with torch.inference_mode():
            hidden = self._model(**tokens).last_hidden_state.float()
        shown = tokens["attention_mask"].unsqueeze(-1)
        mean = (hidden * shown).sum(1) / shown.sum(1)
        return torch.nn.functional.normalize(mean, dim=1).cpu().numpy()


def load(folder: Path | None) -> MeaningSearch:
    import faiss  # noqa: F401  a broken installation shows here, not at the first question
    import torch
    from transformers import AutoModel, AutoTokenizer

    place = str(folder)
    tokenizer = AutoTokenizer.from_pretrained(place, local_files_only=True)
    model = AutoModel.from_pretrained(place, local_files_only=True, use_safetensors=True).eval()
    return MeaningSearch(tokenizer, model.to("cuda" if torch.cuda.is_available() else "cpu"))
