"""Parts of the programs by hand that can be wrong where no workload looks."""

from __future__ import annotations

import math

import numpy as np
import pytest

import flowgraph as fg


@pytest.mark.parametrize("ahead", [1, 2, 8])
def test_a_stream_draws_what_the_graph_draws(module, ahead) -> None:
    streams = module("streams")
    stream = streams.Stream(seed=4, count=7, ahead=ahead)
    with fg.Graph().as_default(), fg.Session() as session:
        drawn = fg.random_uniform([7], seed=4)
        for _ in range(5):
            np.testing.assert_array_equal(streams.uniform(stream()), session.run(drawn))


def test_first_values_are_those_of_the_initializer(module) -> None:
    with fg.Graph().as_default(), fg.Session() as session:
        first = session.run(fg.random_uniform_initializer(-0.1, 0.1, seed=3)([5, 7]))
    np.testing.assert_array_equal(module("streams").uniform_weights(3, 0.1, 5, 7), first)


def test_a_sampler_draws_what_the_graph_draws(module) -> None:
    labels = np.array([[3], [0], [999]])
    sampler = module("other_floors").LogUniformSampler(20, 1000, seed=2)
    with fg.Graph().as_default(), fg.Session() as session:
        drawn = fg.random.log_uniform_candidate_sampler(labels, 1, 20, True, 1000, seed=2)
        for _ in range(3):
            classes, of_labels, of_classes = session.run(drawn)
            mine, tries = sampler.draw()
            np.testing.assert_array_equal(mine, classes)
            for places, expected in ((labels, of_labels), (mine, of_classes)):
                np.testing.assert_allclose(sampler.log_expected(places, tries), np.log(expected),
                                           rtol=1e-4, atol=1e-6)


def test_log_gamma_and_its_slope(module) -> None:
    x = np.concatenate([np.linspace(0.05, 5, 200), [10, 30, 100]]).astype(np.float32)
    value, slope = module("other_floors").log_gamma(x)
    numbers = x.astype(float).tolist()
    np.testing.assert_allclose(value, [math.lgamma(one) for one in numbers], rtol=2e-6, atol=2e-6)
    wide = 1e-5
    np.testing.assert_allclose(slope, [
        (math.lgamma(one + wide) - math.lgamma(one - wide)) / (2 * wide) for one in numbers],
        rtol=2e-5, atol=5e-6)


def test_rows_of_one_place_are_summed(module) -> None:
    places, rows = np.array([4, 1, 4, 0]), np.arange(8, dtype=np.float32).reshape(4, 2)
    which, sums = module("other_floors").summed_rows(places, rows)
    assert which.tolist() == [0, 1, 4]
    assert sums.tolist() == [[6, 7], [2, 3], [4, 6]]


def test_neighbours_are_a_sparse_matrix(module) -> None:
    places, dense = np.array([[3, 0], [1, 2], [3, 2]]), np.arange(8, dtype=np.float32).reshape(4, 2)
    matrix = np.zeros((4, 4), np.float32)
    matrix[tuple(places.T)] = 0.5
    product = module("other_floors").Neighbours(places, 4, 0.5) @ dense
    np.testing.assert_array_equal(product, matrix @ dense)
