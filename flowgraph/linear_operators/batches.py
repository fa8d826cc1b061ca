"""Batches of matrices that broadcast against each other, and checks of their entries."""

from __future__ import annotations

import math
from functools import reduce
from typing import Any

from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape, unknown_shape
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.static_value import known_value
from flowgraph.ops.assertions import assert_equal, assert_positive
from flowgraph.ops.complex_numbers import imag
from flowgraph.ops.constant import zeros_like
from flowgraph.ops.identity import no_op
from flowgraph.ops.join import broadcast_to, concat
from flowgraph.ops.reshape import reshape, transpose
from flowgraph.ops.shape import broadcast_dynamic_shape, broadcast_static_shape, shape
from flowgraph.ops.solve import cholesky_solve, matrix_solve, matrix_triangular_solve
from flowgraph.ops.unary import abs as absolute


def batch_sizes(matrix: Any) -> Any:
    """The sizes before the last two: a list of ints where the graph tells, else a tensor."""
    static = matrix.shape[:-2]
    return static.as_list() if static.is_fully_defined() else shape(matrix)[:-2]


def joined(*parts: Any) -> Any:
    """Sizes one after the other; each part is a list of ints, or of tensors, or a 1-D tensor."""
    if all(isinstance(part, list) and all(isinstance(n, int) for n in part) for part in parts):
        return [n for part in parts for n in part]
    return concat([part for part in parts if not (isinstance(part, list) and not part)], 0)


def broadcast_matrices(matrices: Any) -> list[Any]:
    """The matrices with the batch that all of theirs broadcast to."""
    static = reduce(broadcast_static_shape, [m.shape[:-2] for m in matrices])
    if static.is_fully_defined():
        return [m if m.shape[:-2] == static
                else broadcast_to(m, concat([static.as_list(), shape(m)[-2:]], 0))
                for m in matrices]
    batch = reduce(broadcast_dynamic_shape, [shape(m)[:-2] for m in matrices])
    return [broadcast_to(m, concat([batch, shape(m)[-2:]], 0)) for m in matrices]


def solve_broadcast(solve: Any, matrix: Any, rhs: Any, **options: Any) -> Any:
    """Solves with `solve(matrix, rhs)`, whose two batches must be equal, over batches that are not.

    A single matrix is not repeated: a batch of right-hand sides becomes one with more columns.
    """
    rank = rhs.shape.ndims
    if matrix.shape.ndims != 2 or rank is None or rank < 3:
        return solve(*broadcast_matrices([matrix, rhs]), **options)
    rows_first = transpose(rhs, [rank - 2, *range(rank - 2), rank - 1])
    sizes = rows_first.shape.as_list()
    flat = [sizes[0], math.prod(sizes[1:])] if None not in sizes else [shape(rows_first)[0], -1]
    solved = reshape(solve(matrix, reshape(rows_first, flat), **options), shape(rows_first))
    return transpose(solved, [*range(1, rank - 1), 0, rank - 1])


def solve_dense(matrix: Any, rhs: Any, adjoint: bool = False) -> Any:
    """`matrix_solve` over batches that broadcast."""
    return solve_broadcast(matrix_solve, matrix, rhs, adjoint=adjoint)


def solve_triangular(tril: Any, rhs: Any, adjoint: bool = False) -> Any:
    """`matrix_triangular_solve` with lower triangles over batches that broadcast."""
    return solve_broadcast(matrix_triangular_solve, tril, rhs, lower=True, adjoint=adjoint)


def solve_by_cholesky(factor: Any, rhs: Any) -> Any:
    """`cholesky_solve` over batches that broadcast."""
    return solve_broadcast(cholesky_solve, factor, rhs)


# ---- what the user gives: tensors and sizes ------------------------------------------------------


def tensor_of(value: Any, name: str, least_rank: int) -> Any:
    """What defines an operator as a tensor, which must have at least this rank."""
    tensor = convert_to_tensor(value, name=name)
    if tensor.shape.ndims is not None and tensor.shape.ndims < least_rank:
        raise ValueError(located(f"{name} must have at least {least_rank} "
                                 f"{'dimension' if least_rank == 1 else 'dimensions'}, got a "
                                 f"tensor of shape {tensor.shape}"))
    return tensor


def size_of(value: Any, name: str) -> Any:
    """A number of rows or columns as a tensor; what is known of it must be a whole number >= 0."""
    size = convert_to_tensor(value, name=name)
    if not size.dtype.is_integer:
        raise TypeError(located(f"{name} must be an integer, got a tensor of dtype "
                                f"{size.dtype.name}"))
    if size.shape.ndims not in (None, 0):
        raise ValueError(located(f"{name} must be a scalar, got a tensor of shape {size.shape}"))
    known = known_value(size)
    if known is not None and known < 0:
        raise ValueError(located(f"{name} must not be negative, got {known}"))
    return size


def batch_shape_of(value: Any) -> Any:
    """A batch shape as a 1-D tensor; None stays None."""
    if value is None:
        return None
    empty = isinstance(value, (list, tuple)) and not value
    batch = convert_to_tensor(value, dtype="int32" if empty else None, name="batch_shape_arg")
    if not batch.dtype.is_integer:
        raise TypeError(located(f"batch_shape must be of integers, got {batch.dtype.name}"))
    if batch.shape.ndims not in (None, 1):
        raise ValueError(located(f"batch_shape must be 1-D, got a tensor of shape {batch.shape}"))
    if any(n is not None and n < 0 for n in known_value(batch) or ()):
        raise ValueError(located("batch_shape must not be negative, got "
                                 f"{list(known_value(batch))}"))
    return batch


def known_batch_shape(batch: Any) -> TensorShape:
    """What the graph tells of a batch shape."""
    if batch is None:
        return TensorShape([])
    known = known_value(batch)
    if known is None and batch.spec.shape is not None:
        return unknown_shape(batch.spec.shape[0])
    return TensorShape(known)


# ---- checks of entries ---------------------------------------------------------------------------


def assert_no_zeros(x: Any, message: str) -> Any:
    """An operation that raises when it runs if an entry is 0."""
    return assert_positive(absolute(x), message=message)


def assert_real(x: Any, message: str) -> Any:
    """An operation that raises when it runs if an entry has an imaginary part."""
    if not x.dtype.is_complex:
        return no_op()
    part = imag(x)
    return assert_equal(zeros_like(part), part, message=message)
