"""RegisterGradient, NotDifferentiable and gradient_override_map."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.gradients import registry


@pytest.fixture(autouse=True)
def own_gradients(monkeypatch):
    """Gradients registered by a test are forgotten after it."""
    monkeypatch.setattr(registry, "_by_name", dict(registry._by_name))


def square_with(gradient: str, value=(3.0, 4.0)) -> tuple[fg.Tensor, fg.Tensor]:
    x = fg.constant(value, name="x")
    with fg.get_default_graph().gradient_override_map({"Square": gradient}):
        return x, fg.square(x, name="y")


def test_an_overridden_op_uses_the_registered_gradient() -> None:
    @fg.RegisterGradient("TimesTen")
    def times_ten(op, dy):
        return dy * 10.0 * op.inputs[0]

    assert callable(times_ten)
    x, y = square_with("TimesTen")
    outside = fg.square(x)
    with fg.Session() as sess:
        assert sess.run(fg.gradients(y, x))[0].tolist() == [30.0, 40.0]
        assert sess.run(fg.gradients(outside, x))[0].tolist() == [6.0, 8.0]


def test_overrides_nest_and_the_inner_one_wins(fresh_graph) -> None:
    for name, factor in (("A", 1.0), ("B", 2.0)):
        fg.RegisterGradient(name)(lambda op, dy, factor=factor: dy * factor)
    x = fg.constant(1.0)
    with fresh_graph.gradient_override_map({"Square": "A", "Exp": "A"}):
        with fresh_graph.gradient_override_map({"Square": "B"}):
            y, z = fg.square(x), fg.exp(x)
        w = fg.square(x)
    with fg.Session() as sess:
        assert sess.run([fg.gradients(t, x)[0] for t in (y, z, w)]) == [2.0, 1.0, 1.0]


def test_an_override_may_name_another_ops_own_gradient() -> None:
    x, y = square_with("Identity")
    assert fg.Session().run(fg.gradients(y, x))[0].tolist() == [1.0, 1.0]


def test_the_straight_through_estimator(fresh_graph) -> None:
    x = fg.constant([0.2, 1.7])
    with fresh_graph.gradient_override_map({"Round": "Identity"}):
        y = fg.round(x) * 3.0
    assert fg.Session().run(fg.gradients(y, x))[0].tolist() == [3.0, 3.0]


@pytest.mark.parametrize(("result", "expected"), [
    (lambda op, dy: None, None), (lambda op, dy: (None,), None),
    (lambda op, dy: [dy], [1.0, 1.0]), (lambda op, dy: np.array([5.0, 6.0]), [5.0, 6.0])])
def test_a_gradient_function_may_give_one_or_a_list_a_value_or_none(result, expected) -> None:
    fg.RegisterGradient("Own")(result)
    x, y = square_with("Own")
    dx, = fg.gradients(y, x)
    assert (None if dx is None else fg.Session().run(dx).tolist()) == expected


def test_a_wrong_number_of_gradients_raises_with_the_ops_line() -> None:
    fg.RegisterGradient("Two")(lambda op, dy: [dy, dy])
    x, y = square_with("Two")
    with pytest.raises(ValueError, match=r"'y' \(test_registry.py:.*returned 2 gradients for 1 "):
        fg.gradients(y, x)


def test_a_gradient_of_the_wrong_shape_raises_with_the_ops_line() -> None:
    fg.RegisterGradient("Short")(lambda op, dy: fg.constant([1.0]))
    x, y = square_with("Short")
    with pytest.raises(ValueError, match=r"\(test_registry.py:.* of shape \(1,\) for the "
                                         r"input 'x:0' of shape \(2,\)"):
        fg.gradients(y, x)


def test_a_gradient_that_is_not_registered_raises_when_it_is_needed() -> None:
    x, y = square_with("NoSuch")
    assert fg.Session().run(y).tolist() == [9.0, 16.0]
    with pytest.raises(LookupError, match=r"'y' \(test_registry.py:.*'NoSuch', which is not reg"):
        fg.gradients(y, x)


def test_a_name_declared_not_differentiable_gives_none() -> None:
    fg.NotDifferentiable("Ends")
    x, y = square_with("Ends")
    assert fg.gradients(y, x) == [None]
    assert "Square 'y' passes no gradient" in fg.explain_gradient(y, x)


@pytest.mark.parametrize("register", [
    lambda name: fg.RegisterGradient(name)(lambda op, dy: dy), fg.NotDifferentiable, fg.NoGradient],
    ids=["RegisterGradient", "NotDifferentiable", "NoGradient"])
def test_a_name_is_registered_once_and_ops_keep_their_own(register) -> None:
    register("Once")
    for taken in ("Once", "Square"):
        with pytest.raises(KeyError, match=f"{taken!r} has a gradient already"):
            register(taken)
    with pytest.raises(TypeError, match="op_type must be a string"):
        register(3)


def test_a_custom_gradient_lives_no_longer_than_its_graph() -> None:
    graph = fg.Graph()
    with graph.as_default():
        x = fg.constant(1.0)
        y = fg.custom_gradient(lambda x: (2.0 * x, lambda dy: 3.0 * dy))(x)
        slope = fg.gradients(y, x)[0]
    with fg.Session(graph=graph) as sess:
        assert sess.run(slope) == 3.0
    gone = weakref.ref(graph)
    del graph, x, y, slope, sess
    gc.collect()
    assert gone() is None
