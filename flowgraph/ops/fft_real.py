"""Discrete Fourier transforms of real numbers, and back.

    RFFT    real to complex: the half of the last axis that is not the mirror of the other
    IRFFT   that half back to a real tensor

A half spectrum stands for both halves: every bin but those that are their own mirror counts twice,
which is what the gradients weigh.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import InvalidArgumentError, ShapeError
from flowgraph.graph.graph import name_scope
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef import shape_rules
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.opdef import OpDef, is_known, op_def
from flowgraph.opdef.static_value import known_value
from flowgraph.ops.arithmetic import Maximum, Minimum
from flowgraph.ops.cast import cast
from flowgraph.ops.compare import Equal
from flowgraph.ops.constant import OnesLike, ZerosLike
from flowgraph.ops.constant import range as range_
from flowgraph.ops.index import slice as slice_
from flowgraph.ops.join import ConcatV2, Pack
from flowgraph.ops.logic import LogicalOr
from flowgraph.ops.pad import Pad
from flowgraph.ops.reduce import reduce_prod
from flowgraph.ops.select import where
from flowgraph.ops.shape import shape

_COMPLEX_OF = {dt.float32: dt.complex64, dt.float64: dt.complex128}
_REAL = dt.DTypeSet("float32 or float64", (dt.float32, dt.float64))


class _Half(OpDef, abstract=True):
    """A transform of real numbers over the last `axes` axes, or its inverse.

    `fft_length` holds the lengths on the real side; the input is cut or filled up with zeros to
    them.
    """

    dtypes = {"fft_length": dt.DTypeSet("int32", (dt.int32,))}
    host_inputs = ("fft_length",)
    axes: ClassVar[int] = 1
    inverse: ClassVar[str] = ""

    def _sizes(self, input, fft_length):
        """The static sizes of the outer axes and the lengths; None when the rank is unknown."""
        shape_rules.require_rank_at_least(input, self.axes, "an input")
        shape_rules.require_rank(fft_length, 1, "fft_length")
        if fft_length.shape is not None and fft_length.shape[0] not in (None, self.axes):
            raise ShapeError(f"needs an fft_length of shape ({self.axes},), got "
                             f"{shape_text(fft_length.shape)}")
        if input.shape is None:
            return None
        lengths = fft_length.value or (None,) * self.axes
        # a negative length is reported by the run, as TensorFlow does
        return input.shape[:-self.axes], [None if n is None or n < 0 else n for n in lengths]


class RFFT(_Half):
    """The first n // 2 + 1 of the n numbers of FFT, of a real input."""

    T = _REAL
    inverse = "IRFFT"

    def infer(self, input: Spec, fft_length: Spec):
        dtype = _COMPLEX_OF[input.dtype]
        sizes = self._sizes(input, fft_length)
        if sizes is None:
            return Spec(dtype, None)
        outer, (*lengths, last) = sizes
        return Spec(dtype, (*outer, *lengths, None if last is None else _bins(last)))

    def kernel(self, xp, input, fft_length):
        _check_lengths(fft_length)
        dtype = "complex64" if input.dtype.itemsize == 4 else "complex128"
        shape = (*input.shape[:-self.axes], *fft_length[:-1], _bins(fft_length[-1]))
        if 0 in fft_length or not input.size:
            return xp.zeros(shape, dtype)
        axes = tuple(range(-self.axes, 0))
        return xp.fft.rfftn(input, s=fft_length, axes=axes).astype(dtype, copy=False)

    def grad(self, op, dy):
        x, lengths = op.inputs
        weights = _mirror_weights(lengths, x.spec.dtype)
        size = _product(lengths, x.spec.dtype)
        dx = op_def(self.inverse).build(dy / cast(weights, dy.spec.dtype), lengths) * size
        return _fit(dx, x, lengths, shape(x)[-self.axes:], self.axes), None


class IRFFT(_Half):
    """n real numbers from the first n // 2 + 1 numbers of their FFT."""

    T = dt.COMPLEX
    inverse = "RFFT"

    def infer(self, input: Spec, fft_length: Spec):
        sizes = self._sizes(input, fft_length)
        return Spec(input.dtype.real_dtype, None if sizes is None else (*sizes[0], *sizes[1]))

    def kernel(self, xp, input, fft_length):
        _check_lengths(fft_length)
        dtype = "float32" if input.dtype.itemsize == 8 else "float64"
        if 0 in fft_length or not input.size:
            return xp.zeros((*input.shape[:-self.axes], *fft_length), dtype)
        axes = tuple(range(-self.axes, 0))
        return xp.fft.irfftn(input, s=fft_length, axes=axes).astype(dtype, copy=False)

    def grad(self, op, dy):
        x, lengths = op.inputs
        weights = _mirror_weights(lengths, dy.spec.dtype) / _product(lengths, dy.spec.dtype)
        dx = op_def(self.inverse).build(dy, lengths) * cast(weights, x.spec.dtype)
        return _fit(dx, x, lengths, shape(x)[-self.axes:], self.axes, half=True), None


class RFFT2D(RFFT):
    """RFFT over the last axis, FFT over the one before."""

    axes = 2
    inverse = "IRFFT2D"


class IRFFT2D(IRFFT):
    """The inverse of RFFT2D."""

    axes = 2
    inverse = "RFFT2D"


class RFFT3D(RFFT):
    """RFFT over the last axis, FFT over the two before."""

    axes = 3
    inverse = "IRFFT3D"


class IRFFT3D(IRFFT):
    """The inverse of RFFT3D."""

    axes = 3
    inverse = "RFFT3D"


def rfft(input_tensor, fft_length=None, name=None):
    """Computes the Fourier transform of real numbers over the last axis.

    Args:
        input_tensor: float32 or float64 tensor.
        fft_length: list of one int, or int32 tensor: the length n of the transform. The input is
            cut or filled up with zeros to it. Default the size of the last axis.
        name: name of the node.

    Returns:
        A complex tensor whose last axis has n // 2 + 1 numbers; the others mirror them.

    Raises:
        ValueError: the input is not real, or has too few axes.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.signal.rfft([1.0, 2.0, 3.0, 4.0])))
        [10.+0.j -2.+2.j -2.+0.j]
    """
    return _real_transform(RFFT, "rfft", input_tensor, fft_length, name)


def irfft(input_tensor, fft_length=None, name=None):
    """Computes the inverse of `rfft` over the last axis.

    Args:
        input_tensor: complex64 or complex128 tensor: half a spectrum.
        fft_length: list of one int, or int32 tensor: the length n of the result. Default
            2 * (size of the last axis - 1).
        name: name of the node.

    Returns:
        A real tensor whose last axis has n numbers.

    Raises:
        ValueError: the input is not complex, or has too few axes.

    Example:
        >>> import flowgraph as fg
        >>> spectrum = fg.constant([10, -2 + 2j, -2], fg.complex64)
        >>> fg.Session().run(fg.signal.irfft(spectrum))
        array([1., 2., 3., 4.], dtype=float32)
    """
    return _real_transform(IRFFT, "irfft", input_tensor, fft_length, name)


def rfft2d(input_tensor, fft_length=None, name=None):
    """Computes the Fourier transform of real numbers over the last two axes.

    Args:
        input_tensor: float32 or float64 tensor of rank 2 or more.
        fft_length: two ints, or int32 tensor: the lengths of the transform. Default the sizes of
            the last two axes.
        name: name of the node.

    Returns:
        A complex tensor; the last axis holds the half that the other half mirrors.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.signal.rfft2d([[1.0, 2.0], [3.0, 4.0]])))
        [[10.+0.j -2.+0.j]
         [-4.+0.j  0.+0.j]]
    """
    return _real_transform(RFFT2D, "rfft2d", input_tensor, fft_length, name)


def irfft2d(input_tensor, fft_length=None, name=None):
    """Computes the inverse of `rfft2d` over the last two axes.

    Args:
        input_tensor: complex64 or complex128 tensor of rank 2 or more: half a spectrum.
        fft_length: two ints, or int32 tensor: the lengths of the result. The last is by default
            2 * (size of the last axis - 1).
        name: name of the node.

    Returns:
        A real tensor.

    Example:
        >>> import flowgraph as fg
        >>> spectrum = fg.constant([[10, -2], [-4, 0]], fg.complex64)
        >>> fg.Session().run(fg.signal.irfft2d(spectrum))
        array([[1., 2.],
               [3., 4.]], dtype=float32)
    """
    return _real_transform(IRFFT2D, "irfft2d", input_tensor, fft_length, name)


def rfft3d(input_tensor, fft_length=None, name=None):
    """Computes the Fourier transform of real numbers over the last three axes.

    Args:
        input_tensor: float32 or float64 tensor of rank 3 or more.
        fft_length: three ints, or int32 tensor: the lengths of the transform. Default the sizes of
            the last three axes.
        name: name of the node.

    Returns:
        A complex tensor; the last axis holds the half that the other half mirrors.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.signal.rfft3d([[[1.0, 2.0], [3.0, 4.0]]])))
        [[[10.+0.j -2.+0.j]
          [-4.+0.j  0.+0.j]]]
    """
    return _real_transform(RFFT3D, "rfft3d", input_tensor, fft_length, name)


def irfft3d(input_tensor, fft_length=None, name=None):
    """Computes the inverse of `rfft3d` over the last three axes.

    Args:
        input_tensor: complex64 or complex128 tensor of rank 3 or more: half a spectrum.
        fft_length: three ints, or int32 tensor: the lengths of the result. The last is by default
            2 * (size of the last axis - 1).
        name: name of the node.

    Returns:
        A real tensor.

    Example:
        >>> import flowgraph as fg
        >>> spectrum = fg.constant([[[10, -2], [-4, 0]]], fg.complex64)
        >>> fg.Session().run(fg.signal.irfft3d(spectrum))
        array([[[1., 2.],
                [3., 4.]]], dtype=float32)
    """
    return _real_transform(IRFFT3D, "irfft3d", input_tensor, fft_length, name)


def _real_transform(op_class, default_name, input, fft_length, name):
    """Builds one of the six ops; the lengths come from the input's shape unless they are given."""
    back = issubclass(op_class, IRFFT)
    with name_scope(name, default_name, [input, fft_length]) as scope:
        if not isinstance(input, Tensor):
            input = convert_to_tensor(input, preferred_dtype=dt.complex64 if back else dt.float32)
        dtype = input.dtype.base_dtype
        if dtype not in op_class.T.members:
            raise ValueError(located(f"{default_name} needs {op_class.T.name}, got {dtype.name}"))
        shape_rank = input.spec.rank
        if shape_rank is not None and shape_rank < op_class.axes:
            raise ShapeError(located(f"{default_name} needs an input of rank {op_class.axes} or "
                                     f"more, got {shape_text(input.spec.shape)}",
                                     section="shape-error"))
        if fft_length is None:
            fft_length = _lengths_of(input, op_class.axes, back)
        fft_length = convert_to_tensor(fft_length, dt.int32, "fft_length")
        return op_class.build(input, fft_length, name=scope)


def _lengths_of(input, axes, back):
    """The lengths that the input's shape implies, as ints when the graph tells, else a tensor."""
    sizes = None if input.spec.shape is None else input.spec.shape[-axes:]
    if sizes is None or None in sizes:
        lengths = shape(input)[-axes:]
        if not back:
            return lengths
        last = Maximum.build(np.int32(0), 2 * (lengths[-1:] - 1))
        return ConcatV2.build([lengths[:-1], last], np.int32(0))
    return [*sizes[:-1], max(0, 2 * (sizes[-1] - 1))] if back else list(sizes)


# ---- helpers -------------------------------------------------------------------------------------


def _bins(length):
    return length // 2 + 1 if length else 0


def _check_lengths(fft_length):
    for i, length in enumerate(fft_length):
        if length < 0:
            raise InvalidArgumentError(None, None,
                                       f"fft_length[{i}] must >= 0, but got: {length}")


def _product(lengths, dtype):
    known = known_value(lengths)
    if is_known(known):
        return dtype.as_numpy_dtype(np.prod(known, dtype=np.int64))
    return cast(reduce_prod(lengths), dtype)


def _mirror_weights(lengths, dtype):
    """For each bin of the half spectrum, how many bins of the whole one it stands for: 1 or 2."""
    known = known_value(lengths)
    if is_known(known):
        bins = np.arange(_bins(known[-1]))
        alone = (bins == 0) | (2 * bins == known[-1])
        return convert_to_tensor(np.where(alone, 1.0, 2.0), dtype)
    last = lengths[-1]
    bins = range_(last // 2 + 1)
    alone = LogicalOr.build(Equal.build(bins, 0), Equal.build(2 * bins, last))
    return cast(where(alone, OnesLike.build(bins), 2 * OnesLike.build(bins)), dtype)


def _fit(dx, x, lengths, wanted, axes, half=False):
    """`dx`, cut or filled up with zeros along the last `axes` axes to the shape of `x`.

    Args:
        dx: gradient with the sizes of the transform.
        x: the op's input.
        lengths: the op's fft_length.
        wanted: the last sizes of `x`, as a tensor.
        axes: how many axes.
        half: whether the last axis of `x` is a half spectrum.
    """
    if dx.spec.is_static and dx.spec.shape == x.spec.shape:
        return dx
    if half:
        lengths = ConcatV2.build([lengths[:-1], lengths[-1:] // 2 + 1], np.int32(0))
    kept = Minimum.build(lengths, wanted)
    outer = shape(x)[:-axes]
    zeros = ZerosLike.build(shape(x))
    cut = slice_(dx, zeros, ConcatV2.build([outer, kept], np.int32(0)))
    after = ConcatV2.build([ZerosLike.build(outer), wanted - kept], np.int32(0))
    padded = Pad.build(cut, Pack.build([zeros, after], axis=1))
    padded.set_shape(x.shape)
    return padded
