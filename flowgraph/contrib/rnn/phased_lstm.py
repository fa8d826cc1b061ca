"""PhasedLSTMCell: units open in cycles of time, each in its own."""

from __future__ import annotations

import math
from typing import Any

from flowgraph.contrib.rnn.linear import linear
from flowgraph.contrib.rnn.sizes import MemoryAndOutput
from flowgraph.core.dtypes import float32
from flowgraph.nn.rnn_cell.base import RNNCell
from flowgraph.nn.rnn_cell.lstm import LSTMStateTuple
from flowgraph.ops.cast import cast
from flowgraph.ops.division import mod
from flowgraph.ops.exponential import exp, sigmoid, tanh
from flowgraph.ops.identity import stop_gradient
from flowgraph.ops.initializers import Constant
from flowgraph.ops.random_ops import random_uniform
from flowgraph.ops.select import where
from flowgraph.ops.split import split
from flowgraph.ops.variable_scope import get_variable, variable_scope


class PhasedLSTMCell(MemoryAndOutput, RNNCell):
    """Long short-term memory for events at irregular times ("Phased LSTM").

    Its inputs are pairs: times `[batch_size, 1]`, and features `[batch_size, input_size]`.

    Args:
        num_units: size of the memory and of the output.
        use_peepholes: whether the gates see the memory.
        leak: how much passes through a unit that is closed.
        ratio_on: for which part of its cycle a unit is open, at first.
        trainable_ratio_on: whether that part is trained.
        period_init_min, period_init_max: cycles' lengths at first lie between these, in the unit of
            the times.
        reuse: True to find variables that are there already, as `tf.variable_scope` takes it.

    Example:
        >>> import flowgraph as fg
        >>> cell = fg.contrib.rnn.PhasedLSTMCell(3)
        >>> times, x = fg.ones([2, 5, 1]), fg.ones([2, 5, 4])
        >>> outputs, state = fg.nn.dynamic_rnn(cell, (times, x), dtype=fg.float32)
        >>> outputs.shape.as_list()
        [2, 5, 3]
    """

    def __init__(self, num_units: int, use_peepholes: bool = False, leak: float = 0.001,
                 ratio_on: float = 0.1, trainable_ratio_on: bool = True,
                 period_init_min: float = 1.0, period_init_max: float = 1000.0,
                 reuse: Any = None) -> None:
        super().__init__(_reuse=reuse)
        self._num_units = num_units
        self._use_peepholes = use_peepholes
        self._leak = leak
        self._ratio_on = ratio_on
        self._trainable_ratio_on = trainable_ratio_on
        self._period_init_min, self._period_init_max = period_init_min, period_init_max

    def call(self, inputs: Any, state: Any) -> Any:
        """One step."""
        c_prev, h_prev = state
        time, x = inputs
        units, seen = self._num_units, [x, h_prev]
        with variable_scope("mask_gates"):
            gates = linear(seen + [c_prev] * self._use_peepholes, 2 * units, True)
            input_gate, forget_gate = split(sigmoid(gates), 2, 1)
        with variable_scope("new_input"):
            new_input = tanh(linear(seen, units, True))
        new_c = c_prev * forget_gate + input_gate * new_input
        with variable_scope("output_gate"):
            output_gate = sigmoid(linear(seen + [new_c] * self._use_peepholes, units, True))
        new_h = tanh(new_c) * output_gate

        period = get_variable("period", [units], initializer=self._some_period)
        phase = get_variable("phase", [units],
                             initializer=lambda shape, **_: random_uniform(
                                 shape, 0.0, period.initial_value, float32))
        ratio_on = get_variable("ratio_on", [units], initializer=Constant(self._ratio_on),
                                trainable=self._trainable_ratio_on)
        ratio = _part_of_cycle(time, phase, period)
        opening = 2 * ratio / ratio_on
        k = where(ratio < ratio_on, 2 - opening, self._leak * ratio)
        k = where(ratio < 0.5 * ratio_on, opening, k)
        new_c = k * new_c + (1 - k) * c_prev
        new_h = k * new_h + (1 - k) * h_prev
        return new_h, LSTMStateTuple(new_c, new_h)

    def _some_period(self, shape: Any, dtype: Any = float32, partition_info: Any = None) -> Any:
        """Numbers whose logarithms are uniform."""
        return exp(random_uniform(shape, math.log(self._period_init_min),
                                  math.log(self._period_init_max), dtype))


def _part_of_cycle(time: Any, phase: Any, period: Any) -> Any:
    """How far each unit is in its cycle, of [0, 1). The remainder's gradient to the time is 1."""
    shifted = time - cast(phase, time.dtype)
    period = cast(period, time.dtype)
    remainder = stop_gradient(mod(shifted, period) - shifted) + shifted
    return cast(remainder / period, float32)
