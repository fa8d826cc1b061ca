"""Cases of Cholesky, QR, singular values, eigenvalues and LU."""

import numpy as np

import flowgraph as fg
from flowgraph.errors import InvalidArgumentError
from flowgraph.ops.decomposition import (
    cholesky,
    lu,
    qr,
    self_adjoint_eig,
    self_adjoint_eigvals,
    svd,
)
from flowgraph.ops.diagonal import matrix_band_part, matrix_set_diag
from flowgraph.testing import BadCase, Case

RNG = np.random.default_rng(13)
A = RNG.normal(size=(3, 3))
STACK = RNG.normal(size=(2, 3, 3))
TALL = RNG.normal(size=(4, 3))
WIDE = RNG.normal(size=(2, 4))
C = RNG.normal(size=(3, 3)) + 1j * RNG.normal(size=(3, 3))
POSITIVE = A @ A.T + np.eye(3)
STACK_POSITIVE = STACK @ STACK.swapaxes(1, 2) + np.eye(3)
HERMITIAN = C @ C.conj().T + np.eye(3)
SINGULAR = np.array([[1.0, 2.0], [2.0, 4.0]])


def positive(x):
    """Symmetric matrices: a derivative along one triangle alone has no meaning."""
    return fg.matmul(x, x, transpose_b=True) + np.eye(3)


def both(function):
    """Results of a decomposition that do not depend on signs: the second one squared too."""
    def build(x):
        first, second = function(x)
        return [fg.square(first), fg.square(second)]
    return build


def values_and_squares(x, **options):
    s, u, v = svd(x, **options)
    return [s, fg.square(u), u[..., :1] * fg.matrix_transpose(v[..., :1])]


def svd_oracle(x):
    u, s, vh = np.linalg.svd(x, full_matrices=False)
    return [s, np.square(u), u[..., :1] * vh[..., :1, :]]


def product_of_triangles(x):
    packed, p = lu(x)
    lower = matrix_set_diag(matrix_band_part(packed, -1, 0), fg.ones_like(packed[..., 0]))
    return [fg.matmul(lower, matrix_band_part(packed, 0, -1)), fg.cast(p, fg.float32)]


def eigen_oracle(x):
    e, v = np.linalg.eigh(x)
    return [np.square(e), np.square(v)]


CASES = [
    Case("Cholesky/matrix", cholesky, (POSITIVE,), np.linalg.cholesky(POSITIVE)),
    Case("Cholesky/stack", cholesky, (STACK_POSITIVE,), np.linalg.cholesky(STACK_POSITIVE)),
    Case("Cholesky/upper_not_read", cholesky, (np.tril(POSITIVE),), np.linalg.cholesky(POSITIVE)),
    Case("Cholesky/complex", cholesky, (HERMITIAN,), np.linalg.cholesky(HERMITIAN)),
    Case("Cholesky/float32", cholesky, (np.array([[4, 2], [2, 2]], np.float32),),
         np.array([[2, 0], [1, 1]])),
    Case("Cholesky/empty", cholesky, (np.zeros((0, 0)),), np.zeros((0, 0))),
    Case("Cholesky/gradient", lambda x: cholesky(positive(x)), (STACK,),
         np.linalg.cholesky(STACK_POSITIVE), grad=True),
    Case("Qr/tall", both(qr), (TALL,), lambda x: [np.square(y) for y in np.linalg.qr(x)],
         grad=True, unknown_shapes=False),
    Case("Qr/stack", both(qr), (STACK,), lambda x: [np.square(y) for y in np.linalg.qr(x)],
         grad=True),
    Case("Qr/wide", both(qr), (WIDE,), lambda x: [np.square(y) for y in np.linalg.qr(x)],
         grad=True),
    Case("Qr/full", lambda x: fg.matmul(*qr(x, full_matrices=True)), (TALL,), TALL, atol=1e-12),
    Case("Qr/complex", lambda x: fg.matmul(*qr(x)), (C,), C, atol=1e-12),
    Case("Svd/values", lambda x: svd(x, compute_uv=False), (TALL,),
         np.linalg.svd(TALL, compute_uv=False), grad=True),
    Case("Svd/tall", values_and_squares, (TALL,), svd_oracle, grad=True, rtol=1e-10),
    Case("Svd/wide", values_and_squares, (WIDE,), svd_oracle, grad=True, rtol=1e-10),
    Case("Svd/stack", values_and_squares, (STACK,), svd_oracle, grad=True, rtol=1e-10),
    Case("Svd/square_full", lambda x: values_and_squares(x, full_matrices=True), (A,), svd_oracle,
         grad=True, rtol=1e-10),
    Case("Svd/complex_values", lambda x: svd(x, compute_uv=False), (C,),
         np.linalg.svd(C, compute_uv=False)),
    Case("Svd/infinity", lambda x: svd(x, compute_uv=False),
         (np.array([np.eye(2), [[np.inf, 0.0], [1.0, 1.0]]]),), [[1, 1], [np.nan, np.nan]]),
    Case("Svd/infinity_vectors", values_and_squares, (np.array([[1.0, -np.inf], [1.0, 1.0]]),),
         [np.full(2, np.nan), np.full((2, 2), np.nan), np.full((2, 2), np.nan)]),
    Case("Svd/full", lambda x: fg.matmul(svd(x, True)[2], svd(x, True)[2], transpose_a=True),
         (WIDE,), np.eye(4), atol=1e-12),
    Case("SelfAdjointEigV2/values", self_adjoint_eigvals, (POSITIVE,),
         np.linalg.eigvalsh(POSITIVE)),
    Case("SelfAdjointEigV2/upper_not_read", self_adjoint_eigvals, (np.tril(POSITIVE),),
         np.linalg.eigvalsh(POSITIVE)),
    Case("SelfAdjointEigV2/complex", lambda x: self_adjoint_eig(x)[0], (HERMITIAN,),
         np.linalg.eigvalsh(HERMITIAN)),
    Case("SelfAdjointEigV2/vectors", both(self_adjoint_eig), (STACK_POSITIVE,), eigen_oracle),
    Case("SelfAdjointEigV2/gradient", lambda x: both(self_adjoint_eig)(positive(x)), (STACK,),
         lambda x: eigen_oracle(x @ x.swapaxes(1, 2) + np.eye(3)), grad=True, rtol=1e-10),
    Case("SelfAdjointEigV2/gradient_of_values", lambda x: self_adjoint_eigvals(positive(x)), (A,),
         np.linalg.eigvalsh(POSITIVE), grad=True),
    Case("Lu/reconstructs", product_of_triangles, (np.array([[1.0, 2, 0], [3, 4, 5], [6, 7, 9]]),),
         [np.array([[6.0, 7, 9], [1, 2, 0], [3, 4, 5]]), np.array([2.0, 0, 1])]),
    Case("Lu/packed", lambda x: list(lu(x, fg.int64)), (SINGULAR + np.eye(2),),
         [np.array([[2.0, 2.0], [1.0, 3.0]]), np.array([0, 1])], unknown_shapes=False),
    Case("Lu/gradient", lambda x: lu(x)[0], (STACK,), None, grad=True,
         check=lambda results: None),
    Case("Lu/empty", lambda x: list(lu(x)), (np.zeros((2, 0, 0)),),
         [np.zeros((2, 0, 0)), np.zeros((2, 0))]),
]

BAD = [
    BadCase("Cholesky/negative", cholesky, InvalidArgumentError, ("positive definite",),
            (-np.eye(2),), "run"),
    BadCase("Cholesky/not_square", lambda: cholesky(TALL), ValueError, ("square", "(4, 3)")),
    BadCase("Qr/vector", lambda: qr(TALL[0]), ValueError, ("rank 2",)),
    BadCase("Qr/gradient_full", lambda: fg.gradients(*_of_variable(
        lambda x: qr(x, full_matrices=True)[0])), NotImplementedError, ("full_matrices",)),
    BadCase("Qr/gradient_unknown", lambda x: fg.gradients(qr(x)[0], x), NotImplementedError,
            ("known sizes",), (TALL,)),
    BadCase("Svd/gradient_full", lambda: fg.gradients(*_of_variable(
        lambda x: svd(x, full_matrices=True)[1])), NotImplementedError, ("full_matrices",)),
    BadCase("SelfAdjointEigV2/infinity", self_adjoint_eig, InvalidArgumentError, ("converge",),
            (np.array([[1.0, 2.0], [np.inf, 1.0]]),), "run"),
    BadCase("SelfAdjointEigV2/not_square", lambda: self_adjoint_eig(TALL), ValueError, ("square",)),
    BadCase("Lu/singular", lambda x: list(lu(x)), InvalidArgumentError, ("not invertible",),
            (SINGULAR,), "run"),
    BadCase("Svd/vector", lambda: fg.svd([1.0, 2.0]), ValueError, ("Svd '", "rank 2", "(2,)")),
    BadCase("Svd/ints", lambda: fg.svd([[1, 2]]), TypeError, ("Svd '", "int32")),
]


def _of_variable(function):
    x = fg.constant(TALL)
    return function(x), x
