"""Cases of the matrix products."""

import numpy as np

import flowgraph as fg
from flowgraph.testing import BadCase, Case

R = np.random.RandomState(7)
A, B = R.normal(size=(2, 3)), R.normal(size=(3, 4))
STACK, OTHER = R.normal(size=(2, 2, 3)), R.normal(size=(2, 3, 4))
Z, W = A + 1j * A[::-1], B - 1j * B[::-1]
INTS = np.array([[1, 2], [3, 4]], np.int32)


def _t(x):
    return np.swapaxes(x, -1, -2)


def _turned(a, b, **flags):
    """A matmul case in which the operands arrive transposed."""
    x = _t(a).copy() if flags.get("transpose_a") or flags.get("adjoint_a") else a
    y = _t(b).copy() if flags.get("transpose_b") or flags.get("adjoint_b") else b
    kind = "MatMul" if a.ndim == b.ndim == 2 else f"BatchMatMulV2/{a.ndim}x{b.ndim}"
    return Case(f"{kind}/{'_and_'.join(flags) or 'plain'}", lambda x, y: fg.matmul(x, y, **flags),
                (x, y), a @ b, grad=True)


FLAGS = [dict.fromkeys(names, True) for names in (
    (), ("transpose_a",), ("transpose_b",), ("transpose_a", "transpose_b"), ("adjoint_a",),
    ("adjoint_b",), ("adjoint_a", "adjoint_b"), ("transpose_a", "adjoint_b"))]

CASES = [
    *(_turned(A, B, **flags) for flags in FLAGS),
    *(_turned(STACK, OTHER, **flags) for flags in FLAGS),
    *(_turned(STACK, B, **flags) for flags in FLAGS[:4]),
    *(_turned(A, OTHER, **flags) for flags in FLAGS[:4]),
    *(Case(f"MatMul/complex_{'_and_'.join(flags) or 'plain'}",
           lambda x, y, flags=flags: [fg.real(fg.matmul(fg.complex(x, 2 * x), fg.complex(y, -y),
                                                        **flags))],
           (x, y), lambda x, y, flags=flags: _complex_product(x, y, flags).real, grad=True)
      for flags in FLAGS
      for x, y in [(A.T.copy() if "_a" in "".join(flags) else A,
                    B.T.copy() if "_b" in "".join(flags) else B)]),
    Case("BatchMatMulV2/complex_transpose", lambda x, y: fg.matmul(x, y, transpose_a=True),
         (np.stack([Z.T, Z.T]), W), lambda x, y: _t(x) @ y),
    Case("BatchMatMulV2/complex_adjoint", lambda x, y: fg.matmul(x, y, adjoint_a=True),
         (np.stack([Z.T, Z.T]), W), lambda x, y: _t(x).conj() @ y),
    Case("BatchMatMulV2/broadcast", fg.matmul, (STACK[:, None], OTHER[None]),
         lambda x, y: x @ y, grad=True),
    Case("BatchMatMulV2/broadcast_ones", fg.matmul, (STACK[:1], OTHER), lambda x, y: x @ y,
         grad=True),
    Case("BatchMatMulV2/empty_batch", fg.matmul, (STACK[:0], OTHER[:0]), np.zeros((0, 2, 4))),
    Case("MatMul/int32", fg.matmul, (INTS, INTS), INTS @ INTS),
    Case("MatMul/float32", fg.matmul, (A.astype(np.float32), B.astype(np.float32)), A @ B),
    Case("MatMul/float16", fg.matmul, (A.astype(np.float16), B.astype(np.float16)), A @ B,
         rtol=2e-2, atol=1e-2),
    Case("MatMul/python_list", lambda x: fg.matmul(x, [[1.0], [2.0], [3.0]]), (A,),
         A @ [[1], [2], [3]], grad=True),
    Case("MatMul/list_first", lambda x: fg.matmul([[1.0, 2.0]], x), (A,), [[1, 2]] @ A, grad=True),
    Case("MatMul/no_inner_size", fg.matmul, (A[:, :0], B[:0]), np.zeros((2, 4))),
    Case("MatMul/no_rows", fg.matmul, (A[:0], B), np.zeros((0, 4))),
    Case("MatMul/sparse_hints", lambda x, y: fg.matmul(x, y, a_is_sparse=True, b_is_sparse=True),
         (A, B), A @ B, grad=True),
    Case("MatMul/operator", lambda x, y: x @ y, (A, B), A @ B, grad=True),
]


def _complex_product(x, y, flags):
    a, b = x + 2j * x, y - 1j * y
    a = a.T if "transpose_a" in flags else a.conj().T if "adjoint_a" in flags else a
    b = b.T if "transpose_b" in flags else b.conj().T if "adjoint_b" in flags else b
    return a @ b


def _zeros(*shape):
    return fg.zeros(shape)


BAD = [
    BadCase("MatMul/inner_sizes", lambda: fg.matmul(_zeros(5, 128), _zeros(64, 10)), ValueError,
            ("(5, 128)", "(64, 10)", "128 and 64 must be equal")),
    BadCase("MatMul/says_transpose_b", lambda: fg.matmul(_zeros(5, 128), _zeros(64, 128)),
            ValueError, ("Did you mean transpose_b=True?",)),
    BadCase("MatMul/says_transpose_a", lambda: fg.matmul(_zeros(128, 5), _zeros(128, 7)),
            ValueError, ("Did you mean transpose_a=True?",)),
    BadCase("MatMul/says_no_transpose",
            lambda: fg.matmul(_zeros(5, 128), _zeros(128, 7), transpose_b=True), ValueError,
            ("Did you mean transpose_b=False?", "with transpose_b")),
    BadCase("MatMul/vector", lambda: fg.matmul(_zeros(5, 3), _zeros(3)), ValueError,
            ("(5, 3)", "(3,)", "tf.expand_dims(b, 1)")),
    BadCase("MatMul/dtypes", lambda x: fg.matmul(x, fg.zeros([3, 4])), TypeError,
            ("float64", "float32"), (A,)),
    BadCase("MatMul/transpose_and_adjoint",
            lambda x: fg.matmul(x, x, transpose_a=True, adjoint_a=True), ValueError,
            ("transpose_a", "adjoint_a"), (A,)),
    BadCase("BatchMatMulV2/batch_sizes", lambda: fg.matmul(_zeros(2, 3, 4), _zeros(3, 4, 5)),
            ValueError, ("(2, 3, 4)", "(3, 4, 5)", "broadcast")),
    BadCase("BatchMatMulV2/inner_sizes", lambda: fg.matmul(_zeros(2, 3, 4), _zeros(2, 3, 5)),
            ValueError, ("4 and 3 must be equal", "transpose_a=True")),
]
