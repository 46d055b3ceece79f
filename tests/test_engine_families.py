"""Engines that are opened by the name of their repository: hub:<org>/<name>, on one's own machine and a managed one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fakes import FakeModule, spec

from pipelines import engines
from pipelines.engines import EngineModule
from pipelines.errors import EngineUnavailable, InvalidInput, UnknownEngine
from pipelines.job import Job

pytestmark = pytest.mark.usefixtures("own_engines")


class Family:
    """Opens repositories that hold `config.json`; its engine is the folder that it was loaded from."""

    def module(self, repo: str) -> EngineModule:
        return Opened(repo)

    def fits(self, folder: Path) -> bool:
        return (folder / "config.json").is_file()


class Opened:
    def __init__(self, repo: str) -> None:
        self.SPEC = spec(name=f"hub:{repo}", kind="hub", rank=5, repo=repo, files=("config.json",))

    def load(self, folder: Path | None) -> Any:
        return folder


@pytest.fixture(autouse=True)
def _task(own_engines: None) -> None:
    engines.register("fake", (FakeModule(spec(name="embedded", rank=1)),), family=Family())


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the owner with one model of the family and one of another kind."""
    for repo, name in (("org/talker", "config.json"), ("org/other", "model.onnx")):
        (tmp_path / repo).mkdir(parents=True)
        (tmp_path / repo / name).write_text("{}")
    monkeypatch.setenv("MODU_MODELS_DIR", str(tmp_path))
    return tmp_path


def names() -> list[str]:
    return [one.name for one in engines.specs("fake")]


def test_what_the_owner_put_into_the_folder_is_offered_by_itself(models: Path) -> None:
    assert names() == ["hub:org/talker", "embedded"]
    assert engines.status(engines.find("fake", "hub:org/talker")) == "ready"
    assert engines.choose("fake").name == "hub:org/talker"


def test_it_loads_from_the_owners_folder(models: Path) -> None:
    with engines.use("fake", "hub:org/talker", Job()) as (used, engine):
        assert used.name == "hub:org/talker"
        assert engine == models / "org/talker"


def test_without_a_folder_only_the_tasks_own_engines_are_there() -> None:
    assert names() == ["embedded"]


def test_on_ones_own_machine_any_repository_can_be_named() -> None:
    opened = engines.find("fake", "hub:somebody/model-1.5")
    assert opened.repo == "somebody/model-1.5"
    assert engines.status(opened) == "not_downloaded"
    assert engines.choose("fake").name == "embedded", "auto never downloads"


@pytest.mark.parametrize(
    "name", ["hub:", "hub:one", "hub:../etc/passwd", "hub:a/b/c", "hub:/etc", "hub:a/..", "hub:a b/c"]
)
def test_what_is_no_repository_is_said_so(name: str) -> None:
    with pytest.raises(InvalidInput, match="huggingface"):
        engines.find("fake", name)


def test_a_task_without_a_family_knows_no_hub_names() -> None:
    engines.register("plain", (FakeModule(spec(task="plain", name="embedded")),))
    with pytest.raises(UnknownEngine):
        engines.find("plain", "hub:org/talker")


def test_a_managed_server_opens_only_what_its_owner_listed(monkeypatch: pytest.MonkeyPatch, models: Path) -> None:
    monkeypatch.setenv("SPACE_ID", "org/space")
    with pytest.raises(EngineUnavailable, match="listed"):
        engines.find("fake", "hub:somebody/model")
    assert engines.find("fake", "hub:org/talker").repo == "org/talker"
    monkeypatch.setenv("MODU_ALLOW", "somebody/model, other/one")
    assert engines.find("fake", "hub:somebody/model").repo == "somebody/model"


def test_what_was_opened_before_the_server_was_managed_is_gone_from_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    engines.find("fake", "hub:somebody/model")
    assert "hub:somebody/model" in names()
    monkeypatch.setenv("SPACE_ID", "org/space")
    assert names() == ["embedded"]


def test_the_owners_choice_may_be_a_repository(monkeypatch: pytest.MonkeyPatch, models: Path) -> None:
    (models / "org/second").mkdir()
    (models / "org/second/config.json").write_text("{}")
    monkeypatch.setenv("SPACE_ID", "org/space")
    monkeypatch.setenv("MODU_FAKE_ENGINE", "hub:org/second")
    assert engines.choose("fake").name == "hub:org/second"
