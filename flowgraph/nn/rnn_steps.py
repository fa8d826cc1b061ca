"""What static and dynamic recurrent networks share: first states, and rows that have ended."""

from __future__ import annotations

from typing import Any

from flowgraph.core import nest
from flowgraph.core.dtypes import DType, as_dtype
from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape
from flowgraph.graph.tensor import Tensor
from flowgraph.nn.rnn_cell.base import sizes_of, zeros_of
from flowgraph.ops.select import where


def initial_state_of(cell: Any, batch_size: Any, initial_state: Any, dtype: Any) -> Any:
    """The given state, or one of zeros. Raises ValueError when there is neither state nor dtype."""
    if initial_state is not None:
        return initial_state
    if dtype is None:
        raise ValueError(located("If there is no initial_state, you must give a dtype: write "
                                 "dtype=tf.float32"))
    if getattr(cell, "get_initial_state", None) is not None:
        return cell.get_initial_state(inputs=None, batch_size=batch_size, dtype=dtype)
    return cell.zero_state(batch_size, dtype)


def state_dtype(dtype: Any, state: Any) -> DType:
    """The dtype asked for, or else the one that all parts of the state have."""
    if dtype is not None:
        return as_dtype(dtype)
    found = [part.dtype.base_dtype for part in nest.flatten(state)]
    if not found:
        raise ValueError(located("Unable to infer dtype from empty state.",
                                 "Pass dtype=tf.float32."))
    if any(one is not found[0] for one in found):
        raise ValueError(located("State has tensors of different dtypes, so that the outputs' "
                                 f"dtype is not clear: {', '.join(one.name for one in found)}. "
                                 "Pass dtype=."))
    return found[0]


def zero_outputs(cell: Any, batch_size: Any, fixed_batch_size: int | None, dtype: Any,
                 state: Any) -> Any:
    """Zeros in the structure of the cell's output: what rows that have ended give."""
    kind = state_dtype(dtype, state)

    def zero(size: Any) -> Tensor:
        zeros = zeros_of(batch_size, size, kind)
        zeros.set_shape(with_batch(fixed_batch_size, size))
        return zeros

    return nest.map_structure(zero, cell.output_size)


def with_batch(batch_size: int | None, size: Any) -> TensorShape:
    """The static shape `[batch_size] + size`."""
    if isinstance(size, Tensor):
        return TensorShape(None)
    return TensorShape([batch_size]).concatenate(sizes_of(size))


def finished_rows_keep(finished: Tensor, zeros: Any, state: Any, output: Any,
                       new_state: Any) -> tuple[Any, Any]:
    """Output and state after a step: rows that are finished give zeros and keep their state."""
    nest.assert_same_structure(zeros, output)
    nest.assert_same_structure(state, new_state)
    return keep_where(finished, zeros, output), keep_where(finished, state, new_state)


def keep_where(finished: Tensor, old: Any, new: Any) -> Any:
    """`old` in the rows that are finished, else `new`; new scalars and TensorArrays pass."""
    def chosen(before: Any, after: Any) -> Any:
        if nest.is_composite(before) or before.shape.ndims == 0:
            return after
        result = where(finished, before, after)
        result.set_shape(before.shape)
        return result

    return nest.map_structure(chosen, old, new)
