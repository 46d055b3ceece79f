"""The one reader of the environment. Everything has a default that gives a working offline app.

`current()` reads `os.environ` afresh at each call (it is cheap), so a test sets a variable and nothing is cached.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pipelines.errors import InvalidInput
from pipelines.words import Language, Text

MB = 1_000_000
_OURS = ("MODU_", "HF_", "SPACE", "GRADIO_")  # what `from_env` reads begins with one of these
LOOPBACK = ("", "localhost", "127.0.0.1", "::1", "[::1]")


@dataclass(frozen=True)
class Limits:
    """How much of everything a call may bring. Sizes in bytes, times in seconds."""

    picture_pixels: int = 50_000_000
    picture_bytes: int = 20 * MB
    media_bytes: int = 100 * MB
    media_s: float = 30 * 60.0
    speak_characters: int = 20_000
    prompt_characters: int = 8_000
    body_bytes: int = 2 * MB
    pdf_pages: int = 30
    document_bytes: int = 20 * MB
    documents: int = 10
    document_characters: int = 2_000_000
    waiting: int = 32
    batch_files: int = 100
    memory_share: float = 0.7


@dataclass(frozen=True)
class Settings:
    """What the owner of this server chose. Secrets are not kept here; they are read where they are sent."""

    engines: Mapping[str, str] = field(default_factory=dict)  # task -> engine, from MODU_<TASK>_ENGINE
    urls: Mapping[str, str] = field(default_factory=dict)  # task -> server of its remote engine, MODU_<TASK>_URL
    models: Mapping[str, str] = field(default_factory=dict)  # task -> model asked of that server, MODU_<TASK>_MODEL
    adapters: Mapping[str, str] = field(default_factory=dict)  # task -> adapter on its model, MODU_<TASK>_ADAPTER
    waits: Mapping[str, float] = field(default_factory=dict)  # task -> seconds without a word, MODU_<TASK>_WAIT_S
    offline: bool = False
    memory_gb: float | None = None
    idle_minutes: float | None = None  # engines unused for so long are unloaded; None: they stay
    admin: bool = False
    on_space: bool = False
    zero_gpu: bool = False
    server_name: str = ""
    shared: bool = False  # through a public link of Gradio
    allow: tuple[str, ...] = ()
    models_dir: Path | None = None
    tabs: tuple[str, ...] = ()
    language: Language | None = None
    cors_origins: tuple[str, ...] = ()
    mnist_dir: Path | None = None
    faces_dir: Path | None = None
    limits: Limits = Limits()

    @property
    def managed(self) -> bool:
        """Visitors are not the owner: they use what is here and fetch nothing (contract, section 1)."""
        return (self.on_space or self.shared or self.server_name not in LOOPBACK) and not self.admin

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Settings:
        return cls(
            engines=_by_task(env, "_ENGINE"),
            urls=_by_task(env, "_URL"),
            models=_by_task(env, "_MODEL"),
            adapters=_by_task(env, "_ADAPTER"),
            waits={task: _seconds(env, task) for task in _by_task(env, "_WAIT_S")},
            offline=_flag(env, "MODU_OFFLINE") or _flag(env, "HF_HUB_OFFLINE"),
            memory_gb=_number(env, "MODU_MEMORY_GB", None),
            idle_minutes=_number(env, "MODU_IDLE_MINUTES", None),
            admin=_flag(env, "MODU_ADMIN"),
            on_space=bool(env.get("SPACE_ID")),
            zero_gpu=_flag(env, "SPACES_ZERO_GPU"),
            server_name=env.get("GRADIO_SERVER_NAME", ""),
            shared=_flag(env, "GRADIO_SHARE"),
            allow=_names(env, "MODU_ALLOW"),
            models_dir=_folder(env, "MODU_MODELS_DIR"),
            tabs=_names(env, "MODU_TABS"),
            language=_language(env),
            cors_origins=_names(env, "MODU_CORS_ORIGINS"),
            mnist_dir=_folder(env, "MODU_MNIST_DIR"),
            faces_dir=_folder(env, "MODU_FACES_DIR"),
            limits=_limits(env),
        )


def current() -> Settings:
    """The settings as the environment says now."""
    # `os.environ` decodes at each look, and a call looks many times: pick ours out once.
    return Settings.from_env({name: value for name, value in os.environ.items() if name.startswith(_OURS)})


def language() -> Language | None:
    """The language that the owner fixed, alone: labels ask for it a hundred times while the page is built."""
    return _language(os.environ)


def secret(task: str) -> str:
    """The key for a task's remote engine (`MODU_<TASK>_KEY`), read when it is sent and kept nowhere."""
    return os.environ.get(f"MODU_{task.upper()}_KEY", "").strip()


def hub_token() -> str:
    """The owner's token of the Hub (`HF_TOKEN`), read when it is sent and kept nowhere."""
    return os.environ.get("HF_TOKEN", "").strip()


def is_set(name: str) -> bool:
    """Whether the owner set this variable to anything. Its value stays where it is."""
    return bool(os.environ.get(name, "").strip())


def cache_dir() -> Path:
    """Where packages that keep weights outside the Hub cache put them (`XDG_CACHE_HOME`, else `~/.cache`)."""
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()


def prepare() -> None:
    """Set what Gradio reads at import. Call before the first `import gradio`.

    No telemetry and no version check leave this machine, and a proxy of the user's network is not asked
    for our own address (Gradio greets itself at start and would die). Gradio also sums up all earlier events
    after each one, for a monitoring page that is switched off: 20 ms of work that nobody would see.
    """
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", str(10**9))
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    for name in ("NO_PROXY", "no_proxy"):
        hosts = [host for host in os.environ.get(name, "").split(",") if host]
        missing = [host for host in ("localhost", "127.0.0.1") if host not in hosts]
        os.environ[name] = ",".join(hosts + missing)


def _by_task(env: Mapping[str, str], ending: str) -> dict[str, str]:
    """`MODU_<TASK><ending>` of every task that has one, by the task's slug."""
    return {
        key[len("MODU_") : -len(ending)].lower(): value.strip()
        for key, value in env.items()
        if key.startswith("MODU_") and key.endswith(ending) and value.strip()
    }


def _limits(env: Mapping[str, str]) -> Limits:
    """The limits, each changed by `MODU_LIMIT_<NAME>` where the owner set it."""
    chosen = {name: _number(env, f"MODU_LIMIT_{name.upper()}", None) for name in vars(Limits())}
    changed: dict[str, Any] = {name: type(getattr(Limits(), name))(value) for name, value in chosen.items() if value}
    return replace(Limits(), **changed)


def _wrong(name: str, value: str, wanted_en: str, wanted_ko: str) -> InvalidInput:
    return InvalidInput(
        Text(
            en=f"The setting {name} is {value!r}, but must be {wanted_en}.",
            ko=f"설정 {name}의 값이 {value!r}입니다. {wanted_ko}(으)로 바꿔 주세요.",
        )
    )


def _flag(env: Mapping[str, str], name: str) -> bool:
    value = env.get(name, "").strip().lower()
    if value in ("1", "true", "yes", "on"):
        return True
    if value in ("", "0", "false", "no", "off"):
        return False
    raise _wrong(name, value, "1 or 0", "1 또는 0")


def _number(env: Mapping[str, str], name: str, default: float | None) -> float | None:
    value = env.get(name, "").strip()
    if not value:
        return default
    try:
        number = float(value)
    except ValueError:
        number = -1.0
    if not 0 < number < float("inf"):
        raise _wrong(name, value, "a number above 0", "0보다 큰 수")
    return number


def _seconds(env: Mapping[str, str], task: str) -> float:
    return _number(env, f"MODU_{task.upper()}_WAIT_S", None) or 0.0


def _names(env: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in env.get(name, "").split(",") if part.strip())


def _folder(env: Mapping[str, str], name: str) -> Path | None:
    value = env.get(name, "").strip()
    return Path(value).expanduser() if value else None


def _language(env: Mapping[str, str]) -> Language | None:
    value = env.get("MODU_LANGUAGE", "").strip().lower()
    if value in ("", "auto"):
        return None
    if value == "ko":
        return "ko"
    if value == "en":
        return "en"
    raise _wrong("MODU_LANGUAGE", value, "ko or en", "ko 또는 en")
