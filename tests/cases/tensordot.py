"""Cases of tensordot and matvec."""

import numpy as np

import flowgraph as fg
from flowgraph.errors import InvalidArgumentError
from flowgraph.ops.tensordot import matvec, tensordot
from flowgraph.testing import BadCase, Case

RNG = np.random.default_rng(9)
A = RNG.normal(size=(2, 3, 4))
B = RNG.normal(size=(3, 4, 2))
V = RNG.normal(size=(2, 4))
W = RNG.normal(size=(3, 4))
C = V[:, :2] + 1j * V[:, 2:]

CASES = [
    Case("tensordot/one_axis", lambda a, b: tensordot(a, b, 1), (A, B[0]),
         np.tensordot(A, B[0], 1), grad=True),
    Case("tensordot/two_axes", lambda a, b: tensordot(a, b, 2), (A, B), np.tensordot(A, B, 2),
         grad=True),
    Case("tensordot/no_axes", lambda a, b: tensordot(a, b, 0), (V, B[0]),
         np.tensordot(V, B[0], 0), grad=True),
    Case("tensordot/ints", lambda a, b: tensordot(a, b, [1, 0]), (A, B),
         np.tensordot(A, B, ([1], [0])), grad=True),
    Case("tensordot/pairs", lambda a, b: tensordot(a, b, [[-1, 0], [1, -1]]), (A, B),
         np.tensordot(A, B, ([2, 0], [1, 2])), grad=True),
    Case("tensordot/all", lambda a, b: tensordot(a, b, [[0, 1, 2], [2, 0, 1]]), (A, B),
         np.tensordot(A, B, ([0, 1, 2], [2, 0, 1]))),
    Case("tensordot/constant_axes", lambda a, b: tensordot(a, b, fg.constant([[2], [1]])), (A, B),
         np.tensordot(A, B, ([2], [1]))),
    Case("tensordot/fed_axes", tensordot, (A, B, np.array([[2, 0], [1, 2]], np.int32)),
         np.tensordot(A, B, ([2, 0], [1, 2]))),
    Case("tensordot/empty", lambda a, b: tensordot(a, b, 1), (A[:, :, :0], B[0, :0]),
         np.zeros((2, 3, 2))),
    Case("tensordot/python_value", lambda a: tensordot(a, [1, 2, 3, 4], 1),
         (A.astype(np.float32),), np.tensordot(A, [1, 2, 3, 4], 1), rtol=1e-4, atol=1e-5),
    Case("matvec/matrix", matvec, (A[0], V[0]), A[0] @ V[0], grad=True),
    Case("matvec/stack", matvec, (A, V), np.einsum("bij,bj->bi", A, V), grad=True),
    Case("matvec/adjoint", lambda a, b: matvec(a, b, adjoint_a=True), (C, C[0]),
         C.conj().T @ C[0]),
    Case("matvec/transpose", lambda a, b: matvec(a, b, transpose_a=True), (B, W),
         np.einsum("bji,bj->bi", B, W), grad=True),
]

BAD = [
    BadCase("tensordot/sizes", lambda: tensordot(A, A, 1), ValueError, ("cannot multiply",)),
    BadCase("tensordot/sizes_run", lambda a: tensordot(a, a, 1), InvalidArgumentError,
            ("cannot multiply",), (A,), "run"),
    BadCase("tensordot/axis", lambda: tensordot(A, B, [[3], [0]]), ValueError, ("axis 3",)),
    BadCase("tensordot/count", lambda: tensordot(A, B, [[1, 2], [0]]), ValueError, ("2 and 1",)),
    BadCase("tensordot/one_side", lambda: tensordot(A, B, [[1]]), ValueError, ("both",)),
    BadCase("tensordot/too_many", lambda: tensordot(V, B, 3), ValueError, ("rank 3",)),
    BadCase("tensordot/negative", lambda: tensordot(V, B, -1), ValueError, (">= 0",)),
]
