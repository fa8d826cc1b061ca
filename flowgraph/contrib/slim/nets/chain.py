"""What the networks without branches share: convolutions, and a head of three of them.

The fully connected layers at the end are convolutions over all that is left of the image, so that
larger images give maps of predictions.
"""

from __future__ import annotations

from typing import Any

from flowgraph.contrib.framework.argument_scope import arg_scope
from flowgraph.contrib.layers import (
    convolution2d,
    dropout,
    fully_connected,
    l2_regularizer,
    max_pool2d,
)
from flowgraph.contrib.layers.outputs import convert_collection_to_dict
from flowgraph.ops.activation import relu
from flowgraph.ops.reshape import squeeze


def chain_scope(weight_decay: float, biases_initializer: Any, pool_padding: str | None) -> Any:
    """The argument scope of a network, to be entered with `slim.arg_scope`."""
    with (arg_scope([convolution2d, fully_connected], activation_fn=relu,
                    weights_regularizer=l2_regularizer(weight_decay),
                    biases_initializer=biases_initializer),
          arg_scope([convolution2d], padding="SAME") as scope):
        if pool_padding is None:
            return scope
        with arg_scope([max_pool2d], padding=pool_padding) as scope:
            return scope


def head(net: Any, window: int, units: int, num_classes: int, is_training: Any, keep_prob: Any,
         last: dict[str, Any]) -> Any:
    """The layers "fc6", "fc7" and "fc8", with dropout between them.

    Args:
        net: the features, a tensor of images.
        window: size of the images that are left.
        units: number of channels of "fc6".
        num_classes: number of channels of "fc8".
        is_training: whether dropout drops.
        keep_prob: the fraction that dropout keeps.
        last: further arguments of "fc8".
    """
    net = convolution2d(net, units, [window, window], padding="VALID", scope="fc6")
    net = dropout(net, keep_prob, is_training=is_training, scope="dropout6")
    net = convolution2d(net, 4096, [1, 1], scope="fc7")
    net = dropout(net, keep_prob, is_training=is_training, scope="dropout7")
    return convolution2d(net, num_classes, [1, 1], activation_fn=None, normalizer_fn=None,
                         scope="fc8", **last)


def squeezed(net: Any, collection: str, spatial_squeeze: bool, scope_name: str) -> Any:
    """(the logits, the outputs of all layers by name)."""
    end_points = convert_collection_to_dict(collection)
    if spatial_squeeze:
        net = squeeze(net, [1, 2], name="fc8/squeezed")
        end_points[scope_name + "/fc8"] = net
    return net, end_points
