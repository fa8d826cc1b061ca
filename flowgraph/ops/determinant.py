"""Determinants of matrices and their logarithms."""

from __future__ import annotations

from collections import namedtuple

from flowgraph.core.spec import Spec
from flowgraph.graph.graph import name_scope
from flowgraph.opdef.opdef import OpDef
from flowgraph.ops.complex_numbers import conj, real
from flowgraph.ops.decomposition import cholesky
from flowgraph.ops.diagonal import matrix_diag_part
from flowgraph.ops.exponential import log
from flowgraph.ops.matrices import MATRIX, square
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.reshape import expand_dims
from flowgraph.ops.solve import matrix_inverse


def _batch(input):
    sizes = square(input)
    return None if sizes is None else sizes[:-2]


def _each(scalars):
    """One number for each matrix, to multiply matrices by."""
    return expand_dims(expand_dims(scalars, -1), -1)


class MatrixDeterminant(OpDef):
    """The determinants of square matrices."""

    multiplies = True
    T = MATRIX

    def infer(self, input):
        return Spec(input.dtype, _batch(input))

    def kernel(self, xp, input):
        return xp.linalg.det(input)

    def grad(self, op, dy):
        return _each(dy * conj(op.outputs[0])) * matrix_inverse(op.inputs[0], adjoint=True)


def matrix_determinant(input, name=None):
    """Computes the determinants of square matrices.

    Args:
        input: tensor [..., n, n] of a floating or complex dtype.
        name: name of the node.

    Returns:
        A tensor of shape [...].

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.matrix_determinant([[2.0, 0.0], [0.0, 4.0]]))
        np.float32(8.0)
    """
    return MatrixDeterminant.build(input, name=name)


class LogMatrixDeterminant(OpDef):
    """The sign of the determinant, and the logarithm of its size."""

    multiplies = True
    T = MATRIX
    multiple = True

    def infer(self, input):
        return (Spec(input.dtype, _batch(input)),) * 2

    def kernel(self, xp, input):
        return tuple(part.astype(input.dtype) for part in xp.linalg.slogdet(input))

    def grad(self, op, dsign, dlog):
        return _each(dlog) * matrix_inverse(op.inputs[0], adjoint=True)


SignedLogDeterminant = namedtuple("SignedLogDeterminant", ["sign", "log_abs_determinant"])


def slogdet(input, name=None):
    """Computes sign and logarithm of the determinants of square matrices.

    Args:
        input: tensor [..., n, n] of a floating or complex dtype.
        name: name of the node.

    Returns:
        (sign, log_abs_determinant), two tensors of shape [...].

    Example:
        >>> import flowgraph as fg
        >>> sign, log = fg.linalg.slogdet([[0.0, 2.0], [0.5, 0.0]])
        >>> fg.Session().run([sign, log])
        [np.float32(-1.0), np.float32(0.0)]
    """
    return SignedLogDeterminant(*LogMatrixDeterminant.build(input, name=name))


def logdet(matrix, name=None):
    """Computes the logarithm of the determinants of positive definite matrices.

    Args:
        matrix: tensor [..., n, n], symmetric (Hermitian) and positive definite.
        name: name scope of the nodes.

    Returns:
        A tensor of shape [...], real.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.linalg.logdet([[1.0, 0.0], [0.0, 1.0]]))
        np.float32(0.0)
    """
    with name_scope(name, "logdet", [matrix]):
        return 2.0 * reduce_sum(log(real(matrix_diag_part(cholesky(matrix)))), axis=[-1])
