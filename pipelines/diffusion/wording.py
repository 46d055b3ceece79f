"""What a visitor is told about a prompt that an engine does not understand, wherever it is painted."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipelines.engines import EngineSpec
from pipelines.words import EMPTY, Text

_LISTED = 8  # words of a notice
_HANGUL = re.compile("[가-힣]")
_NO_KOREAN = Text(
    en="{label} hardly knows Korean. Write the prompt in English for what you have in mind.",
    ko="{label} 엔진은 한국어를 거의 모릅니다. 프롬프트를 영어로 적으면 원하는 그림에 가까워집니다.",
)


def not_understood(prompt: str, spec: EngineSpec, unknown: Sequence[str] = ()) -> Text:
    """Korean for an engine that does not name it among its languages, and the words `unknown` to the engine."""
    notice = EMPTY
    if spec.languages and "ko" not in spec.languages and _HANGUL.search(prompt):
        notice += _NO_KOREAN.format(label=spec.label)
    return notice + _strange(unknown, spec) if unknown else notice


def _strange(unknown: Sequence[str], spec: EngineSpec) -> Text:
    more = " ..." if len(unknown) > _LISTED else ""
    listed = ", ".join(word[:40] for word in unknown[:_LISTED]) + more
    return Text(
        en=f"{spec.label.en} was never taught these words: {listed}. It painted what it understood of the rest.",
        ko=f"{spec.label.ko} 엔진이 배우지 않은 낱말입니다: {listed}. 나머지에서 알아들은 것만 그립니다.",
    )
