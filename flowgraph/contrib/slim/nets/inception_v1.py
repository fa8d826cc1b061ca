"""Inception, version 1, also called GoogLeNet (Szegedy and others 2014)."""

from __future__ import annotations

from typing import Any

from flowgraph.contrib.framework.argument_scope import arg_scope
from flowgraph.contrib.layers import (
    avg_pool2d,
    convolution2d,
    dropout,
    fully_connected,
    max_pool2d,
    softmax,
)
from flowgraph.contrib.slim.nets.inception_modules import (
    build,
    checked,
    classified,
    conv,
    in_mode,
    inception_scope,
    max_pool,
    narrower,
)
from flowgraph.ops.initializers import TruncatedNormal
from flowgraph.ops.variable_scope import variable_scope


def _module(name: str, one: int, three_in: int, three: int, five_in: int, five: int,
            pool: int, five_place: str = "0b") -> tuple[str, Any]:
    return name, ((conv("0a", one),),
                  (conv("0a", three_in), conv("0b", three, 3)),
                  (conv("0a", five_in), conv(five_place, five, 3)),
                  (max_pool("MaxPool_0a_3x3"), conv("0b", pool)))


STAGES = (
    ("Conv2d_1a_7x7", conv("1a", 64, 7, stride=2)),
    ("MaxPool_2a_3x3", max_pool("MaxPool_2a_3x3", stride=2)),
    ("Conv2d_2b_1x1", conv("2b", 64)),
    ("Conv2d_2c_3x3", conv("2c", 192, 3)),
    ("MaxPool_3a_3x3", max_pool("MaxPool_3a_3x3", stride=2)),
    _module("Mixed_3b", 64, 96, 128, 16, 32, 32),
    _module("Mixed_3c", 128, 128, 192, 32, 96, 64),
    ("MaxPool_4a_3x3", max_pool("MaxPool_4a_3x3", stride=2)),
    _module("Mixed_4b", 192, 96, 208, 16, 48, 64),
    _module("Mixed_4c", 160, 112, 224, 24, 64, 64),
    _module("Mixed_4d", 128, 128, 256, 24, 64, 64),
    _module("Mixed_4e", 112, 144, 288, 32, 64, 64),
    _module("Mixed_4f", 256, 160, 320, 32, 128, 128),
    ("MaxPool_5a_2x2", max_pool("MaxPool_5a_2x2", 2, stride=2)),
    # The second name "0a" is TensorFlow's, and that of the checkpoints.
    _module("Mixed_5b", 256, 160, 320, 32, 128, 128, "0a"),
    _module("Mixed_5c", 384, 192, 384, 48, 128, 128),
)


def inception_v1_base(inputs: Any, final_endpoint: str = "Mixed_5c",
                      scope: Any = "InceptionV1") -> Any:
    """The features of Inception, version 1, without the layers that classify.

    Args:
        inputs: [batch, height, width, channels] images.
        final_endpoint: name of the last stage that is built.
        scope: the variable scope.

    Returns:
        (the output of the last stage, a dict of the outputs of all stages by name).

    Raises:
        ValueError: there is no such stage.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import slim
        >>> images = fg.placeholder(fg.float32, [None, 224, 224, 3])
        >>> net, end_points = slim.nets.inception.inception_v1_base(images, "Mixed_3b")
        >>> net.shape.as_list(), len(end_points)
        ([None, 28, 28, 256], 6)
    """
    end_points: dict[str, Any] = {}
    checked(final_endpoint, STAGES)
    with (variable_scope(scope, "InceptionV1", [inputs]),
          arg_scope([convolution2d, fully_connected],
                    weights_initializer=TruncatedNormal(0.0, 0.01)),
          arg_scope([convolution2d, max_pool2d], stride=1, padding="SAME")):
        net = build(inputs, STAGES, end_points, final_endpoint, narrower(1, 1))
    return net, end_points


def inception_v1(inputs: Any, num_classes: int = 1000, is_training: Any = True,
                 dropout_keep_prob: Any = 0.8, prediction_fn: Any = softmax,
                 spatial_squeeze: bool = True, reuse: Any = None,
                 scope: Any = "InceptionV1") -> Any:
    """Inception, version 1.

    Args:
        inputs: [batch, 224, 224, channels] images.
        num_classes: number of classes.
        is_training: whether dropout drops, and batch normalization goes by the batch.
        dropout_keep_prob: the fraction that dropout keeps.
        prediction_fn: what makes predictions of the logits.
        spatial_squeeze: whether the logits become a matrix; False for larger images.
        reuse: whether to find the variables of an earlier network of this scope.
        scope: the variable scope.

    Returns:
        (the logits, a dict of the outputs of all stages by name, with "Logits" and
        "Predictions").

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import slim
        >>> images = fg.placeholder(fg.float32, [None, 224, 224, 3])
        >>> with slim.arg_scope(slim.nets.inception.inception_v1_arg_scope()):
        ...     logits, end_points = slim.nets.inception.inception_v1(images, 10)
        >>> logits.shape.as_list(), end_points["Mixed_5c"].shape.as_list()
        ([None, 10], [None, 7, 7, 1024])
    """
    with (variable_scope(scope, "InceptionV1", [inputs, num_classes], reuse=reuse) as opened,
          in_mode(is_training)):
        net, end_points = inception_v1_base(inputs, scope=opened)
        with variable_scope("Logits"):
            net = avg_pool2d(net, [7, 7], stride=1, scope="MaxPool_0a_7x7")
            net = dropout(net, dropout_keep_prob, scope="Dropout_0b")
            logits = classified(net, num_classes, spatial_squeeze, "Conv2d_0c_1x1")
            end_points["Logits"] = logits
            end_points["Predictions"] = prediction_fn(logits, scope="Predictions")
    return logits, end_points


inception_v1.default_image_size = 224  # type: ignore[attr-defined]


def inception_v1_arg_scope(weight_decay: float = 0.00004, use_batch_norm: bool = True,
                           batch_norm_var_collection: str = "moving_vars") -> Any:
    """The arguments that Inception, version 1, is trained with.

    Args:
        weight_decay: factor of the regularizer.
        use_batch_norm: whether batch normalization follows each convolution.
        batch_norm_var_collection: the collection of the moving means and variances.

    Returns:
        A scope for `slim.arg_scope`.

    Example:
        >>> from flowgraph.contrib import slim
        >>> with slim.arg_scope(slim.nets.inception.inception_v1_arg_scope()):
        ...     len(slim.current_arg_scope())
        2
    """
    return inception_scope(weight_decay, batch_norm_var_collection, use_batch_norm)
