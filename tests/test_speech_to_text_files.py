"""Subtitles by the rules, and transcripts as files that read back."""

from __future__ import annotations

import json
import random
import re
from itertools import pairwise

import pytest

from pipelines.speech_to_text import Segment, Transcript, Word, subtitles
from pipelines.words import Text

LONG = (
    "This is a rather long sentence that nobody could read in a single line of a film, so it has to be cut. "
    "Then it goes on with another one, and another."
)
KOREAN = "이 문장은 한 줄에 다 들어가지 않을 만큼 길어서 두 줄이나 그 이상으로 나누어야 읽기가 편합니다."


def transcript(*segments: Segment) -> Transcript:
    text = " ".join(segment.text for segment in segments)
    return Transcript(text, segments, "en", 0.9, 60.0, not segments, "fake", Text(en="", ko=""))


def checked(segments: list[Segment], width: int) -> list[subtitles.Caption]:
    shown = subtitles.captions(segments)
    for one in shown:
        assert 1 <= len(one.lines) <= 2
        assert all(0 < len(line) <= width for line in one.lines), one
        assert one.end - one.start >= 1.0 - 1e-6, one
    for first, second in pairwise(shown):
        assert second.start >= first.end
    said = "".join("".join(one.lines) for one in shown).replace(" ", "")
    assert said == "".join(segment.text for segment in segments).replace(" ", "")
    return shown


@pytest.mark.parametrize(("text", "width"), [(LONG, 42), (KOREAN, 20)])
def test_two_lines_a_second_at_least_and_no_word_lost(text: str, width: int) -> None:
    shown = checked([Segment(2.0, 14.0, text)], width)
    assert len(shown) >= 2
    assert shown[0].start == 2.0 and shown[-1].end == pytest.approx(14.0, abs=0.01)


def test_each_subtitle_follows_the_rule_of_its_own_writing() -> None:
    english = "please bring your laptop and the documents that we sent you last week to the meeting in the main hall"
    korean = "오늘 회의는 아홉 시에 도서관 본관 강당에서 시작합니다 모두 와 주세요"
    found = subtitles.captions([Segment(0, 9, english), Segment(9, 14, korean), Segment(14, 23, english)])
    assert "".join(subtitles.captions([Segment(9, 14, korean)])[0].lines) in ["".join(one.lines) for one in found]
    for one in found:
        width = 20 if any("가" <= letter <= "힣" for letter in "".join(one.lines)) else 42
        assert len(one.lines) <= 2 and max(map(len, one.lines)) <= width
    assert max(len(line) for one in found for line in one.lines) > 20


def test_no_mixture_of_writings_and_times_breaks_the_rules() -> None:
    draw = random.Random(1)

    def word(korean: bool) -> str:
        return "".join(
            draw.choice("가나다라마바" if korean else "abcdef") for _ in range(draw.choice([1, 2, 5, 12, 90]))
        )

    for _ in range(300):
        segments, at = [], 0.0
        for _ in range(draw.randint(1, 5)):
            start = at + draw.choice([0, 0.1, 3])
            at = start + draw.choice([0, 0.05, 1, 10])
            words = [word(draw.random() < 0.5) for _ in range(draw.randint(1, 20))]
            segments.append(Segment(start, at, " ".join(words)))
        free_from = 0.0
        for one in subtitles.captions(segments):
            assert len(one.lines) <= 2 and max(map(len, one.lines)) <= subtitles.line_width(" ".join(one.lines))
            assert one.start >= free_from and one.end - one.start > 0.999
            free_from = one.end
        shown = "".join(line for one in subtitles.captions(segments) for line in one.lines)
        assert shown.replace(" ", "") == "".join(segment.text for segment in segments).replace(" ", "")


def test_short_words_in_a_row_are_shown_together() -> None:
    words = [Segment(index * 0.3, index * 0.3 + 0.2, "yes") for index in range(6)]
    assert len(checked(words, 42)) < 6


def test_a_single_short_word_stays_a_second() -> None:
    (one,) = checked([Segment(5.0, 5.2, "Yes.")], 42)
    assert (one.start, one.end) == (5.0, 6.0)


def test_writing_without_spaces_and_endless_words_are_cut() -> None:
    checked([Segment(0.0, 10.0, "東京都では今日も朝から雨が降り続いていて電車が遅れているというニュースです" * 2)], 20)
    checked([Segment(0.0, 9.0, "a" * 200)], 42)


def test_speech_faster_than_a_screen_is_never_two_at_once() -> None:
    checked(
        [Segment(index * 0.4, index * 0.4 + 0.4, "Some words that fill a line nicely " * 2) for index in range(8)], 42
    )


def test_a_cut_falls_on_the_time_of_its_word() -> None:
    texts = LONG.split()
    words = tuple(Word(index * 0.5, index * 0.5 + 0.4, text, 1.0) for index, text in enumerate(texts))
    shown = checked([Segment(0.0, words[-1].end, LONG, words)], 42)
    first = " ".join(shown[0].lines).split()
    assert shown[1].start == words[len(first)].start


def test_srt_and_vtt_read_back() -> None:
    said = transcript(Segment(1.0, 3.5, "Hello <b> & --> you"), Segment(3_700.0, 3_702.25, "안녕하세요"))
    srt = subtitles.to_srt(said)
    assert re.findall(r"^(\d+)$", srt, re.M) == ["1", "2"]
    assert "01:01:40,000 --> 01:01:42,250" in srt
    assert srt.count("-->") == 2
    vtt = subtitles.to_vtt(said)
    assert vtt.startswith("WEBVTT\n\n00:00:01.000 --> 00:00:03.500\n")
    assert "&lt;b&gt; &amp;" in vtt and vtt.count("-->") == 2


def test_nothing_said_gives_the_empty_files_of_the_contract() -> None:
    nobody = transcript()
    assert subtitles.to_srt(nobody) == ""
    assert subtitles.to_vtt(nobody).strip() == "WEBVTT"
    assert subtitles.to_txt(nobody) == ""
    assert subtitles.to_tsv(nobody) == "start\tend\ttext\n"


def test_tsv_and_json_hold_the_segments() -> None:
    said = transcript(Segment(0.5, 2.25, "one\ttwo", (Word(0.5, 1.0, "one", 0.8),)))
    assert subtitles.to_tsv(said).splitlines()[1] == "500\t2250\tone two"
    whole = json.loads(subtitles.to_json(said))
    assert whole["text"] == "one\ttwo" and whole["language"] == "en" and whole["no_speech"] is False
    assert whole["segments"][0]["words"] == [{"start": 0.5, "end": 1.0, "word": "one", "probability": 0.8}]
    assert set(whole) == {
        "text", "language", "language_probability", "duration_s", "no_speech", "notice", "segments", "engine",
    }  # fmt: skip


def test_edited_text_is_what_is_written() -> None:
    word = Word(0.0, 1.0, "helo", 0.4)
    said = transcript(Segment(0.0, 1.0, "helo", (word,)), Segment(1.0, 2.0, "there"), Segment(2.0, 3.0, "ghost"))
    changed = subtitles.edited(said, ["hello", "there", "  "])
    assert changed.text == "hello there"
    assert changed.segments[0].words == () and len(changed.segments) == 2
    assert subtitles.to_txt(changed) == "hello\nthere\n"
