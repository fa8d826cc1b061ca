"""Random forests: they learn from batches, live in variables, and are saved."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.contrib import tensor_forest
from flowgraph.contrib.tensor_forest.tree import Growth, leaves_of

RANDOM = np.random.RandomState(0)
X = RANDOM.rand(1000, 4).astype(np.float32)
CLASS = ((X[:, 1] > 0.5) + 2 * (X[:, 3] > 0.3)).astype(np.int32)
NUMBER = np.where(X[:, 0] > 0.6, 3.0, -1.0).astype(np.float32)


def params(**more):
    return tensor_forest.ForestHParams(**{
        "num_classes": 4, "num_features": 4, "num_trees": 5, "max_nodes": 60,
        "split_after_samples": 100, "base_random_seed": 3, **more}).fill()


def test_a_leaf_takes_the_split_that_leaves_the_least_impurity():
    growth = Growth(channels=2, regression=False, splits=50, split_after=200, max_nodes=3)
    nodes, splits = growth.first()
    classes = (X[:200, 2] > 0.4).astype(int)
    for part in np.split(np.arange(200), 4):
        assert len(nodes) == 1
        nodes, splits = growth.grown(nodes, splits, X[part], classes[part],
                                     np.random.RandomState(1))
    assert len(nodes) == 3 and nodes[0, 0] == 2 and abs(nodes[0, 1] - 0.4) < 0.1
    assert nodes[0, 3:].sum() == nodes[1:, 3:].sum() == 200
    np.testing.assert_array_equal(leaves_of(nodes, X), np.where(X[:, 2] > nodes[0, 1], 2, 1))
    again, _ = growth.grown(nodes, splits, X, (X[:, 2] > 0.4).astype(int), np.random.RandomState())
    assert len(again) == 3 and again[1:, 3:].sum() == 1200


@pytest.mark.parametrize("more", [{}, {"bagging_fraction": 0.5},
                                  {"feature_bagging_fraction": 0.8, "num_trees": 15}])
def test_a_forest_learns_classes(more):
    with fg.Graph().as_default(), fg.Session() as sess:
        x, y = fg.placeholder(fg.float32, [None, 4]), fg.placeholder(fg.int32, [None])
        forest = tensor_forest.RandomForestGraphs(params(**more))
        train, loss = forest.training_graph(x, y), forest.training_loss(x, y)
        shares, leaves, variance = forest.inference_graph(x)
        sess.run(fg.global_variables_initializer())
        assert sess.run(loss) == -1
        for _ in range(30):
            rows = RANDOM.randint(1000, size=300)
            sess.run(train, {x: X[rows], y: CLASS[rows]})
        got, places, spread = sess.run([shares, leaves, variance], {x: X})
        assert np.mean(np.argmax(got, 1) == CLASS) > 0.9
        np.testing.assert_allclose(got.sum(1), 1, rtol=1e-5)
        assert places.shape == (1000, forest.params.num_trees) and spread.min() >= 0
        assert -60 <= sess.run(loss) < -10
        if not forest.params.bagged_features:
            important = sess.run(forest.feature_importances())
            assert important.sum() == pytest.approx(1) and set(np.argsort(important)[2:]) == {1, 3}


def test_a_forest_learns_numbers():
    with fg.Graph().as_default(), fg.Session() as sess:
        forest = tensor_forest.RandomForestGraphs(params(regression=True, num_classes=1))
        train = forest.training_graph(fg.constant(X), fg.constant(NUMBER))
        means, _, _ = forest.inference_graph(fg.constant(X))
        sess.run(fg.global_variables_initializer())
        for _ in range(5):
            sess.run(train)
        assert np.mean((sess.run(means)[:, 0] - NUMBER) ** 2) < 0.5


def test_a_forest_is_saved_and_restored(tmp_path):
    with fg.Graph().as_default():
        forest = tensor_forest.RandomForestGraphs(params())
        train = forest.training_graph(fg.constant(X), fg.constant(CLASS))
        shares, _, _ = forest.inference_graph(fg.constant(X))
        saver = fg.train.Saver()
        with fg.Session() as sess:
            sess.run(fg.global_variables_initializer())
            for _ in range(3):
                sess.run(train)
            expected = sess.run(shares)
            path = saver.save(sess, str(tmp_path / "forest"))
        with fg.Session() as sess:
            saver.restore(sess, path)
            np.testing.assert_array_equal(sess.run(shares), expected)


def grown(session, train, trees, steps=3):
    for _ in range(steps):
        session.run(train)
    return session.run(trees)


@pytest.mark.parametrize("more", [{}, {"bagging_fraction": 0.5},
                                  {"base_random_seed": 0, "feature_bagging_fraction": 0.5}])
def test_random_numbers_belong_to_the_session_and_come_from_seeds(more):
    with fg.Graph().as_default():
        fg.set_random_seed(8)
        forest = tensor_forest.RandomForestGraphs(params(**more))
        train = forest.training_graph(fg.constant(X), fg.constant(CLASS))
        begin, trees = fg.global_variables_initializer(), forest.trees[0][0].read_value()
        with fg.Session() as one, fg.Session() as other:
            one.run(begin)
            other.run(begin)
            first = grown(one, train, trees, steps=2)
            np.testing.assert_array_equal(first, grown(other, train, trees, steps=2))
            np.testing.assert_array_equal(grown(one, train, trees), grown(other, train, trees))


def test_features_are_chosen_by_the_seed_and_not_by_numpys():
    chosen = {"num_features": 40, "feature_bagging_fraction": 0.5}
    assert params(**chosen).bagged_features == params(**chosen).bagged_features
    assert params(**chosen).bagged_features != params(base_random_seed=4, **chosen).bagged_features
    with fg.Graph().as_default():
        fg.set_random_seed(1)
        first = params(base_random_seed=0, **chosen).bagged_features
    with fg.Graph().as_default():
        fg.set_random_seed(1)
        assert params(base_random_seed=0, **chosen).bagged_features == first


def test_a_saved_forest_that_looks_at_some_features_predicts_the_same(tmp_path):
    found = []
    for seed in (1, 2):  # a program that loads it may have chosen other features
        with fg.Graph().as_default(), fg.Session() as sess:
            forest = tensor_forest.RandomForestGraphs(params(
                feature_bagging_fraction=0.5, base_random_seed=seed, num_trees=3))
            train = forest.training_graph(fg.constant(X), fg.constant(CLASS))
            shares, _, _ = forest.inference_graph(fg.constant(X))
            important, saver = forest.feature_importances(), fg.train.Saver()
            if not found:
                sess.run(fg.global_variables_initializer())
                grown(sess, train, [])
                saver.save(sess, str(tmp_path / "forest"))
                used = {feature for tree in forest.params.bagged_features for feature in tree}
                assert set(np.nonzero(sess.run(important))[0]) <= used
            saver.restore(sess, str(tmp_path / "forest"))
            found.append(sess.run(shares))
    np.testing.assert_array_equal(*found)


def test_as_an_estimator(tmp_path):
    model = tensor_forest.client.random_forest.TensorForestEstimator(params(), model_dir=str(
        tmp_path))
    model.fit(X, CLASS, steps=8, batch_size=400)
    assert model.evaluate(X, CLASS)["accuracy"] > 0.8
    rows = list(model.predict(X[:3]))
    assert [set(row) for row in rows] == [
        {"logits", "probabilities", "classes", "prediction_variance"}] * 3
    for row in rows:
        assert row["probabilities"].sum() == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("classes", [2, 4])
def test_probabilities_are_the_shares_of_the_leaves(classes):
    labels = CLASS % classes
    model = tensor_forest.TensorForestEstimator(params(num_classes=classes))
    model.fit(X, labels, steps=8, batch_size=400)
    with fg.Graph().as_default(), fg.Session() as sess:
        forest = tensor_forest.RandomForestGraphs(params(num_classes=classes))
        shares, _, variance = forest.inference_graph(fg.constant(X[:20]))
        fg.train.Saver().restore(sess, fg.train.latest_checkpoint(model.model_dir))
        shares, variance = sess.run([shares, variance])
    rows = list(model.predict(X[:20]))
    np.testing.assert_allclose([row["probabilities"] for row in rows], shares, atol=1e-5)
    np.testing.assert_allclose([row["prediction_variance"] for row in rows], variance, atol=1e-6)


def test_columns_keys_and_engineered_features(caplog):
    numbers = [fg.feature_column.numeric_column(name) for name in ("a", "b")]
    model = tensor_forest.TensorForestEstimator(
        params(num_features=2, num_classes=2), feature_columns=numbers, keys_column="id",
        feature_engineering_fn=lambda features, labels: (
            {**features, "b": 1.0 - features["b"]}, labels),
        report_feature_importances=True)
    data = {"a": X[:, 0], "b": X[:, 1], "id": np.arange(1000)}
    with caplog.at_level("INFO", "tensorflow"):
        model.fit(data, (X[:, 1] > 0.5).astype(np.int32), steps=8, batch_size=400)
    assert "feature_importances: [" in caplog.text
    rows = list(model.predict(data))
    assert [row["id"] for row in rows] == list(range(1000))
    assert np.mean([row["classes"] for row in rows] == (X[:, 1] > 0.5)) > 0.9


def test_training_ends_when_the_loss_stays():
    model = tensor_forest.TensorForestEstimator(
        params(regression=True, num_classes=1, max_nodes=3), early_stopping_rounds=7)
    model.fit(X, NUMBER, steps=200, batch_size=1000)
    steps = model.get_variable_value("global_step")
    assert 8 <= steps < 40
    assert model.evaluate(X, NUMBER)["loss"] < np.var(NUMBER)  # one split, among few drawn ones


@pytest.mark.parametrize(("make", "words"), [
    (lambda: params(num_tree=4), "num_tree"),
    (lambda: params(split_name="less"), "split_name='less' is not offered"),
    (lambda: params(param_file="f"), "param_file='f' is not offered"),
    (lambda: tensor_forest.TensorForestEstimator(params(), modeldir="m"), "modeldir"),
    (lambda: tensor_forest.TensorForestEstimator(params(), weight_column="w"), "weight_column"),
    (lambda: tensor_forest.RandomForestGraphs(params(), tree_configs=[""]), "tree_configs")])
def test_what_is_not_offered_is_told(make, words):
    with pytest.raises((TypeError, ValueError), match=words):
        make()


def test_mistakes_are_told():
    with pytest.raises(AttributeError, match="num_features"):
        tensor_forest.ForestHParams(num_classes=2).fill()
    with fg.Graph().as_default(), fg.Session() as sess:
        forest = tensor_forest.RandomForestGraphs(params())
        train = forest.training_graph(fg.constant(X[:2]), fg.constant([0, 4]))
        sess.run(fg.global_variables_initializer())
        with pytest.raises(fg.errors.InvalidArgumentError, match="Labels must be from 0 to 3"):
            sess.run(train)
