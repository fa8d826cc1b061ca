"""OverFeat (Sermanet and others 2013)."""

from __future__ import annotations

from typing import Any

from flowgraph.contrib.framework.argument_scope import arg_scope
from flowgraph.contrib.layers import convolution2d, fully_connected, max_pool2d
from flowgraph.contrib.slim.nets.chain import chain_scope, head, squeezed
from flowgraph.ops.initializers import Constant, TruncatedNormal, Zeros
from flowgraph.ops.variable_scope import variable_scope


def overfeat_arg_scope(weight_decay: float = 0.0005) -> Any:
    """The arguments that OverFeat is trained with.

    Args:
        weight_decay: factor of the regularizer.

    Returns:
        A scope for `slim.arg_scope`.

    Example:
        >>> from flowgraph.contrib import slim
        >>> with slim.arg_scope(slim.nets.overfeat.overfeat_arg_scope()):
        ...     len(slim.current_arg_scope())
        3
    """
    return chain_scope(weight_decay, Zeros(), "VALID")


def overfeat(inputs: Any, num_classes: int = 1000, is_training: Any = True,
             dropout_keep_prob: Any = 0.5, spatial_squeeze: bool = True,
             scope: Any = "overfeat") -> Any:
    """OverFeat.

    Args:
        inputs: [batch, 231, 231, channels] images.
        num_classes, is_training, dropout_keep_prob, spatial_squeeze, scope: as for
            `alexnet.alexnet_v2`.

    Returns:
        (the logits, a dict of the outputs of all layers by name).

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import slim
        >>> images = fg.placeholder(fg.float32, [None, 231, 231, 3])
        >>> with slim.arg_scope(slim.nets.overfeat.overfeat_arg_scope()):
        ...     logits, end_points = slim.nets.overfeat.overfeat(images, 10)
        >>> logits.shape.as_list(), end_points["overfeat/pool5"].shape.as_list()
        ([None, 10], [None, 6, 6, 1024])
    """
    with variable_scope(scope, "overfeat", [inputs]) as opened:
        collection = opened.name + "_end_points"
        with arg_scope([convolution2d, fully_connected, max_pool2d],
                       outputs_collections=collection):
            net = convolution2d(inputs, 64, [11, 11], 4, padding="VALID", scope="conv1")
            net = max_pool2d(net, [2, 2], scope="pool1")
            net = convolution2d(net, 256, [5, 5], padding="VALID", scope="conv2")
            net = max_pool2d(net, [2, 2], scope="pool2")
            for i, depth in ((3, 512), (4, 1024), (5, 1024)):
                net = convolution2d(net, depth, [3, 3], scope=f"conv{i}")
            net = max_pool2d(net, [2, 2], scope="pool5")
            with arg_scope([convolution2d], weights_initializer=TruncatedNormal(0.0, 0.005),
                           biases_initializer=Constant(0.1)):
                net = head(net, 6, 3072, num_classes, is_training, dropout_keep_prob,
                           {"biases_initializer": Zeros()})
            return squeezed(net, collection, spatial_squeeze, opened.name)


overfeat.default_image_size = 231  # type: ignore[attr-defined]
