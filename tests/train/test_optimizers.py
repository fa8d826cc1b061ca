"""Optimizers: their numbers against NumPy, their variables, names and errors."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg

START = np.array([[1.0, -2.0], [0.5, 3.0], [-1.0, 0.25]])
GRADS = [np.array([[0.5, -1.0], [2.0, 0.0], [-3.0, 1.0]]),
         np.array([[-0.25, 1.0], [0.5, 2.0], [1.0, -1.0]]),
         np.array([[1.0, 1.0], [-1.0, 0.5], [0.125, 4.0]])]
ROWS = np.array([2, 0, 2])
EVERY_ROW = np.arange(3)


# ---- the rules, in NumPy; a gradient is (rows, values), rows may repeat --------------------------


def summed(rows, values):
    """(distinct rows, sums)."""
    distinct = np.unique(rows)
    return distinct, np.array([values[rows == row].sum(0) for row in distinct])


def gradient_descent(w, grads, rate=0.5):
    for rows, g in grads:
        np.subtract.at(w, rows, np.float64(np.float32(rate)) * g)
    return w


def momentum(w, grads, rate=0.5, decay=0.75, nesterov=False):
    a = np.zeros_like(w)
    for rows, g in grads:
        rows, g = summed(rows, g)
        a[rows] = decay * a[rows] + g
        w[rows] -= rate * (g + decay * a[rows] if nesterov else a[rows])
    return w


def adam(w, grads, rate=0.5, beta1=0.9, beta2=0.999, epsilon=1e-8):
    rate, beta1, beta2, epsilon = (np.float64(np.float32(x)) for x in (rate, beta1, beta2, epsilon))
    m, v = np.zeros_like(w), np.zeros_like(w)
    power1, power2 = np.float32(beta1), np.float32(beta2)  # kept in float32, as in TensorFlow
    for rows, g in grads:
        full = np.zeros_like(w)
        np.add.at(full, rows, g)
        m = beta1 * m + (1 - beta1) * full
        v = beta2 * v + (1 - beta2) * full**2
        step = rate * np.sqrt(1 - np.float64(power2)) / (1 - np.float64(power1))
        w = w - step * m / (np.sqrt(v) + epsilon)
        power1, power2 = power1 * np.float32(beta1), power2 * np.float32(beta2)
    return w


OPTIMIZERS = {
    "GradientDescent": (lambda rate=0.5: fg.train.GradientDescentOptimizer(rate),
                        gradient_descent),
    "Momentum": (lambda rate=0.5: fg.train.MomentumOptimizer(rate, 0.75), momentum),
    "Nesterov": (lambda rate=0.5: fg.train.MomentumOptimizer(rate, 0.75, use_nesterov=True),
                 lambda w, grads: momentum(w, grads, nesterov=True)),
    "Adam": (lambda rate=0.5: fg.train.AdamOptimizer(rate), adam),
}
ALL = pytest.mark.parametrize(("make", "rule"), OPTIMIZERS.values(), ids=OPTIMIZERS)


@ALL
@pytest.mark.parametrize(("dtype", "rtol"), [(np.float64, 1e-12), (np.float32, 1e-5)])
def test_dense_updates_follow_the_rule(make, rule, dtype, rtol):
    w = fg.Variable(START.astype(dtype))
    g = fg.placeholder(w.dtype.base_dtype, [3, 2])
    train = make().apply_gradients([(g, w)])
    with fg.Session() as sess:
        sess.run(fg.global_variables_initializer())
        for grad in GRADS:
            sess.run(train, {g: grad})
        got = sess.run(w)
    np.testing.assert_allclose(got, rule(START.copy(), [(EVERY_ROW, g) for g in GRADS]), rtol)


@ALL
@pytest.mark.parametrize("index", [np.int32, np.int64])
def test_sparse_updates_follow_the_rule_with_repeated_rows(make, rule, index):
    w = fg.Variable(START)
    g, rows = fg.placeholder(fg.float64, [None, 2]), fg.placeholder(fg.as_dtype(index), [None])
    train = make().apply_gradients([(fg.IndexedSlices(g, rows), w)])
    with fg.Session() as sess:
        sess.run(fg.global_variables_initializer())
        for grad in GRADS:
            sess.run(train, {g: grad, rows: ROWS})
        got = sess.run(w)
    np.testing.assert_allclose(got, rule(START.copy(), [(ROWS, g) for g in GRADS]), 1e-12)


@ALL
def test_minimize_goes_through_a_gather_sparsely(make, rule):
    w = fg.Variable(START)
    loss = fg.reduce_sum(fg.square(fg.gather(w, ROWS)))
    opt = make()
    ((grad, _),) = opt.compute_gradients(loss)
    assert isinstance(grad, fg.IndexedSlices)
    train = opt.apply_gradients([(grad, w)])
    with fg.Session() as sess:
        sess.run(fg.global_variables_initializer())
        sess.run(train)
        got = sess.run(w)
    np.testing.assert_allclose(got, rule(START.copy(), [(ROWS, 2 * START[ROWS])]), 1e-12)


@ALL
def test_a_new_learning_rate_takes_effect(make, rule):
    rate = fg.placeholder_with_default(0.0, [])
    w = fg.Variable(2.0)
    train = make(rate).minimize(w * w)
    with fg.Session() as sess:
        sess.run(fg.global_variables_initializer())
        sess.run(train)
        assert sess.run(w) == 2.0
        sess.run(train, {rate: 0.125})
        assert sess.run(w) < 2.0


@ALL
def test_all_optimizers_reach_a_minimum(make, rule):
    w = fg.Variable([3.0, -2.0])
    train = make().minimize(0.25 * fg.reduce_sum(fg.square(w - [1.0, 2.0])))
    with fg.Session() as sess:
        sess.run(fg.global_variables_initializer())
        for _ in range(200):
            sess.run(train)
        np.testing.assert_allclose(sess.run(w), [1.0, 2.0], atol=1e-2)


@pytest.mark.parametrize(("make", "slots", "variables"), [
    (OPTIMIZERS["GradientDescent"][0], {}, []),
    (OPTIMIZERS["Momentum"][0], {"momentum": "w/Momentum:0"}, ["w/Momentum:0"]),
    (OPTIMIZERS["Adam"][0], {"m": "w/Adam:0", "v": "w/Adam_1:0"},
     ["beta1_power:0", "beta2_power:0", "w/Adam:0", "w/Adam_1:0"]),
])
def test_slots_have_tensorflows_names(make, slots, variables):
    w = fg.Variable([1.0], name="w")
    opt = make()
    assert opt.get_slot(w, "m") is None and opt.variables() == []
    opt.minimize(w)
    assert opt.get_slot_names() == sorted(slots)
    assert {name: opt.get_slot(w, name).name for name in slots} == slots
    assert [v.name for v in opt.variables()] == variables
    assert not set(opt.variables()) & set(fg.trainable_variables())


def test_slots_are_shared_by_two_train_ops():
    w = fg.Variable([1.0], name="w")
    opt = fg.train.AdamOptimizer()
    opt.minimize(w)
    count = len(fg.global_variables())
    opt.minimize(w * 2.0)
    assert len(fg.global_variables()) == count


def test_slots_of_scoped_variables_follow_tensorflows_rule():
    with fg.variable_scope("layer"):
        w = fg.get_variable("w", [1])
        inside = fg.train.MomentumOptimizer(0.1, 0.9)
        inside.minimize(w)
    outside = fg.train.MomentumOptimizer(0.1, 0.9)
    outside.minimize(w)
    assert [opt.get_slot(w, "momentum").name for opt in (inside, outside)] == [
        "layer/layer/w/Momentum:0", "layer/w/Momentum:0"]


def test_slots_of_variables_of_unknown_shape_take_the_initial_shape():
    w = fg.Variable(fg.placeholder_with_default([1.0, 2.0], None), validate_shape=False)
    train = fg.train.MomentumOptimizer(0.5, 0.5).minimize(fg.reduce_sum(w))
    with fg.Session() as sess:
        sess.run(fg.global_variables_initializer())
        sess.run(train)
        assert sess.run(w).tolist() == [0.5, 1.5]


@pytest.mark.parametrize(("global_step", "name", "expect"), [
    (False, None, ("NoOp", "GradientDescent")), (True, None, ("AssignAdd", "GradientDescent")),
    (False, "step", ("NoOp", "step"))])
def test_the_train_op_is_called_like_the_optimizer(global_step, name, expect):
    w = fg.Variable(1.0, name="w")
    step = fg.train.get_or_create_global_step() if global_step else None
    train = fg.train.GradientDescentOptimizer(0.5).minimize(w, step, name=name)
    assert (train.type, train.name) == expect
    assert fg.get_collection(fg.GraphKeys.TRAIN_OP) == [train]
    scope = f"{train.name}/update_w/"
    assert any(op.name.startswith(scope) for op in fg.get_default_graph().get_operations())


def test_the_global_step_counts():
    w = fg.Variable(1.0)
    step = fg.train.get_or_create_global_step()
    train = fg.train.GradientDescentOptimizer(0.5).minimize(w, global_step=step)
    with fg.Session() as sess:
        sess.run(fg.global_variables_initializer())
        for _ in range(3):
            sess.run(train)
        assert fg.train.global_step(sess, step) == 3
    assert fg.train.get_global_step() is step and step not in fg.trainable_variables()


def test_a_variable_called_global_step_is_one():
    step = fg.Variable(0, name="global_step", trainable=False)
    assert fg.train.get_or_create_global_step() is step.op.outputs[0]


def test_global_steps_are_single_integers():
    assert fg.train.get_global_step() is None
    fg.train.create_global_step()
    with pytest.raises(ValueError, match="already exists"):
        fg.train.create_global_step()
    with pytest.raises(TypeError, match="integer"):
        fg.train.assert_global_step(fg.Variable(1.0))
    with pytest.raises(TypeError, match="scalar"):
        fg.train.assert_global_step(fg.Variable([1]))


def test_constraints_hold_after_the_update():
    w = fg.Variable([1.0, 3.0], constraint=lambda w: fg.clip_by_value(w, 0.0, 2.0))
    train = fg.train.GradientDescentOptimizer(0.5).minimize(4.0 * w[0] + w[1])
    with fg.Session() as sess:
        sess.run(fg.global_variables_initializer())
        sess.run(train)
        assert sess.run(w).tolist() == [0.0, 2.0]


def test_sparse_gradients_cannot_be_constrained():
    w = fg.Variable([1.0, 3.0], constraint=lambda w: w)
    with pytest.raises(RuntimeError, match="constraint"):
        fg.train.GradientDescentOptimizer(0.5).minimize(fg.reduce_sum(fg.gather(w, [0])))


def test_compute_gradients_takes_variables_grad_loss_and_gates():
    a, b = fg.Variable(2.0, name="a"), fg.Variable(3.0, name="b", trainable=False)
    unused = fg.Variable(1.0)
    opt = fg.train.GradientDescentOptimizer(0.5)
    pairs = opt.compute_gradients(a * b, grad_loss=fg.constant(2.0))
    assert [v for _, v in pairs] == [a, unused] and pairs[1][0] is None
    gated = opt.compute_gradients(a * b, [(a,), [b]], gate_gradients=opt.GATE_GRAPH)
    with fg.Session() as sess:
        sess.run(fg.global_variables_initializer())
        assert sess.run(pairs[0][0]) == 6.0
        assert sess.run([g for g, _ in gated]) == [3.0, 2.0]


def test_updates_read_the_values_from_before_the_run():
    a, b = fg.Variable(2.0), fg.Variable(3.0)
    train = fg.train.GradientDescentOptimizer(1.0).minimize(a * b)
    with fg.Session() as sess:
        sess.run(fg.global_variables_initializer())
        assert sess.run([a, train]) == [2.0, None]
        assert sess.run([a, b]) == [-1.0, 1.0]


def test_subclasses_say_how_one_variable_is_updated():
    class SignDescent(fg.train.Optimizer):
        def __init__(self):
            super().__init__(False, "SignDescent")

        def _apply_dense(self, grad, var):
            return var.assign_sub(fg.sign(grad))

        def _apply_sparse(self, grad, var):
            return fg.scatter_sub(var, grad.indices, fg.sign(grad.values))

    w, e = fg.Variable([5.0, -5.0]), fg.Variable([1.0, 2.0])
    train = SignDescent().minimize(fg.reduce_sum(w * w) + fg.reduce_sum(fg.gather(e, [1, 1])))
    with fg.Session() as sess:
        sess.run(fg.global_variables_initializer())
        sess.run(train)
        assert sess.run(w).tolist() == [4.0, -4.0] and sess.run(e).tolist() == [1.0, 1.0]
    assert train.name == "SignDescent"


def test_var_list_may_be_the_values_of_a_dict():
    weights = {"b": fg.Variable(2.0), "a": fg.Variable(3.0)}
    pairs = fg.train.GradientDescentOptimizer(1.0).compute_gradients(
        weights["a"] * weights["b"], weights.values())
    assert [var for _, var in pairs] == [weights["b"], weights["a"]]


@pytest.mark.parametrize(("call", "error", "words"), [
    (lambda opt, w, i: opt.minimize(fg.constant(1.0)), ValueError, "No gradients provided"),
    (lambda opt, w, i: opt.minimize(fg.constant(1.0)), ValueError, "'w:0'"),
    (lambda opt, w, i: opt.minimize(fg.constant(1.0)), ValueError, "explain_gradient"),
    (lambda opt, w, i: opt.minimize(i * 2), ValueError, "Invalid type int32"),
    (lambda opt, w, i: opt.minimize(w, var_list=[]), ValueError, "No variables to optimize"),
    (lambda opt, w, i: opt.minimize(w, gate_gradients=7), ValueError, "gate_gradients"),
    (lambda opt, w, i: opt.apply_gradients([]), ValueError, "No variables provided"),
    (lambda opt, w, i: opt.apply_gradients([(None, w)]), ValueError, "No gradients provided"),
    (lambda opt, w, i: opt.apply_gradients([(object(), w)]), TypeError, "Tensor or IndexedSlices"),
    (lambda opt, w, i: opt.apply_gradients([(1.0, w.value())]), NotImplementedError, "Tensor"),
    (lambda opt, w, i: opt.apply_gradients([([1.0, 2.0], w)]), ValueError, r"\(2,\)"),
    (lambda opt, w, i: fg.train.Optimizer(False, ""), ValueError, "name"),
    (lambda opt, w, i: fg.train.AdamOptimizer([0.1, 0.2]).minimize(w), ValueError,
     r"learning_rate must be a scalar, got .* of shape \(2,\)"),
    (lambda opt, w, i: fg.train.MomentumOptimizer(0.1, [0.9]).minimize(w), ValueError,
     "momentum must be a scalar"),
])
def test_wrong_uses_say_what_is_wrong(call, error, words):
    w, i = fg.Variable(1.0, name="w"), fg.Variable(1, name="i", trainable=False)
    with pytest.raises(error, match=words):
        call(fg.train.GradientDescentOptimizer(0.5), w, i)


def test_the_slots_of_a_cut_variable_are_parts_of_a_whole():
    with fg.variable_scope("s", partitioner=fg.fixed_size_partitioner(2)):
        w = fg.get_variable("w", [4, 2])
        optimizer = fg.train.MomentumOptimizer(0.1, 0.9)
        optimizer.minimize(fg.reduce_sum(fg.convert_to_tensor(w)))
    slots = [optimizer.get_slot(part, "momentum") for part in fg.trainable_variables()]
    assert [slot.op.name for slot in slots] == ["s/s/w/part_0/Momentum", "s/s/w/part_1/Momentum"]
    assert [slot._get_save_slice_info().spec for slot in slots] == ["4 2 0,2:0,2", "4 2 2,2:0,2"]


def test_the_loss_may_be_a_function():
    a, b, unused = fg.Variable(2.0), fg.Variable(3.0), fg.Variable(1.0)
    opt = fg.train.GradientDescentOptimizer(0.5)
    assert [var for _, var in opt.compute_gradients(lambda: a * b)] == [a, b]
    assert [var for _, var in opt.compute_gradients(lambda: a, [a, unused])] == [a, unused]
    train = opt.minimize(lambda: a * a)
    with fg.Session() as sess:
        sess.run(fg.global_variables_initializer())
        sess.run(train)
        assert sess.run([a, b]) == [0.0, 3.0]


def test_subclasses_may_know_only_resource_variables():
    class Whole(fg.train.Optimizer):
        def _resource_apply_dense(self, grad, handle):
            return handle.assign_sub(grad)

        def _resource_apply_sparse(self, grad, handle, indices):
            return fg.scatter_sub(handle, indices, grad)

    w, e = fg.Variable(5.0), fg.Variable([1.0, 2.0, 3.0])
    train = Whole(False, "Whole").minimize(w * w + fg.reduce_sum(fg.gather(e, [1, 1])))
    with fg.Session() as sess:
        sess.run(fg.global_variables_initializer())
        sess.run(train)
        assert sess.run(w) == -5.0 and sess.run(e).tolist() == [1.0, 0.0, 3.0]


def test_an_optimizer_without_an_update_is_refused():
    class Nothing(fg.train.Optimizer):
        """Says neither how to update variables nor rows."""

    e = fg.Variable([1.0, 2.0])
    with pytest.raises(NotImplementedError, match="Nothing has no _apply_dense"):
        Nothing(False, "Nothing").minimize(fg.reduce_sum(e))
    with pytest.raises(NotImplementedError, match="Nothing has no _apply_sparse"):
        Nothing(False, "Nothing").minimize(fg.reduce_sum(fg.gather(e, [0])))
