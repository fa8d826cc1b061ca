"""Premade models of tf.contrib.learn: predictions, training, names of variables."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.contrib import learn
from tests.contrib.learn import premade_models

X = np.array([[-2.0], [-1.0], [1.0], [2.0]], np.float32)
TWO = np.array([0, 0, 1, 1])
THREE = np.array([0, 1, 2, 2])
COLUMNS = learn.infer_real_valued_columns_from_input(X)


@pytest.mark.parametrize(("labels", "keys"), [
    (TWO, {"logits", "logistic", "probabilities", "classes"}),
    (THREE, {"logits", "probabilities", "classes"})])
def test_predictions_of_classes_are_numbers(labels, keys):
    model = learn.SKCompat(learn.LinearClassifier(COLUMNS, n_classes=int(labels.max()) + 1))
    found = model.fit(X, labels, steps=3).predict(X)
    assert set(found) == keys
    assert found["classes"].shape == (4,) and found["classes"].dtype == np.int64
    if "logistic" in keys:
        np.testing.assert_array_equal(found["classes"], (found["logits"][:, 0] > 0).astype(int))
        np.testing.assert_allclose(found["probabilities"][:, 1:], found["logistic"], rtol=1e-6)
    else:
        np.testing.assert_array_equal(found["classes"], np.argmax(found["logits"], 1))


def test_classes_may_have_names_where_there_are_more_than_two():
    names = np.array(["a", "b", "c"])
    model = learn.LinearClassifier(COLUMNS, n_classes=3, label_keys=["a", "b", "c"])
    model.fit(X, names[THREE], steps=3)
    found = np.array(list(model.predict(X)))
    logits = np.array([row["logits"] for row in model.predict(X, outputs=["logits"])])
    assert [name.decode() for name in found] == names[np.argmax(logits, 1)].tolist()


def test_numbers_are_predicted_as_scores_alone():
    model = learn.SKCompat(learn.LinearRegressor(COLUMNS))
    found = model.fit(X, X[:, 0], steps=1).predict(X)
    assert set(found) == {"scores"} and found["scores"].shape == (4,)


@pytest.mark.parametrize("labels", [TWO, THREE])
def test_a_metric_of_the_classes(labels):
    model = learn.LinearClassifier(COLUMNS, n_classes=int(labels.max()) + 1)
    results = model.fit(X, labels, steps=5).evaluate(X, labels, metrics={"mine": learn.MetricSpec(
        fg.contrib.metrics.streaming_accuracy, prediction_key="classes")})
    classes = model.predict_classes(X, as_iterable=False)
    assert results["mine"] == results["accuracy"] == np.mean(classes == labels)


def test_metrics_of_two_classes():
    labels = np.array([0, 0, 0, 1])
    model = learn.LinearClassifier(COLUMNS).fit(X, labels, steps=5)
    results, yes = model.evaluate(X, labels), model.predict_proba(X, as_iterable=False)[:, 1]
    expected = {
        "loss": -np.mean(np.log(np.where(labels, yes, 1 - yes))),
        "accuracy": np.mean((yes > 0.5) == labels),
        "labels/prediction_mean": np.mean(yes), "labels/actual_label_mean": 0.25,
        "accuracy/baseline_label_mean": 0.25,
        "accuracy/threshold_0.500000_mean": np.mean((yes > 0.5) == labels),
        "precision/positive_threshold_0.500000_mean": np.mean(labels[yes > 0.5]),
        "recall/positive_threshold_0.500000_mean": float(yes[3] > 0.5)}
    assert set(results) == {*expected, "auc", "auc_precision_recall", "global_step"}
    for name, value in expected.items():
        assert results[name] == pytest.approx(value, rel=1e-5), name


@pytest.mark.parametrize(("make", "labels"), [
    (lambda: learn.LinearRegressor(COLUMNS, weight_column_name="w"), X[:, 0] + 1),
    (lambda: learn.LinearClassifier(COLUMNS, n_classes=3, weight_column_name="w"), THREE)])
def test_the_loss_of_an_evaluation_is_the_weighted_mean(make, labels):
    weights = np.array([1.0, 2.0, 3.0, 4.0], np.float32)
    features = {"": X, "w": weights}
    model = make().fit(features, labels, steps=1)
    if labels is THREE:
        rows = model.predict_proba(features, as_iterable=False)
        losses = -np.log(rows[np.arange(4), labels])
    else:
        losses = (model.predict(features, as_iterable=False) - labels) ** 2
    results = model.evaluate(features, labels)
    assert results["loss"] == pytest.approx(np.sum(weights * losses) / 10, rel=1e-5)
    assert "average_loss" not in results


# ---- numbers of TensorFlow -----------------------------------------------------------------------


class Follow(fg.train.SessionRunHook):
    """Lets the variables begin with the values of TensorFlow's run; keeps the losses."""

    def __init__(self):
        self.losses = []

    def begin(self):
        self.loss = fg.get_collection(fg.GraphKeys.LOSSES)[-1]
        self.assignments = [fg.assign(variable, premade_models.start(variable.shape.as_list()))
                            for variable in fg.trainable_variables()]

    def after_create_session(self, session, coord):
        session.run(self.assignments)

    def before_run(self, run_context):
        return fg.train.SessionRunArgs(self.loss)

    def after_run(self, run_context, run_values):
        self.losses.append(run_values.results)


def _model(label, hidden_units, activation, parts, clip_norm):
    column, arguments = learn.infer_real_valued_columns_from_input(premade_models.X), {}
    if label == "three":
        arguments["n_classes"] = 3
    kind = "Regressor" if label == "number" else "Classifier"
    # The optimizers that are defaults are left to be so.
    names = {part: None if name in ("Ftrl", "Adagrad") else name.replace("GradientDescent", "SGD")
             for part, name, _ in parts}
    if len(parts) == 2:
        return getattr(learn, "DNNLinearCombined" + kind)(
            linear_feature_columns=column, dnn_feature_columns=column,
            dnn_hidden_units=hidden_units, gradient_clip_norm=clip_norm,
            fix_global_step_increment_bug=True, **arguments)
    if "dnn" in names:
        return getattr(learn, "DNN" + kind)(
            hidden_units, column, optimizer=names["dnn"], activation_fn=activation,
            gradient_clip_norm=clip_norm, **arguments)
    return getattr(learn, "Linear" + kind)(column, optimizer=names["linear"],
                                           gradient_clip_norm=clip_norm, **arguments)


@pytest.mark.parametrize("name", premade_models.CASES)
def test_training_has_the_numbers_of_tensorflow(name):
    """premade_models.py says how they were made."""
    expected = json.loads(Path(__file__).with_name("premade_models.json").read_text())[name]
    case, follow, x = premade_models.CASES[name], Follow(), premade_models.X
    model = _model(*case).fit(  # with all examples in each step
        input_fn=lambda: (fg.constant(x), fg.constant(premade_models.LABELS[case[0]])),
        steps=premade_models.STEPS, monitors=[follow])
    np.testing.assert_allclose(follow.losses, expected["losses"], rtol=2e-5)
    if case[0] == "number":
        found = model.predict(x, as_iterable=False)[:, None]
    else:
        found = [row["logits"] for row in model.predict(x, outputs=["logits"])]
    np.testing.assert_allclose(found, expected["logits"], rtol=1e-4, atol=1e-5)


def _names(model, labels=TWO):
    return set(model.fit(X, labels, steps=1).get_variable_names())


def test_a_network_has_a_learning_rate_and_slots_by_the_heads_name():
    names = _names(learn.DNNClassifier([2], COLUMNS))
    assert "dnn/binary_logistic_head/dnn/learning_rate" in names
    assert "dnn/hiddenlayer_0/weights/hiddenlayer_0/weights/part_0/Adagrad" in names
    assert "dnn/regression_head/dnn/learning_rate" in _names(learn.DNNRegressor([2], COLUMNS))


def test_both_models_have_a_learning_rate_each():
    model = learn.DNNLinearCombinedClassifier(
        n_classes=3, linear_feature_columns=COLUMNS, linear_optimizer="Momentum",
        dnn_feature_columns=COLUMNS, dnn_hidden_units=[2], fix_global_step_increment_bug=True)
    names = _names(model, THREE)
    assert {"multi_class_head/dnn/learning_rate",
            "multi_class_head/linear/learning_rate"} <= names
    assert model.get_variable_value("global_step") == 1
    rate = model.get_variable_value("multi_class_head/linear/learning_rate")
    assert rate == pytest.approx(0.2)


def test_without_the_correction_each_part_counts_a_step():
    model = learn.DNNLinearCombinedRegressor(
        linear_feature_columns=COLUMNS, dnn_feature_columns=COLUMNS, dnn_hidden_units=[2])
    assert model.fit(X, X[:, 0], steps=1).get_variable_value("global_step") == 2


@pytest.mark.parametrize(("optimizer", "rate"), [
    ("SGD", 0.2), (lambda: fg.train.GradientDescentOptimizer(0.3), 0.3),
    (fg.train.GradientDescentOptimizer(0.4), 0.4)])
def test_a_linear_models_optimizer_has_its_own_rate(optimizer, rate):
    columns = [fg.contrib.layers.real_valued_column(f"x{i}") for i in range(30)]
    features = {f"x{i}": np.ones([4, 1], np.float32) for i in range(30)}
    model = learn.LinearRegressor(columns, optimizer=optimizer)
    model.fit(features, np.ones(4), steps=1, batch_size=4)
    assert model.get_variable_value("linear/bias_weight")[0] == pytest.approx(2 * rate, rel=1e-5)


@pytest.mark.parametrize("optimizer", ["Momentum", "Adam", "RMSProp"])
def test_a_network_takes_optimizers_by_name(optimizer):
    assert learn.DNNRegressor([2], COLUMNS, optimizer=optimizer).fit(X, X[:, 0], steps=1)


def test_an_embedding_of_contrib_layers_has_the_old_names():
    layers = fg.contrib.layers
    word = layers.sparse_column_with_integerized_feature("word", 10000)
    model = learn.DNNClassifier([2], [layers.embedding_column(word, 3)])
    model.fit({"word": np.array([1, 2, 3, 4])}, TWO, steps=1)
    table = model.get_variable_value("dnn/input_from_feature_columns/word_embedding/weights")
    assert table.shape == (10000, 3)
    assert np.std(table) == pytest.approx(0.88 / 100, rel=0.05)  # cut at two deviations


REFUSED = [
    (lambda: learn.DNNClassifier([2], COLUMNS, enable_centered_bias=True), ValueError, "centered"),
    (lambda: learn.LinearClassifier(COLUMNS, _joint_weight=True), ValueError, "_joint_weight"),
    (lambda: learn.LinearRegressor(COLUMNS, _joint_weights=True), ValueError, "_joint_weights"),
    (lambda: learn.DNNRegressor([2], COLUMNS, embedding_lr_multipliers={1: 2}), ValueError,
     "embedding_lr_multipliers"),
    (lambda: learn.LinearClassifier(COLUMNS, label_keys=["a", "b"]), ValueError, "label_keys"),
    (lambda: learn.DNNLinearCombinedClassifier(linear_feature_column=COLUMNS), TypeError,
     "linear_feature_column"),
    (lambda: learn.DNNLinearCombinedRegressor(dnn_hidden_unit=[3]), TypeError, "dnn_hidden_unit"),
    (lambda: learn.Experiment(None, print, print, train_step=3), TypeError, "train_step"),
    (lambda: learn.Experiment(None, print, print, export_strategies=[3]), ValueError,
     "export_strategies"),
]


@pytest.mark.parametrize("number", range(len(REFUSED)))
def test_what_is_not_offered_is_refused(number):
    make, error, words = REFUSED[number]
    with pytest.raises(error, match=words):
        make()


def test_a_mistake_is_told_with_its_line():
    with pytest.raises(ValueError, match=r"test_premade\.py:\d+"):
        learn.LinearRegressor(COLUMNS).fit(X, X[:, 0])
