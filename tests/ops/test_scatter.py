"""Repeated indices count in turn, of few updates and of many."""

import numpy as np
import pytest

import flowgraph as fg


@pytest.mark.parametrize("scatter", ["add", "sub", "min", "max", "update", "mul"])
@pytest.mark.parametrize("kind", ["none", "all_rows", "no_columns", "vector", "halves", "far"])
def test_rows_that_are_named_once_are_changed(scatter, kind):
    random = np.random.default_rng(3)
    sizes = {"no_columns": (40, 0), "vector": (40,), "far": (90_000, 3)}.get(kind, (40, 3, 2))
    start = random.integers(1, 9, sizes).astype("float16" if kind == "halves" else "int32")
    count = {"none": 0, "all_rows": 40}.get(kind, 12)
    indices = random.permutation(sizes[0])[:count].astype(np.int32).reshape(2, count // 2)
    updates = random.integers(1, 9, indices.shape + sizes[1:]).astype(start.dtype)
    expected = start.copy()
    combined = {"add": np.add, "sub": np.subtract, "min": np.minimum, "max": np.maximum,
                "update": lambda old, new: new, "mul": np.multiply}[scatter]
    expected[indices] = combined(start[indices], updates)
    variable = fg.Variable(start)
    changed = getattr(fg, f"scatter_{scatter}")(variable, indices, updates)
    with fg.Session() as sess:
        sess.run(variable.initializer)
        got = sess.run(changed)
    assert got.dtype == start.dtype
    np.testing.assert_array_equal(got, expected)


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
