"""Discrete Fourier transforms over the last one, two or three axes, and their inverses.

The transform is linear, so each gradient is the other direction: with F the matrix of the
transform of n numbers, `F^H dy` is `n * ifft(dy)`. Real inputs are in ops/fft_real.py.
"""

from __future__ import annotations

import math
from functools import partial
from typing import ClassVar

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.pool import shares, side_by_side
from flowgraph.core.spec import Spec
from flowgraph.graph.graph import name_scope
from flowgraph.graph.tensor import is_tensor_like
from flowgraph.opdef import shape_rules
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.opdef import OpDef, op_def
from flowgraph.ops.cast import cast
from flowgraph.ops.constant import range as range_
from flowgraph.ops.reduce import reduce_prod
from flowgraph.ops.roll import roll
from flowgraph.ops.shape import rank, shape

_LARGE = 1 << 16  # numbers from which on transforms are shared out: half the time

# ---- complex to complex --------------------------------------------------------------------------


class _Complex(OpDef, abstract=True):
    """A transform of complex numbers over the last `axes` axes."""

    T = dt.COMPLEX
    axes: ClassVar[int] = 1
    function: ClassVar[str] = "fftn"
    inverse: ClassVar[str] = ""  # the op type of the other direction

    def infer(self, input: Spec):
        shape_rules.require_rank_at_least(input, self.axes, "an input")
        return Spec(input.dtype, input.shape)

    def kernel(self, xp, input):
        if not input.size:
            return xp.zeros(input.shape, input.dtype)
        transform = getattr(xp.fft, self.function)
        axes = tuple(range(-self.axes, 0))
        lead = math.prod(input.shape[:-self.axes])
        if lead == 1 or input.size < _LARGE or xp is not np:
            return transform(input, axes=axes).astype(input.dtype, copy=False)
        rows = input.reshape(lead, *input.shape[-self.axes:])
        result = xp.empty(rows.shape, input.dtype)

        def part(rows, result):
            result[...] = transform(rows, axes=axes)

        side_by_side(xp, [partial(part, *share)
                          for share in zip(shares(rows), shares(result), strict=True)])
        return result.reshape(input.shape)

    def grad(self, op, dy):
        size = _count(dy, self.axes, dy.spec.dtype)
        back = op_def(self.inverse).build(dy)
        return back * size if self.function == "fftn" else back / size


class FFT(_Complex):
    """y[k] = sum over m of x[m] e^(-2 pi i k m / n), along the last axis."""

    inverse = "IFFT"


def fft(input, name=None):
    """Computes the discrete Fourier transform over the last axis.

    Args:
        input: complex64 or complex128 tensor.
        name: name of the node.

    Returns:
        A tensor of the same shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.fft([1.0, 2.0, 3.0, 4.0])))
        [10.+0.j -2.+2.j -2.+0.j -2.-2.j]
    """
    return FFT.build(_as_complex(input), name=name)


class IFFT(_Complex):
    """The inverse of FFT, 1 / n included."""

    function = "ifftn"
    inverse = "FFT"


def ifft(input, name=None):
    """Computes the inverse discrete Fourier transform over the last axis.

    Args:
        input: complex64 or complex128 tensor.
        name: name of the node.

    Returns:
        A tensor of the same shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.ifft([4.0, 0.0, 0.0, 0.0])))
        [1.+0.j 1.+0.j 1.+0.j 1.+0.j]
    """
    return IFFT.build(_as_complex(input), name=name)


class FFT2D(_Complex):
    """FFT over the last two axes."""

    axes = 2
    inverse = "IFFT2D"


def fft2d(input, name=None):
    """Computes the discrete Fourier transform over the last two axes.

    Args:
        input: complex64 or complex128 tensor of rank 2 or more.
        name: name of the node.

    Returns:
        A tensor of the same shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.fft2d([[1.0, 2.0], [3.0, 4.0]])))
        [[10.+0.j -2.+0.j]
         [-4.+0.j  0.+0.j]]
    """
    return FFT2D.build(_as_complex(input), name=name)


class IFFT2D(_Complex):
    """The inverse of FFT2D."""

    axes = 2
    function = "ifftn"
    inverse = "FFT2D"


def ifft2d(input, name=None):
    """Computes the inverse discrete Fourier transform over the last two axes.

    Args:
        input: complex64 or complex128 tensor of rank 2 or more.
        name: name of the node.

    Returns:
        A tensor of the same shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.ifft2d([[4.0, 0.0], [0.0, 0.0]])))
        [[1.+0.j 1.+0.j]
         [1.+0.j 1.+0.j]]
    """
    return IFFT2D.build(_as_complex(input), name=name)


class FFT3D(_Complex):
    """FFT over the last three axes."""

    axes = 3
    inverse = "IFFT3D"


def fft3d(input, name=None):
    """Computes the discrete Fourier transform over the last three axes.

    Args:
        input: complex64 or complex128 tensor of rank 3 or more.
        name: name of the node.

    Returns:
        A tensor of the same shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.fft3d([[[1.0, 2.0], [3.0, 4.0]]])))
        [[[10.+0.j -2.+0.j]
          [-4.+0.j  0.+0.j]]]
    """
    return FFT3D.build(_as_complex(input), name=name)


class IFFT3D(_Complex):
    """The inverse of FFT3D."""

    axes = 3
    function = "ifftn"
    inverse = "FFT3D"


def ifft3d(input, name=None):
    """Computes the inverse discrete Fourier transform over the last three axes.

    Args:
        input: complex64 or complex128 tensor of rank 3 or more.
        name: name of the node.

    Returns:
        A tensor of the same shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.ifft3d([[[4.0, 0.0], [0.0, 0.0]]])))
        [[[1.+0.j 1.+0.j]
          [1.+0.j 1.+0.j]]]
    """
    return IFFT3D.build(_as_complex(input), name=name)


def _as_complex(input):
    """Python numbers and arrays become complex; a real tensor is left to be refused."""
    if is_tensor_like(input) or getattr(input, "dtype", None) == dt.complex128.numpy:
        return input
    return convert_to_tensor(input, name="input", preferred_dtype=dt.complex64)


def _count(x, axes, dtype):
    """How many numbers the last `axes` axes hold, as `dtype`."""
    sizes = x.spec.shape
    if sizes is not None and None not in sizes[-axes:]:
        return dtype.as_numpy_dtype(max(1, np.prod(sizes[-axes:], dtype=np.int64)))
    return cast(reduce_prod(shape(x)[-axes:]), dtype)


# ---- shifting spectra ----------------------------------------------------------------------------


def fftshift(x, axes=None, name=None):
    """Moves the frequency 0 from the front to the middle of each axis.

    Args:
        x: tensor.
        axes: int, or list of ints; default all axes.
        name: name of the node.

    Returns:
        A tensor of the same shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.signal.fftshift([0, 1, 2, -2, -1]))
        array([-2, -1,  0,  1,  2], dtype=int32)
    """
    return _shifted(x, axes, 1, "fftshift", name)


def ifftshift(x, axes=None, name=None):
    """Moves the frequency 0 from the middle to the front of each axis: undoes `fftshift`.

    Args:
        x: tensor.
        axes: int, or list of ints; default all axes.
        name: name of the node.

    Returns:
        A tensor of the same shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.signal.ifftshift([-2, -1, 0, 1, 2]))
        array([ 0,  1,  2, -2, -1], dtype=int32)
    """
    return _shifted(x, axes, -1, "ifftshift", name)


def _shifted(x, axes, sign, default_name, name):
    with name_scope(name, default_name, [x]) as scope:
        x = convert_to_tensor(x)
        sizes = x.spec.shape
        if axes is None and sizes is None:
            axes = range_(rank(x))
            return roll(x, sign * (shape(x) // 2), axes, scope)
        axes = list(range(len(sizes))) if axes is None else axes
        several = list(axes) if isinstance(axes, (list, tuple)) else [axes]
        if sizes is None or any(sizes[axis] is None for axis in several):
            shifts = [sign * (shape(x)[axis] // 2) for axis in several]
        else:
            shifts = [sign * (sizes[axis] // 2) for axis in several]
        one = not isinstance(axes, (list, tuple))
        return roll(x, shifts[0] if one else shifts, several[0] if one else several, scope)
