"""What residual networks of both versions share: blocks of units, and strides that stop growing.

A network for classes makes images smaller 32 times. Where larger maps are wanted (`output_stride`),
the strides stop once the images are small enough, and windows are spread out (`rate`) instead.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flowgraph.contrib.framework.argument_scope import add_arg_scope, arg_scope
from flowgraph.contrib.layers import (
    batch_norm,
    convolution2d,
    l2_regularizer,
    max_pool2d,
    softmax,
    variance_scaling_initializer,
)
from flowgraph.contrib.layers.outputs import collect_named_outputs, convert_collection_to_dict
from flowgraph.core.frames import located
from flowgraph.graph.collections import GraphKeys
from flowgraph.ops.activation import relu
from flowgraph.ops.pad import pad
from flowgraph.ops.reduce import reduce_mean
from flowgraph.ops.variable_scope import variable_scope


class Block(namedtuple("Block", ["scope", "unit_fn", "args"])):
    """A block of a residual network.

    Args:
        scope: name of the block.
        unit_fn: function that makes a unit.
        args: list of dicts, the arguments of each unit.

    Example:
        >>> from flowgraph.contrib import slim
        >>> unit = {"depth": 64, "depth_bottleneck": 16, "stride": 1}
        >>> block = slim.nets.resnet_utils.Block("block1", slim.nets.resnet_v1.bottleneck, [unit])
        >>> block.scope
        'block1'
    """


def subsample(inputs: Any, factor: int, scope: Any = None) -> Any:
    """Every `factor`-th pixel of images.

    Args:
        inputs: tensor of images.
        factor: the factor.
        scope: name of the op.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import slim
        >>> slim.nets.resnet_utils.subsample(fg.zeros([1, 5, 5, 2]), 2).shape.as_list()
        [1, 3, 3, 2]
    """
    return inputs if factor == 1 else max_pool2d(inputs, [1, 1], stride=factor, scope=scope)


def conv2d_same(inputs: Any, num_outputs: int, kernel_size: int, stride: int, rate: int = 1,
                scope: Any = None) -> Any:
    """A convolution whose padding does not depend on the size of the images.

    Args:
        inputs: tensor of images.
        num_outputs: number of output channels.
        kernel_size: size of the window.
        stride: how far the window moves.
        rate: distance between the elements of a window.
        scope: the variable scope.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import slim
        >>> slim.nets.resnet_utils.conv2d_same(fg.zeros([1, 5, 5, 2]), 3, 3, 2).shape.as_list()
        [1, 3, 3, 3]
    """
    if stride == 1:
        return convolution2d(inputs, num_outputs, kernel_size, stride=1, rate=rate,
                             padding="SAME", scope=scope)
    total = (kernel_size - 1) * rate
    sides = [total // 2, total - total // 2]
    inputs = pad(inputs, [[0, 0], sides, sides, [0, 0]])
    return convolution2d(inputs, num_outputs, kernel_size, stride=stride, rate=rate,
                         padding="VALID", scope=scope)


@add_arg_scope
def stack_blocks_dense(net: Any, blocks: Any, output_stride: int | None = None,
                       outputs_collections: Any = None) -> Any:
    """Blocks one after another, whose strides stop at `output_stride`.

    Args:
        net: tensor of images.
        blocks: list of Blocks.
        output_stride: how many times smaller the images become; None for as many as the units say.
        outputs_collections: collections for the outputs of the blocks.

    Returns:
        The output of the last block.

    Raises:
        ValueError: the strides do not lead to `output_stride`.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import slim
        >>> block = slim.nets.resnet_v1.resnet_v1_block("block1", 4, 2, 2)
        >>> net = slim.nets.resnet_utils.stack_blocks_dense(fg.zeros([1, 8, 8, 3]), [block])
        >>> net.shape.as_list()
        [1, 4, 4, 16]
    """
    reached, rate = 1, 1
    for block in blocks:
        with variable_scope(block.scope, "block", [net]) as opened:
            for i, unit in enumerate(block.args):
                if output_stride is not None and reached > output_stride:
                    raise ValueError(located("The target output_stride cannot be reached."))
                with variable_scope(f"unit_{i + 1}", values=[net]):
                    if output_stride is not None and reached == output_stride:
                        net = block.unit_fn(net, rate=rate, **{**unit, "stride": 1})
                        rate *= unit.get("stride", 1)
                    else:
                        net = block.unit_fn(net, rate=1, **unit)
                        reached *= unit.get("stride", 1)
            net = collect_named_outputs(outputs_collections, opened.name, net)
    if output_stride is not None and reached != output_stride:
        raise ValueError(located("The target output_stride cannot be reached."))
    return net


def resnet_arg_scope(weight_decay: float = 0.0001, batch_norm_decay: float = 0.997,
                     batch_norm_epsilon: float = 1e-5, batch_norm_scale: bool = True) -> Any:
    """The arguments that residual networks are trained with.

    Args:
        weight_decay: factor of the regularizer.
        batch_norm_decay, batch_norm_epsilon, batch_norm_scale: `decay`, `epsilon` and `scale` of
            `slim.batch_norm`.

    Returns:
        A scope for `slim.arg_scope`.

    Example:
        >>> from flowgraph.contrib import slim
        >>> with slim.arg_scope(slim.nets.resnet_utils.resnet_arg_scope()):
        ...     len(slim.current_arg_scope())
        3
    """
    normalizer = {"decay": batch_norm_decay, "epsilon": batch_norm_epsilon,
                  "scale": batch_norm_scale, "updates_collections": GraphKeys.UPDATE_OPS}
    with (arg_scope([convolution2d], weights_regularizer=l2_regularizer(weight_decay),
                    weights_initializer=variance_scaling_initializer(), activation_fn=relu,
                    normalizer_fn=batch_norm, normalizer_params=normalizer),
          arg_scope([batch_norm], **normalizer),
          arg_scope([max_pool2d], padding="SAME") as scope):
        return scope


def units(base_depth: int, num_units: int, stride: int) -> list[dict[str, int]]:
    """The arguments of the units of a block: the stride is that of the last one.

    Args:
        base_depth: number of channels inside a unit; four times as many leave it.
        num_units: number of units.
        stride: the stride.

    Example:
        >>> from flowgraph.contrib import slim
        >>> [unit["stride"] for unit in slim.nets.resnet_utils.units(64, 3, 2)]
        [1, 1, 2]
    """
    unit = {"depth": base_depth * 4, "depth_bottleneck": base_depth, "stride": 1}
    return [*[unit] * (num_units - 1), {**unit, "stride": stride}]


def four_blocks(block: Any, second: int, third: int) -> list[Block]:
    """The blocks of a network for large images.

    Args:
        block: `resnet_v1_block` or `resnet_v2_block`.
        second, third: how many units the second and the third block have; the others have 3.

    Example:
        >>> from flowgraph.contrib import slim
        >>> blocks = slim.nets.resnet_utils.four_blocks(slim.nets.resnet_v1.resnet_v1_block, 4, 6)
        >>> sum(len(block.args) for block in blocks)
        16
    """
    return [block("block1", 64, 3, 2), block("block2", 128, second, 2),
            block("block3", 256, third, 2), block("block4", 512, 3, 1)]


@contextmanager
def network(bottleneck: Any, inputs: Any, is_training: Any, reuse: Any, scope: Any,
            default_name: str) -> Iterator[str]:
    """The scopes that a network is built in; gives the collection of its layers' outputs.

    Args:
        bottleneck: function that makes a unit.
        inputs: the images.
        is_training: whether batch normalization goes by the batch.
        reuse: whether to find the variables of an earlier network of this scope.
        scope: the variable scope, or None.
        default_name: the variable scope's name where there is none.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import slim
        >>> unit = slim.nets.resnet_v1.bottleneck
        >>> with slim.nets.resnet_utils.network(unit, [], True, None, "net", "") as collection:
        ...     print(collection)
        net/_end_points
    """
    with variable_scope(scope, default_name, [inputs], reuse=reuse) as opened:
        collection = opened.original_name_scope + "_end_points"
        with (arg_scope([convolution2d, bottleneck, stack_blocks_dense],
                        outputs_collections=collection),
              arg_scope([batch_norm], is_training=is_training)):
            yield collection


def quarter(output_stride: int | None) -> int | None:
    """What is left of the `output_stride` after the first convolution and pooling.

    Args:
        output_stride: the whole stride, or None.

    Raises:
        ValueError: it is no multiple of 4.

    Example:
        >>> from flowgraph.contrib import slim
        >>> slim.nets.resnet_utils.quarter(16)
        4
    """
    if output_stride is None:
        return None
    if output_stride % 4:
        raise ValueError(located("The output_stride needs to be a multiple of 4."))
    return output_stride // 4


def classified(net: Any, num_classes: int | None, global_pool: bool,
               collection: str) -> tuple[Any, Any]:
    """The end of a residual network: the mean of each channel, and the logits.

    Args:
        net: tensor of images.
        num_classes: number of classes; None for no logits.
        global_pool: whether the mean is taken.
        collection: the collection of the outputs.

    Returns:
        (the last output, a dict of the outputs by name).

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import slim
        >>> net, _ = slim.nets.resnet_utils.classified(fg.zeros([1, 4, 4, 3]), 5, True, "ends")
        >>> net.shape.as_list()
        [1, 1, 1, 5]
    """
    if global_pool:
        net = reduce_mean(net, [1, 2], name="pool5", keepdims=True)
    if num_classes is not None:
        net = convolution2d(net, num_classes, [1, 1], activation_fn=None, normalizer_fn=None,
                            scope="logits")
    end_points = convert_collection_to_dict(collection)
    if num_classes is not None:
        end_points["predictions"] = softmax(net, scope="predictions")
    return net, end_points
