"""Inception, version 2: batch normalization, two 3x3 windows for one 5x5 (Ioffe, Szegedy 2015)."""

from __future__ import annotations

from typing import Any

from flowgraph.contrib.framework.argument_scope import arg_scope
from flowgraph.contrib.layers import (
    avg_pool2d,
    convolution2d,
    max_pool2d,
    separable_convolution2d,
    softmax,
)
from flowgraph.contrib.slim.nets.inception_modules import (
    Depth,
    avg_pool,
    build,
    checked,
    classified,
    conv,
    in_mode,
    inception_scope,
    max_pool,
    narrower,
    pooled,
)
from flowgraph.ops.initializers import TruncatedNormal
from flowgraph.ops.variable_scope import variable_scope


def _first(net: Any, depth: Depth) -> Any:
    return separable_convolution2d(
        net, depth(64), [7, 7], depth_multiplier=min(int(depth(64) / 3), 8), stride=2,
        weights_initializer=TruncatedNormal(0.0, 1.0), scope="Conv2d_1a_7x7")


def _module(name: str, one: int, three_in: int, three: int, double_in: int, double: int,
            pool: int, pooling: Any = None) -> tuple[str, Any]:
    return name, ((conv("0a", one),),
                  (conv("0a", three_in, stddev=0.09), conv("0b", three, 3)),
                  (conv("0a", double_in, stddev=0.09), conv("0b", double, 3),
                   conv("0c", double, 3)),
                  (pooling or avg_pool("AvgPool_0a_3x3"), conv("0b", pool, stddev=0.1)))


def _smaller(name: str, three_in: int, three: int, double_in: int,
             double: int) -> tuple[str, Any]:
    return name, ((conv("0a", three_in, stddev=0.09), conv("1a", three, 3, stride=2)),
                  (conv("0a", double_in, stddev=0.09), conv("0b", double, 3),
                   conv("1a", double, 3, stride=2)),
                  (max_pool("MaxPool_1a_3x3", stride=2),))


STAGES = (
    ("Conv2d_1a_7x7", _first),
    ("MaxPool_2a_3x3", max_pool("MaxPool_2a_3x3", stride=2)),
    ("Conv2d_2b_1x1", conv("2b", 64, stddev=0.1)),
    ("Conv2d_2c_3x3", conv("2c", 192, 3)),
    ("MaxPool_3a_3x3", max_pool("MaxPool_3a_3x3", stride=2)),
    _module("Mixed_3b", 64, 64, 64, 64, 96, 32),
    _module("Mixed_3c", 64, 64, 96, 64, 96, 64),
    _smaller("Mixed_4a", 128, 160, 64, 96),
    _module("Mixed_4b", 224, 64, 96, 96, 128, 128),
    _module("Mixed_4c", 192, 96, 128, 96, 128, 128),
    _module("Mixed_4d", 160, 128, 160, 128, 160, 96),
    _module("Mixed_4e", 96, 128, 192, 160, 192, 96),
    _smaller("Mixed_5a", 128, 192, 192, 256),
    _module("Mixed_5b", 352, 192, 320, 160, 224, 128),
    _module("Mixed_5c", 352, 192, 320, 192, 224, 128, max_pool("MaxPool_0a_3x3")),
)


def inception_v2_base(inputs: Any, final_endpoint: str = "Mixed_5c", min_depth: int = 16,
                      depth_multiplier: float = 1.0, scope: Any = None) -> Any:
    """The features of Inception, version 2, without the layers that classify.

    Args:
        inputs: [batch, height, width, channels] images.
        final_endpoint: name of the last stage that is built.
        min_depth: the least number of channels of a layer, if `depth_multiplier` is below 1.
        depth_multiplier: how many times as many channels the layers have.
        scope: the variable scope; default "InceptionV2".

    Returns:
        (the output of the last stage, a dict of the outputs of all stages by name).

    Raises:
        ValueError: there is no such stage, or `depth_multiplier` is not above zero.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import slim
        >>> images = fg.placeholder(fg.float32, [None, 224, 224, 3])
        >>> net, end_points = slim.nets.inception.inception_v2_base(images, "Mixed_4a")
        >>> net.shape.as_list(), len(end_points)
        ([None, 14, 14, 576], 8)
    """
    end_points: dict[str, Any] = {}
    checked(final_endpoint, STAGES)
    depth = narrower(depth_multiplier, min_depth)
    with (variable_scope(scope, "InceptionV2", [inputs]),
          arg_scope([convolution2d, max_pool2d, avg_pool2d, separable_convolution2d], stride=1,
                    padding="SAME")):
        net = build(inputs, STAGES, end_points, final_endpoint, depth)
    return net, end_points


def inception_v2(inputs: Any, num_classes: int = 1000, is_training: Any = True,
                 dropout_keep_prob: Any = 0.8, min_depth: int = 16, depth_multiplier: float = 1.0,
                 prediction_fn: Any = softmax, spatial_squeeze: bool = True, reuse: Any = None,
                 scope: Any = "InceptionV2") -> Any:
    """Inception, version 2.

    Args:
        inputs: [batch, 224, 224, channels] images.
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
        (the logits, a dict of the outputs of all stages by name, with "Logits" and
        "Predictions").

    Raises:
        ValueError: `depth_multiplier` is not above zero.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import slim
        >>> images = fg.placeholder(fg.float32, [None, 224, 224, 3])
        >>> with slim.arg_scope(slim.nets.inception.inception_v2_arg_scope()):
        ...     logits, end_points = slim.nets.inception.inception_v2(images, 10)
        >>> logits.shape.as_list(), end_points["Mixed_5c"].shape.as_list()
        ([None, 10], [None, 7, 7, 1024])
    """
    with (variable_scope(scope, "InceptionV2", [inputs, num_classes], reuse=reuse) as opened,
          in_mode(is_training)):
        net, end_points = inception_v2_base(inputs, scope=opened, min_depth=min_depth,
                                            depth_multiplier=depth_multiplier)
        with variable_scope("Logits"):
            net = pooled(net, 7, dropout_keep_prob)
            logits = classified(net, num_classes, spatial_squeeze, "Conv2d_1c_1x1")
        end_points["Logits"] = logits
        end_points["Predictions"] = prediction_fn(logits, scope="Predictions")
    return logits, end_points


inception_v2.default_image_size = 224  # type: ignore[attr-defined]


def inception_v2_arg_scope(weight_decay: float = 0.00004,
                           batch_norm_var_collection: str = "moving_vars") -> Any:
    """The arguments that Inception, version 2, is trained with.

    Args:
        weight_decay: factor of the regularizer.
        batch_norm_var_collection: the collection of the moving means and variances.

    Returns:
        A scope for `slim.arg_scope`.

    Example:
        >>> from flowgraph.contrib import slim
        >>> with slim.arg_scope(slim.nets.inception.inception_v2_arg_scope()):
        ...     len(slim.current_arg_scope())
        2
    """
    return inception_scope(weight_decay, batch_norm_var_collection)
