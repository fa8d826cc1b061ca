"""Rows matched to columns, the nearest pair first, as tf.contrib.image does it."""

from __future__ import annotations

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import InvalidArgumentError, ShapeError
from flowgraph.opdef import shape_rules
from flowgraph.opdef.opdef import NotDifferentiable, OpDef

_FLOAT32 = dt.DTypeSet("float32", (dt.float32,))


class BipartiteMatch(OpDef):
    """The nearest pair of a row and a column, then the nearest pair of those left, and so on."""

    dtypes = {"distance_mat": _FLOAT32, "num_valid_rows": _FLOAT32}
    host_inputs = ("num_valid_rows",)
    host_only = "one pair after the other is chosen"
    multiple = True
    grad = NotDifferentiable

    def infer(self, distance_mat: Spec, num_valid_rows: Spec, *, top_k=-1):
        shape_rules.require_rank(distance_mat, 2, "distances [rows, columns]")
        if num_valid_rows.shape not in (None, (), (None,), (1,)):
            raise ShapeError("needs one number of valid rows, got the shape "
                             f"{shape_text(num_valid_rows.shape)}")
        rows, columns = distance_mat.shape or (None, None)
        return Spec(dt.int32, (rows,)), Spec(dt.int32, (columns,))

    def kernel(self, xp, distance_mat, num_valid_rows, *, top_k=-1):
        rows, columns = distance_mat.shape
        numbers = np.reshape(num_valid_rows, -1)
        if len(numbers) != 1:
            raise InvalidArgumentError(None, None, "needs one number of valid rows, got "
                                       f"{len(numbers)}")
        wanted = float(numbers[0])
        valid = int(wanted + 0.1) if wanted >= 0 else rows
        if valid > rows:
            raise InvalidArgumentError(None, None, f"There should be at least {valid} rows in "
                                       f"distance_mat, but only got {rows} rows.")
        of_rows, of_columns = np.full(rows, -1, np.int32), np.full(columns, -1, np.int32)
        most = min(valid, columns)
        left = min(most, top_k) if top_k > 0 else most
        for pair in np.argsort(distance_mat[:valid], axis=None, kind="stable"):
            if not left:
                break
            row, column = divmod(int(pair), columns)
            if of_rows[row] < 0 and of_columns[column] < 0:
                of_rows[row], of_columns[column] = column, row
                left -= 1
        return of_rows, of_columns


def bipartite_match(distance_mat, num_valid_rows, top_k=-1, name="bipartite_match"):
    """Matches rows to columns: the nearest pair first, then the nearest pair of those left.

    Args:
        distance_mat: float32 [rows, columns], the distances. Among equal ones the pair of the
            first row, then of the first column, comes first.
        num_valid_rows: float32, one number: only so many rows are matched, from the first on; all
            of them if it is below 0.
        top_k: int, how many pairs are matched at most; 0 and below for as many as there are.
        name: name of the node.

    Returns:
        (int32 [rows], the column of each row; int32 [columns], the row of each column), with -1
        where there is none.

    Raises:
        ValueError: the distances are no matrix, or `num_valid_rows` is not one number.
        InvalidArgumentError: there are fewer rows than `num_valid_rows` (at run).

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib.image import bipartite_match
        >>> rows, columns = bipartite_match([[0.5, 0.8, 0.1], [0.3, 0.2, 0.15]], -1)
        >>> [found.tolist() for found in fg.Session().run([rows, columns])]
        [[2, 1], [-1, 1, 0]]
    """
    return BipartiteMatch.build(distance_mat, num_valid_rows, name=name, top_k=top_k)
