"""Repeated indices count in turn, of few updates and of many."""

import numpy as np
import pytest

import flowgraph as fg


@pytest.mark.parametrize("rows", [50, 900])
@pytest.mark.parametrize("scalar", [False, True])
@pytest.mark.parametrize("scatter, ufunc", [(fg.scatter_add, np.add),
                                            (fg.scatter_sub, np.subtract)],
                         ids=["add", "sub"])
def test_updates_of_one_row_are_applied_in_turn(scatter, ufunc, scalar, rows):
    random = np.random.default_rng(rows)
    start = random.standard_normal((700, 4, 8)).astype(np.float32)
    indices = random.integers(0, 700, (rows // 2, 2))
    updates = random.standard_normal((rows // 2, 2, 4, 8)).astype(np.float32)
    updates = updates[0, 0, 0, 0] if scalar else updates
    expected = start.copy()
    ufunc.at(expected, indices, updates)
    variable = fg.Variable(start)
    with fg.Session() as sess:
        sess.run(variable.initializer)
        np.testing.assert_array_equal(sess.run(scatter(variable, indices, updates)), expected)
