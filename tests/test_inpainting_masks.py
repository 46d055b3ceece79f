"""Masks as browsers and programs send them, what becomes of them, and the windows around them."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from pipelines.errors import InvalidInput, TooLarge
from pipelines.inpainting import extending, masks, windows

MARK = np.zeros((40, 60), bool)
MARK[10:20, 15:30] = True


def grey(marked: np.ndarray = MARK, on: int = 255, off: int = 0) -> Image.Image:
    return Image.fromarray(np.where(marked, on, off).astype(np.uint8), "L")


def layer(colour: tuple[int, int, int], marked: np.ndarray = MARK) -> Image.Image:
    """A brush stroke on an empty layer, as an editor sends it."""
    pixels = np.zeros((*marked.shape, 4), np.uint8)
    pixels[marked] = (*colour, 255)
    return Image.fromarray(pixels, "RGBA")


# --- reading ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["L", "1", "RGB", "P"])
def test_white_marks_whatever_the_mode(mode: str):
    assert np.array_equal(masks.read(grey().convert(mode)), MARK)


def test_a_black_and_white_mask_with_alpha_255_everywhere_is_not_all_marked():
    assert np.array_equal(masks.read(grey().convert("RGBA")), MARK)


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (200, 30, 30)])
def test_a_stroke_on_an_empty_layer_marks_by_its_alpha(colour: tuple[int, int, int]):
    assert np.array_equal(masks.read(layer(colour)), MARK)


def test_an_untouched_layer_marks_nothing_even_if_its_hidden_colour_is_white():
    assert not masks.read(Image.new("RGBA", (60, 40), (255, 255, 255, 0))).any()


def test_grey_and_alpha_pictures_are_read_by_their_alpha():
    black_stroke = Image.merge("LA", [Image.new("L", (60, 40), 0), grey()])
    assert np.array_equal(masks.read(black_stroke), MARK)


def test_the_noise_of_a_jpeg_near_black_marks_nothing():
    assert np.array_equal(masks.read(grey(on=240, off=12)), MARK)


def test_sixteen_bit_masks_are_not_clipped():
    deep = Image.fromarray(np.where(MARK, 65535, 300).astype(np.uint16))
    assert np.array_equal(masks.read(deep), MARK)


# --- size -------------------------------------------------------------------------------------------------------


def test_a_mask_of_the_same_shape_is_scaled():
    large = np.asarray(grey().resize((120, 80), Image.Resampling.NEAREST)) > 0
    assert np.array_equal(masks.fitted(large, 60, 40), MARK)


def test_a_rounded_preview_of_an_odd_picture_still_fits():
    marked = np.zeros((667, 1000), bool)
    assert masks.fitted(marked, 4001, 2667).shape == (2667, 4001)


@pytest.mark.parametrize("size", [(40, 60), (60, 41 + 2), (100, 40)])
def test_a_mask_of_another_shape_is_refused(size: tuple[int, int]):
    marked = np.zeros((size[1], size[0]), bool)
    with pytest.raises(InvalidInput, match="mask is"):
        masks.fitted(marked, 60, 40)


# --- grow, shrink, feather --------------------------------------------------------------------------------------


def test_growing_is_round_and_exact():
    point = np.zeros((21, 21), bool)
    point[10, 10] = True
    grown = masks.grown(point, 5)
    y, x = np.mgrid[-10:11, -10:11]
    assert np.array_equal(grown, np.hypot(y, x) <= 5)


def test_shrinking_undoes_growing_of_a_box():
    assert np.array_equal(masks.grown(masks.grown(MARK, 4), -4), MARK)


def test_shrinking_does_not_come_in_from_the_edge_of_the_picture():
    half = np.zeros((40, 60), bool)
    half[:, :30] = True
    shrunk = masks.grown(half, -5)
    assert shrunk[:, :25].all() and not shrunk[:, 25:].any()


def test_shrinking_too_far_leaves_nothing():
    assert not masks.grown(MARK, -6).any()


def test_feather_is_inward_only():
    weights = masks.feathered(MARK, 3)
    assert (weights[~MARK] == 0).all() and (weights[MARK] > 0).all()
    assert list(weights[15, 15:20]) == [64, 128, 191, 255, 255]


def test_no_feather_is_all_or_nothing():
    assert set(np.unique(masks.feathered(MARK, 0))) == {0, 255}


def test_a_feather_wider_than_the_mask_still_leaves_no_marked_pixel_at_0():
    weights = masks.feathered(MARK, 500)
    assert (weights[MARK] > 0).all() and (weights[~MARK] == 0).all()


# --- boxes and layers -------------------------------------------------------------------------------------------


def test_boxes_of_faces_become_a_mask_of_exactly_their_pixels():
    mask = np.asarray(masks.from_boxes([(15, 10, 15, 10), (50, 30, 1, 1)], 60, 40)) > 0
    wanted = MARK.copy()
    wanted[30, 50] = True
    assert np.array_equal(mask, wanted)


def test_tilted_lines_of_text_become_polygons():
    mask = np.asarray(masks.from_boxes([[(30, 5), (50, 20), (30, 35), (10, 20)]], 60, 40)) > 0
    assert mask[20, 30] and mask[20, 12] and not mask[6, 12] and not mask[34, 48]


def test_a_margin_grows_boxes_and_boxes_outside_mark_nothing():
    mask = np.asarray(masks.from_boxes([(15, 10, 15, 10), (70, 50, 9, 9), (-30, -30, 9, 9)], 60, 40, margin=2)) > 0
    assert np.array_equal(mask, masks.grown(MARK, 2))


def test_a_box_that_reaches_outside_is_cut():
    mask = np.asarray(masks.from_boxes([(-5, -5, 10, 10)], 60, 40)) > 0
    assert mask.sum() == 25 and mask[:5, :5].all()


def test_layers_are_joined():
    other = np.zeros_like(MARK)
    other[0, 0] = True
    assert np.array_equal(masks.union([MARK, other]), MARK | other)


# --- extending --------------------------------------------------------------------------------------------------


def test_sides_and_pixels_are_read():
    assert extending.parse("") == extending.Margins()
    assert not extending.parse("  ")
    assert extending.parse("left:128,top:64") == extending.Margins(left=128, top=64)
    assert extending.parse(" Bottom: 5 , right:1") == extending.Margins(bottom=5, right=1)


@pytest.mark.parametrize(
    "text", ["left", "left:", "left:-3", "left:0", "left:1.5", "up:4", "left:4,left:5", "left:4,", "left:99999", 7]
)
def test_what_cannot_be_read_is_refused(text: object):
    with pytest.raises(InvalidInput):
        extending.parse(text)


def test_a_picture_extended_beyond_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MODU_LIMIT_PICTURE_PIXELS", "10000")
    assert extending.parse("left:10").around(90, 100) == (100, 100)
    with pytest.raises(TooLarge, match="megapixels"):
        extending.parse("left:11").around(90, 100)


# --- windows ----------------------------------------------------------------------------------------------------


def marked_in(width: int, height: int, *boxes: tuple[int, int, int, int]) -> np.ndarray:
    mask = np.zeros((height, width), np.uint8)
    for x, y, w, h in boxes:
        mask[y : y + h, x : x + w] = 255
    return mask


def test_a_small_mark_is_seen_unscaled_in_a_window_of_the_engines_side():
    (window,) = windows.around(marked_in(4000, 3000, (2000, 1500, 50, 40)), 512, 8)
    assert window.size == (512, 512) == (window.width, window.height)
    assert window.left < 1900 and window.right > 2150


def test_a_large_mark_is_seen_with_context_and_shrunk():
    (window,) = windows.around(marked_in(4000, 3000, (1000, 1000, 800, 400)), 512, 8)
    assert window.size[0] >= 1600 and max(window.width, window.height) == 512
    assert window.width % 8 == window.height % 8 == 0
    assert window.width / window.height == pytest.approx(window.size[0] / window.size[1], rel=0.03)


def test_a_window_at_the_edge_is_moved_not_cut():
    (window,) = windows.around(marked_in(2000, 1500, (0, 0, 30, 30)), 512, 8)
    assert (window.left, window.top, window.size) == (0, 0, (512, 512))


def test_a_small_picture_is_enlarged_to_the_engines_side():
    (window,) = windows.around(marked_in(100, 50, (10, 10, 5, 5)), 512, 64)
    assert window.size == (100, 50) and (window.width, window.height) == (512, 256)


def test_marks_far_apart_get_windows_of_their_own_and_near_ones_share():
    far = windows.around(marked_in(4000, 3000, (100, 100, 50, 50), (3500, 2500, 50, 50)), 512, 8)
    assert len(far) == 2
    near = windows.around(marked_in(4000, 3000, (100, 100, 50, 50), (300, 200, 50, 50)), 512, 8)
    assert len(near) == 1


def test_every_mark_lies_in_exactly_one_window_and_windows_do_not_touch():
    random = np.random.default_rng(0)
    for _ in range(20):
        boxes = [(*random.integers(0, (1500, 1100)).tolist(), *random.integers(1, 90, 2).tolist()) for _ in range(6)]
        mask = marked_in(1600, 1200, *boxes)
        seen = np.zeros(mask.shape, int)
        for window in windows.around(mask, 256, 8):
            seen[window.area] += 1
        assert (seen[mask > 0] == 1).all() and seen.max() == 1


def test_an_engine_of_any_size_gets_one_window_unscaled():
    (window,) = windows.around(marked_in(2000, 1500, (900, 700, 101, 57), (1100, 700, 3, 3)), 0, 1)
    assert window.size == (window.width, window.height)
    assert window.left <= 800 and window.right >= 1200
