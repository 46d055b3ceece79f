"""Faces in pictures, with the real embedded engines on the drawn examples."""

from __future__ import annotations

import builtins
import io
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from examples import make_faces
from pipelines import engines, media
from pipelines.errors import Cancelled, EngineUnavailable, InvalidInput, UnknownEngine
from pipelines.face_mosaic import STYLES, HiddenFaces, MosaicOptions, centerface, haar, hide_faces, yunet
from pipelines.face_mosaic.boxes import covered, grow, merge, overlaps
from pipelines.face_mosaic.detect import _tiles, find_faces
from pipelines.face_mosaic.hide import cell_side, hide
from pipelines.job import Job

EXAMPLES = Path(__file__).parent.parent / "examples" / "face_mosaic"
FACES = {"portrait": 1, "group": 5, "street": 7, "turned": 3}


def example(name: str) -> Image.Image:
    return media.open_picture(EXAMPLES / f"{name}.jpg").image


def hidden_mask(result: HiddenFaces) -> np.ndarray:
    mask = np.zeros((result.image.height, result.image.width), bool)
    for face in result.faces:
        if face.hidden:
            x, y, w, h = face.area
            mask[y : y + h, x : x + w] = True
    return mask


@pytest.fixture(scope="module")
def truth() -> dict:
    """The scenes as the script draws them now, with the boxes of their faces."""
    return make_faces.scenes()


@pytest.fixture(scope="module")
def group() -> HiddenFaces:
    return hide_faces(example("group"))


# --- found and hidden -------------------------------------------------------------------------------------------


def test_every_drawn_face_is_found_once_and_hidden(truth):
    for name, count in FACES.items():
        result = hide_faces(example(name))
        areas = np.array([face.area for face in result.faces], float)
        assert len(result.faces) == count, name
        assert all((covered(np.array(box), areas) > 0.9).any() for box in truth[name][1]), name
        assert result.still_found == 0
        assert result.engine == "centerface"


def test_the_shipped_pictures_are_what_the_script_draws(truth):
    for name, (image, _) in truth.items():
        difference = np.abs(np.asarray(image, float) - np.asarray(example(name), float))
        assert difference.mean() < 3, name  # JPEG
        assert (EXAMPLES / f"{name}.jpg").stat().st_size < 200_000


def test_pixels_outside_the_hidden_areas_are_bit_identical(group: HiddenFaces):
    before, after = np.asarray(example("group")), np.asarray(group.image)
    mask = hidden_mask(group)
    assert np.array_equal(before[~mask], after[~mask])
    assert (before[mask] != after[mask]).any(axis=1).mean() > 0.8


@pytest.mark.parametrize("style", STYLES)
def test_outside_stays_identical_with_boxes_by_hand_in_noise(style: str):
    random = np.random.default_rng(1)
    noise = random.integers(0, 256, (200, 300, 3), np.uint8)
    boxes = tuple((float(x), float(y), 40.5, 33.0) for x, y in random.uniform(0, 250, (4, 2)).round(1) if y < 160)
    result = hide_faces(Image.fromarray(noise), MosaicOptions(style=style, boxes=(*boxes, (280.0, 180.0, 50.0, 50.0))))
    mask = hidden_mask(result)
    after = np.asarray(result.image)
    assert np.array_equal(noise[~mask], after[~mask])
    assert (noise[mask] != after[mask]).any(axis=1).mean() > 0.95


def test_the_report_is_the_same_each_time_and_sorted(group: HiddenFaces):
    again = hide_faces(example("group"))
    assert again.faces == group.faces
    assert [face.index for face in group.faces] == list(range(5))
    tops = [face.box[1] for face in group.faces]
    assert tops == sorted(tops)


def test_areas_reach_above_the_hair_line_and_below_the_chin(group: HiddenFaces):
    for face in group.faces:
        (x, y, w, h), (ax, ay, aw, ah) = face.box, face.area
        assert ay <= y - 0.3 * h
        assert ay + ah >= y + 1.15 * h
        assert ax <= x - 0.2 * w
        assert ax + aw >= x + 1.2 * w


def test_an_area_is_cut_at_the_edge_of_the_picture():
    assert grow((0, 0, 50, 60), 0.7, 100, 65) == (0, 0, 63, 65)


def test_a_picture_on_its_side_is_searched_too():
    for quarters in (1, 2, 3):
        turned = Image.fromarray(np.rot90(np.asarray(example("portrait")), quarters).copy())
        assert len(hide_faces(turned).faces) == 1, quarters


def test_a_face_of_20_pixels_in_a_phone_photo_is_found():
    photo = make_faces.backdrop(2400, 1800, "street")
    boxes = [make_faces.place(photo, make_faces.CAST[n], 300 + 400 * n, 500 + 150 * n, 22) for n in (0, 1, 3, 4)]
    areas = np.array([face.area for face in hide_faces(photo).faces], float)
    assert all((covered(np.array(box), areas) > 0.5).any() for box in boxes)


def test_tiles_cover_everything_and_overlap():
    for width, height in ((1500, 1300), (4000, 3000), (9000, 700), (8000, 6000)):
        seen = np.zeros((height, width), np.uint8)
        for left, top, right, bottom in _tiles(width, height):
            assert (right - left) * (bottom - top) <= 1_400_000
            seen[top:bottom, left:right] += 1
        assert seen.min() >= 1


def test_a_face_free_picture_comes_back_unchanged_with_an_empty_report():
    scene = make_faces.backdrop(500, 400, "park")
    result = hide_faces(scene)
    assert result.faces == ()
    assert np.array_equal(np.asarray(result.image), np.asarray(scene))


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1), (15, 15), (33, 20)])
def test_tiny_and_narrow_pictures_work(size: tuple[int, int]):
    result = hide_faces(Image.new("RGB", size, "white"), MosaicOptions(boxes=((0.0, 0.0, 1.0, 1.0),)))
    assert result.image.size == size


# --- alpha and metadata -----------------------------------------------------------------------------------------


def test_alpha_is_kept_and_a_face_under_it_is_hidden():
    picture = example("portrait").convert("RGBA")
    alpha = np.full((picture.height, picture.width), 255, np.uint8)
    alpha[:, :100], alpha[300:420, 300:340] = 0, 128
    picture.putalpha(Image.fromarray(alpha))
    result = hide_faces(picture)
    assert result.image.mode == "RGBA"
    assert np.array_equal(np.asarray(result.image)[..., 3], alpha)
    assert any(face.hidden for face in result.faces)
    mask = hidden_mask(result)
    assert np.array_equal(np.asarray(picture)[~mask], np.asarray(result.image)[~mask])


def test_grey_pictures_work():
    assert len(hide_faces(example("group").convert("L")).faces) == 5


def test_exif_is_gone_from_the_saved_bytes(tmp_path: Path):
    exif = Image.Exif()
    exif[0x010E], exif[0x8825] = "SECRET-PLACE", {1: "N", 2: (37.0, 33.0, 59.0)}
    path = tmp_path / "photo.jpg"
    example("portrait").save(path, exif=exif, comment=b"SECRET-COMMENT")
    assert b"SECRET-PLACE" in path.read_bytes()
    result = hide_faces(media.open_picture(path).image)
    saved = io.BytesIO()
    result.image.save(saved, "PNG")
    for data in (media.png_bytes(result.image), saved.getvalue()):
        assert b"SECRET" not in data
        assert not Image.open(io.BytesIO(data)).getexif()


# --- choices ----------------------------------------------------------------------------------------------------


def test_style_strength_and_threshold_each_change_the_result(group: HiddenFaces):
    picture = example("group")
    results = [np.asarray(hide_faces(picture, MosaicOptions(style=style)).image) for style in STYLES]
    assert all(not np.array_equal(results[a], results[b]) for a in range(4) for b in range(a))
    for style in STYLES:
        weak, strong = (hide_faces(picture, MosaicOptions(style=style, strength=s)) for s in (0.0, 1.0))
        assert not np.array_equal(np.asarray(weak.image), np.asarray(strong.image))
    assert len(hide_faces(picture, MosaicOptions(threshold=1.0)).faces) < len(group.faces)
    assert len(hide_faces(picture, MosaicOptions(threshold=0.02)).faces) > len(group.faces)


def test_a_default_mosaic_has_at_most_eight_cells_across_the_area():
    noise = np.random.default_rng(0).integers(0, 256, (400, 400, 3), np.uint8)
    for width in (8, 20, 63, 64, 65, 200, 333):
        canvas = noise.copy()
        hide(canvas, (10, 10, width, width), "mosaic", 0.7)
        row = canvas[12, 10 : 10 + width].astype(int)
        assert np.abs(np.diff(row, axis=0)).any(axis=1).sum() + 1 <= 8


def test_a_face_cut_by_the_edge_gets_no_finer_mosaic():
    noise = np.random.default_rng(0).integers(0, 256, (100, 100, 3), np.uint8)
    hide(noise, (0, 0, 20, 100), "mosaic", 0.7, whole_width=140)
    assert len(np.unique(noise[5, :20], axis=0)) == 1


def test_more_strength_means_larger_cells():
    cells = [cell_side(210, 11 - 6 * strength) for strength in (0, 0.35, 0.7, 1)]
    assert cells == sorted(set(cells))


def test_a_blur_holds_no_more_than_a_few_averages():
    """Two faces with the same cell averages give the same blur: the detail is gone, not smeared."""
    random = np.random.default_rng(0)
    one = random.integers(40, 200, (140, 140, 3)).astype(np.uint8)
    other = one.copy()
    hide(one, (0, 0, 140, 140), "blur", 0.7)
    cell = cell_side(140, (11 - 6 * 0.7) * 0.6)
    for y in range(0, 140, cell):
        for x in range(0, 140, cell):
            block = other[y : y + cell, x : x + cell]
            block[:] = random.permutation(block.reshape(-1, 3)).reshape(block.shape)
    hide(other, (0, 0, 140, 140), "blur", 0.7)
    assert np.array_equal(one, other)


def test_a_kept_face_stays_and_is_not_counted_as_still_found(group: HiddenFaces):
    picture = example("group")
    result = hide_faces(picture, MosaicOptions(keep=(1, 3)))
    assert [face.hidden for face in result.faces] == [True, False, True, False, True]
    assert [face.box for face in result.faces] == [face.box for face in group.faces]
    x, y, w, h = result.faces[1].box
    assert np.array_equal(np.asarray(picture)[y : y + h, x : x + w], np.asarray(result.image)[y : y + h, x : x + w])
    assert result.still_found == 0


def test_boxes_by_hand_follow_the_found_faces_and_may_be_kept():
    options = MosaicOptions(boxes=((5.5, 5.0, 30.0, 40.0), (600.0, 780.0, 90.0, 90.0)), keep=(2,))
    result = hide_faces(example("portrait"), options)
    assert [(face.index, face.hidden) for face in result.faces] == [(0, True), (1, True), (2, False)]
    assert result.faces[1].box == result.faces[1].area == (5, 5, 31, 40)
    assert result.faces[2].area == (600, 780, 40, 20)
    assert result.faces[1].score == 1.0


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"keep": [5]}, "only the faces 0 to 4"),
        ({"keep": [-1]}, "must lie between 0"),
        ({"keep": "1"}, "must be a list"),
        ({"keep": [0.5]}, "whole number"),
        ({"boxes": [[1, 2, 3]]}, "four numbers"),
        ({"boxes": [[1, 2, 0, 4]]}, "has no size"),
        ({"boxes": [[5000, 2, 3, 4]]}, "outside the picture"),
        ({"boxes": [[1, "a", 3, 4]]}, "must be a number"),
        ({"boxes": [[1, float("nan"), 3, 4]]}, "must be a number"),
        ({"style": "pixelate"}, "mosaic, blur, solid, emoji"),
        ({"strength": 1.1}, "between 0 and 1"),
        ({"strength": "abc"}, "must be a number"),
        ({"threshold": -0.5}, "between 0 and 1"),
        ({"threshold": {}}, "must be a number"),
    ],
)
def test_wrong_choices_are_named(wrong: dict, says: str):
    with pytest.raises(InvalidInput, match=says):
        hide_faces(example("group"), MosaicOptions(**wrong))


def test_keep_in_a_picture_without_faces_says_that_none_was_found():
    with pytest.raises(InvalidInput, match="none was found"):
        hide_faces(make_faces.backdrop(300, 200, "wall"), MosaicOptions(keep=(0,)))


def test_a_cancelled_job_stops():
    job = Job()
    job.cancel()
    with pytest.raises(Cancelled):
        hide_faces(example("portrait"), job=job)


# --- engines ----------------------------------------------------------------------------------------------------


def test_haar_finds_upright_faces_and_is_named():
    result = hide_faces(example("group"), engine="haar")
    assert result.engine == "haar"
    assert len(result.faces) >= 3


def test_an_unknown_engine_names_the_choices():
    with pytest.raises(UnknownEngine, match="centerface, yunet, haar"):
        hide_faces(example("portrait"), engine="mtcnn")


def test_auto_is_centerface():
    assert engines.choose("face_mosaic").name == "centerface"


def test_centerface_answers_the_same_after_other_picture_sizes():
    """OpenCV 4.14 spoils a net whose input size changes; the engine must not."""
    picture = np.asarray(example("group"))
    engine = centerface.load(None)
    before = engine.find(picture, 0.2)
    for side in (96, 160, 224, 300):
        engine.find(picture[:side, :side], 0.2)
    assert np.array_equal(engine.find(picture, 0.2), before)


def test_a_threshold_of_zero_ends_and_is_bounded():
    engine = centerface.load(None)
    assert len(engine.find(np.asarray(example("portrait")), 0.0)) <= 1000


def test_yunet_without_its_file_says_which_is_missing(tmp_path: Path):
    with pytest.raises(EngineUnavailable, match=r"face_detection_yunet_2023mar\.onnx"):
        yunet.load(tmp_path)


def test_yunet_that_nobody_fetched_is_not_chosen_and_is_refused_offline():
    with pytest.raises(EngineUnavailable):
        hide_faces(example("portrait"), engine="yunet")


@pytest.mark.parametrize("module", [centerface, haar, yunet])
def test_a_broken_opencv_is_explained_with_its_repair(module, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    real = builtins.__import__

    def without_gl(name: str, *args, **kwargs):
        if name == "cv2":
            raise ImportError("libGL.so.1: cannot open shared object file")
        return real(name, *args, **kwargs)

    monkeypatch.delitem(sys.modules, "cv2", raising=False)
    monkeypatch.setattr(builtins, "__import__", without_gl)
    with pytest.raises(EngineUnavailable, match=r"opencv-python-headless==4\.14\.0\.94"):
        module.load(tmp_path)


class _FlickeringEngine:
    """Sees one doubtful box in the whole picture, and on a closer look what the test says."""

    default_threshold, sure = 0.24, 0.5

    def __init__(self, first: float, closer: float) -> None:
        self._first, self._closer = first, closer

    def find(self, image: np.ndarray, threshold: float) -> np.ndarray:
        row = [100, 90, 40, 50, self._first] if image.shape[0] > 80 else [26.4, 24, 25.6, 32, self._closer]
        return np.array([row], np.float32)[[row[4] >= threshold]]


@pytest.mark.parametrize(("first", "closer", "found"), [(0.3, 0.4, 1), (0.3, 0.05, 0), (0.18, 0.5, 1), (0.1, 0.9, 0)])
def test_a_doubtful_face_needs_a_closer_look(first: float, closer: float, found: int):
    picture = np.zeros((300, 300, 3), np.uint8)
    rows = find_faces(_FlickeringEngine(first, closer), picture, 0.24, Job(), turned=False)
    assert len(rows) == found
    if found:
        assert rows[0, 4] == pytest.approx((first + closer) / 2)


def test_merging_keeps_the_best_of_overlapping_boxes():
    rows = np.array([[0, 0, 10, 10, 0.4], [1, 1, 10, 10, 0.9], [50, 50, 10, 10, 0.3]], np.float32)
    assert merge(rows)[:, 4].tolist() == pytest.approx([0.9, 0.3])
    assert overlaps(rows[0], rows[2:])[0] == 0
