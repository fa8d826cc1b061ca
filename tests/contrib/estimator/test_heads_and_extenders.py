"""tf.contrib.estimator: heads in model functions, clipped gradients, forwarded features."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowgraph as tf
from flowgraph.contrib import estimator

LOGITS = np.array([[1.0, -2.0, 0.5], [0.0, 3.0, 1.0]], np.float32)


def softmax_loss(labels: Any) -> Any:
    scores = LOGITS - np.log(np.sum(np.exp(LOGITS), 1, keepdims=True))
    return -np.mean([scores[i, label] for i, label in enumerate(labels)])


def sigmoid_losses(logits: Any, labels: Any) -> Any:
    return np.log1p(np.exp(logits)) - logits * labels


@pytest.mark.parametrize(("make", "width", "labels", "loss"), [
    (lambda: estimator.multi_class_head(3), 3, [[2], [1]], softmax_loss([2, 1])),
    (lambda: estimator.binary_classification_head(None, (0.5,)), 1, [[1], [0]],
     np.mean(sigmoid_losses(LOGITS[:, :1], np.array([[1], [0]])))),
    (lambda: estimator.logistic_regression_head(), 1, [[1.0], [0.0]],
     np.mean(sigmoid_losses(LOGITS[:, :1], np.array([[1], [0]])))),
    (lambda: estimator.regression_head(None, 2), 2, [[1.0, 2.0], [3.0, 4.0]],
     np.mean((LOGITS[:, :2] - np.array([[1, 2], [3, 4]])) ** 2)),
    (lambda: estimator.poisson_regression_head(None, 1, compute_full_loss=False), 1,
     [[1.0], [2.0]], np.mean(np.exp(LOGITS[:, :1]) - LOGITS[:, :1] * [[1], [2]])),
    (lambda: estimator.multi_label_head(3), 3, [[1, 0, 1], [0, 0, 1]],
     np.mean(sigmoid_losses(LOGITS, np.array([[1, 0, 1], [0, 0, 1]])))),
], ids=["multi_class", "binary", "logistic", "regression", "poisson", "multi_label"])
def test_a_head_has_the_loss_of_its_batch(make: Any, width: int, labels: Any, loss: float) -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        tf.train.create_global_step()
        spec = make().create_estimator_spec({}, tf.estimator.ModeKeys.EVAL,
                                            tf.constant(LOGITS[:, :width]), tf.constant(labels))
        assert session.run(spec.loss) == pytest.approx(loss, rel=1e-5)


def test_a_weight_column_is_the_first_argument_of_a_regression_head() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        head = estimator.regression_head("w", loss_reduction=tf.losses.Reduction.SUM)
        spec = head.create_estimator_spec({"w": tf.constant([[2.0], [0.0]])}, "eval",
                                          tf.constant([[1.0], [5.0]]), tf.constant([[4.0], [0.0]]))
        assert session.run(spec.loss) == 18.0


def test_gradients_are_clipped_together_and_slots_are_the_others() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        a, b = tf.Variable(3.0, name="a"), tf.Variable(4.0, name="b")
        momentum = tf.train.MomentumOptimizer(1.0, 0.5)
        optimizer = estimator.clip_gradients_by_norm(momentum, 5.0)
        unused = tf.Variable(1.0)
        step = tf.train.create_global_step()
        train = optimizer.minimize(a * a + b * b, step, var_list=[a, b, unused])
        session.run(tf.global_variables_initializer())
        session.run(train)
        assert session.run([a, b, step]) == [0.0, 0.0, 1]
        assert optimizer.get_slot(a, "momentum") is momentum.get_slot(a, "momentum")
        assert optimizer.get_slot(a, "momentum").op.name == "a/Momentum"
        assert optimizer.get_slot_names() == ["momentum"]
        assert optimizer.get_name() == "ClipByNormMomentum"


DATA = {"x": np.array([1.0, 2.0], np.float32), "id": np.array([b"p", b"q"])}


def _estimator(folder: Any) -> Any:
    def model_fn(features: Any, labels: Any, mode: str) -> Any:
        y = tf.get_variable("w", initializer=2.0) * features["x"]
        outputs = {"serving_default": tf.estimator.export.PredictOutput({"y": y})}
        if mode == "infer":
            return tf.estimator.EstimatorSpec(mode, {"y": y}, export_outputs=outputs)
        train = tf.assign_add(tf.train.get_global_step(), 1)
        return tf.estimator.EstimatorSpec(mode, {"y": y}, tf.reduce_mean(y), train)
    model = tf.estimator.Estimator(model_fn, str(folder))
    return model.train(tf.estimator.inputs.numpy_input_fn(DATA, shuffle=False), steps=1)


@pytest.mark.parametrize(("keys", "names"), [
    ("id", {"id"}), (["id", "x"], {"id", "x"}), (None, {"id", "x"})])
def test_features_are_forwarded(tmp_path: Any, keys: Any, names: set[str]) -> None:
    model = estimator.forward_features(_estimator(tmp_path / "model"), keys)
    rows = list(model.predict(tf.estimator.inputs.numpy_input_fn(DATA, shuffle=False)))
    assert [row["y"] for row in rows] == [2.0, 4.0]
    for name in names:
        assert [row[name] for row in rows] == list(DATA[name])
    assert set(rows[0]) == {"y"} | names

    def receiver() -> Any:
        features = {"x": tf.placeholder(tf.float32, [None]), "id": tf.placeholder(tf.string)}
        return tf.estimator.export.ServingInputReceiver(features, features)
    predict = tf.contrib.predictor.from_estimator(model, receiver)
    assert set(predict.fetch_tensors) == {"y"} | names


@pytest.mark.parametrize(("keys", "features", "error", "message"), [
    (3, DATA, TypeError, "list of strings"),
    (["id", 3], DATA, TypeError, "list of strings"),
    ("z", DATA, ValueError, "'z' should be among the features"),
    ("y", {**DATA, "y": DATA["x"]}, ValueError, "prediction of that name"),
])
def test_what_cannot_be_forwarded_is_refused(tmp_path: Any, keys: Any, features: Any, error: Any,
                                             message: str) -> None:
    with pytest.raises(error, match=message):
        model = estimator.forward_features(_estimator(tmp_path), keys)
        list(model.predict(tf.estimator.inputs.numpy_input_fn(features, shuffle=False)))


def test_a_sparse_feature_needs_a_default(tmp_path: Any) -> None:
    def data() -> Any:
        return {"x": tf.constant([1.0, 2.0]),
                "words": tf.SparseTensor([[1, 0]], ["a"], [2, 2])}
    model = _estimator(tmp_path)
    with pytest.raises(ValueError, match="Cannot forward the SparseTensor 'words'"):
        list(estimator.forward_features(model, "words").predict(data))
    rows = estimator.forward_features(model, "words", {"words": "-"}).predict(data)
    assert [next(rows)["words"].tolist() for _ in range(2)] == [[b"-", b"-"], [b"a", b"-"]]
