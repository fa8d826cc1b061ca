"""Layers that make one tensor of several: sums, products, concatenation."""

from __future__ import annotations

from functools import reduce
from typing import Any

from flowgraph.core.frames import located
from flowgraph.keras.layer import Layer
from flowgraph.ops import arithmetic
from flowgraph.ops.join import concat
from flowgraph.ops.l2_loss import l2_normalize
from flowgraph.ops.matmul import matmul
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.reshape import expand_dims, transpose


class _Merge(Layer):
    """Combines the tensors of a list, element by element; they broadcast."""

    supports_masking = True

    def call(self, inputs: Any) -> Any:
        """Computes the outputs."""
        if not isinstance(inputs, (list, tuple)) or len(inputs) < 2:
            raise ValueError(located("A merge layer should be called on a list of at least 2 "
                                     f"inputs, not {inputs!r:.100}"))
        return self._merged(_of_one_rank(inputs))

    def _merged(self, inputs: Any) -> Any:
        raise NotImplementedError

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """True where all inputs count."""
        masks = [m for m in mask or [] if m is not None]
        return reduce(lambda a, b: a & b, masks) if masks else None


def _of_one_rank(inputs: Any) -> list[Any]:
    """The inputs, those of lower rank with axes put in after the batch."""
    ranks = [x.shape.ndims for x in inputs]
    if None in ranks:
        return list(inputs)
    grown = []
    for x, rank in zip(inputs, ranks, strict=True):
        for _ in range(max(ranks) - rank):
            x = expand_dims(x, 1)
        grown.append(x)
    return grown


class Add(_Merge):
    """The sum of its inputs.

    Args:
        trainable, name, dtype, dynamic, kwargs: as for `tf.keras.layers.Layer`.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.keras.layers.Add()([fg.ones([2]), fg.ones([2])])))
        [2. 2.]
    """

    def _merged(self, inputs: Any) -> Any:
        return reduce(lambda a, b: a + b, inputs)


class Subtract(_Merge):
    """The difference of its two inputs.

    Args:
        trainable, name, dtype, dynamic, kwargs: as for `tf.keras.layers.Layer`.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.keras.layers.Subtract()([fg.ones([2]), fg.ones([2])])))
        [0. 0.]
    """

    def _merged(self, inputs: Any) -> Any:
        if len(inputs) != 2:
            raise ValueError(located("A `Subtract` layer should be called on exactly 2 inputs"))
        return inputs[0] - inputs[1]


class Multiply(_Merge):
    """The product of its inputs.

    Args:
        trainable, name, dtype, dynamic, kwargs: as for `tf.keras.layers.Layer`.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.keras.layers.Multiply()([fg.ones([2]), 3 * fg.ones([2])])))
        [3. 3.]
    """

    def _merged(self, inputs: Any) -> Any:
        return reduce(lambda a, b: a * b, inputs)


class Average(_Merge):
    """The mean of its inputs.

    Args:
        trainable, name, dtype, dynamic, kwargs: as for `tf.keras.layers.Layer`.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.keras.layers.Average()([fg.ones([2]), 3 * fg.ones([2])])))
        [2. 2.]
    """

    def _merged(self, inputs: Any) -> Any:
        return reduce(lambda a, b: a + b, inputs) / len(inputs)


class Maximum(_Merge):
    """The larger of its inputs.

    Args:
        trainable, name, dtype, dynamic, kwargs: as for `tf.keras.layers.Layer`.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.keras.layers.Maximum()([fg.ones([2]), 3 * fg.ones([2])])))
        [3. 3.]
    """

    def _merged(self, inputs: Any) -> Any:
        return reduce(arithmetic.maximum, inputs)


class Minimum(_Merge):
    """The smaller of its inputs.

    Args:
        trainable, name, dtype, dynamic, kwargs: as for `tf.keras.layers.Layer`.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.keras.layers.Minimum()([fg.ones([2]), 3 * fg.ones([2])])))
        [1. 1.]
    """

    def _merged(self, inputs: Any) -> Any:
        return reduce(arithmetic.minimum, inputs)


class Concatenate(_Merge):
    """Its inputs one after the other.

    Args:
        axis: along which axis.
        kwargs: `name`.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.layers.Concatenate()([fg.ones([2, 1]), fg.ones([2, 3])]).shape.as_list()
        [2, 4]
    """

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, inputs: Any) -> Any:
        """Computes the outputs."""
        if not isinstance(inputs, (list, tuple)) or len(inputs) < 2:
            raise ValueError(located("A `Concatenate` layer should be called on a list of at least "
                                     "2 inputs"))
        return concat(list(inputs), self.axis)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """None."""
        return None


class Dot(_Merge):
    """The products of its two inputs over an axis, batch by batch.

    Args:
        axes: the axis, or one for each input; counted with the batch.
        normalize: whether to scale to length 1 along the axes first.
        kwargs: `name`.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.keras.layers.Dot(1)([fg.ones([2, 3]), fg.ones([2, 3])])))
        [[3.]
         [3.]]
    """

    def __init__(self, axes: Any, normalize: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axes, self.normalize = axes, normalize

    def call(self, inputs: Any) -> Any:
        """Computes the outputs."""
        x, y = inputs
        axes = [self.axes] * 2 if isinstance(self.axes, int) else list(self.axes)
        axes = [axis % tensor.shape.ndims for axis, tensor in zip(axes, (x, y), strict=True)]
        if self.normalize:
            x, y = l2_normalize(x, axes[0]), l2_normalize(y, axes[1])
        if x.shape.ndims == y.shape.ndims == 2:
            return expand_dims(reduce_sum(x * y, 1), 1)
        if x.shape.ndims == 3 and y.shape.ndims == 3:
            return matmul(x, y, transpose_a=axes[0] == 1, transpose_b=axes[1] == 2)
        if y.shape.ndims == 2:
            x = x if axes[0] == x.shape.ndims - 1 else transpose(x, [0, 2, 1])
            return reduce_sum(x * expand_dims(y, 1), -1)
        y = y if axes[1] == y.shape.ndims - 1 else transpose(y, [0, 2, 1])
        return reduce_sum(y * expand_dims(x, 1), -1)


def add(inputs: Any, **kwargs: Any) -> Any:
    """The sum of tensors.

    Args:
        inputs: list of two or more.
        kwargs: `name` of the layer.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.keras.layers.add([fg.ones([2]), fg.ones([2])])))
        [2. 2.]
    """
    return Add(**kwargs)(inputs)


def subtract(inputs: Any, **kwargs: Any) -> Any:
    """The difference of two tensors.

    Args:
        inputs: list of two.
        kwargs: `name` of the layer.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.keras.layers.subtract([fg.ones([2]), fg.ones([2])])))
        [0. 0.]
    """
    return Subtract(**kwargs)(inputs)


def multiply(inputs: Any, **kwargs: Any) -> Any:
    """The product of tensors.

    Args:
        inputs: list of two or more.
        kwargs: `name` of the layer.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.keras.layers.multiply([fg.ones([2]), fg.ones([2])])))
        [1. 1.]
    """
    return Multiply(**kwargs)(inputs)


def average(inputs: Any, **kwargs: Any) -> Any:
    """The mean of tensors.

    Args:
        inputs: list of two or more.
        kwargs: `name` of the layer.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.keras.layers.average([fg.ones([2]), fg.zeros([2])])))
        [0.5 0.5]
    """
    return Average(**kwargs)(inputs)


def maximum(inputs: Any, **kwargs: Any) -> Any:
    """The larger of tensors.

    Args:
        inputs: list of two or more.
        kwargs: `name` of the layer.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.keras.layers.maximum([fg.ones([2]), fg.zeros([2])])))
        [1. 1.]
    """
    return Maximum(**kwargs)(inputs)


def minimum(inputs: Any, **kwargs: Any) -> Any:
    """The smaller of tensors.

    Args:
        inputs: list of two or more.
        kwargs: `name` of the layer.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.keras.layers.minimum([fg.ones([2]), fg.zeros([2])])))
        [0. 0.]
    """
    return Minimum(**kwargs)(inputs)


def concatenate(inputs: Any, axis: int = -1, **kwargs: Any) -> Any:
    """Tensors one after the other.

    Args:
        inputs: list of two or more.
        axis: along which axis.
        kwargs: `name` of the layer.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.layers.concatenate([fg.ones([2, 1]), fg.ones([2, 3])]).shape.as_list()
        [2, 4]
    """
    return Concatenate(axis, **kwargs)(inputs)


def dot(inputs: Any, axes: Any, normalize: bool = False, **kwargs: Any) -> Any:
    """The products of two tensors over an axis, batch by batch.

    Args:
        inputs: list of two.
        axes: the axis, or one for each; counted with the batch.
        normalize: whether to scale to length 1 along the axes first.
        kwargs: `name` of the layer.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.layers.dot([fg.ones([2, 3]), fg.ones([2, 3])], 1).shape.as_list()
        [2, 1]
    """
    return Dot(axes, normalize, **kwargs)(inputs)
