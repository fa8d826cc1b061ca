"""Schedules: learning rates that fall as the global step grows.

Each is a tensor computed from the global step, so that every run of the training step uses the
rate of its time:

    rate = tf.train.exponential_decay(0.1, global_step, decay_steps=1000, decay_rate=0.96)
    train = tf.train.GradientDescentOptimizer(rate).minimize(loss, global_step)

All of them compute in the dtype of `learning_rate`. The cosine schedules are in `cosine`.
"""

from __future__ import annotations

from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.errors import ShapeError
from flowgraph.graph.graph import name_scope
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.arithmetic import add, minimum, multiply, negative
from flowgraph.ops.arithmetic import pow as power_of
from flowgraph.ops.cast import cast
from flowgraph.ops.compare import equal
from flowgraph.ops.constant import constant, ones_like
from flowgraph.ops.division import truediv
from flowgraph.ops.exponential import exp
from flowgraph.ops.rounding import ceil, floor
from flowgraph.ops.select import where


def exponential_decay(learning_rate, global_step, decay_steps, decay_rate, staircase=False,
                      name=None):
    """The learning rate times `decay_rate ** (global_step / decay_steps)`.

    Args:
        learning_rate: the rate at step 0: a float scalar.
        global_step: integer scalar: the training steps so far.
        decay_steps: in how many steps the rate falls by the factor `decay_rate`.
        decay_rate: the factor.
        staircase: fall in jumps, every `decay_steps` steps.
        name: name of the tensor; default "ExponentialDecay".

    Returns:
        The rate, a scalar of the dtype of `learning_rate`.

    Raises:
        ValueError: `global_step` is None.

    Example:
        >>> import flowgraph as fg
        >>> step = fg.placeholder(fg.int64, [])
        >>> rate = fg.train.exponential_decay(8.0, step, decay_steps=10, decay_rate=0.5)
        >>> fg.Session().run(rate, {step: 20})
        np.float32(2.0)
    """
    with name_scope(name, "ExponentialDecay") as scope:
        rate, steps, decay_steps, decay_rate = start(learning_rate, global_step, decay_steps,
                                                     decay_rate)
        done = steps / decay_steps
        if staircase:
            done = floor(done)
        return multiply(rate, power_of(decay_rate, done), name=scope)


def natural_exp_decay(learning_rate, global_step, decay_steps, decay_rate, staircase=False,
                      name=None):
    """The learning rate times `exp(-decay_rate * global_step / decay_steps)`.

    Args:
        learning_rate: the rate at step 0: a float scalar.
        global_step: integer scalar: the training steps so far.
        decay_steps: in how many steps the exponent falls by `decay_rate`.
        decay_rate: how fast it falls.
        staircase: fall in jumps, every `decay_steps` steps.
        name: name of the tensor; default "ExponentialDecay".

    Returns:
        The rate, a scalar of the dtype of `learning_rate`.

    Raises:
        ValueError: `global_step` is None.

    Example:
        >>> import flowgraph as fg
        >>> step = fg.placeholder(fg.int64, [])
        >>> rate = fg.train.natural_exp_decay(1.0, step, decay_steps=10, decay_rate=0.5)
        >>> round(float(fg.Session().run(rate, {step: 20})), 4)
        0.3679
    """
    return exponential_decay(learning_rate, global_step, decay_steps, exp(negative(decay_rate)),
                             staircase, name)


def inverse_time_decay(learning_rate, global_step, decay_steps, decay_rate, staircase=False,
                       name=None):
    """The learning rate divided by `1 + decay_rate * global_step / decay_steps`.

    Args:
        learning_rate: the rate at step 0: a float scalar.
        global_step: integer scalar: the training steps so far.
        decay_steps: in how many steps the divisor grows by `decay_rate`.
        decay_rate: how fast it grows.
        staircase: fall in jumps, every `decay_steps` steps.
        name: name of the tensor; default "InverseTimeDecay".

    Returns:
        The rate, a scalar of the dtype of `learning_rate`.

    Raises:
        ValueError: `global_step` is None.

    Example:
        >>> import flowgraph as fg
        >>> step = fg.placeholder(fg.int64, [])
        >>> rate = fg.train.inverse_time_decay(8.0, step, decay_steps=10, decay_rate=0.5)
        >>> fg.Session().run(rate, {step: 20})
        np.float32(4.0)
    """
    with name_scope(name, "InverseTimeDecay") as scope:
        rate, steps, decay_steps, decay_rate = start(learning_rate, global_step, decay_steps,
                                                     decay_rate)
        done = steps / decay_steps
        if staircase:
            done = floor(done)
        one = cast(constant(1), rate.dtype)
        return truediv(rate, add(one, multiply(decay_rate, done)), name=scope)


def polynomial_decay(learning_rate, global_step, decay_steps, end_learning_rate=0.0001, power=1.0,
                     cycle=False, name=None):
    """From `learning_rate` down to `end_learning_rate` in `decay_steps` steps, then constant.

    That is `(learning_rate - end) * (1 - global_step / decay_steps) ** power + end`.

    Args:
        learning_rate: the rate at step 0: a float scalar.
        global_step: integer scalar: the training steps so far.
        decay_steps: the number of steps.
        end_learning_rate: where it ends.
        power: 1 falls in a straight line, 0.5 late, 2 early.
        cycle: start again whenever the end is reached, each time with the smallest multiple of
            `decay_steps` that is not less than `global_step`.
        name: name of the tensor; default "PolynomialDecay".

    Returns:
        The rate, a scalar of the dtype of `learning_rate`.

    Raises:
        ValueError: `global_step` is None.

    Example:
        >>> import flowgraph as fg
        >>> step = fg.placeholder(fg.int64, [])
        >>> rate = fg.train.polynomial_decay(1.0, step, decay_steps=10, end_learning_rate=0.5)
        >>> sess = fg.Session()
        >>> [float(sess.run(rate, {step: i})) for i in (0, 5, 10, 20)]
        [1.0, 0.75, 0.5, 0.5]
    """
    with name_scope(name, "PolynomialDecay") as scope:
        rate = convert_to_tensor(learning_rate, name="initial_learning_rate")
        end, power = cast(end_learning_rate, rate.dtype), cast(power, rate.dtype)
        steps, total = cast(given(global_step), rate.dtype), cast(decay_steps, rate.dtype)
        if cycle:
            rounds = ceil(steps / total)
            total = multiply(total, where(equal(steps, 0), ones_like(rounds), rounds))
        else:
            steps = minimum(steps, total)
        done = steps / total
        return add(multiply(rate - end, power_of(1 - done, power)), end, name=scope)


def piecewise_constant(x, boundaries, values, name=None):
    """`values[0]` up to and with `boundaries[0]`, then `values[1]`, and so on.

    Args:
        x: scalar, as the global step.
        boundaries: numbers in ascending order, of the dtype of `x`.
        values: one number more than `boundaries`, all of one dtype.
        name: name scope; default "PiecewiseConstant".

    Returns:
        A scalar of the dtype of `values`.

    Raises:
        ValueError: the dtypes or the numbers of boundaries and values do not fit.

    Example:
        >>> import flowgraph as fg
        >>> step = fg.placeholder(fg.int32, [])
        >>> rate = fg.train.piecewise_constant(step, [10, 20], [1.0, 0.5, 0.25])
        >>> sess = fg.Session()
        >>> [float(sess.run(rate, {step: i})) for i in (0, 10, 11, 21)]
        [1.0, 1.0, 0.5, 0.25]
    """
    boundaries = [convert_to_tensor(boundary) for boundary in boundaries]
    values = [convert_to_tensor(value) for value in values]
    x = convert_to_tensor(given(x))
    dtype = x.dtype.base_dtype
    for i, boundary in enumerate(boundaries):
        if boundary.dtype.base_dtype == dt.int32 and dtype == dt.int64:
            boundaries[i] = cast(boundary, dt.int64)
        elif boundary.dtype.base_dtype != dtype:
            raise ValueError(located(f"Boundaries ({boundary.dtype.name}) must have the same dtype "
                                     f"as x ({dtype.name})."))
    for value in values[1:]:
        if value.dtype.base_dtype != values[0].dtype.base_dtype:
            raise ValueError(located("Values must have elements all with the same dtype "
                                     f"({values[0].dtype.name} vs {value.dtype.name})."))
    if len(boundaries) != len(values) - 1:
        raise ValueError(located("The length of boundaries should be 1 less than the length of "
                                 f"values, got {len(boundaries)} and {len(values)}"))
    if x.shape.ndims:
        raise ShapeError(located(f"piecewise_constant needs a scalar x, got the shape {x.shape}",
                                 section="shape-error"))
    with name_scope(name, "PiecewiseConstant"):
        result = values[0]
        for boundary, value in zip(boundaries, values[1:], strict=True):
            result = where(x > boundary, value, result)
        return result


def start(learning_rate: Any, global_step: Any, *numbers: Any) -> list[Tensor]:
    """The initial rate, the global step, and further numbers, all in the dtype of the rate.

    Raises:
        ValueError: the global step is None.
    """
    rate = convert_to_tensor(learning_rate, name="initial_learning_rate")
    step = given(global_step)
    cast_numbers = [cast(number, rate.dtype) for number in numbers]
    return [rate, cast(step, rate.dtype), *cast_numbers]


def given(global_step: Any) -> Any:
    """The global step; ValueError for None."""
    if global_step is None:
        raise ValueError(located("None values not supported: a schedule needs the global step, as "
                                 "from tf.train.get_or_create_global_step()."))
    return global_step
