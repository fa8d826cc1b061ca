"""The logits of premade models: of a network, a linear model, and a constant.

Scopes and names are TensorFlow's: checkpoints of premade models hold

    dnn/hiddenlayer_0/kernel, …/bias      linear/linear_model/<column>/weights
    dnn/logits/kernel, …/bias             linear/linear_model/bias_weights
"""

from __future__ import annotations

from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.estimator.mode_keys import ModeKeys
from flowgraph.feature_column.layers import input_layer, linear_model
from flowgraph.graph.graph import name_scope
from flowgraph.layers.core import dense, dropout
from flowgraph.layers.normalization import batch_normalization
from flowgraph.ops.arithmetic import add_n
from flowgraph.ops.cast import cast
from flowgraph.ops.constant import ones
from flowgraph.ops.counting import zero_fraction
from flowgraph.ops.initializers import GlorotUniform, Zeros
from flowgraph.ops.partitioners import min_max_variable_partitioner
from flowgraph.ops.shape import shape, size
from flowgraph.ops.variable_scope import get_variable, variable_scope

_LARGE = 64 << 20


def check_features(features: Any) -> None:
    """Refuses features that are not named.

    Args:
        features: the features of an input function.

    Raises:
        ValueError: they are no dict.
    """
    if not isinstance(features, dict):
        raise ValueError(located(
            f"features should be a dictionary of `Tensor`s. Given type: {type(features)}",
            'Let the input function return {"x": x}, labels, and name "x" in the columns.'))


def scope_of(name: str, features: dict[str, Any], smallest: int = 256 << 10,
             partitioner: Any = None) -> Any:
    """The variable scope of a part of a premade model.

    Args:
        name: its name.
        features: dict of the features.
        smallest: the least bytes of a part of a partitioned variable.
        partitioner: how variables are partitioned; default into one part.
    """
    values = [value for value in features.values() if hasattr(value, "graph")]
    return variable_scope(name, values=values, partitioner=partitioner or one_part(smallest))


def one_part(smallest: int = _LARGE) -> Any:
    """The partitioner of a model in one process: one part.

    Args:
        smallest: the least bytes of a part.
    """
    return min_max_variable_partitioner(max_partitions=1, min_slice_size=smallest)


def dnn_logits(features: dict[str, Any], mode: str, units: int, hidden_units: Any, columns: Any,
               activation_fn: Any, dropout_rate: Any, batch_norm: bool,
               input_layer_partitioner: Any = None) -> Any:
    """The logits of a network of dense layers, in the scope it is called in.

    Args:
        features: dict of the features.
        mode: one of ModeKeys.
        units: how many logits.
        hidden_units: list of the sizes of the hidden layers.
        columns: list of dense columns.
        activation_fn: the layers' activation function; None for none.
        dropout_rate: the share of units that are left out in training; None for none.
        batch_norm: whether to normalize after each layer.
        input_layer_partitioner: partitioner of the columns' variables.
    """
    training = mode == ModeKeys.TRAIN
    with variable_scope("input_from_feature_columns",
                        partitioner=input_layer_partitioner or one_part()):
        net = input_layer(features, columns)
    for i, count in enumerate(hidden_units):
        with variable_scope(f"hiddenlayer_{i}") as scope:
            net = dense(net, count, activation=activation_fn, kernel_initializer=GlorotUniform(),
                        name=scope)
            if dropout_rate is not None and training:
                net = dropout(net, rate=dropout_rate, training=True)
            if batch_norm:
                net = batch_normalization(net, momentum=0.999, training=training,
                                          name=f"batchnorm_{i}")
        summarize_layer(net, scope.name)
    with variable_scope("logits") as scope:
        logits = dense(net, units, activation=None, kernel_initializer=GlorotUniform(), name=scope)
    summarize_layer(logits, scope.name)
    return logits


def linear_logits(features: dict[str, Any], units: int, columns: Any, sparse_combiner: str) -> Any:
    """The logits of a linear model, in the scope it is called in.

    Args:
        features: dict of the features.
        units: how many logits.
        columns: list of columns.
        sparse_combiner: "sum", "mean" or "sqrtn".
    """
    from flowgraph.summary import histogram, scalar
    variables: dict[Any, Any] = {}
    logits = linear_model(features, columns, units, sparse_combiner, cols_to_vars=variables)
    bias, = variables.pop("bias")
    if units > 1:
        histogram("bias", bias)
    else:
        scalar("bias", bias[0])
    with name_scope("zero_fraction"):
        weights = [variable for several in variables.values() for variable in several]
        counts = [cast(size(variable), dt.float32) for variable in weights]
        zeros = add_n([zero_fraction(variable) * count
                       for variable, count in zip(weights, counts)])
        fraction = zeros / add_n(counts)
    scalar("fraction_of_zero_weights", fraction)
    return logits


def baseline_logits(features: dict[str, Any], units: int) -> Any:
    """The same logits for each example, learned.

    Args:
        features: dict of the features, of which only the number of examples counts.
        units: how many logits.
    """
    with variable_scope("baseline"):
        bias = get_variable("bias", shape=[units], initializer=Zeros())
        return bias * ones([shape(next(iter(features.values())))[0], units])


def summarize_layer(value: Any, tag: str) -> None:
    """Summaries of what a layer gives: how much of it is 0, and its histogram.

    Args:
        value: Tensor.
        tag: what the summaries' names begin with.
    """
    from flowgraph.summary import histogram, scalar
    scalar(f"{tag}/fraction_of_zero_values", zero_fraction(value))
    histogram(f"{tag}/activation", value)
