"""Dense, Dropout and Flatten, as classes and as functions."""

from __future__ import annotations

import math
from typing import Any

from flowgraph.core.dtypes import as_dtype, float32
from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape
from flowgraph.layers.base import Layer
from flowgraph.layers.input_spec import InputSpec
from flowgraph.layers.named import ZEROS, activation_called, initializer_called
from flowgraph.layers.smart_cond import smart_cond
from flowgraph.layers.windows import data_format_of
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.bias import bias_add
from flowgraph.ops.cast import cast
from flowgraph.ops.dropout import dropout as dropped
from flowgraph.ops.identity import identity
from flowgraph.ops.matmul import MatMul
from flowgraph.ops.reshape import reshape, transpose
from flowgraph.ops.shape import shape as shape_of
from flowgraph.ops.sparse_matmul import sparse_tensor_dense_matmul
from flowgraph.ops.sparse_tensor import SparseTensor
from flowgraph.ops.tensordot import tensordot


class Dense(Layer):
    """A fully connected layer: `activation(inputs . kernel + bias)`.

    Args:
        units: size of the outputs' last axis.
        activation: function applied to the outputs, or its name as "relu"; None for none.
        use_bias: whether a bias is added.
        kernel_initializer, bias_initializer: first values; None for the scope's default.
        kernel_regularizer, bias_regularizer: function from the variable to a loss, or None.
        activity_regularizer: function from the outputs to a loss, or None.
        kernel_constraint, bias_constraint: function from a trained value to the one to keep.
        trainable: whether the variables are trained.
        name: name of the layer.

    Example:
        >>> import flowgraph as fg
        >>> layer = fg.layers.Dense(2, activation=fg.nn.relu)
        >>> y, z = layer(fg.ones([4, 3])), layer(fg.ones([1, 3]))
        >>> y.shape, layer.kernel
        (TensorShape([Dimension(4), Dimension(2)]), \
<tf.Variable 'dense/kernel:0' shape=(3, 2) dtype=float32_ref>)
    """

    def __init__(self, units: int, activation: Any = None, use_bias: bool = True,
                 kernel_initializer: Any = None, bias_initializer: Any = ZEROS,
                 kernel_regularizer: Any = None, bias_regularizer: Any = None,
                 activity_regularizer: Any = None, kernel_constraint: Any = None,
                 bias_constraint: Any = None, trainable: bool = True, name: Any = None,
                 **kwargs: Any) -> None:
        super().__init__(trainable=trainable, name=name, activity_regularizer=activity_regularizer,
                         **kwargs)
        self.units = int(units)
        self.activation = activation_called(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializer_called(kernel_initializer)
        self.bias_initializer = initializer_called(bias_initializer)
        self.kernel_regularizer, self.bias_regularizer = kernel_regularizer, bias_regularizer
        self.kernel_constraint, self.bias_constraint = kernel_constraint, bias_constraint
        self.bias: Any = None
        self.input_spec = InputSpec(min_ndim=2)

    def build(self, input_shape: Any) -> None:
        """Makes `kernel` and `bias`."""
        dtype = as_dtype(self.dtype or float32)
        if not (dtype.is_floating or dtype.is_complex):
            raise TypeError(located("Unable to build `Dense` layer with non-floating point dtype "
                                    f"{dtype.name}", "Write tf.cast(inputs, tf.float32).",
                                    section="dtype-error"))
        size = TensorShape(input_shape)[-1].value
        if size is None:
            raise ValueError(located("The last dimension of the inputs to `Dense` should be "
                                     "defined. Found `None`.",
                                     "Give the placeholder its last size, or call set_shape."))
        self.input_spec = InputSpec(min_ndim=2, axes={-1: size})
        self.kernel = self.add_weight(
            "kernel", [size, self.units], initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer, constraint=self.kernel_constraint)
        if self.use_bias:
            self.bias = self.add_weight(
                "bias", [self.units], initializer=self.bias_initializer,
                regularizer=self.bias_regularizer, constraint=self.bias_constraint)
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Computes the outputs."""
        rank = inputs.shape.ndims
        if rank > 2:
            outputs = tensordot(inputs, self.kernel, [[rank - 1], [0]])
            outputs.set_shape([*inputs.shape.as_list()[:-1], self.units])
        else:
            sparse = isinstance(inputs, SparseTensor)
            inputs = cast(inputs, self.kernel.dtype.base_dtype)
            outputs = (sparse_tensor_dense_matmul(inputs, self.kernel) if sparse
                       else MatMul.build(inputs, self.kernel))
        if self.use_bias:
            outputs = bias_add(outputs, self.bias)
        return outputs if self.activation is None else self.activation(outputs)

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """The inputs' shape with `units` as its last size."""
        shape = TensorShape(input_shape).with_rank_at_least(2)
        if shape[-1].value is None:
            raise ValueError(located("The innermost dimension of input_shape must be defined, but "
                                     f"saw: {shape}"))
        return shape[:-1].concatenate([self.units])


def dense(inputs: Any, units: int, activation: Any = None, use_bias: bool = True,
          kernel_initializer: Any = None, bias_initializer: Any = ZEROS,
          kernel_regularizer: Any = None, bias_regularizer: Any = None,
          activity_regularizer: Any = None, kernel_constraint: Any = None,
          bias_constraint: Any = None, trainable: bool = True, name: Any = None,
          reuse: Any = None) -> Any:
    """Computes a fully connected layer: `activation(inputs . kernel + bias)`.

    Args:
        inputs: tensor of rank 2 or more, or SparseTensor of rank 2, whose last size is known.
        units, activation, use_bias, kernel_initializer, bias_initializer, kernel_regularizer,
            bias_regularizer, activity_regularizer, kernel_constraint, bias_constraint, trainable:
            as for `tf.layers.Dense`.
        name: name of the layer and of its variable scope.
        reuse: whether to find the variables of an earlier layer of this name.

    Returns:
        A tensor like `inputs` whose last size is `units`.

    Raises:
        ValueError: the last size is not known, or the variables exist already.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     y = fg.layers.dense(fg.ones([4, 3]), 2, activation=fg.nn.relu)
        ...     print(y, [v.name for v in fg.trainable_variables()])
        Tensor("dense/Relu:0", shape=(4, 2), dtype=float32) ['dense/kernel:0', 'dense/bias:0']
    """
    return Dense(
        units, activation, use_bias, kernel_initializer, bias_initializer, kernel_regularizer,
        bias_regularizer, activity_regularizer, kernel_constraint, bias_constraint, trainable,
        name, _scope=name, _reuse=reuse)(inputs)


class Dropout(Layer):
    """In training, drops a fraction of the inputs and scales the others up.

    Args:
        rate: the fraction that is dropped, from 0 up to but not including 1.
        noise_shape: shape of the random decisions: 1 where an axis shares one decision, None for
            the inputs' own size.
        seed: int, for the same decisions in every session.
        name: name of the layer.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.layers.Dropout(0.5, seed=1)(fg.ones([4]), training=True))
        array([0., 2., 0., 0.], dtype=float32)
    """

    def __init__(self, rate: Any = 0.5, noise_shape: Any = None, seed: int | None = None,
                 name: Any = None, **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        self.rate = rate
        self.noise_shape = noise_shape
        self.seed = seed

    def call(self, inputs: Any, training: Any = False) -> Any:
        """Computes the outputs: the inputs unless `training`."""
        return smart_cond(
            False if training is None else training,
            lambda: dropped(inputs, noise_shape=self._noise_shape_for(inputs), seed=self.seed,
                            rate=self.rate),
            lambda: identity(inputs))

    def _noise_shape_for(self, inputs: Any) -> Any:
        if not isinstance(self.noise_shape, (list, tuple)):
            return self.noise_shape
        sizes = shape_of(inputs)
        return convert_to_tensor([sizes[i] if size is None else size
                                  for i, size in enumerate(self.noise_shape)])

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """The inputs' shape."""
        return TensorShape(input_shape)


def dropout(inputs: Any, rate: Any = 0.5, noise_shape: Any = None, seed: int | None = None,
            training: Any = False, name: Any = None) -> Any:
    """In training, drops a fraction of the inputs and scales the others by `1 / (1 - rate)`.

    Args:
        inputs: tensor of a floating dtype.
        rate, noise_shape, seed: as for `tf.layers.Dropout`.
        training: bool, or scalar bool tensor: False returns the inputs.
        name: name of the layer.

    Returns:
        A tensor like `inputs`.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.layers.dropout(fg.ones([4]), rate=0.5, seed=1, training=True))
        array([0., 2., 0., 0.], dtype=float32)
    """
    return Dropout(rate, noise_shape, seed, name)(inputs, training=training)


class Flatten(Layer):
    """Makes a matrix of the inputs: one row for each element of the batch.

    Args:
        data_format: "channels_last" (the default) keeps the order; "channels_first" takes the
            inputs as [batch, channels, sizes...] and moves the channels to the end first.
        kwargs: `name`: name of the layer.

    Example:
        >>> import flowgraph as fg
        >>> fg.layers.Flatten()(fg.ones([2, 3, 4])).shape
        TensorShape([Dimension(2), Dimension(12)])
    """

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = data_format_of(data_format)

    def call(self, inputs: Any) -> Any:
        """Computes the outputs."""
        rank = inputs.shape.ndims
        if rank is None:
            outputs = reshape(inputs, (shape_of(inputs)[0], -1))
            outputs.set_shape([None, None])
            return outputs
        if rank == 0:
            raise ValueError(located(f"layer {self.name!r} flattens inputs of rank 1 or more, not "
                                     "a scalar"))
        if self.data_format == "channels_first" and rank > 1:
            inputs = transpose(inputs, [0, *range(2, rank), 1])
        batch, *sizes = inputs.shape.as_list()
        if None not in sizes and math.prod(sizes):  # -1 tells nothing next to 0
            outputs = reshape(inputs, [-1, math.prod(sizes)])
        elif None not in sizes:
            outputs = reshape(inputs, (shape_of(inputs)[0], 0))
        else:
            outputs = reshape(inputs, (batch or shape_of(inputs)[0], -1))
        outputs.set_shape(self.compute_output_shape(inputs.shape))
        return outputs

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """Batch, and the product of the other sizes."""
        batch, *sizes = TensorShape(input_shape).as_list()
        return TensorShape([batch, None if None in sizes else math.prod(sizes)])


def flatten(inputs: Any, name: Any = None, data_format: str = "channels_last") -> Any:
    """Makes a matrix of the inputs: one row for each element of the batch.

    Args:
        inputs: tensor of rank 1 or more.
        name: name of the layer.
        data_format: as for `tf.layers.Flatten`.

    Returns:
        A [batch, product of the other sizes] tensor.

    Example:
        >>> import flowgraph as fg
        >>> fg.layers.flatten(fg.placeholder(fg.float32, [None, 3, 4])).shape
        TensorShape([Dimension(None), Dimension(12)])
    """
    return Flatten(name=name, data_format=data_format)(inputs)
