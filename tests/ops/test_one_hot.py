"""one_hot sets by places what its definition says, along every axis."""

import numpy as np
import pytest

import flowgraph as fg


@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64"])
@pytest.mark.parametrize("sizes", [(), (5,), (3, 4), (2, 3, 4), (0,), (2, 0, 3)])
@pytest.mark.parametrize("depth", [0, 1, 5])
def test_levels_that_do_not_exist_are_off_everywhere(dtype, sizes, depth):
    low = 0 if dtype == "uint8" else -2
    indices = np.random.default_rng(0).integers(low, 8, sizes).astype(dtype)
    for axis in range(-1, len(sizes) + 1):
        with fg.Graph().as_default():
            x = fg.placeholder(dtype, sizes)
            got = fg.Session().run(fg.one_hot(x, depth, 3, -1, axis=axis), {x: indices})
        levels = np.arange(depth).reshape(-1, *(1,) * (len(sizes) - axis % (len(sizes) + 1)))
        expected = np.where(np.expand_dims(indices, axis) == levels, 3, -1)
        assert got.dtype == np.int32
        np.testing.assert_array_equal(got, expected)


def test_an_axis_beyond_the_rank_is_an_error_of_the_run():
    with fg.Graph().as_default():
        x = fg.placeholder(fg.int32)
        y = fg.one_hot(x, 3, axis=2)
        with pytest.raises(fg.errors.InvalidArgumentError, match="axis must be -1 or from 0 to 1"):
            fg.Session().run(y, {x: [1, 2]})


def test_arrays_of_float_labels_are_cast_and_lists_of_floats_are_not():
    got = fg.Session().run(fg.one_hot(np.array([0.0, 2.0]), 3))
    np.testing.assert_array_equal(got, np.eye(3)[[0, 2]])
    with pytest.raises(TypeError):
        fg.one_hot([0.0, 2.0], 3)
