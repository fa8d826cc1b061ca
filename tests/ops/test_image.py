"""Behaviour of tf.image that no row of the case tables shows: random choices, static shapes."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.ops import crop_and_resize
from flowgraph.testing import check_gradients

IMAGE = np.arange(24, dtype=np.float32).reshape(2, 4, 3)
BATCH = np.random.default_rng(1).normal(size=(32, 3, 4, 1)).astype(np.float32)


def runs(tensor, count):
    with fg.Session() as session:
        return [session.run(tensor) for _ in range(count)]


@pytest.mark.parametrize(("flip", "axis"), [(fg.image.random_flip_left_right, -2),
                                            (fg.image.random_flip_up_down, -3)])
def test_a_random_flip_flips_about_half_of_the_time(flip, axis):
    flipped = np.flip(IMAGE, axis)
    seen = [np.array_equal(image, flipped) for image in runs(flip(fg.constant(IMAGE), seed=4), 40)]
    assert 8 < sum(seen) < 32
    (batch,) = runs(flip(fg.constant(BATCH), seed=4), 1)
    mirrored = [np.array_equal(got, np.flip(image, axis))
                for got, image in zip(batch, BATCH, strict=True)]
    kept = [np.array_equal(got, image) for got, image in zip(batch, BATCH, strict=True)]
    assert all(a or b for a, b in zip(mirrored, kept, strict=True))
    assert 8 < sum(mirrored) < 24


def test_random_flips_of_unknown_rank_choose_as_those_of_known_rank():
    for array in (IMAGE, BATCH):
        x = fg.placeholder(fg.float32, None)
        known = fg.image.random_flip_left_right(fg.constant(array), seed=5)
        unknown = fg.image.random_flip_left_right(x, seed=5)
        with fg.Session() as session:
            for _ in range(4):
                got, wanted = session.run([unknown, known], {x: array})
                np.testing.assert_array_equal(got, wanted)


def test_random_adjustments_draw_from_their_range_and_repeat_with_a_seed():
    grey = fg.fill([1, 1, 3], 0.5)
    added = [image[0, 0, 0] - 0.5 for image in runs(fg.image.random_brightness(grey, 0.25, 3), 20)]
    assert min(added) >= -0.25
    assert max(added) < 0.25
    assert len(set(added)) == 20
    colours = fg.constant(np.random.default_rng(2).uniform(size=(4, 4, 3)).astype(np.float32))
    for function, limits in ((fg.image.random_contrast, (0.5, 1.5)),
                             (fg.image.random_saturation, (0.5, 1.5)),
                             (fg.image.random_hue, (0.4,))):
        first, second = (runs(function(colours, *limits, seed=6), 3) for _ in range(2))
        np.testing.assert_array_equal(first, second)
        assert not np.array_equal(first[0], first[1])


def test_gradients_of_crops_move_the_corners_of_boxes():
    # A ramp has no kinks; crops are float32, so that the image is large and the step seen.
    ramp = np.add.outer(np.arange(6.0) * 3, np.arange(5.0)).reshape(1, 6, 5, 1).astype(np.float32)
    boxes = fg.placeholder(fg.float32, [2, 4])
    crops = fg.image.crop_and_resize(ramp, boxes, [0, 0], [3, 2])
    weights = np.random.default_rng(3).normal(size=(2, 3, 2, 1)).astype(np.float32)
    loss = fg.reduce_sum(crops * weights)
    (slope,) = fg.gradients(loss, boxes)
    here = np.array([[0.11, 0.21, 0.73, 0.91], [0.83, 0.31, 0.23, 0.63]], np.float32)
    with fg.Session() as session:
        found = session.run(slope, {boxes: here})
        for index in np.ndindex(here.shape):
            ends = []
            for step in (1 / 64, -1 / 64):
                moved = here.copy()
                moved[index] += step
                ends.append(session.run(loss, {boxes: moved}))
            assert abs((ends[0] - ends[1]) * 32 - found[index]) < 1e-2


def test_turned_pictures_are_laid_out_once_for_all_pixels_of_crops(monkeypatch):
    looked_up = []
    real = crop_and_resize._pixels
    monkeypatch.setattr(crop_and_resize, "_pixels", lambda xp, image, *rest: looked_up.append(
        image.flags.c_contiguous) or real(xp, image, *rest))
    pictures = np.random.default_rng(0).random((2, 3, 9, 8), np.float32).transpose(0, 2, 3, 1)
    boxes, which = np.float32([[0, 0, 1, 1], [1, 0, 0.2, 0.7]]), np.int32([1, 0])
    weights = np.ones((2, 3, 2, 3), np.float32)
    for kernel, before in ((crop_and_resize.CropAndResize().kernel, ()),
                           (crop_and_resize.CropAndResizeGradBoxes().kernel, (weights,))):
        after = (boxes, which) if before else (boxes, which, np.int32([3, 2]))
        np.testing.assert_array_equal(kernel(np, *before, pictures, *after),
                                      kernel(np, *before, pictures.copy(), *after))
    assert len(looked_up) == 16 and all(looked_up)


def test_the_gradient_of_a_resize_is_its_transpose():
    rng = np.random.default_rng(8)
    for name in ("resize_bilinear", "resize_bicubic", "resize_nearest_neighbor"):
        for old, new in (((5, 4), (3, 9)), ((1, 3), (4, 1)), ((7, 6), (7, 2))):
            x, y = rng.normal(size=(2, *old, 3)), rng.normal(size=(2, *new, 3))
            image = fg.constant(x.astype(np.float32))
            resized = getattr(fg.image, name)(image, new)
            (back,) = fg.gradients(resized, image, grad_ys=[fg.constant(y.astype(np.float32))])
            there, back = fg.Session().run([resized, back])
            np.testing.assert_allclose((there * y).sum(), (back * x).sum(), rtol=1e-4)


def test_a_nan_pixel_spoils_only_its_neighbours():
    image = np.zeros((1, 8, 8, 1), np.float32)
    image[0, 4, 4] = np.nan
    for name, most in (("resize_bilinear", 9), ("resize_bicubic", 64), ("resize_area", 9)):
        resized = fg.Session().run(getattr(fg.image, name)(image, [16, 16]))
        assert 1 <= np.isnan(resized).sum() <= most


def test_static_shapes_tell_what_is_known():
    x = fg.placeholder(fg.float32, [None, 10, None, 3])
    assert fg.image.resize_images(x, [4, 5]).shape.as_list() == [None, 4, 5, 3]
    assert fg.image.rot90(x).shape.as_list() == [None, None, None, 3]
    assert fg.image.transpose_image(x).shape.as_list() == [None, None, 10, 3]
    assert fg.image.central_crop(x, 0.5).shape.as_list() == [None, 6, None, 3]
    assert fg.image.pad_to_bounding_box(x, 1, 1, 20, 30).shape.as_list() == [None, 20, 30, 3]
    assert fg.image.rgb_to_grayscale(x).shape.as_list() == [None, 10, None, 1]
    unknown = fg.placeholder(fg.float32, None)
    assert fg.image.crop_to_bounding_box(unknown, 0, 0, 2, 3).shape.as_list() == [2, 3, None]
    assert fg.image.flip_up_down(unknown).shape.ndims is None


def test_similarity_has_gradients():
    rng = np.random.default_rng(9)
    other = rng.uniform(size=(1, 6, 6, 1)).astype(np.float32)
    x = fg.placeholder(fg.float32, [1, 6, 6, 1])
    (slope,) = fg.gradients(fg.image.ssim(x, other, 1.0, filter_size=3), x)
    start = rng.uniform(size=(1, 6, 6, 1)).astype(np.float32)
    with fg.Session() as session:
        before = session.run(fg.image.ssim(x, other, 1.0, filter_size=3), {x: start})
        closer = start + 0.01 * session.run(slope, {x: start})
        assert session.run(fg.image.ssim(x, other, 1.0, filter_size=3), {x: closer}) > before


def test_gradients_of_colours_and_flips_chain():
    image = np.random.default_rng(10).uniform(0.1, 0.9, (2, 3, 3))
    check_gradients(lambda x: fg.image.rgb_to_hsv(fg.image.rot90(fg.image.flip_up_down(x))),
                    [image])
