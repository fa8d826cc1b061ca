"""Dense, Activation, Lambda, Input, and the layers that drop or disturb."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.core.dtypes import as_dtype
from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape
from flowgraph.keras import activations
from flowgraph.keras.backend import floatx, learning_phase, placeholder
from flowgraph.keras.graph_state import LayerCall, state_of
from flowgraph.keras.layer import Layer
from flowgraph.layers import core
from flowgraph.layers.smart_cond import smart_cond
from flowgraph.ops.cast import cast
from flowgraph.ops.compare import not_equal
from flowgraph.ops.identity import identity
from flowgraph.ops.random_ops import random_normal, random_uniform
from flowgraph.ops.reduce import reduce_any, reduce_sum
from flowgraph.ops.shape import shape as shape_of
from flowgraph.ops.unary import abs as abs_
from flowgraph.ops.unary import square


class Dense(core.Dense, Layer):
    """A fully connected layer: `activation(inputs . kernel + bias)`.

    Args:
        units, activation, use_bias, kernel_initializer, bias_initializer, kernel_regularizer,
            bias_regularizer, activity_regularizer, kernel_constraint, bias_constraint, trainable,
            name: as for `tf.layers.Dense`; activations, initializers, regularizers and constraints
            also by name.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     layer = fg.keras.layers.Dense(2, activation="relu")
        ...     print(layer(fg.ones([4, 3])), layer.kernel.name)
        Tensor("dense/Relu:0", shape=(4, 2), dtype=float32) dense/kernel:0
    """


class Dropout(core.Dropout, Layer):
    """In training, drops a fraction of the inputs and scales the others up.

    Args:
        rate: the fraction that is dropped, from 0 up to but not including 1.
        noise_shape: shape of the random decisions; None for that of the inputs.
        seed: int, for the same decisions in every session.
        name: name of the layer.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.keras.layers.Dropout(0.5, seed=1)(fg.ones([4]), True)))
        [0. 2. 0. 0.]
    """

    supports_masking = True

    def call(self, inputs: Any, training: Any = None) -> Any:
        """Computes the outputs: the inputs unless `training`, default the learning phase."""
        return super().call(inputs, learning_phase() if training is None else training)


class _SpatialDropout(Dropout):
    """Drops whole channels."""

    rank = 1

    def __init__(self, rate: float, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(rate, **kwargs)
        self.data_format = data_format or "channels_last"

    def _noise_shape_for(self, inputs: Any) -> Any:
        sizes = shape_of(inputs)
        if self.data_format == "channels_first":
            return [sizes[0], sizes[1], *[1] * self.rank]
        return [sizes[0], *[1] * self.rank, sizes[self.rank + 1]]


class SpatialDropout1D(_SpatialDropout):
    """In training, drops whole channels of series.

    Args:
        rate: the fraction that is dropped.
        kwargs: `name`.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.layers.SpatialDropout1D(0.5)(fg.ones([2, 3, 4])).shape.as_list()
        [2, 3, 4]
    """

    def __init__(self, rate: float, **kwargs: Any) -> None:
        super().__init__(rate, **kwargs)


class SpatialDropout2D(_SpatialDropout):
    """In training, drops whole channels of images.

    Args:
        rate: the fraction that is dropped.
        data_format: "channels_last" or "channels_first".
        kwargs: `name`.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.layers.SpatialDropout2D(0.5)(fg.ones([2, 3, 3, 4])).shape.as_list()
        [2, 3, 3, 4]
    """

    rank = 2


class SpatialDropout3D(_SpatialDropout):
    """In training, drops whole channels of volumes.

    Args:
        rate: the fraction that is dropped.
        data_format: "channels_last" or "channels_first".
        kwargs: `name`.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.layers.SpatialDropout3D(0.5)(fg.ones([2, 3, 3, 3, 4])).shape.as_list()
        [2, 3, 3, 3, 4]
    """

    rank = 3


class _Noise(Layer):
    """Disturbs its inputs in training."""

    supports_masking = True

    def call(self, inputs: Any, training: Any = None) -> Any:
        """Computes the outputs: the inputs unless `training`, default the learning phase."""
        return smart_cond(learning_phase() if training is None else training,
                          lambda: self._disturbed(inputs), lambda: identity(inputs))

    def _disturbed(self, inputs: Any) -> Any:
        raise NotImplementedError

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """The inputs' shape."""
        return TensorShape(input_shape)


class GaussianNoise(_Noise):
    """In training, adds normal noise.

    Args:
        stddev: standard deviation of the noise.
        kwargs: `name`.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.keras.layers.GaussianNoise(1.0)(fg.ones([2]))))
        [1. 1.]
    """

    def __init__(self, stddev: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.stddev = stddev

    def _disturbed(self, inputs: Any) -> Any:
        return inputs + random_normal(shape_of(inputs), 0.0, self.stddev, inputs.dtype)


class GaussianDropout(_Noise):
    """In training, multiplies by normal noise about 1.

    Args:
        rate: the noise has the standard deviation `sqrt(rate / (1 - rate))`, as dropout has.
        kwargs: `name`.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.keras.layers.GaussianDropout(0.5)(fg.ones([2]))))
        [1. 1.]
    """

    def __init__(self, rate: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate = rate

    def _disturbed(self, inputs: Any) -> Any:
        stddev = float(np.sqrt(self.rate / (1.0 - self.rate)))
        return inputs * random_normal(shape_of(inputs), 1.0, stddev, inputs.dtype)


class AlphaDropout(_Noise):
    """In training, drops to the lowest value of `selu`, and keeps mean and variance.

    Args:
        rate: the fraction that is dropped.
        noise_shape: shape of the random decisions; None for that of the inputs.
        seed: int, for the same decisions in every session.
        kwargs: `name`.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.keras.layers.AlphaDropout(0.5)(fg.ones([2]))))
        [1. 1.]
    """

    def __init__(self, rate: float, noise_shape: Any = None, seed: int | None = None,
                 **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate, self.noise_shape, self.seed = rate, noise_shape, seed

    def _disturbed(self, inputs: Any) -> Any:
        lowest = -1.6732632423543772 * 1.0507009873554805
        shape = shape_of(inputs) if self.noise_shape is None else self.noise_shape
        kept = cast(random_uniform(shape, seed=self.seed, dtype=inputs.dtype) >= self.rate,
                    inputs.dtype)
        scale = ((1 - self.rate) * (1 + self.rate * lowest ** 2)) ** -0.5
        return scale * (inputs * kept + lowest * (1 - kept)) - scale * lowest * self.rate


class Activation(Layer):
    """Applies an activation.

    Args:
        activation: a function, or its name.
        kwargs: `name`.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.keras.layers.Activation("relu")(fg.constant([-1.0, 2.0]))))
        [0. 2.]
    """

    supports_masking = True

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation = activations.get(activation)

    def call(self, inputs: Any) -> Any:
        """Computes the outputs."""
        return self.activation(inputs)

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """The inputs' shape."""
        return TensorShape(input_shape)


class ActivityRegularization(Layer):
    """Passes its inputs on, and adds a loss for their size.

    Args:
        l1: weight of the absolute values.
        l2: weight of the squares.
        kwargs: `name`.

    Example:
        >>> import flowgraph as fg
        >>> layer = fg.keras.layers.ActivityRegularization(l2=0.5)
        >>> _ = layer(fg.constant([[1.0, 2.0]]))
        >>> fg.Session().run(layer.losses)
        [np.float32(2.5)]
    """

    supports_masking = True

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **kwargs: Any) -> None:
        super().__init__(activity_regularizer=lambda x: l1 * reduce_sum(abs_(x))
                         + l2 * reduce_sum(square(x)), **kwargs)
        self.l1, self.l2 = l1, l2


class Lambda(Layer):
    """Applies a function.

    Args:
        function: takes the inputs, returns the outputs.
        output_shape: accepted; the graph tells it.
        mask: function from inputs and mask to the outputs' mask, or None.
        arguments: dict of further arguments for the function.
        kwargs: `name`.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.keras.layers.Lambda(lambda x: 2 * x)(fg.ones([2]))))
        [2. 2.]
    """

    def __init__(self, function: Any, output_shape: Any = None, mask: Any = None,
                 arguments: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.function, self.arguments, self.mask = function, arguments or {}, mask

    def call(self, inputs: Any, mask: Any = None, training: Any = None) -> Any:
        """Computes the outputs."""
        import inspect
        takes = inspect.signature(self.function).parameters
        given = {key: value for key, value in (("mask", mask), ("training", training))
                 if key in takes and key not in self.arguments}
        return self.function(inputs, **given, **self.arguments)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """What `mask` says."""
        return self.mask(inputs, mask) if callable(self.mask) else self.mask


class Masking(Layer):
    """Marks the steps of a series that hold only one value as missing.

    Args:
        mask_value: that value.
        kwargs: `name`.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.constant([[[1.0], [0.0]]])
        >>> print(fg.Session().run(fg.keras.layers.Masking().compute_mask(x)))
        [[ True False]]
    """

    supports_masking = True

    def __init__(self, mask_value: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mask_value = mask_value

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """True for the steps that hold something else."""
        return reduce_any(not_equal(inputs, self.mask_value), axis=-1)

    def call(self, inputs: Any) -> Any:
        """The inputs, 0 at the missing steps."""
        there = reduce_any(not_equal(inputs, self.mask_value), axis=-1, keepdims=True)
        return inputs * cast(there, inputs.dtype)


class InputLayer(Layer):
    """Holds the placeholder that `tf.keras.Input` makes.

    Args:
        input_shape: shape of one element of the batch.
        batch_size: size of the batch, or None.
        dtype: dtype of the inputs; default float32.
        input_tensor: a tensor to use instead of a placeholder.
        sparse: whether it takes SparseTensorValues.
        name: name of the placeholder.
        kwargs: `batch_input_shape`.

    Example:
        >>> import flowgraph as fg
        >>> fg.keras.layers.InputLayer(input_shape=(3,)).placeholder.shape.as_list()
        [None, 3]
    """

    def __init__(self, input_shape: Any = None, batch_size: Any = None, dtype: Any = None,
                 input_tensor: Any = None, sparse: bool = False, name: str | None = None,
                 **kwargs: Any) -> None:
        dtype = dtype or (floatx() if input_tensor is None else input_tensor.dtype)
        super().__init__(dtype=as_dtype(dtype), name=name or self._numbered())
        shape = kwargs.get("batch_input_shape")
        if shape is None and input_shape is not None:
            shape = (batch_size, *input_shape)
        self.placeholder = placeholder(shape, dtype=dtype, sparse=sparse, name=self.name
                                       ) if input_tensor is None else input_tensor
        self.is_placeholder = input_tensor is None
        self._batch_input_shape = shape
        self.built = True
        self._note_call(self.placeholder, self.placeholder)
        if not sparse:
            state_of(self.placeholder.graph).calls[self.placeholder] = LayerCall(
                self, None, (), {}, 0)

    @staticmethod
    def _numbered() -> str:
        from flowgraph.keras.backend import get_uid
        return f"input_{get_uid('input')}"

    def call(self, inputs: Any) -> Any:
        """The inputs."""
        return inputs


def Input(shape: Any = None, batch_size: Any = None, name: str | None = None,
          dtype: Any = None, sparse: bool = False, tensor: Any = None, ragged: bool = False,
          **kwargs: Any) -> Any:
    """Makes the placeholder that a model starts from.

    Args:
        shape: shape of one element of the batch, without the batch.
        batch_size: size of the batch, or None.
        name: name of the placeholder.
        dtype: default float32.
        sparse: whether it takes SparseTensorValues.
        tensor: a tensor to use instead of a placeholder.
        ragged: must be False.
        kwargs: `batch_shape`: the shape with the batch.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     print(fg.keras.Input((3,)))
        Tensor("input_1:0", shape=(?, 3), dtype=float32)
    """
    if ragged:
        raise ValueError(located("flowgraph has no ragged tensors", "Pad to one length."))
    batch_shape = kwargs.pop("batch_shape", kwargs.pop("batch_input_shape", None))
    if kwargs:
        raise ValueError(located(f"Unrecognized keyword arguments: {sorted(kwargs)}"))
    if shape is None and batch_shape is None and tensor is None:
        raise ValueError(located("Please provide to Input either a `shape` or a `tensor` argument. "
                                 "Note that `shape` does not include the batch dimension."))
    shape = (shape,) if isinstance(shape, int) else shape
    return InputLayer(shape, batch_size, dtype, tensor, sparse, name,
                      batch_input_shape=batch_shape).placeholder


class Embedding(Layer):
    """Rows of a table, by their numbers.

    Args:
        input_dim: number of rows.
        output_dim: size of a row.
        embeddings_initializer, embeddings_regularizer, embeddings_constraint: as for a kernel.
        activity_regularizer: function from the outputs to a loss, or None.
        mask_zero: whether the number 0 means that nothing is there.
        input_length: length of the series, where it is fixed.
        kwargs: `name`.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     layer = fg.keras.layers.Embedding(10, 4)
        ...     print(layer(fg.constant([[1, 2]])).shape.as_list(), layer.embeddings.name)
        [1, 2, 4] embedding/embeddings:0
    """

    def __init__(self, input_dim: int, output_dim: int, embeddings_initializer: Any = "uniform",
                 embeddings_regularizer: Any = None, activity_regularizer: Any = None,
                 embeddings_constraint: Any = None, mask_zero: bool = False,
                 input_length: Any = None, **kwargs: Any) -> None:
        if "input_shape" not in kwargs and "batch_input_shape" not in kwargs:
            length = input_length if isinstance(input_length, (list, tuple)) else (input_length,)
            kwargs["input_shape"] = tuple(length)
        super().__init__(dtype=kwargs.pop("dtype", floatx()),
                         activity_regularizer=activity_regularizer, **kwargs)
        self.input_dim, self.output_dim = input_dim, output_dim
        self.embeddings_initializer = embeddings_initializer
        self.embeddings_regularizer = embeddings_regularizer
        self.embeddings_constraint = embeddings_constraint
        self.mask_zero = self.supports_masking = mask_zero
        self.input_length = input_length

    def build(self, input_shape: Any) -> None:
        """Makes `embeddings`."""
        self.embeddings = self.add_weight(
            "embeddings", (self.input_dim, self.output_dim),
            initializer=self.embeddings_initializer, regularizer=self.embeddings_regularizer,
            constraint=self.embeddings_constraint)
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Computes the outputs."""
        from flowgraph.nn.embedding import embedding_lookup
        if inputs.dtype.base_dtype.name not in ("int32", "int64"):
            inputs = cast(inputs, as_dtype("int32"))
        return embedding_lookup(self.embeddings, inputs)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """True where the number is not 0, if 0 means nothing."""
        return not_equal(inputs, 0) if self.mask_zero else None


