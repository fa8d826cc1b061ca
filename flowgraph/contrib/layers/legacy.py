"""Fully connected layers of the first versions of `tf.contrib.layers`."""

from __future__ import annotations

import functools
from typing import Any

from flowgraph.contrib.layers.initializers import xavier_initializer
from flowgraph.core.frames import located
from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.graph import get_default_graph
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.activation import relu
from flowgraph.ops.bias import bias_add
from flowgraph.ops.initializers import Zeros
from flowgraph.ops.join import stack
from flowgraph.ops.matmul import matmul
from flowgraph.ops.reshape import reshape
from flowgraph.ops.shape import shape as shape_of
from flowgraph.ops.split import unstack
from flowgraph.ops.variable_scope import get_variable, variable_scope

_XAVIER, _ZEROS = xavier_initializer(), Zeros()


def legacy_fully_connected(x: Any, num_output_units: int, activation_fn: Any = None,
                           weight_init: Any = _XAVIER, bias_init: Any = _ZEROS,
                           name: str | None = None, weight_collections: Any = (GraphKeys.WEIGHTS,),
                           bias_collections: Any = (GraphKeys.BIASES,),
                           output_collections: Any = (GraphKeys.ACTIVATIONS,),
                           trainable: bool = True, weight_regularizer: Any = None,
                           bias_regularizer: Any = None) -> Any:
    """A fully connected layer: `activation_fn(x . weights + bias)`.

    Args:
        x: tensor of rank 2 or more, whose last size is known.
        num_output_units: size of the outputs' last axis.
        activation_fn: function applied to the outputs, or None.
        weight_init, bias_init: first values; None for no bias.
        name: the variable scope; default "fully_connected", made unique.
        weight_collections, bias_collections: further collections of the variables.
        output_collections: further collections of the outputs, which are in ACTIVATIONS.
        trainable: whether the variables are trained.
        weight_regularizer, bias_regularizer: function from the variable to a loss, or None.

    Returns:
        A tensor of the rank of `x`.

    Raises:
        ValueError: the rank is below 2, or the last size is not known.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import layers
        >>> y = layers.legacy_fully_connected(fg.zeros([2, 3]), 4)
        >>> [v.name for v in fg.trainable_variables()]
        ['fully_connected/weights:0', 'fully_connected/bias:0']
    """
    with variable_scope(name, "fully_connected", [x]):
        x = convert_to_tensor(x)
        rank = x.shape.ndims
        if rank is None or rank < 2:
            raise ValueError(located(f"rank of x must be at least 2 not: {rank}"))
        size = x.shape[-1].value
        if size is None:
            raise ValueError(located("last dimension of x must be known but is None"))
        dtype = x.dtype.base_dtype
        weights = get_variable(
            "weights", [size, num_output_units], dtype, weight_init, weight_regularizer, trainable,
            [*(weight_collections or ()), GraphKeys.GLOBAL_VARIABLES])
        y = matmul(x if rank == 2 else reshape(x, [-1, size]), weights)
        if bias_init is not None:
            bias = get_variable(
                "bias", [num_output_units], dtype, bias_init, bias_regularizer, trainable,
                [*(bias_collections or ()), GraphKeys.GLOBAL_VARIABLES])
            y = bias_add(y, bias)
        if rank > 2:
            y = reshape(y, stack([*unstack(shape_of(x))[:-1], num_output_units]))
            y.set_shape([*x.shape.as_list()[:-1], num_output_units])
        if activation_fn is not None:
            y = activation_fn(y)
        get_default_graph().add_to_collections(
            [*(output_collections or ()), GraphKeys.ACTIVATIONS], y)
        return y


legacy_relu = functools.partial(legacy_fully_connected, activation_fn=relu)
legacy_linear = functools.partial(legacy_fully_connected, activation_fn=None)
