"""Boosted trees: each layer takes the best splits; trees are counted, saved and taken further."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.estimator.boosting import Boosting

RANDOM = np.random.RandomState(0)
X = {"a": RANDOM.randn(80), "b": RANDOM.randn(80), "c": np.array(list("xyzy") * 20)}
CLASS = ((X["a"] > 0) ^ (X["b"] > 0.5)).astype(np.int64)
NUMBER = (2 * X["a"] + X["b"] ** 2).astype(np.float32)
COLUMNS = [*(fg.feature_column.bucketized_column(
    fg.feature_column.numeric_column(key), [-1, -0.5, 0, 0.5, 1]) for key in "ab"),
    fg.feature_column.indicator_column(
        fg.feature_column.categorical_column_with_vocabulary_list("c", ["x", "y", "z"]))]


def data(labels, batch_size=80, num_epochs=None):
    return fg.estimator.inputs.numpy_input_fn(X, labels, batch_size, num_epochs, shuffle=False)


def gain(gradients, hessians, l2):
    return gradients.sum() ** 2 / (hessians.sum() + l2)


def test_the_first_split_is_the_best_of_all():
    boosting = Boosting(1, max_depth=3, learning_rate=0.5, l2=0.3)
    rows = RANDOM.randint(0, 4, (50, 3)).astype(np.float32)
    first, second = RANDOM.randn(50, 1), RANDOM.rand(50, 1)
    gains = {(f, t): gain(first[rows[:, f] <= t], second[rows[:, f] <= t], 0.3)
             + gain(first[rows[:, f] > t], second[rows[:, f] > t], 0.3)
             for f in range(3) for t in range(3)}
    feature, threshold = max(gains, key=gains.get)
    nodes, roots = boosting.with_layer(*boosting.first(), rows, first, second)
    assert nodes[0, :2].tolist() == [feature, threshold] and roots.tolist() == [0]
    left = rows[:, feature] <= threshold
    expected = [-0.5 * first[side].sum() / (second[side].sum() + 0.3) for side in (left, ~left)]
    np.testing.assert_allclose(nodes[1:, 4], expected, rtol=1e-5)
    np.testing.assert_allclose(boosting.predicted(nodes, roots, rows)[:, 0],
                               np.where(left, *expected), rtol=1e-5)
    # Values of the next layer are added to those of this one.
    deeper, _ = boosting.with_layer(nodes, roots, rows, first, second)
    assert len(deeper) == 7 and set(deeper[3:, 3]) == {2.0}


def test_leaves_of_earlier_layers_stay():
    boosting = Boosting(1, max_depth=4)
    rows = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)

    def layer(gradients, *ensemble):
        return boosting.with_layer(*ensemble, rows, np.array(gradients)[:, None], np.ones([4, 1]))
    ensemble = layer([1, 1, -1, -1], *boosting.first())
    ensemble = layer([2, -2, 1, 1], *ensemble)  # splits the first leaf, the second is even
    nodes, roots = layer([0, 0, 2, -2], *ensemble)
    assert nodes[:, 3].tolist() == [0, 1, 1, 2, 2, 0] and roots.tolist() == [0, 5]


@pytest.mark.parametrize("options", [{"l1": 100.0}, {"tree_complexity": 1e6},
                                     {"min_node_weight": 1e6}])
def test_splits_that_gain_too_little_are_not_taken(options):
    boosting = Boosting(1, **options)
    rows = np.array([[0.0], [1.0]], np.float32)
    nodes, roots = boosting.with_layer(*boosting.first(), rows, np.array([[1.0], [-1.0]]),
                                       np.ones([2, 1]))
    assert len(nodes) == 1 and len(roots) == 1


def test_training_ends_with_the_last_tree_and_goes_on_from_the_folder(tmp_path):
    arguments = {"n_batches_per_layer": 2, "max_depth": 3, "model_dir": str(tmp_path)}
    model = fg.estimator.BoostedTreesClassifier(COLUMNS, n_trees=4, **arguments)
    model.train(data(CLASS, 40), max_steps=10)
    assert len(model.get_variable_value("boosted_trees/roots")) == 2
    model.train(data(CLASS, 40))
    assert model.get_variable_value("global_step") == 4 * 3 * 2
    model = fg.estimator.BoostedTreesClassifier(COLUMNS, n_trees=12, learning_rate=0.3,
                                                **arguments)
    model.train(data(CLASS, 40))
    results = model.evaluate(data(CLASS, num_epochs=1))
    assert results["accuracy"] > 0.97
    assert {"auc", "average_loss", "precision"} <= set(results)


def test_what_a_layer_has_collected_belongs_to_the_session():
    model = fg.estimator.BoostedTreesRegressor(COLUMNS[:2], 2, n_trees=3, max_depth=1)
    with fg.Graph().as_default() as graph:
        fg.train.create_global_step()
        spec = model.model_fn({key: fg.constant(X[key], fg.float32) for key in "ab"},
                              fg.constant(NUMBER), "train", model.config)
        layers, = (variable for variable in fg.global_variables()
                   if variable.op.name == "boosted_trees/layers")
        begin = [fg.global_variables_initializer(), fg.local_variables_initializer()]

    def layers_after(session, steps):
        for _ in range(steps):
            session.run(spec.train_op)
        return session.run(layers)
    with fg.Session(graph=graph) as one, fg.Session(graph=graph) as other:
        for session in (one, other):
            session.run(begin)
        assert [layers_after(one, 1), layers_after(other, 1), layers_after(one, 1)] == [0, 0, 1]
        one.run(begin)
        assert [layers_after(one, 1), layers_after(one, 1), layers_after(other, 1)] == [0, 1, 1]


def test_numbers_and_several_classes_are_learned():
    model = fg.estimator.BoostedTreesRegressor(COLUMNS, 1, n_trees=15, max_depth=3,
                                               learning_rate=0.5).train(data(NUMBER))
    found = np.array([row["predictions"][0] for row in model.predict(data(None, num_epochs=1))])
    assert np.mean((found - NUMBER) ** 2) < 0.15 * np.var(NUMBER)
    third = CLASS + (X["c"] == "y")
    model = fg.estimator.BoostedTreesClassifier(COLUMNS, 1, n_classes=3, n_trees=15,
                                                learning_rate=0.5).train(data(third))
    assert model.evaluate(data(third, num_epochs=1))["accuracy"] > 0.95


def test_layers_are_counted_in_batches_alone():
    with pytest.raises(TypeError, match="examples_per_layer"):
        fg.estimator.BoostedTreesEstimator(COLUMNS, 1, fg.estimator.RegressionHead(),
                                           examples_per_layer=9)


@pytest.mark.parametrize(("arguments", "words"), [
    ({"center_bias": True}, "center_bias=True is not offered"),
    ({"pruning_mode": "pre"}, "not offered"), ({"weight_column": "w"}, "not offered")])
def test_what_is_not_offered_is_told(arguments, words):
    with pytest.raises(ValueError, match=words):
        fg.estimator.BoostedTreesClassifier(COLUMNS, 1, **arguments)
