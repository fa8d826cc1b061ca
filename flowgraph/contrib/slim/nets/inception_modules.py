"""What the Inception networks share: modules of parallel branches, end points by name, the head.

A network is a list of stages, each an end point. A stage is one layer, or a tuple of branches, of
which each is a tuple of layers; what comes out of the branches is laid side by side:

    ("Mixed_3b", ((conv("0a", 64),), (conv("0a", 96), conv("0b", 128, 3))))

A layer is a function of (what came before, how a number of channels is made smaller).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from flowgraph.contrib.framework.argument_scope import arg_scope
from flowgraph.contrib.layers import (
    avg_pool2d,
    batch_norm,
    convolution2d,
    dropout,
    fully_connected,
    l2_regularizer,
    max_pool2d,
    variance_scaling_initializer,
)
from flowgraph.graph.collections import GraphKeys
from flowgraph.ops.activation import relu
from flowgraph.ops.initializers import TruncatedNormal
from flowgraph.ops.join import concat
from flowgraph.ops.reshape import squeeze
from flowgraph.ops.variable_scope import variable_scope

Depth = Callable[[int], int]
Layer = Callable[[Any, Depth], Any]


# What a table is written with ---------------------------------------------------------------


def conv(place: str, channels: int, size: int | tuple[int, int] = 1, stddev: float | None = None,
         **others: Any) -> Layer:
    """A convolution, named by its place in the branch and its window: "Conv2d_0a_1x1".

    Args:
        place: its place, such as "0a"; a whole name if it has an upper-case letter.
        channels: number of output channels, of a network that is not made narrower.
        size: height and width of the window.
        stddev: the deviation of the first weights; default that of the argument scope.
        others: further arguments of the layer.
    """
    height, width = (size, size) if isinstance(size, int) else size
    name = f"Conv2d_{place}_{height}x{width}" if place.islower() else place
    if stddev is not None:
        others["weights_initializer"] = TruncatedNormal(0.0, stddev)

    def layer(net: Any, depth: Depth) -> Any:
        return convolution2d(net, depth(channels), [height, width], scope=name, **others)
    return layer


def max_pool(name: str, size: int = 3, **others: Any) -> Layer:
    """The largest values of windows."""
    return lambda net, depth: max_pool2d(net, [size, size], scope=name, **others)


def avg_pool(name: str) -> Layer:
    """The means of 3x3 windows."""
    return lambda net, depth: avg_pool2d(net, [3, 3], scope=name)


def fork(*layers: Layer) -> Layer:
    """Layers of the same input, side by side."""
    return lambda net, depth: concat([layer(net, depth) for layer in layers], 3)


# How it is built ----------------------------------------------------------------------------


def narrower(multiplier: float, least: int) -> Depth:
    """The number of channels of a layer, in a network that is `multiplier` times as wide."""
    if multiplier <= 0:
        raise ValueError(f"depth_multiplier is greater than zero, not {multiplier}: it says how "
                         "many times as many channels the layers have.")
    return lambda channels: max(int(channels * multiplier), least)


def build(net: Any, stages: Iterable[tuple[str, Any]], end_points: dict[str, Any], last: str,
          depth: Depth) -> Any:
    """Builds stages up to the one named `last`, and puts their outputs into `end_points`."""
    for name, stage in stages:
        if callable(stage):
            net = stage(net, depth)
        else:
            with variable_scope(name):
                net = concat([_branch(net, i, layers, depth) for i, layers in enumerate(stage)], 3)
        end_points[name] = net
        if name == last:
            break
    return net


def _branch(net: Any, i: int, layers: tuple[Layer, ...], depth: Depth) -> Any:
    with variable_scope(f"Branch_{i}"):
        for layer in layers:
            net = layer(net, depth)
    return net


def checked(end_point: str, *stages: Iterable[tuple[str, Any]]) -> str:
    """The end point that is asked for, which is one of the stages."""
    names = [name for part in stages for name, _ in part]
    if end_point not in names:
        raise ValueError(f"Unknown final endpoint {end_point}: the network has "
                         + ", ".join(names) + ".")
    return end_point


def window_within(net: Any, size: int) -> list[int]:
    """A window of that size, or of the whole image where that is known to be smaller."""
    height, width = net.shape.as_list()[1:3]
    if height is None or width is None:
        return [size, size]
    return [min(height, size), min(width, size)]


def classified(net: Any, num_classes: int, spatial_squeeze: bool, scope: str,
               **others: Any) -> Any:
    """The logits: a convolution without activation, made a matrix if `spatial_squeeze`."""
    net = convolution2d(net, num_classes, [1, 1], activation_fn=None, normalizer_fn=None,
                        scope=scope, **others)
    return squeeze(net, [1, 2], name="SpatialSqueeze") if spatial_squeeze else net


def pooled(net: Any, size: int, keep_prob: Any, end_points: dict[str, Any] | None = None) -> Any:
    """The mean over the image, with dropout."""
    window = window_within(net, size)
    net = avg_pool2d(net, window, padding="VALID", scope="AvgPool_1a_{}x{}".format(*window))
    net = dropout(net, keep_prob=keep_prob, scope="Dropout_1b")
    if end_points is not None:
        end_points["PreLogits"] = net
    return net


def in_mode(is_training: Any) -> Any:
    """The argument scope in which batch normalization and dropout know whether it trains."""
    return arg_scope([batch_norm, dropout], is_training=is_training)


def inception_scope(weight_decay: float, collection: str, normalize: bool = True,
                    decay: float = 0.9997, epsilon: float = 0.001,
                    updates_collections: Any = GraphKeys.UPDATE_OPS,
                    **others: Any) -> Any:
    """The argument scope of an Inception network, to be entered with `slim.arg_scope`."""
    parameters = {
        "decay": decay, "epsilon": epsilon, "updates_collections": updates_collections, **others,
        "variables_collections": {"beta": None, "gamma": None, "moving_mean": [collection],
                                  "moving_variance": [collection]}}
    with (arg_scope([convolution2d, fully_connected],
                    weights_regularizer=l2_regularizer(weight_decay)),
          arg_scope([convolution2d], weights_initializer=variance_scaling_initializer(),
                    activation_fn=relu, normalizer_fn=batch_norm if normalize else None,
                    normalizer_params=parameters if normalize else {}) as scope):
        return scope
