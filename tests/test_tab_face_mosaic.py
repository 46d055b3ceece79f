"""The face tab: its handlers as plain coroutines, with a detector that finds two faces everywhere."""

from __future__ import annotations

import asyncio
import time
import zipfile
from collections.abc import Callable, Coroutine
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from fakes import FakeFaces, FakeModule, spec
from PIL import Image

from pipelines import face_mosaic
from pipelines.errors import InvalidInput
from pipelines.face_mosaic import MosaicOptions
from pipelines.job import Job, Progress
from pipelines.words import EMPTY
from tabs.face_mosaic import batch, endpoints, photo, video

FACES = [[40, 40, 60, 70, 0.95], [200, 50, 50, 60, 0.8]]
FRESH: dict[str, Any] = {"keep": [], "boxes": [], "corner": None}
SOUGHT = [-1, "fake"]  # with which threshold and engine the faces were numbered


def run(handler: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(handler)


@pytest.fixture
def engine(fake_engine: Callable[[Any], Any]) -> FakeFaces:
    built = FakeFaces(FACES)
    fake_engine(FakeModule(spec("face_mosaic", "fake", rank=1000), lambda: built))
    return built


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, engine: FakeFaces) -> list[tuple[MosaicOptions, str]]:
    """The options and engine of each call that reaches the pipeline; the work is still done."""
    seen: list[tuple[MosaicOptions, str]] = []
    real = face_mosaic.hide_faces

    def spy(image: Any, options: MosaicOptions, *, engine: str, job: Job) -> Any:
        seen.append((options, engine))
        return real(image, options, engine=engine, job=job)

    monkeypatch.setattr(face_mosaic, "hide_faces", spy)
    return seen


@pytest.fixture
def picture(upload: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    noise = np.random.default_rng(5).integers(0, 256, (200, 320, 3), np.uint8)
    return upload(Image.fromarray(noise), "family photo.png")


def hide(photo_value: Any, chosen: dict[str, Any] = FRESH, **changes: Any) -> Any:
    values = {"style": "mosaic", "strength": 0.7, "threshold": -1, "engine": "auto", **changes}
    return run(photo.on_hide(photo_value, chosen, **values))


def pixels(value: Any) -> np.ndarray:
    path = value["value"] if isinstance(value, dict) else value
    return np.asarray(Image.open(path).convert("RGB"))


def downloaded(outputs: Any) -> np.ndarray:
    return pixels(outputs[4])


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"style": "blur"}, "style"),
        ({"style": "solid"}, "style"),
        ({"style": "emoji"}, "style"),
        ({"strength": 0.2}, "strength"),
        ({"threshold": 0.9}, "threshold"),
    ],
)
def test_every_option_reaches_the_pipeline_and_changes_the_picture(
    picture: Any, asked: list[tuple[MosaicOptions, str]], change: dict[str, Any], field: str
) -> None:
    plain, changed = hide(picture), hide(picture, **change)
    assert [getattr(options, field) for options, _ in asked] == [getattr(MosaicOptions(), field), change[field]]
    assert not np.array_equal(downloaded(plain), downloaded(changed))


def test_the_engine_choice_reaches_the_pipeline(picture: Any, asked: list[tuple[MosaicOptions, str]]) -> None:
    hide(picture)
    hide(picture, engine="fake")
    assert [engine for _, engine in asked] == ["auto", "fake"]
    with pytest.raises(InvalidInput, match="nobody"):
        hide(picture, engine="nobody")


def test_an_answer_fills_every_part_of_the_page(picture: Any, engine: FakeFaces) -> None:
    result, slider, report, visible, download, found, chosen = hide(picture)
    assert Path(result).is_file() and slider == (picture["path"], download["value"])
    assert "2 hidden, 0 left visible" in report and "Check the picture" in report
    assert visible["choices"] == [("1", 0), ("2", 1)] and visible["visible"]
    assert download["interactive"] and Path(download["value"]).name == "family photo-mosaic.png"
    assert [face["index"] for face in found] == [0, 1] and chosen == {**FRESH, "sought": SOUGHT}


def test_pixels_outside_the_areas_are_untouched(picture: Any, engine: FakeFaces) -> None:
    outputs = hide(picture)
    before, after = pixels(picture["path"]), downloaded(outputs)
    outside = np.ones(before.shape[:2], bool)
    for face in outputs[5]:
        x, y, w, h = face["area"]
        outside[y : y + h, x : x + w] = False
    assert outside.any() and np.array_equal(before[outside], after[outside])
    assert not np.array_equal(before[~outside], after[~outside])


def test_a_kept_face_stays_visible(picture: Any, asked: list[tuple[MosaicOptions, str]]) -> None:
    outputs = run(photo.on_keep([1], picture, FRESH, "mosaic", 0.7, -1, "auto"))
    assert tuple(asked[0][0].keep) == (1,)
    assert [face["hidden"] for face in outputs[5]] == [True, False]
    assert "1 hidden, 1 left visible" in outputs[2] and outputs[3]["value"] == [1]
    before, after = pixels(picture["path"]), downloaded(outputs)
    x, y, w, h = outputs[5][1]["box"]
    assert np.array_equal(before[y : y + h, x : x + w], after[y : y + h, x : x + w])


def click(outputs: Any, picture: Any, x: float, y: float, clicking: str = "toggle", threshold: float = -1) -> Any:
    event = SimpleNamespace(index=(x, y))
    return run(photo.on_click(clicking, outputs[5], picture, outputs[6], "mosaic", 0.7, threshold, "auto", event))


def test_a_click_on_a_face_shows_it_and_another_hides_it_again(picture: Any, engine: FakeFaces) -> None:
    start = hide(picture)
    shown = click(start, picture, 220, 80)
    assert shown[6]["keep"] == [1] and [face["hidden"] for face in shown[5]] == [True, False]
    both = click(shown, picture, 60, 60)
    assert both[6]["keep"] == [0, 1]
    again = click(both, picture, 220, 80)
    assert again[6]["keep"] == [0] and [face["hidden"] for face in again[5]] == [False, True]


def test_faces_that_are_numbered_anew_are_all_hidden(
    picture: Any, engine: FakeFaces, fake_engine: Callable[[Any], Any]
) -> None:
    """The number of a kept face may be somebody else's with another threshold or engine."""
    start = hide(picture)
    kept = click(start, picture, 60, 60)
    assert kept[6]["keep"] == [0] and not kept[5][0]["hidden"]
    assert hide(picture, kept[6], style="blur", strength=0.2)[6]["keep"] == [0], "these leave the numbers alone"
    other = FakeFaces([[100, 90, 40, 40, 0.9]])
    fake_engine(FakeModule(spec("face_mosaic", "other", rank=10), lambda: other))
    for changes in ({"threshold": 0.9}, {"engine": "other"}):
        anew = hide(picture, kept[6], **changes)
        assert anew[6]["keep"] == [] and all(face["hidden"] for face in anew[5]) and "anew" in anew[2]
        assert "anew" not in hide(picture, anew[6], **changes)[2]
    far = click([*kept[:5], [*kept[5], {"index": 7, "area": [0, 0, 9, 9]}], kept[6]], picture, 4, 4, threshold=0.9)
    assert far[6]["keep"] == [], "a number of before is no error either"


def test_all_of_the_slider_below_0_is_automatic(picture: Any, asked: list[tuple[MosaicOptions, str]]) -> None:
    for threshold in (-1, -0.5, -0.05, 0, 0.4):
        hide(picture, threshold=threshold)
    assert [options.threshold for options, _ in asked] == [-1, -1, -1, 0, 0.4]


def test_a_click_beside_the_faces_changes_nothing(picture: Any, engine: FakeFaces) -> None:
    start = hide(picture)
    after = click(start, picture, 319, 199)
    assert after[6] == {**FRESH, "sought": SOUGHT} and np.array_equal(downloaded(start), downloaded(after))


def test_two_clicks_hide_one_more_area(picture: Any, asked: list[tuple[MosaicOptions, str]]) -> None:
    start = hide(picture)
    first = click(start, picture, 310, 190, "box")
    assert first[6]["corner"] == (310, 190) and first[6]["boxes"] == []
    assert "opposite corner" in first[2] and len(asked) == 1, "one corner alone hides nothing"
    second = click([*start[:6], first[6]], picture, 280, 160, "box")
    assert second[6] == {"keep": [], "boxes": [[280, 160, 30, 30]], "corner": None, "sought": SOUGHT}
    assert [list(box) for box in asked[-1][0].boxes] == [[280, 160, 30, 30]]
    before, after = pixels(picture["path"]), downloaded(second)
    assert not np.array_equal(before[165:185, 285:305], after[165:185, 285:305])
    assert second[5][-1]["hidden"]


def test_a_new_photo_forgets_what_was_decided() -> None:
    *_, found, chosen = run(photo.on_new_photo({"path": "x"}))
    assert found == [] and chosen == FRESH


def test_it_never_says_that_there_are_no_faces(picture: Any, engine: FakeFaces) -> None:
    engine.faces = np.zeros((0, 5), np.float32)
    outputs = hide(picture)
    assert "No face was found" in outputs[2] and "does not mean" in outputs[2]
    assert not outputs[3]["visible"] and outputs[5] == []


def test_without_a_photo_it_asks_for_one(engine: FakeFaces) -> None:
    with pytest.raises(InvalidInput, match="Choose a photo first"):
        hide(None)
    with pytest.raises(InvalidInput, match="one or more photos"):
        run(batch.on_batch(None, "mosaic", 0.7, -1, "auto"))
    with pytest.raises(InvalidInput, match="Choose a video first"):
        run(video.on_video(None, False, "mosaic", 0.7, -1, "auto"))


# --- many photos ------------------------------------------------------------------------------------------------


def test_one_bad_file_does_not_stop_the_others(upload: Callable[..., Any], engine: FakeFaces) -> None:
    good = upload(Image.new("RGB", (320, 200), "gray"), "good.png")
    korean = upload(Image.new("RGB", (320, 200), "gray"), "가족.png")
    bad = {**upload(b"no picture", "bad.png"), "orig_name": "<b>bad.png"}
    pictures, report, archive = run(batch.on_batch([good, bad, korean], "mosaic", 0.7, -1, "auto"))
    assert [Path(path).name for path in pictures] == ["good-mosaic.png", "가족-mosaic.png"]
    assert "2 done, 1 failed" in report and "not a picture" in report
    assert "<b>bad" not in report, "file names are written safely"
    assert sorted(zipfile.ZipFile(archive).namelist()) == ["good-mosaic.png", "가족-mosaic.png"]


def test_the_batch_options_reach_the_pipeline(
    upload: Callable[..., Any], engine: FakeFaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []
    real = face_mosaic.hide_faces_in_files

    def spy(photos: Any, out: Path, options: MosaicOptions, **named: Any) -> Any:
        seen.append((options.style, options.strength, options.threshold, named["engine"]))
        return real(photos, out, options, **named)

    monkeypatch.setattr(face_mosaic, "hide_faces_in_files", spy)
    given = [upload(Image.new("RGB", (320, 200), "gray"), "a.png")]
    run(batch.on_batch(given, "solid", 0.3, 0.9, "fake"))
    assert seen == [("solid", 0.3, 0.9, "fake")]


# --- video ------------------------------------------------------------------------------------------------------


@pytest.fixture
def filmed(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Video work is replaced: a fast one, or one whose progress promises an hour."""
    seen: list[Any] = []

    def fake(path: Path, out: Path, options: MosaicOptions, engine: str, job: Job) -> Any:
        seen.append((options.style, options.strength, options.threshold, engine))
        if options.style == "emoji":
            job.started -= 30.0
            for _ in range(20):
                job.progress(0.005, EMPTY)
                time.sleep(0.05)
        out.write_bytes(b"film")
        return SimpleNamespace(frames=30, fps=15.0, faces_tracked=2, engine="fake")

    monkeypatch.setattr(face_mosaic, "hide_faces_in_video", fake)
    return seen


def test_the_video_options_reach_the_pipeline(upload: Callable[..., Any], filmed: list[Any]) -> None:
    clip = upload(b"film", "my clip.mp4")
    path, report = run(video.on_video(clip, False, "blur", 0.4, 0.6, "fake"))
    assert filmed == [("blur", 0.4, 0.6, "fake")]
    assert Path(path).name == "my clip-mosaic.mp4" and "30 frames" in report and "2 faces" in report


def test_long_work_is_asked_about_first_and_goes_on_if_the_visitor_agrees(
    upload: Callable[..., Any], filmed: list[Any]
) -> None:
    clip = upload(b"film", "clip.mp4")
    path, report = run(video.on_video(clip, False, "emoji", 0.7, -1, "auto"))
    assert path is None and "minutes" in report and "Go on" in report
    path, report = run(video.on_video(clip, True, "emoji", 0.7, -1, "auto"))
    assert path is not None and "30 frames" in report


def test_a_program_is_not_asked(upload: Callable[..., Any], filmed: list[Any]) -> None:
    file, facts = run(endpoints.hide_in_video(upload(b"film", "clip.mp4"), style="emoji"))
    assert facts == {"frames": 30, "fps": 15.0, "faces_tracked": 2, "engine": "fake"} and file["path"]


@pytest.mark.parametrize(("fraction", "elapsed", "stops"), [(0.5, 60, False), (0.01, 3, False), (0.001, 10, True)])
def test_the_forecast(fraction: float, elapsed: float, stops: bool) -> None:
    job = Job()
    job.started -= elapsed
    job.latest = Progress(fraction, EMPTY)
    if not stops:
        assert video._stop_if_long(job) is None
        return
    with pytest.raises(video._TakesLong):
        video._stop_if_long(job)
