"""Fully connected layers, with an activation and an optional normalizer."""

from __future__ import annotations

import functools
import operator
from typing import Any

from flowgraph.contrib.framework.argument_scope import add_arg_scope
from flowgraph.contrib.layers.initializers import xavier_initializer
from flowgraph.contrib.layers.outputs import (
    add_variable_to_collections,
    layer_outputs,
    variable_getter,
)
from flowgraph.core.frames import located
from flowgraph.layers.core import Dense
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops import activation
from flowgraph.ops.initializers import Zeros
from flowgraph.ops.variable_scope import variable_scope

RENAMED = {"bias": "biases", "kernel": "weights"}
_XAVIER, _ZEROS = xavier_initializer(), Zeros()


@add_arg_scope
def fully_connected(inputs: Any, num_outputs: int, activation_fn: Any = activation.relu,
                    normalizer_fn: Any = None, normalizer_params: Any = None,
                    weights_initializer: Any = _XAVIER,
                    weights_regularizer: Any = None, biases_initializer: Any = _ZEROS,
                    biases_regularizer: Any = None, reuse: Any = None,
                    variables_collections: Any = None, outputs_collections: Any = None,
                    trainable: bool = True, scope: Any = None) -> Any:
    """A fully connected layer: `activation_fn(inputs . weights + biases)`.

    Args:
        inputs: tensor of rank 2 or more, whose last size is known.
        num_outputs: size of the outputs' last axis.
        activation_fn: function applied to the outputs; None for none.
        normalizer_fn: function that normalises the outputs in place of biases, as `batch_norm`.
        normalizer_params: dict of further arguments for it.
        weights_initializer, biases_initializer: first values; None for no biases.
        weights_regularizer, biases_regularizer: function from the variable to a loss, or None.
        reuse: whether to find the variables of an earlier layer of this scope.
        variables_collections: collections for the variables: a list of names, or a dict from
            "weights" and "biases" to lists.
        outputs_collections: collections for the outputs, under the scope's name.
        trainable: whether the variables are trained.
        scope: the variable scope; default "fully_connected", made unique.

    Returns:
        A tensor of the inputs' rank.

    Raises:
        ValueError: `num_outputs` is no int, or the last size is not known.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import layers
        >>> y = layers.fully_connected(fg.zeros([4, 3]), 2, scope="fc")
        >>> y, [v.name for v in fg.trainable_variables()]
        (<tf.Tensor 'fc/Relu:0' shape=(4, 2) dtype=float32>, ['fc/weights:0', 'fc/biases:0'])
    """
    try:
        num_outputs = operator.index(num_outputs)
    except TypeError:
        raise ValueError(located(f"num_outputs should be an int, got {num_outputs!r} of type "
                                 f"{type(num_outputs).__name__}.")) from None
    with variable_scope(scope, "fully_connected", [inputs], reuse=reuse,
                        custom_getter=variable_getter(RENAMED)) as opened:
        inputs = convert_to_tensor(inputs)
        layer = Dense(
            num_outputs, use_bias=not normalizer_fn and biases_initializer is not None,
            kernel_initializer=weights_initializer, bias_initializer=biases_initializer,
            kernel_regularizer=weights_regularizer, bias_regularizer=biases_regularizer,
            trainable=trainable, name=opened.name, dtype=inputs.dtype.base_dtype, _scope=opened,
            _reuse=reuse)
        outputs = layer(inputs)
        collect_kernel_and_bias(layer, variables_collections)
        return layer_outputs(outputs, opened.name, normalizer_fn, normalizer_params,
                             activation_fn, outputs_collections)


def collect_kernel_and_bias(layer: Any, variables_collections: Any) -> None:
    """Puts the variables of a layer of `tf.layers` in collections, by contrib's names.

    Args:
        layer: the layer, built.
        variables_collections: list of names, or dict with lists for "weights" and "biases".

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib.layers.dense import collect_kernel_and_bias
        >>> layer = fg.layers.Dense(3)
        >>> y = layer(fg.zeros([1, 2]))
        >>> collect_kernel_and_bias(layer, {"weights": ["decayed"]})
        >>> fg.get_collection("decayed") == [layer.kernel]
        True
    """
    add_variable_to_collections(layer.kernel, variables_collections, "weights")
    if layer.bias is not None:
        add_variable_to_collections(layer.bias, variables_collections, "biases")


relu = functools.partial(fully_connected, activation_fn=activation.relu)
relu6 = functools.partial(fully_connected, activation_fn=activation.relu6)
elu = functools.partial(fully_connected, activation_fn=activation.elu)
linear = functools.partial(fully_connected, activation_fn=None)
