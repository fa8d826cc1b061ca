"""Optimizers with one rule for whole variables and for rows: numbers against NumPy, and slots."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.train.rowwise import RowwiseOptimizer

START = np.array([[1.0, -2.0], [0.5, 3.0], [-1.0, 0.25]])
GRADS = [np.array([[0.5, -1.0], [2.0, 0.0], [-3.0, 1.0]]),
         np.array([[-0.25, 1.0], [0.5, 2.0], [1.0, -1.0]]),
         np.array([[1.0, 1.0], [-1.0, 0.5], [0.125, 4.0]])]
ROWS = np.array([2, 0, 2])


def single(number: float) -> np.float64:
    """A hyperparameter as TensorFlow keeps it: rounded to float32."""
    return np.float64(np.float32(number))


RATE, L1, L2 = single(0.3), single(0.2), single(0.7)


# ---- the rules, in NumPy; `s` holds the slots of the rows that change ----------------------------


def adagrad(w, g, s, t):
    s["accumulator"] += g * g
    return w - RATE * g / np.sqrt(s["accumulator"])


def adadelta(w, g, s, t):
    rho, epsilon = single(0.8), single(1e-3)
    s["accum"] = rho * s["accum"] + (1 - rho) * g * g
    step = g * np.sqrt(s["accum_update"] + epsilon) / np.sqrt(s["accum"] + epsilon)
    s["accum_update"] = rho * s["accum_update"] + (1 - rho) * step * step
    return w - RATE * step


def rmsprop(w, g, s, t):
    decay, momentum, epsilon = single(0.8), single(0.7), single(1e-2)
    s["rms"] = decay * s["rms"] + (1 - decay) * g * g
    spread = s["rms"]
    if "mg" in s:
        s["mg"] = decay * s["mg"] + (1 - decay) * g
        spread = spread - s["mg"]**2
    s["momentum"] = momentum * s["momentum"] + RATE * g / np.sqrt(spread + epsilon)
    return w - s["momentum"]


def ftrl(w, g, s, t, power=0.5, shrinkage=0.0):
    before, s["accum"] = s["accum"]**power, s["accum"] + g * g
    after = s["accum"]**power
    s["linear"] += g + 2 * shrinkage * w - (after - before) / RATE * w
    z = s["linear"]
    return np.where(np.abs(z) > L1, (L1 * np.sign(z) - z) / (after / RATE + 2 * L2), 0)


def shrunk(v, rate):
    return np.sign(v) * np.maximum(np.abs(v) - rate * L1, 0) / (1 + rate * L2)


def proximal_adagrad(w, g, s, t):
    s["accumulator"] += g * g
    rate = RATE / np.sqrt(s["accumulator"])
    return shrunk(w - rate * g, rate)


def adagrad_da(w, g, s, t):
    s["gradient_accumulator"] += g
    s["gradient_squared_accumulator"] += g * g
    total = s["gradient_accumulator"]
    return (-np.sign(total) * RATE * np.maximum(np.abs(total) - t * L1, 0)
            / (np.sqrt(s["gradient_squared_accumulator"]) + t * L2 * RATE))


CASES = {
    "Adagrad": (lambda lr: fg.train.AdagradOptimizer(lr), adagrad,
                {"accumulator": ("Adagrad", 0.1)}),
    "Adadelta": (lambda lr: fg.train.AdadeltaOptimizer(lr, 0.8, 1e-3), adadelta,
                 {"accum": ("Adadelta", 0.0), "accum_update": ("Adadelta_1", 0.0)}),
    "RMSProp": (lambda lr: fg.train.RMSPropOptimizer(lr, 0.8, 0.7, 1e-2), rmsprop,
                {"rms": ("RMSProp", 1.0), "momentum": ("RMSProp_1", 0.0)}),
    "CenteredRMSProp": (
        lambda lr: fg.train.RMSPropOptimizer(lr, 0.8, 0.7, 1e-2, centered=True), rmsprop,
        {"rms": ("RMSProp", 1.0), "mg": ("RMSProp_1", 0.0), "momentum": ("RMSProp_2", 0.0)}),
    "Ftrl": (lambda lr: fg.train.FtrlOptimizer(lr, l1_regularization_strength=0.2,
                                               l2_regularization_strength=0.7), ftrl,
             {"accum": ("Ftrl", 0.1), "linear": ("Ftrl_1", 0.0)}),
    "FtrlPower": (
        lambda lr: fg.train.FtrlOptimizer(lr, -0.75, 0.5, 0.2, 0.7, accum_name="a",
                                          linear_name="z",
                                          l2_shrinkage_regularization_strength=0.25),
        lambda w, g, s, t: ftrl(w, g, s, t, 0.75, 0.25), {"accum": ("a", 0.5), "linear": ("z", 0)}),
    "ProximalGradientDescent": (
        lambda lr: fg.train.ProximalGradientDescentOptimizer(lr, 0.2, 0.7),
        lambda w, g, s, t: shrunk(w - RATE * g, RATE), {}),
    "ProximalAdagrad": (lambda lr: fg.train.ProximalAdagradOptimizer(lr, 0.1, 0.2, 0.7),
                        proximal_adagrad, {"accumulator": ("ProximalAdagrad", 0.1)}),
    "AdagradDA": (
        lambda lr: fg.train.AdagradDAOptimizer(lr, fg.train.get_or_create_global_step(), 0.1, 0.2,
                                               0.7), adagrad_da,
        {"gradient_accumulator": ("AdagradDA", 0.0),
         "gradient_squared_accumulator": ("AdagradDA_1", 0.1)}),
}
ALL = pytest.mark.parametrize("name", CASES)


def trained(rule, slots, grads):
    """The variable and its slots after all gradients, each of them (rows, values)."""
    w = START.copy()
    state = {slot: np.full(w.shape, single(start)) for slot, (_, start) in slots.items()}
    for t, (rows, g) in enumerate(grads, 1):
        rows, places = np.unique(rows, return_inverse=True)
        summed = np.zeros((len(rows), 2))
        np.add.at(summed, places, g)
        part = {slot: value[rows] for slot, value in state.items()}
        w[rows] = rule(w[rows], summed, part, t)
        for slot, value in part.items():
            state[slot][rows] = value
    return w, state


@ALL
@pytest.mark.parametrize("sparse", [False, True], ids=["dense", "sparse"])
@pytest.mark.parametrize(("dtype", "rtol"), [("float64", 1e-9), ("float32", 1e-5)])
def test_updates_follow_the_rule(name, sparse, dtype, rtol):
    make, rule, slots = CASES[name]
    w = fg.Variable(START.astype(dtype), name="w")
    g, rows = fg.placeholder(dtype, [3, 2]), fg.placeholder(fg.int64, [None])
    rate = fg.placeholder_with_default(0.3, [])
    step = fg.train.get_or_create_global_step()
    optimizer = make(rate)
    train = optimizer.apply_gradients([(fg.IndexedSlices(g, rows) if sparse else g, w)], step)
    named = ROWS if sparse else np.arange(3)
    want, state = trained(rule, slots, [(named, grad) for grad in GRADS])
    with fg.Session() as sess:
        sess.run(fg.global_variables_initializer())
        for grad in GRADS:
            sess.run(train, {g: grad, rows: named})
        np.testing.assert_allclose(sess.run(w), want, rtol, 1e-7)
        for slot, value in state.items():
            np.testing.assert_allclose(sess.run(optimizer.get_slot(w, slot)), value, rtol, 1e-6)


@ALL
def test_slots_have_tensorflows_names(name):
    make, _, slots = CASES[name]
    w = fg.Variable([1.0], name="w")
    optimizer = make(0.5)
    optimizer.minimize(w)
    assert optimizer.get_slot_names() == sorted(slots)
    assert {slot: optimizer.get_slot(w, slot).op.name for slot in slots} == {
        slot: f"w/{op_name}" for slot, (op_name, _) in slots.items()}


@ALL
@pytest.mark.parametrize("start", [3.0, np.zeros((0, 2), np.float32)], ids=["scalar", "empty"])
def test_scalars_and_empty_variables_are_trained(name, start):
    w = fg.Variable(start)
    train = CASES[name][0](0.5).minimize(fg.reduce_sum(w))
    with fg.Session() as sess:
        sess.run(fg.global_variables_initializer())
        sess.run(train)
        after = sess.run(w)
    assert after.shape == np.shape(start) and (after.size == 0 or after < 3.0)


@ALL
def test_variables_of_unknown_shape_are_trained(name):
    w = fg.Variable(fg.placeholder_with_default(START, None), validate_shape=False)
    train = CASES[name][0](0.5).minimize(fg.reduce_sum(w))
    with fg.Session() as sess:
        sess.run(fg.global_variables_initializer())
        sess.run(train)
        assert sess.run(w).shape == START.shape


@ALL
def test_hyperparameters_may_be_functions(name):
    w = fg.Variable(3.0)
    train = CASES[name][0](lambda: fg.constant(0.0)).minimize(w * w)
    assert train.name in ("RMSProp", "Ftrl", name)


@ALL
def test_rules_hold_in_half_precision(name):
    w = fg.Variable(START.astype(np.float16))
    train = CASES[name][0](0.3).minimize(fg.reduce_sum(w * w))
    with fg.Session() as sess:
        sess.run(fg.global_variables_initializer())
        sess.run(train)
        after = sess.run(w)
    assert after.dtype == np.float16
    assert np.abs(after).sum() < np.abs(START).sum()


def test_two_optimizers_change_one_variable_in_one_run():
    w = fg.Variable(0.0)
    steps = [fg.train.AdagradOptimizer(1.0, 3.0).minimize(w),
             fg.train.MomentumOptimizer(2.0, 0.5).minimize(w)]
    with fg.Session() as sess:
        sess.run(fg.global_variables_initializer())
        sess.run(steps)
        assert sess.run(w) == -2.5


def test_l1_makes_zeros_where_nothing_was_learned():
    w = fg.Variable([0.0, 1.0])
    optimizer = fg.train.FtrlOptimizer(0.5, initial_accumulator_value=0.0,
                                       l1_regularization_strength=0.1)
    train = optimizer.apply_gradients([(fg.constant([0.0, 1.0]), w)])
    with fg.Session() as sess:
        sess.run(fg.global_variables_initializer())
        sess.run(train)
        assert sess.run(w)[0] == 0.0


def test_a_subclass_needs_a_rule():
    class NoRule(RowwiseOptimizer):
        """An optimizer that does not say what it does."""

    with pytest.raises(NotImplementedError, match="NoRule has no _rule"):
        NoRule(False, "NoRule").minimize(fg.Variable(1.0))


@pytest.mark.parametrize(("make", "words"), [
    (lambda: fg.train.AdagradOptimizer(0.1, 0.0), "initial_accumulator_value must be positive"),
    (lambda: fg.train.ProximalAdagradOptimizer(0.1, -1.0), "must be positive: -1.0"),
    (lambda: fg.train.AdagradDAOptimizer(0.1, None, 0.0), "initial_gradient_squared"),
    (lambda: fg.train.FtrlOptimizer(0.1, 0.5), "learning_rate_power 0.5"),
    (lambda: fg.train.FtrlOptimizer(0.1, l1_regularization_strength=-1.0), "l1_regularization"),
    (lambda: fg.train.FtrlOptimizer(0.1, initial_accumulator_value=-1.0), "positive or zero"),
], ids=["Adagrad", "ProximalAdagrad", "AdagradDA", "Ftrl power", "Ftrl l1", "Ftrl start"])
def test_numbers_of_the_wrong_sign_are_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()
