"""Batch normalization with the names, defaults and collections of `tf.contrib.layers`.

The moving averages are updated by ops in the collection UPDATE_OPS, or in place, whenever the
outputs are computed, with `updates_collections=None`.

One op does it all where that is possible (`fused`). Three ways lead there, as in TensorFlow 1.15,
and their nodes have different names:

    ordinary            the layer of tf.layers: images, updates in UPDATE_OPS
    _fused              images or matrices, updates wherever they are asked for
    _with_ordinary_ops  everything else: weights for the elements of a batch, ranks besides 2 and 4
"""

from __future__ import annotations

from typing import Any

from flowgraph.contrib.framework.argument_scope import add_arg_scope
from flowgraph.contrib.framework.variables import model_variable
from flowgraph.contrib.layers.outputs import (
    IMAGES,
    add_variable_to_collections,
    channels_place,
    get_variable_collections,
    layer_outputs,
    variable_getter,
)
from flowgraph.core.dtypes import float32
from flowgraph.core.frames import located
from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.graph import control_dependencies, get_default_graph
from flowgraph.layers.normalization import BatchNormalization
from flowgraph.layers.smart_cond import known_truth, smart_cond
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.constant import constant
from flowgraph.ops.fused_batch_norm import fused_batch_norm
from flowgraph.ops.identity import identity
from flowgraph.ops.initializers import Ones, Zeros
from flowgraph.ops.normalization import batch_normalization, moments, weighted_moments
from flowgraph.ops.reshape import reshape
from flowgraph.ops.shape import shape as shape_of
from flowgraph.ops.variable_scope import get_variable_scope, variable_scope
from flowgraph.train.moving_averages import assign_moving_average

_FIRST = {"beta": Zeros, "gamma": Ones, "moving_mean": Zeros, "moving_variance": Ones}


@add_arg_scope
def batch_norm(inputs: Any, decay: Any = 0.999, center: bool = True, scale: bool = False,
               epsilon: float = 0.001, activation_fn: Any = None, param_initializers: Any = None,
               param_regularizers: Any = None, updates_collections: Any = GraphKeys.UPDATE_OPS,
               is_training: Any = True, reuse: Any = None, variables_collections: Any = None,
               outputs_collections: Any = None, trainable: bool = True, batch_weights: Any = None,
               fused: bool | None = None, data_format: str = "NHWC",
               zero_debias_moving_mean: bool = False, scope: Any = None, renorm: bool = False,
               renorm_clipping: Any = None, renorm_decay: float = 0.99,
               adjustment: Any = None) -> Any:
    """Normalises inputs to mean 0 and variance 1 over the batch, then scales and shifts them.

    Args:
        inputs: tensor of rank 2 or more, whose number of channels is known.
        decay: how much of a moving average stays at each update.
        center, scale: whether to add `beta`, and to multiply by `gamma`. The layers that follow
            may scale themselves: `scale` is False by default.
        epsilon: small number added to the variance.
        activation_fn: function applied to the outputs, or None.
        param_initializers: dict of first values for "beta", "gamma", "moving_mean",
            "moving_variance".
        param_regularizers: dict of regularizers for "beta" and "gamma".
        updates_collections: collection for the ops that update the moving averages; None to update
            them whenever the outputs are computed.
        is_training: bool, or scalar bool tensor: True normalises by the batch, False by the moving
            averages.
        reuse, variables_collections, outputs_collections, trainable: as for `fully_connected`; the
            variables are "beta", "gamma", "moving_mean" and "moving_variance".
        batch_weights: [batch] tensor: how much each element counts for the statistics.
        fused: False keeps from using one op for it all.
        data_format: "NHWC" or "NCHW".
        zero_debias_moving_mean: whether the moving mean is corrected for starting from zero.
        scope: the variable scope; default "BatchNorm", made unique.
        renorm, renorm_clipping, renorm_decay, adjustment: as for `tf.layers.BatchNormalization`.

    Returns:
        A tensor like `inputs`.

    Raises:
        ValueError: the rank or the number of channels is not known, or `renorm` comes with what it
            does not work with.

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.contrib import layers
        >>> x = fg.constant([[1.0], [3.0]])
        >>> y = layers.batch_norm(x, decay=0.5, updates_collections=None)
        >>> with fg.Session() as sess:
        ...     sess.run(fg.global_variables_initializer())
        ...     print(sess.run(y).ravel().round(2))
        ...     print(sess.run(fg.global_variables("BatchNorm/moving_mean")))
        [-1.  1.]
        [array([1.], dtype=float32)]
    """
    place = channels_place(data_format, IMAGES)
    inputs = convert_to_tensor(inputs)
    rank = inputs.shape.ndims
    if rank is None:
        raise ValueError(located(f"Inputs {inputs.name} has undefined rank.",
                                 "Give the placeholder a shape, or call set_shape."))
    fused = True if fused is None else fused
    can_fuse = batch_weights is None and not renorm and rank in (2, 4) and adjustment is None
    elsewhere = updates_collections is not GraphKeys.UPDATE_OPS
    params = _Parameters(inputs, place, param_initializers or {}, param_regularizers or {},
                         variables_collections, trainable)
    if fused and can_fuse and (zero_debias_moving_mean or rank == 2 or elsewhere):
        with variable_scope(scope, "BatchNorm", [inputs], reuse=reuse) as opened:
            outputs = _fused(inputs, params, decay, center, scale, epsilon, updates_collections,
                             is_training, data_format, zero_debias_moving_mean)
            return layer_outputs(outputs, opened.name, None, None, activation_fn,
                                 outputs_collections)
    with variable_scope(scope, "BatchNorm", [inputs], reuse=reuse,
                        custom_getter=variable_getter()) as opened:
        if batch_weights is None and not elsewhere and not zero_debias_moving_mean:
            layer = BatchNormalization(
                1 if data_format == "NCHW" else -1, decay, epsilon, center, scale,
                beta_regularizer=params.regularizers.get("beta"),
                gamma_regularizer=params.regularizers.get("gamma"), renorm=renorm,
                renorm_clipping=renorm_clipping, renorm_momentum=renorm_decay, fused=fused,
                trainable=trainable, adjustment=adjustment, name=opened.name, _scope=opened,
                _reuse=reuse,
                **{f"{name}_initializer": params.initializer(name) for name in _FIRST})
            outputs = layer(inputs, training=is_training)
            for name in _FIRST:
                if getattr(layer, name) is not None:
                    add_variable_to_collections(getattr(layer, name), variables_collections, name)
        elif renorm:
            raise ValueError(located("renorm is not supported with batch_weights, "
                                     "updates_collections or zero_debias_moving_mean"))
        else:
            outputs = _with_ordinary_ops(
                inputs, params, decay, center, scale, epsilon, updates_collections, is_training,
                batch_weights, data_format, zero_debias_moving_mean)
        return layer_outputs(outputs, opened.name, None, None, activation_fn, outputs_collections)


class _Parameters:
    """Makes the variables of one layer."""

    def __init__(self, inputs: Any, place: str, initializers: dict[str, Any],
                 regularizers: dict[str, Any], collections: Any, trainable: bool) -> None:
        shape = inputs.shape
        self.size = shape[1 if place == "channels_first" and shape.ndims > 2 else -1].value
        if self.size is None:
            raise ValueError(located(f"Inputs {inputs.name} has undefined channels dimension "
                                     f"{shape}.",
                                     "Give the placeholder the size of that axis, or call "
                                     "set_shape."))
        self.initializers, self.regularizers = initializers, regularizers
        self.collections, self.trainable = collections, trainable

    def initializer(self, name: str) -> Any:
        """What sets the first value of a variable."""
        return self.initializers.get(name) or _FIRST[name]()

    def trained(self, name: str, dtype: Any, regularizer: Any = None) -> Any:
        """Makes "beta" or "gamma"."""
        return model_variable(name, [self.size], dtype, self.initializer(name), regularizer,
                              self.trainable, get_variable_collections(self.collections, name))

    def averages(self, dtype: Any) -> list[Any]:
        """Makes the two moving averages, in one piece whatever the scope's partitioner says."""
        with variable_scope(get_variable_scope()) as local_scope:
            local_scope.set_partitioner(None)
            return [model_variable(name, [self.size], dtype, self.initializer(name),
                                   trainable=False,
                                   collections=get_variable_collections(self.collections, name))
                    for name in ("moving_mean", "moving_variance")]


def _fused(inputs: Any, params: _Parameters, decay: Any, center: bool, scale: bool,
           epsilon: float, updates_collections: Any, is_training: Any, data_format: str,
           zero_debias: bool) -> Any:
    """One op; a matrix is looked at as images of one pixel."""
    matrix, shape = inputs, inputs.shape
    if shape.ndims == 2:
        inputs = reshape(inputs, [-1, params.size, 1, 1] if data_format == "NCHW"
                         else [-1, 1, 1, params.size])
    inputs_shape = inputs.shape
    beta = (params.trained("beta", float32, params.regularizers.get("beta")) if center
            else constant(0.0, float32, [params.size]))
    gamma = (params.trained("gamma", float32, params.regularizers.get("gamma")) if scale
             else constant(1.0, float32, [params.size]))
    averages = params.averages(float32)
    outputs, *statistics = smart_cond(
        is_training,
        lambda: fused_batch_norm(inputs, gamma, beta, epsilon=epsilon, data_format=data_format),
        lambda: fused_batch_norm(inputs, gamma, beta, averages[0], averages[1], epsilon,
                                 data_format, is_training=False))
    if known_truth(is_training) in (None, True):
        if updates_collections is None:
            normalized = outputs

            def updated() -> Any:
                with control_dependencies(_updates(averages, statistics, decay, zero_debias)):
                    return identity(normalized)

            outputs = smart_cond(is_training, updated, lambda: normalized)
        else:
            _collect_updates(is_training, averages, statistics, decay, zero_debias,
                             updates_collections)
    outputs.set_shape(inputs_shape)
    return reshape(outputs, shape_of(matrix)) if shape.ndims == 2 else outputs


def _updates(averages: Any, statistics: Any, decay: Any, zero_debias: bool) -> list[Any]:
    """Moves the averages towards the batch's statistics."""
    return [assign_moving_average(averages[0], statistics[0], decay, zero_debias=zero_debias),
            assign_moving_average(averages[1], statistics[1], decay, zero_debias=False)]


def _collect_updates(is_training: Any, averages: Any, statistics: Any, decay: Any,
                     zero_debias: bool, updates_collections: Any) -> None:
    for update in smart_cond(is_training,
                             lambda: _updates(averages, statistics, decay, zero_debias),
                             lambda: [convert_to_tensor(average) for average in averages]):
        get_default_graph().add_to_collections(updates_collections, update)


def _with_ordinary_ops(inputs: Any, params: _Parameters, decay: Any, center: bool, scale: bool,
                       epsilon: float, updates_collections: Any, is_training: Any,
                       batch_weights: Any, data_format: str, zero_debias: bool) -> Any:
    """For all that the fused op cannot do."""
    rank, dtype = inputs.shape.ndims, inputs.dtype.base_dtype
    first = data_format == "NCHW"
    axes = [0, *range(2, rank)] if first else list(range(rank - 1))
    if batch_weights is not None:
        batch_weights = convert_to_tensor(batch_weights)
        inputs.shape[0:1].assert_is_compatible_with(batch_weights.shape)
        batch_weights = reshape(batch_weights, [-1] + [1] * (rank - 1))
    beta = params.trained("beta", dtype) if center else None
    gamma = params.trained("gamma", dtype) if scale else None
    averages = params.averages(dtype)
    mean, variance = averages
    if known_truth(is_training) in (None, True):
        statistics = (moments(inputs, axes, keep_dims=first) if batch_weights is None
                      else weighted_moments(inputs, axes, batch_weights, keep_dims=first))
        if first:
            statistics = [reshape(value, [-1]) for value in statistics]

        def kept() -> Any:
            return [convert_to_tensor(average) for average in averages]

        if updates_collections is None:
            def updated() -> Any:
                with control_dependencies(_updates(averages, statistics, decay, zero_debias)):
                    return [identity(value) for value in statistics]

            mean, variance = smart_cond(is_training, updated, kept)
        else:
            _collect_updates(is_training, averages, statistics, decay, zero_debias,
                             updates_collections)
            mean, variance = smart_cond(is_training, lambda: list(statistics), kept)
    if first:
        column = [1, params.size] + [1] * (rank - 2)
        mean, variance, beta, gamma = (None if value is None else reshape(value, column)
                                       for value in (mean, variance, beta, gamma))
    outputs = batch_normalization(inputs, mean, variance, beta, gamma, epsilon)
    outputs.set_shape(inputs.shape)
    return outputs
