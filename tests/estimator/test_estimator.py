"""Estimator: train, evaluate, predict, and what stays in the folder between them."""

from __future__ import annotations

import logging

import numpy as np
import pytest

import flowgraph as fg
from tests.estimator.conftest import X, Y, batches, line


def by_hand(steps):
    """Weights after so many steps of gradient descent on the two halves of the data in turn."""
    w = b = 0.0
    for step in range(steps):
        x, y = (part[5 * (step % 2):][:5] for part in (X, Y))
        error = w * x + b - y
        w, b = w - 0.1 * np.mean(2 * error * x), b - 0.1 * np.mean(2 * error)
    return w, b


@pytest.mark.parametrize("steps", [1, 7])
def test_training_makes_the_steps_that_it_is_asked_for(estimator, steps):
    assert estimator.train(batches(), steps=steps) is estimator
    got = [estimator.get_variable_value(name) for name in ("w", "b", "global_step")]
    np.testing.assert_allclose(got, [*by_hand(steps), steps], rtol=1e-5)


def test_training_goes_on_from_the_folder_also_in_a_new_estimator(estimator):
    estimator.train(batches(), steps=4)
    again = fg.estimator.Estimator(line, estimator.model_dir, params={"rate": 0.1})
    again.train(batches(), max_steps=6).train(batches(), max_steps=5)
    assert again.get_variable_value("global_step") == 6
    np.testing.assert_allclose(again.get_variable_value("w"), by_hand(6)[0], rtol=1e-5)
    assert again.latest_checkpoint().endswith("model.ckpt-6")
    assert again.get_variable_names() == ["b", "global_step", "w"]


def test_evaluation_means_over_the_batches_of_the_checkpoint(estimator):
    estimator.train(batches(), steps=3)
    w, b = by_hand(3)
    results = estimator.evaluate(batches(num_epochs=1))
    np.testing.assert_allclose(results["error"], np.mean(np.abs(w * X + b - Y)), rtol=1e-5)
    np.testing.assert_allclose(results["loss"], np.mean((w * X + b - Y) ** 2), rtol=1e-5)
    assert results["global_step"] == 3
    first = estimator.evaluate(batches(), steps=1, name="first")
    np.testing.assert_allclose(first["loss"], np.mean((w * X + b - Y)[:5] ** 2), rtol=1e-5)


@pytest.mark.parametrize("name", [None, "other"])
def test_evaluation_writes_an_event_file_of_its_own(estimator, name):
    estimator.train(batches(), steps=1)
    results = estimator.evaluate(batches(num_epochs=1), name=name)
    file, = fg.gfile.Glob(estimator.eval_dir(name) + "/*tfevents*")
    values = {value.tag: value for event in fg.train.summary_iterator(file)
              for value in event.summary.value}
    assert set(values) == {"error", "loss", "checkpoint_path"}
    assert values["loss"].simple_value == results["loss"]


def test_predictions_come_one_by_one_or_in_batches(estimator):
    estimator.train(batches(), steps=2)
    w, b = by_hand(2)
    single = list(estimator.predict(batches(num_epochs=1, batch_size=4)))
    np.testing.assert_allclose([row["y"] for row in single], w * X + b, rtol=1e-5)
    lots = list(estimator.predict(batches(num_epochs=1, batch_size=4), ["double"],
                                  yield_single_examples=False))
    assert [set(lot) for lot in lots] == [{"double"}] * 3
    assert [len(lot["double"]) for lot in lots] == [4, 4, 2]


def test_the_graph_of_predictions_is_not_the_callers_default(estimator):
    before = fg.get_default_graph()
    predictions = estimator.predict(batches(num_epochs=1))
    next(predictions)
    assert fg.get_default_graph() is before
    predictions.close()


def test_an_input_function_may_return_a_dataset_and_take_what_it_names(tmp_path):
    seen = []

    def input_fn(mode, params):
        seen.append((mode, params["rate"]))
        return fg.data.Dataset.from_tensor_slices(({"x": X}, Y)).repeat(2).batch(5)

    estimator = fg.estimator.Estimator(line, str(tmp_path), params={"rate": 0.1})
    estimator.train(input_fn)
    assert seen == [("train", 0.1)]
    np.testing.assert_allclose(estimator.get_variable_value("w"), by_hand(4)[0], rtol=1e-5)


def test_the_loss_is_logged_and_summarized(estimator, caplog):
    with caplog.at_level(logging.INFO, "tensorflow"):
        estimator.train(batches(), steps=2)
    lines = [record.getMessage() for record in caplog.records]
    assert any(line.startswith("loss = ") and line.endswith("step = 0") for line in lines)
    assert lines[-1].startswith("Loss for final step: ")
    file, = fg.gfile.Glob(estimator.model_dir + "/*tfevents*")
    tags = {value.tag for event in fg.train.summary_iterator(file)
            for value in event.summary.value}
    assert "loss" in tags


def test_without_a_checkpoint_the_model_is_taken_as_it_is_initialized(estimator):
    assert estimator.latest_checkpoint() is None
    assert [row["y"] for row in estimator.predict(batches(num_epochs=1))] == [0.0] * 10
    assert estimator.evaluate(batches(num_epochs=1))["global_step"] == 0


def test_a_model_starts_from_another_ones_checkpoint(estimator, tmp_path):
    estimator.train(batches(), steps=5)
    warm = fg.estimator.Estimator(
        line, str(tmp_path / "new"), params={"rate": 0.0},
        warm_start_from=fg.estimator.WarmStartSettings(estimator.model_dir, "w"))
    warm.train(batches(), steps=1)
    assert warm.get_variable_value("w") == estimator.get_variable_value("w")
    assert warm.get_variable_value("b") == 0


def test_the_graph_of_a_training_is_turned_into_a_message_once(estimator, monkeypatch):
    """Besides the first state of the graph, with which the event file is opened."""
    made, as_graph_def = [], fg.Graph.as_graph_def

    def counted(graph, *args, **kwargs):
        made.append(as_graph_def(graph, *args, **kwargs))
        return made[-1]
    monkeypatch.setattr(fg.Graph, "as_graph_def", counted)
    estimator.train(batches(), steps=2)
    assert len(made) == 2
    with fg.Graph().as_default() as graph, fg.Session() as sess:
        fg.train.import_meta_graph(estimator.latest_checkpoint() + ".meta").restore(
            sess, estimator.latest_checkpoint())
        assert {op.name for op in graph.get_operations()} <= {node.name for node in made[-1].node}
        assert sess.run("global_step:0") == 2


def test_a_listener_hears_of_each_checkpoint(estimator):
    class Steps(fg.train.CheckpointSaverListener):
        seen = []

        def after_save(self, session, global_step_value):
            self.seen.append(int(global_step_value))

    estimator.train(batches(), steps=25, saving_listeners=[Steps()])
    assert Steps.seen == [0, 10, 20, 25]


def nothing(features):
    return None


def wrong_argument(features, label):
    return None


MISTAKES = [
    (lambda e: e.train(batches(), steps=1, max_steps=1), "both steps and max_steps"),
    (lambda e: e.train(batches(), steps=0), "steps > 0"),
    (lambda e: e.evaluate(batches(), steps=-1), "steps > 0"),
    (lambda e: e.get_variable_names(), "Could not find trained model"),
    (lambda e: next(e.predict(batches(), predict_keys=["z"])), "at least one output"),
    (lambda e: fg.estimator.Estimator(None), "must be provided"),
    (lambda e: fg.estimator.Estimator(wrong_argument), "not expected args"),
    (lambda e: fg.estimator.Estimator(nothing, params={}), "does not include params"),
    (lambda e: fg.estimator.Estimator(nothing).train(batches()), "does not take labels"),
    (lambda e: list(fg.estimator.Estimator(nothing).predict(batches())), "EstimatorSpec"),
    (lambda e: fg.estimator.Estimator(line, "a", fg.estimator.RunConfig("b")), "different values"),
    (lambda e: fg.estimator.Estimator(line, config=3), "instance of `RunConfig`"),
    (lambda e: fg.estimator.Estimator(line, params={"rate": 1}, warm_start_from=3), "string or a"),
    (lambda e: e.train(lambda: (1, 2, 3), steps=1), "len 2 tuple"),
]


@pytest.mark.parametrize("number", range(len(MISTAKES)))
def test_mistakes_are_told(estimator, number):
    make, words = MISTAKES[number]
    with pytest.raises(ValueError, match=words):
        make(estimator)


def test_a_subclass_cannot_override_what_estimator_does():
    class Mine(fg.estimator.Estimator):
        def train(self, input_fn):
            return self

    with pytest.raises(ValueError, match="cannot override"):
        Mine(line)
