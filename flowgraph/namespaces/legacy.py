"""Names of before TensorFlow 1.0, for programs of that age: `tf.mul`, `tf.pack`, `tf.batch_svd`.

Each logs what to write instead. Those whose arguments changed their meaning with 1.0 (`tf.concat`
and `tf.split` took the axis first) have only today's meaning.
"""

from __future__ import annotations

import functools

from flowgraph.core.deprecation import deprecated as _deprecated
from flowgraph.graph.graph import name_scope
from flowgraph.ops.arithmetic import multiply, negative, subtract
from flowgraph.ops.counting import setdiff1d
from flowgraph.ops.decomposition import cholesky, self_adjoint_eig, self_adjoint_eigvals, svd
from flowgraph.ops.determinant import matrix_determinant
from flowgraph.ops.diagonal import (
    matrix_band_part,
    matrix_diag,
    matrix_diag_part,
    matrix_set_diag,
)
from flowgraph.ops.fft import fft, fft2d, fft3d, ifft, ifft2d, ifft3d
from flowgraph.ops.join import stack
from flowgraph.ops.matmul import matmul
from flowgraph.ops.reshape import matrix_transpose
from flowgraph.ops.select import where
from flowgraph.ops.solve import (
    cholesky_solve,
    matrix_inverse,
    matrix_solve,
    matrix_solve_ls,
    matrix_triangular_solve,
)
from flowgraph.ops.split import unstack
from flowgraph.ops.unary import abs as magnitude
from flowgraph.ops.unary import reciprocal


def _renamed(old, function, new=""):
    """`function` under its old name; `new` is today's, where it is not `function`'s own."""
    new = new or function.__name__

    @functools.wraps(function)
    def call(*args, **kwargs):
        _deprecated(f"Use `tf.{new}` instead.", name=old)
        return function(*args, **kwargs)

    call.__name__ = call.__qualname__ = old
    call.__module__ = __name__
    call.__doc__ = f"Old name of `tf.{new}`.\n\n    {function.__doc__}"
    return call


mul = _renamed("mul", multiply)
sub = _renamed("sub", subtract)
neg = _renamed("neg", negative)
inv = _renamed("inv", reciprocal)
complex_abs = _renamed("complex_abs", magnitude, "abs")
pack = _renamed("pack", stack)
unpack = _renamed("unpack", unstack)
listdiff = _renamed("listdiff", setdiff1d)

batch_cholesky = _renamed("batch_cholesky", cholesky)
batch_cholesky_solve = _renamed("batch_cholesky_solve", cholesky_solve)
batch_fft = _renamed("batch_fft", fft)
batch_fft2d = _renamed("batch_fft2d", fft2d)
batch_fft3d = _renamed("batch_fft3d", fft3d)
batch_ifft = _renamed("batch_ifft", ifft)
batch_ifft2d = _renamed("batch_ifft2d", ifft2d)
batch_ifft3d = _renamed("batch_ifft3d", ifft3d)
batch_matrix_band_part = _renamed("batch_matrix_band_part", matrix_band_part)
batch_matrix_determinant = _renamed("batch_matrix_determinant", matrix_determinant)
batch_matrix_diag = _renamed("batch_matrix_diag", matrix_diag)
batch_matrix_diag_part = _renamed("batch_matrix_diag_part", matrix_diag_part)
batch_matrix_inverse = _renamed("batch_matrix_inverse", matrix_inverse)
batch_matrix_set_diag = _renamed("batch_matrix_set_diag", matrix_set_diag)
batch_matrix_solve = _renamed("batch_matrix_solve", matrix_solve)
batch_matrix_solve_ls = _renamed("batch_matrix_solve_ls", matrix_solve_ls)
batch_matrix_transpose = _renamed("batch_matrix_transpose", matrix_transpose)
batch_matrix_triangular_solve = _renamed("batch_matrix_triangular_solve", matrix_triangular_solve)
batch_self_adjoint_eig = _renamed("batch_self_adjoint_eig", self_adjoint_eig)
batch_self_adjoint_eigvals = _renamed("batch_self_adjoint_eigvals", self_adjoint_eigvals)
batch_svd = _renamed("batch_svd", svd)


# ---- functions whose arguments have other names now ----------------------------------------------


def select(condition, t, e, name=None):
    """Takes elements of `t` where the condition holds, and of `e` elsewhere: today `tf.where`.

    Args:
        condition: bool tensor of the shape of t, or a vector that picks rows.
        t: tensor.
        e: tensor of the same shape and dtype.
        name: name of the node.

    Returns:
        A tensor of the same shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.select([True, False], [1, 2], [3, 4]))
        array([1, 4], dtype=int32)
    """
    _deprecated("Use `tf.where` instead.")
    return where(condition, t, e, name)


def batch_matmul(x, y, adj_x=False, adj_y=False, name=None):
    """Multiplies matrices, batch by batch: today `tf.matmul`.

    Args:
        x: tensor [..., rows, inner].
        y: tensor [..., inner, columns], with the same leading sizes.
        adj_x: whether x is conjugated and transposed first.
        adj_y: whether y is conjugated and transposed first.
        name: name of the node.

    Returns:
        A tensor [..., rows, columns].

    Example:
        >>> import flowgraph as fg
        >>> fg.batch_matmul(fg.ones([5, 2, 3]), fg.ones([5, 4, 3]), adj_y=True).shape.as_list()
        [5, 2, 4]
    """
    _deprecated("Use `tf.matmul` with `adjoint_a` and `adjoint_b` instead.")
    return matmul(x, y, adjoint_a=adj_x, adjoint_b=adj_y, name=name)


def op_scope(values, name, default_name=None):
    """`tf.name_scope` with its arguments in another order.

    Args:
        values: tensors that the ops inside will take.
        name: name of the scope, or None.
        default_name: name of the scope when `name` is None; it is made unique.

    Returns:
        A context manager that gives the scope as text.

    Example:
        >>> import flowgraph as fg
        >>> with fg.op_scope([], None, "layer") as scope:
        ...     print(scope)
        layer/
    """
    _deprecated("Use `tf.name_scope(name, default_name, values)` instead.")
    return name_scope(name, default_name, values)
