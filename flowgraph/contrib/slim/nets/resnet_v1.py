"""Residual networks (He and others 2015): normalization after each convolution."""

from __future__ import annotations

from typing import Any

from flowgraph.contrib.framework.argument_scope import add_arg_scope
from flowgraph.contrib.layers import convolution2d, max_pool2d
from flowgraph.contrib.layers.outputs import collect_named_outputs, last_dimension
from flowgraph.contrib.slim.nets.resnet_utils import (
    Block,
    classified,
    conv2d_same,
    four_blocks,
    network,
    quarter,
    stack_blocks_dense,
    subsample,
    units,
)
from flowgraph.contrib.slim.nets.resnet_utils import resnet_arg_scope as resnet_arg_scope
from flowgraph.ops.activation import relu
from flowgraph.ops.variable_scope import variable_scope


@add_arg_scope
def bottleneck(inputs: Any, depth: int, depth_bottleneck: int, stride: int, rate: int = 1,
               outputs_collections: Any = None, scope: Any = None) -> Any:
    """A unit: three convolutions, of which the middle one is narrow, and a way past them.

    Args:
        inputs: tensor of images.
        depth: number of output channels.
        depth_bottleneck: number of channels of the middle convolution.
        stride: how many times smaller the images become.
        rate: distance between the elements of a window.
        outputs_collections: collections for the output.
        scope: the variable scope; default "bottleneck_v1".

    Returns:
        A tensor of images.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import slim
        >>> slim.nets.resnet_v1.bottleneck(fg.zeros([1, 8, 8, 3]), 16, 4, 2).shape.as_list()
        [1, 4, 4, 16]
    """
    with variable_scope(scope, "bottleneck_v1", [inputs]) as opened:
        depth_in = last_dimension(inputs.shape, min_rank=4)
        if depth == depth_in:
            shortcut = subsample(inputs, stride, "shortcut")
        else:
            shortcut = convolution2d(inputs, depth, [1, 1], stride=stride, activation_fn=None,
                                     scope="shortcut")
        residual = convolution2d(inputs, depth_bottleneck, [1, 1], stride=1, scope="conv1")
        residual = conv2d_same(residual, depth_bottleneck, 3, stride, rate=rate, scope="conv2")
        residual = convolution2d(residual, depth, [1, 1], stride=1, activation_fn=None,
                                 scope="conv3")
        return collect_named_outputs(outputs_collections, opened.name, relu(shortcut + residual))


def resnet_v1(inputs: Any, blocks: Any, num_classes: int | None = None, is_training: Any = True,
              global_pool: bool = True, output_stride: int | None = None,
              include_root_block: bool = True, reuse: Any = None, scope: Any = None) -> Any:
    """A residual network of given blocks.

    Args:
        inputs: [batch, height, width, channels] images.
        blocks: list of Blocks.
        num_classes: number of classes; None for features only.
        is_training: whether batch normalization goes by the batch.
        global_pool: whether the mean of each channel is taken at the end.
        output_stride: how many times smaller the images become; None for as many as the units say.
        include_root_block: whether a convolution and a pooling come first.
        reuse: whether to find the variables of an earlier network of this scope.
        scope: the variable scope; default "resnet_v1".

    Returns:
        (the last output, a dict of the outputs by name). The logits are [batch, 1, 1, classes].

    Raises:
        ValueError: the strides do not lead to `output_stride`.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import slim
        >>> blocks = [slim.nets.resnet_v1.resnet_v1_block("block1", 4, 2, 2)]
        >>> net, end_points = slim.nets.resnet_v1.resnet_v1(fg.zeros([1, 32, 32, 3]), blocks, 5)
        >>> net.shape.as_list(), end_points["resnet_v1/block1"].shape.as_list()
        ([1, 1, 1, 5], [1, 4, 4, 16])
    """
    with network(bottleneck, inputs, is_training, reuse, scope, "resnet_v1") as collection:
        net = inputs
        if include_root_block:
            output_stride = quarter(output_stride)
            net = conv2d_same(net, 64, 7, stride=2, scope="conv1")
            net = max_pool2d(net, [3, 3], stride=2, scope="pool1")
        net = stack_blocks_dense(net, blocks, output_stride)
        return classified(net, num_classes, global_pool, collection)


def resnet_v1_block(scope: str, base_depth: int, num_units: int, stride: int) -> Block:
    """A Block of units.

    Args:
        scope: its name.
        base_depth: number of channels inside a unit; four times as many leave it.
        num_units: number of units.
        stride: the stride of the last unit.

    Example:
        >>> from flowgraph.contrib import slim
        >>> len(slim.nets.resnet_v1.resnet_v1_block("block1", 64, 3, 2).args)
        3
    """
    return Block(scope, bottleneck, units(base_depth, num_units, stride))


def resnet_v1_50(inputs: Any, num_classes: int | None = None, is_training: Any = True,
                 global_pool: bool = True, output_stride: int | None = None,
                 reuse: Any = None, scope: Any = "resnet_v1_50") -> Any:
    """The residual network with 50 layers.

    Args:
        inputs: [batch, height, width, channels] images.
        num_classes: number of classes; None for features only.
        is_training, global_pool, output_stride, reuse: as for `resnet_v1`.
        scope: the variable scope.

    Returns:
        (the last output, a dict of the outputs by name).

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import slim
        >>> images = fg.placeholder(fg.float32, [None, 224, 224, 3])
        >>> with slim.arg_scope(slim.nets.resnet_v1.resnet_arg_scope()):
        ...     net, end_points = slim.nets.resnet_v1.resnet_v1_50(images, 10)
        >>> net.shape.as_list(), slim.get_variables()[0].name
        ([None, 1, 1, 10], 'resnet_v1_50/conv1/weights:0')
    """
    return resnet_v1(inputs, four_blocks(resnet_v1_block, 4, 6), num_classes, is_training,
                     global_pool, output_stride, True, reuse, scope)


def resnet_v1_101(inputs: Any, num_classes: int | None = None, is_training: Any = True,
                  global_pool: bool = True, output_stride: int | None = None,
                  reuse: Any = None, scope: Any = "resnet_v1_101") -> Any:
    """The residual network with 101 layers.

    Args:
        inputs, num_classes, is_training, global_pool, output_stride, reuse, scope: as for
            `resnet_v1_50`.

    Returns:
        (the last output, a dict of the outputs by name).

    Example:
        >>> from flowgraph.contrib import slim
        >>> slim.nets.resnet_v1.resnet_v1_101.__name__
        'resnet_v1_101'
    """
    return resnet_v1(inputs, four_blocks(resnet_v1_block, 4, 23), num_classes, is_training,
                     global_pool, output_stride, True, reuse, scope)


def resnet_v1_152(inputs: Any, num_classes: int | None = None, is_training: Any = True,
                  global_pool: bool = True, output_stride: int | None = None,
                  reuse: Any = None, scope: Any = "resnet_v1_152") -> Any:
    """The residual network with 152 layers.

    Args:
        inputs, num_classes, is_training, global_pool, output_stride, reuse, scope: as for
            `resnet_v1_50`.

    Returns:
        (the last output, a dict of the outputs by name).

    Example:
        >>> from flowgraph.contrib import slim
        >>> slim.nets.resnet_v1.resnet_v1_152.__name__
        'resnet_v1_152'
    """
    return resnet_v1(inputs, four_blocks(resnet_v1_block, 8, 36), num_classes, is_training,
                     global_pool, output_stride, True, reuse, scope)


def resnet_v1_200(inputs: Any, num_classes: int | None = None, is_training: Any = True,
                  global_pool: bool = True, output_stride: int | None = None,
                  reuse: Any = None, scope: Any = "resnet_v1_200") -> Any:
    """The residual network with 200 layers.

    Args:
        inputs, num_classes, is_training, global_pool, output_stride, reuse, scope: as for
            `resnet_v1_50`.

    Returns:
        (the last output, a dict of the outputs by name).

    Example:
        >>> from flowgraph.contrib import slim
        >>> slim.nets.resnet_v1.resnet_v1_200.__name__
        'resnet_v1_200'
    """
    return resnet_v1(inputs, four_blocks(resnet_v1_block, 24, 36), num_classes, is_training,
                     global_pool, output_stride, True, reuse, scope)


resnet_v1.default_image_size = 224  # type: ignore[attr-defined]
