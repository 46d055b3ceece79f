"""Style plug-ins (LoRA): found by their name, put on for one call, and taken off again."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipelines import additions
from pipelines.errors import InvalidInput
from pipelines.job import Job
from pipelines.words import Text

log = logging.getLogger(__name__)

WORN = "worn"
FILES = ("pytorch_lora_weights.safetensors|*.safetensors",)  # never the pickled form
NOUN = Text(en="style", ko="스타일")


def find(name: str, job: Job) -> Path:
    """The file of a LoRA: a name below `MODU_MODELS_DIR` (a folder or a file), else one on the Hub.

    Never a path of the server. `org/name/file.safetensors` picks one file of a repository that has several.
    """
    additions.require_name(name, NOUN, parts=3)
    own = additions.owners(name)
    if own is not None:
        return _one_file(own, name)
    repo, file = _parted(name)
    folder = additions.fetched(repo, (file,) if file else FILES, job, NOUN)
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
        raise additions.unsuitable(file.name, NOUN) from None
    if WORN not in named:
        raise additions.unsuitable(file.name, NOUN)
    pipe.set_adapters(WORN, scale)


def _parted(name: str) -> tuple[str, str]:
    """Repository and file of `org/name/file`."""
    parts = name.split("/")
    repo = "/".join(parts[:2])
    return repo, parts[2] if len(parts) == 3 else ""


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
