"""The sparse gradient of a gather stays IndexedSlices from `tf.gradients` to the optimizer."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.core import nest


@pytest.fixture(autouse=True)
def fresh_graph():
    with fg.Graph().as_default():
        yield


def variable():
    return fg.Variable(np.arange(8, dtype=np.float32).reshape(4, 2))


def run(fetches):
    with fg.Session() as session:
        session.run(fg.global_variables_initializer())
        return session.run(fetches)


def squares(rows):
    return fg.reduce_sum(fg.square(rows))


@pytest.mark.parametrize("pick", [
    lambda w: fg.gather(w, [0, 2, 0]),
    lambda w: fg.gather(w, [0, 2, 0], axis=0),
    lambda w: fg.gather_nd(w, [[0], [2], [0]]),
    lambda w: fg.nn.embedding_lookup(w, [0, 2, 0]),
    lambda w: fg.reshape(fg.gather(w, [[0, 2], [0, 2]]), [4, 2])[:3],
], ids=["gather", "axis", "gather_nd", "embedding_lookup", "matrix"])
def test_rows_that_are_picked_give_indexed_slices(pick):
    w = variable()
    (gradient,) = fg.gradients(squares(pick(w)), w)
    assert isinstance(gradient, fg.IndexedSlices)
    np.testing.assert_array_equal(run(fg.convert_to_tensor(gradient)),
                                  [[0, 4], [0, 0], [8, 10], [0, 0]])


@pytest.mark.parametrize("build", [
    lambda w: fg.gather(w, [1], axis=1),
    lambda w: fg.gather(w, [0, 2]) + fg.reduce_sum(w),
    lambda w: fg.gather(w * 2.0, [0, 2]),
    lambda w: fg.boolean_mask(w, [True, False, True, False]),
    lambda w: fg.gather_nd(w, [[0, 1]]),
], ids=["another_axis", "mixed", "through_an_op", "boolean_mask", "elements"])
def test_other_gradients_are_dense(build):
    w = variable()
    (gradient,) = fg.gradients(squares(build(w)), w)
    assert isinstance(gradient, fg.Tensor)


def test_several_gathers_are_joined():
    w = variable()
    (gradient,) = fg.gradients(squares(fg.gather(w, [0, 2])) + squares(fg.gather(w, [2])), w)
    assert isinstance(gradient, fg.IndexedSlices)
    assert sorted(run(gradient.indices).tolist()) == [0, 2, 2]


def test_clipping_and_norms_see_the_rows():
    w = variable()
    (gradient,) = fg.gradients(squares(fg.gather(w, [3])), w)  # its one row is (12, 14)
    norm = np.sqrt(12.0**2 + 14.0**2)
    assert run(fg.global_norm([gradient, None])) == pytest.approx(norm)
    (clipped, nothing), total = fg.clip_by_global_norm([gradient, None], 1.0)
    assert nothing is None
    for one in (clipped, fg.clip_by_norm(gradient, 1.0)):
        assert isinstance(one, fg.IndexedSlices)
        assert one.indices is gradient.indices
        np.testing.assert_allclose(run(one.values), [[12 / norm, 14 / norm]], rtol=1e-6)
    assert run(total) == pytest.approx(norm)


def test_a_sum_and_a_negative():
    w = variable()
    (gradient,) = fg.gradients(squares(fg.gather(w, [0, 2])), w)
    dense = fg.add_n([gradient, gradient, fg.ones([4, 2])])
    np.testing.assert_array_equal(run(dense), [[1, 5], [1, 1], [17, 21], [1, 1]])
    assert isinstance(-gradient, fg.IndexedSlices)
    np.testing.assert_array_equal(run((-gradient).values), [[0, -2], [-8, -10]])


def test_nest_opens_them_on_request():
    rows = fg.IndexedSlices(fg.constant([[1.0]]), fg.constant([0]))
    opened = nest.flatten([rows], expand_composites=True)
    assert opened == [rows.values, rows.indices]
    again = nest.pack_sequence_as([rows], opened, expand_composites=True)[0]
    assert (again.values, again.dense_shape) == (rows.values, None)


def test_conversion_needs_a_shape():
    rows = fg.IndexedSlices(fg.constant([[1.0]]), fg.constant([0]))
    with pytest.raises(ValueError, match="dense_shape"):
        fg.convert_to_tensor(rows)


def test_an_optimizer_changes_only_the_rows_that_were_picked():
    w = variable()
    optimizer = fg.train.MomentumOptimizer(0.5, 0.9)
    pairs = optimizer.compute_gradients(squares(fg.gather(w, [1, 1])))
    assert isinstance(pairs[0][0], fg.IndexedSlices)
    train = optimizer.apply_gradients(pairs)
    with fg.Session() as session:
        session.run(fg.global_variables_initializer())
        session.run(train)
        np.testing.assert_array_equal(session.run(w), [[0, 1], [-2, -3], [4, 5], [6, 7]])
