"""Convolutions channel by channel: separable ones, and those with one window for all channels."""

from __future__ import annotations

from typing import Any

from flowgraph.contrib.framework.argument_scope import add_arg_scope
from flowgraph.contrib.framework.variables import model_variable
from flowgraph.contrib.layers.initializers import xavier_initializer
from flowgraph.contrib.layers.outputs import (
    IMAGES,
    add_variable_to_collections,
    channel_dimension,
    channels_place,
    get_variable_collections,
    last_dimension,
    layer_outputs,
    two_element_tuple,
    variable_getter,
)
from flowgraph.layers.separable import SeparableConv2D
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.activation import relu
from flowgraph.ops.bias import bias_add
from flowgraph.ops.depthwise import depthwise_conv2d
from flowgraph.ops.initializers import Zeros
from flowgraph.ops.join import tile
from flowgraph.ops.variable_scope import variable_scope

_RENAMED = {"bias": "biases", "depthwise_kernel": "depthwise_weights",
            "pointwise_kernel": "pointwise_weights"}
_XAVIER, _ZEROS = xavier_initializer(), Zeros()


@add_arg_scope
def separable_convolution2d(inputs: Any, num_outputs: int | None, kernel_size: Any,
                            depth_multiplier: int = 1, stride: Any = 1, padding: str = "SAME",
                            data_format: str = "NHWC", rate: Any = 1, activation_fn: Any = relu,
                            normalizer_fn: Any = None, normalizer_params: Any = None,
                            weights_initializer: Any = _XAVIER, pointwise_initializer: Any = None,
                            weights_regularizer: Any = None, biases_initializer: Any = _ZEROS,
                            biases_regularizer: Any = None, reuse: Any = None,
                            variables_collections: Any = None, outputs_collections: Any = None,
                            trainable: bool = True, scope: Any = None) -> Any:
    """A convolution of images channel by channel, and then a mix of the channels.

    Args:
        inputs: [batch, height, width, channels] tensor, or as `data_format` says.
        num_outputs: number of output channels; None leaves the channels unmixed.
        kernel_size, stride, padding, activation_fn, normalizer_fn, normalizer_params,
            weights_initializer, weights_regularizer, biases_initializer, biases_regularizer,
            reuse, variables_collections, outputs_collections, trainable: as for `convolution`.
        depth_multiplier: number of results for each input channel, before they are mixed.
        data_format: "NHWC" or "NCHW".
        rate: distance between the elements of a window; not with strides above 1.
        pointwise_initializer: first values of what mixes; default `weights_initializer`.
        scope: the variable scope; default "SeparableConv2d", made unique.

    Returns:
        A tensor of rank 4.

    Raises:
        ValueError: the number of channels is not known.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import layers
        >>> y = layers.separable_conv2d(fg.zeros([1, 8, 8, 3]), 16, 3, scope="sep")
        >>> [v.name for v in fg.trainable_variables()]
        ['sep/depthwise_weights:0', 'sep/pointwise_weights:0', 'sep/biases:0']
    """
    place = channels_place(data_format, IMAGES)
    with variable_scope(scope, "SeparableConv2d", [inputs], reuse=reuse,
                        custom_getter=variable_getter(_RENAMED)) as opened:
        inputs = convert_to_tensor(inputs)
        if num_outputs is None:
            outputs = _depthwise(
                inputs, place, data_format, kernel_size, depth_multiplier, stride, padding, rate,
                normalizer_fn, weights_initializer, weights_regularizer, biases_initializer,
                biases_regularizer, variables_collections, trainable)
        else:
            layer = SeparableConv2D(
                num_outputs, kernel_size, stride, padding, place, two_element_tuple(rate),
                depth_multiplier, use_bias=not normalizer_fn and biases_initializer is not None,
                depthwise_initializer=weights_initializer,
                pointwise_initializer=pointwise_initializer or weights_initializer,
                bias_initializer=biases_initializer, depthwise_regularizer=weights_regularizer,
                pointwise_regularizer=weights_regularizer, bias_regularizer=biases_regularizer,
                trainable=trainable, name=opened.name, dtype=inputs.dtype.base_dtype,
                _scope=opened, _reuse=reuse)
            outputs = layer(inputs)
            add_variable_to_collections(layer.depthwise_kernel, variables_collections, "weights")
            add_variable_to_collections(layer.pointwise_kernel, variables_collections, "weights")
            if layer.bias is not None:
                add_variable_to_collections(layer.bias, variables_collections, "biases")
        return layer_outputs(outputs, opened.name, normalizer_fn, normalizer_params,
                             activation_fn, outputs_collections)


def _depthwise(inputs: Any, place: str, data_format: str, kernel_size: Any, depth_multiplier: int,
               stride: Any, padding: str, rate: Any, normalizer_fn: Any, weights_initializer: Any,
               weights_regularizer: Any, biases_initializer: Any, biases_regularizer: Any,
               variables_collections: Any, trainable: bool) -> Any:
    """The convolution channel by channel alone."""
    channels = channel_dimension(inputs.shape, place, min_rank=4)
    dtype = inputs.dtype.base_dtype
    weights = model_variable(
        "depthwise_weights", [*two_element_tuple(kernel_size), channels, depth_multiplier], dtype,
        weights_initializer, weights_regularizer, trainable,
        get_variable_collections(variables_collections, "weights"))
    down, across = two_element_tuple(stride)
    strides = [1, 1, down, across] if data_format == "NCHW" else [1, down, across, 1]
    outputs = depthwise_conv2d(inputs, weights, strides, padding, rate=two_element_tuple(rate),
                               data_format=data_format)
    if normalizer_fn is None and biases_initializer is not None:
        biases = model_variable(
            "biases", [depth_multiplier * channels], dtype, biases_initializer,
            biases_regularizer, trainable,
            get_variable_collections(variables_collections, "biases"))
        outputs = bias_add(outputs, biases, data_format=data_format)
    return outputs


@add_arg_scope
def convolution2d_in_plane(inputs: Any, kernel_size: Any, stride: Any = 1, padding: str = "SAME",
                           activation_fn: Any = relu, normalizer_fn: Any = None,
                           normalizer_params: Any = None, weights_initializer: Any = _XAVIER,
                           weights_regularizer: Any = None, biases_initializer: Any = _ZEROS,
                           biases_regularizer: Any = None, reuse: Any = None,
                           variables_collections: Any = None, outputs_collections: Any = None,
                           trainable: bool = True, scope: Any = None) -> Any:
    """Convolves every channel of images with the same window.

    Args:
        inputs: [batch, height, width, channels] tensor.
        kernel_size, stride, padding, activation_fn, normalizer_fn, normalizer_params,
            weights_initializer, weights_regularizer, biases_initializer, biases_regularizer,
            reuse, variables_collections, outputs_collections, trainable: as for `convolution`.
        scope: the variable scope; default "ConvInPlane", made unique.

    Returns:
        A tensor of rank 4.

    Raises:
        ValueError: the number of channels is not known.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import layers
        >>> y = layers.conv2d_in_plane(fg.zeros([1, 8, 8, 3]), [1, 2], stride=[1, 2])
        >>> y.shape.as_list(), fg.trainable_variables()[0].shape.as_list()
        ([1, 8, 4, 3], [1, 2, 1, 1])
    """
    with variable_scope(scope, "ConvInPlane", [inputs], reuse=reuse) as opened:
        inputs = convert_to_tensor(inputs)
        dtype = inputs.dtype.base_dtype
        channels = last_dimension(inputs.shape, min_rank=4)
        weights = model_variable(
            "weights", [*two_element_tuple(kernel_size), 1, 1], dtype, weights_initializer,
            weights_regularizer, trainable,
            get_variable_collections(variables_collections, "weights"))
        outputs = depthwise_conv2d(inputs, tile(weights, [1, 1, channels, 1]),
                                   [1, *two_element_tuple(stride), 1], padding)
        if normalizer_fn is None and biases_initializer is not None:
            biases = model_variable(
                "biases", [channels], dtype, biases_initializer, biases_regularizer, trainable,
                get_variable_collections(variables_collections, "biases"))
            outputs = bias_add(outputs, biases)
        return layer_outputs(outputs, opened.name, normalizer_fn, normalizer_params,
                             activation_fn, outputs_collections)
