"""Matrices in parts, as the oldest cells hold them: `W_0`, `W_1`, …, put together by rows."""

from __future__ import annotations

from typing import Any

from flowgraph.core.frames import located
from flowgraph.ops.join import concat
from flowgraph.ops.variable_scope import get_variable


def matrix_in_shards(name: str, shape: list[int], dtype: Any, shards: int) -> Any:
    """The matrix whose rows are in the variables `name_0`, `name_1`, …

    Args:
        name: name of the variables, without their numbers.
        shape: [rows, columns] of the whole.
        dtype: dtype of the variables.
        shards: into how many parts the rows are cut; the first ones have one row more.

    Returns:
        The one variable, or the parts put together.

    Raises:
        ValueError: there are more parts than rows.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib.rnn.shards import matrix_in_shards
        >>> with fg.Graph().as_default():
        ...     matrix = matrix_in_shards("W", [5, 2], fg.float32, 2)
        ...     [(v.name, v.shape.as_list()) for v in fg.trainable_variables()]
        [('W_0:0', [3, 2]), ('W_1:0', [2, 2])]
    """
    rows, columns = shape
    if shards > rows:
        raise ValueError(located(f"Too many shards: shape={shape}, num_shards={shards}"))
    least, more = divmod(rows, shards)
    parts = [get_variable(f"{name}_{i}", [least + (i < more), columns], dtype)
             for i in range(shards)]
    return parts[0] if shards == 1 else concat(parts, 0, name=f"{name}/concat")
