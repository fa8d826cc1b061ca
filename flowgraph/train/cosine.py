"""Cosine schedules: learning rates that fall along half a cosine, with restarts or with noise."""

from __future__ import annotations

import math

from flowgraph.graph.graph import name_scope
from flowgraph.ops.arithmetic import minimum, multiply
from flowgraph.ops.arithmetic import pow as power_of
from flowgraph.ops.compare import equal
from flowgraph.ops.constant import constant
from flowgraph.ops.exponential import log
from flowgraph.ops.random_ops import random_normal
from flowgraph.ops.rounding import floor
from flowgraph.ops.select import where
from flowgraph.ops.trigonometry import cos
from flowgraph.ops.unary import sqrt
from flowgraph.train.schedules import start


def cosine_decay(learning_rate, global_step, decay_steps, alpha=0.0, name=None):
    """From `learning_rate` along half a cosine to `alpha * learning_rate`, then constant.

    Args:
        learning_rate: the rate at step 0: a float scalar.
        global_step: integer scalar: the training steps so far.
        decay_steps: the number of steps.
        alpha: where it ends, as a fraction of `learning_rate`.
        name: name scope; default "CosineDecay".

    Returns:
        The rate, a scalar of the dtype of `learning_rate`.

    Raises:
        ValueError: `global_step` is None.

    Example:
        >>> import flowgraph as fg
        >>> step = fg.placeholder(fg.int64, [])
        >>> rate = fg.train.cosine_decay(1.0, step, decay_steps=10)
        >>> sess = fg.Session()
        >>> [round(float(sess.run(rate, {step: i})), 4) for i in (0, 5, 10, 20)]
        [1.0, 0.5, 0.0, 0.0]
    """
    with name_scope(name, "CosineDecay"):
        rate, steps, decay_steps = start(learning_rate, global_step, decay_steps)
        fraction = minimum(steps, decay_steps) / decay_steps
        return multiply(rate, (1 - alpha) * (0.5 * _wave(fraction)) + alpha)


def cosine_decay_restarts(learning_rate, global_step, first_decay_steps, t_mul=2.0, m_mul=1.0,
                          alpha=0.0, name=None):
    """`cosine_decay` that starts again, each time for longer and from a lower rate.

    Args:
        learning_rate: the rate at step 0: a float scalar.
        global_step: integer scalar: the training steps so far.
        first_decay_steps: the number of steps of the first round.
        t_mul: how many times longer each round is than the one before.
        m_mul: the rate at the start of a round, as a fraction of that of the one before.
        alpha: where a round ends, as a fraction of `learning_rate`.
        name: name of the tensor; default "SGDRDecay".

    Returns:
        The rate, a scalar of the dtype of `learning_rate`.

    Raises:
        ValueError: `global_step` is None.

    Example:
        >>> import flowgraph as fg
        >>> step = fg.placeholder(fg.int64, [])
        >>> rate = fg.train.cosine_decay_restarts(1.0, step, 10, m_mul=0.5)
        >>> sess = fg.Session()
        >>> [round(float(sess.run(rate, {step: i})), 4) for i in (0, 5, 10, 20)]
        [1.0, 0.5, 0.5, 0.25]
    """
    with name_scope(name, "SGDRDecay") as scope:
        rate, steps, first, alpha, t_mul, m_mul = start(
            learning_rate, global_step, first_decay_steps, alpha, t_mul, m_mul)
        done = steps / first
        # The rounds have the lengths 1, t, t**2, ...: n of them (t**n - 1) / (t - 1) together.
        # When t is 1 that is 0 / 0, and the other branch is taken.
        rounds = floor(log(1.0 - done * (1.0 - t_mul)) / log(t_mul))
        length = power_of(t_mul, rounds)
        before = (1.0 - length) / (1.0 - t_mul)
        equally_long = equal(t_mul, 1.0)
        whole = floor(done)
        fraction = where(equally_long, done - whole, (done - before) / length)
        rounds = where(equally_long, whole, rounds)
        wave = 0.5 * power_of(m_mul, rounds) * _wave(fraction)
        return multiply(rate, (1 - alpha) * wave + alpha, name=scope)


def linear_cosine_decay(learning_rate, global_step, decay_steps, num_periods=0.5, alpha=0.0,
                        beta=0.001, name=None):
    """The learning rate times `(alpha + line) * wave + beta`: a cosine under a falling line.

    The line falls from 1 to 0 in `decay_steps` steps, the wave is (1 + cos) / 2.

    Args:
        learning_rate: the rate at step 0: a float scalar.
        global_step: integer scalar: the training steps so far.
        decay_steps: the number of steps.
        num_periods: how many periods of the cosine they make.
        alpha: added to the line.
        beta: added to the product.
        name: name of the tensor; default "LinearCosineDecay".

    Returns:
        The rate, a scalar of the dtype of `learning_rate`.

    Raises:
        ValueError: `global_step` is None.

    Example:
        >>> import flowgraph as fg
        >>> step = fg.placeholder(fg.int64, [])
        >>> rate = fg.train.linear_cosine_decay(1.0, step, decay_steps=10, beta=0.0)
        >>> sess = fg.Session()
        >>> [round(float(sess.run(rate, {step: i})), 4) for i in (0, 5, 10)]
        [1.0, 0.25, 0.0]
    """
    with name_scope(name, "LinearCosineDecay") as scope:
        rate, steps, decay_steps, num_periods, alpha, beta = start(
            learning_rate, global_step, decay_steps, num_periods, alpha, beta)
        steps = minimum(steps, decay_steps)
        line = (decay_steps - steps) / decay_steps
        fraction = steps / decay_steps
        wave = 0.5 * _wave(2.0 * num_periods * fraction)
        return multiply(rate, (alpha + line) * wave + beta, name=scope)


def noisy_linear_cosine_decay(learning_rate, global_step, decay_steps, initial_variance=1.0,
                              variance_decay=0.55, num_periods=0.5, alpha=0.0, beta=0.001,
                              name=None):
    """`linear_cosine_decay` with normal noise on the line, whose variance falls with the steps.

    The variance is `initial_variance / (1 + global_step) ** variance_decay`.

    Args:
        learning_rate: the rate at step 0: a float scalar.
        global_step: integer scalar: the training steps so far.
        decay_steps: the number of steps.
        initial_variance: variance of the noise at step 0.
        variance_decay: how fast the variance falls.
        num_periods: how many periods of the cosine they make.
        alpha: added to the line.
        beta: added to the product.
        name: name of the tensor; default "NoisyLinearCosineDecay".

    Returns:
        The rate, a scalar of the dtype of `learning_rate`.

    Raises:
        ValueError: `global_step` is None.

    Example:
        >>> import flowgraph as fg
        >>> rate = fg.train.noisy_linear_cosine_decay(
        ...     1.0, fg.constant(5), decay_steps=10, initial_variance=0.0, beta=0.0)
        >>> round(float(fg.Session().run(rate)), 4)
        0.25
    """
    with name_scope(name, "NoisyLinearCosineDecay") as scope:
        (rate, steps, decay_steps, initial_variance, variance_decay, num_periods, alpha,
         beta) = start(learning_rate, global_step, decay_steps, initial_variance, variance_decay,
                       num_periods, alpha, beta)
        steps = minimum(steps, decay_steps)
        line = (decay_steps - steps) / decay_steps
        variance = initial_variance / power_of(1.0 + steps, variance_decay)
        line += random_normal([], stddev=sqrt(variance), dtype=rate.dtype.base_dtype)
        fraction = steps / decay_steps
        wave = 0.5 * _wave(2.0 * num_periods * fraction)
        return multiply(rate, (alpha + line) * wave + beta, name=scope)


def _wave(fraction):
    """1 + cos(pi * fraction)."""
    return 1.0 + cos(constant(math.pi, fraction.dtype.base_dtype) * fraction)
