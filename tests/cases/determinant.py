"""Cases of determinants."""

import numpy as np

import flowgraph as fg
from flowgraph.ops.determinant import logdet, matrix_determinant, slogdet
from flowgraph.testing import BadCase, Case

RNG = np.random.default_rng(17)
STACK = RNG.normal(size=(2, 3, 3))
POSITIVE = STACK @ STACK.swapaxes(1, 2) + np.eye(3)
C = STACK[0] + 1j * STACK[1]

CASES = [
    Case("MatrixDeterminant/matrix", matrix_determinant, (STACK[0],), np.linalg.det(STACK[0]),
         grad=True),
    Case("MatrixDeterminant/stack", matrix_determinant, (STACK,), np.linalg.det(STACK), grad=True),
    Case("MatrixDeterminant/singular", matrix_determinant, (np.array([[1.0, 2.0], [2.0, 4.0]]),),
         np.array(0.0)),
    Case("MatrixDeterminant/empty", matrix_determinant, (np.zeros((0, 0), np.float32),),
         np.array(1.0)),
    Case("MatrixDeterminant/complex", matrix_determinant, (C,), np.linalg.det(C)),
    Case("LogMatrixDeterminant/stack", lambda x: list(slogdet(x)), (STACK,),
         list(np.linalg.slogdet(STACK)), grad=True),
    Case("LogMatrixDeterminant/complex", lambda x: list(slogdet(x)), (C,),
         list(np.linalg.slogdet(C))),
    Case("logdet/stack", logdet, (POSITIVE,), np.linalg.slogdet(POSITIVE)[1]),
    Case("logdet/gradient", lambda x: logdet(fg.matmul(x, x, transpose_b=True) + np.eye(3)),
         (STACK,), np.linalg.slogdet(POSITIVE)[1], grad=True),
]

BAD = [
    BadCase("MatrixDeterminant/not_square", lambda: matrix_determinant(STACK[0, :2]), ValueError,
            ("square",)),
    BadCase("LogMatrixDeterminant/ints", lambda: slogdet([[1]]), TypeError, ("int32",)),
]
