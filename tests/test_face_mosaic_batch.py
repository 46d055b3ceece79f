"""Many pictures at once, with the real embedded engine."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from PIL import Image

from pipelines.errors import Cancelled, InvalidInput, UnknownEngine
from pipelines.face_mosaic import MosaicOptions, hide_faces_in_files
from pipelines.face_mosaic.batch import safe_name
from pipelines.job import Job

EXAMPLES = Path(__file__).parent.parent / "examples" / "face_mosaic"
PORTRAIT, TURNED = EXAMPLES / "portrait.jpg", EXAMPLES / "turned.jpg"


def test_one_bad_file_does_not_stop_the_others(tmp_path: Path):
    bad, empty = tmp_path / "text.png", tmp_path / "empty.jpg"
    bad.write_text("not a picture")
    empty.touch()
    out = tmp_path / "out"
    out.mkdir()
    files = [("a.jpg", PORTRAIT), ("text.png", bad), ("empty.jpg", empty), ("b.jpg", TURNED)]
    batch = hide_faces_in_files(files, out)
    assert [(one.file, one.faces) for one in batch.processed] == [("a.jpg", 1), ("b.jpg", 3)]
    assert [one.file for one in batch.failed] == ["text.png", "empty.jpg"]
    assert "not a picture" in batch.failed[0].reason.en
    assert batch.failed[1].reason.ko
    assert batch.engine == "centerface"
    with zipfile.ZipFile(batch.zip_path) as archive:
        assert archive.namelist() == ["a-mosaic.png", "b-mosaic.png"]
        assert archive.testzip() is None
    with Image.open(batch.processed[0].path) as picture:
        assert picture.size == (640, 800)


def test_names_are_only_names(tmp_path: Path):
    names = ["../../a.png", "한국 사진.jpg", "..\\..\\A.jpg", "/etc/passwd", "CON.png", "x\x00y<>\u202e.gif", "...", ""]
    photo = tmp_path.parent / "small.png"
    Image.new("RGB", (64, 64), "teal").save(photo)
    batch = hide_faces_in_files([(name, photo) for name in names], tmp_path)
    written = sorted(path.name for path in tmp_path.rglob("*"))
    assert written == sorted([*(one.path.name for one in batch.processed), "faces-mosaic.zip"])
    assert [one.path.name for one in batch.processed] == [
        "a-mosaic.png", "한국 사진-mosaic.png", "A-mosaic-2.png", "passwd-mosaic.png", "pictureCON-mosaic.png",
        "xy__-mosaic.png", "picture-mosaic.png", "picture-mosaic-2.png",
    ]  # fmt: skip
    assert all(one.path.parent == tmp_path for one in batch.processed)


def test_decomposed_and_very_long_names_are_made_storable():
    decomposed = "\u1112\u1161\u11ab.png"  # as macOS spells it
    assert safe_name(decomposed, set()) == "한-mosaic.png"
    assert len(safe_name("가" * 500 + ".jpg", set()).encode()) < 255


def test_no_files_keep_and_boxes_are_refused(tmp_path: Path):
    with pytest.raises(InvalidInput, match="Choose one or more"):
        hide_faces_in_files([], tmp_path)
    with pytest.raises(InvalidInput, match="belong to one picture"):
        hide_faces_in_files([("a.jpg", PORTRAIT)], tmp_path, MosaicOptions(keep=(0,)))


def test_what_is_wrong_for_all_files_is_an_error_at_once(tmp_path: Path):
    with pytest.raises(UnknownEngine):
        hide_faces_in_files([("a.jpg", PORTRAIT)], tmp_path, engine="nobody")
    with pytest.raises(InvalidInput, match="style"):
        hide_faces_in_files([("a.jpg", PORTRAIT)], tmp_path, MosaicOptions(style="none"))


def test_progress_names_the_file_and_a_cancel_stops_between_files(tmp_path: Path):
    said: list[str] = []

    def listen(progress):
        said.append(progress.text.en)
        if "2 of 3" in progress.text.en:
            job.cancel()

    job = Job(listen)
    with pytest.raises(Cancelled):
        hide_faces_in_files([(f"{n}.jpg", PORTRAIT) for n in range(3)], tmp_path, job=job)
    assert said[0] == "Photo 1 of 3: 0.jpg"
    assert not any("3 of 3" in text for text in said)
