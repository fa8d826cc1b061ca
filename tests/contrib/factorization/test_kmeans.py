"""k-means: each step as NumPy computes it."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.contrib import factorization

RANDOM = np.random.RandomState(0)
X = np.concatenate([RANDOM.randn(20, 2) + center for center in ([0, 6], [6, 0], [6, 6])]).astype(
    np.float32)
START = X[[0, 1, 45]]


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def distances(rows, centers, metric):
    if metric == "cosine":
        return 1 - unit(rows) @ unit(centers).T
    return ((rows[:, None] - centers[None]) ** 2).sum(2)


def moved(rows, centers, counts, metric, mini_batch):
    rows = unit(rows) if metric == "cosine" else rows
    nearest = np.argmin(distances(rows, centers, metric), 1)
    new = centers.copy()
    for i in range(len(centers)):
        own = rows[nearest == i]
        if mini_batch:
            new[i] += (own.sum(0) - len(own) * centers[i]) / (counts[i] + len(own))
            counts[i] += len(own)
        else:
            new[i] = own.sum(0) / (len(own) + 1e-6)
    return unit(new) if metric == "cosine" and not mini_batch else new


@pytest.mark.parametrize("metric", ["squared_euclidean", "cosine"])
@pytest.mark.parametrize("mini_batch", [False, True])
def test_steps_move_the_centers(metric, mini_batch):
    with fg.Graph().as_default(), fg.Session() as sess:
        x = fg.placeholder(fg.float32, [None, 2])
        scores, nearest, best, ready, init, train = factorization.KMeans(
            x, 3, START, metric, mini_batch).training_graph()
        sess.run(fg.global_variables_initializer())
        assert len(fg.global_variables()) == (3 if mini_batch else 2)
        assert not sess.run(ready)
        sess.run(init, {x: X})
        assert sess.run(ready)
        centers = unit(START) if metric == "cosine" else START.copy()
        counts = np.ones(3)
        for batch in (X, X[10:50], X):
            expected = distances(batch, centers, metric)
            got = sess.run([scores[0], nearest[0], best[0], train], {x: batch})
            np.testing.assert_allclose(got[0], expected, atol=2e-5)
            np.testing.assert_array_equal(got[1], np.argmin(expected, 1))
            np.testing.assert_allclose(got[2], expected.min(1), atol=2e-5)
            centers = moved(batch, centers, counts, metric, mini_batch)
        np.testing.assert_allclose(sess.run("clusters:0"), centers, atol=1e-5)


@pytest.mark.parametrize("begin", ["random", "kmeans_plus_plus", "kmc2",
                                   lambda inputs, count: inputs[0][:count]])
def test_first_centers_are_examples(begin):
    with fg.Graph().as_default(), fg.Session() as sess:
        _, _, _, ready, init, _ = factorization.KMeans(
            fg.constant(X), 3, begin, random_seed=4).training_graph()
        sess.run(fg.global_variables_initializer())
        sess.run(init)
        sess.run(init)  # a second time changes nothing
        assert sess.run(ready)
        centers = sess.run("clusters:0")
        assert centers.shape == (3, 2)
        assert all((center == X).all(1).any() for center in centers)


@pytest.mark.parametrize("seed", [0, 4])
def test_first_centers_far_from_each_other_come_from_the_seed_alone(seed):
    found = []
    for _ in range(2):
        with fg.Graph().as_default(), fg.Session() as sess:
            *_, init, _ = factorization.KMeans(
                fg.constant(X), 3, "kmeans_plus_plus", random_seed=seed).training_graph()
            sess.run(fg.global_variables_initializer())
            sess.run(init)
            found.append(sess.run("clusters:0"))
    np.testing.assert_array_equal(*found)


def test_steps_are_collected_before_centers_move():
    with fg.Graph().as_default(), fg.Session() as sess:
        *_, init, train = factorization.KMeans(
            fg.constant(X), 3, START, use_mini_batch=True,
            mini_batch_steps_per_iteration=2).training_graph()
        sess.run(fg.global_variables_initializer())
        sess.run(init)
        seen = [sess.run("clusters:0")]
        for _ in range(4):
            sess.run(train)
            seen.append(sess.run("clusters:0"))
    np.testing.assert_array_equal(seen[1], seen[0])
    np.testing.assert_array_equal(seen[2], seen[0])
    assert np.abs(seen[3] - seen[0]).max() > 0.1


def test_as_an_estimator(tmp_path):
    model = factorization.KMeansClustering(
        3, str(tmp_path), initial_clusters="kmeans_plus_plus", random_seed=1, use_mini_batch=False,
        relative_tolerance=1e-4)

    def data():
        return fg.train.limit_epochs(fg.constant(X), num_epochs=30)

    model.train(data)
    assert 2 < model.get_variable_value("global_step") < 30
    once = fg.estimator.inputs.numpy_input_fn({"x": X}, shuffle=False)
    found = np.array(list(model.predict_cluster_index(once)))
    assert len({tuple(found[i:i + 20]) for i in (0, 20, 40)}) == 3
    for i in range(3):
        np.testing.assert_allclose(model.cluster_centers()[i], X[found == i].mean(0), atol=1e-3)
    assert model.score(once) == pytest.approx(
        sum(row.min() for row in model.transform(once)), rel=1e-4)


def test_each_training_goes_on_though_its_input_has_one_batch(tmp_path):
    model = factorization.KMeansClustering(3, str(tmp_path), use_mini_batch=False, random_seed=2)

    def data():
        return fg.train.limit_epochs(fg.constant(X), num_epochs=1)
    model.train(data)  # the batch goes into the first centres
    centers = model.cluster_centers()
    assert centers.shape == (3, 2)
    for step in (1, 2):
        model.train(data)
        centers = moved(X, centers, None, "squared_euclidean", False)
        np.testing.assert_allclose(model.cluster_centers(), centers, atol=1e-4)
        assert model.get_variable_value("global_step") == step
    assert model.score(data) > 0


MISTAKES = [({"initial_clusters": "first"}, "Unsupported initialization"),
            ({"distance_metric": "manhattan"}, "Unsupported distance")]


@pytest.mark.parametrize(("arguments", "words"), MISTAKES)
def test_mistakes_are_told(arguments, words):
    with pytest.raises(ValueError, match=words):
        factorization.KMeans(X, 3, **arguments)
