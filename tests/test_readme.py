"""The README, in both languages, against the code: what it promises is there, and what is there is told."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from conftest import ROOT

from pipelines import engines, settings
from pipelines.settings import Limits
from tabs import TABS, _words

ENGLISH, KOREAN = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.ko.md"))
BOTH = pytest.mark.parametrize("text", [ENGLISH, KOREAN], ids=["en", "ko"])


def blocks(text: str, language: str = "") -> list[str]:
    """The fenced blocks of exactly this language (none: plain ones)."""
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return [body for name, body in fenced if name == language]


def head() -> dict[str, Any]:
    """What a Space reads: the YAML before the first heading."""
    import yaml

    assert ENGLISH.startswith("---\n")
    return dict(yaml.safe_load(ENGLISH.split("---\n")[1]))


def pinned(package: str) -> str:
    return str(re.search(rf"^{re.escape(package)}==(\S+)", read("requirements.txt"), re.MULTILINE)[1])  # type: ignore[index]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def variables() -> set[str]:
    """The MODU_ variables that the settings read, a task or a limit in them written as a placeholder."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(Path(settings.__file__).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "_by_task":
            found.add(f"MODU_<TASK>{ast.literal_eval(node.args[1])}")
        elif isinstance(node, ast.JoinedStr):
            parts = [part.value if isinstance(part, ast.Constant) else "{}" for part in node.values]
            found |= {name.replace("{}", holder(name)) for name in ["".join(map(str, parts))] if name[:5] == "MODU_"}
        elif isinstance(node, ast.Constant) and re.fullmatch(r"MODU_[A-Z_]*[A-Z]", str(node.value)):
            found.add(str(node.value))
    return found


def holder(name: str) -> str:
    return "<NAME>" if name.startswith("MODU_LIMIT_") else "<TASK>"


def test_the_settings_are_read_from_the_source() -> None:
    assert {"MODU_OFFLINE", "MODU_TABS", "MODU_<TASK>_ENGINE", "MODU_LIMIT_<NAME>"} <= variables()


@BOTH
def test_every_setting_is_told_and_every_told_setting_exists(text: str) -> None:
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `MODU_")]
    told = {name for row in rows for name in re.findall(r"MODU_[A-Z_<>]+", row)}
    assert told == variables()


@BOTH
def test_every_limit_is_told_with_its_default(text: str) -> None:
    for name, value in vars(Limits()).items():
        row = next((line for line in text.splitlines() if f"| `{name.upper()}` |" in line), "")
        default = f"{int(value):,}" if value == int(value) else str(value)
        assert f"| {default} |" in row, name


@BOTH
def test_the_two_commands_stand_there_as_they_are_run(text: str) -> None:
    commands = [block.strip() for block in blocks(text)]
    assert "pip install -r requirements.txt && python app.py" in commands
    assert "pip install -r tests/requirements.txt && pytest" in commands


@BOTH
def test_the_fix_for_opencv_installs_the_pinned_version(text: str) -> None:
    fix = f"pip install --force-reinstall --no-deps opencv-python-headless=={pinned('opencv-python-headless')}"
    assert fix in [block.strip() for block in blocks(text)]
    assert fix in read("requirements.txt")


@BOTH
def test_every_endpoint_is_named(text: str, client: Any) -> None:
    published = set(client.view_api(return_format="dict", print_info=False)["named_endpoints"])
    assert published
    assert not [name for name in published if f"`{name}`" not in text]


@pytest.mark.parametrize(("text", "language"), [(ENGLISH, "en"), (KOREAN, "ko")], ids=["en", "ko"])
def test_every_tab_stands_in_the_table(text: str, language: str) -> None:
    for tab in TABS:
        titles = [title for key, title in _words._tables[language].items() if str(gr.I18n()(key)) == tab.TITLE]
        assert len(titles) == 1
        assert f"| **{titles[0]}** |" in text


@BOTH
def test_the_files_that_are_named_exist(text: str) -> None:
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    cells = {name for row in rows for name in re.findall(r"`([^`]+)`", row)}
    files = {name for name in cells if "/" in name[1:] or name.endswith((".py", ".txt", ".toml", ".md"))} - {"/"}
    files -= {name for name in files if name.startswith("/")}
    assert len(files) > 20
    assert not [name for name in files if not (ROOT / name).exists()]


@BOTH
def test_every_task_and_every_tab_is_in_the_list_of_files(text: str) -> None:
    packages = [path.parent for path in (ROOT / "pipelines").glob("*/__init__.py")]
    tabs = [path.parent for path in (ROOT / "tabs").glob("*/__init__.py")] + list((ROOT / "tabs").glob("[!_]*.py"))
    assert packages
    for path in packages + tabs:
        assert f"`{path.relative_to(ROOT).as_posix()}{'/' if path.is_dir() else ''}`" in text


@BOTH
def test_the_python_of_the_readme_runs(text: str, app_url: str, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.chdir(ROOT)
    code = blocks(text, "python")[0]
    assert len(code.strip().splitlines()) == 5
    exec(compile(code.replace("http://127.0.0.1:7860", app_url), "README", "exec"), {})
    label, faces, picture = capsys.readouterr().out.strip().splitlines()[-1].split(" ", 2)
    assert label == "7"
    assert int(faces) >= 1
    assert Path(picture).suffix == ".png"


@BOTH
def test_the_curl_lines_are_answered(text: str, app_url: str) -> None:
    """The same three requests, made here as curl would make them."""
    import httpx

    lines = next(block for block in blocks(text) if block.startswith("curl")).strip().splitlines()
    upload, ask, follow = (re.search(r"http://127\.0\.0\.1:7860(\S+)", line)[1] for line in lines)  # type: ignore[index]
    name = re.search(r'files=@([^"]+)', lines[0])[1]  # type: ignore[index]
    path = httpx.post(app_url + upload, files={"files": (ROOT / name).read_bytes()}).json()[0]
    body = re.search(r"-d '(.*)'", lines[1])[1].replace("PATH_FROM_ABOVE", path)  # type: ignore[index]
    event = httpx.post(app_url + ask, content=body, headers={"Content-Type": "application/json"}).json()["event_id"]
    answer = httpx.get(app_url + follow.replace("EVENT_ID_FROM_ABOVE", event), timeout=60).text
    assert "event: complete" in answer
    assert '"label": "7"' in answer


def test_the_head_is_what_a_space_needs() -> None:
    facts = head()
    assert facts["sdk"] == "gradio"
    assert facts["sdk_version"] == re.search(r"^gradio\[.*\]==(\S+)", read("requirements.txt"), re.MULTILINE)[1]  # type: ignore[index]
    assert facts["python_version"] == "3.12"
    assert (ROOT / facts["app_file"]).is_file()
    assert facts["license"] == "mit"
    assert len(facts["short_description"]) <= 60
    assert "preload_from_hub" not in facts


def test_the_head_names_the_hub_models_of_the_tabs() -> None:
    repos = {spec.repo for tab in TABS for spec in engines.specs(tab.TASK) if spec.kind == "hub" and not spec.web_files}
    assert set(head()["models"]) == repos


@BOTH
def test_pictures_and_links_lead_somewhere(text: str) -> None:
    targets = [target for target in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in target]
    assert targets
    assert not [target for target in targets if not (ROOT / target).is_file()]


def test_both_languages_show_the_same_code() -> None:
    for language in ("html", "python"):
        plain = [re.sub(r"\s*#.*", "", block) for block in blocks(ENGLISH, language)]
        assert plain == [re.sub(r"\s*#.*", "", block) for block in blocks(KOREAN, language)]
