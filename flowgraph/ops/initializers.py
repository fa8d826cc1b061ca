"""Initializers: functions from a shape to the tensor a variable starts from.

An initializer is an object called with a shape: `tf.zeros_initializer()([2, 3])`. Those that scale
with the layer's size (Glorot, He, LeCun) are all one rule, `VarianceScaling`: a variance of
`scale / n`, where n is the number of inputs of a unit, of its outputs, or their mean.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.dtypes import DType, as_dtype
from flowgraph.core.frames import located
from flowgraph.core.shapes import as_shape
from flowgraph.core.spec import Spec
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.ops.arithmetic import multiply
from flowgraph.ops.constant import constant, eye, ones, zeros
from flowgraph.ops.index import slice
from flowgraph.ops.random_ops import random_normal, random_uniform, truncated_normal
from flowgraph.ops.reshape import matrix_transpose, reshape

_TRUNCATED_STDDEV = 0.87962566103423978  # of a standard normal cut off at two


class Initializer:
    """Base of all initializers."""

    dtype: DType = dt.float32

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        """The initial value.

        Args:
            shape: list of sizes.
            dtype: its dtype; default the initializer's.
            partition_info: which part of a larger variable is asked for, if it is a part.
        """
        raise NotImplementedError(located(f"{type(self).__name__} has no __call__(shape, dtype)"))

    def get_config(self) -> dict[str, Any]:
        """The arguments it was made with."""
        return {key.lstrip("_"): value.name if isinstance(value, DType) else value
                for key, value in vars(self).items()}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Initializer:
        """The initializer that `get_config` described."""
        return cls(**config)


class Zeros(Initializer):
    """All zeros.

    Args:
        dtype: default dtype of the values.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.zeros_initializer()([2]))
        array([0., 0.], dtype=float32)
    """

    def __init__(self, dtype: Any = dt.float32) -> None:
        self.dtype = as_dtype(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        return zeros(shape, dtype or self.dtype)


class Ones(Initializer):
    """All ones.

    Args:
        dtype: default dtype of the values.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.ones_initializer()([2]))
        array([1., 1.], dtype=float32)
    """

    def __init__(self, dtype: Any = dt.float32) -> None:
        self.dtype = as_dtype(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        return ones(shape, dtype or self.dtype)


class Constant(Initializer):
    """Given values.

    Args:
        value: number, list or array. A list fills the shape in row-major order; the last value is
            repeated when there are too few.
        dtype: default dtype of the values.
        verify_shape: whether the value's shape must be the one asked for.

    Raises:
        TypeError: `value` is something else.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.constant_initializer([1, 2, 3, 4])([2, 2]))
        array([[1., 2.],
               [3., 4.]], dtype=float32)
    """

    def __init__(self, value: Any = 0, dtype: Any = dt.float32, verify_shape: bool = False) -> None:
        if not (np.isscalar(value) or isinstance(value, (list, tuple, np.ndarray))):
            raise TypeError(located(f"Invalid type for initial value: {type(value)} (expected "
                                    "Python scalar, list or tuple of values, or numpy.ndarray)."))
        self.value = value
        self.dtype = as_dtype(dtype)
        self._verify_shape = verify_shape

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None,
                 verify_shape: bool | None = None) -> Tensor:
        verify = self._verify_shape if verify_shape is None else verify_shape
        return constant(self.value, dtype or self.dtype, shape, verify_shape=verify)

    def get_config(self) -> dict[str, Any]:
        return {"value": self.value, "dtype": self.dtype.name}


class RandomUniform(Initializer):
    """Random numbers, all in a range equally likely.

    Args:
        minval: lower bound, included.
        maxval: upper bound, excluded; default 1 for floating dtypes.
        seed: Python int.
        dtype: default dtype of the values.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.Session().run(fg.random_uniform_initializer(2.0, 3.0)([100]))
        >>> bool((x >= 2.0).all() and (x < 3.0).all())
        True
    """

    def __init__(self, minval: Any = 0, maxval: Any = None, seed: int | None = None,
                 dtype: Any = dt.float32) -> None:
        self.minval = minval
        self.maxval = maxval
        self.seed = seed
        self.dtype = as_dtype(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        return random_uniform(shape, self.minval, self.maxval, dtype or self.dtype, seed=self.seed)


class RandomNormal(Initializer):
    """Random numbers of a normal distribution.

    Args:
        mean, stddev: of the distribution.
        seed: Python int.
        dtype: default dtype of the values, a floating one.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.Session().run(fg.random_normal_initializer(5.0, 0.1, seed=1)([1000]))
        >>> round(float(x.mean()), 1), round(float(x.std()), 1)
        (5.0, 0.1)
    """

    def __init__(self, mean: Any = 0.0, stddev: Any = 1.0, seed: int | None = None,
                 dtype: Any = dt.float32) -> None:
        self.mean = mean
        self.stddev = stddev
        self.seed = seed
        self.dtype = _floating(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        return random_normal(shape, self.mean, self.stddev, dtype or self.dtype, seed=self.seed)


class TruncatedNormal(Initializer):
    """Random numbers of a normal distribution, drawn again beyond two standard deviations.

    Args:
        mean, stddev: of the distribution before it is cut off.
        seed: Python int.
        dtype: default dtype of the values, a floating one.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.Session().run(fg.truncated_normal_initializer(stddev=0.25)([100]))
        >>> bool(abs(x).max() <= 0.5)
        True
    """

    def __init__(self, mean: Any = 0.0, stddev: Any = 1.0, seed: int | None = None,
                 dtype: Any = dt.float32) -> None:
        self.mean = mean
        self.stddev = stddev
        self.seed = seed
        self.dtype = _floating(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        return truncated_normal(shape, self.mean, self.stddev, dtype or self.dtype, seed=self.seed)


class UniformUnitScaling(Initializer):
    """Uniform random numbers that keep the scale of a layer's inputs; older than Glorot's rule.

    Args:
        factor: multiplies the range.
        seed: Python int.
        dtype: default dtype of the values, a floating one.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.Session().run(fg.uniform_unit_scaling_initializer()([12, 5]))
        >>> bool(abs(x).max() <= 0.5)
        True
    """

    def __init__(self, factor: float = 1.0, seed: int | None = None,
                 dtype: Any = dt.float32) -> None:
        self.factor = factor
        self.seed = seed
        self.dtype = _floating(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        inputs = max(math.prod(_sizes(_whole(shape, partition_info))[:-1]), 1)
        limit = math.sqrt(3 / inputs) * self.factor
        return random_uniform(shape, -limit, limit, dtype or self.dtype, seed=self.seed)


class VarianceScaling(Initializer):
    """Random numbers whose variance is `scale / n`, with n from the shape.

    Args:
        scale: positive number.
        mode: what n is: "fan_in" (inputs of a unit), "fan_out" (its outputs) or "fan_avg" (mean).
        distribution: "truncated_normal" (also called "normal"), "untruncated_normal" or "uniform".
        seed: Python int.
        dtype: default dtype of the values, a floating one.

    Raises:
        ValueError: an argument is none of these.

    Example:
        >>> import flowgraph as fg
        >>> init = fg.variance_scaling_initializer(2.0, "fan_out", "uniform", seed=1)
        >>> init([3, 4]).shape.as_list()
        [3, 4]
    """

    def __init__(self, scale: float = 1.0, mode: str = "fan_in",
                 distribution: str = "truncated_normal", seed: int | None = None,
                 dtype: Any = dt.float32) -> None:
        if scale <= 0.0:
            raise ValueError(located(f"`scale` must be a positive float, not {scale!r}"))
        if mode not in ("fan_in", "fan_out", "fan_avg"):
            raise ValueError(located("mode must be 'fan_in', 'fan_out' or 'fan_avg', not "
                                     f"{mode!r}"))
        distribution = distribution.lower()
        if distribution not in ("normal", "uniform", "truncated_normal", "untruncated_normal"):
            raise ValueError(located("distribution must be 'truncated_normal', "
                                     f"'untruncated_normal' or 'uniform', not {distribution!r}"))
        self.scale = scale
        self.mode = mode
        self.distribution = distribution
        self.seed = seed
        self.dtype = _floating(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        dtype = dtype or self.dtype
        fan_in, fan_out = fans(_sizes(_whole(shape, partition_info)))
        n = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        variance = self.scale / max(1.0, n)
        if self.distribution == "uniform":
            limit = math.sqrt(3.0 * variance)
            return random_uniform(shape, -limit, limit, dtype, seed=self.seed)
        if self.distribution == "untruncated_normal":
            return random_normal(shape, 0.0, math.sqrt(variance), dtype, seed=self.seed)
        return truncated_normal(shape, 0.0, math.sqrt(variance) / _TRUNCATED_STDDEV, dtype,
                                seed=self.seed)


class GlorotUniform(VarianceScaling):
    """Glorot's (Xavier's) rule, uniform: variance 2 / (inputs + outputs). The default one.

    Args:
        seed: Python int.
        dtype: default dtype of the values, a floating one.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.Session().run(fg.glorot_uniform_initializer()([12, 12]))
        >>> bool(abs(x).max() <= 0.5)
        True
    """

    def __init__(self, seed: int | None = None, dtype: Any = dt.float32) -> None:
        super().__init__(1.0, "fan_avg", "uniform", seed, dtype)

    def get_config(self) -> dict[str, Any]:
        return {"seed": self.seed, "dtype": self.dtype.name}


class GlorotNormal(VarianceScaling):
    """Glorot's (Xavier's) rule, truncated normal: variance 2 / (inputs + outputs).

    Args:
        seed: Python int.
        dtype: default dtype of the values, a floating one.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.Session().run(fg.glorot_normal_initializer(seed=1)([100, 100]))
        >>> round(float(x.std()), 2)
        0.1
    """

    def __init__(self, seed: int | None = None, dtype: Any = dt.float32) -> None:
        super().__init__(1.0, "fan_avg", "truncated_normal", seed, dtype)

    def get_config(self) -> dict[str, Any]:
        return {"seed": self.seed, "dtype": self.dtype.name}


class Orthogonal(Initializer):
    """A random orthogonal matrix; of a longer shape, all axes but the last are the rows.

    Args:
        gain: factor.
        seed: Python int.
        dtype: default dtype of the values, a floating one.

    Raises:
        ValueError: the shape asked for has fewer than two axes.

    Example:
        >>> import flowgraph as fg
        >>> q = fg.Session().run(fg.orthogonal_initializer(seed=1)([2, 2]))
        >>> abs(q.T @ q).round(3)
        array([[1., 0.],
               [0., 1.]], dtype=float32)
    """

    def __init__(self, gain: float = 1.0, seed: int | None = None, dtype: Any = dt.float32) -> None:
        self.gain = gain
        self.seed = seed
        self.dtype = _floating(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        sizes = _sizes(shape)
        if len(sizes) < 2:
            raise ValueError(located("The tensor to initialize must be at least two-dimensional"))
        rows, columns = math.prod(sizes[:-1]), sizes[-1]
        normal = random_normal([max(rows, columns), min(rows, columns)],
                               dtype=dtype or self.dtype, seed=self.seed)
        q = OrthogonalFactor.build(normal)
        if rows < columns:
            q = matrix_transpose(q)
        return multiply(self.gain, reshape(q, sizes))


class OrthogonalFactor(OpDef):
    """Q of x = QR, with the signs for which R has a positive diagonal."""

    T = dt.FLOAT
    grad = NotDifferentiable

    def infer(self, x):
        return Spec(x.dtype, x.shape)

    def kernel(self, xp, x):
        wide = x.astype(xp.float32) if x.dtype.itemsize < 4 else x  # no QR of half floats
        q, r = xp.linalg.qr(wide)
        return (q * xp.sign(xp.diagonal(r))).astype(x.dtype)


class Identity(Initializer):
    """The identity matrix.

    Args:
        gain: factor.
        dtype: default dtype of the values.

    Raises:
        ValueError: the shape asked for is not that of a matrix.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.initializers.identity(2.0)([2, 2]))
        array([[2., 0.],
               [0., 2.]], dtype=float32)
    """

    def __init__(self, gain: float = 1.0, dtype: Any = dt.float32) -> None:
        self.gain = gain
        self.dtype = _floating(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        sizes = _sizes(_whole(shape, partition_info))
        if len(sizes) != 2:
            raise ValueError(located("Identity matrix initializer can only be used for 2D "
                                     "matrices."))
        matrix = eye(*sizes, dtype=dtype or self.dtype)
        if partition_info is not None:
            matrix = slice(matrix, partition_info.var_offset, shape)
        return matrix if self.gain == 1.0 else multiply(self.gain, matrix)


def he_normal(seed: int | None = None) -> Initializer:
    """He's rule, truncated normal: variance 2 / inputs, for layers followed by a ReLU.

    Args:
        seed: Python int.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.Session().run(fg.initializers.he_normal(seed=1)([200, 50]))
        >>> round(float(x.std()), 2)
        0.1
    """
    return VarianceScaling(2.0, "fan_in", "truncated_normal", seed)


def he_uniform(seed: int | None = None) -> Initializer:
    """He's rule, uniform: variance 2 / inputs, for layers followed by a ReLU.

    Args:
        seed: Python int.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.Session().run(fg.initializers.he_uniform()([24, 5]))
        >>> bool(abs(x).max() <= 0.5)
        True
    """
    return VarianceScaling(2.0, "fan_in", "uniform", seed)


def lecun_normal(seed: int | None = None) -> Initializer:
    """LeCun's rule, truncated normal: variance 1 / inputs.

    Args:
        seed: Python int.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.Session().run(fg.initializers.lecun_normal(seed=1)([100, 50]))
        >>> round(float(x.std()), 2)
        0.1
    """
    return VarianceScaling(1.0, "fan_in", "truncated_normal", seed)


def lecun_uniform(seed: int | None = None) -> Initializer:
    """LeCun's rule, uniform: variance 1 / inputs.

    Args:
        seed: Python int.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.Session().run(fg.initializers.lecun_uniform()([12, 5]))
        >>> bool(abs(x).max() <= 0.5)
        True
    """
    return VarianceScaling(1.0, "fan_in", "uniform", seed)


def _whole(shape: Any, partition_info: Any) -> Any:
    """The shape of the whole variable, where `shape` is that of a part."""
    return shape if partition_info is None else partition_info.full_shape


def fans(shape: tuple[int, ...]) -> tuple[float, float]:
    """The numbers of inputs and outputs of a unit of a layer whose weights have this shape.

    Example:
        >>> from flowgraph.ops.initializers import fans
        >>> fans((3, 3, 16, 32))
        (144, 288)
    """
    if not shape:
        return 1, 1
    if len(shape) == 1:
        return shape[0], shape[0]
    window = math.prod(shape[:-2])
    return shape[-2] * window, shape[-1] * window


def _sizes(shape: Any) -> tuple[int, ...]:
    sizes = as_shape(shape)
    if sizes is None or None in sizes:
        raise ValueError(located(f"an initializer needs a full shape, got {shape!r}"))
    return sizes  # type: ignore[return-value]


def _floating(dtype: Any) -> DType:
    dtype = as_dtype(dtype)
    if not dtype.is_floating:
        raise ValueError(located(f"Expected floating point type, got {dtype.name}."))
    return dtype
