"""Premade models: numbers and names as TensorFlow's."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import flowgraph as fg
from tests.estimator.premade_models import models, results

EXPECTED = json.loads((Path(__file__).parent / "premade_models.json").read_text())


@pytest.mark.filterwarnings("ignore:The trapezoidal rule")
@pytest.mark.parametrize("name", models(fg))
def test_a_premade_model_computes_what_tensorflow_does(name):
    got, expected = results(fg, name), EXPECTED[name]
    assert got["variables"] == expected["variables"]
    np.testing.assert_allclose(got["losses"], expected["losses"], rtol=1e-4)
    for part in ("metrics", "predictions"):
        assert got[part].keys() == expected[part].keys()
        for key, value in expected[part].items():
            if np.asarray(value).dtype.kind == "f":
                np.testing.assert_allclose(got[part][key], value, rtol=1e-4, atol=1e-6)
            else:
                assert got[part][key] == value


def test_a_model_is_used_through_its_exported_signatures(tmp_path):
    x = fg.feature_column.numeric_column("x")
    data = fg.estimator.inputs.numpy_input_fn({"x": np.array([-1.0, 1.0])}, np.array([0, 1]),
                                              num_epochs=20, shuffle=False)
    model = fg.estimator.LinearClassifier([x], str(tmp_path / "model")).train(data)
    spec = fg.feature_column.make_parse_example_spec([x])
    folder = model.export_savedmodel(
        str(tmp_path / "out"), fg.estimator.export.build_parsing_serving_input_receiver_fn(spec))
    with fg.Graph().as_default(), fg.Session() as sess:
        meta = fg.saved_model.load(sess, ["serve"], folder.decode())
        assert set(meta.signature_def) == {"serving_default", "classification", "regression",
                                           "predict"}
        example = fg.train.Example(features=fg.train.Features(feature={
            "x": fg.train.Feature(float_list=fg.train.FloatList(value=[1.0]))}))
        signature = meta.signature_def["serving_default"]
        scores = sess.run(signature.outputs["scores"].name, {
            signature.inputs["inputs"].name: [example.SerializeToString()]})
    expected = list(model.predict(data))[1]["probabilities"]
    np.testing.assert_allclose(scores[0], expected, rtol=1e-6)


def test_a_model_starts_from_an_earlier_one(tmp_path):
    x = fg.feature_column.numeric_column("x")
    data = fg.estimator.inputs.numpy_input_fn({"x": np.array([0.0, 1.0])},
                                              np.array([1, 3], np.float32), num_epochs=9,
                                              shuffle=False)
    first = fg.estimator.DNNRegressor([3], [x], str(tmp_path / "first")).train(data)
    second = fg.estimator.DNNRegressor([3], [x], str(tmp_path / "second"), optimizer=lambda:
                                       fg.train.GradientDescentOptimizer(0.0),
                                       warm_start_from=first.model_dir).train(data)
    for name in ("dnn/hiddenlayer_0/kernel", "dnn/logits/bias"):
        np.testing.assert_array_equal(second.get_variable_value(name),
                                      first.get_variable_value(name))


@pytest.mark.parametrize(("optimizer", "rate"), [("Ftrl", 0.2), (None, 30 ** -0.5)])
def test_a_linear_model_of_many_columns_has_the_rate_of_its_optimizer(optimizer, rate):
    columns = [fg.feature_column.numeric_column(f"x{i}") for i in range(30)]
    weights = []
    for each in (optimizer, fg.train.FtrlOptimizer(rate)):
        model = fg.estimator.LinearRegressor(columns, optimizer=each)
        with fg.Graph().as_default(), fg.Session() as sess:
            fg.train.get_or_create_global_step()
            spec = model.model_fn({column.key: fg.ones([2, 1]) for column in columns},
                                  fg.constant([1.0, 3.0]), "train", model.config)
            sess.run(fg.global_variables_initializer())
            sess.run(spec.train_op)
            weights += [sess.run("linear/linear_model/x0/weights:0").item()]
    assert weights[0] == pytest.approx(weights[1]) and weights[0] > 0


def test_a_head_is_used_by_its_parts():
    head = fg.estimator.BinaryClassHead(loss_reduction="sum", thresholds=[0.25])
    with fg.Graph().as_default(), fg.Session() as sess:
        logits, labels = fg.zeros([2, 1]), fg.constant([[1], [0]])
        assert list(head.predictions(logits, ["classes", "logistic"])) == ["classes", "logistic"]
        with pytest.raises(ValueError, match="Prediction key must be"):
            head.predictions(logits, keys=["class"])
        loss = head.loss(labels, logits, regularization_losses=[fg.constant(3.0)])
        assert sess.run(loss) == pytest.approx(2 * np.log(2) + 3)
        weight = fg.Variable(1.0)
        fg.train.get_or_create_global_step()
        spec = head.create_estimator_spec({}, "train", logits + weight, labels, fg.train.
                                          GradientDescentOptimizer(0.5), [weight])
        evaluated = head.create_estimator_spec({}, "eval", logits, labels).eval_metric_ops
        sess.run(fg.global_variables_initializer())
        sess.run(spec.train_op)
        assert sess.run(weight) == pytest.approx(1 - 0.5 * (2 / (1 + np.exp(-1)) - 1))
    assert head.loss_reduction == fg.losses.Reduction.SUM
    assert {f"{name}/positive_threshold_0.25" for name in ("accuracy", "precision", "recall")} < (
        set(evaluated))


HEADS = [
    (lambda: fg.estimator.MultiClassHead(2), "n_classes must be > 2"),
    (lambda: fg.estimator.BinaryClassHead(thresholds=[1.5]), r"not in \(0, 1\)"),
    (lambda: fg.estimator.BinaryClassHead(label_vocabulary="ab"), "list or a tuple"),
    (lambda: fg.estimator.RegressionHead(loss_reduction="none"), "Invalid loss_reduction"),
    (lambda: fg.estimator.RegressionHead(0), "Invalid label_dimension"),
    (lambda: fg.estimator.RegressionHead(loss_fn=lambda x: x), "labels and logits"),
    (lambda: fg.estimator.RegressionHead().create_estimator_spec(
        {}, "eval", fg.zeros([2, 1])), "must provide a labels"),
    (lambda: fg.estimator.RegressionHead().create_estimator_spec(
        {}, "eval", fg.zeros([2, 2]), fg.zeros([2, 1])), "logits shape"),
    (lambda: fg.estimator.MultiClassHead(3).create_estimator_spec(
        {}, "eval", fg.zeros([2, 3]), fg.zeros([2, 3], fg.int64)), "Mismatched label shape"),
    (lambda: fg.estimator.MultiClassHead(3).create_estimator_spec(
        {}, "eval", fg.zeros([2, 3]), fg.zeros([2])), "should be integer"),
    (lambda: fg.estimator.RegressionHead().create_estimator_spec(
        {}, "train", fg.zeros([2, 1]), fg.zeros([2])), "cannot both be None"),
    (lambda: fg.estimator.DNNLinearCombinedClassifier(), "must be defined"),
    (lambda: fg.estimator.DNNClassifier([2], [fg.feature_column.numeric_column("x")]).train(
        lambda: (fg.zeros([2, 1]), fg.zeros([2]))), "should be a dictionary"),
]


@pytest.mark.parametrize("number", range(len(HEADS)))
def test_mistakes_are_told(number):
    make, words = HEADS[number]
    with fg.Graph().as_default(), pytest.raises(ValueError, match=words):
        make()


def test_a_label_out_of_range_is_told_when_it_is_used():
    with fg.Graph().as_default(), fg.Session() as sess:
        spec = fg.estimator.MultiClassHead(3).create_estimator_spec(
            {}, "eval", fg.zeros([2, 3]), fg.constant([0, 3]))
        with pytest.raises(fg.errors.InvalidArgumentError, match="Labels must <= n_classes - 1"):
            sess.run(spec.loss)


def test_a_head_of_several_labels_and_thresholds():
    with fg.Graph().as_default(), fg.Session() as sess:
        logits = np.array([[2.0, -1.0], [0.5, 0.1]], np.float32)
        labels = np.array([[1, 0], [0, 1]])
        spec = fg.estimator.MultiLabelHead(2, thresholds=[0.6]).create_estimator_spec(
            {}, "eval", fg.constant(logits), fg.constant(labels))
        sess.run(fg.local_variables_initializer())
        loss, probabilities = sess.run([spec.loss, spec.predictions["probabilities"]])
        np.testing.assert_allclose(probabilities, 1 / (1 + np.exp(-logits)), rtol=1e-6)
        entropy = -np.where(labels, np.log(probabilities), np.log(1 - probabilities))
        np.testing.assert_allclose(loss, entropy.mean(), rtol=1e-5)
        value, update = spec.eval_metric_ops["accuracy/positive_threshold_0.6"]
        sess.run(update)
        assert sess.run(value) == 0.5
