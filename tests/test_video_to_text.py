"""A video as text: speech and screen on one line of time; silent, blank, cut short and hostile videos."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import raw
from conftest import example
from fakes import FakeModule, spec
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image, ImageDraw, ImageFont

from pipelines import sound, speech_to_text, stills, video_to_text
from pipelines.errors import Cancelled, InvalidInput, TooLarge
from pipelines.job import Job
from pipelines.ocr.contract import Corners, Pixels, Read
from pipelines.speech_to_text import Segment, Transcript
from tabs import _on_screen

av = pytest.importorskip("av")

RATE = 4  # frames a second
SLIDES = ("Welcome aboard", "Lunch at 12:30", "Good bye")


def slide(text: str) -> Image.Image:
    sheet = Image.new("RGB", (640, 360), "white")
    ImageDraw.Draw(sheet).text((60, 140), text, "black", ImageFont.load_default(54))
    return sheet


def film(path: Path, pictures: Sequence[Image.Image], each_s: float = 2.0, speech: Path | None = None) -> Path:
    """Each picture for `each_s` seconds, with the sound of `speech`."""
    with av.open(str(path), "w") as out:
        picture = out.add_stream("libx264", rate=RATE, options={"crf": "20"})
        picture.width, picture.height, picture.pix_fmt = (*pictures[0].size, "yuv420p")
        voice = out.add_stream("aac", rate=16_000, layout="mono") if speech else None
        for number in range(int(len(pictures) * each_s * RATE)):
            frame = av.VideoFrame.from_image(pictures[int(number / RATE / each_s)])
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            out.mux(picture.encode(frame))
        out.mux(picture.encode(None))
        if voice is not None and speech is not None:
            samples = sound.open_sound(speech).samples
            heard = av.AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
            heard.sample_rate, heard.pts = 16_000, 0
            out.mux(voice.encode(heard))
            out.mux(voice.encode(None))
    return path


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three slides, and somebody who says an English sentence."""
    path = tmp_path_factory.mktemp("films") / "a talk.mp4"
    return film(path, [slide(text) for text in SLIDES], speech=example("speech_to_text", "english*"))


@pytest.fixture
def mute(tmp_path: Path) -> Path:
    return film(tmp_path / "mute.mp4", [slide(text) for text in SLIDES])


class Screens:
    """Reads one line on every screen: how many it has seen; or what it is told."""

    def __init__(self, texts: Sequence[str] = ()) -> None:
        self.texts, self.count = list(texts), 0

    def find(self, page: Pixels) -> list[Corners]:
        self.count += 1
        return [np.array([[10, 10], [300, 10], [300, 40], [10, 40]], float)]

    def read(self, cuts: Sequence[Pixels], language: str, job: Job) -> list[Read]:
        return [Read(self.texts[min(self.count, len(self.texts)) - 1] if self.texts else f"seen {self.count}", 0.99)]


@pytest.fixture
def screens(fake_engine: Callable[[Any], Any]) -> Screens:
    built = Screens()
    fake_engine(FakeModule(spec("ocr", "fake", rank=1000, languages=("ko", "en")), lambda: built))
    return built


def heard(*segments: tuple[float, float, str]) -> Transcript:
    found = tuple(Segment(*one) for one in segments)
    return Transcript(" ".join(one.text for one in found), found, "en", 1.0, 6.0, not found, "ear")


# --- the pictures -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("every_s", "times"), [(1.0, [0, 1, 2, 3, 4, 5]), (2.5, [0, 2.5, 5]), (60, [0])])
def test_a_picture_every_so_many_seconds(talk: Path, every_s: float, times: list[float]) -> None:
    with stills.opened(talk) as source:
        assert [still.at for still in source.stills(every_s, Job())] == times
        assert source.has_sound and 5.5 < source.duration_s < 6.5


def test_a_video_beyond_the_limits_is_refused(mute: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODU_LIMIT_MEDIA_S", "3")
    with pytest.raises(TooLarge):
        video_to_text.timeline(mute)
    monkeypatch.setenv("MODU_LIMIT_MEDIA_S", "100")
    monkeypatch.setenv("MODU_LIMIT_MEDIA_BYTES", "500")
    with pytest.raises(TooLarge):
        video_to_text.timeline(mute)


@pytest.mark.parametrize("content", [b"", b"no video", b"\x00\x00\x00\x18ftypmp42" + b"\0" * 400])
def test_what_is_no_video_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.mp4"
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match="moving picture"):
        video_to_text.timeline(path)


def test_a_recording_without_pictures_is_told() -> None:
    with pytest.raises(InvalidInput, match="moving picture"):
        video_to_text.timeline(example("speech_to_text", "english*"))


def test_a_video_cut_short_gives_what_was_there(talk: Path, tmp_path: Path, screens: Screens) -> None:
    path = tmp_path / "cut.mkv"
    whole = film(tmp_path / "whole.mkv", [slide(text) for text in SLIDES])
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size * 2 // 3])
    assert video_to_text.timeline(path, every_s=2).screen


# --- speech and screen --------------------------------------------------------------------------------------------


def test_a_screen_that_stays_is_read_once(mute: Path, screens: Screens) -> None:
    found = video_to_text.timeline(mute, every_s=1)
    assert screens.count == len(SLIDES)
    assert [(one.at, one.text) for one in found.screen] == [(0, "seen 1"), (2, "seen 2"), (4, "seen 3")]
    assert found.ocr_engine == "fake" and found.speech == () and found.stt_engine


def test_a_row_that_stays_is_listed_once_in_spite_of_misread_letters(mute: Path, screens: Screens) -> None:
    screens.texts = ["Welcome to the show", "Welcome to the sh0w".replace("0", "o"), "Welcome  to tbe show"]
    assert len(video_to_text.timeline(mute, every_s=2).screen) == 1


def test_numbers_that_change_are_news(mute: Path, screens: Screens) -> None:
    screens.texts = ["Score 1:0 home", "Score 1:1 home", "Score 2:1 home"]
    assert [one.text for one in video_to_text.timeline(mute, every_s=2).screen] == screens.texts


def test_said_and_shown_stand_in_the_order_of_time(
    talk: Path, screens: Screens, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        speech_to_text, "transcribe", lambda *_, **__: heard((0.0, 1.0, "hello there"), (2.5, 3.0, "and so on"))
    )
    found = video_to_text.timeline(talk, every_s=2)
    assert found.text("en").splitlines() == [
        "0:00 hello there", "0:00 [Screen] seen 1", "0:02 [Screen] seen 2", "0:02 and so on", "0:04 [Screen] seen 3",
    ]  # fmt: skip
    assert "0:04 [화면] seen 3" in found.text("ko") and found.stt_engine == "ear"


def test_rows_of_one_screen_stay_in_the_order_in_which_they_are_read() -> None:
    rows = ("Zebras first", "second", "a third one")
    found = video_to_text.Timeline(9.0, (), tuple(video_to_text.Shown(4.0, row) for row in rows), "ear", "eye")
    assert found.text("en").splitlines() == [f"0:04 [Screen] {row}" for row in rows]


def test_a_silent_video_is_no_error(mute: Path, screens: Screens) -> None:
    found = video_to_text.timeline(mute, every_s=2)
    assert len(found.screen) == 3 and "no sound" in found.notice.en


def test_sound_in_which_nobody_speaks_is_no_error(tmp_path: Path, screens: Screens) -> None:
    path = film(tmp_path / "hum.mp4", [slide("x")], speech=example("speech_to_text", "nobody*"))
    found = video_to_text.timeline(path)
    assert found.speech == () and found.screen


def test_a_blank_screen_says_nothing(tmp_path: Path) -> None:
    pytest.importorskip("rapidocr")
    path = film(tmp_path / "blank.mp4", [Image.new("RGB", (320, 240), "navy")])
    found = video_to_text.timeline(path)
    assert found.screen == () and found.text("en") == ""


@pytest.mark.parametrize(
    "values", [{"language": "klingon"}, {"every_s": 0}, {"every_s": 601}, {"every_s": "5"}, {"every_s": float("nan")}]
)
def test_wrong_values_are_refused(mute: Path, values: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        video_to_text.timeline(mute, **values)


def test_a_cancel_ends_it_between_two_screens(mute: Path, screens: Screens) -> None:
    job = Job(lambda told: job.cancel() if told.fraction and told.fraction > 0.5 else None)
    with pytest.raises(Cancelled):
        video_to_text.timeline(mute, every_s=2, job=job)
    assert 0 < screens.count < 3


def test_progress_only_grows(talk: Path, screens: Screens) -> None:
    told: list[float] = []
    job = Job(lambda now: told.append(now.fraction) if now.fraction is not None else None)
    video_to_text.timeline(talk, every_s=1, job=job)
    assert told == sorted(told) and told[-1] <= 1


# --- the endpoint and the fold ------------------------------------------------------------------------------------


def test_the_endpoint_reads_speech_and_screen(client: Client, talk: Path) -> None:
    pytest.importorskip("rapidocr")
    text, facts = client.predict(handle_file(str(talk)), every_s=2.0, api_name="/video_to_text")
    assert set(facts) == {"duration_s", "speech", "screen", "stt_engine", "ocr_engine"}
    assert 5.5 < facts["duration_s"] < 6.5 and facts["ocr_engine"] == "embedded"
    shown = [one["text"].replace(" ", "") for one in facts["screen"]]
    assert shown == [slide_text.replace(" ", "") for slide_text in SLIDES]
    assert [one["at"] for one in facts["screen"]] == [0, 2, 4]
    assert all(set(one) == {"start", "end", "text"} for one in facts["speech"])
    assert text.count("[Screen]") == 3


def test_the_endpoint_refuses_what_is_no_video_in_the_visitors_language(app_url: str, client: Client) -> None:
    with pytest.raises(AppError, match=r"moving picture.*\[invalid_input\]"):
        client.predict(handle_file(str(example("speech_to_text", "english*"))), api_name="/video_to_text")
    path = raw.upload(app_url, b"no video", "broken.mp4")
    event, answer = raw.call(
        app_url, "/video_to_text", [raw.file_value(path, "broken.mp4"), "auto", 5.0], {"Accept-Language": "ko"}
    )
    assert event == "error" and "영상이 없습니다" in answer["error"]


def test_the_fold_shows_and_saves_what_a_program_gets(upload: Any, mute: Path, screens: Screens) -> None:
    given = upload(mute, mute.name)
    shown, text, data = asyncio.run(_on_screen.on_video(given, "auto", 2))
    assert [one["text"] for one in shown["items"]] == ["seen 1", "seen 2", "seen 3"]
    screens.count = 0
    program_text, facts = asyncio.run(_on_screen.read_video(given, "auto", 2))
    assert Path(text["value"]).read_text(encoding="utf-8") == program_text
    assert json.loads(Path(data["value"]).read_text(encoding="utf-8")) == facts


def test_without_a_video_one_is_asked_for() -> None:
    with pytest.raises(InvalidInput, match="Choose a video"):
        asyncio.run(_on_screen.on_video(None, "auto", 5))
