"""Cells of recurrent networks as before TensorFlow 1.0.

`input_size` was the second argument of most cells, and was not needed even then. `[cell] * 3` made
three layers, each with variables of its own.
"""

from __future__ import annotations

import copy
from typing import Any

import flowgraph as tf
from flowgraph.core.deprecation import deprecated
from flowgraph.nn import rnn_cell

__all__ = ["BasicLSTMCell", "BasicRNNCell", "GRUCell", "LSTMCell", "MultiRNNCell", "linear"]


class _HoldsForToday(type):
    """isinstance holds for today's cells too, subclasses of a program for their own alone."""

    def __instancecheck__(cls, instance: Any) -> bool:
        kind = cls.__mro__[1] if cls.__module__ == __name__ else cls
        return type.__instancecheck__(kind, instance)


def _without_input_size(args: tuple[Any, ...], position: int) -> tuple[Any, ...]:
    """Arguments after `num_units` without the one at a position, if that is an `input_size`."""
    if len(args) > position and (args[position] is None or type(args[position]) is int):
        return args[:position] + args[position + 1:]
    return args


class BasicRNNCell(rnn_cell.BasicRNNCell, metaclass=_HoldsForToday):
    """`BasicRNNCell(num_units, input_size=None, activation=tanh)`."""

    def __init__(self, num_units: Any, *args: Any, input_size: Any = None, **kwargs: Any) -> None:
        super().__init__(num_units, *_without_input_size(args, 0), **kwargs)


class GRUCell(rnn_cell.GRUCell, metaclass=_HoldsForToday):
    """`GRUCell(num_units, input_size=None, activation=tanh)`."""

    def __init__(self, num_units: Any, *args: Any, input_size: Any = None, **kwargs: Any) -> None:
        super().__init__(num_units, *_without_input_size(args, 0), **kwargs)


class LSTMCell(rnn_cell.LSTMCell, metaclass=_HoldsForToday):
    """`LSTMCell(num_units, input_size=None, use_peepholes=False, ...)`."""

    def __init__(self, num_units: Any, *args: Any, input_size: Any = None, **kwargs: Any) -> None:
        super().__init__(num_units, *_without_input_size(args, 0), **kwargs)


class BasicLSTMCell(rnn_cell.BasicLSTMCell, metaclass=_HoldsForToday):
    """`BasicLSTMCell(num_units, forget_bias=1.0, input_size=None, state_is_tuple=True, ...)`."""

    def __init__(self, num_units: Any, *args: Any, input_size: Any = None, **kwargs: Any) -> None:
        super().__init__(num_units, *_without_input_size(args, 1), **kwargs)


class MultiRNNCell(rnn_cell.MultiRNNCell):
    """Cells one behind the other; one that comes twice gives two layers.

    Args:
        cells: the cells.
        state_is_tuple: whether the state is a tuple of theirs.
    """

    def __init__(self, cells: Any, state_is_tuple: bool = True) -> None:
        seen: list[Any] = []
        super().__init__([_twin(cell, seen) for cell in cells], state_is_tuple)


def _twin(cell: Any, seen: list[Any]) -> Any:
    """A cell, or if it has been seen already a new one like it."""
    if not any(cell is other for other in seen) or getattr(cell, "built", False):
        seen.append(cell)
        return cell
    twin = copy.copy(cell)
    inner = getattr(cell, "_cell", None)  # of a wrapper
    if inner is not None:
        other = _twin(inner, [inner])
        vars(twin).update({name: other for name, part in vars(cell).items() if part is inner})
    return twin


def linear(args: Any, output_size: int, bias: bool, bias_start: float = 0.0, scope: Any = None
           ) -> Any:
    """The sum of args[i] * W[i], and a bias.

    Args:
        args: a tensor [batch, n], or several.
        output_size: columns of the result.
        bias: whether a bias is added.
        bias_start: its first value.
        scope: of the variables `Matrix` and `Bias`; "Linear".
    """
    deprecated("Use `tf.layers.dense` instead.")
    parts = list(args) if isinstance(args, (list, tuple)) else [args]
    values = parts[0] if len(parts) == 1 else tf.concat(parts, 1)
    with tf.variable_scope(scope or "Linear"):
        matrix = tf.get_variable("Matrix", [values.shape[1].value, output_size],
                                 dtype=values.dtype)
        product = tf.matmul(values, matrix)
        if not bias:
            return product
        return product + tf.get_variable("Bias", [output_size], dtype=values.dtype,
                                         initializer=tf.constant_initializer(bias_start))
