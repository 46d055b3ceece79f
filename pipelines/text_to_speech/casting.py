"""Who speaks what: for each language of a text the engine and the voice, or a clear reason why nobody can.

Engines know nothing of each other; that a Korean sentence goes to another engine than the one asked for is
decided here, and every sentence says whose voice it has.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pipelines import engines
from pipelines.engines import EngineSpec
from pipelines.errors import EngineUnavailable, InvalidInput
from pipelines.text_to_speech import languages
from pipelines.text_to_speech.contract import TASK, SpeakOptions, Voice
from pipelines.words import Text

MIX = "+"
ANY = "*"  # the language of voices that speak whatever they are given


@dataclass(frozen=True)
class Role:
    """The engine and the voice for one language. `shown` is how results name the voice."""

    module: Any
    voice: str
    shown: str

    @property
    def engine(self) -> str:
        return str(self.module.SPEC.name)

    def cannot_read(self, language: str) -> frozenset[str]:
        """Scripts of this language that the engine's voices lack."""
        lacking: Mapping[str, frozenset[str]] = getattr(self.module, "CANNOT_READ", {})
        return lacking.get(language, frozenset())


def cast(
    wanted: Iterable[str], options: SpeakOptions, engine: str, modules: Mapping[str, Any], whole: bool = True
) -> dict[str, Role]:
    """A role for every language of `wanted` that somebody here can speak. `modules` are the engines by name.

    `whole`: these are all languages of the text, so that a voice of none of them must be a mistake.
    """
    first = _company(engine, options, modules)
    own = _own_voice(options, first, engine, modules)
    roles: dict[str, Role] = {}
    for language in dict.fromkeys(wanted):
        if own is not None and own[1] in (language, ANY):
            roles[language] = own[0]
            continue
        for module in first:
            voice = module.DEFAULT_VOICES.get(language) or module.DEFAULT_VOICES.get(ANY)
            if voice is not None and _lacks(module, language) is None:
                stands_in = engine != "auto" and module.SPEC.name != engine
                roles[language] = Role(module, voice, f"{module.SPEC.name}:{voice}" if stands_in else voice)
                break
    if whole and own is not None and own[1] not in (ANY, *roles):
        raise _wrong_voice(options.voice, own[1])
    return roles


def _company(engine: str, options: SpeakOptions, modules: Mapping[str, Any]) -> list[Any]:
    """The engines that may speak, best first. A language asked for by name must be the named engine's own."""
    ready = [spec for spec in engines.specs(TASK) if engines.status(spec) in ("loaded", "ready")]
    chosen = engines.choose(TASK, engine)
    order = [chosen, *(spec for spec in ready if spec.name != chosen.name and spec.kind != "remote")]
    if options.language == "auto":
        return [modules[spec.name] for spec in order]
    able = [spec for spec in order if _speaks(modules[spec.name], options.language)]
    if engine != "auto":
        if not _speaks(modules[chosen.name], options.language):
            raise _cannot(chosen, options.language, modules)
        return [modules[chosen.name]]
    if not able:
        raise _cannot(chosen, options.language, modules)
    return [modules[spec.name] for spec in able]


def _speaks(module: Any, language: str) -> bool:
    own = language in module.DEFAULT_VOICES or ANY in module.DEFAULT_VOICES
    return own and _lacks(module, language) is None


def _lacks(module: Any, language: str) -> Text | None:
    """What an engine says has to be installed before it speaks this language."""
    lacking = getattr(module, "lacking", None)
    found: Text | None = lacking(language) if lacking is not None else None
    return found


def _own_voice(
    options: SpeakOptions, company: list[Any], engine: str, modules: Mapping[str, Any]
) -> tuple[Role, str] | None:
    """The voice that the caller named, with the language it speaks."""
    if options.voice == "auto":
        return None
    for module in company if engine == "auto" else [modules[engine]]:
        found = _find(module, options.voice)
        if found is None:
            continue
        language = found
        missing = _lacks(module, language)
        if missing is not None:
            raise EngineUnavailable(missing)
        if options.language not in ("auto", language) and language != ANY:
            raise _wrong_language(options.voice, language, options.language)
        return Role(module, options.voice, options.voice), language
    known = [voice.name for module in company for voice in module.voices()]
    listed = ", ".join(["auto", *known[:8]]) + (", ..." if len(known) > 8 else "")
    raise InvalidInput(
        Text(
            en=f"There is no voice {options.voice[:60]!r} here. Choose one that /voices lists, such as: {listed}.",
            ko=f"{options.voice[:60]!r}(이)라는 목소리는 없습니다. /voices 목록에서 고르세요. 예: {listed}.",
        )
    )


def _find(module: Any, name: str) -> str | None:
    """The language of a voice of this engine, or of a mix of its voices (`a+b`)."""
    known: dict[str, str] = {voice.name: voice.language for voice in module.voices()}
    parts = name.split(MIX) if getattr(module, "MIXES", False) else [name]
    if not all(part in known for part in parts):
        return None
    spoken = {known[part] for part in parts}
    if len(spoken) > 1:
        raise InvalidInput(
            Text(
                en=f"The voices of {name} speak different languages. Mix voices of one language.",
                ko=f"{name}의 목소리들은 서로 다른 언어를 말합니다. 같은 언어의 목소리끼리 섞어 주세요.",
            )
        )
    return spoken.pop()


def voices(engine: str, modules: Mapping[str, Any]) -> list[Voice]:
    """The voices of one engine; for "auto" those of all engines that are here, best engine first.

    Those of a language that lacks its packages are left out.
    """
    named = engine != "auto"
    chosen = [modules[engines.find(TASK, engine).name]] if named else _company("auto", SpeakOptions(), modules)
    return [voice for module in chosen for voice in module.voices() if _lacks(module, voice.language) is None]


def _cannot(spec: EngineSpec, language: str, modules: Mapping[str, Any]) -> EngineUnavailable:
    able = [other for other in engines.specs(TASK) if other.kind != "remote" and _speaks(modules[other.name], language)]
    name = languages.name(language)
    said = _lacks(modules[spec.name], language) or Text(
        en=f"{spec.label.en} does not speak {name.en}.", ko=f"{spec.label.ko}은(는) {name.ko}를 말하지 못합니다."
    )
    if able:
        other = max(able, key=lambda one: (engines.status(one) in ("loaded", "ready"), -one.size_mb))
        return EngineUnavailable(
            said + Text(en=f"Choose the engine {other.name}, or auto.", ko=f"{other.name} 엔진이나 auto를 고르세요.")
        )
    return EngineUnavailable(said + Text(en="No engine here does.", ko="여기에는 그런 엔진이 없습니다."))


def _wrong_voice(voice: str, language: str) -> InvalidInput:
    name = languages.name(language)
    return InvalidInput(
        Text(
            en=f"The voice {voice} speaks {name.en}, and nothing in this text is {name.en}. "
            "Choose another voice, or auto.",
            ko=f"{voice} 목소리는 {name.ko}만 말하는데, 이 글에는 {name.ko}가 없습니다. 다른 목소리나 auto를 고르세요.",
        )
    )


def _wrong_language(voice: str, language: str, asked: str) -> InvalidInput:
    name, other = languages.name(language), languages.name(asked)
    return InvalidInput(
        Text(
            en=f"The voice {voice} speaks {name.en}, not {other.en}. Choose a voice of that language, or auto.",
            ko=f"{voice} 목소리는 {other.ko}가 아니라 {name.ko}를 말합니다. 그 언어의 목소리나 auto를 고르세요.",
        )
    )
