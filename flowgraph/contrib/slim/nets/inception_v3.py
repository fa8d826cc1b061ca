"""Inception, version 3: 7x7 windows as 1x7 after 7x1, a second head (Szegedy and others 2015)."""

from __future__ import annotations

from typing import Any

from flowgraph.contrib.framework.argument_scope import arg_scope
from flowgraph.contrib.layers import avg_pool2d, convolution2d, max_pool2d, softmax
from flowgraph.contrib.slim.nets.inception_modules import (
    Depth,
    avg_pool,
    build,
    checked,
    classified,
    conv,
    fork,
    in_mode,
    inception_scope,
    max_pool,
    narrower,
    pooled,
    window_within,
)
from flowgraph.graph.collections import GraphKeys
from flowgraph.ops.initializers import TruncatedNormal
from flowgraph.ops.variable_scope import variable_scope


def _fives(name: str, pool: int, five_in: str = "0a", five: str = "0b") -> tuple[str, Any]:
    return name, ((conv("0a", 64),),
                  (conv(five_in, 48), conv(five, 64, 5)),
                  (conv("0a", 64), conv("0b", 96, 3), conv("0c", 96, 3)),
                  (avg_pool("AvgPool_0a_3x3"), conv("0b", pool)))


def _sevens(name: str, within: int) -> tuple[str, Any]:
    wide, high = (1, 7), (7, 1)
    return name, ((conv("0a", 192),),
                  (conv("0a", within), conv("0b", within, wide), conv("0c", 192, high)),
                  (conv("0a", within), conv("0b", within, high), conv("0c", within, wide),
                   conv("0d", within, high), conv("0e", 192, wide)),
                  (avg_pool("AvgPool_0a_3x3"), conv("0b", 192)))


def _spread(name: str, high: str) -> tuple[str, Any]:
    return name, ((conv("0a", 320),),
                  (conv("0a", 384), fork(conv("0b", 384, (1, 3)), conv(high, 384, (3, 1)))),
                  (conv("0a", 448), conv("0b", 384, 3),
                   fork(conv("0c", 384, (1, 3)), conv("0d", 384, (3, 1)))),
                  (avg_pool("AvgPool_0a_3x3"), conv("0b", 192)))


_SMALLER: dict[str, Any] = {"stride": 2, "padding": "VALID"}

# Names that do not fit their layers are TensorFlow's, and those of the checkpoints.
STEM = (
    ("Conv2d_1a_3x3", conv("1a", 32, 3, stride=2)),
    ("Conv2d_2a_3x3", conv("2a", 32, 3)),
    ("Conv2d_2b_3x3", conv("2b", 64, 3, padding="SAME")),
    ("MaxPool_3a_3x3", max_pool("MaxPool_3a_3x3", stride=2)),
    ("Conv2d_3b_1x1", conv("3b", 80)),
    ("Conv2d_4a_3x3", conv("4a", 192, 3)),
    ("MaxPool_5a_3x3", max_pool("MaxPool_5a_3x3", stride=2)),
)
MODULES = (
    _fives("Mixed_5b", 32),
    _fives("Mixed_5c", 64, "0b", "Conv_1_0c_5x5"),
    _fives("Mixed_5d", 64),
    ("Mixed_6a", ((conv("Conv2d_1a_1x1", 384, 3, **_SMALLER),),
                  (conv("0a", 64), conv("0b", 96, 3), conv("Conv2d_1a_1x1", 96, 3, **_SMALLER)),
                  (max_pool("MaxPool_1a_3x3", **_SMALLER),))),
    _sevens("Mixed_6b", 128),
    _sevens("Mixed_6c", 160),
    _sevens("Mixed_6d", 160),
    _sevens("Mixed_6e", 192),
    ("Mixed_7a", ((conv("0a", 192), conv("1a", 320, 3, **_SMALLER)),
                  (conv("0a", 192), conv("0b", 192, (1, 7)), conv("0c", 192, (7, 1)),
                   conv("1a", 192, 3, **_SMALLER)),
                  (max_pool("MaxPool_1a_3x3", **_SMALLER),))),
    _spread("Mixed_7b", "0b"),
    _spread("Mixed_7c", "0c"),
)


def inception_v3_base(inputs: Any, final_endpoint: str = "Mixed_7c", min_depth: int = 16,
                      depth_multiplier: float = 1.0, scope: Any = None) -> Any:
    """The features of Inception, version 3, without the layers that classify.

    Args:
        inputs: [batch, height, width, channels] images.
        final_endpoint: name of the last stage that is built.
        min_depth: the least number of channels of a layer, if `depth_multiplier` is below 1.
        depth_multiplier: how many times as many channels the layers have.
        scope: the variable scope; default "InceptionV3".

    Returns:
        (the output of the last stage, a dict of the outputs of all stages by name).

    Raises:
        ValueError: there is no such stage, or `depth_multiplier` is not above zero.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import slim
        >>> images = fg.placeholder(fg.float32, [None, 299, 299, 3])
        >>> net, end_points = slim.nets.inception.inception_v3_base(images, "Mixed_5d")
        >>> net.shape.as_list(), len(end_points)
        ([None, 35, 35, 288], 10)
    """
    end_points: dict[str, Any] = {}
    checked(final_endpoint, STEM, MODULES)
    depth = narrower(depth_multiplier, min_depth)
    with variable_scope(scope, "InceptionV3", [inputs]):
        layers = [convolution2d, max_pool2d, avg_pool2d]
        with arg_scope(layers, stride=1, padding="VALID"):
            net = build(inputs, STEM, end_points, final_endpoint, depth)
        if final_endpoint not in end_points:
            with arg_scope(layers, stride=1, padding="SAME"):
                net = build(net, MODULES, end_points, final_endpoint, depth)
    return net, end_points


def _second_head(net: Any, num_classes: int, depth: Depth, spatial_squeeze: bool) -> Any:
    with (arg_scope([convolution2d, max_pool2d, avg_pool2d], stride=1, padding="SAME"),
          variable_scope("AuxLogits")):
        net = avg_pool2d(net, [5, 5], stride=3, padding="VALID", scope="AvgPool_1a_5x5")
        net = convolution2d(net, depth(128), [1, 1], scope="Conv2d_1b_1x1")
        window = window_within(net, 5)
        net = convolution2d(net, depth(768), window, padding="VALID",
                            weights_initializer=TruncatedNormal(0.0, 0.01),
                            scope="Conv2d_2a_{}x{}".format(*window))
        return classified(net, num_classes, spatial_squeeze, "Conv2d_2b_1x1",
                          weights_initializer=TruncatedNormal(0.0, 0.001))


def inception_v3(inputs: Any, num_classes: int = 1000, is_training: Any = True,
                 dropout_keep_prob: Any = 0.8, min_depth: int = 16, depth_multiplier: float = 1.0,
                 prediction_fn: Any = softmax, spatial_squeeze: bool = True, reuse: Any = None,
                 scope: Any = "InceptionV3") -> Any:
    """Inception, version 3.

    Args:
        inputs: [batch, 299, 299, channels] images.
        num_classes: number of classes.
        is_training: whether dropout drops, and batch normalization goes by the batch.
        dropout_keep_prob: the fraction that dropout keeps.
        min_depth: the least number of channels of a layer, if `depth_multiplier` is below 1.
        depth_multiplier: how many times as many channels the layers have.
        prediction_fn: what makes predictions of the logits.
        spatial_squeeze: whether the logits become a matrix; False for larger images.
        reuse: whether to find the variables of an earlier network of this scope.
        scope: the variable scope.

    Returns:
        (the logits, a dict of the outputs of all stages by name, with "AuxLogits", "PreLogits",
        "Logits" and "Predictions").

    Raises:
        ValueError: `depth_multiplier` is not above zero.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import slim
        >>> images = fg.placeholder(fg.float32, [None, 299, 299, 3])
        >>> with slim.arg_scope(slim.nets.inception.inception_v3_arg_scope()):
        ...     logits, end_points = slim.nets.inception.inception_v3(images, 10)
        >>> logits.shape.as_list(), end_points["AuxLogits"].shape.as_list()
        ([None, 10], [None, 10])
    """
    depth = narrower(depth_multiplier, min_depth)
    with (variable_scope(scope, "InceptionV3", [inputs, num_classes], reuse=reuse) as opened,
          in_mode(is_training)):
        net, end_points = inception_v3_base(inputs, scope=opened, min_depth=min_depth,
                                            depth_multiplier=depth_multiplier)
        end_points["AuxLogits"] = _second_head(end_points["Mixed_6e"], num_classes, depth,
                                               spatial_squeeze)
        with variable_scope("Logits"):
            net = pooled(net, 8, dropout_keep_prob, end_points)
            logits = classified(net, num_classes, spatial_squeeze, "Conv2d_1c_1x1")
        end_points["Logits"] = logits
        end_points["Predictions"] = prediction_fn(logits, scope="Predictions")
    return logits, end_points


inception_v3.default_image_size = 299  # type: ignore[attr-defined]


def inception_v3_arg_scope(weight_decay: float = 0.00004,
                           batch_norm_var_collection: str = "moving_vars",
                           batch_norm_decay: float = 0.9997, batch_norm_epsilon: float = 0.001,
                           updates_collections: Any = GraphKeys.UPDATE_OPS,
                           use_fused_batchnorm: bool = True) -> Any:
    """The arguments that Inception, version 3, is trained with.

    Args:
        weight_decay: factor of the regularizer.
        batch_norm_var_collection: the collection of the moving means and variances.
        batch_norm_decay: decay of the moving averages.
        batch_norm_epsilon: small number that is added to the variances.
        updates_collections: collections of the updates of the moving averages.
        use_fused_batchnorm: whether batch normalization is one op.

    Returns:
        A scope for `slim.arg_scope`.

    Example:
        >>> from flowgraph.contrib import slim
        >>> with slim.arg_scope(slim.nets.inception.inception_v3_arg_scope()):
        ...     len(slim.current_arg_scope())
        2
    """
    return inception_scope(weight_decay, batch_norm_var_collection, decay=batch_norm_decay,
                           epsilon=batch_norm_epsilon, updates_collections=updates_collections,
                           fused=use_fused_batchnorm)
