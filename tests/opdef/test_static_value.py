"""What the graph alone tells of a tensor's contents."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.opdef.static_value import known_value, with_value


def batch(*sizes) -> fg.Tensor:
    return fg.placeholder(fg.float32, sizes)


def scalar() -> fg.Tensor:
    return fg.placeholder(fg.int32, [])


KNOWN = [  # what is built, its contents as far as they are known
    ("constant", lambda: fg.constant([1, 2]), (1, 2)),
    ("scalar", lambda: fg.constant(3), 3),
    ("float", lambda: fg.constant([1.5]), (1.5,)),
    ("matrix", lambda: fg.constant([[1], [2]]), ((1,), (2,))),
    ("placeholder", lambda: fg.placeholder(fg.int32, [2]), None),
    ("fed default", lambda: fg.placeholder_with_default([1, 2], [2]), None),
    ("shape", lambda: fg.shape(batch(2, 3)), (2, 3)),
    ("part of a shape", lambda: fg.shape(batch(None, 3)), (None, 3)),
    ("shape of unknown rank", lambda: fg.shape(fg.placeholder(fg.float32)), None),
    ("rank", lambda: fg.rank(batch(None, 3)), 2),
    ("size", lambda: fg.size(batch(2, 3)), 6),
    ("entry of a shape", lambda: fg.shape(batch(None, 3))[1], 3),
    ("unknown entry", lambda: fg.shape(batch(None, 3))[0], None),
    ("slice of a shape", lambda: fg.shape(batch(None, 3, 4))[1:], (3, 4)),
    ("stack", lambda: fg.stack([fg.shape(batch(None, 3))[0], 10]), (None, 10)),
    ("rows", lambda: fg.stack([[scalar(), 0], [1, 2]]), ((None, 0), (1, 2))),
    ("unknown row", lambda: fg.stack([fg.placeholder(fg.int32, [2]), [1, 2]]),
     ((None, None), (1, 2))),
    ("row of unknown length", lambda: fg.stack([fg.placeholder(fg.int32), [1, 2]]),
     (None, (1, 2))),
    ("column of rows", lambda: fg.stack([[scalar(), 0], [1, 2]])[:, 1], (0, 2)),
    ("entries of unknown rank", lambda: fg.stack([fg.placeholder(fg.int32)] * 2), (None, None)),
    ("concat", lambda: fg.concat([fg.shape(batch(None, 3)), [5]], 0), (None, 3, 5)),
    ("arithmetic", lambda: fg.shape(batch(2, 3))[1] * 2 + 1, 7),
    ("cast", lambda: fg.cast(fg.shape(batch(2, 3)), fg.int64), (2, 3)),
    ("product", lambda: fg.reduce_prod(fg.shape(batch(2, 3))), 6),
    ("range", lambda: fg.range(3), (0, 1, 2)),
    ("reshape", lambda: fg.reshape(fg.constant([1, 2]), [2, 1]), ((1,), (2,))),
    ("variable", lambda: fg.convert_to_tensor(fg.Variable([1, 2])), None),
    ("random", lambda: fg.random_uniform([2], maxval=3, dtype=fg.int32), None),
    ("large", lambda: fg.constant(np.arange(2000)), None),
]


@pytest.mark.parametrize(("build", "value"), [k[1:] for k in KNOWN], ids=[k[0] for k in KNOWN])
def test_contents_are_known_as_far_as_the_graph_tells(build, value) -> None:
    assert known_value(build()) == value


def test_contents_that_are_known_are_what_a_run_gives() -> None:
    tensors = [build() for _, build, value in KNOWN
               if value is not None and "None" not in str(value)]
    assert len(tensors) > 8
    x = fg.placeholder(fg.float32, [None, 3])
    with fg.Session() as sess:
        for tensor in tensors:
            feed = {op.outputs[0]: np.zeros([n or 5 for n in op.outputs[0].shape.as_list()])
                    for op in x.graph.get_operations() if op.type == "Placeholder"
                    and op.outputs[0].shape.ndims is not None}
            np.testing.assert_array_equal(sess.run(tensor, feed), known_value(tensor))


def test_known_contents_give_static_shapes() -> None:
    x = batch(None, 3, 4)
    assert fg.reshape(x, [fg.shape(x)[0], -1]).shape.ndims == 2
    assert fg.reshape(x, fg.stack([fg.shape(x)[0], 12])).shape.as_list() == [None, 12]
    assert fg.zeros(fg.shape(x)).shape.as_list() == [None, 3, 4]
    assert fg.fill([fg.shape(x)[1], 2], 1.0).shape.as_list() == [3, 2]
    assert fg.reduce_sum(x, axis=fg.range(1, fg.rank(x))).shape.as_list() == [None]


def test_contents_are_worked_out_when_first_asked_for() -> None:
    spec = with_value(fg.constant([1, 2]))
    assert (spec.shape, spec.dtype) == ((2,), fg.int32)
    assert spec._compute is not None
    assert spec.value == (1, 2)
    assert spec._compute is None
    assert spec.value == (1, 2)


def test_a_long_chain_ends_unknown_and_does_not_recurse_too_deep() -> None:
    t = fg.constant(0)
    for _ in range(3000):
        t = t + 1
    assert known_value(t) is None
    assert fg.Session().run(t) == 3000


def test_an_op_whose_kernel_fails_is_left_to_the_run() -> None:
    assert known_value(fg.floordiv(fg.constant(1), fg.constant(0))) is None


@pytest.mark.parametrize(("build", "shape"), [
    (lambda n, u: fg.pad(fg.zeros([3, 4]), [[n, 0], [1, 1]]), "(?, 6)"),
    (lambda n, u: fg.pad(fg.zeros([3, 4]), [[n, 0], [1, 1]], "REFLECT"), "(?, 6)"),
    (lambda n, u: fg.pad(fg.zeros([3, 4]), fg.stack([u, [1, 2]])), "(?, 7)"),
    (lambda n, u: fg.space_to_batch_nd(fg.zeros([2, 8, 8]), [2, 2], [[n, 0], [2, 0]]), "(8, ?, 5)"),
    (lambda n, u: fg.batch_to_space_nd(fg.zeros([8, 4, 4]), [2, 2], [[n, 0], [2, 0]]), "(2, ?, 6)"),
    (lambda n, u: fg.scatter_nd([[0, 1]], [1.0], fg.stack([u, u])), "(?, ?)"),
    (lambda n, u: fg.confusion_matrix([0, 1], [1, 0], u), "(?, ?)"),
], ids=["pad", "mirror_pad", "pad_of_rows", "space_to_batch", "batch_to_space", "scatter_nd",
        "confusion_matrix"])
def test_partly_known_contents_give_partly_known_shapes(build, shape) -> None:
    assert str(build(scalar(), fg.placeholder(fg.int32)).shape) == shape


def test_the_gradient_of_a_partly_known_pad() -> None:
    x, n = batch(3, 4), scalar()
    dx = fg.gradients(fg.pad(x, [[n, 0], [1, 1]]) ** 2, x)[0]
    assert dx.shape.as_list() == [3, 4]
    assert fg.Session().run(dx, {x: np.ones([3, 4]), n: 2}).tolist() == [[2.0] * 4] * 3
