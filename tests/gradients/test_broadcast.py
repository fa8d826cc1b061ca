"""unbroadcast: the gradient of an input that was stretched is summed over the stretch."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.gradients.broadcast import unbroadcast

SHAPES = [  # the input's shape, the shape it is broadcast against
    ((3,), (3,)), ((), (3,)), ((3,), (2, 3)), ((1,), (3,)), ((2, 1), (2, 3)), ((1, 3), (2, 3)),
    ((1, 1), (2, 3)), ((2, 1), (1, 3)), ((), ()), ((1, 3), (4, 2, 3)), ((4, 1, 3), (2, 1)),
    ((0,), (1,)), ((1,), (0,)), ((2, 3), ()), ((1,), (1, 1)),
]


def expected(dy: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The sum over the stretched axes, worked out element by element."""
    total = np.zeros(shape)
    index = np.broadcast_to(np.arange(total.size).reshape(shape), dy.shape)
    np.add.at(total.reshape(-1), index.reshape(-1), dy.reshape(-1))
    return total


@pytest.mark.parametrize("known", ["static", "sizes unknown", "rank unknown", "other unknown"])
@pytest.mark.parametrize(("shape", "other"), SHAPES, ids=str)
def test_the_gradient_is_summed_to_the_inputs_shape(shape, other, known) -> None:
    def declared(sizes, which):
        if known == "static" or (known == "other unknown" and which == "target"):
            return sizes
        return [None] * len(sizes) if known == "sizes unknown" else None

    target = fg.placeholder(fg.float64, declared(shape, "target"))
    against = fg.placeholder(fg.float64, declared(other, "other"))
    dy = fg.placeholder(fg.float64)
    result = np.broadcast_shapes(shape, other)
    values = np.random.default_rng(0).normal(size=result)
    found = fg.Session().run(unbroadcast(dy, target, against), {
        target: np.zeros(shape), against: np.zeros(other), dy: values})
    np.testing.assert_allclose(found, expected(values, shape), rtol=1e-12)
    assert found.shape == shape


def test_nothing_is_built_where_nothing_was_stretched(fresh_graph) -> None:
    x, y = fg.zeros([2, 3]), fg.zeros([3])
    dy = fg.ones([2, 3])
    before = fresh_graph.version
    assert unbroadcast(dy, x, y) is dy
    assert unbroadcast(dy, x, x) is dy
    assert fresh_graph.version == before


def test_axes_in_front_are_summed_without_a_reshape() -> None:
    summed = unbroadcast(fg.ones([4, 2, 3]), fg.zeros([2, 3]), fg.zeros([4, 2, 3]))
    assert summed.op.type == "Sum"
    assert summed.shape.as_list() == [2, 3]


@pytest.mark.parametrize("op", [fg.add, fg.subtract, fg.multiply, fg.divide, fg.maximum,
                                fg.squared_difference])
def test_gradients_of_broadcast_ops_have_the_inputs_shapes(op) -> None:
    x, y = fg.placeholder(fg.float32, [None, 1]), fg.placeholder(fg.float32, [3])
    dx, dy = fg.gradients(op(x, y), [x, y])
    assert (dx.shape.as_list(), dy.shape.as_list()) == ([None, 1], [3])
    found = fg.Session().run([dx, dy], {x: np.ones((2, 1)), y: np.full(3, 2.0)})
    assert [g.shape for g in found] == [(2, 1), (3,)]
