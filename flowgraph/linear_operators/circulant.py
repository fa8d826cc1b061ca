"""Circulant matrices: convolutions on a ring, or on a torus of two or three dimensions.

The Fourier transform makes them diagonal: A x = ifft(spectrum * fft(x)), where x is laid out as a
block of the spectrum's last one, two or three dimensions.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.dtypes import as_dtype
from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape
from flowgraph.graph.graph import name_scope
from flowgraph.linear_operators import hints
from flowgraph.linear_operators.base import LinearOperator
from flowgraph.linear_operators.batches import (
    assert_no_zeros,
    assert_real,
    batch_sizes,
    joined,
    tensor_of,
)
from flowgraph.ops.assertions import assert_less, assert_positive
from flowgraph.ops.cast import cast
from flowgraph.ops.complex_numbers import complex as complex_of
from flowgraph.ops.complex_numbers import conj, imag, real
from flowgraph.ops.constant import ones, zeros_like
from flowgraph.ops.exponential import log
from flowgraph.ops.fft import fft, fft2d, fft3d, ifft, ifft2d, ifft3d
from flowgraph.ops.matrices import adjoint as adjoint_of
from flowgraph.ops.reduce import reduce_prod, reduce_sum
from flowgraph.ops.reshape import expand_dims, matrix_transpose, reshape
from flowgraph.ops.shape import shape
from flowgraph.ops.unary import abs as absolute

_FFT = {1: fft, 2: fft2d, 3: fft3d}
_IFFT = {1: ifft, 2: ifft2d, 3: ifft3d}


def to_complex(x: Any) -> Any:
    """`x` in the complex dtype of its precision."""
    if x.dtype.is_complex:
        return x
    return cast(x, dt.complex128 if x.dtype.base_dtype == dt.float64 else dt.complex64)


class BlockCirculant(LinearOperator):
    """What the circulant operators share; a subclass says its `_depth`."""

    _depth = 0

    def __init__(self, spectrum: Any, input_output_dtype: Any = dt.complex64,
                 is_non_singular: Any = None, is_self_adjoint: Any = None,
                 is_positive_definite: Any = None, is_square: Any = True,
                 name: str | None = None) -> None:
        name = name or type(self).__name__
        if is_square is False:
            raise ValueError(located("is_square=False cannot be: a circulant operator is square"))
        with name_scope(name, values=[spectrum]):
            self._spectrum = tensor_of(spectrum, "spectrum", self._depth)
            super().__init__(
                as_dtype(input_output_dtype), [self._spectrum], is_non_singular=is_non_singular,
                is_self_adjoint=hints.real_diagonal(self._spectrum.dtype, is_self_adjoint),
                is_positive_definite=is_positive_definite, is_square=True, name=name)

    @property
    def block_depth(self) -> int:
        """How many dimensions a block has: 1, 2 or 3."""
        return self._depth

    @property
    def block_shape(self) -> TensorShape:
        """The static shape of a block: the last dimensions of the spectrum's."""
        return self._spectrum.shape[-self._depth:]

    def block_shape_tensor(self) -> Any:
        """The shape of a block as a 1-D tensor."""
        return shape(self._spectrum)[-self._depth:]

    @property
    def spectrum(self) -> Any:
        """The eigenvalues, [...] followed by the shape of a block."""
        return self._spectrum

    def convolution_kernel(self, name: str = "convolution_kernel") -> Any:
        """The convolution's kernel, of the spectrum's shape; `name` is that of the scope."""
        with self._name_scope(name):
            return cast(_IFFT[self._depth](to_complex(self._spectrum)), self.dtype)

    def assert_hermitian_spectrum(self, name: str = "assert_hermitian_spectrum") -> Any:
        """An operation that raises when it runs if the convolution's kernel is not real.

        `name` is that of the scope.
        """
        with self._name_scope(name):
            part = absolute(imag(_IFFT[self._depth](to_complex(self._spectrum))))
            most = (np.finfo(part.dtype.as_numpy_dtype).eps
                    * cast(self.domain_dimension_tensor(), part.dtype))
            return assert_less(part, most, message="Spectrum was not Hermitian")

    def _shape(self) -> TensorShape:
        n = self.block_shape.num_elements()
        return self._spectrum.shape[:-self._depth].concatenate([n, n])

    def _shape_tensor(self) -> Any:
        n = reduce_prod(self.block_shape_tensor(), keepdims=True)
        return joined(shape(self._spectrum)[:-self._depth], n, n)

    def _assert_non_singular(self) -> Any:
        return assert_no_zeros(self._spectrum,
                               "Singular operator:  Spectrum contained zero values.")

    def _assert_positive_definite(self) -> Any:
        return assert_positive(real(self._spectrum), message="Not positive definite:  Real part of "
                               "spectrum was not all positive.")

    def _assert_self_adjoint(self) -> Any:
        return assert_real(self._spectrum, "Not self-adjoint:  The spectrum contained non-zero "
                           "imaginary part.")

    def _filtered(self, x: Any, change: Any, adjoint: bool) -> Any:
        """Columns of x [..., N, R], changed as blocks of frequencies."""
        spectrum = to_complex(self._spectrum)
        spectrum = expand_dims(conj(spectrum) if adjoint else spectrum, -self._depth - 1)
        rows = matrix_transpose(cast(x, spectrum.dtype))
        block = self.block_shape
        sizes = joined(batch_sizes(rows), _columns(x),
                       block.as_list() if block.is_fully_defined() else self.block_shape_tensor())
        blocks = _IFFT[self._depth](change(_FFT[self._depth](reshape(rows, sizes)), spectrum))
        n, leading = block.num_elements(), blocks.shape[:-self._depth]
        flat = joined(leading.as_list() if leading.is_fully_defined()
                      else shape(blocks)[:-self._depth],
                      [self.domain_dimension_tensor() if n is None else n])
        return cast(matrix_transpose(reshape(blocks, flat)), self.dtype)

    def _matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        return self._filtered(adjoint_of(x) if adjoint_arg else x, lambda f, s: f * s, adjoint)

    def _solve(self, rhs: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Any:
        return self._filtered(adjoint_of(rhs) if adjoint_arg else rhs, lambda f, s: f / s, adjoint)

    def _block_axes(self) -> list[int]:
        return list(range(-self._depth, 0))

    def _determinant(self) -> Any:
        return cast(reduce_prod(self._spectrum, axis=self._block_axes()), self.dtype)

    def _log_abs_determinant(self) -> Any:
        return cast(reduce_sum(log(absolute(self._spectrum)), axis=self._block_axes()), self.dtype)

    def _trace(self) -> Any:
        part = reduce_sum(real(self._spectrum), axis=self._block_axes())
        if not self.dtype.is_complex:
            return cast(part, self.dtype)
        other = (zeros_like(part) if self.is_self_adjoint
                 else reduce_sum(imag(self._spectrum), axis=self._block_axes()))
        return cast(complex_of(part, other), self.dtype)

    def _diag_part(self) -> Any:
        n = self.domain_dimension.value
        each = self.trace() / cast(self.domain_dimension_tensor(), self.dtype)
        return expand_dims(each, -1) * ones(
            [self.domain_dimension_tensor() if n is None else n], self.dtype)

    def _with_spectrum(self, spectrum: Any) -> LinearOperator:
        return type(self)(spectrum, self.dtype, **hints.of(self))

    def _adjoint_operator(self) -> LinearOperator:
        return self._with_spectrum(conj(self._spectrum))

    def _inverse_operator(self) -> LinearOperator:
        return self._with_spectrum(1.0 / self._spectrum)


def _columns(x: Any) -> Any:
    columns = x.shape[-1].value
    return shape(x)[-1:] if columns is None else [columns]


class LinearOperatorCirculant(BlockCirculant):
    """Circulant matrices: each column is the one before, moved on by one.

    Args:
        spectrum: tensor [..., N], real or complex: the eigenvalues, the Fourier transform of the
            first column.
        input_output_dtype: dtype of what it is applied to; a real one takes the real part.
        is_non_singular: whether no eigenvalue is 0; None if nobody knows.
        is_self_adjoint: whether the eigenvalues are real; True for a real dtype.
        is_positive_definite: whether their real parts are positive.
        is_square: must not be False.
        name: prefix of its nodes.

    Raises:
        ValueError: a hint that cannot be, or `spectrum` is a scalar.

    Example:
        >>> import flowgraph as fg
        >>> operator = fg.linalg.LinearOperatorCirculant([6.0, 0.0, 0.0], fg.float32)
        >>> fg.Session().run(operator.matvec([1.0, 2.0, 3.0]))
        array([12., 12., 12.], dtype=float32)
    """

    _depth = 1

    def __init__(self, spectrum: Any, input_output_dtype: Any = dt.complex64,
                 is_non_singular: Any = None, is_self_adjoint: Any = None,
                 is_positive_definite: Any = None, is_square: Any = True,
                 name: str = "LinearOperatorCirculant") -> None:
        super().__init__(spectrum, input_output_dtype, is_non_singular, is_self_adjoint,
                         is_positive_definite, is_square, name)


class LinearOperatorCirculant2D(BlockCirculant):
    """Block circulant matrices: convolutions of pictures whose edges meet.

    Args:
        spectrum: tensor [..., N0, N1], real or complex: the eigenvalues, the Fourier transform of
            the convolution's kernel.
        input_output_dtype: dtype of what it is applied to; a real one takes the real part.
        is_non_singular: whether no eigenvalue is 0; None if nobody knows.
        is_self_adjoint: whether the eigenvalues are real; True for a real dtype.
        is_positive_definite: whether their real parts are positive.
        is_square: must not be False.
        name: prefix of its nodes.

    Raises:
        ValueError: a hint that cannot be, or `spectrum` has a rank below 2.

    Example:
        >>> import flowgraph as fg
        >>> operator = fg.linalg.LinearOperatorCirculant2D([[8.0, 0.0], [0.0, 0.0]], fg.float32)
        >>> fg.Session().run(operator.matvec([1.0, 2.0, 3.0, 4.0]))
        array([20., 20., 20., 20.], dtype=float32)
    """

    _depth = 2

    def __init__(self, spectrum: Any, input_output_dtype: Any = dt.complex64,
                 is_non_singular: Any = None, is_self_adjoint: Any = None,
                 is_positive_definite: Any = None, is_square: Any = True,
                 name: str = "LinearOperatorCirculant2D") -> None:
        super().__init__(spectrum, input_output_dtype, is_non_singular, is_self_adjoint,
                         is_positive_definite, is_square, name)


class LinearOperatorCirculant3D(BlockCirculant):
    """Nested block circulant matrices: convolutions of volumes whose sides meet.

    Args:
        spectrum: tensor [..., N0, N1, N2], real or complex: the eigenvalues, the Fourier transform
            of the convolution's kernel.
        input_output_dtype: dtype of what it is applied to; a real one takes the real part.
        is_non_singular: whether no eigenvalue is 0; None if nobody knows.
        is_self_adjoint: whether the eigenvalues are real; True for a real dtype.
        is_positive_definite: whether their real parts are positive.
        is_square: must not be False.
        name: prefix of its nodes.

    Raises:
        ValueError: a hint that cannot be, or `spectrum` has a rank below 3.

    Example:
        >>> import flowgraph as fg
        >>> operator = fg.linalg.LinearOperatorCirculant3D(fg.fill([2, 1, 2], 3.0), fg.float32)
        >>> fg.Session().run(operator.matvec([1.0, 2.0, 3.0, 4.0]))
        array([ 3.,  6.,  9., 12.], dtype=float32)
    """

    _depth = 3

    def __init__(self, spectrum: Any, input_output_dtype: Any = dt.complex64,
                 is_non_singular: Any = None, is_self_adjoint: Any = None,
                 is_positive_definite: Any = None, is_square: Any = True,
                 name: str = "LinearOperatorCirculant3D") -> None:
        super().__init__(spectrum, input_output_dtype, is_non_singular, is_self_adjoint,
                         is_positive_definite, is_square, name)
