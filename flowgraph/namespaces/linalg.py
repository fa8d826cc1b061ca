"""`tf.linalg`: linear algebra."""

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.ops.clip import global_norm
from flowgraph.ops.constant import eye
from flowgraph.ops.decomposition import cholesky, lu, qr, svd
from flowgraph.ops.decomposition import self_adjoint_eig as eigh
from flowgraph.ops.decomposition import self_adjoint_eigvals as eigvalsh
from flowgraph.ops.determinant import logdet, slogdet
from flowgraph.ops.determinant import matrix_determinant as det
from flowgraph.ops.diagonal import diag as tensor_diag
from flowgraph.ops.diagonal import diag_part as tensor_diag_part
from flowgraph.ops.diagonal import matrix_band_part as band_part
from flowgraph.ops.diagonal import matrix_diag as diag
from flowgraph.ops.diagonal import matrix_diag_part as diag_part
from flowgraph.ops.diagonal import matrix_set_diag as set_diag
from flowgraph.ops.diagonal import trace
from flowgraph.ops.einsum import einsum
from flowgraph.ops.l2_loss import l2_normalize
from flowgraph.ops.matmul import matmul
from flowgraph.ops.matrices import adjoint
from flowgraph.ops.matrix_functions import expm, logm
from flowgraph.ops.matrix_functions import matrix_square_root as sqrtm
from flowgraph.ops.norm import cross, norm, normalize
from flowgraph.ops.pseudo_inverse import matrix_rank, pinv
from flowgraph.ops.reshape import matrix_transpose
from flowgraph.ops.reshape import matrix_transpose as transpose
from flowgraph.ops.solve import cholesky_solve
from flowgraph.ops.solve import matrix_inverse as inv
from flowgraph.ops.solve import matrix_solve as solve
from flowgraph.ops.solve import matrix_solve_ls as lstsq
from flowgraph.ops.solve import matrix_triangular_solve as triangular_solve
from flowgraph.ops.tensordot import matvec, tensordot

_OPERATORS = "flowgraph.linear_operators."
_LAZY = {
    "LinearOperator": _OPERATORS + "base:LinearOperator",
    "LinearOperatorAdjoint": _OPERATORS + "derived:LinearOperatorAdjoint",
    "LinearOperatorBlockDiag": _OPERATORS + "block_diag:LinearOperatorBlockDiag",
    "LinearOperatorCirculant": _OPERATORS + "circulant:LinearOperatorCirculant",
    "LinearOperatorCirculant2D": _OPERATORS + "circulant:LinearOperatorCirculant2D",
    "LinearOperatorCirculant3D": _OPERATORS + "circulant:LinearOperatorCirculant3D",
    "LinearOperatorComposition": _OPERATORS + "composition:LinearOperatorComposition",
    "LinearOperatorDiag": _OPERATORS + "diag:LinearOperatorDiag",
    "LinearOperatorFullMatrix": _OPERATORS + "full_matrix:LinearOperatorFullMatrix",
    "LinearOperatorHouseholder": _OPERATORS + "householder:LinearOperatorHouseholder",
    "LinearOperatorIdentity": _OPERATORS + "identity:LinearOperatorIdentity",
    "LinearOperatorInversion": _OPERATORS + "derived:LinearOperatorInversion",
    "LinearOperatorKronecker": _OPERATORS + "kronecker:LinearOperatorKronecker",
    "LinearOperatorLowRankUpdate": _OPERATORS + "low_rank_update:LinearOperatorLowRankUpdate",
    "LinearOperatorLowerTriangular": _OPERATORS + "triangular:LinearOperatorLowerTriangular",
    "LinearOperatorScaledIdentity": _OPERATORS + "identity:LinearOperatorScaledIdentity",
    "LinearOperatorToeplitz": _OPERATORS + "toeplitz:LinearOperatorToeplitz",
    "LinearOperatorZeros": _OPERATORS + "zeros:LinearOperatorZeros",
    "tridiagonal_matmul": "flowgraph.ops.tridiagonal:tridiagonal_matmul",
    "tridiagonal_solve": "flowgraph.ops.tridiagonal:tridiagonal_solve",
}
__getattr__ = _lazy("tf.linalg", globals(), _LAZY)
