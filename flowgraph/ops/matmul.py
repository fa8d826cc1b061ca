"""Matrix products: of two matrices (MatMul), and of stacks of matrices (BatchMatMulV2).

A transposed operand is never copied: the kernels hand a transposed view to BLAS, and the gradients
are again products with the right flags set.
"""

from __future__ import annotations

from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core import shapes
from flowgraph.core.frames import located
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import ShapeError
from flowgraph.graph.graph import get_default_graph, name_scope
from flowgraph.graph.tensor import Tensor, is_tensor_like
from flowgraph.opdef.convert import to_tensor
from flowgraph.opdef.opdef import OpDef, op_def
from flowgraph.opdef.subgraph import building_graph
from flowgraph.ops.complex_numbers import conj


class MatMul(OpDef):
    """The product of two matrices, either of them transposed first if asked for."""

    multiplies = True
    T = dt.NUMBER

    def infer(self, a: Spec, b: Spec, *, transpose_a=False, transpose_b=False):
        for spec, param in ((a, "a"), (b, "b")):
            if spec.shape is not None and len(spec.shape) != 2:
                raise ShapeError(f"cannot multiply {shape_text(a.shape)} by {shape_text(b.shape)}",
                                 f"{param} must be a matrix, but has rank {len(spec.shape)}."
                                 + _rank_advice(spec.shape, param))
        m, k = _sizes(a.shape, transpose_a)
        k_too, n = _sizes(b.shape, transpose_b)
        _check_inner(a, b, k, k_too, transpose_a, transpose_b, "transpose")
        return Spec(a.dtype, (m, n))

    def kernel(self, xp, a, b, *, transpose_a=False, transpose_b=False, out=None):
        return xp.dot(a.T if transpose_a else a, b.T if transpose_b else b, out=out)

    def grad(self, op, dy):
        a, b = conj(op.inputs[0]), conj(op.inputs[1])
        ta, tb = op.attrs["transpose_a"], op.attrs["transpose_b"]

        def product(x, y, tx, ty):
            return MatMul.build(x, y, transpose_a=tx, transpose_b=ty)

        da = product(b, dy, tb, True) if ta else product(dy, b, False, not tb)
        db = product(dy, a, True, ta) if tb else product(a, dy, not ta, False)
        return da, db


class BatchMatMulV2(OpDef):
    """The products of two stacks of matrices; the sizes before the last two broadcast."""

    multiplies = True
    T = dt.NUMBER

    def infer(self, x: Spec, y: Spec, *, adj_x=False, adj_y=False):
        for spec, param in ((x, "x"), (y, "y")):
            if spec.shape is not None and len(spec.shape) < 2:
                raise ShapeError(f"cannot multiply {shape_text(x.shape)} by {shape_text(y.shape)}",
                                 f"{param} must be a matrix or a stack of them, but has rank "
                                 f"{len(spec.shape)}." + _rank_advice(spec.shape, param))
        m, k = _sizes(x.shape, adj_x)
        k_too, n = _sizes(y.shape, adj_y)
        _check_inner(x, y, k, k_too, adj_x, adj_y, "adjoint")
        if x.shape is None or y.shape is None:
            return Spec(x.dtype, None)
        try:
            batch = shapes.broadcast(x.shape[:-2], y.shape[:-2])
        except ValueError as error:
            raise ShapeError(f"cannot multiply {shape_text(x.shape)} by {shape_text(y.shape)}",
                             f"The sizes before the last two must broadcast; {error}.") from None
        return Spec(x.dtype, (*(batch or ()), m, n))

    def kernel(self, xp, x, y, *, adj_x=False, adj_y=False, out=None):
        return xp.matmul(x.swapaxes(-1, -2).conj() if adj_x else x,
                         y.swapaxes(-1, -2).conj() if adj_y else y, out=out)

    def grad(self, op, dy):
        x, y = op.inputs
        ax, ay = op.attrs["adj_x"], op.attrs["adj_y"]

        def product(a, b, adj_a, adj_b):
            return BatchMatMulV2.build(a, b, adj_x=adj_a, adj_y=adj_b)

        dx = product(y, dy, ay, True) if ax else product(dy, y, False, not ay)
        dy_ = product(dy, x, True, ax) if ay else product(x, dy, not ax, False)
        return _unbroadcast_batch(dx, x, y), _unbroadcast_batch(dy_, y, x)


def matmul(a, b, transpose_a=False, transpose_b=False, adjoint_a=False, adjoint_b=False,
           a_is_sparse=False, b_is_sparse=False, name=None):
    """Multiplies matrices: a @ b.

    Args:
        a: [..., m, k] tensor of a number dtype.
        b: [..., k, n] tensor of the same dtype; the sizes before the last two broadcast.
        transpose_a: transpose a's matrices first; a is then [..., k, m].
        transpose_b: transpose b's matrices first; b is then [..., n, k].
        adjoint_a: conjugate and transpose a's matrices first.
        adjoint_b: conjugate and transpose b's matrices first.
        a_is_sparse: accepted; the product is dense and the same.
        b_is_sparse: accepted; the product is dense and the same.
        name: name of the node.

    Returns:
        A [..., m, n] tensor of the same dtype.

    Raises:
        ValueError: the inner sizes differ, a rank is below 2, or both transpose and adjoint are
            asked for.
        TypeError: the dtypes differ.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.matmul([[1.0, 2.0]], [[3.0], [4.0]]))
        array([[11.]], dtype=float32)
    """
    if (transpose_a and adjoint_a) or (transpose_b and adjoint_b):
        both = "a" if transpose_a and adjoint_a else "b"
        raise ValueError(located(f"Only one of transpose_{both} and adjoint_{both} can be True: "
                                 "the adjoint is transposed already."))
    if type(a) is not Tensor or type(b) is not Tensor or adjoint_a or adjoint_b:
        with name_scope(name, "MatMul", [a, b]) as scope:
            a, b = _operands(a, b)
            if _stacked(a, b):
                return _batched(a, b, transpose_a, transpose_b, adjoint_a, adjoint_b, scope)
            a = conj(a) if adjoint_a else a
            b = conj(b) if adjoint_b else b
            return MatMul.build(a, b, name=scope, transpose_a=bool(transpose_a or adjoint_a),
                                transpose_b=bool(transpose_b or adjoint_b))
    if _stacked(a, b):
        if (transpose_a or transpose_b) and a.spec.dtype.is_complex:
            with name_scope(name, "MatMul", [a, b]) as scope:
                return _batched(a, b, transpose_a, transpose_b, False, False, scope)
        return BatchMatMulV2.build(a, b, name=name or "MatMul", adj_x=bool(transpose_a),
                                   adj_y=bool(transpose_b))
    return MatMul.build(a, b, name=name, transpose_a=bool(transpose_a),
                        transpose_b=bool(transpose_b))


def _batched(a, b, transpose_a, transpose_b, adjoint_a, adjoint_b, name):
    """BatchMatMulV2 knows adjoints only; a transpose is the adjoint of the conjugate."""
    a = conj(a) if transpose_a else a
    b = conj(b) if transpose_b else b
    return BatchMatMulV2.build(a, b, name=name, adj_x=bool(transpose_a or adjoint_a),
                               adj_y=bool(transpose_b or adjoint_b))


def _operands(a, b) -> tuple[Tensor, Tensor]:
    """Both as tensors; a Python value takes the dtype of the tensor beside it."""
    tensors = [t for t in (a, b) if is_tensor_like(t)]
    graph = building_graph(tensors[0].graph) if tensors else get_default_graph()
    a_dtype = b.dtype.base_dtype if tensors and not is_tensor_like(a) else None
    a = to_tensor(graph, a, a_dtype, "a")
    return a, to_tensor(graph, b, None if is_tensor_like(b) else a.spec.dtype, "b")


def _stacked(a: Tensor, b: Tensor) -> bool:
    """Whether the product may be one of stacks of matrices."""
    p, q = a.spec.shape, b.spec.shape
    return p is None or q is None or len(p) > 2 or len(q) > 2


def _sizes(shape: Any, turned: bool) -> tuple[Any, Any]:
    """(rows, columns) of the matrices, after the transpose that is asked for."""
    if shape is None:
        return None, None
    return (shape[-1], shape[-2]) if turned else (shape[-2], shape[-1])


def _check_inner(a: Spec, b: Spec, k, k_too, turn_a: bool, turn_b: bool, word: str) -> None:
    if k is None or k_too is None or k == k_too:
        return
    a_outer, b_outer = _sizes(a.shape, turn_a)[0], _sizes(b.shape, turn_b)[1]
    advice = f"The inner sizes {k} and {k_too} must be equal."
    if k == b_outer:
        advice += f" Did you mean transpose_b={not turn_b}?"
    elif a_outer == k_too:
        advice += f" Did you mean transpose_a={not turn_a}?"
    flags = [f"{word}_{p}" for p, on in (("a", turn_a), ("b", turn_b)) if on]
    raise ShapeError(f"cannot multiply {shape_text(a.shape)} by {shape_text(b.shape)}"
                     + (f" with {' and '.join(flags)}" if flags else ""), advice)


def _rank_advice(shape, param: str) -> str:
    if len(shape) == 1:
        return (f" Write tf.expand_dims({param}, 0) for a row, tf.expand_dims({param}, 1) for a "
                "column.")
    return "" if len(shape) == 0 else f" Write tf.reshape({param}, [-1, n]) to make it one."


def _unbroadcast_batch(dx: Tensor, target: Tensor, other: Tensor) -> Tensor:
    """`dx` summed over the batch axes along which `target` was stretched to meet `other`."""
    t, o = target.spec.shape, other.spec.shape
    if t is not None and o is not None and ((t[:-2] == o[:-2] and None not in t[:-2])
                                            or len(t) == len(o) == 2):
        return dx
    shape = op_def("Shape").build(target)
    other_shape = op_def("Shape").build(other)
    stretched, _ = op_def("BroadcastGradientArgs").build(shape[:-2], other_shape[:-2])
    return op_def("Reshape").build(op_def("Sum").build(dx, stretched), shape)
