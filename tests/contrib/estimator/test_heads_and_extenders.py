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


# ---- several heads -------------------------------------------------------------------------------

LABELS = {"kind": np.array([[1], [0]]), "size": np.array([[1.0, 2.0], [3.0, 4.0]], np.float32)}
KIND = np.mean(sigmoid_losses(LOGITS[:, :1], LABELS["kind"]))
SIZE = np.mean((LOGITS[:, 1:] - LABELS["size"]) ** 2)


def two_heads(weights: Any = None) -> Any:
    return estimator.multi_head([estimator.binary_classification_head(name="kind"),
                                 estimator.regression_head(None, 2, name="size")], weights)


def constants(arrays: dict[str, Any]) -> dict[str, Any]:
    return {name: tf.constant(array) for name, array in arrays.items()}


@pytest.mark.parametrize("by_name", [False, True])
@pytest.mark.parametrize("weights", [None, [2.0, 0.5]])
def test_several_heads_add_up_their_losses(by_name: bool, weights: Any) -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        tf.train.create_global_step()
        logits = ({"kind": tf.constant(LOGITS[:, :1]), "size": tf.constant(LOGITS[:, 1:])}
                  if by_name else tf.constant(LOGITS))
        spec = two_heads(weights).create_estimator_spec({}, "eval", logits, constants(LABELS))
        one, two = weights or (1, 1)
        assert session.run(spec.loss) == pytest.approx(one * KIND + two * SIZE, rel=1e-5)
        assert {"loss/kind", "loss/size", "accuracy/kind", "average_loss/size"} <= set(
            spec.eval_metric_ops)
        session.run(tf.local_variables_initializer())
        session.run([update for _, update in spec.eval_metric_ops.values()])
        assert session.run(spec.eval_metric_ops["loss/size"][0]) == pytest.approx(SIZE, rel=1e-5)


def test_several_heads_name_what_they_predict_and_export() -> None:
    with tf.Graph().as_default():
        spec = two_heads().create_estimator_spec({}, "infer", tf.constant(LOGITS))
        assert {("kind", "class_ids"), ("size", "predictions")} <= set(spec.predictions)
        outputs = spec.export_outputs
        assert set(outputs) == {
            "serving_default", "predict", "kind", "kind/classification", "kind/regression",
            "kind/predict", "size", "size/regression", "size/predict"}
        assert outputs["serving_default"] is outputs["kind"]
        assert {"kind/logits", "size/predictions"} <= set(outputs["predict"].outputs)


def test_several_heads_train_together(tmp_path: Any) -> None:
    features = {"x": np.array([[1.0], [2.0]], np.float32)}
    model = tf.estimator.DNNEstimator(
        two_heads(), [4], [tf.feature_column.numeric_column("x")], str(tmp_path),
        config=tf.estimator.RunConfig(tf_random_seed=1))
    data = tf.estimator.inputs.numpy_input_fn(features, LABELS, 2, 20, shuffle=False)
    before = model.train(data, max_steps=1).evaluate(data)
    after = model.train(data).evaluate(data)
    assert after["loss"] < before["loss"]
    assert after["loss"] == pytest.approx(after["loss/kind"] + after["loss/size"], rel=1e-5)
    row = next(model.predict(tf.estimator.inputs.numpy_input_fn(features, shuffle=False)))
    assert row["size", "predictions"].shape == (2,)


@pytest.mark.parametrize(("make", "words"), [
    (lambda: estimator.multi_head([]), "Must specify heads"),
    (lambda: estimator.multi_head([estimator.regression_head()]), "must have name"),
    (lambda: estimator.multi_head([estimator.regression_head(name="a")] * 2), "unique names"),
    (lambda: two_heads([1.0]), "same size"),
    (lambda: two_heads().create_estimator_spec({}, "infer", tf.zeros([2, 4])), "3 columns"),
    (lambda: two_heads().create_estimator_spec({}, "infer", {"kind": tf.zeros([2, 1])}),
     r"missing values for .*\['size'\]"),
    (lambda: two_heads().create_estimator_spec({}, "eval", tf.zeros([2, 3]), tf.zeros([2, 1])),
     "labels must be a dict with those of the head 'kind'"),
    (lambda: two_heads().create_estimator_spec({}, "train", tf.zeros([2, 3]), constants(LABELS)),
     "cannot both be None")])
def test_mistakes_with_several_heads_are_told(make: Any, words: str) -> None:
    with tf.Graph().as_default(), pytest.raises(ValueError, match=words):
        make()


@pytest.mark.parametrize("vocabulary", [None, ["a", "b", "c"]])
def test_a_head_of_several_labels_predicts_all_names(vocabulary: Any) -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        head = estimator.multi_label_head(3, label_vocabulary=vocabulary)
        spec = head.create_estimator_spec({}, "infer", tf.constant(LOGITS))
        session.run(tf.tables_initializer())
        names = session.run(spec.predictions["classes"])
        assert names.tolist() == [[name.encode() for name in vocabulary or "012"]] * 2
        exported = spec.export_outputs["serving_default"]
        np.testing.assert_array_equal(session.run(exported.classes), names)
        assert set(spec.export_outputs["predict"].outputs) == {
            "logits", "probabilities", "classes"}


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
