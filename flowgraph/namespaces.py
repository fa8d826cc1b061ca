"""`tf.math`, `tf.random`, ...: TensorFlow's second names for the same functions.

A namespace is a small module object, so that `fg.math.sin` and `from flowgraph import math` work
without a file of the standard library's name in the package.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from flowgraph.core import dtypes as _dt
from flowgraph.ops import (
    activation,
    argmax,
    arithmetic,
    bessel,
    cast,
    clip,
    compare,
    complex_numbers,
    constant,
    counting,
    cumulative,
    cumulative_logsumexp,
    decomposition,
    determinant,
    diagonal,
    division,
    einsum,
    error_function,
    exponential,
    gamma,
    gather,
    hyperbolic,
    identity,
    incomplete_gamma,
    join,
    l2_loss,
    logic,
    matmul,
    matrices,
    matrix_functions,
    norm,
    patches,
    pseudo_inverse,
    random_ops,
    reduce,
    reduced_statistics,
    reshape,
    roll,
    rounding,
    script,
    segment,
    select,
    softmax,
    solve,
    sort,
    space,
    sparse_segment,
    special,
    tensordot,
    trigonometry,
    unary,
    unsorted_segment,
    variable_lists,
)
from flowgraph.ops import bitwise as _bits
from flowgraph.ops import initializers as _initializers


def _namespace(name: str, summary: str, *functions: Callable[..., Any], **more: Any) -> ModuleType:
    module = ModuleType(f"flowgraph.{name}", summary)
    vars(module).update({function.__name__: function for function in functions}, **more)
    return module


math = _namespace(
    "math", "Functions on numbers.",
    unary.abs, unary.sign, unary.square, unary.sqrt, unary.rsqrt, unary.reciprocal,
    exponential.exp, exponential.expm1, exponential.log, exponential.log1p, exponential.sigmoid,
    exponential.tanh, trigonometry.sin, trigonometry.cos, trigonometry.tan, trigonometry.asin,
    trigonometry.acos, trigonometry.atan, trigonometry.atan2, hyperbolic.sinh, hyperbolic.cosh,
    hyperbolic.asinh, hyperbolic.acosh, hyperbolic.atanh, rounding.floor, rounding.ceil,
    rounding.rint, rounding.round, rounding.is_nan, rounding.is_inf, rounding.is_finite,
    arithmetic.add, arithmetic.subtract, arithmetic.multiply, arithmetic.negative,
    arithmetic.add_n, arithmetic.accumulate_n, arithmetic.scalar_mul, arithmetic.multiply_no_nan,
    arithmetic.squared_difference, arithmetic.pow, arithmetic.maximum, arithmetic.minimum,
    cumulative.cumsum, cumulative.cumprod,
    division.divide, division.truediv, division.floordiv, division.floormod,
    compare.equal, compare.not_equal, compare.less, compare.less_equal, compare.greater,
    compare.greater_equal, logic.logical_and, logic.logical_or, logic.logical_not,
    logic.logical_xor, complex_numbers.real, complex_numbers.imag, complex_numbers.angle,
    complex_numbers.conj, reduce.reduce_sum, reduce.reduce_mean, reduce.reduce_prod,
    reduce.reduce_max, reduce.reduce_min, reduce.reduce_all, reduce.reduce_any,
    reduce.reduce_euclidean_norm, reduced_statistics.reduce_logsumexp,
    reduced_statistics.reduce_variance, reduced_statistics.reduce_std,
    reduced_statistics.count_nonzero, argmax.argmax, argmax.argmin, l2_loss.l2_normalize,
    gather.unsorted_segment_sum, reshape.invert_permutation, activation.softplus,
    activation.softsign, activation.log_sigmoid, softmax.softmax, softmax.log_softmax,
    error_function.erf, error_function.erfc, error_function.erfinv, error_function.erfcinv,
    error_function.ndtri, gamma.lgamma, gamma.digamma, gamma.polygamma, gamma.zeta, gamma.lbeta,
    incomplete_gamma.igamma, incomplete_gamma.igammac, incomplete_gamma.betainc,
    bessel.bessel_i0, bessel.bessel_i1, bessel.bessel_i0e, bessel.bessel_i1e, special.xlogy,
    special.xdivy, special.xlog1py, special.nextafter, special.polyval,
    special.reciprocal_no_nan, segment.segment_sum, segment.segment_mean, segment.segment_prod,
    segment.segment_max, segment.segment_min, unsorted_segment.unsorted_segment_prod,
    unsorted_segment.unsorted_segment_max, unsorted_segment.unsorted_segment_min,
    unsorted_segment.unsorted_segment_mean, unsorted_segment.unsorted_segment_sqrt_n,
    sort.top_k, sort.in_top_k, counting.bincount, counting.confusion_matrix,
    counting.zero_fraction, counting.is_non_decreasing, counting.is_strictly_increasing,
    cumulative_logsumexp.cumulative_logsumexp,
    mod=division.mod, divide_no_nan=division.div_no_nan)

bitwise = _namespace(
    "bitwise", "The bits of integers.", _bits.bitwise_and, _bits.bitwise_or, _bits.bitwise_xor,
    _bits.invert, _bits.left_shift, _bits.right_shift)

sparse = _namespace(
    "sparse", "Sums of gathered rows.", segment_sum=sparse_segment.sparse_segment_sum,
    segment_mean=sparse_segment.sparse_segment_mean,
    segment_sqrt_n=sparse_segment.sparse_segment_sqrt_n)

random = _namespace(
    "random", "Random numbers.",
    random_ops.multinomial, random_ops.categorical, random_ops.set_random_seed,
    random_ops.truncated_normal,
    uniform=random_ops.random_uniform, normal=random_ops.random_normal,
    shuffle=random_ops.random_shuffle, get_seed=random_ops.get_seed)

linalg = _namespace(
    "linalg", "Linear algebra.",
    matmul.matmul, reshape.matrix_transpose, constant.eye, clip.global_norm, matrices.adjoint,
    decomposition.cholesky, decomposition.qr, decomposition.svd, decomposition.lu,
    determinant.slogdet, determinant.logdet, matrix_functions.expm, pseudo_inverse.pinv,
    pseudo_inverse.matrix_rank, tensordot.matvec, tensordot.tensordot, einsum.einsum,
    solve.cholesky_solve, diagonal.trace, norm.norm, norm.normalize, norm.cross,
    transpose=reshape.matrix_transpose, l2_normalize=l2_loss.l2_normalize,
    inv=solve.matrix_inverse, det=determinant.matrix_determinant, solve=solve.matrix_solve,
    lstsq=solve.matrix_solve_ls, triangular_solve=solve.matrix_triangular_solve,
    eigh=decomposition.self_adjoint_eig, eigvalsh=decomposition.self_adjoint_eigvals,
    sqrtm=matrix_functions.matrix_square_root, band_part=diagonal.matrix_band_part,
    diag=diagonal.matrix_diag, diag_part=diagonal.matrix_diag_part,
    set_diag=diagonal.matrix_set_diag, tensor_diag=diagonal.diag,
    tensor_diag_part=diagonal.diag_part)

manip = _namespace(
    "manip", "Moving elements about.",
    roll.roll, space.space_to_batch_nd, space.batch_to_space_nd, gather.gather_nd,
    gather.scatter_nd, reshape.reshape, select.reverse, join.tile)

image = _namespace("image", "Images.", patches.extract_image_patches)

dtypes = _namespace(
    "dtypes", "Element types.", _dt.as_dtype, cast.cast, cast.saturate_cast,
    complex_numbers.complex, DType=_dt.DType,
    **{dtype.name: dtype for dtype in _dt.ALL})

debugging = _namespace(
    "debugging", "Checks inside a graph.", identity.check_numerics, rounding.is_finite,
    rounding.is_inf, rounding.is_nan,
    counting.is_non_decreasing, counting.is_strictly_increasing, Assert=script.assert_true)

initializers = _namespace(
    "initializers", "First values of variables.",
    _initializers.he_normal, _initializers.he_uniform, _initializers.lecun_normal,
    _initializers.lecun_uniform,
    constant=_initializers.Constant, glorot_normal=_initializers.GlorotNormal,
    glorot_uniform=_initializers.GlorotUniform, identity=_initializers.Identity,
    ones=_initializers.Ones, orthogonal=_initializers.Orthogonal,
    random_normal=_initializers.RandomNormal, random_uniform=_initializers.RandomUniform,
    truncated_normal=_initializers.TruncatedNormal,
    uniform_unit_scaling=_initializers.UniformUnitScaling,
    variance_scaling=_initializers.VarianceScaling, zeros=_initializers.Zeros,
    global_variables=variable_lists.global_variables_initializer,
    local_variables=variable_lists.local_variables_initializer,
    variables=variable_lists.variables_initializer)
