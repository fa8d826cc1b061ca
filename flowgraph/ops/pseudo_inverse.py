"""What singular values tell: the pseudo-inverse and the rank of matrices."""

from __future__ import annotations

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.errors import DTypeError
from flowgraph.graph.graph import name_scope
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.opdef import op_def
from flowgraph.ops.cast import cast
from flowgraph.ops.decomposition import svd
from flowgraph.ops.matmul import matmul
from flowgraph.ops.reduce import reduce_max, reduce_sum
from flowgraph.ops.reshape import expand_dims
from flowgraph.ops.select import where_v2
from flowgraph.ops.shape import shape


def _matrices(a):
    """`a` as a tensor of floating matrices."""
    a = convert_to_tensor(a, name="a")
    if not a.dtype.base_dtype.is_floating:
        raise DTypeError(located("the matrices must have a floating dtype, not "
                                 f"{a.dtype.base_dtype.name}", section="dtype-error"))
    return a


def _rounding(a, factor):
    """`factor` times the larger size of the matrices times the rounding of their dtype."""
    epsilon = factor * float(np.finfo(a.dtype.base_dtype.numpy).eps)
    sizes = a.spec.shape
    if sizes is not None and None not in sizes[-2:]:
        return convert_to_tensor(epsilon * max(sizes[-2:]), a.dtype.base_dtype)
    return cast(op_def("Max").build(shape(a)[-2:], 0), a.dtype.base_dtype) * epsilon


def pinv(a, rcond=None, validate_args=False, name=None):
    """Computes the pseudo-inverse of matrices (Moore and Penrose).

    Args:
        a: tensor [..., m, n] of a floating dtype.
        rcond: tensor [...]: singular values up to rcond times the largest count as zero; default
            10 * max(m, n) * the rounding of the dtype.
        validate_args: accepted.
        name: name scope of the nodes.

    Returns:
        A tensor [..., n, m].

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.linalg.pinv([[2.0, 0.0], [0.0, 0.0]]))
        array([[0.5, 0. ],
               [0. , 0. ]], dtype=float32)
    """
    with name_scope(name, "pinv", [a, rcond]):
        a = _matrices(a)
        s, u, v = svd(a)
        rcond = _rounding(a, 10.0) if rcond is None else \
            convert_to_tensor(rcond, a.dtype.base_dtype, name="rcond")
        cutoff = expand_dims(rcond * reduce_max(s, axis=-1), -1)
        infinity = np.array(np.inf, a.dtype.base_dtype.numpy)
        kept = where_v2(s > cutoff, s, infinity)
        return matmul(v / expand_dims(kept, -2), u, adjoint_b=True)


def matrix_rank(a, tol=None, validate_args=False, name=None):
    """Counts the singular values of matrices that are not zero.

    Args:
        a: tensor [..., m, n] of a floating dtype.
        tol: singular values up to here count as zero; default the largest one times max(m, n)
            times the rounding of the dtype.
        validate_args: accepted.
        name: name scope of the nodes.

    Returns:
        An int32 tensor of shape [...].

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.linalg.matrix_rank([[1.0, 2.0], [2.0, 4.0]]))
        np.int32(1)
    """
    with name_scope(name, "matrix_rank", [a, tol]):
        a = _matrices(convert_to_tensor(a, preferred_dtype=dt.float32, name="a"))
        s = svd(a, compute_uv=False)
        if tol is None:
            tol = _rounding(a, 1.0) * reduce_max(s, axis=-1, keepdims=True)
        else:
            tol = expand_dims(convert_to_tensor(tol, a.dtype.base_dtype), -1)
        return reduce_sum(cast(s > tol, dt.int32), axis=-1)
