"""Exported models, and train_and_evaluate with its exporters."""

from __future__ import annotations

import os

import numpy as np
import pytest

import flowgraph as fg
from tests.estimator.conftest import X, Y, batches


def receiver():
    x = fg.placeholder(fg.float32, [None], name="x")
    return fg.estimator.export.ServingInputReceiver({"x": x}, {"x": x})


def served(folder, feed, tags=("serve",), signature="serving_default"):
    """The outputs of an exported model."""
    with fg.Graph().as_default(), fg.Session() as sess:
        meta = fg.saved_model.load(sess, list(tags), os.fsdecode(folder))
        found = meta.signature_def[signature]
        return sess.run({key: info.name for key, info in found.outputs.items()},
                        {found.inputs[key].name: value for key, value in feed.items()})


@pytest.mark.parametrize("method", ["export_saved_model", "export_savedmodel"])
def test_an_exported_model_predicts_the_same(estimator, tmp_path, method):
    estimator.train(batches(), steps=5)
    extra = tmp_path / "extra.txt"
    extra.write_text("more")
    folder = getattr(estimator, method)(str(tmp_path / "out"), receiver,
                                        assets_extra={"a/b.txt": str(extra)})
    assert os.path.basename(folder).isdigit() and isinstance(folder, bytes)
    with open(os.path.join(os.fsdecode(folder), "assets.extra", "a", "b.txt")) as copied:
        assert copied.read() == "more"
    expected = [row["y"] for row in estimator.predict(batches(num_epochs=1))]
    outputs = served(folder, {"x": X})
    np.testing.assert_allclose(outputs["y"], expected, rtol=1e-6)
    assert set(outputs) == {"y", "double"}


def test_graphs_for_training_and_evaluation_are_exported_too(estimator, tmp_path):
    estimator.train(batches(), steps=5)
    features = {"x": fg.placeholder(fg.float32, [None], name="x")}
    supervised = fg.estimator.experimental.build_raw_supervised_input_receiver_fn(
        features, fg.placeholder(fg.float32, [None], name="y"))
    folder = estimator.experimental_export_all_saved_models(
        str(tmp_path / "out"), {"train": supervised, "eval": supervised, "infer": receiver})
    outputs = served(folder, {"x": X, "label": Y}, ["eval"], "eval")
    np.testing.assert_allclose(outputs["loss"],
                               estimator.evaluate(batches(1, batch_size=10))["loss"], rtol=1e-5)
    assert set(outputs) == {"loss", "predictions/y", "metrics/error/value",
                            "metrics/error/update_op"}
    assert set(served(folder, {"x": X})) == {"y", "double"}


def test_serialized_examples_are_parsed(estimator, tmp_path):
    estimator.train(batches(), steps=5)
    spec = {"x": fg.FixedLenFeature([], fg.float32)}
    receive = fg.estimator.export.build_parsing_serving_input_receiver_fn(spec)
    folder = estimator.export_saved_model(str(tmp_path / "out"), receive)
    examples = [fg.train.Example(features=fg.train.Features(feature={
        "x": fg.train.Feature(float_list=fg.train.FloatList(value=[x]))})).SerializeToString()
        for x in X]
    expected = [row["y"] for row in estimator.predict(batches(num_epochs=1))]
    np.testing.assert_allclose(served(folder, {"examples": examples})["y"], expected, rtol=1e-6)


def test_without_a_checkpoint_nothing_is_exported(estimator, tmp_path):
    with pytest.raises(ValueError, match="Couldn't find trained model"):
        estimator.export_saved_model(str(tmp_path), receiver)


RECEIVERS = [
    (lambda: fg.estimator.export.ServingInputReceiver(None, fg.constant(1)), "must be defined"),
    (lambda: fg.estimator.export.ServingInputReceiver({1.5: fg.constant(1)}, fg.constant(1)),
     "strings or ints"),
    (lambda: fg.estimator.export.ServingInputReceiver({"a": 1}, fg.constant(1)), "must be a Ten"),
    (lambda: fg.estimator.export.TensorServingInputReceiver({"a": fg.constant(1)}, None),
     "must be a Tensor"),
    (lambda: fg.estimator.export.ClassificationOutput(), "At least one"),
    (lambda: fg.estimator.export.RegressionOutput(fg.constant(1)), "float32"),
    (lambda: fg.estimator.export.PredictOutput({"a": 1}), "must be a Tensor"),
]


@pytest.mark.parametrize("number", range(len(RECEIVERS)))
def test_receivers_and_outputs_tell_what_is_wrong(number):
    make, words = RECEIVERS[number]
    with pytest.raises(ValueError, match=words):
        make()


# ---- train_and_evaluate --------------------------------------------------------------------------

def exports(estimator, name):
    folder = os.path.join(estimator.model_dir, "export", name)
    return sorted(os.listdir(folder)) if os.path.isdir(folder) else []


def test_checkpoints_are_evaluated_and_exported(estimator, monkeypatch):
    clock = iter(range(1_600_000_000, 1_600_001_000))
    monkeypatch.setattr("flowgraph.estimator.exporting.time.time", lambda: next(clock))
    spec = fg.estimator.EvalSpec(batches(num_epochs=1), throttle_secs=0, exporters=[
        fg.estimator.LatestExporter("latest", receiver, exports_to_keep=2),
        fg.estimator.FinalExporter("final", receiver),
        fg.estimator.BestExporter("best", receiver)])
    metrics, folders = fg.estimator.train_and_evaluate(
        estimator, fg.estimator.TrainSpec(batches(), max_steps=35), spec)
    assert metrics["global_step"] == 35
    assert [folder is not None for folder in folders] == [True, True, True]
    assert (len(exports(estimator, "latest")), len(exports(estimator, "final")),
            len(exports(estimator, "best"))) == (2, 1, 4)
    assert fg.estimator.train_and_evaluate(
        estimator, fg.estimator.TrainSpec(batches(), max_steps=35), spec) == (None, None)


def test_a_metric_that_is_good_enough_ends_the_training(estimator):
    stop = fg.estimator.experimental.stop_if_lower_hook(
        estimator, "loss", 0.5, run_every_secs=None, run_every_steps=1)
    fg.estimator.train_and_evaluate(
        estimator, fg.estimator.TrainSpec(batches(), max_steps=500, hooks=[stop]),
        fg.estimator.EvalSpec(batches(num_epochs=1), throttle_secs=0))
    assert 10 <= estimator.get_variable_value("global_step") < 100
    assert "signal_early_stopping/STOP" in estimator.get_variable_names()


SPECS = [
    (lambda: fg.estimator.TrainSpec(3), TypeError, "callable"),
    (lambda: fg.estimator.TrainSpec(batches(), max_steps=0), ValueError, "max_steps > 0"),
    (lambda: fg.estimator.EvalSpec(batches(), steps=0), ValueError, "steps > 0"),
    (lambda: fg.estimator.EvalSpec(batches(), throttle_secs=-1), ValueError, "throttle_secs >= 0"),
    (lambda: fg.estimator.EvalSpec(batches(), exporters=[3]), TypeError, "Exporter"),
    (lambda: fg.estimator.EvalSpec(batches(), exporters=[
        fg.estimator.FinalExporter("a", receiver), fg.estimator.LatestExporter("a", receiver)]),
     ValueError, "unique names"),
    (lambda: fg.estimator.train_and_evaluate(1, 2, 3), TypeError, "`estimator` must have type"),
    (lambda: fg.estimator.LatestExporter("a", receiver, exports_to_keep=0), ValueError, "positive"),
    (lambda: fg.estimator.BestExporter("a", receiver, compare_fn=lambda a, b: 1), ValueError,
     "best_eval_result"),
]


@pytest.mark.parametrize("number", range(len(SPECS)))
def test_specs_and_exporters_tell_what_is_wrong(number):
    make, kind, words = SPECS[number]
    with pytest.raises(kind, match=words):
        make()
