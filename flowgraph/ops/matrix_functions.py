"""Functions of whole matrices: the exponential, the square root and the logarithm."""

from __future__ import annotations

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.spec import Spec
from flowgraph.opdef.opdef import OpDef, op_def
from flowgraph.ops.constant import eye
from flowgraph.ops.join import concat
from flowgraph.ops.matrices import MATRIX, adjoint, or_invalid, square
from flowgraph.ops.reshape import matrix_transpose, reshape
from flowgraph.ops.shape import shape
from flowgraph.ops.solve import matrix_solve


class MatrixExponential(OpDef):
    """I + x + x^2 / 2! + x^3 / 3! + ..., of square matrices x."""

    multiplies = True
    T = MATRIX
    waits_for_gpu = "how many steps it takes depends on the numbers"

    def infer(self, input):
        square(input)
        return Spec(input.dtype, input.shape)

    def kernel(self, xp, input):
        return _exponential(xp, input)

    def grad(self, op, dy):
        # exp([[x, d], [0, x]]) holds, at the upper right, how exp(x) changes when x goes along d
        turned = adjoint(op.inputs[0])
        sizes = dy.spec.shape
        n = shape(dy)[-1] if sizes is None or sizes[-1] is None else sizes[-1]
        zeros = op_def("ZerosLike").build(turned)
        block = concat([concat([turned, dy], -1), concat([zeros, turned], -1)], -2)
        return MatrixExponential.build(block)[..., :n, n:]


# The polynomial p of degree 13 for which p(x) / p(-x) is exp(x) at |x| < 5.37, up to rounding in
# float64 (Higham, 2005); its lowest coefficient is made 1.
_DEGREE_13 = [coefficient / 64764752532480000 for coefficient in (
    64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000,
    10559470521600, 670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1)]


def _exponential(xp, x):
    """exp(x / 2^k) by a rational function, then squared k times, with a k for each matrix."""
    if not x.size:
        return xp.array(x)
    norm = abs(x).sum(axis=-2).max(axis=-1)
    halvings = xp.ceil(xp.log2(xp.maximum(xp.where(xp.isfinite(norm), norm, 1) / 5.37, 1)))
    scale = (0.5 ** halvings)[..., None, None].astype(norm.dtype)
    c, one = _DEGREE_13, xp.eye(x.shape[-1], dtype=x.dtype)
    x = x * scale
    x2 = xp.matmul(x, x)
    x4 = xp.matmul(x2, x2)
    x6 = xp.matmul(x4, x2)
    odd = xp.matmul(x, xp.matmul(x6, c[13] * x6 + c[11] * x4 + c[9] * x2)
                    + c[7] * x6 + c[5] * x4 + c[3] * x2 + c[1] * one)
    even = (xp.matmul(x6, c[12] * x6 + c[10] * x4 + c[8] * x2)
            + c[6] * x6 + c[4] * x4 + c[2] * x2 + c[0] * one)
    result = or_invalid(xp, xp.linalg.solve, even - odd, even + odd,
                        problem="the exponential does not exist")
    for k in range(int(halvings.max())):
        result = xp.where((halvings > k)[..., None, None], xp.matmul(result, result), result)
    return result


def expm(input, name=None):
    """Computes the exponential of square matrices.

    Args:
        input: tensor [..., n, n] of a floating or complex dtype.
        name: name of the node.

    Returns:
        A tensor [..., n, n].

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.linalg.expm([[0.0, 1.0], [0.0, 0.0]]))
        array([[1., 1.],
               [0., 1.]], dtype=float32)
    """
    return MatrixExponential.build(input, name=name or "matrix_exponential")


class MatrixSquareRoot(OpDef):
    """y with y y = `input`, of eigenvalues in the right half of the plane."""

    multiplies = True
    T = MATRIX
    waits_for_gpu = "how many steps it takes depends on the numbers"

    def infer(self, input):
        return Spec(input.dtype, square(input))

    def kernel(self, xp, input):
        return _square_root(xp, input)

    def grad(self, op, dy):
        # y^H dx + dx y^H = dy: n^2 equations for the elements of dx, row by row
        y = adjoint(op.outputs[0])
        sizes = y.spec.shape
        n = shape(y)[-1] if sizes is None or sizes[-1] is None else sizes[-1]
        one = eye(n, dtype=y.dtype.base_dtype)
        equations = (y[..., :, None, :, None] * one[:, None, :]
                     + one[:, None, :, None] * matrix_transpose(y)[..., None, :, None, :])
        lead = shape(y)[:-2]
        elements = matrix_solve(reshape(equations, concat([lead, [n * n, n * n]], 0)),
                                reshape(dy, concat([lead, [n * n, 1]], 0)))
        return reshape(elements, shape(y))


def _square_root(xp, x):
    """By eigenvalues if Hermitian; else by Newton's method on x and its inverse, in double."""
    if bool((x == x.swapaxes(-1, -2).conj()).all()):
        values, vectors = or_invalid(xp, xp.linalg.eigh, x,
                                     problem="the eigenvalues do not converge")
        small = abs(values).max(axis=-1, keepdims=True) if x.size else values
        values = xp.where(abs(values) <= small * x.shape[-1] * xp.finfo(x.dtype).eps, 0, values)
        return xp.matmul(vectors * xp.sqrt(values)[..., None, :],
                         vectors.swapaxes(-1, -2).conj()).astype(x.dtype)
    problem = "the matrix has no square root that can be found: it is singular"
    y = x.astype("complex128" if x.dtype.kind == "c" else "float64")
    z = xp.zeros_like(y) + xp.eye(x.shape[-1])
    for _ in range(60):
        before = y
        y, z = ((y + or_invalid(xp, xp.linalg.inv, z, problem=problem)) / 2,
                (z + or_invalid(xp, xp.linalg.inv, y, problem=problem)) / 2)
        if not bool((abs(y - before) > 1e-15 * abs(y).max()).any()):
            break
    size = abs(y).max(axis=(-2, -1), keepdims=True)
    found = abs(xp.matmul(y, y) - x).max(axis=(-2, -1), keepdims=True) <= 1e-6 * size * size
    return xp.where(found, y, xp.nan).astype(x.dtype)


def matrix_square_root(input, name=None):
    """Computes the square root of square matrices: y @ y = input.

    Args:
        input: tensor [..., n, n] of a floating or complex dtype.
        name: name of the node.

    Returns:
        A tensor [..., n, n]; NaN where a real matrix has no real root.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.linalg.sqrtm([[4.0, 0.0], [0.0, 9.0]]))
        array([[2., 0.],
               [0., 3.]], dtype=float32)
    """
    return MatrixSquareRoot.build(input, name=name)


class MatrixLogarithm(OpDef):
    """y with exp(y) = `input`, of eigenvalues whose imaginary parts lie in (-pi, pi]."""

    multiplies = True
    T = dt.COMPLEX
    host_only = "CuPy finds no eigenvalues of general matrices"

    def infer(self, input):
        return Spec(input.dtype, square(input))

    def kernel(self, xp, input):
        return _logarithm(xp, input.astype("complex128")).astype(input.dtype)

    def grad(self, op, dy):
        # log([[x, d], [0, x]]) holds, at the upper right, how log(x) changes when x goes along d
        turned = adjoint(op.inputs[0])
        sizes = dy.spec.shape
        n = shape(dy)[-1] if sizes is None or sizes[-1] is None else sizes[-1]
        zeros = op_def("ZerosLike").build(turned)
        block = concat([concat([turned, dy], -1), concat([zeros, turned], -1)], -2)
        return MatrixLogarithm.build(block)[..., :n, n:]


def _logarithm(xp, x):
    """By eigenvalues; where the vectors do not span the space, by square roots towards I."""
    if not x.size:
        return x
    values, vectors = or_invalid(xp, xp.linalg.eig, x, problem="the eigenvalues do not converge")
    with np.errstate(all="ignore"):
        result = _from_eigen(xp, xp.log(values), vectors)
        error = abs(_from_eigen(xp, values, vectors) - x).max(axis=(-2, -1))
    bad = ~(error <= 1e-13 * abs(x).max(axis=(-2, -1)))  # NaN is bad too
    for index in map(tuple, xp.argwhere(bad).tolist()):
        result[index] = _logarithm_by_roots(xp, x[index])
    return result


def _from_eigen(xp, values, vectors):
    """vectors diag(values) vectors^-1; NaN where the vectors have no inverse."""
    singular = abs(xp.linalg.det(vectors)) == 0
    safe = xp.where(singular[..., None, None], xp.eye(values.shape[-1]), vectors)
    result = xp.matmul(safe * values[..., None, :], xp.linalg.inv(safe))
    return xp.where(singular[..., None, None], xp.nan, result)


def _logarithm_by_roots(xp, x):
    """2^k log(x^(1 / 2^k)), the last by Gauss's quadrature of (x - I) / (I + t (x - I))."""
    one = xp.eye(x.shape[-1])
    halvings = 0
    while abs(x - one).sum(axis=0).max() > 0.25 and halvings < 60:
        x = _square_root(xp, x)
        halvings += 1
    points, weights = np.polynomial.legendre.leggauss(12)
    step = x - one
    parts = [weight / 2 * xp.linalg.solve(one + (point + 1) / 2 * step, step)
             for point, weight in zip(points.tolist(), weights.tolist(), strict=True)]
    return 2.0 ** halvings * sum(parts)


def logm(input, name=None):
    """Computes the logarithm of square matrices: expm(y) = input.

    Args:
        input: complex64 or complex128 tensor [..., n, n].
        name: name of the node.

    Returns:
        A tensor [..., n, n].

    Example:
        >>> import flowgraph as fg
        >>> x = fg.constant([[1, 2], [0, 1]], fg.complex64)
        >>> print(fg.Session().run(fg.real(fg.linalg.logm(x))).round(4))
        [[0. 2.]
         [0. 0.]]
    """
    return MatrixLogarithm.build(input, name=name)
