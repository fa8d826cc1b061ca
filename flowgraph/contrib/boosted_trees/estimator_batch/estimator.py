"""Gradient boosted trees with `fit`, as `tf.contrib.boosted_trees` has them.

Trees are grown layer by layer, each with a value for every class ("DIAGONAL_HESSIAN"); other modes
of a LearnerConfig grow such trees too.
"""

from __future__ import annotations

from typing import Any

from flowgraph.contrib.learn.estimators import BaseEstimator
from flowgraph.contrib.learn.inputs import named, whole
from flowgraph.contrib.learn.refuse import refuse
from flowgraph.estimator.boosted_trees import BoostedTreesEstimator
from flowgraph.estimator.class_heads import classes_head
from flowgraph.estimator.regression_heads import RegressionHead
from flowgraph.losses import Reduction


class _ByExamples(BoostedTreesEstimator):
    """Trees with layers of so many examples, whose derivatives are averaged."""

    def __init__(self, examples: int, *arguments: Any, **more: Any) -> None:
        self._examples_per_layer = examples
        super().__init__(*arguments, **more)

    def _layer_share(self, batches: int, examples: int) -> int:
        return examples if examples >= self._examples_per_layer else 0


class _Boosted(BaseEstimator):
    """What both share."""

    def __init__(self, head: Any, learner_config: Any, examples_per_layer: Any, num_trees: Any,
                 feature_columns: Any, model_dir: Any, config: Any,
                 feature_engineering_fn: Any) -> None:
        sizes, limits = learner_config.regularization, learner_config.constraints
        examples = examples_per_layer(0) if callable(examples_per_layer) else examples_per_layer
        core = _ByExamples(
            examples, feature_columns, 1, head, model_dir, n_trees=num_trees or 10**9,
            max_depth=limits.max_tree_depth or 6,
            learning_rate=learner_config.learning_rate_tuner.fixed.learning_rate or 0.1,
            l1_regularization=sizes.l1, l2_regularization=sizes.l2,
            tree_complexity=sizes.tree_complexity, min_node_weight=limits.min_node_weight,
            config=config)

        def model_fn(features: Any, labels: Any, mode: str, config: Any) -> Any:
            if feature_engineering_fn is not None:
                features, labels = feature_engineering_fn(features, labels)
            return core.model_fn(named(features), whole(labels), mode, config)
        self._model_fn = model_fn
        super().__init__(core.model_dir, config)


class GradientBoostedDecisionTreeClassifier(_Boosted):
    """Gradient boosted trees that choose classes.

    Args:
        learner_config: a LearnerConfig: learning rate, regularization and constraints count.
        examples_per_layer: how many examples are collected for a layer, or a function of its depth.
        n_classes: how many classes; labels are ids from 0.
        num_trees: how many trees; None for no limit.
        feature_columns: list of columns; default all features as numbers.
        weight_column_name, logits_modifier_function, override_global_step_value: must be None.
        model_dir: folder of the checkpoints and event files.
        config: a RunConfig.
        label_keys: list of texts, if labels are such.
        feature_engineering_fn: function of features and labels that returns both, changed.
        center_bias: accepted: trees begin at 0.
        use_core_libs: accepted.
        output_leaf_index: must be False.
        num_quantiles: accepted; of numeric columns, 32 quantiles of a layer's examples are tried.

    Raises:
        ValueError: an argument is not offered.

    Example:
        >>> import numpy as np
        >>> from flowgraph.contrib.boosted_trees.estimator_batch import estimator
        >>> from flowgraph.contrib.boosted_trees.proto import learner_pb2
        >>> x = np.random.RandomState(0).rand(100, 2).astype(np.float32)
        >>> y = (x[:, 0] > 0.5).astype(np.int32)
        >>> model = estimator.GradientBoostedDecisionTreeClassifier(
        ...     learner_pb2.LearnerConfig(), examples_per_layer=100, num_trees=3)
        >>> results = model.fit(x, y, steps=30, batch_size=100).evaluate(x, y)
        >>> bool(results["accuracy"] > 0.95)
        True
    """

    def __init__(self, learner_config: Any, examples_per_layer: Any, n_classes: int = 2,
                 num_trees: int | None = None, feature_columns: Any = None,
                 weight_column_name: Any = None, model_dir: Any = None, config: Any = None,
                 label_keys: Any = None, feature_engineering_fn: Any = None,
                 logits_modifier_function: Any = None, center_bias: bool = True,
                 use_core_libs: bool = False, output_leaf_index: bool = False,
                 override_global_step_value: Any = None, num_quantiles: int = 100) -> None:
        refuse(weight_column_name=weight_column_name,
               logits_modifier_function=logits_modifier_function,
               override_global_step_value=override_global_step_value)
        refuse(False, output_leaf_index=output_leaf_index)
        head = classes_head(n_classes, None, label_keys, Reduction.SUM_OVER_BATCH_SIZE)
        super().__init__(head, learner_config, examples_per_layer, num_trees, feature_columns,
                         model_dir, config, feature_engineering_fn)


class GradientBoostedDecisionTreeRegressor(_Boosted):
    """Gradient boosted trees that predict numbers.

    Args:
        learner_config, examples_per_layer, num_trees, feature_columns, weight_column_name,
            model_dir, config, feature_engineering_fn, logits_modifier_function, center_bias,
            use_core_libs, output_leaf_index, override_global_step_value, num_quantiles: as for
            GradientBoostedDecisionTreeClassifier.
        label_dimension: how many numbers a label has.
        label_name: accepted.

    Raises:
        ValueError: an argument is not offered.

    Example:
        >>> import numpy as np
        >>> from flowgraph.contrib.boosted_trees.estimator_batch import estimator
        >>> from flowgraph.contrib.boosted_trees.proto import learner_pb2
        >>> x = np.random.RandomState(0).rand(100, 2).astype(np.float32)
        >>> model = estimator.GradientBoostedDecisionTreeRegressor(
        ...     learner_pb2.LearnerConfig(), examples_per_layer=100)
        >>> _ = model.fit(x, x[:, 0], steps=200, batch_size=100)
        >>> bool(model.evaluate(x, x[:, 0])["average_loss"] < 0.01)
        True
    """

    def __init__(self, learner_config: Any, examples_per_layer: Any, label_dimension: int = 1,
                 num_trees: int | None = None, feature_columns: Any = None,
                 label_name: Any = None, weight_column_name: Any = None, model_dir: Any = None,
                 config: Any = None, feature_engineering_fn: Any = None,
                 logits_modifier_function: Any = None, center_bias: bool = True,
                 use_core_libs: bool = False, output_leaf_index: bool = False,
                 override_global_step_value: Any = None, num_quantiles: int = 100) -> None:
        refuse(weight_column_name=weight_column_name,
               logits_modifier_function=logits_modifier_function,
               override_global_step_value=override_global_step_value)
        refuse(False, output_leaf_index=output_leaf_index)
        head = RegressionHead(label_dimension, None, Reduction.SUM_OVER_BATCH_SIZE)
        super().__init__(head, learner_config, examples_per_layer, num_trees, feature_columns,
                         model_dir, config, feature_engineering_fn)
