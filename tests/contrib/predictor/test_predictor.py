"""Predictors of SavedModels and of Estimators."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowgraph as tf
from flowgraph.contrib import predictor
from flowgraph.errors import NotFoundError


@pytest.fixture
def folder(tmp_path: Any) -> str:
    """A SavedModel of y = w * x + b, where b is 10 unless it is fed."""
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, [None], name="x")
        w = tf.get_variable("w", initializer=3.0)
        b = tf.placeholder_with_default(10.0, [], name="b")
        y = tf.add(w * x, b, name="y")
        session.run(w.initializer)
        signatures = {
            "serving_default": tf.saved_model.predict_signature_def({"x": x, "b": b}, {"y": y}),
            "default_input_alternative:twice": tf.saved_model.predict_signature_def(
                {"x": x}, {"twice": 2.0 * y})}
        builder = tf.saved_model.Builder(str(tmp_path / "model"))
        builder.add_meta_graph_and_variables(session, ["serve", "cpu"], signatures)
        builder.save()
    return str(tmp_path / "model")


@pytest.mark.parametrize(("arguments", "given", "expected"), [
    ({}, {"x": [1.0, 2.0]}, {"y": [13.0, 16.0]}),
    ({}, {"x": [1.0], "b": 0.0}, {"y": [3.0]}),
    ({}, {"x": [1.0], "b": None}, {"y": [13.0]}),
    ({"signature_def_key": "twice"}, {"x": [1.0]}, {"twice": [26.0]}),
    ({"input_names": {"in": "x:0"}, "output_names": {"out": "y:0", "w": "w:0"}}, {"in": [0.0]},
     {"out": [10.0], "w": 3.0}),
])
def test_a_saved_model_is_a_function(folder: str, arguments: Any, given: Any,
                                     expected: Any) -> None:
    predict = predictor.from_saved_model(folder, tags="serve, cpu", **arguments)
    result = predict(given)
    assert set(result) == set(expected) == set(predict.fetch_tensors)
    for key, value in expected.items():
        np.testing.assert_allclose(result[key], value)
    assert predict.session.graph is predict.graph is not tf.get_default_graph()
    assert repr(predict).startswith("Predictor with feed tensors {")


def test_a_signature_is_given_and_a_graph(folder: str) -> None:
    graph = tf.Graph()
    with tf.Graph().as_default(), tf.Session() as session:
        signature = tf.saved_model.load(session, ["serve", "cpu"], folder).signature_def[
            "serving_default"]
    predict = predictor.from_saved_model(folder, signature_def=signature, tags="cpu,serve",
                                         graph=graph)
    assert predict.graph is graph
    assert predict({"x": [2.0]})["y"] == pytest.approx([16.0])


@pytest.mark.parametrize(("arguments", "message"), [
    ({"signature_def_key": "other"}, "Available signatures are .*'serving_default'"),
    ({"input_names": {"x": "x:0"}}, "must both be specified"),
    ({"signature_def_key": "twice", "input_names": {}, "output_names": {}}, "at most one of"),
    ({"tags": "serve"}, "could not be found in SavedModel"),
])
def test_what_does_not_go_together_is_refused(folder: str, arguments: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        predictor.from_saved_model(folder, **{"tags": "serve,cpu", **arguments})


def test_an_unknown_input_and_a_missing_folder_are_refused(folder: str, tmp_path: Any) -> None:
    predict = predictor.from_saved_model(folder, tags="serve,cpu")
    with pytest.raises(ValueError, match="unexpected keys in input_dict: \\['z'\\]"):
        predict({"x": [1.0], "z": 2.0})
    with pytest.raises((OSError, NotFoundError)):
        predictor.from_saved_model(str(tmp_path / "none"))


def _model_fn(features: Any, labels: Any, mode: str) -> Any:
    w = tf.get_variable("w", initializer=5.0)
    y = w * features["x"]
    outputs = {"serving_default": tf.estimator.export.PredictOutput({"y": y}),
               "half": tf.estimator.export.PredictOutput({"half": 0.5 * y})}
    if mode == "infer":
        return tf.estimator.EstimatorSpec(mode, {"y": y}, export_outputs=outputs)
    step = tf.assign_add(tf.train.get_global_step(), 1)
    return tf.estimator.EstimatorSpec(mode, loss=tf.reduce_mean(y), train_op=step)


def _receiver() -> Any:
    x = tf.placeholder(tf.float32, [None])
    return tf.estimator.export.ServingInputReceiver({"x": x + 1.0}, {"given": x})


@pytest.mark.parametrize(("key", "expected"), [
    (None, {"y": [10.0, 15.0]}), ("half", {"half": [5.0, 7.5]})])
def test_an_estimator_is_a_function(tmp_path: Any, key: Any, expected: Any) -> None:
    model = tf.estimator.Estimator(_model_fn, str(tmp_path))
    model.train(tf.estimator.inputs.numpy_input_fn({"x": np.ones([2], np.float32)},
                                                   shuffle=False), steps=1)
    predict = predictor.from_estimator(model, _receiver, key)
    for _ in range(2):
        result = predict({"given": [1.0, 2.0]})
        assert {name: list(value) for name, value in result.items()} == expected
    with pytest.raises(KeyError, match=r"test_predictor\.py:\d+.*output_key must be one of"):
        predictor.from_estimator(model, _receiver, "third")


def test_an_estimator_of_contrib_is_refused() -> None:
    model = tf.contrib.learn.Estimator(lambda features, labels: None)
    with pytest.raises(TypeError, match=r"export_savedmodel, and from_saved_model"):
        predictor.from_estimator(model, _receiver)
