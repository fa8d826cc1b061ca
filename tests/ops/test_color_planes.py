"""Colours that are changed plane by plane are those of the formulas for single pixels."""

import numpy as np
import pytest

from flowgraph.ops import color_planes, image_color
from flowgraph.ops.image_color import AdjustHue, AdjustSaturation

KERNELS = [pytest.param(AdjustHue(), id="hue"), pytest.param(AdjustSaturation(), id="saturation")]


def pictures(shape: tuple[int, ...], dtype) -> np.ndarray:
    """Random colours; greys, primary colours, black and negative ones among them."""
    random = np.random.default_rng(0)
    drawn = random.normal(0.5, 0.5, shape)
    few = random.integers(0, 3, shape) / 2
    return np.where(random.random(shape[:-1])[..., None] < 0.5, drawn, few).astype(dtype)


def both_ways(kernel, images, amount, monkeypatch):
    with np.errstate(all="ignore"):
        quick = kernel.kernel(np, images, np.float32(amount))
        monkeypatch.setattr(image_color, "_adjusted_on_host", lambda xp, images, change: None)
        return quick, kernel.kernel(np, images, np.float32(amount))


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("shape", [(1, 1, 3), (0, 4, 3), (48, 48, 3), (2, 100, 90, 3)])
@pytest.mark.parametrize("amount", [-0.3, 0.0, 0.7, 3.0])
def test_the_colours_are_the_same(kernel, dtype, shape, amount, monkeypatch):
    quick, slow = both_ways(kernel, pictures(shape, dtype), amount, monkeypatch)
    assert quick.dtype == slow.dtype == dtype
    np.testing.assert_array_equal(quick, slow)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_left_to_the_formulas(kernel, odd, monkeypatch):
    images = pictures((2, 100, 90, 3), "float32")
    images[1, 50, 7, 1] = odd
    quick, slow = both_ways(kernel, images, 0.4, monkeypatch)
    np.testing.assert_array_equal(quick, slow)
    assert color_planes.adjusted(images, lambda of: (of.hue, of.low, of.wide)) is None


@pytest.mark.parametrize("kernel", KERNELS)
def test_the_memory_may_have_any_order(kernel):
    images = pictures((60, 50, 3), "float32")
    np.testing.assert_array_equal(kernel.kernel(np, images[::2, ::-1], np.float32(0.4)),
                                  kernel.kernel(np, images[::2, ::-1].copy(), np.float32(0.4)))
    np.testing.assert_array_equal(
        kernel.kernel(np, np.asfortranarray(images), np.float32(0.4)),
        kernel.kernel(np, images, np.float32(0.4)))
