"""`tf.math`: functions on numbers."""

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.ops.activation import log_sigmoid, softplus, softsign
from flowgraph.ops.argmax import argmax, argmin
from flowgraph.ops.arithmetic import (
    accumulate_n,
    add,
    add_n,
    maximum,
    minimum,
    multiply,
    multiply_no_nan,
    negative,
    pow,
    scalar_mul,
    squared_difference,
    subtract,
)
from flowgraph.ops.bessel import bessel_i0, bessel_i0e, bessel_i1, bessel_i1e
from flowgraph.ops.compare import equal, greater, greater_equal, less, less_equal, not_equal
from flowgraph.ops.complex_numbers import angle, conj, imag, real
from flowgraph.ops.counting import (
    bincount,
    confusion_matrix,
    is_non_decreasing,
    is_strictly_increasing,
    zero_fraction,
)
from flowgraph.ops.cumulative import cumprod, cumsum
from flowgraph.ops.cumulative_logsumexp import cumulative_logsumexp
from flowgraph.ops.division import div_no_nan as divide_no_nan
from flowgraph.ops.division import divide, floordiv, floormod, mod, truediv
from flowgraph.ops.error_function import erf, erfc, erfcinv, erfinv, ndtri
from flowgraph.ops.exponential import exp, expm1, log, log1p, sigmoid, tanh
from flowgraph.ops.gamma import digamma, lbeta, lgamma, polygamma, zeta
from flowgraph.ops.gather import unsorted_segment_sum
from flowgraph.ops.hyperbolic import acosh, asinh, atanh, cosh, sinh
from flowgraph.ops.incomplete_gamma import betainc, igamma, igammac
from flowgraph.ops.l2_loss import l2_normalize
from flowgraph.ops.logic import logical_and, logical_not, logical_or, logical_xor
from flowgraph.ops.reduce import (
    reduce_all,
    reduce_any,
    reduce_euclidean_norm,
    reduce_max,
    reduce_mean,
    reduce_min,
    reduce_prod,
    reduce_sum,
)
from flowgraph.ops.reduced_statistics import (
    count_nonzero,
    reduce_logsumexp,
    reduce_std,
    reduce_variance,
)
from flowgraph.ops.reshape import invert_permutation
from flowgraph.ops.rounding import ceil, floor, is_finite, is_inf, is_nan, rint, round
from flowgraph.ops.segment import segment_max, segment_mean, segment_min, segment_prod, segment_sum
from flowgraph.ops.softmax import log_softmax, softmax
from flowgraph.ops.sort import in_top_k, top_k
from flowgraph.ops.special import nextafter, polyval, reciprocal_no_nan, xdivy, xlog1py, xlogy
from flowgraph.ops.trigonometry import acos, asin, atan, atan2, cos, sin, tan
from flowgraph.ops.unary import abs, reciprocal, rsqrt, sign, sqrt, square
from flowgraph.ops.unsorted_segment import (
    unsorted_segment_max,
    unsorted_segment_mean,
    unsorted_segment_min,
    unsorted_segment_prod,
    unsorted_segment_sqrt_n,
)

__getattr__ = _lazy("tf.math", globals())
