"""contrib.boosted_trees: what of a LearnerConfig counts, and that it learns."""

from __future__ import annotations

import numpy as np
import pytest

from flowgraph.contrib.boosted_trees.estimator_batch import estimator
from flowgraph.contrib.boosted_trees.proto import learner_pb2

X = np.random.RandomState(0).rand(120, 3).astype(np.float32)
CLASS = ((X[:, 0] > 0.5) + (X[:, 2] > 0.3)).astype(np.uint8)


def config(depth):
    learner = learner_pb2.LearnerConfig()
    learner.learning_rate_tuner.fixed.learning_rate = 0.3
    learner.regularization.l2 = 0.01
    learner.constraints.max_tree_depth = depth
    learner.growing_mode = learner_pb2.LearnerConfig.LAYER_BY_LAYER
    return learner


@pytest.mark.parametrize("depth", [1, 3])
def test_trees_of_that_depth_are_grown_until_there_are_enough(depth):
    model = estimator.GradientBoostedDecisionTreeClassifier(
        config(depth), examples_per_layer=100, n_classes=3, num_trees=8)
    model.fit(X, CLASS, steps=500, batch_size=60)
    nodes, roots = (model.get_variable_value(f"boosted_trees/{name}") for name in (
        "nodes", "roots"))
    assert nodes[:, 3].max() == depth and len(roots) == 8 + 1  # the next one is a leaf
    assert model.get_variable_value("global_step") == 8 * depth * 2
    assert model.evaluate(X, CLASS)["accuracy"] > (0.8 if depth == 1 else 0.95)


@pytest.mark.parametrize("arguments", [
    {"weight_column_name": "w"}, {"output_leaf_index": True}, {"examples_per_layers": 3}])
@pytest.mark.parametrize("model", [estimator.GradientBoostedDecisionTreeClassifier,
                                   estimator.GradientBoostedDecisionTreeRegressor])
def test_what_is_not_offered_is_told(model, arguments):
    with pytest.raises((TypeError, ValueError), match=next(iter(arguments))):
        model(config(1), 10, **arguments)
