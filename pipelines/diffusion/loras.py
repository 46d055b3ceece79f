"""Style plug-ins (LoRA): found by their name, put on for one call, and taken off again."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipelines import hub, settings
from pipelines.errors import EngineUnavailable, InvalidInput
from pipelines.job import Job
from pipelines.words import Text

log = logging.getLogger(__name__)

WORN = "worn"
FILES = ("pytorch_lora_weights.safetensors|*.safetensors",)  # never the pickled form
_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,95}(/[A-Za-z0-9][\w.-]{0,95}){0,2}")


def find(name: str, job: Job) -> Path:
    """The file of a LoRA: a name below `MODU_MODELS_DIR` (a folder or a file), else one on the Hub.

    Never a path of the server. `org/name/file.safetensors` picks one file of a repository that has several.
    """
    if not _NAME.fullmatch(name) or ".." in name:
        raise _no_name(name)
    own = settings.current().models_dir
    if own is not None and (own / name).exists():
        return _one_file(own / name, name)
    repo, _, file = _parted(name)
    if "/" not in repo:
        raise InvalidInput(
            Text(
                en=f"There is no style {name!r} in the owner's folder of models (MODU_MODELS_DIR).",
                ko=f"소유자의 모델 폴더(MODU_MODELS_DIR)에 {name!r} 스타일이 없습니다.",
            )
        )
    if not hub.permitted(repo):
        raise EngineUnavailable(
            Text(
                en=f"The owner of this page has not listed the style {repo}.",
                ko=f"이 페이지의 소유자가 {repo} 스타일을 허용하지 않았습니다.",
            )
        )
    label = Text(en=f"The style {repo}", ko=f"스타일 {repo}")
    files = (file,) if file else FILES
    folder = hub.find(repo, files) or hub.fetch(repo, files, None, job, label=label)
    return _one_file(folder / file if file else folder, name)


@contextmanager
def worn(pipe: Any, file: Path | None, scale: float) -> Iterator[None]:
    """The pipeline with this LoRA at this strength; afterwards it is bare again, whatever happened."""
    if file is None:
        yield
        return
    try:
        _put_on(pipe, file, scale)
        yield
    finally:
        pipe.unload_lora_weights()


def _put_on(pipe: Any, file: Path, scale: float) -> None:
    try:
        pipe.load_lora_weights(file.parent, weight_name=file.name, adapter_name=WORN, local_files_only=True)
        named = {name for names in pipe.get_list_adapters().values() for name in names}
    except (ValueError, RuntimeError, KeyError, OSError) as error:  # each loader has its own way to say so
        log.warning("the LoRA %s does not fit: %s", file.name, type(error).__name__)
        raise _unsuitable(file.name) from None
    if WORN not in named:
        raise _unsuitable(file.name)
    pipe.set_adapters(WORN, scale)


def _parted(name: str) -> tuple[str, str, str]:
    """Repository and file of `org/name/file`."""
    parts = name.split("/")
    repo = "/".join(parts[:2])
    return repo, "/", parts[2] if len(parts) == 3 else ""


def _one_file(place: Path, name: str) -> Path:
    if place.is_file() and place.suffix == ".safetensors":
        return place
    found = sorted(place.glob("*.safetensors")) if place.is_dir() else []
    usual = [path for path in found if path.name == "pytorch_lora_weights.safetensors"] or found
    if len(usual) == 1:
        return usual[0]
    if not usual:
        raise InvalidInput(Text(en=f"{name} holds no .safetensors file.", ko=f"{name}에 .safetensors 파일이 없습니다."))
    listed = ", ".join(path.name for path in usual[:8])
    raise InvalidInput(
        Text(
            en=f"{name} holds several styles. Write {name}/ and one of: {listed}.",
            ko=f"{name}에는 스타일이 여러 개 있습니다. {name}/ 뒤에 하나를 쓰세요: {listed}.",
        )
    )


def _no_name(name: str) -> InvalidInput:
    return InvalidInput(
        Text(
            en=f"{name[:60]!r} is no name of a style (LoRA). Write organisation/name, as on huggingface.co.",
            ko=f"{name[:60]!r}은(는) 스타일(LoRA) 이름이 아닙니다. huggingface.co처럼 조직/이름으로 써 주세요.",
        )
    )


def _unsuitable(name: str) -> InvalidInput:
    return InvalidInput(
        Text(
            en=f"The style {name} was made for another model and does not fit this one.",
            ko=f"스타일 {name}은(는) 다른 모델용이라 이 모델에 맞지 않습니다.",
        )
    )
