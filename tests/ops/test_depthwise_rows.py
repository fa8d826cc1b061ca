"""Depthwise convolution by rows gives what its definition gives, over tiles and cores too."""

import numpy as np
import pytest

from flowgraph.ops.depthwise_rows import filter_adjoint, forwards, input_adjoint
from flowgraph.ops.padding import Windows

CASES = {  # shape of the images, filter, strides, dilations, padding
    "same": ((5, 7, 6, 3), (3, 3, 3, 2), (1, 1), (1, 1), "SAME"),
    "strides": ((4, 9, 8, 3), (3, 2, 3, 1), (2, 3), (1, 1), "SAME"),
    "the_last_rows_are_not_reached": ((2, 8, 9, 2), (2, 3, 2, 1), (3, 4), (1, 1), "VALID"),
    "strides_longer_than_windows": ((2, 8, 9, 2), (1, 1, 2, 2), (3, 2), (1, 1), "SAME"),
    "pixels_that_no_window_meets": ((3, 8, 9, 2), (1, 2, 2, 1), (3, 4), (1, 1), "SAME"),
    "windows_over_many_strides": ((3, 9, 8, 3), (7, 5, 3, 1), (2, 2), (1, 1), "SAME"),
    "strides_along_one_axis": ((3, 9, 8, 3), (3, 3, 3, 1), (1, 2), (1, 1), "VALID"),
    "short_rows": ((9, 7, 6, 3), (3, 4, 3, 1), (1, 1), (1, 1), "SAME"),
    "short_rows_and_wide_padding": ((3, 5, 6, 2), (2, 3, 2, 1), (1, 1), (1, 1), ((5, 4), (1, 7))),
    "long_rows": ((9, 7, 60, 5), (3, 4, 5, 1), (1, 1), (1, 1), "SAME"),
    "padding_wider_than_windows": ((3, 5, 6, 2), (2, 3, 2, 1), (2, 3), (1, 1), ((5, 4), (1, 7))),
    "many_tiles_with_strides": ((37, 15, 14, 24), (3, 3, 24, 1), (2, 2), (1, 1), "SAME"),
    "dilations": ((3, 9, 9, 2), (3, 2, 2, 2), (1, 1), (2, 3), "VALID"),
    "dilations_and_strides": ((3, 11, 12, 2), (3, 2, 2, 1), (2, 2), (3, 2), "VALID"),
    "elements_of_a_phase_apart": ((3, 14, 15, 2), (4, 5, 2, 1), (4, 6), (2, 4), "SAME"),
    "gradients_by_the_filter_turned": ((3, 9, 8, 3), (3, 4, 3, 1), (1, 1), (2, 1), "VALID"),
    "many_tiles": ((70, 14, 12, 24), (3, 3, 24, 1), (1, 1), (1, 1), "SAME"),
    "one_large_image": ((1, 90, 80, 16), (3, 3, 16, 1), (2, 2), (1, 1), "SAME"),
    "no_images": ((0, 7, 6, 3), (3, 3, 3, 2), (1, 1), (1, 1), "SAME"),
}


def taps(x, filter, place):
    """Per element of the window: where its results and its inputs stand, and its weights."""
    weights = filter.reshape(-1, filter.shape[2] * filter.shape[3])
    return [((slice(None), *results), (slice(None), *sources), row) for (results, sources), row
            in zip(place.all_taps(x.shape[1:3]), weights, strict=True)]


@pytest.mark.parametrize("dtype,tolerance", [("float64", 1e-11), ("float32", 2e-3),
                                             ("float16", 0.3)])
@pytest.mark.parametrize("name", CASES)
def test_the_sums_are_those_of_the_definition(name, dtype, tolerance) -> None:
    shape, window, strides, dilations, padding = CASES[name]
    place = Windows(window[:2], strides, dilations, padding) if isinstance(padding, str) else (
        Windows(window[:2], strides, dilations, "EXPLICIT", padding))
    random = np.random.default_rng(0)
    x, filter = (random.uniform(-1, 1, sizes).astype(dtype) for sizes in (shape, window))
    made = window[2] * window[3]
    dy = random.uniform(-1, 1, (shape[0], *place.place(shape[1:3])[0], made)).astype(dtype)
    wide = x.astype(np.float64).repeat(window[3], -1)
    y, dx = np.zeros(dy.shape), np.zeros(wide.shape)
    dw = []
    for results, sources, weights in taps(x, filter.astype(np.float64), place):
        y[results] += wide[sources] * weights
        dx[sources] += dy[results] * weights
        dw.append((wide[sources] * dy[results]).sum((0, 1, 2)))
    for found, expected in (
            (forwards(np, x, filter, place), y),
            (input_adjoint(np, shape, filter, dy, place),
             dx.reshape(*shape, window[3]).sum(-1)),
            (filter_adjoint(np, x, window, dy, place), np.reshape(dw, window))):
        assert found.dtype == x.dtype
        np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


def test_an_infinite_weight_reaches_only_the_pixels_that_meet_it() -> None:
    filter = np.ones((3, 3, 2, 1))
    filter[0, 0, 0] = np.inf
    place = Windows((3, 3), (2, 2), (1, 1), "VALID")
    meets = np.zeros((2, 7, 7, 2), bool)
    meets[:, :6:2, :6:2, 0] = True
    dx = input_adjoint(np, meets.shape, filter, np.ones((2, 3, 3, 2)), place)
    np.testing.assert_array_equal(np.isposinf(dx), meets)
    assert not np.isnan(dx).any()


@pytest.mark.parametrize("name", ["the_last_rows_are_not_reached", "pixels_that_no_window_meets"])
def test_results_are_written_into_given_memory(name) -> None:
    shape, window, strides, dilations, padding = CASES[name]
    place = Windows(window[:2], strides, dilations, padding)
    x, filter = np.ones(shape), np.ones(window)
    y = np.full_like(forwards(np, x, filter, place), np.nan)
    assert forwards(np, x, filter, place, y) is y and not np.isnan(y).any()
    dx = np.full_like(x, np.nan)
    assert input_adjoint(np, shape, filter, y, place, dx) is dx and not np.isnan(dx).any()
