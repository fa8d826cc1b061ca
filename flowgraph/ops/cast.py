"""Cast: from one dtype to another, as C converts numbers.

Floats lose their fraction when they become integers; complex numbers their imaginary part when they
become real; to bool, everything but 0 is True.
"""

from __future__ import annotations

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.deprecation import deprecated
from flowgraph.core.dtypes import as_dtype
from flowgraph.core.spec import Spec
from flowgraph.errors import UnimplementedError
from flowgraph.graph.graph import get_default_graph, name_scope
from flowgraph.graph.indexed_slices import IndexedSlices
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.convert import to_tensor
from flowgraph.opdef.opdef import OpDef, op_def
from flowgraph.ops.sparse_tensor import SparseTensor


class Cast(OpDef):
    """x in another dtype."""

    dtypes = {"x": "SrcT"}
    SrcT = dt.ANY
    elementwise = True

    def infer(self, x: Spec, *, DstT, Truncate=False):
        return Spec(DstT, x.shape)

    def kernel(self, xp, x, *, DstT, Truncate=False):
        source, target = x.dtype, DstT.numpy
        if source.kind == "O" or target.kind == "O":
            raise UnimplementedError(
                None, None, f"Cast {dt.of_numpy(source).name} to {DstT.name} is not supported; "
                            "tf.strings.to_number and tf.as_string convert text")
        if source.kind == "c" and target.kind != "c":
            x = x.real
        return x.astype(target)

    def kernel_cupy(self, xp, x, *, DstT, Truncate=False):
        if x.dtype.kind != "f" or DstT.kind not in "iu":
            return self.kernel(xp, x, DstT=DstT)
        from flowgraph.ops.like_numpy import to_integers  # late: few have a GPU
        return to_integers(xp, x, DstT.numpy)

    def known(self, x, *, DstT, Truncate=False):
        if x.value is None or not (x.dtype.is_integer and DstT.is_integer):
            return None
        within = [n for n in _leaves(x.value) if n is not None]
        return x.value if all(DstT.min <= n <= DstT.max for n in within) else None

    def grad(self, op, dy):
        source, target = op.inputs[0].spec.dtype, op.attrs["DstT"]
        return cast(dy, source) if source.kind in "fc" and target.kind in "fc" else None


def _leaves(value) -> list:
    return [n for v in value for n in _leaves(v)] if isinstance(value, tuple) else [value]


def cast(x, dtype, name=None):
    """Casts a tensor to another dtype.

    Args:
        x: tensor, IndexedSlices or SparseTensor of a number dtype or bool.
        dtype: the dtype to make, or its name.
        name: name of the node.

    Returns:
        A tensor of x's shape; x itself if it has the dtype already.

    Raises:
        TypeError: `dtype` is no dtype.
        UnimplementedError: in the run, when x or `dtype` is string.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.cast([1.8, -2.2], fg.int32))
        array([ 1, -2], dtype=int32)
    """
    dtype = as_dtype(dtype).base_dtype
    if isinstance(x, Tensor):
        return x if x.dtype is dtype else Cast.build(x, name=name, DstT=dtype)
    if isinstance(x, IndexedSlices):
        return IndexedSlices(cast(x.values, dtype, name), x.indices, x.dense_shape)
    if isinstance(x, SparseTensor):
        return x._with_values(cast(x.values, dtype, name))
    with name_scope(name, "Cast", [x]) as scope:
        x = to_tensor(get_default_graph(), x, None, "x")
        return x if x.dtype.base_dtype is dtype else Cast.build(x, name=scope, DstT=dtype)


def saturate_cast(value, dtype, name=None):
    """Casts to another dtype; what does not fit becomes the nearest value that does.

    Args:
        value: tensor of a number dtype.
        dtype: the dtype to make, or its name.
        name: name of the node.

    Returns:
        A tensor of value's shape.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.saturate_cast([-3.0, 300.0, 7.9], fg.uint8))
        array([  0, 255,   7], dtype=uint8)
    """
    with name_scope(name, "saturate_cast", [value]) as scope:
        value = to_tensor(get_default_graph(), value, None, "value")
        dtype, source = as_dtype(dtype).base_dtype, value.dtype.base_dtype
        if source.is_complex and not dtype.is_complex:
            value = op_def("Real").build(value, Tout=source.real_dtype)
            source = source.real_dtype
        if not source.is_complex and not dtype.is_complex:
            if source.min < dtype.min:
                value = op_def("Maximum").build(value, source.as_numpy_dtype(dtype.min))
            if source.max > dtype.max:
                value = op_def("Minimum").build(value, _largest(source, dtype))
        if value.dtype.base_dtype is dtype:
            return op_def("Identity").build(value, name=scope)
        return cast(value, dtype, name=scope)


def _largest(source: dt.DType, dtype: dt.DType):
    """The largest value of `dtype`, as a value of `source` that does not round up past it."""
    largest = source.as_numpy_dtype(dtype.max)
    if source.is_floating and dtype.is_integer and int(largest) > dtype.max:
        # 2^31 - 1 rounds to 2^31 in float32, one too many: the float below it fits
        return np.nextafter(largest, source.as_numpy_dtype(0))
    return largest


def to_float(x, name="ToFloat"):
    """Casts to float32.

    Args:
        x: tensor of a number dtype or bool.
        name: name of the node.

    Returns:
        A float32 tensor of x's shape.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.to_float([1, 2]))
        array([1., 2.], dtype=float32)
    """
    deprecated("Use `tf.cast` instead.")
    return cast(x, dt.float32, name=name)


def to_double(x, name="ToDouble"):
    """Casts to float64.

    Args:
        x: tensor of a number dtype or bool.
        name: name of the node.

    Returns:
        A float64 tensor of x's shape.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.to_double([1, 2]))
        array([1., 2.])
    """
    deprecated("Use `tf.cast` instead.")
    return cast(x, dt.float64, name=name)


def to_int32(x, name="ToInt32"):
    """Casts to int32.

    Args:
        x: tensor of a number dtype or bool.
        name: name of the node.

    Returns:
        An int32 tensor of x's shape.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.to_int32([1.5, -1.5]))
        array([ 1, -1], dtype=int32)
    """
    deprecated("Use `tf.cast` instead.")
    return cast(x, dt.int32, name=name)


def to_int64(x, name="ToInt64"):
    """Casts to int64.

    Args:
        x: tensor of a number dtype or bool.
        name: name of the node.

    Returns:
        An int64 tensor of x's shape.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.to_int64([1.5, -1.5]))
        array([ 1, -1])
    """
    deprecated("Use `tf.cast` instead.")
    return cast(x, dt.int64, name=name)


def to_complex64(x, name="ToComplex64"):
    """Casts to complex64.

    Args:
        x: tensor of a number dtype or bool.
        name: name of the node.

    Returns:
        A complex64 tensor of x's shape.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.to_complex64([1.0]))
        array([1.+0.j], dtype=complex64)
    """
    deprecated("Use `tf.cast` instead.")
    return cast(x, dt.complex64, name=name)


def to_complex128(x, name="ToComplex128"):
    """Casts to complex128.

    Args:
        x: tensor of a number dtype or bool.
        name: name of the node.

    Returns:
        A complex128 tensor of x's shape.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.to_complex128([1.0]))
        array([1.+0.j])
    """
    deprecated("Use `tf.cast` instead.")
    return cast(x, dt.complex128, name=name)
