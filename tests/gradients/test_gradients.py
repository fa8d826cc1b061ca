"""tf.gradients: starts, stops, aggregation, names, origins, orders, and its errors."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.testing import check_gradients


def this_line() -> int:
    return sys._getframe(1).f_lineno


def run(fetches, feed=None):
    with fg.Session() as sess:
        sess.run(fg.global_variables_initializer())
        return sess.run(fetches, feed)


def op_names() -> list[str]:
    return [op.name for op in fg.get_default_graph().get_operations()]


# ---- ys, xs, grad_ys -----------------------------------------------------------------------------


def test_one_gradient_per_x_in_a_list() -> None:
    x, y = fg.constant(3.0), fg.constant(4.0)
    assert run(fg.gradients(x * y, [x, y])) == [4.0, 3.0]
    assert run(fg.gradients(x * y, x)) == [4.0]
    assert run(fg.gradients(x * x, [x, x])) == [6.0, 6.0]
    assert run(fg.gradients(x * y, (y,))) == [3.0]


def test_several_ys_add_up() -> None:
    x = fg.constant(2.0)
    assert run(fg.gradients([x * 3.0, x * x, x], x)) == [8.0]
    assert run(fg.gradients([x, x], x)) == [2.0]


def test_a_y_of_any_shape_counts_as_the_sum_of_its_elements() -> None:
    x = fg.constant([1.0, 2.0])
    assert run(fg.gradients(x * x, x))[0].tolist() == [2.0, 4.0]
    assert run(fg.gradients(x, x))[0].tolist() == [1.0, 1.0]
    p = fg.placeholder(fg.float32)
    assert run(fg.gradients(p * 3.0, p), {p: np.ones((2, 2))})[0].tolist() == [[3, 3], [3, 3]]


def test_y_that_is_also_on_the_way_to_another_y_counts_twice() -> None:
    x = fg.constant(2.0)
    y = x * x
    assert run(fg.gradients([y, y * 3.0], [x, y])) == [16.0, 4.0]


@pytest.mark.parametrize(("grad_ys", "result"), [
    ([[5.0, 6.0]], [10.0, 12.0]), ([None], [2.0, 2.0]), ([np.array([5, 6])], [10.0, 12.0])])
def test_grad_ys_weigh_the_elements_of_y(grad_ys, result) -> None:
    x = fg.constant([1.0, 2.0])
    assert run(fg.gradients(x * 2.0, x, grad_ys=grad_ys))[0].tolist() == result


def test_grad_ys_may_be_given_for_some_ys_only() -> None:
    x = fg.constant([1.0, 2.0])
    dx = fg.gradients([x * 2.0, x], x, grad_ys=[None, fg.constant([1.0, 7.0])])
    assert run(dx)[0].tolist() == [3.0, 9.0]


@pytest.mark.parametrize(("grad_ys", "error", "words"), [
    ([[1.0]], ValueError, r"grad_ys has shape \(1,\), but its y 'y:0' \(test_gradients.py:"),
    ([None, None], ValueError, "got 2 grad_ys for 1 ys"),
    ([np.array(["a", "b"])], TypeError, "expected float32, got text")])
def test_grad_ys_that_do_not_fit_raise(grad_ys, error, words) -> None:
    x = fg.constant([1.0, 2.0])
    with pytest.raises(error, match=words):
        fg.gradients(fg.multiply(x, 2.0, name="y"), x, grad_ys=grad_ys)


def test_grad_ys_of_another_dtype_raise_with_the_cast_to_write() -> None:
    x = fg.constant([1.0, 2.0])
    with pytest.raises(TypeError, match=r"Write tf.cast\(..., tf.float32\)"):
        fg.gradients(x * 2.0, x, grad_ys=fg.ones([2], fg.float64))


def test_a_complex_y_needs_grad_ys() -> None:
    x = fg.constant([1 + 1j], fg.complex64)
    y = x * x
    with pytest.raises(TypeError, match=r"the gradient of the complex 'mul:0'.* needs a grad_ys"):
        fg.gradients(y, x)
    assert run(fg.gradients(y, x, grad_ys=fg.ones([1], fg.complex64)))[0].tolist() == [2 - 2j]
    assert run(fg.gradients(fg.abs(x), x))[0] == pytest.approx((1 + 1j) / np.sqrt(2))


# ---- None and zero -------------------------------------------------------------------------------


def test_an_x_that_y_does_not_depend_on_has_none() -> None:
    x, other = fg.constant(1.0), fg.constant(2.0)
    assert fg.gradients(x * 2.0, [other]) == [None]
    assert fg.gradients(fg.stop_gradient(x), x) == [None]
    assert fg.gradients([], x) == [None]
    assert fg.gradients(x, []) == []


@pytest.mark.parametrize("build", [
    lambda x: fg.cast(x, fg.int32), fg.argmax, lambda x: x > 1.0, fg.shape,
    lambda x: fg.cast(fg.cast(x, fg.int32), fg.float32), lambda x: fg.one_hot(fg.argmax(x), 2)],
    ids=["int", "argmax", "bool", "shape", "cast twice", "one_hot"])
def test_no_gradient_goes_through_integers_and_bools(build) -> None:
    x = fg.constant([1.0, 2.0])
    assert fg.gradients(build(x), x) == [None]


def test_an_integer_y_adds_nothing_beside_a_float_one() -> None:
    x = fg.constant(3.0)
    assert run(fg.gradients([x * x, fg.cast(x, fg.int32)], x)) == [6.0]
    i = fg.constant(2)
    assert fg.gradients(i * i, i) == [None]


def test_unconnected_gradients_may_be_zeros() -> None:
    x, y, i = fg.constant([1.0, 2.0]), fg.constant(1.0), fg.constant([[3]])
    zeros = fg.gradients(y, [x, i], unconnected_gradients="zero")
    assert [z.tolist() for z in run(zeros)] == [[0.0, 0.0], [[0]]]
    assert zeros[1].dtype is fg.int32
    zero, = fg.gradients(y, x, unconnected_gradients=fg.UnconnectedGradients.ZERO)
    assert run(zero).tolist() == [0.0, 0.0]
    assert fg.gradients(y, x, unconnected_gradients="none") == [None]
    with pytest.raises(ValueError, match="must be 'none' or 'zero', not 'foo'"):
        fg.gradients(y, x, unconnected_gradients="foo")


# ---- stop_gradients ------------------------------------------------------------------------------


def test_a_stopped_tensor_counts_as_a_constant_and_still_has_its_own_gradient() -> None:
    x = fg.constant(2.0)
    y = x * x
    z = y * x
    assert run(fg.gradients(z, [x, y])) == [12.0, 2.0]
    assert run(fg.gradients(z, [x, y], stop_gradients=[y])) == [4.0, 2.0]
    assert run(fg.gradients(y + x, [x, y], stop_gradients=[x, y])) == [1.0, 1.0]


def test_stopping_at_x_changes_nothing_and_stopping_at_y_leaves_nothing() -> None:
    x = fg.constant(2.0)
    y = x * x
    assert run(fg.gradients(y, x, stop_gradients=x)) == [4.0]
    assert fg.gradients(y, x, stop_gradients=[y]) == [None]


def test_stopping_one_output_stops_its_whole_op_as_in_tensorflow() -> None:
    x = fg.constant([1.0, 2.0])
    a, b = fg.split(x, 2)
    assert fg.gradients(a * 2.0 + b, x, stop_gradients=[a]) == [None]


# ---- aggregation ---------------------------------------------------------------------------------


def test_a_tensor_used_many_times_is_summed_by_one_op() -> None:
    x = fg.constant(2.0, name="x")
    dx, = fg.gradients([x * float(i) for i in range(50)], x)
    assert (dx.op.type, len(dx.op.inputs)) == ("AddN", 50)
    assert run(dx) == sum(range(50))


def test_a_long_chain_of_reuse_stays_linear() -> None:
    x = y = fg.constant(1.0)
    for _ in range(300):
        y = y + y * 0.001
    before = fg.get_default_graph().version
    dx, = fg.gradients(y, x)
    assert fg.get_default_graph().version - before < 300 * 6
    assert run(dx) == pytest.approx(1.001 ** 300, rel=1e-4)


def test_outputs_that_are_not_used_get_zeros() -> None:
    x = fg.constant([1.0, 2.0, 3.0, 4.0])
    a, _ = fg.split(x, 2)
    assert run(fg.gradients(a, x))[0].tolist() == [1.0, 1.0, 0.0, 0.0]


def rows() -> tuple[fg.Variable, fg.Tensor, fg.Tensor]:
    v = fg.Variable([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    return v, fg.gather(v, [0, 0, 1]), fg.gather(v, [1])


def test_the_gradient_of_a_gather_is_sparse() -> None:
    v, y, _ = rows()
    dv, = fg.gradients(y, v)
    assert isinstance(dv, fg.IndexedSlices)
    found = run([dv, fg.convert_to_tensor(dv)])
    assert found[0].indices.tolist() == [0, 0, 1]
    assert found[0].values.tolist() == [[1, 1]] * 3
    assert found[0].dense_shape.tolist() == [3, 2]
    assert found[1].tolist() == [[2, 2], [1, 1], [0, 0]]


def test_sparse_gradients_add_up_sparse_and_with_dense_ones_dense() -> None:
    v, y, z = rows()
    sparse, = fg.gradients([y, z * 5.0], v)
    mixed, = fg.gradients([y, v * 2.0], v)
    assert isinstance(sparse, fg.IndexedSlices)
    assert isinstance(mixed, fg.Tensor)
    as_dense, mixed = run([fg.convert_to_tensor(sparse), mixed])
    assert as_dense.tolist() == [[2, 2], [6, 6], [0, 0]]
    assert mixed.tolist() == [[4, 4], [3, 3], [2, 2]]


def test_sparse_gradients_with_indices_of_two_dtypes_add_up_with_int64_ones() -> None:
    v = fg.Variable([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    narrow, wide = (fg.gather(v, fg.constant([2, at], dtype)) for at, dtype in
                    ((0, fg.int32), (1, fg.int64)))
    dv, = fg.gradients([narrow, wide * 5.0], v)
    assert isinstance(dv, fg.IndexedSlices)
    assert dv.indices.dtype == fg.int64
    assert run(fg.convert_to_tensor(dv)).tolist() == [[1, 1], [5, 5], [6, 6]]


def test_a_sparse_gradient_is_made_dense_for_the_op_before() -> None:
    x = fg.constant([[1.0, 2.0], [3.0, 4.0]])
    dx, = fg.gradients(fg.gather(x * 2.0, [0, 0]), x)
    assert isinstance(dx, fg.Tensor)
    assert run(dx).tolist() == [[4, 4], [0, 0]]


def test_a_sparse_gradient_may_be_given_and_differentiated_on() -> None:
    x = fg.constant([[1.0], [2.0]])
    dy = fg.IndexedSlices(fg.constant([[5.0]]), fg.constant([1]), fg.constant([2, 1]))
    assert run(fg.gradients(x * 3.0, x, grad_ys=[dy]))[0].tolist() == [[0], [15]]


# ---- variables -----------------------------------------------------------------------------------


def test_the_gradient_with_respect_to_a_variable_and_to_its_value() -> None:
    v = fg.Variable([1.0, 2.0], name="v")
    y = v * v * 3.0
    dv, dvalue = fg.gradients(y, [v, v.value()])
    assert run([dv, dvalue])[0].tolist() == [6.0, 12.0]
    assert run(fg.gradients(y, fg.trainable_variables()))[0].tolist() == [6.0, 12.0]


# ---- higher orders -------------------------------------------------------------------------------


def test_gradients_of_gradients() -> None:
    x = fg.constant(2.0)
    orders = [x * x * x]
    for _ in range(3):
        orders.append(fg.gradients(orders[-1], x)[0])
    assert run(orders) == [8.0, 12.0, 12.0, 6.0]


def test_third_order_matches_central_differences() -> None:
    check_gradients(lambda x, y: fg.sin(x) * y + fg.exp(x * y) / (1.0 + x * x),
                    [np.array([0.3, -0.5]), np.array([[0.7], [0.2]])], order=3)


def test_a_gradient_through_a_gather_has_an_order_two() -> None:
    check_gradients(lambda x: fg.gather(x, [0, 2, 0]) ** 3, [np.array([0.5, 1.0, 1.5])], order=2)


def test_the_gradient_penalty_of_a_matmul() -> None:
    def penalty(x, w):
        return fg.reduce_sum(fg.square(fg.gradients(fg.tanh(fg.matmul(x, w)), x)[0]))

    rng = np.random.default_rng(0)
    check_gradients(penalty, [rng.normal(size=(2, 3)), rng.normal(size=(3, 2))], order=1)


# ---- names and origins ---------------------------------------------------------------------------


def test_names_stand_under_gradients_and_the_forward_op() -> None:
    x = fg.constant([1.0, 2.0], name="x")
    with fg.name_scope("layer"):
        y = fg.exp(x, name="e")
    first, = fg.gradients(y, x)
    assert first.op.name.startswith("gradients/layer/e_grad/")
    assert op_names()[2:5] == ["gradients/Shape", "gradients/grad_ys_0", "gradients/Fill"]
    assert fg.gradients(y, x)[0].op.name.startswith("gradients_1/layer/e_grad/")
    assert fg.gradients(y, x, name="mine")[0].op.name.startswith("mine/layer/e_grad/")
    with fg.name_scope("s"):
        assert fg.gradients(y, x)[0].op.name.startswith("s/gradients/layer/e_grad/")
    assert fg.gradients(x * x, x)[0].name == "gradients_2/AddN:0"


def test_each_y_has_a_numbered_start() -> None:
    x = fg.constant(1.0, name="x")
    fg.gradients([x, x * 2.0], x)
    assert {"gradients/grad_ys_0", "gradients/grad_ys_1"} <= set(op_names())


def test_gradient_ops_carry_the_line_and_the_op_they_are_the_gradient_of() -> None:
    x = fg.constant([1.0, 2.0], name="x")
    line = this_line() + 1
    y = fg.exp(x, name="y")
    before = fg.get_default_graph().version
    dx, = fg.gradients(y, x)
    assert dx.op.forward_op is y.op
    assert dx.op.frame.lineno == line
    made = fg.get_default_graph().get_operations()[before:]
    assert all(op.forward_op is y.op for op in made if "y_grad" in op.name)
    assert all(op.forward_op is None and op.frame.lineno == line + 2
               for op in made if "y_grad" not in op.name)
    assert fg.constant(1.0).op.forward_op is None


def test_the_sum_of_several_uses_belongs_to_the_op_that_is_used() -> None:
    h = fg.exp(fg.constant(1.0), name="h")
    dh, = fg.gradients(h * h, h)
    assert dh.op.type == "AddN"
    assert dh.op.forward_op is h.op


def test_gradients_may_be_colocated_with_their_forward_ops() -> None:
    x = fg.constant(1.0)
    with fg.device("/cpu:1"):
        y = fg.exp(x)
    assert fg.gradients(y, x, colocate_gradients_with_ops=True)[0].device == "/device:CPU:1"
    assert fg.gradients(y, x)[0].device == ""


def test_gradients_go_into_the_graph_of_ys_and_xs(fresh_graph) -> None:
    x = fg.constant(2.0)
    y = x * x
    with fg.Graph().as_default() as other:
        dx, = fg.gradients(y, x)
        assert other.version == 0
    assert dx.graph is fresh_graph


# ---- errors --------------------------------------------------------------------------------------


def test_ys_and_xs_of_two_graphs_raise() -> None:
    x = fg.constant(1.0)
    with fg.Graph().as_default():
        y = fg.constant(2.0)
    with pytest.raises(ValueError, match=r"\(test_gradients.py:.*ys and xs from different graphs"):
        fg.gradients(y, x)


@pytest.mark.parametrize(("ys", "xs"), [(None, "x"), ("x", None), ([None], "x")])
def test_none_for_ys_or_xs_raises(ys, xs) -> None:
    x = fg.constant(1.0)
    with pytest.raises(ValueError, match="None values not supported"):
        fg.gradients(*[x if part == "x" else part for part in (ys, xs)])


def test_numbers_alone_have_no_graph() -> None:
    with pytest.raises(TypeError, match=r"\(test_gradients.py:.*needs tensors for ys and xs"):
        fg.gradients(2.0, 3.0)


def test_a_finalized_graph_takes_no_gradients(fresh_graph) -> None:
    x = fg.constant(1.0)
    y = x * x
    fresh_graph.finalize()
    with pytest.raises(RuntimeError, match="the graph is finalized"):
        fg.gradients(y, x)


def test_the_op_that_makes_an_x_is_not_differentiated() -> None:
    x = fg.placeholder(fg.float32, [2, 3])
    w = fg.constant(np.ones((3, 2), np.float32))
    hidden = fg.matmul(x, w)
    fg.gradients(fg.square(hidden), hidden)
    names = [op.name for op in fg.get_default_graph().get_operations()]
    assert not [name for name in names if "MatMul_grad" in name]
    graph = fg.get_default_graph()
    with graph.gradient_override_map({"Exp": "not registered"}):
        made = fg.exp(x)
    assert fg.gradients(made * 2.0, made)[0] is not None


def test_a_gradient_of_another_dtype_is_refused_where_it_is_made() -> None:
    graph = fg.get_default_graph()

    @fg.RegisterGradient("WrongDtypeInTest")
    def _wrong(op, dy):
        return fg.cast(dy, fg.float64)

    x = fg.placeholder(fg.float32, [2])
    with graph.gradient_override_map({"Identity": "WrongDtypeInTest"}):
        y = fg.identity(x, name="odd")
    with pytest.raises(fg.errors.DTypeError, match=r"'odd'.*float64 for the input.*float32"):
        fg.gradients(y, x)


def test_an_unknown_way_of_aggregation_raises() -> None:
    x = fg.constant(3.0)
    with pytest.raises(ValueError, match="Invalid aggregation_method specified 7"):
        fg.gradients(x * x, x, aggregation_method=7)
