"""Initializers: values, spread, dtypes, node names, wrong arguments."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.ops import initializers


def value(initializer, shape, **kwargs):
    with fg.Graph().as_default(), fg.Session() as sess:
        return sess.run(initializer(shape, **kwargs))


@pytest.mark.parametrize(("initializer", "expect"), [
    (fg.zeros_initializer(), np.zeros((2, 3))),
    (fg.ones_initializer(), np.ones((2, 3))),
    (fg.constant_initializer(7.0), np.full((2, 3), 7.0)),
    (fg.constant_initializer([1, 2, 3, 4, 5, 6]), [[1, 2, 3], [4, 5, 6]]),
    (fg.constant_initializer([1, 2]), [[1, 2, 2], [2, 2, 2]]),
    (initializers.Identity(3.0), [[3, 0, 0], [0, 3, 0]]),
])
def test_values_that_are_not_random(initializer, expect):
    got = value(initializer, [2, 3])
    np.testing.assert_array_equal(got, expect)
    assert got.dtype == np.float32
    assert value(initializer, [2, 3], dtype=fg.float64).dtype == np.float64


N_IN, N_OUT = 9 * 20, 9 * 50


@pytest.mark.parametrize(("initializer", "variance", "limit"), [
    (fg.glorot_uniform_initializer(seed=1), 2 / (N_IN + N_OUT), np.sqrt(6 / (N_IN + N_OUT))),
    (fg.glorot_normal_initializer(seed=1), 2 / (N_IN + N_OUT), 2.28 * np.sqrt(2 / (N_IN + N_OUT))),
    (initializers.he_normal(seed=1), 2 / N_IN, 2.28 * np.sqrt(2 / N_IN)),
    (initializers.he_uniform(seed=1), 2 / N_IN, np.sqrt(6 / N_IN)),
    (initializers.lecun_normal(seed=1), 1 / N_IN, 2.28 * np.sqrt(1 / N_IN)),
    (initializers.lecun_uniform(seed=1), 1 / N_IN, np.sqrt(3 / N_IN)),
    (fg.variance_scaling_initializer(3.0, "fan_out", "untruncated_normal", seed=1), 3 / N_OUT, 9),
    (fg.uniform_unit_scaling_initializer(2.0, seed=1), 4 / (9 * 20), 2 * np.sqrt(3 / (9 * 20))),
    (fg.random_normal_initializer(stddev=0.5, seed=1), 0.25, 9),
    (fg.random_uniform_initializer(-0.5, 0.5, seed=1), 1 / 12, 0.5),
    (fg.truncated_normal_initializer(stddev=0.5, seed=1), 0.25 * 0.7737, 1.0),
])
def test_random_values_have_the_right_spread(initializer, variance, limit):
    got = value(initializer, [3, 3, 20, 50])
    assert got.shape == (3, 3, 20, 50) and got.dtype == np.float32
    assert got.var() == pytest.approx(variance, rel=0.06)
    assert abs(got.mean()) < 4 * np.sqrt(variance / got.size)
    assert abs(got).max() <= limit


@pytest.mark.parametrize("shape", [[4, 2], [2, 4], [3, 1, 2]])
def test_orthogonal_matrices_are_orthogonal(shape):
    got = value(fg.orthogonal_initializer(gain=2.0, seed=1), shape)
    assert list(got.shape) == shape
    q = got.reshape(-1, shape[-1]) / 2.0
    q = q if q.shape[0] >= q.shape[1] else q.T
    np.testing.assert_allclose(q.T @ q, np.eye(q.shape[1]), atol=1e-6)


@pytest.mark.parametrize(("initializer", "last"), [
    (fg.zeros_initializer(), "w/Initializer/zeros"),
    (fg.ones_initializer(), "w/Initializer/ones"),
    (fg.constant_initializer(2.0), "w/Initializer/Const"),
    (fg.glorot_uniform_initializer(), "w/Initializer/random_uniform"),
    (fg.random_normal_initializer(), "w/Initializer/random_normal"),
    (fg.truncated_normal_initializer(), "w/Initializer/truncated_normal"),
])
def test_nodes_have_tensorflows_names(initializer, last):
    with fg.Graph().as_default():
        w = fg.get_variable("w", [2, 2], initializer=initializer)
        assert w.initial_value.op.name == last


@pytest.mark.parametrize(("shape", "expect"), [
    ((), (1, 1)), ((5,), (5, 5)), ((2, 3), (2, 3)), ((3, 4, 2, 5), (24, 60))])
def test_fans(shape, expect):
    assert initializers.fans(shape) == expect


@pytest.mark.parametrize("initializer", [
    fg.zeros_initializer(fg.int32), fg.constant_initializer(3.0),
    fg.random_uniform_initializer(-1, 1, seed=2), fg.random_normal_initializer(1.0, 2.0, 3),
    fg.glorot_uniform_initializer(seed=4), initializers.he_normal(5),
    fg.orthogonal_initializer(2.0)])
def test_configurations_round_trip(initializer):
    again = type(initializer).from_config(initializer.get_config())
    assert again.get_config() == initializer.get_config()


@pytest.mark.parametrize(("call", "error", "words"), [
    (lambda: fg.constant_initializer(fg), TypeError, "Invalid type for initial value"),
    (lambda: fg.random_normal_initializer(dtype=fg.int32), ValueError, "floating point"),
    (lambda: fg.variance_scaling_initializer(0.0), ValueError, "positive"),
    (lambda: fg.variance_scaling_initializer(mode="fan"), ValueError, "fan_in"),
    (lambda: fg.variance_scaling_initializer(distribution="x"), ValueError, "distribution"),
    (lambda: fg.orthogonal_initializer()([3]), ValueError, "two-dimensional"),
    (lambda: initializers.Identity()([3]), ValueError, "2D"),
    (lambda: fg.glorot_uniform_initializer()([None, 2]), ValueError, "full shape"),
])
def test_wrong_arguments_say_what_is_wrong(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_orthogonal_half_floats() -> None:
    with fg.Graph().as_default(), fg.Session() as session:
        value = session.run(fg.orthogonal_initializer(seed=1)([4, 3], dtype=fg.float16))
    assert value.dtype == np.float16
    np.testing.assert_allclose(value.T.astype(np.float32) @ value.astype(np.float32), np.eye(3),
                               atol=2e-3)
