"""What the ops of linear algebra share: dtypes, shape rules, what to say of a singular matrix."""

from __future__ import annotations

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core import shapes
from flowgraph.core.blas import held_to_one_thread
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import InvalidArgumentError, ShapeError
from flowgraph.opdef import shape_rules
from flowgraph.ops.reshape import matrix_transpose

MATRIX = dt.DTypeSet("float32, float64 or a complex dtype",
                     (dt.float32, dt.float64, dt.complex64, dt.complex128))

_LEAST_THREADS = 64  # columns up to which LAPACK has no use for threads anyway
_MOST_ON_ONE = 256  # columns up to which one thread is no slower than two


def square(spec: Spec, what: str = "matrices"):
    """The shape of square matrices, both of their sizes known if one is."""
    shape_rules.require_rank_at_least(spec, 2, what)
    if spec.shape is None:
        return None
    *batch, m, n = spec.shape
    if None not in (m, n) and m != n:
        raise ShapeError(f"needs square {what}, got {shape_text(spec.shape)}")
    n = m if n is None else n
    return (*batch, n, n)


def system(matrix_shape, rhs: Spec):
    """(batch shape, rhs columns) of equations matrix * x = rhs; None where a rank is unknown."""
    shape_rules.require_rank_at_least(rhs, 2, "right-hand sides")
    if matrix_shape is None or rhs.shape is None:
        return None
    *batch, rows, _ = matrix_shape
    *rhs_batch, rhs_rows, columns = rhs.shape
    if not shapes.compatible((*batch, rows), (*rhs_batch, rhs_rows)):
        raise ShapeError(f"cannot solve equations of {shape_text(matrix_shape)} with right-hand "
                         f"sides of {shape_text(rhs.shape)}",
                         "All their sizes but the last must be equal.")
    return shapes.merge(tuple(batch), tuple(rhs_batch)), columns


TOLD = "whether a matrix can be solved, or decomposed, is found out by the GPU"  # who waits


def or_invalid(xp, function, *arrays, problem, **options):
    """Calls a function of `xp.linalg`; what it cannot do is an InvalidArgumentError.

    A GPU says nothing unless the host waits for it: ops that call this have `waits_for_gpu = TOLD`.
    LAPACK's threads wait for each other at every few columns, so that matrices of a middling size
    have one: a Cholesky factor of 128x128 takes 0.17 ms, with two threads of an idle machine 0.24.
    """
    try:
        if xp is not np:
            from flowgraph.ops.like_numpy import told_of_failure  # late: few have a GPU
            with told_of_failure(xp):
                return function(*arrays, **options)
        if _LEAST_THREADS < arrays[0].shape[-1] <= _MOST_ON_ONE:
            with held_to_one_thread:
                return function(*arrays, **options)
        return function(*arrays, **options)
    except np.linalg.LinAlgError:
        raise InvalidArgumentError(None, None, problem) from None


def adjoint(matrix, name=None):
    """Transposes matrices and conjugates their elements.

    Args:
        matrix: tensor [..., m, n].
        name: name scope of the nodes.

    Returns:
        A tensor [..., n, m].

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.linalg.adjoint([[1.0, 2 + 1j]]))
        array([[1.-0.j],
               [2.-1.j]])
    """
    return matrix_transpose(matrix, name=name or "adjoint", conjugate=True)
