"""A small model and its data, which the tests of estimators share."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg

X = np.linspace(-1, 1, 10, dtype=np.float32)
Y = 3 * X + 1


def line(features, labels, mode, params):
    """y = w x + b, trained by gradient descent."""
    w = fg.get_variable("w", [], initializer=fg.zeros_initializer())
    b = fg.get_variable("b", [], initializer=fg.zeros_initializer())
    y = w * features["x"] + b
    if mode == fg.estimator.ModeKeys.PREDICT:
        return fg.estimator.EstimatorSpec(mode, predictions={"y": y, "double": 2 * y})
    loss = fg.reduce_mean(fg.square(y - labels))
    optimizer = fg.train.GradientDescentOptimizer(params["rate"])
    return fg.estimator.EstimatorSpec(
        mode, predictions={"y": y}, loss=loss,
        train_op=optimizer.minimize(loss, global_step=fg.train.get_global_step()),
        eval_metric_ops={"error": fg.metrics.mean_absolute_error(labels, y)})


def batches(num_epochs=None, batch_size=5):
    return fg.estimator.inputs.numpy_input_fn({"x": X}, Y, batch_size, num_epochs, shuffle=False)


@pytest.fixture
def estimator(tmp_path):
    config = fg.estimator.RunConfig(save_checkpoints_steps=10)
    return fg.estimator.Estimator(line, str(tmp_path / "model"), config, {"rate": 0.1})
