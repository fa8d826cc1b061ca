"""The VGG networks (Simonyan and Zisserman 2014), with 11, 16 and 19 layers."""

from __future__ import annotations

from typing import Any

from flowgraph.contrib.framework.argument_scope import arg_scope
from flowgraph.contrib.layers import convolution2d, fully_connected, max_pool2d, repeat
from flowgraph.contrib.slim.nets.chain import chain_scope, head, squeezed
from flowgraph.ops.initializers import Zeros
from flowgraph.ops.variable_scope import variable_scope


def vgg_arg_scope(weight_decay: float = 0.0005) -> Any:
    """The arguments that the VGG networks are trained with.

    Args:
        weight_decay: factor of the regularizer.

    Returns:
        A scope for `slim.arg_scope`.

    Example:
        >>> from flowgraph.contrib import slim
        >>> with slim.arg_scope(slim.nets.vgg.vgg_arg_scope()):
        ...     len(slim.current_arg_scope())
        2
    """
    return chain_scope(weight_decay, Zeros(), None)


def _vgg(name: str, repeats: tuple[int, ...], inputs: Any, num_classes: int, is_training: Any,
         dropout_keep_prob: Any, spatial_squeeze: bool, scope: Any) -> Any:
    with variable_scope(scope, name, [inputs]) as opened:
        # Where the outputs are collected is TensorFlow's: not the same for each of the three.
        collection = (opened.name if name == "vgg_19" else opened.original_name_scope)
        collection += "_end_points"
        collected = [convolution2d, max_pool2d]
        if name != "vgg_a":
            collected.append(fully_connected)
        with arg_scope(collected, outputs_collections=collection):
            net = inputs
            for i, (count, depth) in enumerate(zip(repeats, (64, 128, 256, 512, 512), strict=True),
                                               1):
                net = repeat(net, count, convolution2d, depth, [3, 3], scope=f"conv{i}")
                net = max_pool2d(net, [2, 2], scope=f"pool{i}")
            net = head(net, 7, 4096, num_classes, is_training, dropout_keep_prob, {})
            return squeezed(net, collection, spatial_squeeze, opened.name)


def vgg_a(inputs: Any, num_classes: int = 1000, is_training: Any = True,
          dropout_keep_prob: Any = 0.5, spatial_squeeze: bool = True, scope: Any = "vgg_a") -> Any:
    """The VGG network with 11 layers.

    Args:
        inputs: [batch, 224, 224, channels] images.
        num_classes: number of classes.
        is_training: whether dropout drops.
        dropout_keep_prob: the fraction that dropout keeps.
        spatial_squeeze: whether the logits become a matrix; False for larger images.
        scope: the variable scope.

    Returns:
        (the logits, a dict of the outputs of all layers by name).

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import slim
        >>> images = fg.placeholder(fg.float32, [None, 224, 224, 3])
        >>> logits, end_points = slim.nets.vgg.vgg_a(images, 10)
        >>> logits.shape.as_list(), slim.get_variables("vgg_a", "weights")[0].name
        ([None, 10], 'vgg_a/conv1/conv1_1/weights:0')
    """
    return _vgg("vgg_a", (1, 1, 2, 2, 2), inputs, num_classes, is_training, dropout_keep_prob,
                spatial_squeeze, scope)


def vgg_16(inputs: Any, num_classes: int = 1000, is_training: Any = True,
           dropout_keep_prob: Any = 0.5, spatial_squeeze: bool = True,
           scope: Any = "vgg_16") -> Any:
    """The VGG network with 16 layers.

    Args:
        inputs, num_classes, is_training, dropout_keep_prob, spatial_squeeze, scope: as for
            `vgg_a`.

    Returns:
        (the logits, a dict of the outputs of all layers by name).

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import slim
        >>> images = fg.placeholder(fg.float32, [None, 224, 224, 3])
        >>> logits, end_points = slim.nets.vgg.vgg_16(images, 10)
        >>> end_points["vgg_16/pool5"].shape.as_list()
        [None, 7, 7, 512]
    """
    return _vgg("vgg_16", (2, 2, 3, 3, 3), inputs, num_classes, is_training, dropout_keep_prob,
                spatial_squeeze, scope)


def vgg_19(inputs: Any, num_classes: int = 1000, is_training: Any = True,
           dropout_keep_prob: Any = 0.5, spatial_squeeze: bool = True,
           scope: Any = "vgg_19") -> Any:
    """The VGG network with 19 layers.

    Args:
        inputs, num_classes, is_training, dropout_keep_prob, spatial_squeeze, scope: as for
            `vgg_a`.

    Returns:
        (the logits, a dict of the outputs of all layers by name).

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import slim
        >>> images = fg.placeholder(fg.float32, [None, 224, 224, 3])
        >>> logits, end_points = slim.nets.vgg.vgg_19(images, 10)
        >>> end_points["vgg_19/conv5/conv5_4"].shape.as_list()
        [None, 14, 14, 512]
    """
    return _vgg("vgg_19", (2, 2, 4, 4, 4), inputs, num_classes, is_training, dropout_keep_prob,
                spatial_squeeze, scope)


for _net in (vgg_a, vgg_16, vgg_19):
    _net.default_image_size = 224  # type: ignore[attr-defined]
vgg_d, vgg_e = vgg_16, vgg_19
