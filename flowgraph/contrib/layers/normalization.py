"""Normalization of single elements of a batch: over layers, images, groups of channels, vectors."""

from __future__ import annotations

from typing import Any

from flowgraph.contrib.framework.argument_scope import add_arg_scope
from flowgraph.contrib.framework.variables import model_variable
from flowgraph.contrib.layers.outputs import (
    IMAGES,
    channels_place,
    get_variable_collections,
    layer_outputs,
)
from flowgraph.core.dtypes import float16, int32
from flowgraph.core.frames import located
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.constant import ones
from flowgraph.ops.division import div
from flowgraph.ops.index import strided_slice
from flowgraph.ops.initializers import Ones, Zeros
from flowgraph.ops.join import concat, tile
from flowgraph.ops.normalization import (
    batch_normalization,
    moments,
    normalize_moments,
    sufficient_statistics,
)
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.reshape import reshape
from flowgraph.ops.shape import shape as shape_of
from flowgraph.ops.unary import rsqrt, sqrt, square
from flowgraph.ops.variable_scope import variable_scope

_FIRST = {"beta": Zeros, "gamma": Ones}


def _parameter(name: str, wanted: bool, shape: Any, dtype: Any, initializers: Any,
               variables_collections: Any, trainable: bool) -> Any:
    """Makes "beta" or "gamma"; None where it is not wanted."""
    if not wanted:
        return None
    return model_variable(
        name, shape, dtype, (initializers or {}).get(name) or _FIRST[name](), trainable=trainable,
        collections=get_variable_collections(variables_collections, name))


def _checked(inputs: Any) -> Any:
    inputs = convert_to_tensor(inputs)
    if inputs.shape.ndims is None:
        raise ValueError(located(f"Inputs {inputs.name} has undefined rank.",
                                 "Give the placeholder a shape, or call set_shape."))
    return inputs


@add_arg_scope
def layer_norm(inputs: Any, center: bool = True, scale: bool = True, activation_fn: Any = None,
               reuse: Any = None, variables_collections: Any = None,
               outputs_collections: Any = None, trainable: bool = True, begin_norm_axis: int = 1,
               begin_params_axis: int = -1, scope: Any = None) -> Any:
    """Normalises each element of a batch to mean 0 and variance 1.

    Args:
        inputs: tensor of rank 2 or more.
        center, scale: whether to add `beta`, and to multiply by `gamma`.
        activation_fn: function applied to the outputs, or None.
        reuse, variables_collections, outputs_collections, trainable: as for `fully_connected`.
        begin_norm_axis: first of the axes that are normalised together.
        begin_params_axis: first of the axes along which `beta` and `gamma` have values of their
            own.
        scope: the variable scope; default "LayerNorm", made unique.

    Returns:
        A tensor like `inputs`.

    Raises:
        ValueError: the rank, or a size that the parameters have, is not known.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import layers
        >>> y = layers.layer_norm(fg.constant([[1.0, 3.0], [10.0, 30.0]]))
        >>> with fg.Session() as sess:
        ...     sess.run(fg.global_variables_initializer())
        ...     print(sess.run(y).tolist())
        [[-1.0, 1.0], [-1.0, 1.0]]
    """
    with variable_scope(scope, "LayerNorm", [inputs], reuse=reuse) as opened:
        inputs = _checked(inputs)
        rank, dtype = inputs.shape.ndims, inputs.dtype.base_dtype
        begin_norm_axis += rank if begin_norm_axis < 0 else 0
        if begin_params_axis >= rank or begin_norm_axis >= rank:
            raise ValueError(located(
                f"begin_params_axis ({begin_params_axis}) and begin_norm_axis ({begin_norm_axis}) "
                f"must be < rank(inputs) ({rank})"))
        params_shape = inputs.shape[begin_params_axis:]
        if not params_shape.is_fully_defined():
            raise ValueError(located(f"Inputs {inputs.name}: shape(inputs)[{begin_params_axis}:] "
                                     f"is not fully defined: {inputs.shape}"))
        beta, gamma = (
            _parameter(name, wanted, params_shape, dtype, None, variables_collections, trainable)
            for name, wanted in (("beta", center), ("gamma", scale)))
        mean, variance = moments(inputs, list(range(begin_norm_axis, rank)), keep_dims=True)
        outputs = batch_normalization(
            inputs, mean, variance, offset=beta, scale=gamma,
            variance_epsilon=1e-3 if dtype is float16 else 1e-12)
        outputs.set_shape(inputs.shape)
        return layer_outputs(outputs, opened.name, None, None, activation_fn, outputs_collections)


@add_arg_scope
def instance_norm(inputs: Any, center: bool = True, scale: bool = True, epsilon: float = 1e-6,
                  activation_fn: Any = None, param_initializers: Any = None, reuse: Any = None,
                  variables_collections: Any = None, outputs_collections: Any = None,
                  trainable: bool = True, data_format: str = "NHWC", scope: Any = None) -> Any:
    """Normalises each channel of each image to mean 0 and variance 1.

    Args:
        inputs: [batch, sizes..., channels] tensor, or as `data_format` says.
        center, scale, activation_fn, reuse, variables_collections, outputs_collections, trainable:
            as for `layer_norm`.
        epsilon: small number added to the variance.
        param_initializers: dict of first values for "beta" and "gamma".
        data_format: "NHWC" or "NCHW".
        scope: the variable scope; default "InstanceNorm", made unique.

    Returns:
        A tensor like `inputs`.

    Raises:
        ValueError: the rank or the number of channels is not known.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import layers
        >>> y = layers.instance_norm(fg.constant([[[[1.0], [3.0]]]]), scope="norm")
        >>> [v.name for v in fg.trainable_variables()]
        ['norm/beta:0', 'norm/gamma:0']
    """
    inputs = _checked(inputs)
    first = channels_place(data_format, IMAGES) == "channels_first"
    rank, dtype = inputs.shape.ndims, inputs.dtype.base_dtype
    with variable_scope(scope, "InstanceNorm", [inputs], reuse=reuse) as opened:
        axis = 1 if first else rank - 1
        params_shape = inputs.shape[axis:axis + 1]
        if not params_shape.is_fully_defined():
            raise ValueError(located(f"Inputs {inputs.name} has undefined channels dimension "
                                     f"{params_shape}."))
        parameters: dict[str, Any] = {}
        for name, wanted in (("beta", center), ("gamma", scale)):
            value = _parameter(name, wanted, params_shape, dtype, param_initializers,
                               variables_collections, trainable)
            if first and value is not None:
                value = reshape(value, [1, params_shape[0].value] + [1] * (rank - 2))
            parameters[name] = value
        axes = [other for other in range(1, rank) if other != axis]
        mean, variance = moments(inputs, axes, keep_dims=True)
        outputs = batch_normalization(inputs, mean, variance, parameters["beta"],
                                      parameters["gamma"], epsilon, name="instancenorm")
        return layer_outputs(outputs, opened.name, None, None, activation_fn, outputs_collections)


@add_arg_scope
def group_norm(inputs: Any, groups: int = 32, channels_axis: int = -1,
               reduction_axes: Any = (-3, -2), center: bool = True, scale: bool = True,
               epsilon: float = 1e-6, activation_fn: Any = None, param_initializers: Any = None,
               reuse: Any = None, variables_collections: Any = None,
               outputs_collections: Any = None, trainable: bool = True, scope: Any = None,
               mean_close_to_zero: bool = False) -> Any:
    """Normalises groups of channels of each image to mean 0 and variance 1.

    Args:
        inputs: tensor with an axis of channels.
        groups: number of groups; it divides the number of channels.
        channels_axis: the axis of the channels.
        reduction_axes: the axes that are normalised together with a group's channels.
        center, scale, epsilon, activation_fn, param_initializers, reuse, variables_collections,
            outputs_collections, trainable: as for `instance_norm`.
        scope: the variable scope; default "GroupNorm", made unique.
        mean_close_to_zero: whether the sums of squares tell the variance precisely enough.

    Returns:
        A tensor like `inputs`.

    Raises:
        ValueError: sizes are not known, or the axes or the groups do not fit.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import layers
        >>> layers.group_norm(fg.zeros([2, 4, 4, 8]), groups=4).shape.as_list()
        [2, 4, 4, 8]
    """
    inputs = _checked(inputs)
    rank, dtype = inputs.shape.ndims, inputs.dtype.base_dtype
    if channels_axis > rank - 1:
        raise ValueError(located("Axis is out of bounds."))
    sizes = [shape_of(inputs)[i] if size is None else size
             for i, size in enumerate(inputs.shape.as_list())]
    channels_axis += rank if channels_axis < 0 else 0
    axes = _checked_axes(inputs, channels_axis, reduction_axes)
    channels = inputs.shape[channels_axis].value
    if channels is None:
        raise ValueError(located(f"Inputs {inputs.name} has undefined channel dimension: "
                                 f"{channels_axis}."))
    if groups > channels:
        raise ValueError(located(f"Invalid groups {groups} for {channels} channels."))
    if channels % groups:
        raise ValueError(located(f"{channels} channels is not commensurate with {groups} groups."))
    before, after = sizes[:channels_axis], sizes[channels_axis + 1:]
    grouped = reshape(inputs, [*before, groups, channels // groups, *after])
    column = [1] * len(before) + [groups, channels // groups] + [1] * len(after)
    moments_axes = [channels_axis + 1,
                    *(axis + 1 if axis > channels_axis else axis for axis in axes)]
    with variable_scope(scope, "GroupNorm", [grouped], reuse=reuse) as opened:
        beta, gamma = (
            None if value is None else reshape(value, column)
            for value in (_parameter(name, wanted, [channels], dtype, param_initializers,
                                     variables_collections, trainable)
                          for name, wanted in (("beta", center), ("gamma", scale))))
        if mean_close_to_zero:
            counts, means, variances, _ = sufficient_statistics(grouped, moments_axes,
                                                                keep_dims=True)
            mean, variance = normalize_moments(counts, means, variances, shift=None)
        else:
            mean, variance = moments(grouped, moments_axes, keep_dims=True)
        gain = rsqrt(variance + epsilon)
        offset = -mean * gain
        if gamma is not None:
            gain, offset = gain * gamma, offset * gamma
        if beta is not None:
            offset = offset + beta
        outputs = reshape(grouped * gain + offset, sizes)
        return layer_outputs(outputs, opened.name, None, None, activation_fn, outputs_collections)


def _checked_axes(inputs: Any, channels_axis: int, reduction_axes: Any) -> list[int]:
    """The axes besides the channels that are normalised together, counted from 0."""
    rank = inputs.shape.ndims
    axes = [axis + rank if axis < 0 else axis for axis in reduction_axes]
    for axis in axes:
        if not 0 <= axis < rank:
            raise ValueError(located("Axis is out of bounds."))
        if inputs.shape[axis].value is None:
            raise ValueError(located(f"Inputs {inputs.name} has undefined dimensions {axis}."))
        if axis == channels_axis:
            raise ValueError(located("reduction_axis must be mutually exclusive with "
                                     "channels_axis"))
    return axes


@add_arg_scope
def unit_norm(inputs: Any, dim: int, epsilon: float = 1e-7, scope: Any = None) -> Any:
    """Scales vectors along an axis to length 1.

    Args:
        inputs: tensor of known rank.
        dim: the axis, counted from 0.
        epsilon: small number added to the squared length.
        scope: the variable scope; default "UnitNorm", made unique.

    Returns:
        A tensor like `inputs`.

    Raises:
        ValueError: the rank is not known, or has no such axis.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import layers
        >>> fg.Session().run(layers.unit_norm(fg.constant([[3.0, 4.0]]), dim=1)).round(2)
        array([[0.6, 0.8]], dtype=float32)
    """
    with variable_scope(scope, "UnitNorm", [inputs]):
        inputs = convert_to_tensor(inputs)
        rank = inputs.shape.ndims
        if not rank:
            raise ValueError(located("The input rank must be known."))
        if not 0 <= dim < rank:
            raise ValueError(located("dim must be positive but smaller than the input rank."))
        lengths = sqrt(epsilon + reduce_sum(square(inputs), dim, True))
        counts = [strided_slice(shape_of(inputs), [dim], [dim + 1])]
        if dim > 0:
            counts.insert(0, ones([dim], int32))
        if dim < rank - 1:
            counts.append(ones([rank - 1 - dim], int32))
        return div(inputs, tile(lengths, concat(counts, 0)))
