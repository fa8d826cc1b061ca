"""tf.contrib.learn.models: the regressions that model functions of 2016 end in."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.contrib import layers, learn

X = np.random.RandomState(0).randn(6, 3).astype(np.float32)
NUMBERS = X @ np.array([1.0, 2.0, -1.0], np.float32) + 0.5
CLASSES = np.argmax(X, 1)
ONE_HOT = np.eye(3, dtype=np.float32)[CLASSES]


def values(tensors):
    """What the tensors and the variables are after the initializer."""
    with fg.Session() as sess:
        sess.run(fg.global_variables_initializer())
        return sess.run([*tensors, *fg.trainable_variables()])


@pytest.mark.parametrize("targets", [NUMBERS, np.stack([NUMBERS, -NUMBERS], 1)])
def test_linear_regression_is_a_product_and_its_squared_error(targets):
    given = fg.constant(targets)
    predictions, loss, w, b = values(learn.models.linear_regression(fg.constant(X), given))
    expected = (X @ w + b).reshape(targets.shape)
    np.testing.assert_allclose(predictions, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(loss, np.mean((targets - expected) ** 2), rtol=1e-5)
    assert fg.losses.get_losses()
    assert [s.op.name for s in fg.get_collection(fg.GraphKeys.SUMMARIES)] == [
        f"linear_regression/linear_regression.{part}" for part in ("x", "y", "weights", "bias")]


@pytest.mark.parametrize("how", ["none", "given", "named"])
def test_logistic_regression_is_a_softmax_and_its_cross_entropy(how):
    weight = np.array([1.0, 2.0, 0.5], np.float32)
    if how == "named":
        fg.constant(weight, name="class_weight")
    given = {"class_weight": fg.constant(weight)} if how == "given" else {}
    pair = learn.models.logistic_regression(fg.constant(X), fg.constant(ONE_HOT), **given)
    p, loss, w, b = values(pair)
    e = np.exp((X @ w + b) * (1 if how == "none" else weight))
    expected = e / e.sum(1, keepdims=True)
    np.testing.assert_allclose(p, expected, rtol=1e-4)
    np.testing.assert_allclose(loss, -np.mean(np.log(expected[range(6), CLASSES])), rtol=1e-4)


@pytest.mark.parametrize(("model", "targets", "loss"), [
    (learn.models.linear_regression_zero_init, NUMBERS, np.mean(NUMBERS ** 2)),
    (learn.models.logistic_regression_zero_init, ONE_HOT, np.log(3)),
])
def test_variables_may_start_from_zeros(model, targets, loss):
    _, found, w, b = values(model(fg.constant(X), fg.constant(targets)))
    assert not w.any() and not b.any()
    assert found == pytest.approx(loss, rel=1e-5)


def test_variables_may_start_from_a_normal_distribution():
    learn.models.linear_regression(fg.constant(X), fg.constant(NUMBERS), 7.0, 0.0)
    w, b = values([])
    assert (w == 7).all() and (b == 7).all()


def test_features_of_an_unknown_number_are_refused():
    with pytest.raises(ValueError, match=r"test_models.py:.*\[rows, features\]"):
        learn.models.linear_regression(fg.placeholder(fg.float32, [None, None]),
                                       fg.constant(NUMBERS))


def test_a_model_function_of_2016_learns():
    def model(features, target):
        target = fg.one_hot(target, 3, 1, 0)
        features = layers.stack(features, layers.fully_connected, [10, 10])
        prediction, loss = learn.models.logistic_regression(features, target)
        step = layers.optimize_loss(loss, fg.contrib.framework.get_global_step(),
                                    optimizer="Adagrad", learning_rate=0.3)
        return {"class": fg.argmax(prediction, 1), "prob": prediction}, loss, step

    x = np.random.RandomState(1).randn(90, 3).astype(np.float32)
    classes = np.argmax(x, 1)
    classifier = learn.Estimator(model_fn=model, config=learn.RunConfig(tf_random_seed=3))
    classifier.fit(x, classes, steps=200)
    found = [row["class"] for row in classifier.predict(x, as_iterable=True)]
    assert np.mean(np.array(found) == classes) > 0.9


def test_keys_of_predictions_are_named():
    key = learn.PredictionKey
    assert (key.CLASSES, key.PROBABILITIES, key.SCORES) == ("classes", "probabilities", "scores")
