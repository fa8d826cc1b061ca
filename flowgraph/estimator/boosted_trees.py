"""Gradient boosted trees as Estimators.

The trees are two variables of the model. Python functions in the graph grow and apply them; how is
written in `boosting.py`. The examples of a layer's batches are kept in local variables until the
layer is grown: a layer that is not finished when training stops begins anew when it goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.estimator.boosting import Boosting
from flowgraph.estimator.class_heads import BinaryClassHead, MultiClassHead, classes_head
from flowgraph.estimator.estimator import Estimator
from flowgraph.estimator.logits import check_features
from flowgraph.estimator.mode_keys import ModeKeys
from flowgraph.estimator.regression_heads import RegressionHead
from flowgraph.feature_column.columns import Features, checked_columns
from flowgraph.feature_column.numeric import BucketizedColumn
from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.graph import control_dependencies
from flowgraph.losses import Reduction
from flowgraph.ops.cast import cast
from flowgraph.ops.constant import constant, ones_like
from flowgraph.ops.exponential import sigmoid
from flowgraph.ops.identity import group
from flowgraph.ops.join import concat
from flowgraph.ops.reshape import reshape
from flowgraph.ops.script import py_func
from flowgraph.ops.select import one_hot
from flowgraph.ops.shape import shape
from flowgraph.ops.softmax import softmax
from flowgraph.ops.state import assign, assign_add
from flowgraph.ops.variable import Variable
from flowgraph.train.global_step import get_global_step
from flowgraph.train.session_run_hook import SessionRunContext, SessionRunHook, SessionRunValues


class _StopWithTrees(SessionRunHook):
    """Ends training when all trees are grown, or layers were tried twice as often as needed."""

    def __init__(self, count: Any, trees: int, layers: Any, most_layers: int) -> None:
        self._asked = {"trees": count, "layers": layers}
        self._trees, self._most_layers = trees, most_layers

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Ends the loop when it is time."""
        done = run_context.session.run(self._asked)  # what they are after the step
        if done["trees"] > self._trees or done["layers"] > self._most_layers:
            run_context.request_stop()


class BoostedTreesEstimator(Estimator):
    """Gradient boosted trees with a head of one's own.

    Args:
        feature_columns: list of bucketized, indicator or numeric columns.
        n_batches_per_layer: how many batches are collected for a layer.
        head: BinaryClassHead, MultiClassHead or RegressionHead.
        model_dir: folder of the checkpoints and event files.
        weight_column: must be None.
        n_trees: how many trees.
        max_depth: how many layers a tree has.
        learning_rate: what share of the best values is taken.
        l1_regularization, l2_regularization: weights of the sizes of values, and of their squares.
        tree_complexity: how much a split must gain.
        min_node_weight: the least sum of second derivatives on each side of a split.
        config: a RunConfig.
        center_bias: must be False.
        pruning_mode: must be "none".
        quantile_sketch_epsilon: accepted; of numeric columns, 32 quantiles of a layer's examples
            are tried.

    Raises:
        ValueError: something that is not offered is asked for.

    Example:
        >>> import numpy as np
        >>> import flowgraph as fg
        >>> x = fg.feature_column.numeric_column("x")
        >>> b = fg.feature_column.bucketized_column(x, [0.0, 1.0])
        >>> data = fg.estimator.inputs.numpy_input_fn(
        ...     {"x": np.array([-1.0, 0.5, 2.0])}, np.array([0, 1, 2]), num_epochs=None,
        ...     shuffle=False, batch_size=3)
        >>> once = fg.estimator.inputs.numpy_input_fn({"x": np.array([-1.0, 0.5, 2.0])},
        ...                                           shuffle=False)
        >>> model = fg.estimator.BoostedTreesEstimator(
        ...     [b], 1, fg.estimator.MultiClassHead(3), n_trees=20, max_depth=2).train(data)
        >>> [int(row["class_ids"][0]) for row in model.predict(once)]
        [0, 1, 2]
    """

    def __init__(self, feature_columns: Any, n_batches_per_layer: int, head: Any,
                 model_dir: Any = None, weight_column: Any = None, n_trees: int = 100,
                 max_depth: int = 6, learning_rate: float = 0.1, l1_regularization: float = 0.0,
                 l2_regularization: float = 0.0, tree_complexity: float = 0.0,
                 min_node_weight: float = 0.0, config: Any = None, center_bias: bool = False,
                 pruning_mode: str = "none", quantile_sketch_epsilon: float = 0.01) -> None:
        self._batches_per_layer = n_batches_per_layer
        for name, value, usual in (("weight_column", weight_column, None),
                                   ("center_bias", center_bias, False),
                                   ("pruning_mode", pruning_mode, "none")):
            if value != usual:
                raise ValueError(located(f"{name}={value!r} is not offered: leave it out."))
        if not isinstance(head, (BinaryClassHead, MultiClassHead, RegressionHead)):
            raise ValueError(located(f"head must be a BinaryClassHead, MultiClassHead or "
                                     f"RegressionHead, given: {type(head)}"))
        columns = None if feature_columns is None else checked_columns(feature_columns)
        boosting = Boosting(head.logits_dimension, max_depth, learning_rate, l1_regularization,
                            l2_regularization, tree_complexity, min_node_weight)

        def model_fn(features: Any, labels: Any, mode: str, config: Any) -> Any:
            check_features(features)
            rows = _rows(features, columns)
            first = [constant(part) for part in boosting.first()]
            nodes = Variable(first[0], name="boosted_trees/nodes", trainable=False,
                             validate_shape=False)
            roots = Variable(first[1], name="boosted_trees/roots", trainable=False,
                             validate_shape=False)
            layers = Variable(0, name="boosted_trees/layers", trainable=False)
            logits = py_func(boosting.predicted, [nodes, roots, rows], dt.float32)
            logits.set_shape([None, boosting.outputs])

            def train(loss: Any) -> Any:
                first, second = _derivatives(head, head._labels(reshape(
                    labels, [-1, head._label_dimension])), logits)
                kept, batches = _nothing_kept(rows.shape[1].value + 2 * boosting.outputs)
                state = [nodes, roots, layers, kept, batches]
                new = py_func(_LayerOf(boosting, self._layer_share),
                              [*state, concat([rows, first, second], 1)],
                              [variable.dtype.base_dtype for variable in state])
                steps = [assign(variable, value, validate_shape=False)
                         for variable, value in zip(state, new)]
                with control_dependencies(steps):
                    return group(assign_add(get_global_step(), 1))
            spec = head.create_estimator_spec(features, mode, logits, labels, train_op_fn=train)
            if mode != ModeKeys.TRAIN:
                return spec
            return spec._replace(training_hooks=[_StopWithTrees(
                shape(roots)[0], n_trees, layers, 2 * n_trees * max_depth)])
        super().__init__(model_fn, model_dir, config)

    def _layer_share(self, batches: int, examples: int) -> int:
        """By what the sums of so many batches are divided for a layer; 0 if more are needed."""
        return batches if batches >= self._batches_per_layer else 0


def _nothing_kept(width: int) -> tuple[Variable, Variable]:
    """The variables with the examples of a layer's batches, and the number of these batches."""
    return (Variable(constant(np.zeros([0, width], np.float32)), name="boosted_trees/kept",
                     trainable=False, validate_shape=False,
                     collections=[GraphKeys.LOCAL_VARIABLES]),
            Variable(0, name="boosted_trees/batches", trainable=False,
                     collections=[GraphKeys.LOCAL_VARIABLES]))


class _LayerOf:
    """Adds a batch to those that are kept, and grows a layer when there are enough."""

    def __init__(self, boosting: Boosting, share: Callable[[int, int], int]) -> None:
        self._boosting, self._share = boosting, share
        self.__name__ = "grow_layer"

    def __call__(self, nodes: Any, roots: Any, layers: Any, kept: Any, batches: Any,
                 batch: Any) -> Any:
        kept, batches = np.concatenate([kept, batch]), batches + np.int32(1)
        # As in TensorFlow, the sums of a layer are the mean of those of its batches.
        share = self._share(int(batches), len(kept))
        if not share:
            return nodes, roots, layers, kept, batches
        k = self._boosting.outputs
        return (*self._boosting.with_layer(nodes, roots, kept[:, :-2 * k],
                                           kept[:, -2 * k:-k] / share, kept[:, -k:] / share),
                layers + np.int32(1), kept[:0], np.int32(0))


def _derivatives(head: Any, labels: Any, logits: Any) -> tuple[Any, Any]:
    """First and second derivatives of each example's loss by its logits."""
    if isinstance(head, RegressionHead):
        return 2.0 * (logits - labels), 2.0 * ones_like(logits)
    if isinstance(head, BinaryClassHead):
        shares = sigmoid(logits)
        return shares - labels, shares * (1.0 - shares)
    shares = softmax(logits)
    return shares - one_hot(labels[:, 0], head.logits_dimension), shares * (1.0 - shares)


def _rows(features: dict[str, Any], columns: Any) -> Any:
    """The examples as rows of numbers: buckets as their numbers, other columns as they are."""
    if columns is None:
        parts = [features[key] for key in sorted(features)]
    else:
        cache = Features(features)
        parts = [cache.get(column) if isinstance(column, BucketizedColumn)
                 else column.dense_tensor(cache) for column in columns]
    return concat([reshape(cast(part, dt.float32), [shape(part)[0], _width(part)])
                   for part in parts], 1)


def _width(part: Any) -> int:
    return int(np.prod(part.shape.as_list()[1:], dtype=int))


class BoostedTreesClassifier(BoostedTreesEstimator):
    """Gradient boosted trees that choose classes.

    Args:
        feature_columns, n_batches_per_layer, model_dir, weight_column, n_trees, max_depth,
            learning_rate, l1_regularization, l2_regularization, tree_complexity, min_node_weight,
            config, center_bias, pruning_mode, quantile_sketch_epsilon: as for
            BoostedTreesEstimator.
        n_classes: how many classes; labels are ids from 0.
        label_vocabulary: list of texts, if labels are such.
        train_in_memory: accepted.

    Raises:
        ValueError: something that is not offered is asked for.

    Example:
        >>> import numpy as np
        >>> import flowgraph as fg
        >>> x = fg.feature_column.numeric_column("x")
        >>> b = fg.feature_column.bucketized_column(x, [0.0])
        >>> data = fg.estimator.inputs.numpy_input_fn(
        ...     {"x": np.array([-1.0, 1.0])}, np.array([0, 1]), num_epochs=20, shuffle=False,
        ...     batch_size=2)
        >>> model = fg.estimator.BoostedTreesClassifier([b], 1, n_trees=5, max_depth=1).train(data)
        >>> model.evaluate(data)["accuracy"]
        np.float32(1.0)
    """

    def __init__(self, feature_columns: Any, n_batches_per_layer: int, model_dir: Any = None,
                 n_classes: int = 2, weight_column: Any = None, label_vocabulary: Any = None,
                 n_trees: int = 100, max_depth: int = 6, learning_rate: float = 0.1,
                 l1_regularization: float = 0.0, l2_regularization: float = 0.0,
                 tree_complexity: float = 0.0, min_node_weight: float = 0.0, config: Any = None,
                 center_bias: bool = False, pruning_mode: str = "none",
                 quantile_sketch_epsilon: float = 0.01, train_in_memory: bool = False) -> None:
        head = classes_head(n_classes, None, label_vocabulary, Reduction.SUM_OVER_BATCH_SIZE)
        super().__init__(feature_columns, n_batches_per_layer, head, model_dir, weight_column,
                         n_trees, max_depth, learning_rate, l1_regularization, l2_regularization,
                         tree_complexity, min_node_weight, config, center_bias, pruning_mode,
                         quantile_sketch_epsilon)


class BoostedTreesRegressor(BoostedTreesEstimator):
    """Gradient boosted trees that predict numbers.

    Args:
        feature_columns, n_batches_per_layer, model_dir, weight_column, n_trees, max_depth,
            learning_rate, l1_regularization, l2_regularization, tree_complexity, min_node_weight,
            config, center_bias, pruning_mode, quantile_sketch_epsilon: as for
            BoostedTreesEstimator.
        label_dimension: how many numbers a label has.
        train_in_memory: accepted.

    Raises:
        ValueError: something that is not offered is asked for.

    Example:
        >>> import numpy as np
        >>> import flowgraph as fg
        >>> x = fg.feature_column.numeric_column("x")
        >>> b = fg.feature_column.bucketized_column(x, [0.0])
        >>> data = fg.estimator.inputs.numpy_input_fn(
        ...     {"x": np.array([-1.0, 1.0])}, np.array([3.0, 5.0]), num_epochs=80, shuffle=False,
        ...     batch_size=2)
        >>> model = fg.estimator.BoostedTreesRegressor([b], 1, max_depth=1).train(data)
        >>> bool(model.evaluate(data)["average_loss"] < 0.01)
        True
    """

    def __init__(self, feature_columns: Any, n_batches_per_layer: int, model_dir: Any = None,
                 label_dimension: int = 1, weight_column: Any = None, n_trees: int = 100,
                 max_depth: int = 6, learning_rate: float = 0.1, l1_regularization: float = 0.0,
                 l2_regularization: float = 0.0, tree_complexity: float = 0.0,
                 min_node_weight: float = 0.0, config: Any = None, center_bias: bool = False,
                 pruning_mode: str = "none", quantile_sketch_epsilon: float = 0.01,
                 train_in_memory: bool = False) -> None:
        head = RegressionHead(label_dimension, None, Reduction.SUM_OVER_BATCH_SIZE)
        super().__init__(feature_columns, n_batches_per_layer, head, model_dir, weight_column,
                         n_trees, max_depth, learning_rate, l1_regularization, l2_regularization,
                         tree_complexity, min_node_weight, config, center_bias, pruning_mode,
                         quantile_sketch_epsilon)
