"""EstimatorSpec and RunConfig: what they hold and what they refuse."""

from __future__ import annotations

import pytest

import flowgraph as fg
from flowgraph.estimator import EstimatorSpec, RunConfig


def other_graph():
    with fg.Graph().as_default():
        return fg.constant(1.0)


SPECS = [
    ({"mode": "train", "loss": 1}, TypeError, "loss must be Tensor"),
    ({"mode": "train"}, ValueError, "Missing loss"),
    ({"mode": "eval"}, ValueError, "Missing loss"),
    ({"mode": "infer"}, ValueError, "Missing predictions"),
    ({"mode": "infer", "predictions": {"a": 1}}, TypeError, r"predictions\[a\] must be Tensor"),
    ({"mode": "infer", "predictions": other_graph}, ValueError, "from the default graph"),
    ({"mode": "eval", "loss": other_graph}, ValueError, "from the default graph"),
    ({"mode": "eval", "loss": lambda: fg.constant([1.0, 2.0])}, ValueError, "must be scalar"),
    ({"mode": "eval", "loss": lambda: fg.constant(1.0), "eval_metric_ops": [1]}, TypeError,
     "must be a dict"),
    ({"mode": "eval", "loss": lambda: fg.constant(1.0), "eval_metric_ops": {"a": 1}}, TypeError,
     "metric_value, update_op"),
    ({"mode": "train", "loss": lambda: fg.constant(1.0)}, ValueError, "Missing train_op"),
    ({"mode": "train", "loss": lambda: fg.constant(1.0), "train_op": 3}, TypeError,
     "Operation or Tensor"),
    ({"mode": "eval", "loss": lambda: fg.constant(1.0), "evaluation_hooks": [3]}, TypeError,
     "SessionRunHook"),
    ({"mode": "eval", "loss": lambda: fg.constant(1.0), "scaffold": 3}, TypeError, "Scaffold"),
    ({"mode": "infer", "predictions": lambda: fg.constant(1.0), "export_outputs": {"a": 1}},
     TypeError, "ExportOutput"),
]


@pytest.mark.parametrize("number", range(len(SPECS)))
def test_a_spec_tells_what_is_wrong(number):
    arguments, kind, words = SPECS[number]
    with fg.Graph().as_default(), pytest.raises(kind, match=words):
        EstimatorSpec(**{key: value() if callable(value) else value
                         for key, value in arguments.items()})


def test_a_loss_of_one_element_becomes_a_scalar():
    spec = EstimatorSpec("eval", loss=fg.constant([1.0]))
    assert spec.loss.shape == []


def test_a_spec_is_replaced_and_checked_again():
    spec = EstimatorSpec("eval", loss=fg.constant(1.0))
    assert spec._replace(loss=fg.constant(2.0)).mode == "eval"
    with pytest.raises(ValueError, match="cannot be changed"):
        spec._replace(mode="train")


def test_predictions_become_the_default_signature():
    spec = EstimatorSpec("infer", predictions=fg.constant([1.0]))
    assert list(spec.export_outputs) == ["serving_default"]


CONFIGS = [
    ({"save_checkpoints_steps": 1, "save_checkpoints_secs": 1}, "cannot be both set"),
    ({"save_summary_steps": -1}, ">= 0"),
    ({"log_step_count_steps": 0}, "> 0"),
    ({"keep_checkpoint_max": -1}, ">= 0"),
    ({"model_dir": ""}, "non-empty"),
    ({"tf_random_seed": 1.5}, "integer"),
    ({"session_config": 1}, "ConfigProto"),
    ({"device_fn": 1}, "callable"),
    ({"train_distribute": 1}, "one process"),
]


@pytest.mark.parametrize(("arguments", "words"), CONFIGS)
def test_a_config_tells_what_is_wrong(arguments, words):
    with pytest.raises(ValueError, match=words):
        RunConfig(**arguments)


def test_a_config_is_replaced():
    config = RunConfig(tf_random_seed=1).replace(save_checkpoints_steps=5)
    assert (config.save_checkpoints_steps, config.save_checkpoints_secs) == (5, None)
    assert config.tf_random_seed == 1
    with pytest.raises(ValueError, match="not supported"):
        config.replace(master="x")
    with pytest.raises(AttributeError, match="no attribute 'modeldir'"):
        _ = config.modeldir


def test_a_cluster_in_the_environment_is_refused(monkeypatch):
    monkeypatch.setenv("TF_CONFIG", '{"cluster": {"chief": ["a:1"], "worker": ["b:1"]}}')
    with pytest.raises(ValueError, match="several tasks"):
        RunConfig()
