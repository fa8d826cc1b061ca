"""Linear equations: general, triangular, by a Cholesky factor, least squares; matrix inverses."""

from __future__ import annotations

from flowgraph.core import dtypes as dt
from flowgraph.core.checks import raise_if
from flowgraph.core.spec import Spec
from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.graph import name_scope
from flowgraph.opdef import shape_rules
from flowgraph.opdef.opdef import OpDef, op_def
from flowgraph.opdef.static_value import known_value
from flowgraph.ops.constant import eye
from flowgraph.ops.diagonal import matrix_band_part
from flowgraph.ops.matmul import matmul
from flowgraph.ops.matrices import MATRIX, TOLD, or_invalid, square, system
from flowgraph.ops.shape import shape
from flowgraph.ops.triangular import solve_triangular

_SINGULAR = "the matrix is not invertible"


class MatrixInverse(OpDef):
    """The inverses of square matrices, or of their adjoints."""

    multiplies = True
    T = MATRIX
    waits_for_gpu = TOLD

    def infer(self, input, *, adjoint=False):
        return Spec(input.dtype, square(input))

    def kernel(self, xp, input, *, adjoint=False):
        return or_invalid(xp, xp.linalg.inv, input.swapaxes(-1, -2).conj() if adjoint else input,
                          problem=_SINGULAR)

    def grad(self, op, dy):
        y, turned = op.outputs[0], op.attrs["adjoint"]
        inner = matmul(dy, y, adjoint_a=turned, adjoint_b=not turned)
        return -matmul(y, inner, adjoint_a=not turned)


def matrix_inverse(input, adjoint=False, name=None):
    """Inverts square matrices.

    Args:
        input: tensor [..., n, n] of a floating or complex dtype.
        adjoint: whether to invert the adjoint of each matrix.
        name: name of the node.

    Raises:
        InvalidArgumentError: a matrix is singular (at run).

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.matrix_inverse([[2.0, 0.0], [0.0, 4.0]]))
        array([[0.5 , 0.  ],
               [0.  , 0.25]], dtype=float32)
    """
    return MatrixInverse.build(input, adjoint=bool(adjoint), name=name)


class MatrixSolve(OpDef):
    """x with `matrix` x = `rhs`, or with the adjoint of `matrix`."""

    multiplies = True
    T = MATRIX
    waits_for_gpu = TOLD

    def infer(self, matrix, rhs, *, adjoint=False):
        if matrix.shape is not None and rhs.shape is not None:
            return _solution(matrix, rhs)
        sizes = square(matrix)
        return Spec(rhs.dtype, rhs.shape if sizes is None else (*sizes[:-1], None))

    def kernel(self, xp, matrix, rhs, *, adjoint=False):
        return or_invalid(xp, xp.linalg.solve,
                          matrix.swapaxes(-1, -2).conj() if adjoint else matrix,
                          rhs, problem=_SINGULAR)

    def grad(self, op, dy):
        matrix, x, turned = op.inputs[0], op.outputs[0], op.attrs["adjoint"]
        db = MatrixSolve.build(matrix, dy, adjoint=not turned)
        return -_outer(db, x, turned), db


def _solution(matrix, rhs):
    sizes = square(matrix)
    found = system(sizes, rhs)
    return Spec(rhs.dtype, None if found is None else (*found[0], sizes[-1] if sizes[-1] is not None
                                                       else rhs.shape[-2], found[1]))


def _outer(db, x, turned):
    """The negative gradient of the matrix."""
    return matmul(x, db, adjoint_b=True) if turned else matmul(db, x, adjoint_b=True)


def matrix_solve(matrix, rhs, adjoint=False, name=None):
    """Solves linear equations: matrix @ x = rhs.

    Args:
        matrix: tensor [..., n, n] of a floating or complex dtype.
        rhs: tensor [..., n, k] of the same dtype.
        adjoint: whether to solve with the adjoint of each matrix.
        name: name of the node.

    Returns:
        A tensor [..., n, k].

    Raises:
        InvalidArgumentError: a matrix is singular (at run).

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.matrix_solve([[2.0, 0.0], [0.0, 4.0]], [[2.0], [2.0]]))
        array([[1. ],
               [0.5]], dtype=float32)
    """
    return MatrixSolve.build(matrix, rhs, adjoint=bool(adjoint), name=name)


class MatrixTriangularSolve(OpDef):
    """x with `matrix` x = `rhs`, where only one triangle of `matrix` is read."""

    multiplies = True
    checks_data = True
    T = MATRIX

    def infer(self, matrix, rhs, *, lower=True, adjoint=False):
        return _solution(matrix, rhs)

    def kernel(self, xp, matrix, rhs, *, lower=True, adjoint=False):
        raise_if(xp, xp.diagonal(matrix, 0, -2, -1) == 0, lambda: InvalidArgumentError(
            None, None, f"{_SINGULAR}: a diagonal element is 0"))
        return solve_triangular(xp, matrix, rhs, lower, adjoint)

    def grad(self, op, dy):
        lower, turned = op.attrs["lower"], op.attrs["adjoint"]
        db = MatrixTriangularSolve.build(op.inputs[0], dy, lower=lower, adjoint=not turned)
        da = -_outer(db, op.outputs[0], turned)
        return matrix_band_part(da, *((-1, 0) if lower else (0, -1))), db


def matrix_triangular_solve(matrix, rhs, lower=True, adjoint=False, name=None):
    """Solves linear equations with triangular matrices: matrix @ x = rhs.

    Args:
        matrix: tensor [..., n, n]; the other triangle is not read.
        rhs: tensor [..., n, k] of the same dtype.
        lower: whether the lower triangle is the one; else the upper.
        adjoint: whether to solve with the adjoint of each matrix.
        name: name of the node.

    Returns:
        A tensor [..., n, k].

    Raises:
        InvalidArgumentError: a diagonal element is zero (at run).

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.matrix_triangular_solve([[2.0, 9.0], [0.0, 4.0]], [[2.0], [2.0]]))
        array([[1. ],
               [0.5]], dtype=float32)
    """
    return MatrixTriangularSolve.build(matrix, rhs, lower=bool(lower), adjoint=bool(adjoint),
                                       name=name)


def cholesky_solve(chol, rhs, name=None):
    """Solves A @ x = rhs where `chol` is the Cholesky factor of A.

    Args:
        chol: tensor [..., n, n], lower triangular: `tf.cholesky(A)`.
        rhs: tensor [..., n, k] of the same dtype.
        name: name scope of the nodes.

    Returns:
        A tensor [..., n, k].

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.cholesky_solve([[2.0, 0.0], [0.0, 1.0]], [[8.0], [3.0]]))
        array([[2.],
               [3.]], dtype=float32)
    """
    with name_scope(name, "cholesky_solve", [chol, rhs]):
        y = matrix_triangular_solve(chol, rhs, lower=True)
        return matrix_triangular_solve(y.op.inputs[0], y, lower=True, adjoint=True)


# ---- least squares -------------------------------------------------------------------------------


class MatrixSolveLs(OpDef):
    """x of least |`matrix` x - `rhs`|^2 + `l2_regularizer` |x|^2; of least |x| if many do.

    By the normal equations if `fast`, else by singular values, without the regularizer.
    """

    multiplies = True
    T = MATRIX
    waits_for_gpu = TOLD
    dtypes = {"l2_regularizer": dt.DTypeSet("float64", (dt.float64,))}
    host_inputs = ("l2_regularizer",)

    def infer(self, matrix, rhs, l2_regularizer, *, fast=True):
        shape_rules.require_rank_at_least(matrix, 2, "matrices")
        shape_rules.require_rank(l2_regularizer, 0, "an l2_regularizer")
        found = system(matrix.shape, rhs)
        return Spec(rhs.dtype, None if found is None else (*found[0], matrix.shape[-1], found[1]))

    def kernel(self, xp, matrix, rhs, l2_regularizer, *, fast=True):
        return _least_squares(xp, matrix, rhs, l2_regularizer) if fast else \
            xp.matmul(xp.linalg.pinv(matrix), rhs)

    def grad(self, op, dx):
        a, b, l2 = op.inputs
        x, sizes = op.outputs[0], a.spec.shape
        if sizes is not None and None not in sizes[-2:] and sizes[-2] < sizes[-1]:
            gram = _gram(a, l2, False)
            db = matrix_solve(gram, matmul(a, dx))
            y = matrix_solve(gram, b)
            rest = dx - matmul(a, db, adjoint_a=True)
            da = matmul(y, rest, adjoint_b=True) - matmul(db, matmul(y, a, adjoint_a=True))
            return da, db, None
        # of a system whose sizes the graph does not tell, too, as of one with enough equations
        z = matrix_solve(_gram(a, l2, True), dx)
        both = matmul(x, z, adjoint_b=True) + matmul(z, x, adjoint_b=True)
        return matmul(b, z, adjoint_b=True) - matmul(a, both), matmul(a, z), None


def _least_squares(xp, a, b, l2):
    tall, turned = a.shape[-2] >= a.shape[-1], a.swapaxes(-1, -2).conj()
    gram = xp.matmul(turned, a) if tall else xp.matmul(a, turned)
    gram = gram + l2 * xp.eye(gram.shape[-1], dtype=a.dtype)
    y = or_invalid(xp, xp.linalg.solve, gram, xp.matmul(turned, b) if tall else b,
                   problem="the matrix has not full rank; write fast=False, or an l2_regularizer")
    return y if tall else xp.matmul(turned, y)


def _gram(a, l2, tall):
    """a^H a (a a^H for a wide matrix) + l2 * I."""
    gram = matmul(a, a, adjoint_a=True) if tall else matmul(a, a, adjoint_b=True)
    if known_value(l2) == 0:
        return gram
    axis = -1 if tall else -2
    n = a.spec.shape[axis] if a.spec.shape is not None else None
    identity = eye(shape(a)[axis] if n is None else n, dtype=a.dtype.base_dtype)
    return gram + op_def("Cast").build(l2, DstT=a.dtype.base_dtype) * identity


def matrix_solve_ls(matrix, rhs, l2_regularizer=0.0, fast=True, name=None):
    """Solves linear equations in the sense of least squares.

    Args:
        matrix: tensor [..., m, n] of a floating or complex dtype.
        rhs: tensor [..., m, k] of the same dtype.
        l2_regularizer: float; how much the squares of the solution weigh.
        fast: by the normal equations, for matrices of full rank; else by singular values, which
            any matrix allows, and which takes no l2_regularizer.
        name: name of the node.

    Returns:
        A tensor [..., n, k]: where m < n the least of all solutions.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.matrix_solve_ls([[1.0], [1.0]], [[1.0], [3.0]]))
        array([[2.]], dtype=float32)
    """
    return MatrixSolveLs.build(matrix, rhs, l2_regularizer, fast=bool(fast),
                               name=name or "matrix_solve_ls")
