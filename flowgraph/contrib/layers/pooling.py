"""Pooling layers: the largest element, or the mean, of each window."""

from __future__ import annotations

from typing import Any

from flowgraph.contrib.framework.argument_scope import add_arg_scope
from flowgraph.contrib.layers.outputs import (
    IMAGES,
    VOLUMES,
    channels_place,
    collect_named_outputs,
    n_positive_integers,
)
from flowgraph.core.frames import located
from flowgraph.graph.graph import name_scope
from flowgraph.layers import pooling
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.pooling_nd import pool as pool_op


def _pooled(layer_class: Any, default_name: str, allowed: tuple[str, ...], inputs: Any,
            kernel_size: Any, stride: Any, padding: str, data_format: str,
            outputs_collections: Any, scope: Any) -> Any:
    place = channels_place(data_format, allowed)
    with name_scope(scope, default_name, [inputs]) as opened:
        inputs = convert_to_tensor(inputs)
        layer = layer_class(kernel_size, stride, padding, place, _scope=opened)
        return collect_named_outputs(outputs_collections, opened, layer(inputs))


@add_arg_scope
def max_pool2d(inputs: Any, kernel_size: Any, stride: Any = 2, padding: str = "VALID",
               data_format: str = "NHWC", outputs_collections: Any = None,
               scope: Any = None) -> Any:
    """The largest element of each window of images.

    Args:
        inputs: [batch, height, width, channels] tensor, or as `data_format` says.
        kernel_size: int, or (height, width): size of a window.
        stride: int, or one per axis: how far the window moves.
        padding: "VALID" or "SAME".
        data_format: "NHWC" or "NCHW".
        outputs_collections: collections for the outputs, under the scope's name.
        scope: name of the op; default "MaxPool2D".

    Returns:
        A tensor of rank 4.

    Raises:
        ValueError: the rank or the data format is another.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import layers
        >>> layers.max_pool2d(fg.zeros([1, 9, 9, 3]), [2, 2], scope="pool1")
        <tf.Tensor 'pool1/MaxPool:0' shape=(1, 4, 4, 3) dtype=float32>
    """
    return _pooled(pooling.MaxPooling2D, "MaxPool2D", IMAGES, inputs, kernel_size, stride,
                   padding, data_format, outputs_collections, scope)


@add_arg_scope
def avg_pool2d(inputs: Any, kernel_size: Any, stride: Any = 2, padding: str = "VALID",
               data_format: str = "NHWC", outputs_collections: Any = None,
               scope: Any = None) -> Any:
    """The mean of each window of images.

    Args:
        inputs, kernel_size, stride, padding, data_format, outputs_collections: as for
            `max_pool2d`.
        scope: name of the op; default "AvgPool2D".

    Returns:
        A tensor of rank 4.

    Raises:
        ValueError: the rank or the data format is another.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import layers
        >>> layers.avg_pool2d(fg.zeros([1, 9, 9, 3]), 3, padding="SAME").shape.as_list()
        [1, 5, 5, 3]
    """
    return _pooled(pooling.AveragePooling2D, "AvgPool2D", IMAGES, inputs, kernel_size, stride,
                   padding, data_format, outputs_collections, scope)


@add_arg_scope
def max_pool3d(inputs: Any, kernel_size: Any, stride: Any = 2, padding: str = "VALID",
               data_format: str = "NDHWC", outputs_collections: Any = None,
               scope: Any = None) -> Any:
    """The largest element of each window of volumes.

    Args:
        inputs: [batch, depth, height, width, channels] tensor, or as `data_format` says.
        kernel_size, stride, padding, outputs_collections: as for `max_pool2d`.
        data_format: "NDHWC" or "NCDHW".
        scope: name of the op; default "MaxPool3D".

    Returns:
        A tensor of rank 5.

    Raises:
        ValueError: the rank or the data format is another.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import layers
        >>> layers.max_pool3d(fg.zeros([1, 4, 4, 4, 3]), 2).shape.as_list()
        [1, 2, 2, 2, 3]
    """
    return _pooled(pooling.MaxPooling3D, "MaxPool3D", VOLUMES, inputs, kernel_size, stride,
                   padding, data_format, outputs_collections, scope)


@add_arg_scope
def avg_pool3d(inputs: Any, kernel_size: Any, stride: Any = 2, padding: str = "VALID",
               data_format: str = "NDHWC", outputs_collections: Any = None,
               scope: Any = None) -> Any:
    """The mean of each window of volumes.

    Args:
        inputs, kernel_size, stride, padding, data_format, outputs_collections: as for
            `max_pool3d`.
        scope: name of the op; default "AvgPool3D".

    Returns:
        A tensor of rank 5.

    Raises:
        ValueError: the rank or the data format is another.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import layers
        >>> layers.avg_pool3d(fg.zeros([1, 4, 4, 4, 3]), 2).shape.as_list()
        [1, 2, 2, 2, 3]
    """
    return _pooled(pooling.AveragePooling3D, "AvgPool3D", VOLUMES, inputs, kernel_size, stride,
                   padding, data_format, outputs_collections, scope)


@add_arg_scope
def pool(inputs: Any, kernel_size: Any, pooling_type: str, padding: str = "VALID",
         data_format: str | None = None, dilation_rate: Any = 1, stride: Any = 1,
         outputs_collections: Any = None, scope: Any = None) -> Any:
    """Pools over as many axes as the inputs have between batch and channels.

    Args:
        inputs: tensor of rank 3 or more.
        kernel_size: int, or one per axis: size of a window.
        pooling_type: "MAX" or "AVG".
        padding: "VALID" or "SAME".
        data_format: as "NHWC" or "NCHW", for the inputs' rank; None for channels last.
        dilation_rate: int, or one per axis: distance between the elements of a window.
        stride: int, or one per axis: how far the window moves.
        outputs_collections: collections for the outputs, under the scope's name.
        scope: name of the op; default "max_pool" or "avg_pool".

    Returns:
        A tensor of the inputs' rank.

    Raises:
        ValueError: the rank is not known, or below 3.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib.layers.pooling import pool
        >>> pool(fg.zeros([1, 9, 3]), 3, "AVG", stride=3).shape.as_list()
        [1, 3, 3]
    """
    with name_scope(scope, f"{pooling_type.lower()}_pool", [inputs]) as opened:
        inputs = convert_to_tensor(inputs)
        rank = inputs.shape.ndims
        if rank is None or rank < 3:
            raise ValueError(located("Rank of inputs must be known and >= 3, got the shape "
                                     f"{inputs.shape}"))
        outputs = pool_op(
            inputs, n_positive_integers(rank - 2, kernel_size), pooling_type, padding=padding,
            dilation_rate=n_positive_integers(rank - 2, dilation_rate),
            strides=n_positive_integers(rank - 2, stride), name=opened, data_format=data_format)
        return collect_named_outputs(outputs_collections, opened, outputs)
