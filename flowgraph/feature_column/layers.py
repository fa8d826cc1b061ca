"""`input_layer` and `linear_model`: columns as the first layer of a model."""

from __future__ import annotations

from typing import Any

from flowgraph.core.frames import located
from flowgraph.feature_column.columns import (
    CategoricalColumn,
    DenseColumn,
    Features,
    checked_columns,
)
from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.graph import add_to_collection, get_collection
from flowgraph.nn.embedding import safe_embedding_lookup_sparse
from flowgraph.ops.arithmetic import add_n
from flowgraph.ops.bias import bias_add
from flowgraph.ops.initializers import Zeros
from flowgraph.ops.join import concat
from flowgraph.ops.matmul import matmul
from flowgraph.ops.partitioned_variable import PartitionedVariable
from flowgraph.ops.reshape import reshape
from flowgraph.ops.shape import shape
from flowgraph.ops.sparse_layout import sparse_reshape
from flowgraph.ops.variable_scope import get_variable, get_variable_scope, variable_scope


def input_layer(features: dict[str, Any], feature_columns: Any, weight_collections: Any = None,
                trainable: bool = True, cols_to_vars: dict[Any, Any] | None = None,
                cols_to_output_tensors: dict[Any, Any] | None = None) -> Any:
    """The numbers of dense columns side by side, the input of a network.

    Args:
        features: dict of tensors by name; their first axis counts the examples.
        feature_columns: list of dense columns; their order does not matter, the numbers stand in
            the order of the columns' names.
        weight_collections: list of names of collections for the variables.
        trainable: whether the variables are trained.
        cols_to_vars: dict that gets the variables of each column.
        cols_to_output_tensors: dict that gets the numbers of each column.

    Returns:
        A float32 Tensor of shape (batch, numbers).

    Raises:
        ValueError: a column is categorical, or a feature is missing.

    Example:
        >>> import flowgraph as fg
        >>> columns = [fg.feature_column.numeric_column(key) for key in ("width", "height")]
        >>> features = {"width": [1.0, 2.0], "height": [10.0, 20.0]}
        >>> fg.Session().run(fg.feature_column.input_layer(features, columns))
        array([[10.,  1.],
               [20.,  2.]], dtype=float32)
    """
    columns = checked_columns(feature_columns)
    for column in columns:
        if not isinstance(column, DenseColumn):
            raise ValueError(located(
                f"Items of feature_columns must be a DenseColumn. Given: {column!r:.200}",
                "Wrap a categorical column with an embedding_column or indicator_column."))
    collections = _collections(weight_collections)
    with variable_scope(None, default_name="input_layer", values=_values(features)):
        cache = Features(features)
        outputs = []
        for column in columns:
            with variable_scope(None, default_name=column.scope_name) as scope:
                tensor = column.dense_tensor(cache, trainable, collections)
                flat = reshape(tensor, [shape(tensor)[0], column.variable_shape.num_elements()])
                outputs.append(flat)
                if cols_to_vars is not None:
                    cols_to_vars[column] = get_collection(GraphKeys.GLOBAL_VARIABLES, scope.name)
                if cols_to_output_tensors is not None:
                    cols_to_output_tensors[column] = flat
        _check_batches(outputs, columns)
        return concat(outputs, 1)


def linear_model(features: dict[str, Any], feature_columns: Any, units: int = 1,
                 sparse_combiner: str = "sum", weight_collections: Any = None,
                 trainable: bool = True, cols_to_vars: dict[Any, Any] | None = None) -> Any:
    """A linear function of columns: weights for each, and a bias.

    Args:
        features: dict of tensors by name; their first axis counts the examples.
        feature_columns: list of dense or categorical columns.
        units: how many results.
        sparse_combiner: "sum", "mean" or "sqrtn": how several categories of one example count.
        weight_collections: list of names of collections for the variables.
        trainable: whether the variables are trained.
        cols_to_vars: dict that gets the variables of each column, and of "bias".

    Returns:
        A float32 Tensor of shape (batch, units).

    Raises:
        ValueError: a feature is missing.

    Example:
        >>> import flowgraph as fg
        >>> day = fg.feature_column.categorical_column_with_identity("day", 7)
        >>> with fg.Graph().as_default(), fg.Session() as sess:
        ...     y = fg.feature_column.linear_model({"day": [[0], [6]]}, [day])
        ...     sess.run(fg.global_variables_initializer())
        ...     print(sess.run(y), [v.op.name for v in fg.trainable_variables()])
        [[0.]
         [0.]] ['linear_model/day/weights', 'linear_model/bias_weights']
    """
    columns = checked_columns(feature_columns)
    for column in columns:
        if not isinstance(column, (DenseColumn, CategoricalColumn)):
            raise ValueError(located("Items of feature_columns must be either a DenseColumn or "
                                     f"CategoricalColumn. Given: {column!r:.200}"))
    collections = _collections(weight_collections)
    with variable_scope(None, "linear_model", values=_values(features)):
        cache = Features(features)
        sums = []
        for column in columns:
            with variable_scope(None, default_name=column.scope_name):
                rows = (column.num_buckets if isinstance(column, CategoricalColumn)
                        else column.variable_shape.num_elements())
                weights = _variable("weights", [rows, units], trainable, collections)
                sums.append(weighted_sum(column, cache, weights, sparse_combiner))
                if cols_to_vars is not None:
                    cols_to_vars[column] = get_collection(GraphKeys.GLOBAL_VARIABLES,
                                                          get_variable_scope().name)
        _check_batches(sums, columns)
        bias = _variable("bias_weights", [units], trainable, collections)
        if cols_to_vars is not None:
            cols_to_vars["bias"] = get_collection(GraphKeys.GLOBAL_VARIABLES,
                                                  get_variable_scope().name + "/bias_weights")
        return bias_add(add_n(sums, name="weighted_sum_no_bias"), bias, name="weighted_sum")


def weighted_sum(column: Any, cache: Features, weights: Any, combiner: str) -> Any:
    """What a column adds to a linear function.

    Args:
        column: the column.
        cache: the features of a batch.
        weights: its weights, a row for each number or category.
        combiner: "sum", "mean" or "sqrtn": how several categories of one example count.
    """
    if not isinstance(column, CategoricalColumn):
        tensor = column.dense_tensor(cache)
        flat = reshape(tensor, [shape(tensor)[0], column.variable_shape.num_elements()])
        return matmul(flat, weights, name="weighted_sum")
    ids, ids_weights = (
        None if tensor is None else sparse_reshape(tensor, [shape(tensor)[0], -1])
        for tensor in column.sparse_tensors(cache))
    return safe_embedding_lookup_sparse(weights, ids, ids_weights, combiner=combiner,
                                        name="weighted_sum")


def _variable(name: str, sizes: list[int], trainable: bool, collections: list[str]) -> Any:
    variable = get_variable(name, sizes, initializer=Zeros(), trainable=trainable)
    parts = list(variable) if isinstance(variable, PartitionedVariable) else [variable]
    for collection in collections:
        if collection != GraphKeys.GLOBAL_VARIABLES:
            for part in parts:
                add_to_collection(collection, part)
    return variable


def _collections(given: Any) -> list[str]:
    collections = list(given or ())
    for name in (GraphKeys.GLOBAL_VARIABLES, GraphKeys.MODEL_VARIABLES):
        if name not in collections:
            collections.append(name)
    return collections


def _values(features: dict[str, Any]) -> list[Any]:
    return [value for value in features.values() if hasattr(value, "graph")]


def _check_batches(tensors: list[Any], columns: list[Any]) -> None:
    """Refuses columns whose numbers of examples are known to differ."""
    sizes = {column.name: tensor.shape[0].value for tensor, column in zip(tensors, columns)
             if tensor.shape[0].value is not None}
    if len(set(sizes.values())) > 1:
        raise ValueError(located("Batch size (first dimension) of each feature must be same. Batch "
                                 f"size of columns: {sizes}"))


def make_parse_example_spec(feature_columns: Any) -> dict[str, Any]:
    """The features that columns read, as for `tf.io.parse_example`.

    Args:
        feature_columns: list of columns.

    Returns:
        Dict of features by name.

    Raises:
        ValueError: something is no column, or two read a feature differently.

    Example:
        >>> import flowgraph as fg
        >>> age = fg.feature_column.numeric_column("age")
        >>> fg.feature_column.make_parse_example_spec([age])
        {'age': FixedLenFeature(shape=(1,), dtype=tf.float32, default_value=None)}
    """
    spec: dict[str, Any] = {}
    for column in feature_columns:
        if not hasattr(column, "parse_example_spec"):
            raise ValueError(located("All feature_columns must be FeatureColumn instances. Given: "
                                     f"{column!r:.200}"))
        for key, feature in column.parse_example_spec.items():
            if spec.setdefault(key, feature) != feature:
                raise ValueError(located(
                    f"feature_columns contain different parse_spec for key {key}. Given {feature} "
                    f"and {spec[key]}"))
    return spec
