"""`tensorflow.python.ops.rnn_cell_impl`: what of it is not public."""

from __future__ import annotations

from typing import Any

from flowgraph.contrib.rnn.linear import linear
from flowgraph.core.frames import located
from flowgraph.nn.rnn_cell.base import LayerRNNCell, check_is_cell, zeros_of
from flowgraph.ops.initializers import Constant
from flowgraph.ops.variable_scope import VariableScope, get_variable_scope, variable_scope

_BIAS_VARIABLE_NAME = "bias"
_WEIGHTS_VARIABLE_NAME = "kernel"
_zero_state_tensors = zeros_of


def assert_like_rnncell(cell_name: str, cell: Any) -> None:
    """Checks that a value can be used as a cell.

    Args:
        cell_name: of the argument; for the message.
        cell: the value.
    """
    check_is_cell(cell_name, cell)


def _like_rnncell(cell: Any) -> bool:
    """Whether a value can be used as a cell."""
    try:
        check_is_cell("cell", cell)
    except TypeError:
        return False
    return True


def _concat(prefix: Any, suffix: Any, static: bool = False) -> Any:
    """The shape that begins with `prefix` and ends with `suffix`.

    Args:
        prefix: a size, a shape, or a tensor of either.
        suffix: the same.
        static: whether the result is a list of sizes, None where unknown, or else a tensor.

    Raises:
        ValueError: a shape is unknown, but a tensor is wanted.
    """
    import flowgraph as tf

    def parts(value: Any) -> Any:
        if isinstance(value, tf.Tensor):
            return tf.expand_dims(value, 0) if value.shape.ndims == 0 else value
        shape = tf.TensorShape(value if value is None or hasattr(value, "__iter__")
                               or isinstance(value, tf.TensorShape) else [value])
        return shape

    first, second = parts(prefix), parts(suffix)
    if static:
        shapes = [tf.TensorShape(tf.get_static_value(item)) if isinstance(item, tf.Tensor) else item
                  for item in (first, second)]
        whole = shapes[0].concatenate(shapes[1])
        return whole.as_list() if whole.ndims is not None else None
    for item in (first, second):
        if isinstance(item, tf.TensorShape) and not item.is_fully_defined():
            raise ValueError(located(f"the shape {item} must be known, or given as a tensor"))
    return tf.concat([item if isinstance(item, tf.Tensor)
                      else tf.constant(item.as_list(), tf.int32) for item in (first, second)], 0)


def _linear(args: Any, output_size: int, bias: bool, bias_initializer: Any = None,
            kernel_initializer: Any = None, bias_start: float = 0.0, scope: Any = None) -> Any:
    """[args side by side] . kernel + bias, in the variable scope that is open.

    Args:
        args: tensor `[batch_size, size]`, or a list of such.
        output_size: number of columns of the kernel.
        bias: whether there is a bias.
        bias_initializer: first value of the bias; a number, too, as it was called `bias_start`.
        kernel_initializer: first value of the kernel; default the scope's.
        bias_start: old name of a number as `bias_initializer`.
        scope: variable scope, of the oldest programs.
    """
    if bias_initializer is None or isinstance(bias_initializer, (int, float)):
        bias_initializer = Constant(float(bias_initializer or bias_start))
    with variable_scope(scope or get_variable_scope()):
        return linear(args, output_size, bias, bias_initializer, kernel_initializer)


class _Linear:
    """A linear layer whose variables are made at once: [args side by side] . kernel + bias.

    Args:
        args: tensors as those of the calls.
        output_size: number of columns of the kernel.
        build_bias: whether there is a bias.
        bias_initializer: first value of the bias.
        kernel_initializer: first value of the kernel.
    """

    def __init__(self, args: Any, output_size: int, build_bias: bool, bias_initializer: Any = None,
                 kernel_initializer: Any = None) -> None:
        self._size, self._bias = output_size, build_bias
        self._scope: VariableScope = get_variable_scope()
        _linear(args, output_size, build_bias, bias_initializer, kernel_initializer)

    def __call__(self, args: Any) -> Any:
        """Computes the layer.

        Args:
            args: tensor `[batch_size, size]`, or a list of such.
        """
        with variable_scope(self._scope, reuse=True):
            return linear(args, self._size, self._bias)


__all__ = ["LayerRNNCell"]
