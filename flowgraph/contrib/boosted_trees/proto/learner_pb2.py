"""LearnerConfig: how boosted trees of `tf.contrib` are grown."""

from __future__ import annotations

from flowgraph.core.message import Message
from flowgraph.core.message_fields import Part
from flowgraph.core.message_scalar import FLOAT, INT, Scalar, enum

_PRUNING = {"PRUNING_MODE_UNSPECIFIED": 0, "PRE_PRUNE": 1, "POST_PRUNE": 2}
_GROWING = {"GROWING_MODE_UNSPECIFIED": 0, "WHOLE_TREE": 1, "LAYER_BY_LAYER": 2}
_MULTI_CLASS = {"MULTI_CLASS_STRATEGY_UNSPECIFIED": 0, "TREE_PER_CLASS": 1, "FULL_HESSIAN": 2,
                "DIAGONAL_HESSIAN": 3}


class TreeRegularizationConfig(Message):
    """Weights of the sizes of values, of their squares, and what a split must gain."""

    l1 = Scalar(1, FLOAT)
    l2 = Scalar(2, FLOAT)
    tree_complexity = Scalar(3, FLOAT)


class TreeConstraintsConfig(Message):
    """How deep trees are at most, and the least weight on each side of a split."""

    max_tree_depth = Scalar(1, INT)
    min_node_weight = Scalar(2, FLOAT)
    max_number_of_unique_feature_columns = Scalar(3, INT)


class LearningRateFixedConfig(Message):
    """A learning rate."""

    learning_rate = Scalar(1, FLOAT)


class LearningRateConfig(Message):
    """The learning rate."""

    fixed = Part(1, LearningRateFixedConfig)


class LearnerConfig(Message):
    """How boosted trees of `tf.contrib` are grown.

    Example:
        >>> from flowgraph.contrib.boosted_trees.proto import learner_pb2
        >>> config = learner_pb2.LearnerConfig()
        >>> config.constraints.max_tree_depth = 4
        >>> config.growing_mode = learner_pb2.LearnerConfig.LAYER_BY_LAYER
        >>> config.constraints.max_tree_depth
        4
    """

    num_classes = Scalar(1, INT)
    feature_fraction_per_tree = Scalar(2, FLOAT)
    feature_fraction_per_level = Scalar(3, FLOAT)
    regularization = Part(4, TreeRegularizationConfig)
    constraints = Part(5, TreeConstraintsConfig)
    learning_rate_tuner = Part(6, LearningRateConfig)
    pruning_mode = Scalar(8, enum(_PRUNING))
    growing_mode = Scalar(9, enum(_GROWING))
    multi_class_strategy = Scalar(10, enum(_MULTI_CLASS))

    PRE_PRUNE, POST_PRUNE = 1, 2
    WHOLE_TREE, LAYER_BY_LAYER = 1, 2
    TREE_PER_CLASS, FULL_HESSIAN, DIAGONAL_HESSIAN = 1, 2, 3
