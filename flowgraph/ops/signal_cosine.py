"""Discrete cosine transforms, types 1 to 4, by a Fourier transform of twice the length.

    type 1   y[k] = x[0] + (-1)^k x[n-1] + 2 sum x[m] cos(pi k m / (n - 1)), 0 < m < n - 1
    type 2   y[k] = 2 sum x[m] cos(pi k (2m + 1) / 2n)
    type 3   y[k] = x[0] + 2 sum x[m] cos(pi (2k + 1) m / 2n), 0 < m
    type 4   y[k] = 2 sum x[m] cos(pi (2k + 1) (2m + 1) / 4n)

Types 2 and 3 are inverses of each other up to 2n, types 1 and 4 of themselves.
"""

from __future__ import annotations

import math

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.core.spec import shape_text
from flowgraph.errors import DTypeError, ShapeError
from flowgraph.graph.graph import name_scope
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.cast import cast
from flowgraph.ops.compare import Equal
from flowgraph.ops.complex_numbers import complex as complex_
from flowgraph.ops.complex_numbers import real
from flowgraph.ops.constant import ZerosLike
from flowgraph.ops.constant import range as range_
from flowgraph.ops.fft_real import irfft, rfft
from flowgraph.ops.join import Pack, concat
from flowgraph.ops.pad import Pad
from flowgraph.ops.shape import shape
from flowgraph.ops.trigonometry import cos, sin
from flowgraph.ops.unary import sqrt

_INVERSE = {1: 1, 2: 3, 3: 2, 4: 4}


def dct(input, type=2, n=None, axis=-1, norm=None, name=None):
    """Computes the discrete cosine transform of real numbers over the last axis.

    Args:
        input: float32 or float64 tensor.
        type: 1, 2, 3 or 4.
        n: int, the length of the transform: the input is cut or filled up with zeros to it.
            Default the size of the last axis.
        axis: must be -1.
        norm: None, or "ortho" for the transform that keeps lengths (types 2, 3 and 4).
        name: name of the scope.

    Returns:
        A tensor of the input's dtype.

    Raises:
        NotImplementedError: another axis.
        ValueError: another type or norm, n below 1, or type 1 with "ortho" or a single number.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.signal.dct([1.0, 2.0, 4.0])).round(3))
        [14.    -5.196  1.   ]
    """
    _check(input, type, n, axis, norm)
    with name_scope(name, "dct", [input]):
        if not isinstance(input, Tensor):
            input = convert_to_tensor(input, preferred_dtype=dt.float32)
        if input.dtype.base_dtype not in (dt.float32, dt.float64):
            raise DTypeError(located(f"dct needs float32 or float64, got {input.dtype.name}",
                                     section="dtype-error"))
        if input.spec.rank == 0:
            raise ShapeError(located(f"dct needs an input of rank 1 or more, got {shape_text(())}",
                                     section="shape-error"))
        if n is not None:
            input = resized(input, n)
        size = input.spec.shape[-1] if input.spec.shape is not None else None
        size = shape(input)[-1] if size is None else size
        return {1: _type_1, 2: _type_2, 3: _type_3, 4: _type_4}[type](input, size, norm)


def idct(input, type=2, n=None, axis=-1, norm=None, name=None):
    """Computes the inverse discrete cosine transform over the last axis, times 2n unless "ortho".

    Args:
        input: float32 or float64 tensor.
        type: type of the transform to undo: 1, 2, 3 or 4.
        n: int, the length of the transform: the input is cut or filled up with zeros to it.
            Default the size of the last axis.
        axis: must be -1.
        norm: the norm of the transform to undo: None or "ortho".
        name: name of the scope.

    Returns:
        A tensor of the input's dtype.

    Raises:
        NotImplementedError: another axis.
        ValueError: another type or norm, n below 1, or type 1 with "ortho" or a single number.

    Example:
        >>> import flowgraph as fg
        >>> y = fg.signal.dct([1.0, 2.0, 3.0, 4.0], norm="ortho")
        >>> print(fg.Session().run(fg.signal.idct(y, norm="ortho")).round(4))
        [1. 2. 3. 4.]
    """
    _check(input, type, n, axis, norm)
    return dct(input, _INVERSE[type], n, axis, norm, name)


def resized(x, n):
    """`x`, its last axis cut or filled up with zeros to `n`, an int or a scalar tensor."""
    sizes = x.spec.shape
    if sizes is not None and sizes[-1] is not None and isinstance(n, int):
        if sizes[-1] >= n:
            return x[..., :n] if sizes[-1] > n else x
        return Pad.build(x, [[0, 0]] * (len(sizes) - 1) + [[0, n - sizes[-1]]])
    x = x[..., :n]
    lacking = n - shape(x)[-1:]
    after = concat([ZerosLike.build(shape(x)[:-1]), lacking], 0)
    result = Pad.build(x, Pack.build([ZerosLike.build(after), after], axis=1))
    if sizes is not None and isinstance(n, int):
        result.set_shape([*sizes[:-1], n])
    return result


def _check(input, type, n, axis, norm):
    if axis != -1:
        raise NotImplementedError(located("dct works along the last axis only: axis must be -1, "
                                          f"not {axis!r}. Transpose the input."))
    if n is not None and n < 1:
        raise ValueError(located(f"n should be a positive integer or None, not {n!r}"))
    if type not in _INVERSE:
        raise ValueError(located(f"there is no cosine transform of type {type!r}; the types are 1 "
                                 "to 4"))
    if type == 1:
        if norm == "ortho":
            raise ValueError(located("the cosine transform of type 1 has no norm 'ortho'"))
        sizes = getattr(getattr(input, "spec", None), "shape", None)
        if sizes and sizes[-1] is not None and sizes[-1] < 2:
            raise ValueError(located("the cosine transform of type 1 needs two numbers or more, "
                                     f"got {shape_text(sizes)}"))
    if norm not in (None, "ortho"):
        raise ValueError(located(f"norm must be None or 'ortho', not {norm!r}"))


def _type_1(x, size, norm):
    return real(rfft(concat([x, x[..., -2:0:-1]], -1)))


def _type_2(x, size, norm):
    turned = rfft(x, [2 * size])[..., :size] * _turn(size, x.dtype.base_dtype, -1)
    result = 2 * real(turned)
    return result if norm is None else result / _lengths(size, x.dtype.base_dtype)


def _type_3(x, size, norm):
    dtype = x.dtype.base_dtype
    # the bins of a half spectrum count twice, but for the first: as in the sum
    x = x * cast(size, dtype) * 2 if norm is None else x / _lengths(size, dtype) * cast(
        4 * size, dtype) * _first(size, dtype, 1.0, 0.5)
    spectrum = complex_(x, ZerosLike.build(x)) * _turn(size, dtype, 1)
    return irfft(spectrum, [2 * size])[..., :size]


def _type_4(x, size, norm):
    # every second number of type 2 of the double length
    result = _type_2(resized(x, 2 * size), 2 * size, None)[..., 1::2]
    return result if norm is None else result / sqrt(cast(2 * size, x.dtype.base_dtype))


def _turn(size, dtype, sign):
    """e^(sign i pi k / 2n) for each k < n."""
    angle = cast(range_(size), dtype) * (sign * math.pi / 2) / cast(size, dtype)
    return complex_(cos(angle), sin(angle))


def _lengths(size, dtype):
    """The lengths of the vectors of type 2: 2 sqrt(n), then sqrt(2n)."""
    return sqrt(cast(2 * size, dtype)) * _first(size, dtype, math.sqrt(2.0), 1.0)


def _first(size, dtype, first, others):
    """A vector of `others`, but for its first number."""
    start = Equal.build(range_(size), 0)
    return cast(start, dtype) * (first - others) + others
