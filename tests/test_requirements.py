"""What is installed: the pins fit each other, this environment and what the source imports."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import sys

import pytest
from conftest import ROOT
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pipelines import engines

PYTHONS = ("3.10", "3.11", "3.12")
# The first three come with gradio, the fourth with huggingface_hub, the others with kokoro.
BROUGHT = {"starlette", "httpx", "jinja2", "filelock", "misaki", "loguru"}
# A ZeroGPU Space brings `spaces`. pyarrow (MNIST from the Hub cache) stays out: pandas would load it at every start.
OPTIONAL = {"spaces", "pyarrow"}


def lines_of(name: str) -> list[str]:
    lines = [line.split("#")[0].strip() for line in (ROOT / name).read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if line]


PINS = [Requirement(line) for line in lines_of("requirements.txt")]


def applying(python: str) -> list[Requirement]:
    return [pin for pin in PINS if pin.marker is None or pin.marker.evaluate({"python_version": python})]


@pytest.mark.parametrize("python", PYTHONS)
def test_every_package_has_exactly_one_pin(python: str) -> None:
    names = [canonicalize_name(pin.name) for pin in applying(python)]
    assert len(names) == len(set(names))
    assert set(names) == {canonicalize_name(pin.name) for pin in PINS}


def test_every_pin_names_a_tested_version() -> None:
    loose = [str(pin) for pin in PINS if not str(pin.specifier).startswith("==")]
    assert loose == ["torch<=2.13.0,>=2.8"]  # ZeroGPU Spaces choose their own within this range


@pytest.mark.parametrize("pin", applying(f"{sys.version_info[0]}.{sys.version_info[1]}"), ids=lambda pin: pin.name)
def test_this_environment_is_the_pinned_one(pin: Requirement) -> None:
    assert pin.specifier.contains(importlib.metadata.version(pin.name), prereleases=True)


def test_both_opencv_wheels_have_one_version() -> None:
    """They write the same folder: different versions break each other."""
    wheels = {pin.name: str(pin.specifier) for pin in PINS if pin.name.startswith("opencv")}
    assert set(wheels) == {"opencv-python", "opencv-python-headless"}
    assert len(set(wheels.values())) == 1


def imported() -> set[str]:
    """Every package that the app's source imports, lazily or not."""
    found: set[str] = set()
    for path in [ROOT / "app.py", *(ROOT / "pipelines").rglob("*.py"), *(ROOT / "tabs").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.split(".")[0])
    return found - set(sys.stdlib_module_names) - {"pipelines", "tabs", "app", "routes"}


def test_everything_imported_is_listed() -> None:
    homes = importlib.metadata.packages_distributions()
    listed = {canonicalize_name(pin.name) for pin in PINS}
    asked = imported() | {
        module for task in engines.tasks() for spec in engines.specs(task) for module in spec.requires
    }
    missing = {
        module
        for module in asked - OPTIONAL - BROUGHT
        if not listed & {canonicalize_name(home) for home in homes.get(module, [])}
    }
    assert not missing


def test_the_tests_install_the_app_as_well() -> None:
    assert lines_of("tests/requirements.txt")[0] == "-r ../requirements.txt"


def test_a_space_gets_the_libraries_that_opencv_wants() -> None:
    """A Space hands this file to apt as it is: one name per line, no comments."""
    names = (ROOT / "packages.txt").read_text(encoding="utf-8").splitlines()
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9.+-]+", name) for name in names)
    assert {"libgl1", "libglib2.0-0", "libxcb1", "libx11-6"} <= set(names)
