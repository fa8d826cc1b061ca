"""Many images are resized as each of them alone is, in one piece."""

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.ops import resampling


@pytest.mark.parametrize("name", ["resize_bilinear", "resize_bicubic", "resize_nearest_neighbor"])
@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize(("sizes", "size"), [
    ((5, 40, 30, 16), (70, 33)), ((3, 50, 60, 17), (75, 101)), ((40, 9, 9, 20), (17, 18))])
def test_many_images_and_their_gradients_are_those_of_one(
        name, align_corners, sizes, size, monkeypatch):
    assert np.prod(size) * sizes[0] * sizes[3] > resampling._TILE  # in several pieces
    images = np.random.default_rng(0).random(sizes, np.float32)
    with fg.Graph().as_default():
        x = fg.placeholder(fg.float32, sizes)
        y = getattr(fg.image, name)(x, list(size), align_corners=align_corners)
        both = [y, *fg.gradients(fg.square(y), x)]
        got = fg.Session().run(both, {x: images})
        monkeypatch.setattr(resampling, "_TILE", 1 << 40)
        expected = fg.Session(passes=[]).run(both, {x: images})
    for one, other in zip(got, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_large_images_of_few_channels_are_those_of_one_and_stay_as_they_are():
    images = np.random.default_rng(0).random((40, 40, 50, 3), np.float32)
    assert images.size > resampling._LARGE > images[0].size
    columns, rows = (resampling.bilinear(n, m, False, False) for n, m in ((50, 33), (40, 70)))
    got = resampling.lerped_both(np, images, columns, rows)
    kept = got.copy()
    resampling.lerped_both(np, 1 - images, columns, rows)  # in the same memory
    np.testing.assert_array_equal(got, kept)
    for one, result in zip(images, got, strict=True):
        np.testing.assert_array_equal(
            resampling.lerped_both(np, one[None], columns, rows)[0], result)
