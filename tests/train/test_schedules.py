"""Schedules: rates at single steps against their formulas, dtypes, names and errors."""

from __future__ import annotations

import math

import numpy as np
import pytest

import flowgraph as fg

STEPS = [0, 1, 7, 10, 11, 20, 25, 39]


def cosine(fraction):
    return 0.5 * (1 + math.cos(math.pi * fraction))


def restarts(step, length, longer, lower):
    """(fraction of the round that is done, rate at the round's start)."""
    start = 1.0
    while step >= length:
        step, length, start = step - length, length * longer, start * lower
    return step / length, start


def polynomial(step, cycle, power=1.0, end=0.01):
    rounds = max(1, math.ceil(step / 10)) if cycle else 1
    return (0.5 - end) * (1 - min(step, 10 * rounds) / (10 * rounds))**power + end


def linear_cosine(step, periods, alpha, beta):
    done = min(step, 10) / 10
    return 0.5 * ((alpha + 1 - done) * cosine(2 * periods * done) + beta)


def with_restarts(step, longer, lower, alpha):
    fraction, start = restarts(step, 10, longer, lower)
    return 0.5 * ((1 - alpha) * start * cosine(fraction) + alpha)


SCHEDULES = {
    "exponential": (lambda rate, step: fg.train.exponential_decay(rate, step, 10, 0.7),
                    lambda i: 0.5 * 0.7**(i / 10)),
    "exponential staircase": (
        lambda rate, step: fg.train.exponential_decay(rate, step, 10, 0.7, staircase=True),
        lambda i: 0.5 * 0.7**(i // 10)),
    "natural": (lambda rate, step: fg.train.natural_exp_decay(rate, step, 10, 0.7),
                lambda i: 0.5 * math.exp(-0.7 * i / 10)),
    "inverse time": (lambda rate, step: fg.train.inverse_time_decay(rate, step, 10, 0.7),
                     lambda i: 0.5 / (1 + 0.7 * i / 10)),
    "inverse time staircase": (
        lambda rate, step: fg.train.inverse_time_decay(rate, step, 10, 0.7, True),
        lambda i: 0.5 / (1 + 0.7 * (i // 10))),
    "polynomial": (lambda rate, step: fg.train.polynomial_decay(rate, step, 10, 0.01),
                   lambda i: polynomial(i, cycle=False)),
    "polynomial cycle": (
        lambda rate, step: fg.train.polynomial_decay(rate, step, 10, 0.01, 0.5, cycle=True),
        lambda i: polynomial(i, cycle=True, power=0.5)),
    "cosine": (lambda rate, step: fg.train.cosine_decay(rate, step, 10, 0.2),
               lambda i: 0.5 * (0.8 * cosine(min(i, 10) / 10) + 0.2)),
    "restarts": (lambda rate, step: fg.train.cosine_decay_restarts(rate, step, 10, 1.5, 0.7, 0.2),
                 lambda i: with_restarts(i, 1.5, 0.7, 0.2)),
    "restarts of one length": (
        lambda rate, step: fg.train.cosine_decay_restarts(rate, step, 10, 1.0, 0.7),
        lambda i: with_restarts(i, 1.0, 0.7, 0.0)),
    "linear cosine": (lambda rate, step: fg.train.linear_cosine_decay(rate, step, 10, 1.5, 0.1),
                      lambda i: linear_cosine(i, 1.5, 0.1, 0.001)),
    "noisy linear cosine": (
        lambda rate, step: fg.train.noisy_linear_cosine_decay(rate, step, 10, 0.0, 0.5, 1.5, 0.1),
        lambda i: linear_cosine(i, 1.5, 0.1, 0.001)),
}


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("step_dtype", ["int32", "int64"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_rates_follow_the_formula(name, step_dtype, dtype):
    schedule, formula = SCHEDULES[name]
    step = fg.placeholder(step_dtype, [])
    rate = schedule(fg.constant(0.5, dtype), step)
    assert rate.dtype.name == dtype and rate.shape == []
    with fg.Session() as sess:
        got = [sess.run(rate, {step: i}) for i in STEPS]
    np.testing.assert_allclose(got, [formula(i) for i in STEPS], rtol=2e-5, atol=1e-6)


def test_noise_is_new_in_each_run():
    rate = fg.train.noisy_linear_cosine_decay(1.0, fg.constant(3), 10)
    with fg.Session() as sess:
        assert sess.run(rate) != sess.run(rate)


def test_a_schedule_follows_the_global_step_of_training():
    w = fg.Variable(1.0)
    step = fg.train.get_or_create_global_step()
    rate = fg.train.piecewise_constant(step, [0, 1], [1.0, 0.5, 0.25])
    train = fg.train.GradientDescentOptimizer(rate).minimize(w, global_step=step)
    with fg.Session() as sess:
        sess.run(fg.global_variables_initializer())
        for _ in range(3):
            sess.run(train)
        assert sess.run(w) == 1.0 - 1.0 - 0.5 - 0.25


@pytest.mark.parametrize("x", [fg.int32, fg.int64, fg.float32, fg.float64],
                         ids=lambda dtype: dtype.name)
def test_boundaries_belong_to_the_piece_before_them(x):
    boundaries = [3.0, 7.0] if x == fg.float32 else [3, 7]
    if x == fg.float64:
        boundaries = [fg.constant(b, x) for b in (3, 7)]
    at = fg.placeholder(x, [])
    rate = fg.train.piecewise_constant(at, boundaries, [10, 20, 30])
    with fg.Session() as sess:
        got = [sess.run(rate, {at: i}) for i in (-1, 3, 4, 7, 8)]
    assert got == [10, 10, 20, 20, 30] and rate.dtype == fg.int32


@pytest.mark.parametrize(("make", "name"), [
    (lambda: fg.train.exponential_decay(0.1, 3, 10, 0.9), "ExponentialDecay"),
    (lambda: fg.train.natural_exp_decay(0.1, 3, 10, 0.9), "ExponentialDecay"),
    (lambda: fg.train.inverse_time_decay(0.1, 3, 10, 0.9), "InverseTimeDecay"),
    (lambda: fg.train.polynomial_decay(0.1, 3, 10), "PolynomialDecay"),
    (lambda: fg.train.cosine_decay(0.1, 3, 10), "CosineDecay/Mul_3"),
    (lambda: fg.train.cosine_decay_restarts(0.1, 3, 10), "SGDRDecay"),
    (lambda: fg.train.linear_cosine_decay(0.1, 3, 10), "LinearCosineDecay"),
    (lambda: fg.train.noisy_linear_cosine_decay(0.1, 3, 10, name="rate"), "rate"),
], ids=["exponential", "natural", "inverse", "polynomial", "cosine", "restarts", "linear", "given"])
def test_rates_have_tensorflows_names(make, name):
    assert make().op.name == name


@pytest.mark.parametrize(("make", "error", "words"), [
    (lambda: fg.train.exponential_decay(0.1, None, 10, 0.9), ValueError, "None values"),
    (lambda: fg.train.polynomial_decay(0.1, None, 10), ValueError, "global step"),
    (lambda: fg.train.piecewise_constant(None, [1], [1.0, 2.0]), ValueError, "None values"),
    (lambda: fg.train.piecewise_constant(1.0, [1], [1.0, 2.0]), ValueError,
     r"\(int32\) must have the same dtype as x \(float32\)"),
    (lambda: fg.train.piecewise_constant(1, [1], [1.0, 2]), ValueError, "float32 vs int32"),
    (lambda: fg.train.piecewise_constant(1, [1], [1.0]), ValueError, "1 less"),
    (lambda: fg.train.piecewise_constant([1, 2], [1], [1.0, 2.0]), ValueError, "scalar"),
    (lambda: fg.train.exponential_decay(1, 3, 10, 0.9), TypeError, "int32"),
], ids=["no step", "no step 2", "no x", "boundaries", "values", "number", "rank", "integer rate"])
def test_wrong_uses_say_what_is_wrong(make, error, words):
    with pytest.raises(error, match=words):
        make()
