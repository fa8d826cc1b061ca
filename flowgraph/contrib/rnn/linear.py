"""A linear layer inside a cell: `kernel` and `bias` in the variable scope that is open."""

from __future__ import annotations

from typing import Any

from flowgraph.core import nest
from flowgraph.core.frames import located
from flowgraph.layers.named import ZEROS
from flowgraph.ops.bias import bias_add
from flowgraph.ops.join import concat
from flowgraph.ops.matmul import matmul
from flowgraph.ops.variable_scope import get_variable, get_variable_scope, variable_scope


def linear(args: Any, output_size: int, bias: bool, bias_initializer: Any = None,
           kernel_initializer: Any = None) -> Any:
    """[args side by side] . kernel + bias.

    Args:
        args: tensor `[batch_size, size]`, or a list of such.
        output_size: number of columns of the kernel.
        bias: whether there is a bias.
        bias_initializer: first value of the bias; default zeros.
        kernel_initializer: first value of the kernel; default the scope's.

    Returns:
        A tensor `[batch_size, output_size]`.

    Raises:
        ValueError: there are no arguments, or one is no matrix with a known number of columns.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib.rnn.linear import linear
        >>> with fg.Graph().as_default(), fg.variable_scope("layer"):
        ...     y = linear([fg.ones([2, 3]), fg.ones([2, 4])], 5, bias=True)
        ...     [(v.name, v.shape.as_list()) for v in fg.trainable_variables()]
        [('layer/kernel:0', [7, 5]), ('layer/bias:0', [5])]
    """
    if args is None or (nest.is_nested(args) and not args):
        raise ValueError(located("`args` must be specified: a tensor or a list of tensors"))
    parts = list(args) if nest.is_nested(args) else [args]
    for part in parts:
        if part.shape.ndims != 2 or part.shape[1].value is None:
            raise ValueError(located("a linear layer takes matrices with a known number of "
                                     f"columns, but {part.name!r} has the shape {part.shape}"))
    dtype = parts[0].dtype.base_dtype
    with variable_scope(get_variable_scope()) as outer:
        rows = sum(part.shape[1].value for part in parts)
        kernel = get_variable("kernel", [rows, output_size], dtype, initializer=kernel_initializer)
        result = matmul(parts[0] if len(parts) == 1 else concat(parts, 1), kernel)
        if not bias:
            return result
        with variable_scope(outer) as inner:
            inner.set_partitioner(None)
            return bias_add(result, get_variable(
                "bias", [output_size], dtype,
                initializer=ZEROS if bias_initializer is None else bias_initializer))
