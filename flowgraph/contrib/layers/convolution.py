"""Convolution layers over one, two or three axes, and their transposes."""

from __future__ import annotations

from typing import Any

from flowgraph.contrib.framework.argument_scope import add_arg_scope
from flowgraph.contrib.layers.dense import RENAMED, collect_kernel_and_bias
from flowgraph.contrib.layers.initializers import xavier_initializer
from flowgraph.contrib.layers.outputs import (
    ANY_FORMAT,
    IMAGES,
    VOLUMES,
    channels_place,
    layer_outputs,
    variable_getter,
)
from flowgraph.core.frames import located
from flowgraph.layers.convolution import Conv1D, Conv2D, Conv3D
from flowgraph.layers.transposed import Conv2DTranspose, Conv3DTranspose
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.activation import relu
from flowgraph.ops.initializers import Zeros
from flowgraph.ops.variable_scope import variable_scope

_BY_RANK: dict[int | None, Any] = {3: Conv1D, 4: Conv2D, 5: Conv3D}
_XAVIER, _ZEROS = xavier_initializer(), Zeros()


@add_arg_scope
def convolution(inputs: Any, num_outputs: int, kernel_size: Any, stride: Any = 1,
                padding: str = "SAME", data_format: str | None = None, rate: Any = 1,
                activation_fn: Any = relu, normalizer_fn: Any = None,
                normalizer_params: Any = None, weights_initializer: Any = _XAVIER,
                weights_regularizer: Any = None, biases_initializer: Any = _ZEROS,
                biases_regularizer: Any = None, reuse: Any = None,
                variables_collections: Any = None, outputs_collections: Any = None,
                trainable: bool = True, scope: Any = None, conv_dims: int | None = None) -> Any:
    """A convolution layer, over as many axes as the inputs have between batch and channels.

    Args:
        inputs: tensor of rank 3, 4 or 5: batch, one to three axes, channels.
        num_outputs: number of output channels.
        kernel_size: size of the window: an int, or one for each axis.
        stride: how far the window moves: an int, or one for each axis.
        padding: "SAME" or "VALID".
        data_format: "NWC", "NHWC", "NDHWC" (the default), or "NCW", "NCHW", "NCDHW".
        rate: distance between the elements of a window; not with strides above 1.
        activation_fn, normalizer_fn, normalizer_params, weights_initializer, weights_regularizer,
            biases_initializer, biases_regularizer, reuse, variables_collections,
            outputs_collections, trainable: as for `fully_connected`.
        scope: the variable scope; default "Conv", made unique.
        conv_dims: number of axes that there must be.

    Returns:
        A tensor of the inputs' rank.

    Raises:
        ValueError: the rank is another, or the number of channels is not known.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import layers
        >>> y = layers.convolution(fg.zeros([1, 8, 8, 3]), 16, [3, 3], scope="conv1")
        >>> y, [v.name for v in fg.trainable_variables()]
        (<tf.Tensor 'conv1/Relu:0' shape=(1, 8, 8, 16) dtype=float32>, \
['conv1/weights:0', 'conv1/biases:0'])
    """
    place = channels_place(data_format, ANY_FORMAT)
    with variable_scope(scope, "Conv", [inputs], reuse=reuse,
                        custom_getter=variable_getter(RENAMED)) as opened:
        inputs = convert_to_tensor(inputs)
        rank = inputs.shape.ndims
        if conv_dims is not None and conv_dims + 2 != rank:
            raise ValueError(located(f"Convolution expects input with rank {conv_dims + 2}, got "
                                     f"{rank}", f"The inputs have the shape {inputs.shape}."))
        if rank not in _BY_RANK:
            raise ValueError(located(f"Convolution not supported for input with rank {rank}",
                                     f"The inputs have the shape {inputs.shape}."))
        layer = _BY_RANK[rank](
            num_outputs, kernel_size, stride, padding, place, rate, None,
            not normalizer_fn and biases_initializer is not None, weights_initializer,
            biases_initializer, weights_regularizer, biases_regularizer, trainable=trainable,
            name=opened.name, dtype=inputs.dtype.base_dtype, _scope=opened, _reuse=reuse)
        outputs = layer(inputs)
        collect_kernel_and_bias(layer, variables_collections)
        return layer_outputs(outputs, opened.name, normalizer_fn, normalizer_params,
                             activation_fn, outputs_collections)


@add_arg_scope
def convolution1d(inputs: Any, num_outputs: int, kernel_size: Any, stride: Any = 1,
                  padding: str = "SAME", data_format: str | None = None, rate: Any = 1,
                  activation_fn: Any = relu, normalizer_fn: Any = None,
                  normalizer_params: Any = None, weights_initializer: Any = _XAVIER,
                  weights_regularizer: Any = None, biases_initializer: Any = _ZEROS,
                  biases_regularizer: Any = None, reuse: Any = None,
                  variables_collections: Any = None, outputs_collections: Any = None,
                  trainable: bool = True, scope: Any = None) -> Any:
    """A convolution of series.

    Args:
        inputs: [batch, width, channels] tensor, or as `data_format` says.
        num_outputs, kernel_size, stride, padding, data_format, rate, activation_fn, normalizer_fn,
            normalizer_params, weights_initializer, weights_regularizer, biases_initializer,
            biases_regularizer, reuse, variables_collections, outputs_collections, trainable,
            scope: as for `convolution`.

    Returns:
        A tensor of rank 3.

    Raises:
        ValueError: the rank is another.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import layers
        >>> layers.conv1d(fg.zeros([1, 9, 3]), 4, 3, stride=2).shape.as_list()
        [1, 5, 4]
    """
    return convolution(
        inputs, num_outputs, kernel_size, stride, padding, data_format, rate, activation_fn,
        normalizer_fn, normalizer_params, weights_initializer, weights_regularizer,
        biases_initializer, biases_regularizer, reuse, variables_collections, outputs_collections,
        trainable, scope, conv_dims=1)


@add_arg_scope
def convolution2d(inputs: Any, num_outputs: int, kernel_size: Any, stride: Any = 1,
                  padding: str = "SAME", data_format: str | None = None, rate: Any = 1,
                  activation_fn: Any = relu, normalizer_fn: Any = None,
                  normalizer_params: Any = None, weights_initializer: Any = _XAVIER,
                  weights_regularizer: Any = None, biases_initializer: Any = _ZEROS,
                  biases_regularizer: Any = None, reuse: Any = None,
                  variables_collections: Any = None, outputs_collections: Any = None,
                  trainable: bool = True, scope: Any = None) -> Any:
    """A convolution of images.

    Args:
        inputs: [batch, height, width, channels] tensor, or as `data_format` says.
        num_outputs, kernel_size, stride, padding, data_format, rate, activation_fn, normalizer_fn,
            normalizer_params, weights_initializer, weights_regularizer, biases_initializer,
            biases_regularizer, reuse, variables_collections, outputs_collections, trainable,
            scope: as for `convolution`.

    Returns:
        A tensor of rank 4.

    Raises:
        ValueError: the rank is another.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import layers
        >>> layers.conv2d(fg.zeros([1, 8, 8, 3]), 4, 3, padding="VALID").shape.as_list()
        [1, 6, 6, 4]
    """
    return convolution(
        inputs, num_outputs, kernel_size, stride, padding, data_format, rate, activation_fn,
        normalizer_fn, normalizer_params, weights_initializer, weights_regularizer,
        biases_initializer, biases_regularizer, reuse, variables_collections, outputs_collections,
        trainable, scope, conv_dims=2)


@add_arg_scope
def convolution3d(inputs: Any, num_outputs: int, kernel_size: Any, stride: Any = 1,
                  padding: str = "SAME", data_format: str | None = None, rate: Any = 1,
                  activation_fn: Any = relu, normalizer_fn: Any = None,
                  normalizer_params: Any = None, weights_initializer: Any = _XAVIER,
                  weights_regularizer: Any = None, biases_initializer: Any = _ZEROS,
                  biases_regularizer: Any = None, reuse: Any = None,
                  variables_collections: Any = None, outputs_collections: Any = None,
                  trainable: bool = True, scope: Any = None) -> Any:
    """A convolution of volumes.

    Args:
        inputs: [batch, depth, height, width, channels] tensor, or as `data_format` says.
        num_outputs, kernel_size, stride, padding, data_format, rate, activation_fn, normalizer_fn,
            normalizer_params, weights_initializer, weights_regularizer, biases_initializer,
            biases_regularizer, reuse, variables_collections, outputs_collections, trainable,
            scope: as for `convolution`.

    Returns:
        A tensor of rank 5.

    Raises:
        ValueError: the rank is another.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import layers
        >>> layers.conv3d(fg.zeros([1, 4, 4, 4, 3]), 5, 2).shape.as_list()
        [1, 4, 4, 4, 5]
    """
    return convolution(
        inputs, num_outputs, kernel_size, stride, padding, data_format, rate, activation_fn,
        normalizer_fn, normalizer_params, weights_initializer, weights_regularizer,
        biases_initializer, biases_regularizer, reuse, variables_collections, outputs_collections,
        trainable, scope, conv_dims=3)


# ---- transposed ----------------------------------------------------------------------------------


def _transposed(layer_class: Any, default_scope: str, place: str, inputs: Any, num_outputs: int,
                kernel_size: Any, stride: Any, padding: str, activation_fn: Any,
                normalizer_fn: Any, normalizer_params: Any, weights_initializer: Any,
                weights_regularizer: Any, biases_initializer: Any, biases_regularizer: Any,
                reuse: Any, variables_collections: Any, outputs_collections: Any,
                trainable: bool, scope: Any) -> Any:
    with variable_scope(scope, default_scope, [inputs], reuse=reuse,
                        custom_getter=variable_getter(RENAMED)) as opened:
        inputs = convert_to_tensor(inputs)
        layer = layer_class(
            num_outputs, kernel_size, stride, padding, place,
            use_bias=not normalizer_fn and biases_initializer is not None,
            kernel_initializer=weights_initializer, bias_initializer=biases_initializer,
            kernel_regularizer=weights_regularizer, bias_regularizer=biases_regularizer,
            trainable=trainable, name=opened.name, dtype=inputs.dtype.base_dtype, _scope=opened,
            _reuse=reuse)
        outputs = layer(inputs)
        collect_kernel_and_bias(layer, variables_collections)
        return layer_outputs(outputs, opened.name, normalizer_fn, normalizer_params,
                             activation_fn, outputs_collections)


@add_arg_scope
def convolution2d_transpose(inputs: Any, num_outputs: int, kernel_size: Any, stride: Any = 1,
                            padding: str = "SAME", data_format: str = "NHWC",
                            activation_fn: Any = relu, normalizer_fn: Any = None,
                            normalizer_params: Any = None, weights_initializer: Any = _XAVIER,
                            weights_regularizer: Any = None, biases_initializer: Any = _ZEROS,
                            biases_regularizer: Any = None, reuse: Any = None,
                            variables_collections: Any = None, outputs_collections: Any = None,
                            trainable: bool = True, scope: Any = None) -> Any:
    """A transposed convolution of images: each stride makes them larger.

    Args:
        inputs: [batch, height, width, channels] tensor, or as `data_format` says.
        num_outputs, kernel_size, stride, padding, activation_fn, normalizer_fn, normalizer_params,
            weights_initializer, weights_regularizer, biases_initializer, biases_regularizer,
            reuse, variables_collections, outputs_collections, trainable: as for `convolution`.
        data_format: "NHWC" or "NCHW".
        scope: the variable scope; default "Conv2d_transpose", made unique.

    Returns:
        A tensor of rank 4.

    Raises:
        ValueError: the rank is another, or the number of channels is not known.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import layers
        >>> layers.conv2d_transpose(fg.zeros([1, 4, 4, 8]), 3, 5, stride=2).shape.as_list()
        [1, 8, 8, 3]
    """
    return _transposed(
        Conv2DTranspose, "Conv2d_transpose", channels_place(data_format, IMAGES), inputs,
        num_outputs, kernel_size, stride, padding, activation_fn, normalizer_fn, normalizer_params,
        weights_initializer, weights_regularizer, biases_initializer, biases_regularizer, reuse,
        variables_collections, outputs_collections, trainable, scope)


@add_arg_scope
def convolution3d_transpose(inputs: Any, num_outputs: int, kernel_size: Any, stride: Any = 1,
                            padding: str = "SAME", data_format: str = "NDHWC",
                            activation_fn: Any = relu, normalizer_fn: Any = None,
                            normalizer_params: Any = None, weights_initializer: Any = _XAVIER,
                            weights_regularizer: Any = None, biases_initializer: Any = _ZEROS,
                            biases_regularizer: Any = None, reuse: Any = None,
                            variables_collections: Any = None, outputs_collections: Any = None,
                            trainable: bool = True, scope: Any = None) -> Any:
    """A transposed convolution of volumes: each stride makes them larger.

    Args:
        inputs: [batch, depth, height, width, channels] tensor, or as `data_format` says.
        num_outputs, kernel_size, stride, padding, activation_fn, normalizer_fn, normalizer_params,
            weights_initializer, weights_regularizer, biases_initializer, biases_regularizer,
            reuse, variables_collections, outputs_collections, trainable: as for `convolution`.
        data_format: "NDHWC" or "NCDHW".
        scope: the variable scope; default "Conv3d_transpose", made unique.

    Returns:
        A tensor of rank 5.

    Raises:
        ValueError: the rank is another, or the number of channels is not known.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import layers
        >>> layers.conv3d_transpose(fg.zeros([1, 2, 2, 2, 8]), 3, 3, stride=2).shape.as_list()
        [1, 4, 4, 4, 3]
    """
    return _transposed(
        Conv3DTranspose, "Conv3d_transpose", channels_place(data_format, VOLUMES), inputs,
        num_outputs, kernel_size, stride, padding, activation_fn, normalizer_fn, normalizer_params,
        weights_initializer, weights_regularizer, biases_initializer, biases_regularizer, reuse,
        variables_collections, outputs_collections, trainable, scope)
