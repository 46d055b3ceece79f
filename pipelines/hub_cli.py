"""Models from a terminal: `python -m pipelines.hub plan|fetch|list|remove <task>/<engine>`.

The same plan, download and removal as in the app, in English, or in Korean with MODU_LANGUAGE=ko.
"""

from __future__ import annotations

import argparse
import importlib
import json
import logging
import pkgutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

import pipelines
from pipelines import engines, plan, settings, weights
from pipelines.engines import EngineSpec
from pipelines.errors import InvalidInput, PipelineError
from pipelines.job import Job, Progress
from pipelines.plan import Plan, megabytes
from pipelines.words import Language, Text

LOG_EVERY_S = 5.0  # between two lines of progress where there is no terminal

_NOTHING = Text(
    en="{label} is built in: there is nothing to fetch.", ko="{label}은(는) 내장 엔진이라 내려받을 것이 없습니다."
)
_STATUS = {
    "loaded": Text(en="loaded", ko="불러옴"),
    "ready": Text(en="ready", ko="준비됨"),
    "not_downloaded": Text(en="not downloaded", ko="내려받지 않음"),
    "missing_package": Text(en="package missing", ko="패키지 없음"),
    "too_big": Text(en="too big", ko="메모리 부족"),
}


def main(arguments: Sequence[str]) -> int:
    """Run one command and return the exit status: 0 done, 1 it failed (the sentence says why), 130 interrupted."""
    given = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.ERROR)
    register_all()
    try:
        if given.command == "list":
            _list(given.json)
        for name in getattr(given, "engine", ()):
            _COMMANDS[given.command](_spec(name), given)
    except PipelineError as error:
        _say(error.message, sys.stderr)
        return 1
    except KeyboardInterrupt:
        _say(Text(en="Stopped. What arrived is kept.", ko="멈췄습니다. 받은 만큼은 남아 있습니다."), sys.stderr)
        return 130
    return 0


def register_all() -> None:
    """Import every task, so that its engines are known. A folder without engines is no task."""
    for found in pkgutil.iter_modules([str(Path(pipelines.__file__).parent)]):
        if found.ispkg:
            importlib.import_module(f"pipelines.{found.name}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m pipelines.hub", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    listing = commands.add_parser("list", help="every engine, its state, size and licence")
    listing.add_argument("--json", action="store_true", help="as the /engines endpoint gives it")
    for name, text in (
        ("plan", "what a download would cost"),
        ("fetch", "download, or check and repair what is here"),
        ("remove", "delete the downloaded files"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("engine", nargs="+", help="task/engine, for example face_mosaic/yunet")
        if name == "fetch":
            command.add_argument("--update", action="store_true", help="take the newest commit of an unpinned model")
    return parser


def _spec(name: str) -> EngineSpec:
    task, _, engine = name.partition("/")
    if task not in engines.tasks():
        listed = ", ".join(engines.tasks())
        raise InvalidInput(
            Text(
                en=f"There is no task {task!r}. Write task/engine, with one of: {listed}.",
                ko=f"{task!r}(이)라는 작업은 없습니다. 작업/엔진 꼴로 쓰세요. 작업: {listed}.",
            )
        )
    return engines.find(task, engine)


def _list(as_json: bool) -> None:
    specs = [spec for task in engines.tasks() for spec in engines.specs(task)]
    if as_json:
        rows = [{**engines.row(spec), "label": spec.label.to(_language())} for spec in specs]
        sys.stdout.write(json.dumps(rows, ensure_ascii=False, indent=2) + "\n")
        return
    for spec in specs:
        state = _STATUS[engines.status(spec)].to(_language())
        size = megabytes(spec.size_mb) if spec.size_mb else "-"
        sys.stdout.write(f"{spec.task + '/' + spec.name:42} {state:16} {size:>8}  {spec.licence}\n")


def _plan(spec: EngineSpec, _given: argparse.Namespace) -> None:
    if spec.kind != "hub":
        _say(_NOTHING.format(label=spec.label))
        return
    known = plan.known(spec)
    _show(known if settings.current().offline else plan.asked(spec))


def _fetch(spec: EngineSpec, given: argparse.Namespace) -> None:
    if spec.kind != "hub":
        _say(_NOTHING.format(label=spec.label))
        return
    _show(plan.known(spec))
    folder = weights.fetch(spec, Job(_Line().show), update=given.update)
    _say(Text(en=f"\n{spec.label.en} is complete: {folder}", ko=f"\n{spec.label.ko}: 모두 받았습니다. {folder}"))


def _remove(spec: EngineSpec, _given: argparse.Namespace) -> None:
    freed = engines.remove(spec)
    _say(
        Text(
            en=f"Removed {spec.label.en}: {megabytes(freed)} freed.",
            ko=f"{spec.label.ko}을(를) 지웠습니다. {megabytes(freed)} 확보.",
        )
    )


_COMMANDS = {"plan": _plan, "fetch": _fetch, "remove": _remove}


def _show(shown: Plan) -> None:
    _say(shown.spec.label)
    place = (Text(en="Folder", ko="폴더"), Text(en=str(shown.destination), ko=str(shown.destination)))
    for name, value in [*shown.facts(), place]:
        _say(Text(en=f"  {name.en}: {value.en}", ko=f"  {name.ko}: {value.ko}"))
    for entry in shown.files:
        sys.stdout.write(f"    {megabytes((entry.size or 0) / 1e6):>8}  {entry.path}\n")
    for problem in shown.problems():
        _say(Text(en=f"  ! {problem.en}", ko=f"  ! {problem.ko}"))


class _Line:
    """Progress as one line that is written over on a terminal, and a line now and then in a log."""

    def __init__(self) -> None:
        self.shown_at = 0.0

    def show(self, progress: Progress) -> None:
        live = sys.stderr.isatty()
        now = time.monotonic()
        if not progress.text.en or now - self.shown_at < (0.1 if live else LOG_EVERY_S):
            return
        self.shown_at = now
        text = progress.text.to(_language())
        sys.stderr.write(f"\r\033[K{text}" if live else f"{text}\n")
        sys.stderr.flush()


def _language() -> Language:
    return settings.current().language or "en"


def _say(text: Text, where: TextIO | None = None) -> None:
    (where or sys.stdout).write(text.to(_language()) + "\n")
