"""What this machine has and lacks for the app: `python -m pipelines.doctor` (Korean with MODU_LANGUAGE=ko).

Each finding is one line, and each that is not well has a line that says what to do. Nothing heavy is imported, and
only the question whether the Hub can be reached uses the network.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipelines import engines, memory, settings, transfer
from pipelines.errors import PipelineError
from pipelines.hub_cli import register_all
from pipelines.words import EMPTY, Language, Text

State = Literal["good", "so-so", "bad"]
ENOUGH_DISK_MB, ENOUGH_MEMORY_MB = 5_000, 3_000
PATIENCE_S = 5.0
_FONTS = ("NotoSansCJK*", "NotoSansKR*", "NanumGothic*", "malgun*", "AppleSDGothicNeo*", "Pretendard*")
_FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.fonts", "~/.local/share/fonts", "C:/Windows/Fonts",
                 "/System/Library/Fonts", "/Library/Fonts")  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """One line of the report. `fix` is empty where nothing is to be done."""

    name: Text
    state: State
    value: Text
    fix: Text = EMPTY


def examine(ask_the_hub: bool = True) -> list[Finding]:
    """Look at everything. `ask_the_hub=False` leaves the network alone."""
    first = _settings()
    if first.state == "bad":  # without settings the rest cannot be judged
        return [first, _python()]
    looks: list[Callable[[], Finding]] = [_python, _packages, _memory, _threads, _disk, _gpu, _tesseract, _fonts]
    return [first, *(look() for look in (*looks, *([_hub] if ask_the_hub else [])))]


def main() -> int:
    """Print the report; the exit status is 1 when something is bad."""
    register_all()
    found = examine()
    try:
        language = settings.current().language or "en"
    except PipelineError:
        language = "en"
    sys.stdout.write(report(found, language))
    return int(any(one.state == "bad" for one in found))


def report(found: list[Finding], language: Language) -> str:
    """The findings as lines of text."""
    signs = {"good": "ok  ", "so-so": "note", "bad": "BAD "}
    lines = []
    for one in found:
        lines.append(f"{signs[one.state]} {one.name.to(language)}: {one.value.to(language)}")
        if one.fix != EMPTY:
            lines.append(f"     -> {one.fix.to(language)}")
    return "\n".join(lines) + "\n"


def _settings() -> Finding:
    name = Text(en="Settings", ko="설정")
    try:
        chosen = settings.current()
    except PipelineError as error:
        fix = Text(en="Correct or remove this environment variable.", ko="이 환경 변수를 고치거나 지우세요.")
        return Finding(name, "bad", error.message, fix)
    unknown = sorted(set(chosen.engines) - set(engines.tasks()))
    if unknown:
        listed = ", ".join(f"MODU_{task.upper()}_ENGINE" for task in unknown)
        return Finding(
            name,
            "so-so",
            Text(en=f"{listed} names no task", ko=f"{listed}: 그런 작업이 없습니다"),
            Text(en=f"The tasks are: {', '.join(engines.tasks())}.", ko=f"작업: {', '.join(engines.tasks())}."),
        )
    return Finding(name, "good", Text(en="readable", ko="이상 없음"))


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    fix = Text(en="Install Python 3.10 or newer.", ko="Python 3.10 이상을 설치하세요.")
    good = sys.version_info >= (3, 10)
    return Finding(_same("Python"), "good" if good else "bad", _same(version), EMPTY if good else fix)


def _packages() -> Finding:
    """Which engines lack a package. Embedded ones must have all of theirs."""
    lacking: dict[str, list[str]] = {}
    embedded = False
    for spec in (spec for task in engines.tasks() for spec in engines.specs(task)):
        for module in spec.requires:
            if importlib.util.find_spec(module) is None:
                lacking.setdefault(module, []).append(f"{spec.task}/{spec.name}")
                embedded = embedded or spec.kind == "embedded"
    name = Text(en="Packages", ko="패키지")
    if not lacking:
        return Finding(name, "good", Text(en="every engine has what it needs", ko="모든 엔진에 필요한 것이 있음"))
    listed = "; ".join(f"{module} ({', '.join(users)})" for module, users in lacking.items())
    return Finding(
        name,
        "bad" if embedded else "so-so",
        Text(en=f"missing: {listed}", ko=f"없음: {listed}"),
        Text(en="Run: pip install -r requirements.txt", ko="실행: pip install -r requirements.txt"),
    )


def _memory() -> Finding:
    limit, budget = memory.limit_mb(), engines.budget_mb()
    value = Text(
        en=f"{limit / 1024:.1f} GB allowed, {budget / 1024:.1f} GB of it for engines",
        ko=f"허용량 {limit / 1024:.1f} GB, 그중 엔진에 {budget / 1024:.1f} GB",
    )
    fix = Text(
        en="Only small engines fit; give the container more, or set MODU_MEMORY_GB.",
        ko="작은 엔진만 들어갑니다. 컨테이너 메모리를 늘리거나 MODU_MEMORY_GB를 설정하세요.",
    )
    good = budget >= ENOUGH_MEMORY_MB
    return Finding(Text(en="Memory", ko="메모리"), "good" if good else "so-so", value, EMPTY if good else fix)


def _threads() -> Finding:
    mine = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    fix = Text(
        en="One core answers slowly; give the app two or more.", ko="코어가 하나면 느립니다. 두 개 이상을 주세요."
    )
    value = Text(en=f"{mine} cores", ko=f"코어 {mine}개")
    return Finding(
        Text(en="Processor", ko="프로세서"), "good" if mine > 1 else "so-so", value, EMPTY if mine > 1 else fix
    )


def _disk() -> Finding:
    from huggingface_hub import constants

    free = transfer.free_bytes(Path(constants.HF_HUB_CACHE)) / 1e6
    good = free >= ENOUGH_DISK_MB
    fix = Text(
        en="Large models will not fit: free some space, or set HF_HOME to another disk.",
        ko="큰 모델이 들어가지 않습니다. 공간을 비우거나 HF_HOME을 다른 디스크로 정하세요.",
    )
    value = Text(en=f"{free / 1000:.1f} GB free for models", ko=f"모델을 둘 곳에 {free / 1000:.1f} GB 남음")
    return Finding(Text(en="Disk", ko="디스크"), "good" if good else "so-so", value, EMPTY if good else fix)


def _gpu() -> Finding:
    name = Text(en="GPU", ko="GPU")
    cards = _lines("nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader")
    if not cards:
        return Finding(name, "good", Text(en="none; everything runs on the processor", ko="없음. 프로세서로 동작함"))
    torch = _version("torch")
    if torch is not None and "+cpu" in torch:
        fix = Text(
            en="This torch cannot use it: pip install --force-reinstall torch (without the cpu index).",
            ko="설치된 torch는 GPU를 쓰지 못합니다. cpu 색인 없이 다시 설치하세요: pip install --force-reinstall torch",
        )
        return Finding(name, "so-so", _same(cards[0]), fix)
    return Finding(name, "good", _same(cards[0]))


def _tesseract() -> Finding:
    name = _same("Tesseract")
    languages = {line.strip() for line in _lines("tesseract", "--list-langs")[1:]}
    lacking = sorted({"eng", "kor"} - languages)
    if not lacking:
        return Finding(name, "good", Text(en="installed, with English and Korean", ko="설치됨 (영어, 한국어)"))
    install = "apt-get install tesseract-ocr tesseract-ocr-kor"
    fix = Text(en=f"Only for its OCR engine: {install}", ko=f"이 OCR 엔진을 쓸 때만 필요합니다: {install}")
    there = shutil.which("tesseract") is not None
    listed = ", ".join(lacking)
    value = Text(en=f"lacks {listed}", ko=f"{listed} 없음") if there else Text(en="not installed", ko="설치되지 않음")
    return Finding(name, "so-so", value, fix)


def _fonts() -> Finding:
    name = Text(en="Korean font", ko="한글 글꼴")
    listed = _lines("fc-list", ":lang=ko", "family") or [path.stem for path in _font_files()]
    if listed:
        return Finding(name, "good", _same(listed[0].split(",")[0]))
    fix = Text(
        en="Korean words on pictures would be boxes: apt-get install fonts-noto-cjk",
        ko="그림 위의 한글이 네모로 나옵니다. 실행: apt-get install fonts-noto-cjk",
    )
    return Finding(name, "so-so", Text(en="none found", ko="찾지 못함"), fix)


def _hub() -> Finding:
    from huggingface_hub import constants, get_token

    name = Text(en="Hugging Face Hub", ko="Hugging Face Hub")
    if settings.current().offline:
        return Finding(name, "good", Text(en="not asked: set to work offline", ko="묻지 않음 (오프라인 설정)"))
    problem = _reach(f"{constants.ENDPOINT}/api/models?limit=1")
    if problem is not None:
        fix = Text(
            en="Built-in engines work all the same. Check the network, a proxy (HTTPS_PROXY), or HF_ENDPOINT.",
            ko="내장 엔진은 그대로 됩니다. 네트워크, 프록시(HTTPS_PROXY), HF_ENDPOINT를 확인하세요.",
        )
        return Finding(name, "so-so", problem, fix)
    with_token = get_token() is not None
    value = Text(en="reachable, with a token", ko="연결됨, 토큰 있음") if with_token else Text(
        en="reachable, without a token", ko="연결됨, 토큰 없음"
    )  # fmt: skip
    return Finding(name, "good", value)


def _reach(address: str) -> Text | None:
    """Why the address does not answer as it should, or None."""
    import httpx

    try:
        answer = httpx.get(address, timeout=PATIENCE_S, follow_redirects=True)
        answer.raise_for_status()
        answer.json()
    except httpx.HTTPStatusError as error:
        status = error.response.status_code
        return Text(en=f"answers {status}", ko=f"응답: {status}")
    except (httpx.HTTPError, OSError):
        return Text(en="cannot be reached", ko="연결할 수 없음")
    except ValueError:
        return Text(en="a web page answers in its place", ko="다른 웹 페이지가 대신 응답함")
    return None


def _lines(*command: str) -> list[str]:
    """What a program prints, or nothing where it is not installed or does not work."""
    if shutil.which(command[0]) is None:
        return []
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return [line for line in done.stdout.splitlines() if line.strip()] if done.returncode == 0 else []


def _font_files() -> list[Path]:
    folders = [Path(folder).expanduser() for folder in _FONT_FOLDERS]
    return [path for folder in folders if folder.is_dir() for name in _FONTS for path in folder.rglob(name)]


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _same(text: str) -> Text:
    return Text(en=text, ko=text)


if __name__ == "__main__":
    sys.exit(main())
