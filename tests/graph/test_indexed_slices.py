"""IndexedSlices: rows of a tensor at given indices."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg


def slices(dense_shape=(3, 2)) -> fg.IndexedSlices:
    return fg.IndexedSlices(
        fg.constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], name="values"),
        fg.constant([0, 2, 0], name="indices"),
        None if dense_shape is None else fg.constant(dense_shape, name="shape"))


def test_it_tells_what_its_values_tell(fresh_graph) -> None:
    s = slices()
    assert (s.dtype, s.name, s.op, s.device) == (fg.float32, "values:0", s.values.op, "")
    assert s.graph is fresh_graph
    assert repr(s) == "IndexedSlices(indices=indices:0, values=values:0, dense_shape=shape:0)"
    assert repr(slices(None)) == "IndexedSlices(indices=indices_1:0, values=values_1:0)"


def test_as_a_tensor_rows_with_one_index_add_up() -> None:
    s = slices()
    expect = [[6.0, 8.0], [0.0, 0.0], [3.0, 4.0]]
    with fg.Session() as sess:
        np.testing.assert_array_equal(sess.run(fg.convert_to_tensor(s)), expect)
        np.testing.assert_array_equal(sess.run(fg.add(s, 1.0)), np.array(expect) + 1)
    assert fg.convert_to_tensor(s).dtype is fg.float32


def test_without_a_dense_shape_it_cannot_become_a_tensor() -> None:
    with pytest.raises(ValueError, match="without dense_shape"):
        fg.convert_to_tensor(slices(None))


def test_it_is_fetched_and_fed_part_by_part() -> None:
    s = slices()
    with fg.Session() as sess:
        values, indices, dense_shape = sess.run(s)
        np.testing.assert_array_equal(values, [[1, 2], [3, 4], [5, 6]])
        np.testing.assert_array_equal(indices, [0, 2, 0])
        np.testing.assert_array_equal(dense_shape, [3, 2])
        assert sess.run(slices(None)).dense_shape is None
        fed = sess.run(fg.convert_to_tensor(s), {s: (np.ones((3, 2)), [1, 1, 2], [3, 2])})
        np.testing.assert_array_equal(fed, [[0, 0], [2, 2], [1, 1]])
