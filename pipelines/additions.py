"""What a visitor puts on top of a model by its name, such as a LoRA: found in the owner's folder or on the Hub."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from pipelines import hub, settings
from pipelines.errors import EngineUnavailable, InvalidInput
from pipelines.job import Job
from pipelines.words import Text

_PART = r"[A-Za-z0-9][\w.-]{0,95}"


def require_name(name: str, noun: Text, parts: int) -> None:
    """Refuse what is no name of at most so many parts; a path of the server never is one."""
    if not re.fullmatch(rf"{_PART}(/{_PART}){{0,{parts - 1}}}", name) or ".." in name:
        raise InvalidInput(_NO_NAME.format(name=repr(name[:60]), noun=noun))


def owners(name: str) -> Path | None:
    """Where the owner's folder of models has this name, if it has."""
    root = settings.current().models_dir
    return root / name if root is not None and (root / name).exists() else None


def fetched(repo: str, files: Sequence[str], job: Job, noun: Text) -> Path:
    """The folder of a repository that holds `files`: fetched if it is not here, and if its owner lets visitors."""
    if "/" not in repo:
        raise InvalidInput(_NOT_HERE.format(name=repr(repo), noun=noun))
    if not hub.permitted(repo):
        raise EngineUnavailable(_NOT_LISTED.format(name=repo, noun=noun))
    label = Text(en=f"The {noun.en} {repo}", ko=f"{noun.ko} {repo}")
    return hub.find(repo, files) or hub.fetch(repo, files, None, job, label=label)


def unsuitable(name: str, noun: Text, detail: str = "") -> InvalidInput:
    """It was made for another model. `detail` names what does not fit."""
    added = f" ({detail})" if detail else ""
    return InvalidInput(_UNSUITABLE.format(name=name, noun=noun, detail=added))


_NO_NAME = Text(
    en="{name} does not name a LoRA ({noun}). Write organisation/name, as on huggingface.co.",
    ko="{name}은(는) {noun}(LoRA) 이름이 아닙니다. huggingface.co처럼 조직/이름으로 써 주세요.",
)
_NOT_HERE = Text(
    en="There is no {noun} {name} in the owner's folder of models (MODU_MODELS_DIR).",
    ko="소유자의 모델 폴더(MODU_MODELS_DIR)에 {name} {noun}이(가) 없습니다.",
)
_NOT_LISTED = Text(
    en="The owner of this page has not listed the {noun} {name}.",
    ko="이 페이지의 소유자가 {name} {noun}을(를) 허용하지 않았습니다.",
)
_UNSUITABLE = Text(
    en="The {noun} {name} was made for another model and does not fit this one{detail}.",
    ko="{noun} {name}은(는) 다른 모델용이라 이 모델에 맞지 않습니다{detail}.",
)
