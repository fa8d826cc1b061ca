"""Matrix products in which a factor is sparse, or dense with many zeros."""

from __future__ import annotations

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.spec import Spec
from flowgraph.errors import InvalidArgumentError, ShapeError
from flowgraph.graph.graph import name_scope
from flowgraph.opdef import shape_rules
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.opdef import OpDef
from flowgraph.ops.complex_numbers import conj
from flowgraph.ops.gather import gather
from flowgraph.ops.matmul import MatMul
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.reshape import matrix_transpose
from flowgraph.ops.row_sums import FEW, summed_rows
from flowgraph.ops.sparse_rows import INT64, check_bounds, check_parts, sparse_rule
from flowgraph.ops.sparse_tensor import as_sparse, sparse_parts


class SparseTensorDenseMatMul(OpDef):
    """The product of a sparse and a dense matrix; either may be taken adjoint."""

    multiplies = True
    T = dt.DTypeSet("a floating or complex dtype, int32 or int64",
                    (dt.float32, dt.float64, dt.int32, dt.complex64, dt.complex128, dt.int64,
                     dt.float16))
    Tindices = dt.INDEX
    dtypes = {"a_indices": "Tindices", "a_shape": INT64}
    host_inputs = ("a_shape",)
    checks_data = True

    def infer(self, a_indices, a_values, a_shape, b, *, adjoint_a=False, adjoint_b=False):
        _, rank = sparse_rule(a_indices, a_values, a_shape)
        if rank not in (2, None):
            raise ShapeError(f"needs a sparse matrix, got a tensor of rank {rank}")
        shape_rules.require_rank(b, 2, "b")
        rows, inner = (a_shape.value or (None, None))[::-1 if adjoint_a else 1]
        other, columns = (b.shape or (None, None))[::-1 if adjoint_b else 1]
        if None not in (inner, other) and inner != other:
            raise ShapeError(f"cannot multiply ({rows}, {inner}) by ({other}, {columns})",
                             f"The inner sizes {inner} and {other} must be equal.")
        return Spec(b.dtype, (rows, columns))

    def kernel(self, xp, a_indices, a_values, a_shape, b, *, adjoint_a=False, adjoint_b=False):
        check_parts(a_indices, a_values, a_shape)
        sizes = a_shape[::-1] if adjoint_a else a_shape
        if adjoint_a:
            a_values = xp.conj(a_values)
        if adjoint_b:
            b = xp.conj(b.T)
        order = None
        is_large = xp is np and b.shape[1] > 1 and a_values.size * b.shape[1] > FEW
        if is_large:
            from flowgraph.ops.sparse_product import known_order, new_order  # late: it is rare
            order = known_order(a_indices, a_shape, adjoint_a)
        if order is None:
            check_bounds(xp, a_indices, a_shape)
        if sizes[1] != len(b):
            raise InvalidArgumentError(None, None, f"cannot multiply {sizes} by {b.shape}: the "
                                       f"inner sizes {sizes[1]} and {len(b)} must be equal")
        if is_large:
            order = order or new_order(a_indices, a_shape, adjoint_a)
            return order.product(a_values, b, sizes[0])
        rows, inner = xp.ascontiguousarray(a_indices.T[::-1 if adjoint_a else 1])
        if b.shape[1] == 1:  # numbers are added up in place: 100 thousand of them in 1 ms, not 12
            products = a_values * xp.take(b.reshape(-1), inner)
            return summed_rows(xp, products, rows, sizes[0]).reshape(-1, 1)
        return summed_rows(xp, a_values[:, None] * xp.take(b, inner, axis=0), rows, sizes[0])

    def grad(self, op, dy):
        indices, values, sizes, b = op.inputs
        adjoint_a, adjoint_b = op.attrs["adjoint_a"], op.attrs["adjoint_b"]
        db = SparseTensorDenseMatMul.build(indices, values, sizes, dy, adjoint_a=not adjoint_a)
        rows, inner = indices[:, 0], indices[:, 1]
        if adjoint_a:
            rows, inner = inner, rows
        factor = b if adjoint_b else conj(b)
        picked = gather(matrix_transpose(factor) if adjoint_b else factor, inner)
        da = reduce_sum(gather(dy, rows) * picked, axis=1)
        return (None, conj(da) if adjoint_a else da, None,
                matrix_transpose(conj(db)) if adjoint_b else db)


def sparse_tensor_dense_matmul(sp_a, b, adjoint_a=False, adjoint_b=False, name=None):
    """Multiplies a sparse matrix by a dense one.

    Args:
        sp_a: SparseTensor or SparseTensorValue of rank 2; repeated entries add up.
        b: dense matrix of the same dtype.
        adjoint_a: whether to take the conjugate transpose of `sp_a`.
        adjoint_b: whether to take the conjugate transpose of `b`.
        name: name scope of the new nodes.

    Returns:
        A dense matrix.

    Raises:
        TypeError: `sp_a` is dense.
        ValueError: the inner sizes differ.
        InvalidArgumentError: an index is out of bounds (at run).

    Example:
        >>> import flowgraph as fg
        >>> sparse = fg.SparseTensor([[0, 1], [1, 0]], [2.0, 3.0], [2, 2])
        >>> fg.Session().run(fg.sparse_tensor_dense_matmul(sparse, [[1.0, 10.0], [5.0, 50.0]]))
        array([[ 10., 100.],
               [  3.,  30.]], dtype=float32)
    """
    sp_a = as_sparse(sp_a)
    with name_scope(name, "SparseTensorDenseMatMul", [sp_a.indices, sp_a.values, b]):
        b = convert_to_tensor(b, name="b")
        return SparseTensorDenseMatMul.build(*sparse_parts(sp_a), b, adjoint_a=adjoint_a,
                                             adjoint_b=adjoint_b)


class SparseMatMul(OpDef):
    """The product of two dense matrices, of which one is said to have many zeros."""

    multiplies = True
    T = dt.DTypeSet("float32 or float64", (dt.float32, dt.float64))

    def infer(self, a, b, *, transpose_a=False, transpose_b=False, a_is_sparse=False,
              b_is_sparse=False):
        shape_rules.require_rank(a, 2, "a")
        shape_rules.require_rank(b, 2, "b")
        rows, inner = (a.shape or (None, None))[::-1 if transpose_a else 1]
        other, columns = (b.shape or (None, None))[::-1 if transpose_b else 1]
        if None not in (inner, other) and inner != other:
            raise ShapeError(f"cannot multiply ({rows}, {inner}) by ({other}, {columns})",
                             f"The inner sizes {inner} and {other} must be equal.")
        return Spec(a.dtype, (rows, columns))

    def kernel(self, xp, a, b, *, transpose_a=False, transpose_b=False, a_is_sparse=False,
               b_is_sparse=False):
        return xp.matmul(a.T if transpose_a else a, b.T if transpose_b else b)

    def grad(self, op, dy):
        a, b = op.inputs
        matmul = MatMul.build
        flip_a, flip_b = op.attrs["transpose_a"], op.attrs["transpose_b"]
        da = (matmul(b, dy, transpose_a=flip_b, transpose_b=True) if flip_a else
              matmul(dy, b, transpose_b=not flip_b))
        db = (matmul(dy, a, transpose_a=True, transpose_b=flip_a) if flip_b else
              matmul(a, dy, transpose_a=not flip_a))
        return da, db


def sparse_matmul(a, b, transpose_a=False, transpose_b=False, a_is_sparse=False, b_is_sparse=False,
                  name=None):
    """Multiplies two dense matrices; `tf.matmul` does the same.

    Args:
        a: float32 matrix (or float64).
        b: matrix of the same dtype.
        transpose_a: whether to transpose `a` first.
        transpose_b: whether to transpose `b` first.
        a_is_sparse: a hint that `a` has many zeros; the result is the same.
        b_is_sparse: a hint that `b` has many zeros.
        name: name of the node.

    Returns:
        A matrix.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.sparse_matmul([[0.0, 2.0]], [[3.0], [4.0]]))
        array([[8.]], dtype=float32)
    """
    return SparseMatMul.build(a, b, transpose_a=transpose_a, transpose_b=transpose_b,
                              a_is_sparse=a_is_sparse, b_is_sparse=b_is_sparse, name=name)
