"""Words that nobody said: phrases that recognisers learned from subtitles, and loops. Found and dropped here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby

from pipelines.speech_to_text.types import Segment, Word
from pipelines.speech_to_text.voice import MARGIN_S, Span

# What Whisper writes over silence, music and noise, as reported by many of its users; compared without
# punctuation and case. Said by somebody, each of them stays.
GHOSTS = frozenset(
    """
    thanks for watching|thank you for watching|thank you so much for watching|thank you|thanks|bye|bye bye|you
    please subscribe|please subscribe to my channel|like and subscribe|dont forget to subscribe|see you next time
    see you in the next video|ill see you in the next video|subtitles by the amaraorg community|music|applause
    시청해주셔서 감사합니다|시청해 주셔서 감사합니다|감사합니다|구독과 좋아요 부탁드립니다|구독과 좋아요 부탁드려요
    구독 좋아요 부탁드립니다|좋아요와 구독 부탁드립니다|다음 영상에서 만나요|다음 영상에서 뵙겠습니다
    다음 시간에 만나요|한글자막 by 한효정|자막 제공 및 자막을 사용하였습니다|mbc 뉴스 이덕영입니다
    이 영상은 유료광고를 포함하고 있습니다|ご視聴ありがとうございました|チャンネル登録をお願いします
    字幕由amaraorg社区提供|请不吝点赞订阅转发打赏支持明镜与点点栏目
    sous-titres réalisés par la communauté damaraorg|untertitel der amaraorg-community
    subtítulos por la comunidad de amaraorg
    """.strip()
    .replace("\n    ", "|")
    .split("|")
)
SPOKEN_SHARE = 0.5  # of a ghost phrase's time must be speech for it to stay
FASTEST = 30.0  # letters in a second of speech; fast speakers of English reach about 20
# Four times the same phrase, or eight times the same word, is a loop and no emphasis.
_PHRASE = re.compile(r"(?P<phrase>\S.{5,80}?)(?:[\s,.!?…]*(?P=phrase)){3,}")
_WORD = re.compile(r"(?P<word>\b\w+)(?:[\s,.!?…]+(?P=word)\b){7,}", re.IGNORECASE)


def cleaned(segments: Sequence[Segment], spans: Sequence[Span]) -> list[Segment]:
    """`segments` without ghosts and loops. `spans` are where somebody speaks, in the same seconds."""
    spoken = [segment for segment in map(_without_loops, segments) if not is_ghost(segment, spans)]
    return _without_repeats(segment for segment in spoken if segment.text)


def is_ghost(segment: Segment, spans: Sequence[Span]) -> bool:
    """A known phrase where nobody speaks, or where somebody speaks far too shortly for it."""
    if plain(segment.text) not in GHOSTS:
        return False
    length = max(segment.end - segment.start, 0.01)
    spoken = sum(_overlap(segment, span) for span in spans)
    return spoken < SPOKEN_SHARE * length or len(segment.text) > FASTEST * spoken


def plain(text: str) -> str:
    """`text` as `GHOSTS` is written: lower case, no punctuation, single spaces."""
    return " ".join(re.sub(r"[^\w\s-]", "", text.lower()).split())


def _overlap(segment: Segment, span: Span) -> float:
    """Seconds of the segment in which somebody speaks; the margin around a span is not speech."""
    start, end = span.start + MARGIN_S, span.end - MARGIN_S
    return max(0.0, min(segment.end, end) - max(segment.start, start))


def _without_loops(segment: Segment) -> Segment:
    text = segment.text.strip()
    once = _PHRASE.sub(r"\g<phrase>", _WORD.sub(r"\g<word>", text)).strip()
    if once == segment.text:
        return segment
    words = segment.words if once == text else _kept_words(segment, once)
    return replace(segment, text=once, words=words)


def _kept_words(segment: Segment, text: str) -> tuple[Word, ...]:
    """The words that spell `text`: the first ones of a loop."""
    kept, left = [], plain(text)
    for word in segment.words:
        bare = plain(word.word)
        if bare and left.startswith(bare):
            kept.append(word)
            left = left[len(bare) :].lstrip()
    return tuple(kept)


def _without_repeats(segments: Iterable[Segment]) -> list[Segment]:
    """The same sentence three times in a row or more is one sentence."""
    out: list[Segment] = []
    for _, group in groupby(segments, key=lambda segment: plain(segment.text)):
        same = list(group)
        out += same[:1] if len(same) >= 3 else same
    return out
