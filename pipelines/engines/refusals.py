"""What a visitor is told when an engine cannot answer, and what to do instead."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

from pipelines.engines.spec import EngineSpec
from pipelines.errors import UnknownEngine
from pipelines.words import Text


def unknown_engine(name: str, choices: Sequence[str]) -> UnknownEngine:
    listed = ", ".join(choices)
    return UnknownEngine(
        Text(
            en=f"There is no engine {name[:60]!r} here. Choose one of: {listed}.",
            ko=f"{name[:60]!r}(이)라는 엔진은 없습니다. 다음 중에서 고르세요: {listed}.",
        )
    )


def no_server(spec: EngineSpec) -> Text:
    setting = spec.setting or f"MODU_{spec.task.upper()}_URL"
    return Text(
        en=f"{spec.label.en} is not set up: the owner of this app has to set {setting}. Choose another engine.",
        ko=f"{spec.label.ko}이(가) 설정되어 있지 않습니다. 앱 소유자가 {setting}을(를) 지정해야 합니다. "
        "다른 엔진을 골라 주세요.",
    )


def missing_package(spec: EngineSpec) -> Text:
    programs = [name for name in spec.programs if shutil.which(name) is None]
    if programs:
        names = ", ".join(programs)
        return Text(
            en=f"{spec.label.en} needs a program of the system that is not here ({names}); packages.txt names its "
            "package. Choose another engine.",
            ko=f"{spec.label.ko}에 필요한 시스템 프로그램이 없습니다({names}). 패키지 이름은 packages.txt에 있습니다. "
            "다른 엔진을 골라 주세요.",
        )
    modules = ", ".join(spec.requires) or spec.name
    return Text(
        en=f"{spec.label.en} needs a package that is not usable here ({modules}). "
        "Install it with: pip install -r requirements.txt",
        ko=f"{spec.label.ko}에 필요한 패키지를 여기서 쓸 수 없습니다({modules}). "
        "다음으로 설치하세요: pip install -r requirements.txt",
    )


def not_for_visitors(spec: EngineSpec) -> Text:
    return Text(
        en=f"{spec.label.en} is not on this server, and visitors cannot fetch it. Choose another engine.",
        ko=f"{spec.label.ko}은(는) 이 서버에 없고, 방문자는 내려받을 수 없습니다. 다른 엔진을 골라 주세요.",
    )


def too_big(spec: EngineSpec, smaller: Sequence[EngineSpec]) -> Text:
    """`smaller`: the engines of the task that would do, best first."""
    say = Text(
        en=f"{spec.label.en} needs about {spec.memory_mb:.0f} MB of memory, more than is free here.",
        ko=f"{spec.label.ko}에는 메모리가 약 {spec.memory_mb:.0f} MB 필요한데, 지금 그만큼 남아 있지 않습니다.",
    )
    if not smaller:
        return say
    return say + Text(en=f"Try the engine {smaller[0].name}.", ko=f"{smaller[0].name} 엔진을 써 보세요.")


def failed_to_load(spec: EngineSpec, error: str) -> Text:
    """`error`: the name of the library's error."""
    return Text(
        en=f"{spec.label.en} could not be loaded ({error}). Choose another engine.",
        ko=f"{spec.label.ko}을(를) 불러오지 못했습니다({error}). 다른 엔진을 골라 주세요.",
    )
